"""The engine of Ray's tasks: the same shards as in this process, whatever is killed; skipped without Ray."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from latam_corpus.engine.choose import make_engine
from latam_corpus.engine.cluster.cluster_site import RaySite, load_site
from latam_corpus.engine.ray_tasks import RayTasks, _refuse_beyond_nodes, imported
from latam_corpus.errors import ConfigError, PartError
from latam_corpus.pipeline.execution.part import Outcome, Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import CommandLine
    from engine.conftest import Tales

# Not imported here: how it is told to keep quiet counts at its import.
_KILLS = min(10, int(os.environ.get("LATAM_CORPUS_KILLS", "2")))  # each starts Ray, which takes its time
_SEED = 20261127
# What Ray has beside workers: where one of these ends, it all does.
_AGENTS = ("ray::DashboardAgent", "ray::RuntimeEnvAgent")
pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="Ray isn't installed")


@pytest.fixture(scope="module")
def engine() -> Iterator[RayTasks]:
    """Ray on this machine, started once."""
    with RayTasks(2) as started:
        yield started


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


def _below(pid: int, name: str) -> list[int]:
    """The process's descendants that call themselves so."""
    parents: dict[int, list[tuple[int, bytes]]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append((int(folder.name), (folder / "cmdline").read_bytes()))
        except OSError:
            continue
    found = list(parents.get(pid, ()))
    for child, _ in found:
        found += parents.get(child, ())
    return [child for child, said in found if said.startswith(name.encode())]


def _workers(pid: int) -> list[int]:
    """The process's workers of Ray."""
    agents = [agent for name in _AGENTS for agent in _below(pid, name)]
    return [worker for worker in _below(pid, "ray::") if worker not in agents]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds workers through /proc")
def test_a_kill_at_any_moment_costs_nothing_but_time(tales: Tales, tmp_path: Path, figures: dict[str, float]) -> None:
    """A worker's task is tried again, Ray itself is started anew, and a driver's command given again goes on."""
    chance = random.Random(_SEED)
    takes = 0.0
    for number in range(_KILLS):
        out = tmp_path / str(number)
        paths = (str(tales.recipe), "--input", tales.given["fuente"], "--out", str(out))
        command = [sys.executable, "-m", "latam_corpus", "run", *paths, "--engine", "ray", "--workers", "2", "--json"]
        started = time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as driver:
            kind = ("driver", "worker", "Ray")[number % 3]
            if takes:
                with suppress(subprocess.TimeoutExpired):
                    driver.wait(chance.uniform(0, takes))
            else:  # the first of each is surely in the middle
                while driver.poll() is None and not list((out / "work").glob("??/*")):
                    time.sleep(0.05)
            victims = {
                "driver": [driver.pid],
                "worker": _workers(driver.pid)[:1],
                "Ray": _below(driver.pid, _AGENTS[0])[:1],
            }
            for pid in victims[kind]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            told, said = driver.communicate()
        if kind == "driver":
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            told, said = done.stdout, done.stderr
        elif kind == "Ray" and not takes:
            takes = time.monotonic() - started
        assert told, said
        assert json.loads(told)["release"]
        assert tales.shards_in(out / "store") == tales.shards
    figures["kills survived on Ray"] = _KILLS


def _never(task: Task) -> Outcome:
    raise AssertionError(task)


def test_a_cluster_that_does_not_answer_is_told_soon(tasks: list[Task]) -> None:
    """Ray itself would try for minutes, and end the process."""
    with socket.socket() as refusing:  # it has a port, and doesn't listen
        refusing.bind(("127.0.0.1", 0))
        port = refusing.getsockname()[1]
        with pytest.raises(PartError, match=f"Ray at 127.0.0.1:{port}: .*refused.*see that it runs"):
            list(RayTasks(1, RaySite(address=f"127.0.0.1:{port}")).map(_never, tasks))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the key «ray» is missing"),
        ("[slurm]\nshared = ['/x']\nworkers = 1\ntime = '01:00:00'\nmemory_gb = 1", "the key «ray» is missing"),
        ("[rya]\naddress = 'auto'", "did you mean «ray»"),
        ("[ray]\nadress = 'auto'", "did you mean «address»"),
        ("[ray]\naddress = 'ray://head:10001'", "«ray.address» is 'ray://head:10001'"),
        ("[ray]\naddress = 'auto'\nmemory_gb = 0.5", "a number of 1.0 or more"),
        ("[ray]\naddress = 'auto'\nenvironment = {A = 1}", "it must be a text in quotes"),
        ("[ray", "not TOML"),
    ],
)
def test_a_site_file_with_a_mistake_is_refused(tmp_path: Path, text: str, told: str) -> None:
    """With the line, and what was probably meant."""
    (tmp_path / "sitio.toml").write_text(text)
    with pytest.raises(ConfigError, match=told):
        make_engine("ray", 2, tmp_path / "sitio.toml")


