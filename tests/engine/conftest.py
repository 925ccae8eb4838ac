"""Fixtures of engine tests: tasks, a recipe with its shards, and a Slurm cluster of one node on this machine."""

from __future__ import annotations

import getpass
import json
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

import latam_corpus as lc
from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import InputFile
from latam_corpus.pipeline.execution.part import Task
from latam_corpus.pipeline.planning.plan import Input, Part, Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import SmallRecipe, SmallSource

_TALE = "La barca número {} salió del puerto antes del alba y volvió con la red vacía, como casi siempre ese invierno. "
_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo", "scontrol")
_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
_LONGEST = 900  # seconds of a test
_PATIENCE = 300.0  # seconds for what takes one or two
# More processors than there may be, for a driver and its workers; no cgroups, which containers don't have.
_CONF = """ClusterName=aqui
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={daemon}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=16000
PartitionName=todos Nodes={host} Default=YES MaxTime=INFINITE State=UP
PartitionName=breves Nodes={host} MaxTime=1 State=UP
"""


@dataclass
class SlurmHere:
    """A Slurm cluster on this machine.

    Attributes:
        folder: with its configuration, state and logs.
        programs: where its programs are, by name.
    """

    folder: Path
    programs: dict[str, str]
    _started: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self) -> None:
        """Start all programs, and wait until the node has run a job."""
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o600)
        ports = {"controller": _free_port(), "daemon": _free_port()}
        host = socket.gethostname().split(".")[0]
        text = _CONF.format(host=host, user=getpass.getuser(), folder=self.folder, **ports)
        (self.folder / "slurm.conf").write_text(text)
        (self.folder / "cgroup.conf").write_text("CgroupPlugin=disabled\n")
        files = {"key-file": "munge.key", "socket": "munge.socket", "pid-file": "munged.pid", "log-file": "munged.log"}
        files["seed-file"] = "munged.seed"
        options = [f"--{option}={self.folder / file}" for option, file in files.items()]
        self._run("munged", "--foreground", "--force", *options)
        self.wait((self.folder / "munge.socket").exists, "munged made no socket")
        self.start_controller()
        self._run("slurmd", "-D")
        self.wait(lambda: self.ask("sinfo", "-h", "-o", "%t") in ("idle", "unk"), "its node isn't free")
        done = self.folder / "job"
        self.ask("sbatch", "--output=/dev/null", f"--wrap=touch {shlex.quote(str(done))}")
        self.wait(lambda: done.exists() and not self.ask("squeue", "-h"), "it runs no job")

    def _run(self, name: str, *words: str) -> None:
        with (self.folder / f"{name}.out").open("ab") as log:
            self._started[name] = subprocess.Popen([self.programs[name], *words], stdout=log, stderr=log)

    def start_controller(self) -> None:
        """Start slurmctld with the state of its predecessor, and wait until it answers."""
        self._run("slurmctld", "-D")
        self.wait(lambda: self.ask("sinfo", "-h") is not None, "slurmctld doesn't answer")

    def kill_controller(self) -> None:
        """Kill slurmctld with -9."""
        self._started["slurmctld"].kill()
        self._started["slurmctld"].wait()

    def resume(self) -> None:
        """Resume the node after Slurm has drained it, as an operator does.

        A controller that is killed within seconds of a submission forgets it, and gives its number to the next job. The
        node, which runs the first one, is drained for the second.
        """
        if (self.ask("sinfo", "-h", "-o", "%t") or "").startswith("dr"):
            self.ask("scontrol", "update", "nodename=ALL", "state=resume")

    def end_jobs(self) -> None:
        """End all jobs; after a kill of the controller, it may still list jobs that have ended."""
        self.ask("scancel", f"--user={getpass.getuser()}")
        self.wait(lambda: not self.ask("squeue", "-h"), "a job can't be ended")

    def ask(self, name: str, *words: str) -> str | None:
        """Return the output of a Slurm command; None if it fails."""
        done = subprocess.run([self.programs[name], *words], capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else None

    def wait(self, until: Callable[[], bool], problem: str) -> None:
        """Wait for a condition."""
        end = time.monotonic() + _PATIENCE
        while not until():
            ended = [name for name, process in self._started.items() if process.poll() is not None]
            if time.monotonic() > end or ended:
                raise TimeoutError(f"{problem}; ended: {ended}; {self._said()}")
            time.sleep(0.05)

    def _said(self) -> str:
        logs = [*self.folder.glob("*.log"), *self.folder.glob("*.out")]
        return "; ".join(f"{log.name}: {' / '.join(log.read_text().splitlines()[-3:])}" for log in logs)

    def stop(self) -> None:
        """End all programs; does nothing if they were never started."""
        with suppress(TimeoutError, KeyError):
            if self._started["slurmctld"].poll() is not None:  # a test that failed had killed it
                self.start_controller()
            self.end_jobs()
        for process in self._started.values():  # they would take their time
            process.kill()
            process.wait()

    def site(self, folder: Path, **more: object) -> Path:
        """Return a site file of this cluster, for `--out` below the folder and sources next to it."""
        stated = {
            "shared": [str(folder.parent)],
            "workers": 2,
            "time": "00:30:00",
            "memory_gb": 2,
            "driver_memory_gb": 2,
        }
        lines = [f"{key} = {json.dumps(value)}" for key, value in (stated | more).items()]
        path = folder / "sitio.toml"
        path.write_text("[slurm]\n" + "\n".join(lines) + "\n")
        return path


def slurm_programs() -> dict[str, str]:
    """The paths of the installed programs of Slurm and munge, by name."""
    actual = {name: shutil.which(name, path=_PATH) for name in _PROGRAMS}
    return {name: path for name, path in actual.items() if path}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmHere]:
    """Slurm on this machine, started once; tests are skipped if it isn't installed or can't be started."""
    actual = slurm_programs()
    if missing := [name for name in _PROGRAMS if name not in actual]:
        pytest.skip(f"Slurm isn't installed: no {', '.join(missing)} (apt-get install slurm-wlm munge)")
    # The path of munge's socket may have 107 bytes.
    folder = tmp_path_factory.mktemp("slurm")
    here = SlurmHere(folder, actual)
    previous = os.environ.get("SLURM_CONF")
    os.environ["SLURM_CONF"] = str(folder / "slurm.conf")
    try:
        try:
            here.start()
        except (OSError, TimeoutError) as error:
            pytest.skip(f"Slurm can't be started here: {error}")
        yield here
    finally:
        here.stop()
        os.environ.pop("SLURM_CONF")
        if previous is not None:
            os.environ["SLURM_CONF"] = previous


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """End a test whose cluster never answers; tests of kills have no limit."""

    def late(*_: object) -> None:
        raise TimeoutError(f"no answer in {_LONGEST} s")

    previous = signal.signal(signal.SIGALRM, late)
    signal.alarm(0 if "LATAM_CORPUS_KILLS" in os.environ else _LONGEST)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, previous)


