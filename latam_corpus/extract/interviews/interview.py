"""Interviews in plain text: the turn of each line, by the speakers' labels at the beginnings of lines.

Labels are `P:` and `R:`, `ENTREVISTADORA:`, `Rosa Ruiz.—`. A label that occurs once is a heading; a few labels repeated
throughout the text are speakers. Novels and news have no such labels and are unchanged.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from latam_corpus.extract.block_text import CELL
from latam_corpus.extract.document import Utterance, as_lines
from latam_corpus.extract.wraps import wrap_width

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from latam_corpus.extract.document import Extracted

_CLOCK: Final = r"(?:\d{1,2}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?"
# A time before or after the label, with or without brackets.
_TIME: Final = rf"(?:[\[(<]?({_CLOCK})(?:\s*[-–>]+\s*{_CLOCK})?[\])>]?\s*[-–]?\s*)?"
_NAME: Final = r"[^\W\d_][\w.'’ªº/&-]*(?: [\w.'’ªº/&-]+){0,4}?"
_LABEL: Final = re.compile(
    rf"^\s*{_TIME}[\[*_]*({_NAME})[\]*_]*\s*(?:\((?:[^()\n]{{1,30}})\))?\s*(?::\**|\.[-–—]+|(?<=\w)\s?[–—](?=\s))\s*{_TIME}(.*)$"
)
_ONLY_TIME: Final = re.compile(_TIME)
_CELLS: Final = re.compile(f"[\\t{CELL}]")
_CELL_ENDS: Final = re.compile(f"(?: *{CELL})+ *")
# Minimum average number of words in the cells after the names, in a conversation; other tables have numbers or names.
_SPOKEN_WORDS: Final = 4
_DASH: Final = re.compile(r"^\s*[-–—]+\s*(.*)$")
_LONGEST: Final = 40
_SEPARATOR: Final = re.compile(r":|\.[-–—]|[–—]")
_FARTHEST: Final = 90  # a label, a remark in brackets and two times
# A conversation has at least this many turns and speakers; if there are more than a dozen labels, most are headings.
_MIN_TURNS: Final = 4
_MIN_SPEAKERS: Final = 2
_MAX_SPEAKERS: Final = 12
# Minimum share of the paragraphs after the first label that begin with a label, if each turn is a paragraph.
_SHARE: Final = 0.5
# The same share of lines, if paragraphs are broken at a column: a turn has at most four lines on average.
_LINE_SHARE: Final = 0.25
# Maximum characters of a verse, including the speaker's label.
_VERSE: Final = 70
_ASKS, _ANSWERS = "P", "R"


class SpeakerLabel(NamedTuple):
    """A speaker's label at the beginning of a line: the name, the words after it, and the time next to it."""

    name: str
    words: str
    start: float | None


def with_turns(extracted: Extracted, form: str | None = None) -> Extracted:
    """Return the document with a turn per line if its text is an interview; its text is unchanged if not.

    Args:
        extracted: a document whose text has the lines of its file.
        form: "interview" if the source declares one; then dashes separate questions and answers too.
    """
    utterances = turns_of(extracted.text, form)
    if not utterances:
        return replace(extracted, text="\n".join(map(_without_cells, extracted.text.split("\n"))))
    text, turns = as_lines(utterances)
    return replace(extracted, text=text, turns=turns)


def turns_of(text: str, form: str | None = None) -> list[Utterance]:
    r"""Return the turns of an interview, in order; none if the text isn't an interview.

    Lines before the first label (a title, place or date) have no speaker.

    >>> interview = "P: ¿Dónde nació?\nR: En el puerto.\nMi casa era de adobe.\nP: ¿Y su madre?\nR: También."
    >>> [(turn.speaker, turn.words) for turn in turns_of(interview)][1]
    ('R', 'En el puerto. Mi casa era de adobe.')
    >>> turns_of("Título: Coplas\nAutor: Anónimo\nEra la hora.")
    []
    """
    rows = text.split("\n")
    lines = [_without_cells(row) for row in rows]
    matches = _labels(rows, lines)
    speakers = _speakers(lines, matches, is_interview=form == "interview")
    if speakers:
        return list(_turns(lines, matches, speakers))
    return list(_by_dashes(lines)) if form == "interview" else []


def _without_cells(row: str) -> str:
    return _CELL_ENDS.sub(" ", row).strip(" ") if CELL in row else row


def _labels(rows: Sequence[str], lines: Sequence[str]) -> list[SpeakerLabel | None]:
    """Return the label of each line, taken from a cell before the words or else from the line itself."""
    in_cells = [_label_in_cells(row) for row in rows]
    words = [len(label.words.split()) for label in in_cells if label]
    if sum(words) < _SPOKEN_WORDS * len(words):
        in_cells = [None] * len(rows)
    labels = [label or label_of(line) for label, line in zip(in_cells, lines, strict=True)]
    speaker = ""
    for number, label in enumerate(labels):
        if label and not label.name:  # in a row without a name, the same speaker continues
            labels[number] = label._replace(name=speaker) if speaker else None
        speaker = label.name or speaker if label else speaker
    return labels


