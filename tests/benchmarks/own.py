"""Run the toolkit's text path in a process of its own, so that its resources are measured separately.

`python -m tests.benchmarks.own RECIPE OUT [WORKERS]` runs the recipe, makes its release where it has one, and prints
what that used as one line of JSON.
"""

from __future__ import annotations

import cProfile
import json
import os
import pstats
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.engine.local import InProcess, Local
from latam_corpus.extract.isolation import sandbox
from latam_corpus.pipeline.execution.events import BarrierStarted, PartDone, Rebuilt, SegmentStarted
from latam_corpus.pipeline.execution.run import find_parts, run
from latam_corpus.pipeline.planning.plan import make_plan
from latam_corpus.pipeline.planning.recipe import load_recipe

from .machine import Watch, new_peak, peak_bytes, usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.pipeline.execution.events import StageEvent
    from latam_corpus.pipeline.execution.result import RunResult
    from latam_corpus.pipeline.planning.recipe import ReleaseEntry

ROOT: Final = Path(__file__).resolve().parents[2]
TEXT_PATH: Final = ("repair", "identify", "filter", "dedupe")
_MB: Final = 1e6
_PROFILE: Final = "LATAM_CORPUS_PROFILE"
_SOURCE: Final = """id = "documents"
title = "Documents of a benchmark"
holder = "nobody"
languages = []
[rights]
statement = "CC0-1.0"
uses = ["train"]
basis = "licence"
[collect]
files = ["FILES"]
"""


@dataclass(frozen=True)
class Told:
    """The resources of a run: CPU seconds in all and by stage, wall-clock seconds, peak resident MB, rows.

    Attributes:
        started: CPU seconds until the run began: the interpreter, imports, the plan.
        children_peak_mb: of the worker process that used the most.
        stages: CPU seconds by stage; what is missing to `cpu` is start, storage and decisions.
        phases: name, seconds by the clock and CPU seconds: listing the input, each segment, each barrier, and of a
            release reading, deciding, sorting, writing and what follows.
        memory: name, peak resident MB of this process and of its largest worker: of each phase, and of each step of a
            barrier.
    """

    cpu: float
    started: float
    wall: float
    peak_mb: float
    children_peak_mb: float
    rows: int
    kept: int
    stages: dict[str, float]
    dropped: dict[str, int]
    phases: list[tuple[str, float, float]]
    memory: list[tuple[str, float, float]] = field(default_factory=list)


class _Phases:
    """Silent progress that records when each phase began, and the resources used until then."""

    def __init__(self) -> None:
        self._marks: list[tuple[str, float, float]] = []
        self._step = ""
        self.memory: list[tuple[str, float, float]] = []

    def mark(self, name: str) -> None:
        """Begin a phase."""
        self._marks.append((name, time.monotonic(), usage().cpu + _living_children()))
        self._measured(name)

    def _measured(self, name: str) -> None:
        """Record the peak for the work until now, and reset it."""
        children = [child for child in _children() if peak_bytes(child)]
        if self._step:
            largest = max((peak_bytes(child) for child in children), default=0)
            self.memory.append((self._step, peak_bytes() / _MB, largest / _MB))
        self._step = name
        for process in ("self", *children):
            new_peak(process)

    def told(self) -> list[tuple[str, float, float]]:
        """Return name, wall-clock seconds and CPU seconds of each phase; the last mark only ends a phase."""
        return [
            (name, next_mark[1] - clock, next_mark[2] - cpu)
            for (name, clock, cpu), next_mark in zip(self._marks, self._marks[1:], strict=False)
        ]

    def show(self, event: StageEvent) -> None:
        """Begin a phase, or report an error or what would have been reused."""
        match event:
            case SegmentStarted(title, parts):
                self.mark(f"{title} ({parts} parts)")
            case BarrierStarted(name, rows):
                self.mark(f"{name} ({rows} rows)")
            case PartDone(outcome) if outcome.error:
                sys.stderr.write(f"{outcome.error}\n")
            case Rebuilt(damage):
                sys.stderr.write(f"{damage}\n")

    def step(self, title: str, done: int, total: int) -> None:
        """Record the peak of the next step of a barrier."""
        if title != self._step and done < total:
            self._measured(title)

    def releasing(self, title: str, done: int, total: int) -> None:
        """Handle the events of a release; its phases begin with its first step."""
        if self._marks[-1][0] != title:
            self.mark(title)
        if done == total:
            self.mark(f"after {title}")


def _living_children() -> float:
    """Return the CPU seconds of the children that haven't ended (Linux only)."""
    tick = os.sysconf("SC_CLK_TCK")
    used = 0
    for child in _children():
        with suppress(OSError):
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            used += sum(map(int, fields[11:15]))
    return used / tick


def _children() -> list[str]:
    """Return the ids of the processes that this one has started (Linux only)."""
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return [child for task in tasks for child in task.read_text().split()]


