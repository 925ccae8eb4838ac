r"""Texts of Toolbox and Shoebox (standard format markers): the lines `\tx`; free translations are separate documents.

Morphemes, glosses and parts of speech are analyses and are left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from latam_corpus.extract.charset import decode
from latam_corpus.extract.document import UnusableError, Utterance
from latam_corpus.extract.interviews.interview import clock_seconds
from latam_corpus.extract.interviews.parallel import parallel
from latam_corpus.messages import N_

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from latam_corpus.extract.document import Extracted

# Increased when the same bytes yield a different text.
EXTRACTOR: Final = "toolbox 2"

_FIELD: Final = re.compile(r"\\(\w+)[ \t]*(.*)")
# Markers of free translations in Toolbox's templates and the region's projects, with their language if it is fixed.
_FREE: Final[Mapping[str, str | None]] = {
    "ft": None, "tr": None, "fs": "spa", "fte": "spa", "ftes": "spa", "ft_es": "spa", "ftn": "spa", "fesp": "spa",
    "fp": "por", "ftpt": "por", "ft_pt": "por", "fe": "eng", "ften": "eng", "ft_en": "eng",
}  # fmt: skip
_SEGMENT: Final = frozenset({"ref", "id", "rf"})
_SPEAKER: Final = frozenset({"sp", "speaker", "ELANParticipant", "EUDICOp"})
_TIMES: Final[Mapping[str, str]] = {"ELANBegin": "start", "EUDICOt0": "start", "ELANEnd": "end", "EUDICOt1": "end"}
_CLOCK: Final = re.compile(r"\d+(?:\.\d+)?(?::\d+(?:\.\d+)?)*")
_TITLES: Final = frozenset({"ti", "title", "titulo"})


class _Segment(NamedTuple):
    words: list[str]
    free: dict[str | None, list[str]]
    about: dict[str, str]


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    r"""Return the text of a file, a segment (`\ref`) per line, with a version for each language of its translations.

    Args:
        raw: the file's bytes.
        parameters: `charset`, detected by default.

    Raises:
        UnusableError: it has no line of text.

    >>> lines = "\\id 1\n\\ref a.1\n\\tx wasita  rikuni\n\\mb wasi-ta riku-ni\n\\ge casa-ACC ver-1\n\\fs Veo la casa."
    >>> document = extract(lines.encode(), {})
    >>> document.text, document.versions[0].text
    ('wasita rikuni', 'Veo la casa.')
    """
    text, _ = decode(raw, parameters.get("charset"))
    segments: dict[str | None, list[Utterance]] = {None: []}
    title: str | None = None
    for number, segment in enumerate(_segments(text.replace("\r\n", "\n").replace("\r", "\n"))):
        title = title or segment.about.get("title")
        start, end = (_seconds(segment.about.get(name, "")) for name in ("start", "end"))
        fields = segment.about.get("speaker"), start, end
        segments[None].append(Utterance(" ".join(segment.words), *fields, segment=number))
        for language, free in segment.free.items():
            # "" is a translation into an unknown language, None the text itself.
            segments.setdefault(language or "", []).append(Utterance(" ".join(free), *fields, segment=number))
    if not any(segment.words.strip() for segment in segments[None]):
        raise UnusableError(
            "not a transcript", N_("it has no line \\tx"), N_("export it as Toolbox does, or as FLExText")
        )
    return parallel(segments, EXTRACTOR, title=title)


def _segments(text: str) -> Iterator[_Segment]:
    segment = _Segment([], {}, {})
    for marker, value in _fields(text):
        if marker in _SEGMENT and (segment.words or segment.free):
            yield segment
            segment = _Segment([], {}, {})
        if marker == "tx":
            segment.words.append(value)
        elif marker in _FREE:
            segment.free.setdefault(_FREE[marker], []).append(value)
        elif marker in _SPEAKER:
            segment.about["speaker"] = value
        elif marker in _TIMES:
            segment.about[_TIMES[marker]] = value
        elif marker in _TITLES:
            segment.about["title"] = value
    yield segment


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """Yield each marker with its value; the lines of a value are joined."""
    marker, value_lines = "", [""]
    for line in text.split("\n"):
        field = _FIELD.match(line)
        if field:
            yield marker, " ".join(" ".join(value_lines).split())
            marker, value_lines = field[1], [field[2]]
        else:
            value_lines.append(line)
    yield marker, " ".join(" ".join(value_lines).split())


def _seconds(clock: str) -> float | None:
    return clock_seconds(clock) if _CLOCK.fullmatch(clock) else None
