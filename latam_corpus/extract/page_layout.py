"""Lines of pages as a text: reading order of columns, running heads and notes cut, words and paragraphs joined.

Positions are in points, y from the bottom of the page. The same serves native PDF and what OCR engines write. What may
be the text's own stays: `page_furniture.py` says what is cut.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from latam_corpus.extract.page_furniture import GAP, Line, abreast, step, without_heads, without_notes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# A line that leaves so much of its column's width is the last of its paragraph, or a verse.
_SHORT: Final = 0.12
# On a page's last line, whose next word is unknown, without a stop.
_HALF: Final = 0.5
_INDENT: Final = 0.8
_LINES_ABREAST: Final = 3
# Between two words of a line more than so many times the height of its letters is the gap between two columns.
COLUMN_GAP: Final = 1.6
# The pronouns that Portuguese writes after a hyphen, which stays when a line ends at it.
_CLITIC: Final = re.compile(r"(?:lhes?|se|me|te|nos|vos|l[oa]s?|n[oa]s?|[oa]s?)\b")
# Where the next line goes on in small letters, its first word may be so many times as wide as its letters are on the
# average.
_WIDE_WORD: Final = 1.4
# Of the lines of pages of one column this share is shorter than a full one, where there are at least so many lines.
_FULL: Final = 0.8
_LEAST_LINES: Final = 8
# Lines of verse have so many characters at most, and leave this share of the page's measure free. Of lines of prose
# in narrow columns at least 0.93 are full, of verse of eight syllables 0.64.
_VERSE: Final = 60
_FREE: Final = 0.15
_NEARLY_ALL: Final = 0.95
_WRAPPED: Final = 0.8
_STOPS: Final = frozenset('.!?…:»”"')


class Flowed(NamedTuple):
    """A text, and how many lines of its pages were cut: running heads with page numbers, and notes."""

    text: str
    heads: int = 0
    notes: int = 0

    def told(self) -> tuple[str, ...]:
        """Say what was cut, for the ledger."""
        counts = ((self.heads, "running heads and page numbers"), (self.notes, "notes"))
        return tuple(f"lines of {what} cut: {count}" for count, what in counts if count)


def flow(pages: Sequence[Sequence[Line]], widths: Sequence[float] = ()) -> Flowed:
    r"""Return the text of the pages, a line a paragraph or verse, and what of them was cut.

    Args:
        pages: each with its lines, in any order.
        widths: of the pages, if they are known; they tell lines that end where they like from those that are full.

    >>> page = [Line("La barca sa-", 0, 100, 80, 90, 10), Line("lió del puerto.", 0, 80, 68, 78, 10)]
    >>> flow([page]).text
    'La barca salió del puerto.'
    """
    body = _body_size(pages)
    ordered = [reading_order(_rows(_without_marks(page, body))) for page in pages]
    headless = without_heads(ordered, body)
    kept = without_notes(headless, body)
    columns = [[*_columns(page)] for page in kept]
    seen = Counter(word for page in pages for line in page for word in re.findall(r"[\w-]+", line.words.lower()))
    counts = [sum(map(len, each)) for each in (ordered, headless, kept)]
    edged = _with_edges(columns, widths)
    return Flowed(_paragraphs(edged, seen), counts[0] - counts[1], counts[1] - counts[2])


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
        if last and abreast(last, line) and -0.3 * line.size <= line.left - last.right <= COLUMN_GAP * line.size:
            space = "" if line.left - last.right < 0.12 * line.size or last.words.endswith(" ") else " "
            larger = last if len(last.words) >= len(line.words) else line
            rows[-1] = Line(
                last.words + space + line.words, last.left, line.right, larger.bottom, larger.top, larger.size
            )
        else:
            rows.append(line)
    return rows


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
    if len(lines) in (len(left), len(right)):  # slanted lines, whose right end lies left of their beginning
        return lines
    return [*ordered, *reading_order(left), *reading_order(right)]


def _gutter(lines: Sequence[Line]) -> float | None:
    """Return the x between two columns, which lies in most gaps between lines abreast; None for one column."""
    gaps: list[tuple[float, float]] = []
    for index, line in enumerate(lines):
        for other in lines[index + 1 :]:
            if other.top <= line.bottom:
                break
            first, second = (line, other) if line.left <= other.left else (other, line)
            if abreast(line, other) and first.right < second.left:
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


def _with_edges(
    pages: Sequence[Sequence[Sequence[Line]]], widths: Sequence[float]
) -> list[tuple[Sequence[Line], float]]:
    """Return each column with its right edge, up to which the lines of prose are full.

    A page of verse among prose has the edge of the prose. If all lines are verse, the edge is that of the page.
    """
    single = [columns[0] for columns in pages if len(columns) == 1]
    lengths = sorted(line.right - _edge(column) for column in single for line in column)
    usual = lengths[int(_FULL * (len(lengths) - 1))] if len(lengths) >= _LEAST_LINES else 0.0
    if widths and usual and _is_narrow(single, lengths[int(_NEARLY_ALL * (len(lengths) - 1))]):
        lefts = [min(line.left for line in column) for column in single]
        full = (
            min(width for width, columns in zip(widths, pages, strict=True) if len(columns) == 1)
            - min(lefts)
            - max(lefts)
        )
        usual = full if full * (1 - _FREE) > usual else usual
    return [
        (column, max(*(line.right for line in column), _edge(column) + usual if len(columns) == 1 else 0.0))
        for columns in pages
        for column in columns
    ]


def _is_narrow(columns: Sequence[Sequence[Line]], edge: float) -> bool:
    """Whether lines are short, and the next word would often have been on them as well, as in verse."""
    pairs = [
        line.right - _edge(column) + _width(following, line) > edge
        for column in columns
        for line, following in pairwise(column)
        if line.bottom - following.bottom <= GAP * step(column) and following.left - line.left <= _INDENT * line.size
    ]
    characters = sorted(len(line.words) for column in columns for line in column)
    return sum(pairs) < _WRAPPED * len(pairs) and characters[int(_FULL * (len(characters) - 1))] <= _VERSE


def _width(following: Line, line: Line) -> float:
    """Return how much of a line the first word of the next one would have needed, with a space."""
    return (len(following.words.split(maxsplit=1)[0]) + 1) * (line.right - line.left) / max(len(line.words), 1)


def _paragraphs(columns: Sequence[tuple[Sequence[Line], float]], seen: Counter[str]) -> str:
    written: list[str] = []
    last: Line | None = None
    ragged = True
    for column, right in columns:
        width = right - min(line.left for line in column)
        left = _edge(column)
        usual = step(column)
        for index, line in enumerate(column):
            gap = column[index - 1].bottom - line.bottom if index else 0.0
            apart = index > 0 and usual > 0 and gap > GAP * usual
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
            following = column[index + 1].words if index + 1 < len(column) else ""
            slack = right - line.right
            needed = _width(column[index + 1], line) if following else 0.0
            # The word may be wider than the others, where a sentence goes on.
            needed *= _WIDE_WORD if following[:1].islower() and line.words.rstrip()[-1:] not in _STOPS else 1
            ragged = (
                slack > max(_SHORT * width, needed)
                if following
                else slack > (_SHORT if line.words.strip()[-1:] in _STOPS else _HALF) * width
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
