"""`planning`: what a plan of a billion documents in a million parts takes of the process that leads it and of a worker.

Parts are made as a listing would make them, of files that aren't there; nothing is worked.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.collect.files import InputFile
from latam_corpus.engine.rounds import Round, take_tasks
from latam_corpus.extract.isolation.process_memory import held
from latam_corpus.pipeline.execution.part import Outcome, Task, input_key, reading_digest
from latam_corpus.pipeline.planning.plan import Input, Part, make_plan, run_digest
from latam_corpus.pipeline.planning.recipe import load_recipe
from latam_corpus.pipeline.stored_runs.keys import digest_of

from .machine import Report, Table, rounded
from .own import write_recipe

if TYPE_CHECKING:
    import argparse

_STAGES: Final = ("extract", "repair", "identify", "filter", "redact", "dedupe")
_BYTES: Final = 8_000_000  # of a part: 8 TB in a million
_DOCUMENTS: Final = 1000  # of a part
_TAKEN: Final = 1000  # tasks that the worker takes
_NOTES: Final = (
    "CPU seconds, and the most memory of a process that does nothing else. A part: a file, 8 MB, 1,000 documents.",
    "«planned»: parts, their keys, the run's digest. «handed out»: tasks sorted, and written for workers.",
    "«worker»: one that opens the round, takes 1,000 tasks and does nothing with them; at what rate tasks are taken.",
)


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--parts", default="10000,100000,1000000", help="numbers of parts")


def measure(args: argparse.Namespace) -> Report:
    """CPU seconds and memory of the driver and of a worker, for each number of parts."""
    rows = []
    for count in map(int, args.parts.split(",")):
        with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
            driver = _apart("driver", name, str(count))
            worker = _apart("worker", name, str(count))
            size = sum(path.stat().st_size for path in (Path(name) / "round").glob("*") if path.is_file())
        rows.append(
            (
                count,
                count * _DOCUMENTS,
                *(rounded(driver[key]) for key in ("planned", "handed", "memory")),
                rounded(size / 1e6),
                *(rounded(worker[key]) for key in ("rate", "memory")),
            )
        )
    columns = (
        "parts#",
        "documents#",
        "planned, CPU s#",
        "handed out, CPU s#",
        "driver MB#",
        "round on disk MB#",
        "worker, tasks/s#",
        "worker MB#",
    )
    table = Table("The plan of a run, without the work", columns, tuple(rows))
    return Report("planning", {}, {"parts": args.parts, "bytes": _BYTES}, (table,), _NOTES)


def _apart(what: str, *words: str) -> dict[str, float]:
    """Return the measurements of a separate process."""
    done = subprocess.run([sys.executable, "-m", __name__, what, *words], capture_output=True, text=True, check=True)
    reported: dict[str, float] = json.loads(done.stdout)
    return reported


def _nothing(task: Task) -> Outcome:
    return Outcome(task.name)


def _driver(room: Path, count: int) -> dict[str, float]:
    (room / "in").mkdir()
    (room / "in" / "a.jsonl").write_text("{}\n")
    plan = make_plan(load_recipe(str(write_recipe(room, _STAGES))), {})
    [source] = plan.sources
    started = time.process_time()
    reading = reading_digest(source, "literature")
    parts = []
    for number in range(count):
        name = f"2026/segment-{number // 1000:04}/part-{number:07}.jsonl.zst"
        file = InputFile(name, f"/scratch/corpus/{name}", _BYTES)
        one = Input(file, f"{number:064x}", input_key(file, f"{number:064x}", reading), "")
        parts.append(Part(f"{source.id}-{number:05d}", source, (one,), "literature", digest_of([one.key], None), None))
    run_digest(plan, parts)
    planned = time.process_time()
    tasks = [Task(part, plan.segments[0], room) for part in parts]
    Round(room / "round", _nothing, sorted(tasks, key=lambda task: -task.bytes))
    handed = time.process_time()
    return {"planned": planned - started, "handed": handed - planned, "memory": held("VmHWM") / 1e6}


def _worker(room: Path, _count: int) -> dict[str, float]:
    started = time.process_time()
    for taken, _ in enumerate(take_tasks(room / "round", "0", 0, 64), 1):
        if taken == _TAKEN:
            break
    return {"rate": taken / (time.process_time() - started), "memory": held("VmHWM") / 1e6}


if __name__ == "__main__":
    measured = {"driver": _driver, "worker": _worker}[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.write(json.dumps(measured))
