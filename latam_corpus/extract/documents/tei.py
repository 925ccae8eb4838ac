"""TEI XML: the text of the body, with its verses, stanzas and speakers, and what the header says of the work.

Of a transcription (`<u>`) an utterance is a line with its speaker before it.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.block_text import BlockText
from latam_corpus.extract.bounded_xml import entity, parse_xml
from latam_corpus.extract.document import Extracted, Turn, UnusableError
from latam_corpus.extract.documents.tei_header import header_of
from latam_corpus.extract.documents.tei_stream import write_in_pieces
from latam_corpus.messages import N_
from latam_corpus.text.folding import name_key
from latam_corpus.text.markup.xml_tree import XML_LANG, name_of, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lxml import etree

# Counted up when the same bytes give another text.
EXTRACTOR: Final = "tei 3"

_INCLUDE: Final = "{http://www.w3.org/2001/XInclude}include"
_ID: Final = "{http://www.w3.org/XML/1998/namespace}id"
# Of more bytes the tree isn't held, which takes five times as many.
_LARGE: Final = 32 * 2**20
_ROOTS: Final = frozenset({"TEI", "TEI.2", "teiCorpus"})
# What is no part of the text as it is read: title pages and the like, notes, running heads, descriptions of pictures,
# what the author struck out, the readings of other witnesses; in transcriptions laughter, gestures and annotations.
_LEFT_OUT: Final = frozenset(
    {
        "teiHeader", "front", "back", "note", "noteGrp", "fw", "figDesc", "del", "rdg", "facsimile", "sourceDoc",
        "standOff", "vocal", "kinesic", "incident", "spanGrp", "interpGrp", "timeline",
    }
)  # fmt: skip
# A printer's error is nobody's words and is taken as corrected; a spelling is the author's, who may write as people
# speak, and is taken as it stands, not as an editor regularised it.
_CHOSEN: Final = ("corr", "orig", "expan", "sic", "reg", "abbr")
_LINES: Final = frozenset({
    *("l", "speaker", "item", "row", "label", "lb", "addrLine", "u", "entry", "entryFree", "superEntry"),
})  # fmt: skip
# What may be a part of a word: two of these that touch are joined, of all others a word ends at the edge.
_WITHIN_WORDS: Final = frozenset({
    *("", "abbr", "add", "am", "anchor", "app", "c", "caesura", "choice", "corr", "damage", "emph", "ex", "expan"),
    *("foreign", "g", "gap", "hi", "lem", "m", "milestone", "mod", "orig", "ref", "reg", "restore", "retrace", "rhyme"),
    *("rdg", "secl", "seg", "sic", "space", "subst", "supplied", "surplus", "unclear"),
})  # fmt: skip
_TOKENS: Final = frozenset({"w", "pc"})
_OPENING: Final = frozenset("¿¡([{«“‘")
_CLOSING: Final = frozenset("?!)]}»”’.,;:…")
_BLOCKS: Final = frozenset(
    {
        "div", "div0", "div1", "div2", "div3", "div4", "div5", "div6", "div7", "p", "ab", "head", "lg", "sp", "stage",
        "list", "table", "argument", "byline", "castList", "closer", "dateline", "docAuthor", "epigraph", "figure",
        "floatingText", "opener", "postscript", "salute", "signed", "trailer", "writing",
    }
)  # fmt: skip
_HYPHENS: Final = "-\xad¬"
_BREAKS: Final = frozenset({"lb", "pb", "cb", "gb", "pause", "shift"})
# What holds blocks alone: whatever else stands right in it is a line.
_HOLDERS: Final = frozenset({"body", "listBibl", *(f"div{n}" for n in ("", *range(8)))})


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the text of a TEI document: paragraphs and stanzas between blank lines, a verse or a speaker a line.

    Args:
        raw: the XML. Nothing that it names is fetched; entities that it declares are not expanded.
        parameters: not used; XML says its own charset.

    Raises:
        UnusableError: it is no XML, or is deeper or has a longer text than a text has; the XML is no TEI document; its
            text has an entity of its own; it holds works of several authors, or a
            part of it lies in another file.

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
    for element in root.iter(_INCLUDE):
        if not any(name_of(parent) in _LEFT_OUT for parent in element.iterancestors()):
            _refuse_inclusion(element)
    header = header_of(root)
    creators = _only_author(root) if name_of(root) == "teiCorpus" else ()
    text = writer.text()
    return Extracted(
        text,
        EXTRACTOR,
        title=header.title,
        creators=creators or header.creators,
        published=header.published,
        declared_language=header.language,
        url=header.url,
        licences=header.licences,
        notices=header.notices,
        refusals=header.refusals,
        turns=_of_all_lines(text, writer.turns),
    )


def _of_all_lines(text: str, turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return a turn a line, as of any interview: a heading among utterances has nobody's."""
    if not turns:
        return ()
    offsets = accumulate((len(line) + 1 for line in text.split("\n")[:-1]), initial=0)
    at = {turn.offset: turn for turn in turns}
    return tuple(at.get(offset, Turn(offset=offset)) for offset in offsets)


