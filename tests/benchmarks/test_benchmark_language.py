"""The language benchmark runs on the real texts, and names missing ones."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import CommandLine

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("LATAM_CORPUS_DATA") or ROOT.parent / "shared" / "data")


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.skipif(not DATA.is_dir(), reason="the real texts are not here")
@pytest.mark.skipif("LATAM_CORPUS_GATE" not in os.environ, reason="it reads many texts: `make gate`")
def test_the_speed_of_the_toolkit_alone_needs_no_rival(benchmark_line: CommandLine) -> None:
    """A row for the identifier and one for the stage; no figure is asserted."""
    few = ("--systems", "latam_corpus", "--documents", "40", "--rounds", "1")
    reported = benchmark_line("language", "--data", DATA, "--job", "speed", *few)
    assert reported.code == 0, reported.err
    assert "the stage with varieties" in reported.out


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
def test_what_is_missing_is_told_in_one_sentence(
    benchmark_line: CommandLine, arguments: tuple[str, ...], remedy: str
) -> None:
    """Before anything is read."""
    reported = benchmark_line("language", *arguments)
    assert reported.code == 2
    assert remedy in reported.err
