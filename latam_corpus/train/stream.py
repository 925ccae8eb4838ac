"""A version as a stream of documents, in one order that any number of ranks shares and that goes on after a stop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from latam_corpus.errors import ConfigError
from latam_corpus.paths import cache_folder
from latam_corpus.release.condition import condition
from latam_corpus.train.corpus_files import excluded_ids, open_files
from latam_corpus.train.group_cache import GroupCache
from latam_corpus.train.ordered_rows import OrderedRows, Selection, rows_as_dicts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

WINDOW_BYTES: Final = 256 << 20
CACHE_BYTES: Final = 4 << 30
_FORMAT: Final = 1
_OTHER_STATE: Final = "give the state that a stream of this version returned"


class CorpusStream:
    """The documents of a version, each once an epoch, as dicts.

    Row groups come in an order drawn from the seed and the epoch, and rows are shuffled inside windows of row groups.
    Position i of that order goes to rank i mod world, whatever the number of ranks and workers. A document that is left
    out keeps its position, which is skipped.

    A stream is its own iterator: a loop goes on where the last one stopped. One that is at its end begins again, in the
    same order; `set_epoch` gives it another.
    """

    def __init__(
        self,
        store: str | Path,
        name: str | None = None,
        *,
        seed: int = 0,
        epoch: int = 0,
        rank: int = 0,
        world: int = 1,
        columns: Sequence[str] = (),
        split: str | None = None,
        language: str | None = None,
        genre: str | None = None,
        where: str | None = None,
        exclude: Sequence[str | Path] = (),
        lock: str | Path | None = None,
        shuffle: bool = True,
        window: int = WINDOW_BYTES,
        cache: str | Path | None = None,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        """Open a version.

        Args:
            store: a folder or URL; or a folder into which a version was pulled.
            name: `NAME@VERSION`, or `NAME` for its latest; of a pulled folder it may be left out.
            seed: from which the order is drawn.
            epoch: from which, too.
            rank: of this process, from 0.
            world: how many processes share the order.
            columns: those that are read; all when empty. `id` is `doc_id` under that name.
            split: `train`, `validation` or `test` alone; all three by default.
            language: a language alone, such as `quy_Latn`.
            genre: a genre alone.
            where: only rows of which this is true, as `pull --where` takes it.
            exclude: lists of ids that are left out, such as `contamination --exclude` writes.
            lock: a `corpus.lock` that the version must match.
            shuffle: whether the order is shuffled, or that of the manifest.
            window: bytes, decompressed, in which rows are shuffled; it takes about twice that in memory.
            cache: where row groups of a store elsewhere are kept; a folder of the user's cache by default.
            cache_bytes: how many bytes that folder may have.

        Raises:
            ConfigError: there is no such version, column or split, or an option is out of range.
            ReleaseError: a file is missing or damaged.
        """
        for option, value, least in (("world", world, 1), ("window", window, 1), ("cache_bytes", cache_bytes, 0)):
            if value < least:
                raise ConfigError(option, f"{value} is too small", f"give {least} or more")
        if not 0 <= rank < world:
            raise ConfigError("rank", f"{rank} isn't one of {world} ranks", f"give 0 to {world - 1}")
        folder = Path(cache) if cache is not None else cache_folder() / "stream"
        files = open_files(store, name, lock, GroupCache(folder, cache_bytes))
        self._files = files.of(split=split, language=language, genre=genre)
        self._selection = Selection(
            tuple(columns), condition(where, "where") if where is not None else None, excluded_ids(exclude)
        )
        self._seed, self._epoch, self._rank, self._world = seed, epoch, rank, world
        self._window, self._shuffle = window, shuffle
        self._opened: OrderedRows | None = None
        self._position = 0
        self._ahead: tuple[int, ...] = ()
        self._at_end = False
        self._rows: Iterator[dict[str, Any]] = iter(())

    def __getstate__(self) -> dict[str, Any]:
        # Another process opens its own files; one that goes on after a pickled stream stands where that stood.
        return self.__dict__ | {"_files": replace(self._files), "_opened": None, "_rows": iter(())}

    @property
    def version(self) -> str:
        """What is streamed, as `NAME@VERSION`."""
        return self._files.manifest.spec

    def set_epoch(self, epoch: int) -> None:
        """Begin an epoch."""
        self._go_to(epoch, 0)

    def __iter__(self) -> Self:
        if self._at_end:
            self._go_to(self._epoch, 0)
        return self

    def __next__(self) -> dict[str, Any]:
        row = next(self._rows, None)
        if row is None:
            self._rows = self._dicts()
            row = next(self._rows, None)
            if row is None:
                self._at_end = True
                raise StopIteration
        return row

    def _dicts(self) -> Iterator[dict[str, Any]]:
        for table, positions in self._tables():
            for row, position in zip(rows_as_dicts(table), positions.tolist(), strict=True):
                self._passed(position)
                yield row

    def texts(self) -> Iterator[str]:
        """The texts alone, from where the stream stands; `columns` must have `text`, or be empty."""
        for table in self.batches():
            yield from table["text"].to_pylist()

    def batches(self, rows: int | None = None) -> Iterator[pa.Table]:
        """Arrow tables, from where the stream stands.

        Args:
            rows: in each, but the last; about 8 MB of rows when None.
        """
        import pyarrow as pa

        if self._at_end:
            self._go_to(self._epoch, 0)
        self._rows = iter(())
        waiting: list[pa.Table] = []
        places: list[NDArray[np.int64]] = []
        for table, positions in self._tables():
            waiting.append(table)
            places.append(positions)
            held = sum(map(len, places))
            if held < (rows or 1):
                continue
            whole, order = pa.concat_tables(waiting), np.concatenate(places)
            size = rows or held
            start = 0
            while held - start >= size:
                self._passed(int(order[start + size - 1]))
                yield whole.slice(start, size)
                start += size
            waiting, places = [whole.slice(start)], [order[start:]]
        if sum(map(len, places)):
            self._passed(int(np.concatenate(places)[-1]))
            yield pa.concat_tables(waiting)
        self._at_end = True

    def _tables(self) -> Iterator[tuple[pa.Table, NDArray[np.int64]]]:
        """This rank's rows from where it stands on, as tables, with their positions."""
        rows = self._order()
        position = self._position
        while position < rows.total:
            end = rows.batch_end(position, self._world)
            mine = np.arange(position, end, dtype=np.int64)
            mine = mine[mine % self._world == self._rank]
            if self._ahead:
                mine = mine[mine >= np.array(self._ahead)[mine % len(self._ahead)]]
            position = end
            if mine.size:
                table, positions = rows.take(mine)
                if positions.size:
                    yield table, positions
        self._position = max(self._position, rows.total)

    def _order(self) -> OrderedRows:
        if self._opened is None:
            self._opened = OrderedRows(
                self._files, self._selection, self._seed, self._epoch, self._window, shuffle=self._shuffle
            )
        return self._opened

    def _passed(self, position: int) -> None:
        """Stand after the row at a position: at the next round, in which each rank has one position."""
        self._position = (position // self._world + 1) * self._world
        if self._ahead and self._position >= max(self._ahead):
            self._ahead = ()

    def _go_to(self, epoch: int, position: int, ahead: tuple[int, ...] = ()) -> None:
        if self._opened is not None and epoch != self._epoch:
            self._opened.close()
            self._opened = None
        self._epoch, self._position, self._ahead = epoch, position, ahead
        self._at_end = False
        self._rows = iter(())

    def state_dict(self) -> dict[str, Any]:
        """Where the stream stands, as JSON takes it: after the last row that it gave, or the last batch."""
        return {
            "format": _FORMAT,
            "version": self.version,
            "order": self._digest(),
            "seed": self._seed,
            "epoch": self._epoch,
            "world": self._world,
            "position": self._position,
            "ahead": list(self._ahead),
            "uneven": self._selection.leaves_out,
        }

    def load_state_dict(self, state: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> None:
        """Go on after a state, with its seed and epoch, on as many ranks as there are now.

        Args:
            state: what `state_dict` returned; or what it returned on each rank, in their order. These are needed where
                rows were left out and the number of ranks changes: then each rank stands elsewhere.

        Raises:
            ConfigError: it is no state, that of another version or order, or the states of all ranks are needed.
        """
        states: list[Any] = list(state) if isinstance(state, (list, tuple)) else [state]
        known = [self._checked(one) for one in states]
        first = known[0] if known else {}
        if not known or any(one[key] != first[key] for one in known for key in _SHARED):
            remedy = "give one of each rank, in their order"
            raise ConfigError("state", "these aren't the states of one run's ranks", remedy)
        if len(known) not in (1, first["world"]):
            problem = f"there are {len(known)} states, and the run had {first['world']} ranks"
            raise ConfigError("state", problem, "give one of each rank, in their order, or one alone")
        positions = [one["position"] for one in known]
        ahead = tuple(first["ahead"])
        if len(known) == 1 and first["world"] not in (1, self._world) and first["uneven"]:
            problem = f"it is one of {first['world']} ranks, which stand at different places, since rows are left out"
            raise ConfigError("state", problem, "give load_state_dict the list of all ranks' states")
        if len(set(positions)) > 1:
            if any(one["ahead"] for one in known):
                problem = "the number of ranks changed twice within a few rows"
                raise ConfigError("state", problem, "go on with as many ranks as before for some rows")
            ahead = tuple(positions)
        if self._seed != first["seed"] and self._opened is not None:
            self._opened.close()
            self._opened = None
        self._seed = first["seed"]
        self._go_to(first["epoch"], min(positions), ahead)

    def _checked(self, state: Any) -> Mapping[str, Any]:
        whole = ("format", "seed", "epoch", "world", "position")
        if not isinstance(state, dict) or not all(type(state.get(key)) is int for key in whole):
            raise ConfigError("state", "this isn't the state of a stream", _OTHER_STATE)
        if state["format"] != _FORMAT:
            problem = f"its format is {state['format']}, and this toolkit reads {_FORMAT}"
            raise ConfigError("state", problem, _OTHER_STATE)
        ahead = state.get("ahead")
        sound = isinstance(ahead, list) and all(type(one) is int for one in ahead) and state["world"] > 0
        if not sound or state["position"] < 0:
            raise ConfigError("state", "it is damaged", _OTHER_STATE)
        if state.get("version") != self.version:
            raise ConfigError("state", f"it is of {state.get('version')}, and {self.version} is streamed", _OTHER_STATE)
        if state.get("order") != self._digest():
            problem = f"it is of another order of {self.version}: other files, another window, split or shuffling"
            raise ConfigError("state", problem, "open the stream with the options that it had")
        return state

    def _digest(self) -> str:
        return f"{self._files.digest}-{self._window}-{'shuffled' if self._shuffle else 'stored'}"


_SHARED: Final = ("version", "order", "seed", "epoch", "world")
