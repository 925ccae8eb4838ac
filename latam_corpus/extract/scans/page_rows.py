"""Pieces of lines that are in one row of a page: which are one line, a label before what is said, or a line's number.

A piece ends at each gap that is wider than the space between words. A line of justified text may have many.
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

# Between two words of a line more than so many times the height of its letters is the gap between two columns.
COLUMN_GAP: Final = 1.6
# In a line of at least so many words that is stretched to the measure, the widest gap is so many times the narrowest:
# after a stop it is wider.
_LEAST_WORDS: Final = 3
_ALIKE: Final = 3
# A label is a name of so many characters and words at most, or a time; each of two comes again, in so many rows in all.
_LONGEST_LABEL: Final = 40
_LABEL_WORDS: Final = 5
_LEAST_ROWS: Final = 4
_MOST_NAMES: Final = 12
# Of the rows that begin where labels do, this share has one.
_LABEL_SHARE: Final = 0.8
_SAME_PLACE: Final = 3.0  # points
# Left and right pages have other margins, and places are rounded.
_PLACES: Final = 4
_CLOCK: Final = re.compile(r"[\[(<]?(?:\d{1,2}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?[\])>]?")
_NAME: Final = re.compile(r"[^\W\d_][\w.'’ªº-]*(?: [\w.'’ªº-]+)*\s?[:.]?[-–—]?")
# Numbers of lines: every second to tenth line has one.
_LINE_NUMBER: Final = re.compile(r"\d{1,4}")
_LEAST_NUMBERS: Final = 3
_STEPS: Final = range(2, 11)
_STEP_SHARE: Final = 0.8


def joined_rows(page: Sequence[Line]) -> list[Line]:
    """Return the lines of a page; pieces of a row are joined if no gap is between them, or the line is stretched.

    Args:
        page: the pieces of its lines, in the order in which they were written.
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
    """Yield the pieces that follow one another in a row, from left to right."""
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
    """Whether a row is a line that was stretched to the measure: each word is apart, by much the same gap."""
    gaps = [_gap(left, right) for left, right in pairwise(row)]
    return (
        len(row) >= _LEAST_WORDS
        and max(gaps) <= _ALIKE * min(gaps)
        and not any(" " in one.words.strip() for one in row)
    )


def _join(left: Line, right: Line) -> Line:
    space = "" if _gap(left, right) < 0.12 * right.size or left.words.endswith(" ") else " "
    larger = left if len(left.words) >= len(right.words) else right
    return Line(left.words + space + right.words, left.left, right.right, larger.bottom, larger.top, larger.size)


class Numbered(NamedTuple):
    """A number at the edge of its row: the page, the piece, and which of the lines it is."""

    page: int
    piece: Line
    value: int


def without_line_numbers(pages: Sequence[Sequence[Line]]) -> tuple[list[list[Line]], int]:
    """Return the pages without the numbers of their lines, and how many numbers these were.

    Every second to tenth line of a print with such numbers has one, at the left or the right of the text. They begin
    again in the next poem or chapter.
    """
    cut: set[tuple[int, Line]] = set()
    for is_left in (True, False):
        numbers = [
            Numbered(number, piece, int(piece.words))
            for number, page in enumerate(pages)
            for piece in sorted(page, key=lambda piece: (-piece.top, piece.left))
            if _LINE_NUMBER.fullmatch(piece.words.strip()) and _is_beside_text(piece, page, is_left=is_left)
        ]
        if len(numbers) >= _LEAST_NUMBERS and _is_counted(numbers):
            cut.update((one.page, one.piece) for one in numbers)
    if not cut:
        return [list(page) for page in pages], 0
    return [[piece for piece in page if (number, piece) not in cut] for number, page in enumerate(pages)], len(cut)


def _is_beside_text(piece: Line, page: Sequence[Line], *, is_left: bool) -> bool:
    """Whether a piece has text on its inner side, and nothing on its outer side."""
    beside = [other for other in page if other is not piece and abreast(piece, other)]
    left = sum(other.right <= piece.left for other in beside)
    return bool(beside) and left == (0 if is_left else len(beside))


def _is_counted(numbers: Sequence[Numbered]) -> bool:
    """Whether numbers go up by one step, from that step."""
    first = numbers[0].value
    steps = Counter(after.value - before.value for before, after in pairwise(numbers))
    step = max(steps, key=lambda step: steps[step])
    begins_again = sum(after.value == step for _, after in pairwise(numbers))
    regular = steps[step] + begins_again >= _STEP_SHARE * (len(numbers) - 1)
    return step in _STEPS and first % step == 0 and regular and steps[step] >= begins_again


class _Labelled(NamedTuple):
    """A row that begins with a label: its page, its pieces, and how many of them come before what is said."""

    page: int
    pieces: list[Line]
    cells: list[str]
    said: int


def with_label_cells(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Return the pages with each label before a turn, in a column of its own, as a cell of the turn's first line."""
    labelled = _repeated(_labelled_rows(pages))
    if not labelled:
        return [list(page) for page in pages]
    rows = {id(piece): row for row in labelled for piece in row.pieces}
    return [[*_with_cells(page, rows)] for page in pages]


def _labelled_rows(pages: Sequence[Sequence[Line]]) -> list[_Labelled]:
    """Return the rows in which a name, or a time and a name, is left of the column in which most rows go on."""
    rows = [(number, row) for number, page in enumerate(pages) for row in _open_rows(page)]
    places = Counter(round(piece.left / _SAME_PLACE) for _, row in rows for piece in row[1:])
    if not places or max(places.values()) < _LEAST_ROWS:
        return []
    labelled = []
    for number, row in rows:
        timed = 1 if _CLOCK.fullmatch(row[0].words.strip()) else 0
        said = max(range(1, len(row)), key=lambda at: (places[round(row[at].left / _SAME_PLACE)], at))
        name = " ".join(piece.words.strip() for piece in row[timed:said])
        cells = [*([row[0].words.strip()] if timed else []), name]
        if said > timed and _is_name(name):
            labelled.append(_Labelled(number, row, cells, said))
    starts = {(row.page, round(row.pieces[0].left / _SAME_PLACE)) for row in labelled}
    beside = sum((number, round(row[0].left / _SAME_PLACE)) in starts for number, row in rows)
    return labelled if len(labelled) >= _LABEL_SHARE * beside else []


def _repeated(rows: Sequence[_Labelled]) -> list[_Labelled]:
    """Return the rows whose names come again, if what is said begins at one place in them."""
    names = Counter(_key(row) for row in rows)
    often = {name for name, count in names.items() if count > 1}
    repeated = [row for row in rows if _key(row) in often]
    places = Counter(round(row.pieces[row.said].left / _SAME_PLACE) for row in repeated)
    in_columns = sum(count for _, count in places.most_common(_PLACES)) >= _LABEL_SHARE * len(repeated)
    return repeated if 1 < len(often) <= _MOST_NAMES and len(repeated) >= _LEAST_ROWS and in_columns else []


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
        len(name) <= _LONGEST_LABEL
        and len(name.split()) <= _LABEL_WORDS
        and name[:1].isupper()
        and bool(_NAME.fullmatch(name))
    )


def _with_cells(page: Sequence[Line], rows: dict[int, _Labelled]) -> Iterator[Line]:
    for piece in page:
        row = rows.get(id(piece))
        if row is None or any(piece is more for more in row.pieces[row.said + 1 :]):
            yield piece
        elif piece is row.pieces[0]:
            said = row.pieces[row.said]
            yield said._replace(words=CELL.join([*row.cells, said.words]))
