"""Hidden text of OpenDocument (ISO/IEC 26300): sections, paragraphs, spans, rows, tables, shapes and styles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.extract.hidden_text import blank, cut
from latam_corpus.text.markup.xml_tree import attribute, name_of, words

if TYPE_CHECKING:
    from lxml import etree

_FAMILIES: Final = {"p": "paragraph", "h": "paragraph", "span": "text", "a": "text", "table": "table"}
_COLLAPSED: Final = frozenset({"collapse", "filter"})


class _Styles:
    """Which styles hide what they apply to, by family and name."""

    def __init__(self, *parts: etree._Element | None) -> None:
        self._parents: dict[tuple[str, str], str] = {}
        self._hides: dict[tuple[str, str], bool] = {}
        for part in parts:
            for style in part.iter("{*}style", "{*}default-style") if part is not None else ():
                key = attribute(style, "family"), attribute(style, "name")
                self._parents[key] = attribute(style, "parent-style-name")
                for properties in style.iterfind("{*}text-properties"):
                    if display := attribute(properties, "display"):
                        self._hides[key] = display != "true"
                for properties in style.iterfind("{*}table-properties"):
                    if display := attribute(properties, "display"):
                        self._hides[key] = display == "false"

    def hides(self, family: str, name: str) -> bool | None:
        """Whether a style, or the nearest parent that says anything, hides text; None if none says anything."""
        seen: set[str] = set()
        while name and name not in seen:
            seen.add(name)
            if (family, name) in self._hides:
                return self._hides[family, name]
            name = self._parents.get((family, name), "")
        return self._hides.get((family, ""))


def cut_hidden(body: etree._Element, *style_parts: etree._Element | None) -> list[str]:
    """Remove what is hidden from the body; return its text.

    Args:
        body: the text body.
        style_parts: the parts of the document that define styles, the most general first.
    """
    styles = _Styles(*style_parts)
    removed: list[str] = []
    hidden: dict[etree._Element | None, bool] = {body: False}
    for element in list(body.iter()):
        parent = element.getparent()
        if element is body or parent not in hidden:  # within what was removed
            continue
        if _is_gone(element):
            whole = _paragraph_of(element) if name_of(element) == "hidden-paragraph" else element
            removed.append(words(whole))
            cut(whole)
            for within in whole.iter():
                hidden.pop(within, None)
            continue
        hides = _by_style(element, styles)
        hidden[element] = hidden[parent] if hides is None else hides
        if hides and name_of(element) == "table":
            removed.append(words(element))
            cut(element)
            del hidden[element]
    for one, hides in reversed(hidden.items()):
        if one is not None:
            removed += blank(one, own=hides, around=hidden.get(one.getparent(), False))
            if hides and name_of(one) in ("p", "h") and not words(one):
                cut(one)
    return removed


def _is_gone(element: etree._Element) -> bool:
    """Whether an element is hidden with everything in it, whatever the styles say."""
    name = name_of(element)
    if not name:
        return False
    if name in ("hidden-paragraph", "hidden-text"):
        return attribute(element, "is-hidden") != "false"
    if attribute(element, "display") == "none" or attribute(element, "is-hidden") == "true":
        return True
    return name == "table-row" and attribute(element, "visibility") in _COLLAPSED


def _paragraph_of(element: etree._Element) -> etree._Element:
    return next(element.iterancestors("{*}p", "{*}h"), element)


def _by_style(element: etree._Element, styles: _Styles) -> bool | None:
    family = _FAMILIES.get(name_of(element))
    if family is None:
        return None
    hides = styles.hides(family, attribute(element, "style-name"))
    # A span without a word on it is as the paragraph around it.
    return False if hides is None and family == "paragraph" else hides
