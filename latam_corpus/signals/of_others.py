"""Signals that need a file: a learned model, an outside score, flagged words.

The stage `measure` fills them in if a recipe names the model, scores or lists; otherwise they are NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.messages import N_, _
from latam_corpus.signals.descriptor import OURS, signal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latam_corpus.signals.reading import Reading


@signal(
    label=_("learned quality"),
    used_by=N_("ours; FineWeb-Edu and DCLM have classifiers of their own"),
    needs="quality_model",
)
def learned_quality(reading: Reading) -> NDArray[np.float32]:
    """Probability that a document is good, by a model trained on good and bad documents, 0 to 1.

    >>> from latam_corpus.signals.reading import Reading
    >>> learned_quality(Reading.of(["Buenos días."])).tolist()
    [nan]
    """
    return reading.unknown


@signal(label=_("outside score"), used_by=OURS, needs="scores")
def outside_score(reading: Reading) -> NDArray[np.float32]:
    """Score from a Parquet file, by doc_id; NaN for documents that it lacks.

    >>> from latam_corpus.signals.reading import Reading
    >>> outside_score(Reading.of(["Buenos días."])).tolist()
    [nan]
    """
    return reading.unknown


@signal(
    label=_("flagged words"),
    used_by=N_("ours; C4 drops pages with a word of a list, no shipped policy does"),
    share_of_words=True,
    needs="flagged_words",
)
def flagged_word_share(reading: Reading) -> NDArray[np.float32]:
    """Words in a list that the recipe names, such as insults, as a share of words: a flag for readers.

    >>> from latam_corpus.signals.reading import Reading
    >>> flagged_word_share(Reading.of(["Buenos días."])).tolist()
    [nan]
    """
    return reading.unknown


SIGNALS: Final = (
    learned_quality,
    outside_score,
    flagged_word_share,
)
__test__ = {signal.name: signal.measure for signal in SIGNALS}  # doctest finds functions only
