"""Build the command line from a table of commands, and run it.

Exit codes: 0 for success, 1 if the work failed, 2 if the user's input was wrong. The module of a command is imported
only when a user names the command; `--help` lists all commands from the table.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer
from typer.core import TyperGroup

from latam_corpus.__about__ import __version__
from latam_corpus.cli.interface.commands import HEADINGS
from latam_corpus.cli.interface.ui_language import speak_as_typed, spoken, with_language
from latam_corpus.cli.interface.usage_errors import refusing_repeats, usage_error
from latam_corpus.errors import (
    DISK,
    MAKE_ROOM,
    MORE_MEMORY,
    ConfigError,
    CorpusError,
    MistakesError,
    NoteWarning,
    PartError,
    cause_in_disk,
    cause_of,
)
from latam_corpus.messages import N_, Message, _, translated
from latam_corpus.paths import cache_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from latam_corpus.cli.interface.commands import Command

# With many BLAS threads, small matrix products take more processor time and finish no sooner; parts run in parallel
# instead. This is set here and not in the package, so that programs that import the package use all threads.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")


# How many new objects Python makes before it looks for garbage: with its default of 700, the imports of a command
# cause hundreds of searches, which find nothing.
_NEW_OBJECTS: Final = 10_000
_HELP_LIMIT: Final = 1000  # characters: longer than any help text, so that Typer doesn't cut it; the terminal wraps it


def application(commands: Mapping[str, Command]) -> typer.Typer:
    """Return the command line for a table of commands."""

    class Commands(TyperGroup):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            refusing_repeats(with_language(self))

        def get_params(self, ctx: Any) -> list[Any]:
            """Return the options with translated help; Typer adds the options for completion only in this method."""
            options: list[Any] = super().get_params(ctx)
            for option in options:
                option.help = translated(option.help or "", spoken())
            return options

        def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
            """Return the name of the command, the command itself, and the remaining arguments."""
            name, command, arguments = super().resolve_command(ctx, args)
            return name, command and loaded(commands, str(name)), arguments

        def format_commands(self, ctx: Any, formatter: Any) -> None:
            """List the commands under a heading for each purpose."""
            del ctx
            _write_commands(self, commands, formatter)

        def in_groups(self, name: str) -> list[str]:
            """Return the commands with this name in groups, such as `release verify` for `verify`."""
            groups = [group for group in commands if " " not in group]
            return [f"{group} {name}" for group in groups if name in getattr(loaded(commands, group), "commands", ())]

        def invoke(self, ctx: Any) -> Any:
            """Run the command; print a message if it is interrupted, and exit quietly if the reader closes the pipe."""
            try:
                return super().invoke(ctx)
            except KeyboardInterrupt:
                _print_error(_("stopped; run the same command again to continue from here"))
                raise typer.Exit(130) from None
            except BrokenPipeError:  # the reading program, such as `head`, has ended
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes the output on exit
                raise typer.Exit from None

    app = typer.Typer(
        name="latam-corpus",
        cls=Commands,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(version)
    for name, command in commands.items():
        if " " not in name:
            app.command(name, help=command.help)(lambda: None)
    return app


def _write_commands(group: TyperGroup, commands: Mapping[str, Command], formatter: Any) -> None:
    width = max(map(len, group.commands))
    for purpose, heading in HEADINGS.items():
        names = [name for name in group.commands if commands[name].purpose == purpose]
        rows = [(name.ljust(width), group.commands[name].get_short_help_str(_HELP_LIMIT)) for name in names]
        with formatter.section(translated(heading, spoken())):
            formatter.write_dl(rows)


def version(
    shown: Annotated[bool, typer.Option("--version", help=N_("Print the version."), is_eager=True)] = False,
) -> None:
    """Build, audit and withdraw text corpora of Latin America."""
    if shown:
        from latam_corpus.cli.interface.show import console

        console.print(f"latam-corpus {__version__}")
        raise typer.Exit


def loaded(commands: Mapping[str, Command], name: str) -> Any:
    """Import a command or group; add the option `--lang`, and to a group the commands of other packages."""
    command = _imported(commands[name], name)
    for full_name, description in commands.items():
        group, _, inner = full_name.partition(" ")
        if inner and group == name:
            command.commands[inner] = _imported(description, inner)
    return refusing_repeats(with_language(command))


def _imported(description: Command, name: str) -> Any:
    module, _, attribute = description.where.partition(":")
    value = getattr(import_module(module), attribute)
    wrapper = typer.Typer(rich_markup_mode=None, add_completion=False)
    wrapper.callback()(lambda: None)  # without a callback, Typer turns a single command into the whole program
    if isinstance(value, typer.Typer):
        wrapper.add_typer(value, name=name, help=description.help)
    else:
        wrapper.command(name, help=description.help)(value)
    return typer.main.get_group(wrapper).commands[name]


def run(app: typer.Typer) -> None:
    """Run the command line of this process; print a `CorpusError` in one sentence on standard error, and exit."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # printing must not fail on a terminal that isn't UTF-8
    gc.set_threshold(_NEW_OBJECTS)
    atexit.register(gc.freeze)  # Python would search everything for garbage once more before it ends
    speak_as_typed(sys.argv[1:])
    warnings.showwarning = _show_warning
    try:
        sys.exit(app(prog_name="latam-corpus", standalone_mode=False) or 0)
    except CorpusError as error:
        _end(error)
    except typer.TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # a group without a command
            from latam_corpus.cli.interface.show import block, errors

            errors.print(block(error.format_message()))
            sys.exit(2)
        _end(usage_error(error))
    except Exception as error:
        if isinstance(error, OSError) and error.filename:  # a file that the user named can't be read or written
            problem = _("it can't be used: {cause}", cause=cause_of(error))
            _end(ConfigError(str(error.filename), problem, _("name another place")))
        if isinstance(error, MemoryError):
            _end(PartError(_("memory"), _("this process can't get more of it"), MORE_MEMORY))
        cause = cause_in_disk(error, *_written_folders())
        if cause is None:
            raise
        _end(PartError(DISK, cause, MAKE_ROOM))


