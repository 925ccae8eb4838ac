"""A signal's descriptor, and the decorator with which the toolkit and plug-ins declare signals.

A module that declares signals imports no NumPy and no kernels, because `schema` and the command line read the
descriptors. Its functions compute from a `Reading`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.messages import N_, Message, same

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from latam_corpus.signals.reading import Reading

Measure = Callable[["Reading"], "NDArray[np.float32]"]
OURS: Final = N_("ours")


@dataclass(frozen=True)
class Signal:
    """The complete description of a signal.

    Attributes:
        name: the name that policies and columns use.
        label: the name that people read.
        definition: what the signal measures, in one line of English.
        used_by: other filters that use it, and how their version differs.
        measure: a function from a batch's reading to float32[n].
        on_demand: whether it is measured only if a policy bounds it or a recipe requests it. Always true for a
            plug-in's signal.
        share_of_words: whether it is a share of a text's words or letters. In a text of ten words, such a share is
            mostly chance, so `filter` treats it with more caution.
        needs: the option of the stage `measure` that names its input file; empty if it needs no file.
    """

    name: str
    label: Message
    definition: str
    used_by: str
    measure: Measure
    on_demand: bool = True
    share_of_words: bool = False
    needs: str = ""

    def __call__(self, reading: Reading) -> NDArray[np.float32]:
        """Return the signal of each document, float32[n]."""
        return self.measure(reading)


def signal(
    name: str = "",
    definition: str = "",
    *,
    label: str | Message = "",
    used_by: str = N_("a plug-in"),
    on_demand: bool = True,
    share_of_words: bool = False,
    needs: str = "",
) -> Callable[[Measure], Signal]:
    """Turn a function from a batch's reading to one number per document, float32[n], into a signal.

    A policy can bound the signal, and a recipe can request it. A package declares its signals under the entry point
    `latam_corpus.signals`. A number that isn't finite passes every bound.

    Args:
        name: the name that policies use; the function's by default.
        definition: what the signal measures, in one line; the first line of the function's docstring by default.
        label: the name that people read; `name` by default.
        used_by: other filters that use it.
        on_demand: see `Signal`.
        share_of_words: see `Signal`.
        needs: see `Signal`.

    >>> @signal("words_twice", "twice the words of a document")
    ... def twice(reading):
    ...     return 2 * reading.words.word_count
    >>> twice.name, str(twice.label), twice.on_demand
    ('words_twice', 'words_twice', True)
    """

    def declare(function: Measure) -> Signal:
        own_name = name or function.__name__
        meaning = definition or (function.__doc__ or "").strip().split("\n")[0].rstrip(".")
        shown = label if isinstance(label, Message) else same(label or own_name)
        return Signal(own_name, shown, meaning, used_by, function, on_demand, share_of_words, needs)

    return declare
