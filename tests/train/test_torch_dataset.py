"""PyTorch's loaders keep a stream's order with any number of workers; skipped without PyTorch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.errors import ConfigError
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest
from latam_corpus.train import CorpusDataset, CorpusStream, PackedDataset, load_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

    from latam_corpus.release.storing.store import Store

pytestmark = [
    # More workers than this machine has cores, and what torchdata 0.11 still calls of torch.
    pytest.mark.filterwarnings("ignore:This DataLoader will create"),
    pytest.mark.filterwarnings("ignore:'set_vital' is deprecated"),
]
OPTIONS: dict[str, Any] = {"seed": 7, "columns": ["doc_id"]}


def test_a_stream_does_not_import_torch(small_store: Store) -> None:
    """A stream imports neither PyTorch nor pandas nor the command line, which limits calculations to one thread."""
    script = (
        "import os, sys; from latam_corpus.train import CorpusStream; "
        f"next(CorpusStream({small_store.url!r}, 'puerto', columns=['text'])); "
        "print({'torch', 'pandas', 'typer'} & {*sys.modules}, 'OMP_NUM_THREADS' in os.environ)"
    )
    environment = {name: value for name, value in os.environ.items() if not name.endswith("NUM_THREADS")}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set() False"


def workers_of(count: int) -> dict[str, Any]:
    """Return the loader's options for a number of workers."""
    return {"batch_size": None, "num_workers": count, "multiprocessing_context": "forkserver" if count else None}


@pytest.mark.parametrize("workers", [0, 1, 2, 3])
def test_a_loader_keeps_the_order(small_store: Store, workers: int) -> None:
    """A rank's batches come in the stream's order."""
    data = pytest.importorskip("torch.utils.data")

    dataset = CorpusDataset(small_store.url, "puerto", batch_size=16, rank=1, world=2, **OPTIONS)
    loader = data.DataLoader(dataset, **workers_of(workers))
    order = [row["doc_id"] for row in CorpusStream(small_store.url, "puerto", rank=1, world=2, **OPTIONS)]
    assert [[row["doc_id"] for row in batch] for batch in loader] == [order[at : at + 16] for at in range(0, 60, 16)]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_stateful_loader_resumes(small_store: Store, workers: int) -> None:
    """A state after three batches resumes the loader, through JSON without workers."""
    stateful = pytest.importorskip("torchdata.stateful_dataloader").StatefulDataLoader

    def loader() -> Any:
        dataset = CorpusDataset(small_store.url, "puerto", batch_size=16, **OPTIONS)
        return stateful(dataset, **workers_of(workers))

    order = [row["doc_id"] for row in CorpusStream(small_store.url, "puerto", **OPTIONS)]
    first = loader()
    batches = iter(first)
    for _ in range(3):
        next(batches)
    state = first.state_dict()
    fresh = loader()
    fresh.load_state_dict(json.loads(json.dumps(state)) if not workers else state)
    assert [row["doc_id"] for batch in fresh for row in batch] == order[48:]


class _Loader:
    """Imitates a loader with several workers, in this process and without PyTorch."""

    def __init__(self, store: Store, workers: int, monkeypatch: pytest.MonkeyPatch, **options: Any) -> None:
        self._info = SimpleNamespace(id=0, num_workers=workers)
        monkeypatch.setattr("latam_corpus.train.streams.torch_dataset.get_worker_info", lambda: self._info)
        monkeypatch.setattr("latam_corpus.train.streams.torch_dataset._world", lambda: 1)
        shared = {"batch_size": 16} | OPTIONS | options
        self.workers = [CorpusDataset(store.url, "puerto@2026.11.0", **shared) for _ in range(workers)]
        self.given = 0

    def ids(self, limit: int = 1000) -> list[str]:
        """Return the documents of a number of further batches, or of all."""
        loops, ids = [iter(worker) for worker in self.workers], []
        ended: set[int] = set()
        limit += self.given
        while self.given < limit and len(ended) < len(loops):
            self._info.id = self.given % len(loops)
            batch = next(loops[self._info.id], None)
            ended |= {self._info.id} if batch is None else set()
            self.given += 1
            ids += [row["doc_id"] for row in batch or ()]
        return ids

    def go_on(self, previous: _Loader) -> None:
        """Continue with the states of another loader."""
        self.given = previous.given
        for number, (own_worker, previous_worker) in enumerate(zip(self.workers, previous.workers, strict=True)):
            self._info.id = number
            own_worker.load_state_dict(json.loads(json.dumps(previous_worker.state_dict())))


