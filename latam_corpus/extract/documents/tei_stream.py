"""Large TEI documents, read in pieces: of each division what stands in it is written and let go before the next."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final, Protocol

from lxml import etree

from latam_corpus.extract.bounded_xml import xml_remedy
from latam_corpus.extract.document import UnusableError
from latam_corpus.text.markup.xml_tree import PARSING, name_of

if TYPE_CHECKING:
    from collections.abc import Collection

# What may hold the whole book, and is never held whole.
_DIVISIONS: Final = frozenset({"body", "div", *(f"div{n}" for n in range(8))})


class Writer(Protocol):
    """What writes the text of elements, see `tei.py`."""

    def add(self, piece: str) -> None:
        """Add a piece to the block that is open."""

    def stop(self, ends: int) -> bool:
        """End the block that is open."""

    def end_division(self) -> None:
        """End the block that is open and its division."""

    def walk(self, element: etree._Element) -> None:
        """Write the element's text without the text after it."""


def write_in_pieces(raw: bytes, writer: Writer, left_out: Collection[str]) -> etree._Element:
    """Write what a walk through the bodies of a document would; return its root, with its header and little else.

    Args:
        raw: the XML.
        writer: of the text.
        left_out: names of elements that are no part of it.

    Raises:
        UnusableError: it is no XML, or is deeper or has a longer text than any text has.
    """
    events = etree.iterparse(io.BytesIO(raw), events=("start", "end"), **PARSING)
    outside = {*left_out, "floatingText"}
    # From the outermost: whether each element that is open is a division in a body whose text is written.
    open_: list[bool] = []
    root: etree._Element | None = None
    try:
        for event, element in events:
            name = name_of(element)
            root = element if root is None else root
            within = bool(open_) and open_[-1]
            if event == "start":
                if within:
                    _write_last(element.getparent(), writer, element)
                begins = name == "body" and not any(name_of(up) in outside for up in element.iterancestors())
                open_.append(begins or (within and name in _DIVISIONS))
                if open_[-1] and name != "body":
                    writer.stop(2)
                continue
            if open_.pop():
                _write_last(element, writer, None)
                if name == "body":
                    writer.stop(2)
                else:
                    writer.end_division()
            elif not within and name in ("front", "back", "facsimile", "standOff", "sourceDoc"):
                element.clear(keep_tail=True)
    except etree.XMLSyntaxError as error:
        raise UnusableError("not XML", str(error), xml_remedy(error)) from None
    assert root is not None  # noqa: S101  (a document without a root is no XML)
    return root


def _write_last(division: etree._Element | None, writer: Writer, next_: etree._Element | None) -> None:
    """Write what is complete of a division: its text up to its first element, or its last one and the text after."""
    if division is None:
        return
    before = next_.getprevious() if next_ is not None else (division[-1] if len(division) else None)
    if before is None:
        writer.add(division.text or "")
        division.text = None
        return
    if name_of(before) not in _DIVISIONS:
        writer.walk(before)
    writer.add(before.tail or "")
    division.remove(before)
