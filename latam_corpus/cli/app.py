"""The command `latam-corpus`. Exit codes: 0 done, 1 the work failed, 2 the user's input was wrong."""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

import latam_corpus
from latam_corpus.cli import (
    compare,
    crawl,
    demo,
    explain,
    language,
    lists,
    measure,
    quality,
    recipes,
    release,
    rights,
    runs,
    sample,
    sources,
    stages,
)
from latam_corpus.cli.show import block, console, errors
from latam_corpus.errors import CorpusError

app = typer.Typer(
    name="latam-corpus",
    no_args_is_help=True,
    add_completion=False,
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
        console.print(f"latam-corpus {latam_corpus.__version__}")
        raise typer.Exit


app.command("demo")(demo.demo)
app.command("check")(recipes.check)
app.command("run")(recipes.run)
app.command("stage")(stages.stage)
app.command("measure")(measure.measure)
app.command("sample")(sample.sample)
app.command("compare")(compare.compare)
app.command("explain")(explain.explain)
app.add_typer(lists.list_app, name="list")
app.add_typer(runs.app, name="runs")
app.add_typer(sources.app, name="sources")
app.command("crawl")(crawl.crawl)
app.add_typer(rights.app, name="rights")
app.add_typer(language.app, name="language")
app.add_typer(quality.app, name="quality")
app.add_typer(release.app, name="release")
app.command("pull")(release.pull)


def _tell_usage(error: typer.TyperException) -> None:
    """What Typer says of a wrong command line, with its usage where it has one."""
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
        sys.exit(app(standalone_mode=False) or 0)
    except CorpusError as error:
        errors.print(f"error: {error}", markup=False, style="red")
        sys.exit(error.exit_code)
    except typer.TyperException as error:  # a command or option that isn't there quotes what was typed
        _tell_usage(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        errors.print("stopped; the same command goes on from here")
        sys.exit(130)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        sys.stderr.close()
        sys.exit(0)
