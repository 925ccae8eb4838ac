"""TEI XML: the text of the body, with its verses, stanzas and speakers, and the metadata in its header.

In a transcription (`<u>`), each utterance is a line that begins with its speaker.
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

# Increased when the same bytes yield a different text.
EXTRACTOR: Final = "tei 3"

_INCLUDE: Final = "{http://www.w3.org/2001/XInclude}include"
_ID: Final = "{http://www.w3.org/XML/1998/namespace}id"
# A larger file is parsed incrementally: its tree would take five times its size in memory.
_LARGE: Final = 32 * 2**20
_ROOTS: Final = frozenset({"TEI", "TEI.2", "teiCorpus"})
# Not part of the reading text: title pages and the like, notes, running heads, descriptions of pictures, deletions by
# the author, readings of other witnesses; in transcriptions laughter, gestures and annotations.
_LEFT_OUT: Final = frozenset(
    {
        "teiHeader", "front", "back", "note", "noteGrp", "fw", "figDesc", "del", "rdg", "facsimile", "sourceDoc",
        "standOff", "vocal", "kinesic", "incident", "spanGrp", "interpGrp", "timeline",
    }
)  # fmt: skip
# The order of preference within a `<choice>`. A printer's error is corrected; a spelling is the author's, who may write
# as people speak, and is not regularised.
_CHOSEN: Final = ("corr", "orig", "expan", "sic", "reg", "abbr")
_LINES: Final = frozenset({
    *("l", "speaker", "item", "row", "label", "lb", "addrLine", "u", "entry", "entryFree", "superEntry"),
})  # fmt: skip
# Elements that may be part of a word: adjacent ones are joined; a word ends at the edge of any other element.
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
# Elements that contain only blocks: each of their other children is a line.
_BLOCK_CONTAINERS: Final = frozenset({"body", "listBibl", *(f"div{n}" for n in ("", *range(8)))})


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the text of a TEI document: paragraphs and stanzas between blank lines, a verse or speaker per line.

    Args:
        raw: the XML. Nothing that it references is fetched; entities that it declares are not expanded.
        parameters: not used; XML declares its own charset.

    Raises:
        UnusableError: it isn't TEI XML, or is deeper or longer than the parser accepts; its text uses an entity that it
            declares; it contains works of several authors; or part of its text is in another file.

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
    is_large = len(raw) > _LARGE
    root = write_in_pieces(raw, writer, _LEFT_OUT) if is_large else parse_xml(raw)
    if name_of(root) not in _ROOTS:
        raise UnusableError("not TEI", f"its root is <{name_of(root)}>", N_("convert it, or leave it out"))
    for body in () if is_large else root.iter("{*}body"):
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
        turns=_with_empty_turns(text, writer.turns),
    )


def _with_empty_turns(text: str, turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Return a turn for each line, as for any interview; a heading among utterances has a turn without a speaker."""
    if not turns:
        return ()
    offsets = accumulate((len(line) + 1 for line in text.split("\n")[:-1]), initial=0)
    turns_by_offset = {turn.offset: turn for turn in turns}
    return tuple(turns_by_offset.get(offset, Turn(offset=offset)) for offset in offsets)


