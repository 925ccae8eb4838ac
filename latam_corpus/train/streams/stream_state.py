"""The state of a stream as JSON, and the combination of all ranks' states for another number of ranks.

A state defines the remaining documents of its rank: its positions that are neither before `position` nor covered by
`stops`. Documents in `parts` continue at the token at which a block cut them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from operator import index
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


FORMAT: Final = 3
OTHER_STATE: Final = _("give the state that a stream of this version returned")
_STATE_KEYS: Final = ("format", "version", "order", "world", "rank", "position")
# The keys whose values are equal in the states of all ranks of a run.
_SHARED: Final = ("version", "order", "seed", "epoch", "world", "resumed_from")


@dataclass
class Place:
    """The place of a rank in the order.

    Attributes:
        position: all positions of the rank before this one have been returned.
        stops: the positions of all ranks at each change of their number, if they still matter: position p has been
            returned if p < stop[p % len(stop)] for any stop.
        parts: the number of packed tokens, by position, of each document that a block has cut.
        tokenizer: the digest of the tokenizer that cut them.
        resumed_from: the digest of the states from which the number of ranks last changed; "" if it never did.
    """

    position: int = 0
    stops: tuple[tuple[int, ...], ...] = ()
    parts: dict[int, int] = field(default_factory=dict)
    tokenizer: str | None = None
    resumed_from: str = ""

    @property
    def is_start(self) -> bool:
        """Whether no document of the epoch has been returned."""
        return not (self.position or self.stops or self.parts)

    def as_dict(self) -> dict[str, Any]:
        """Return the place as values for JSON."""
        return {
            "position": self.position,
            "stops": [list(stop) for stop in self.stops],
            "parts": [[position, tokens] for position, tokens in sorted(self.parts.items())],
            "tokenizer": self.tokenizer if self.parts else None,
            "resumed_from": self.resumed_from,
        }

    def move_to(self, position: int) -> None:
        """Set the position; drop stops and parts that no longer matter."""
        self.position = position
        if self.stops:
            self.stops = tuple(stop for stop in self.stops if max(stop) > position)
        if self.parts:
            self.parts = {cut: tokens for cut, tokens in self.parts.items() if cut >= position}


def states_in(value: Any) -> list[Mapping[str, Any]]:
    """Return the states of streams in a value: a state, a list of states, or loaders' states that contain them."""
    if isinstance(value, dict):
        if all(key in value for key in _STATE_KEYS):
            return [value]
        value = list(value.values())
    return [state for inner in value for state in states_in(inner)] if isinstance(value, (list, tuple)) else []


def check_state(state: Mapping[str, Any], version: str, order: str, total: int) -> None:
    """Raise `ConfigError` unless a state is valid for a version and an order with `total` positions."""
    if state["format"] != FORMAT:
        problem = _("its format is {state}, and this toolkit reads {format}", state=state["format"], format=FORMAT)
        raise ConfigError("state", problem, OTHER_STATE)
    if state["version"] != version:
        problem = _("it is for {state}, but {version} is being streamed", state=state["version"], version=version)
        raise ConfigError("state", problem, OTHER_STATE)
    if state["order"] != order:
        problem = _(
            "it is for another order of {version}: the slices, window, split or shuffling differ, or a purge or pull "
            "rebuilt its files",
            version=version,
        )
        remedy = _(
            "open the stream with the options that it had; if a pull rebuilt the folder, stream the store that it was "
            "pulled from, which has the old order; after a purge, begin an epoch"
        )
        raise ConfigError("state", problem, remedy)
    if not _is_valid(state, total):
        raise ConfigError("state", _("it is damaged"), OTHER_STATE)
    # A rank at its end is less than one round after the last position.
    positions = [(state["position"], state["world"]), *((max(stop), len(stop)) for stop in state["stops"])]
    furthest = max(position - world for position, world in positions)
    if furthest > total:
        problem = _("its position {position} is beyond the end ({total})", position=max(positions)[0], total=total)
        raise ConfigError("state", problem, OTHER_STATE)


def _is_valid(state: Mapping[str, Any], total: int) -> bool:
    """Return whether a state's values have the right types and are consistent."""
    numbers = [state.get(key) for key in ("seed", "epoch", "world", "rank", "position")]
    stops, parts, tokenizer = state.get("stops"), state.get("parts"), state.get("tokenizer")
    if not isinstance(stops, list) or not isinstance(parts, list) or not all(map(_whole_numbers, [*stops, *parts])):
        return False
    return (
        _whole_numbers(numbers)
        and state["position"] >= 0
        and state["rank"] in range(state["world"])
        and all(stop and min(stop) >= 0 for stop in stops)
        and all(len(part) == 2 and state["position"] <= part[0] < total and part[1] > 0 for part in parts)  # noqa: PLR2004
        and all(position % state["world"] == state["rank"] for position, _tokens in parts)
        and isinstance(tokenizer, str if parts else (str, type(None)))
        and isinstance(state.get("resumed_from"), str)
        and type(state.get("ended")) is bool
    )


