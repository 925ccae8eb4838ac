"""Text from the lines of pages: order columns, remove running heads and notes, join words and paragraphs.

Positions are in points, with y measured from the bottom of the page. Native PDF and OCR output share this module.
`page_furniture.py` decides which lines are removed.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from latam_corpus.extract.block_text import CELL
from latam_corpus.extract.interviews.interview import label_of
from latam_corpus.extract.scans.contents import LEADER, with_whole_entries
from latam_corpus.extract.scans.page_furniture import GAP, Line, step, without_heads, without_notes
from latam_corpus.extract.scans.page_rows import joined_rows, with_label_cells, without_line_numbers

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

# A line that leaves this share of its column's width free ends a paragraph, or is a verse.
_SHORT: Final = 0.12
# The same for the last line of a page if it ends without a stop; its next word is unknown.
_HALF: Final = 0.5
_INDENT: Final = 0.8
_LINES_ABREAST: Final = 3
# Lines that share this much of their height are side by side.
_SIDE_BY_SIDE: Final = 0.25
_INSIDE: Final = 0.1  # points
# Portuguese pronouns after a hyphen; the hyphen is kept if a line ends at it.
_CLITIC: Final = re.compile(r"(?:lhes?|se|me|te|nos|vos|l[oa]s?|n[oa]s?|[oa]s?)\b")
# If the next line continues the sentence, its first word may be this many times wider than predicted from the average
# letter.
_WIDE_WORD: Final = 1.4
# The quantile of line lengths that counts as a full line on single-column pages, if there are at least `_MIN_LINES`.
_FULL: Final = 0.8
_MIN_LINES: Final = 8
# Lines of verse have at most `_VERSE` characters and leave the share `_FREE` of the page's measure free. In narrow
# columns, at least 93 % of the lines of prose are full; in verse of eight syllables, 64 %.
_VERSE: Final = 60
_FREE: Final = 0.15
_NEARLY_ALL: Final = 0.95
_WRAPPED: Final = 0.8
# If the share `_MOSTLY` of the line steps are equal within `_EXACT`, a gap smaller than GAP may separate stanzas.
_EXACT: Final = 0.03
_MOSTLY: Final = 0.6
_SMALL_GAP: Final = 1.2
# The share of short lines in a block of verse; or in all blocks of a column together, and then in each of them.
_MIN_PAIRS: Final = 3
_MOSTLY_SHORT: Final = 0.5
_SOME_SHORT: Final = 0.4
_FEW_SHORT: Final = 0.2
# In prose, an indent, a speech, a list item or a turn follows a short line. In verse, this share of the short lines has
# no such successor.
_NOT_INDENTED: Final = 0.3
# The end of a verse that was turned over takes at most this share of the column.
_TURNED_OVER: Final = 0.35
_ITEM: Final = re.compile(r"\s*(?:[-–—•·*▪◦]|\(?\w{1,3}[.)]\s)")
_MIN_TURNS: Final = 4
_MAX_SPEAKERS: Final = 12
_DEEPER: Final = 0.4
_OTHER_SIZE: Final = 0.15
_STOPS: Final = frozenset('.!?…:»”"')


class Flowed(NamedTuple):
    """The text of a document's pages, and the numbers of removed lines.

    Attributes:
        text: a paragraph or verse per line.
        heads: running heads and page numbers.
        notes: lines of footnotes.
        numbers: line numbers.
    """

    text: str
    heads: int = 0
    notes: int = 0
    numbers: int = 0

    def removal_notes(self) -> tuple[str, ...]:
        """Return a note on each kind of line that was removed, for the ledger."""
        counts = ((self.heads, "running heads and page numbers"), (self.notes, "notes"), (self.numbers, "line numbers"))
        return tuple(f"lines of {kind} cut: {count}" for count, kind in counts if count)


def flow(pages: Sequence[Sequence[Line]], widths: Sequence[float] = ()) -> Flowed:
    r"""Return the text of the pages, a paragraph or verse per line, and the counts of removed lines.

    Args:
        pages: the lines of each page, in any order.
        widths: the widths of the pages, if known; they help to distinguish verse from full lines.

    >>> page = [Line("La barca sa-", 0, 100, 80, 90, 10), Line("lió del puerto.", 0, 80, 68, 78, 10)]
    >>> flow([page]).text
    'La barca salió del puerto.'
    """
    body = _body_size(pages)
    unnumbered, numbers = without_line_numbers([_without_marks(page, body) for page in pages])
    ordered = [reading_order(with_whole_entries(joined_rows(page))) for page in with_label_cells(unnumbered)]
    headless = without_heads(ordered, body)
    body_pages = without_notes(headless, body)
    columns = [[*_columns(page)] for page in body_pages]
    word_counts = Counter(word for page in pages for line in page for word in re.findall(r"[\w-]+", line.words.lower()))
    counts = [sum(map(len, page_set)) for page_set in (ordered, headless, body_pages)]
    columns_with_edges = _with_edges(columns, widths)
    return Flowed(_paragraphs(columns_with_edges, word_counts), counts[0] - counts[1], counts[1] - counts[2], numbers)


def _body_size(pages: Sequence[Sequence[Line]]) -> float:
    """Return the most frequent type size, counted by letters."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page:
            sizes[round(line.size, 1)] += len(line.words)
    return max(sizes, key=lambda size: (sizes[size], size), default=0.0)


