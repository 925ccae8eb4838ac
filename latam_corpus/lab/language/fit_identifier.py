"""`python -m latam_corpus.lab.language.fit_identifier JOB.json`: trains, quantizes, see `text/fasttext_process.py`."""

from __future__ import annotations

from typing import Any

import fasttext

from latam_corpus.text.fasttext_process import run_job


def fit(job: dict[str, Any]) -> None:
    """Write the quantized model that the job describes: `lines`, `out`, `train` and `quantize` options."""
    model = fasttext.train_supervised(input=job["lines"], **job["train"])
    model.quantize(input=job["lines"], **job["quantize"])
    model.save_model(job["out"])


if __name__ == "__main__":
    run_job(fit)
