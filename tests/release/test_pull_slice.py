"""A slice of a version: some columns, without the documents of a list; from elsewhere no more than it needs."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import random
import threading
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import fsspec
import polars as pl
import pytest
from built_versions import build

from latam_corpus.errors import ConfigError
from latam_corpus.release.reading.corpus_lock import read_lock
from latam_corpus.release.reading.pull import Subset, pull
from latam_corpus.release.storing.store import Store
from latam_corpus.release.withdrawals.withdraw import withdraw
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
    pull("puerto", store, tmp_path / "whole", Subset(where=where))
    expected = rows(tmp_path / "whole").select("doc_id", "text", pl.col("doc_id").alias("id"), "uses")
    for number, one in enumerate((store, elsewhere)):
        to = tmp_path / f"slice-{number}"
        lock = pull("puerto", one, to, Subset(where=where, columns=["text", "id", "uses"]))
        assert rows(to).equals(expected)
        assert lock == read_lock(to / "corpus.lock")
        assert (lock.columns, lock.rewritten, lock.rows) == (("doc_id", "text", "id", "uses"), True, expected.height)
        assert "columns doc_id, text, id, uses" in (to / "README.md").read_text()
        streamed = [row["doc_id"] for row in CorpusStream(to, columns=["doc_id", "text"])]
        assert sorted(streamed) == expected["doc_id"].to_list()


def test_rows_of_a_store_elsewhere_are_those_of_a_disk(store: Store, elsewhere: Store, tmp_path: Path) -> None:
    """With a condition alone, too."""
    for number, one in enumerate((store, elsewhere)):
        pull("puerto", one, tmp_path / f"{number}", Subset(where="country = 'AR'"))
    assert rows(tmp_path / "0").equals(rows(tmp_path / "1"))


class _Silent(http.server.SimpleHTTPRequestHandler):
    """A plain file server: it ignores requests for a range of bytes and sends whole files."""

    def log_message(self, *_: Any) -> None:
        """Write no log."""


def test_a_server_without_ranges_gives_the_same_rows(store: Store, tmp_path: Path) -> None:
    """Conditions, columns, whole pulls and streams read whole files from such a server."""
    serving = functools.partial(_Silent, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serving) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        served = Store.at(f"http://127.0.0.1:{server.server_port}/store")
        selections: tuple[dict[str, Any], ...] = ({}, {"where": "country = 'AR'"}, {"columns": ["text"]})
        for number, options in enumerate(selections):
            for name, one in (("disk", store), ("server", served)):
                pull("puerto", one, tmp_path / f"{name}-{number}", Subset(**options))
            assert rows(tmp_path / f"server-{number}").equals(rows(tmp_path / f"disk-{number}"))
        streamed = [row["doc_id"] for row in CorpusStream(served.url, "puerto", columns=["doc_id", "text"])]
        server.shutdown()
    assert sorted(streamed) == rows(tmp_path / "disk-0")["doc_id"].to_list()


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
    pull("puerto", store, tmp_path / "slice", Subset(columns=["language"]))
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
    for text, code, said in (
        (f"# costa@2026.11.0\n{all_ids[0]}\n", 2, "it was made for costa@2026.11.0, but puerto@"),
        (f"# puerto@2025.1.0\n{all_ids[0]}\n", 0, "was made for puerto@2025.1.0"),
        ("f" * 32, 0, "the excluded id isn't in puerto@"),
    ):
        listed.write_text(text)
        told = command_line(*base, "--exclude", listed)
        assert (told.code, said in " ".join(told.err.split())) == (code, True)
    assert not whole.rewritten
    wrong = command_line(*base, "--columns", "txt")
    assert (wrong.code, "did you mean «text»" in wrong.err) == (2, True)
    with pytest.raises(ConfigError, match="all documents of"):
        pull("puerto", store, tmp_path / "none", Subset(exclude=all_ids))
    with pytest.raises(ConfigError, match="no index"):
        pull("puerto", store, tmp_path / "none", Subset(columns=["text"], with_index=True))


def test_a_lock_of_a_whole_version_reads_as_before(store: Store, tmp_path: Path) -> None:
    """It has no keys that an older toolkit doesn't know."""
    pull("puerto", store, tmp_path / "whole")
    told = json.loads((tmp_path / "whole" / "corpus.lock").read_text())
    assert not {"columns", "excluded"} & set(told)


