"""Train and quantize an identifier in a process: `python -m latam_corpus.lab.language.fit_identifier JOB.json`.

`lab/fasttext_process.py` starts it.
"""

from __future__ import annotations

from typing import Any

import fasttext

from latam_corpus.lab.fasttext_process import run_job


def fit(job: dict[str, Any]) -> None:
    """Train, quantize and write a model.

    `job` has the paths `lines` and `out`, and fastText's options under `train` and `quantize`.
    """
    model = fasttext.train_supervised(input=job["lines"], **job["train"])
    model.quantize(input=job["lines"], **job["quantize"])
    model.save_model(job["out"])


if __name__ == "__main__":
    run_job(fit)
