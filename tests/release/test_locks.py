"""Locks of several releases, and the documents of a lock that were withdrawn since."""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import threading
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from built_versions import build
from fsspec.implementations.local import LocalFileSystem

from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.release.building.diff import diff
from latam_corpus.release.reading.corpus_lock import join_locks, read_lock, read_locks
from latam_corpus.release.reading.lock_check import places_of
from latam_corpus.release.reading.pull import Subset, pull
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store import Store
from latam_corpus.release.withdrawals.purge import purge
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest
from latam_corpus.train import CorpusStream

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, MadeOnce

_NOW = datetime(2026, 11, 27, tzinfo=UTC)
_TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25), "splits": {}}


@pytest.fixture
def store(tmp_path: Path, document: Any, kept_run: Any, made_once: MadeOnce) -> Store:
    """Return a store with two releases, each in two languages."""

    def make(folder: Path) -> None:
        for name, first in (("puerto", 0), ("sierra", 100)):
            documents = [document(first + n, language="por_Latn" if n % 5 == 0 else "spa_Latn") for n in range(20)]
            build(name, [kept_run(f"{name}-1", documents)], folder, shard_bytes=30_000, **_TERMS)

    return Store.at(made_once("locks", make, tmp_path / "store"))


def test_a_selection_has_the_ledger_of_its_documents(store: Store, tmp_path: Path, command_line: CommandLine) -> None:
    """With `--with-ledger` a selection has all ledger rows about its documents, and no others."""
    whole = tmp_path / "whole"
    pull("puerto", store, whole)
    command: list[Any] = ["pull", "puerto", "--store", store.url, "--where", "language = 'por_Latn'"]
    assert command_line(*command, "--to", tmp_path / "slice", "--with-ledger", "--columns", "text").code == 0
    ids = pl.read_parquet(tmp_path / "slice" / "data" / "**" / "*.parquet")["doc_id"]
    ledger = pl.read_parquet(tmp_path / "slice" / "ledger.parquet")
    expected = pl.read_parquet(whole / "ledger.parquet").filter(pl.col("doc_id").is_in(ids.implode()))
    assert len(ids) == 4
    assert ledger.height
    assert ledger.equals(expected)
    assert "language = 'por_Latn'; columns doc_id, text" in (tmp_path / "slice" / "README.md").read_text()
    assert "ledger.parquet" in (tmp_path / "slice" / "SHA256SUMS").read_text()
    assert command_line(*command, "--to", tmp_path / "slice").code == 0
    assert not (tmp_path / "slice" / "ledger.parquet").exists()


def test_a_damaged_ledger_stops_a_pull(store: Store, tmp_path: Path, command_line: CommandLine) -> None:
    """A pull with `--with-ledger` fails without a lock if the ledger was changed."""
    command: list[Any] = ["pull", "puerto", "--store", store.url, "--where", "language = 'por_Latn'", "--with-ledger"]
    file = tmp_path / "store" / "releases" / "puerto" / store.versions("puerto")[0] / "ledger.parquet"
    pl.read_parquet(file).with_columns(reason=pl.lit("another")).write_parquet(file)
    result = command_line(*command, "--to", tmp_path / "slice")
    assert (result.code, "its bytes aren't those that the manifest names" in result.err) == (1, True)
    assert not (tmp_path / "slice" / "corpus.lock").exists()


