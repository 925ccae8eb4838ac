"""Convert Typer's usage errors to `ConfigError`, which can be translated and printed as JSON.

A repeated option that takes one value is refused, and so is an option where a value is expected: Typer would silently
use the last value, or use the option as the value.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError, closest, nearest, one_of
from latam_corpus.messages import Message, _, decimal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import typer


NO_VALUE: Final = _("a value is missing after this option, or the option takes none")
_EXTRA: Final = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((?P<words>.*)\)\.?", re.DOTALL)
_REQUIRED: Final = re.compile(r"\{(.+)\}(\.\.\.)?")  # Typer's notation of a required argument
# A key in the `meta` of Typer contexts, which all contexts of a command line share.
_GIVEN: Final = "latam_corpus.options_given"


def no_such_command(context: Any, name: str) -> ConfigError:
    """Return the error for an unknown command of a group; it suggests commands with this name in other groups."""
    problem = _("there is no command «{name}»", name=name)
    elsewhere = context.find_root().command.in_groups(name)
    if len(elsewhere) > 1:
        return ConfigError(context.command_path, problem, one_of(elsewhere))
    return ConfigError(context.command_path, problem, closest(name, elsewhere or context.command.commands))


def usage_error(error: typer.TyperException) -> ConfigError:
    """Return the `ConfigError` for a usage error of Typer.

    Subclasses of `UsageError` are distinguished by name, since Typer doesn't export them.
    """
    kind = type(error).__name__
    details: Any = error  # each class has other attributes
    context: Any = getattr(details, "ctx", None)
    place = context.command_path if context else "latam-corpus"
    if kind == "NoSuchOption" and context:
        options = [name for option in context.command.get_params(context) for name in option.opts]
        near = nearest(details.option_name, options)
        remedy = _("did you mean «{near}»?", near=near) if near else help_of(place)
        return ConfigError(place, _("there is no option «{name}»", name=details.option_name), remedy)
    if kind == "MissingParameter" and context and details.param is not None:
        parameters = context.command.get_params(context)
        required = [option for option in parameters if option.required and option.opts[0].startswith("-")]
        examples = [f"{option.opts[0]} {option.metavar}" for option in required]
        usage = f"{place} {usage_of(context.command, context, examples)}"
        what = details.param.opts[0] if details.param in required else details.param.metavar
        missing = _("«{what}» is missing", what=what)
        return ConfigError(place, missing, _("write: {usage}", usage=usage))
    if kind == "BadParameter" and details.param is not None:
        return ConfigError(" / ".join(details.param.opts), _refusal(details), help_of(place))
    if kind == "BadOptionUsage":
        return ConfigError(details.option_name, NO_VALUE, help_of(place))
    if context and (extra := _EXTRA.fullmatch(details.format_message())):
        usage = f"{place} {usage_of(context.command, context)}"
        remedy = _("write: {usage}; put a name with spaces in quotes", usage=usage)
        return ConfigError(place, _("«{words}» is not expected here", words=extra["words"]), remedy)
    return ConfigError(place, details.format_message().rstrip("."), help_of(place))


def help_of(command: str) -> Message:
    """Return the remedy that refers to a command's help."""
    return _("`{command} --help` explains how to use it", command=command)


def _refusal(error: Any) -> Message | str:
    """Return why a value was refused; common errors of pydantic, which parses numbers, are translated."""
    from pydantic import ValidationError

    from latam_corpus.config.toml_model import EXPECTED_VALUES

    cause = error.__cause__
    first = cause.errors()[0] if isinstance(cause, ValidationError) else None
    if first is None or first["type"] not in EXPECTED_VALUES:
        return str(error.message)
    bounds = {
        name: decimal(f"{value:g}") if isinstance(value, float) else value
        for name, value in first.get("ctx", {}).items()
    }
    requirement = EXPECTED_VALUES[first["type"]].fill(**bounds)
    return _("it must be {what}, not «{given}»", what=requirement, given=str(first["input"]))


def usage_of(command: Any, context: Any, options: Sequence[str] = ()) -> str:
    """Return the arguments of a command for a usage line."""
    first, *arguments = command.collect_usage_pieces(context)
    return " ".join([first, *options, *(_REQUIRED.sub(r"\1\2", piece).replace("…...", "…") for piece in arguments)])


def refusing_repeats(command: Any) -> Any:
    """Make a command, or all commands of a group, refuse repeated options that take one value; return the command.

    Environment variables don't count. If a group and its command have the same option, such as `--lang`, it may be
    given to only one of them.
    """
    own_parser: Any = command.make_parser

    def make_parser(context: Any) -> Any:
        parser = own_parser(context)
        parse: Any = parser.parse_args

        def parse_args(args: list[str]) -> tuple[dict[str, Any], list[str], Sequence[Any]]:
            completing = context.resilient_parsing  # true while a shell completes a command line
            if not completing:
                _refuse_options_as_values(args, context)
            values, arguments, given = parse(args)
            if not completing:
                _refuse_repeats(given, context.meta.setdefault(_GIVEN, Counter()))
            return values, arguments, given

        parser.parse_args = parse_args
        return parser

    command.make_parser = make_parser
    for inner in getattr(command, "commands", {}).values():
        refusing_repeats(inner)
    return command


def _refuse_options_as_values(args: Sequence[str], context: Any) -> None:
    """Raise ConfigError if an option that needs a value is followed by an option, even a misspelled one.

    A value that looks like an option can be written `--option=--value`.
    """
    options = [option for option in context.command.get_params(context) if option.opts[0].startswith("-")]
    names = {name for option in options for name in (*option.opts, *option.secondary_opts)}
    needing = {name for option in options if not option.is_flag for name in option.opts}
    for word, following in pairwise(takewhile(lambda word: word != "--", args)):
        if word in needing and (following.startswith("--") or following in names):
            raise ConfigError(word, NO_VALUE, help_of(context.command_path))


def accumulates(option: Any) -> bool:
    """Return whether an option may be repeated: it keeps all values, or is a flag.

    Returns false for a flag with an opposite, such as `--no-shuffle`, since it could contradict itself.
    """
    return bool(option.multiple or (option.is_flag and not option.secondary_opts))


def _refuse_repeats(given: Sequence[Any], counts: Counter[str]) -> None:
    """Raise ConfigError if a parameter that doesn't accumulate occurs twice, here or in an outer command."""
    for parameter in given:
        name = max(parameter.opts, key=len)
        if not name.startswith("-") or accumulates(parameter):
            continue
        counts[name] += 1
        if counts[name] > 1:
            names = " / ".join([*parameter.opts, *parameter.secondary_opts])
            raise ConfigError(names, _("it is given more than once, and takes one value"), _("give it once"))
