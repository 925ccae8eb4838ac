"""`latam-corpus explain`: show the effect of each stage on a document, and why it was kept or dropped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.audit.documents import resolve_run
from latam_corpus.audit.explanation import explained
from latam_corpus.audit.life_page import life_page, where_options
from latam_corpus.audit.lineage_lines import lineage_lines
from latam_corpus.audit.stores import existing_store
from latam_corpus.cli.interface.show import console, note, print_json, styled, table
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.errors import ConfigError
from latam_corpus.messages import Message, _, first_of
from latam_corpus.pipeline.stored_runs.reasons import reason_label
from latam_corpus.report.page_frame import write_file

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_IDS: Final = 5  # number of documents that a message names


def show_explanation(
    *, query: str, out: Path, run: str, store: str | None, html: Path | None, internal: bool, as_json: bool
) -> None:
    """Print what each stage did to the documents that match a query."""
    run_folder = resolve_run(run, out, note) if run and query.strip() else None
    stories = explained(query, out, run_folder, existing_store(store, out)).stories
    if html:
        _write_page(html, query, stories, where_options(out, store), internal)
    if as_json:
        print_json(stories)
    elif len(stories) > 1:
        rows = [
            (s["doc_id"], Message(s["verdict"]), reason_label(s["reason"]), s["title"] or s["beginning"][:50], s["run"])
            for s in stories
        ]
        table(
            _("{n} documents match; explain one by its doc_id", n=len(rows)),
            ["doc_id", _("verdict"), _("reason"), _("title"), _("run")],
            rows,
        )
    else:
        tell(stories[0])
        if html:
            console.print(_("page     {path}", path=html))


def _write_page(
    html: Path, query: str, stories: Sequence[dict[str, Any]], where: Sequence[str], internal: bool
) -> None:
    """Write a page about the matching document."""
    if len(stories) > 1:
        ids = first_of([story["doc_id"] for story in stories], _MOST_IDS)
        problem = _("{n} documents match, and a page is about one document", n=len(stories))
        raise ConfigError(_("«{query}»", query=query), problem, _("name one by its doc_id: {ids}", ids=ids))
    write_file(html, life_page(stories[0], spoken(), where, internal=internal))


def tell(lineage: dict[str, Any]) -> None:
    """Print the history of a document."""
    for line in lineage_lines(lineage, spoken()):
        console.print(styled(*line))
