"""Streams the documents of an export; tokens come from its files, withdrawals from the release's store."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
import pyarrow as pa

from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.messages import _
from latam_corpus.release.reading.corpus_lock import LOCK, check_type, read_lock
from latam_corpus.release.reading.exclusions import excluded_ids
from latam_corpus.release.reading.lock_check import MAP, PLACES, check_lock
from latam_corpus.release.storing.store import Store
from latam_corpus.train.export.write_export import ABOUT
from latam_corpus.train.shards.row_order import shuffled
from latam_corpus.train.shards.rows_in_memory import ChosenRows, RowsInMemory
from latam_corpus.train.streams.positioned_stream import PositionedStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from latam_corpus.train.streams.positioned_stream import Encoder

# The formats whose files contain only tokens.
FLAT_FORMATS: Final = ("ds", "megatron")
_BATCH_ROWS: Final = 1024
_EXPORT_AGAIN: Final = _("export it again")


@dataclass(frozen=True)
class ExportedTokenizer:
    """The tokenizer of an export, identified by its digest; it can't encode texts."""

    sha256: str
    end_id: int

    def encoded(self, _texts: Sequence[str]) -> Iterator[list[int]]:
        """Raise `ConfigError`, since an export has no model to encode texts."""
        raise ConfigError(
            "tokenizer", _("the tokenizer of an export can't encode texts"), _("give load_tokenizer(FILE)")
        )


@dataclass(frozen=True)
class _ExportFolder:
    """The content of an export's folder.

    Attributes:
        places: the place of each document's tokens, with the schema PLACES.
        files: the memory-mapped tokens of each file.
    """

    about: dict[str, Any]
    places: pl.DataFrame
    files: dict[str, NDArray[Any]]


class TokenRows:
    """The documents of an export in the order of an epoch.

    Attributes:
        total: the number of positions, including documents that are left out.
    """

    def __init__(self, export: _ExportFolder, order: NDArray[np.int64], is_kept: NDArray[np.bool_]) -> None:
        self._order, self._is_kept = order, is_kept
        self._ids, self._names = export.places["doc_id"], export.places["file"]
        self._starts, self._ends = (export.places[name].to_numpy() for name in ("start", "end"))
        self._files = export.files
        self.total = len(order)

    def batch_end(self, position: int, world: int) -> int:
        """Return the end, exclusive, of the batch of a rank that begins at this position."""
        return min(position + _BATCH_ROWS * world, self.total)

    def take(self, positions: NDArray[np.int64]) -> tuple[ChosenRows, NDArray[np.int64]]:
        """Return the documents at these positions, except those that are left out, and their positions."""
        places = self._order[positions]
        is_kept = self._is_kept[places]
        positions, places = positions[is_kept], places[is_kept]
        spans = zip(self._names[places].to_list(), self._starts[places], self._ends[places], strict=True)
        tokens = [self._files[name][start:end] for name, start, end in spans]
        joined = np.concatenate([np.zeros(0, np.int32), *tokens]).astype(np.int32)
        offsets = np.cumsum([0, *map(len, tokens)], dtype=np.int64)
        values = pa.Array.from_buffers(pa.int32(), len(joined), [None, pa.py_buffer(joined)])
        bounds = pa.Array.from_buffers(pa.int64(), len(offsets), [None, pa.py_buffer(offsets)])
        lists = pa.LargeListArray.from_arrays(bounds, values)
        table = pa.table({"doc_id": self._ids[places].to_arrow(), "tokens": lists})
        return ChosenRows(RowsInMemory(table), np.arange(table.num_rows)), positions

    def close(self) -> None:
        """Do nothing: this class doesn't read ahead."""


