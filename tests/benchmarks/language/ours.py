"""The toolkit's identifier on texts, by the protocol of `rivals`, in a process of its own.

`python -P ours.py TEXTS NAMED [stage]`, so that nothing of the benchmarks is imported; with `stage` the texts pass
through the stage `identify`, with its varieties, else through `judge` alone.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import polars as pl

from latam_corpus.__about__ import __version__
from latam_corpus.batch import Batch
from latam_corpus.language.identify import Identify
from latam_corpus.language.judge import judge
from latam_corpus.language.model import load

_AT_ONCE = 2000


def _main(texts: str, named: str, kind: str = "judge") -> None:
    previous = _memory_mb("VmRSS")
    with Path(texts).open(encoding="utf-8") as lines:
        given = pl.Series([json.loads(line) for line in lines], dtype=pl.String)
    held = _memory_mb("VmRSS") - previous
    started = time.process_time()
    model, stage = load(), Identify()
    warm = ["Una frase para que todo esté cargado, y lo que se compila, compilado.", "words of another language"]
    stage(Batch(pl.DataFrame({"text": warm})))
    loaded = time.process_time()
    rows: list[tuple[str, float, str]] = []
    for first in range(0, len(given), _AT_ONCE):
        batch = given[first : first + _AT_ONCE]
        if kind == "stage":
            frame = stage(Batch(pl.DataFrame({"text": batch}))).frame
            rows += [(str(a), float(b), "") for a, b in frame.select("language", "language_score").rows()]
        else:
            rows += [
                (verdict.language, verdict.score, " ".join(f"{code}:{share}" for code, share in verdict.languages))
                for verdict in judge(model, batch)
            ]
    ended = time.process_time()
    Path(named).write_text("".join(f"{a}\t{b:.4f}\t{c}\n" for a, b, c in rows), encoding="utf-8")
    reported = {
        "cpu": ended - loaded,
        "load": loaded - started,
        "peak_mb": _memory_mb("VmHWM"),
        "imports_mb": previous,
        "texts_mb": held,
        "files_mb": _memory_mb("RssFile"),
        "version": f"{__version__}, model {model.digest[:12]}",
    }
    sys.stdout.write(json.dumps(reported) + "\n")


def _memory_mb(field: str) -> float:
    """Resident memory now (VmRSS), at the most (VmHWM) or of pages of files (RssFile), on Linux."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return float(next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(field)), 0))


if __name__ == "__main__":
    _main(*sys.argv[1:])
