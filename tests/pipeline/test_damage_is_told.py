"""Damage of any stored file is never silent in a release, and running the recipe again repairs it.

The whole measurement is `python -m tests.benchmarks damage`; in `make gate` each kind of file is damaged once, in
`make test` the rows of steps and of a run, their counts and the ledger.
"""

from __future__ import annotations

import importlib
import os
import random
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# By name: the package is `tests.benchmarks` to Python and `benchmarks` to the type checker.
damage: Any = importlib.import_module("tests.benchmarks.damage")
_SEED = 20261127
_EVERY = "LATAM_CORPUS_GATE" in os.environ
_ROWS = ("work: rows", "work: counts", "runs: kept", "runs: ledger")


@pytest.mark.slow
def test_no_damage_is_silent_and_all_is_mended(tmp_path: Path, figures: dict[str, float]) -> None:
    """After a flipped bit, a cut or a deletion, the release is unchanged, or there is an error."""
    shelf = damage.Shelf.made(tmp_path)
    chance = random.Random(_SEED)
    roles = set(damage.roles(tmp_path / "out"))
    tried = {role for role in roles if _EVERY or role.startswith(_ROWS)}
    actual = [
        damage.trial(shelf, f"trial-{number}", role, kind, chance)
        for number, (role, kind) in enumerate(damage.drawn(shelf, len(roles), 1, _SEED))
        if role in tried or kind != "flip"
    ]
    assert {item.role for item in actual} >= tried
    assert [(item.place, item.wrong) for item in actual if item.wrong] == []
    # Nothing of it is used that wasn't looked at; what is missing alone is fetched or decided anew as it was before.
    assert all(item.is_reported for item in actual if item.role.startswith("work: ") and item.kind != "deleted")
    if _EVERY:
        figures["damages told or mended"] = len(actual)
