"""Training and quantization by fastText, as a process of its own: `python -m latam_corpus.language.fit JOB.json`.

fastText reads uninitialised memory in training and at times stops with "Encountered NaN"; under
`MALLOC_MMAP_THRESHOLD_=4096`, which must be set before a process starts, 60 of 60 trainings passed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import fasttext

ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": "4096", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def fit(job: dict[str, Any]) -> None:
    """Write the quantized model that the job describes: `lines`, `out`, `train` and `quantize` options."""
    model = fasttext.train_supervised(input=job["lines"], **job["train"])
    model.quantize(input=job["lines"], **job["quantize"])
    model.save_model(job["out"])


if __name__ == "__main__":
    fit(json.loads(Path(sys.argv[1]).read_text("utf-8")))
