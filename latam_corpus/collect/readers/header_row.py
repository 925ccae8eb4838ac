"""Find the header row of a table below a title, and the rows that are totals or notes instead of records."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# The header is one of this many first rows; empty rows aren't counted.
WITHIN: Final = 20
_LEAST: Final = 2  # minimum number of cells of a header below a title
_LEAST_UNKNOWN: Final = 3  # minimum number of cells of a header without any known head
_MOST_OF_SUMMARY: Final = 2  # maximum number of cells of a row of totals or of a note: words and a number
_LONGEST: Final = 300
_SUMMARY: Final = re.compile(
    r"(?:sub ?)?tota(?:l|les|is)(?: (?:general|geral|de|do|da|of)\b[\w ]{0,40})?\W*[\d.,]*\W*$"
    r"|(?:notas?|notes?|fuentes?|fontes?|sources?|observacion(?:es)?|observac(?:ao|oes))\s*:"
    r"|(?:elaborad[oa]|compilad[oa]|preparad[oa]|actualizad[oa]|atualizad[oa]) (?:por|en|em|el|al?|pela?|pelo)\b"
    r"|ultima (?:actualizacion|atualizacao)\b|(?:prepared|compiled|updated) (?:by|on)\b"
)


class AmbiguousHeaderError(ValueError):
    """Two rows of a table look like its header.

    Attributes:
        rows: their indices among the rows, from 0.
    """

    def __init__(self, rows: tuple[int, int]) -> None:
        self.rows = rows
        super().__init__(rows)


def header_place(rows: Sequence[Sequence[str]], is_head: Callable[[str], bool]) -> int:
    """Return the index of the header row: the first row, unless it is a title.

    `rows` include empty ones. `is_head` tells whether a cell is the head of a required column.

    Raises:
        AmbiguousHeaderError: a row above the header has as many cells, or two rows have such heads.

    >>> header_place([["Catálogo 2024", ""], ["", ""], ["archivo", "título"], ["a.txt", "Coplas"]], "archivo".__eq__)
    2
    """
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    first = next((place for place, cells in enumerate(filled) if cells), 0)
    head_counts = [sum(is_head(cell.strip()) for cell in row) for row in rows]
    with_heads = [place for place, heads in enumerate(head_counts) if heads]
    wide = [place for place in with_heads if filled[place] >= _LEAST]
    if not with_heads:
        return _below_title(filled, first)
    place = (wide or with_heads)[0]
    for candidate in wide[1:]:
        if head_counts[candidate] > head_counts[place] and list(rows[candidate]) != list(rows[place]):
            raise AmbiguousHeaderError((place, candidate))
    for candidate in range(first, place):
        if filled[candidate] >= max(filled[place], _LEAST):
            raise AmbiguousHeaderError((candidate, place))
    return place


def _below_title(filled: Sequence[int], first: int) -> int:
    """Return the index of a header without known heads: below a title, the first row of the most common width."""
    if not filled or filled[first] != 1:
        return first
    width, _count = Counter(cells for cells in filled if cells).most_common(1)[0]
    return filled.index(width) if width >= _LEAST_UNKNOWN else first


def is_summary(cells: Sequence[str]) -> bool:
    """Whether a row of a table is a total or a note instead of a record.

    >>> [is_summary([cell, "", ""]) for cell in ("Total: 25", "Elaborado por Rosa", "a.txt", "Totalmente tuya")]
    [True, True, False, False]
    """
    filled = [cell for cell in cells if cell.strip()]
    if not filled or len(filled) > _MOST_OF_SUMMARY or len(filled) == len(cells):
        return False
    return len(filled[0]) <= _LONGEST and _SUMMARY.match(folded(filled[0])) is not None
