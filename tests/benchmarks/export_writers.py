"""One writer of one format, as `exports` starts it.

`python export_writers.py FORMAT FOLDER` writes the documents of FOLDER/pulled as tokens into FOLDER/FORMAT, and prints
what it used as one line of JSON. FORMAT is one of this toolkit's, `datatrove` or `datatrove-shuffled`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def ours(form: str, folder: Path) -> int:
    """This toolkit's."""
    from latam_corpus.train import CorpusStream, load_tokenizer
    from latam_corpus.train.export.write_export import COLUMNS, write_export

    stream = CorpusStream(folder / "store", "benchmark", columns=COLUMNS, shuffle=False)
    return write_export(stream, load_tokenizer(folder / "tokenizer.json"), form, folder / form).tokens


def datatrove(form: str, folder: Path) -> int:
    """Datatrove's."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.readers import ParquetReader
    from datatrove.pipeline.tokens import DocumentTokenizer
    from loguru import logger

    logger.remove()
    steps = [
        ParquetReader(str(folder / "pulled" / "data"), text_key="text", id_key="doc_id", read_metadata=False),
        DocumentTokenizer(
            str(folder / form),
            str(folder / "tokenizer.json"),
            eos_token="<|endoftext|>",  # noqa: S106  (no password)
            shuffle_documents=form.endswith("shuffled"),
            seed=7,
            batch_size=256,
        ),
    ]
    LocalPipelineExecutor(pipeline=steps, tasks=1, workers=1, logging_dir=str(folder / f"{form}-logs")).run()
    return sum(file.stat().st_size // 2 for file in (folder / form).glob("*.ds"))


def main() -> None:
    """Write the export, and print the resources that it took."""
    form, folder = sys.argv[1], Path(sys.argv[2])
    begun = sum(os.times()[:4])
    tokens = datatrove(form, folder) if form.startswith("datatrove") else ours(form, folder)
    cpu = sum(os.times()[:4]) - begun
    lines = Path("/proc/self/status").read_text().splitlines()
    [peak] = (line.split()[1] for line in lines if line.startswith("VmHWM"))
    sys.stdout.write(json.dumps({"tokens": tokens, "cpu": cpu, "peak_mb": int(peak) / 1000}) + "\n")


if __name__ == "__main__":
    main()