class TokenStream(PositionedStream):
    """A stream of the documents of an export, once per epoch, as dicts with `doc_id` and `tokens`.

    The last token of a document is the end token. States combine for any number of ranks, as with other streams.
    Documents that were withdrawn since the export keep their positions, which are skipped.
    """

    def __init__(
        self,
        folder: str | Path,
        store: str | Path,
        *,
        seed: int = 0,
        epoch: int = 0,
        rank: int = 0,
        world: int = 1,
        exclude: str | Path | Sequence[str | Path] | frozenset[str] = (),
        shuffle: bool = True,
    ) -> None:
        """Open an export.

        Args:
            folder: a folder that `export` wrote with `--format ds` or `megatron`.
            store: the release's store, which lists the withdrawals since the export.
            seed: seed of the order.
            epoch: number of the epoch; each epoch has another order.
            rank: rank of this process, from 0.
            world: number of processes that share the order.
            exclude: files with ids to leave out, or the ids.
            shuffle: whether to shuffle the documents, or keep the order of the export.

        Raises:
            ConfigError: the folder isn't an export, or has a format whose own library reads it.
            ReleaseError: a file is missing or damaged, or the store isn't the release's.
        """
        super().__init__(seed, epoch, rank, world)
        self._export = _open_export(Path(folder))
        lock = read_lock(Path(folder) / LOCK)
        left_out = excluded_ids(exclude, [lock.spec]) | set(check_lock(lock, Store.at(store), Path(folder)).withdrawn)
        ids = pl.Series(sorted(left_out), dtype=pl.String)
        self._is_kept = ~self._export.places["doc_id"].is_in(ids.implode()).to_numpy()
        self._version, self._shuffle = lock.spec, shuffle

    @property
    def version(self) -> str:
        """The streamed version, as `NAME@VERSION`."""
        return self._version

    @property
    def total(self) -> int:
        """The number of documents in the export, including those that are left out."""
        return self._export.places.height

    @property
    def tokenizer(self) -> ExportedTokenizer:
        """The tokenizer of the export, for `packed`."""
        tokenizer = self._export.about["tokenizer"]
        return ExportedTokenizer(tokenizer["sha256"], tokenizer["end"])

    def _open(self) -> TokenRows:
        order = shuffled(self.total, self._seed, self._epoch, "documents") if self._shuffle else np.arange(self.total)
        return TokenRows(self._export, order, self._is_kept)

    def _digest(self) -> str:
        files = json.dumps(self._export.about["files"], sort_keys=True)
        kind = "shuffled" if self._shuffle else "stored"
        return f"{hashlib.sha256(files.encode()).hexdigest()[:16]}-{kind}"

    def _tokens_of(self, rows: ChosenRows, tokenizer: Encoder) -> Iterator[NDArray[np.int32]]:
        if tokenizer.sha256 != self.tokenizer.sha256:
            problem = _("the export was made by another tokenizer")
            raise ConfigError("tokenizer", problem, _("give the stream's tokenizer: packed(stream.tokenizer, …)"))
        lists = rows.table()["tokens"].combine_chunks()
        lists = lists.chunk(0) if isinstance(lists, pa.ChunkedArray) else lists
        tokens, bounds = lists.values.to_numpy(), lists.offsets.to_numpy()
        for start, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            yield tokens[start:end]


def _open_export(folder: Path) -> _ExportFolder:
    """Open an export's folder.

    Raises:
        ConfigError: the folder isn't an export, or has a format whose own library reads it.
        ReleaseError: a file is missing, or its size contradicts the map.
    """
    try:
        about = json.loads((folder / ABOUT).read_bytes())
        form, dtype = about["format"], np.dtype(about["dtype"])
        check_type(str, form, about["tokenizer"]["sha256"], *about["files"].values())
        check_type(int, about["tokenizer"]["end"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        problem = _("it isn't an export: {cause}", cause=error)
        raise ConfigError(str(folder), problem, _("give a folder that `latam-corpus export` wrote")) from None
    if form not in FLAT_FORMATS:
        problem = _("its format is {form}, which is read with its own library", form=form)
        raise ConfigError(str(folder), problem, _("export it with --format ds or --format megatron"))
    try:
        places = pl.read_parquet(folder / MAP, columns=PLACES.names()).cast(PLACES)
        ends = places.group_by("file").agg(pl.col("end").max()).sort("file")
        files = {name: np.memmap(folder / name, dtype, "r") for name in ends["file"]}
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise ReleaseError(str(folder), _("it can't be read: {cause}", cause=error), _EXPORT_AGAIN) from None
    for name, end in ends.iter_rows():
        if len(files[name]) != end:
            problem = _("it has {n} {n:token|tokens}, and the map says {end}", n=len(files[name]), end=end)
            raise ReleaseError(str(folder / name), problem, _EXPORT_AGAIN)
    return _ExportFolder(about, places, dict(files))
