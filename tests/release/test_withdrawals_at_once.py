"""Concurrent withdrawals each have an entry: the later one waits, or starts again from the other one.

`make test` lets two withdraw at once twice, `make gate` four times.
"""

from __future__ import annotations

import os
import threading
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from built_versions import build

from latam_corpus.errors import ReleaseError
from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.withdrawal_log import add_entry, read_log, request_name
from latam_corpus.release.withdrawals.holds import give_back
from latam_corpus.release.withdrawals.purge import purge
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_receipt import problems_of, write_receipt_entry
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import MadeOnce

    from latam_corpus.release.storing.manifest import Manifest

TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25), "index": False}
NOW = datetime(2026, 11, 27, tzinfo=UTC)
_MANY = 4 if "LATAM_CORPUS_GATE" in os.environ else 2
ROUNDS = {"folder": _MANY, "memory": _MANY, "bucket": 1}  # the object store of the tests answers slowly


@pytest.fixture
def ids(document: Any) -> list[str]:
    """Return the ids of the documents of the release."""
    return [document(n)["doc_id"] for n in range(12)]


@pytest.fixture
def run(kept_run: Any, document: Any) -> Path:
    """Return a run of twelve documents."""
    folder: Path = kept_run("a-1", [document(n, text=f"texto {n} " * 9) for n in range(12)])
    return folder


@pytest.fixture
def store(run: Path, tmp_path: Path, made_once: MadeOnce) -> Store:
    """Return a store with a version of the run."""
    copy = made_once("withdrawals-at-once", lambda new: build("puerto", [run], new, **TERMS), tmp_path / "store")
    return Store.at(copy)


