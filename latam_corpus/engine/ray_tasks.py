"""The engine of Ray's tasks: on this machine, or on the cluster that a site file names.

Why not datatrove's executor for Ray: it takes a pipeline whose ranks have their files before they begin. Here a task
is Ray's, which gives the next one to whoever is free, and starts it again where its worker or node was lost.
"""

from __future__ import annotations

import os
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.engine.local import Local
from latam_corpus.engine.pace import LOOK_SECONDS, Pace
from latam_corpus.engine.reused import ONE_THREAD, TRIES, Reused
from latam_corpus.errors import ConfigError, PartError
from latam_corpus.extract.isolation.process_memory import keep_to
from latam_corpus.messages import _
from latam_corpus.pipeline.execution.part import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from latam_corpus.engine.cluster.cluster_site import RaySite
    from latam_corpus.pipeline.execution.engines import Engine
    from latam_corpus.pipeline.execution.part import J

_AHEAD: Final = 4  # tasks that wait in Ray for each processor; the others wait here
_STORE: Final = 128 * 2**20  # bytes for values between tasks, which are small
_SECONDS: Final = 5.0


class RayTasks(Reused):
    """Tasks of Ray, which is started or joined at the first of them and left with the `with` block.

    Attributes:
        workers: how many at once, where Ray is started here; a cluster has its own number.
        site: the cluster; None to start Ray on this machine.
    """

    def __init__(self, workers: int, site: RaySite | None = None) -> None:
        self.workers = workers
        self.site = site
        self._ray: Any = None
        self._ours = False

    @property
    def here(self) -> Engine:
        """Itself where Ray is this machine's; else workers of this machine."""
        return Local(os.cpu_count() or 1) if self.site else self

    def _end(self) -> None:
        if self._ray and self._ours:
            self._ray.shutdown()
        self._ray = None

    def map(self, work: Callable[[J], Outcome], tasks: Sequence[J]) -> Iterator[Outcome]:
        """Yield the outcome of each task, as they are done.

        Raises:
            PartError: no Ray answers, or it can't be started.
        """
        if not tasks:
            return
        with self:
            # Big tasks first: the last to finish is then a small one.
            coming = sorted(tasks, key=lambda task: task.bytes)
            for left in reversed(range(TRIES)):
                yield from self._worked(work, coming)
                if not coming:
                    return
                self._end()
                if self.site or not left:
                    break
        where = f"Ray at {self.site.address}" if self.site else "Ray"
        raise PartError(where, _("it has ended on this machine"), _("run it again: what was done is kept"))

    def _worked(self, work: Callable[[J], Outcome], coming: list[J]) -> Iterator[Outcome]:
        """Yield the outcomes of tasks, the last first; where Ray ends on this machine, those without one are left."""
        ray = self._started()
        memory = int((self.site.memory_gb or 0) * 2**30) if self.site else 0
        _refuse_beyond_nodes(ray, memory)
        asked = {"memory": memory} if memory else {}
        submit = partial(ray.remote(num_cpus=1, max_retries=TRIES - 1, **asked)(_timed).remote, work, memory)
        given = _Given(submit, max(1, int(ray.cluster_resources().get("CPU", 1))))
        lives = True
        try:
            while lives and (coming or given.tasks):
                while coming and len(given.tasks) < _AHEAD * given.processors:
                    given.add(coming.pop())
                for done in ray.wait(list(given.tasks), timeout=LOOK_SECONDS if given.idle else None)[0]:
                    seconds, outcome = _outcome(ray, done, given.tasks[done])
                    lives = outcome is not None
                    if outcome and not (outcome.error and given.is_left_to_twin(done)):
                        for overtaken in given.take(done, seconds):
                            ray.cancel(overtaken, force=True)
                        yield outcome
                given.give_twice()
        finally:
            coming += reversed(list({task.name: task for task in given.tasks.values()}.values()))
            for left in given.tasks if lives else ():
                ray.cancel(left, force=True)

    def _started(self) -> Any:
        """Ray, joined.

        Raises:
            PartError: no Ray answers, or it can't be started.
        """
        if self._ray is None:
            ray = imported()
            if self.site or not ray.is_initialized():  # a notebook may have joined its own cluster
                self._join(ray)
                self._ours = True
            self._ray = ray
        return self._ray

    def _join(self, ray: Any) -> None:
        for left in reversed(range(TRIES)):
            try:
                self._start(ray)
            except Exception as error:  # noqa: BLE001  (Ray raises that itself where a busy machine starts it too slowly)
                problem = " ".join(f"{error} {error.__cause__ or ''}".split())  # Ray says why in the cause alone
                where = f"Ray at {self.site.address}" if self.site else "Ray on this machine"
                remedy = _("see that it runs, with the same versions of Ray and Python as here")
                if is_not_ascii := isinstance(error, UnicodeEncodeError):  # Ray requires ASCII in its folder's path
                    remedy = _("name a temporary folder whose path has only ASCII letters, such as RAY_TMPDIR=/tmp")
                if self.site or not left or is_not_ascii:
                    raise PartError(where, problem, remedy) from None
                ray.shutdown()
            else:
                return

    def _start(self, ray: Any) -> None:
        usual = {"log_to_driver": False, "logging_level": "error"}
        if self.site:
            _check_reached(self.site.address)
            environment = {"env_vars": ONE_THREAD | self.site.environment}
            ray.init(address=self.site.address, runtime_env=environment, **usual)
            return
        # Else Ray tries a task without end that takes too much memory, and gives way to all other processes.
        settings = {"task_oom_retries": TRIES - 1, "worker_niceness": 0}
        with _environment(ONE_THREAD):  # a runtime environment of Ray's would start each worker twice
            ray.init(
                address="local",
                num_cpus=self.workers,
                include_dashboard=False,
                object_store_memory=_STORE,
                _system_config=settings,
                **usual,
            )


