"""Lines of pages as a text: reading order of columns, running heads and notes cut, words and paragraphs joined.

Positions are in points, y from the bottom of the page. The same serves native PDF and what OCR engines write.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# A running head stands in so many lines from a page's edge, on at least so many pages and so large a share of them.
_EDGE_LINES: Final = 2
_HEAD_PAGES: Final = 3
_HEAD_SHARE: Final = 0.2
# Notes are set smaller than the text, by a tenth at least, and a mark begins them.
_NOTE_SIZE: Final = 0.93
_NOTE: Final = re.compile(r"\s*(?:\(?\d{1,3}[).]?|[*†‡§]{1,3}|\[\d{1,3}\])\s*\S")
_FOLIO: Final = re.compile(
    r"[-–—\s·.|\[(]*(?:p[áa]?gs?\.?\s*)?(?:\d{1,4}|[ivxlc]{1,7})(?:\s*(?:de|/)\s*\d{1,4})?[-–—\s·.|\])]*", re.IGNORECASE
)
# A line that leaves so much of its column's width is the last of its paragraph, or a verse.
_SHORT: Final = 0.12
# A gap between two lines that is so many times the usual one parts stanzas and sections.
_GAP: Final = 1.35
_INDENT: Final = 0.8
_LINES_ABREAST: Final = 3
# Between two words of a line more than so many times the height of its letters is the gap between two columns.
COLUMN_GAP: Final = 1.6
# The pronouns that Portuguese writes after a hyphen, which stays when a line ends at it.
_CLITIC: Final = re.compile(r"(?:lhes?|se|me|te|nos|vos|l[oa]s?|n[oa]s?|[oa]s?)\b")
_STOPS: Final = frozenset('.!?…:»”"')


class Line(NamedTuple):
    """A line of a page: its words, where it begins and ends, its bottom and its top, the size of its letters."""

    words: str
    left: float
    right: float
    bottom: float
    top: float
    size: float


def flow(pages: Sequence[Sequence[Line]]) -> str:
    r"""Return the text of the pages, a line a paragraph or verse.

    Args:
        pages: each with its lines, in any order.

    >>> page = [Line("La barca sa-", 0, 100, 80, 90, 10), Line("lió del puerto.", 0, 80, 68, 78, 10)]
    >>> flow([page])
    'La barca salió del puerto.'
    """
    body = _body_size(pages)
    ordered = [reading_order(_rows(_without_marks(page, body))) for page in pages]
    ordered = _without_heads(ordered, body)
    columns = [column for page in ordered for column in _columns(_without_notes(page, body))]
    seen = Counter(word for page in pages for line in page for word in re.findall(r"[\w-]+", line.words.lower()))
    return _paragraphs(columns, seen)


def _body_size(pages: Sequence[Sequence[Line]]) -> float:
    """Return the size of most letters."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page:
            sizes[round(line.size, 1)] += len(line.words)
    return max(sizes, key=lambda size: (sizes[size], size), default=0.0)


def _without_marks(page: Sequence[Line], body: float) -> list[Line]:
    """Return the lines without raised numbers of notes, where they are lines by themselves."""
    return [line for line in page if not (line.size < 0.8 * body and re.fullmatch(r"[\d*†‡]{1,3}", line.words.strip()))]


def _rows(page: Sequence[Line]) -> list[Line]:
    """Return the lines, pieces that stand in one row without a gap between them joined."""
    rows: list[Line] = []
    for line in page:
        last = rows[-1] if rows else None
        if last and _abreast(last, line) and -0.3 * line.size <= line.left - last.right <= COLUMN_GAP * line.size:
            space = "" if line.left - last.right < 0.12 * line.size or last.words.endswith(" ") else " "
            larger = last if len(last.words) >= len(line.words) else line
            rows[-1] = Line(
                last.words + space + line.words, last.left, line.right, larger.bottom, larger.top, larger.size
            )
        else:
            rows.append(line)
    return rows


def _abreast(one: Line, other: Line) -> bool:
    """Whether two lines stand in one row."""
    common = min(one.top, other.top) - max(one.bottom, other.bottom)
    return common > 0.5 * min(one.top - one.bottom, other.top - other.bottom)


def reading_order(page: Sequence[Line]) -> list[Line]:
    """Return the lines of a page from top to bottom, of columns that stand side by side the left one first."""
    lines = sorted(page, key=lambda line: (-line.top, line.left))
    gutter = _gutter(lines)
    if gutter is None:
        return lines
    ordered: list[Line] = []
    left: list[Line] = []
    right: list[Line] = []
    for line in lines:
        if line.left < gutter < line.right:  # a title over both
            ordered += [*reading_order(left), *reading_order(right), line]
            left, right = [], []
        else:
            (left if line.right <= gutter else right).append(line)
    return [*ordered, *reading_order(left), *reading_order(right)]


