"""`house`: how large the house is, and how much of it a newcomer or a run walks through, beside an older checkout."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from latam_corpus.errors import ConfigError

from .machine import Report, Table

if TYPE_CHECKING:
    import argparse

ROOT: Final = Path(__file__).resolve().parents[2]
_PACKAGE: Final = "latam_corpus"
_STAGES: Final = {
    "redact alone": ("redact",),
    "identify, filter, redact and dedupe": ("identify", "filter", "redact", "dedupe"),
}
_SOURCE: Final = """id = "cuentos"
title = "Cuentos"
holder = "nadie"
languages = ["spa"]
[rights]
statement = "CC0-1.0"
uses = ["train"]
basis = "licence"
[collect]
"""
_RECIPE: Final = """title = "Cuentos"
genre = "literature"
sources = ["cuentos.toml"]
{stages}[release]
name = "cuentos"
admit = ["open"]
uses = ["train"]
"""
_TEXTS: Final = (
    "La barca salió del puerto antes del alba. Nadie la vio volver hasta que el viento cambió, tres días después.",
    "El maestro guardaba las cartas de sus alumnos. Cada invierno las leía de nuevo, una por una, sin decir nada.",
)
# In a process of its own, as a program would: checkouts differ in where their commands are.
_CHILD: Final = """
import sys
from datetime import UTC, datetime
from latam_corpus.engine.in_process import InProcess
from latam_corpus.pipeline.planning.plan import make_plan
from latam_corpus.pipeline.planning.recipe import load_recipe
from latam_corpus.pipeline.execution.run import find_parts, run
from latam_corpus.release.building.build import build
from latam_corpus.release.eligibility.build_request import BuildRequest
from latam_corpus.release.storing.store import Store

recipe = load_recipe("todos.toml")
plan = make_plan(recipe, {"cuentos": "in"}, None)
result = run(plan, find_parts(plan), __import__("pathlib").Path("out"), InProcess())
release = recipe.release
request = BuildRequest.of_recipe(release, [result.folder], created=datetime.now(UTC))
made = build(request, Store.at("out/store"))
assert made.rows
print(" ".join(sorted(name for name in sys.modules if name.split(".")[0] == "latam_corpus")))
"""
# Of each set of modules of which every one reaches every other, a line.
_KNOTS: Final = """
import grimp
graph = grimp.build_graph("latam_corpus", cache_dir=None, exclude_type_checking_imports=False)
left = set(graph.modules)
while left:
    one = left.pop()
    together = graph.find_upstream_modules(one) & graph.find_downstream_modules(one)
    left -= together
    if together:
        print(" ".join(sorted({one, *together})))
