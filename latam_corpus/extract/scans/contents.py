"""Entries of tables of contents: section, title and page number become one line, without the leader dots between them.

Programs set leader dots with or without spaces, and pdfium returns an entry as one line or as several.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

from latam_corpus.extract.scans.page_furniture import Line, abreast

if TYPE_CHECKING:
    from collections.abc import Sequence

# Stands for the leader dots in the words of an entry.
LEADER: Final = "\ufdd1"
# At least this many dots before a page number are a leader.
_MIN_DOTS: Final = 5
# A page with this many entries is a table of contents, so entries with fewer dots count too: a long title leaves little
# room, and chapters have none.
_MIN_ENTRIES: Final = 3
_SAME_PLACE: Final = 3.0  # points
# A page number, or several as in an index: `12, 15–17`.
_NUMBER: Final = re.compile(r"(?<![^\s.·…])(?:[ivxlcIVXLC]{1,7}|\d{1,4}(?:(?:, ?|[-–])\d{1,4}){0,20})$")
_DOTS: Final = " \t\xa0.·…"
# A section number, which may have its own column.
_SECTION: Final = re.compile(r"(?:\d{1,3}(?:\.\d{1,3})*|[IVXLC]{1,6}|[A-Z](?:\.\d{1,3})*)[.)]?")


class _Entry(NamedTuple):
    """An entry: its pieces from left to right, its title with its section, and its page number."""

    pieces: list[Line]
    title: str
    number: str

    def line(self) -> Line:
        """Return the entry as one line."""
        first, last = self.pieces[0], self.pieces[-1]
        return first._replace(words=f"{self.title}{LEADER}{self.number}", right=last.right)


def with_whole_entries(page: Sequence[Line]) -> list[Line]:
    """Return the lines of a page with each entry of a table of contents as one line.

    Args:
        page: its lines, in any order; pieces separated by a gap are separate lines.
    """
    if not any(line.words.count(".") + line.words.count("·") + line.words.count("…") >= _MIN_DOTS for line in page):
        return list(page)
    rows = _Rows(page)
    entries = [entry for line in page if (entry := _with_leader(line, rows))]
    if len(entries) >= _MIN_ENTRIES:
        entries += _without_leader(page, rows, entries)
    used = {piece for entry in entries for piece in entry.pieces}
    joined_entries = [_with_section(entry, rows, used) for entry in entries]
    return [*(line for line in page if line not in used), *joined_entries]


class _Rows:
    """The lines of a page, for finding neighbours in the same row."""

    def __init__(self, page: Sequence[Line]) -> None:
        self._lines = sorted(page, key=lambda line: line.bottom)
        self._bottoms = [line.bottom for line in self._lines]

    def left_of(self, line: Line) -> Line | None:
        """Return the nearest line to the left in the same row."""
        return max((near for near in self._in_same_row(line) if near.right <= line.left), key=_right, default=None)

    def right_of(self, line: Line) -> Line | None:
        """Return the nearest line to the right in the same row."""
        return min((near for near in self._in_same_row(line) if near.left >= line.right), key=_left, default=None)

    def is_edge(self, line: Line) -> bool:
        """Return whether a line is in the highest or lowest row, where running heads are."""
        return any(abreast(edge, line) for edge in (self._lines[0], self._lines[-1]))

    def _in_same_row(self, line: Line) -> list[Line]:
        height = line.top - line.bottom
        start = bisect_left(self._bottoms, line.bottom - height)
        end = bisect_right(self._bottoms, line.top)
        return [near for near in self._lines[start:end] if near is not line and abreast(near, line)]


def _left(line: Line) -> float:
    return line.left


def _right(line: Line) -> float:
    return line.right


def _parts(line: Line) -> tuple[str, int, str]:
    """Return the words of a line before its leader dots, the number of dots, and the page number after them."""
    words = line.words.strip()
    match = _NUMBER.search(words)
    leader_text = words[: match.start()] if match else words
    title = leader_text.rstrip(_DOTS)
    return title, sum(sign not in " \t\xa0" for sign in leader_text[len(title) :]), match[0] if match else ""


def _with_leader(line: Line, rows: _Rows) -> _Entry | None:
    title, dots, number = _parts(line)
    if dots < _MIN_DOTS:
        return None
    pieces = [line]
    if not number and (right := rows.right_of(line)) and _NUMBER.fullmatch(right.words.strip()):
        number = right.words.strip()
        pieces.append(right)
    if not title and (left := rows.left_of(line)):
        title = left.words.strip()
        pieces.insert(0, left)
    return _Entry(pieces, title, number) if title and number else None


def _without_leader(page: Sequence[Line], rows: _Rows, entries: Sequence[_Entry]) -> list[_Entry]:
    """Return the entries of a page of contents with few dots or none: their numbers end at the same x as the others."""
    used = {piece for entry in entries for piece in entry.pieces}
    ends = [entry.pieces[-1].right for entry in entries]
    lowest, highest = min(entry.pieces[0].bottom for entry in entries), max(entry.pieces[0].top for entry in entries)
    more_entries = []
    for line in page:
        if line in used or not any(abs(line.right - end) <= _SAME_PLACE for end in ends):
            continue
        title, _, number = _parts(line)
        if title and number and lowest <= line.bottom <= highest:
            more_entries.append(_Entry([line], title, number))
        elif number and not title and not rows.is_edge(line) and (left := rows.left_of(line)) and left not in used:
            more_entries.append(_Entry([left, line], left.words.strip().rstrip(_DOTS), number))
    return more_entries


def _with_section(entry: _Entry, rows: _Rows, used: set[Line]) -> Line:
    left = rows.left_of(entry.pieces[0])
    if left is None or left in used or not _SECTION.fullmatch(left.words.strip()):
        return entry.line()
    used.add(left)
    return entry._replace(pieces=[left, *entry.pieces], title=f"{left.words.strip()} {entry.title}").line()
