"""The base class of all streams: a rank's place in a common order, which can be saved and restored."""

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
from latam_corpus.train.streams.stream_state import (
    FORMAT,
    OTHER_STATE,
    Place,
    StreamProgress,
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
        total: the number of positions, including rows that are left out.
    """

    total: int

    def batch_end(self, position: int, world: int) -> int:
        """Return the end, exclusive, of the positions that a rank may take in one call with this one."""
        ...

    def take(self, positions: NDArray[np.int64]) -> tuple[ChosenRows, NDArray[np.int64]]:
        """Return the rows at these positions, except those that are left out, and their positions."""
        ...

    def close(self) -> None:
        """Stop reading ahead."""
        ...


class Encoder(Protocol):
    """The interface of a tokenizer for `packed`."""

    @property
    def sha256(self) -> str:
        """The digest that identifies it."""
        ...

    @property
    def end_id(self) -> int:
        """The id of the token that ends a document."""
        ...

    def encoded(self, texts: Sequence[str], /) -> Iterator[list[int]]:
        """Yield the token ids of each text."""
        ...


class PositionedStream(ABC):
    """A rank's part of an order of rows.

    Position i of the order belongs to rank i mod world, for any number of ranks and workers. A document that is left
    out keeps its position, which is skipped.

    A stream is its own iterator: a loop continues where the last one stopped. At its end a stream begins again in the
    same order; `set_epoch` begins an epoch with another order.
    """

    def __init__(self, seed: int, epoch: int, rank: int, world: int) -> None:
        """Begin an epoch.

        Raises:
            ConfigError: the rank isn't below `world`, or a value isn't a whole number.
        """
        # NumPy's integers are converted here, since JSON can't write them into a state.
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
        """The streamed version, as `NAME@VERSION`."""

    @property
    @abstractmethod
    def total(self) -> int:
        """The number of positions of the order, including documents that are left out."""

    @abstractmethod
    def _open(self) -> Rows:
        """Return the rows in the order of the seed and epoch."""

    @abstractmethod
    def _digest(self) -> str:
        """Return a digest that distinguishes this order from other orders with the same seed and epoch."""

    def __getstate__(self) -> dict[str, Any]:
        # Another process opens the files again, and continues at the same place.
        self._advance_past_returned()
        unread = {"_opened": None, "_batches": iter(()), "_rows": iter([]), "_positions": _NONE}
        return self.__dict__ | unread | {"_place": replace(self._place), "_documents": 0, "_tokens": 0, "_since": None}

    def set_epoch(self, epoch: int) -> None:
        """Begin an epoch."""
        self._reset(self._seed, whole_number("epoch", epoch), Place())

    def __iter__(self) -> Self:
        self._restart_if_ended()
        return self

    def _restart_if_ended(self) -> None:
        """Begin the epoch again if it has ended; after resuming from a state saved at the end, end once more first."""
        if self._at_end and not self._is_resumed:
            self._reset(self._seed, self._epoch, Place())
        self._at_end = self._is_resumed = False

    def __next__(self) -> dict[str, Any]:
        row = next(self._rows, None)
        return self._first_of_next_batch() if row is None else row

    def _first_of_next_batch(self) -> dict[str, Any]:
        self._advance_past_returned()
        if self._at_end:
            raise StopIteration
        batch = next(self._batches, None)
        if batch is None:
            self._batches = self._whole_rows()
            batch = next(self._batches, None)
            if batch is None:
                self._at_end, self._is_resumed = True, False
                raise StopIteration
        rows, self._positions = batch
        self._rows = iter(rows.dicts())
        return next(self._rows)

    def _advance_past_returned(self) -> None:
        """Move the place past the returned rows; to do so after each row would take as long as building the row."""
        returned = len(self._positions) - length_hint(self._rows)
        if returned:
            self._advance_past(int(self._positions[returned - 1]))
            self._documents += returned
            self._positions = self._positions[returned:]

    def _prepare(self) -> None:
        """Prepare to read from the current place, and drop rows that were buffered for a loop."""
        self._restart_if_ended()
        self._advance_past_returned()
        self._drop_buffered()

    def _whole_rows(self) -> Iterator[tuple[ChosenRows, NDArray[np.int64]]]:
        """Return the rank's rows from the current place on.

        It fails if a block has cut a document, whose first tokens would be returned twice.
        """
        if self._place.parts:
            problem = _("it stopped inside a document whose first tokens are already in blocks")
            raise ConfigError("state", problem, _("continue with packed(), or begin a new epoch"))
        return self._own_rows()

    def _drop_buffered(self) -> None:
        """Drop the rows that were buffered for a loop and haven't been returned."""
        self._batches, self._rows, self._positions = iter(()), iter([]), _NONE

    def texts(self) -> Iterator[str]:
        """Yield only the texts, from the current place on; `columns` must include `text` or be empty."""
        self._prepare()
        for rows, positions in self._whole_rows():
            for text, position in zip(_texts_of(rows), positions.tolist(), strict=True):
                self._advance_past(position)
                self._documents += 1
                yield text
        self._at_end = True

    def batches(self, rows: int | None = None) -> Iterator[pa.Table]:
        """Yield Arrow tables, from the current place on.

        Args:
            rows: the number of rows in each table but the last; by default about 8 MB of rows.

        Raises:
            ConfigError: `rows` is less than 1.
        """
        if rows is not None and rows < 1:
            raise ConfigError("rows", _("{value} is too small", value=rows), _("give 1 or more"))
        tables: list[pa.Table] = []
        table_positions: list[NDArray[np.int64]] = []
        self._prepare()
        for chosen, positions in self._whole_rows():
            tables.append(chosen.table())
            table_positions.append(positions)
            row_count = sum(map(len, table_positions))
            if row_count < (rows or 1):
                continue
            joined, joined_positions = pa.concat_tables(tables), np.concatenate(table_positions)
            size = rows or row_count
            start = 0
            while row_count - start >= size:
                self._advance_past(int(joined_positions[start + size - 1]))
                self._documents += size
                yield joined.slice(start, size)
                start += size
            tables, table_positions = [joined.slice(start)], [joined_positions[start:]]
        if remaining := sum(map(len, table_positions)):
            self._advance_past(int(np.concatenate(table_positions)[-1]))
            self._documents += remaining
            yield pa.concat_tables(tables)
        self._at_end = True

    def packed(self, tokenizer: Encoder, length: int, *, drop_last: bool = True) -> Iterator[NDArray[np.int32]]:
        """Yield blocks of tokens from the current place on: concatenated documents, each followed by its end token.

        A block may end inside a document. The state contains the number of packed tokens, and the rank that continues
        with the document packs the remaining ones.

        Args:
            tokenizer: the tokenizer for `text`.
            length: tokens per block.
            drop_last: whether to drop the last block of an epoch if the rank's documents don't fill it.

        Raises:
            ConfigError: the tokenizer has no end token, or isn't the one that cut a document; or a whole epoch has
                fewer tokens than a block.
        """
        if length < 1:
            raise ConfigError("length", _("{value} is too small", value=length), _("give 1 or more"))
        if not hasattr(tokenizer, "sha256"):
            problem = _("{kind} is not a tokenizer of this toolkit", kind=type(tokenizer).__name__)
            raise ConfigError(
                "tokenizer", problem, _("pass the tokenizer that `latam_corpus.train.load_tokenizer(FILE)` returns")
            )
        self._prepare()
        place = self._place
        if place.parts and place.tokenizer != tokenizer.sha256:
            problem = _("it stopped inside a document that another tokenizer had cut")
            raise ConfigError("state", problem, _("use the same tokenizer as before"))
        place.tokenizer = tokenizer.sha256
        is_whole_epoch, has_block = self._world == 1 and place.is_start, False
        waiting = WaitingTokens()
        for position, tokens in self._tokenised(tokenizer):
            waiting.add(position, place.parts.get(position, 0), tokens)
            while waiting.count >= length:
                has_block = True
                yield self._next_block(waiting, length)
        if not drop_last and waiting.count:
            has_block = True
            yield self._next_block(waiting, waiting.count)
        self._at_end = True
        if is_whole_epoch and not has_block:
            problem = _("{release} has {n} {n:token|tokens}, fewer than a block", release=self.version, n=waiting.count)
            raise ConfigError("length", problem, _("use a shorter block"))

    def _tokenised(self, tokenizer: Encoder) -> Iterator[tuple[int, NDArray[np.int32]]]:
        """Yield each document's position and tokens, and warn of cut documents that are no longer in the stream."""
        cut = sorted(self._place.parts)
        for rows, positions in self._own_rows():
            for position, tokens in zip(positions.tolist(), self._tokens_of(rows, tokenizer), strict=True):
                while cut and cut[0] <= position:
                    if cut[0] < position:
                        self._warn_of_missing_tokens(cut[0])
                    del cut[0]
                yield position, tokens
        for position in cut:
            self._warn_of_missing_tokens(position)

    def _tokens_of(self, rows: ChosenRows, tokenizer: Encoder) -> Iterator[NDArray[np.int32]]:
        """Yield the tokens of each document, including the end token."""
        for ids in tokenizer.encoded(_texts_of(rows)):
            yield np.array([*ids, tokenizer.end_id], dtype=np.int32)

    def _warn_of_missing_tokens(self, position: int) -> None:
        problem = _(
            "the document at position {position} of {version} was withdrawn or left out after its first {n} "
            "{n:token was|tokens were} packed: its remaining tokens are skipped",
            position=position,
            version=self.version,
            n=self._place.parts[position],
        )
        warnings.warn(NoteWarning(problem), stacklevel=4)

    def _next_block(self, waiting: WaitingTokens, length: int) -> NDArray[np.int32]:
        """Return the next block, and move the place past it."""
        block, finished = waiting.take(length)
        for position in finished:
            self._advance_past(position)
        if waiting.first:
            position, packed = waiting.first
            self._place.move_to(position - (position - self._place.position) % self._world)
            if packed:
                self._place.parts[position] = packed
        self._documents += len(finished)
        self._tokens += length
        return block

    def _own_rows(self) -> Iterator[tuple[ChosenRows, NDArray[np.int64]]]:
        """Yield this rank's rows from the current place on, batch by batch, with their positions.

        Raises:
            ConfigError: a whole epoch has no rows, for example because none meets `where`.
        """
        if self._opened is None:
            self._opened = self._open()
        rows = self._opened
        if self._since is None:
            self._since = monotonic()
        position = self._place.position
        is_whole_epoch, has_rows = self._world == 1 and self._place.is_start, False
        while position < rows.total:
            end = rows.batch_end(position, self._world)
            own = np.arange(position, end, dtype=np.int64)
            own = own[own % self._world == self._rank]
            for stop in self._place.stops:
                own = own[own >= np.array(stop)[own % len(stop)]]
            position = end
            if own.size:
                chosen, positions = rows.take(own)
                if positions.size:
                    has_rows = True
                    yield chosen, positions
        if is_whole_epoch and not has_rows:
            problem = _("no document of {release} is selected", release=self.version)
            raise ConfigError("where", problem, _("see what `where`, `exclude` and withdrawals leave out"))

    def _advance_past(self, position: int) -> None:
        """Move the place to the round after a position; in a round each rank has one position."""
        start = self._place.position
        self._place.move_to(start + ((position - start) // self._world + 1) * self._world)

    def _reset(self, seed: int, epoch: int, place: Place) -> None:
        """Continue at a place of an epoch, with new counts."""
        if self._opened is not None and (seed, epoch) != (self._seed, self._epoch):
            self._opened.close()
            self._opened = None
        self._seed, self._epoch, self._place = seed, epoch, place
        self._at_end = self._is_resumed = False
        self._documents = self._tokens = 0
        self._since = None
        self._drop_buffered()

    def progress(self) -> StreamProgress:
        """Return this rank's progress in the epoch, and its speed since the stream was opened or resumed."""
        self._advance_past_returned()
        seconds = monotonic() - self._since if self._since is not None else 0.0
        share = 1.0 if self._at_end else min(1.0, self._place.position / max(1, self.total))
        return StreamProgress(self._documents, self._tokens, share, seconds)

    def part_of(self, part: int, parts: int) -> Self:
        """Return one of several streams that share this rank's documents: `rank + part * world` of `world * parts`."""
        copied = copy(self)
        copied._set_rank(self._rank + part * self._world, self._world * parts)  # noqa: SLF001  (the same class)
        return copied

    def _set_rank(self, rank: int, world: int) -> None:
        self._rank, self._world = rank, world
        cut = self._place.parts
        self._place.parts = {position: tokens for position, tokens in cut.items() if position % world == rank}

    def state_dict(self) -> dict[str, Any]:
        """Return this rank's state as values for JSON: its place after the last returned row, batch or block."""
        self._advance_past_returned()
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
        """Continue from a state, with its seed and epoch.

        A rank needs its own state, or the list of all ranks' states; with the list, the number of ranks may change.
        Each remaining document, or remaining part of a document that a block has cut, then belongs to the rank that has
        its position. If the epoch had ended, no documents remain in it.

        Args:
            state: the result of `state_dict` on this rank, or the list of its results on all ranks, in any order.
                They may also be loaders' states that contain them.

        Raises:
            ConfigError: the value isn't a state, is for another version or order, or states of other ranks are missing.
        """
        states = states_in(state)
        if not states:
            raise ConfigError("state", _("this isn't the state of a stream"), OTHER_STATE)
        for rank_state in states:
            check_state(rank_state, self.version, self._digest(), self.total)
        place = place_of(states, self._rank, self._world)
        self._reset(states[0]["seed"], states[0]["epoch"], place)
        self._at_end = all(rank_state["ended"] for rank_state in states)
        self._is_resumed = True


def _texts_of(rows: ChosenRows) -> list[str]:
    """Return the texts of rows."""
    if "text" not in rows.rows.names:
        raise ConfigError("columns", _("the stream's columns don't include «text»"), _("add it to `columns`"))
    return rows.values("text")
