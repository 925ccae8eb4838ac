"""Run datatrove for comparison: `rival.py` and similar scripts, in another Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latam_corpus.errors import ConfigError
from latam_corpus.language.model_files import SHIPPED, locate
from latam_corpus.policies.policy import Policies

from .own import Told

if TYPE_CHECKING:
    from collections.abc import Sequence


def rival_apart(python: Path, source: Path, out: Path, row: str) -> Told:
    """The text path by datatrove, in a process of its own.

    Args:
        python: a Python with datatrove.
        source: a folder of JSONL files or of web archives.
        out: its folder, made anew.
        row: `stock`, or `regex` with a tokenizer handed in.

    Raises:
        ConfigError: it can't be run.
    """
    languages = Policies.load().languages
    words = sorted({word for code in ("spa", "por") if (lists := languages[code].stop_words) for word in lists.words})
    shutil.rmtree(out, ignore_errors=True)
    script = Path(__file__).with_name("rival.py")
    reported = run_script(python, script, (str(source), str(out), str(locate(SHIPPED)[0]), row, json.dumps(words)))
    return Told(**reported, children_peak_mb=0.0, phases=[])


def run_script(python: Path, script: Path, arguments: Sequence[str]) -> dict[str, Any]:
    """Return the script's report of its run: the last line of its output, JSON.

    Raises:
        ConfigError: it can't be run.
    """
    if not python.exists():
        raise ConfigError("--rival-python", f"there is no {python}", f"see the first lines of {script.name}")
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [str(python), str(script), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        problem = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1]
        raise ConfigError(str(python), problem, f"see the first lines of {script.name}")
    results: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return results