@pytest.mark.filterwarnings("ignore:.*withdrawn, and left out")
@pytest.mark.parametrize("workers", [1, 3])
def test_a_withdrawal_within_an_epoch_loses_nothing_and_repeats_nothing(
    small_store: Store, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each worker continues with its own batches, whatever was withdrawn before or since."""
    order = [row["doc_id"] for row in CorpusStream(small_store.url, "puerto", **OPTIONS)]
    withdraw(small_store, WithdrawalRequest.of("puerto", "doc", order[20], "lo piden"), datetime.now(UTC))
    first = _Loader(small_store, workers, monkeypatch)
    assert first.ids(4) == [*order[:20], *order[21:64]]
    withdrawn_ids = [order[at] for at in (3, 70, 71, 100)]
    withdraw(small_store, WithdrawalRequest("puerto", "lo piden", docs=tuple(withdrawn_ids)), datetime.now(UTC))
    resumed = _Loader(small_store, workers, monkeypatch)
    resumed.go_on(first)
    assert resumed.ids() == [doc_id for doc_id in order[64:] if doc_id not in withdrawn_ids]


def test_other_rows_within_an_epoch_are_refused(small_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several workers refuse a changed selection, which would shift batches, and one accepts it."""
    first = _Loader(small_store, 2, monkeypatch)
    ids = first.ids(3)
    with pytest.raises(ConfigError, match="for other rows: with several workers"):
        _Loader(small_store, 2, monkeypatch, exclude=frozenset(ids[:1])).go_on(first)
    single = _Loader(small_store, 1, monkeypatch)
    ids = single.ids(3)
    later = _Loader(small_store, 1, monkeypatch, exclude=frozenset(ids[:1]))
    later.go_on(single)
    assert len(later.ids()) == 120 - len(ids)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_state_at_the_end_of_an_epoch_begins_the_next(
    small_store: Store, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A state at the end begins the next epoch, and an earlier one stays in its epoch."""
    first = _Loader(small_store, workers, monkeypatch)
    order = first.ids()
    for set_to, epoch in ((None, 0), (1, 1)):
        resumed = _Loader(small_store, workers, monkeypatch)
        for worker in resumed.workers:
            if set_to is not None:
                worker.set_epoch(set_to)
        resumed.go_on(first)
        resumed.given = 0
        assert resumed.ids() == [
            row["doc_id"] for row in CorpusStream(small_store.url, "puerto", epoch=epoch, **OPTIONS)
        ]
    cut = _Loader(small_store, workers, monkeypatch)
    cut.ids(2)
    resumed = _Loader(small_store, workers, monkeypatch)
    for worker in resumed.workers:
        worker.set_epoch(1)
    resumed.go_on(cut)
    assert resumed.ids() == order[32:]


def test_packed_loaders_resume_with_other_ranks_and_workers(
    small_store: Store, tokenizer_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The states of all ranks' loaders combine, and each token comes once."""
    tokenizer = load_tokenizer(tokenizer_file)
    info = SimpleNamespace(id=0, num_workers=2)
    monkeypatch.setattr("latam_corpus.train.streams.torch_dataset.get_worker_info", lambda: info)

    def opened(rank: int, world: int) -> PackedDataset:
        stream = CorpusStream(small_store.url, "puerto", rank=rank, world=world, seed=7)
        return PackedDataset(stream, tokenizer, 37, drop_last=False)

    whole = Counter(
        token
        for text in CorpusStream(small_store.url, "puerto").texts()
        for token in [*tokenizer.encode([text])[0], tokenizer.end_id]
    )
    seen: Counter[int] = Counter()
    states = []
    for rank in range(2):
        snapshots: dict[str, Any] = {}
        for info.id in range(2):
            worker = opened(rank, 2)
            for block in islice(worker, 3 + rank + 2 * info.id):
                seen.update(block.tolist())
            single = opened(rank, 2)
            single.load_state_dict(worker.state_dict())
            seen.update(next(iter(single)).tolist())
            snapshots[f"worker_{info.id}"] = {"dataset_state": single.state_dict(), "fetcher_state": None}
        states.append({"_snapshot": {"_worker_snapshots": snapshots}})
    with pytest.raises(ConfigError, match=r"had 4 ranks.* 1, 3 are missing"):
        opened(0, 1).load_state_dict(states[:1])
    monkeypatch.setattr("latam_corpus.train.streams.torch_dataset.get_worker_info", lambda: None)
    for rank in range(3):
        dataset = opened(rank, 3)
        dataset.load_state_dict(json.loads(json.dumps(states)))
        for block in dataset:
            seen.update(block.tolist())
    assert seen == whole


def test_a_packed_loader_that_was_at_its_end_begins_the_epoch(
    small_store: Store, tokenizer_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker at its end keeps that state until the loader requests the next epoch."""
    monkeypatch.setattr("latam_corpus.train.streams.torch_dataset.get_worker_info", lambda: None)
    tokenizer = load_tokenizer(tokenizer_file)
    first, resumed = (PackedDataset(CorpusStream(small_store.url, "puerto"), tokenizer, 500) for _ in range(2))
    blocks = [block.tolist() for block in first]
    resumed.load_state_dict(first.state_dict())
    assert resumed.state_dict()["stream"]["ended"]
    assert [block.tolist() for block in resumed] == blocks
    resumed.set_epoch(1)
    assert [block.tolist() for block in resumed] != blocks


def test_forked_workers_read_and_do_not_filter(small_store: Store) -> None:
    """A forked worker refuses a condition on rows, with a remedy."""
    data = pytest.importorskip("torch.utils.data")
    forked = workers_of(2) | {"multiprocessing_context": "fork"}
    dataset = CorpusDataset(small_store.url, "puerto", batch_size=16, **OPTIONS)
    order = [row["doc_id"] for row in CorpusStream(small_store.url, "puerto", **OPTIONS)]
    assert [row["doc_id"] for batch in data.DataLoader(dataset, **forked) for row in batch] == order
    dataset = CorpusDataset(small_store.url, "puerto", batch_size=16, where="country = 'CL'", **OPTIONS)
    with pytest.raises(RuntimeError, match="forkserver"):  # as torch passes on what a worker raised
        list(data.DataLoader(dataset, **forked))


def test_persistent_workers_warn_that_they_repeat(small_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Persistent workers warn that `set_epoch` doesn't reach them."""
    pytest.importorskip("torch.utils.data")
    dataset = CorpusDataset(small_store.url, "puerto", batch_size=16, **OPTIONS)
    first = list(dataset)
    assert list(dataset) == first  # where there are no workers, it is heard of
    monkeypatch.setattr(
        "latam_corpus.train.streams.torch_dataset.get_worker_info", lambda: SimpleNamespace(id=0, num_workers=1)
    )
    dataset = CorpusDataset(small_store.url, "puerto", batch_size=16, **OPTIONS)
    assert list(dataset) == first
    with pytest.warns(UserWarning, match="they repeat the same order"):
        assert list(dataset) == first
    dataset.set_epoch(1)
    assert list(dataset) != first


def test_missing_ranks_are_reported(small_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dataset without `world` is refused if PyTorch has several ranks."""
    distributed = pytest.importorskip("torch.distributed")
    monkeypatch.setattr(distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(distributed, "get_world_size", lambda: 4)
    with pytest.raises(ConfigError, match=r"PyTorch has 4 ranks.*rank=torch\.distributed\.get_rank\(\)"):
        CorpusDataset(small_store.url, "puerto", batch_size=16)
    assert CorpusDataset(small_store.url, "puerto", batch_size=16, rank=3, world=4)


def test_a_state_of_something_else_is_refused(small_store: Store) -> None:
    """A plain stream's state and a damaged one are refused."""
    pytest.importorskip("torch.utils.data")
    dataset = CorpusDataset(small_store.url, "puerto", batch_size=16, **OPTIONS)
    state = dataset.state_dict()
    wrong_states: list[Any] = [state["stream"], {}, [], state | {"batches": "1"}, {"batches": 1}]
    for wrong in wrong_states:
        with pytest.raises(ConfigError, match="isn't the state of a stream"):
            dataset.load_state_dict(wrong)
    larger = CorpusDataset(small_store.url, "puerto", batch_size=32, **OPTIONS)
    with pytest.raises(
        ConfigError, match=r"its batches have 16 documents, but this dataset's have 32; give batch_size=16"
    ):
        larger.load_state_dict(state)


def test_a_missing_torch_is_reported(monkeypatch: pytest.MonkeyPatch, small_store: Store) -> None:
    """The error names the extra to install."""
    monkeypatch.setattr("latam_corpus.train.streams.torch_dataset.get_worker_info", None)
    with pytest.raises(ConfigError, match=r"latam-corpus\[train\]"):
        CorpusDataset(small_store.url, "puerto", batch_size=1)
    unused: Any = None
    with pytest.raises(ConfigError, match=r"latam-corpus\[train\]"):
        PackedDataset(unused, unused, 8)
