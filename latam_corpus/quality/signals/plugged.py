"""Signals of plug-in packages: how one is written, found and measured."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from latam_corpus.errors import ConfigError
from latam_corpus.messages import N_, _
from latam_corpus.quality.signals.signal import Signal
from latam_corpus.storage.durable import package_digest
from latam_corpus.vocabulary import SIGNAL_ENTRY_POINTS, SIGNALS, plugged_signals

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from latam_corpus.quality.signals.signal import Measure, Reading


def signal(name: str, definition: str = "", *, used_by: str = N_("a plug-in")) -> Callable[[Measure], Signal]:
    """Make a signal of a function from a batch's reading to one number a document, float32[n].

    A policy may bound it then, and a recipe ask for it. Its package names it under the entry point
    `latam_corpus.signals`. A number that isn't finite passes every bound.

    Args:
        name: what policies call it.
        definition: what it says, in one line; the function's own docstring when empty.
        used_by: which filters use it.

    >>> @signal("words_twice", "twice the words of a document")
    ... def twice(reading):
    ...     return 2 * reading.words.word_count
    >>> twice.name
    'words_twice'
    """

    def decorator(function: Measure) -> Signal:
        meaning = definition or (function.__doc__ or "").strip().split("\n")[0].rstrip(".")
        return Signal(name, meaning, used_by, function, on_demand=True)

    return decorator


def refuse_taken_names() -> None:
    """Refuse a plug-in that names its signal as the toolkit names one of its own.

    Raises:
        ConfigError: there is one.
    """
    for name, entry in plugged_signals().items():
        if name in SIGNALS:
            place = _(
                "entry point «{group}», {name} = {entry}", group=SIGNAL_ENTRY_POINTS, name=name, entry=entry.value
            )
            raise ConfigError(place, _("«{name}» is a signal of the toolkit", name=name), _("give it another name"))


@cache
def plugged(name: str) -> Signal:
    """Return the signal of a plug-in.

    Raises:
        ConfigError: what its package names can't be imported, or is another thing.
    """
    entry = plugged_signals()[name]
    place = _("entry point «{group}», {name} = {entry}", group=SIGNAL_ENTRY_POINTS, name=name, entry=entry.value)
    try:
        loaded = entry.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            place, _("it can't be imported: {reason}", reason=error), _("install the package again, or mend it")
        ) from error
    if not isinstance(loaded, Signal) or loaded.name != name:
        raise ConfigError(
            place, _("this is no signal of that name"), _('write @latam_corpus.signal("{name}") above it', name=name)
        )
    return loaded


def measure_plugged(name: str, reading: Reading) -> NDArray[np.float32]:
    """Return a plug-in's signal of every document, float32[n].

    Raises:
        ConfigError: it doesn't give one number a document.
    """
    values = np.asarray(plugged(name).measure(reading))
    if values.shape != (len(reading),) or values.dtype.kind not in "biuf":
        problem = _(
            "it gave {dtype}{names} for {n} {n:document|documents}",
            dtype=values.dtype,
            names=list(values.shape),
            n=len(reading),
        )
        raise ConfigError(_("signal «{name}»", name=name), problem, _("give one number a document, as a NumPy array"))
    return values.astype(np.float32)


@cache
def plugged_digest(name: str) -> str:
    """Give what changes when a module of the package that has the signal does."""
    return package_digest(plugged(name).measure.__module__)
