"""What happens while a run goes through its stages, one value for each event."""

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
    """The stages between two barriers start on every part.

    Attributes:
        title: names the stages.
        parts: how many parts there are.
    """

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
    """Files of an earlier run were damaged and are rebuilt, as the sentence says."""

    damage: Message


StageEvent: TypeAlias = "SegmentStarted | PartDone | BarrierStarted | Rebuilt"


def returned(events: Generator[StageEvent, None, R], observe: Callable[[StageEvent], None] | None = None) -> R:
    """Return what a generator of events returns at its end, after each event was passed to a function."""
    try:
        while True:
            event = next(events)
            if observe:
                observe(event)
    except StopIteration as end:
        result: R = end.value
        return result
