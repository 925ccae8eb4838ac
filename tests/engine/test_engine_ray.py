"""The engine of Ray's tasks: the same shards as in this process, whatever is killed; skipped without Ray."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import latam_corpus as lc
from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import InputFile
from latam_corpus.engine.choose import make_engine
from latam_corpus.engine.ray_tasks import RayTasks
from latam_corpus.engine.site import RaySite, load_site
from latam_corpus.errors import ConfigError, PartError
from latam_corpus.pipeline.part import Outcome, Task
from latam_corpus.pipeline.plan import Input, Part, Segment, make_plan
from latam_corpus.pipeline.recipe import load_recipe
from latam_corpus.pipeline.run import find_parts
from latam_corpus.pipeline.run import run as run_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import CommandLine, Silent, SmallRecipe, SmallSource

# Not imported here: how it is told to keep quiet counts at its import.
pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="Ray isn't installed")
_TALE = "La barca número {} salió del puerto antes del alba y volvió con la red vacía, como casi siempre ese invierno. "


@pytest.fixture(scope="module")
def engine() -> Iterator[RayTasks]:
    """Ray on this machine, started once."""
    with RayTasks(2) as started:
        yield started


@pytest.fixture
def tasks(tmp_path: Path) -> list[Task]:
    """Five tasks."""
    source = Source(id="prueba", title="Prueba", holder="Nadie")
    file = InputFile("x", "x", 1, datetime(2024, 1, 1, tzinfo=UTC))
    parts = [Part(f"p{n}", source, (Input(file, "", f"k{n}"),), "web", f"k{n}", None) for n in range(5)]
    return [Task(part, Segment((), ()), tmp_path) for part in parts]


@pytest.fixture
def recipe(tmp_path: Path, small_recipe: SmallRecipe, small_source: SmallSource) -> Path:
    """A recipe with a barrier and a release, over six files too large to be packed together."""
    (tmp_path / "in").mkdir()
    for name in "abcdef":
        rows = [{"id": f"{name}{n}", "text": _TALE.format(n) * 9 + name * (n % 3)} for n in range(200)]
        (tmp_path / "in" / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*.jsonl"]'))
    (tmp_path / "receta.toml").write_text(small_recipe("identify", "measure", "dedupe", release=""))
    return tmp_path / "receta.toml"


def _shards(store: Path) -> dict[str, bytes]:
    return {str(file.relative_to(store)): file.read_bytes() for file in store.rglob("*.parquet")}


def _killing(room: Path, times: int) -> Callable[[Task], Outcome]:
    """Work during which task 1 kills its worker so many times."""

    def work(task: Task) -> Outcome:
        if task.part.name == "p1" and len(list(room.iterdir())) < times:
            (room / f"{os.getpid()}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return Outcome(task.part.name, keys=(task.part.key,))

    return work


@pytest.mark.slow
@pytest.mark.parametrize(("times", "failed"), [(1, []), (9, ["p1"])])
def test_a_killed_worker_costs_its_task_a_try(
    engine: RayTasks,
    tasks: list[Task],
    tmp_path: Path,
    times: int,
    failed: list[str],
    capfd: pytest.CaptureFixture[str],
) -> None:
    """A task that kills its worker twice fails alone and says so; Ray's own words don't reach standard output."""
    outcomes = {outcome.part: outcome for outcome in engine.map(_killing(tmp_path, times), tasks)}
    assert sorted(outcomes) == ["p0", "p1", "p2", "p3", "p4"]
    assert [name for name, outcome in outcomes.items() if outcome.error] == failed
    assert all(outcomes[name].error.startswith("its worker was killed twice: ") for name in failed)
    assert len(list(tmp_path.iterdir())) == min(times, 2)
    assert not capfd.readouterr().out


@pytest.mark.slow
def test_work_that_raises_is_the_outcome_of_its_task(engine: RayTasks, tasks: list[Task]) -> None:
    """Barriers' jobs may."""

    def work(task: Task) -> Outcome:
        if task.part.name == "p3":
            raise PartError("p3", "its rows are gone")
        return Outcome(task.part.name)

    errors = {outcome.part: outcome.error for outcome in engine.map(work, tasks)}
    assert errors == {"p0": "", "p1": "", "p2": "", "p3": "PartError: p3: its rows are gone", "p4": ""}
    assert list(engine.map(work, [])) == []


