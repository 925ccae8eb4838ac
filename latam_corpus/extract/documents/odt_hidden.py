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
    """Styles that hide the text they apply to, by family and name."""

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
        """Return whether a style, or its nearest ancestor that states it, hides text; None if none states it."""
        seen: set[str] = set()
        while name and name not in seen:
            seen.add(name)
            if (family, name) in self._hides:
                return self._hides[family, name]
            name = self._parents.get((family, name), "")
        return self._hides.get((family, ""))


def cut_hidden(body: etree._Element, *style_parts: etree._Element | None) -> list[str]:
    """Remove hidden text from the body and return it.

    Args:
        body: the text body.
        style_parts: the parts of the document that define styles, the most general first.
    """
    styles = _Styles(*style_parts)
    removed: list[str] = []
    hidden: dict[etree._Element | None, bool] = {body: False}
    for element in list(body.iter()):
        parent = element.getparent()
        if element is body or parent not in hidden:  # within a removed element
            continue
        if _is_hidden(element):
            hidden_element = _paragraph_of(element) if name_of(element) == "hidden-paragraph" else element
            removed.append(words(hidden_element))
            cut(hidden_element)
            for descendant in hidden_element.iter():
                hidden.pop(descendant, None)
            continue
        hides = _by_style(element, styles)
        hidden[element] = hidden[parent] if hides is None else hides
        if hides and name_of(element) == "table":
            removed.append(words(element))
            cut(element)
            del hidden[element]
    for candidate, hides in reversed(hidden.items()):
        if candidate is not None:
            removed += blank(candidate, own=hides, around=hidden.get(candidate.getparent(), False))
            if hides and name_of(candidate) in ("p", "h") and not words(candidate):
                cut(candidate)
    return removed


def _is_hidden(element: etree._Element) -> bool:
    """Return whether an element itself is marked as hidden, regardless of its style."""
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
    # A span inherits from its paragraph if its style neither hides nor shows text.
    return False if hides is None and family == "paragraph" else hides
