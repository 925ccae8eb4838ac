"""The shipped policies' verdicts on texts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl

from latam_corpus.batch import Batch
from latam_corpus.quality.filter import Filter
from latam_corpus.quality.measure import Measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .good import Text

_BATCH = 2_000_000  # characters


def measured(texts: Sequence[Text]) -> pl.DataFrame:
    """The texts as rows with their signals: kind, language, genre, signals."""
    frames = []
    start = size = 0
    for end, text in enumerate(texts, 1):
        size += len(text.text)
        if size >= _BATCH or end == len(texts):
            frames.append(_measured(texts[start:end]))
            start, size = end, 0
    return pl.concat(frames)


def _measured(texts: Sequence[Text]) -> pl.DataFrame:
    columns = ("kind", "language", "genre", "text")
    frame = pl.DataFrame({name: [getattr(text, name) for text in texts] for name in columns})
    return Measure()(Batch(frame)).frame.drop("text")


def reasons(frame: pl.DataFrame, genre: str | None = None) -> list[list[str]]:
    """The bounds that each row breaks, as drop reasons, the one that drops it first; as `genre` when one is named."""
    named = frame if genre is None else frame.with_columns(genre=pl.lit(genre))
    judged = Filter()(Batch(named)).frame
    return [list(json.loads(report)) if report else [] for report in judged["evidence"]]