def _whole_numbers(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int for value in values)


def place_of(states: Sequence[Mapping[str, Any]], rank: int, world: int) -> Place:
    """Return the place at which a rank continues after a run.

    `states` are those of all ranks of the run, in any order; with the same number of ranks, the rank's own state is
    enough.

    Raises:
        ConfigError: states are missing, two are from one rank, or they are from different runs.
    """
    first = states[0]
    different = next((key for key in _SHARED if any(state[key] != first[key] for state in states)), None)
    if different:
        problem = _("these aren't the states of one run's ranks: they differ in «{key}»", key=different)
        raise ConfigError("state", problem, _("give the states that all ranks saved in one run and epoch"))
    by_rank = {state["rank"]: state for state in states}
    if len(by_rank) < len(states):
        raise ConfigError("state", _("two of these states are from the same rank"), _("give one state per rank"))
    own_state = by_rank.get(rank) if first["world"] == world else None
    if not own_state or len(states) > 1:
        _check_complete(by_rank, first["world"], rank, world)
    if own_state:
        return _place_in(own_state)
    places = [_place_in(by_rank[number]) for number in range(first["world"])]
    last_stop = tuple(place.position for place in places)
    stops = dict.fromkeys([*(stop for place in places for stop in place.stops), last_stop])
    parts = {position: tokens for place in places for position, tokens in place.parts.items()}
    tokenizers = {place.tokenizer for place in places if place.parts}
    if len(tokenizers) > 1:
        problem = _("its documents were cut with several tokenizers")
        raise ConfigError("state", problem, _("pack with one tokenizer on all ranks, and begin an epoch"))
    combined = Place(stops=tuple(stops), tokenizer=next(iter(tokenizers), None))
    combined.parts = {position: tokens for position, tokens in parts.items() if position % world == rank}
    combined.resumed_from = _digest(first, places)
    combined.move_to(min(place.position for place in places))
    return combined


def _place_in(state: Mapping[str, Any]) -> Place:
    stops, parts = tuple(map(tuple, state["stops"])), dict(map(tuple, state["parts"]))
    return Place(state["position"], stops, parts, state["tokenizer"], state["resumed_from"])


def _digest(state: Mapping[str, Any], places: Sequence[Place]) -> str:
    """Return a digest, in hex, of a set of states; ranks that continued from different sets can't be combined later."""
    values = [state["seed"], state["epoch"], *(place.as_dict() for place in places)]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]


def _check_complete(by_rank: Mapping[int, Any], saved_world: int, rank: int, world: int) -> None:
    """Raise `ConfigError` unless there is a state of each rank."""
    missing = [number for number in range(saved_world) if number not in by_rank]
    if not missing:
        return
    problem = _(
        "the run had {n} {n:rank|ranks}, and this is rank {rank} of {world}: the states of ranks {missing} are missing",
        n=saved_world,
        rank=rank,
        world=world,
        missing=", ".join(map(str, missing[:20])) + (", …" if len(missing) > 20 else ""),  # noqa: PLR2004
    )
    remedy = _("give load_state_dict the list of all ranks' states, or keep the number of ranks and give each its own")
    raise ConfigError("state", problem, remedy)


def whole_number(option: str, value: object) -> int:
    """Return a whole number as a Python `int`.

    >>> import numpy as np
    >>> whole_number("seed", np.int64(7))
    7
    """
    try:
        return index(value)  # type: ignore[arg-type]
    except TypeError:
        problem = _("{value} isn't a whole number", value=repr(value))
        raise ConfigError(option, problem, _("give a whole number, such as 7")) from None


@dataclass(frozen=True)
class StreamProgress:
    """The progress of a rank in its epoch.

    Attributes:
        documents: documents returned since the stream was opened, was resumed or began the epoch. A packed document
            counts once its last token is returned.
        tokens: tokens returned by `packed` since then.
        share: the share of the epoch's positions that are before the rank's position, from 0 to 1.
        seconds: seconds since the first document was requested.
    """

    documents: int
    tokens: int
    share: float
    seconds: float

    @property
    def documents_per_second(self) -> float:
        """Documents per second; 0 before the first."""
        return self.documents / self.seconds if self.seconds else 0.0

    @property
    def tokens_per_second(self) -> float:
        """Tokens per second; 0 before the first."""
        return self.tokens / self.seconds if self.seconds else 0.0
