"""Only documents that allow redistribution and are not withdrawn are published."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import fsspec
import polars as pl
import pytest
from built_versions import build

from latam_corpus.errors import ConfigError
from latam_corpus.release.publish import publish
from latam_corpus.release.storing.store import Store
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25)}


@pytest.fixture
def store(tmp_path: Path, document: Any, kept_run: Any) -> Path:
    """Return a store with a version of six documents: two may not be redistributed, one is withdrawn."""
    documents = [document(n, uses=["train"] if n < 2 else ["train", "redistribute"]) for n in range(6)]
    build("puerto", [kept_run("a-1", documents)], tmp_path / "store", **TERMS)
    opened = Store.at(tmp_path / "store")
    withdraw(
        opened,
        WithdrawalRequest.of("puerto", "doc", documents[5]["doc_id"], "lo piden"),
        datetime(2026, 11, 27, tzinfo=UTC),
    )
    return tmp_path / "store"


def test_only_redistributable_documents_are_published(
    store: Path, tmp_path: Path, document: Any, command_line: CommandLine
) -> None:
    """Documents that may not be redistributed are left out of old versions too, with a note."""
    for spec in ("puerto@2026.11.0", "puerto"):
        result = command_line("release", "publish", spec, "--to", tmp_path / "hub", "--store", store)
        assert result.code == 0, result.err
        rows = pl.read_parquet(sorted((tmp_path / "hub").glob("data/**/*.parquet")))
        assert set(rows["doc_id"]) == {document(n)["doc_id"] for n in (2, 3, 4)}
        assert "may not be redistributed" in result.err
        assert "redistribute" in (tmp_path / "hub" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("spec", ["puerto@2026.11.0", "puerto@2026.11.1"])
def test_published_files_have_their_own_croissant_file(store: Path, tmp_path: Path, spec: str) -> None:
    """croissant.json lists the published files with digests and sizes, and counts their documents."""
    publish(spec, Store.at(store), str(tmp_path / "hub"))
    metadata = json.loads((tmp_path / "hub" / "croissant.json").read_bytes())
    files = {entry["@id"]: entry for entry in metadata["distribution"] if entry["@type"] == "cr:FileObject"}
    published = {path.relative_to(tmp_path / "hub").as_posix(): path for path in (tmp_path / "hub").rglob("*.parquet")}
    assert files.keys() == {name for name in published if name.startswith("data/")}
    for name, entry in files.items():
        data = published[name].read_bytes()
        assert (entry["sha256"], entry["contentSize"]) == (hashlib.sha256(data).hexdigest(), f"{len(data)} B")
    assert ": 3 documents of Latin America" in metadata["description"]


def test_publishing_to_a_url_writes_the_same_files_and_removes_old_ones(store: Path, tmp_path: Path) -> None:
    """SHA256SUMS matches the files at the URL, and files of an earlier version are removed."""
    memory = fsspec.filesystem("memory")
    publish("puerto@2026.11.0", Store.at(store), "memory://hub/corpus")
    memory.pipe_file("/hub/corpus/data/spa_Latn-news/train-00000-of-00001.parquet", b"old")
    sums = memory.cat_file("/hub/corpus/SHA256SUMS")
    memory.pipe_file("/hub/corpus/SHA256SUMS", sums + b"0  data/spa_Latn-news/train-00000-of-00001.parquet\n")
    lock = publish("puerto", Store.at(store), "memory://hub/corpus")
    publish("puerto", Store.at(store), str(tmp_path / "hub"))
    assert lock.rows == 3
    for line in memory.cat_file("/hub/corpus/SHA256SUMS").decode().splitlines():
        digest, _, name = line.partition("  ")
        assert hashlib.sha256(memory.cat_file(f"/hub/corpus/{name}")).hexdigest() == digest
        assert hashlib.sha256((tmp_path / "hub" / name).read_bytes()).hexdigest() == digest
    assert not memory.exists("/hub/corpus/data/spa_Latn-news/train-00000-of-00001.parquet")


def test_a_version_without_redistributable_documents_is_not_published(
    tmp_path: Path, document: Any, kept_run: Any
) -> None:
    """It is an error, and no file is written."""
    build("faro", [kept_run("b-1", [document(1, uses=["train"])])], tmp_path / "other", **TERMS)
    with pytest.raises(ConfigError, match="none of its documents may be redistributed"):
        publish("faro", Store.at(tmp_path / "other"), str(tmp_path / "hub"))
    assert not (tmp_path / "hub").exists()
