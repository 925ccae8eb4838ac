"""A store in an object store gives what the same store on a disk gives, withdrawals and locks included."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from fsspec import filesystem

from latam_corpus.errors import ReleaseError
from latam_corpus.release.pull import pull
from latam_corpus.release.store import Store
from latam_corpus.release.withdraw import withdraw
from latam_corpus.train import CorpusStream

if TYPE_CHECKING:
    from pathlib import Path

SPEC = "puerto@2026.11.0"


@pytest.mark.filterwarnings("ignore:.*are withdrawn")
def test_a_bucket_is_streamed_and_pulled_as_a_disk(
    small_store: Store, object_store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one order, on from a state of the other, without what is withdrawn there; a missing shard is named."""
    files: Any = filesystem("s3")
    files.put(str(small_store.folder), f"{object_store}/store", recursive=True)
    place = f"{object_store}/store"

    def opened(store: str, **options: Any) -> CorpusStream:
        return CorpusStream(store, SPEC, seed=7, columns=["doc_id"], window=16_000, cache=tmp_path / "cache", **options)

    asked: list[str] = []
    whole = Store.open

    def open_file(self: Store, *path: str, **options: Any) -> Any:
        asked.append(path[-1])
        return whole(self, *path, **options)

    monkeypatch.setattr(Store, "open", open_file)
    order = [row["doc_id"] for row in opened(small_store.url)]
    asked.clear()
    there = opened(place)
    assert there.total == 120
    assert asked == ["manifest.json"]  # of each file its end was fetched, by one request
    assert [next(there)["doc_id"] for _ in range(40)] == order[:40]
    here = opened(small_store.url)
    here.load_state_dict(there.state_dict())
    assert [row["doc_id"] for row in here] == [row["doc_id"] for row in there] == order[40:]
    chile = [row["doc_id"] for row in opened(small_store.url).of_rows({"country": "CL"})]
    assert [row["doc_id"] for row in opened(place).of_rows({"country": "CL"})] == chile
    assert len(chile) == 30
    withdraw(Store.at(place), "puerto", "doc", order[50], "asked by the author", datetime.now(UTC))
    assert [row["doc_id"] for row in opened(place)] == order[:50] + order[51:]
    pull(SPEC, place, tmp_path / "pulled", where="country = 'CL'", columns=["doc_id", "text"])
    lock = tmp_path / "pulled" / "corpus.lock"
    pulled = {row["doc_id"] for row in CorpusStream(tmp_path / "pulled", lock=lock)}
    assert pulled == {row["doc_id"] for row in opened(place, where="country = 'CL'", lock=lock)} < set(order)
    shards = files.glob(f"{object_store}/store/objects/sha256/*/*.parquet")
    files.rm(shards)
    with pytest.raises(ReleaseError, match="the file is missing"):
        next(CorpusStream(place, SPEC, cache=tmp_path / "other"))
