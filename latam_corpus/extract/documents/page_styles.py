"""Hidden text of XHTML pages in books: the attribute `hidden`, and what `display` and `visibility` hide (CSS 2.2).

Inline styles and simple stylesheets are read: selectors of element names, classes and ids, with ancestors.
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
class Rule:
    """A rule of a stylesheet that shows or hides: its last compound selector first, then those of ancestors.

    Attributes:
        compounds: each an element's name, its classes and its ids.
        is_child: of each compound, whether it is the parent of the one before it.
        declarations: property, value and whether it is important.
    """

    compounds: tuple[tuple[str, frozenset[str], frozenset[str]], ...]
    is_child: tuple[bool, ...]
    declarations: tuple[tuple[str, str, bool], ...]

    @property
    def specificity(self) -> tuple[int, int, int]:
        """Return how specific the selector is: its ids, classes and names."""
        ids, classes, names = (
            sum(counts)
            for counts in zip(
                *((len(ids), len(classes), name not in ("", "*")) for name, classes, ids in self.compounds), strict=True
            )
        )
        return ids, classes, names

    def applies(self, element: etree._Element) -> bool:
        """Return whether the selector matches the element; of ancestors that fit, the nearest is taken."""
        at: etree._Element | None = element
        if not _fits(element, self.compounds[0]):
            return False
        for compound, is_child in zip(self.compounds[1:], self.is_child[1:], strict=True):
            above = at.iterancestors() if at is not None else iter(())
            at = next((one for one in above if is_child or _fits(one, compound)), None)
            if at is None or not _fits(at, compound):
                return False
        return True


def rules_of(css: str) -> list[Rule]:
    """Return the rules of a stylesheet for screens that show or hide elements; selectors of other kinds are ignored.

    >>> [rule.declarations for rule in rules_of(".nota, p:hover { color: red; display: none }")]
    [(('display', 'none', False),)]
    """
    rules: list[Rule] = []
    for prelude, body in _blocks(_STRING.sub('""', _COMMENT.sub(" ", css))):
        declarations = tuple(_declarations(body))
        for selector in prelude.split(",") if declarations else ():
            if _SELECTOR.fullmatch(selector.strip()):
                compounds, is_child = _compounds(selector.strip())
                rules.append(Rule(compounds, is_child, declarations))
    return rules


def cut_hidden(page: etree._Element, rules: Iterable[Rule], is_no_text: Callable[[etree._Element], bool]) -> list[str]:
    """Remove what a page doesn't show; return its text.

    Args:
        page: the root of the page.
        rules: of its stylesheets, in their order.
        is_no_text: whether an element is left out anyway.
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
    for one, hides in hidden.items():
        if one is not None and (hides or hidden.get(one.getparent())):
            removed += blank(one, own=hides, around=hidden.get(one.getparent(), False))
    return removed


def _values(element: etree._Element, rules: Iterable[Rule]) -> dict[str, str]:
    """Return the properties of an element as the cascade leaves them."""
    best: dict[str, tuple[tuple[bool, bool, tuple[int, int, int]], str]] = {}
    if element.get("hidden") is not None:
        best["display"] = (False, False, (-1, 0, 0)), "none"
    declared = [(False, rule.specificity, one) for rule in rules if rule.applies(element) for one in rule.declarations]
    declared += [(True, (0, 0, 0), one) for one in _declarations(element.get("style") or "")]
    for inline, specificity, (name, value, important) in declared:
        weight = important, inline, specificity
        if name not in best or weight >= best[name][0]:
            best[name] = weight, value
    return {name: value for name, (_, value) in best.items()}


def _blocks(css: str) -> Iterator[tuple[str, str]]:
    """Yield the selectors and declarations of each block that applies to screens."""
    stack: list[str] = []
    written = ""
    for match in _PIECE.finditer(css):
        if match[0] == "{":
            stack.append(written.rpartition(";")[2].strip())
            written = ""
        elif match[0] == "}" and stack:
            prelude = stack.pop()
            if not prelude.startswith("@") and all(_SCREEN.fullmatch(one.lower()) for one in stack):
                yield prelude, written
            written = ""
        else:
            written = match[0]


def _declarations(body: str) -> Iterator[tuple[str, str, bool]]:
    for name, value, important in _DECLARATION.findall(body):
        yield name.lower(), value.lower(), bool(important)


def _compounds(
    selector: str,
) -> tuple[tuple[tuple[str, frozenset[str], frozenset[str]], ...], tuple[bool, ...]]:
    """Return the compounds of a selector from the last to the first, and whether each is a parent of the one before."""
    compounds: list[tuple[str, frozenset[str], frozenset[str]]] = []
    is_child: list[bool] = []
    child = False
    for part in reversed(re.findall(r"[^\s>]+|>", selector)):
        if part == ">":
            child = True
            continue
        match = _COMPOUND.fullmatch(part)
        name, marks = (match[1] or "", re.findall(r"[.#][\w-]+", match[2])) if match else ("\0", [])
        of_kind = {kind: frozenset(mark[1:] for mark in marks if mark[0] == kind) for kind in ".#"}
        compounds.append((name.lower(), of_kind["."], of_kind["#"]))
        is_child.append(child)
        child = False
    return tuple(compounds), tuple(is_child)


def _fits(element: etree._Element, compound: tuple[str, frozenset[str], frozenset[str]]) -> bool:
    name, classes, ids = compound
    return (
        name in ("", "*", name_of(element).lower())
        and classes <= set((element.get("class") or "").split())
        and ids <= {element.get("id") or ""}
    )
