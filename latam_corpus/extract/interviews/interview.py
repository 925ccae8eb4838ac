"""Interviews in text: whose turn each line is, by the labels that stand before them.

`P:` and `R:`, `ENTREVISTADORA:`, `Rosa Ruiz.—`: a label that stands once is a heading; where a few labels come again
and again, all through the text, they are speakers. Novels and news have no such labels, and stay as they are.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.block_text import CELL
from latam_corpus.extract.document import Utterance, as_lines
from latam_corpus.extract.wraps import wrap_width

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from latam_corpus.extract.document import Extracted

_CLOCK: Final = r"(?:\d{1,2}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?"
# A time before or after the label, in brackets or not.
_TIME: Final = rf"(?:[\[(<]?({_CLOCK})(?:\s*[-–>]+\s*{_CLOCK})?[\])>]?\s*[-–]?\s*)?"
_NAME: Final = r"[^\W\d_][\w.'’ªº/&-]*(?: [\w.'’ªº/&-]+){0,4}?"
_LABEL: Final = re.compile(
    rf"^\s*{_TIME}[\[*_]*({_NAME})[\]*_]*\s*(?:\((?:[^()\n]{{1,30}})\))?\s*(?::\**|\.[-–—]+|(?<=\w)\s?[–—](?=\s))\s*{_TIME}(.*)$"
)
_ONLY_TIME: Final = re.compile(_TIME)
_CELLS: Final = re.compile(f"[\\t{CELL}]")
_CELL_ENDS: Final = re.compile(f"(?: *{CELL})+ *")
# In the cells after names, a conversation has so many words on the average; other tables have names and numbers.
_SPOKEN_WORDS: Final = 4
_DASH: Final = re.compile(r"^\s*[-–—]+\s*(.*)$")
_LONGEST: Final = 40
_SEPARATOR: Final = re.compile(r":|\.[-–—]|[–—]")
_FARTHEST: Final = 90  # a label, a remark in brackets and two times
# Two speakers who each take three turns are a conversation; of more than a dozen labels most are headings.
_LEAST_TURNS: Final = 4
_LEAST_SPEAKERS: Final = 2
_MOST_SPEAKERS: Final = 12
# Of the paragraphs after the first label so many begin with one, where each turn is a paragraph of its own.
_SHARE: Final = 0.5
# Of the lines, where paragraphs are broken at a column: a turn has four lines or fewer on the average.
_LINE_SHARE: Final = 0.25
# A verse has so many characters at most, with the speaker before it.
_VERSE: Final = 70
_ASKS, _ANSWERS = "P", "R"


def with_turns(extracted: Extracted, form: str | None = None) -> Extracted:
    """Return the document with a line a turn, where its text is an interview; any other as it is.

    Args:
        extracted: a document whose text has the lines of its file.
        form: "interview" where the source says that it is one: then dashes part questions and answers too.
    """
    utterances = turns_of(extracted.text, form)
    if not utterances:
        return replace(extracted, text="\n".join(map(_without_cells, extracted.text.split("\n"))))
    text, turns = as_lines(utterances)
    return replace(extracted, text=text, turns=turns)


def turns_of(text: str, form: str | None = None) -> list[Utterance]:
    r"""Return the turns of an interview, in order; none where the text is no interview.

    What stands before the first label (a title, where and when) has no speaker.

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


def _labels(rows: Sequence[str], lines: Sequence[str]) -> list[tuple[str, str, float | None] | None]:
    """Return the label of each line: the cell before what is said, else what is written as one."""
    in_cells = [_label_in_cells(row) for row in rows]
    words = [len(label[1].split()) for label in in_cells if label]
    if sum(words) < _SPOKEN_WORDS * len(words):
        in_cells = [None] * len(rows)
    labels = [label or label_of(line) for label, line in zip(in_cells, lines, strict=True)]
    speaker = ""
    for number, label in enumerate(labels):
        if label and not label[0]:  # in a row without a name the same speaker goes on
            labels[number] = (speaker, *label[1:]) if speaker else None
        speaker = label[0] or speaker if label else speaker
    return labels


def _label_in_cells(row: str) -> tuple[str, str, float | None] | None:
    r"""Return the name, words and time in a row's cells; an empty name if its cell is empty, beside a time.

    >>> [_label_in_cells(row) for row in ("3\t00:12\tRosa\tSí.", "00:15\t\tNo.", "Rosa\tSí.\t0:16", "Calca\t")]
    [('Rosa', 'Sí.', 12.0), ('', 'No.', 15.0), ('Rosa', 'Sí.', 16.0), None]
    """
    cells = [cell.strip() for cell in _CELLS.split(row)]
    if len(cells) > 2 and cells[0].isdecimal():  # noqa: PLR2004  (number, name and words)
        cells = cells[1:]
    times = [match[1] for cell in cells if cell and (match := _ONLY_TIME.fullmatch(cell))]
    name, *said = [cell for cell in cells if not cell or not _ONLY_TIME.fullmatch(cell)] or [""]
    words = " ".join(filter(None, said))
    if not words:
        return None
    start = _seconds(times[0]) if times else None
    if not name:
        return ("", words, start) if times else None
    label = label_of(f"{name.rstrip(' .:-–—')}: {words}")
    return (label[0], words, start if times else label[2]) if label else None