def _label_in_cells(row: str) -> SpeakerLabel | None:
    r"""Return the label in a row's cells; the name is "" if its cell is empty and next to a time.

    >>> [tuple(_label_in_cells(row) or ()) for row in ("3\t00:12\tRosa\tSí.", "00:15\t\tNo.", "Calca\t")]
    [('Rosa', 'Sí.', 12.0), ('', 'No.', 15.0), ()]
    """
    cells = [cell.strip() for cell in _CELLS.split(row)]
    if len(cells) > 2 and cells[0].isdecimal():  # noqa: PLR2004  (number, name and words)
        cells = cells[1:]
    times = [match[1] for cell in cells if cell and (match := _ONLY_TIME.fullmatch(cell))]
    name, *word_cells = [cell for cell in cells if not cell or not _ONLY_TIME.fullmatch(cell)] or [""]
    words = " ".join(filter(None, word_cells))
    if not words:
        return None
    start = clock_seconds(times[0]) if times else None
    if not name:
        return SpeakerLabel("", words, start) if times else None
    label = label_of(f"{name.rstrip(' .:-–—')}: {words}")
    return SpeakerLabel(label.name, words, start if times else label.start) if label else None


def label_of(line: str) -> SpeakerLabel | None:
    """Return the label of a line, or None if it has none."""
    if not _SEPARATOR.search(line, 0, _FARTHEST):
        return None
    match = _LABEL.match(line)
    if not match:
        return None
    time_before, name, time_after, words = match.groups()
    name = name.strip(" .-")
    letters = sum(char.isalpha() for char in name)
    # The words before a dash may be a sentence; a label is short and begins with a capital.
    if not name[:1].isupper() or len(name) > _LONGEST or not letters or words.startswith("//"):
        return None
    clock = time_before or time_after
    return SpeakerLabel(name, words, clock_seconds(clock) if clock else None)


def clock_seconds(clock: str) -> float:
    """Return the seconds of a time such as `83.25`, `1:23,5` or `00:01:23.250`."""
    total = 0.0
    for part in clock.replace(",", ".").split(":"):
        total = total * 60 + float(part)
    return total


def _speakers(lines: Sequence[str], labels: Sequence[SpeakerLabel | None], *, is_interview: bool) -> frozenset[str]:
    """Return the labels that are speakers; none if the text isn't an interview."""
    counts = Counter(_key(label.name) for label in labels if label)
    repeated = {name for name, count in counts.items() if count > 1}
    turns = sum(counts[name] for name in repeated)
    if turns < _MIN_TURNS or not _MIN_SPEAKERS <= len(repeated) <= _MAX_SPEAKERS:
        return frozenset()
    starts = [index for index, label in enumerate(labels) if label and _key(label.name) in repeated]
    following = range(starts[0], len(lines))
    filled = [index for index in following if lines[index].strip()]
    paragraphs = [index for index in filled if index == starts[0] or not lines[index - 1].strip()]
    # Verse with several speakers, as in a song or a play, keeps its lines.
    is_verse = all(len(lines[index]) <= _VERSE for index in filled) and wrap_width(lines) is None
    if is_verse and not is_interview and len(starts) < len(filled) / 2:
        return frozenset()
    # A turn is a line, or a block between blank lines.
    paragraph_share = sum(index in set(starts) for index in paragraphs) / len(paragraphs)
    line_share = len(starts) / len(filled)
    is_regular = line_share >= _SHARE or (paragraph_share >= _SHARE and len(paragraphs) >= _MIN_TURNS)
    if not (is_regular or (line_share >= _LINE_SHARE and len(paragraphs) < _MIN_TURNS) or is_interview):
        return frozenset()
    # If all speakers are in capitals, a label in capitals that occurs once is a speaker too.
    in_capitals = {_key(label.name) for label in labels if label and label.name == label.name.upper()}
    has_others = any(label.name != label.name.upper() for label in labels if label and _key(label.name) in repeated)
    if has_others or len(repeated | in_capitals) > _MAX_SPEAKERS:
        return frozenset(repeated)
    return frozenset(repeated | in_capitals)


def _key(name: str) -> str:
    return name.casefold()


def _turns(
    lines: Sequence[str], labels: Sequence[SpeakerLabel | None], speakers: frozenset[str]
) -> Iterator[Utterance]:
    words_of_turn: list[str] = []
    speaker: str | None = None
    start: float | None = None
    for line, label in zip(lines, labels, strict=True):
        if label and _key(label.name) in speakers:
            if words_of_turn:
                yield Utterance(" ".join(words_of_turn), speaker, start)
            speaker, words, start = label
            words_of_turn = [words] if words.strip() else []
        elif line.strip():
            if speaker is None:  # a heading
                yield Utterance(line)
            else:
                words_of_turn.append(line)
    if words_of_turn:
        yield Utterance(" ".join(words_of_turn), speaker, start)


def _by_dashes(lines: Sequence[str]) -> Iterator[Utterance]:
    """Yield the turns of an interview in which questions, or questions and answers, begin with a dash."""
    have_dash = [bool(_DASH.match(line)) for line in lines]
    if sum(have_dash) < _MIN_TURNS // 2:
        return
    words_of_turn: list[str] = []
    is_question = False
    for line, has_dash in zip(lines, have_dash, strict=True):
        if not line.strip():
            continue
        words = _DASH.sub(r"\1", line) if has_dash else line
        is_asked = has_dash and words.rstrip().endswith("?")
        if words_of_turn and (has_dash or is_question):
            yield Utterance(" ".join(words_of_turn), _ASKS if is_question else _ANSWERS)
            words_of_turn = []
        if not words_of_turn:
            is_question = is_asked
        words_of_turn.append(words)
    if words_of_turn:
        yield Utterance(" ".join(words_of_turn), _ASKS if is_question else _ANSWERS)
