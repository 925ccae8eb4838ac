"""Slices of releases as one stream: how many documents each gives is known at every position, so that it resumes.

The epoch of a mixture is cut into chunks. Of a slice that gives N documents, chunk c of C has those from ⌊N·c/C⌋ to
⌊N·(c+1)/C⌋, in the slice's own order, and the slices' turns are shuffled inside the chunk. A slice that is seen several
times has another order each time.

Weights may change during an epoch: it then has several stages, each with chunks of its own. A slice goes on in the next
stage where it stopped, so that no document comes again before all of its slice have come.
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
from latam_corpus.train.shards.row_order import shuffled
from latam_corpus.train.shards.rows_in_memory import ChosenRows, HeldRows
from latam_corpus.train.shards.shared_groups import SharedGroups
from latam_corpus.train.streams.positioned_stream import PositionedStream
from latam_corpus.train.streams.stream import WINDOW_BYTES, CorpusStream
from latam_corpus.train.tokens.token_counts import SLICES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latam_corpus.train.streams.ordered_rows import OrderedRows

_CHUNK_ROWS: Final = 1024
# More passes over a slice than an epoch of a mixture has: the next epoch's have other orders.
_PASSES: Final = 1 << 20
_LEAST_WINDOW: Final = 16 << 20
# By these files are divided; by the other columns of slices their rows are.
_OF_FILES: Final = ("language", "genre", "split")


@dataclass(frozen=True)
class Ingredient:
    """A slice of a mixture.

    Attributes:
        stream: of the slice.
        drawn: how many of them each stage of the mixture has, withdrawn ones counted; more than the slice has are
            repeats.
    """

    stream: CorpusStream
    drawn: tuple[int, ...]

    @property
    def documents(self) -> int:
        """How many of them the mixture has."""
        return sum(self.drawn)


@dataclass(frozen=True)
class _Stage:
    """A stage of a mixture.

    Attributes:
        start: its first position.
        chunks_before: how many chunks the stages before it have.
        firsts: how many documents of each slice these have.
        drawn: how many documents of each slice it has.
    """

    start: int
    chunks_before: int
    firsts: tuple[int, ...]
    drawn: tuple[int, ...]

    @property
    def chunks(self) -> int:
        """How many chunks it has."""
        return max(1, -(-sum(self.drawn) // _CHUNK_ROWS))

    def firsts_of(self, chunk: int) -> list[int]:
        """Return how many documents of each slice the mixture has before a chunk."""
        return [first + count * chunk // self.chunks for first, count in zip(self.firsts, self.drawn, strict=True)]

    def start_of(self, chunk: int) -> int:
        """Return the first position of a chunk."""
        return self.start + sum(self.firsts_of(chunk)) - sum(self.firsts)


def _stages_of(drawn: Sequence[tuple[int, ...]]) -> list[_Stage]:
    """Return the stages that have documents, given how many of each slice each stage draws."""
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
    """The rows of a mixture at positions of its order."""

    def __init__(self, ingredients: Sequence[Ingredient], seed: int, epoch: int) -> None:
        self._ingredients = ingredients
        self._key = (seed, epoch)
        self.total = sum(one.documents for one in ingredients)
        self._stages = _stages_of([one.drawn for one in ingredients])
        self._sizes = [one.stream.total for one in ingredients]
        self._rows: list[tuple[int, OrderedRows] | None] = [None] * len(ingredients)

    def batch_end(self, position: int, _world: int) -> int:
        """Up to where, exclusive, rows from a position on are of one chunk."""
        stage, chunk = self._chunk_at(position)
        return stage.start_of(chunk + 1)

    def take(self, positions: NDArray[np.int64]) -> tuple[ChosenRows, NDArray[np.int64]]:
        """Return the rows at positions of one chunk that aren't left out, and their positions."""
        stage, chunk = self._chunk_at(int(positions[0]))
        start, firsts, ends = stage.start_of(chunk), stage.firsts_of(chunk), stage.firsts_of(chunk + 1)
        turns = np.repeat(np.arange(len(firsts)), [end - first for first, end in zip(firsts, ends, strict=True)])
        turns = turns[shuffled(len(turns), *self._key, "turns", stage.chunks_before + chunk)]
        wanted = positions - start
        tables, places = [], []
        for number, first in enumerate(firsts):
            mine = np.flatnonzero(turns == number)
            chosen = np.isin(mine, wanted)
            ordinals = first + np.flatnonzero(chosen)
            for table, taken in self._of(number, ordinals):
                tables.append(table)
                places.append(mine[taken - first])
        if not tables:
            return ChosenRows(HeldRows(pa.table({})), positions[:0]), positions[:0]
        where = np.concatenate(places)
        order = np.argsort(where, kind="stable")
        whole = HeldRows(pa.concat_tables(tables, promote_options="permissive"))
        return ChosenRows(whole, order), where[order] + start

    def close(self) -> None:
        """Stop reading ahead."""
        for held in self._rows:
            if held:
                held[1].close()

    def _of(self, number: int, ordinals: NDArray[np.int64]) -> list[tuple[pa.Table, NDArray[np.int64]]]:
        """Return a slice's documents by their number in the mixture, and which of these weren't left out."""
        samples = []
        at = 0
        while at < len(ordinals):
            size = self._sizes[number]
            pass_number = int(ordinals[at]) // size
            rows = self._opened(number, pass_number)
            position = int(ordinals[at]) % size
            end = rows.batch_end(position, 1)
            upto = int(np.searchsorted(ordinals, pass_number * size + end))
            chosen, positions = rows.take(ordinals[at:upto] - pass_number * size)
            if positions.size:
                samples.append((chosen.table(), positions + pass_number * size))
            at = upto
        return samples

    def _opened(self, number: int, pass_number: int) -> OrderedRows:
        held = self._rows[number]
        if held and held[0] == pass_number:
            return held[1]
        if held:
            held[1].close()
        seed, epoch = self._key
        rows = self._ingredients[number].stream.order(seed, epoch * _PASSES + pass_number)
        self._rows[number] = (pass_number, rows)
        return rows

    def _chunk_at(self, position: int) -> tuple[_Stage, int]:
        """Return the stage and its chunk that a position is in."""
        stage = self._stages[bisect_right(self._stages, position, key=lambda one: one.start) - 1]
        return stage, bisect_right(range(stage.chunks), position, key=stage.start_of) - 1


