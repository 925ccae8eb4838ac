"""What a run shows while it goes on, where there is no terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latam_corpus.cli.show import RunProgress

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
    progress.barrier("dedupe", 1_200_000)
    assert _lines(capsys) == ["dedupe: deciding on 1 200 000 rows"]
    for second in range(1, 26):
        clock.seconds = second
        progress.step("comparing pairs of documents", 100 * second, 5_000)
    assert _lines(capsys) == [
        "dedupe: comparing pairs of documents: 1 000 of 5 000",
        "dedupe: comparing pairs of documents: 2 000 of 5 000",
    ]


def test_a_short_barrier_tells_no_step(capsys: pytest.CaptureFixture[str]) -> None:
    """What is done within ten seconds is told by the line with which it begins."""
    progress = RunProgress(_Clock())
    progress.barrier("supersede", 3)
    progress.step("reading every doc_id", 1, 1)
    progress.started("settle", 1)
    assert _lines(capsys) == ["supersede: deciding on 3 rows"]


def test_every_barrier_has_its_own_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """A long segment before it makes no line of a barrier's first step."""
    clock = _Clock()
    progress = RunProgress(clock)
    progress.started("fingerprint", 1)
    clock.seconds = 600
    progress.barrier("supersede", 3)
    progress.step("reading every doc_id", 1, 1)
    assert _lines(capsys) == ["supersede: deciding on 3 rows"]
