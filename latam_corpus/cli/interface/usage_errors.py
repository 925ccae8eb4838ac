"""What is wrong with a command line, as an error of ours: Typer says it in English alone, and not as JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.errors import ConfigError, closest, nearest, one_of
from latam_corpus.messages import Message, _, decimal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import typer

_EXTRA: Final = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((?P<words>.*)\)\.?", re.DOTALL)
_NEEDED: Final = re.compile(r"\{(.+)\}(\.\.\.)?")  # as Typer writes an argument that must be there


def no_such_command(context: Any, name: str) -> ConfigError:
    """Return the error of a group of commands that lacks the one that was named, with those of this name elsewhere."""
    problem = _("there is no command «{name}»", name=name)
    elsewhere = context.find_root().command.in_groups(name)
    if len(elsewhere) > 1:
        return ConfigError(context.command_path, problem, one_of(elsewhere))
    return ConfigError(context.command_path, problem, closest(name, elsewhere or context.command.commands))


def usage_error(error: typer.TyperException) -> ConfigError:
    """Return what Typer says of options and arguments as an error of ours; its classes aren't public, their names are.

    Args:
        error: one of `UsageError` and those that are made of it.
    """
    kind = type(error).__name__
    told: Any = error
    context: Any = getattr(told, "ctx", None)
    place = context.command_path if context else "latam-corpus"
    if kind == "NoSuchOption" and context:
        there = [name for option in context.command.get_params(context) for name in option.opts]
        near = nearest(told.option_name, there)
        remedy = _("did you mean «{near}»?", near=near) if near else _help_of(place)
        return ConfigError(place, _("there is no option «{name}»", name=told.option_name), remedy)
    if kind == "MissingParameter" and context and told.param is not None:
        needed = [one for one in context.command.get_params(context) if one.required and one.opts[0].startswith("-")]
        usage = f"{place} {usage_of(context.command, context, [f'{one.opts[0]} {one.metavar}' for one in needed])}"
        what = told.param.opts[0] if told.param in needed else told.param.metavar
        missing = _("«{what}» is missing", what=what)
        return ConfigError(place, missing, _("write: {usage}", usage=usage))
    if kind == "BadParameter" and told.param is not None:
        return ConfigError(" / ".join(told.param.opts), _refused(told), _help_of(place))
    if kind == "BadOptionUsage":
        problem = _("it needs a value after it, or takes none")
        return ConfigError(told.option_name, problem, _("`--help` after the command tells how it is used"))
    if context and (extra := _EXTRA.fullmatch(told.format_message())):
        usage = f"{place} {usage_of(context.command, context)}"
        remedy = _("write: {usage}; put a name with spaces in quotes", usage=usage)
        return ConfigError(place, _("«{words}» is not expected here", words=extra["words"]), remedy)
    return ConfigError(place, told.format_message().rstrip("."), _help_of(place))


def _help_of(command: str) -> Message:
    return _("`{command} --help` tells how it is used", command=command)


def _refused(error: Any) -> Message | str:
    """Return why a value was refused: in our words where pydantic, which reads numbers for Typer, has a type for it."""
    from pydantic import ValidationError

    from latam_corpus.config.toml_model import EXPECTED_VALUES

    cause = error.__cause__
    first = cause.errors()[0] if isinstance(cause, ValidationError) else None
    if first is None or first["type"] not in EXPECTED_VALUES:
        return str(error.message)
    bounds = {
        name: decimal(f"{one:g}") if isinstance(one, float) else one for name, one in first.get("ctx", {}).items()
    }
    wanted = EXPECTED_VALUES[first["type"]].fill(**bounds)
    return _("it must be {what}, and is «{given}»", what=wanted, given=str(first["input"]))


def usage_of(command: Any, context: Any, options: Sequence[str] = ()) -> str:
    """Return what a command is called with, in a line.

    Args:
        command: the command.
        context: of its call.
        options: what is to be named besides.
    """
    first, *rest = command.collect_usage_pieces(context)
    return " ".join([first, *options, *(_NEEDED.sub(r"\1\2", piece).replace("…...", "…") for piece in rest)])