class _Writer(BlockText):
    """Blocks of text in the making; what follows a speaker's name stands right under it."""

    def __init__(self) -> None:
        super().__init__()
        self.turns: list[Turn] = []
        self._glued = False
        # Whether a word ends here, unless white space or punctuation follows; who speaks, and in which language.
        self._apart = False
        self._utterance: tuple[str | None, str | None] | None = None
        self._begun = False
        self._names: dict[str, str] | None = None

    def add(self, piece: str) -> None:
        """Add a piece to the block that is open: to its last word, unless that has ended."""
        if not piece:
            return
        if self._utterance and not self._begun and piece.strip():
            self._begun = True
            if self._utterance[0]:
                super().add(f"{self._utterance[0]}: ")
        elif self._apart and piece[0] not in _CLOSING and not (self._open and self._open[-1][-1:] in _OPENING):
            super().add(" ")
        self._apart = False
        super().add(piece)

    def stop(self, ends: int) -> bool:
        """End the block that is open; at least so many line ends follow it, unless it was a speaker's name."""
        before = self._ends
        stopped = super().stop(ends)
        if stopped:
            self._glued = False
            if self._utterance:
                speaker, language = self._utterance
                self.turns.append(Turn(speaker, language=language, offset=self._begins))
        elif self._glued:
            self._ends = before
        return stopped

    def end_division(self) -> None:
        """End the block that is open; what follows stands in another division."""
        self.stop(2)
        self._glued = False

    def walk(self, element: etree._Element) -> None:
        """Write the element's text without the text after it.

        Raises:
            UnusableError: it lies in another file.
        """
        name = name_of(element)
        _refuse_inclusion(element)
        if name in _LEFT_OUT:
            return
        if name in _BREAKS:
            self._break(element)
            return
        ends = _line_ends(element, name)
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
        elif name == "u":
            self._utterance, self._begun = (self._speaker(element), element.get(XML_LANG)), False
            self._inside(element)
            self.stop(1)
            self._utterance = None
        else:
            self._inside(element)
        if ends:
            self.stop(ends)
            self._glued = name == "speaker"
        elif _ends_word(element, name):
            self._apart = True

    def _speaker(self, utterance: etree._Element) -> str | None:
        """Return who speaks, by the name that the header gives, else as the transcription names them."""
        parent = utterance.getparent()
        who = utterance.get("who") or (parent.get("who") if parent is not None else None) or ""
        if self._names is None:
            people = utterance.getroottree().getroot().iterfind(".//{*}particDesc//{*}person")
            named = ((one, next(one.iterfind("{*}persName"), one.find("{*}name"))) for one in people)
            self._names = {one.get(_ID) or "": words(name) for one, name in named if words(name)}
        return ", ".join(self._names.get(one, one) for one in who.replace("#", " ").split()) or None

    def _inside(self, element: etree._Element) -> None:
        self.add(element.text or "")
        for child in element:
            self.walk(child)
            if name_of(child) == "cell":
                self.add(" ")
            self.add(child.tail or "")

    def _break(self, element: etree._Element) -> None:
        """Write a break of the print: the space that the line's end stood for, or nothing within a word."""
        if element.get("break") == "no":
            # The word goes on; the hyphen at the line's end is the printer's.
            self._open.append(self._last_letters())
            self._apart = False
            element.tail = (element.tail or "").lstrip()
        else:
            self.add(" ")

    def _last_letters(self) -> str:
        """Take away the last pieces that are blank, and return the one before without the hyphen at its end."""
        while self._open:
            if piece := self._open.pop().rstrip():
                return piece[:-1] if piece[-1] in _HYPHENS else piece
        return ""


