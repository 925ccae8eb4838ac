"""Subtitles (SRT, WebVTT): cues joined into sentences, a line each, with their times.

A voice (`<v Rosa>`), a label (`ROSA:`) or a change of speaker (`>>`, a dash) begins a line. A rolling caption shows
each line twice or three times while it moves up; it is taken once. WebVTT: W3C, 2019.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from latam_corpus.extract.charset import decode
from latam_corpus.extract.document import Extracted, UnusableError, Utterance, as_lines
from latam_corpus.extract.interviews.interview import label_of
from latam_corpus.messages import N_, _

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

# Counted up when the same bytes give another text.
EXTRACTOR: Final = "captions 6"

OUT_OF_ORDER: Final = "cues out of order"
BROKEN_TIMES: Final = "cues with broken times"
BLANK_LINES: Final = "cues with blank lines in them"

# Files from translation programs have spaces in their times and other arrows; some files have no milliseconds.
_CLOCK: Final = r"(?:(\d{1,3}):[ ]?)?(\d{1,2}):[ ]?(\d{1,2})(?:[ ]?[.,][ ]?(\d{1,9}))?"
_TIMES: Final = re.compile(rf"[ \t]*{_CLOCK}[ \t]*[-–—]{{1,3}}[ ]?>[ \t]*{_CLOCK}(?![\d:.,]).*")
_VOICE: Final = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>|</v>")
_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]{0,80}>|<\d[\d:.]*>|\{\\[^{}]*\}")
# By the WebVTT grammar, the first line of a block that is no cue. «NOTE usted …» within a cue is text.
_NO_CUE: Final = re.compile(r"NOTE(?:[ 	].*)?|(?:STYLE|REGION)[ 	]*")
_SONG: Final = re.compile(r"^[♪♫#\s]+|[♪♫#\s]+$")
_DASH: Final = re.compile(r"^[-–—]\s*(?=\S)")
_CHANGE: Final = re.compile(r"\s*>>+\s*")
# Of labels so many, of two that come again, are those of a conversation: who speaks goes on to the next of them.
_LEAST_LABELS: Final = 4
# So many of the cues have a label that comes again, where these aren't in capitals: others quote («Y yo dije: …»).
_CAPITALS: Final = 0.5
_LABEL_SHARE: Final = 0.25
_ENDS: Final = re.compile(r"[.!?…]['\"»”’)\]]*$")
# A pause of so many seconds ends a line where punctuation doesn't.
_PAUSE: Final = 1.5
# So many of the cues begin with what the one before them ended with where captions roll.
_ROLLING: Final = 0.4
_HOUR, _MINUTE = 3600, 60


@dataclass(frozen=True)
class Cue:
    """A cue: from when to when in seconds, and its lines."""

    start: float
    end: float
    lines: tuple[str, ...]


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    r"""Return the text of subtitles, a sentence or a verse a line; the voice that WebVTT names stands before it.

    Args:
        raw: the file's bytes.
        parameters: `charset`, detected without it; `form`: of verse each line of a cue stays a line.

    Raises:
        UnusableError: it has no cue.

    >>> srt = "1\n00:00:01,000 --> 00:00:02,500\nLa barca salió\n\n2\n00:00:02,600 --> 00:00:04,000\ndel puerto.\n"
    >>> extract(srt.encode(), {}).text
    'La barca salió del puerto.'
    """
    text, _charset = decode(raw, parameters.get("charset"))
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    is_webvtt = text.lstrip("\ufeff\r\n\t ").startswith("WEBVTT")
    cues, broken, blank = _cues(_without_notes(lines) if is_webvtt else lines, is_webvtt=is_webvtt)
    if not cues and broken:
        number, line = broken[0]
        raise UnusableError(
            "not a transcript", str(_("line {n} has a time that can't be read: «{line}»", n=number, line=line[:80])),
            N_("write times as 00:00:01,000 --> 00:00:02,500"),
        )  # fmt: skip
    if not cues:
        raise UnusableError("not a transcript", N_("it has no cue with its times"), N_("check the file in a player"))
    notes = [note for note, is_so in ((BROKEN_TIMES, broken), (BLANK_LINES, blank)) if is_so]
    if any(after.start < before.start for before, after in pairwise(cues)):
        cues.sort(key=lambda cue: cue.start)
        notes.append(OUT_OF_ORDER)
    written, turns = as_lines(_sentences([*_once(cues)], is_verse=parameters.get("form") == "verse"))
    return Extracted(written, EXTRACTOR, turns=turns, notes=tuple(notes))


def _without_notes(lines: Sequence[str]) -> list[str]:
    """Return the lines of a WebVTT file, with notes, styles and regions as empty lines."""
    kept: list[str] = []
    is_note = False
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if not line.strip() or "-->" in line:
            is_note = False
        elif number and not lines[number - 1].strip():
            is_note = bool(_NO_CUE.fullmatch(line)) and "-->" not in following  # else it is the name of a cue
        kept.append("" if is_note else line)
    return kept


def _cues(lines: Iterable[str], *, is_webvtt: bool) -> tuple[list[Cue], list[tuple[int, str]], int]:
    """Return the cues in the file's order, the lines with broken times, and the number of cues with blank lines.

    The words below a time that can't be read belong to the cue before it, or to the first cue.
    """
    cues: list[tuple[float, float, list[str]]] = []
    broken: list[tuple[int, str]] = []
    early: list[str] = []  # words before the first time that can be read
    for number, line in enumerate(lines, 1):
        match = _TIMES.fullmatch(line)
        words = cues[-1][2] if cues else early
        if match or "-->" in line:
            _drop_name(words, is_webvtt=is_webvtt)
        if match:
            start, end = _seconds(match.groups()[:4]), _seconds(match.groups()[4:])
            cues.append((start, max(start, end), early if broken and not cues else []))
        elif "-->" in line:
            broken.append((number, line.strip()))
        elif cues or broken:
            words.append(line.strip() and line)
    blank = sum("\n\n" in "\n".join(lines).strip("\n") for *_times, lines in cues)
    return [Cue(start, end, tuple(filter(None, lines))) for start, end, lines in cues], broken, blank


def _drop_name(lines: list[str], *, is_webvtt: bool) -> None:
    """Drop the number of the next cue, which is right above its times, or its name, below a blank line.

    Only WebVTT has names. In SRT, a paragraph above a time without a number is text.
    """
    if len(lines) > 1 and lines[-1]:
        is_name = is_webvtt or not any(map(str.isalpha, lines[-1]))
        if lines[-1].strip().isdecimal() or (not lines[-2] and is_name):
            lines.pop()


def _seconds(clock: Sequence[str | None]) -> float:
    hours, minutes, seconds, part = (one or "0" for one in clock)
    return int(hours) * _HOUR + int(minutes) * _MINUTE + int(seconds) + float(f"0.{part}")


def _once(cues: Sequence[Cue]) -> Iterator[Cue]:
    """Yield the cues, of rolling captions without the lines that were shown before."""
    shown = [tuple(" ".join(_TAG.sub("", line).split()) for line in cue.lines) for cue in cues]
    shown = [tuple(line for line in lines if line) for lines in shown]
    again = sum(bool(before and after) and before[-1] == after[0] for before, after in pairwise(shown))
    rolls = len(cues) > 2 and again >= _ROLLING * len(cues)  # noqa: PLR2004  (two cues may say the same)
    last: tuple[str, ...] = ()
    for cue, plain in zip(cues, shown, strict=True):
        lines = [line for line in cue.lines if _TAG.sub("", line).strip()]
        if rolls:
            common = next((n for n in range(min(len(last), len(plain)), 0, -1) if last[-n:] == plain[:n]), 0)
            last = plain or last
            lines = lines[common:]
        if lines:
            yield Cue(cue.start, cue.end, tuple(lines))


class _Piece(NamedTuple):
    """Words of a cue, who says them, whether that is stated here, and whether a speech or verse begins with them."""

    words: str
    speaker: str | None
    stated: bool
    apart: bool


def _sentences(cues: Sequence[Cue], *, is_verse: bool) -> Iterator[Utterance]:
    """Yield the sentences, verses and speeches of the cues."""
    voices = any(_VOICE.search(line) for cue in cues for line in cue.lines)
    labels = _speakers(cues)
    # Headlines have labels too, «ONU: cumbre»; in a conversation each comes again.
    goes_on = sum(count > 1 for count in labels.values()) > 1 and labels.total() >= _LEAST_LABELS
    held: list[str] = []
    start = end = 0.0
    speaker: str | None = None
    for cue, piece in _pieces(cues, labels, voices=voices, is_verse=is_verse):
        ends = piece.apart or cue.start - end > _PAUSE or bool(held and _ENDS.search(held[-1]))
        # After the end of a sentence another may speak, unless all are named.
        by = piece.speaker if piece.stated or piece.apart or (ends and not goes_on) else speaker
        if held and (ends or by != speaker):
            yield Utterance(" ".join(held), speaker, start, end)
            held = []
        if not held:
            start, speaker = cue.start, by
        held.append(piece.words)
        end = cue.end
    if held:
        yield Utterance(" ".join(held), speaker, start, end)


def _speakers(cues: Sequence[Cue]) -> Counter[str]:
    """Return the labels that name speakers, and how often they stand."""
    counts = Counter(
        label[0]
        for cue in cues
        for line in cue.lines
        for part in _CHANGE.split(_plain(line))
        if (label := label_of(_DASH.sub("", part)))
    )
    again = Counter({name: count for name, count in counts.items() if count > 1})
    if again.total() >= _LABEL_SHARE * len(cues):
        return again
    # Codes in capitals may be fewer, but where all is in capitals, they are headlines as well.
    lines = [_plain(line) for cue in cues for line in cue.lines]
    if sum(line.isupper() for line in lines) > _CAPITALS * len(lines):
        return Counter()
    return Counter({name: count for name, count in counts.items() if name.isupper() and len(name) > 1})


def _plain(line: str) -> str:
    return html.unescape(_TAG.sub("", line)).strip()


def _pieces(
    cues: Iterable[Cue], labels: Container[str], *, voices: bool, is_verse: bool
) -> Iterator[tuple[Cue, _Piece]]:
    """Yield each cue with what one speaker says in one of its lines."""
    named: str | None = None
    for cue in cues:
        voice: str | None = None
        sung = any("♪" in line or "♫" in line for line in cue.lines)
        for line in cue.lines:
            # Between two marks of a voice stands what it says.
            for number, part in enumerate(_VOICE.split(line)):
                if number % 2:
                    voice = part.strip() if part else None
                    continue
                for change, said in enumerate(_CHANGE.split(_plain(part))):
                    words = _SONG.sub("", said) if sung else said
                    dash = _DASH.match(words)
                    words = words[dash.end() :] if dash else words
                    label = None if voices else label_of(words)
                    if label and label[0] in labels:
                        named, words = label[0], label[1].strip()
                    if words:
                        apart = bool(dash) or sung or is_verse or change > 0
                        yield cue, _Piece(words, named or voice, voices or named is not None, apart)
                        named = None  # of a label by itself the next words
