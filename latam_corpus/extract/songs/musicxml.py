"""Scores (MusicXML 1 to 4, also compressed): the sung words, a stanza per verse.

Syllables are joined into words. Lines end at the score's marks; in a score without such marks, a line begins with a
capital after a stop. A voice that sings the words of another is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

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

# Increased when the same bytes yield a different text.
EXTRACTOR: Final = "musicxml 1"

_CONTAINER: Final = "META-INF/container.xml"
_WRITERS: Final = frozenset({"lyricist", "poet", "author", "librettist"})
# A stanza is a repetition if another one has at least this share of its words.
_SAME: Final = 0.9
_BREAK: Final = re.compile(r"(?<=[.,;:!?…»”—-])\s+(?=[¡¿«“—-]*[A-ZÁÉÍÓÚÜÑÃÕÂÊÔÀÇ])")
_WORD: Final = re.compile(r"[^\W_]+")


@dataclass
class _Verse:
    """The words of a verse during assembly.

    Attributes:
        pieces: syllables, spaces and line ends.
        is_open: whether the last word continues with the next syllable.
    """

    pieces: list[str] = field(default_factory=list)
    is_open: bool = False


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the words of a score, with a version for each further language.

    Args:
        raw: the XML, or the package that contains it.
        parameters: not used.

    Raises:
        UnusableError: it isn't a score, or nothing is sung in it.

    >>> def note(text, syllabic, more=""):
    ...     return f"<note><lyric><syllabic>{syllabic}</syllabic><text>{text}</text>{more}</lyric></note>"
    >>> song = note("La", "single") + note("bar", "begin") + note("ca", "end", "<end-line/>") + note("zarpó", "single")
    >>> extract(f"<score-partwise><part><measure>{song}</measure></part></score-partwise>".encode(), {}).text.split()
    ['La', 'barca', 'zarpó']
    """
    del parameters
    root = _score(raw)
    languages = {
        element.get("number") or element.get("name") or "1": element.get(XML_LANG)
        for element in root.iterfind("{*}defaults/{*}lyric-language")
    }
    by_language: dict[str | None, list[str]] = {}
    for voice in _voices(root):
        for number, stanza in voice.items():
            stanzas_so_far = by_language.setdefault(languages.get(number), [])
            if not _is_sung(stanza, stanzas_so_far):
                stanzas_so_far.append(stanza)
    if not by_language:
        raise UnusableError("no text", N_("it has no lyrics"), N_("leave it out, or add the words"))
    (language, stanzas), *other_languages = by_language.items()
    titles = (words(root.find(path)) for path in ("{*}work/{*}work-title", "{*}movement-title"))
    credits_ = root.iterfind("{*}identification/{*}creator")
    return Extracted(
        "\n\n".join(stanzas),
        EXTRACTOR,
        title=next(filter(None, titles), None),
        creators=tuple(
            dict.fromkeys(words(element) for element in credits_ if element.get("type") in _WRITERS and words(element))
        ),
        declared_language=language,
        licences=stated_in(root.find("{*}identification")),
        refusals=refusals_in(root.find("{*}identification")),
        versions=tuple(
            Extracted(
                "\n\n".join(other_stanzas), EXTRACTOR, declared_language=other_language, composition="translation"
            )
            for other_language, other_stanzas in other_languages
        ),
    )


def _score(raw: bytes) -> etree._Element:
    if raw.startswith(b"PK"):
        package = ZipPackage(raw)
        paths = [attribute(element, "full-path") for element in package.xml(_CONTAINER).iter("{*}rootfile")]
        raw = package.read(paths[0] if paths else "")
    root = parse_xml(raw)
    if name_of(root) not in ("score-partwise", "score-timewise"):
        raise UnusableError("not XML", f"its root is <{name_of(root)}>", N_("export it as MusicXML"))
    return root


def _voices(root: etree._Element) -> Iterator[dict[str, str]]:
    """Yield the stanzas, by number, of each part that has any."""
    names = [element.get("id") for element in root.iterfind("{*}part-list/{*}score-part")]
    names += [element.get("id") for element in root.iter("{*}part")]
    for part in dict.fromkeys(names):
        verses: dict[str, _Verse] = {}
        notes = (
            note for element in root.iter("{*}part") if element.get("id") == part for note in element.iter("{*}note")
        )
        for note in notes:
            for lyric in note.iterfind("{*}lyric"):
                verse = verses.setdefault(lyric.get("number") or lyric.get("name") or "1", _Verse())
                _sing(lyric, verse)
        stanzas = {number: _lines("".join(verse.pieces)) for number, verse in verses.items()}
        if filled := {number: stanza for number, stanza in stanzas.items() if stanza}:
            yield filled


def _sing(lyric: etree._Element, verse: _Verse) -> None:
    """Add a note's syllables to a verse; syllables joined by an elision are separate words."""
    for child in lyric:
        name = name_of(child)
        if name == "syllabic":
            if words(child) in ("single", "begin"):
                verse.is_open = False
        elif name == "text":
            if verse.pieces and not verse.is_open:
                verse.pieces.append(" ")
            verse.pieces.append(str(child.text or "").strip())
            verse.is_open = _goes_on(child)
        elif name == "elision":
            verse.is_open = False
        elif name in ("end-line", "end-paragraph"):
            verse.pieces.append("\n" if name == "end-line" else "\n\n")
            verse.is_open = False


def _goes_on(text: etree._Element) -> bool:
    previous = text.getprevious()
    return previous is not None and name_of(previous) == "syllabic" and words(previous) in ("begin", "middle")


def _lines(sung: str) -> str:
    has_lines = "\n" in sung.strip()
    lines = [" ".join(line.split()) for line in (sung if has_lines else _BREAK.sub("\n", sung)).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _is_sung(stanza: str, other_stanzas: Sequence[str]) -> bool:
    """Return whether nearly all these words are in other stanzas."""
    own_words = set(_WORD.findall(stanza.casefold()))
    other_words = (set(_WORD.findall(other_stanza.casefold())) for other_stanza in other_stanzas)
    return any(len(own_words & words_of_other) >= _SAME * len(own_words) for words_of_other in other_words)
