"""Lines of pages as a text: reading order of columns, running heads and notes cut, words and paragraphs joined.

Positions are in points, y from the bottom of the page. The same serves native PDF and what OCR engines write. What may
be the text's own stays: `page_furniture.py` says what is cut.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from latam_corpus.extract.block_text import CELL
from latam_corpus.extract.interviews.interview import label_of
from latam_corpus.extract.scans.page_furniture import GAP, Line, step, without_heads, without_notes
from latam_corpus.extract.scans.page_rows import joined_rows, with_label_cells, without_line_numbers

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

# A line that leaves so much of its column's width is the last of its paragraph, or a verse.
_SHORT: Final = 0.12
# On a page's last line, whose next word is unknown, without a stop.
_HALF: Final = 0.5
_INDENT: Final = 0.8
_LINES_ABREAST: Final = 3
# Lines that have so much of their height in common are side by side.
_BESIDE: Final = 0.25
_INSIDE: Final = 0.1  # points
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
# Where so many of the steps between lines are exact, a stanza may be parted by a smaller gap than GAP.
_EXACT: Final = 0.03
_MOSTLY: Final = 0.6
_SMALL_GAP: Final = 1.2
# Of the lines in a block of verse so many end short, or of those in all blocks of a column, and fewer in one of these.
_LEAST_PAIRS: Final = 3
_MOST_SHORT: Final = 0.5
_SOME_SHORT: Final = 0.4
_FEW_SHORT: Final = 0.2
# After short lines of prose the next is indented, a speech, an item or a turn; after those of verse this share is none.
_NOT_INDENTED: Final = 0.3
# The end of a verse that was turned over takes so much of the column at most.
_TURNED_OVER: Final = 0.35
_ITEM: Final = re.compile(r"\s*(?:[-–—•·*▪◦]|\(?\w{1,3}[.)]\s)")
_LEAST_TURNS: Final = 4
_MOST_SPEAKERS: Final = 12
_DEEPER: Final = 0.4
_OTHER_SIZE: Final = 0.15
_STOPS: Final = frozenset('.!?…:»”"')


class Flowed(NamedTuple):
    """A text, and how many lines of its pages were cut: running heads with page numbers, notes, and line numbers."""

    text: str
    heads: int = 0
    notes: int = 0
    numbers: int = 0

    def told(self) -> tuple[str, ...]:
        """Say what was cut, for the ledger."""
        counts = ((self.heads, "running heads and page numbers"), (self.notes, "notes"), (self.numbers, "line numbers"))
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
    unnumbered, numbers = without_line_numbers([_without_marks(page, body) for page in pages])
    ordered = [reading_order(joined_rows(page)) for page in with_label_cells(unnumbered)]
    headless = without_heads(ordered, body)
    kept = without_notes(headless, body)
    columns = [[*_columns(page)] for page in kept]
    seen = Counter(word for page in pages for line in page for word in re.findall(r"[\w-]+", line.words.lower()))
    counts = [sum(map(len, each)) for each in (ordered, headless, kept)]
    edged = _with_edges(columns, widths)
    return Flowed(_paragraphs(edged, seen), counts[0] - counts[1], counts[1] - counts[2], numbers)


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
            # Lines of two columns needn't stand on one base line.
            common = min(line.top, other.top) - max(line.bottom, other.bottom)
            if common > _BESIDE * (line.top - line.bottom) and first.right < second.left:
                gaps.append((first.right, second.left))
    if len(gaps) < _LINES_ABREAST:
        return None
    middle = sorted((start + end) / 2 for start, end in gaps)[len(gaps) // 2]
    edges = {x for start, end in gaps for x in ((start + end) / 2, start + _INSIDE, end - _INSIDE)}
    counts = {x: sum(start < x < end for start, end in gaps) for x in edges}
    most = max(counts.values())
    crossings = {x: sum(line.left < x < line.right for line in lines) for x, count in counts.items() if count == most}
    stabbed = min(crossings, key=lambda x: (crossings[x], abs(x - middle)))
    inside = [(start, end) for start, end in gaps if start < stabbed < end]
    crossing = crossings[stabbed]
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
    turns = _turn_starts(column for column, _ in columns)
    last: Line | None = None
    ended, goes_on = True, False
    for column, right in columns:
        left = _edge(column)
        blocks = _blocks(column, _ends(column, right))
        are_verse = _verse_blocks(blocks, left, turns)
        for block, is_verse in zip(blocks, are_verse, strict=True):
            has_edge = any(line.left - left <= _INDENT * line.size for line, _ in block)
            for index, (line, is_short) in enumerate(block):
                other_size = last is not None and abs(line.size - last.size) > _OTHER_SIZE * line.size
                indented = (
                    not goes_on
                    and line.left - left > _INDENT * line.size
                    and (
                        last is None
                        or line.left - last.left > _DEEPER * line.size
                        or (has_edge and _may_end(last) and not _goes_on(line))
                    )
                )
                if last is None:
                    written.append(line.words.strip())
                elif (index == 0 and block is not blocks[0]) or other_size:
                    written += ["\n\n", line.words.strip()]
                elif indented or ended or line in turns:
                    written += ["\n", line.words.strip()]
                else:
                    written[-1:] = _joined(written[-1], line.words.strip(), seen)
                goes_on = (
                    is_verse
                    and not is_short
                    and index + 1 < len(block)
                    and _is_turned_over(line, block[index + 1][0], right - left)
                )
                last, ended = line, is_short or (is_verse and not goes_on)
    return "".join(written)


def _turn_starts(columns: Iterable[Sequence[Line]]) -> frozenset[Line]:
    """Return the lines that begin with a label: in a cell, or with a colon, if labels come again as in an interview."""
    lines = [line for column in columns for line in column]
    in_cells = {line for line in lines if CELL in line.words}
    labels = {line: label[0] for line in lines if (label := label_of(line.words))}
    counts = Counter(labels.values())
    often = {name for name, count in counts.items() if count > 1}
    if not (1 < len(often) <= _MOST_SPEAKERS and sum(counts[name] for name in often) >= _LEAST_TURNS):
        return frozenset(in_cells)
    return frozenset(in_cells | {line for line, name in labels.items() if name in often})


def _ends(column: Sequence[Line], right: float) -> list[bool]:
    """Return of each line whether it ends short of the edge by more than the next word would have needed."""
    width = right - min(line.left for line in column)
    ends = []
    for line, following in zip(column, [*column[1:], None], strict=True):
        slack = right - line.right
        if following is None:
            ends.append(slack > (_SHORT if _may_end(line) else _HALF) * width)
            continue
        # The word may be wider than the others, where a sentence goes on.
        wide = _WIDE_WORD if following.words[:1].islower() and not _may_end(line) else 1
        ends.append(slack > max(_SHORT * width, _width(following, line) * wide))
    return ends


def _may_end(line: Line) -> bool:
    """Whether a line ends as sentences do."""
    return line.words.rstrip()[-1:] in _STOPS


def _goes_on(line: Line) -> bool:
    return line.words.lstrip()[:1].islower()


# Lines, each with whether it ends before the edge.
_Block: TypeAlias = "list[tuple[Line, bool]]"


def _blocks(column: Sequence[Line], ends: Sequence[bool]) -> list[_Block]:
    """Return the lines of a column, parted where a gap is wider than that between lines."""
    usual = step(column)
    steps = [above.bottom - line.bottom for above, line in pairwise(column)]
    is_exact = sum(abs(gap - usual) <= _EXACT * usual for gap in steps) >= _MOSTLY * len(steps)
    blocks: list[_Block] = [[(column[0], ends[0])]]
    for gap, line, short, before in zip(steps, column[1:], ends[1:], ends, strict=False):
        last = blocks[-1][-1][0]
        small = is_exact and gap > _SMALL_GAP * usual and (before or _may_end(last))
        if usual > 0 and (gap > GAP * usual or small):
            blocks.append([])
        blocks[-1].append((line, short))
    return blocks


def _verse_blocks(blocks: Sequence[_Block], left: float, turns: Container[Line]) -> list[bool]:
    """Return of each block of a column whether its lines are verses: most end short, and the next isn't indented.

    A column with several turns of an interview has none.
    """
    if sum(line in turns for block in blocks for line, _ in block) > 1:
        return [False] * len(blocks)
    inner = [[*pairwise(block)] for block in blocks]
    every = [pair for pairs in inner for pair in pairs]
    are_many = len(every) >= _LEAST_LINES and _is_verse(every, left, turns, _SOME_SHORT)
    return [
        (len(pairs) >= _LEAST_PAIRS and _is_verse(pairs, left, turns, _MOST_SHORT))
        or (are_many and _is_verse(pairs, left, turns, _FEW_SHORT))
        for pairs in inner
    ]


def _is_verse(
    pairs: Sequence[tuple[tuple[Line, bool], tuple[Line, bool]]], left: float, turns: Container[Line], share: float
) -> bool:
    after_short = [following for (_, is_short), (following, _) in pairs if is_short]
    verses = sum(
        line.left - left <= _INDENT * line.size and line not in turns and not _ITEM.match(line.words)
        for line in after_short
    )
    return len(after_short) >= share * len(pairs) and verses >= _NOT_INDENTED * len(after_short)


def _is_turned_over(verse: Line, following: Line, width: float) -> bool:
    """Whether a line is the end of a verse that was too long for its column, given that the verse is full."""
    is_end = following.right - following.left <= _TURNED_OVER * width
    return is_end and _goes_on(following) and following.left >= verse.left - _DEEPER * verse.size


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
