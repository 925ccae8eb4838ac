"""The row of a table that has its columns' heads, below a title, and rows that are totals or notes and no records."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Rows from the top, without empty ones, among which the heads are looked for.
WITHIN: Final = 20
_LEAST: Final = 2  # cells of a row of heads that stands below a title
_LEAST_UNKNOWN: Final = 3  # if none of the heads is known
_MOST_OF_SUMMARY: Final = 2  # cells of a row of totals or of a note: its words, and a number
_LONGEST: Final = 300
_SUMMARY: Final = re.compile(
    r"(?:sub ?)?tota(?:l|les|is)(?: (?:general|geral|de|do|da|of)\b[\w ]{0,40})?\W*[\d.,]*\W*$"
    r"|(?:notas?|notes?|fuentes?|fontes?|sources?|observacion(?:es)?|observac(?:ao|oes))\s*:"
    r"|(?:elaborad[oa]|compilad[oa]|preparad[oa]|actualizad[oa]|atualizad[oa]) (?:por|en|em|el|al?|pela?|pelo)\b"
    r"|ultima (?:actualizacion|atualizacao)\b|(?:prepared|compiled|updated) (?:by|on)\b"
)


class AmbiguousHeaderError(ValueError):
    """Two rows of a table look like its heads.

    Attributes:
        rows: their places among the rows, from 0.
    """

    def __init__(self, rows: tuple[int, int]) -> None:
        self.rows = rows
        super().__init__(rows)


def header_place(rows: Sequence[Sequence[str]], is_head: Callable[[str], bool]) -> int:
    """Return the place of the row of heads: the first one, unless it is a title.

    Args:
        rows: the first rows, empty ones too.
        is_head: whether a cell is the head of a column that the table can't be without.

    Raises:
        AmbiguousHeaderError: another row above has as many cells, or two rows have such heads.

    >>> header_place([["Catálogo 2024", ""], ["", ""], ["archivo", "título"], ["a.txt", "Coplas"]], "archivo".__eq__)
    2
    """
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    first = next((place for place, cells in enumerate(filled) if cells), 0)
    known = [sum(is_head(cell.strip()) for cell in row) for row in rows]
    with_heads = [place for place, heads in enumerate(known) if heads]
    wide = [place for place in with_heads if filled[place] >= _LEAST]
    if not with_heads:
        return _below_title(filled, first)
    place = (wide or with_heads)[0]
    for other in wide[1:]:
        if known[other] > known[place] and list(rows[other]) != list(rows[place]):
            raise AmbiguousHeaderError((place, other))
    for other in range(first, place):
        if filled[other] >= max(filled[place], _LEAST):
            raise AmbiguousHeaderError((other, place))
    return place


def _below_title(filled: Sequence[int], first: int) -> int:
    """Return the place of heads that nobody knows: below a title, the first row that is as wide as most rows."""
    if not filled or filled[first] != 1:
        return first
    width, _count = Counter(cells for cells in filled if cells).most_common(1)[0]
    return filled.index(width) if width >= _LEAST_UNKNOWN else first


def is_summary(cells: Sequence[str]) -> bool:
    """Whether a row of a table is a total or a note below it, which is no record.

    >>> [is_summary([cell, "", ""]) for cell in ("Total: 25", "Elaborado por Rosa", "a.txt", "Totalmente tuya")]
    [True, True, False, False]
    """
    filled = [cell for cell in cells if cell.strip()]
    if not filled or len(filled) > _MOST_OF_SUMMARY or len(filled) == len(cells):
        return False
    return len(filled[0]) <= _LONGEST and _SUMMARY.match(folded(filled[0])) is not None