@dataclass
class _Given:
    """What Ray was given and isn't done: a task twice where it takes far longer than others, and a processor is idle.

    Attributes:
        submit: gives Ray a task.
        processors: how many Ray has.
        tasks: by what Ray calls them.
    """

    submit: Callable[[Any], Any]
    processors: int
    tasks: dict[Any, Any] = field(default_factory=dict)
    _pace: Pace = field(default_factory=Pace)
    _since: dict[Any, float] = field(default_factory=dict)  # when it was first seen while a processor was idle
    _twins: dict[Any, Any] = field(default_factory=dict)  # the other of the two

    @property
    def idle(self) -> int:
        """How many processors have nothing to do."""
        return max(0, self.processors - len(self.tasks))

    def add(self, task: Any) -> Any:
        """Give Ray a task; returns what it calls it."""
        named = self.submit(task)
        self.tasks[named] = task
        return named

    def take(self, done: Any, seconds: float) -> list[Any]:
        """Take out a task that is done; returns what else is at it."""
        self._pace.add(self.tasks.pop(done).bytes, seconds)
        other = self._twins.pop(done, None)
        return [other] if self.tasks.pop(other, None) else []

    def is_left_to_twin(self, failed: Any) -> bool:
        """Whether another one still does what this one failed at."""
        twin = self._twins.pop(failed, None)
        if twin in self.tasks:
            del self.tasks[failed]
        return twin in self.tasks

    def give_twice(self) -> None:
        """Give Ray a second time what is late, while processors are idle."""
        now = time.monotonic()
        for named, task in list(self.tasks.items()) if self.idle else ():
            late = now - self._since.setdefault(named, now) > self._pace.patience(task.bytes)
            if late and task.may_run_concurrently and named not in self._twins and self.idle:
                other = self.add(task)
                self._twins |= {named: other, other: named}


def _refuse_beyond_nodes(ray: Any, memory: int) -> None:
    """Refuse tasks that no node can take: Ray would wait for a larger one without a word.

    Raises:
        ConfigError: no node that has processors has so many bytes of memory.
    """
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    largest = max((int(node.get("memory", 0)) for node in nodes), default=memory)
    if memory > largest:
        sizes = {"stated": f"{memory / 2**30:g}", "largest": f"{largest / 2**30:.1f}"}
        problem = _("`memory_gb` is {stated}, and the largest node gives tasks {largest} GB", **sizes)
        raise ConfigError("--site", problem, _("state less, or have Ray start a node with more memory"))


def _timed(work: Callable[[J], Outcome], memory: int, task: J) -> tuple[float, Outcome]:
    """Do a task with so many bytes of memory, 0 for what there is; returns how many seconds it took, too."""
    _keep_to(memory)
    started = time.monotonic()
    outcome = work(task)
    return time.monotonic() - started, outcome


@cache
def _keep_to(memory: int) -> None:
    """Keep this worker to its memory, once: Ray counts what tasks asked for, and not what they take."""
    if memory:
        keep_to(memory)


def imported() -> Any:
    """Return the module, told to keep to itself: it would report its use to its makers, and print to standard output.

    Raises:
        ConfigError: it isn't installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", "^")
    try:
        import ray
    except ImportError:
        raise ConfigError("--engine ray", _("Ray isn't installed"), "pip install 'latam-corpus[ray]'") from None
    return ray


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables for the processes that are started meanwhile."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _check_reached(address: str) -> None:
    """Try the address; Ray itself would for minutes, and then end this process."""
    host, _, port = address.rpartition(":")
    if port != "auto":
        with socket.create_connection((host, int(port)), timeout=_SECONDS):
            pass


def _outcome(ray: Any, done: Any, task: J) -> tuple[float, Outcome | None]:
    """Return seconds, and what became of a task, or what ended it; None where Ray itself has ended on this machine."""
    try:
        told: tuple[float, Outcome] = ray.get(done)
    except ray.exceptions.RayTaskError as error:  # the work itself raised, or its module isn't there
        return 0.0, Outcome(task.name, error=f"{type(error.cause).__name__}: {error.cause}")
    except ray.exceptions.LocalRayletDiedError:
        return 0.0, None
    except ray.exceptions.RayError as error:
        problem = _("its worker was killed twice: {cause}", cause=str(error).strip().splitlines()[0])
        return 0.0, Outcome(task.name, error=problem, killed=True)
    return told
