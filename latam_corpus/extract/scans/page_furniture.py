"""Remove running heads, page numbers, footnotes and column notes from printed pages.

A line is removed only if it is unlikely to be part of the text. Lines set like the body are kept, and so are headings,
refrains, and lists in small type.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Stanzas and sections are separated by at least this many times the usual gap between lines.
GAP: Final = 1.35
# A running head is within this many lines of a page's edge, on at least this many pages and this share of them.
_EDGE_LINES: Final = 2
_HEAD_PAGES: Final = 3
_HEAD_SHARE: Final = 0.2
# The same words at the same height on this many pages can't be a coincidence.
_MANY_PAGES: Final = 10
# Minimum distance of a running head from the body, in line steps: if its type differs from the body's, and if it
# doesn't (more than a blank line). Gaps that differ by less than `_SAME_GAP` are equal.
_APART: Final = 1.2
_FAR: Final = 2.1
_SAME_GAP: Final = 0.03
# Type size relative to the body: notes are at most this large, headings at least.
_NOTE_SIZE: Final = 0.93
_HEADING_SIZE: Final = 1.15
# Notes follow at least this many lines of text; otherwise they are an appendix in small type.
_ABOVE_NOTES: Final = 3
# The mark of a note: a number with a stop, a number before a letter, or a sign. Years and amounts don't match.
_MARK: Final = re.compile(
    r"\s*(?:\(?(\d{1,3})[).](?!\d)|\[(\d{1,3})\]|(?P<bare>\d{1,3})(?=\s*[¿¡«“\"'(]*[^\W\d_])|[*†‡§]{1,3})(\s*)(?=\S)"
)
_PAGE: Final = r"p[áa]g(?:ina|s)?\.?\s*"
_FOLIO: Final = re.compile(
    rf"[-–—\s·.|\[(]*(?:{_PAGE})?(?P<number>\d{{1,4}}|(?-i:[ivxlcIVXLC]{{1,7}}))(?:\s*(?:de|/)\s*\d{{1,4}})?[-–—\s·.|\])]*",
    re.IGNORECASE,
)
# Lines that browsers print above and below a page: date and title, address and page number.
_PRINTED: Final = re.compile(r"\s*\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4},? \d{1,2}:\d\d(?:\s?[AaPp]\.?\s?[Mm]\.?)?(?:\s.*)?")
_ADDRESS: Final = re.compile(r"\s*(?:(?:https?|file):\S*)?\s*(?:\d{1,4}/\d{1,4})?\s*")
# A page number within a running head: `Informe – 3`, `Página 3 de 20`.
_PAGE_NUMBER: Final = re.compile(
    rf"^\d{{1,4}}\s*[-–—|·•]|(?:[-–—|·•]\s*|{_PAGE})\d{{1,4}}(?:\s*(?:de|/)\s*\d{{1,4}})?[-–—\s|·•]*$", re.IGNORECASE
)
_NUMBER: Final = re.compile(r"\d+")
_ROMAN: Final = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


class Line(NamedTuple):
    """A line of a page, or a piece of one: its words, its box, and its type size, in points."""

    words: str
    left: float
    right: float
    bottom: float
    top: float
    size: float


def abreast(first: Line, second: Line) -> bool:
    """Return whether two lines are in the same row: they share more than half of the smaller one's height."""
    common = min(first.top, second.top) - max(first.bottom, second.bottom)
    return common > 0.5 * min(first.top - first.bottom, second.top - second.bottom)


def step(lines: Sequence[Line]) -> float:
    """Return the median distance between successive baselines; 0 for a single line."""
    steps = [upper.bottom - lower.bottom for upper, lower in pairwise(lines) if upper.bottom > lower.bottom]
    return median(steps) if steps else 0.0


