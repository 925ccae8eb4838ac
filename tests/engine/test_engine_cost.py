"""The cost of a run on a cluster is reported before it starts, and refused if it is too high."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from latam_corpus.engine.cluster.cluster_site import SlurmSite
from latam_corpus.engine.cluster.slurm import Slurm
from latam_corpus.engine.cost import PartsCost, cost_of, refuse_beyond_site
from latam_corpus.engine.local import InProcess
from latam_corpus.errors import ConfigError
from latam_corpus.pipeline.execution.run import find_parts, run
from latam_corpus.pipeline.planning.plan import Plan, make_plan
from latam_corpus.pipeline.planning.recipe import load_recipe

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe


@pytest.fixture
def plan(tmp_path: Path, small_recipe: SmallRecipe) -> Plan:
    """A plan for two files of one document each, with a barrier."""
    (tmp_path / "datos").mkdir()
    for name in "ab":
        (tmp_path / "datos" / f"{name}.jsonl").write_text(f'{{"text": "La barca {name} salió antes del alba."}}\n')
    (tmp_path / "receta.toml").write_text(small_recipe("repair", "dedupe", source=str(tmp_path / "datos")))
    return make_plan(load_recipe(str(tmp_path / "receta.toml")), {})


@pytest.fixture(autouse=True)
def any_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster that accepts every job."""
    monkeypatch.setattr("latam_corpus.engine.cost._refuse_beyond_cluster", lambda *_, **__: None)


def _slurm(tmp_path: Path, inodes: int | None = None) -> Slurm:
    stated = {"shared": [str(tmp_path)], "workers": 64, "time": "04:00:00", "memory_gb": 4, "driver_memory_gb": 16}
    site = SlurmSite.model_validate(stated | {"inodes": inodes})
    return Slurm(site, site.workers, tmp_path / "slurm")


def test_jobs_and_hours_follow_the_seconds(plan: Plan, tmp_path: Path) -> None:
    """There is a job for each time limit, and no more jobs at once than parts."""
    steps = sum(len(segment.steps) for segment in plan.segments)
    files = 1000 * (6 * steps + 1)
    assert cost_of(_slurm(tmp_path), plan, 1000, 3600.0 * 640) == PartsCost(64, 10.0, files, 160, 4, 16)
    assert cost_of(_slurm(tmp_path), plan, 3, 3600.0 * 64).jobs == 16
    assert cost_of(_slurm(tmp_path), plan, 3, 60.0).jobs == 3
    assert cost_of(InProcess(), plan, 1000, 7200.0) == PartsCost(1, 2.0, files)


def test_as_many_files_are_counted_as_are_made(plan: Plan, tmp_path: Path) -> None:
    """The estimate is never too low, since a full quota ends all work."""
    parts = find_parts(plan)
    run(plan, parts, tmp_path / "out", InProcess())
    created = list((tmp_path / "out" / "work").glob("??/*")) + list((tmp_path / "out" / "work").glob("??/*/*"))
    assert len(created) <= cost_of(InProcess(), plan, len(parts), 0).files <= 2 * len(created)


def test_more_files_than_the_site_allows_are_refused(plan: Plan, tmp_path: Path) -> None:
    """The error comes before any file is made, and names a remedy."""
    refuse_beyond_site(_slurm(tmp_path, inodes=10**6), plan, 1000)
    with pytest.raises(ConfigError, match=r"1,000,000 parts take about .* but `inodes` is 1,000,000; free some"):
        refuse_beyond_site(_slurm(tmp_path, inodes=10**6), plan, 10**6)


def test_a_driver_whose_job_has_less_memory_than_its_plan_takes_is_refused(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a driver in a job is refused; other processes have the machine's memory."""
    refuse_beyond_site(_slurm(tmp_path), plan, 10**8)
    monkeypatch.setenv("LATAM_CORPUS_JOBS", str(tmp_path))
    refuse_beyond_site(_slurm(tmp_path), plan, 10**7)
    with pytest.raises(ConfigError, match=r"110\.5 GB for 100,000,000 parts, but `driver_memory_gb` is 16; state"):
        refuse_beyond_site(_slurm(tmp_path), plan, 10**8)


@pytest.mark.parametrize("stated", ["inodes = 3", "driver_memory_gb = 1"])
def test_what_is_refused_is_told_before_a_job_is_submitted(
    stated: str, plan: Plan, tmp_path: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The least number of files is enough for the error; otherwise only the job's log would have it."""
    for name in ("sbatch", "squeue", "scancel"):
        (tmp_path / name).write_text("#!/bin/sh\necho 7\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr("latam_corpus.engine.cost._PART_GB", 0.3)
    site = tmp_path / "sitio.toml"
    site.write_text(f'[slurm]\nshared = ["{tmp_path}"]\nworkers = 2\ntime = "04:00:00"\nmemory_gb = 4\n{stated}\n')
    words = ("run", plan.recipe.file, "--out", tmp_path / "out", "--engine", "slurm", "--site", site)
    result = command_line(*words)
    assert (result.code, stated.partition(" ")[0] in result.err) == (2, True), result.err
    assert not list(tmp_path.glob("out/slurm/*"))
    site.write_text(site.read_text().replace(stated, "driver_memory_gb = 2"))
    assert (command_line(*words).code, len(list(tmp_path.glob("out/slurm/*")))) == (0, 1)


def test_a_dry_run_tells_it(plan: Plan, tmp_path: Path, command_line: CommandLine) -> None:
    """The dry run reports it too, in addition to its usual output."""
    result = command_line("run", plan.recipe.file, "--out", tmp_path / "out", "--workers", "2", "--dry-run", "--json")
    assert result.json["engine"]["workers"] == 2
    assert result.json["engine"]["files"] > 0
    said = command_line("run", plan.recipe.file, "--out", tmp_path / "out", "--workers", "2", "--dry-run")
    assert "with 2 workers, this takes about " in said.out
