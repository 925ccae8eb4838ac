"""The stage `filter`: bounds to drop reasons. The reason is computed from the bound and never typed by hand."""

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


# Words from which a share is held against its bound as it is: of 10 to 30, one name more or less is more than most
# bounds leave room for. Chosen on one half of the sentences of docs/quality.md, where with 30 one in 50 of the films'
# fell, and 60 changed little.
FEW: Final = 40


def outside(
    values: NDArray[np.float32], bound: Bound, words: NDArray[np.float32]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which values are below the bound's minimum, and which above its maximum, as `filter` decides it.

    A share of a text of fewer than FEW words is held against a bound as if usual words made up the number (`as_held`).

    Args:
        values: float32[n], of the bound's signal.
        bound: what they are held against.
        words: float32[n], the words of each document.

    >>> from latam_corpus.policies.policy import Bound
    >>> few, many = np.full(3, 10, np.float32), np.full(3, 100, np.float32)
    >>> capitals = Bound("mixed_case_word_share", None, 0.05, "")
    >>> found = np.array([0.1, 0.3, np.nan], np.float32)
    >>> [outside(found, capitals, words)[1].tolist() for words in (few, many)]
    [[False, True, False], [True, True, False]]
    """
    # Not-a-number compares false both ways: a signal that the language has no list for passes.
    low, high = as_held(values, bound, words)
    below = low < np.float32(-np.inf if bound.minimum is None else bound.minimum)
    above = high > np.float32(np.inf if bound.maximum is None else bound.maximum)
    return below, above


def as_held(
    values: NDArray[np.float32], bound: Bound, words: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the values as they are held against the minimum and the maximum, each float32[n].

    The share of a short text is taken over FEW words: those that it lacks have what is typical, and nothing that a
    maximum bounds. Its margin over another language is held as if one stop word more were its own. Other signals, and
    those of longer texts, stay as they are.

    >>> from latam_corpus.policies.policy import Bound
    >>> stops = Bound("stop_word_share", 0.32, None, "", typical=0.53)
    >>> [round(float(one[0]), 3) for one in as_held(np.array([0.2], np.float32), stops, np.array([20], np.float32))]
    [0.365, 0.1]
    """
    if bound.typical is None:
        return values, values
    if bound.signal == "stop_word_margin":
        # Counted again in whole words, so that one word less than another language has is none less.
        one_more = (np.rint(values * words) + np.float32(1)) / np.maximum(words, np.float32(1))
        return np.where(words < FEW, one_more, values).astype(np.float32), values
    if not is_share_of_words(bound.signal):
        return values, values
    part = np.minimum(words / np.float32(FEW), np.float32(1))
    part = np.where(np.isnan(part), np.float32(1), part)
    held = (values * part).astype(np.float32)
    return (held + np.float32(bound.typical) * (1 - part)).astype(np.float32), held


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
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"signals", "language", "genre"})
    gives: ClassVar[frozenset[str]] = frozenset({"drop_reason"})
    # A plan stores what was measured, so that a changed bound re-decides it without reading a text.
    stored_before: ClassVar[bool] = True

    def expand(self) -> tuple[Stage, ...]:
        """Return what a plan runs for it: measuring is kept apart, so that a changed bound measures nothing anew."""
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
        """Give what changes when a bound does."""
        return cached_policies(self.policies).bounds_digest()

    def fingerprint_for(self, entering: Collection[tuple[str, str]]) -> str:
        """Give what changes when a bound does that documents of these languages and genres must keep."""
        return cached_policies(self.policies).bounds_digest(entering)

    def __call__(self, batch: Batch) -> Batch:
        """Set `drop_reason` where a signal is out of its bounds; the evidence names every such signal."""
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
    """For each row outside a bound its reasons and measured values, in the order of the bounds."""
    broken: dict[int, list[tuple[str, float]]] = {}
    for bound in bounds:
        measured = values[bound.signal][rows]
        too_low, too_high = outside(measured, bound, values["word_count"][rows])
        for index in np.flatnonzero(too_low | too_high).tolist():
            reason = bound.too_low if too_low[index] else bound.too_high
            broken.setdefault(int(rows[index]), []).append((reason, round(float(measured[index]), 4)))
    return broken
