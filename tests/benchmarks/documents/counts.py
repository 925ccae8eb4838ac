"""Count lines, paragraphs or turns that were preserved, joined or split."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from latam_corpus.extract.document import Extracted

    from .works import Collection

_INNER, _LINE, _BLANK = 0, 1, 2


class Counts(NamedTuple):
    """The results for a collection's units: verses, paragraphs or turns.

    Attributes:
        units: number in the collection.
        kept: units that are read as lines of their own, turns with their speaker.
        joined: ends between two units that were lost.
        parted: breaks within a unit.
        stanzas: ends of stanzas in the collection.
        stanzas_kept: ends of stanzas that are read as blank lines.
        words: number in the collection.
        lost: words of the collection that aren't read.
        added: words that are read and aren't in the collection.
        speakers: number of speakers that are read, of two.
    """

    units: int = 0
    kept: int = 0
    joined: int = 0
    parted: int = 0
    stanzas: int = 0
    stanzas_kept: int = 0
    words: int = 0
    lost: int = 0
    added: int = 0
    speakers: int = 0

    def plus(self, addend: Counts) -> Counts:
        """Return the sums of two counts, with the lower number of speakers."""
        sums = Counts._make(first + second for first, second in zip(self, addend, strict=True))
        return sums._replace(speakers=min(self.speakers, addend.speakers) if self.units else addend.speakers)


def count(collection: Collection, extracted: Extracted, labels: dict[str, str] | None = None) -> Counts:
    """Compare the texts of a collection with a reader's text.

    Args:
        collection: the texts that were written to a file.
        extracted: the reader's result for the file.
        labels: the label of each speaker in the file, if it isn't the name.
    """
    labels = labels or {}
    blocks: list[tuple[int, str]] = []  # the end before each unit, and the unit
    for work in collection.works:
        blocks.append((_BLANK, work.title))
        for number, part in enumerate(work.parts):
            if collection.kind == "interview":
                blocks.append((_LINE, f"{labels.get(part[0], part[0])}: {part[1]}"))
            else:
                blocks += [(_LINE if line or not number else _BLANK, words) for line, words in enumerate(part)]
    ends: list[int] = []
    words: list[str] = []
    for end, unit in blocks:
        parts = _words(unit)
        ends += [end, *[_INNER] * (len(parts) - 1)]
        words += parts
    given_ends, given = _with_ends(extracted.text)
    joined = parted = kept_stanzas = matched = 0
    strict = collection.kind == "verse"
    stanza_ends = sum(end == _BLANK for end in ends[1:]) if strict else 0
    for block in SequenceMatcher(None, words, given, autojunk=False).get_matching_blocks():
        matched += block.size
        for offset in range(block.size):
            expected, actual = ends[block.a + offset], given_ends[block.b + offset]
            if block.a + offset == 0:
                continue
            joined += expected != _INNER and actual == _INNER
            parted += expected == _INNER and actual != _INNER
            kept_stanzas += strict and expected == _BLANK and actual == _BLANK
    lines = [_folded(line) for line in extracted.text.split("\n") if line.strip()]
    units = [_folded(unit) for _, unit in blocks]
    kept_units = sum(block.size for block in SequenceMatcher(None, units, lines, autojunk=False).get_matching_blocks())
    speakers = len({turn.speaker for turn in extracted.turns if turn.speaker})
    return Counts(
        len(units), kept_units, joined, parted, stanza_ends, kept_stanzas, len(words), len(words) - matched,
        len(given) - matched, speakers,
    )  # fmt: skip


def _words(text: str) -> list[str]:
    return unicodedata.normalize("NFC", text).split()


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()


def _with_ends(text: str) -> tuple[list[int], list[str]]:
    """Return the words of a text, and the separator before each: none, a line end or a blank line."""
    ends: list[int] = []
    words: list[str] = []
    blank = False
    for line in text.split("\n"):
        parts = _words(line)
        if parts:
            ends += [_BLANK if blank else _LINE, *[_INNER] * (len(parts) - 1)]
            words += parts
        blank = not parts
    return ends, words


def share(part: int, whole: int) -> float | str:
    """Return a share, or an empty string if the whole is 0."""
    return round(part / whole, 4) if whole else ""
