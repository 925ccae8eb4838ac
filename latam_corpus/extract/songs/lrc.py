"""LRC: the verses of a song without their times; a blank line or a timed empty line is where a stanza ends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.charset import decode
from latam_corpus.extract.document import Extracted

if TYPE_CHECKING:
    from collections.abc import Mapping

# Counted up when the same bytes give another text.
EXTRACTOR: Final = "lrc 2"

_TAG: Final = re.compile(r"^\s*\[(ti|ar|al|au|by|la|length|offset|re|ve|#)\s*:\s*([^\]]*)\]\s*$", re.IGNORECASE)
_TIME: Final = re.compile(r"\[(\d{1,3}):(\d{1,2}(?:[.:]\d{1,3})?)\]")
_WORD_TIME: Final = re.compile(r"<\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?>\s?")


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    r"""Return the text of a song, a verse a line, in the order sung; one with several times stands as often.

    Args:
        raw: the file's bytes.
        parameters: `charset`, detected without it.

    >>> extract("[ti:Vidalita]\n[00:02.00]vidalitá,\n[00:01.00][00:03.00]Palomita blanca,\n".encode(), {}).text
    'Palomita blanca,\nvidalitá,\nPalomita blanca,'
    """
    text, _ = decode(raw, parameters.get("charset"))
    about: dict[str, str] = {}
    verses: list[tuple[float, str]] = []
    now = 0.0
    for line in text.splitlines():
        if tag := _TAG.match(line):
            about.setdefault(tag[1].lower(), tag[2].strip())
            continue
        times = [int(minutes) * 60 + float(seconds.replace(":", ".")) for minutes, seconds in _TIME.findall(line)]
        words = " ".join(_WORD_TIME.sub(" ", _TIME.sub("", line)).split())
        now = max(times, default=now)
        verses += [(time, words) for time in times or [now]]
    # Stable: what has no time of its own stays after what it stands under.
    sung = "\n".join(words for _, words in sorted(verses, key=lambda verse: verse[0]))
    author = about.get("au") or about.get("ar")
    return Extracted(
        re.sub(r"\n{3,}", "\n\n", sung).strip("\n"),
        EXTRACTOR,
        title=about.get("ti") or None,
        creators=(author,) if author else (),
        declared_language=about.get("la") or None,
    )
