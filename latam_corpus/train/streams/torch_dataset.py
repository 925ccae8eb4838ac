"""A stream as PyTorch reads it: the same batches in the same order with any number of workers."""

from __future__ import annotations

import pickle
import warnings
from multiprocessing import current_process
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.train.shards.rows_in_memory import rows_as_dicts
from latam_corpus.train.streams.ordered_rows import among
from latam_corpus.train.streams.stream import CorpusStream

try:
    import torch.distributed
    from torch.utils.data import IterableDataset, get_worker_info
except ImportError:
    IterableDataset = object
    get_worker_info = None

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from latam_corpus.train.streams.positioned_stream import Encoder, PositionedStream


_FORKSERVER: Final = "DataLoader(…, multiprocessing_context='forkserver')"


class CorpusDataset(IterableDataset):  # type: ignore[misc]  # torch isn't there for everyone
    """Batches of a rank's documents, for `DataLoader(dataset, batch_size=None, num_workers=N)`.

    Worker w of N gives batches w, w + N, … of the rank, so that the loader's order is that of the stream. It is resumed
    by torchdata's `StatefulDataLoader`, with as many workers; a plain `CorpusStream` is by its own state, with any.
    Each worker counts batches from where it stands itself, so that they must be cut alike in a run that resumes after a
    withdrawal: what was withdrawn has its place in a batch, which is shorter by it, and isn't given where it's empty.
    """

    def __init__(self, *location: Any, batch_size: int, **options: Any) -> None:
        """Open a version.

        Args:
            location: the store and the name, as `CorpusStream` takes them.
            batch_size: documents in each batch but the last, with those that were withdrawn.
            options: of `CorpusStream`.

        Raises:
            ConfigError: PyTorch isn't installed, or see `CorpusStream`.
        """
        if get_worker_info is None:
            raise ConfigError("CorpusDataset", _("PyTorch isn't installed"), "pip install 'latam-corpus[train]'")
        if batch_size < 1:
            raise ConfigError("batch_size", _("{value} is too small", value=batch_size), _("give 1 or more"))
        if "world" not in options and (world := _world()) > 1:
            problem = _("PyTorch has {n} ranks, and each would be given all documents", n=world)
            remedy = "rank=torch.distributed.get_rank(), world=torch.distributed.get_world_size()"
            raise ConfigError("world", problem, remedy)
        super().__init__()
        stream = CorpusStream(*location, **options)
        self._columns = stream.columns
        self._stream, self._withdrawn = stream.with_withdrawn()
        self._filters = options.get("where") is not None
        self._epoch: int | None = None
        self._next_epoch: int | None = None
        self._batch_size = batch_size
        self._done = 0
        self._ended = False

    def set_epoch(self, epoch: int) -> None:
        """Begin an epoch; call it before the loader makes its workers."""
        self._stream.set_epoch(epoch)
        self._epoch, self._next_epoch = epoch, None
        self._done = 0
        self._ended = False

    def __iter__(self) -> Iterator[list[dict[str, Any]]]:
        info = get_worker_info()
        worker, workers = (info.id, info.num_workers) if info else (0, 1)
        if info and self._ended:
            warnings.warn("persistent workers don't hear of set_epoch: they give the same order again", stacklevel=2)
        if type(current_process()).__name__ == "ForkProcess":
            if self._filters:
                problem = _("Polars, which looks at rows, can't be used in a forked worker")
                raise ConfigError("where", problem, _FORKSERVER)
            # Connections of a file system don't outlive a fork.
            self._stream = pickle.loads(pickle.dumps(self._stream))  # noqa: S301  (our own)
        if self._next_epoch is not None:
            self.set_epoch(self._next_epoch)
        for batch in self._stream.batches(self._batch_size):
            self._done += 1
            if (self._done - 1) % workers == worker and (rows := self._given(batch)):
                yield rows
        self._done = 0
        self._ended = True

    def _given(self, batch: pa.Table) -> list[dict[str, Any]]:
        if self._withdrawn:
            batch = batch.filter(~among(batch, self._withdrawn))
        return rows_as_dicts(batch.select(self._columns))

    def state_dict(self) -> dict[str, Any]:
        """Where this worker stands."""
        told = {"stream": self._stream.state_dict(), "selection": self._stream.selection}
        return told | {"batches": self._done, "batch_size": self._batch_size}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on after a state.

        Raises:
            ConfigError: it is no state of a dataset, is of batches of another size or, with several workers, of other
                rows, or see `CorpusStream`.
        """
        if not isinstance(state, dict) or type(state.get("batches")) is not int or "stream" not in state:
            remedy = _("give the state that a CorpusDataset returned")
            raise ConfigError("state", _("this isn't the state of a stream"), remedy)
        size = state.get("batch_size", self._batch_size)
        if size != self._batch_size:
            # Workers stand apart by whole batches: with others they would give documents twice, and leave some out.
            problem = _(
                "its batches have {size} {size:document|documents}, and this dataset's {mine}",
                size=size,
                mine=self._batch_size,
            )
            raise ConfigError("state", problem, _("give batch_size={size}", size=size))
        info = get_worker_info()
        if info and info.num_workers > 1 and state.get("selection") != self._stream.selection:
            problem = _("it is of other rows: with several workers, `where` and `exclude` stay as they are in an epoch")
            raise ConfigError("state", problem, _("give both as the run had them, and others when an epoch begins"))
        self._stream.load_state_dict(state["stream"])
        self._done = state["batches"]
        # The loader gives its state after `set_epoch` was called, and asks for batches again in the next epoch only.
        self._next_epoch = _next_epoch(state["stream"], self._epoch)


class PackedDataset(IterableDataset):  # type: ignore[misc]  # torch isn't there for everyone
    """A rank's blocks of tokens, for `DataLoader(dataset, batch_size=8, num_workers=N)`.

    Worker w of N packs the documents of rank `rank + w * world` of `world * N` ranks: they are still this rank's, and
    no document is tokenised twice. torchdata's `StatefulDataLoader` resumes it with as many ranks and workers. For
    other numbers of them, give `load_state_dict` the list of all ranks' loader states before a new loader is made.
    """

    def __init__(self, stream: PositionedStream, tokenizer: Encoder, length: int, *, drop_last: bool = True) -> None:
        """Pack a stream.

        Args:
            stream: a `CorpusStream` or `MixedStream` of this rank.
            tokenizer: by which `text` becomes tokens.
            length: tokens in a block.
            drop_last: whether each worker drops its last block of an epoch if its documents don't fill it.

        Raises:
            ConfigError: PyTorch isn't installed.
        """
        if get_worker_info is None:
            raise ConfigError("PackedDataset", _("PyTorch isn't installed"), "pip install 'latam-corpus[train]'")
        super().__init__()
        self._stream, self._tokenizer, self._length, self._drop_last = stream, tokenizer, length, drop_last
        self._is_worker = False
        self._next_epoch: int | None = None

    def set_epoch(self, epoch: int) -> None:
        """Begin an epoch; call it before the loader makes its workers."""
        self._stream.set_epoch(epoch)
        self._next_epoch = None

    def __iter__(self) -> Iterator[NDArray[np.int32]]:
        stream = self._workers_stream()
        if self._next_epoch is not None:
            self.set_epoch(self._next_epoch)
        yield from stream.packed(self._tokenizer, self._length, drop_last=self._drop_last)

    def _workers_stream(self) -> PositionedStream:
        """Return the stream, in a worker its part of it."""
        info = get_worker_info()
        if info and not self._is_worker:
            if type(current_process()).__name__ == "ForkProcess":
                problem = _("the threads of tokenizers and of Polars don't outlive a fork: a worker may hang")
                raise ConfigError("PackedDataset", problem, _FORKSERVER)
            self._stream = self._stream.part_of(info.id, info.num_workers)
            self._is_worker = True
        return self._stream

    def state_dict(self) -> dict[str, Any]:
        """Return where this worker stands."""
        return {"stream": self._workers_stream().state_dict()}

    def load_state_dict(self, state: Any) -> None:
        """Go on after a worker's own state, or after the states of all ranks' loaders.

        Raises:
            ConfigError: it isn't such a state, or states are missing.
        """
        self._workers_stream().load_state_dict(state)
        # A loader gives each worker its own state, and asks one that was at its end for blocks in the next epoch only.
        if isinstance(state, dict) and "stream" in state:
            self._next_epoch = _next_epoch(state["stream"], None)


def _next_epoch(state: dict[str, Any], epoch: int | None) -> int | None:
    """Return the epoch that begins after a state: None inside of one, and the state's own if none was set."""
    if not state["ended"]:
        return None
    return int(state["epoch"]) if epoch is None else epoch


def _world() -> int:
    """Return how many ranks PyTorch has been told of."""
    there = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_world_size() if there else 1
