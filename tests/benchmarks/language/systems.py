"""The identifiers that are measured, each run in a process of its own by one protocol."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.errors import ConfigError
from latam_corpus.language.codes import UNDETERMINED, groups, known_code

from .samples import write

if TYPE_CHECKING:
    from collections.abc import Sequence

OURS: Final = "latam_corpus"
STAGE: Final = "latam_corpus, the stage with varieties"
RIVALS: Final = ("lid.176", "heliport", "py3langid", "cld3")
SURE: Final = "lid.176, p ≥ .65"
_LEAST: Final = 0.65  # the threshold of datatrove and FineWeb


@dataclass(frozen=True)
class Told:
    """What a process used: CPU seconds for the texts and for loading, peak resident MB with and without the texts."""

    cpu: float
    load: float
    peak_mb: float
    without_texts_mb: float
    version: str


@dataclass(frozen=True)
class Named:
    """What a system said of each text.

    Attributes:
        system: its name in the tables.
        groups: the language or group of languages of the Americas that is named, `und` for none.
        labels: as the system said it.
        scores: its own confidence.
        others: the languages of mixed texts, of ours alone.
    """

    system: str
    groups: list[str]
    labels: list[str]
    scores: list[float]
    others: list[str]


def call(system: str, texts: Path, folder: Path, python: Path | None, model: str = "") -> tuple[Named, Told]:
    """What a system says of the texts of a file, and what that cost.

    Raises:
        ConfigError: the system can't be run; its last line says why.
    """
    out = folder / "named.tsv"
    if system in (OURS, STAGE):
        kind = "stage" if system == STAGE else "judge"
        command = [sys.executable, "-P", str(Path(__file__).with_name("ours.py")), str(texts), str(out), kind]
    else:
        script = str(Path(__file__).with_name("rivals.py"))
        command = [str(python), script, system, str(texts), str(out), *([model] if model else [])]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        told = done.stderr.strip().splitlines()
        raise ConfigError(system, told[-1] if told else f"exit code {done.returncode}", "see language/rivals.py")
    rows = [line.split("\t") for line in out.read_text("utf-8").splitlines()]
    labels = [row[0] for row in rows]
    others = [row[2] if len(row) > 2 else "" for row in rows]
    found = Named(system, [group(label) for label in labels], labels, [float(row[1]) for row in rows], others)
    return found, Told(**json.loads(done.stdout.strip().splitlines()[-1]))


def sure(found: Named, least: float = _LEAST) -> Named:
    """The same with `und` where the system's own confidence is lower."""
    kept = [one if score >= least else UNDETERMINED for one, score in zip(found.groups, found.scores, strict=True)]
    return Named(SURE, kept, found.labels, found.scores, found.others)


def group(label: str) -> str:
    """The code under which a system's label is judged.

    >>> group("es"), group("quy_Latn"), group("qu"), group("unknown")
    ('spa', 'que', 'que', 'und')
    """
    code = known_code(label.replace("-", "_").split("_")[0]) or UNDETERMINED
    return groups().of.get(code, code)


def speed(system: str, texts: Sequence[str], folder: Path, python: Path | None, model: str, rounds: int) -> list[Told]:
    """What naming these documents cost, round by round."""
    path = folder / "documents.jsonl"
    write(path, texts)
    return [call(system, path, folder, python, model)[1] for _ in range(rounds)]
