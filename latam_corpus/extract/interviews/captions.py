"""Subtitles (SRT, WebVTT): cues joined into sentences, one per line, with their times.

A voice (`<v Rosa>`), a label (`ROSA:`) or a change of speaker (`>>`, a dash) begins a line. Rolling captions show each
line two or three times while it moves up; repetitions are dropped. WebVTT: W3C, 2019.
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

# Increased when the same bytes yield a different text.
EXTRACTOR: Final = "captions 6"

OUT_OF_ORDER: Final = "cues out of order"
BROKEN_TIMES: Final = "cues with broken times"
BLANK_LINES: Final = "cues with blank lines in them"

# Programs of translators write times with spaces and with other arrows; some files have no milliseconds.
_CLOCK: Final = r"(?:(\d{1,3}):[ ]?)?(\d{1,2}):[ ]?(\d{1,2})(?:[ ]?[.,][ ]?(\d{1,9}))?"
_TIMES: Final = re.compile(rf"[ \t]*{_CLOCK}[ \t]*[-–—]{{1,3}}[ ]?>[ \t]*{_CLOCK}(?![\d:.,]).*")
_VOICE: Final = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]+)>|</v>")
_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]{0,80}>|<\d[\d:.]*>|\{\\[^{}]*\}")
# The first line of a WebVTT block that isn't a cue. «NOTE usted …» within a cue is text.
_NO_CUE: Final = re.compile(r"NOTE(?:[ 	].*)?|(?:STYLE|REGION)[ 	]*")
_SONG: Final = re.compile(r"^[♪♫#\s]+|[♪♫#\s]+$")
_DASH: Final = re.compile(r"^[-–—]\s*(?=\S)")
_CHANGE: Final = re.compile(r"\s*>>+\s*")
# At least this many labels, two of them repeated, make a conversation, in which a speaker continues up to the next
# label.
_MIN_LABELS: Final = 4
# Labels not in capitals name speakers only if at least this share of the cues has a repeated label; otherwise they
# introduce quotations («Y yo dije: …»).
_CAPITALS: Final = 0.5
_LABEL_SHARE: Final = 0.25
_ENDS: Final = re.compile(r"[.!?…]['\"»”’)\]]*$")
# A longer pause, in seconds, ends a line even without punctuation.
_PAUSE: Final = 1.5
# The share of cues in rolling captions that begin with the last line of the previous cue.
_ROLLING: Final = 0.4
_HOUR, _MINUTE = 3600, 60


@dataclass(frozen=True)
class Cue:
    """A cue: its start and end in seconds, and its lines."""

    start: float
    end: float
    lines: tuple[str, ...]


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    r"""Return the text of subtitles, a sentence or verse per line, after the name of its speaker.

    Args:
        raw: the file's bytes.
        parameters: `charset`, detected by default; `form`: in verse each line of a cue is a line of the text.

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
            "not a transcript", _("line {n} has a time that can't be read: «{line}»", n=number, line=line[:80]),
            N_("write times as 00:00:01,000 --> 00:00:02,500"),
        )  # fmt: skip
    if not cues:
        raise UnusableError("not a transcript", N_("it has no cue with its times"), N_("check the file in a player"))
    notes = [note for note, is_present in ((BROKEN_TIMES, broken), (BLANK_LINES, blank)) if is_present]
    if any(following.start < previous.start for previous, following in pairwise(cues)):
        cues.sort(key=lambda cue: cue.start)
        notes.append(OUT_OF_ORDER)
    text_lines, turns = as_lines(_sentences([*_once(cues)], is_verse=parameters.get("form") == "verse"))
    return Extracted(text_lines, EXTRACTOR, turns=turns, notes=tuple(notes))


def _without_notes(lines: Sequence[str]) -> list[str]:
    """Return the lines of a WebVTT file, with notes, styles and regions replaced by empty lines."""
    cleaned: list[str] = []
    is_note = False
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if not line.strip() or "-->" in line:
            is_note = False
        elif number and not lines[number - 1].strip():
            is_note = bool(_NO_CUE.fullmatch(line)) and "-->" not in following  # a line above times is a cue name
        cleaned.append("" if is_note else line)
    return cleaned


def _cues(lines: Iterable[str], *, is_webvtt: bool) -> tuple[list[Cue], list[tuple[int, str]], int]:
    """Return the cues in file order, the lines with unreadable times, and the number of cues that contain blank lines.

    Words below an unreadable time belong to the previous cue, or to the first one.
    """
    cues: list[tuple[float, float, list[str]]] = []
    broken: list[tuple[int, str]] = []
    early_words: list[str] = []  # before the first readable time
    for number, line in enumerate(lines, 1):
        match = _TIMES.fullmatch(line)
        words = cues[-1][2] if cues else early_words
        if match or "-->" in line:
            _drop_name(words, is_webvtt=is_webvtt)
        if match:
            start, end = _seconds(match.groups()[:4]), _seconds(match.groups()[4:])
            cues.append((start, max(start, end), early_words if broken and not cues else []))
        elif "-->" in line:
            broken.append((number, line.strip()))
        elif cues or broken:
            words.append(line.strip() and line)
    blank_count = sum("\n\n" in "\n".join(lines).strip("\n") for *_times, lines in cues)
    return [Cue(start, end, tuple(filter(None, lines))) for start, end, lines in cues], broken, blank_count


