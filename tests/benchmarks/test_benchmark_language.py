"""The language benchmark runs on the real texts, and says what it lacks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("LATAM_CORPUS_DATA") or ROOT.parent / "shared" / "data")


def _benchmark(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.benchmarks", "language", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.skipif(not DATA.is_dir(), reason="the real texts are not here")
def test_the_speed_of_the_toolkit_alone_needs_no_rival() -> None:
    """A row for the identifier and one for the stage; no figure is asserted."""
    told = _benchmark(
        *("--data", DATA, "--job", "speed", "--systems", "latam_corpus", "--documents", 40, "--rounds", 1)
    )
    assert told.returncode == 0, told.stderr
    assert "the stage with varieties" in told.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (("--job", "sped"), "did you mean «speed»?"),
        (("--systems", "latam_corpus"), "language/packages.py"),
        (("--job", "speed", "--systems", "lid.176"), "latam_corpus among them"),
        (("--job", "speed", "--systems", "latam_corpus,cld3"), "language/rivals.py"),
    ],
    ids=["an unknown job", "no manuals", "rivals alone", "no Python of the rivals"],
)
def test_what_is_missing_is_told_in_one_sentence(arguments: tuple[str, ...], remedy: str) -> None:
    """Before anything is read."""
    told = _benchmark(*arguments)
    assert told.returncode == 2
    assert remedy in told.stderr
    assert "Traceback" not in told.stderr