def _written_folders() -> Iterator[Path]:
    """Yield the local folders to which the command may have written."""
    typed = dict(zip(sys.argv, sys.argv[1:], strict=False)) | dict(
        word.split("=", 1) for word in sys.argv if word.startswith("--") and "=" in word
    )
    for option, default in (("--out", "out"), ("--to", ""), ("--store", "")):
        folder = typed.get(option, default)
        if folder and "://" not in folder:
            yield Path(folder)
    yield cache_folder()


_show_python_warning = warnings.showwarning


def _show_warning(message: Warning | str, *arguments: Any, **options: Any) -> None:
    """Print a `NoteWarning` as a note in the user's language, and any other warning as Python does."""
    if isinstance(message, NoteWarning):
        _print_error(_("note: {note}", note=message.note))
    else:
        _show_python_warning(message, *arguments, **options)


def _end(error: CorpusError) -> NoReturn:
    """Print an error on standard error, in the user's language or with `--json` as an object; exit with its code."""
    errors = error.errors if isinstance(error, MistakesError) else (error,)
    mistakes = [mistake.translated(spoken()) for mistake in errors]
    if "--json" in sys.argv:
        from latam_corpus.cli.interface.show import write_json_line

        rows = [{"place": each.place, "problem": each.problem, "remedy": each.remedy} for each in mistakes]
        write_json_line({"errors": rows, "exit_code": error.exit_code})
    else:
        for mistake in mistakes:
            _print_error(_("error: {error}", error=mistake), "red")
    sys.exit(error.exit_code)


def _print_error(text: Message, style: str | None = None) -> None:
    from latam_corpus.cli.interface.show import errors

    errors.print(text, style=style)
