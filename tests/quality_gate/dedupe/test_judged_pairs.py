"""Removals agree with two readings: minimum agreement on pairs that were read, maximum wrong removals.

Bounds were chosen on half "a" of the pairs; half "b" shows what they are worth. Floors only rise, ceilings only fall.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any, Final

import pytest

DATA: Final = Path(os.environ.get("LATAM_CORPUS_DATA") or Path(__file__).resolve().parents[4] / "shared" / "data")
# Half → (share of pairs that are treated as both readings have it, wrong removals).
WRITTEN: Final = {"a": (0.93, 6), "b": (0.82, 13)}
REAL: Final = {"a": (0.92, 3), "b": (0.82, 6)}


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Load the benchmark that judges pairs by its path, since tests aren't a package."""
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[3]))
    names = ("documents", "judged", "ours", "shelf")
    return {name: importlib.import_module(f"tests.benchmarks.dedupe.{name}") for name in names}


def _held(tools: Any, pairs: list[Any], room: Path, floors: dict[str, tuple[float, int]]) -> None:
    created = tools["judged"].decided(pairs, lambda p: tools["ours"].decide(tools["documents"].read_records(p)), room)
    for half, (floor, ceiling) in floors.items():
        counts = tools["judged"].agreement(pairs, created, half).values()
        right, wrong, of = (sum(column) for column in zip(*counts, strict=True))
        assert right / of >= floor, (half, right, of)
        assert wrong <= ceiling, half


@pytest.mark.slow
def test_written_pairs_are_treated_as_they_were_read(tools: Any, tmp_path: Path) -> None:
    """Songs, decrees, prices, obituaries, interviews and editions that were written for this project."""
    _held(tools, tools["judged"].written(), tmp_path, WRITTEN)


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="the real texts are not here")
@pytest.mark.skipif("LATAM_CORPUS_GATE" not in os.environ, reason="it takes long: `make gate`")
def test_real_pairs_are_treated_as_they_were_read(tools: Any, tmp_path: Path) -> None:
    """Sonnets in two states, sayings, articles of the Declaration, evangelists and editions."""
    _held(tools, tools["judged"].read(tools["shelf"].Shelf.load(DATA)), tmp_path, REAL)


def test_pairs_say_what_they_are(tools: Any) -> None:
    """At least 300 in all, each with two verdicts and a reason; swaps without effect are reported; halves are alike."""
    judged = tools["judged"]
    pairs = judged.written()
    named = judged.tomllib.loads((judged.PAIRS / "read.toml").read_text(encoding="utf-8"))["pair"]
    assert len(pairs) + len(named) >= 300
    assert {verdict for pair in pairs for verdict in pair.readings} == {"copy", "variant", "other"}
    assert all(pair.reason and pair.texts[0] != pair.texts[1] for pair in pairs)
    assert abs(sum(pair.half == "a" for pair in pairs) - len(pairs) / 2) < 15
    assert all(len({pairs[number].group for number in file}) == len(file) for file in judged.files(pairs))
    with pytest.raises(ValueError, match="has no «jamás»"):
        judged._changed("nunca", {"text": "copla", "swap": [["jamás", "nunca"]]})  # noqa: SLF001  (its own reader)
