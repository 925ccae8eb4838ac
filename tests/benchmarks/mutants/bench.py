"""Mutates the rooms that decide, and counts what their tests see."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError, PartError, closest

from ..machine import RESULTS, Report, Table, share
from ..texts import SEED
from .mutate import Mutant, mutants_of

if TYPE_CHECKING:
    import argparse

ROOT: Final = Path(__file__).resolve().parents[3]
_HERE: Final = Path(__file__).resolve().parent
_COPIED: Final = ("latam_corpus", "tests", "filters", "pipelines", "docs", "pyproject.toml", "README.md")


@dataclass(frozen=True)
class Room:
    """A module, the parts of it that are mutated, and the tests that guard it, the fastest first.

    Attributes:
        only: functions, classes and names of the module that are changed; all where none is named.
        compiled: whether Numba compiles the functions; their tests are run interpreted.
        slow: tests that are left out of them, since they take minutes so.
    """

    name: str
    file: str
    tests: tuple[str, ...]
    only: tuple[str, ...] = ()
    compiled: bool = False
    slow: tuple[str, ...] = ()

    def mutants(self) -> list[Mutant]:
        """Return the mutants of the room."""
        text = (ROOT / self.file).read_bytes()
        results = mutants_of(self.file, text)
        if not self.only:
            return results
        spans = [(node.lineno, node.end_lineno or 0) for node in ast.parse(text).body if _names(node) & {*self.only}]
        return [mutant for mutant in results if any(first <= mutant.line <= last for first, last in spans)]


def _names(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.AnnAssign | ast.Assign):
        targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets
        return {target.id for target in targets if isinstance(target, ast.Name)}
    return {getattr(node, "name", "")}


def rooms() -> list[Room]:
    """Return the rooms that `rooms.toml` names."""
    tables = tomllib.loads((_HERE / "rooms.toml").read_text(encoding="utf-8"))
    of_many = ("tests", "only", "slow")
    results = []
    for name, room_table in tables.items():
        fields: dict[str, Any] = {key: tuple(value) if key in of_many else value for key, value in room_table.items()}
        results.append(Room(name, **fields))
    return results


def equivalents() -> dict[tuple[str, str, str], str]:
    """Return the mutants that no test can detect, by file, line and change, with the reason (`equivalent.toml`)."""
    tables = tomllib.loads((_HERE / "equivalent.toml").read_text(encoding="utf-8"))
    return {(mutant["file"], mutant["line"], mutant["change"]): mutant["why"] for mutant in tables.get("mutant", ())}


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--room", action="append", help="this room alone; may be given more than once")
    parser.add_argument("--most", type=int, help="so many mutants of a room at most, drawn by a seed; all by default")
    parser.add_argument("--workers", type=int, default=min(os.cpu_count() or 1, 4), help="processes, a core each")


def measure(args: argparse.Namespace) -> Report:
    """Measure every mutant of all packages, or of the named ones, and keep the earlier results of the others.

    Raises:
        ConfigError: a room doesn't exist.
        PartError: a room's tests fail without any change.
    """
    rooms_by_name = {room.name: room for room in rooms()}
    for name in args.room or ():
        if name not in rooms_by_name:
            raise ConfigError("--room", f"unknown room «{name}»", closest(name, rooms_by_name))
    chosen = [room for name, room in rooms_by_name.items() if not args.room or name in args.room]
    kept_scores, kept_lived = _kept({*rooms_by_name} - {room.name for room in chosen})
    known_equivalents = equivalents()
    scores: list[tuple[Any, ...]] = []
    lived: list[tuple[Any, ...]] = []
    for room in chosen:
        text = (ROOT / room.file).read_bytes()
        results = [mutant for mutant in room.mutants() if mutant.compiles(text)]
        candidates = [
            mutant for mutant in results if (mutant.file, mutant.source, mutant.change) not in known_equivalents
        ]
        few = args.most is not None and args.most < len(candidates)
        tried = random.Random(SEED).sample(candidates, args.most) if few else candidates
        started = time.monotonic()
        codes, cpu = _run(room, tried, args.workers)
        living = [mutant for number, mutant in enumerate(tried) if codes[number] == 0]
        killed = len(tried) - len(living)
        late = sum(code < 0 for code in codes.values())
        seconds = round(time.monotonic() - started)
        figures = (
            len(tried),
            killed,
            share(killed, len(tried)),
            late,
            len(results) - len(candidates),
            round(cpu),
            seconds,
        )
        digest = hashlib.sha256(text).hexdigest()[:12]
        name = f"{room.name}, drawn of {len(candidates)}" if few else room.name
        scores.append((name, f"{room.file}@{digest}", *figures))
        lived += [(room.name, f"{mutant.file}:{mutant.line}", mutant.source, mutant.change) for mutant in living]
        sys.stderr.write(f"{room.name}: {killed} of {len(tried)} seen in {seconds} s\n")
    columns = ("room", "module", "mutants#", "seen#", "share#", "of these too slow#", "equivalent#", "CPU s#", "s#")
    return Report(
        "mutants",
        {},
        {"workers": args.workers, "tests": {name: room.tests for name, room in rooms_by_name.items()}},
        (
            Table("Changes that the tests see", columns, (*scores, *kept_scores)),
            Table("Lived", ("room", "line", "source", "change"), (*lived, *kept_lived)),
        ),
    )


def _kept(names: set[str]) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Return the rows of these rooms in the last recorded run: scores, and mutants that lived."""
    files = sorted(RESULTS.glob("*-mutants.json"))
    tables = json.loads(files[-1].read_text(encoding="utf-8"))["tables"] if files else [{"rows": []}, {"rows": []}]
    scores, lived = ([tuple(row) for row in table["rows"] if row[0].partition(",")[0] in names] for table in tables)
    return scores, lived


def _run(room: Room, mutants: list[Mutant], workers: int) -> tuple[dict[int, int], float]:
    """Return the exit code of the room's tests on each mutant by its number, and the CPU seconds of all."""
    tasks = [
        {"number": number, "start": mutant.start, "end": mutant.end, "new": mutant.new}
        for number, mutant in enumerate(mutants)
    ]
    shares = [tasks[place::workers] for place in range(min(workers, len(tasks)))]
    with ThreadPoolExecutor(max(len(shares), 1)) as pool:
        lines = [
            line for lines in pool.map(_worker, [room] * len(shares), range(len(shares)), shares) for line in lines
        ]
    return {line["number"]: line["code"] for line in lines}, sum(line["cpu"] for line in lines)


def _worker(room: Room, place: int, mutants: list[dict[str, Any]]) -> list[dict[str, Any]]:
    # A fixed place, since compiled code is kept by the place of its source.
    folder = Path(tempfile.gettempdir(), f"latam-corpus-mutants-{os.getuid()}-{room.name}-{place}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    left_out = shutil.ignore_patterns("results", "*.nbi", "*.nbc")
    for name in _COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=left_out)
        else:
            shutil.copy2(ROOT / name, folder)
    tests = [*room.tests, *(f"--deselect={name}" for name in room.slow)]
    job = {"file": room.file, "tests": tests, "compiled": room.compiled, "mutants": mutants}
    done = subprocess.run(
        [sys.executable, str(folder / "tests/benchmarks/mutants/warm.py")],
        input=json.dumps(job), cwd=folder, env={**os.environ, "PYTHONPATH": str(folder)},
        stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    shutil.rmtree(folder, ignore_errors=True)
    lines: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode or not lines or "unchanged" not in lines[-1]:
        raise PartError(f"room «{room.name}»", f"its tests fail unchanged, or end: {lines[-1:]}", "run them by hand")
    return lines[:-1]
