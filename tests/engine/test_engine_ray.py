"""The Ray engine gives the same shards as this process, whatever is killed; skipped without Ray."""

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
from latam_corpus.engine.ray_tasks import RayTasks, _refuse_beyond_nodes, import_ray
from latam_corpus.errors import ConfigError, PartError
from latam_corpus.pipeline.execution.part import Outcome, Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import CommandLine
    from engine.conftest import Tales

# Ray is not imported here, since its settings must be made before its import.
_KILLS = min(10, int(os.environ.get("LATAM_CORPUS_KILLS", "0")))  # each starts Ray, which takes its time
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
    """Barriers' jobs may raise errors."""

    def work(task: Task) -> Outcome:
        if task.part.name == "p3":
            raise PartError("p3", "its rows are gone")
        return Outcome(task.part.name)

    errors = {outcome.part: outcome.error for outcome in engine.map(work, tasks)}
    assert errors == {"p0": "", "p1": "", "p2": "", "p3": "PartError: p3: its rows are gone", "p4": ""}
    assert list(engine.map(work, [])) == []


def _below(pid: int, name: str) -> list[int]:
    """Return the process's descendants with a name."""
    parents: dict[int, list[tuple[int, bytes]]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append((int(folder.name), (folder / "cmdline").read_bytes()))
        except OSError:
            continue
    actual = list(parents.get(pid, ()))
    for child, _ in actual:
        actual += parents.get(child, ())
    return [child for child, result in actual if result.startswith(name.encode())]


def _workers(pid: int) -> list[int]:
    """Return the process's Ray workers."""
    agents = [agent for name in _AGENTS for agent in _below(pid, name)]
    return [worker for worker in _below(pid, "ray::") if worker not in agents]


@pytest.mark.slow
@pytest.mark.skipif(not _KILLS, reason="it takes long: `make gate`")
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds workers through /proc")
def test_a_kill_at_any_moment_costs_nothing_but_time(tales: Tales, tmp_path: Path, figures: dict[str, float]) -> None:
    """After a kill of a worker, of Ray or of the driver, the run is completed."""
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
            result, output = driver.communicate()
        if kind == "driver":
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            result, output = done.stdout, done.stderr
        elif kind == "Ray" and not takes:
            takes = time.monotonic() - started
        assert result, output
        assert json.loads(result)["release"]
        assert tales.shards_in(out / "store") == tales.shards
    figures["kills survived on Ray"] = _KILLS


def _never(task: Task) -> Outcome:
    raise AssertionError(task)


def test_a_cluster_that_does_not_answer_is_told_soon(tasks: list[Task]) -> None:
    """Ray itself would try for minutes, and end the process."""
    with socket.socket() as refusing:  # it has a port, and doesn't listen
        refusing.bind(("127.0.0.1", 0))
        port = refusing.getsockname()[1]
        with pytest.raises(PartError, match=f"Ray at 127.0.0.1:{port}: .*refused.*check that it runs"):
            list(RayTasks(1, RaySite(address=f"127.0.0.1:{port}")).map(_never, tasks))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "the key «ray» is missing"),
        ("[slurm]\nshared = ['/x']\nworkers = 1\ntime = '01:00:00'\nmemory_gb = 1", "the key «ray» is missing"),
        ("[rya]\naddress = 'auto'", "did you mean «ray»"),
        ("[ray]\nadress = 'auto'", "did you mean «address»"),
        ("[ray]\naddress = 'ray://head:10001'", "«ray.address» is 'ray://head:10001'"),
        ("[ray]\naddress = 'auto'\nmemory_gb = 0.5", "a number of 1.0 or more"),
        ("[ray]\naddress = 'auto'\nenvironment = {A = 1}", "it must be a text in quotes"),
        ("[ray", "isn't TOML"),
    ],
)
def test_a_site_file_with_a_mistake_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    """The error names the line and the closest match."""
    (tmp_path / "sitio.toml").write_text(text)
    with pytest.raises(ConfigError, match=expected):
        make_engine("ray", 2, tmp_path / "sitio.toml")


def test_a_site_is_for_a_cluster(tmp_path: Path, tales: Tales, command_line: CommandLine) -> None:
    """A site may state memory and variables; a missing file is reported before anything runs."""
    site = tmp_path / "sitio.toml"
    site.write_text("[ray]\naddress = 'head:6379'\nmemory_gb = 4\nenvironment = {HTTPS_PROXY = 'proxy:3128'}")
    stated = RaySite(address="head:6379", memory_gb=4, environment={"HTTPS_PROXY": "proxy:3128"})
    assert load_site(site, RaySite) == stated
    with pytest.raises(ConfigError, match="«local» only uses this machine"):
        make_engine("local", 2, site)
    run = ("run", tales.recipe, "--input", tales.given["fuente"], "--out", tmp_path / "out", "--engine", "ray")
    refused = command_line(*run, "--site", tmp_path / "nada.toml")
    assert (refused.code, "nada.toml" in refused.err) == (2, True)


def test_more_memory_than_a_node_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray would wait forever for such a node; nodes without processors don't count."""
    resources: list[dict[str, float]] = [{"CPU": 8, "memory": 3 * 2**30}, {"memory": 9 * 2**30}]
    monkeypatch.setattr("ray.nodes", lambda: [{"Alive": True, "Resources": item} for item in resources])
    _refuse_beyond_nodes(import_ray(), 3 * 2**30)
    with pytest.raises(
        ConfigError, match=r"`memory_gb` is 4, but the largest node has only 3\.0 GB for tasks; state less"
    ):
        _refuse_beyond_nodes(import_ray(), 4 * 2**30)
    del resources[0]
    _refuse_beyond_nodes(import_ray(), 4 * 2**30)


def test_a_task_keeps_to_its_memory() -> None:
    """The toolkit enforces the limit, since Ray only counts requests."""
    code = "from latam_corpus.engine.ray_tasks import _timed; _timed(lambda task: bytearray(8 * 2**30), 2**30, None)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.endswith("MemoryError\n"), done.stderr


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the package to install before anything runs."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"latam-corpus\[ray\]"):
        make_engine("ray", 2)


def test_ray_that_does_not_start_is_told(tasks: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    """The error comes after a second attempt, since a busy machine starts Ray slowly."""
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
    """There is no second attempt, since Ray can't use the path."""
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
