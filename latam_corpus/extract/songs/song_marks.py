"""Marks between the verses of song sheets: chords, repeats, and the names of parts."""

from __future__ import annotations

import re
from typing import Final, Literal

_CHORD: Final = (
    r"(?:[A-G]|DO|RE|MI|FA|SOL|LA|SI|Do|Re|Mi|Fa|Sol|La|Si)(?:#|b|♯|♭)?(?:maj|min|mi|ma|m|M|\+|dim|aug|sus|add|°|º)?"
    r"\d{0,2}(?:sus\d|add\d|[#b]\d)?(?:/(?:[A-G]|Do|Re|Mi|Fa|Sol|La|Si)[#b]?m?)?"
)
# Atomic, so that a line that is nearly all chords doesn't cause backtracking.
_CHORDS: Final = re.compile(rf"^[\s|]*(?>[(\[]?{_CHORD}[)\]]?(?:[\s|.,\-–]+|$))+(?:\(?x\s?\d\)?)?\s*$")
_IN_BRACKETS: Final = re.compile(rf"\[{_CHORD}\]")
# Signs of chords that no verse has, or the wide spaces between chords.
_SURE: Final = re.compile(r"[A-GIOL](?:#|♯|♭|m\b|\d)|\S\s{2,}\S|\|")
_TABLATURE: Final = re.compile(r"^\s*[eBGDAE]\s?\|[-\d|hpbx/\\~ ]{6,}$")
_PART: Final = re.compile(
    r"^\s*[\[({]?\s*(?:coro|estribillo|estrofa|puente|intro(?:ducción)?|solo|interludio|final|instrumental|refrão|refrao"
    r"|ponte|verso|estrofe|introdução|chorus|verse|bridge|pre-?coro|pré-?refrão|hook|outro)\b\s*(?:\d|[IVX]+)?\s*"
    r"(?:x\s?\d)?\s*[\])}]?\s*:?\s*$",
    re.IGNORECASE,
)
# Names of parts that, without brackets, number, colon or capitals, may also be a verse.
_AMBIGUOUS: Final = frozenset({"solo", "final", "puente", "ponte", "verso", "outro"})
# More spaces have no other meaning and would cause backtracking.
_WIDE_SPACE: Final = re.compile(r"[^\S\n]{4,}")
_TIMES: Final = re.compile(
    r"(?<!\s)\s*(?:[\[({]?\s*(?:x\s?([2-9])|([2-9])\s?x|bis)\s*[\])}]?|[\[({]\s*([2-9]) ve[cz]es\s*[\])}])\s*$",
    re.IGNORECASE,
)


def without_song_marks(text: str, keeping: Literal["normalise", "remove"]) -> str:
    r"""Return the verses without chords and tablature; `keeping` decides on part names and repeats.

    Args:
        text: the text of a song.
        keeping: "normalise" writes a part's name as `[coro]` and a repeat as `[x2]`; "remove" drops names and writes
            repeated verses out.

    >>> print(without_song_marks("Am        E7\nPalomita blanca, (x2)\n\n[Coro]\nvidalitá", "remove"))
    Palomita blanca,
    Palomita blanca,
    <BLANKLINE>
    vidalitá
    """
    lines: list[str] = []
    for line in _WIDE_SPACE.sub("   ", text).split("\n"):
        if _TABLATURE.match(line) or (line.strip() and _CHORDS.match(line) and _SURE.search(line)):
            continue
        verse = _IN_BRACKETS.sub("", line)
        if (part := _PART.match(verse)) and (verse.isupper() or verse.strip().lower() not in _AMBIGUOUS):
            if keeping == "normalise":
                lines.append(f"[{part[0].strip(' []{}():').lower()}]")
            continue
        times = _TIMES.search(verse)
        if times and verse[: times.start()].strip():
            count = int(next((group for group in times.groups() if group), "2"))
            verse = verse[: times.start()]
            lines += [f"{verse} [x{count}]"] if keeping == "normalise" else [verse] * count
        else:
            lines.append(verse)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
