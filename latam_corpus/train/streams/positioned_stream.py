"""What all streams share: a place in an order that ranks share, taken one row or one batch on, saved and resumed."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from copy import copy
from dataclasses import replace
from operator import length_hint
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

import numpy as np
import pyarrow as pa

from latam_corpus.errors import ConfigError, NoteWarning
from latam_corpus.messages import _
from latam_corpus.train.streams.stream_progress import Progress
from latam_corpus.train.streams.stream_state import (
    FORMAT,
    OTHER_STATE,
    Place,
    check_state,
    place_of,
    states_in,
    whole_number,
)
from latam_corpus.train.tokens.token_buffer import WaitingTokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from latam_corpus.train.shards.rows_in_memory import ChosenRows

_NONE: Final = np.zeros(0, np.int64)


class Rows(Protocol):
    """Rows in an order.

    Attributes:
        total: how many positions it has.
    """

    total: int

    def batch_end(self, position: int, world: int) -> int:
        """Up to where, exclusive, a rank's positions can be taken at once."""
        ...

    def take(self, positions: NDArray[np.int64]) -> tuple[ChosenRows, NDArray[np.int64]]:
        """Return the rows at positions that aren't left out, and their positions."""
        ...

    def close(self) -> None:
        """Stop reading ahead."""
        ...


class Encoder(Protocol):
    """A tokenizer as `packed` uses it."""

    @property
    def sha256(self) -> str:
        """A digest that tells it from others."""
        ...

    @property
    def end_id(self) -> int:
        """The token that ends a document."""
        ...

    def encoded(self, texts: Sequence[str], /) -> Iterator[list[int]]:
        """Yield each text's tokens."""
        ...


