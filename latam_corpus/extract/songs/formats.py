"""Formats of songs: timed lyrics and scores."""

from __future__ import annotations

import re
from typing import Final

from latam_corpus.formats.format import Format, Marks
from latam_corpus.messages import same

_TAG: Final = r"\[(?:ti|ar|al|au|by|la|length|offset|re|ve|#):[^\]\n]*\]"
_TIME: Final = r"\[\d{1,3}:\d\d(?:\.\d{1,3})?\]"
_SCORE: Final = "application/vnd.recordare.musicxml"


def is_song(text: str) -> bool:
    r"""Return whether a text is timed lyrics: most lines begin with a time, and few of these with a speaker's name.

    >>> is_song("[ti:Copla]\n[00:01.20]Palomita\n[00:04]blanca\n"), is_song("[00:01] E1: ¿Y usted?\n")
    (True, False)
    """
    if not re.match(rf"(?i)(?:\s*+{_TAG}[^\S\n]*+\n)*+\s*+{_TIME}", text):
        return False
    lines = [line for line in text.split("\n") if line.strip() and not re.match(rf"(?i)\s*{_TAG}", line)]
    verses = [line[time.end() :] for line in lines if (time := re.match(rf"\s*(?:{_TIME}\s*)+", line))]
    spoken = sum(bool(re.match(r"[^\W\d_][^:\n]{,39}:\s", verse)) for verse in verses)
    return len(verses) * 2 > len(lines) and spoken * 2 < len(verses)


FORMATS: Final = (
    Format(
        name="lrc",
        label=same("LRC"),
        suffixes=(".lrc",),
        media_type="text/x-lrc",
        extractor="latam_corpus.extract.songs.lrc:extract",
        form="verse",
        marks=(Marks(text=is_song),),
    ),
    Format(
        name="musicxml",
        label=same("MusicXML"),
        suffixes=(".musicxml", ".mxl"),
        media_type=_SCORE,
        extractor="latam_corpus.extract.songs.musicxml:extract",
        form="verse",
        marks=(
            Marks(
                mimetypes=(_SCORE,),
                members=lambda names: "META-INF/container.xml" in names,
                roots=("score-partwise", "score-timewise"),
            ),
        ),
    ),
)
