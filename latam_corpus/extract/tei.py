"""TEI XML: the text of the body, with its verses, stanzas and speakers, and what the header says of the work."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.block_text import BlockText
from latam_corpus.extract.bounded_xml import entity, parse_xml
from latam_corpus.extract.document import Extracted, UnusableError
from latam_corpus.extract.tei_header import header_of
from latam_corpus.extract.tei_stream import write_in_pieces
from latam_corpus.messages import N_
from latam_corpus.text.xml_tree import name_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml import etree

# Counted up when the same bytes give another text.
EXTRACTOR: Final = "tei 2"

# Of more bytes the tree isn't held, which takes five times as many.
_LARGE: Final = 32 * 2**20
_ROOTS: Final = frozenset({"TEI", "TEI.2", "teiCorpus"})
# What is no part of the text as it is read: title pages and the like, notes, running heads, descriptions of pictures,
# what the author struck out, the readings of other witnesses.
_LEFT_OUT: Final = frozenset(
    {
        "teiHeader", "front", "back", "note", "noteGrp", "fw", "figDesc", "del", "rdg", "facsimile", "sourceDoc",
        "standOff",
    }
)  # fmt: skip
# A printer's error is nobody's words and is taken as corrected; a spelling is the author's, who may write as people
# speak, and is taken as it stands, not as an editor regularised it.
_CHOSEN: Final = ("corr", "orig", "expan", "sic", "reg", "abbr")
_LINES: Final = frozenset({"l", "speaker", "item", "row", "label", "lb"})
_BLOCKS: Final = frozenset(
    {
        "div", "div0", "div1", "div2", "div3", "div4", "div5", "div6", "div7", "p", "ab", "head", "lg", "sp", "stage",
        "list", "table", "argument", "byline", "castList", "closer", "dateline", "docAuthor", "epigraph", "figure",
        "floatingText", "opener", "postscript", "salute", "signed", "trailer", "writing",
    }
)  # fmt: skip
_BREAKS: Final = frozenset({"lb", "pb", "cb", "gb"})


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the text of a TEI document: paragraphs and stanzas between blank lines, a verse or a speaker a line.

    Args:
        raw: the XML. Nothing that it names is fetched; entities that it declares are not expanded.
        parameters: not used; XML says its own charset.

    Raises:
        UnusableError: it is no XML, or is deeper or has a longer text than a text has; the XML is no TEI document; its
            text has an entity of its own.

    >>> print(extract('''<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader/><text><body><lg>
    ...     <l>Yo soy un hombre sincero</l><l>de donde crece la <note>árbol</note>palma,</l></lg>
    ...     <sp><speaker>Juana</speaker><p>¿Quién vive?</p></sp></body></text></TEI>'''.encode(), {}).text)
    Yo soy un hombre sincero
    de donde crece la palma,
    <BLANKLINE>
    Juana
    ¿Quién vive?
    """
    del parameters
    writer = _Writer()
    large = len(raw) > _LARGE
    root = write_in_pieces(raw, writer, _LEFT_OUT) if large else parse_xml(raw)
    if name_of(root) not in _ROOTS:
        raise UnusableError("not TEI", f"its root is <{name_of(root)}>", N_("convert it, or leave it out"))
    for body in () if large else root.iter("{*}body"):
        if not any(name_of(parent) in ("floatingText", *_LEFT_OUT) for parent in body.iterancestors()):
            writer.walk(body)
            writer.stop(2)
    header = header_of(root)
    return Extracted(
        writer.text(),
        EXTRACTOR,
        title=header.title,
        creators=header.creators,
        published=header.published,
        declared_language=header.language,
        url=header.url,
        licences=header.licences,
    )


class _Writer(BlockText):
    """Blocks of text in the making; what follows a speaker's name stands right under it."""

    def __init__(self) -> None:
        super().__init__()
        self._glued = False

    def stop(self, ends: int) -> bool:
        """End the block that is open; at least so many line ends follow it, unless it was a speaker's name."""
        before = self._ends
        stopped = super().stop(ends)
        if stopped:
            self._glued = False
        elif self._glued:
            self._ends = before
        return stopped

    def end_division(self) -> None:
        """End the block that is open; what follows stands in another division."""
        self.stop(2)
        self._glued = False

    def walk(self, element: etree._Element) -> None:
        """Write the element's text without the text after it."""
        name = name_of(element)
        if name in _LEFT_OUT:
            return
        if name in _BREAKS:
            self._break(element, name)
            return
        ends = 2 if name in _BLOCKS or (name in ("quote", "q", "cit") and _has_blocks(element)) else name in _LINES
        if _stands_in_speech(element, name):
            ends = 1
        if ends:
            self.stop(ends)
        if not name:
            self.add(entity(element))
        elif name == "choice":
            chosen = min(element, key=lambda one: _rank(name_of(one)), default=None)
            if chosen is not None:
                self.walk(chosen)
        elif name == "app" and (reading := _only_readings(element)) is not None:
            self._inside(reading)
        else:
            self._inside(element)
        if ends:
            self.stop(ends)
            self._glued = name == "speaker"

    def _inside(self, element: etree._Element) -> None:
        self.add(element.text or "")
        for child in element:
            self.walk(child)
            if name_of(child) == "cell":
                self.add(" ")
            self.add(child.tail or "")

    def _break(self, element: etree._Element, name: str) -> None:
        """Write a page or line break of the print: nothing, or the space that the line's end stood for."""
        if element.get("break") == "no":
            # The word goes on; the hyphen at the line's end is the printer's.
            before = re.sub(r"[-\xad¬]?\s*$", "", "".join(self._open))
            self._open[:] = [before]
            element.tail = (element.tail or "").lstrip()
        elif name == "lb":
            self.add(" ")


def _only_readings(apparatus: etree._Element) -> etree._Element | None:
    """Return the first witness's reading where an editor chose none, and all would be lost."""
    return None if apparatus.find("{*}lem") is not None else next(apparatus.iter("{*}rdg"), None)


def _rank(name: str) -> int:
    return _CHOSEN.index(name) if name in _CHOSEN else len(_CHOSEN)


def _has_blocks(element: etree._Element) -> bool:
    """Whether a quotation holds paragraphs or verses, and so isn't part of a sentence."""
    return any(name_of(child) in _BLOCKS or name_of(child) == "l" for child in element)


def _stands_in_speech(element: etree._Element, name: str) -> bool:
    """Whether a paragraph or stage direction belongs to a speech, whose parts follow one another without a blank."""
    parent = element.getparent()
    return name in ("p", "ab", "stage") and parent is not None and name_of(parent) == "sp"
