"""CSV that goes to other people's spreadsheet programs, and comes back from them."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FORMULA: Final = re.compile(r"[=+\-@\t\r]")  # how a cell begins that such a program computes
_QUOTED: Final = re.compile(f"'+{FORMULA.pattern}")


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as CSV that they open as text: an apostrophe stands before what looks like a formula."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";", lineterminator="\r\n").writerows([_quoted(cell) for cell in row] for row in rows)
    return "\ufeff" + buffer.getvalue()


def _quoted(cell: str) -> str:
    return f"'{cell}" if FORMULA.match(cell) or _QUOTED.match(cell) else cell


def unquoted(cell: str) -> str:
    """Return what a cell of `csv_text` says.

    >>> unquoted("'=2+2"), unquoted("'tis")
    ('=2+2', "'tis")
    """
    return cell[1:] if _QUOTED.match(cell) else cell
