"""Build, audit and withdraw text corpora of Latin America.

`docs/python.md` describes the public names. A name's module is imported when the name is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from latam_corpus.__about__ import __version__ as __version__

if TYPE_CHECKING:
    from latam_corpus.api.judging import Judgements, judge, judgements, sample
    from latam_corpus.api.opened_release import Release, open_release, pull, versions
    from latam_corpus.api.opened_run import Run, explain, open_run
    from latam_corpus.api.previews import Number, PreviewItem, preview
    from latam_corpus.api.run_recipe import run
    from latam_corpus.api.source_checks import check_source
    from latam_corpus.api.stage_alone import stage
    from latam_corpus.api.surveys import survey
    from latam_corpus.api.withdrawals import hold, withdraw
    from latam_corpus.batch import Batch
    from latam_corpus.errors import ConfigError, CorpusError, PartError, ReleaseError, SourceError
    from latam_corpus.intake.check_source import Finding
    from latam_corpus.signals.descriptor import signal
    from latam_corpus.stages import Barrier, Stage

__all__ = [
    "Barrier",
    "Batch",
    "ConfigError",
    "CorpusError",
    "Finding",
    "Judgements",
    "Number",
    "PartError",
    "PreviewItem",
    "Release",
    "ReleaseError",
    "Run",
    "SourceError",
    "Stage",
    "check_source",
    "explain",
    "hold",
    "judge",
    "judgements",
    "open_release",
    "open_run",
    "preview",
    "pull",
    "run",
    "sample",
    "signal",
    "stage",
    "survey",
    "versions",
    "withdraw",
]
_MODULES: Final = {
    "api.judging": ("Judgements", "judge", "judgements", "sample"),
    "api.opened_release": ("Release", "open_release", "pull", "versions"),
    "api.opened_run": ("Run", "explain", "open_run"),
    "api.previews": ("Number", "PreviewItem", "preview"),
    "api.run_recipe": ("run",),
    "api.source_checks": ("check_source",),
    "api.stage_alone": ("stage",),
    "api.surveys": ("survey",),
    "api.withdrawals": ("hold", "withdraw"),
    "batch": ("Batch",),
    "errors": ("ConfigError", "CorpusError", "PartError", "ReleaseError", "SourceError"),
    "intake.check_source": ("Finding",),
    "signals.descriptor": ("signal",),
    "stages": ("Barrier", "Stage"),
}
_MODULE_OF: Final = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import the module of a public name, and return the name's value."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module «{__name__}» has no attribute «{name}»")
    value: object = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
