"""Lines of pages as a text: reading order of columns, running heads and notes cut, words and paragraphs joined.

Positions are in points, y from the bottom of the page. The same serves native PDF and what OCR engines write. What may
be the text's own stays: `page_furniture.py` says what is cut.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from latam_corpus.extract.page_furniture import GAP, Line, abreast, step, without_heads, without_notes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# A line that leaves so much of its column's width is the last of its paragraph, or a verse.
_SHORT: Final = 0.12
_INDENT: Final = 0.8
_LINES_ABREAST: Final = 3
# Between two words of a line more than so many times the height of its letters is the gap between two columns.
COLUMN_GAP: Final = 1.6
# The pronouns that Portuguese writes after a hyphen, which stays when a line ends at it.
_CLITIC: Final = re.compile(r"(?:lhes?|se|me|te|nos|vos|l[oa]s?|n[oa]s?|[oa]s?)\b")
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


def flow(pages: Sequence[Sequence[Line]]) -> Flowed:
    r"""Return the text of the pages, a line a paragraph or verse, and what of them was cut.

    Args:
        pages: each with its lines, in any order.

    >>> page = [Line("La barca sa-", 0, 100, 80, 90, 10), Line("lió del puerto.", 0, 80, 68, 78, 10)]
    >>> flow([page]).text
    'La barca salió del puerto.'
    """
    body = _body_size(pages)
    ordered = [reading_order(_rows(_without_marks(page, body))) for page in pages]
    headless = without_heads(ordered, body)
    kept = without_notes(headless, body)
    columns = [column for page in kept for column in _columns(page)]
    seen = Counter(word for page in pages for line in page for word in re.findall(r"[\w-]+", line.words.lower()))
    counts = [sum(map(len, each)) for each in (ordered, headless, kept)]
    return Flowed(_paragraphs(columns, seen), counts[0] - counts[1], counts[1] - counts[2])


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


def _paragraphs(columns: Sequence[Sequence[Line]], seen: Counter[str]) -> str:
    written: list[str] = []
    last: Line | None = None
    ragged = True
    for column in columns:
        width = max(line.right for line in column) - min(line.left for line in column)
        right, left = max(line.right for line in column), _edge(column)
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
