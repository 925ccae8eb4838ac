"""Every error of the toolkit, as one tree; the class says what happens next.

    CorpusError
    ├── ConfigError     the user's input is wrong: nothing ran (exit code 2)
    ├── SourceError     a source can't be read: retried, then reported (exit code 1)
    ├── DocumentError   one document can't be used: it becomes a ledger row, the rest goes on
    ├── PartError       one part of a run failed: it is recorded, the rest goes on (exit code 1)
    └── ReleaseError    a release can't be made or trusted: nothing is published (exit code 1)

Every error names the place, the problem and the remedy, and survives pickling, since workers send them home.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class CorpusError(Exception):
    """An error with a place, a problem and, where there is one, a remedy.

    >>> print(ConfigError("news.toml, stage 2", "unknown stage «filtro»", "did you mean «filter»?"))
    news.toml, stage 2: unknown stage «filtro»; did you mean «filter»?
    """

    exit_code = 1

    def __init__(self, place: str, problem: str, remedy: str = "") -> None:
        super().__init__(place, problem, remedy)
        self.place = place
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        told = f"{self.place}: {self.problem}" if self.place else self.problem
        return f"{told}; {self.remedy}" if self.remedy else told


class ConfigError(CorpusError):
    """A recipe, policy, source file, option or input is wrong; nothing ran."""

    exit_code = 2


class SourceError(CorpusError):
    """A source's bytes can't be read."""


class DocumentError(CorpusError):
    """One document can't be used."""


class PartError(CorpusError):
    """One part of a run failed."""


class ReleaseError(CorpusError):
    """A release can't be made, found or trusted."""


def closest(word: str, known: Iterable[str]) -> str:
    """A remedy that names the closest known word, or all of them when none is close.

    >>> closest("filtro", ["filter", "extract"])
    'did you mean «filter»?'
    >>> closest("xyz", ["filter", "extract"])
    'choose one of: extract, filter'
    """
    names = sorted(known)
    near = nearest(word, names)
    if near:
        return f"did you mean «{near}»?"
    return "choose one of: " + ", ".join(names) if names else "there is none yet"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The closest known word; None when none is close.

    >>> nearest("filtro", ["filter", "extract"])
    'filter'
    """
    match = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.55)
    return match[0] if match else None


class Breach(NamedTuple):
    """A promise of a source's file that its records don't keep: where, what, and what to do."""

    place: str
    problem: str
    remedy: str
