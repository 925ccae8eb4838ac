"""Move the turns of an interview after a change of its text; each turn is one line and moves with it."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def with_turns_moved(old_rows: pl.DataFrame, new_rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows after a stage, with the turns of changed texts moved to the new positions of their lines.

    Args:
        old_rows: the rows before the stage.
        new_rows: the same rows after the stage.
    """
    if not {"turns", "text"} <= set(new_rows.columns) or "text" not in old_rows.columns:
        return new_rows
    changed = (
        new_rows["turns"].is_not_null() & old_rows["text"].ne_missing(new_rows["text"]) & old_rows["text"].is_not_null()
    )
    if not changed.any():
        return new_rows
    turns = new_rows["turns"].to_list()
    for row in changed.arg_true().to_list():
        turns[row] = moved(old_rows["text"][row], new_rows["text"][row] or "", turns[row])
    return new_rows.with_columns(pl.Series("turns", turns, dtype=new_rows.schema["turns"]))


def moved(old_text: str, new_text: str, turns: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]] | None:
    r"""Return the turns with the offsets of their lines in the changed text; None if lines can't be matched.

    Lines match if they changed in place, or if some were removed and the others are unchanged.

    >>> moved("A: uno\nB: dos\nA: tres", "A: uno\nA: tres", [{"offset": 0}, {"offset": 7}, {"offset": 14}])
    [{'offset': 0}, {'offset': 7}]
    """
    lines = new_text.split("\n")
    remaining: list[Mapping[str, Any]] = []
    if len(lines) == len(turns):
        remaining = list(turns)
    else:
        old_lines = iter(zip(old_text.split("\n"), turns, strict=False))
        for line in lines:
            turn = next((turn for old_line, turn in old_lines if old_line == line), None)
            if turn is None:
                return None
            remaining.append(turn)
    offsets = accumulate((len(line) + 1 for line in lines[:-1]), initial=0)
    return [{**turn, "offset": offset} for turn, offset in zip(remaining, offsets, strict=True)]
