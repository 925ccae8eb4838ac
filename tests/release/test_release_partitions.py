"""A version that is decided in partitions equals one that is decided as a whole, byte for byte."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from built_versions import build

from latam_corpus.corpus import components
from latam_corpus.release.building import diff
from latam_corpus.release.eligibility import decided_rows, partitions
from latam_corpus.storage import spill

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import SealRun

TERMS: dict[str, Any] = {"admit": ["open", "attribution"], "uses": ["train"], "today": date(2026, 11, 25)}
_WORDS = ["barca", "puerto", "alba", "red", "camino", "río", "ventana", "lámpara", "vecina", "tarde", "monte", "lluvia"]


def documents(document: Any, seed: int, first: int) -> list[dict[str, Any]]:
    """Return documents with many copies, clusters, variants, later records and refused rights."""
    draw = random.Random(seed)
    generated: list[dict[str, Any]] = []
    for number in range(first, first + 150):
        row = document(
            number,
            text=" ".join(draw.choices(_WORDS, k=20)),
            language=draw.choice(["spa_Latn", "por_Latn", "quy_Latn"]),
            country=draw.choice(["CL", "PE", None]),
            source_id=f"fuente-{draw.randrange(20)}",
            creators=draw.choice([None, ["Rosa Vera"], ["Luis Paz", "Rosa Vera"], [f"Persona {draw.randrange(30)}"]]),
            rights_tier=draw.choice(["open"] * 6 + ["attribution", "non_commercial"]),
            obtained=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=draw.randrange(200)),
        )
        if generated:
            earlier = draw.choice(generated)
            cluster = earlier.get("duplicate_cluster") or earlier["doc_id"]
            row |= draw.choice(
                [{}] * 5
                + [
                    {"text": earlier["text"]},
                    {"duplicate_cluster": cluster},
                    {"variant_of": earlier["doc_id"], "duplicate_cluster": cluster},
                    {"doc_id": earlier["doc_id"]},
                    {"duplicate_cluster": f"ausente-{draw.randrange(5)}"},
                ]
            )
        generated.append(row)
    return generated


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"variants": "by_country", "split_by": "author", "splits": {"validation": 0.1, "test": 0.1}},
        {"variants": "longest", "split_by": "source", "splits": {"validation": 0.2}},
        {"splits": {"validation": 0.008, "test": 0.007}},
    ],
    ids=["plain", "by_author", "by_source", "rare"],
)
def test_partitions_do_not_change_a_version(
    tmp_path: Path,
    document: Any,
    kept_run: Any,
    seal_run: SealRun,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
) -> None:
    """Two versions with replaced documents have the same files in one partition and in many."""
    first, second = documents(document, 1, 0), documents(document, 2, 100)
    runs = [kept_run("a-1", first), kept_run("b-1", second)]
    pairs = zip(first[::3], second[::3], strict=True)
    defaults = {"containment": 0.9, "evidence": '{"rule": "share"}'}
    better = [defaults | {"doc_id": old["doc_id"], "duplicate_of": new["doc_id"]} for old, new in pairs]
    pl.DataFrame(better).unique("doc_id", keep="first", maintain_order=True).write_parquet(runs[1] / "replaced.parquet")
    seal_run(runs[1])
    whole = _built(tmp_path / "whole", runs, options)
    for module in (partitions, decided_rows):
        monkeypatch.setattr(module, "PARTITION_ROWS", 40)
    monkeypatch.setattr(partitions, "_SAMPLED_ROWS", 4)
    monkeypatch.setattr(spill, "_ROWS", 30)
    monkeypatch.setattr(diff, "_BATCH_ROWS", 40)
    assert _built(tmp_path / "cut", runs, options) == whole


def _built(store: Path, runs: list[Path], options: dict[str, Any]) -> dict[str, str]:
    """Build two versions and return the digest of each file of the store."""
    for run in runs:
        build("puerto", [run], store, index=False, parent="latest" if store.exists() else None, **TERMS | options)
    files = [path for path in store.rglob("*") if path.is_file() and path.name != ".lock"]
    return {str(path.relative_to(store)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("seed", range(5))
def test_connected_documents_are_in_one_component(seed: int) -> None:
    """Documents are in one component exactly if a chain of pairs connects them."""
    draw = np.random.default_rng(seed)
    pairs = draw.integers(0, 60, (40, 2))
    label = components(pairs, 60)
    expected = {n: {n} for n in range(60)}
    for first, second in pairs.tolist():
        if expected[first] is not expected[second]:
            joined = expected[first] | expected[second]
            for member in joined:
                expected[member] = joined
    assert label.tolist() == [min(expected[n]) for n in range(60)]