def test_a_site_is_for_a_cluster(tmp_path: Path, tales: Tales, command_line: CommandLine) -> None:
    """And may give memory and variables; one that isn't there is said before anything runs."""
    site = tmp_path / "sitio.toml"
    site.write_text("[ray]\naddress = 'head:6379'\nmemory_gb = 4\nenvironment = {HTTPS_PROXY = 'proxy:3128'}")
    stated = RaySite(address="head:6379", memory_gb=4, environment={"HTTPS_PROXY": "proxy:3128"})
    assert load_site(site, RaySite) == stated
    with pytest.raises(ConfigError, match="«local» works on this machine alone"):
        make_engine("local", 2, site)
    run = ("run", tales.recipe, "--input", tales.given["fuente"], "--out", tmp_path / "out", "--engine", "ray")
    refused = command_line(*run, "--site", tmp_path / "nada.toml")
    assert (refused.code, "nada.toml" in refused.err) == (2, True)


def test_more_memory_than_a_node_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray would wait for such a node without a word; one without processors takes no tasks, and more may come."""
    resources: list[dict[str, float]] = [{"CPU": 8, "memory": 3 * 2**30}, {"memory": 9 * 2**30}]
    monkeypatch.setattr("ray.nodes", lambda: [{"Alive": True, "Resources": one} for one in resources])
    _refuse_beyond_nodes(imported(), 3 * 2**30)
    with pytest.raises(ConfigError, match=r"`memory_gb` is 4, and the largest node gives tasks 3\.0 GB; state less"):
        _refuse_beyond_nodes(imported(), 4 * 2**30)
    del resources[0]
    _refuse_beyond_nodes(imported(), 4 * 2**30)


def test_a_task_keeps_to_its_memory() -> None:
    """Ray itself counts what is asked for, and not what is taken."""
    code = "from latam_corpus.engine.ray_tasks import _timed; _timed(lambda task: bytearray(8 * 2**30), 2**30, None)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.endswith("MemoryError\n"), done.stderr


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything runs."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"latam-corpus\[ray\]"):
        make_engine("ray", 2)


def test_ray_that_does_not_start_is_told(tasks: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    """After a second try: a busy machine starts it slowly, and Ray waits for half a minute."""
    tried = []

    def too_slow(_engine: RayTasks, _ray: object) -> None:
        tried.append(1)
        raise Exception("The current node timed out")  # noqa: TRY002  (as Ray does)

    monkeypatch.setattr(RayTasks, "_start", too_slow)
    monkeypatch.setattr("ray.is_initialized", lambda: False)  # another test may have joined it
    monkeypatch.setattr("ray.shutdown", lambda: None)
    with pytest.raises(PartError, match="Ray on this machine: The current node timed out"):
        list(RayTasks(1).map(_never, tasks))
    assert len(tried) == 2


def test_a_temporary_folder_with_accents_is_told_with_a_remedy(
    tasks: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ray encodes the path of its session folder as ASCII; a second try would end alike."""
    tried = []

    def encoding(_engine: RayTasks, _ray: object) -> None:
        tried.append(1)
        "años".encode("ascii")

    monkeypatch.setattr(RayTasks, "_start", encoding)
    monkeypatch.setattr("ray.is_initialized", lambda: False)  # another test may have joined it
    monkeypatch.setattr("ray.shutdown", lambda: None)
    with pytest.raises(PartError, match="RAY_TMPDIR"):
        list(RayTasks(1).map(_never, tasks))
    assert tried == [1]
