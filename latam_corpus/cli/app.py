"""The command `latam-corpus`. Exit codes: 0 done, 1 the work failed, 2 the user's input was wrong.

A command's module is imported when that command is named. Until then its name and its line in `--help` stand for it.
"""

from __future__ import annotations

import io
import sys
from importlib import import_module
from typing import Annotated, Any, Final, NamedTuple

import typer
from typer.core import TyperGroup

import latam_corpus
from latam_corpus.errors import CorpusError


class Command(NamedTuple):
    """Where a command is, and the line that `--help` has for it: a test holds it equal to the command's own."""

    where: str
    summary: str


COMMANDS: Final = {
    "demo": Command("demo:demo", "Show one document's whole life: collected, judged, released, explained, pulled."),
    "check": Command(
        "recipes:check",
        "Find everything that is wrong with a recipe; "
        "with --input also with its sources' columns, by the first records.",
    ),
    "run": Command("recipes:run", "Run a recipe: collect, work, and, where it has a [release], release."),
    "stage": Command("stages:stage", "Run one stage alone; the output has one row a row of the input, in its order."),
    "measure": Command(
        "measure:measure", "Show each signal's distribution against its bounds, and what each bound alone would drop."
    ),
    "sample": Command(
        "sample:sample",
        "Draw documents by lot, the same ones each time, redacted, and only those whose terms allow them to be shown.",
    ),
    "compare": Command(
        "compare:compare", "Show what two runs kept, slice by slice, and on which documents they disagree."
    ),
    "explain": Command("explain:explain", "Tell a document's whole story."),
    "crawl": Command(
        "crawl:crawl", "Crawl a source into WARC, politely; the same command goes on where it was stopped."
    ),
    "pull": Command(
        "release:pull",
        "Fetch a version, verified, in a layout that datasets, Polars and DuckDB read; it goes on where it was cut.",
    ),
    "list": Command("lists:list_app", "List recipes, stages, signals, languages or sources."),
    "runs": Command("runs:app", "List, show, compare, tag and remove runs."),
    "sources": Command("sources:app", "Describe sources, check them, and see what comes of them (librarians)."),
    "rights": Command("rights:app", "Read again what owners refuse, and list what must leave."),
    "language": Command("language:app", "Identify languages: train, evaluate and describe models."),
    "quality": Command("quality:app", "Train a quality score, to be a signal with a bound of its own."),
    "release": Command("release:app", "Build, list, show, verify and compare versions of a corpus."),
}


class _Commands(TyperGroup):
    """The commands; one that is named is imported, to run, to show its help, or to complete what follows it."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:  # noqa: ANN401
        """The command's name, the command, and what is left of the arguments."""
        name, found, rest = super().resolve_command(ctx, args)
        return name, found and loaded(str(name)), rest


app = typer.Typer(
    name="latam-corpus",
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def version(
    shown: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    """Build, audit and withdraw text corpora of Latin America."""
    if shown:
        from latam_corpus.cli.show import console

        console.print(f"latam-corpus {latam_corpus.__version__}")
        raise typer.Exit


for _name, _command in COMMANDS.items():
    app.command(_name, help=_command.summary)(lambda: None)


def loaded(name: str) -> Any:  # noqa: ANN401  (a command as Typer makes it)
    """The command, its module imported."""
    module, _, attribute = COMMANDS[name].where.partition(":")
    found = getattr(import_module(f"latam_corpus.cli.{module}"), attribute)
    around = typer.Typer(rich_markup_mode=None, add_completion=False)
    around.callback()(lambda: None)  # else Typer takes the one command for the whole
    if isinstance(found, typer.Typer):
        around.add_typer(found, name=name)
    else:
        around.command(name)(found)
    return typer.main.get_group(around).commands[name]


def _tell_usage(error: typer.TyperException) -> None:
    """What Typer says of a wrong command line, with its usage where it has one."""
    from latam_corpus.cli.show import block, errors

    told = io.StringIO()
    show = getattr(error, "show", None)
    if show:
        show(file=told)
    errors.print(block(told.getvalue().rstrip("\n") or f"error: {error.format_message()}"))


def main() -> None:
    """Run the command; an error of ours is one sentence on standard error, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that isn't UTF-8 is no reason to fail
    try:
        sys.exit(app(prog_name="latam-corpus", standalone_mode=False) or 0)
    except CorpusError as error:
        _tell(f"error: {error}", "red")
        sys.exit(error.exit_code)
    except typer.TyperException as error:  # a command or option that isn't there quotes what was typed
        _tell_usage(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _tell("stopped; the same command goes on from here")
        sys.exit(130)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        sys.stderr.close()
        sys.exit(0)


def _tell(text: str, style: str | None = None) -> None:
    from latam_corpus.cli.show import errors

    errors.print(text, markup=False, style=style)
