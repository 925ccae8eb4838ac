"""PyTorch datasets that return the same batches in the same order with any number of workers."""

from __future__ import annotations

import pickle
import warnings
from multiprocessing import current_process
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.train.shards.rows_in_memory import rows_as_dicts
from latam_corpus.train.streams.ordered_rows import has_id_in
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


class CorpusDataset(IterableDataset):  # type: ignore[misc]  # torch is optional
    """Batches of a rank's documents, for `DataLoader(dataset, batch_size=None, num_workers=N)`.

    Worker w of N returns batches w, w + N, … of the rank, so that the loader's order is the stream's order. torchdata's
    `StatefulDataLoader` resumes it with the same number of workers; a plain `CorpusStream` resumes from its own state
    with any number. Each worker counts batches itself, so a withdrawal must not shift them: a withdrawn document is
    removed from its batch without a replacement, so that the batch is shorter. Empty batches are skipped.
    """

    def __init__(self, *location: Any, batch_size: int, **options: Any) -> None:
        """Open a version.

        Args:
            location: the store and the name, as for `CorpusStream`.
            batch_size: the number of documents in each batch except the last, including withdrawn ones.
            options: the options of `CorpusStream`.

        Raises:
            ConfigError: PyTorch isn't installed, `batch_size` is less than 1, PyTorch has several ranks and `world`
                isn't given, or as for `CorpusStream`.
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
        self._batches_done = 0
        self._ended = False

    def set_epoch(self, epoch: int) -> None:
        """Begin an epoch; call this before the loader creates its workers."""
        self._stream.set_epoch(epoch)
        self._epoch, self._next_epoch = epoch, None
        self._batches_done = 0
        self._ended = False

    def __iter__(self) -> Iterator[list[dict[str, Any]]]:
        info = get_worker_info()
        worker, workers = (info.id, info.num_workers) if info else (0, 1)
        if info and self._ended:
            warnings.warn("set_epoch doesn't reach persistent workers: they repeat the same order", stacklevel=2)
        if type(current_process()).__name__ == "ForkProcess":
            if self._filters:
                problem = _("`where` needs Polars, which can't be used in a forked worker")
                raise ConfigError("where", problem, _FORKSERVER)
            # A file system's connections don't survive a fork.
            self._stream = pickle.loads(pickle.dumps(self._stream))  # noqa: S301  (our own)
        if self._next_epoch is not None:
            self.set_epoch(self._next_epoch)
        for batch in self._stream.batches(self._batch_size):
            self._batches_done += 1
            if (self._batches_done - 1) % workers == worker and (rows := self._remaining_rows(batch)):
                yield rows
        self._batches_done = 0
        self._ended = True

    def _remaining_rows(self, batch: pa.Table) -> list[dict[str, Any]]:
        if self._withdrawn:
            batch = batch.filter(~has_id_in(batch, self._withdrawn))
        return rows_as_dicts(batch.select(self._columns))

    def state_dict(self) -> dict[str, Any]:
        """Return the state of this worker."""
        return {
            "stream": self._stream.state_dict(),
            "selection": self._stream.selection,
            "batches": self._batches_done,
            "batch_size": self._batch_size,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue after a state.

        Raises:
            ConfigError: the value isn't a state of a dataset, is for batches of another size or, with several workers,
                for other rows, or as for `CorpusStream`.
        """
        if not isinstance(state, dict) or type(state.get("batches")) is not int or "stream" not in state:
            remedy = _("give the state that a CorpusDataset returned")
            raise ConfigError("state", _("this isn't the state of a stream"), remedy)
        size = state.get("batch_size", self._batch_size)
        if size != self._batch_size:
            # Workers alternate by batches, so that another size would repeat or omit documents.
            problem = _(
                "its batches have {size} {size:document|documents}, but this dataset's have {own}",
                size=size,
                own=self._batch_size,
            )
            raise ConfigError("state", problem, _("give batch_size={size}", size=size))
        info = get_worker_info()
        if info and info.num_workers > 1 and state.get("selection") != self._stream.selection:
            problem = _("it is for other rows: with several workers, `where` and `exclude` can't change in an epoch")
            raise ConfigError("state", problem, _("use the earlier values, and change them when an epoch begins"))
        self._stream.load_state_dict(state["stream"])
        self._batches_done = state["batches"]
        # The loader passes its state after `set_epoch` was called, and requests batches only from the next epoch.
        self._next_epoch = _next_epoch(state["stream"], self._epoch)


class PackedDataset(IterableDataset):  # type: ignore[misc]  # torch is optional
    """Blocks of tokens from a rank's documents, for `DataLoader(dataset, batch_size=8, num_workers=N)`.

    Worker w of N packs the documents of rank `rank + w * world` of `world * N` ranks. The workers together have all of
    this rank's documents, and tokenise each once. torchdata's `StatefulDataLoader` resumes it with the same numbers of
    ranks and workers. For other numbers, pass the list of all ranks' loader states to `load_state_dict` before creating
    a loader.
    """

    def __init__(self, stream: PositionedStream, tokenizer: Encoder, length: int, *, drop_last: bool = True) -> None:
        """Pack a stream.

        Args:
            stream: a `CorpusStream` or `MixedStream` of this rank.
            tokenizer: the tokenizer for `text`.
            length: tokens per block.
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
        """Begin an epoch; call this before the loader creates its workers."""
        self._stream.set_epoch(epoch)
        self._next_epoch = None

    def __iter__(self) -> Iterator[NDArray[np.int32]]:
        stream = self._workers_stream()
        if self._next_epoch is not None:
            self.set_epoch(self._next_epoch)
        yield from stream.packed(self._tokenizer, self._length, drop_last=self._drop_last)

    def _workers_stream(self) -> PositionedStream:
        """Return the stream; in a worker, the worker's part of it."""
        info = get_worker_info()
        if info and not self._is_worker:
            if type(current_process()).__name__ == "ForkProcess":
                problem = _("the threads of tokenizers and of Polars don't survive a fork: a worker may hang")
                raise ConfigError("PackedDataset", problem, _FORKSERVER)
            self._stream = self._stream.part_of(info.id, info.num_workers)
            self._is_worker = True
        return self._stream

    def state_dict(self) -> dict[str, Any]:
        """Return the state of this worker."""
        return {"stream": self._workers_stream().state_dict()}

    def load_state_dict(self, state: Any) -> None:
        """Continue from a worker's own state, or from the states of all ranks' loaders.

        Raises:
            ConfigError: the value isn't such a state or list, or states are missing.
        """
        self._workers_stream().load_state_dict(state)
        # A loader passes each worker its own state, and requests blocks after the end only from the next epoch.
        if isinstance(state, dict) and "stream" in state:
            self._next_epoch = _next_epoch(state["stream"], None)


def _next_epoch(state: dict[str, Any], epoch: int | None) -> int | None:
    """Return the epoch to begin after a state, or None if the state is within an epoch.

    If no epoch was set, this is the epoch of the state.
    """
    if not state["ended"]:
        return None
    return int(state["epoch"]) if epoch is None else epoch


def _world() -> int:
    """Return the number of ranks of PyTorch's process group; 1 without a group."""
    has_group = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_world_size() if has_group else 1
