"""The dialect of a CSV file: what parts its columns, and whether it quotes."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Final

_CANDIDATES: Final = (",", ";", "\t", "|")
_ROWS: Final = 50
_MOST: Final = 0.5


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
    r"""The dialect in which most of the sample's rows have as many columns as the first; commas where none fits.

    Args:
        sample: the first lines of a file.
        delimiter: the one that the source states.
        tab: whether the file's name says that tabs part the columns.

    >>> dialect_of("título;texto\nCoplas;Sol, luna y mar\nuna fila rota\nZambas;Pan\n").delimiter
    ';'
    >>> dialect_of('texto\tautor\n"Vení", dijo.\tAnónimo\n', tab=True)
    Dialect(delimiter='\t', quotes=False)
    """
    stated = delimiter or ("\t" if tab else None)
    if stated is None:
        fits = {one: _fit(sample, Dialect(one)) for one in _CANDIDATES}
        stated = max(_CANDIDATES, key=lambda one: fits[one])
        if fits[stated][0] <= _MOST:
            stated = ","
    # Tab-separated files are as often written without any quoting; then a quote at the start of a field is the text's.
    quoted, plain = Dialect(stated), Dialect(stated, quotes=False)
    return plain if stated == "\t" and _fit(sample, plain) > _fit(sample, quoted) else quoted


def _fit(sample: str, dialect: Dialect) -> tuple[float, int]:
    """The share of the sample's rows that have as many columns as the first, and how many; none where it is one."""
    reader = csv.reader(sample.splitlines(keepends=True), dialect.options())
    counts: list[int] = []
    while len(counts) < _ROWS:
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            if "unexpected end" in str(error):  # the sample may end within a quoted field
                break
            row = []
            counts.append(0)
        if row:
            counts.append(len(row))
    if not counts or counts[0] < 2:  # noqa: PLR2004  (one column has no delimiter)
        return 0.0, 0
    return counts.count(counts[0]) / len(counts), counts[0]
