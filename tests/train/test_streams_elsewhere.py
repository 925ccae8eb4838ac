"""An object store gives the same results as a store on a disk, including withdrawals and locks."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from fsspec import filesystem

from latam_corpus.errors import ReleaseError
from latam_corpus.release.reading.pull import Subset, pull
from latam_corpus.release.storing.store import Store
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest
from latam_corpus.train import CorpusStream
from latam_corpus.train.shards.corpus_files import CorpusFiles
from latam_corpus.train.shards.group_cache import GroupCache

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPEC = "puerto@2026.11.0"


@pytest.mark.filterwarnings("ignore:.*(is|are) withdrawn")
def test_a_bucket_is_streamed_and_pulled_like_a_disk(
    small_store: Store, object_store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Order and states agree with a disk, withdrawals apply, and a missing shard is reported."""
    files: Any = filesystem("s3")
    files.put(str(small_store.folder), f"{object_store}/store", recursive=True)
    place = f"{object_store}/store"

    def opened(store: str, **options: Any) -> CorpusStream:
        return CorpusStream(store, SPEC, seed=7, columns=["doc_id"], window=16_000, cache=tmp_path / "cache", **options)

    requests: list[str] = []
    whole = Store.open

    def open_file(self: Store, *path: str, **options: Any) -> Any:
        requests.append(path[-1])
        return whole(self, *path, **options)

    monkeypatch.setattr(Store, "open", open_file)
    order = [row["doc_id"] for row in opened(small_store.url)]
    requests.clear()
    bucket_stream = opened(place)
    assert bucket_stream.total == 120
    assert requests == ["manifest.json"]  # of each file its end was fetched, by one request
    assert [next(bucket_stream)["doc_id"] for _ in range(40)] == order[:40]
    disk_stream = opened(small_store.url)
    disk_stream.load_state_dict(bucket_stream.state_dict())
    assert [row["doc_id"] for row in disk_stream] == [row["doc_id"] for row in bucket_stream] == order[40:]
    chile = [row["doc_id"] for row in opened(small_store.url).of_rows({"country": "CL"})]
    assert [row["doc_id"] for row in opened(place).of_rows({"country": "CL"})] == chile
    assert len(chile) == 30
    withdraw(
        Store.at(place), WithdrawalRequest.of("puerto", "doc", order[50], "asked by the author"), datetime.now(UTC)
    )
    assert [row["doc_id"] for row in opened(place)] == order[:50] + order[51:]
    pull(SPEC, place, tmp_path / "pulled", Subset(where="country = 'CL'", columns=["doc_id", "text"]))
    lock = tmp_path / "pulled" / "corpus.lock"
    pulled = {row["doc_id"] for row in CorpusStream(tmp_path / "pulled", lock=lock)}
    assert pulled == {row["doc_id"] for row in opened(place, where="country = 'CL'", lock=lock)} < set(order)
    shards = files.glob(f"{object_store}/store/objects/sha256/*/*.parquet")
    files.rm(shards)
    with pytest.raises(ReleaseError, match="the file is missing"):
        next(CorpusStream(place, SPEC, cache=tmp_path / "other"))


@pytest.fixture
def elsewhere(small_store: Store) -> Iterator[str]:
    """The small store with each row group fetched as from a remote store."""
    files = filesystem("memory")
    files.put(str(small_store.folder), "/elsewhere", recursive=True)
    yield "memory://elsewhere"
    files.rm("/elsewhere", recursive=True)


@pytest.mark.parametrize("shuffle", [True, False])
def test_row_groups_are_fetched_several_at_a_time(
    elsewhere: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, shuffle: bool
) -> None:
    """Requests run concurrently: each waits here for another."""
    stream = CorpusStream(elsewhere, SPEC, seed=7, columns=["doc_id"], shuffle=shuffle, cache=tmp_path)
    groups = len(stream.files.groups)
    barrier, fetched = threading.Barrier(2), CorpusFiles._fetch  # noqa: SLF001  (each request)
    assert groups > 2

    def fetch(self: CorpusFiles, *what: Any) -> bytes:
        with suppress(threading.BrokenBarrierError):
            barrier.wait(300)
        return fetched(self, *what)

    monkeypatch.setattr(CorpusFiles, "_fetch", fetch)
    if groups % 2:
        threading.Thread(target=barrier.wait, daemon=True).start()
    assert len(list(stream)) == 120
    assert not barrier.broken


def test_the_cache_keeps_its_limit_though_several_are_written(
    elsewhere: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Concurrent writers keep the cache within its limit."""
    evict = GroupCache._evict  # noqa: SLF001  (before each file)

    def late(self: GroupCache, size: int) -> None:
        evict(self, size)
        time.sleep(0.02)

    monkeypatch.setattr(GroupCache, "_evict", late)
    limit = 20_000
    assert len(list(CorpusStream(elsewhere, SPEC, cache=tmp_path, cache_bytes=limit))) == 120
    assert 0 < sum(file.stat().st_size for file in tmp_path.glob("*.group")) <= limit
