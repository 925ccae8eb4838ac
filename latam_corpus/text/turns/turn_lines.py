"""Turns of an interview after its text has changed: each is one line of the text, and follows it."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def with_turns_moved(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Return the rows after a stage, with the turns of the texts that it changed where their lines stand now.

    Args:
        before: the same rows before the stage.
        after: what the stage made of them.
    """
    if not {"turns", "text"} <= set(after.columns) or "text" not in before.columns:
        return after
    changed = after["turns"].is_not_null() & before["text"].ne_missing(after["text"]) & before["text"].is_not_null()
    if not changed.any():
        return after
    turns = after["turns"].to_list()
    for row in changed.arg_true().to_list():
        turns[row] = moved(before["text"][row], after["text"][row] or "", turns[row])
    return after.with_columns(pl.Series("turns", turns, dtype=after.schema["turns"]))


def moved(before: str, after: str, turns: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]] | None:
    r"""Return the turns with the offsets of their lines in the changed text; None where lines can't be told apart.

    Lines may have changed, each in its place, or some may have been cut and the others left as they were.

    >>> moved("A: uno\nB: dos\nA: tres", "A: uno\nA: tres", [{"offset": 0}, {"offset": 7}, {"offset": 14}])
    [{'offset': 0}, {'offset': 7}]
    """
    lines = after.split("\n")
    remaining: list[Mapping[str, Any]] = []
    if len(lines) == len(turns):
        remaining = list(turns)
    else:
        stood = iter(zip(before.split("\n"), turns, strict=False))
        for line in lines:
            turn = next((turn for was, turn in stood if was == line), None)
            if turn is None:
                return None
            remaining.append(turn)
    offsets = accumulate((len(line) + 1 for line in lines[:-1]), initial=0)
    return [{**turn, "offset": offset} for turn, offset in zip(remaining, offsets, strict=True)]
