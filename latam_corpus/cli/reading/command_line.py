"""The commands `report`, `sample`, `explain` and `help`: their options, and the functions that do the work.

Each function is imported when its command runs, since it loads libraries that `--help` doesn't need.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latam_corpus.cli.interface import completion
from latam_corpus.cli.interface.options import Internal, Json, Out, Page, PageLanguage, RunOrRelease, StoreUrl
from latam_corpus.messages import N_


def report(
    named: RunOrRelease,
    to: Annotated[
        Path | None,
        typer.Option(
            help=N_("The file to write; by default report.html in the run's folder, or a file in OUT/reports.")
        ),
    ] = None,
    internal: Internal = False,
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Write the page of a run or a version."""
    from latam_corpus.cli.reading.report import show_report

    show_report(named=named, to=to, internal=internal, out=out, store=store, as_json=as_json)


def sample(
    named: RunOrRelease,
    by: Annotated[
        str, typer.Option(metavar="COLUMNS", help=N_("Draw from each value of these columns, such as language,genre."))
    ] = "",
    n: Annotated[int, typer.Option(min=1, help=N_("How many documents to draw; with --by, from each value."))] = 10,
    seed: Annotated[int, typer.Option(help=N_("The seed of the random draw; another seed draws other documents."))] = 1,
    to: Annotated[
        Path | None,
        typer.Option(help=N_("The file to write: .html, .jsonl, .xlsx or .csv; by default the sample is printed.")),
    ] = None,
    set_aside: Annotated[
        bool, typer.Option("--set-aside", help=N_("Draw from the documents that the run dropped."))
    ] = False,
    out: Out = Path("out"),
    store: StoreUrl = None,
    page_language: PageLanguage = "",
    internal: Internal = False,
    as_json: Json = False,
) -> None:
    """Print or write documents of a run or a version, drawn at random."""
    from latam_corpus.cli.reading.sample import show_sample

    show_sample(
        named=named,
        by=by,
        n=n,
        seed=seed,
        to=to,
        set_aside=set_aside,
        out=out,
        store=store,
        page_language=page_language,
        internal=internal,
        as_json=as_json,
    )


def explain(
    query: Annotated[
        str,
        typer.Argument(
            metavar='DOC_ID|URL|FILE|"WORDS"', help=N_("A doc_id, a URL, a file's name, or words of the text.")
        ),
    ],
    out: Out = Path("out"),
    run: Annotated[
        str,
        typer.Option(
            help=N_("A run; by default all runs are searched, the latest first."),
            autocompletion=completion.runs,
        ),
    ] = "",
    store: Annotated[str | None, typer.Option(help=N_("The store, a folder or URL; OUT/store by default."))] = None,
    html: Page = None,
    internal: Internal = False,
    as_json: Json = False,
) -> None:
    """Print what each stage did to the documents that match a query."""
    from latam_corpus.cli.reading.explain import show_explanation

    show_explanation(query=query, out=out, run=run, store=store, html=html, internal=internal, as_json=as_json)


def help_on(
    context: typer.Context,
    topic: Annotated[
        str, typer.Argument(metavar="[TOPIC]", help=N_("source, recipe, stages, columns, formats, errors or commands."))
    ] = "",
    schema: Annotated[
        bool,
        typer.Option(
            "--schema", help=N_("For source and recipe: print the JSON Schema, with which editors check files.")
        ),
    ] = False,
) -> None:
    """Print a topic of the reference, the list of topics, or the JSON Schema of a file."""
    from latam_corpus.cli.reading.reference import print_topic

    print_topic(context, topic, as_schema=schema)