def _gutter(lines: Sequence[Line]) -> float | None:
    """Return the x between two columns, which lies in most gaps between lines abreast; None for one column."""
    gaps: list[tuple[float, float]] = []
    for index, line in enumerate(lines):
        for other in lines[index + 1 :]:
            if other.top <= line.bottom:
                break
            first, second = (line, other) if line.left <= other.left else (other, line)
            if _abreast(line, other) and first.right < second.left:
                gaps.append((first.right, second.left))
    if len(gaps) < _LINES_ABREAST:
        return None
    edges = sorted({(start + end) / 2 for start, end in gaps})
    stabbed = max(edges, key=lambda x: (sum(start < x < end for start, end in gaps), -abs(x - edges[len(edges) // 2])))
    inside = [(start, end) for start, end in gaps if start < stabbed < end]
    crossing = sum(line.left < stabbed < line.right for line in lines)
    if len(inside) < _LINES_ABREAST or crossing > len(inside):
        return None
    return (max(start for start, _ in inside) + min(end for _, end in inside)) / 2


def _without_heads(pages: list[list[Line]], body: float) -> list[list[Line]]:
    """Remove page numbers, and lines that stand at the same edge of many pages."""
    edges = [_edge_lines(page) for page in pages]
    edges = [
        [line for line in edge if not (_NOTE.match(line.words) and line.size <= _NOTE_SIZE * body)] for edge in edges
    ]
    counts = Counter(key for edge in edges for key in {_head(line) for line in edge})
    least = max(_HEAD_PAGES, _HEAD_SHARE * len(pages))
    often = {key for key, count in counts.items() if count >= least}
    numbers = sum(any(_FOLIO.fullmatch(line.words.strip()) for line in edge) for edge in edges)
    folios = numbers >= max(2, _HEAD_SHARE * len(pages))
    body_pages: list[list[Line]] = []
    for page, edge in zip(pages, edges, strict=True):
        cut = {line for line in edge if _head(line) in often or (folios and _FOLIO.fullmatch(line.words.strip()))}
        body_pages.append([line for line in page if line not in cut])
    return body_pages


def _edge_lines(page: Sequence[Line]) -> list[Line]:
    """Return the lines nearest to the top and to the bottom of a page."""
    down = sorted(page, key=lambda line: -line.top)
    return [*down[:_EDGE_LINES], *down[max(len(down) - _EDGE_LINES, _EDGE_LINES) :]]


def _head(line: Line) -> str:
    """Return what a running head has in common on all pages: its words without numbers, and about where it stands."""
    words = re.sub(r"[\W\d_]+", " ", line.words).strip().casefold()
    return f"{words}@{round(line.top / 12)}"


def _without_notes(page: list[Line], body: float) -> list[Line]:
    """Give the page without the notes at its foot, or at that of its columns: smaller lines, the first with a mark."""
    body_lines: list[Line] = []
    notes = False
    for line in page:
        small = line.size <= _NOTE_SIZE * body
        if small and _NOTE.match(line.words) and (notes or _all_small(line, page, body)):
            notes = True
        elif not small:
            notes = False
        if not notes:
            body_lines.append(line)
    return body_lines


def _all_small(line: Line, page: Sequence[Line], body: float) -> bool:
    """Whether nothing of the text's size stands below a line in its column."""
    return not any(
        other.size > _NOTE_SIZE * body and other.top < line.top and other.left < line.right and line.left < other.right
        for other in page
    )


def _columns(page: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield the lines of a page by columns: where the next line stands higher, another begins."""
    column: list[Line] = []
    for line in page:
        if column and line.bottom > column[-1].top:
            yield column
            column = []
        column.append(line)
    if column:
        yield column


def _paragraphs(columns: Sequence[Sequence[Line]], seen: Counter[str]) -> str:
    written: list[str] = []
    last: Line | None = None
    ragged = True
    for column in columns:
        width = max(line.right for line in column) - min(line.left for line in column)
        right, left = max(line.right for line in column), _edge(column)
        steps = [before.bottom - after.bottom for before, after in pairwise(column) if before.bottom > after.bottom]
        usual = median(steps) if steps else 0.0
        for index, line in enumerate(column):
            gap = column[index - 1].bottom - line.bottom if index else 0.0
            apart = index > 0 and usual > 0 and gap > _GAP * usual
            other_size = last is not None and abs(line.size - last.size) > 0.15 * line.size
            indented = line.left - left > _INDENT * line.size and (
                last is None or line.left - last.left > 0.4 * line.size
            )
            if last is None:
                written.append(line.words.strip())
            elif apart or other_size:
                written += ["\n\n", line.words.strip()]
            elif indented or ragged:
                written += ["\n", line.words.strip()]
            else:
                written[-1:] = _joined(written[-1], line.words.strip(), seen)
            last = line
            # Short of the edge by more than the next word would have needed.
            following = column[index + 1].words.split(maxsplit=1)[0] if index + 1 < len(column) else ""
            slack = right - line.right
            needed = (len(following) + 1) * (line.right - line.left) / max(len(line.words), 1)
            ragged = (
                slack > max(_SHORT * width, needed)
                if following
                else slack > _SHORT * width and line.words.strip()[-1:] in _STOPS
            )
    return "".join(written)


def _edge(column: Sequence[Line]) -> float:
    """Where most lines of a column begin."""
    return Counter(round(line.left) for line in column).most_common(1)[0][0]


def _joined(before: str, line: str, seen: Counter[str]) -> list[str]:
    """Two lines of a paragraph as one: a word that was hyphenated at the line's end is whole again."""
    if before.endswith("\xad"):
        return [before[:-1] + line]
    broken = re.search(r"([\w'’]+)-$", before)
    if not (broken and line[:1].islower()):
        # A dash that opens a speech or a remark holds on to its word, one that closes a remark to its stop.
        held = re.search(r"(?:^|\s)—$", before) or re.match(r"—(?:[.,;:?!)]|\s|$)", line)
        return [before + line if held else f"{before} {line}"]
    rest = re.match(r"[\w'’]+", line)
    tail = rest[0] if rest else ""
    whole, parted = (broken[1] + tail).lower(), f"{broken[1]}-{tail}".lower()
    pronoun = bool(_CLITIC.fullmatch(tail)) and any(word.endswith(f"-{tail}") for word in seen)
    if seen[whole] < seen[parted] or (pronoun and not seen[whole]):
        return [before + line]
    return [before[:-1] + line]
