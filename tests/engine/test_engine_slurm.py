"""Runs on a real Slurm cluster of one node are submitted, followed, cancelled, resubmitted, and killed at any moment.

`LATAM_CORPUS_KILLS` says at how many moments something is killed: thirty in `make gate`, three in `make test`.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from latam_corpus.engine.choose import make_engine
from latam_corpus.engine.cluster.cluster_site import RaySite, SlurmSite, load_site, seconds_of
from latam_corpus.engine.cluster.slurm_jobs import CODE_FILE, submit_driver
from latam_corpus.errors import ConfigError, PartError
from latam_corpus.storage.locks import locked

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import CommandLine, SmallRecipe, SmallSource
    from engine.conftest import SlurmHere, Tales

    from latam_corpus.pipeline.execution.part import Task

_KILLS = int(os.environ.get("LATAM_CORPUS_KILLS", "3"))
_SEED = 20261127
_HERE = str(Path(__file__).parent)
_PATIENCE = 300.0


class Given:
    """A run that was submitted to Slurm by the command line."""

    def __init__(self, command_line: CommandLine, tales: Tales, site: Path, out: Path) -> None:
        self.call = command_line
        self.out = out
        words = ("run", tales.recipe, "--input", tales.given["fuente"], "--out", out, "--engine", "slurm")
        result = command_line(*words, "--site", site, "--no-report", "--json")
        assert result.code == 0, result.err
        self.name: str = result.json["submitted"]
        self.folder = out / "slurm" / self.name

    def ask(self, verb: str, *words: str) -> dict[str, object]:
        """Return the output of a command about the run, as JSON."""
        result = self.call("runs", verb, self.name, "--out", self.out, "--json", *words)
        assert result.code == 0, result.err
        actual = result.json[0] if verb == "status" else result.json
        assert isinstance(actual, dict)
        return actual

    def wait(self, until: Callable[[], object]) -> None:
        """Wait for a condition."""
        end = time.monotonic() + _PATIENCE
        while not until():
            assert time.monotonic() < end, self.said()
            time.sleep(0.5)

    def said(self) -> str:
        """Return the output of all jobs."""
        return "\n".join(f"{path}: {path.read_text()}" for path in self.folder.rglob("*.log"))

    def finished(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Wait until the driver has succeeded; a killed controller may lose, hold or end a new job."""

        def ended() -> bool:
            meanwhile()
            state = self.ask("status")["state"]
            if state not in ("queued", "running", "unknown") and not (self.folder / CODE_FILE).exists():
                self.ask("retry")
            return bool((self.folder / CODE_FILE).exists())

        self.wait(ended)
        assert (self.folder / CODE_FILE).read_text() == "0\n", self.said()


@pytest.mark.slow
def test_a_run_is_given_away_cancelled_and_given_again(
    slurm: SlurmHere, tales: Tales, tmp_path: Path, command_line: CommandLine
) -> None:
    """The command returns at once, and work that was done before a cancellation is reused."""
    run = Given(command_line, tales, slurm.site(tmp_path), tmp_path / "out")
    run.wait(lambda: list((run.out / "work").glob("??/*")))
    assert run.ask("status")["state"] == "running"
    repeated = command_line("runs", "retry", run.name, "--out", run.out)
    assert (repeated.code, "its driver is running" in repeated.err) == (2, True)
    run.ask("cancel")
    run.wait(lambda: not slurm.ask("squeue", "-h"))
    assert run.ask("status")["state"] == "cancelled"
    assert tales.shards_in(run.out / "store") != tales.shards
    run.ask("retry")
    run.finished()
    assert tales.shards_in(run.out / "store") == tales.shards
    state = run.ask("status")
    assert (state["state"], state["failed"], state["running"], state["waiting"]) == ("finished", [], 0, 0)
    by_run = command_line("runs", "logs", str(state["run"]), "--out", run.out, "--json").json
    assert by_run["submission"] == run.name
    assert any("6 of 6 parts" in line for line in by_run["lines"])
    refused = command_line("runs", "cancel", run.name, "--out", run.out)
    assert (refused.code, "nothing to cancel" in refused.err) == (2, True)


def _processes(*words: str) -> list[int]:
    """Return the processes whose command line has all of these words."""
    actual = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            result = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if set(words) <= set(result):
            actual.append(int(path.parent.name))
    return actual


