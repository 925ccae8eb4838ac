"""Large TEI documents, parsed incrementally: each part of a division is written and freed before the next is read."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final, Protocol

from lxml import etree

from latam_corpus.extract.bounded_xml import xml_remedy
from latam_corpus.extract.document import UnusableError
from latam_corpus.text.markup.xml_tree import PARSING, name_of

if TYPE_CHECKING:
    from collections.abc import Collection

# Elements that may contain a whole book; they are never in memory completely.
_DIVISIONS: Final = frozenset({"body", "div", *(f"div{n}" for n in range(8))})


class Writer(Protocol):
    """A writer of the text of elements, see `tei.py`."""

    def add(self, piece: str) -> None:
        """Add a piece to the open block."""

    def stop(self, ends: int) -> bool:
        """End the open block."""

    def end_division(self) -> None:
        """End the open block and its division."""

    def walk(self, element: etree._Element) -> None:
        """Write the element's text without the text after it."""


def write_in_pieces(raw: bytes, writer: Writer, left_out: Collection[str]) -> etree._Element:
    """Write the text of a document's bodies; return its root, which still contains the header.

    Args:
        raw: the XML.
        writer: the writer of the text.
        left_out: names of elements that are not part of the text.

    Raises:
        UnusableError: it isn't XML, or is deeper or longer than the parser accepts.
    """
    events = etree.iterparse(io.BytesIO(raw), events=("start", "end"), **PARSING)
    outside = {*left_out, "floatingText"}
    # For each open element, from the outermost: whether it is a division in a body whose text is written.
    open_divisions: list[bool] = []
    root: etree._Element | None = None
    try:
        for event, element in events:
            name = name_of(element)
            root = element if root is None else root
            in_division = bool(open_divisions) and open_divisions[-1]
            if event == "start":
                if in_division:
                    _write_complete(element.getparent(), writer, element)
                begins_body = name == "body" and not any(
                    name_of(ancestor) in outside for ancestor in element.iterancestors()
                )
                open_divisions.append(begins_body or (in_division and name in _DIVISIONS))
                if open_divisions[-1] and name != "body":
                    writer.stop(2)
                continue
            if open_divisions.pop():
                _write_complete(element, writer, None)
                if name == "body":
                    writer.stop(2)
                else:
                    writer.end_division()
            elif not in_division and name in ("front", "back", "facsimile", "standOff", "sourceDoc"):
                element.clear(keep_tail=True)
    except etree.XMLSyntaxError as error:
        raise UnusableError("not XML", str(error), xml_remedy(error)) from None
    assert root is not None  # noqa: S101  (a document without a root isn't XML)
    return root


def _write_complete(division: etree._Element | None, writer: Writer, following: etree._Element | None) -> None:
    """Write a division's part just before `following`: its leading text, or its last element with its tail."""
    if division is None:
        return
    last = following.getprevious() if following is not None else (division[-1] if len(division) else None)
    if last is None:
        writer.add(division.text or "")
        division.text = None
        return
    if name_of(last) not in _DIVISIONS:
        writer.walk(last)
    writer.add(last.tail or "")
    division.remove(last)
