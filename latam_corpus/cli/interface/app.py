"""How a table of commands becomes a command line. Exit codes: 0 done, 1 the work failed, 2 the user's input was wrong.

A command's module is imported when that command is named. Until then its name and its line in `--help` stand for it.
"""

from __future__ import annotations

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
from latam_corpus.cli.interface.lazy_command import HEADINGS
from latam_corpus.cli.interface.repeated_options import refusing_repeats
from latam_corpus.cli.interface.ui_language import speak_as_typed, spoken, with_language
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

    from latam_corpus.cli.interface.lazy_command import Command

# Small products on many BLAS threads take more processor time and no less of the clock; parts run in parallel instead.
# Here, and not where the package is imported: a trainer who imports a room's functions calculates on all.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")


_WHOLE: Final = 1000  # characters: the terminal wraps a line of help, Typer would cut it


def application(commands: Mapping[str, Command]) -> typer.Typer:
    """Make the command line of a table; a named command is imported to run, show its help or complete its line."""

    class Commands(TyperGroup):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            refusing_repeats(with_language(self))

        def get_params(self, ctx: Any) -> list[Any]:
            """Return its options, of which Typer adds those of completion after all else."""
            options: list[Any] = super().get_params(ctx)
            for option in options:
                option.help = translated(option.help or "", spoken())
            return options

        def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
            """Return the command's name, the command, and what is left of the arguments."""
            name, command, rest = super().resolve_command(ctx, args)
            return name, command and loaded(commands, str(name)), rest

        def format_commands(self, ctx: Any, formatter: Any) -> None:
            """List the commands under a heading for each purpose."""
            del ctx
            _write_commands(self, commands, formatter)

        def in_groups(self, name: str) -> list[str]:
            """Return the commands of this name in groups, such as `release verify`."""
            groups = [group for group in commands if " " not in group]
            return [f"{group} {name}" for group in groups if name in getattr(loaded(commands, group), "commands", ())]

        def invoke(self, ctx: Any) -> Any:
            """Run the command; Typer would end without a word where it is stopped, and call a closed pipe a failure."""
            try:
                return super().invoke(ctx)
            except KeyboardInterrupt:
                _tell(_("stopped; the same command goes on from here"))
                raise typer.Exit(130) from None
            except BrokenPipeError:  # the reader, such as `head`, has seen enough
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is flushed at the end
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
        named = [name for name in group.commands if commands[name].purpose == purpose]
        rows = [(name.ljust(width), group.commands[name].get_short_help_str(_WHOLE)) for name in named]
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
    """Return the command, its module imported, with what other rooms add to it."""
    command = _imported(commands[name], name)
    for added, one in commands.items():
        group, _, inner = added.partition(" ")
        if inner and group == name:
            command.commands[inner] = _imported(one, inner)
    return refusing_repeats(with_language(command))


def _imported(described: Command, name: str) -> Any:
    module, _, attribute = described.where.partition(":")
    value = getattr(import_module(module), attribute)
    around = typer.Typer(rich_markup_mode=None, add_completion=False)
    around.callback()(lambda: None)  # else Typer takes the one command for the whole
    if isinstance(value, typer.Typer):
        around.add_typer(value, name=name, help=described.help)
    else:
        around.command(name, help=described.help)(value)
    return typer.main.get_group(around).commands[name]


def run(app: typer.Typer) -> None:
    """Run what was typed; an error of ours is one sentence on standard error, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that isn't UTF-8 is no reason to fail
    speak_as_typed(sys.argv[1:])
    warnings.showwarning = _show_warning
    try:
        sys.exit(app(prog_name="latam-corpus", standalone_mode=False) or 0)
    except CorpusError as error:
        _end(error)
    except typer.TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # a group of commands without one
            from latam_corpus.cli.interface.show import block, errors

            errors.print(block(error.format_message()))
            sys.exit(2)
        from latam_corpus.cli.interface.usage_errors import usage_error

        _end(usage_error(error))
    except Exception as error:
        if isinstance(error, OSError) and error.filename:  # a file of the user's
            problem = _("it can't be used: {cause}", cause=cause_of(error))
            _end(ConfigError(str(error.filename), problem, _("name another place")))
        if isinstance(error, MemoryError):
            _end(PartError(_("memory"), _("there is no more of it for this process"), MORE_MEMORY))
        cause = cause_in_disk(error, *_written_folders())
        if cause is None:
            raise
        _end(PartError(DISK, cause, MAKE_ROOM))


def _written_folders() -> Iterator[Path]:
    """Yield the folders to which the command may have written, as far as they are on this machine's disks."""
    typed = dict(zip(sys.argv, sys.argv[1:], strict=False)) | dict(
        word.split("=", 1) for word in sys.argv if word.startswith("--") and "=" in word
    )
    for option, default in (("--out", "out"), ("--to", ""), ("--store", "")):
        named = typed.get(option, default)
        if named and "://" not in named:
            yield Path(named)
    yield cache_folder()


_show_python_warning = warnings.showwarning


def _show_warning(message: Warning | str, *rest: Any, **options: Any) -> None:
    """Say a warning of ours as a note, in the language that is spoken; another's is shown as Python does."""
    if isinstance(message, NoteWarning):
        from latam_corpus.cli.interface.show import note

        note(_("note: {note}", note=message.note))
    else:
        _show_python_warning(message, *rest, **options)


def _end(error: CorpusError) -> NoReturn:
    """Say an error in the language that is spoken, and end with its exit code."""
    if "--json" in sys.argv:
        _tell_json(error)
        sys.exit(error.exit_code)
    for one in error.errors if isinstance(error, MistakesError) else (error,):
        _tell(_("error: {error}", error=one.translated(spoken())), "red")
    sys.exit(error.exit_code)


def _tell_json(error: CorpusError) -> None:
    """Say, on standard error, all that is wrong as one JSON object."""
    from latam_corpus.cli.interface.show import tell_json

    each = error.errors if isinstance(error, MistakesError) else (error,)
    problems = [
        {"place": one.place, "problem": one.problem, "remedy": one.remedy}
        for one in (wrong.translated(spoken()) for wrong in each)
    ]
    tell_json({"errors": problems, "exit_code": error.exit_code})


def _tell(text: Message, style: str | None = None) -> None:
    from latam_corpus.cli.interface.show import errors

    errors.print(text, markup=False, style=style)
