"""What a print puts around its text: running heads, page numbers, and notes at the foot of a page or column.

A line is cut where it can't well be the text's own: what is set as the body is stays, and so does a heading, a refrain,
or a list in small type.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# A gap between two lines that is so many times the usual one parts stanzas and sections.
GAP: Final = 1.35
# A running head stands in so many lines from a page's edge, on at least so many pages and so large a share of them.
_EDGE_LINES: Final = 2
_HEAD_PAGES: Final = 3
_HEAD_SHARE: Final = 0.2
# What has the same words at the same height of so many pages isn't chance.
_MANY_PAGES: Final = 10
# How far it stands off, in usual steps: in letters unlike the body's, and in the body's, where it is more than a blank
# line. Gaps that differ by less are one.
_APART: Final = 1.2
_FAR: Final = 2.1
_SAME_GAP: Final = 0.03
# Notes are set smaller than the text, by a tenth at least; headings larger, by a sixth.
_NOTE_SIZE: Final = 0.93
_HEADING_SIZE: Final = 1.15
# Above notes stand so many lines of the text, or it is an appendix in smaller letters.
_ABOVE_NOTES: Final = 3
# A number with its stop, one before a letter, or a sign. A year or a sum is none.
_MARK: Final = re.compile(
    r"\s*(?:\(?(\d{1,3})[).](?!\d)|\[(\d{1,3})\]|(?P<bare>\d{1,3})(?=\s*[¿¡«“\"'(]*[^\W\d_])|[*†‡§]{1,3})(\s*)(?=\S)"
)
_PAGE: Final = r"p[áa]g(?:ina|s)?\.?\s*"
_FOLIO: Final = re.compile(
    rf"[-–—\s·.|\[(]*(?:{_PAGE})?(?P<number>\d{{1,4}}|(?-i:[ivxlcIVXLC]{{1,7}}))(?:\s*(?:de|/)\s*\d{{1,4}})?[-–—\s·.|\])]*",
    re.IGNORECASE,
)
# What browsers print above and below a page: when, the page's title, its address and number.
_PRINTED: Final = re.compile(r"\s*\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4},? \d{1,2}:\d\d(?:\s?[AaPp]\.?\s?[Mm]\.?)?(?:\s.*)?")
_ADDRESS: Final = re.compile(r"\s*(?:(?:https?|file):\S*)?\s*(?:\d{1,4}/\d{1,4})?\s*")
# The page's number within a head: `Informe – 3`, `Página 3 de 20`.
_PAGE_NUMBER: Final = re.compile(
    rf"^\d{{1,4}}\s*[-–—|·•]|(?:[-–—|·•]\s*|{_PAGE})\d{{1,4}}(?:\s*(?:de|/)\s*\d{{1,4}})?[-–—\s|·•]*$", re.IGNORECASE
)
_NUMBER: Final = re.compile(r"\d+")
_ROMAN: Final = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


class Line(NamedTuple):
    """A line of a page: its words, where it begins and ends, its bottom and its top, the size of its letters."""

    words: str
    left: float
    right: float
    bottom: float
    top: float
    size: float


def abreast(one: Line, other: Line) -> bool:
    """Whether two lines stand in one row."""
    common = min(one.top, other.top) - max(one.bottom, other.bottom)
    return common > 0.5 * min(one.top - one.bottom, other.top - other.bottom)


def step(lines: Sequence[Line]) -> float:
    """Return how far one line usually stands below another; 0 for a single one."""
    steps = [before.bottom - after.bottom for before, after in pairwise(lines) if before.bottom > after.bottom]
    return median(steps) if steps else 0.0


def without_heads(pages: Sequence[Sequence[Line]], body: float) -> list[list[Line]]:
    """Return the pages without their numbers and running heads: lines apart from the body, at one height on many pages.

    Args:
        pages: each with its lines in reading order.
        body: the size of most letters.
    """
    pages = [_without_browser_lines(page, body) for page in pages]
    edges = [[line for line in _edge_lines(page) if not _begins_note(line, page, body)] for page in pages]
    least = max(_HEAD_PAGES, _HEAD_SHARE * len(pages))
    keys = [{line: _head(line, page, body) for line in edge} for page, edge in zip(pages, edges, strict=True)]
    counts = Counter(key for page in keys for key in set(page.values()))
    folios = _folios(edges)
    apart = Counter(
        key
        for page, held, numbers in zip(pages, keys, folios, strict=True)
        for key in {held[line] for line in _apart(page, held, numbers, body, least, counts)}
    )
    return [
        [line for line in page if line not in numbers and not (line in held and apart[held[line]] >= least)]
        for page, held, numbers in zip(pages, keys, folios, strict=True)
    ]


def _without_browser_lines(page: Sequence[Line], body: float) -> list[Line]:
    """Return the lines of a page without those that a browser has printed above and below it."""
    down = sorted(page, key=lambda line: -line.top)
    heads = [line for line in down[:_EDGE_LINES] if _is_small(line, body) and _PRINTED.fullmatch(line.words)]
    if not heads:
        return list(page)
    feet = [line for line in down[-_EDGE_LINES:] if _is_small(line, body) and _ADDRESS.fullmatch(line.words)]
    return [line for line in page if not any(line is one or abreast(line, one) for one in (heads[0], *feet))]


def _edge_lines(page: Sequence[Line]) -> list[Line]:
    """Return the lines nearest to the top and to the bottom of a page."""
    down = sorted(page, key=lambda line: -line.top)
    return [*down[:_EDGE_LINES], *down[max(len(down) - _EDGE_LINES, _EDGE_LINES) :]]


def _begins_note(line: Line, page: Sequence[Line], body: float) -> bool:
    return _is_small(line, body) and _nearer(line, page) < 0 and _mark(line) is not None


def _is_small(line: Line, body: float) -> bool:
    return line.size <= _NOTE_SIZE * body


def _head(line: Line, page: Sequence[Line], body: float) -> str:
    """Return what a running head has in common on all pages: its words and about where it stands.

    The number of the page isn't in it. What may be a heading, `Artículo 7.` above its text, keeps its numbers.
    """
    may_be_heading = not _is_small(line, body) and _nearer(line, page) > 0
    words = (_PAGE_NUMBER if may_be_heading else _NUMBER).sub(" ", line.words)
    words = re.sub(r"[\W_]+", " ", re.sub(r"^\d{1,4} +(?=[^\W\d])", "", words)).strip().casefold()
    return f"{words}@{round(line.top / 12)}"


def _folios(edges: Sequence[Sequence[Line]]) -> list[set[Line]]:
    """Return the page numbers of each page: numbers by themselves that go up with the pages."""
    ahead = [
        {line: _value(match["number"]) - page for line in edge if (match := _FOLIO.fullmatch(line.words.strip()))}
        for page, edge in enumerate(edges)
    ]
    counts = Counter(each for page in ahead for each in set(page.values()))
    found = [{line for line, each in page.items() if counts[each] > 1} for page in ahead]
    return found if sum(map(bool, found)) >= max(2, _HEAD_SHARE * len(edges)) else [set() for _ in edges]


def _value(number: str) -> int:
    if number.isdecimal():
        return int(number)
    values = [_ROMAN[one] for one in number.lower()]
    return sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))


def _apart(
    page: Sequence[Line], keys: dict[Line, str], folios: set[Line], body: float, least: float, counts: Counter[str]
) -> Iterator[Line]:
    """Yield the lines at the edges of a page that many pages have, and that stand apart from what is within."""
    often = [line for line in keys if counts[keys[line]] >= least and line not in folios]
    rest = [line for line in page if line not in often and line not in folios]
    usual = step(rest)
    gaps = [before.bottom - after.bottom for before, after in pairwise(rest)]
    for side in (1, -1):  # the top, the bottom
        inward = sorted((line for line in often if _nearer(line, page) == side), key=lambda line: -side * line.top)
        for number, line in enumerate(inward):
            inner = [one for one in (*rest, *inward[number + 1 :]) if not abreast(one, line)]
            gap = min((down for one in inner if (down := side * (line.bottom - one.bottom)) > 0), default=0)
            if usual and _stands_apart(line, gap, usual, gaps, body, counts[keys[line]]):
                yield from inward[: number + 1]


def _stands_apart(line: Line, gap: float, usual: float, gaps: Sequence[float], body: float, pages: int) -> bool:
    """Whether a line that so many pages have at one height has a distance from the body that the body's lines haven't.

    Of few pages one of the body's size may be a refrain, which a blank line parts from its stanza, and a larger one a
    heading.
    """
    if pages >= _MANY_PAGES:
        return all(abs(gap - one) > _SAME_GAP * usual for one in gaps)
    if _NOTE_SIZE * body < line.size < body / _NOTE_SIZE:
        return gap > _FAR * usual and gap > max(gaps)
    return gap > _APART * usual and line.size <= _HEADING_SIZE * body


def _nearer(line: Line, page: Sequence[Line]) -> int:
    """Return 1 for a line in the upper half of a page's lines, else -1."""
    above = sum(other.top > line.top for other in page)
    return 1 if above < len(page) / 2 else -1


def without_notes(pages: Sequence[Sequence[Line]], body: float) -> list[list[Line]]:
    """Return the pages without the notes at their feet, or at those of their columns.

    Notes are a run of smaller lines below the text that begins with a mark; one that goes on from the page before may
    come first, where the next number follows it.
    """
    kept: list[list[Line]] = []
    last = 0
    for page in pages:
        kept.append([])
        following, last = last + 1 if last else None, 0
        notes = small = False
        for before, line in zip([None, *page], page, strict=False):
            if before and line.bottom > before.top:  # another column
                notes = small = False
            first, small = not small, _is_small(line, body)
            mark = _mark(line) if small else None
            begins = mark is not None and (first or mark == following) and _at_foot(line, page, body)
            notes = small and (notes or begins)
            last = mark if notes and isinstance(mark, int) else last
            if not notes:
                kept[-1].append(line)
    return kept


def _mark(line: Line) -> int | str | None:
    """Return the number or sign that begins a note; None where a line begins otherwise.

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
    """Whether the text stands above a line in its column, and nothing of it below."""
    column = [
        other for other in page if not _is_small(other, body) and other.left < line.right and line.left < other.right
    ]
    return len(column) >= _ABOVE_NOTES and all(other.top >= line.top for other in column)
