"""The engine for Ray tasks, on this machine or on the cluster of a site file.

datatrove's executor for Ray isn't used: its ranks get a fixed share of files before they start. Here each task is a Ray
task, so that Ray gives the next one to any free worker, and restarts it if its worker or node is lost.
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
from latam_corpus.engine.pace import LOOK_SECONDS, TaskDurations
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

_AHEAD: Final = 4  # tasks per processor that are submitted to Ray; the others wait here
_STORE: Final = 128 * 2**20  # bytes of Ray's object store, which contains only small values
_SECONDS: Final = 5.0


class RayTasks(Reused):
    """Ray tasks. Ray is started or joined at the first task, and left with the `with` block.

    Attributes:
        workers: the number of tasks at once if Ray is started here; a cluster determines its own number.
        site: the cluster; None to start Ray on this machine.
    """

    def __init__(self, workers: int, site: RaySite | None = None) -> None:
        self.workers = workers
        self.site = site
        self._ray: Any = None
        self._ours = False

    @property
    def here(self) -> Engine:
        """This engine if Ray runs on this machine, else an engine of local workers."""
        return Local(os.cpu_count() or 1) if self.site else self

    def _end(self) -> None:
        if self._ray and self._ours:
            self._ray.shutdown()
        self._ray = None

    def map(self, work: Callable[[J], Outcome], tasks: Sequence[J]) -> Iterator[Outcome]:
        """Yield the outcome of each task when it is done.

        Raises:
            PartError: Ray doesn't answer, or can't be started.
        """
        if not tasks:
            return
        with self:
            # The largest tasks first, so that the last one to finish is small.
            remaining = sorted(tasks, key=lambda task: task.bytes)
            for attempts_left in reversed(range(TRIES)):
                yield from self._run(work, remaining)
                if not remaining:
                    return
                self._end()
                if self.site or not attempts_left:
                    break
        place = f"Ray at {self.site.address}" if self.site else "Ray"
        raise PartError(place, _("it has ended on this machine"), _("run it again: finished work is reused"))

    def _run(self, work: Callable[[J], Outcome], remaining: list[J]) -> Iterator[Outcome]:
        """Run the tasks from the last to the first, and yield outcomes; if Ray ends here, unfinished tasks remain."""
        ray = self._ray_module()
        memory = int((self.site.memory_gb or 0) * 2**30) if self.site else 0
        _refuse_beyond_nodes(ray, memory)
        resources = {"memory": memory} if memory else {}
        submit = partial(ray.remote(num_cpus=1, max_retries=TRIES - 1, **resources)(_timed).remote, work, memory)
        submitted = _Submitted(submit, max(1, int(ray.cluster_resources().get("CPU", 1))))
        is_alive = True
        try:
            while is_alive and (remaining or submitted.tasks):
                while remaining and len(submitted.tasks) < _AHEAD * submitted.processors:
                    submitted.add(remaining.pop())
                for finished in ray.wait(list(submitted.tasks), timeout=LOOK_SECONDS if submitted.idle else None)[0]:
                    seconds, outcome = _outcome(ray, finished, submitted.tasks[finished])
                    is_alive = outcome is not None
                    if outcome and not (outcome.error and submitted.is_left_to_twin(finished)):
                        for overtaken in submitted.take(finished, seconds):
                            ray.cancel(overtaken, force=True)
                        yield outcome
                submitted.give_twice()
        finally:
            remaining += reversed(list({task.name: task for task in submitted.tasks.values()}.values()))
            for reference in submitted.tasks if is_alive else ():
                ray.cancel(reference, force=True)

    def _ray_module(self) -> Any:
        """Return the module `ray`, after starting or joining Ray.

        Raises:
            PartError: Ray doesn't answer, or can't be started.
        """
        if self._ray is None:
            ray = import_ray()
            if self.site or not ray.is_initialized():  # a notebook may already have joined a cluster
                self._join(ray)
                self._ours = True
            self._ray = ray
        return self._ray

    def _join(self, ray: Any) -> None:
        for attempts_left in reversed(range(TRIES)):
            try:
                self._start(ray)
            except Exception as error:  # noqa: BLE001  (Ray raises `Exception` if a busy machine starts it too slowly)
                problem = " ".join(f"{error} {error.__cause__ or ''}".split())  # only the cause states the reason
                place = f"Ray at {self.site.address}" if self.site else "Ray on this machine"
                remedy = _("check that it runs, with the same versions of Ray and Python as here")
                if is_not_ascii := isinstance(error, UnicodeEncodeError):  # Ray requires ASCII in its folder's path
                    remedy = _("name a temporary folder whose path has only ASCII letters, such as RAY_TMPDIR=/tmp")
                if self.site or not attempts_left or is_not_ascii:
                    raise PartError(place, problem, remedy) from None
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
        # Without these, Ray repeats a task that runs out of memory forever, and lowers the priority of its workers.
        settings = {"task_oom_retries": TRIES - 1, "worker_niceness": 0}
        with _environment(ONE_THREAD):  # Ray's runtime environments would start each worker twice
            ray.init(
                address="local",
                num_cpus=self.workers,
                include_dashboard=False,
                object_store_memory=_STORE,
                _system_config=settings,
                **usual,
            )


@dataclass
class _Submitted:
    """The unfinished tasks that were submitted to Ray; late ones are submitted twice if processors are idle.

    Attributes:
        tasks: the tasks by Ray's references.
    """

    submit: Callable[[Any], Any]
    processors: int
    tasks: dict[Any, Any] = field(default_factory=dict)
    _pace: TaskDurations = field(default_factory=TaskDurations)
    _since: dict[Any, float] = field(default_factory=dict)  # when a task was first seen while a processor was idle
    _twins: dict[Any, Any] = field(default_factory=dict)  # the other reference of each task that was submitted twice

    @property
    def idle(self) -> int:
        """The number of idle processors."""
        return max(0, self.processors - len(self.tasks))

    def add(self, task: Any) -> Any:
        """Submit a task to Ray; return its reference."""
        reference = self.submit(task)
        self.tasks[reference] = task
        return reference

    def take(self, done: Any, seconds: float) -> list[Any]:
        """Remove a finished task; return the reference of its duplicate, if there is one."""
        self._pace.add(self.tasks.pop(done).bytes, seconds)
        duplicate = self._twins.pop(done, None)
        return [duplicate] if self.tasks.pop(duplicate, None) else []

    def is_left_to_twin(self, failed: Any) -> bool:
        """Whether the duplicate of a failed task is still running."""
        twin = self._twins.pop(failed, None)
        if twin in self.tasks:
            del self.tasks[failed]
        return twin in self.tasks

    def give_twice(self) -> None:
        """Submit late tasks a second time while processors are idle."""
        now = time.monotonic()
        for reference, task in list(self.tasks.items()) if self.idle else ():
            is_late = now - self._since.setdefault(reference, now) > self._pace.patience(task.bytes)
            if is_late and task.may_run_concurrently and reference not in self._twins and self.idle:
                duplicate = self.add(task)
                self._twins |= {reference: duplicate, duplicate: reference}


def _refuse_beyond_nodes(ray: Any, memory: int) -> None:
    """Raise `ConfigError` if no node has this many bytes of memory; Ray would wait for such a node forever."""
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    largest = max((int(node.get("memory", 0)) for node in nodes), default=memory)
    if memory > largest:
        sizes = {"stated": f"{memory / 2**30:g}", "largest": f"{largest / 2**30:.1f}"}
        problem = _("`memory_gb` is {stated}, but the largest node has only {largest} GB for tasks", **sizes)
        raise ConfigError("--site", problem, _("state less, or add a node with more memory"))


def _timed(work: Callable[[J], Outcome], memory: int, task: J) -> tuple[float, Outcome]:
    """Run a task with a memory limit in bytes (0 for none); return its duration in seconds and its outcome."""
    _limit_memory(memory)
    started = time.monotonic()
    outcome = work(task)
    return time.monotonic() - started, outcome


@cache
def _limit_memory(memory: int) -> None:
    """Limit the memory of this worker process, once; Ray itself counts only the memory that tasks request."""
    if memory:
        keep_to(memory)


def import_ray() -> Any:
    """Import Ray with its usage reports and its messages on standard output turned off.

    Raises:
        ConfigError: Ray isn't installed.
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
    """Set environment variables for processes started in the block."""
    previous = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in previous.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _check_reached(address: str) -> None:
    """Try to connect to the address; Ray itself would try for minutes and then end this process."""
    host, _, port = address.rpartition(":")
    if port != "auto":
        with socket.create_connection((host, int(port)), timeout=_SECONDS):
            pass


def _outcome(ray: Any, done: Any, task: J) -> tuple[float, Outcome | None]:
    """Return the duration and the outcome of a finished task; the outcome is None if Ray has ended on this machine."""
    try:
        result: tuple[float, Outcome] = ray.get(done)
    except ray.exceptions.RayTaskError as error:  # the work raised an error, or its module can't be imported
        return 0.0, Outcome(task.name, error=f"{type(error.cause).__name__}: {error.cause}")
    except ray.exceptions.LocalRayletDiedError:
        return 0.0, None
    except ray.exceptions.RayError as error:
        problem = _("its worker was killed twice: {cause}", cause=str(error).strip().splitlines()[0])
        return 0.0, Outcome(task.name, error=problem, killed=True)
    return result
