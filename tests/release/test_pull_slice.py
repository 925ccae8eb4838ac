"""Pulls of some columns, without excluded documents, and from remote stores with little traffic."""

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
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest
from latam_corpus.train import CorpusStream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import CommandLine, MadeOnce


@pytest.fixture
def store(tmp_path: Path, document: Any, kept_run: Any, made_once: MadeOnce) -> Store:
    """Return a store with a version of 120 documents in two languages."""
    documents = [
        document(n, language="por_Latn" if n % 5 == 0 else "spa_Latn", country="CL" if n % 2 else "AR")
        for n in range(120)
    ]
    terms: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25), "shard_bytes": 30_000}

    def make(folder: Path) -> None:
        build("puerto", [kept_run("a-1", documents)], folder, splits={}, **terms)

    return Store.at(made_once("pull-slice", make, tmp_path / "store"))


@pytest.fixture
def remote(store: Store) -> Iterator[Store]:
    """Return the same store on a file system in memory."""
    memory = fsspec.filesystem("memory")
    memory.put(store.root, "/remote", recursive=True)
    yield Store.at("memory://remote")
    memory.rm("/remote", recursive=True)


def rows(folder: Path) -> pl.DataFrame:
    """Return all rows of a pulled folder, sorted by id."""
    return pl.read_parquet(folder / "data" / "**" / "*.parquet").sort("doc_id")


@pytest.mark.parametrize("where", [None, "country = 'CL' and signals.word_count is null"])
def test_some_columns_can_be_pulled(store: Store, remote: Store, tmp_path: Path, where: str | None) -> None:
    """From the disk and from a remote store the rows are those of a whole pull; `id` is available on request."""
    pull("puerto", store, tmp_path / "whole", Subset(where=where))
    expected = rows(tmp_path / "whole").select("doc_id", "text", pl.col("doc_id").alias("id"), "uses")
    for number, source in enumerate((store, remote)):
        to = tmp_path / f"slice-{number}"
        lock = pull("puerto", source, to, Subset(where=where, columns=["text", "id", "uses"]))
        assert rows(to).equals(expected)
        assert lock == read_lock(to / "corpus.lock")
        assert (lock.columns, lock.rewritten, lock.rows) == (("doc_id", "text", "id", "uses"), True, expected.height)
        assert "columns doc_id, text, id, uses" in (to / "README.md").read_text()
        streamed = [row["doc_id"] for row in CorpusStream(to, columns=["doc_id", "text"])]
        assert sorted(streamed) == expected["doc_id"].to_list()


def test_a_remote_store_gives_the_rows_of_a_local_one(store: Store, remote: Store, tmp_path: Path) -> None:
    """A condition selects the same rows from a remote store as from the disk."""
    for number, source in enumerate((store, remote)):
        pull("puerto", source, tmp_path / f"{number}", Subset(where="country = 'AR'"))
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
            for name, source in (("disk", store), ("server", served)):
                pull("puerto", source, tmp_path / f"{name}-{number}", Subset(**options))
            assert rows(tmp_path / f"server-{number}").equals(rows(tmp_path / f"disk-{number}"))
        streamed = [row["doc_id"] for row in CorpusStream(served.url, "puerto", columns=["doc_id", "text"])]
        server.shutdown()
    assert sorted(streamed) == rows(tmp_path / "disk-0")["doc_id"].to_list()


