"""Signals that aren't read off the text alone: a learned model's, an outside score, words that somebody flags.

The stage `measure` fills them in where a recipe names the model, the scores or the lists; elsewhere they are NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.messages import N_
from latam_corpus.quality.signals.signal import OURS, signal, unknown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latam_corpus.quality.signals.signal import Reading


def learned_quality(reading: Reading) -> NDArray[np.float32]:
    """How far a model trained on good and bad documents takes a document for good, 0 to 1.

    >>> from latam_corpus.quality.signals import Reading
    >>> learned_quality(Reading.of(["Buenos días."])).tolist()
    [nan]
    """
    return unknown(reading)


def outside_score(reading: Reading) -> NDArray[np.float32]:
    """Score that a Parquet file gives by doc_id; NaN for documents that it lacks.

    >>> from latam_corpus.quality.signals import Reading
    >>> outside_score(Reading.of(["Buenos días."])).tolist()
    [nan]
    """
    return unknown(reading)


def flagged_word_share(reading: Reading) -> NDArray[np.float32]:
    """Words on a list that the recipe names, such as insults, as a share of words: a flag for readers.

    >>> from latam_corpus.quality.signals import Reading
    >>> flagged_word_share(Reading.of(["Buenos días."])).tolist()
    [nan]
    """
    return unknown(reading)


SIGNALS: Final = (
    signal(learned_quality, N_("ours; FineWeb-Edu and DCLM have classifiers of their own"), on_demand=True),
    signal(outside_score, OURS, on_demand=True),
    signal(
        flagged_word_share, N_("ours; C4 drops pages with a word of a list, no shipped policy does"), on_demand=True
    ),
)
