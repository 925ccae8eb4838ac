"""`latam-corpus explain`: a document's story: from where, through which stages, why it is in or out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latam_corpus.cli import completed
from latam_corpus.cli.show import console, note, print_json, styled, table
from latam_corpus.errors import ConfigError
from latam_corpus.pipeline.history import finished_runs

if TYPE_CHECKING:
    from latam_corpus.audit.story import Found


def explain(
    query: Annotated[str, typer.Argument(metavar='DOC_ID|URL|"WORDS"', help="A doc_id, a URL, or words of the text.")],
    out: Annotated[Path, typer.Option("--out", help="The folder of runs.")] = Path("out"),
    run: Annotated[
        str,
        typer.Option(
            help="A run, however it is named; all runs by default, the latest first.", autocompletion=completed.runs
        ),
    ] = "",
    store: Annotated[str | None, typer.Option(help="Release store; OUT/store by default.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell a document's whole story."""
    from latam_corpus.audit.documents import run_meant
    from latam_corpus.audit.stores import existing_store
    from latam_corpus.audit.story import find, story

    if not query.strip():
        raise ConfigError("explain", "nothing is asked for", "give a doc_id, an address, or some words of the text")
    meant = run_meant(run, out, note) if run else None
    runs = [meant] if meant else [record.folder for record in finished_runs(out)]
    if not runs:
        raise ConfigError(str(out), "there is no finished run here", "name the folder of runs with --out")
    found = find(out, query, meant)
    if not found:
        where = f"{len(runs)} runs" if len(runs) > 1 else runs[0].name
        raise ConfigError(f"«{query}»", f"no document of {where} has it", "quote words as they stand in the text")
    stories = [story(one, existing_store(store, out)) for one in _latest(found)]
    if as_json:
        print_json(stories)
        return
    if len(stories) > 1 and len({s["doc_id"] for s in stories}) > 1:
        rows = [(s["doc_id"], s["verdict"], s["reason"], s["title"] or s["beginning"][:50]) for s in stories]
        table(
            f"{len(rows)} documents have it; explain one by its doc_id", ["doc_id", "verdict", "reason", "title"], rows
        )
        return
    tell(stories[0])


def _latest(found: list[Found]) -> list[Found]:
    """Each document once, from the latest run that has it."""
    return list({one.row["doc_id"]: one for one in reversed(found)}.values())[::-1]


def tell(told: dict[str, Any]) -> None:
    """Print a story."""
    from latam_corpus.audit.story_lines import story_lines

    for line in story_lines(told):
        console.print(styled(*line))
