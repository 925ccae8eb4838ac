"""What all streams share: a place in an order that ranks share, taken one row or one batch on, saved and resumed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from operator import length_hint
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

import numpy as np
import pyarrow as pa

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.train.stream_state import FORMAT, checked_state, in_order, whole_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from latam_corpus.train.held_rows import ChosenRows
    from latam_corpus.train.tokenizer import Tokenizer

_NONE: Final = np.zeros(0, np.int64)
_SHARED: Final = ("version", "order", "seed", "epoch", "world")


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


class PositionedStream(ABC):
    """A rank's part of an order of rows, from where it stands.

    Position i of the order goes to rank i mod world, whatever the number of ranks and workers. A document that is left
    out keeps its position, which is skipped. Ranks that start at one position and take as many rows each, none of
    them skipped, stand at one position again.

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
        self._position = 0
        self._ahead: tuple[int, ...] = ()
        self._within: dict[str, Any] | None = None
        self._apart = False
        self._at_end = False
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

    @property
    @abstractmethod
    def uneven(self) -> bool:
        """Whether ranks may skip rows, each others."""

    @abstractmethod
    def _open(self) -> Rows:
        """Return the rows in the order of the seed and epoch."""

    @abstractmethod
    def _digest(self) -> str:
        """Return what tells this order from others that have the same seed and epoch."""

    def __getstate__(self) -> dict[str, Any]:
        # Another process opens its own files; one that goes on after a pickled stream stands where that stood.
        self._settle()
        return self.__dict__ | {"_opened": None, "_batches": iter(()), "_rows": iter([]), "_positions": _NONE}

    def set_epoch(self, epoch: int) -> None:
        """Begin an epoch."""
        self._go_to(whole_number("epoch", epoch), 0)

    def __iter__(self) -> Self:
        if self._at_end:
            self._go_to(self._epoch, 0)
        return self

    def __next__(self) -> dict[str, Any]:
        row = next(self._rows, None)
        return self._first_of_next_batch() if row is None else row

    def _first_of_next_batch(self) -> dict[str, Any]:
        self._settle()
        batch = next(self._batches, None)
        if batch is None:
            self._batches = self._chosen()
            batch = next(self._batches, None)
            if batch is None:
                self._at_end = True
                raise StopIteration
        rows, self._positions = batch
        self._rows = iter(rows.dicts())
        return next(self._rows)

    def _settle(self) -> None:
        """Stand after the last row that was given: to know it at each row took as long as to make the row."""
        given = len(self._positions) - length_hint(self._rows)
        if given:
            self._passed(int(self._positions[given - 1]))
            self._positions = self._positions[given:]

    def _begin(self) -> Iterator[tuple[ChosenRows, NDArray[np.int64]]]:
        """Return the rows from where the stream stands; what was made for a loop and not given is dropped."""
        if self._at_end:
            self._go_to(self._epoch, 0)
        self._settle()
        self._forget()
        return self._chosen()

    def _forget(self) -> None:
        """Drop the rows that were made for a loop and not given."""
        self._batches, self._rows, self._positions = iter(()), iter([]), _NONE

    def texts(self) -> Iterator[str]:
        """Yield the texts alone, from where the stream stands; `columns` must have `text`, or be empty."""
        for rows, positions in self._begin():
            for text, position in zip(_texts_of(rows), positions.tolist(), strict=True):
                self._passed(position)
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
        for chosen, positions in self._begin():
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
                yield whole.slice(start, size)
                start += size
            waiting, places = [whole.slice(start)], [order[start:]]
        if sum(map(len, places)):
            self._passed(int(np.concatenate(places)[-1]))
            yield pa.concat_tables(waiting)
        self._at_end = True

    def packed(self, tokenizer: Tokenizer, length: int) -> Iterator[NDArray[np.int32]]:
        """Blocks of tokens, from where the stream stands: documents one after another, each with its end token.

        Where a rank's documents don't fill the last block of an epoch, that isn't given.

        Args:
            tokenizer: by which `text` becomes tokens.
            length: tokens in a block.

        Raises:
            ConfigError: the tokenizer has no end token, isn't the one that stopped inside a document, or a whole epoch
                has fewer tokens than a block.
        """
        if length < 1:
            raise ConfigError("length", _("{value} is too small", value=length), _("give 1 or more"))
        coming = self._begin()
        # As many blocks are other numbers of documents on each rank.
        self._apart = True
        within, end = self._within, tokenizer.end_id
        if within and within["tokenizer"] != tokenizer.sha256:
            problem = _("it stopped inside a document that another tokenizer had cut")
            raise ConfigError("state", problem, _("give the tokenizer that it had"))
        waiting: deque[tuple[int, int, NDArray[np.int32]]] = deque()  # position, tokens given before, tokens left
        held = 0
        is_whole, given = self._world == 1 and self._position == 0 and not within, False
        for position, ids in _encoded(coming, tokenizer):
            used = within["tokens"] if within and within["position"] == position else 0
            within = None
            tokens = np.array([*ids, end], dtype=np.int32)[used:]
            waiting.append((position, used, tokens))
            held += len(tokens)
            while held >= length:
                block = []
                missing = length
                while missing:
                    first_position, before, left = waiting.popleft()
                    block.append(left[:missing])
                    if len(left) > missing:
                        waiting.appendleft((first_position, before + missing, left[missing:]))
                    missing -= len(block[-1])
                held -= length
                self._passed(first_position)
                if waiting:
                    first, before, _tokens = waiting[0]
                    self._position += (first - self._position) // self._world * self._world
                    start = {"position": first, "tokens": before, "tokenizer": tokenizer.sha256}
                    self._within = start if before else None
                given = True
                yield np.concatenate(block)
        self._at_end = True
        if is_whole and not given:
            problem = _("{release} has {n} {n:token|tokens}, fewer than a block", release=self.version, n=held)
            raise ConfigError("length", problem, _("give a shorter one"))

    def _chosen(self) -> Iterator[tuple[ChosenRows, NDArray[np.int64]]]:
        """Yield this rank's rows from where it stands on, a batch at a time, with their positions.

        Raises:
            ConfigError: a whole epoch has none, as where nothing meets `where`: training on nothing isn't meant.
        """
        rows = self._order()
        position = self._position
        is_whole, given = self._world == 1 and position == 0, False
        while position < rows.total:
            end = rows.batch_end(position, self._world)
            mine = np.arange(position, end, dtype=np.int64)
            mine = mine[mine % self._world == self._rank]
            if self._ahead:
                mine = mine[mine >= np.array(self._ahead)[mine % len(self._ahead)]]
            position = end
            if mine.size:
                chosen, positions = rows.take(mine)
                if positions.size:
                    given = True
                    yield chosen, positions
        if is_whole and not given:
            problem = _("{release} has no document that is selected", release=self.version)
            raise ConfigError("where", problem, _("see what `where`, `exclude` and withdrawals leave out"))
        self._position = max(self._position, rows.total)

    def _order(self) -> Rows:
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def _passed(self, position: int) -> None:
        """Stand after the row at a position: at the next round, in which each rank has one position."""
        self._position += ((position - self._position) // self._world + 1) * self._world
        self._within = None
        if self._ahead and self._position >= max(self._ahead):
            self._ahead = ()

    def _go_to(self, epoch: int, position: int, ahead: tuple[int, ...] = ()) -> None:
        if self._opened is not None and epoch != self._epoch:
            self._opened.close()
            self._opened = None
        self._epoch, self._position, self._ahead = epoch, position, ahead
        self._within = None
        self._apart = bool(ahead)
        self._at_end = False
        self._forget()

    def state_dict(self) -> dict[str, Any]:
        """Where the stream stands, as JSON takes it: after the last row that it gave, or the last batch."""
        self._settle()
        return {
            "format": FORMAT,
            "version": self.version,
            "order": self._digest(),
            "seed": self._seed,
            "epoch": self._epoch,
            "rank": self._rank,
            "world": self._world,
            "position": self._position,
            "ahead": list(self._ahead),
            "uneven": self.uneven or self._apart,
            "within": self._within,
            "ended": self._at_end,
        }

    def load_state_dict(self, state: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> None:
        """Go on after a state, with its seed and epoch, on as many ranks as there are now.

        Args:
            state: what `state_dict` returned; or what it returned on each rank. These are needed where rows were left
                out and the number of ranks changes: then each rank stands elsewhere.

        Raises:
            ConfigError: it is no state, that of another version or order, that of another rank where each stands
                elsewhere, or the states of all ranks are needed.
        """
        states: list[Any] = list(state) if isinstance(state, (list, tuple)) else [state]
        known = [checked_state(one, self.version, self._digest(), self.total) for one in states]
        first = known[0] if known else {}
        if not known or any(one[key] != first[key] for one in known for key in _SHARED):
            remedy = _("give one of each rank, in their order")
            raise ConfigError("state", _("these aren't the states of one run's ranks"), remedy)
        if len(known) not in (1, first["world"]):
            problem = _(
                "there {n:is|are} {n} {n:state|states}, and the run had {first} {first:rank|ranks}",
                n=len(known),
                first=first["world"],
            )
            raise ConfigError("state", problem, _("give one of each rank, in their order, or one alone"))
        uneven = any(one["uneven"] for one in known)
        known = in_order(known)
        if len(known) == self._world:
            known = [known[self._rank]]
        first = known[0]
        positions = [one["position"] for one in known]
        ahead = tuple(first["ahead"])
        if len(known) == 1 and first["world"] not in (1, self._world) and uneven:
            problem = _("it is one of {first} ranks, which stand at different places", first=first["world"])
            raise ConfigError("state", problem, _("give load_state_dict the list of all ranks' states"))
        if len(known) == 1 and first["world"] == self._world and uneven and first["rank"] != self._rank:
            problem = _("it is of rank {number}, and this is rank {rank}", number=first["rank"], rank=self._rank)
            raise ConfigError("state", problem, _("give each rank its own state, or the list of all"))
        within = next((one["within"] for one in known if one.get("within")), None)
        if within and (len(known) > 1 or first["world"] != self._world):
            problem = _("it stopped inside a document, which goes on in the same rank's next block")
            raise ConfigError(
                "state",
                problem,
                _("go on with {first} {first:rank|ranks}, each with its own state", first=first["world"]),
            )
        if len(set(positions)) > 1:
            if any(one["ahead"] for one in known):
                problem = _("the number of ranks changed twice within a few rows")
                raise ConfigError("state", problem, _("go on with as many ranks as before for some rows"))
            ahead = tuple(positions)
        if self._seed != first["seed"] and self._opened is not None:
            self._opened.close()
            self._opened = None
        self._seed = first["seed"]
        self._go_to(first["epoch"], min(positions), ahead)
        self._within = within
        self._apart = uneven or bool(ahead)
        # One that was at its end begins again; one after its last row, of which nobody has asked for the next, doesn't.
        self._at_end = all(one["ended"] for one in known)


def _encoded(
    batches: Iterable[tuple[ChosenRows, NDArray[np.int64]]], tokenizer: Tokenizer
) -> Iterator[tuple[int, list[int]]]:
    """Yield each row's position and the tokens of its text."""
    for rows, positions in batches:
        yield from zip(positions.tolist(), tokenizer.encoded(_texts_of(rows)), strict=True)


def _texts_of(rows: ChosenRows) -> list[str]:
    """Return the texts of rows.

    Raises:
        ConfigError: the stream's columns don't have them.
    """
    if "text" not in rows.held.names:
        raise ConfigError("columns", _("the stream doesn't have «text»"), _("name it among the columns"))
    return rows.values("text")
