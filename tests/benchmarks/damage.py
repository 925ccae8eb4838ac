"""`damage`: bits flipped in what runs have stored, files cut, emptied, deleted: is a release made of it in silence?

A small run is made with its release. Each trial damages one file in a copy of them as a disk does: the file's time is
unchanged. Commands that read the run follow, then the recipe runs again and the release is built again. A command may
refuse with an exit code and a sentence. A command that ends with 0 must print what it printed before the damage, and
the recipe must repair everything.
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

import typer
from fsspec.implementations.memory import MemoryFileSystem

from latam_corpus import __main__ as cli
from latam_corpus.paths import data_folder
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store import Store
from latam_corpus.storage import durable

from .machine import Report, Table
from .texts import SEED

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

KINDS: Final = ("flip", "cut", "emptied", "deleted")
# In memory: a store on this disk would be linked from `work/index/`, and is no part of what a run has stored.
_STORE: Final = "memory://damage"
_RELEASE: Final = "prueba"
_SENTENCES: Final = (
    "La barca número {n} salió del puerto antes del alba y volvió con la red vacía, como casi siempre en invierno.",
    "Mi abuela contaba {n} veces la misma historia y nadie se atrevía a decirle que ya la sabíamos de memoria.",
    "En la casilla {n} del registro alguien había escrito un nombre que después borraron con cuidado.",
    "Cuando llovía mucho, el maestro nos dejaba ir temprano y cruzábamos el puente de {n} tablas corriendo.",
    "Para la fiesta compraron {n} velas, dos sacos de harina y un vino que no le gustó a ninguno de los invitados.",
    "Desde el cerro se ven {n} techos de lata, la iglesia sin torre y más allá el mar, que a esa hora es gris.",
)
_WORDS: Final = "barca número 35 salió"
_SOURCE: Final = """id = "fuente"
title = "Cuentos de prueba"
holder = "Nadie"
languages = ["spa"]
[rights]
statement = "CC0-1.0"
basis = "licence"
uses = ["train"]
[collect]
files = ["*.jsonl"]
"""
_RECIPE: Final = """title = "Cuentos"
genre = "literature"
sources = ["fuente.toml"]
[[stage]]
use = "repair"
[[stage]]
use = "identify"
[[stage]]
use = "filter"
policies = {policies}
[[stage]]
use = "redact"
[[stage]]
use = "dedupe"
{against}
[release]
name = "prueba"
admit = ["open"]
uses = ["train"]
split = {{ validation = 0.0, test = 0.0 }}
"""
_NOTES: Final = (
    "All commands are given in one process, whose start isn't paid for each; between trials it forgets files.",
    "Files are drawn by their role in turn, so that each role is hit as often.",
    "A file in `out/runs` that is a link is damaged in `out/work` too.",
    "«refused» counts trials in which a command ended with 1 or 2 and a sentence, before the recipe was run again.",
)


@dataclass(frozen=True)
class Said:
    """The output of a command and its exit code; `traceback` if it crashed."""

    code: int
    out: str
    err: str
    traceback: str = ""


def command(*arguments: object) -> Said:
    """Run a command line in this process, and return its output."""
    out, err = io.StringIO(), io.StringIO()
    code, broken = 0, ""
    given = patch.object(sys, "argv", ["latam-corpus", *map(str, arguments)])
    with given, patch.object(cli, "app", _commands()), redirect_stdout(out), redirect_stderr(err):
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        except Exception:  # noqa: BLE001  (a traceback is what is looked for)
            code, broken = 1, traceback.format_exc()
    return Said(code, out.getvalue(), err.getvalue(), broken)


@cache
def _commands() -> Any:
    """Return the command line; building it takes as long as many a command."""
    return typer.main.get_command(cli.app)


@dataclass
class Shelf:
    """The undisturbed run, the store before its release, and the output of commands about it."""

    room: Path
    store: dict[str, bytes] = field(default_factory=dict)
    earlier: str = ""
    run: str = ""
    release: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def made(cls, room: Path) -> Shelf:
        """Build the shelf in an empty folder."""
        shelf = cls(room)
        MemoryFileSystem.store.clear()
        (room / "fuente.toml").write_text(_SOURCE)
        _write(room / "before", 1, range(4), 5)
        _write(room / "in", 3, range(1, 9), 6)
        for name in ("genres/literature.toml", "languages/spa.toml", "languages/und.toml"):
            (room / "filters" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(data_folder("filters") / name, room / "filters" / name)
        policies = json.dumps(str(room / "filters"))
        (room / "antes.toml").write_text(_RECIPE.format(policies=policies, against=""))
        previous = command("run", room / "antes.toml", *shelf.given("before", room / "earlier"))
        assert previous.code == 0, previous.err
        shelf.store = {path: file.getvalue() for path, file in MemoryFileSystem.store.items()}
        shelf.earlier = json.loads(previous.out)["release"]["version"]
        against = f'against = "{_RELEASE}@{shelf.earlier}"\nkeep = "best"'
        (room / "cuentos.toml").write_text(_RECIPE.format(policies=policies, against=against))
        reported = json.loads(shelf.rerun(room / "out").out)
        shelf.run, shelf.release = reported["run"], _released()
        command("runs", "tag", shelf.run, "sana", "--out", room / "out")
        shelf.answers = {question: shelf.ask(question, room / "out").out for question in _QUESTIONS}
        assert {"duplicate", "superseded"} & shelf.release["left_out"].keys(), shelf.release
        return shelf

    def given(self, folder: str, out: Path) -> tuple[object, ...]:
        """Return the arguments of the command `run`."""
        return ("--input", self.room / folder, "--out", out, "--store", _STORE, "--engine", "in-process", "--json")

    def rerun(self, out: Path) -> Said:
        """Run the recipe into `out`, with a store that has the earlier version alone."""
        self._fresh()
        return command("run", self.room / "cuentos.toml", *self.given("in", out))

    def rebuild(self, out: Path) -> Said:
        """Build the release of the run, in a store that has the earlier version alone."""
        self._fresh()
        named = ("release", "build", _RELEASE, self.run, "--parent", self.earlier)
        return command(*named, "--out", out, "--store", _STORE)

    def ask(self, question: str, out: Path) -> Said:
        """Return the output of a command that reads the run."""
        words = [self.run if word == "RUN" else word for word in _QUESTIONS[question]]
        return command(*words, "--out", out)

    def _fresh(self) -> None:
        MemoryFileSystem.store.clear()
        filesystem = MemoryFileSystem()
        for path, data in self.store.items():
            filesystem.pipe_file(path, data)
        # What a process remembers of files: a damaged one has the size and the time that it had.
        durable._known_digest.cache_clear()  # noqa: SLF001  (no command runs twice in a process)


_QUESTIONS: Final = {
    "explain": ("explain", _WORDS, "--json"),
    "measure": ("measure", "RUN", "--json"),
    "sample": ("sample", "RUN", "--internal", "--json"),
    "sample --set-aside": ("sample", "RUN", "--internal", "--set-aside", "--json"),
}


def _write(folder: Path, files: int, numbers: range, sentences: int) -> None:
    """Write files of documents: some are near-duplicates, some are too short to be kept."""
    folder.mkdir()
    for file in range(files):
        rows = []
        for n in numbers:
            number = 100 * file + n if n % 4 else n
            text = " ".join(template.format(n=number * 7 + k) for k, template in enumerate(_SENTENCES[:sentences]))
            rows.append({"id": f"{folder.name}-{file}-{n}", "text": text if n % 7 else "Inicio\nContacto\nMapa"})
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{file}.jsonl").write_text(lines, encoding="utf-8")


def _released() -> dict[str, Any]:
    """Return the content of the latest version, without the time at which it was made."""
    store = Store.at(_STORE)
    reported = load_manifest(store, *store.find(_RELEASE)).model_dump(mode="json")
    del reported["created"]
    reported["files"] = {name: of for name, of in reported["files"].items() if name.endswith(".parquet")}
    reported["runs"] = [(run["id"], run["rows"], run["failed_parts"]) for run in reported["runs"]]
    return reported


def roles(out: Path) -> dict[str, list[Path]]:
    """Return the files of a run by their role, without links to other folders."""
    results: dict[str, list[Path]] = {}
    for path in sorted(path for kind in ("work", "runs") for path in (out / kind).rglob("*")):
        if path.is_file() and not path.is_symlink():
            results.setdefault(_role(path.relative_to(out)), []).append(path)
    return results


def _role(path: Path) -> str:
    """Return the role of a file.

    >>> _role(Path("work/ab/ab12/rows.parquet")), _role(Path("runs/cuentos-1a2b3c4d/filters/genres/web.toml"))
    ('work: rows.parquet', 'runs: filters')
    """
    kind, *folders, name = path.parts
    if name in ("lock", ".lock"):
        return "lock"
    if kind == "work":
        return f"work: {name if len(folders) > 1 and len(folders[0]) == 2 else (folders or [name])[0]}"
    return f"runs: {folders[1] if len(folders) > 1 else name}"


def harm(path: Path, kind: str, chance: random.Random) -> str:
    """Damage a file as a disk does, and return a description of the damage."""
    state, data = path.stat(), bytearray(path.read_bytes())
    if kind == "deleted":
        path.unlink()
        return "deleted"
    if kind == "flip" and data:
        place = chance.randrange(8 * len(data))
        data[place // 8] ^= 1 << place % 8
        reported = f"bit {place % 8} of byte {place // 8} of {len(data)}"
    else:
        size = chance.randrange(len(data)) if kind == "cut" and data else 0
        reported = f"cut to {size} of {len(data)} bytes"
        del data[size:]
    with path.open("r+b") as file:  # in place, so that other names of the file are damaged too
        file.write(data)
        file.truncate()
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    return reported


@dataclass(frozen=True)
class Trial:
    """One damage and its effects.

    Attributes:
        role: of the file.
        kind: of the damage.
        place: the file, and where in it.
        refused: whether a command refused before the recipe was run again.
        is_reported: whether the run reported damage.
        wrong: what should not have been, a sentence each.
    """

    role: str
    kind: str
    place: str
    refused: bool
    is_reported: bool
    wrong: tuple[str, ...]


def trial(shelf: Shelf, name: str, role: str, kind: str, chance: random.Random) -> Trial:
    """Damage one file of a copy of the undisturbed run, and run the commands on it."""
    out = shelf.room / name
    # By `cp`: files that are one must be one in the copy too.
    subprocess.run(["cp", "-a", str(shelf.room / "out"), str(out)], check=True)
    path = chance.choice(roles(out)[role])
    place = f"{path.relative_to(out)}: {harm(path, kind, chance)}"
    wrong: list[str] = []
    answers = {question: shelf.ask(question, out) for question in _QUESTIONS}
    for question, answer in answers.items():
        if answer.code == 0 and answer.out != shelf.answers[question]:
            wrong.append(f"{question} says something else with exit code 0")
    answers["build"] = shelf.rebuild(out)
    if answers["build"].code == 0 and _released() != shelf.release:
        wrong.append("the release of the damaged run differs with exit code 0")
    answers["list"] = command("runs", "list", "--json", "--out", out)
    refused = any(answer.code for answer in answers.values())
    answers["run"] = shelf.rerun(out)
    if answers["run"].code:
        wrong.append(f"the recipe can't be run again: {answers['run'].err.strip()}")
    elif _released() != shelf.release:
        wrong.append("the release of the run differs with exit code 0")
    answers["build again"] = shelf.rebuild(out)
    if answers["build again"].code or _released() != shelf.release:
        wrong.append(f"the release can't be built again: {answers['build again'].err.strip()}")
    for question in _QUESTIONS if refused else ():
        answers[f"{question} again"] = shelf.ask(question, out)
        if answers[f"{question} again"].out != shelf.answers[question]:
            wrong.append(f"{question} isn't what it was after the recipe was run again")
    wrong += [f"{what}: a traceback\n{answer.traceback}" for what, answer in answers.items() if answer.traceback]
    shutil.rmtree(out)
    return Trial(role, kind, place, refused, "damaged" in answers["run"].err, tuple(wrong))


def drawn(shelf: Shelf, flips: int, per_kind: int, seed: int) -> list[tuple[str, str]]:
    """Draw the roles and kinds of damage: roles in turn, `flips` flips and `per_kind` of each other kind."""
    names = sorted(roles(shelf.room / "out"))
    kinds = ["flip"] * flips + [kind for kind in KINDS[1:] for _ in range(per_kind)]
    order = random.Random(seed)
    turns = [name for _ in range(len(kinds) // len(names) + 1) for name in order.sample(names, len(names))]
    return list(zip(turns, kinds, strict=False))


def options(parser: argparse.ArgumentParser) -> None:
    """Add the benchmark's options."""
    parser.add_argument("--flips", type=int, default=300, help="bits flipped, one at a time; 300 by default")
    parser.add_argument("--others", type=int, default=20, help="files cut, emptied and deleted, each; 20 by default")
    parser.add_argument("--seed", type=int, default=SEED, help="another one damages other places")