class _Writer(BlockText):
    """A writer of blocks of text; the text after a speaker's name follows directly below it."""

    def __init__(self) -> None:
        super().__init__()
        self.turns: list[Turn] = []
        self._glued = False
        # Whether a word ends here, unless white space or punctuation follows.
        self._apart = False
        self._utterance: tuple[str | None, str | None] | None = None  # speaker and language
        self._begun = False
        self._names: dict[str, str] | None = None

    def add(self, piece: str) -> None:
        """Add a piece to the open block, joined to its last word unless that word has ended."""
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
        """End the open block with at least `ends` line ends, except after a speaker's name."""
        previous_ends = self._ends
        stopped = super().stop(ends)
        if stopped:
            self._glued = False
            if self._utterance:
                speaker, language = self._utterance
                self.turns.append(Turn(speaker, language=language, offset=self._begins))
        elif self._glued:
            self._ends = previous_ends
        return stopped

    def end_division(self) -> None:
        """End the open block and its division."""
        self.stop(2)
        self._glued = False

    def walk(self, element: etree._Element) -> None:
        """Write the element's text without the text after it.

        Raises:
            UnusableError: the text is in another file.
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
            chosen = min(element, key=lambda alternative: _rank(name_of(alternative)), default=None)
            if chosen is not None:
                self.walk(chosen)
        elif name == "app" and (reading := _only_readings(element)) is not None:
            self._write_content(reading)
        elif name == "u":
            self._utterance, self._begun = (self._speaker(element), element.get(XML_LANG)), False
            self._write_content(element)
            self.stop(1)
            self._utterance = None
        else:
            self._write_content(element)
        if ends:
            self.stop(ends)
            self._glued = name == "speaker"
        elif _ends_word(element, name):
            self._apart = True

    def _speaker(self, utterance: etree._Element) -> str | None:
        """Return the speakers of an utterance, by their names in the header, or else by their identifiers."""
        parent = utterance.getparent()
        identifiers = utterance.get("who") or (parent.get("who") if parent is not None else None) or ""
        if self._names is None:
            people = utterance.getroottree().getroot().iterfind(".//{*}particDesc//{*}person")
            named_people = ((person, next(person.iterfind("{*}persName"), person.find("{*}name"))) for person in people)
            self._names = {person.get(_ID) or "": words(name) for person, name in named_people if words(name)}
        return ", ".join(self._names.get(each, each) for each in identifiers.replace("#", " ").split()) or None

    def _write_content(self, element: etree._Element) -> None:
        self.add(element.text or "")
        for child in element:
            self.walk(child)
            if name_of(child) == "cell":
                self.add(" ")
            self.add(child.tail or "")

    def _break(self, element: etree._Element) -> None:
        """Write a line, column or page break of the print: a space, or nothing within a word."""
        if element.get("break") == "no":
            # The word continues; the hyphen at the line's end is the printer's.
            self._open.append(self._last_letters())
            self._apart = False
            element.tail = (element.tail or "").lstrip()
        else:
            self.add(" ")

    def _last_letters(self) -> str:
        """Remove the last pieces up to one that isn't blank; return it without the hyphen at its end."""
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
    """Return whether another element follows directly and no word continues into it."""
    following: etree._Element | None = element
    while following is not None:
        if following.tail:
            return False
        following = following.getnext()
        if following is not None and name_of(following) not in _LEFT_OUT:
            return name_of(following) not in _BREAKS and not (
                name in _WITHIN_WORDS and name_of(following) in _WITHIN_WORDS
            )
    return False


def _only_author(root: etree._Element) -> tuple[str, ...]:
    """Return the authors of all works of a corpus.

    Raises:
        UnusableError: the works have different authors.
    """
    all_creators = dict.fromkeys(header_of(work).creators for work in root.iter("{*}TEI", "{*}TEI.2"))
    # A work without authors has the authors of the corpus. First and last names may be in either order.
    stated = all_creators if header_of(root).creators == () else [creators for creators in all_creators if creators]
    authors = {tuple(sorted(map(name_key, creators))): creators for creators in stated}.values()
    if len(authors) > 1:
        names = "; ".join(", ".join(creators) or "?" for creators in authors)
        raise UnusableError(
            "several works", f"its <teiCorpus> has works of {names}", N_("save each <TEI> of it as a file of its own")
        )
    return next(iter(authors), ())


def _only_readings(apparatus: etree._Element) -> etree._Element | None:
    """Return the first witness's reading if the editor chose none; otherwise every reading would be lost."""
    return None if apparatus.find("{*}lem") is not None else next(apparatus.iter("{*}rdg"), None)


def _rank(name: str) -> int:
    return _CHOSEN.index(name) if name in _CHOSEN else len(_CHOSEN)


def _has_blocks(element: etree._Element) -> bool:
    """Return whether a quotation contains paragraphs or verses, so that it isn't part of a sentence."""
    return any(name_of(child) in _BLOCKS or name_of(child) == "l" for child in element)


def _line_ends(element: etree._Element, name: str) -> int:
    """Return the number of line ends before and after an element; 0 within a paragraph."""
    parent = element.getparent()
    if _is_in_speech(element, name):
        return 1
    if name in _BLOCKS or (name in ("quote", "q", "cit") and _has_blocks(element)):
        return 2
    in_holder = parent is not None and name_of(parent) in _BLOCK_CONTAINERS
    return int(name in _LINES or (in_holder and name not in _WITHIN_WORDS and name not in _TOKENS))


def _is_in_speech(element: etree._Element, name: str) -> bool:
    """Return whether a paragraph or stage direction is part of a speech; its parts have no blank lines between them."""
    parent = element.getparent()
    return name in ("p", "ab", "stage") and parent is not None and name_of(parent) == "sp"