def _drop_name(lines: list[str], *, is_webvtt: bool) -> None:
    """Remove the next cue's number (directly above its times) or name (below a blank line).

    Only WebVTT has names. In SRT, a paragraph above a time without a number is text.
    """
    if len(lines) > 1 and lines[-1]:
        is_name = is_webvtt or not any(map(str.isalpha, lines[-1]))
        if lines[-1].strip().isdecimal() or (not lines[-2] and is_name):
            lines.pop()


def _seconds(clock: Sequence[str | None]) -> float:
    hours, minutes, seconds, fraction = (field or "0" for field in clock)
    return int(hours) * _HOUR + int(minutes) * _MINUTE + int(seconds) + float(f"0.{fraction}")


def _once(cues: Sequence[Cue]) -> Iterator[Cue]:
    """Yield the cues; in rolling captions, without the lines that were shown before."""
    shown_lines = [tuple(" ".join(_TAG.sub("", line).split()) for line in cue.lines) for cue in cues]
    shown_lines = [tuple(line for line in lines if line) for lines in shown_lines]
    repeat_count = sum(
        bool(previous and following) and previous[-1] == following[0] for previous, following in pairwise(shown_lines)
    )
    is_rolling = len(cues) > 2 and repeat_count >= _ROLLING * len(cues)  # noqa: PLR2004  (two cues may say the same)
    last_lines: tuple[str, ...] = ()
    for cue, plain_lines in zip(cues, shown_lines, strict=True):
        lines = [line for line in cue.lines if _TAG.sub("", line).strip()]
        if is_rolling:
            overlap = next(
                (n for n in range(min(len(last_lines), len(plain_lines)), 0, -1) if last_lines[-n:] == plain_lines[:n]),
                0,
            )
            last_lines = plain_lines or last_lines
            lines = lines[overlap:]
        if lines:
            yield Cue(cue.start, cue.end, tuple(lines))


class _Piece(NamedTuple):
    """Words of one speaker in a cue.

    Attributes:
        words: the words.
        speaker: the speaker's name, if it is known.
        is_stated: whether the speaker is named here.
        begins: whether they begin a speech or verse.
    """

    words: str
    speaker: str | None
    is_stated: bool
    begins: bool


def _sentences(cues: Sequence[Cue], *, is_verse: bool) -> Iterator[Utterance]:
    """Yield the sentences, verses and speeches of the cues."""
    has_voices = any(_VOICE.search(line) for cue in cues for line in cue.lines)
    labels = _speakers(cues)
    # Headlines have labels too («ONU: cumbre»), but only the labels of a conversation are repeated.
    is_conversation = sum(count > 1 for count in labels.values()) > 1 and labels.total() >= _MIN_LABELS
    words: list[str] = []
    start = end = 0.0
    speaker: str | None = None
    for cue, piece in _pieces(cues, labels, has_voices=has_voices, is_verse=is_verse):
        is_ended = piece.begins or cue.start - end > _PAUSE or bool(words and _ENDS.search(words[-1]))
        # After a sentence ends, the speaker is unknown; only in a conversation does the same speaker continue.
        next_speaker = (
            piece.speaker if piece.is_stated or piece.begins or (is_ended and not is_conversation) else speaker
        )
        if words and (is_ended or next_speaker != speaker):
            yield Utterance(" ".join(words), speaker, start, end)
            words = []
        if not words:
            start, speaker = cue.start, next_speaker
        words.append(piece.words)
        end = cue.end
    if words:
        yield Utterance(" ".join(words), speaker, start, end)


def _speakers(cues: Sequence[Cue]) -> Counter[str]:
    """Return the labels of speakers, with their counts."""
    counts = Counter(
        label.name
        for cue in cues
        for line in cue.lines
        for part in _CHANGE.split(_plain(line))
        if (label := label_of(_DASH.sub("", part)))
    )
    repeated = Counter({name: count for name, count in counts.items() if count > 1})
    if repeated.total() >= _LABEL_SHARE * len(cues):
        return repeated
    # Labels in capitals may be rarer, unless most lines are in capitals: then they may be headlines.
    lines = [_plain(line) for cue in cues for line in cue.lines]
    if sum(line.isupper() for line in lines) > _CAPITALS * len(lines):
        return Counter()
    return Counter({name: count for name, count in counts.items() if name.isupper() and len(name) > 1})


def _plain(line: str) -> str:
    return html.unescape(_TAG.sub("", line)).strip()


def _pieces(
    cues: Iterable[Cue], labels: Container[str], *, has_voices: bool, is_verse: bool
) -> Iterator[tuple[Cue, _Piece]]:
    """Yield the words of each speaker in each line of a cue, with the cue."""
    label_name: str | None = None
    for cue in cues:
        voice_name: str | None = None
        is_sung = any("♪" in line or "♫" in line for line in cue.lines)
        for line in cue.lines:
            # A voice's words are between two voice marks.
            for number, part in enumerate(_VOICE.split(line)):
                if number % 2:
                    voice_name = part.strip() if part else None
                    continue
                for change, spoken in enumerate(_CHANGE.split(_plain(part))):
                    words = _SONG.sub("", spoken) if is_sung else spoken
                    dash = _DASH.match(words)
                    words = words[dash.end() :] if dash else words
                    label = None if has_voices else label_of(words)
                    if label and label.name in labels:
                        label_name, words = label.name, label.words.strip()
                    if words:
                        begins = bool(dash) or is_sung or is_verse or change > 0
                        yield cue, _Piece(words, label_name or voice_name, has_voices or label_name is not None, begins)
                        label_name = None  # a label alone on a line names the speaker of the next words