def _without_marks(page: Sequence[Line], body: float) -> list[Line]:
    """Return the lines without raised note numbers that form separate lines."""
    return [line for line in page if not (line.size < 0.8 * body and re.fullmatch(r"[\d*†‡]{1,3}", line.words.strip()))]


def reading_order(page: Sequence[Line]) -> list[Line]:
    """Return the lines of a page from top to bottom; of two columns, the left one comes first."""
    lines = sorted(page, key=lambda line: (-line.top, line.left))
    gutter = _gutter(lines)
    if gutter is None:
        return lines
    ordered: list[Line] = []
    left: list[Line] = []
    right: list[Line] = []
    for line in lines:
        if line.left < gutter < line.right:  # a title across both columns
            ordered += [*reading_order(left), *reading_order(right), line]
            left, right = [], []
        else:
            (left if line.right <= gutter else right).append(line)
    if len(lines) in (len(left), len(right)):  # slanted lines, which end to the left of where they begin
        return lines
    return [*ordered, *reading_order(left), *reading_order(right)]


def _gutter(lines: Sequence[Line]) -> float | None:
    """Return the x of the gutter between two columns; None if there is one column.

    Most gaps between lines that are side by side contain the gutter.
    """
    gaps: list[tuple[float, float]] = []
    for index, line in enumerate(lines):
        for neighbour in lines[index + 1 :]:
            if neighbour.top <= line.bottom:
                break
            first, second = (line, neighbour) if line.left <= neighbour.left else (neighbour, line)
            # Lines of two columns may have different baselines.
            overlap = min(line.top, neighbour.top) - max(line.bottom, neighbour.bottom)
            if overlap > _SIDE_BY_SIDE * (line.top - line.bottom) and first.right < second.left:
                gaps.append((first.right, second.left))
    if len(gaps) < _LINES_ABREAST:
        return None
    middle = sorted((start + end) / 2 for start, end in gaps)[len(gaps) // 2]
    edges = {x for start, end in gaps for x in ((start + end) / 2, start + _INSIDE, end - _INSIDE)}
    counts = {x: sum(start < x < end for start, end in gaps) for x in edges}
    highest_count = max(counts.values())
    crossings = {
        x: sum(line.left < x < line.right for line in lines) for x, count in counts.items() if count == highest_count
    }
    gutter = min(crossings, key=lambda x: (crossings[x], abs(x - middle)))
    inside = [(start, end) for start, end in gaps if start < gutter < end]
    crossing = crossings[gutter]
    if len(inside) < _LINES_ABREAST or crossing > len(inside):
        return None
    return (max(start for start, _ in inside) + min(end for _, end in inside)) / 2


def _columns(page: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield the lines of a page by column: a line above the previous one begins the next column."""
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
    """Return each column with the right edge that full lines of prose reach.

    A page of verse among prose gets the edge of the prose. If all lines are verse, they get the right edge of the page.
    """
    single = [columns[0] for columns in pages if len(columns) == 1]
    lengths = sorted(line.right - _edge(column) for column in single for line in column)
    usual_length = lengths[int(_FULL * (len(lengths) - 1))] if len(lengths) >= _MIN_LINES else 0.0
    if widths and usual_length and _is_narrow(single, lengths[int(_NEARLY_ALL * (len(lengths) - 1))]):
        lefts = [min(line.left for line in column) for column in single]
        full = (
            min(width for width, columns in zip(widths, pages, strict=True) if len(columns) == 1)
            - min(lefts)
            - max(lefts)
        )
        usual_length = full if full * (1 - _FREE) > usual_length else usual_length
    return [
        (column, max(*(line.right for line in column), _edge(column) + usual_length if len(columns) == 1 else 0.0))
        for columns in pages
        for column in columns
    ]


def _is_narrow(columns: Sequence[Sequence[Line]], edge: float) -> bool:
    """Return whether lines are short and often had room for the next word, as in verse."""
    pairs = [
        line.right - _edge(column) + _width(following, line) > edge
        for column in columns
        for line, following in pairwise(column)
        if line.bottom - following.bottom <= GAP * step(column) and following.left - line.left <= _INDENT * line.size
    ]
    characters = sorted(len(line.words) for column in columns for line in column)
    return sum(pairs) < _WRAPPED * len(pairs) and characters[int(_FULL * (len(characters) - 1))] <= _VERSE


def _width(following: Line, line: Line) -> float:
    """Return the width that the next line's first word and a space would have needed in this line."""
    return (len(following.words.split(maxsplit=1)[0]) + 1) * (line.right - line.left) / max(len(line.words), 1)


def _paragraphs(columns: Sequence[tuple[Sequence[Line], float]], word_counts: Counter[str]) -> str:
    """Return the text of columns, each given with its right edge; blocks are separated by a blank line."""
    pieces: list[str] = []
    turns = _turn_starts(column for column, _ in columns)
    previous: Line | None = None
    ended, goes_on = True, False
    for column, right in columns:
        left = _edge(column)
        blocks = _blocks(column, _ends(column, right))
        are_verse = _verse_blocks(blocks, left, turns)
        for block, is_verse in zip(blocks, are_verse, strict=True):
            has_edge = any(line.left - left <= _INDENT * line.size for line, _ in block)
            for index, (line, is_short) in enumerate(block):
                other_size = previous is not None and abs(line.size - previous.size) > _OTHER_SIZE * line.size
                indented = (
                    not goes_on
                    and line.left - left > _INDENT * line.size
                    and (
                        previous is None
                        or line.left - previous.left > _DEEPER * line.size
                        or (has_edge and _may_end(previous) and not _goes_on(line))
                    )
                )
                if previous is None:
                    pieces.append(line.words.strip())
                elif (index == 0 and block is not blocks[0]) or other_size:
                    pieces += ["\n\n", line.words.strip()]
                elif indented or ended or line in turns:
                    pieces += ["\n", line.words.strip()]
                else:
                    pieces[-1:] = _joined(pieces[-1], line.words.strip(), word_counts)
                goes_on = (
                    is_verse
                    and not is_short
                    and index + 1 < len(block)
                    and _is_turned_over(line, block[index + 1][0], right - left)
                )
                previous, ended = line, is_short or (is_verse and not goes_on)
    return "".join(pieces).replace(LEADER, " ")


def _turn_starts(columns: Iterable[Sequence[Line]]) -> frozenset[Line]:
    """Return the lines that begin a turn: those with a label in a cell, or with a repeated label and a colon."""
    lines = [line for column in columns for line in column]
    in_cells = {line for line in lines if CELL in line.words}
    labels = {line: label.name for line in lines if (label := label_of(line.words))}
    counts = Counter(labels.values())
    repeated = {name for name, count in counts.items() if count > 1}
    if not (1 < len(repeated) <= _MAX_SPEAKERS and sum(counts[name] for name in repeated) >= _MIN_TURNS):
        return frozenset(in_cells)
    return frozenset(in_cells | {line for line, name in labels.items() if name in repeated})


def _ends(column: Sequence[Line], right: float) -> list[bool]:
    """Return for each line whether it is short, or an entry of contents.

    A short line had room for the first word of the next one.
    """
    width = right - min(line.left for line in column)
    ends = []
    for line, following in zip(column, [*column[1:], None], strict=True):
        slack = right - line.right
        if LEADER in line.words:
            ends.append(True)
            continue
        if following is None:
            ends.append(slack > (_SHORT if _may_end(line) else _HALF) * width)
            continue
        # The first word of a continued sentence may be wider than the average.
        wide = _WIDE_WORD if following.words[:1].islower() and not _may_end(line) else 1
        ends.append(slack > max(_SHORT * width, _width(following, line) * wide))
    return ends


def _may_end(line: Line) -> bool:
    """Return whether a line ends with a stop."""
    return line.words.rstrip()[-1:] in _STOPS


def _goes_on(line: Line) -> bool:
    return line.words.lstrip()[:1].islower()


# Lines, each with a flag for whether it is short.
_Block: TypeAlias = "list[tuple[Line, bool]]"


def _blocks(column: Sequence[Line], ends: Sequence[bool]) -> list[_Block]:
    """Return the lines of a column in blocks, divided at gaps wider than the usual line spacing."""
    usual_step = step(column)
    steps = [upper.bottom - line.bottom for upper, line in pairwise(column)]
    is_exact = sum(abs(gap - usual_step) <= _EXACT * usual_step for gap in steps) >= _MOSTLY * len(steps)
    blocks: list[_Block] = [[(column[0], ends[0])]]
    for gap, line, is_short, was_short in zip(steps, column[1:], ends[1:], ends, strict=False):
        previous = blocks[-1][-1][0]
        is_small_gap = is_exact and gap > _SMALL_GAP * usual_step and (was_short or _may_end(previous))
        if usual_step > 0 and (gap > GAP * usual_step or is_small_gap):
            blocks.append([])
        blocks[-1].append((line, is_short))
    return blocks


def _verse_blocks(blocks: Sequence[_Block], left: float, turns: Container[Line]) -> list[bool]:
    """Return whether each block of a column is verse: most lines are short, and the lines after them not indented.

    A column with several turns of an interview has no verse.
    """
    if sum(line in turns for block in blocks for line, _ in block) > 1:
        return [False] * len(blocks)
    inner = [[*pairwise(block)] for block in blocks]
    all_pairs = [pair for pairs in inner for pair in pairs]
    column_is_verse = len(all_pairs) >= _MIN_LINES and _is_verse(all_pairs, left, turns, _SOME_SHORT)
    return [
        (len(pairs) >= _MIN_PAIRS and _is_verse(pairs, left, turns, _MOSTLY_SHORT))
        or (column_is_verse and _is_verse(pairs, left, turns, _FEW_SHORT))
        for pairs in inner
    ]


def _is_verse(
    pairs: Sequence[tuple[tuple[Line, bool], tuple[Line, bool]]], left: float, turns: Container[Line], share: float
) -> bool:
    after_short = [following for (_, is_short), (following, _) in pairs if is_short]
    verses = sum(
        line.left - left <= _INDENT * line.size
        and line not in turns
        and LEADER not in line.words
        and not _ITEM.match(line.words)
        for line in after_short
    )
    return len(after_short) >= share * len(pairs) and verses >= _NOT_INDENTED * len(after_short)


def _is_turned_over(verse: Line, following: Line, width: float) -> bool:
    """Return whether the next line is the end of a verse that was too long for its column."""
    is_end = following.right - following.left <= _TURNED_OVER * width
    return is_end and _goes_on(following) and following.left >= verse.left - _DEEPER * verse.size


def _edge(column: Sequence[Line]) -> float:
    """Return the x at which most lines of a column begin."""
    return Counter(round(line.left) for line in column).most_common(1)[0][0]


def _joined(text: str, line: str, word_counts: Counter[str]) -> list[str]:
    """Return two lines of a paragraph as one; a word hyphenated at the line's end is joined."""
    if text.endswith("\xad"):
        return [text[:-1] + line]
    hyphenated = re.search(r"([\w'’]+)-$", text)
    if not (hyphenated and line[:1].islower()):
        # A dash that opens a speech or remark is joined to the next word; a dash that closes a remark, to its stop.
        is_attached = re.search(r"(?:^|\s)—$", text) or re.match(r"—(?:[.,;:?!)]|\s|$)", line)
        return [text + line if is_attached else f"{text} {line}"]
    continuation = re.match(r"[\w'’]+", line)
    tail = continuation[0] if continuation else ""
    unhyphenated, with_hyphen = (hyphenated[1] + tail).lower(), f"{hyphenated[1]}-{tail}".lower()
    is_pronoun = bool(_CLITIC.fullmatch(tail)) and any(word.endswith(f"-{tail}") for word in word_counts)
    if word_counts[unhyphenated] < word_counts[with_hyphen] or (is_pronoun and not word_counts[unhyphenated]):
        return [text + line]
    return [text[:-1] + line]