class MixedStream(PositionedStream):
    """The documents that a plan draws from the slices of releases, as dicts."""

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
            store: where the releases are.
            plan: what `mix plan --json` printed, or the file that it is in. Several of them, by the same columns, are
                stages of an epoch, one after another, each with its own budget and weights.
            seed: from which the order is drawn.
            epoch: from which, too.
            rank: of this process, from 0.
            world: how many processes share the order.
            options: of `CorpusStream`, for each slice.

        Raises:
            ConfigError: it is no plan, or an option contradicts it.
            ReleaseError: a file is missing or damaged.
        """
        super().__init__(seed, epoch, rank, world)
        slices = _staged_slices([plan] if isinstance(plan, (str, Path, Mapping)) else plan)
        planned = next((name for name in _OF_FILES if name in options and any(name in one for one in slices)), None)
        if planned:
            problem = _("the plan says which {name} each slice has", name=planned)
            raise ConfigError(planned, problem, _("leave it out, or plan anew with it"))
        if "exclude" in options:
            # Of a list each slice has a part, or none of it.
            options["exclude"] = excluded_ids(options["exclude"], [one["release"] for one in slices])
        window = max(_LEAST_WINDOW, WINDOW_BYTES // max(1, len(slices)))
        # Slices of the same files share what was read of these, to find their rows and for them.
        opened: dict[tuple[Any, ...], CorpusStream] = {}
        shared = SharedGroups()
        ingredients = []
        for one in slices:
            if any(one["drawn"]):
                of_files = {name: one[name] for name in _OF_FILES if name in one}
                key = one["release"], *of_files.items()
                if key not in opened:
                    opened[key] = CorpusStream(store, one["release"], **({"window": window} | options | of_files))
                of_rows = {name: one[name] for name in SLICES if name in one and name not in of_files}
                stream = opened[key].of_rows(of_rows, shared) if of_rows else opened[key]
                ingredients.append(_ingredient(stream, one))
        self._ingredients = tuple(ingredients)

    @property
    def version(self) -> str:
        """What is streamed, as `NAME@VERSION`, joined by a plus."""
        return "+".join(dict.fromkeys(one.stream.version for one in self._ingredients))

    @property
    def total(self) -> int:
        """How many documents an epoch has, with those that are left out."""
        return sum(one.documents for one in self._ingredients)

    def _open(self) -> MixedRows:
        return MixedRows(self._ingredients, self._seed, self._epoch)

    def _digest(self) -> str:
        states = [f"{one.stream.state_dict()['order']} {' '.join(map(str, one.drawn))}" for one in self._ingredients]
        return hashlib.sha256("\n".join(states).encode()).hexdigest()[:16]


def _ingredient(stream: CorpusStream, planned: Mapping[str, Any]) -> Ingredient:
    """Return a slice with as many of its documents as were planned.

    Raises:
        ConfigError: it has none, or fewer than the plan counted: they would be seen oftener than planned.
    """
    there = stream.total
    if not there:
        raise ConfigError("plan", _("a slice of {version} has no documents", version=stream.version), _("plan anew"))
    # Those that were withdrawn when it was planned weren't counted, and have their place in the order.
    counted = planned.get("documents", there)
    if there < counted:
        problem = _(
            "of the {n} {n:document|documents} that the plan counted in a slice of {version}, {there} "
            "{there:is|are} there"
        )
        context = {"n": f"{counted:,}", "version": stream.version, "there": f"{there:,}"}
        raise ConfigError("plan", problem.fill(**context), _("plan anew, of what is streamed"))
    return Ingredient(stream, tuple(round(drawn * there / max(1, counted)) for drawn in planned["drawn"]))


def _staged_slices(plans: Sequence[str | Path | Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the slices of several plans, each with the documents drawn from it in each of them.

    Raises:
        ConfigError: one isn't a plan, or they are by different columns or of different versions.
    """
    slices: dict[tuple[Any, ...], dict[str, Any]] = {}
    for number, plan in enumerate(plans):
        for one in _slices(plan):
            key = one["release"], *(one.get(name) for name in SLICES)
            staged = slices.setdefault(key, {**one, "drawn": [0] * len(plans)})
            staged["drawn"][number] = one["drawn"]
            columns = [name for name in SLICES if name in one]
            if columns != [name for name in SLICES if name in next(iter(slices.values()))]:
                problem = _("its stages are by different columns, so that their slices overlap")
                raise ConfigError("plan", problem, _("plan each stage with the same --by and --split"))
    if not slices:
        raise ConfigError("plan", _("it draws no documents"), _("plan with more tokens"))
    return list(slices.values())


