"""Training commands read the train split by default, and held-out rows only on request."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus.errors import ConfigError
from latam_corpus.release.reading.pull import Subset, pull
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.train import CorpusStream, MixedStream

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conftest import CommandLine

    from latam_corpus.release.storing.store import Store


def splits_of(rows: Iterable[dict[str, Any]]) -> Counter[str]:
    """Count rows by split."""
    return Counter(row["split"] for row in rows)


def sizes_of(store: Store) -> Counter[str]:
    """Count a version's rows by split, from the manifest."""
    sizes: Counter[str] = Counter()
    for shard in load_manifest(store, *store.find("puerto")).shards:
        sizes[shard.split] += shard.rows
    return sizes


def test_a_stream_gives_the_train_split_by_default(split_store: Store, tmp_path: Path) -> None:
    """The default holds for stores and pulled folders, and `all` or a split selects others."""
    sizes = sizes_of(split_store)
    assert min(sizes.values()) > 0
    assert len(sizes) == 3
    pull("puerto", split_store, tmp_path / "pulled")
    pull("puerto", split_store, tmp_path / "test", Subset(where="split = 'test'"))
    for place in (split_store.url, tmp_path / "pulled"):
        assert splits_of(CorpusStream(place, "puerto")) == {"train": sizes["train"]}
        assert splits_of(CorpusStream(place, "puerto", split="all")) == sizes
        assert splits_of(CorpusStream(place, "puerto", split="test")) == {"test": sizes["test"]}
    with pytest.raises(ConfigError, match="its splits are test; `all` reads all of them"):
        CorpusStream(tmp_path / "test")
    with pytest.raises(ConfigError, match="another order"):
        CorpusStream(split_store.url, "puerto").load_state_dict(
            CorpusStream(split_store.url, "puerto", split="all").state_dict()
        )


def test_a_mixture_draws_from_the_train_split_by_default(
    split_store: Store, tokenizer_file: Path, command_line: CommandLine
) -> None:
    """The plan counts only the train split and reports the number of held-out documents."""
    sizes = sizes_of(split_store)
    base: list[Any] = ["mix", "plan", "puerto", "--store", split_store.url, "--tokenizer", tokenizer_file]
    base += ["--tokens", "9000"]
    result = command_line(*base, "--json")
    plan = result.json
    assert f"{120 - sizes['train']} held-out documents left out" in result.err
    assert sum(part["documents"] for part in plan["slices"]) == sizes["train"]
    assert set(splits_of(MixedStream(split_store.url, plan))) == {"train"}
    assert "held-out" in command_line(*base).err
    for options in (["--split", "all"], ["--split", "all", "--by", "language,split"]):
        result = command_line(*base, *options, "--json")
        assert "held-out" not in result.err
        assert sum(part["documents"] for part in result.json["slices"]) == 120
        assert set(splits_of(MixedStream(split_store.url, result.json))) == set(sizes)
    by_split = command_line(*base, "--by", "split", "--json").json
    assert [part["split"] for part in by_split["slices"]] == ["train"]
    older = json.loads(json.dumps(plan))
    older["by"] = ["language"]
    for part in older["slices"]:
        del part["split"]
        part["documents"] *= 2
    with pytest.raises(ConfigError, match="make a new plan"):
        MixedStream(split_store.url, older)


def test_an_export_has_the_train_split_by_default(
    split_store: Store, tokenizer_file: Path, tmp_path: Path, command_line: CommandLine
) -> None:
    """An export reports held-out documents, and its lock accepts a default stream."""
    sizes = sizes_of(split_store)
    base: list[Any] = ["export", "puerto", "--store", split_store.url, "--tokenizer", tokenizer_file, "--format", "ds"]
    result = command_line(*base, "--to", tmp_path / "train")
    assert f"{120 - sizes['train']} held-out documents left out" in " ".join(result.err.split())
    assert pl.read_parquet(tmp_path / "train" / "documents.parquet").height == sizes["train"]
    locked = CorpusStream(split_store.url, "puerto", lock=tmp_path / "train" / "corpus.lock")
    assert len(list(locked)) == sizes["train"]
    command_line(*base, "--split", "all", "--to", tmp_path / "all")
    assert pl.read_parquet(tmp_path / "all" / "documents.parquet").height == 120


def test_contamination_is_searched_for_in_all_splits(
    split_store: Store, tmp_path: Path, command_line: CommandLine
) -> None:
    """The command also searches held-out rows unless a split is named."""
    row = next(CorpusStream(split_store.url, "puerto", split="test"))
    (tmp_path / "eval.jsonl").write_text(json.dumps({"text": row["text"]}) + "\n")
    base: list[Any] = [
        "contamination",
        "puerto",
        "--against",
        tmp_path / "eval.jsonl",
        "--store",
        split_store.url,
        "--json",
    ]
    matched_ids = {match["doc_id"] for match in command_line(*base).json["matches"]}
    assert row["doc_id"] in matched_ids
    assert row["doc_id"] not in {match["doc_id"] for match in command_line(*base, "--split", "train").json["matches"]}
