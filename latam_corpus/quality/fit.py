"""Training of a quality model by fastText, as a process of its own: `python -m latam_corpus.quality.fit JOB.json`.

fastText reads uninitialised memory in training and at times stops with "Encountered NaN"; under
`MALLOC_MMAP_THRESHOLD_=4096`, which must be set before a process starts, it didn't.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import fasttext
import numpy as np

from latam_corpus.quality.learned import END, save_model

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
    listed = [place for place, word in enumerate(words) if word != END]
    hashes = np.array([int(words[place], 16) for place in listed], np.uint64)
    end = float(worth[words.index(END)]) if END in words else 0.0
    save_model(Path(job["out"]), hashes, worth[listed], worth[len(words) :], end, job["about"])


if __name__ == "__main__":
    fit(json.loads(Path(sys.argv[1]).read_text("utf-8")))
