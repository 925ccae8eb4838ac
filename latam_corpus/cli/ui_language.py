"""The language in which the command line speaks to librarians: the one asked for, else that of their machine."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Annotated, ParamSpec, TypeVar

import typer

from latam_corpus.errors import ConfigError, CorpusError, cause_of, one_of
from latam_corpus.messages import LANGUAGES, _, language_of_user

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")
Lang = Annotated[
    str, typer.Option("--lang", metavar="es|pt|en", help="The language of questions and answers; LANG's by default.")
]


def ui_language(named: str) -> str:
    """The language asked for, else the one of the user's machine.

    Raises:
        ConfigError: it is none of the three.
    """
    language = named or language_of_user()
    if language not in LANGUAGES:
        raise ConfigError("--lang", _("«{name}» isn't spoken here", name=language), one_of(LANGUAGES))
    return language


def in_their_language(command: Callable[P, R]) -> Callable[P, R]:
    """The command, whose errors are told in the language that it speaks; a file that can't be used is one of them."""

    @functools.wraps(command)
    def speaking(*args: P.args, **kwargs: P.kwargs) -> R:
        named = kwargs.get("lang")
        language = named if isinstance(named, str) and named in LANGUAGES else language_of_user()
        try:
            return command(*args, **kwargs)
        except CorpusError as error:
            raise error.translated(language) from None
        except OSError as error:
            if not error.filename:  # no file of the user's: a pipe whose reader has seen enough
                raise
            problem = _("it can't be used: {cause}", cause=cause_of(error))
            unusable = ConfigError(str(error.filename), problem, _("name another place"))
            raise unusable.translated(language) from None

    return speaking
