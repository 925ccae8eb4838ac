"""A slice of a version: some columns, without the documents of a list; from elsewhere no more than it needs."""

from __future__ import annotations

import json
import random
from datetime import date
from typing import TYPE_CHECKING, Any

import fsspec
import polars as pl
import pytest

from latam_corpus.errors import ConfigError
from latam_corpus.release.build import build
from latam_corpus.release.corpus_lock import read_lock
from latam_corpus.release.pull import pull
from latam_corpus.release.store import Store
from latam_corpus.train import CorpusStream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import CommandLine


@pytest.fixture
def store(tmp_path: Path, document: Any, kept_run: Any) -> Store:
    """A store with a version of 120 documents in two languages."""
    documents = [
        document(n, language="por_Latn" if n % 5 == 0 else "spa_Latn", country="CL" if n % 2 else "AR")
        for n in range(120)
    ]
    opened = Store.at(tmp_path / "store")
    terms: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25), "shard_bytes": 30_000}
    build("puerto", [kept_run("a-1", documents)], opened, splits={}, **terms)
    return opened


@pytest.fixture
def elsewhere(store: Store) -> Iterator[Store]:
    """The same store on a file system that isn't the disk's."""
    memory = fsspec.filesystem("memory")
    memory.put(store.root, "/elsewhere", recursive=True)
    yield Store.at("memory://elsewhere")
    memory.rm("/elsewhere", recursive=True)


def rows(folder: Path) -> pl.DataFrame:
    """All rows of a pulled folder, by id."""
    return pl.read_parquet(folder / "data" / "**" / "*.parquet").sort("doc_id")


@pytest.mark.parametrize("where", [None, "country = 'CL' and signals.word_count is null"])
def test_columns_are_pulled_alone(store: Store, elsewhere: Store, tmp_path: Path, where: str | None) -> None:
    """From a disk and from elsewhere the same rows as of a whole pull, and `id` where it is asked for."""
    pull("puerto", store, tmp_path / "whole", where)
    expected = rows(tmp_path / "whole").select("doc_id", "text", pl.col("doc_id").alias("id"), "uses")
    for number, one in enumerate((store, elsewhere)):
        to = tmp_path / f"slice-{number}"
        lock = pull("puerto", one, to, where, columns=["text", "id", "uses"])
        assert rows(to).equals(expected)
        assert lock == read_lock(to / "corpus.lock")
        assert (lock.columns, lock.rewritten, lock.rows) == (("doc_id", "text", "id", "uses"), True, expected.height)
        assert "columns doc_id, text, id, uses" in (to / "README.md").read_text()
        streamed = [row["doc_id"] for row in CorpusStream(to, columns=["doc_id", "text"])]
        assert sorted(streamed) == expected["doc_id"].to_list()


def test_rows_of_a_store_elsewhere_are_those_of_a_disk(store: Store, elsewhere: Store, tmp_path: Path) -> None:
    """With a condition alone, too."""
    for number, one in enumerate((store, elsewhere)):
        pull("puerto", one, tmp_path / f"{number}", "country = 'AR'")
    assert rows(tmp_path / "0").equals(rows(tmp_path / "1"))


def test_a_slice_costs_little_more_than_its_size(
    tmp_path: Path, document: Any, kept_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of shards elsewhere no texts are read for columns without them."""
    documents = [document(n, text=random.Random(n).randbytes(100_000).hex()) for n in range(10)]
    store = Store.at("memory://large")
    build("puerto", [kept_run("a-1", documents)], store, admit=["open"], uses=["train"], today=date(2026, 11, 25))
    read: list[int] = []
    opening = type(store.filesystem).open

    def counted(self: Any, path: str, *args: Any, **options: Any) -> Any:
        opened = opening(self, path, *args, **options)
        reading = opened.read

        def read_piece(size: int = -1) -> bytes:
            data: bytes = reading(size)
            read.append(len(data) if "objects" in path else 0)
            return data

        opened.read = read_piece
        return opened

    monkeypatch.setattr(type(store.filesystem), "open", counted)
    pull("puerto", store, tmp_path / "slice", columns=["language"])
    store.filesystem.rm("/large", recursive=True)
    assert 0 < sum(read) < 500_000


def test_excluded_documents_stay_away(store: Store, tmp_path: Path, command_line: CommandLine) -> None:
    """Shards without any of them stay as they are; the lock says how many; another list pulls anew."""
    whole = pull("puerto", store, tmp_path / "whole")
    all_ids = rows(tmp_path / "whole")["doc_id"].to_list()
    listed = tmp_path / "excluded.jsonl"
    listed.write_text(json.dumps({"doc_id": all_ids[0]}) + "\n" + all_ids[7] + "\n" + "f" * 32 + "\n")
    to = tmp_path / "corpus"
    base: list[Any] = ["pull", "puerto", "--store", store.url, "--to", to]
    told = command_line(*base, "--exclude", listed, "--json").json
    assert (told["rows"], told["excluded"], told["rewritten"]) == (118, 2, True)
    assert rows(to)["doc_id"].to_list() == [one for one in all_ids if one not in (all_ids[0], all_ids[7])]
    assert command_line(*base, "--json").json["rows"] == 120
    assert rows(to)["doc_id"].to_list() == all_ids
    assert not whole.rewritten
    wrong = command_line(*base, "--columns", "txt")
    assert (wrong.code, "did you mean «text»" in wrong.err) == (2, True)
    with pytest.raises(ConfigError, match="no document of"):
        pull("puerto", store, tmp_path / "none", exclude=all_ids)
    with pytest.raises(ConfigError, match="no index"):
        pull("puerto", store, tmp_path / "none", columns=["text"], with_index=True)


def test_a_lock_of_a_whole_version_reads_as_before(store: Store, tmp_path: Path) -> None:
    """It has no keys that an older toolkit doesn't know."""
    pull("puerto", store, tmp_path / "whole")
    told = json.loads((tmp_path / "whole" / "corpus.lock").read_text())
    assert not {"columns", "excluded"} & set(told)
