"""What song sheets write between the verses: chords, how often a verse is sung, the names of parts."""

from __future__ import annotations

import re
from typing import Final, Literal

_CHORD: Final = (
    r"(?:[A-G]|DO|RE|MI|FA|SOL|LA|SI|Do|Re|Mi|Fa|Sol|La|Si)(?:#|b|♯|♭)?(?:maj|min|mi|ma|m|M|\+|dim|aug|sus|add|°|º)?"
    r"\d{0,2}(?:sus\d|add\d|[#b]\d)?(?:/(?:[A-G]|Do|Re|Mi|Fa|Sol|La|Si)[#b]?m?)?"
)
# Atomic: a line that is nearly chords must not be tried in all ways.
_CHORDS: Final = re.compile(rf"^[\s|]*(?>[(\[]?{_CHORD}[)\]]?(?:[\s|.,\-–]+|$))+(?:\(?x\s?\d\)?)?\s*$")
_IN_BRACKETS: Final = re.compile(rf"\[{_CHORD}\]")
# Beyond the letters of a name: signs that no verse has, or the room between the names that chords leave.
_SURE: Final = re.compile(r"[A-GIOL](?:#|♯|♭|m\b|\d)|\S\s{2,}\S|\|")
_TABLATURE: Final = re.compile(r"^\s*[eBGDAE]\s?\|[-\d|hpbx/\\~ ]{6,}$")
_PART: Final = re.compile(
    r"^\s*[\[({]?\s*(?:coro|estribillo|estrofa|puente|intro(?:ducción)?|solo|interludio|final|instrumental|refrão|refrao"
    r"|ponte|verso|estrofe|introdução|chorus|verse|bridge|pre-?coro|pré-?refrão|hook|outro)\b\s*(?:\d|[IVX]+)?\s*"
    r"(?:x\s?\d)?\s*[\])}]?\s*:?\s*$",
    re.IGNORECASE,
)
# What may as well be a verse, if it stands without brackets, number or colon, and not in capitals.
_SAID: Final = frozenset({"solo", "final", "puente", "ponte", "verso", "outro"})
# More room than this says no more, and would be tried in all ways.
_ROOM: Final = re.compile(r"[^\S\n]{4,}")
_TIMES: Final = re.compile(
    r"(?<!\s)\s*(?:[\[({]?\s*(?:x\s?([2-9])|([2-9])\s?x|bis)\s*[\])}]?|[\[({]\s*([2-9]) ve[cz]es\s*[\])}])\s*$",
    re.IGNORECASE,
)


def without_song_marks(text: str, keeping: Literal["normalise", "remove"]) -> str:
    r"""Return the verses without chords and tablature; `keeping` says what becomes of part names and repeats.

    Args:
        text: of a song.
        keeping: "normalise" makes `[coro]` of a part's name, and leaves how often a verse is sung as `[x2]`; "remove"
            takes the name away and writes the verse as often as it is sung.

    >>> print(without_song_marks("Am        E7\nPalomita blanca, (x2)\n\n[Coro]\nvidalitá", "remove"))
    Palomita blanca,
    Palomita blanca,
    <BLANKLINE>
    vidalitá
    """
    written: list[str] = []
    for line in _ROOM.sub("   ", text).split("\n"):
        if _TABLATURE.match(line) or (line.strip() and _CHORDS.match(line) and _SURE.search(line)):
            continue
        verse = _IN_BRACKETS.sub("", line)
        if (part := _PART.match(verse)) and (verse.isupper() or verse.strip().lower() not in _SAID):
            if keeping == "normalise":
                written.append(f"[{part[0].strip(' []{}():').lower()}]")
            continue
        times = _TIMES.search(verse)
        if times and verse[: times.start()].strip():
            count = int(next((one for one in times.groups() if one), "2"))
            verse = verse[: times.start()]
            written += [f"{verse} [x{count}]"] if keeping == "normalise" else [verse] * count
        else:
            written.append(verse)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(written)).strip("\n")
