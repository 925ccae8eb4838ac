"""A stream returns each document once, in one order for any number of ranks, and resumes exactly where it stopped."""

from __future__ import annotations

import errno
import http.server
import json
import pickle
import random
import shutil
import threading
import zlib
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from latam_corpus.errors import ConfigError, NoteWarning, ReleaseError
from latam_corpus.release.reading.corpus_lock import read_locks
from latam_corpus.release.reading.exclusions import exclusion_list
from latam_corpus.release.reading.pull import Subset, pull
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store import Store
from latam_corpus.release.withdrawals.purge import purge
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest
from latam_corpus.train import CorpusStream
from latam_corpus.train.export.write_export import COLUMNS, write_export
from latam_corpus.train.shards.corpus_files import CorpusFiles, open_files
from latam_corpus.train.shards.row_order import RowGroup, shuffled, windows_of
from latam_corpus.train.shards.rows_in_memory import rows_as_dicts
from latam_corpus.train.tokens.token_counts import count_slices
from latam_corpus.train.tokens.tokenizer import load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator

# Several windows in a version of 120 rows.
WINDOW = 16_000


def ids(store: Store | str | Path, *name: str, **options: Any) -> list[str]:
    """Return the ids of a stream in its order."""
    arguments: dict[str, Any] = {"columns": ["doc_id"], "window": WINDOW} | options
    stream = CorpusStream(store.url if isinstance(store, Store) else store, *(name or ("puerto",)), **arguments)
    return [row["doc_id"] for row in stream]