@pytest.mark.slow
def test_a_kill_at_any_moment_costs_nothing_but_time(
    slurm: SlurmHere,
    tales: Tales,
    tmp_path: Path,
    command_line: CommandLine,
    figures: dict[str, float],
) -> None:
    """Workers, the driver and Slurm's controller are killed in turn."""
    chance = random.Random(_SEED)
    site = slurm.site(tmp_path)
    takes = 0.0
    if _KILLS > 3:  # the first of each kind comes surely in the middle
        started = time.monotonic()
        Given(command_line, tales, site, tmp_path / "undisturbed").finished()
        takes = time.monotonic() - started
    for number in range(_KILLS):
        run = Given(command_line, tales, site, tmp_path / f"killed-{number}")
        kind = ("controller", "worker", "driver")[number % 3]
        worker = kind == "worker"
        victim = ("latam_corpus.engine.cluster.slurm_worker", str(run.folder)) if worker else ("--wait", str(run.out))
        if number < 3:
            run.wait(partial(_processes, *victim))
        else:
            time.sleep(chance.uniform(0, takes))
        if kind == "controller":
            slurm.kill_controller()
            time.sleep(chance.uniform(0, 5))
            slurm.start_controller()
        else:
            for pid in _processes(*victim)[:1]:
                os.kill(pid, signal.SIGKILL)
        run.finished(slurm.resume)
        assert tales.shards_in(run.out / "store") == tales.shards, f"{kind}, kill {number}"
        slurm.end_jobs()
    figures["kills survived on Slurm"] = _KILLS


@pytest.mark.slow
def test_jobs_that_can_not_begin_are_told_with_their_log(slurm: SlurmHere, tmp_path: Path, tasks: list[Task]) -> None:
    """A failing setup line and a missing scratch folder are reported with the job's log."""
    for more, result in (
        ({"setup": ["module_is_no_command"]}, "not found"),
        ({"scratch": "/nada"}, "can't be written"),
    ):
        site = slurm.site(tmp_path, **more)
        engine = make_engine("slurm", 1, site, tmp_path / "slurm" / next(iter(more)))
        with pytest.raises(PartError, match=rf"ended as FAILED: .*{result}.*\.log"):
            list(engine.map(len, tasks))  # type: ignore[arg-type]  # it is never called


@pytest.mark.slow
def test_a_run_in_the_queue_is_what_was_submitted(
    slurm: SlurmHere, tales: Tales, tmp_path: Path, command_line: CommandLine
) -> None:
    """A recipe that is edited while the driver's job is queued doesn't affect the run."""
    (tmp_path / "datos").mkdir()
    for file in (tales.recipe, tales.recipe.with_name("fuente.toml")):
        shutil.copy(file, tmp_path / "datos")
    recipe = tmp_path / "datos" / tales.recipe.name
    slurm.ask("scontrol", "update", "nodename=ALL", "state=drain", "reason=prueba")
    try:
        run = Given(command_line, replace(tales, recipe=recipe), slurm.site(tmp_path), tmp_path / "out")
        assert run.ask("status")["state"] == "queued"
        recipe.write_text(recipe.read_text().replace('[[stage]]\nuse = "dedupe"', ""))
        recipe.with_name("fuente.toml").unlink()
    finally:
        slurm.ask("scontrol", "update", "nodename=ALL", "state=resume")
    run.finished()
    assert tales.shards_in(run.out / "store") == tales.shards


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"memory_gb": 99}, "`memory_gb` is 99, but the largest node has 15.6 GB"),
        ({"driver_memory_gb": 99}, "`driver_memory_gb` is 99, but the largest node has 15.6 GB"),
        ({"partition": "breves"}, "`time` is 00:30:00, but the partition allows 1 minute"),
        ({"partition": "nada"}, "invalid partition specified: nada"),
        ({"options": ["--cpus-per-task=99"]}, "Slurm refuses the job: Requested node configuration"),
        ({"options": ["--constraint=gpu"]}, "Slurm refuses the job: Invalid feature"),
    ],
)
def test_what_no_node_can_run_is_refused_before_it_is_submitted(
    slurm: SlurmHere, tales: Tales, tmp_path: Path, command_line: CommandLine, stated: dict[str, object], expected: str
) -> None:
    """The error has Slurm's reason and the limit, and no submission is left."""
    words = ("run", tales.recipe, "--input", tales.given["fuente"], "--out", tmp_path / "out", "--engine", "slurm")
    refused = command_line(*words, "--site", slurm.site(tmp_path, **stated))
    assert (refused.code, expected in refused.err) == (2, True), refused.err
    assert not list(tmp_path.glob("out/slurm/*"))


