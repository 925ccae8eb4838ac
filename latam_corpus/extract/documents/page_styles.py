"""Hidden text of XHTML pages in books: the attribute `hidden`, and the effect of `display` and `visibility` (CSS 2.2).

Inline styles and simple stylesheets are applied: selectors of element names, classes and ids, with ancestors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.hidden_text import blank, cut
from latam_corpus.text.markup.xml_tree import name_of, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from lxml import etree

_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
_STRING: Final = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_PIECE: Final = re.compile(r"[^{}]+|[{}]")
_DECLARATION: Final = re.compile(
    r"(?:^|;)\s*(display|visibility|opacity)\s*:\s*([\w.%-]+)\s*(!\s*important)?", re.IGNORECASE
)
_SCREEN: Final = re.compile(
    r"@media(?:.*,)?\s*(?:only\s+)?(?:all|screen)\s*(?:,.*)?|@supports\b.*|@layer\b.*", re.DOTALL
)
_SELECTOR: Final = re.compile(r"(?:[\w*.#-]+(?:\s*>\s*|\s+|$))+")
_COMPOUND: Final = re.compile(r"([\w-]+|\*)?((?:[.#][\w-]+)*)")
_NO_OPACITY: Final = re.compile(r"0*\.?0*%?")
_HIDDEN: Final = frozenset({"hidden", "collapse"})


@dataclass(frozen=True)
class StyleRule:
    """A stylesheet rule that shows or hides elements, with its compound selectors in reverse order.

    Attributes:
        compounds: the element name, classes and ids of each compound selector.
        is_child: for each compound, whether it must match the direct parent of the previous one.
        declarations: property, value and whether it is important.
    """

    compounds: tuple[tuple[str, frozenset[str], frozenset[str]], ...]
    is_child: tuple[bool, ...]
    declarations: tuple[tuple[str, str, bool], ...]

    @property
    def specificity(self) -> tuple[int, int, int]:
        """The specificity of the selector: the numbers of its ids, classes and names."""
        ids, classes, names = (
            sum(counts)
            for counts in zip(
                *((len(ids), len(classes), name not in ("", "*")) for name, classes, ids in self.compounds), strict=True
            )
        )
        return ids, classes, names

    def applies(self, element: etree._Element) -> bool:
        """Return whether the selector matches the element; each compound takes the nearest ancestor that fits."""
        current: etree._Element | None = element
        if not _fits(element, self.compounds[0]):
            return False
        for compound, is_child in zip(self.compounds[1:], self.is_child[1:], strict=True):
            ancestors = current.iterancestors() if current is not None else iter(())
            current = next((ancestor for ancestor in ancestors if is_child or _fits(ancestor, compound)), None)
            if current is None or not _fits(current, compound):
                return False
        return True


def rules_of(css: str) -> list[StyleRule]:
    """Return the rules of a stylesheet for screens that show or hide elements; other selectors are ignored.

    >>> [rule.declarations for rule in rules_of(".nota, p:hover { color: red; display: none }")]
    [(('display', 'none', False),)]
    """
    rules: list[StyleRule] = []
    for prelude, body in _blocks(_STRING.sub('""', _COMMENT.sub(" ", css))):
        declarations = tuple(_declarations(body))
        for selector in prelude.split(",") if declarations else ():
            if _SELECTOR.fullmatch(selector.strip()):
                compounds, is_child = _compounds(selector.strip())
                rules.append(StyleRule(compounds, is_child, declarations))
    return rules


def cut_hidden(
    page: etree._Element, rules: Iterable[StyleRule], is_no_text: Callable[[etree._Element], bool]
) -> list[str]:
    """Remove hidden text from a page and return it.

    Args:
        page: the root of the page.
        rules: the rules of its stylesheets, in order.
        is_no_text: a function that returns whether an element is left out anyway.
    """
    rule_list = list(rules)
    removed: list[str] = []
    hidden: dict[etree._Element | None, bool] = {None: False}
    for element in list(page.iter()):
        parent = element.getparent()
        if parent not in hidden or is_no_text(element):
            continue
        if not name_of(element):  # an entity
            hidden[element] = hidden[parent]
            continue
        values = _values(element, rule_list)
        if values.get("display") == "none" or _NO_OPACITY.fullmatch(values.get("opacity", "1")):
            removed.append(words(element))
            cut(element)
        else:
            visibility = values.get("visibility", "inherit")
            hidden[element] = hidden[parent] if visibility == "inherit" else visibility in _HIDDEN
    for candidate, hides in hidden.items():
        if candidate is not None and (hides or hidden.get(candidate.getparent())):
            removed += blank(candidate, own=hides, around=hidden.get(candidate.getparent(), False))
    return removed


def _values(element: etree._Element, rules: Iterable[StyleRule]) -> dict[str, str]:
    """Return the properties of an element after the cascade."""
    winners: dict[str, tuple[tuple[bool, bool, tuple[int, int, int]], str]] = {}
    if element.get("hidden") is not None:
        winners["display"] = (False, False, (-1, 0, 0)), "none"
    declarations = [
        (False, rule.specificity, declaration)
        for rule in rules
        if rule.applies(element)
        for declaration in rule.declarations
    ]
    declarations += [(True, (0, 0, 0), declaration) for declaration in _declarations(element.get("style") or "")]
    for is_inline, specificity, (name, value, is_important) in declarations:
        weight = is_important, is_inline, specificity
        if name not in winners or weight >= winners[name][0]:
            winners[name] = weight, value
    return {name: value for name, (_, value) in winners.items()}


def _blocks(css: str) -> Iterator[tuple[str, str]]:
    """Yield the selectors and declarations of each block that applies to screens."""
    stack: list[str] = []
    content = ""
    for match in _PIECE.finditer(css):
        if match[0] == "{":
            stack.append(content.rpartition(";")[2].strip())
            content = ""
        elif match[0] == "}" and stack:
            prelude = stack.pop()
            if not prelude.startswith("@") and all(_SCREEN.fullmatch(at_rule.lower()) for at_rule in stack):
                yield prelude, content
            content = ""
        else:
            content = match[0]


def _declarations(body: str) -> Iterator[tuple[str, str, bool]]:
    for name, value, important in _DECLARATION.findall(body):
        yield name.lower(), value.lower(), bool(important)


def _compounds(
    selector: str,
) -> tuple[tuple[tuple[str, frozenset[str], frozenset[str]], ...], tuple[bool, ...]]:
    """Return the compounds of a selector, the last first, and for each whether it is the parent of the previous one."""
    compounds: list[tuple[str, frozenset[str], frozenset[str]]] = []
    is_child: list[bool] = []
    next_is_child = False
    for part in reversed(re.findall(r"[^\s>]+|>", selector)):
        if part == ">":
            next_is_child = True
            continue
        match = _COMPOUND.fullmatch(part)
        name, marks = (match[1] or "", re.findall(r"[.#][\w-]+", match[2])) if match else ("\0", [])
        of_kind = {kind: frozenset(mark[1:] for mark in marks if mark[0] == kind) for kind in ".#"}
        compounds.append((name.lower(), of_kind["."], of_kind["#"]))
        is_child.append(next_is_child)
        next_is_child = False
    return tuple(compounds), tuple(is_child)


def _fits(element: etree._Element, compound: tuple[str, frozenset[str], frozenset[str]]) -> bool:
    name, classes, ids = compound
    return (
        name in ("", "*", name_of(element).lower())
        and classes <= set((element.get("class") or "").split())
        and ids <= {element.get("id") or ""}
    )
