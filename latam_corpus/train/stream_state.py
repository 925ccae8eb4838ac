"""The state of a stream, as JSON keeps it: which version, which order, and where a rank stands in it."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT: Final = 2
OTHER_STATE: Final = _("give the state that a stream of this version returned")


def checked_state(state: Any, version: str, order: str, total: int) -> Mapping[str, Any]:
    """Return a state that is one of a version in an order, of so many positions.

    Raises:
        ConfigError: it is no state, or another's.
    """
    whole = ("format", "seed", "epoch", "world", "rank", "position")
    if not isinstance(state, dict) or not all(type(state.get(key)) is int for key in whole):
        raise ConfigError("state", _("this isn't the state of a stream"), OTHER_STATE)
    if state["format"] != FORMAT:
        problem = _("its format is {state}, and this toolkit reads {format}", state=state["format"], format=FORMAT)
        raise ConfigError("state", problem, OTHER_STATE)
    ahead = state.get("ahead")
    sound = isinstance(ahead, list) and all(type(one) is int for one in ahead) and state["world"] > 0
    sound = sound and type(state.get("uneven")) is bool and type(state.get("ended")) is bool
    sound = sound and state["rank"] in range(state["world"])
    within = state.get("within")
    if within is not None:
        kinds = {"position": int, "tokens": int, "tokenizer": str}
        sound = sound and isinstance(within, dict) and {key: type(one) for key, one in within.items()} == kinds
        sound = sound and min(within["position"], within["tokens"]) >= 0
    if not sound or state["position"] < 0:
        raise ConfigError("state", _("it is damaged"), OTHER_STATE)
    if state.get("version") != version:
        raise ConfigError(
            "state",
            _("it is of {state}, and {version} is streamed", state=state.get("version"), version=version),
            OTHER_STATE,
        )
    if state.get("order") != order:
        problem = _(
            "it is of another order of {version}: other slices, another window, split or shuffling, or its files were "
            "made anew by a purge or another pull",
            version=version,
        )
        remedy = _("open the stream with the options that it had; where files were made anew, begin an epoch")
        raise ConfigError("state", problem, remedy)
    # A rank that is at its end stands less than a round after the last position.
    stands = [state["position"], *(ahead or ())]
    if max(stands) > total + max(state["world"], len(stands) - 1):
        problem = _("it stands at position {position} of {total}", position=max(stands), total=total)
        raise ConfigError("state", problem, OTHER_STATE)
    return state


def in_order(states: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the states of all ranks by rank."""
    if len(states) > 1 and sorted(one["rank"] for one in states) != list(range(len(states))):
        problem = _("two of these are states of one rank")
        raise ConfigError("state", problem, _("give one of each rank"))
    return sorted(states, key=lambda one: int(one["rank"]))


def whole_number(option: str, value: object) -> int:
    """Return a whole number as Python's own.

    >>> import numpy as np
    >>> whole_number("seed", np.int64(7))
    7
    """
    try:
        return index(value)  # type: ignore[arg-type]
    except TypeError:
        problem = _("{value} isn't a whole number", value=repr(value))
        raise ConfigError(option, problem, _("give one, such as 7")) from None