@pytest.mark.parametrize("place", ROUNDS)
def test_concurrent_withdrawals_are_both_logged(
    place: str, run: Path, ids: list[str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """This is repeated, with receipts; the later command may have the earlier clock time."""
    url = {"folder": str(tmp_path / "store"), "memory": f"memory://{tmp_path.name}"}.get(place)
    url = url or f"{request.getfixturevalue('object_store')}/store"
    build("puerto", [run], Store.at(url), **TERMS)
    failures: list[BaseException] = []

    def ask(number: int, now: datetime, barrier: threading.Barrier) -> None:
        store = Store.at(url)
        barrier.wait()
        try:
            done = withdraw(store, WithdrawalRequest.of("puerto", "doc", ids[number], "lo piden"), now)
            assert problems_of(write_receipt_entry(store, done, now)["json"], store) == []
        except BaseException as error:  # noqa: BLE001  (told in the test's own thread)
            failures.append(error)

    for first in range(0, 2 * ROUNDS[place], 2):
        barrier, now = threading.Barrier(2), NOW + timedelta(hours=first)
        threads = [
            threading.Thread(target=ask, args=(first + n, now + timedelta(minutes=n), barrier)) for n in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []
    log = read_log(Store.at(url))
    assert len(log.withdrawals) == 2 * ROUNDS[place]
    assert sum(entry.kind == "receipt" for entry in log.entries) == 2 * ROUNDS[place]
    assert Store.at(url).latest("puerto")
    assert build("puerto", [], Store.at(url), parent="latest", **TERMS).rows == 12 - 2 * ROUNDS[place]


def test_an_entry_of_a_later_command_is_waited_for(
    store: Store, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first command takes the time of the other entry, and reports no wrong clock."""
    where = "latam_corpus.release.withdrawals.withdraw.request_name"

    def overtaken(*args: Any) -> str:
        monkeypatch.setattr(where, request_name)
        withdraw(store, WithdrawalRequest.of("puerto", "doc", ids[1], "lo piden"), NOW + timedelta(hours=3))
        return request_name(*args)

    monkeypatch.setattr(where, overtaken)
    assert withdraw(store, WithdrawalRequest.of("puerto", "doc", ids[0], "lo piden"), NOW).after.rows == 10
    assert [entry.time for entry in read_log(store).withdrawals] == [NOW + timedelta(hours=3)] * 2


def test_a_version_that_is_removed_while_it_is_read_is_left_out(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """An overtaken build removes its manifest, for instance between its listing and its reading."""
    listed = Store.versions

    def before_removal(store: Store, name: str) -> list[str]:
        monkeypatch.setattr(Store, "versions", listed)
        return [*listed(store, name), "2026.11.9"]

    monkeypatch.setattr(Store, "versions", before_removal)
    assert [manifest.version for manifest in store.manifests("puerto")] == ["2026.11.0"]
    monkeypatch.setattr(Store, "versions", lambda store, name: [*listed(store, name), "2026.11.9"])
    with pytest.raises(ReleaseError, match="missing"):
        list(store.manifests("puerto"))


def test_an_entry_that_is_added_while_versions_are_read_is_known(
    store: Store, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its version mentions it, and isn't taken for one whose entry was lost."""
    actual = Store.manifests

    def overtaken(of: Store, *names: str) -> Iterator[Manifest]:
        monkeypatch.setattr(Store, "manifests", actual)
        withdraw(store, WithdrawalRequest.of("puerto", "doc", ids[1], "lo piden"), NOW)
        return actual(of, *names)

    monkeypatch.setattr(Store, "manifests", overtaken)
    assert withdraw(store, WithdrawalRequest.of("puerto", "doc", ids[0], "lo piden"), NOW).after.rows == 10


def test_a_withdrawal_during_a_purge_is_erased_by_it_or_by_the_next_one(
    store: Store, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its version mentions an entry that the purge read only after the versions, and isn't taken for damaged."""
    withdraw(store, WithdrawalRequest.of("puerto", "doc", ids[0], "lo piden"), NOW)
    actual = Store.manifests

    def overtaken(of: Store, *names: str) -> Iterator[Manifest]:
        monkeypatch.setattr(Store, "manifests", actual)
        withdraw(store, WithdrawalRequest.of("puerto", "doc", ids[1], "lo piden"), NOW)
        return actual(of, *names)

    monkeypatch.setattr(Store, "manifests", overtaken)
    done = purge(store, None, NOW + timedelta(days=1)).documents
    assert purge(store, None, NOW + timedelta(days=2)).documents == done == 2


def test_an_entry_without_a_version_is_waited_for(
    store: Store, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other command has added its entry, but has not made its version."""
    where = "latam_corpus.release.withdrawals.withdraw.request_name"

    def overtaken(*args: Any) -> str:
        monkeypatch.setattr(where, request_name)
        later = NOW + timedelta(hours=3)
        add_entry(read_log(store), later, {}, kind="receipt", request="W0001-00000000", release="puerto")
        return request_name(*args)

    monkeypatch.setattr(where, overtaken)
    assert withdraw(store, WithdrawalRequest.of("puerto", "doc", ids[0], "lo piden"), NOW).after.rows == 11
    assert [entry.number for entry in read_log(store).withdrawals] == [2]


def test_a_return_and_a_purge_wait_too(
    store: Store, ids: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry that is added just before theirs delays them, and does not change their result."""
    hold = withdraw(store, WithdrawalRequest.of("puerto", "doc", ids[0], "en disputa", kind="hold"), NOW)
    withdraw(store, WithdrawalRequest.of("puerto", "doc", ids[1], "lo piden"), NOW)

    def before(name: str, called: Any, number: int) -> None:
        def overtaken(*args: Any, **fields: Any) -> Any:
            monkeypatch.setattr(f"latam_corpus.release.{name}", called)
            withdraw(
                store, WithdrawalRequest.of("puerto", "doc", ids[number], "lo piden"), NOW + timedelta(hours=number)
            )
            return called(*args, **fields)

        monkeypatch.setattr(f"latam_corpus.release.{name}", overtaken)

    before("withdrawals.holds.request_name", request_name, 2)
    assert give_back(store, "puerto", hold.entry.request, "están de acuerdo", NOW).after.rows == 10
    before("withdrawals.purge.add_entry", add_entry, 3)
    assert purge(store, tmp_path / "out", NOW + timedelta(hours=2)).objects >= 1
    assert [entry.kind for entry in read_log(store).entries][-2:] == ["withdrawal", "purge"]


def test_two_concurrent_purges_are_refused(
    store: Store, ids: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The later purge would name objects that no longer exist."""
    withdraw(store, WithdrawalRequest.of("puerto", "doc", ids[1], "lo piden"), NOW)
    name = "latam_corpus.release.withdrawals.purge.add_entry"

    def overtaken(*args: Any, **fields: Any) -> Any:
        monkeypatch.setattr(name, add_entry)
        purge(store, tmp_path / "out", NOW)
        return add_entry(*args, **fields)

    monkeypatch.setattr(name, overtaken)
    with pytest.raises(ReleaseError, match="run the command again"):
        purge(store, tmp_path / "out", NOW)
