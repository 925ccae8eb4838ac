"""The events of a run in progress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from latam_corpus.messages import Message
    from latam_corpus.pipeline.execution.part import Outcome

R = TypeVar("R")


@dataclass(frozen=True)
class SegmentStarted:
    """The stages between two barriers start on every part."""

    title: str
    parts: int


@dataclass(frozen=True)
class PartDone:
    """A part went through a segment, or failed."""

    outcome: Outcome


@dataclass(frozen=True)
class BarrierStarted:
    """A barrier starts to decide on the rows of all parts."""

    name: str
    rows: int


@dataclass(frozen=True)
class Rebuilt:
    """A damaged file of an earlier run is rebuilt."""

    damage: Message


StageEvent: TypeAlias = "SegmentStarted | PartDone | BarrierStarted | Rebuilt"


def returned(events: Generator[StageEvent, None, R], observe: Callable[[StageEvent], None] | None = None) -> R:
    """Run a generator of events to its end, pass each event to `observe`, and return the generator's result."""
    try:
        while True:
            event = next(events)
            if observe:
                observe(event)
    except StopIteration as end:
        result: R = end.value
        return result