def test_one_file_locks_several_releases(store: Store, tmp_path: Path, command_line: CommandLine) -> None:
    """`release lock` joins locks without repetitions, and a stream uses the lock of its release."""
    for name in ("puerto", "sierra"):
        pull(name, store, tmp_path / name)
    files = [tmp_path / name / "corpus.lock" for name in ("puerto", "sierra", "puerto")]
    joined = tmp_path / "corpus.lock"
    locks = command_line("release", "lock", *files, "--to", joined, "--json").json
    assert [lock["name"] for lock in locks] == ["puerto", "sierra"]
    assert read_locks(joined) == (read_lock(files[0]), read_lock(files[1]))
    assert read_lock(joined, "sierra") == read_lock(joined, "sierra@2026.11.0") == read_lock(files[1])
    assert join_locks([joined, files[0]], tmp_path / "again.lock") == read_locks(joined)
    assert len(list(CorpusStream(store.url, "sierra", lock=joined))) == 20
    with pytest.raises(ConfigError, match="one of the files to join"):
        join_locks([files[0], joined], joined)
    for spec, problem in ((None, "none of them is named"), ("costa", "«costa» is none of them")):
        with pytest.raises(ConfigError, match=problem):
            CorpusStream(store.url, spec, lock=joined)
    assert (
        "fija puerto@2026.11.0, sierra@2026.11.0"
        in command_line("release", "lock", *files, "--to", joined, "--lang", "es").out
    )


@pytest.mark.parametrize("text", ['{"format": 2}', '{"format": 2, "releases": [{}]}', '{"format": 2, "releases": 3}'])
def test_a_damaged_or_empty_joined_lock_is_an_error(tmp_path: Path, text: str) -> None:
    """A joined lock with wrong values, or with no lock, is an error."""
    (tmp_path / "corpus.lock").write_text(text)
    with pytest.raises(ConfigError, match=r"isn't a corpus\.lock"):
        read_locks(tmp_path / "corpus.lock")
    (tmp_path / "corpus.lock").write_text('{"format": 2, "releases": []}')
    with pytest.raises(ConfigError, match="it locks no release"):
        read_locks(tmp_path / "corpus.lock")


def test_check_lock_lists_the_rows_of_withdrawn_documents(
    store: Store, tmp_path: Path, command_line: CommandLine
) -> None:
    """`check-lock` lists withdrawn documents by file and row for one lock, and by release for several."""
    for name in ("puerto", "sierra"):
        pull(name, store, tmp_path / name, Subset(columns=["text"]))
    joined_lock = tmp_path / "both.lock"
    join_locks([tmp_path / name / "corpus.lock" for name in ("puerto", "sierra")], joined_lock)
    command: list[Any] = ["release", "check-lock", "--store", store.url]
    assert command_line(*command, joined_lock).code == 0
    [file, *_] = sorted((tmp_path / "puerto" / "data").rglob("*.parquet"))
    withdrawn_id = pl.read_parquet(file)["doc_id"][1]
    withdraw(store, WithdrawalRequest.of("puerto", "doc", withdrawn_id, "asked by the author"), _NOW)
    checked = command_line(*command, tmp_path / "puerto" / "corpus.lock", "--json")
    place = {"doc_id": withdrawn_id, "file": file.relative_to(tmp_path / "puerto").as_posix(), "start": 1, "end": 2}
    assert (checked.code, checked.json["withdrawn"], checked.json["rows"]) == (1, [withdrawn_id], [place])
    assert "para ocultarlo" in command_line(*command, tmp_path / "puerto" / "corpus.lock", "--lang", "es").out
    joined = command_line(*command, joined_lock, "--json")
    assert joined.code == 1
    copied_lock = tmp_path / "alone" / "corpus.lock"
    (copied_lock.parent / "data").mkdir(parents=True)
    copied_lock.write_bytes((tmp_path / "puerto" / "corpus.lock").read_bytes())
    pl.DataFrame({"other": [1]}).write_parquet(copied_lock.parent / "data" / "other.parquet")
    assert command_line(*command, copied_lock, "--json").json["rows"] == []
    assert [release["withdrawn"] for release in joined.json["releases"]] == [[withdrawn_id], []]
    file.write_bytes(b"PAR1")
    with pytest.raises(ReleaseError, match="pull or export it again"):
        places_of(pl.Series([withdrawn_id]), tmp_path / "puerto")


