"""The dialect of a CSV file: what parts its columns, and whether it quotes."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Final

_CANDIDATES: Final = (",", ";", "\t", "|")
_ROWS: Final = 50


@dataclass(frozen=True)
class Dialect:
    """What parts the columns, and whether a field may stand in double quotes."""

    delimiter: str
    quotes: bool = True

    def options(self) -> type[csv.Dialect]:
        """The dialect as Python's reader takes it; strict, so that a broken row is told and not guessed."""
        made = type("_Options", (csv.Dialect,), {"delimiter": self.delimiter, "lineterminator": "\n", "strict": True})
        made.quotechar = '"' if self.quotes else None  # type: ignore[attr-defined]
        made.quoting = csv.QUOTE_MINIMAL if self.quotes else csv.QUOTE_NONE  # type: ignore[attr-defined]
        made.doublequote = True  # type: ignore[attr-defined]
        return made


def dialect_of(sample: str, delimiter: str | None = None, *, tab: bool = False) -> Dialect:
    r"""The dialect in which the sample's rows have equally many columns, the most of them; commas where none fits.

    Args:
        sample: the first lines of a file.
        delimiter: the one that the source states.
        tab: whether the file's name says that tabs part the columns.

    >>> dialect_of("título;texto\nCoplas;Sol, luna y mar\n").delimiter
    ';'
    >>> dialect_of('texto\tautor\n"Vení", dijo.\tAnónimo\n', tab=True)
    Dialect(delimiter='\t', quotes=False)
    """
    stated = delimiter or ("\t" if tab else None)
    if stated is None:
        columns = {one: _columns(sample, Dialect(one)) for one in _CANDIDATES}
        stated = max(_CANDIDATES, key=lambda one: columns[one])
        if columns[stated] < 2:  # noqa: PLR2004  (one column has no delimiter)
            stated = ","
    # Tab-separated files are as often written without any quoting; then a quote at the start of a field is the text's.
    quoted, plain = Dialect(stated), Dialect(stated, quotes=False)
    without = stated == "\t" and not _columns(sample, quoted) and _columns(sample, plain)
    return plain if without else quoted


def _columns(sample: str, dialect: Dialect) -> int:
    """How many columns all of the sample's first rows have; 0 where they differ or can't be read."""
    counts: set[int] = set()
    try:
        reader = csv.reader(sample.splitlines(keepends=True), dialect.options())
        for row, _ in zip(reader, range(_ROWS), strict=False):
            if row:
                counts.add(len(row))
    except csv.Error as error:
        # The sample may end within a quoted field.
        if "unexpected end" not in str(error):
            return 0
    return counts.pop() if len(counts) == 1 else 0
