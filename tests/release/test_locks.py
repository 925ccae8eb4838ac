"""One lock holds what a training run saw: several releases, outside Parquet too, and what is to be masked since."""

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
from latam_corpus.release.withdrawals.withdraw import withdraw, withdraw_all
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest
from latam_corpus.train import CorpusStream

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

_NOW = datetime(2026, 11, 27, tzinfo=UTC)
_TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25), "splits": {}}


@pytest.fixture
def store(tmp_path: Path, document: Any, kept_run: Any) -> Store:
    """A store with two releases, each in two languages."""
    opened = Store.at(tmp_path / "store")
    for name, first in (("puerto", 0), ("sierra", 100)):
        documents = [document(first + n, language="por_Latn" if n % 5 == 0 else "spa_Latn") for n in range(20)]
        build(name, [kept_run(f"{name}-1", documents)], opened, shard_bytes=30_000, **_TERMS)
    return opened


def test_a_slice_has_the_ledger_of_its_documents(store: Store, tmp_path: Path, command_line: CommandLine) -> None:
    """Where it is asked for: of no other document a row, of each of them all; the card says what was selected."""
    whole = tmp_path / "whole"
    pull("puerto", store, whole)
    line: list[Any] = ["pull", "puerto", "--store", store.url, "--where", "language = 'por_Latn'"]
    assert command_line(*line, "--to", tmp_path / "slice", "--with-ledger", "--columns", "text").code == 0
    ids = pl.read_parquet(tmp_path / "slice" / "data" / "**" / "*.parquet")["doc_id"]
    ledger = pl.read_parquet(tmp_path / "slice" / "ledger.parquet")
    expected = pl.read_parquet(whole / "ledger.parquet").filter(pl.col("doc_id").is_in(ids.implode()))
    assert len(ids) == 4
    assert ledger.height
    assert ledger.equals(expected)
    assert "language = 'por_Latn'; columns doc_id, text" in (tmp_path / "slice" / "README.md").read_text()
    assert "ledger.parquet" in (tmp_path / "slice" / "SHA256SUMS").read_text()
    assert command_line(*line, "--to", tmp_path / "slice").code == 0
    assert not (tmp_path / "slice" / "ledger.parquet").exists()


def test_a_damaged_ledger_gives_no_slice_of_it(store: Store, tmp_path: Path, command_line: CommandLine) -> None:
    """Neither one whose rows were changed since, nor one that lacks what is pulled."""
    line: list[Any] = ["pull", "puerto", "--store", store.url, "--where", "language = 'por_Latn'", "--with-ledger"]
    file = tmp_path / "store" / "releases" / "puerto" / store.versions("puerto")[0] / "ledger.parquet"
    pl.read_parquet(file).with_columns(reason=pl.lit("another")).write_parquet(file)
    told = command_line(*line, "--to", tmp_path / "slice")
    assert (told.code, "its bytes aren't those that the manifest names" in told.err) == (1, True)
    assert not (tmp_path / "slice" / "corpus.lock").exists()


def test_one_file_locks_several_releases(store: Store, tmp_path: Path, command_line: CommandLine) -> None:
    """Each once; a stream is held to the one that it names, and a file of several is joined again."""
    for name in ("puerto", "sierra"):
        pull(name, store, tmp_path / name)
    files = [tmp_path / name / "corpus.lock" for name in ("puerto", "sierra", "puerto")]
    both = tmp_path / "corpus.lock"
    told = command_line("release", "lock", *files, "--to", both, "--json").json
    assert [one["name"] for one in told] == ["puerto", "sierra"]
    assert read_locks(both) == (read_lock(files[0]), read_lock(files[1]))
    assert read_lock(both, "sierra") == read_lock(both, "sierra@2026.11.0") == read_lock(files[1])
    assert join_locks([both, files[0]], tmp_path / "again.lock") == read_locks(both)
    assert len(list(CorpusStream(store.url, "sierra", lock=both))) == 20
    with pytest.raises(ConfigError, match="one of the files to join"):
        join_locks([files[0], both], both)
    for spec, wrong in ((None, "none of them is named"), ("costa", "«costa» is none of them")):
        with pytest.raises(ConfigError, match=wrong):
            CorpusStream(store.url, spec, lock=both)
    assert (
        "fija puerto@2026.11.0, sierra@2026.11.0"
        in command_line("release", "lock", *files, "--to", both, "--lang", "es").out
    )


@pytest.mark.parametrize("text", ['{"format": 2}', '{"format": 2, "releases": [{}]}', '{"format": 2, "releases": 3}'])
def test_a_damaged_file_of_several_is_told(tmp_path: Path, text: str) -> None:
    """As one of a single release is; an empty one too."""
    (tmp_path / "corpus.lock").write_text(text)
    with pytest.raises(ConfigError, match=r"isn't a corpus\.lock"):
        read_locks(tmp_path / "corpus.lock")
    (tmp_path / "corpus.lock").write_text('{"format": 2, "releases": []}')
    with pytest.raises(ConfigError, match="it locks no release"):
        read_locks(tmp_path / "corpus.lock")