@pytest.mark.parametrize(
    ("where", "columns", "left_out", "told"),
    [
        (None, (), 0, None),
        ("country = 'CL'", (), 0, "country = 'CL'"),
        (None, ("text",), 0, "columns doc_id, text"),
        (None, (), 3, "3 documents excluded"),
        ("country = 'CL'", ("text",), 3, "country = 'CL'; columns doc_id, text; 3 documents excluded"),
    ],
)
def test_what_was_selected_stands_on_card_and_lock_and_its_ledger_is_of_it_alone(
    store: Store, tmp_path: Path, where: str | None, columns: tuple[str, ...], left_out: int, told: str | None
) -> None:
    """A ledger comes with the whole, and with a selection where it is asked for; pulled again it is the same."""
    pull("puerto", store, tmp_path / "whole")
    whole = rows(tmp_path / "whole")
    wanted = whole if where is None else whole.filter(country="CL")
    excluded = [*wanted["doc_id"][:left_out], "f" * 32]  # one that isn't there
    kept = wanted["doc_id"][left_out:].to_list()
    to = tmp_path / "corpus"
    for with_ledger in (True, False, True, True):
        lock = pull(
            "puerto", store, to, Subset(where=where, columns=columns, exclude=excluded, with_ledger=with_ledger)
        )
        assert rows(to)["doc_id"].to_list() == kept
        assert (lock.rows, lock.excluded, lock.where) == (len(kept), left_out, where)
        assert lock.columns == (("doc_id", *columns) if columns else None)
        assert lock.rewritten == bool(told)
        assert lock == read_lock(to / "corpus.lock")
        assert (to / "ledger.parquet").exists() == (with_ledger or told is None)
        listed = dict(line.split("  ")[::-1] for line in (to / "SHA256SUMS").read_text().splitlines())
        files = {path.relative_to(to).as_posix() for path in to.rglob("*") if path.is_file()}
        assert set(listed) == files - {"corpus.lock", "SHA256SUMS"}
        assert listed == {name: hashlib.sha256((to / name).read_bytes()).hexdigest() for name in listed}
    ledger = pl.read_parquet(to / "ledger.parquet")
    assert ledger.filter(verdict="released")["doc_id"].sort().to_list() == kept
    card = (to / "README.md").read_text()
    assert (told or "# ") in card
    assert told or "excluded" not in card


@pytest.mark.parametrize(
    ("selected", "told"),
    [
        ({"where": "country = 'CL'"}, "a selection of rows has no index"),
        ({"exclude": ["f" * 32]}, "a selection of rows has no index"),
        ({"columns": ["text"]}, "a selection of columns has no index"),
        ({"columns": ["text"], "exclude": ["f" * 32]}, "a selection of rows has no index"),
    ],
)
def test_no_selection_has_an_index(store: Store, tmp_path: Path, selected: dict[str, Any], told: str) -> None:
    """And nothing is written."""
    with pytest.raises(ConfigError, match=told) as error:
        pull("puerto", store, tmp_path / "none", Subset(with_index=True, **selected))
    assert (error.value.place, error.value.remedy) == ("--with-index", "pull it without --with-index")
    assert not (tmp_path / "none").exists()


def test_who_pulls_an_older_version_is_told_of_what_was_withdrawn_since(store: Store, tmp_path: Path) -> None:
    """Only then; and such a version comes without its index, which has the withdrawn documents too."""
    said: list[str] = []
    pull("puerto", store, tmp_path / "whole", report=lambda sentence: said.append(str(sentence)))
    gone = rows(tmp_path / "whole")["doc_id"][0]
    version = store.versions("puerto")[0]
    withdraw(store, "puerto", "doc", gone, "lo piden", datetime(2026, 11, 26, tzinfo=UTC))
    assert said == []
    pull(f"puerto@{version}", store, tmp_path / "older", report=lambda sentence: said.append(str(sentence)))
    assert len(said) == 1
    assert gone not in rows(tmp_path / "older")["doc_id"].to_list()
    with pytest.raises(ConfigError, match="pull it without the index, or name a later version"):
        pull(f"puerto@{version}", store, tmp_path / "index", Subset(with_index=True))
