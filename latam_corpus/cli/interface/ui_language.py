"""The language in which the command line speaks: the one that `--lang` names, else that of the user's machine.

Nothing else asks for it: what is printed is a message (`show.py`), and an error is told by `app.run`.
"""

from __future__ import annotations

import gettext
import os
import re
from contextvars import ContextVar
from copy import copy
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from latam_corpus.errors import ConfigError, one_of
from latam_corpus.messages import DOMAIN, LANGUAGES, LOCALE, N_, Message, _, language_of_user, translated

if TYPE_CHECKING:
    from collections.abc import Sequence

_ASKED: Final = ContextVar("asked", default="")
# What Typer itself says by the standard library's gettext; here they are for Babel to extract.
OF_TYPER: Final = (
    _("Arguments"),
    _("Options"),
    _("Commands"),
    _("required"),
    _("default: {default}"),
    _("env var: {var}"),
    _("Missing command."),
)
# What it says without: `with_language` puts their translations there.
_USAGE: Final = N_("Usage: ")
_HELP: Final = N_("Show this message and exit.")
_OPTIONS: Final = N_("[OPTIONS]")
_SUBCOMMAND: Final = N_("COMMAND [ARGS]...")
_COMPLETION: Final = (
    N_("Install completion for the current shell."),
    N_("Show completion for the current shell, to copy it or customize the installation."),
)
# What stands for a value in a usage; what isn't here, such as ID and URL, is said alike.
_STANDS_FOR: Final = frozenset(
    {
        N_("CODE"), N_("COLUMNS"), N_("DOCUMENTS"), N_("FILE"), N_("FILES"), N_("FOLDER"), N_("INPUT"), N_("KEY"),
        N_("LANGUAGE"), N_("NAME"), N_("NUMBER"), N_("OUTPUT"), N_("PATH"), N_("PATTERN"), N_("RECIPE"), N_("RELEASE"),
        N_("REQUEST"), N_("RUN"), N_("SHEET"), N_("SLICE"), N_("SOURCE"), N_("SOURCES"), N_("STAGE"), N_("TEXT"),
        N_("TIER"), N_("TOPIC"), N_("USE"), N_("VERSION"), N_("WHY"), N_("WORDS"), N_("YEAR"),
    }
)  # fmt: skip
_WORD: Final = re.compile(r"[A-Z]+")


def asked() -> str:
    """Return the language that `--lang` named; empty where none was."""
    return _ASKED.get()


def spoken() -> str:
    """Return the language to speak: the one asked for, else the one of the user's machine."""
    return asked() or language_of_user()


def speak(language: str) -> None:
    """Speak a language from here on, or that of the user's machine where it is empty.

    Raises:
        ConfigError: it is none of the three.
    """
    known = language if language in LANGUAGES else ""
    _ASKED.set(known)
    os.environ["LANGUAGE"] = spoken()  # where gettext, and so Typer, looks first
    if language != known:
        raise ConfigError("--lang", _("the program has no language «{name}»", name=language), one_of(LANGUAGES))


def speak_as_typed(line: Sequence[str]) -> None:
    """Speak the language that a command line names, before anything of it is read: of its helps and mistakes too."""
    gettext.bindtextdomain(DOMAIN, LOCALE)
    gettext.textdomain(DOMAIN)
    named = [after for word, after in pairwise(line) if word == "--lang"]
    named += [word.removeprefix("--lang=") for word in line if word.startswith("--lang=")]
    speak(next((one for one in named if one in LANGUAGES), ""))


def with_language(command: Any) -> Any:
    """Give a command, and those of a group, the option `--lang` and helps in the language that is spoken."""
    command.params.append(copy(_option()))  # its help is translated
    _translate_usage(command)
    command.help = command.help and translated(command.help, spoken())
    # Typer cuts what a list says of a command after 45 characters, unless it has a short help.
    command.short_help = command.help and " ".join(command.help.partition("\n\n")[0].split())
    for parameter in command.params:
        _translate_parameter(parameter)
    for inner in getattr(command, "commands", {}).values():
        with_language(inner)
    return command


def _translate_parameter(parameter: Any) -> None:
    """Let an option or argument say what it is for, and what its value is, in the language spoken."""
    for name in ("help", "show_default"):
        text = getattr(parameter, name, None)
        if text and isinstance(text, str):
            setattr(parameter, name, translated(text, spoken()))
    is_option = any(name.startswith("-") for name in parameter.opts)
    named = parameter.metavar or (_kind(parameter.type_descriptor) if is_option else parameter.name.upper())
    parameter.metavar = _WORD.sub(lambda word: _stands_for(word[0]), named)
    if not is_option:
        parameter.display_type = lambda ctx: ""  # noqa: ARG005  (Typer names it): the argument's name says enough


def _kind(told: Any) -> str:
    """Return what stands for an option's value, by the type that Typer has found."""
    if told.is_choice:
        return "|".join(map(str, told.choices or ()))
    if told.is_path or told.is_file:
        return "PATH"
    return "NUMBER" if told.is_ranged or told.annotation in (int, float) else "TEXT"


def _stands_for(word: str) -> str:
    return translated(word, spoken()) if word in _STANDS_FOR else word


def _translate_usage(command: Any) -> None:
    """Let a command say its usage, its option `--help` and an unknown command of a group in the language spoken."""
    own_help: Any = command.get_help_option
    own_resolve: Any = getattr(command, "resolve_command", None)

    def help_option(context: Any) -> Any:
        option = own_help(context)
        option.help = translated(_HELP, spoken())
        return option

    def write_usage(context: Any, formatter: Any) -> None:
        from latam_corpus.cli.interface.usage_errors import usage_of

        formatter.write_usage(context.command_path, usage_of(command, context), prefix=translated(_USAGE, spoken()))

    def resolve(context: Any, words: list[str]) -> Any:
        if words[0] in command.commands or words[0].startswith("-"):
            return own_resolve(context, words)
        from latam_corpus.cli.interface.usage_errors import no_such_command

        raise no_such_command(context, words[0])

    command.get_help_option, command.format_usage = help_option, write_usage
    command.options_metavar = translated(_OPTIONS, spoken())
    if own_resolve is not None:
        command.resolve_command = resolve
        command.subcommand_metavar = translated(_SUBCOMMAND, spoken())


def in_spoken_language(value: object) -> object:
    """Return a message in the language that is spoken; what is no message as it is."""
    return value.translate(spoken()) if isinstance(value, Message) else value


@cache
def _option() -> Any:
    """Return the option as Typer makes it of a command that has no other."""
    one = typer.Typer(add_completion=False)
    one.command()(_only_language)
    option = typer.main.get_command(one).params[0]
    option.expose_value = False
    return option


def _only_language(
    lang: Annotated[
        str,
        typer.Option(
            "--lang",
            metavar="es|pt|en",
            callback=lambda value: value and speak(value),
            show_default=False,
            help=N_("The language of questions and answers; LANG's by default."),
        ),
    ] = "",
) -> None:
    """Stand for a command with one option."""
