"""Join the pieces of a row into one line, or recognise them as speakers' labels and line numbers.

A piece ends at each gap wider than the space between words. A line of justified text may have many such gaps.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from latam_corpus.extract.block_text import CELL
from latam_corpus.extract.scans.page_furniture import Line, abreast

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# A gap of more than this many times the type size separates two columns.
COLUMN_GAP: Final = 1.6
# In a justified line of at least this many words, the widest gap (after a stop) is at most this many times the
# narrowest.
_MIN_WORDS: Final = 3
_ALIKE: Final = 3
# A label is a time, or a name of at most this many characters and words. Between two and `_MAX_NAMES` names must be
# repeated, in at least `_MIN_ROWS` rows in total.
_MAX_LABEL: Final = 40
_LABEL_WORDS: Final = 5
_MIN_ROWS: Final = 4
_MAX_NAMES: Final = 12
# Of the rows that begin at the labels' position, at least this share has a label.
_LABEL_SHARE: Final = 0.8
_SAME_PLACE: Final = 3.0  # points
# Positions at which speeches may begin: left and right pages have different margins, and positions are rounded.
_PLACES: Final = 4
_CLOCK: Final = re.compile(r"[\[(<]?(?:\d{1,2}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?[\])>]?")
_NAME: Final = re.compile(r"[^\W\d_][\w.'’ªº-]*(?: [\w.'’ªº-]+)*\s?[:.]?[-–—]?")
# Line numbers: every second to tenth line has one.
_LINE_NUMBER: Final = re.compile(r"\d{1,4}")
_MIN_NUMBERS: Final = 3
_STEPS: Final = range(2, 11)
_STEP_SHARE: Final = 0.8


def joined_rows(page: Sequence[Line]) -> list[Line]:
    """Return the lines of a page, with the pieces of a row joined if no gap separates them or the row is justified.

    Args:
        page: the pieces of its lines, in writing order.
    """
    joined: list[Line] = []
    for row in _rows(page):
        is_stretched = _is_stretched(row)
        line = row[0]
        for piece in row[1:]:
            if is_stretched or _gap(line, piece) <= COLUMN_GAP * line.size:
                line = _join(line, piece)
            else:
                joined.append(line)
                line = piece
        joined.append(line)
    return joined


def _rows(page: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield the successive pieces of each row, from left to right."""
    row: list[Line] = []
    for piece in page:
        if row and not (abreast(row[-1], piece) and _gap(row[-1], piece) >= -0.3 * piece.size):
            yield row
            row = []
        row.append(piece)
    if row:
        yield row


def _gap(left: Line, right: Line) -> float:
    return right.left - left.right


def _is_stretched(row: Sequence[Line]) -> bool:
    """Return whether a row is a justified line: every piece is one word, and all gaps are similar."""
    gaps = [_gap(left, right) for left, right in pairwise(row)]
    return (
        len(row) >= _MIN_WORDS
        and max(gaps) <= _ALIKE * min(gaps)
        and not any(" " in piece.words.strip() for piece in row)
    )


def _join(left: Line, right: Line) -> Line:
    space = "" if _gap(left, right) < 0.12 * right.size or left.words.endswith(" ") else " "
    larger = left if len(left.words) >= len(right.words) else right
    return Line(left.words + space + right.words, left.left, right.right, larger.bottom, larger.top, larger.size)


class Numbered(NamedTuple):
    """A number at the edge of a row: the index of its page, its piece, and its value."""

    page: int
    piece: Line
    value: int


def without_line_numbers(pages: Sequence[Sequence[Line]]) -> tuple[list[list[Line]], int]:
    """Return the pages without line numbers, and the number of removed pieces.

    In numbered prints, every second to tenth line has a number, to the left or right of the text. Numbering restarts
    with each poem or chapter.
    """
    removed: set[tuple[int, Line]] = set()
    for is_left in (True, False):
        numbers = [
            Numbered(page_index, piece, int(piece.words))
            for page_index, page in enumerate(pages)
            for piece in sorted(page, key=lambda piece: (-piece.top, piece.left))
            if _LINE_NUMBER.fullmatch(piece.words.strip()) and _is_next_to_text(piece, page, is_left=is_left)
        ]
        if len(numbers) >= _MIN_NUMBERS and _is_counted(numbers):
            removed.update((numbered.page, numbered.piece) for numbered in numbers)
    if not removed:
        return [list(page) for page in pages], 0
    return [
        [piece for piece in page if (page_index, piece) not in removed] for page_index, page in enumerate(pages)
    ], len(removed)