@pytest.mark.slow
def test_a_job_that_slurm_will_never_begin_is_told(
    slurm: SlurmHere, tmp_path: Path, tasks: list[Task], command_line: CommandLine
) -> None:
    """The driver and its state report a job whose time exceeds the partition's limit."""
    site = slurm.site(tmp_path, partition="breves", time="00:30:00")
    engine = make_engine("slurm", 1, site, tmp_path / "slurm" / "breves")
    with pytest.raises(
        PartError, match=r"Slurm's job .*: it can't start: PartitionTimeLimit; check `time`, `partition`"
    ):
        list(engine.map(len, tasks))  # type: ignore[arg-type]  # it is never called
    out = tmp_path / "out"
    submit_driver(site, out / "slurm" / "receta-20260101T000000-0000", ["run"], tmp_path)
    slurm.wait(lambda: "held (PartitionTimeLimit)" in command_line("runs", "status", "--out", out).out, "it isn't held")
    slurm.end_jobs()


@pytest.mark.slow
def test_a_job_keeps_to_its_memory(
    slurm: SlurmHere, tmp_path: Path, tasks: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the task that needs too much memory fails, also if the cluster doesn't enforce limits."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([_HERE, os.environ.get("PYTHONPATH", "")]))
    monkeypatch.syspath_prepend(_HERE)
    swallow = importlib.import_module("engine_work").swallow
    site = slurm.site(tmp_path, python=["env", "MARCA=1", sys.executable], scratch=str(tmp_path))
    engine = make_engine("slurm", 2, site, tmp_path / "slurm" / "memoria")
    errors = {outcome.part: str(outcome.error) for outcome in engine.map(swallow, tasks)}
    assert [name for name, error in errors.items() if error] == ["p1"]
    assert "ended as FAILED: MemoryError" in errors["p1"]


@pytest.mark.slow
def test_what_slurm_refuses_is_told(
    slurm: SlurmHere, tales: Tales, tmp_path: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders that nodes don't share, a missing controller and missing commands are reported."""

    def run(site: Path, out: Path = tmp_path / "out") -> tuple[int, str]:
        words = ("run", tales.recipe, "--input", tales.given["fuente"], "--out", out, "--engine", "slurm")
        result = command_line(*words, "--site", site)
        return result.code, result.err

    code, result = run(slurm.site(tmp_path, shared=[str(tmp_path / "otra")]))
    assert (code, "isn't in a folder that the nodes share" in result) == (2, True), result
    slurm.kill_controller()
    code, result = run(slurm.site(tmp_path))
    state = command_line("runs", "status", "--out", tmp_path / "out")
    slurm.start_controller()
    assert (code, "check whether Slurm runs" in result) == (1, True), result
    assert "no run was submitted to a cluster" in state.out
    monkeypatch.setenv("PATH", str(tmp_path))
    code, result = run(slurm.site(tmp_path))
    assert (code, "this machine has no command «sbatch»" in result) == (2, True), result


def test_who_submits_is_told_of_a_run_that_is_under_way(
    tmp_path: Path,
    command_line: CommandLine,
    small_recipe: SmallRecipe,
    small_source: SmallSource,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run of the same recipe is reported, whether a job or a local process leads it."""
    for name, says in {"sbatch": "echo 7", "squeue": f"cat {shlex.quote(str(tmp_path))}/queue", "scancel": ":"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{says}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (tmp_path / "queue").write_text("7|RUNNING|nodo3|None\n")
    (tmp_path / "sitio.toml").write_text(_WHOLE.replace("/datos", str(tmp_path)))
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*.jsonl"]'))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text('{"id": "1", "text": "La barca salió del puerto."}\n')
    out = tmp_path / "out"

    def submit(recipe: str = "receta") -> str:
        file = tmp_path / f"{recipe}.toml"
        file.write_text(small_recipe("repair"))
        given = ("--input", f"fuente={tmp_path / 'in'}", "--out", out, "--engine", "slurm")
        result = command_line("run", file, *given, "--site", tmp_path / "sitio.toml")
        assert result.code == 0, result.err
        return result.err

    assert "already in progress" not in submit()
    [first] = (out / "slurm").iterdir()
    assert f"already in progress: {first.name}; a second run of the same inputs" in submit()
    assert "already in progress" not in submit("otra")
    (tmp_path / "queue").write_text("")
    assert "already in progress" not in submit()
    run = out / "runs" / "receta-0a1b2c3d"
    run.mkdir(parents=True)
    with locked(run):
        assert "already in progress: receta-0a1b2c3d; a second run" in submit()
        assert "already in progress" not in submit("otra")
    (tmp_path / "squeue").write_text("#!/bin/sh\nexit 1\n")  # of runs that have ended it isn't asked
    for item in (out / "slurm").iterdir():
        (item / CODE_FILE).write_text("0\n")
    assert "already in progress" not in submit()


def _driver_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str) -> str:
    """Return the output of a driver's job whose Python is replaced by a shell command."""
    given: list[str] = []

    def submit(script: str, _options: object) -> str:
        given.append(script)
        return "7"

    monkeypatch.setattr("latam_corpus.engine.cluster.slurm_jobs.submit", submit)
    words = json.dumps(["sh", "-c", shell, "sh"])
    (tmp_path / "sitio.toml").write_text(f"{_WHOLE}driver_memory_gb = 3\npython = {words}\n")
    submit_driver(tmp_path / "sitio.toml", tmp_path / "jobs", ["run"], tmp_path)
    done = subprocess.run(["bash", "-c", given[0]], capture_output=True, text=True, check=False)
    code = tmp_path / "jobs" / CODE_FILE
    return f"{done.stdout}{done.stderr}{code.read_text() if code.exists() else ''}"


def test_a_driver_keeps_to_its_memory_and_is_told_of_where_that_kills_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job sets its own limit, and reports a kill."""
    assert _driver_script(tmp_path, monkeypatch, "ulimit -S -d; exit 2") == f"{(3 + 2) * 2**20}\n2\n"
    killed = _driver_script(tmp_path, monkeypatch, "echo begun; kill -9 $$")
    assert killed.count("begun\n") == 3
    assert "state more driver_memory_gb in the site file, and then: latam-corpus runs retry\n" in killed
    assert killed.endswith("\n137\n")
    (tmp_path / "jobs" / f"{CODE_FILE}.new").symlink_to("/dev/full")
    assert _driver_script(tmp_path, monkeypatch, "echo no room; exit 1") == "no room\n"


_WHOLE = "[slurm]\nshared = ['/datos']\nworkers = 4\ntime = '04:00:00'\nmemory_gb = 4\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "the key «slurm» is missing"),
        ("[ray]\naddress = 'auto'", "the key «slurm» is missing"),
        ("[slrum]", "did you mean «slurm»"),
        (f"{_WHOLE}partion = 'x'", "line 6: unknown key «slurm.partion»; did you mean «partition»"),
        (_WHOLE.replace("'04:00:00'", "'4h'"), "«4h» isn't a time limit; write hours:minutes:seconds"),
        (_WHOLE.replace("'04:00:00'", "'00:00:00'"), "must be above 0"),
        (_WHOLE.replace("['/datos']", "[]"), "a list with at least one entry"),
        (_WHOLE.replace("/datos", "datos"), "«datos» must begin with /"),
        (_WHOLE.replace("= 4\n", "= 0\n", 1), "a number above 0"),
        (_WHOLE.replace("memory_gb = 4", "memory_gb = 0.5"), "a number of 1.0 or more"),
        (f"{_WHOLE}driver_memory_gb = 0.5", "«slurm.driver_memory_gb» is 0.5"),
        (f"{_WHOLE}account = 'x --wrap=rm'", "«slurm.account»"),
        (f"{_WHOLE}options = ['qos=x']", r"«slurm.options \(1\)»"),
        (f"{_WHOLE}environment = {{'A;B' = 'x'}}", "«slurm.environment"),
    ],
)
def test_a_site_file_with_a_mistake_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    """The error names the line and the closest match."""
    (tmp_path / "sitio.toml").write_text(text)
    with pytest.raises(ConfigError, match=expected.replace("|", r"\|")):
        load_site(tmp_path / "sitio.toml", SlurmSite)


def test_one_file_may_state_two_clusters(tmp_path: Path) -> None:
    """Each engine reads its own table."""
    (tmp_path / "sitio.toml").write_text(f"{_WHOLE}[ray]\naddress = 'head:6379'\n")
    assert load_site(tmp_path / "sitio.toml", RaySite).address == "head:6379"
    assert seconds_of(load_site(tmp_path / "sitio.toml", SlurmSite).time) == 4 * 3600
