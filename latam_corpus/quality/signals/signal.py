"""What a signal is, and the arithmetic that signals share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from latam_corpus.quality.signals.reading import Reading
from latam_corpus.quality.signals.signal_kernels import sum_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

Measure = Callable[[Reading], "NDArray[np.float32]"]


@dataclass(frozen=True)
class Signal:
    """A signal: its name, its definition in one line, who else uses it, its function, whether it costs a pass.

    Attributes:
        name: what policies call it.
        definition: what it says, in one line.
        used_by: which filters use it, and how theirs differs.
        measure: the function, from a batch's reading to float32[n].
        on_demand: whether it takes a pass of its own: it is measured where a policy bounds it or a recipe asks for it.
    """

    name: str
    definition: str
    used_by: str
    measure: Measure
    on_demand: bool = False


def signal(function: Measure, used_by: str, *, on_demand: bool = False) -> Signal:
    """The signal that a function measures, named and defined by it.

    >>> def vowels(reading):
    ...     '''Vowels a document.'''
    >>> signal(vowels, "ours").definition
    'Vowels a document'
    """
    definition = (function.__doc__ or "").strip().split("\n")[0].rstrip(".")
    return Signal(function.__name__, definition, used_by, function, on_demand)


def unknown(reading: Reading) -> NDArray[np.float32]:
    """Not-a-number for each document."""
    return np.full(len(reading), np.nan, np.float32)


def known(values: NDArray[np.float32] | NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """The values where the count isn't -1, else not-a-number."""
    return np.where(counts < 0, np.float32(np.nan), values).astype(np.float32)


def share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float32]:
    """One by the other; 0 where both are 0.

    >>> share(np.array([1, 0]), np.array([4, 0])).tolist()
    [0.25, 0.0]
    """
    return (part / np.maximum(whole, 1)).astype(np.float32)


def sum_words(reading: Reading, values: NDArray[Any]) -> NDArray[np.int64]:
    """The sum over each document's words, int64[n]."""
    return _sums(values, reading.words.doc_words)


def sum_lines(reading: Reading, values: NDArray[Any]) -> NDArray[np.int64]:
    """The sum over each document's lines, int64[n]."""
    return _sums(values, reading.words.doc_lines)


def _sums(values: NDArray[Any], bounds: NDArray[np.int64]) -> NDArray[np.int64]:
    result = np.zeros(len(bounds) - 1, np.int64)
    sum_ranges(values, bounds, result)
    return result