def without_heads(pages: Sequence[Sequence[Line]], body: float) -> list[list[Line]]:
    """Return the pages without page numbers and running heads.

    A running head is set apart from the body and appears at the same height on many pages.

    Args:
        pages: the lines of each page, in reading order.
        body: the type size of the body.
    """
    pages = [_without_browser_lines(page, body) for page in pages]
    edge_lines = [[line for line in _edge_lines(page) if not _begins_note(line, page, body)] for page in pages]
    min_pages = max(_HEAD_PAGES, _HEAD_SHARE * len(pages))
    head_keys = [
        {line: _head(line, page, body) for line in candidates}
        for page, candidates in zip(pages, edge_lines, strict=True)
    ]
    counts = Counter(key for page in head_keys for key in set(page.values()))
    page_number_lines = _page_numbers(edge_lines)
    apart_counts = Counter(
        key
        for page, keys, page_numbers in zip(pages, head_keys, page_number_lines, strict=True)
        for key in {keys[line] for line in _apart(page, keys, page_numbers, body, min_pages, counts)}
    )
    return [
        [
            line
            for line in page
            if line not in page_numbers and not (line in keys and apart_counts[keys[line]] >= min_pages)
        ]
        for page, keys, page_numbers in zip(pages, head_keys, page_number_lines, strict=True)
    ]


def _without_browser_lines(page: Sequence[Line], body: float) -> list[Line]:
    """Return the lines of a page without the header and footer that a browser printed."""
    from_top = sorted(page, key=lambda line: -line.top)
    headers = [line for line in from_top[:_EDGE_LINES] if _is_small(line, body) and _PRINTED.fullmatch(line.words)]
    if not headers:
        return list(page)
    footers = [line for line in from_top[-_EDGE_LINES:] if _is_small(line, body) and _ADDRESS.fullmatch(line.words)]
    return [
        line
        for line in page
        if not any(line is printed or abreast(line, printed) for printed in (headers[0], *footers))
    ]


def _edge_lines(page: Sequence[Line]) -> list[Line]:
    """Return the lines nearest to the top and the bottom of a page."""
    from_top = sorted(page, key=lambda line: -line.top)
    return [*from_top[:_EDGE_LINES], *from_top[max(len(from_top) - _EDGE_LINES, _EDGE_LINES) :]]


def _begins_note(line: Line, page: Sequence[Line], body: float) -> bool:
    return _is_small(line, body) and _half(line, page) < 0 and _mark(line) is not None


def _is_small(line: Line, body: float) -> bool:
    return line.size <= _NOTE_SIZE * body


def _head(line: Line, page: Sequence[Line], body: float) -> str:
    """Return a key that is the same for a running head on all pages: its words and approximate height.

    Page numbers are left out. A line that may be a heading, such as `Artículo 7.` above its text, keeps its other
    numbers.
    """
    may_be_heading = not _is_small(line, body) and _half(line, page) > 0
    words = (_PAGE_NUMBER if may_be_heading else _NUMBER).sub(" ", line.words)
    words = re.sub(r"[\W_]+", " ", re.sub(r"^\d{1,4} +(?=[^\W\d])", "", words)).strip().casefold()
    return f"{words}@{round(line.top / 12)}"


def _page_numbers(edges: Sequence[Sequence[Line]]) -> list[set[Line]]:
    """Return the page numbers of each page: lines that are only a number and increase with the pages."""
    offsets = [
        {line: _value(match["number"]) - page for line in edge if (match := _FOLIO.fullmatch(line.words.strip()))}
        for page, edge in enumerate(edges)
    ]
    counts = Counter(offset for page in offsets for offset in set(page.values()))
    numbered = [{line for line, offset in page.items() if counts[offset] > 1} for page in offsets]
    return numbered if sum(map(bool, numbered)) >= max(2, _HEAD_SHARE * len(edges)) else [set() for _ in edges]


def _value(number: str) -> int:
    if number.isdecimal():
        return int(number)
    values = [_ROMAN[letter] for letter in number.lower()]
    return sum(
        -value if value < following else value for value, following in zip(values, [*values[1:], 0], strict=True)
    )


