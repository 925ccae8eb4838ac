"""Scores (MusicXML 1 to 4, also compressed): the words that are sung, a stanza a verse.

Syllables are joined to words. Lines are those that the score marks; in one that marks none, a line begins with a
capital after a stop. A voice that sings the words of another is left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from latam_corpus.extract.bounded_xml import parse_xml
from latam_corpus.extract.document import Extracted, UnusableError
from latam_corpus.extract.stated_rights.file_refusals import refusals_in
from latam_corpus.extract.stated_rights.stated_licences import stated_in
from latam_corpus.extract.zip_package import ZipPackage
from latam_corpus.messages import N_
from latam_corpus.text.markup.xml_tree import XML_LANG, attribute, name_of, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lxml import etree

# Counted up when the same bytes give another text.
EXTRACTOR: Final = "musicxml 1"

_CONTAINER: Final = "META-INF/container.xml"
_WRITERS: Final = frozenset({"lyricist", "poet", "author", "librettist"})
# The share of a voice's words that another sings too.
_SAME: Final = 0.9
_BREAK: Final = re.compile(r"(?<=[.,;:!?…»”—-])\s+(?=[¡¿«“—-]*[A-ZÁÉÍÓÚÜÑÃÕÂÊÔÀÇ])")
_WORD: Final = re.compile(r"[^\W_]+")


class _Verse(NamedTuple):
    """A verse's words as they are put together.

    Attributes:
        pieces: syllables, spaces and line ends.
        open: whether the last syllable's word goes on.
    """

    pieces: list[str]
    open: list[bool]


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the words of a score, with a version where it has the song in several languages.

    Args:
        raw: the XML, or the package that has it.
        parameters: not used.

    Raises:
        UnusableError: it is no score, or nothing is sung in it.

    >>> def note(text, syllabic, more=""):
    ...     return f"<note><lyric><syllabic>{syllabic}</syllabic><text>{text}</text>{more}</lyric></note>"
    >>> song = note("La", "single") + note("bar", "begin") + note("ca", "end", "<end-line/>") + note("zarpó", "single")
    >>> extract(f"<score-partwise><part><measure>{song}</measure></part></score-partwise>".encode(), {}).text.split()
    ['La', 'barca', 'zarpó']
    """
    del parameters
    root = _score(raw)
    named = {
        one.get("number") or one.get("name") or "1": one.get(XML_LANG)
        for one in root.iterfind("{*}defaults/{*}lyric-language")
    }
    by_language: dict[str | None, list[str]] = {}
    for voice in _voices(root):
        for number, stanza in voice.items():
            mine = by_language.setdefault(named.get(number), [])
            if not _is_sung(stanza, mine):
                mine.append(stanza)
    if not by_language:
        raise UnusableError("no text", N_("nothing is sung in it"), N_("leave it out, or add the words"))
    (language, stanzas), *others = by_language.items()
    titles = (words(root.find(path)) for path in ("{*}work/{*}work-title", "{*}movement-title"))
    credits_ = root.iterfind("{*}identification/{*}creator")
    return Extracted(
        "\n\n".join(stanzas),
        EXTRACTOR,
        title=next(filter(None, titles), None),
        creators=tuple(dict.fromkeys(words(one) for one in credits_ if one.get("type") in _WRITERS and words(one))),
        declared_language=language,
        licences=stated_in(root.find("{*}identification")),
        refusals=refusals_in(root.find("{*}identification")),
        versions=tuple(
            Extracted("\n\n".join(texts), EXTRACTOR, declared_language=other, composition="translation")
            for other, texts in others
        ),
    )


def _score(raw: bytes) -> etree._Element:
    if raw.startswith(b"PK"):
        package = ZipPackage(raw)
        places = [attribute(one, "full-path") for one in package.xml(_CONTAINER).iter("{*}rootfile")]
        raw = package.read(places[0] if places else "")
    root = parse_xml(raw)
    if name_of(root) not in ("score-partwise", "score-timewise"):
        raise UnusableError("not XML", f"its root is <{name_of(root)}>", N_("export it as MusicXML"))
    return root


def _voices(root: etree._Element) -> Iterator[dict[str, str]]:
    """Yield the stanzas of each part that has any, by their number."""
    names = [one.get("id") for one in root.iterfind("{*}part-list/{*}score-part")]
    names += [one.get("id") for one in root.iter("{*}part")]
    for part in dict.fromkeys(names):
        verses: dict[str, _Verse] = {}
        notes = (note for one in root.iter("{*}part") if one.get("id") == part for note in one.iter("{*}note"))
        for note in notes:
            for lyric in note.iterfind("{*}lyric"):
                verse = verses.setdefault(lyric.get("number") or lyric.get("name") or "1", _Verse([], [False]))
                _sing(lyric, verse)
        stanzas = {number: _lines("".join(verse.pieces)) for number, verse in verses.items()}
        if filled := {number: stanza for number, stanza in stanzas.items() if stanza}:
            yield filled


def _sing(lyric: etree._Element, verse: _Verse) -> None:
    """Add a note's syllables; what an elision joins on one note are two words."""
    for one in lyric:
        name = name_of(one)
        if name == "syllabic":
            if words(one) in ("single", "begin"):
                verse.open[0] = False
        elif name == "text":
            if verse.pieces and not verse.open[0]:
                verse.pieces.append(" ")
            verse.pieces.append(str(one.text or "").strip())
            verse.open[0] = _goes_on(one)
        elif name == "elision":
            verse.open[0] = False
        elif name in ("end-line", "end-paragraph"):
            verse.pieces.append("\n" if name == "end-line" else "\n\n")
            verse.open[0] = False


def _goes_on(text: etree._Element) -> bool:
    before = text.getprevious()
    return before is not None and name_of(before) == "syllabic" and words(before) in ("begin", "middle")


def _lines(sung: str) -> str:
    marked = "\n" in sung.strip()
    lines = [" ".join(line.split()) for line in (sung if marked else _BREAK.sub("\n", sung)).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _is_sung(stanza: str, others: Sequence[str]) -> bool:
    """Whether another voice sings these words already."""
    mine = set(_WORD.findall(stanza.casefold()))
    theirs = (set(_WORD.findall(other.casefold())) for other in others)
    return any(len(mine & those) >= _SAME * len(mine) for those in theirs)
