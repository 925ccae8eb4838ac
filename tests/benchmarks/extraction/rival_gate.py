r"""datatrove on a web archive, as `gate` starts it with another Python.

`PYTHON rival_gate.py WARC OUT MODEL` reads the archive with datatrove's WARC reader, extracts with its trafilatura
block and keeps what the toolkit's language model says is Spanish or Portuguese; it writes the texts that it keeps by
their addresses as JSON to OUT and prints what it used as one line of JSON. It needs nothing of this project but the
file `rival.py`.

    rival-extraction/bin/pip install datatrove==0.10.1 "lxml[html-clean]" warcio faust-cchardet python-magic orjson \
        xxhash fasttext-community==0.11.9 pyarrow==26.0.1
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

# As a script it has only its own folder on the path.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# A page's time by the clock: on a busy machine the block's own second would cost it pages.
_TIMEOUT = 60


def _main(archive: str, out: str, model: str) -> None:
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.extractors import Trafilatura
    from datatrove.pipeline.readers import WarcReader
    from loguru import logger
    from rival import language_filter  # type: ignore[import-not-found]

    logger.remove()
    kept: dict[str, str] = {}

    def note(data: Any, _rank: int = 0, _world_size: int = 1) -> Any:
        for document in data:
            kept[document.metadata["url"]] = document.text
            yield document

    path = Path(archive)
    extractor = Trafilatura(timeout=_TIMEOUT)
    extractor.extract("")  # what isn't installed ends this here; a worker that ends for it is waited for at each page
    steps = [
        WarcReader(str(path.parent), glob_pattern=path.name),
        extractor,
        language_filter(model),
        note,
    ]
    started = sum(os.times()[:4])
    with tempfile.TemporaryDirectory() as logs:
        LocalPipelineExecutor(pipeline=steps, tasks=1, workers=1, logging_dir=logs).run()
    Path(out).write_text(json.dumps(kept))
    sys.stdout.write(json.dumps({"cpu": sum(os.times()[:4]), "started": started}) + "\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])
