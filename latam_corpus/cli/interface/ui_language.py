"""The language of the command line: the choice of `--lang`, or else the language of the user's system.

Commands print messages, which `show.py` translates, and raise errors, which `app.run` translates.
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

from latam_corpus.cli.interface.usage_errors import no_such_command, usage_of
from latam_corpus.errors import ConfigError, one_of
from latam_corpus.messages import DOMAIN, LANGUAGES, LOCALE, N_, Message, _, language_of_user, translated

if TYPE_CHECKING:
    from collections.abc import Sequence

_REQUESTED: Final = ContextVar("requested_language", default="")
# Typer translates these sentences with the standard library's gettext; they are listed here so that Babel extracts
# them.
OF_TYPER: Final = (
    _("Arguments"),
    _("Options"),
    _("Commands"),
    _("required"),
    _("default: {default}"),
    _("env var: {var}"),
    _("Missing command."),
)
# Typer doesn't translate these sentences; `with_language` replaces them.
_USAGE: Final = N_("Usage: ")
_HELP: Final = N_("Show this message and exit.")
_OPTIONS: Final = N_("[OPTIONS]")
_SUBCOMMAND: Final = N_("COMMAND [ARGS]...")
_COMPLETION: Final = (
    N_("Install completion for the current shell."),
    N_("Show completion for the current shell, to copy it or customize the installation."),
)
# Placeholders in usage lines; other placeholders, such as ID and URL, are the same in all languages.
_PLACEHOLDERS: Final = frozenset(
    {
        N_("CODE"), N_("COLUMNS"), N_("DOCUMENTS"), N_("FILE"), N_("FILES"), N_("FOLDER"), N_("INPUT"), N_("KEY"),
        N_("LANGUAGE"), N_("NAME"), N_("NUMBER"), N_("OUTPUT"), N_("PATH"), N_("PATTERN"), N_("RECIPE"), N_("RELEASE"),
        N_("REQUEST"), N_("RUN"), N_("SHEET"), N_("SLICE"), N_("SOURCE"), N_("SOURCES"), N_("STAGE"), N_("TEXT"),
        N_("TIER"), N_("TOPIC"), N_("USE"), N_("VERSION"), N_("WHY"), N_("WORDS"), N_("YEAR"),
    }
)  # fmt: skip
_WORD: Final = re.compile(r"[A-Z]+")


def requested_language() -> str:
    """Return the language that `--lang` names; empty by default."""
    return _REQUESTED.get()


def spoken() -> str:
    """Return the language of messages: the choice of `--lang`, or else the user's language."""
    return requested_language() or language_of_user()


def speak(language: str) -> None:
    """Set the language of messages; if empty, use the user's language.

    Raises:
        ConfigError: the language isn't Spanish, Portuguese or English.
    """
    supported = language if language in LANGUAGES else ""
    _REQUESTED.set(supported)
    os.environ["LANGUAGE"] = spoken()  # Typer's gettext reads this variable first
    if language != supported:
        raise ConfigError("--lang", _("the program has no language «{name}»", name=language), one_of(LANGUAGES))


def speak_as_typed(line: Sequence[str]) -> None:
    """Set the language that a command line names before it is parsed, so that help and errors are translated too."""
    gettext.bindtextdomain(DOMAIN, LOCALE)
    gettext.textdomain(DOMAIN)
    languages = [value for word, value in pairwise(line) if word == "--lang"]
    languages += [word.removeprefix("--lang=") for word in line if word.startswith("--lang=")]
    speak(next((language for language in languages if language in LANGUAGES), ""))


def with_language(command: Any) -> Any:
    """Add the option `--lang` to a command or all commands of a group, and translate the help; return the command."""
    command.params.append(copy(_option()))  # a copy, since its help is translated in place
    _translate_usage(command)
    command.help = command.help and translated(command.help, spoken())
    # Without a short help, Typer cuts the command's line in lists after 45 characters.
    command.short_help = command.help and " ".join(command.help.partition("\n\n")[0].split())
    for parameter in command.params:
        _translate_parameter(parameter)
    for inner in getattr(command, "commands", {}).values():
        with_language(inner)
    return command


def _translate_parameter(parameter: Any) -> None:
    """Translate the help, default and placeholder of an option or argument."""
    for name in ("help", "show_default"):
        text = getattr(parameter, name, None)
        if text and isinstance(text, str):
            setattr(parameter, name, translated(text, spoken()))
    is_option = any(name.startswith("-") for name in parameter.opts)
    placeholder = parameter.metavar or (
        _placeholder(parameter.type_descriptor) if is_option else parameter.name.upper()
    )
    parameter.metavar = _WORD.sub(
        lambda word: translated(word[0], spoken()) if word[0] in _PLACEHOLDERS else word[0], placeholder
    )
    if not is_option:
        parameter.display_type = lambda ctx: ""  # noqa: ARG005  (Typer passes it by name); an argument's name suffices


def _placeholder(value_type: Any) -> str:
    """Return the placeholder of an option's value, from Typer's description of its type."""
    if value_type.is_choice:
        return "|".join(map(str, value_type.choices or ()))
    if value_type.is_path or value_type.is_file:
        return "PATH"
    return "NUMBER" if value_type.is_ranged or value_type.annotation in (int, float) else "TEXT"


def _translate_usage(command: Any) -> None:
    """Translate a command's usage line, the help of `--help`, and a group's error about an unknown command."""
    typer_help: Any = command.get_help_option
    typer_resolve: Any = getattr(command, "resolve_command", None)

    def help_option(context: Any) -> Any:
        option = typer_help(context)
        option.help = translated(_HELP, spoken())
        return option

    def write_usage(context: Any, formatter: Any) -> None:
        formatter.write_usage(context.command_path, usage_of(command, context), prefix=translated(_USAGE, spoken()))

    def resolve(context: Any, words: list[str]) -> Any:
        if words[0] in command.commands or words[0].startswith("-"):
            return typer_resolve(context, words)
        raise no_such_command(context, words[0])

    command.get_help_option, command.format_usage = help_option, write_usage
    command.options_metavar = translated(_OPTIONS, spoken())
    if typer_resolve is not None:
        command.resolve_command = resolve
        command.subcommand_metavar = translated(_SUBCOMMAND, spoken())


def in_spoken_language(value: object) -> object:
    """Translate a message into the user's language; return any other value unchanged."""
    return value.translate(spoken()) if isinstance(value, Message) else value


@cache
def _option() -> Any:
    """Return the option `--lang`, taken from a Typer command that has no other option."""
    app = typer.Typer(add_completion=False)
    app.command()(_command_with_language)
    option = typer.main.get_command(app).params[0]
    option.expose_value = False
    return option


def _command_with_language(
    lang: Annotated[
        str,
        typer.Option(
            "--lang",
            metavar="es|pt|en",
            callback=lambda value: value and speak(value),
            show_default=False,
            help=N_("The language of questions and answers; the system language by default."),
        ),
    ] = "",
) -> None:
    """Do nothing: `_option` takes the option from this signature."""