def test_withdrawn_rows_are_told_where_they_stand(store: Store, tmp_path: Path, command_line: CommandLine) -> None:
    """In a pulled folder by file and row; of several locks by release."""
    for name in ("puerto", "sierra"):
        pull(name, store, tmp_path / name, Subset(columns=["text"]))
    both = tmp_path / "both.lock"
    join_locks([tmp_path / name / "corpus.lock" for name in ("puerto", "sierra")], both)
    line: list[Any] = ["release", "check-lock", "--store", store.url]
    assert command_line(*line, both).code == 0
    [file, *_] = sorted((tmp_path / "puerto" / "data").rglob("*.parquet"))
    gone = pl.read_parquet(file)["doc_id"][1]
    withdraw(store, "puerto", "doc", gone, "asked by the author", _NOW)
    checked = command_line(*line, tmp_path / "puerto" / "corpus.lock", "--json")
    place = {"doc_id": gone, "file": file.relative_to(tmp_path / "puerto").as_posix(), "start": 1, "end": 2}
    assert (checked.code, checked.json["withdrawn"], checked.json["rows"]) == (1, [gone], [place])
    assert "para ocultarlo" in command_line(*line, tmp_path / "puerto" / "corpus.lock", "--lang", "es").out
    joined = command_line(*line, both, "--json")
    assert joined.code == 1
    alone = tmp_path / "alone" / "corpus.lock"
    (alone.parent / "data").mkdir(parents=True)
    alone.write_bytes((tmp_path / "puerto" / "corpus.lock").read_bytes())
    pl.DataFrame({"other": [1]}).write_parquet(alone.parent / "data" / "other.parquet")
    assert command_line(*line, alone, "--json").json["rows"] == []
    assert [one["withdrawn"] for one in joined.json["releases"]] == [[gone], []]
    file.write_bytes(b"PAR1")
    with pytest.raises(ReleaseError, match="pull or export it again"):
        places_of(pl.Series([gone]), tmp_path / "puerto")


def test_a_long_list_of_withdrawn_ids_says_that_it_goes_on(
    store: Store, tmp_path: Path, command_line: CommandLine
) -> None:
    """Five ids are shown, and a mark after them; `--json` has them all."""
    pull("puerto", store, tmp_path / "puerto")
    ids = sorted(pl.read_parquet(tmp_path / "puerto" / "data" / "**" / "*.parquet")["doc_id"])
    line: list[Any] = ["release", "check-lock", tmp_path / "puerto" / "corpus.lock", "--store", store.url]
    for named, mark in ((ids[:5], f"{ids[4]}\n"), (ids[5:7], f"{ids[4]}, …\n")):
        withdraw_all(store, "puerto", WithdrawalRequest(docs=tuple(named)), "lo piden", _NOW)
        assert mark in command_line(*line).out
    assert command_line(*line, "--json").json["withdrawn"] == ids[:7]


def _ids(folder: Path) -> list[str]:
    """The documents in Spanish of a pulled folder."""
    return pl.read_parquet(sorted((folder / "data" / "spa_Latn-literature").glob("*.parquet")))["doc_id"].to_list()


def _checked(command_line: CommandLine, lock: Path, url: str) -> tuple[int, Any]:
    told = command_line("release", "check-lock", lock, "--store", url, "--json")
    return told.code, told.json if told.code < 2 and told.out.strip() else told.err


def test_what_is_withdrawn_after_a_purge_is_told(store: Store, tmp_path: Path, command_line: CommandLine) -> None:
    """A purge puts other objects in the place of a version's: what is withdrawn of them is that version's, too."""
    pull("puerto", store, tmp_path / "p")
    lock = tmp_path / "p" / "corpus.lock"
    first, second, third = _ids(tmp_path / "p")[:3]
    old = store.versions("puerto")[0]
    for gone in (first, second):
        withdraw(store, "puerto", "doc", gone, "asked", _NOW)
        purge(store, tmp_path / "out", _NOW)
    done = withdraw(store, "puerto", "doc", third, "asked", _NOW)
    assert done.rows[f"puerto@{old}"] == 1
    assert _checked(command_line, lock, store.url)[1]["withdrawn"] == sorted([first, second, third])
    removed = diff(store, load_manifest(store, "puerto", old), done.after)
    assert [(str(one.reason), one.rows) for one in removed] == [("withdrawn", 3)]