def test_a_long_list_of_withdrawn_ids_is_abridged(store: Store, tmp_path: Path, command_line: CommandLine) -> None:
    """`check-lock` shows five ids and an ellipsis, and `--json` lists all of them."""
    pull("puerto", store, tmp_path / "puerto")
    ids = sorted(pl.read_parquet(tmp_path / "puerto" / "data" / "**" / "*.parquet")["doc_id"])
    command: list[Any] = ["release", "check-lock", tmp_path / "puerto" / "corpus.lock", "--store", store.url]
    for withdrawn, mark in ((ids[:5], f"{ids[4]}\n"), (ids[5:7], f"{ids[4]}, …\n")):
        withdraw(store, WithdrawalRequest("puerto", "lo piden", docs=tuple(withdrawn)), _NOW)
        assert mark in command_line(*command).out
    assert command_line(*command, "--json").json["withdrawn"] == ids[:7]


def _spanish_ids(folder: Path) -> list[str]:
    """Return the ids of the Spanish documents in a pulled folder."""
    return pl.read_parquet(sorted((folder / "data" / "spa_Latn-literature").glob("*.parquet")))["doc_id"].to_list()


def _check(command_line: CommandLine, lock: Path, url: str) -> tuple[int, Any]:
    """Return the exit code of `check-lock`, and its JSON output or its error."""
    result = command_line("release", "check-lock", lock, "--store", url, "--json")
    return result.code, result.json if result.code < 2 and result.out.strip() else result.err


def test_withdrawals_after_a_purge_are_reported(store: Store, tmp_path: Path, command_line: CommandLine) -> None:
    """After a purge replaced objects of a version, later withdrawals from it are still reported."""
    pull("puerto", store, tmp_path / "p")
    lock = tmp_path / "p" / "corpus.lock"
    first, second, third = _spanish_ids(tmp_path / "p")[:3]
    version = store.versions("puerto")[0]
    for doc_id in (first, second):
        withdraw(store, WithdrawalRequest.of("puerto", "doc", doc_id, "asked"), _NOW)
        purge(store, tmp_path / "out", _NOW)
    withdrawal = withdraw(store, WithdrawalRequest.of("puerto", "doc", third, "asked"), _NOW)
    assert withdrawal.rows[f"puerto@{version}"] == 1
    assert _check(command_line, lock, store.url)[1]["withdrawn"] == sorted([first, second, third])
    removed = diff(store, load_manifest(store, "puerto", version), withdrawal.after)
    assert [(str(change.reason), change.rows) for change in removed] == [("withdrawn", 3)]


def test_check_lock_fails_for_another_store_or_an_older_log(
    store: Store, tmp_path: Path, document: Any, kept_run: Any, command_line: CommandLine
) -> None:
    """`check-lock` fails if the version differs from the lock, or if the log is older than the lock."""
    pull("puerto", store, tmp_path / "p")
    lock = tmp_path / "p" / "corpus.lock"
    other_store = Store.at(tmp_path / "other")
    build("puerto", [kept_run("other-1", [document(n) for n in range(50, 60)])], other_store, **_TERMS)
    code, output = _check(command_line, lock, other_store.url)
    assert (code, "isn't the version that the lock names" in output) == (1, True)
    old_store = shutil.copytree(store.url, tmp_path / "before")
    withdraw(store, WithdrawalRequest.of("sierra", "doc", document(101)["doc_id"], "asked"), _NOW)
    assert _check(command_line, lock, store.url)[0] == 0
    pull("puerto", store, tmp_path / "p")
    code, output = _check(command_line, lock, str(old_store))
    assert (code, "0 entries, but the lock knew 1" in output) == (1, True)


