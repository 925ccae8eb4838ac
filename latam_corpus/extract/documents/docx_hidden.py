"""Hidden text of Word documents (ECMA-376): runs, shapes and styles with the property `vanish` or a similar one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.hidden_text import cut
from latam_corpus.text.markup.xml_tree import attribute, name_of, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml import etree

# `webHidden` hides in one view only, but it was set to hide the text.
_PROPERTIES: Final = ("vanish", "specVanish", "webHidden")
_OFF: Final = frozenset({"0", "false", "off"})
_ON: Final = frozenset({"1", "true", "on"})
_INVISIBLE: Final = re.compile(r"visibility\s*:\s*hidden|display\s*:\s*none", re.IGNORECASE)
_SHAPES: Final = tuple(f"{{*}}{name}" for name in ("anchor", "inline", "wsp", "grpSp", "shape", "rect", "roundrect"))
_DEFAULTS: Final = ""


@dataclass(frozen=True)
class _Style:
    parent: str | None
    hides: bool | None  # None if the style neither hides nor shows text


def cut_hidden(body: etree._Element, styles: etree._Element | None) -> list[str]:
    """Remove hidden runs and shapes from the body, and the paragraphs that this empties; return the hidden text.

    Args:
        body: the body of the document.
        styles: the part with its styles.
    """
    styles_by_name, default_style = _styles(styles)
    removed: set[etree._Element] = set()
    pieces: list[str] = []
    for element in list(body.iter("{*}r", *_SHAPES)):
        if not removed.isdisjoint(element.iterancestors()):
            continue
        hides = _run_hides(element, styles_by_name, default_style) if name_of(element) == "r" else _shape_hides(element)
        if not hides:
            continue
        paragraph = next(element.iterancestors("{*}p"), None)
        pieces.append(_text_of(element))
        removed.add(element)
        cut(element)
        # A cell keeps its paragraph, which determines how its row is written.
        if paragraph is not None and not words(paragraph) and next(paragraph.iterancestors("{*}tc"), None) is None:
            cut(paragraph)
    return pieces


def _text_of(element: etree._Element) -> str:
    """Return the text of an element, without the alternatives for older readers."""
    return " ".join(
        text.text or "" for text in element.iter("{*}t") if next(text.iterancestors("{*}Fallback"), None) is None
    )


def _run_hides(run: etree._Element, styles_by_name: Mapping[str, _Style], default_style: str) -> bool:
    """Return whether a run is hidden: by its own properties, or else by any of the styles that apply to it."""
    own = [hides for properties in run.iterfind("{*}rPr") if (hides := _stated(properties)) is not None]
    if own:
        return any(own)
    names = [attribute(style, "val") for style in run.iterfind("{*}rPr/{*}rStyle")]
    paragraph = next(run.iterancestors("{*}p"), None)
    paragraph_style = paragraph.find("{*}pPr/{*}pStyle") if paragraph is not None else None
    names.append(attribute(paragraph_style, "val") if paragraph_style is not None else default_style)
    for table in run.iterancestors("{*}tbl"):
        names += [attribute(style, "val") for style in table.iterfind("{*}tblPr/{*}tblStyle")]
    return any(_style_hides(name, styles_by_name) for name in names)


def _style_hides(name: str, styles_by_name: Mapping[str, _Style]) -> bool:
    """Return whether a style, or its nearest ancestor that states it, hides text."""
    seen: set[str] = set()
    while name in styles_by_name and name not in seen:
        seen.add(name)
        style = styles_by_name[name]
        if style.hides is not None:
            return style.hides
        name = style.parent or _DEFAULTS
    return _DEFAULTS in styles_by_name and bool(styles_by_name[_DEFAULTS].hides)


def _styles(styles: etree._Element | None) -> tuple[dict[str, _Style], str]:
    """Return the styles by name, the document's defaults under "", and the default style of paragraphs."""
    styles_by_name: dict[str, _Style] = {}
    default_style = _DEFAULTS
    if styles is None:
        return styles_by_name, default_style
    defaults = styles.find("{*}docDefaults/{*}rPrDefault/{*}rPr")
    styles_by_name[_DEFAULTS] = _Style(None, _stated(defaults) if defaults is not None else None)
    for style in styles.iterfind("{*}style"):
        name, parent, properties = attribute(style, "styleId"), style.find("{*}basedOn"), style.find("{*}rPr")
        hides = _stated(properties) if properties is not None else None
        styles_by_name[name] = _Style(attribute(parent, "val") if parent is not None else None, hides)
        if attribute(style, "type") == "paragraph" and attribute(style, "default").lower() in _ON:
            default_style = name
    return styles_by_name, default_style


def _stated(properties: etree._Element) -> bool | None:
    """Return whether the properties of a run hide it; None if they don't state it."""
    values = [
        attribute(element, "val").lower() not in _OFF for element in properties if name_of(element) in _PROPERTIES
    ]
    return any(values) if values else None


def _shape_hides(shape: etree._Element) -> bool:
    if _INVISIBLE.search(shape.get("style") or ""):
        return True
    properties = (*shape.iterfind("{*}docPr"), *shape.iterfind("{*}cNvPr"))
    return any((element.get("hidden") or "").lower() in _ON for element in properties)