def write_recipe(
    folder: Path,
    stages: Sequence[str] = TEXT_PATH,
    *,
    files: str = "*.jsonl",
    genre: str = "literature",
    near: bool = False,
    more: str = "",
) -> Path:
    """Write a recipe with these stages over the folder's files, and return its file.

    Args:
        folder: where the files are, and where recipe and source are written.
        stages: names, each with its options in the lines after it.
        files: the pattern of the files.
        genre: the documents'.
        near: whether near-duplicates are looked for too.
        more: what stands after the stages.
    """
    (folder / "documents.toml").write_text(_SOURCE.replace("FILES", files), encoding="utf-8")
    given = [stage.partition("\n") for stage in stages]
    entries = "".join(f'[[stage]]\nuse = "{name}"\n{options or _options(name, near)}\n' for name, _, options in given)
    path = folder / "benchmark.toml"
    head = f'title = "Benchmark"\ngenre = "{genre}"\nsources = ["documents.toml"]\n'
    path.write_text(f"{head}{entries}{more}", encoding="utf-8")
    return path


def _options(stage: str, near: bool) -> str:
    # Equal documents only, as in the jobs beside which it is measured; near-duplicates have their own benchmarks.
    return "near = false" if stage == "dedupe" and not near else ""


def run_apart(recipe: Path, out: Path, workers: int = 0, profile: Path | None = None) -> Told:
    """Run the recipe in a process of its own; return the resources that it used.

    Args:
        recipe: as `write_recipe` made it; the input is its folder.
        out: the folder of runs and work.
        workers: worker processes; 0 for the engine in the one process.
        profile: where to keep a profile of CPU seconds by function, which makes the run slower.
    """
    environment = os.environ | {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1"}
    if profile:
        environment[_PROFILE] = str(profile)
    command = [sys.executable, "-m", "tests.benchmarks.own", str(recipe), str(out), str(workers)]
    done = subprocess.run(command, cwd=Path.cwd(), env=environment, stdout=subprocess.PIPE, check=True)
    return Told(**json.loads(done.stdout))


def functions(profile: Path, limit: int) -> list[tuple[str, float, int]]:
    """Return the functions with the most CPU seconds of their own: place, seconds, calls."""
    stats: Any = pstats.Stats(str(profile))
    rows = [(_place(*place), own, calls) for place, (_, calls, own, _, _) in stats.stats.items()]
    return sorted(rows, key=lambda row: -row[1])[:limit]


def _place(file: str, line: int, name: str) -> str:
    if line == 0:
        return name.strip("<>")
    path = Path(file)
    folders = [*path.parts[-3:-1]] if "latam_corpus" in path.parts else [*path.parts[-2:-1]]
    return f"{'/'.join([*folders, path.name])}:{name}"


def _main(recipe_file: str, out: str, workers: str) -> None:
    recipe = load_recipe(recipe_file)
    plan = make_plan(recipe, {"documents": str(Path(recipe_file).parent)})
    engine = Local(int(workers)) if int(workers) else InProcess()
    watch = Watch()
    watch.start()
    started = usage().cpu
    clock = time.monotonic()
    phases = _Phases()
    phases.mark("listing")
    parts = find_parts(plan)
    profiled = os.environ.get(_PROFILE)
    profiler = cProfile.Profile(time.process_time) if profiled else None
    if profiler:
        profiler.enable()
    result = run(plan, parts, Path(out), engine, phases.show, phases.step)
    if recipe.release:
        _release(recipe.release, result, Path(out), phases)
    sandbox.stop()  # what its child used is known once it has ended
    phases.mark("end")
    if profiler:
        profiler.disable()
        profiler.dump_stats(str(profiled))
    used = usage()
    dropped: dict[str, int] = {}
    for count in result.stages.values():
        for reason, n in (count.dropped | count.failed).items():
            dropped[reason] = dropped.get(reason, 0) + n
    reported = Told(
        used.cpu,
        started,
        time.monotonic() - clock,
        max(used.peak_mb, *(own_peak for _, own_peak, _ in phases.memory)),
        max(watch.peak_mb, *(largest for _, _, largest in phases.memory)),
        result.rows_in,
        result.kept,
        {name: count.seconds for name, count in result.stages.items()},
        dropped,
        phases.told(),
        phases.memory,
    )
    sys.stdout.write(json.dumps(asdict(reported)) + "\n")


def _release(release: ReleaseEntry, result: RunResult, out: Path, phases: _Phases) -> None:
    """Build the version that the recipe asks for, on a fixed day."""
    from latam_corpus.release.building.build import build  # which a run without a release doesn't load
    from latam_corpus.release.eligibility.build_request import BuildRequest
    from latam_corpus.release.storing.store import Store

    created = datetime(2026, 11, 28, tzinfo=UTC)
    build(BuildRequest.of_recipe(release, [result.folder], created=created), Store.at(out / "store"), phases.releasing)


if __name__ == "__main__":
    _main(*sys.argv[1:])