def test_a_lock_of_another_version_of_that_name_is_no_all_clear(
    store: Store, tmp_path: Path, document: Any, kept_run: Any, command_line: CommandLine
) -> None:
    """Nor is a store whose log is younger than the lock, or can't be read to its end."""
    pull("puerto", store, tmp_path / "p")
    lock = tmp_path / "p" / "corpus.lock"
    other = Store.at(tmp_path / "other")
    build("puerto", [kept_run("other-1", [document(n) for n in range(50, 60)])], other, **_TERMS)
    code, told = _checked(command_line, lock, other.url)
    assert (code, "isn't the version that the lock names" in told) == (1, True)
    before = shutil.copytree(store.url, tmp_path / "before")
    withdraw(store, "sierra", "doc", document(101)["doc_id"], "asked", _NOW)
    assert _checked(command_line, lock, store.url)[0] == 0
    pull("puerto", store, tmp_path / "p")
    code, told = _checked(command_line, lock, str(before))
    assert (code, "0 entries, but the lock knew 1" in told) == (1, True)


def test_what_a_file_system_cant_tell_is_no_answer(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command_line: CommandLine
) -> None:
    """A log or a list of opt-outs that can't be asked for isn't one that ends."""
    pull("puerto", store, tmp_path / "p")
    gone = _ids(tmp_path / "p")[0]
    withdraw(store, "puerto", "doc", gone, "asked", _NOW)
    whole = LocalFileSystem.ls

    def refused(self: Any, path: str, *arguments: Any, **options: Any) -> Any:
        if str(path).endswith("/withdrawals"):
            raise PermissionError(13, "Permission denied", path)
        return whole(self, path, *arguments, **options)

    monkeypatch.setattr(LocalFileSystem, "ls", refused)
    code, told = _checked(command_line, tmp_path / "p" / "corpus.lock", store.url)
    assert (code, "Permission denied" in told) == (1, True)
    monkeypatch.undo()
    info = LocalFileSystem.info

    def unknown(self: Any, path: str, **options: Any) -> Any:
        if str(path).endswith("opt_outs.parquet"):
            raise PermissionError(13, "Permission denied", path)
        return info(self, path, **options)

    monkeypatch.setattr(LocalFileSystem, "info", unknown)
    with pytest.raises(ReleaseError, match="Permission denied"):
        build("puerto", [], store, parent="latest", **_TERMS)


class _Failing(http.server.SimpleHTTPRequestHandler):
    """Gives files, and of the log an error."""

    def send_head(self) -> Any:
        if "/withdrawals/" in self.path:
            self.send_error(503)
            return None
        return super().send_head()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def test_a_servers_failure_isnt_the_logs_end(store: Store, tmp_path: Path, command_line: CommandLine) -> None:
    """It says 404 of what it hasn't; of anything else nothing is known."""
    pull("puerto", store, tmp_path / "p")
    lock = tmp_path / "p" / "corpus.lock"
    withdraw(store, "puerto", "doc", _ids(tmp_path / "p")[0], "asked", _NOW)
    for handler, expected in ((_Failing, "503"), (http.server.SimpleHTTPRequestHandler, "withdrawn")):
        serving = functools.partial(handler, directory=str(tmp_path))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serving) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            code, told = _checked(command_line, lock, f"http://127.0.0.1:{server.server_port}/store")
            server.shutdown()
        assert (code, expected in str(told)) == (1, True)


def test_a_selection_is_asked_for_its_own_documents(store: Store, tmp_path: Path, command_line: CommandLine) -> None:
    """Of a document that it hasn't it is told apart; without the folder, that nobody looked."""
    pull("puerto", store, tmp_path / "p", Subset(where="language = 'por_Latn'"))
    lock = tmp_path / "p" / "corpus.lock"
    pull("puerto", store, tmp_path / "whole")
    [here, *_] = pl.read_parquet(tmp_path / "p" / "data" / "**" / "*.parquet")["doc_id"]
    [elsewhere, *_] = _ids(tmp_path / "whole")
    withdraw(store, "puerto", "doc", elsewhere, "asked", _NOW)
    code, told = _checked(command_line, lock, store.url)
    assert (code, told["withdrawn"], told["elsewhere"]) == (0, [], 1)
    withdraw(store, "puerto", "doc", here, "asked", _NOW)
    code, told = _checked(command_line, lock, store.url)
    assert (code, told["withdrawn"], told["elsewhere"], told["gaps"]) == (1, [here], 1, [])
    alone = tmp_path / "alone.lock"
    alone.write_bytes(lock.read_bytes())
    code, told = _checked(command_line, alone, store.url)
    assert (code, told["withdrawn"], len(told["gaps"])) == (1, sorted([here, elsewhere]), 2)
    next((tmp_path / "p" / "data").rglob("*.parquet")).unlink()
    assert "pull or export it again" in _checked(command_line, lock, store.url)[1]


def test_a_lock_says_nothing_else_than_before(store: Store, tmp_path: Path) -> None:
    """That of one release reads as it did: older toolkits take it."""
    pull("puerto", store, tmp_path / "puerto")
    told = json.loads((tmp_path / "puerto" / "corpus.lock").read_text())
    assert told["format"] == 1
    assert set(told) == {
        "name", "version", "manifest_sha256", "withdrawal_sequence", "where", "rewritten", "rows", "toolkit", "format",
    }  # fmt: skip