def _is_next_to_text(piece: Line, page: Sequence[Line], *, is_left: bool) -> bool:
    """Return whether a piece has text on its inner side and nothing on its outer side."""
    neighbours = [neighbour for neighbour in page if neighbour is not piece and abreast(piece, neighbour)]
    left_count = sum(neighbour.right <= piece.left for neighbour in neighbours)
    return bool(neighbours) and left_count == (0 if is_left else len(neighbours))


def _is_counted(numbers: Sequence[Numbered]) -> bool:
    """Return whether the numbers increase by a constant step, starting at that step."""
    first = numbers[0].value
    steps = Counter(following.value - previous.value for previous, following in pairwise(numbers))
    step = max(steps, key=lambda step: steps[step])
    restarts = sum(following.value == step for _, following in pairwise(numbers))
    is_regular = steps[step] + restarts >= _STEP_SHARE * (len(numbers) - 1)
    return step in _STEPS and first % step == 0 and is_regular and steps[step] >= restarts


class _Labelled(NamedTuple):
    """A row that begins with a speaker's label.

    Attributes:
        page: the index of its page.
        pieces: all its pieces.
        cells: the time, if any, and the name.
        speech: the index of the piece in which the speech begins.
    """

    page: int
    pieces: list[Line]
    cells: list[str]
    speech: int


def with_label_cells(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Return the pages with speakers' labels that have their own column as cells in the turns' first lines."""
    labelled = _repeated(_labelled_rows(pages))
    if not labelled:
        return [list(page) for page in pages]
    rows = {id(piece): row for row in labelled for piece in row.pieces}
    return [[*_with_cells(page, rows)] for page in pages]


def _labelled_rows(pages: Sequence[Sequence[Line]]) -> list[_Labelled]:
    """Return the rows in which a name, or a time and a name, precedes the column in which most rows continue."""
    rows = [(page_index, row) for page_index, page in enumerate(pages) for row in _open_rows(page)]
    places = Counter(round(piece.left / _SAME_PLACE) for _, row in rows for piece in row[1:])
    if not places or max(places.values()) < _MIN_ROWS:
        return []
    labelled = []
    for page_index, row in rows:
        name_start = 1 if _CLOCK.fullmatch(row[0].words.strip()) else 0
        speech = max(range(1, len(row)), key=lambda at: (places[round(row[at].left / _SAME_PLACE)], at))
        name = " ".join(piece.words.strip() for piece in row[name_start:speech])
        cells = [*([row[0].words.strip()] if name_start else []), name]
        if speech > name_start and _is_name(name):
            labelled.append(_Labelled(page_index, row, cells, speech))
    starts = {(row.page, round(row.pieces[0].left / _SAME_PLACE)) for row in labelled}
    candidates = sum((page_index, round(row[0].left / _SAME_PLACE)) in starts for page_index, row in rows)
    return labelled if len(labelled) >= _LABEL_SHARE * candidates else []


def _repeated(rows: Sequence[_Labelled]) -> list[_Labelled]:
    """Return the rows whose names are repeated, if the speech begins at the same position in most of them."""
    names = Counter(_key(row) for row in rows)
    repeated_names = {name for name, count in names.items() if count > 1}
    repeated = [row for row in rows if _key(row) in repeated_names]
    places = Counter(round(row.pieces[row.speech].left / _SAME_PLACE) for row in repeated)
    in_columns = sum(count for _, count in places.most_common(_PLACES)) >= _LABEL_SHARE * len(repeated)
    return repeated if 1 < len(repeated_names) <= _MAX_NAMES and len(repeated) >= _MIN_ROWS and in_columns else []


def _key(row: _Labelled) -> str:
    return row.cells[-1].strip(" .:-–—").casefold()


def _open_rows(page: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield the rows of several pieces, each from left to right."""
    row: list[Line] = []
    for piece in [*sorted(page, key=lambda piece: -piece.top), None]:
        if piece and row and abreast(row[0], piece):
            row.append(piece)
            continue
        row.sort(key=lambda piece: piece.left)
        if len(row) > 1 and all(right.left >= left.right for left, right in pairwise(row)):
            yield row
        row = [piece] if piece else []


def _is_name(name: str) -> bool:
    return (
        len(name) <= _MAX_LABEL
        and len(name.split()) <= _LABEL_WORDS
        and name[:1].isupper()
        and bool(_NAME.fullmatch(name))
    )


def _with_cells(page: Sequence[Line], rows: dict[int, _Labelled]) -> Iterator[Line]:
    for piece in page:
        row = rows.get(id(piece))
        if row is None or any(piece is continuation for continuation in row.pieces[row.speech + 1 :]):
            yield piece
        elif piece is row.pieces[0]:
            speech = row.pieces[row.speech]
            yield speech._replace(words=CELL.join([*row.cells, speech.words]))