def test_a_file_system_error_is_not_an_empty_log(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: CommandLine
) -> None:
    """If the log or the list of opt-outs cannot be read, commands fail instead of assuming that it is empty."""
    pull("puerto", store, tmp_path / "p")
    withdrawn_id = _spanish_ids(tmp_path / "p")[0]
    withdraw(store, WithdrawalRequest.of("puerto", "doc", withdrawn_id, "asked"), _NOW)
    original_ls = LocalFileSystem.ls

    def failing_ls(self: Any, path: str, *arguments: Any, **options: Any) -> Any:
        if str(path).endswith("/withdrawals"):
            raise PermissionError(13, "Permission denied", path)
        return original_ls(self, path, *arguments, **options)

    monkeypatch.setattr(LocalFileSystem, "ls", failing_ls)
    code, output = _check(command_line, tmp_path / "p" / "corpus.lock", store.url)
    assert (code, "Permission denied" in output) == (1, True)
    monkeypatch.undo()
    original_info = LocalFileSystem.info

    def failing_info(self: Any, path: str, **options: Any) -> Any:
        if str(path).endswith("opt_outs.parquet"):
            raise PermissionError(13, "Permission denied", path)
        return original_info(self, path, **options)

    monkeypatch.setattr(LocalFileSystem, "info", failing_info)
    with pytest.raises(ReleaseError, match="Permission denied"):
        build("puerto", [], store, parent="latest", **_TERMS)


class _Failing(http.server.SimpleHTTPRequestHandler):
    """Serves files, but answers requests for the log with an error."""

    def send_head(self) -> Any:
        if "/withdrawals/" in self.path:
            self.send_error(503)
            return None
        return super().send_head()

    def log_message(self, *_: Any) -> None:
        """Write no log."""


def test_a_server_error_is_not_the_end_of_the_log(store: Store, tmp_path: Path, command_line: CommandLine) -> None:
    """Only status 404 means that an entry does not exist; any other error is reported."""
    pull("puerto", store, tmp_path / "p")
    lock = tmp_path / "p" / "corpus.lock"
    withdraw(store, WithdrawalRequest.of("puerto", "doc", _spanish_ids(tmp_path / "p")[0], "asked"), _NOW)
    for handler, expected in ((_Failing, "503"), (http.server.SimpleHTTPRequestHandler, "withdrawn")):
        serving = functools.partial(handler, directory=str(tmp_path))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serving) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            code, output = _check(command_line, lock, f"http://127.0.0.1:{server.server_port}/store")
            server.shutdown()
        assert (code, expected in str(output)) == (1, True)


def test_check_lock_of_a_selection_counts_only_its_documents(
    store: Store, tmp_path: Path, command_line: CommandLine
) -> None:
    """For a selection, withdrawn documents outside it are counted separately."""
    pull("puerto", store, tmp_path / "p", Subset(where="language = 'por_Latn'"))
    lock = tmp_path / "p" / "corpus.lock"
    pull("puerto", store, tmp_path / "whole")
    [selected_id, *_] = pl.read_parquet(tmp_path / "p" / "data" / "**" / "*.parquet")["doc_id"]
    [other_id, *_] = _spanish_ids(tmp_path / "whole")
    withdraw(store, WithdrawalRequest.of("puerto", "doc", other_id, "asked"), _NOW)
    code, output = _check(command_line, lock, store.url)
    assert (code, output["withdrawn"], output["elsewhere"]) == (0, [], 1)
    withdraw(store, WithdrawalRequest.of("puerto", "doc", selected_id, "asked"), _NOW)
    code, output = _check(command_line, lock, store.url)
    assert (code, output["withdrawn"], output["elsewhere"], output["gaps"]) == (1, [selected_id], 1, [])
    lock_alone = tmp_path / "alone.lock"
    lock_alone.write_bytes(lock.read_bytes())
    code, output = _check(command_line, lock_alone, store.url)
    assert (code, output["withdrawn"], len(output["gaps"])) == (1, sorted([selected_id, other_id]), 2)
    next((tmp_path / "p" / "data").rglob("*.parquet")).unlink()
    assert "pull or export it again" in _check(command_line, lock, store.url)[1]


def test_a_lock_of_one_release_keeps_its_format(store: Store, tmp_path: Path) -> None:
    """A lock of one release has the keys of format 1, which older toolkits read."""
    pull("puerto", store, tmp_path / "puerto")
    values = json.loads((tmp_path / "puerto" / "corpus.lock").read_text())
    assert values["format"] == 1
    assert set(values) == {
        "name", "version", "manifest_sha256", "withdrawal_sequence", "where", "rewritten", "rows", "toolkit", "format",
    }  # fmt: skip
