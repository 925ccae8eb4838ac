"""Measure signals: the toolkit's own and those of plug-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.signals import ALWAYS, SIGNALS
from latam_corpus.signals.plugged import plugged, plugged_signals

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from latam_corpus.signals.reading import Reading


def measure(reading: Reading, names: Collection[str] = ALWAYS) -> dict[str, NDArray[np.float32]]:
    """Return these signals of every document, by name, each float32[n], in the order of the schema.

    Raises:
        ConfigError: a plug-in's signal isn't one number per document.

    >>> from latam_corpus.signals.reading import Reading
    >>> sorted(measure(Reading.of(["Buenos días."])))[:2]
    ['alphabetic_word_share', 'closing_punctuation_share']
    """
    own = {signal.name: signal(reading) for signal in SIGNALS if signal.name in names}
    return own | {name: measure_plugged(name, reading) for name in plugged_signals() if name in names}


def measure_plugged(name: str, reading: Reading) -> NDArray[np.float32]:
    """Return a plug-in's signal of every document, float32[n].

    Raises:
        ConfigError: it isn't one number per document.
    """
    values = np.asarray(plugged(name)(reading))
    if values.shape != (len(reading),) or values.dtype.kind not in "biuf":
        problem = _(
            "it gave {dtype}{names} for {n} {n:document|documents}",
            dtype=values.dtype,
            names=list(values.shape),
            n=len(reading),
        )
        raise ConfigError(_("signal «{name}»", name=name), problem, _("give one number a document, as a NumPy array"))
    return values.astype(np.float32)
