"""A `kill -9` of the parent or of a worker at any moment costs at most the parts in flight.

The same command again gives the shards of an undisturbed run, byte for byte, and no process outlives its parent.
`LATAM_CORPUS_KILLS` says how many moments are tried: two in `make test`, thirty in `make gate`.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import CommandLine, SmallRecipe, SmallSource

_KILLS = int(os.environ.get("LATAM_CORPUS_KILLS", "2"))
_SEED = 20261125
_SENTENCE = "la barca salió del puerto antes del alba y volvió con la red vacía como todos los días de ese invierno"
_WORDS = _SENTENCE.split()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, small_recipe: SmallRecipe, small_source: SmallSource) -> Path:
    """Six files of thirty documents, a few of them similar."""
    folder = tmp_path_factory.mktemp("kill")
    (folder / "in").mkdir()
    stages = ("repair", "identify", "filter", "redact", "dedupe")
    (folder / "receta.toml").write_text(small_recipe(*stages, release=""))
    (folder / "fuente.toml").write_text(small_source())
    chance = random.Random(_SEED)
    for number in range(6):
        rows = []
        for k in range(30):
            text = " ".join(chance.choice(_WORDS) for _ in range(chance.choice([30, 300])))
            rows.append({"id": f"{number}-{k}", "text": text if k % 10 else f"{' '.join(_WORDS)}. " * 3})
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / "in" / f"{number:02}.jsonl").write_text(lines)
    return folder


def _words(room: Path, out: Path, work: str) -> list[str]:
    given = ["--input", f"fuente={room / 'in'}", "--out", str(out)]
    return ["run", str(room / "receta.toml"), *given, "--work", work, "--workers"]


def _process(room: Path, out: Path, work: str = "all") -> subprocess.Popen[bytes]:
    """Start the command with two workers."""
    command = [sys.executable, "-m", "latam_corpus", *_words(room, out, work), "2"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def _shards(out: Path) -> set[str]:
    """The names of the released shards, which are their hashes."""
    return {path.name for path in (out / "store" / "objects").rglob("*.parquet")}


def _below(pid: int) -> list[int]:
    """Return the process's descendants, the nearest first."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(folder.name))
    actual = list(parents.get(pid, []))
    for child in actual:
        actual += parents.get(child, [])
    return actual


def _alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists() and _state(pid) != "Z"]


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds workers through /proc")
def test_a_kill_at_any_moment_costs_nothing_but_time(
    room: Path, tmp_path: Path, command_line: CommandLine, figures: dict[str, float]
) -> None:
    """After kills of parent and workers at random moments, the command again completes the run.

    Where less work stays, a run is killed while it removes some of it, too.
    """
    started = time.monotonic()
    assert _process(room, tmp_path / "undisturbed").wait(timeout=300) == 0
    takes = time.monotonic() - started
    undisturbed = _shards(tmp_path / "undisturbed")
    assert undisturbed
    chance = random.Random(_SEED)
    for number in range(_KILLS):
        out = tmp_path / f"killed-{number}"
        work = ("measured", "none", "all")[number // 2 % 3]
        process = _process(room, out, work)
        time.sleep(chance.uniform(0.1, takes))
        workers = _below(process.pid)
        victim = chance.choice(workers) if number % 2 and workers else process.pid
        with suppress(ProcessLookupError):  # it was done already: that moment is tried too
            os.kill(victim, signal.SIGKILL)
        process.wait(timeout=300)
        deadline = time.monotonic() + 120
        while _alive(workers) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not _alive(workers), "a worker outlived its parent"
        result = command_line(*_words(room, out, work), "1")
        assert result.code == 0, result.err
        assert _shards(out) == undisturbed
        shutil.rmtree(out)
    figures["kills survived"] = _KILLS
