"""The identifiers that are measured, each run in a process of its own by one protocol."""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from latam_corpus.codes import UNDETERMINED, groups, known_code
from latam_corpus.errors import ConfigError
from latam_corpus.language.classifier.windows_kernels import MOST_WINDOWS, WINDOW

from .samples import write

if TYPE_CHECKING:
    from collections.abc import Sequence

OURS: Final = "latam_corpus"
STAGE: Final = "latam_corpus, the stage with varieties"
RIVALS: Final = ("lid.176", "heliport", "py3langid", "cld3")
SURE: Final = "lid.176, p ≥ .65"
CUT: Final = "lid.176, first 1,600 characters"
_LEAST: Final = 0.65  # the threshold of datatrove and FineWeb
_AT_ONCE: Final = 4  # processes that share the pages of libraries
_PAUSE: Final = 0.02  # seconds from one look at their pages to the next
_WINDOWS: Final = MOST_WINDOWS * WINDOW  # characters: as many as ours reads of a document


@dataclass(frozen=True)
class Told:
    """The resources of a process.

    Attributes:
        cpu: CPU seconds for the texts.
        load: CPU seconds until the first text is named.
        peak_mb: the most resident memory.
        imports_mb: what of it the interpreter and the imports have.
        texts_mb: what of it the texts have.
        files_mb: what is resident at the end of libraries and other files, which several workers have once.
        version: of what named them.
    """

    cpu: float
    load: float
    peak_mb: float
    imports_mb: float
    texts_mb: float
    files_mb: float
    version: str


@dataclass(frozen=True)
class Share:
    """The peak memory of each of several concurrent processes.

    Attributes:
        share_mb: its own pages, and its share of those that several have (proportional set size).
        own_mb: the former alone, which is what a further process adds.
    """

    share_mb: float
    own_mb: float


@dataclass(frozen=True)
class Named:
    """A system's verdict on each text.

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
    """Run a system on the texts of a file; return its verdicts and its cost.

    Raises:
        ConfigError: the system can't be run; its last line says why.
    """
    out = folder / "named.tsv"
    command, environment = _started(system, texts, out, python, model)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        reported = done.stderr.strip().splitlines()
        raise ConfigError(
            system, reported[-1] if reported else f"exit code {done.returncode}", "see language/rivals.py"
        )
    rows = [line.split("\t") for line in out.read_text("utf-8").splitlines()]
    labels = [row[0] for row in rows]
    other_labels = [row[2] if len(row) > 2 else "" for row in rows]
    results = Named(system, [group(label) for label in labels], labels, [float(row[1]) for row in rows], other_labels)
    return results, Told(**json.loads(done.stdout.strip().splitlines()[-1]))


def _started(system: str, texts: Path, out: Path, python: Path | None, model: str) -> tuple[list[str], dict[str, str]]:
    """Return the command that names the texts of a file, and its environment."""
    if system in (OURS, STAGE):
        kind = "stage" if system == STAGE else "judge"
        command = [sys.executable, "-P", str(Path(__file__).with_name("ours.py")), str(texts), str(out), kind]
    else:
        script = str(Path(__file__).with_name("rivals.py"))
        command = [str(python), script, system, str(texts), str(out), *([model] if model else [])]
    # Ours loads compiled code with its model, not while the time is taken.
    one_thread = {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    return command, os.environ | one_thread | {"LATAM_CORPUS_COMPILE": "1"}


def remembered(
    system: str, texts: Path, folder: Path, python: Path | None, model: str, keep: Path | None
) -> tuple[Named, str]:
    """Return a system's verdicts on the texts, and its version; a rival's verdicts are cached in a folder."""
    if keep is None or system == OURS:
        results, reported = call(system, texts, folder, python, model)
        return results, reported.version
    digest = hashlib.sha256(f"{system} {python} {model} ".encode() + texts.read_bytes()).hexdigest()[:16]
    path = keep / f"{system}-{digest}.json.xz"
    if path.is_file():
        with lzma.open(path, "rt", encoding="utf-8") as file:
            cached = json.load(file)
        return Named(**cached["named"]), cached["version"]
    results, reported = call(system, texts, folder, python, model)
    keep.mkdir(parents=True, exist_ok=True)
    with lzma.open(path, "wt", encoding="utf-8", preset=0) as file:
        json.dump({"version": reported.version, "named": asdict(results)}, file)
    return results, reported.version


def sure(results: Named, minimum: float = _LEAST) -> Named:
    """Return the same verdicts with `und` where the system's own confidence is below the minimum."""
    sure_groups = [
        group_code if score >= minimum else UNDETERMINED
        for group_code, score in zip(results.groups, results.scores, strict=True)
    ]
    return Named(SURE, sure_groups, results.labels, results.scores, results.others)


def group(label: str) -> str:
    """Return the code under which a system's label is judged.

    >>> group("es"), group("quy_Latn"), group("qu"), group("unknown")
    ('spa', 'que', 'que', 'und')
    """
    code = known_code(label.replace("-", "_").split("_")[0]) or UNDETERMINED
    return groups().of.get(code, code)


def speed(system: str, texts: Sequence[str], folder: Path, python: Path | None, model: str, rounds: int) -> list[Told]:
    """Measure the cost of naming these documents, by round; `CUT` is lid.176 on as much text as ours reads."""
    system, path = _documents(system, texts, folder)
    return [call(system, path, folder, python, model)[1] for _ in range(rounds)]


def share(system: str, texts: Sequence[str], folder: Path, python: Path | None, model: str) -> Share:
    """Measure the memory of four concurrent processes, on Linux; `CUT` as in `speed`.

    Raises:
        ConfigError: one of them failed.
    """
    system, path = _documents(system, texts, folder)
    peaks = [(0.0, 0.0)] * _AT_ONCE
    running: list[subprocess.Popen[bytes]] = []
    for n in range(_AT_ONCE):
        command, environment = _started(system, path, folder / f"named-{n}.tsv", python, model)
        quiet = subprocess.DEVNULL
        running.append(subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet))
    while all(process.poll() is None for process in running):
        for n, process in enumerate(running):
            results = _pages_mb(process.pid)
            peaks[n] = max(peaks[n][0], results[0]), max(peaks[n][1], results[1])
        time.sleep(_PAUSE)
    ended = [process.wait() for process in running]
    if any(ended):
        raise ConfigError(system, f"one of {_AT_ONCE} processes failed", "run it alone to see why")
    return Share(sum(pair[0] for pair in peaks) / _AT_ONCE, sum(pair[1] for pair in peaks) / _AT_ONCE)


def _documents(system: str, texts: Sequence[str], folder: Path) -> tuple[str, Path]:
    """Return the system to call, and its input file."""
    path = folder / "documents.jsonl"
    write(path, [text[:_WINDOWS] for text in texts] if system == CUT else texts)
    return "lid.176" if system == CUT else system, path


def _pages_mb(process: int) -> tuple[float, float]:
    """Return the proportional set size of a process, and its private part; zeros if the kernel reports neither."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:  # it has just ended
        return 0.0, 0.0
    held = {line.split(":")[0]: int(line.split()[1]) * 1024 / 1e6 for line in lines[1:]}
    return held.get("Pss", 0.0), held.get("Private_Clean", 0.0) + held.get("Private_Dirty", 0.0)