def test_columns_without_texts_cost_little_traffic(
    tmp_path: Path, document: Any, kept_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts in a remote store are not read if the columns do not include them."""
    documents = [document(n, text=random.Random(n).randbytes(100_000).hex()) for n in range(10)]
    store = Store.at("memory://large")
    build("puerto", [kept_run("a-1", documents)], store, admit=["open"], uses=["train"], today=date(2026, 11, 25))
    sizes: list[int] = []
    opening = type(store.filesystem).open

    def counting_open(self: Any, path: str, *args: Any, **options: Any) -> Any:
        opened = opening(self, path, *args, **options)
        reading = opened.read

        def read_piece(size: int = -1) -> bytes:
            data: bytes = reading(size)
            sizes.append(len(data) if "objects" in path else 0)
            return data

        opened.read = read_piece
        return opened

    monkeypatch.setattr(type(store.filesystem), "open", counting_open)
    pull("puerto", store, tmp_path / "slice", Subset(columns=["language"]))
    store.filesystem.rm("/large", recursive=True)
    assert 0 < sum(sizes) < 500_000


def test_excluded_documents_are_left_out(store: Store, tmp_path: Path, command_line: CommandLine) -> None:
    """Excluded documents are left out and counted in the lock; lists of other versions are reported."""
    whole_lock = pull("puerto", store, tmp_path / "whole")
    all_ids = rows(tmp_path / "whole")["doc_id"].to_list()
    list_file = tmp_path / "excluded.jsonl"
    list_file.write_text(json.dumps({"doc_id": all_ids[0]}) + "\n" + all_ids[7] + "\n" + "f" * 32 + "\n")
    to = tmp_path / "corpus"
    command: list[Any] = ["pull", "puerto", "--store", store.url, "--to", to]
    result = command_line(*command, "--exclude", list_file, "--json").json
    assert (result["rows"], result["excluded"], result["rewritten"]) == (118, 2, True)
    assert rows(to)["doc_id"].to_list() == [doc_id for doc_id in all_ids if doc_id not in (all_ids[0], all_ids[7])]
    assert command_line(*command, "--json").json["rows"] == 120
    assert rows(to)["doc_id"].to_list() == all_ids
    for text, code, message in (
        (f"# costa@2026.11.0\n{all_ids[0]}\n", 2, "it was made for costa@2026.11.0, but puerto@"),
        (f"# puerto@2025.1.0\n{all_ids[0]}\n", 0, "was made for puerto@2025.1.0"),
        ("f" * 32, 0, "the excluded id isn't in puerto@"),
    ):
        list_file.write_text(text)
        result = command_line(*command, "--exclude", list_file)
        assert (result.code, message in " ".join(result.err.split())) == (code, True)
    assert not whole_lock.rewritten
    wrong = command_line(*command, "--columns", "txt")
    assert (wrong.code, "did you mean «text»" in wrong.err) == (2, True)
    with pytest.raises(ConfigError, match="all documents of"):
        pull("puerto", store, tmp_path / "none", Subset(exclude=all_ids))
    with pytest.raises(ConfigError, match="no index"):
        pull("puerto", store, tmp_path / "none", Subset(columns=["text"], with_index=True))


def test_the_lock_of_a_whole_version_keeps_its_format(store: Store, tmp_path: Path) -> None:
    """The lock of a whole version has no keys that older toolkits do not know."""
    pull("puerto", store, tmp_path / "whole")
    values = json.loads((tmp_path / "whole" / "corpus.lock").read_text())
    assert not {"columns", "excluded"} & set(values)


@pytest.mark.parametrize(
    ("where", "columns", "excluded_count", "summary"),
    [
        (None, (), 0, None),
        ("country = 'CL'", (), 0, "country = 'CL'"),
        (None, ("text",), 0, "columns doc_id, text"),
        (None, (), 3, "3 documents excluded"),
        ("country = 'CL'", ("text",), 3, "country = 'CL'; columns doc_id, text; 3 documents excluded"),
    ],
)
def test_card_lock_and_ledger_describe_the_selection(
    store: Store, tmp_path: Path, where: str | None, columns: tuple[str, ...], excluded_count: int, summary: str | None
) -> None:
    """A selection has a ledger only on request, with its own rows; repeated pulls give the same files."""
    pull("puerto", store, tmp_path / "whole")
    whole = rows(tmp_path / "whole")
    matching = whole if where is None else whole.filter(country="CL")
    excluded = [*matching["doc_id"][:excluded_count], "f" * 32]  # one that isn't there
    remaining = matching["doc_id"][excluded_count:].to_list()
    to = tmp_path / "corpus"
    for with_ledger in (True, False, True, True):
        lock = pull(
            "puerto", store, to, Subset(where=where, columns=columns, exclude=excluded, with_ledger=with_ledger)
        )
        assert rows(to)["doc_id"].to_list() == remaining
        assert (lock.rows, lock.excluded, lock.where) == (len(remaining), excluded_count, where)
        assert lock.columns == (("doc_id", *columns) if columns else None)
        assert lock.rewritten == bool(summary)
        assert lock == read_lock(to / "corpus.lock")
        assert (to / "ledger.parquet").exists() == (with_ledger or summary is None)
        sums = dict(line.split("  ")[::-1] for line in (to / "SHA256SUMS").read_text().splitlines())
        files = {path.relative_to(to).as_posix() for path in to.rglob("*") if path.is_file()}
        assert set(sums) == files - {"corpus.lock", "SHA256SUMS"}
        assert sums == {name: hashlib.sha256((to / name).read_bytes()).hexdigest() for name in sums}
    ledger = pl.read_parquet(to / "ledger.parquet")
    assert ledger.filter(verdict="released")["doc_id"].sort().to_list() == remaining
    card = (to / "README.md").read_text()
    assert (summary or "# ") in card
    assert summary or "excluded" not in card


@pytest.mark.parametrize(
    ("selection", "problem"),
    [
        ({"where": "country = 'CL'"}, "a selection of rows has no index"),
        ({"exclude": ["f" * 32]}, "a selection of rows has no index"),
        ({"columns": ["text"]}, "a selection of columns has no index"),
        ({"columns": ["text"], "exclude": ["f" * 32]}, "a selection of rows has no index"),
    ],
)
def test_no_selection_has_an_index(store: Store, tmp_path: Path, selection: dict[str, Any], problem: str) -> None:
    """Pulling a selection with the index is an error, and nothing is written."""
    with pytest.raises(ConfigError, match=problem) as error:
        pull("puerto", store, tmp_path / "none", Subset(with_index=True, **selection))
    assert (error.value.place, error.value.remedy) == ("--with-index", "pull it without --with-index")
    assert not (tmp_path / "none").exists()


def test_pulling_an_older_version_reports_withdrawals(store: Store, tmp_path: Path) -> None:
    """Withdrawn documents are left out with a note, and such a version has no index to pull."""
    notes: list[str] = []
    pull("puerto", store, tmp_path / "whole", report=lambda sentence: notes.append(str(sentence)))
    withdrawn_id = rows(tmp_path / "whole")["doc_id"][0]
    version = store.versions("puerto")[0]
    withdraw(store, WithdrawalRequest.of("puerto", "doc", withdrawn_id, "lo piden"), datetime(2026, 11, 26, tzinfo=UTC))
    assert notes == []
    pull(f"puerto@{version}", store, tmp_path / "older", report=lambda sentence: notes.append(str(sentence)))
    assert len(notes) == 1
    assert withdrawn_id not in rows(tmp_path / "older")["doc_id"].to_list()
    with pytest.raises(ConfigError, match="pull it without the index, or name a later version"):
        pull(f"puerto@{version}", store, tmp_path / "index", Subset(with_index=True))