@pytest.mark.slow
def test_shards_are_those_of_this_process(engine: RayTasks, recipe: Path, silent: Silent) -> None:
    """Byte for byte, barrier and all; and what one engine did, another finds."""
    given = {"fuente": str(recipe.parent / "in")}
    lc.run(recipe, given, recipe.parent / "one", engine="in-process", progress=False)
    plan = make_plan(load_recipe(str(recipe)), given)
    result = run_plan(plan, find_parts(plan), recipe.parent / "two", engine, silent)
    assert not result.failures
    assert all(done == 0 for done, _ in result.reused.values())
    lc.run(recipe, given, recipe.parent / "two", engine="in-process", progress=False)
    shards = _shards(recipe.parent / "one" / "store")
    assert shards
    assert shards == _shards(recipe.parent / "two" / "store")


@pytest.mark.slow
def test_where_the_driver_is_killed_the_command_goes_on(recipe: Path) -> None:
    """It finishes the run with the shards of an undisturbed one."""
    given = {"fuente": str(recipe.parent / "in")}
    lc.run(recipe, given, recipe.parent / "one", engine="in-process", progress=False)
    out = recipe.parent / "two"
    paths = (str(recipe), "--input", str(recipe.parent / "in"), "--out", str(out))
    command = [sys.executable, "-m", "latam_corpus", "run", *paths, "--engine", "ray", "--workers", "2", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as driver:
        while driver.poll() is None and not list((out / "work").glob("??/*")):
            time.sleep(0.05)
        assert driver.poll() is None
        driver.kill()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["release"]
    assert _shards(recipe.parent / "one" / "store") == _shards(out / "store")


def test_a_cluster_that_does_not_answer_is_told_soon(tasks: list[Task]) -> None:
    """Ray itself would try for minutes, and end the process."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(PartError, match=f"Ray at 127.0.0.1:{port}: .*refused.*see that it runs"):
        list(RayTasks(1, RaySite(address=f"127.0.0.1:{port}")).map(_killing(Path(), 0), tasks))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the key «ray» is missing"),
        ("[rya]\naddress = 'auto'", "did you mean «ray»"),
        ("[ray]\nadress = 'auto'", "did you mean «address»"),
        ("[ray]\naddress = 'ray://head:10001'", "«ray.address» is 'ray://head:10001'"),
        ("[ray]\naddress = 'auto'\nmemory_gb = 0", "a number above 0"),
        ("[ray]\naddress = 'auto'\nenvironment = {A = 1}", "it must be a text in quotes"),
        ("[ray", "not TOML"),
    ],
)
def test_a_site_file_with_a_mistake_is_refused(tmp_path: Path, text: str, told: str) -> None:
    """With the line, and what was probably meant."""
    (tmp_path / "sitio.toml").write_text(text)
    with pytest.raises(ConfigError, match=told):
        make_engine("ray", 2, tmp_path / "sitio.toml")


def test_a_site_is_for_a_cluster(tmp_path: Path, recipe: Path, command_line: CommandLine) -> None:
    """And may give memory and variables; one that isn't there is said before anything runs."""
    site = tmp_path / "sitio.toml"
    site.write_text("[ray]\naddress = 'head:6379'\nmemory_gb = 4\nenvironment = {HTTPS_PROXY = 'proxy:3128'}")
    assert load_site(site).ray == RaySite(address="head:6379", memory_gb=4, environment={"HTTPS_PROXY": "proxy:3128"})
    with pytest.raises(ConfigError, match="«local» works on this machine alone"):
        make_engine("local", 2, site)
    run = ("run", recipe, "--input", tmp_path / "in", "--out", tmp_path / "out", "--engine", "ray")
    refused = command_line(*run, "--site", tmp_path / "nada.toml")
    assert (refused.code, "nada.toml" in refused.err) == (2, True)


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything runs."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"latam-corpus\[ray\]"):
        make_engine("ray", 2)
