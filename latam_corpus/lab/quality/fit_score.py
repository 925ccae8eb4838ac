"""`python -m latam_corpus.lab.quality.fit_score JOB.json`: trains a score, see `text/fasttext_process.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import fasttext
import numpy as np

from latam_corpus.quality.learned import END, save_model
from latam_corpus.text.fasttext_process import run_job

GOOD: Final = "__label__good"
BAD: Final = "__label__bad"


def fit(job: dict[str, Any]) -> None:
    """Write the model that the job describes: `lines`, `out`, `train` options, and what is told `about` it."""
    model = fasttext.train_supervised(input=job["lines"], **job["train"])
    if job.get("keep"):  # for a test that holds the folded model against the whole one
        model.save_model(job["keep"])
    words, output = model.get_words(), model.get_output_matrix()
    labels = model.get_labels()
    difference = output[labels.index(GOOD)] - output[labels.index(BAD)]
    worth = model.get_input_matrix() @ difference
    listed = [index for index, word in enumerate(words) if word != END]
    hashes = np.array([int(words[index], 16) for index in listed], np.uint64)
    end = float(worth[words.index(END)]) if END in words else 0.0
    save_model(Path(job["out"]), hashes, worth[listed], worth[len(words) :], end, job["about"])


if __name__ == "__main__":
    run_job(fit)
