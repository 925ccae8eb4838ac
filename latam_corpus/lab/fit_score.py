"""Train a quality score in a separate process: `python -m latam_corpus.lab.fit_score JOB.json`.

`lab/fasttext_process.py` starts it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import fasttext
import numpy as np

from latam_corpus.lab.fasttext_process import run_job
from latam_corpus.quality.learned import END, save_model

GOOD: Final = "__label__good"
BAD: Final = "__label__bad"


def fit(job: dict[str, Any]) -> None:
    """Train a model, and write it as one number per word.

    `job` has the paths `lines` and `out`, fastText's options under `train`, and facts under `about`. If `keep` is a
    path, fastText's model is written there too.
    """
    model = fasttext.train_supervised(input=job["lines"], **job["train"])
    if job.get("keep"):  # for a test that compares both models
        model.save_model(job["keep"])
    words, output = model.get_words(), model.get_output_matrix()
    labels = model.get_labels()
    difference = output[labels.index(GOOD)] - output[labels.index(BAD)]
    weights = model.get_input_matrix() @ difference
    word_indices = [index for index, word in enumerate(words) if word != END]
    hashes = np.array([int(words[index], 16) for index in word_indices], np.uint64)
    end = float(weights[words.index(END)]) if END in words else 0.0
    save_model(Path(job["out"]), hashes, weights[word_indices], weights[len(words) :], end, job["about"])


if __name__ == "__main__":
    run_job(fit)