class PositionedStream(ABC):
    """A rank's part of an order of rows, from where it stands.

    Position i of the order goes to rank i mod world, whatever the number of ranks and workers. A document that is left
    out keeps its position, which is skipped.

    A stream is its own iterator: a loop goes on where the last one stopped. One that is at its end begins again, in the
    same order; `set_epoch` gives it another.
    """

    def __init__(self, seed: int, epoch: int, rank: int, world: int) -> None:
        """Stand at the beginning of an epoch.

        Raises:
            ConfigError: the rank isn't one of the world's, or one of them isn't a whole number.
        """
        # Of NumPy's too, which JSON doesn't take: a state must be written long after this.
        seed, epoch = whole_number("seed", seed), whole_number("epoch", epoch)
        rank, world = whole_number("rank", rank), whole_number("world", world)
        if world < 1:
            raise ConfigError("world", _("{value} is too small", value=world), _("give 1 or more"))
        if not 0 <= rank < world:
            raise ConfigError(
                "rank",
                _("{rank} isn't one of {world} ranks", rank=rank, world=world),
                _("give 0 to {number}", number=world - 1),
            )
        self._seed, self._epoch, self._rank, self._world = seed, epoch, rank, world
        self._opened: Rows | None = None
        self._place = Place()
        self._at_end = self._is_resumed = False
        self._documents = self._tokens = 0
        self._since: float | None = None
        self._batches: Iterator[tuple[ChosenRows, NDArray[np.int64]]] = iter(())
        self._rows: Iterator[dict[str, Any]] = iter([])
        self._positions = _NONE

    @property
    @abstractmethod
    def version(self) -> str:
        """What is streamed, as `NAME@VERSION`."""

    @property
    @abstractmethod
    def total(self) -> int:
        """How many positions the order has: documents, with those that are left out."""

    @abstractmethod
    def _open(self) -> Rows:
        """Return the rows in the order of the seed and epoch."""

    @abstractmethod
    def _digest(self) -> str:
        """Return what tells this order from others that have the same seed and epoch."""

    def __getstate__(self) -> dict[str, Any]:
        # Another process opens its own files; one that goes on after a pickled stream stands where that stood.
        self._settle()
        unread = {"_opened": None, "_batches": iter(()), "_rows": iter([]), "_positions": _NONE}
        return self.__dict__ | unread | {"_place": replace(self._place), "_documents": 0, "_tokens": 0, "_since": None}

    def set_epoch(self, epoch: int) -> None:
        """Begin an epoch."""
        self._go_to(self._seed, whole_number("epoch", epoch), Place())

    def __iter__(self) -> Self:
        self._leave_end()
        return self

    def _leave_end(self) -> None:
        """Begin the epoch again if it is at its end; a state that was saved there ends once more before that."""
        if self._at_end and not self._is_resumed:
            self._go_to(self._seed, self._epoch, Place())
        self._at_end = self._is_resumed = False

    def __next__(self) -> dict[str, Any]:
        row = next(self._rows, None)
        return self._first_of_next_batch() if row is None else row

    def _first_of_next_batch(self) -> dict[str, Any]:
        self._settle()
        if self._at_end:
            raise StopIteration
        batch = next(self._batches, None)
        if batch is None:
            self._batches = self._uncut_rows()
            batch = next(self._batches, None)
            if batch is None:
                self._at_end, self._is_resumed = True, False
                raise StopIteration
        rows, self._positions = batch
        self._rows = iter(rows.dicts())
        return next(self._rows)

    def _settle(self) -> None:
        """Stand after the last row that was given: to know it at each row took as long as to make the row."""
        given = len(self._positions) - length_hint(self._rows)
        if given:
            self._passed(int(self._positions[given - 1]))
            self._documents += given
            self._positions = self._positions[given:]

    def _begin(self) -> None:
        """Prepare to go on from where the stream stands; what was made for a loop and not given is dropped."""
        self._leave_end()
        self._settle()
        self._forget()

    def _uncut_rows(self) -> Iterator[tuple[ChosenRows, NDArray[np.int64]]]:
        """Return the rows from where the stream stands.

        Raises:
            ConfigError: a block has cut one of them: its first tokens would come twice.
        """
        if self._place.parts:
            problem = _("it stopped inside a document, of which blocks have the first tokens")
            raise ConfigError("state", problem, _("go on with packed(), or begin an epoch"))
        return self._chosen()

    def _forget(self) -> None:
        """Drop the rows that were made for a loop and not given."""
        self._batches, self._rows, self._positions = iter(()), iter([]), _NONE

    def texts(self) -> Iterator[str]:
        """Yield the texts alone, from where the stream stands; `columns` must have `text`, or be empty."""
        self._begin()
        for rows, positions in self._uncut_rows():
            for text, position in zip(_texts_of(rows), positions.tolist(), strict=True):
                self._passed(position)
                self._documents += 1
                yield text
        self._at_end = True

    def batches(self, rows: int | None = None) -> Iterator[pa.Table]:
        """Arrow tables, from where the stream stands.

        Args:
            rows: in each, but the last; about 8 MB of rows when None.

        Raises:
            ConfigError: it is less than 1.
        """
        if rows is not None and rows < 1:
            raise ConfigError("rows", _("{value} is too small", value=rows), _("give 1 or more"))
        waiting: list[pa.Table] = []
        places: list[NDArray[np.int64]] = []
        self._begin()
        for chosen, positions in self._uncut_rows():
            waiting.append(chosen.table())
            places.append(positions)
            held = sum(map(len, places))
            if held < (rows or 1):
                continue
            whole, order = pa.concat_tables(waiting), np.concatenate(places)
            size = rows or held
            start = 0
            while held - start >= size:
                self._passed(int(order[start + size - 1]))
                self._documents += size
                yield whole.slice(start, size)
                start += size
            waiting, places = [whole.slice(start)], [order[start:]]
        if rest := sum(map(len, places)):
            self._passed(int(np.concatenate(places)[-1]))
            self._documents += rest
            yield pa.concat_tables(waiting)
        self._at_end = True

    def packed(self, tokenizer: Encoder, length: int, *, drop_last: bool = True) -> Iterator[NDArray[np.int32]]:
        """Blocks of tokens, from where the stream stands: documents one after another, each with its end token.

        A block may end inside a document. The state says how many of its tokens have been packed, and whichever rank
        goes on with that document packs the rest.

        Args:
            tokenizer: by which `text` becomes tokens.
            length: tokens in a block.
            drop_last: whether the last block of an epoch is dropped if the rank's documents don't fill it.

        Raises:
            ConfigError: the tokenizer has no end token, isn't the one that cut a document, or a whole epoch has fewer
                tokens than a block.
        """
        if length < 1:
            raise ConfigError("length", _("{value} is too small", value=length), _("give 1 or more"))
        if not hasattr(tokenizer, "sha256"):
            problem = _("{kind} is not a tokenizer of this toolkit", kind=type(tokenizer).__name__)
            raise ConfigError("tokenizer", problem, _("give what `latam_corpus.train.load_tokenizer(FILE)` returns"))
        self._begin()
        place = self._place
        if place.parts and place.tokenizer != tokenizer.sha256:
            problem = _("it stopped inside a document that another tokenizer had cut")
            raise ConfigError("state", problem, _("give the tokenizer that it had"))
        place.tokenizer = tokenizer.sha256
        is_whole, given = self._world == 1 and place.is_start, False
        waiting = WaitingTokens()
        for position, tokens in self._uncut(tokenizer):
            waiting.add(position, place.parts.get(position, 0), tokens)
            while waiting.count >= length:
                given = True
                yield self._next_block(waiting, length)
        if not drop_last and waiting.count:
            given = True
            yield self._next_block(waiting, waiting.count)
        self._at_end = True
        if is_whole and not given:
            problem = _("{release} has {n} {n:token|tokens}, fewer than a block", release=self.version, n=waiting.count)
            raise ConfigError("length", problem, _("give a shorter one"))

    def _uncut(self, tokenizer: Encoder) -> Iterator[tuple[int, NDArray[np.int32]]]:
        """Yield each document's position and all its tokens, and warn of cut documents that don't come any more."""
        cut = sorted(self._place.parts)
        for position, tokens in self._tokenised(tokenizer):
            while cut and cut[0] <= position:
                if cut[0] < position:
                    self._warn_of_dropped_rest(cut[0])
                del cut[0]
            yield position, tokens
        for position in cut:
            self._warn_of_dropped_rest(position)

    def _tokenised(self, tokenizer: Encoder) -> Iterator[tuple[int, NDArray[np.int32]]]:
        """Yield each document's position and its tokens, with the one that ends it."""
        for rows, positions in self._chosen():
            yield from zip(positions.tolist(), self._tokens_of(rows, tokenizer), strict=True)

    def _tokens_of(self, rows: ChosenRows, tokenizer: Encoder) -> Iterator[NDArray[np.int32]]:
        """Yield each document's tokens."""
        for ids in tokenizer.encoded(_texts_of(rows)):
            yield np.array([*ids, tokenizer.end_id], dtype=np.int32)

    def _warn_of_dropped_rest(self, position: int) -> None:
        problem = _(
            "the document at position {position} of {version} was withdrawn or left out after its first {n} "
            "{n:token was|tokens were} packed: its other tokens are left out",
            position=position,
            version=self.version,
            n=self._place.parts[position],
        )
        warnings.warn(NoteWarning(problem), stacklevel=4)

    def _next_block(self, waiting: WaitingTokens, length: int) -> NDArray[np.int32]:
        """Return a block, and stand after it."""
        block, finished = waiting.take(length)
        for position in finished:
            self._passed(position)
        if waiting.first:
            position, packed = waiting.first
            self._place.move_to(position - (position - self._place.position) % self._world)
            if packed:
                self._place.parts[position] = packed
        self._documents += len(finished)
        self._tokens += length
        return block

    def _chosen(self) -> Iterator[tuple[ChosenRows, NDArray[np.int64]]]:
        """Yield this rank's rows from where it stands on, a batch at a time, with their positions.

        Raises:
            ConfigError: a whole epoch has none, as where nothing meets `where`: training on nothing isn't meant.
        """
        rows = self._order()
        if self._since is None:
            self._since = monotonic()
        position = self._place.position
        is_whole, given = self._world == 1 and self._place.is_start, False
        while position < rows.total:
            end = rows.batch_end(position, self._world)
            mine = np.arange(position, end, dtype=np.int64)
            mine = mine[mine % self._world == self._rank]
            for stop in self._place.stops:
                mine = mine[mine >= np.array(stop)[mine % len(stop)]]
            position = end
            if mine.size:
                chosen, positions = rows.take(mine)
                if positions.size:
                    given = True
                    yield chosen, positions
        if is_whole and not given:
            problem = _("{release} has no document that is selected", release=self.version)
            raise ConfigError("where", problem, _("see what `where`, `exclude` and withdrawals leave out"))

    def _order(self) -> Rows:
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def _passed(self, position: int) -> None:
        """Stand after the row at a position: at the next round, in which each rank has one position."""
        start = self._place.position
        self._place.move_to(start + ((position - start) // self._world + 1) * self._world)

    def _go_to(self, seed: int, epoch: int, place: Place) -> None:
        if self._opened is not None and (seed, epoch) != (self._seed, self._epoch):
            self._opened.close()
            self._opened = None
        self._seed, self._epoch, self._place = seed, epoch, place
        self._at_end = self._is_resumed = False
        self._documents = self._tokens = 0
        self._since = None
        self._forget()

    def progress(self) -> Progress:
        """Return how far this rank is in the epoch, and how fast it has been since it was opened or resumed."""
        self._settle()
        seconds = monotonic() - self._since if self._since is not None else 0.0
        share = 1.0 if self._at_end else min(1.0, self._place.position / max(1, self.total))
        return Progress(self._documents, self._tokens, share, seconds)

    def part_of(self, part: int, parts: int) -> Self:
        """Return one of several streams that share this rank's documents: `rank + part * world` of `world * parts`."""
        copied = copy(self)
        copied._become(self._rank + part * self._world, self._world * parts)  # noqa: SLF001  (its own kind)
        return copied

    def _become(self, rank: int, world: int) -> None:
        self._rank, self._world = rank, world
        cut = self._place.parts
        self._place.parts = {position: tokens for position, tokens in cut.items() if position % world == rank}

    def state_dict(self) -> dict[str, Any]:
        """Return where this rank stands, as JSON takes it: after the last row, batch or block that it gave."""
        self._settle()
        return {
            "format": FORMAT,
            "version": self.version,
            "order": self._digest(),
            "seed": self._seed,
            "epoch": self._epoch,
            "rank": self._rank,
            "world": self._world,
            **self._place.as_dict(),
            "ended": self._at_end,
        }

    def load_state_dict(self, state: Mapping[str, Any] | Sequence[Any]) -> None:
        """Go on after a state, with its seed and epoch.

        A rank takes its own state, or the list of all ranks' states: with that the number of ranks may change. Whatever
        none of them has given goes to the rank that now has its position, also the rest of a document that a block has
        cut. A stream whose epoch was at its end gives nothing more of it.

        Args:
            state: what `state_dict` returned on this rank, or a list of what it returned on each rank, in any order.
                States inside those of loaders are found.

        Raises:
            ConfigError: it isn't a state, belongs to another version or order, or states of other ranks are missing.
        """
        states = states_in(state)
        if not states:
            raise ConfigError("state", _("this isn't the state of a stream"), OTHER_STATE)
        for one in states:
            check_state(one, self.version, self._digest(), self.total)
        place = place_of(states, self._rank, self._world)
        self._go_to(states[0]["seed"], states[0]["epoch"], place)
        self._at_end = all(one["ended"] for one in states)
        self._is_resumed = True


def _texts_of(rows: ChosenRows) -> list[str]:
    """Return the texts of rows.

    Raises:
        ConfigError: the stream's columns don't have them.
    """
    if "text" not in rows.held.names:
        raise ConfigError("columns", _("the stream doesn't have «text»"), _("name it among the columns"))
    return rows.values("text")