"""
_WALK: Final = re.compile(r"^\d+\. `([^`]+)`", re.MULTILINE)


class House(NamedTuple):
    """What is counted in a checkout."""

    lines: Counter[str]
    imported: dict[str, int]
    repeated: dict[str, int]
    noqa: int
    circles: list[str]
    walk: list[str]


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--before", type=Path, help="an older checkout of the toolkit, to be counted too")


def measure(args: argparse.Namespace) -> Report:
    """Lines, modules, names, `noqa`, circles and the walk, now and, if asked for, before."""
    houses = {"now": house(ROOT)} | ({"before": house(args.before.resolve())} if args.before else {})
    columns = tuple(f"{when}#" for when in houses)
    rooms = sorted({room for one in houses.values() for room in one.lines})
    lines = [(room, *(one.lines[room] for one in houses.values())) for room in rooms]
    lines.append(("in all", *(one.lines.total() for one in houses.values())))
    figures = [
        *(
            (f"modules that a run of {title} with a release imports", *(one.imported[title] for one in houses.values()))
            for title in _STAGES
        ),
        ("files that a newcomer opens to follow a document", *(len(one.walk) or "" for one in houses.values())),
        ("file names that occur more than once", *(len(one.repeated) for one in houses.values())),
        ("`noqa`", *(one.noqa for one in houses.values())),
        ("circles of imports", *(len(one.circles) for one in houses.values())),
    ]
    repeated = [(name, *(one.repeated.get(name, "") for one in houses.values())) for name in _names(houses)]
    return Report(
        "house",
        {},
        {"before": commit(args.before) if args.before else None, "stages": {k: list(v) for k, v in _STAGES.items()}},
        (
            Table("The house", ("", *columns), tuple(figures)),
            Table("Lines of Python a room", ("room", *columns), tuple(lines)),
            Table("Names that occur more than once", ("file", *columns), tuple(repeated)),
        ),
        (
            "Modules are of this package, packages among them, in a process that calls functions.",
            "The walk is listed in docs/design.md. A circle is of modules that import each other, for types too.",
            *(f"a circle, {when}: {circle}" for when, one in houses.items() for circle in one.circles),
        ),
    )


def house(checkout: Path) -> House:
    """What a checkout comes to.

    Raises:
        ConfigError: it isn't one, or a run in it fails.
    """
    package = checkout / _PACKAGE
    files = [file for file in sorted(package.rglob("*.py")) if "__pycache__" not in file.parts]
    if not files:
        raise ConfigError(str(checkout), "there is no latam_corpus in it", "name a checkout of the toolkit")
    texts = {file: file.read_text("utf-8") for file in files}
    lines: Counter[str] = Counter()
    for file, text in texts.items():
        lines[file.relative_to(package).parts[0]] += text.count("\n")
    names = Counter(file.name for file in files if file.name != "__init__.py")
    return House(
        lines,
        {title: len(imported(checkout, stages)) for title, stages in _STAGES.items()},
        {name: n for name, n in names.items() if n > 1},
        sum(text.count("# noqa") for text in texts.values()),
        circles(checkout),
        walk(checkout),
    )


def walk(checkout: Path) -> list[str]:
    """The files that `docs/design.md` names one after another under «A walk»; none where it has no such part."""
    told = (checkout / "docs" / "design.md").read_text("utf-8")
    _, _, part = told.partition("\n## A walk\n")
    return _WALK.findall(part.partition("\n## ")[0])


def imported(checkout: Path, stages: tuple[str, ...]) -> list[str]:
    """The package's modules that are loaded when these stages have run and their release is built, in one process.

    Raises:
        ConfigError: the run failed.
    """
    with tempfile.TemporaryDirectory(prefix="latam-bench-") as name:
        room = Path(name)
        (room / "in").mkdir()
        rows = [{"id": str(n), "title": f"Cuento {n}", "text": text} for n, text in enumerate(_TEXTS)]
        (room / "in" / "cuentos.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (room / "cuentos.toml").write_text(_SOURCE)
        used = "".join(f'[[stage]]\nuse = "{stage}"\n' for stage in stages)
        (room / "todos.toml").write_text(_RECIPE.format(stages=used))
        environ = os.environ | {"PYTHONPATH": str(checkout)}
        command = [sys.executable, "-c", _CHILD]
        done = subprocess.run(command, cwd=room, env=environ, check=False, capture_output=True, text=True)
        if done.returncode:
            said = done.stderr.strip().splitlines()[-1:]
            raise ConfigError(str(checkout), f"the run of {', '.join(stages)} made no release: {said}")
        return done.stdout.split()


def circles(checkout: Path) -> list[str]:
    """The sets of modules that import each other, their names joined; imports for types count."""
    environ = os.environ | {"PYTHONPATH": str(checkout)}  # grimp finds the package as Python does
    command = [sys.executable, "-c", _KNOTS]
    return subprocess.run(
        command, cwd=checkout, env=environ, check=True, capture_output=True, text=True
    ).stdout.splitlines()


def _names(houses: dict[str, House]) -> list[str]:
    return sorted({name for one in houses.values() for name in one.repeated})


def commit(checkout: Path) -> str:
    """The commit that is checked out there."""
    command = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()
