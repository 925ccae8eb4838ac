"""Streams slices of releases as one mixture, resumable at every position.

The epoch of a mixture is cut into C chunks. If a slice contributes N documents, chunk c has its documents ⌊N·c/C⌋ to
⌊N·(c+1)/C⌋, in the slice's order; the slices' turns are shuffled within each chunk. A slice that is repeated has
another order each time.

Weights may change during an epoch, which then has several stages, each with its own chunks. A slice continues in the
next stage where it stopped, so that no document is repeated before all others of its slice.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _
from latam_corpus.release.reading.corpus_lock import check_type
from latam_corpus.release.reading.exclusions import excluded_ids
from latam_corpus.train.shards.group_cache import SharedGroups
from latam_corpus.train.shards.row_order import shuffled
from latam_corpus.train.shards.rows_in_memory import ChosenRows, RowsInMemory
from latam_corpus.train.streams.positioned_stream import PositionedStream
from latam_corpus.train.streams.stream import WINDOW_BYTES, CorpusStream
from latam_corpus.train.tokens.token_counts import SLICES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latam_corpus.train.streams.ordered_rows import OrderedRows

_CHUNK_ROWS: Final = 1024
# A number larger than the passes over a slice in any epoch, so that passes in different epochs have different orders.
_PASSES: Final = 1 << 20
_MIN_WINDOW: Final = 16 << 20
# Columns whose value is the same in all rows of a file; a slice by any other column must select rows.
_FILE_COLUMNS: Final = ("language", "genre", "split")


@dataclass(frozen=True)
class Ingredient:
    """A slice of a mixture.

    Attributes:
        drawn: the number of documents in each stage of the mixture, including withdrawn ones; if it is more than the
            slice has, documents are repeated.
    """

    stream: CorpusStream
    drawn: tuple[int, ...]

    @property
    def documents(self) -> int:
        """The number of the slice's documents in the mixture."""
        return sum(self.drawn)


