"""Refuse a repeated option that takes one value, and an option where a value is expected.

Typer would silently use the last value, or use the option as the value.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.cli.interface.usage_errors import NO_VALUE, help_of
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Sequence

# A key in the `meta` of Typer contexts, which all contexts of a command line share.
_GIVEN: Final = "latam_corpus.options_given"


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