def measure(args: argparse.Namespace) -> Report:
    """Return the effect of each damage, by the role of the file."""
    with tempfile.TemporaryDirectory(prefix="latam-damage-") as name:
        shelf = Shelf.made(Path(name))
        chance = random.Random(args.seed)
        results = [
            trial(shelf, f"trial-{number}", role, kind, chance)
            for number, (role, kind) in enumerate(drawn(shelf, args.flips, args.others, args.seed))
        ]
    settings = {"flips": args.flips, "others": args.others, "seed": args.seed}
    bad = [(result.place, result.kind, "; ".join(result.wrong)) for result in results if result.wrong]
    tables = (
        _table(results),
        *([Table("What should not have been", ("file", "damage", "what"), tuple(bad))] if bad else []),
    )
    return Report("damage", {}, settings, tables, _NOTES)


def _table(results: Sequence[Trial]) -> Table:
    rows: list[tuple[object, ...]] = []
    for role in (*sorted({result.role for result in results}), "all"):
        role_results = [result for result in results if role in (result.role, "all")]
        kinds = Counter(result.kind for result in role_results)
        broken = sum(any("traceback" in what for what in result.wrong) for result in role_results)
        silent = sum(any("exit code 0" in what for what in result.wrong) for result in role_results)
        counted = (sum(result.refused for result in role_results), sum(result.is_reported for result in role_results))
        other_faults = sum(bool(result.wrong) for result in role_results) - broken - silent
        rows.append((role, *(kinds[kind] for kind in KINDS), *counted, silent, broken, max(other_faults, 0)))
    heads = (
        "file",
        *(f"{kind}#" for kind in KINDS),
        "refused#",
        "made anew#",
        "other with exit 0#",
        "tracebacks#",
        "else#",
    )
    return Table("Damage to what a run has stored", heads, tuple(rows))
