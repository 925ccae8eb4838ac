"""The stage `filter`: drop documents outside bounds; drop reasons are always computed from the bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from latam_corpus.policies.policy import cached_policies
from latam_corpus.signals import is_share_of_words
from latam_corpus.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from latam_corpus.batch import Batch
    from latam_corpus.policies.policy import Bound


# Shares of texts with fewer words are compared with more caution: in 10 to 30 words, a single name changes a share by
# more than most bounds allow. Chosen on one half of the sentences of docs/quality.md, where 30 dropped one in 50 of the
# film subtitles, and 60 changed little.
FEW: Final = 40


def outside(
    values: NDArray[np.float32], bound: Bound, words: NDArray[np.float32]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which values are below the bound's minimum and which are above its maximum, two bool[n].

    In a text of fewer than FEW words, a share is compared as if typical words were added up to FEW (`adjusted`).

    Args:
        values: float32[n], the bound's signal.
        bound: the bound.
        words: float32[n], the number of words of each document.

    >>> from latam_corpus.policies.policy import Bound
    >>> few, many = np.full(3, 10, np.float32), np.full(3, 100, np.float32)
    >>> capitals = Bound("mixed_case_word_share", None, 0.05, "")
    >>> shares = np.array([0.1, 0.3, np.nan], np.float32)
    >>> [outside(shares, capitals, words)[1].tolist() for words in (few, many)]
    [[False, True, False], [True, True, False]]
    """
    # Comparisons with NaN are false, so a signal without a list for the language passes.
    low, high = adjusted(values, bound, words)
    below = low < np.float32(-np.inf if bound.minimum is None else bound.minimum)
    above = high > np.float32(np.inf if bound.maximum is None else bound.maximum)
    return below, above


def adjusted(
    values: NDArray[np.float32], bound: Bound, words: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the values to compare with the minimum and with the maximum, each float32[n].

    The share of a short text is taken over FEW words. For a minimum, the missing words have the typical share; for a
    maximum, they have none of the bounded words. The margin over another language gets one more stop word of the
    document's language. Other signals, and signals of longer texts, aren't changed.

    >>> from latam_corpus.policies.policy import Bound
    >>> stops = Bound("stop_word_share", 0.32, None, "", typical=0.53)
    >>> [round(float(side[0]), 3) for side in adjusted(np.array([0.2], np.float32), stops, np.array([20], np.float32))]
    [0.365, 0.1]
    """
    if bound.typical is None:
        return values, values
    if bound.signal == "stop_word_margin":
        # Converted back to words, so that a deficit of one word becomes none.
        with_one_more = (np.rint(values * words) + np.float32(1)) / np.maximum(words, np.float32(1))
        return np.where(words < FEW, with_one_more, values).astype(np.float32), values
    if not is_share_of_words(bound.signal):
        return values, values
    coverage = np.minimum(words / np.float32(FEW), np.float32(1))
    coverage = np.where(np.isnan(coverage), np.float32(1), coverage)
    scaled = (values * coverage).astype(np.float32)
    return (scaled + np.float32(bound.typical) * (1 - coverage)).astype(np.float32), scaled


@dataclass(frozen=True)
class Filter(Stage):
    """The stage that gives a drop reason to every document outside a bound of its language and genre.

    Attributes:
        policies: a `filters/` folder; the shipped one if empty.
        signals: names of signals to measure in addition to those with bounds; `all` for every one.
        word_lists: a folder of word lists, for `dictionary_word_rate`.
        quality_model: a model that `quality train` wrote, for `learned_quality`.
        scores: a Parquet file with `doc_id` and `score`, for `outside_score`.
        flagged_words: a folder of word lists, for `flagged_word_share`.
    """

    policies: str = ""
    signals: tuple[str, ...] = ()
    word_lists: str = ""
    quality_model: str = ""
    scores: str = ""
    flagged_words: str = ""

    # `fingerprint` identifies folders by their content, not by their paths; the other options concern `measure`.
    by_content: ClassVar[tuple[str, ...]] = (
        "policies",
        "signals",
        "word_lists",
        "quality_model",
        "scores",
        "flagged_words",
    )
    name: ClassVar[str] = "filter"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"signals", "language", "genre"})
    gives: ClassVar[frozenset[str]] = frozenset({"drop_reason"})
    # A plan stores the measured signals, so that a changed bound is applied without the texts.
    stored_before: ClassVar[bool] = True

    def expand(self) -> tuple[Stage, ...]:
        """Return the stages that a plan runs; measuring is separate, so that a changed bound repeats no measurement."""
        from latam_corpus.quality.measure import Measure  # imported here, because reading verdicts doesn't need it

        measure = Measure(
            self.policies, self.signals, self.word_lists, self.quality_model, self.scores, self.flagged_words
        )
        return (measure, self)

    @property
    def policy_folder(self) -> Path:
        """The folder of policies with the bounds."""
        return cached_policies(self.policies).folder

    def fingerprint(self) -> str:
        """Return a digest of the bounds."""
        return cached_policies(self.policies).bounds_digest()

    def fingerprint_for(self, entering: Collection[tuple[str, str]]) -> str:
        """Return a digest of the bounds for documents of these languages and genres."""
        return cached_policies(self.policies).bounds_digest(entering)

    def __call__(self, batch: Batch) -> Batch:
        """Set `drop_reason` if a signal is outside its bounds; the evidence names every such signal."""
        policies = cached_policies(self.policies)
        signals = batch.frame["signals"].struct.unnest()
        values = {name: signals[name].to_numpy() for name in signals.columns}
        pairs = list(zip(batch.frame["language"].fill_null("und"), batch.frame["genre"], strict=True))
        bounds = {pair: policies.bounds(*pair) for pair in set(pairs)}
        reasons: list[str | None] = [None] * len(pairs)
        evidence: list[dict[str, Any] | None] = [None] * len(pairs)
        for pair, pair_bounds in bounds.items():
            rows = np.array([i for i, p in enumerate(pairs) if p == pair], np.int64)
            for row, broken in _broken(pair_bounds, values, rows).items():
                reasons[row] = broken[0][0]
                evidence[row] = dict(broken)
        return batch.drop(reasons, evidence)


def _broken(
    bounds: tuple[Bound, ...], values: Mapping[str, NDArray[np.float32]], rows: NDArray[np.int64]
) -> dict[int, list[tuple[str, float]]]:
    """Return the reasons and measured values of each row outside any bound, in the order of the bounds."""
    broken: dict[int, list[tuple[str, float]]] = {}
    for bound in bounds:
        measured = values[bound.signal][rows]
        too_low, too_high = outside(measured, bound, values["word_count"][rows])
        for index in np.flatnonzero(too_low | too_high).tolist():
            reason = bound.too_low if too_low[index] else bound.too_high
            broken.setdefault(int(rows[index]), []).append((reason, round(float(measured[index]), 4)))
    return broken
