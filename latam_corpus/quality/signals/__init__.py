"""The signals: pure functions from the word table to one number a document.

A signal measures and decides nothing; the bounds it must keep to stand in `filters/`. Every signal is finite for
every text: where a share has nothing to share (no words, no lines), it is 0. Where a signal needs a list that the
document's language lacks (stop words, letters, words), it is NaN, and a bound on it is passed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.quality.signals import of_characters, of_languages, of_lines, of_others, of_repetition, of_words
from latam_corpus.quality.signals.signal import Lexicon, Reading, Signal
from latam_corpus.text.spelling import WordSet

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ALWAYS", "SIGNALS", "Lexicon", "Reading", "Signal", "WordSet", "measure"]

SIGNALS: Final = (
    *of_words.SIGNALS,
    *of_languages.SIGNALS,
    *of_lines.SIGNALS,
    *of_repetition.SIGNALS,
    *of_characters.SIGNALS,
    *of_others.SIGNALS,
)
# What comes with the word table and the stop words at hardly any cost.
ALWAYS: Final = frozenset(signal.name for signal in SIGNALS if not signal.on_demand)


def measure(reading: Reading, names: Collection[str] = ALWAYS) -> dict[str, NDArray[np.float32]]:
    """Return these signals of every document, by name, each float32[n], in the order of `SIGNALS`.

    >>> sorted(measure(Reading.of(["Buenos días."])))[:2]
    ['alphabetic_word_share', 'closing_punctuation_share']
    """
    return {signal.name: signal.measure(reading) for signal in SIGNALS if signal.name in names}
