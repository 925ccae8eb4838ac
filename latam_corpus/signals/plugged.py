"""Find and load the signals of plug-in packages by their entry points."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from latam_corpus.entry_points import in_group
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.signals.descriptor import Signal
from latam_corpus.storage.durable import package_digest

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from latam_corpus.messages import Message

# A plug-in package names its signals here: [project.entry-points."latam_corpus.signals"] name = "module:function".
ENTRY_POINTS: Final = "latam_corpus.signals"


@cache
def plugged_signals() -> dict[str, EntryPoint]:
    """Return the entry points of plug-in packages' signals by signal name."""
    return {entry.name: entry for entry in in_group(ENTRY_POINTS)}


@cache
def plugged(name: str) -> Signal:
    """Return the signal of a plug-in.

    Raises:
        ConfigError: its entry point can't be imported, or isn't a signal of that name.
    """
    try:
        loaded = plugged_signals()[name].load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            entry_place(name),
            _("it can't be imported: {reason}", reason=error),
            _("install the package again, or fix it"),
        ) from error
    if not isinstance(loaded, Signal) or loaded.name != name:
        raise ConfigError(
            entry_place(name),
            _("it isn't a signal of that name"),
            _('write @latam_corpus.signal("{name}") above it', name=name),
        )
    return loaded


def entry_place(name: str) -> Message:
    """Return the name of a plug-in signal's entry point for error messages."""
    return _(
        "entry point «{group}», {name} = {entry}", group=ENTRY_POINTS, name=name, entry=plugged_signals()[name].value
    )


@cache
def plugged_digest(name: str) -> str:
    """Return a digest that changes if a module of the signal's package changes."""
    return package_digest(plugged(name).measure.__module__)
