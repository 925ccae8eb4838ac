"""Slices of releases as one stream: how many documents each gives is known at every position, so that it resumes.

The epoch of a mixture is cut into chunks. Of a slice that gives N documents, chunk c of C has those from ⌊N·c/C⌋ to
⌊N·(c+1)/C⌋, in the slice's own order, and the slices' turns are shuffled inside the chunk. A slice that is seen several
times has another order each time.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _
from latam_corpus.release.corpus_lock import must_be
from latam_corpus.release.exclusions import excluded_ids
from latam_corpus.train.held_rows import ChosenRows, HeldRows
from latam_corpus.train.positioned_stream import PositionedStream
from latam_corpus.train.shared_groups import SharedGroups
from latam_corpus.train.stream import WINDOW_BYTES, CorpusStream
from latam_corpus.train.stream_order import shuffled
from latam_corpus.train.token_counts import SLICES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from latam_corpus.train.ordered_rows import OrderedRows

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
        documents: how many of them the mixture has, withdrawn ones counted; more than the slice has are repeats.
    """

    stream: CorpusStream
    documents: int


class MixedRows:
    """The rows of a mixture at positions of its order."""

    def __init__(self, ingredients: Sequence[Ingredient], seed: int, epoch: int) -> None:
        self._ingredients = ingredients
        self._key = (seed, epoch)
        self._counts = [one.documents for one in ingredients]
        self.total = sum(self._counts)
        self._chunks = max(1, -(-self.total // _CHUNK_ROWS))
        self._sizes = [one.stream.total for one in ingredients]
        self._rows: list[tuple[int, OrderedRows] | None] = [None] * len(ingredients)

    def batch_end(self, position: int, _world: int) -> int:
        """Up to where, exclusive, rows from a position on are of one chunk."""
        return self._start(self._chunk_at(position) + 1)

    def take(self, positions: NDArray[np.int64]) -> tuple[ChosenRows, NDArray[np.int64]]:
        """Return the rows at positions of one chunk that aren't left out, and their positions."""
        chunk = self._chunk_at(int(positions[0]))
        firsts = [count * chunk // self._chunks for count in self._counts]
        ends = [count * (chunk + 1) // self._chunks for count in self._counts]
        turns = np.repeat(np.arange(len(firsts)), [end - first for first, end in zip(firsts, ends, strict=True)])
        turns = turns[shuffled(len(turns), *self._key, "turns", chunk)]
        wanted = positions - self._start(chunk)
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
        return ChosenRows(whole, order), where[order] + self._start(chunk)

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

    def _chunk_at(self, position: int) -> int:
        return bisect_right(range(self._chunks), position, key=self._start) - 1

    def _start(self, chunk: int) -> int:
        return sum(count * chunk // self._chunks for count in self._counts)


class MixedStream(PositionedStream):
    """The documents that a plan draws from the slices of releases, as dicts."""

    def __init__(
        self,
        store: str | Path,
        plan: str | Path | Mapping[str, Any],
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
            plan: what `mix plan --json` printed, or the file that it is in.
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
        slices = _slices(plan)
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
            if one["drawn"]:
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
        states = [f"{one.stream.state_dict()['order']} {one.documents}" for one in self._ingredients]
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
    return Ingredient(stream, round(planned["drawn"] * there / max(1, counted)))


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
        must_be(int, *(one.get("documents", 0) for one in slices))
        must_be(str, *(one[name] for one in slices for name in by))
        must_be(str, *(one[name] for one in slices for name in SLICES if name in one))
    except (OSError, ValueError, KeyError, TypeError) as error:
        remedy = _("give what `latam-corpus mix plan --json` printed")
        raise ConfigError(place, _("it isn't a plan: {reason}", reason=error), remedy) from None
    wrong = next((name for name in by if name not in SLICES), None)
    if wrong:
        raise ConfigError(place, _("«{name}» makes no slices", name=wrong), closest(wrong, SLICES))
    if not sound or not any(one["drawn"] for one in slices):
        raise ConfigError(place, _("it draws no documents"), _("plan with more tokens"))
    return slices