def _refuse_inclusion(element: etree._Element) -> None:
    if element.tag == _INCLUDE:
        raise UnusableError(
            "text elsewhere",
            f"it includes «{element.get('href')}»",
            N_("write the files into one (xmllint --xinclude)"),
        )


def _ends_word(element: etree._Element, name: str) -> bool:
    """Whether another element follows right on an element, and a word doesn't go on from one to the other."""
    after: etree._Element | None = element
    while after is not None:
        if after.tail:
            return False
        after = after.getnext()
        if after is not None and name_of(after) not in _LEFT_OUT:
            return name_of(after) not in _BREAKS and not (name in _WITHIN_WORDS and name_of(after) in _WITHIN_WORDS)
    return False


def _only_author(root: etree._Element) -> tuple[str, ...]:
    """Return the authors of all works of a corpus.

    Raises:
        UnusableError: they are not the same.
    """
    every = dict.fromkeys(header_of(one).creators for one in root.iter("{*}TEI", "{*}TEI.2"))
    # A work that names nobody is of whom the corpus names; a name may stand in either order.
    stated = every if header_of(root).creators == () else [one for one in every if one]
    authors = {tuple(sorted(map(name_key, one))): one for one in stated}.values()
    if len(authors) > 1:
        names = "; ".join(", ".join(each) or "?" for each in authors)
        raise UnusableError(
            "several works", f"its <teiCorpus> has works of {names}", N_("save each <TEI> of it as a file of its own")
        )
    return next(iter(authors), ())


def _only_readings(apparatus: etree._Element) -> etree._Element | None:
    """Return the first witness's reading where an editor chose none, and all would be lost."""
    return None if apparatus.find("{*}lem") is not None else next(apparatus.iter("{*}rdg"), None)


def _rank(name: str) -> int:
    return _CHOSEN.index(name) if name in _CHOSEN else len(_CHOSEN)


def _has_blocks(element: etree._Element) -> bool:
    """Whether a quotation holds paragraphs or verses, and so isn't part of a sentence."""
    return any(name_of(child) in _BLOCKS or name_of(child) == "l" for child in element)


def _line_ends(element: etree._Element, name: str) -> int:
    """Return how many line ends stand before and after an element: none within a paragraph."""
    parent = element.getparent()
    if _stands_in_speech(element, name):
        return 1
    if name in _BLOCKS or (name in ("quote", "q", "cit") and _has_blocks(element)):
        return 2
    in_holder = parent is not None and name_of(parent) in _HOLDERS
    return int(name in _LINES or (in_holder and name not in _WITHIN_WORDS and name not in _TOKENS))


def _stands_in_speech(element: etree._Element, name: str) -> bool:
    """Whether a paragraph or stage direction belongs to a speech, whose parts follow one another without a blank."""
    parent = element.getparent()
    return name in ("p", "ab", "stage") and parent is not None and name_of(parent) == "sp"