def _slices(plan: str | Path | Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the slices of a plan, each with its release, the documents drawn, and the columns that make it.

    Raises:
        ConfigError: it can't be read, or is no plan.
    """
    place = "plan" if not isinstance(plan, (str, Path)) else str(plan)
    try:
        values = json.loads(Path(plan).read_bytes()) if isinstance(plan, (str, Path)) else plan
        slices: list[Mapping[str, Any]] = [dict(one) for one in values["slices"]]
        sound = all(type(one["drawn"]) is int and one["drawn"] >= 0 and "@" in one["release"] for one in slices)
        by = list(values["by"])
        # One that doesn't say which slice it is would be the whole release.
        check_type(int, *(one.get("documents", 0) for one in slices))
        check_type(str, *(one[name] for one in slices for name in by))
        check_type(str, *(one[name] for one in slices for name in SLICES if name in one))
    except (OSError, ValueError, KeyError, TypeError) as error:
        remedy = _("give what `latam-corpus mix plan --json` printed")
        raise ConfigError(place, _("it isn't a plan: {reason}", reason=error), remedy) from None
    wrong = next((name for name in by if name not in SLICES), None)
    if wrong:
        raise ConfigError(place, _("«{name}» makes no slices", name=wrong), closest(wrong, SLICES))
    if not sound or not any(one["drawn"] for one in slices):
        raise ConfigError(place, _("it draws no documents"), _("plan with more tokens"))
    return slices