@pytest.fixture
def tasks(tmp_path: Path) -> list[Task]:
    """Five tasks."""
    source = Source(id="prueba", title="Prueba", holder="Nadie")
    file = InputFile("x", "x", 1)
    parts = [Part(f"p{n}", source, (Input(file, "", f"k{n}", ""),), "web", f"k{n}", None) for n in range(5)]
    return [Task(part, Segment((), ()), tmp_path) for part in parts]


@dataclass
class Tales:
    """A recipe with a barrier and a release, over six files that are too large for one pack.

    Attributes:
        recipe: its file.
        given: where its source's records are.
        shards: of a run in one process, by their names.
    """

    recipe: Path
    given: dict[str, str]
    shards: dict[str, bytes] = field(default_factory=dict)

    @staticmethod
    def shards_in(store: Path) -> dict[str, bytes]:
        """Return the names of the shards and tables of a store."""
        return {str(file.relative_to(store)): file.read_bytes() for file in store.rglob("*.parquet")}


@pytest.fixture(scope="session")
def tales(tmp_path_factory: pytest.TempPathFactory, small_recipe: SmallRecipe, small_source: SmallSource) -> Tales:
    """The recipe after a run in this process."""
    folder = tmp_path_factory.mktemp("receta")
    (folder / "in").mkdir()
    for name in "abcdef":
        rows = [{"id": f"{name}{n}", "text": _TALE.format(n) * 9 + name * (n % 3)} for n in range(200)]
        (folder / "in" / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "fuente.toml").write_text(small_source('files = ["*.jsonl"]'))
    (folder / "receta.toml").write_text(small_recipe("identify", "measure", "dedupe", release=""))
    created = Tales(folder / "receta.toml", {"fuente": str(folder / "in")})
    lc.run(created.recipe, created.given, folder / "one", engine="in-process", progress=False)
    created.shards = created.shards_in(folder / "one" / "store")
    return created
