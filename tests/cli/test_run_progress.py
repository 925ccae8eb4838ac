"""Progress of a run if there is no terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from latam_corpus.cli.interface.show import RunProgress
from latam_corpus.pipeline.execution.events import BarrierStarted, PartDone, SegmentStarted
from latam_corpus.pipeline.execution.part import Outcome

if TYPE_CHECKING:
    import pytest


class _Clock:
    """A clock that a test moves."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def _lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_a_barrier_tells_its_steps_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """A line when ten seconds have passed since the last: which step, how many of how many; none before."""
    clock = _Clock()
    progress = RunProgress(clock)
    progress.show(BarrierStarted("dedupe", 1_200_000))
    assert _lines(capsys) == ["dedupe: deciding on 1 200 000 rows"]
    for second in range(1, 26):
        clock.seconds = second
        progress.step("comparing pairs of documents", 100 * second, 5_000)
    assert _lines(capsys) == [
        "dedupe: comparing pairs of documents: 1 000 of 5 000, about 36 s left",
        "dedupe: comparing pairs of documents: 2 000 of 5 000, about 29 s left",
    ]


def test_a_short_barrier_prints_no_step(capsys: pytest.CaptureFixture[str]) -> None:
    """A barrier that ends within ten seconds prints only the line with which it begins."""
    progress = RunProgress(_Clock())
    progress.show(BarrierStarted("supersede", 3))
    progress.step("reading every doc_id", 1, 1)
    progress.show(SegmentStarted("settle", 1))
    assert _lines(capsys) == ["supersede: deciding on 3 rows"]


def test_every_barrier_has_its_own_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """A long segment before it makes no line of a barrier's first step."""
    clock = _Clock()
    progress = RunProgress(clock)
    progress.show(SegmentStarted("fingerprint", 1))
    clock.seconds = 600
    progress.show(BarrierStarted("supersede", 3))
    progress.step("reading every doc_id", 1, 1)
    assert _lines(capsys) == ["supersede: deciding on 3 rows"]


def test_parts_print_remaining_time_and_kept_documents(capsys: pytest.CaptureFixture[str]) -> None:
    """No time is printed in the first second, when it would be a guess, or at the end."""
    clock = _Clock()
    progress = RunProgress(clock)
    progress.show(SegmentStarted("filter", 4))
    for second in (0.5, 100, 200, 300):
        clock.seconds = second
        progress.show(PartDone(Outcome("a", kept=1000)))
    assert _lines(capsys) == [
        "filter: 1 of 4 parts, 1 000 documents kept",
        "filter: 2 of 4 parts, 2 000 documents kept, about 2 min left",
        "filter: 3 of 4 parts, 3 000 documents kept, about 1 min left",
        "filter: 4 of 4 parts, 4 000 documents kept",
    ]


def test_progress_is_json_where_json_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """An object a line, with what a program wants to know."""
    clock = _Clock()
    progress = RunProgress(clock, as_json=True)
    progress.show(SegmentStarted("filter", 2))
    clock.seconds = 10
    progress.show(PartDone(Outcome("a", kept=7)))
    progress.show(PartDone(Outcome("b", error="no")))
    progress.show(BarrierStarted("dedupe", 7))
    clock.seconds = 30
    progress.step("reading rows", 1, 2)
    first, failed, last, barrier, step = map(json.loads, _lines(capsys))
    assert first == {
        "event": "parts",
        "stages": "filter",
        "done": 1,
        "total": 2,
        "kept": 7,
        "per_second": 0.1,
        "seconds_left": 10,
    }
    assert (failed["event"], failed["part"], failed["error"]) == ("part failed", "b", "no")
    assert (last["done"], barrier) == (2, {"event": "barrier", "stages": "dedupe", "rows": 7})
    assert (step["event"], step["step"]) == ("step", "reading rows")