def label_of(line: str) -> tuple[str, str, float | None] | None:
    """Return the label of a line, what stands after it, and the time beside it."""
    if not _SEPARATOR.search(line, 0, _FARTHEST):
        return None
    match = _LABEL.match(line)
    if not match:
        return None
    before, name, after, words = match.groups()
    name = name.strip(" .-")
    letters = sum(char.isalpha() for char in name)
    # A sentence goes on after a dash; a label is short, or in capitals.
    if not name[:1].isupper() or len(name) > _LONGEST or not letters or words.startswith("//"):
        return None
    return name, words, _seconds(before or after)


def _seconds(clock: str | None) -> float | None:
    if not clock:
        return None
    total = 0.0
    for part in clock.replace(",", ".").split(":"):
        total = total * 60 + float(part)
    return total


def _speakers(
    lines: Sequence[str], labels: Sequence[tuple[str, str, float | None] | None], *, is_interview: bool
) -> frozenset[str]:
    """Return the labels that are speakers; none where the text is no interview."""
    counts = Counter(_key(label[0]) for label in labels if label)
    often = {name for name, count in counts.items() if count > 1}
    turns = sum(counts[name] for name in often)
    if turns < _LEAST_TURNS or not _LEAST_SPEAKERS <= len(often) <= _MOST_SPEAKERS:
        return frozenset()
    starts = [index for index, label in enumerate(labels) if label and _key(label[0]) in often]
    rest = range(starts[0], len(lines))
    full = [index for index in rest if lines[index].strip()]
    paragraphs = [index for index in full if index == starts[0] or not lines[index - 1].strip()]
    # Verse in the mouths of several, as in a song or a play, keeps its lines.
    short = all(len(lines[index]) <= _VERSE for index in full) and wrap_width(lines) is None
    if short and not is_interview and len(starts) < len(full) / 2:
        return frozenset()
    # Where turns are lines, each is a paragraph; where they are blocks, a blank line stands between.
    of_paragraphs = sum(index in set(starts) for index in paragraphs) / len(paragraphs)
    of_lines = len(starts) / len(full)
    enough = of_lines >= _SHARE or (of_paragraphs >= _SHARE and len(paragraphs) >= _LEAST_TURNS)
    if not (enough or (of_lines >= _LINE_SHARE and len(paragraphs) < _LEAST_TURNS) or is_interview):
        return frozenset()
    # One who speaks once beside those is a speaker as well, if named as they are.
    capitals = all(name == name.upper() for label in labels if label and _key(label[0]) in often for name in [label[0]])
    once = {_key(label[0]) for label in labels if label and capitals and label[0] == label[0].upper()}
    return frozenset(often | (once if len(often | once) <= _MOST_SPEAKERS else set()))


def _key(name: str) -> str:
    return name.casefold()


def _turns(
    lines: Sequence[str], labels: Sequence[tuple[str, str, float | None] | None], speakers: frozenset[str]
) -> Iterator[Utterance]:
    held: list[str] = []
    speaker: str | None = None
    start: float | None = None
    for line, label in zip(lines, labels, strict=True):
        if label and _key(label[0]) in speakers:
            if held:
                yield Utterance(" ".join(held), speaker, start)
            speaker, words, start = label
            held = [words] if words.strip() else []
        elif line.strip():
            if speaker is None:  # a heading
                yield Utterance(line)
            else:
                held.append(line)
    if held:
        yield Utterance(" ".join(held), speaker, start)


def _by_dashes(lines: Sequence[str]) -> Iterator[Utterance]:
    """Yield the turns of an interview whose questions, or questions and answers, begin with a dash."""
    dashed = [bool(_DASH.match(line)) for line in lines]
    if sum(dashed) < _LEAST_TURNS // 2:
        return
    held: list[str] = []
    asks = False
    for line, dash in zip(lines, dashed, strict=True):
        if not line.strip():
            continue
        words = _DASH.sub(r"\1", line) if dash else line
        question = dash and words.rstrip().endswith("?")
        if held and (dash or asks):
            yield Utterance(" ".join(held), _ASKS if asks else _ANSWERS)
            held = []
        if not held:
            asks = question
        held.append(words)
    if held:
        yield Utterance(" ".join(held), _ASKS if asks else _ANSWERS)
