"""The stage `filter`: bounds to drop reasons. The reason is computed from the bound and never typed by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from latam_corpus.policy import cached_policies
from latam_corpus.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from latam_corpus.batch import Batch
    from latam_corpus.policy import Bound


def outside(values: NDArray[np.float32], bound: Bound) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which values are below the bound's minimum, and which above its maximum, as `filter` decides it.

    >>> from latam_corpus.policy import Bound
    >>> below, above = outside(np.array([0.1, 0.5, np.nan], np.float32), Bound("digit_share", 0.2, None, ""))
    >>> below.tolist(), above.tolist()
    ([True, False, False], [False, False, False])
    """
    # Not-a-number compares false both ways: a signal that the language has no list for passes.
    below = values < np.float32(-np.inf if bound.minimum is None else bound.minimum)
    above = values > np.float32(np.inf if bound.maximum is None else bound.maximum)
    return below, above


@dataclass(frozen=True)
class Filter(Stage):
    """The stage that gives a drop reason to every document outside a bound of its language and genre.

    Attributes:
        policies: a `filters/` folder; the shipped one when empty.
        signals: names of signals to measure beside those that are bounded; `all` for every one.
        word_lists: a folder of word lists, for `dictionary_word_rate`.
        quality_model: of `quality train`, for `learned_quality`.
        scores: a Parquet file with `doc_id` and `score`, for `outside_score`.
        flagged_words: a folder of word lists, for `flagged_word_share`.
    """

    policies: str = ""
    signals: tuple[str, ...] = ()
    word_lists: str = ""
    quality_model: str = ""
    scores: str = ""
    flagged_words: str = ""

    # A folder is what its files say (`fingerprint`), wherever it is; what is measured is the stage before's concern.
    by_content: ClassVar[tuple[str, ...]] = (
        "policies",
        "signals",
        "word_lists",
        "quality_model",
        "scores",
        "flagged_words",
    )
    name: ClassVar[str] = "filter"
    needs: ClassVar[frozenset[str]] = frozenset({"signals", "language", "genre"})
    gives: ClassVar[frozenset[str]] = frozenset({"drop_reason"})
    # A plan stores what was measured, so that a changed bound re-decides it without reading a text.
    stored_before: ClassVar[bool] = True

    def expand(self) -> tuple[Stage, ...]:
        """What a plan runs for it: measuring is kept apart, so that a changed bound measures nothing anew."""
        from latam_corpus.quality.measure import Measure  # a verdict doesn't rest on what measures

        measure = Measure(
            self.policies, self.signals, self.word_lists, self.quality_model, self.scores, self.flagged_words
        )
        return (measure, self)

    @property
    def policy_folder(self) -> Path:
        """The folder of policies that it decides by."""
        return cached_policies(self.policies).folder

    def fingerprint(self) -> str:
        """Changes when a bound does."""
        return cached_policies(self.policies).bounds_digest()

    def fingerprint_for(self, entering: Collection[tuple[str, str]]) -> str:
        """Changes when a bound does that documents of these languages and genres must keep."""
        return cached_policies(self.policies).bounds_digest(entering)

    def __call__(self, batch: Batch) -> Batch:
        """The batch with `drop_reason` where a signal is out of its bounds; the evidence names every such signal."""
        policies = cached_policies(self.policies)
        signals = batch.frame["signals"].struct.unnest()
        values = {name: signals[name].to_numpy() for name in signals.columns}
        pairs = list(zip(batch.frame["language"].fill_null("und"), batch.frame["genre"], strict=True))
        bounds = {pair: policies.bounds(*pair) for pair in set(pairs)}
        reasons: list[str | None] = [None] * len(pairs)
        evidence: list[dict[str, Any] | None] = [None] * len(pairs)
        for pair, found in bounds.items():
            rows = np.array([i for i, p in enumerate(pairs) if p == pair], np.int64)
            for row, broken in _broken(found, values, rows).items():
                reasons[row] = broken[0][0]
                evidence[row] = dict(broken)
        return batch.drop(reasons, evidence)


def _broken(
    bounds: tuple[Bound, ...], values: Mapping[str, NDArray[np.float32]], rows: NDArray[np.int64]
) -> dict[int, list[tuple[str, float]]]:
    """For each row outside a bound its reasons and measured values, in the order of the bounds."""
    found: dict[int, list[tuple[str, float]]] = {}
    for bound in bounds:
        measured = values[bound.signal][rows]
        too_low, too_high = outside(measured, bound)
        for place in np.flatnonzero(too_low | too_high).tolist():
            reason = bound.too_low if too_low[place] else bound.too_high
            found.setdefault(int(rows[place]), []).append((reason, round(float(measured[place]), 4)))
    return found