@dataclass(frozen=True)
class _Stage:
    """A stage of a mixture.

    Attributes:
        start: its first position.
        chunks_before: the total number of chunks in earlier stages.
        firsts: the number of documents of each slice in earlier stages.
        drawn: the number of documents of each slice in this stage.
    """

    start: int
    chunks_before: int
    firsts: tuple[int, ...]
    drawn: tuple[int, ...]

    @property
    def chunks(self) -> int:
        """The number of its chunks."""
        return max(1, -(-sum(self.drawn) // _CHUNK_ROWS))

    def firsts_of(self, chunk: int) -> list[int]:
        """Return the number of documents of each slice before a chunk."""
        return [first + count * chunk // self.chunks for first, count in zip(self.firsts, self.drawn, strict=True)]

    def start_of(self, chunk: int) -> int:
        """Return the first position of a chunk."""
        return self.start + sum(self.firsts_of(chunk)) - sum(self.firsts)


def _stages_of(drawn: Sequence[tuple[int, ...]]) -> list[_Stage]:
    """Return the stages that have documents.

    `drawn` has, for each slice, the number of its documents in each stage.
    """
    stages: list[_Stage] = []
    start = chunks = 0
    firsts = (0,) * len(drawn)
    for counts in filter(sum, zip(*drawn, strict=True)):
        stages.append(_Stage(start, chunks, firsts, counts))
        start += sum(counts)
        chunks += stages[-1].chunks
        firsts = tuple(first + count for first, count in zip(firsts, counts, strict=True))
    return stages


class MixedRows:
    """The rows of a mixture in its order.

    Attributes:
        total: the number of positions, including documents that are left out.
    """

    def __init__(self, ingredients: Sequence[Ingredient], seed: int, epoch: int) -> None:
        self._ingredients = ingredients
        self._key = (seed, epoch)
        self.total = sum(ingredient.documents for ingredient in ingredients)
        self._stages = _stages_of([ingredient.drawn for ingredient in ingredients])
        self._sizes = [ingredient.stream.total for ingredient in ingredients]
        self._rows: list[tuple[int, OrderedRows] | None] = [None] * len(ingredients)

    def batch_end(self, position: int, _world: int) -> int:
        """Return the end, exclusive, of a position's chunk."""
        stage, chunk = self._chunk_at(position)
        return stage.start_of(chunk + 1)

    def take(self, positions: NDArray[np.int64]) -> tuple[ChosenRows, NDArray[np.int64]]:
        """Return the rows at positions of one chunk, except those that are left out, and their positions."""
        stage, chunk = self._chunk_at(int(positions[0]))
        start, firsts, ends = stage.start_of(chunk), stage.firsts_of(chunk), stage.firsts_of(chunk + 1)
        turns = np.repeat(np.arange(len(firsts)), [end - first for first, end in zip(firsts, ends, strict=True)])
        turns = turns[shuffled(len(turns), *self._key, "turns", stage.chunks_before + chunk)]
        requested = positions - start
        tables, places = [], []
        for number, first in enumerate(firsts):
            slice_places = np.flatnonzero(turns == number)
            ordinals = first + np.flatnonzero(np.isin(slice_places, requested))
            for table, kept_ordinals in self._slice_rows(number, ordinals):
                tables.append(table)
                places.append(slice_places[kept_ordinals - first])
        if not tables:
            return ChosenRows(RowsInMemory(pa.table({})), positions[:0]), positions[:0]
        all_places = np.concatenate(places)
        order = np.argsort(all_places, kind="stable")
        rows = RowsInMemory(pa.concat_tables(tables, promote_options="permissive"))
        return ChosenRows(rows, order), all_places[order] + start

    def close(self) -> None:
        """Stop reading ahead."""
        for opened in self._rows:
            if opened:
                opened[1].close()

    def _slice_rows(self, number: int, ordinals: NDArray[np.int64]) -> list[tuple[pa.Table, NDArray[np.int64]]]:
        """Read documents of a slice.

        `ordinals`, ascending, number the slice's documents in the mixture.

        Returns:
            Tables of the documents that aren't left out, each with their ordinal numbers.
        """
        parts = []
        begin = 0
        while begin < len(ordinals):
            size = self._sizes[number]
            pass_number = int(ordinals[begin]) // size
            rows = self._open_pass(number, pass_number)
            position = int(ordinals[begin]) % size
            batch_end = rows.batch_end(position, 1)
            end = int(np.searchsorted(ordinals, pass_number * size + batch_end))
            chosen, positions = rows.take(ordinals[begin:end] - pass_number * size)
            if positions.size:
                parts.append((chosen.table(), positions + pass_number * size))
            begin = end
        return parts

    def _open_pass(self, number: int, pass_number: int) -> OrderedRows:
        opened = self._rows[number]
        if opened and opened[0] == pass_number:
            return opened[1]
        if opened:
            opened[1].close()
        seed, epoch = self._key
        rows = self._ingredients[number].stream.order(seed, epoch * _PASSES + pass_number)
        self._rows[number] = (pass_number, rows)
        return rows

    def _chunk_at(self, position: int) -> tuple[_Stage, int]:
        """Return the stage and the chunk of a position."""
        stage = self._stages[bisect_right(self._stages, position, key=lambda stage: stage.start) - 1]
        return stage, bisect_right(range(stage.chunks), position, key=stage.start_of) - 1


class MixedStream(PositionedStream):
    """A stream of the documents that a plan draws from the slices of releases, as dicts."""

    def __init__(
        self,
        store: str | Path,
        plan: str | Path | Mapping[str, Any] | Sequence[str | Path | Mapping[str, Any]],
        *,
        seed: int = 0,
        epoch: int = 0,
        rank: int = 0,
        world: int = 1,
        **options: Any,
    ) -> None:
        """Open the slices of a plan.

        Args:
            store: the store of the releases.
            plan: the output of `mix plan --json`, or the file that contains it. Several plans by the same columns are
                successive stages of an epoch, each with its own budget and weights.
            seed: seed of the order.
            epoch: number of the epoch; each epoch has another order.
            rank: rank of this process, from 0.
            world: number of processes that share the order.
            options: options of `CorpusStream`, for each slice.

        Raises:
            ConfigError: the plan is invalid, or an option contradicts it.
            ReleaseError: a file is missing or damaged.
        """
        super().__init__(seed, epoch, rank, world)
        slices = _staged_slices([plan] if isinstance(plan, (str, Path, Mapping)) else plan)
        planned = next((name for name in _FILE_COLUMNS if name in options and any(name in row for row in slices)), None)
        if planned:
            problem = _("the plan says which {name} each slice has", name=planned)
            raise ConfigError(planned, problem, _("leave it out, or make a new plan with it"))
        if "exclude" in options:
            # Pass ids instead of files: a slice may contain only some documents of a list, or none, which isn't a
            # mistake.
            options["exclude"] = excluded_ids(options["exclude"], [row["release"] for row in slices])
        window = max(_MIN_WINDOW, WINDOW_BYTES // max(1, len(slices)))
        # Slices of the same files share the footers, the tallies, and the row groups that were read.
        opened: dict[tuple[Any, ...], CorpusStream] = {}
        shared = SharedGroups()
        ingredients = []
        for row in slices:
            if any(row["drawn"]):
                file_values = {name: row[name] for name in _FILE_COLUMNS if name in row}
                key = row["release"], *file_values.items()
                if key not in opened:
                    opened[key] = CorpusStream(store, row["release"], **({"window": window} | options | file_values))
                row_values = {name: row[name] for name in SLICES if name in row and name not in file_values}
                stream = opened[key].of_rows(row_values, shared) if row_values else opened[key]
                ingredients.append(_ingredient(stream, row))
        self._ingredients = tuple(ingredients)

    @property
    def version(self) -> str:
        """The streamed versions, as `NAME@VERSION` joined by `+`."""
        return "+".join(dict.fromkeys(ingredient.stream.version for ingredient in self._ingredients))

    @property
    def total(self) -> int:
        """The number of positions of an epoch, including documents that are left out."""
        return sum(ingredient.documents for ingredient in self._ingredients)

    def _open(self) -> MixedRows:
        return MixedRows(self._ingredients, self._seed, self._epoch)

    def _digest(self) -> str:
        states = [
            f"{ingredient.stream.state_dict()['order']} {' '.join(map(str, ingredient.drawn))}"
            for ingredient in self._ingredients
        ]
        return hashlib.sha256("\n".join(states).encode()).hexdigest()[:16]


def _ingredient(stream: CorpusStream, planned: Mapping[str, Any]) -> Ingredient:
    """Return a slice, with the planned number of documents.

    Raises:
        ConfigError: the slice has no documents, or fewer than the plan counted, so that they would be repeated more
            often than planned.
    """
    available = stream.total
    if not available:
        problem = _("a slice of {version} has no documents", version=stream.version)
        raise ConfigError("plan", problem, _("make a new plan"))
    # The plan didn't count documents that were already withdrawn, but they have positions in the order.
    counted = planned.get("documents", available)
    if available < counted:
        problem = _(
            "the plan counted {n} {n:document|documents} in a slice of {version}, which now has {available}",
            n=f"{counted:,}",
            version=stream.version,
            available=f"{available:,}",
        )
        raise ConfigError("plan", problem, _("make a new plan for the streamed version"))
    return Ingredient(stream, tuple(round(drawn * available / max(1, counted)) for drawn in planned["drawn"]))


def _staged_slices(plans: Sequence[str | Path | Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the slices of several plans, each with the number of documents drawn in each plan."""
    slices: dict[tuple[Any, ...], dict[str, Any]] = {}
    for number, plan in enumerate(plans):
        for row in _slices(plan):
            key = row["release"], *(row.get(name) for name in SLICES)
            staged = slices.setdefault(key, {**row, "drawn": [0] * len(plans)})
            staged["drawn"][number] = row["drawn"]
            columns = [name for name in SLICES if name in row]
            if columns != [name for name in SLICES if name in next(iter(slices.values()))]:
                problem = _("its stages use different columns, so that their slices overlap")
                raise ConfigError("plan", problem, _("plan each stage with the same --by and --split"))
    if not slices:
        raise ConfigError("plan", _("it draws no documents"), _("plan with more tokens"))
    return list(slices.values())


def _slices(plan: str | Path | Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the slices of a plan, each with its release, the documents drawn, and the values of its columns.

    Raises:
        ConfigError: the plan can't be read, or is invalid.
    """
    place = "plan" if not isinstance(plan, (str, Path)) else str(plan)
    try:
        values = json.loads(Path(plan).read_bytes()) if isinstance(plan, (str, Path)) else plan
        slices: list[Mapping[str, Any]] = [dict(row) for row in values["slices"]]
        is_valid = all(type(row["drawn"]) is int and row["drawn"] >= 0 and "@" in row["release"] for row in slices)
        by = list(values["by"])
        check_type(int, *(row.get("documents", 0) for row in slices))
        # A slice without one of these values would be read as the whole release.
        check_type(str, *(row[name] for row in slices for name in by))
        check_type(str, *(row[name] for row in slices for name in SLICES if name in row))
    except (OSError, ValueError, KeyError, TypeError) as error:
        remedy = _("give the output of `latam-corpus mix plan --json`")
        raise ConfigError(place, _("it isn't a plan: {reason}", reason=error), remedy) from None
    unknown = next((name for name in by if name not in SLICES), None)
    if unknown:
        raise ConfigError(place, _("slices can't be formed by «{name}»", name=unknown), closest(unknown, SLICES))
    if not is_valid or not any(row["drawn"] for row in slices):
        raise ConfigError(place, _("it draws no documents"), _("plan with more tokens"))
    return slices
