"""`latam-corpus explain`: a document's story: from where, through which stages, why it is in or out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from latam_corpus.cli import completion
from latam_corpus.cli.show import console, note, print_json, styled, table
from latam_corpus.cli.ui_language import spoken
from latam_corpus.messages import N_, _


def explain(
    query: Annotated[
        str, typer.Argument(metavar='DOC_ID|URL|"WORDS"', help=N_("A doc_id, a URL, or words of the text."))
    ],
    out: Annotated[Path, typer.Option("--out", help=N_("The folder of runs."))] = Path("out"),
    run: Annotated[
        str,
        typer.Option(
            help=N_("A run, however it is named; all runs by default, the latest first."),
            autocompletion=completion.runs,
        ),
    ] = "",
    store: Annotated[str | None, typer.Option(help=N_("Release store; OUT/store by default."))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=N_("Print JSON."))] = False,
) -> None:
    """Tell a document's whole story."""
    from latam_corpus.audit.documents import run_meant
    from latam_corpus.audit.explanation import explained
    from latam_corpus.audit.stores import existing_store

    meant = run_meant(run, out, note) if run and query.strip() else None
    stories = explained(query, out, meant, existing_store(store, out)).stories
    if as_json:
        print_json(stories)
    elif len(stories) > 1:
        rows = [(s["doc_id"], s["verdict"], s["reason"], s["title"] or s["beginning"][:50]) for s in stories]
        table(
            _("{n} documents have it; explain one by its doc_id", n=len(rows)),
            ["doc_id", _("verdict"), _("reason"), _("title")],
            rows,
        )
    else:
        tell(stories[0])


def tell(lineage: dict[str, Any]) -> None:
    """Print a story."""
    from latam_corpus.audit.lineage_lines import lineage_lines

    for line in lineage_lines(lineage, spoken()):
        console.print(styled(*line))
