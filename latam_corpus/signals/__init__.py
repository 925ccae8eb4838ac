"""The signals: numbers measured for each document, on which policies set bounds.

Each function of a module `of_*` measures one signal, and its decorator `@signal` declares everything else about it. All
lists of signals are derived from these descriptors: the columns of `signals`, `list signals`, labels, the reference. A
signal only measures; the bounds that decide are in `filters/`. Every signal is finite for every text: a share of
nothing (no words, no lines) is 0. The exception is a signal that needs a list (stop words, letters, words) which the
document's language lacks: it is NaN, and passes every bound.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from latam_corpus.errors import ConfigError
from latam_corpus.messages import Message, _, same
from latam_corpus.signals import of_characters, of_languages, of_lines, of_others, of_repetition, of_words
from latam_corpus.signals.plugged import entry_place, plugged, plugged_signals

# In the order of the fields of the column `signals` in releases.
SIGNALS: Final = (
    *of_words.SIGNALS,
    *of_languages.SIGNALS,
    *of_lines.SIGNALS,
    *of_repetition.SIGNALS,
    *of_characters.SIGNALS,
    *of_others.SIGNALS,
)
BY_NAME: Final = {signal.name: signal for signal in SIGNALS}
# Signals that cost almost nothing once words and stop words are counted.
ALWAYS: Final = frozenset(signal.name for signal in SIGNALS if not signal.on_demand)


@cache
def signal_names() -> tuple[str, ...]:
    """Return the names of all signals: the toolkit's, then those of plug-ins, which releases leave out."""
    return tuple(dict.fromkeys((*BY_NAME, *plugged_signals())))


def signal_label(name: str) -> Message:
    """Return the label of a signal; its name if the signal is unknown.

    >>> signal_label("digit_share").translate("pt"), str(signal_label("bells"))
    ('algarismos', 'bells')
    """
    if name in BY_NAME:
        return BY_NAME[name].label
    try:
        return plugged(name).label if name in plugged_signals() else same(name)
    except ConfigError:  # runs stay readable if a plug-in is broken
        return same(name)


def is_share_of_words(name: str) -> bool:
    """Return whether a signal is a share of a text's words or letters."""
    signal = BY_NAME.get(name) or (plugged(name) if name in plugged_signals() else None)
    return signal is not None and signal.share_of_words


def refuse_taken_names() -> None:
    """Raise `ConfigError` if a plug-in's signal has the name of one of the toolkit's."""
    for name in plugged_signals():
        if name in BY_NAME:
            raise ConfigError(
                entry_place(name), _("«{name}» is a signal of the toolkit", name=name), _("give it another name")
            )
