"""A plug-in: a stage that ends each text with a line, and a signal that a policy may bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import polars as pl

import latam_corpus as lc
from latam_corpus.signals.shares import share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latam_corpus.signals.reading import Reading


@dataclass(frozen=True)
class Colophon(lc.Stage):
    """The stage that ends each text with a line, an option of the recipe."""

    line: str = "Fin"
    name: ClassVar[str] = "colophon"
    needs: ClassVar[frozenset[str]] = frozenset({"text"})
    gives: ClassVar[frozenset[str]] = frozenset({"text"})

    def __call__(self, batch: lc.Batch) -> lc.Batch:
        """Return the batch with the line after each text."""
        return batch.with_columns({"text": pl.concat_str("text", pl.lit(f"\n{self.line}"))})


@lc.signal("exclamations_per_word", "exclamation marks per word")
def exclamations(reading: Reading) -> NDArray[np.float32]:
    """Count the marks in the bytes of each document."""
    marks = reading.sum_bytes(reading.words.data == ord("!"))
    return share(marks, reading.words.word_count)