def _apart(
    page: Sequence[Line],
    keys: dict[Line, str],
    page_numbers: set[Line],
    body: float,
    min_pages: float,
    counts: Counter[str],
) -> Iterator[Line]:
    """Yield the lines at a page's edges that appear on many pages and are set apart from the lines further in."""
    repeated = [line for line in keys if counts[keys[line]] >= min_pages and line not in page_numbers]
    body_lines = [line for line in page if line not in repeated and line not in page_numbers]
    usual_step = step(body_lines)
    gaps = [upper.bottom - lower.bottom for upper, lower in pairwise(body_lines)]
    for side in (1, -1):  # the top, the bottom
        inward = sorted((line for line in repeated if _half(line, page) == side), key=lambda line: -side * line.top)
        for index, line in enumerate(inward):
            inner_lines = [
                inner_line for inner_line in (*body_lines, *inward[index + 1 :]) if not abreast(inner_line, line)
            ]
            gap = min(
                (distance for inner_line in inner_lines if (distance := side * (line.bottom - inner_line.bottom)) > 0),
                default=0,
            )
            if usual_step and _is_set_apart(line, gap, usual_step, gaps, body, counts[keys[line]]):
                yield from inward[: index + 1]


def _is_set_apart(
    line: Line, gap: float, usual_step: float, gaps: Sequence[float], body: float, page_count: int
) -> bool:
    """Return whether a repeated line is further from the body than the body's lines from each other.

    On few pages, a line of the body's size may be a refrain, separated from its stanza by a blank line; a larger one
    may be a heading.
    """
    if page_count >= _MANY_PAGES:
        return all(abs(gap - body_gap) > _SAME_GAP * usual_step for body_gap in gaps)
    if _NOTE_SIZE * body < line.size < body / _NOTE_SIZE:
        return gap > _FAR * usual_step and gap > max(gaps)
    return gap > _APART * usual_step and line.size <= _HEADING_SIZE * body


def _half(line: Line, page: Sequence[Line]) -> int:
    """Return 1 for a line in the upper half of a page's lines, -1 for the lower half."""
    above = sum(neighbour.top > line.top for neighbour in page)
    return 1 if above < len(page) / 2 else -1


def without_notes(pages: Sequence[Sequence[Line]], body: float) -> list[list[Line]]:
    """Return the pages without the notes at the foot of a page or column.

    Notes are a run of smaller lines below the text; the run begins with a mark. A note continued from the previous page
    may come first if the next number follows it.
    """
    body_pages: list[list[Line]] = []
    last_number = 0
    for page in pages:
        body_pages.append([])
        expected, last_number = last_number + 1 if last_number else None, 0
        in_notes = is_small = False
        for previous, line in zip([None, *page], page, strict=False):
            if previous and line.bottom > previous.top:  # another column
                in_notes = is_small = False
            is_first, is_small = not is_small, _is_small(line, body)
            mark = _mark(line) if is_small else None
            begins_note = mark is not None and (is_first or mark == expected) and _at_foot(line, page, body)
            in_notes = is_small and (in_notes or begins_note)
            last_number = mark if in_notes and isinstance(mark, int) else last_number
            if not in_notes:
                body_pages[-1].append(line)
    return body_pages


def _mark(line: Line) -> int | str | None:
    """Return the number or sign that marks a note at the start of a line; None without one.

    >>> lines = ("1 Así en el original.", "2véase", "(3) Ibid.", "* N. del E.", "1810 en la villa", "1 de octubre")
    >>> [_mark(Line(words, 0, 0, 0, 0, 8)) for words in lines]
    [1, 2, 3, '*', None, None]
    """
    match = _MARK.match(line.words)
    # `1 de octubre` is a date, `1véase` a raised mark before its note.
    if match is None or (match["bare"] and match[4] and line.words[match.end()].islower()):
        return None
    number = match[1] or match[2] or match["bare"]
    return int(number) if number else match[0].strip()


def _at_foot(line: Line, page: Sequence[Line], body: float) -> bool:
    """Return whether the column has text above a line and none below it."""
    column = [
        text_line
        for text_line in page
        if not _is_small(text_line, body) and text_line.left < line.right and line.left < text_line.right
    ]
    return len(column) >= _ABOVE_NOTES and all(text_line.top >= line.top for text_line in column)
