"""The stage `measure`: every signal of every document, kept of dropped ones too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from latam_corpus import schema
from latam_corpus.quality.policies import cached_policies
from latam_corpus.text.signals import measure
from latam_corpus.text.stops import StopCounts

if TYPE_CHECKING:
    from latam_corpus.batch import Batch


@dataclass(frozen=True)
class Measure:
    """The stage that measures.

    Attributes:
        policies: a `filters/` folder whose stop words to use; the shipped one when empty.
    """

    policies: str = ""

    # A folder is what its files say (`fingerprint`), wherever it is.
    by_content: ClassVar[tuple[str, ...]] = ("policies",)
    name: ClassVar[str] = "measure"
    needs: ClassVar[frozenset[str]] = frozenset({"text", "language"})
    gives: ClassVar[frozenset[str]] = frozenset({"signals"})

    def fingerprint(self) -> str:
        """Changes when stop words do; a changed bound measures nothing anew."""
        return cached_policies(self.policies).lexicon_digest()

    def __call__(self, batch: Batch) -> Batch:
        """The batch with the struct `signals`."""
        policies = cached_policies(self.policies)
        codes = {code: policies.language(code).language for code in batch.frame["language"].unique().drop_nulls()}
        languages = [codes.get(code, "und") for code in batch.frame["language"]]
        stops = StopCounts.of(batch.words, policies.stop_table, languages, policies.background)
        values = measure(batch.words, stops)
        signals = pl.DataFrame({name: values[name] for name in schema.SIGNALS}).to_struct("signals")
        return batch.with_columns({"signals": signals.cast(schema.SIGNAL_STRUCT)})
