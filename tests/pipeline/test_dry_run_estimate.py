"""`run --dry-run` processes its sample once, and counts the processor time of extraction processes."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from latam_corpus.errors import PartError
from latam_corpus.extract import stage as stage_module
from latam_corpus.extract.isolation import sandbox
from latam_corpus.pipeline.execution import estimate as module
from latam_corpus.pipeline.execution import restart
from latam_corpus.pipeline.execution.restart import run_part
from latam_corpus.pipeline.execution.run import find_parts
from latam_corpus.pipeline.planning.plan import make_plan
from latam_corpus.pipeline.planning.recipe import load_recipe

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe

    from latam_corpus.pipeline.execution.part import Outcome, Task

_SLOW = """
import time
from latam_corpus.extract.document import Extracted

def extract(raw, parameters):
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass
    return Extracted(raw.decode(), "slow")
"""


def _estimated(recipe: Path, limit: int | None = None) -> module.Estimate:
    plan = make_plan(load_recipe(str(recipe)), {}, limit)
    return module.estimate(plan, find_parts(plan, limit), recipe.parent / "work")


def test_the_sample_is_worked_once(tmp_path: Path, small_recipe: SmallRecipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten records are processed to warm up, then each part of the sample; nothing is stored."""
    (tmp_path / "in").mkdir()
    for number in range(3):
        rows = [{"id": f"{number}-{n}", "text": f"La barca {n} salió del puerto."} for n in range(50)]
        (tmp_path / "in" / f"{number}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe = tmp_path / "receta.toml"
    recipe.write_text(small_recipe("repair", "redact", source=str(tmp_path / "in")))
    worked: list[tuple[str, int | None]] = []

    def told(task: Task) -> Outcome:
        worked.append((task.part.name, task.part.limit))
        return run_part(task)

    monkeypatch.setattr(module, "run_part", told)
    actual = _estimated(recipe)
    first, *others = worked
    assert first[1] == 10
    assert sorted(others) == [(f"in-{number:05}", 300) for number in range(3)]
    assert actual.sampled == actual.remaining
    assert not (tmp_path / "work").exists()


def test_no_more_is_estimated_than_the_limit_takes(tmp_path: Path, small_recipe: SmallRecipe) -> None:
    """The estimate is for the records that `--limit` takes, not for the whole file."""
    rows = [{"id": str(n), "text": f"La barca {n} salió del puerto. " * 60} for n in range(2000)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe = tmp_path / "receta.toml"
    recipe.write_text(small_recipe("repair", source=str(tmp_path / "a.jsonl")))
    whole = _estimated(recipe)
    assert _estimated(recipe, 5).disk < whole.disk / 10
    assert whole.disk / 6 < _estimated(recipe, 600).disk < whole.disk / 2
    assert _estimated(recipe, 5000).disk == pytest.approx(whole.disk, rel=0.1)


def test_small_files_are_sampled_from_all_sizes(tmp_path: Path, small_recipe: SmallRecipe) -> None:
    """A large file among many small ones isn't counted as many small files."""
    (tmp_path / "in").mkdir()
    for number in range(700):
        text = "La barca salió del puerto. " * (30_000 if number == 7 else 1)
        (tmp_path / "in" / f"{number:03}.txt").write_text(text)
    recipe = tmp_path / "receta.toml"
    recipe.write_text(small_recipe("extract", "repair", source=str(tmp_path / "in")))
    actual = _estimated(recipe)
    assert actual.sampled == 300 * len("La barca salió del puerto. ".encode())
    assert actual.remaining > 800_000
    assert actual.disk < 500_000  # of equal small texts; the large one has some 800 kB


@pytest.mark.skipif(sys.platform != "linux", reason="a running child's time is read from /proc")
def test_the_time_of_the_process_that_extracts_is_counted(
    tmp_path: Path, small_recipe: SmallRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twelve pages of a tenth of a second each take more than a second."""
    (tmp_path / "slow_extractor.py").write_text(_SLOW)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(stage_module.EXTRACTORS, "text/html", "slow_extractor:extract")
    sandbox.stop()  # the next child sees the folder
    (tmp_path / "in").mkdir()
    for number in range(12):
        (tmp_path / "in" / f"{number:02}.html").write_text(f"La barca número {number} salió del puerto.")
    recipe = tmp_path / "receta.toml"
    recipe.write_text(small_recipe("extract", source=str(tmp_path / "in")))
    actual = _estimated(recipe)
    sandbox.stop()
    assert actual.seconds > 1.1


def test_a_part_that_fails_is_told(
    command_line: CommandLine, tmp_path: Path, small_recipe: SmallRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error of a part is the dry run's error, in one sentence and with exit code 1."""
    (tmp_path / "a.html").write_text("<p>Hola")
    recipe = tmp_path / "receta.toml"
    recipe.write_text(small_recipe("extract", source=str(tmp_path / "a.html")))
    monkeypatch.setitem(stage_module.EXTRACTORS, "text/html", "missing_extractor:extract")
    with pytest.raises(PartError, match="missing_extractor"):
        _estimated(recipe)
    result = command_line("run", recipe, "--out", tmp_path / "out", "--dry-run")
    assert (result.code, result.err.startswith("error: ")) == (1, True), result.err


@pytest.mark.parametrize("dry_run", [(), ("--dry-run",)])
def test_what_helps_a_part_that_failed_is_told_once(
    command_line: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    small_recipe: SmallRecipe,
    dry_run: tuple[str, ...],
) -> None:
    """The error and its remedy appear once on the screen and once in the record."""

    def failed(_: object) -> None:
        raise PartError("a.txt", "its rows are gone", "ask whoever has them")

    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "La barca salió del puerto."}))
    recipe = tmp_path / "receta.toml"
    recipe.write_text(small_recipe("repair", source=str(tmp_path / "a.jsonl")))
    monkeypatch.setattr(restart, "_run", failed)
    result = command_line("run", recipe, "--out", tmp_path / "out", *dry_run)
    assert result.code == 1
    lines = [line for line in result.err.splitlines() if "its rows are gone" in line]
    assert lines
    assert all(line.count("its rows are gone; ask whoever has them") == line.count("ask") == 1 for line in lines)