@pytest.fixture
def served(small_store: Store) -> Iterator[str]:
    """The store's address on a local server."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Log nothing."""

        def do_GET(self) -> None:
            """Serve a file, or the requested range of it."""
            range_header = self.headers.get("Range")
            if not range_header:
                return super().do_GET()
            first, last = range_header.removeprefix("bytes=").split("-")
            whole = Path(self.translate_path(self.path)).read_bytes()
            piece = whole[int(first) : int(last) + 1]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{int(first) + len(piece) - 1}/{len(whole)}")
            self.send_header("Content-Length", str(len(piece)))
            self.end_headers()
            self.wfile.write(piece)
            return None

    handler = partial(Quiet, directory=str(small_store.folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_each_document_comes_once_in_an_order_of_seed_and_epoch(small_store: Store) -> None:
    """The order depends on seed and epoch, and not on columns."""
    order = ids(small_store, seed=7)
    assert len(order) == len(set(order)) == 120
    assert ids(small_store, seed=7, columns=[]) == order
    assert ids(small_store, seed=7, epoch=1) != order != ids(small_store, seed=8)
    assert sorted(ids(small_store, seed=7, epoch=1)) == sorted(order)
    stream = CorpusStream(small_store.url, "puerto", window=WINDOW)
    assert len(windows_of(stream.files.groups, WINDOW, 7, 0)) > 2  # as the tests of this file want


@pytest.mark.parametrize("world", [3, 7, 121])
def test_position_i_goes_to_rank_i_mod_world(small_store: Store, world: int) -> None:
    """Positions are divided among any number of ranks, even if some ranks get no position."""
    order = ids(small_store, seed=7)
    assert [ids(small_store, seed=7, rank=rank, world=world) for rank in range(world)] == [
        order[rank::world] for rank in range(world)
    ]


def test_a_stream_resumes_from_its_state_at_any_point(small_store: Store) -> None:
    """A state written as JSON at any point resumes with the remaining documents."""
    order = ids(small_store, seed=7)
    stream = CorpusStream(small_store.url, "puerto", seed=7, columns=["doc_id"], window=WINDOW)
    for taken in range(121):
        fresh = CorpusStream(small_store.url, "puerto", columns=["doc_id"], window=WINDOW)
        fresh.load_state_dict(json.loads(json.dumps(stream.state_dict())))
        assert [row["doc_id"] for row in fresh] == order[taken:]
        next(stream, None)


def test_a_run_resumes_at_random_points_on_other_ranks(small_store: Store) -> None:
    """Thirty changes between 1, 2, 3 and 8 ranks keep the order."""
    order = ids(small_store, seed=7)
    lots = random.Random(50)

    def opened(rank: int, world: int, **options: Any) -> CorpusStream:
        return CorpusStream(small_store.url, "puerto", rank=rank, world=world, window=WINDOW, **options)

    for _ in range(30):
        world, then = lots.choice((1, 2, 3, 8)), lots.choice((1, 2, 3, 8))
        taken = [lots.randrange(120 // world) for _ in range(world)]
        streams = [opened(rank, world, seed=7, columns=["doc_id"]) for rank in range(world)]
        seen = {next(stream)["doc_id"] for stream, count in zip(streams, taken, strict=True) for _row in range(count)}
        states = [json.loads(json.dumps(stream.state_dict())) for stream in streams]
        rank = lots.randrange(then)
        fresh = opened(rank, then, columns=["doc_id"])
        fresh.load_state_dict(states)
        assert [row["doc_id"] for row in fresh] == [doc_id for doc_id in order[rank::then] if doc_id not in seen]


def test_the_state_of_one_of_two_ranks_is_refused(small_store: Store) -> None:
    """A single rank's state doesn't define the place of the other."""
    order = ids(small_store, seed=7)
    two = [CorpusStream(small_store.url, "puerto", seed=7, rank=rank, world=2, window=WINDOW) for rank in (0, 1)]
    for _ in range(10):
        next(two[0])
    states = [stream.state_dict() for stream in two]
    stream_of_one = CorpusStream(small_store.url, "puerto", columns=["doc_id"], window=WINDOW)
    for state in (states[0], states[:1]):
        with pytest.raises(
            ConfigError, match="had 2 ranks, and this is rank 0 of 1: the states of ranks 1 are missing"
        ):
            stream_of_one.load_state_dict(state)
    stream_of_one.load_state_dict(states)
    assert [row["doc_id"] for row in stream_of_one] == [doc_id for doc_id in order if doc_id not in order[:20:2]]


def test_a_rank_takes_its_own_state(small_store: Store, tokenizer_file: Path) -> None:
    """A rank takes its own state from a list in any order, and refuses another rank's."""
    tokenizer = load_tokenizer(tokenizer_file)
    for where in ("country = 'CL'", None):
        two = [
            CorpusStream(small_store.url, "puerto", rank=rank, world=2, where=where, window=WINDOW) for rank in (0, 1)
        ]
        for stream in two:
            taken = iter(stream) if where else stream.packed(tokenizer, 64)
            for _ in range(5):
                next(taken)
        states = [json.loads(json.dumps(stream.state_dict())) for stream in two]
        remaining = [[row["doc_id"] for row in stream] for stream in two] if where else []
        fresh = CorpusStream(small_store.url, "puerto", rank=1, world=2, where=where, window=WINDOW)
        with pytest.raises(ConfigError, match="this is rank 1 of 2: the states of ranks 1 are missing"):
            fresh.load_state_dict(states[0])
        fresh.load_state_dict(states[::-1])
        assert fresh.state_dict() == states[1]
        if where:
            assert [row["doc_id"] for row in fresh] == remaining[1]
            single = CorpusStream(small_store.url, "puerto", where=where, window=WINDOW)
            single.load_state_dict(states[::-1])
            assert sorted(row["doc_id"] for row in single) == sorted(remaining[0] + remaining[1])


def test_texts_resume_after_the_last_returned_one(small_store: Store) -> None:
    """Texts resume after the last returned one, and not after its batch."""
    whole = list(CorpusStream(small_store.url, "puerto", seed=7).texts())
    stream = CorpusStream(small_store.url, "puerto", seed=7)
    texts = stream.texts()
    seen = [next(texts) for _ in range(3)]
    fresh = CorpusStream(small_store.url, "puerto")
    fresh.load_state_dict(stream.state_dict())
    assert seen + list(fresh.texts()) == whole
    assert list(fresh.texts()) == whole


def test_missing_columns_are_reported(small_store: Store, tokenizer_file: Path, tmp_path: Path) -> None:
    """A missing column is an error, and a folder's own columns are the default."""
    without = CorpusStream(small_store.url, "puerto", columns=["doc_id"])
    with pytest.raises(ConfigError, match="don't include «text»"):
        next(without.texts())
    with pytest.raises(ConfigError, match="don't include «text»"):
        next(without.packed(load_tokenizer(tokenizer_file), 8))
    pull("puerto", small_store, tmp_path / "ids", Subset(columns=["id", "language"]))
    assert set(next(CorpusStream(tmp_path / "ids"))) == {"doc_id", "id", "language"}
    for options in ({"columns": ["genre"]}, {"where": "genre = 'news'"}):
        with pytest.raises(ConfigError, match="pulled without «genre»"):
            CorpusStream(tmp_path / "ids", **options)


def test_integers_of_numpy_are_accepted(small_store: Store) -> None:
    """NumPy's integers are accepted, and anything but a whole number is refused."""
    numbers: dict[str, Any] = {"seed": np.int64(7), "rank": np.int32(0), "world": np.int8(1)}
    stream = CorpusStream(small_store.url, "puerto", window=WINDOW, **numbers)
    assert next(stream)["doc_id"] == ids(small_store, seed=7)[0]
    stream.set_epoch(numbers["seed"] - 5)
    assert json.loads(json.dumps(stream.state_dict()))["epoch"] == 2
    for option, value in (("seed", "7"), ("epoch", 1.0), ("world", None)):
        wrong: dict[str, Any] = {option: value}
        with pytest.raises(ConfigError, match="isn't a whole number"):
            CorpusStream(small_store.url, "puerto", **wrong)


def test_exclusions_do_not_change_the_order(small_store: Store, tmp_path: Path) -> None:
    """An earlier state resumes without excluded documents on 1, 2 and 4 ranks."""
    order = ids(small_store, seed=7)
    stream = CorpusStream(small_store.url, "puerto", seed=7, window=WINDOW)
    for _ in range(40):
        next(stream)
    excluded = set(random.Random(1).sample(order, 30))
    id_file = tmp_path / "excluded.jsonl"
    id_file.write_text("".join(json.dumps({"doc_id": doc_id}) + "\n" for doc_id in sorted(excluded)))
    for world in (1, 2, 4):
        for rank in range(world):
            fresh = CorpusStream(
                small_store.url, "puerto", rank=rank, world=world, exclude=[id_file], window=WINDOW, columns=["id"]
            )
            fresh.load_state_dict(stream.state_dict())
            expected = [
                doc_id for i, doc_id in enumerate(order) if i >= 40 and i % world == rank and doc_id not in excluded
            ]
            assert [row["id"] for row in fresh] == expected


def test_one_list_and_one_column_need_no_brackets(small_store: Store, tmp_path: Path) -> None:
    """A single name isn't read letter by letter."""
    whole = ids(small_store, seed=7)
    (tmp_path / "excluded.txt").write_text("\n".join(whole[:3]))
    for excluded in (tmp_path / "excluded.txt", str(tmp_path / "excluded.txt")):
        stream = CorpusStream(small_store.url, "puerto", seed=7, columns="doc_id", exclude=excluded, window=WINDOW)
        assert [row["doc_id"] for row in stream] == whole[3:]


def test_each_order_is_equally_likely() -> None:
    """Over many seeds each row is equally often in each tenth of the epoch."""
    groups = [RowGroup(0, number, 10, 10) for number in range(10)]
    drawn: Counter[tuple[int, int]] = Counter()
    for seed in range(2000):
        for window in windows_of(groups, 30, seed, 0):
            rows = [group.number * 10 + row for group in window.groups for row in range(group.rows)]
            for place, row in enumerate(shuffled(len(rows), seed, 0, "rows", window.number)):
                drawn[rows[row] // 10, (window.start + place) // 10] += 1
    expected = 2000 * 100 / 100
    squares = sum((drawn[a, b] - expected * 1) ** 2 / expected for a in range(10) for b in range(10)) / 10
    # Ten rows of a group move together, which makes their chi square ten times as wide: 81 degrees of freedom.
    assert squares < 130
    firsts = Counter(int(shuffled(6, seed)[0]) for seed in range(6000))
    assert sum((count - 1000) ** 2 / 1000 for count in firsts.values()) < 20.5  # 5 degrees, one in a thousand


def test_windows_keep_their_size() -> None:
    """No window is larger than its size except for a single large group, and every group is in one."""
    groups = [RowGroup(0, number, 5, 10 * number) for number in range(12)]
    windows = windows_of(groups, 70, 1, 0)
    assert sorted(group.number for window in windows for group in window.groups) == list(range(12))
    assert all(window.size <= 70 or len(window.groups) == 1 for window in windows)
    # The first ones are smaller, so that rows come soon.
    even = [RowGroup(0, number, 5, 10) for number in range(40)]
    assert [window.size for window in windows_of(even, 80, 1, 0)] == [20, 40, 80, 80, 80, 80, 20]
    assert [window.start for window in windows] == [
        sum(earlier.rows for earlier in windows[:at]) for at in range(len(windows))
    ]


def test_batches_have_their_size_and_the_order(small_store: Store) -> None:
    """Arrow tables have the requested size, and a state after one resumes with the next."""
    order = ids(small_store, seed=7)
    stream = CorpusStream(small_store.url, "puerto", seed=7, window=WINDOW)
    tables = stream.batches(32)
    assert next(tables)["doc_id"].to_pylist() == order[:32]
    fresh = CorpusStream(small_store.url, "puerto", window=WINDOW)
    fresh.load_state_dict(stream.state_dict())
    assert [batch["doc_id"].to_pylist() for batch in fresh.batches(32)] == [order[32:64], order[64:96], order[96:]]
    assert next(stream.texts()).startswith("La barca")
    for wrong in (0, -1):
        with pytest.raises(ConfigError, match="too small"):
            next(stream.batches(wrong))


def test_rows_equal_those_of_arrow(small_store: Store) -> None:
    """Slices, several chunks, empty columns and empty texts give the same rows as Arrow."""
    columns = {"text": ["ñandú", "", "agua 🌊"], "title": ["uno", None, "dos"], "none": [None] * 3, "empty": [""] * 3}
    table = pa.table(columns, schema=pa.schema(dict.fromkeys(columns, pa.large_string())))
    for part in (table, table.slice(1), table.slice(1, 1), pa.concat_tables([table, table.slice(2)]), table.slice(3)):
        assert rows_as_dicts(part) == part.to_pylist()
    whole = next(CorpusStream(small_store.url, "puerto").batches(120))
    assert rows_as_dicts(whole) == whole.to_pylist()


def test_a_stream_at_its_end_begins_again(small_store: Store) -> None:
    """A stream repeats its order, `set_epoch` changes it, and a pickled stream keeps its place."""
    stream = CorpusStream(small_store.url, "puerto", seed=7, columns=["doc_id"], window=WINDOW)
    first = [row["doc_id"] for row in stream]
    assert [row["doc_id"] for row in stream] == first
    stream.set_epoch(1)
    assert next(stream)["doc_id"] == ids(small_store, seed=7, epoch=1)[0]
    copy = pickle.loads(pickle.dumps(stream))  # noqa: S301  (our own)
    assert [row["doc_id"] for row in copy] == ids(small_store, seed=7, epoch=1)[1:]


def test_slices_and_the_stored_order(small_store: Store) -> None:
    """A language and a condition select rows, and without shuffling the manifest's order is kept."""
    shards = load_manifest(small_store, *small_store.find("puerto")).shards
    assert len(ids(small_store, language="por_Latn")) == 24
    assert len(ids(small_store, where="language = 'por_Latn' and signals.word_count is null")) == 24
    stored = ids(small_store, shuffle=False, window=1 << 30)
    assert stored[: shards[0].rows] == sorted(stored[: shards[0].rows])


def test_ways_of_reading_may_follow_one_another(small_store: Store) -> None:
    """Rows, texts, batches and a saved state each continue after the last returned document."""
    rows = list(CorpusStream(small_store.url, "puerto", seed=7, window=WINDOW))
    stream = CorpusStream(small_store.url, "puerto", seed=7, window=WINDOW)
    assert [next(stream) for _ in range(3)] == rows[:3]
    assert next(stream.texts()) == rows[3]["text"]
    assert next(stream) == rows[4]
    assert next(stream.batches(10)).to_pylist() == rows[5:15]
    assert next(stream) == rows[15]
    copy = pickle.loads(pickle.dumps(stream))  # noqa: S301  (our own)
    assert copy.state_dict()["position"] == stream.state_dict()["position"] == 16
    assert list(copy) == list(stream) == rows[16:]


def test_a_pulled_folder_is_streamed_in_the_stores_order(small_store: Store, tmp_path: Path) -> None:
    """A complete pull has the store's order, a selection its own, and the lock is checked."""
    pull("puerto", small_store, tmp_path / "whole")
    pull("puerto", small_store, tmp_path / "part", Subset(where="country = 'CL'"))
    assert ids(tmp_path / "whole", seed=7) == ids(small_store, seed=7)
    assert len(set(ids(tmp_path / "part", "puerto@2026.11.0"))) == 30
    assert ids(small_store, seed=7, lock=tmp_path / "whole" / "corpus.lock") == ids(small_store, seed=7)
    part, lock_of_part = tmp_path / "part", tmp_path / "part" / "corpus.lock"
    with pytest.raises(
        ConfigError, match=r"covers 30 documents of puerto@.*where: country = 'CL'.*others are being read"
    ):
        CorpusStream(small_store.url, "puerto", lock=lock_of_part)
    assert len(ids(part, "puerto", lock=lock_of_part)) == 30
    assert len(ids(small_store, where="country = 'CL'", lock=lock_of_part)) == 30
    with pytest.raises(ConfigError, match=r"contains puerto@2026\.11\.0, not otro"):
        CorpusStream(tmp_path / "whole", "otro")
    lock = json.loads((tmp_path / "whole" / "corpus.lock").read_text())
    (tmp_path / "other.lock").write_text(json.dumps(lock | {"manifest_sha256": "0" * 64}))
    with pytest.raises(ConfigError, match="the version was replaced"):
        CorpusStream(small_store.url, "puerto", lock=tmp_path / "other.lock")


def test_an_incomplete_pull_is_reported(small_store: Store, tmp_path: Path) -> None:
    """An incomplete pull isn't taken for a store or a wrong path."""
    to = tmp_path / "corpus"
    pull("puerto", small_store, to)
    (to / "corpus.lock").unlink()
    (to / ".pull.json").write_text("{}")
    for name in (None, "puerto"):
        with pytest.raises(ConfigError, match="corpus: a pull into this folder was interrupted; run"):
            CorpusStream(to, name)
    with pytest.raises(ConfigError, match="a pull into this folder was interrupted"):
        read_locks(to / "corpus.lock")


def test_a_state_resumes_in_the_store_after_another_pull(small_store: Store, tmp_path: Path) -> None:
    """After a withdrawal the store keeps the order that a new pull changes."""
    spec = f"puerto@{small_store.latest('puerto')}"
    pull(spec, small_store, tmp_path / "corpus")
    stream = CorpusStream(tmp_path / "corpus", seed=7, columns="doc_id")
    order = ids(small_store, seed=7, window=256 << 20)
    assert [next(stream)["doc_id"] for _ in range(10)] == order[:10]
    for withdrawn_id in order[20:22]:
        withdraw(
            small_store, WithdrawalRequest.of("puerto", "doc", withdrawn_id, "la familia lo pide"), datetime.now(UTC)
        )
    pull(spec, small_store, tmp_path / "corpus", report=lambda _note: None)
    with pytest.raises(ConfigError, match="stream the store that it was pulled from"):
        CorpusStream(tmp_path / "corpus", seed=7).load_state_dict(stream.state_dict())
    with pytest.warns(NoteWarning, match=f"2 documents of {spec} are withdrawn"):
        reopened = CorpusStream(small_store.url, spec, columns="doc_id")
    reopened.load_state_dict(stream.state_dict())
    assert [row["doc_id"] for row in reopened] == [*order[10:20], *order[22:]]


def test_a_lock_holds_for_lists_and_slices_too(split_store: Store, tmp_path: Path, tokenizer_file: Path) -> None:
    """Documents that a pull or an export excluded aren't streamed under its lock."""
    out = frozenset(ids(split_store, split="all")[:5])
    pull("puerto", split_store, tmp_path / "without", Subset(exclude=out))
    locks = tmp_path / "without" / "corpus.lock", tmp_path / "tokens" / "corpus.lock"
    stream = CorpusStream(split_store.url, "puerto", split="train", columns=COLUMNS)
    write_export(stream, load_tokenizer(tokenizer_file), "jsonl", tmp_path / "tokens")
    selections: tuple[dict[str, Any], ...] = ({"exclude": out, "split": "all"}, {})
    for lock, right in zip(locks, selections, strict=True):
        other_options: tuple[dict[str, Any], ...] = (
            {"split": "all"},
            {"exclude": frozenset(sorted(out)[:4])},
            {"split": "test"},
        )
        for wrong in other_options:
            with pytest.raises(ConfigError, match="but others are being read"):
                CorpusStream(split_store.url, "puerto", lock=lock, **wrong)
        assert ids(split_store, lock=lock, **right)
    assert len(ids(tmp_path / "without", lock=locks[0], split="all")) == 115


def test_a_store_that_knows_less_than_a_lock_is_refused(small_store: Store, tmp_path: Path) -> None:
    """A copy of a store from before a withdrawal is refused by stream and pull."""
    shutil.copytree(small_store.root, tmp_path / "old")
    withdrawn_id = ids(small_store)[0]
    spec = withdraw(
        small_store, WithdrawalRequest.of("puerto", "doc", withdrawn_id, "lo piden"), datetime.now(UTC)
    ).before.spec
    pull(spec, small_store, tmp_path / "pulled")
    with pytest.raises(ReleaseError, match=r"has 0 entries, but the lock knew 1.*find the store"):
        CorpusStream(tmp_path / "old", spec, lock=tmp_path / "pulled" / "corpus.lock")
    with pytest.raises(ReleaseError, match=r"has 0 entries, but the lock knew 1.*an old copy"):
        pull(spec, Store.at(tmp_path / "old"), tmp_path / "pulled")
    assert withdrawn_id not in ids(tmp_path / "pulled", spec)


def test_a_remote_store_is_read_through_a_bounded_cache(
    small_store: Store, served: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A remote store has a local one's order, damaged groups are fetched again, and a full disk gives a warning."""
    order, cache = ids(small_store, seed=7), tmp_path / "cache"
    assert ids(served, seed=7, cache=cache) == order
    cached_files = sorted(cache.glob("*.group"))
    assert len(cached_files) == len(open_files(str(small_store.folder), "puerto").groups)
    cached_files[0].write_bytes(cached_files[0].read_bytes()[:-1] + b"x")
    # As a power cut leaves files that weren't flushed.
    cached_files[2].write_bytes(cached_files[2].read_bytes()[:40])
    cached_files[3].write_bytes(b"")
    # What arrived damaged, and so was cached.
    damaged = b"x" * (cached_files[1].stat().st_size - 4)
    cached_files[1].write_bytes(damaged + zlib.crc32(damaged).to_bytes(4, "little"))
    limit = 2 * max(file.stat().st_size for file in cached_files)
    assert ids(served, seed=7, cache=cache, cache_bytes=limit) == order
    assert sum(file.stat().st_size for file in cache.glob("*")) <= limit

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("latam_corpus.train.shards.group_cache.replacing", full)
    with pytest.warns(UserWarning, match="continues without its cache"):
        assert ids(served, seed=7, cache=tmp_path / "other") == order


def test_decompressed_groups_are_made_once(
    small_store: Store, served: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file's columns are decompressed once for all readers, and a damaged group again."""
    order, cache = ids(small_store, seed=7), tmp_path / "cache"
    options: dict[str, Any] = {"cache": cache, "decompressed": True}
    pull("puerto", small_store, tmp_path / "pulled")
    assert ids(served, seed=7, **options) == order
    groups = sorted(cache.iterdir())
    assert len(groups) == len(open_files(small_store.url, "puerto").groups)
    whole = list(CorpusStream(small_store.url, "puerto", seed=7, window=WINDOW, **options))
    assert whole == list(CorpusStream(small_store.url, "puerto", seed=7, window=WINDOW))
    assert len(list(cache.iterdir())) == 2 * len(groups)  # of other columns
    decompressed_groups = []

    def decompressed(self: CorpusFiles, group: RowGroup, *what: Any) -> pa.Table:
        decompressed_groups.append(group)
        return make(self, group, *what)

    make = CorpusFiles._decompressed  # noqa: SLF001  (how often)
    monkeypatch.setattr(CorpusFiles, "_decompressed", decompressed)
    assert ids(small_store, seed=7, **options) == ids(tmp_path / "pulled", seed=7, **options) == order
    assert list(CorpusStream(small_store.url, "puerto", seed=7, window=WINDOW, **options)) == whole
    assert not decompressed_groups
    data = groups[0].read_bytes()
    groups[0].write_bytes(data[:400] + bytes([data[400] ^ 1]) + data[401:])
    groups[1].write_bytes(data[:40])
    groups[2].write_bytes(b"")
    assert ids(small_store, seed=7, **options) == order
    assert len(decompressed_groups) == 3
    limit = max(file.stat().st_size for file in groups)
    small: dict[str, Any] = options | {"cache": tmp_path / "small", "cache_bytes": limit}
    with pytest.warns(
        UserWarning, match=r"takes [\d,]+ bytes decompressed, but the cache is limited to [\d,]+, so that every epoch"
    ):
        assert ids(small_store, seed=7, **small) == order
    assert 0 < sum(file.stat().st_size for file in (tmp_path / "small").iterdir()) <= limit


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": ["txt"]}, "did you mean «text»"),
        ({"where": "countri = 'CL'"}, "did you mean «country»"),
        ({"split": "validation"}, "too small"),
        ({"split": "trains"}, "did you mean «train»"),
        ({"language": "spa_Lat"}, "did you mean «spa_Latn»"),
        ({"rank": 2, "world": 2}, "give 0 to 1"),
        ({"world": 0}, "too small"),
        ({"window": 0}, "too small"),
        ({"name": "puerta"}, "did you mean «puerto»"),
        ({"name": "puerto@2026.11.9"}, "no version"),
        ({"name": None}, "no release is named"),
        ({"exclude": ["no-such.txt"]}, "it can't be read"),
        ({"exclude": "no-such.txt"}, r"no-such\.txt: it can't be read"),
        ({"exclude": ["ab" * 16]}, "pass the ids as a frozenset"),
        ({"columns": "txt"}, "did you mean «text»"),
    ],
)
def test_wrong_options_are_named(small_store: Store, options: dict[str, Any], message: str) -> None:
    """Invalid options are refused before a file is read."""
    with pytest.raises(ConfigError, match=message):
        CorpusStream(small_store.url, **({"name": "puerto"} | options))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": "puerto@2026.10.0"}, "it is for puerto@2026.10.0"),
        ({"order": "0"}, "another order"),
        ({"position": -1}, "damaged"),
        ({"position": "12"}, "damaged"),
        ({"format": 1}, "its format is 1"),
        ({"world": 0}, "damaged"),
        ({"rank": 1}, "damaged"),
        ({"ended": None}, "damaged"),
        ({"stops": [[1, "2"]]}, "damaged"),
        ({"parts": [[0]]}, "damaged"),
        ({"position": 122}, "position 122 is beyond the end"),
        ({"stops": [[120, 123]], "world": 2}, "position 123 is beyond the end"),
        ({"parts": [[120, 1]], "tokenizer": "ab"}, "damaged"),
    ],
)
def test_a_state_of_something_else_is_refused(small_store: Store, change: dict[str, Any], message: str) -> None:
    """A state for another version, order or format is an error."""
    stream = CorpusStream(small_store.url, "puerto")
    with pytest.raises(ConfigError, match=message):
        stream.load_state_dict(stream.state_dict() | change)
    with pytest.raises(ConfigError, match="another order"):
        CorpusStream(small_store.url, "puerto", window=WINDOW).load_state_dict(stream.state_dict())


def test_missing_and_damaged_files_are_named(small_store: Store) -> None:
    """A changed byte in a page, a replaced shard and a missing shard are reported."""
    manifest = load_manifest(small_store, *small_store.find("puerto"))
    first, second = (small_store.folder / shard.object for shard in manifest.shards[:2])  # type: ignore[operator]
    whole = first.read_bytes()
    first.write_bytes(whole[:400] + bytes([whole[400] ^ 1]) + whole[401:])
    with pytest.raises(ReleaseError, match="can't be read"):
        ids(small_store)
    first.write_bytes(second.read_bytes())
    with pytest.raises(ReleaseError, match="rows, and the manifest says"):
        ids(small_store)
    first.unlink()
    with pytest.raises(ReleaseError, match="the file is missing"):
        ids(small_store)


@pytest.mark.filterwarnings("ignore:.*(is|are) withdrawn")
def test_withdrawn_documents_leave_a_pinned_order(small_store: Store, tokenizer_file: Path) -> None:
    """A resumed run keeps its order without withdrawn documents, and a purge changes it."""
    order = ids(small_store, "puerto@2026.11.0", seed=7)
    stream = CorpusStream(small_store.url, "puerto@2026.11.0", seed=7, window=WINDOW)
    for _ in range(40):
        next(stream)
    state = stream.state_dict()
    now = datetime(2026, 11, 27, tzinfo=UTC)
    withdrawn = (order[3], order[41], order[42], order[99])
    withdraw(small_store, WithdrawalRequest("puerto", "asked by the author", docs=withdrawn), now)
    for world in (1, 2, 4):
        remaining = []
        for rank in range(world):
            fresh = CorpusStream(small_store.url, "puerto@2026.11.0", rank=rank, world=world, window=WINDOW)
            fresh.load_state_dict(state)
            remaining.append([row["doc_id"] for row in fresh])
        expected_rows = [(i, doc_id) for i, doc_id in enumerate(order) if i >= 40 and doc_id not in withdrawn]
        assert remaining == [[doc_id for i, doc_id in expected_rows if i % world == rank] for rank in range(world)]
    files = open_files(small_store.url, "puerto@2026.11.0")
    counted = count_slices(files, load_tokenizer(tokenizer_file), ["genre"])
    assert [part.documents for part in counted] == [116]
    with pytest.raises(ConfigError, match=r"it is for puerto@2026\.11\.0"):
        CorpusStream(small_store.url, "puerto", window=WINDOW).load_state_dict(state)
    purge(small_store, Path(small_store.root).parent / "none", now)
    with pytest.raises(ConfigError, match="another order"):
        CorpusStream(small_store.url, "puerto@2026.11.0", window=WINDOW).load_state_dict(state)
    assert sorted(ids(small_store, "puerto@2026.11.0")) == sorted(set(order) - set(withdrawn))


def test_a_list_of_another_release_is_reported(small_store: Store, tmp_path: Path) -> None:
    """A list of another release is refused, and one of another version or without matches gives a warning."""
    order = ids(small_store, seed=7)
    file = tmp_path / "excluded.txt"
    file.write_bytes(exclusion_list("puerto@2026.11.0", order[:3]))
    assert ids(small_store, seed=7, exclude=[file]) == order[3:]
    file.write_bytes(exclusion_list("costa@2026.11.0", order[:3]))
    with pytest.raises(ConfigError, match=r"it was made for costa@2026\.11\.0, but puerto@2026\.11\.0 is read"):
        ids(small_store, exclude=[file])
    file.write_bytes(exclusion_list("puerto@2026.10.0", order[:3]))
    with pytest.warns(UserWarning, match=r"documents that only puerto@2026\.11\.0 has weren't searched"):
        assert ids(small_store, seed=7, exclude=[file]) == order[3:]
    file.write_text("f" * 32)
    with pytest.warns(UserWarning, match="the excluded id isn't in puerto"):
        assert ids(small_store, seed=7, exclude=[file]) == order
    # Of a slice the list may be of the others; and of a rank that hasn't read all.
    assert len(ids(small_store, language="por_Latn", exclude=[file])) == 24
    assert next(CorpusStream(small_store.url, "puerto", exclude=[file], window=WINDOW))
    assert ids(small_store, seed=7, exclude=frozenset(order[:3])) == order[3:]


@pytest.mark.filterwarnings("ignore:.*(is|are) withdrawn")
def test_an_epoch_without_documents_is_reported(small_store: Store) -> None:
    """A condition that no document meets is an error, except on one of several ranks."""
    empty = partial(CorpusStream, str(small_store.folder), "puerto", where="language = 'nah_Latn'")
    for reading in (list, lambda stream: list(stream.texts()), lambda stream: list(stream.batches())):
        with pytest.raises(ConfigError, match=r"no document of .* is selected"):
            reading(empty())
    assert list(empty(rank=1, world=2)) == []
    now = datetime(2026, 11, 27, tzinfo=UTC)
    withdraw(small_store, WithdrawalRequest.of("puerto", "source", "cuentos-del-puerto", "asked by the library"), now)
    purge(small_store, Path(small_store.root).parent / "none", now)
    with pytest.raises(ConfigError, match=r"no document of .* is selected"):
        ids(small_store, "puerto@2026.11.0")
