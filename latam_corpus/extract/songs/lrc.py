"""LRC: the verses of a song without their times; a blank line or an empty timed line separates stanzas."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.charset import decode
from latam_corpus.extract.document import Extracted

if TYPE_CHECKING:
    from collections.abc import Mapping

# Increased when the same bytes yield a different text.
EXTRACTOR: Final = "lrc 2"

_TAG: Final = re.compile(r"^\s*\[(ti|ar|al|au|by|la|length|offset|re|ve|#)\s*:\s*([^\]]*)\]\s*$", re.IGNORECASE)
_TIME: Final = re.compile(r"\[(\d{1,3}):(\d{1,2}(?:[.:]\d{1,3})?)\]")
_WORD_TIME: Final = re.compile(r"<\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?>\s?")


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    r"""Return the text of a song, a verse per line, in the order sung; a verse with several times is repeated.

    Args:
        raw: the file's bytes.
        parameters: `charset`, detected by default.

    >>> extract("[ti:Vidalita]\n[00:02.00]vidalitá,\n[00:01.00][00:03.00]Palomita blanca,\n".encode(), {}).text
    'Palomita blanca,\nvidalitá,\nPalomita blanca,'
    """
    text, _ = decode(raw, parameters.get("charset"))
    tags: dict[str, str] = {}
    verses: list[tuple[float, str]] = []
    current_time = 0.0
    for line in text.splitlines():
        if tag := _TAG.match(line):
            tags.setdefault(tag[1].lower(), tag[2].strip())
            continue
        times = [int(minutes) * 60 + float(seconds.replace(":", ".")) for minutes, seconds in _TIME.findall(line)]
        words = " ".join(_WORD_TIME.sub(" ", _TIME.sub("", line)).split())
        current_time = max(times, default=current_time)
        verses += [(time, words) for time in times or [current_time]]
    # The sort is stable: a line without a time stays below the line above it.
    sung = "\n".join(words for _, words in sorted(verses, key=lambda verse: verse[0]))
    author = tags.get("au") or tags.get("ar")
    return Extracted(
        re.sub(r"\n{3,}", "\n\n", sung).strip("\n"),
        EXTRACTOR,
        title=tags.get("ti") or None,
        creators=(author,) if author else (),
        declared_language=tags.get("la") or None,
    )
