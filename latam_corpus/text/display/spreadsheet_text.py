"""Write CSV for other people's spreadsheet programs, and read cells that they return."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FORMULA: Final = re.compile(r"[=+\-@\t\r]")  # first characters of a cell that a spreadsheet program computes
# A program with another separator may see the beginning of a cell after any of these.
_STARTS: Final = r"(?<![^,;\t\r\n])"
_PLAIN: Final = re.compile(rf"{_STARTS}(?=['\"]*{FORMULA.pattern})")
_QUOTED: Final = re.compile(rf"{_STARTS}'(?=['\"]*{FORMULA.pattern})")


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as CSV whose cells open as text with any separator: an apostrophe is put before each formula."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerows([quoted(cell) for cell in row] for row in rows)
    return "\ufeff" + buffer.getvalue()


def quoted(cell: str) -> str:
    """Return a cell with an apostrophe before each formula, at its beginning or after a separator in it.

    >>> quoted("=2+2"), quoted("hola,=2+2"), quoted("la luna; 2+2")
    ("'=2+2", "hola,'=2+2", 'la luna; 2+2')
    """
    return _PLAIN.sub("'", cell)


def unquoted(cell: str) -> str:
    """Return the original text of a cell of `csv_text`.

    >>> unquoted("'=2+2"), unquoted("hola,'=2+2"), unquoted("'tis")
    ('=2+2', 'hola,=2+2', "'tis")
    """
    return _QUOTED.sub("", cell)
