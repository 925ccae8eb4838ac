"""Concurrent builds and withdrawals lose no document, and leave no withdrawn document readable."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from built_versions import build, prose

import latam_corpus as lc
from latam_corpus.release.building import build as building
from latam_corpus.release.building.build_basis import OvertakenError
from latam_corpus.release.storing.manifest import MANIFEST
from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.withdrawal_log import read_log
from latam_corpus.release.withdrawals.holds import give_back
from latam_corpus.release.withdrawals.purge import purge
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from latam_corpus.release.withdrawals.withdraw import Withdrawal

TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25), "index": False}
NOW = datetime(2026, 11, 27, tzinfo=UTC)

pytestmark = pytest.mark.filterwarnings("ignore:.*(is|are) withdrawn")


class Room:
    """A store with a version of documents 0 and 1, and runs of two more documents each."""

    def __init__(self, url: str, document: Any, kept_run: Any, patch: pytest.MonkeyPatch) -> None:
        self.store, self.patch = Store.at(url), patch
        self.ids = [document(n)["doc_id"] for n in range(6)]
        rows = [document(n, text=prose(n)) for n in range(6)]
        self.runs = [kept_run(f"{name}-1", rows[n : n + 2]) for n, name in ((0, "a"), (2, "b"), (4, "c"))]
        build("puerto", self.runs[:1], self.store, **TERMS)

    def build(self, run: int, parent: str = "latest") -> Any:
        """Build a version with a run's documents, based on a parent."""
        return build("puerto", [self.runs[run]], self.store, parent=parent, **TERMS)

    def before(self, owner: Any, name: str, action: Callable[[], Any], of: str = "") -> None:
        """Run an action before the first call of a function with this last argument."""
        whole, done = getattr(owner, name), list[bool]()

        def call(*arguments: Any, **options: Any) -> Any:
            if not done and (not of or arguments[-1] == of):
                done.append(True)
                action()
            return whole(*arguments, **options)

        self.patch.setattr(owner, name, call)

    def given(self, spec: str = "puerto") -> list[int]:
        """Return the documents of a version that readers get."""
        rows = lc.open_release(self.store.url, spec).scan().select("doc_id").collect()
        return sorted(self.ids.index(doc_id) for doc_id in rows["doc_id"])


@pytest.fixture(params=["folder", "elsewhere"])
def room(
    request: pytest.FixtureRequest, tmp_path: Path, document: Any, kept_run: Any, monkeypatch: pytest.MonkeyPatch
) -> Room:
    """Return a room on the local disk, and one in memory, which has no locks."""
    url = str(tmp_path / "store") if request.param == "folder" else f"memory://{tmp_path.name}"
    return Room(url, document, kept_run, monkeypatch)


def test_a_build_on_an_outdated_parent_is_refused(room: Room) -> None:
    """If another version was made during a build, the build fails, and a new one includes its documents."""
    room.before(building, "write_shards", lambda: room.build(1))
    with pytest.raises(OvertakenError, match=r"2026\.11\.1 was made during the build.*based on 2026\.11\.0"):
        room.build(2, "2026.11.0")
    assert room.given() == [0, 1, 2, 3]
    assert room.build(2).spec == "puerto@2026.11.2"
    assert room.given() == [0, 1, 2, 3, 4, 5]
    # An older version may be named as the parent.
    room.before(building, "write_shards", lambda: None)
    room.build(2, "2026.11.0")
    assert room.given() == [0, 1, 4, 5]
    room.before(building, "write_shards", lambda: room.build(1))
    assert room.build(1).spec == "puerto@2026.11.4"


def test_of_two_concurrent_builds_in_an_object_store_one_fails(
    object_store: str, document: Any, kept_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without locks the pointer decides which of two builds makes the next version."""
    room = Room(f"{object_store}/store", document, kept_run, monkeypatch)
    room.before(Store, "create", lambda: room.build(1), of=MANIFEST)
    with pytest.raises(OvertakenError, match="would lack its documents"):
        room.build(2)
    assert (room.store.versions("puerto"), room.given()) == (["2026.11.0", "2026.11.2"], [0, 1, 2, 3])
    room.build(2)
    assert room.given() == [0, 1, 2, 3, 4, 5]


def test_a_withdrawal_during_a_build_stops_the_build(
    document: Any, kept_run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without locks a withdrawal, a hold or a return during a build makes the build fail."""
    room = Room(f"memory://{tmp_path.name}", document, kept_run, monkeypatch)
    holds: list[Withdrawal] = []

    def hold() -> None:
        holds.append(
            withdraw(room.store, WithdrawalRequest.of("puerto", "doc", room.ids[0], "in dispute", kind="hold"), NOW)
        )

    for action in (
        hold,
        lambda: give_back(room.store, "puerto", holds[0].entry.request, "they agree", NOW),
        lambda: withdraw(room.store, WithdrawalRequest.of("puerto", "doc", room.ids[0], "asked"), NOW),
    ):
        room.before(Store, "create", action, of=MANIFEST)
        with pytest.raises(OvertakenError, match="withdrawals or refusals changed"):
            room.build(1)
    assert [room.given(f"puerto@{version}") for version in room.store.versions("puerto")] == [[1]] * 4
    purge(room.store, tmp_path / "out", NOW)
    room.build(1)
    assert room.given() == [1, 2, 3]


def test_a_withdrawal_covers_a_version_made_at_the_same_time(room: Room, tmp_path: Path) -> None:
    """A version made before the entry is written is covered by the same entry and receipt."""
    room.before(Store, "claim", lambda: room.build(1))
    withdrawal = withdraw(room.store, WithdrawalRequest.of("puerto", "doc", room.ids[0], "asked"), NOW)
    assert (withdrawal.before.version, withdrawal.after.version) == ("2026.11.1", "2026.11.2")
    assert (withdrawal.rows, read_log(room.store).sequence) == ({"puerto@2026.11.0": 1, "puerto@2026.11.1": 1}, 1)
    assert [room.given(f"puerto@{n}") for n in room.store.versions("puerto")] == [[1], [1, 2, 3], [1, 2, 3]]
    assert purge(room.store, tmp_path / "out", NOW).objects == 2


def test_a_withdrawal_rebuilds_its_version_on_a_newer_parent(room: Room) -> None:
    """A withdrawal repeats its build if another version or withdrawal came first, and loses no document."""
    room.before(building, "write_shards", lambda: room.build(1))
    withdrawal = withdraw(room.store, WithdrawalRequest.of("puerto", "doc", room.ids[0], "asked"), NOW)
    assert (withdrawal.after.version, room.given()) == ("2026.11.1", [1, 2, 3])  # nothing is left to be left out
    room.before(
        building,
        "write_shards",
        lambda: withdraw(room.store, WithdrawalRequest.of("puerto", "doc", room.ids[2], "asked"), NOW),
    )
    withdraw(room.store, WithdrawalRequest.of("puerto", "doc", room.ids[3], "asked"), NOW)
    assert room.given() == [1]
