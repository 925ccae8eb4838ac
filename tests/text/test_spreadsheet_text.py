"""CSV for spreadsheet programs contains no formula, whatever their separator, and can be read back."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st

from latam_corpus.text.display.spreadsheet_text import csv_text, quoted, unquoted

if TYPE_CHECKING:
    from collections.abc import Sequence

_CELLS = st.text(st.sampled_from("=+-@ ,;\t\r\n'\"a|1"), max_size=12)


@given(st.lists(_CELLS, min_size=1, max_size=4))
@example(["copla", "hola,=cmd|'/C calc'!A0,x", 'dijo,"=1+1"'])
@example(["a,\t=1", "-dijo,-sí\n-no"])
def test_no_cell_begins_a_formula(cells: Sequence[str]) -> None:
    """A cell is never a formula, whether the separator is a semicolon, a comma or a tab."""
    text = csv_text([cells])
    for mark in ";,\t":
        for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=mark):
            assert not [cell for cell in row if cell.lstrip("\t\r\n").startswith(("=", "+", "-", "@"))]


@given(_CELLS)
@example("a,'=b")
def test_cells_are_read_back_unchanged(cell: str) -> None:
    """Cells are read back unchanged, including their own apostrophes."""
    assert unquoted(quoted(cell)) == cell
