"""`latam-corpus sample`: draw documents at random from a run or a version, to read or annotate them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from latam_corpus.audit.documents import disclosure_of, named_documents
from latam_corpus.catalog.display_names import language_label
from latam_corpus.cli.interface.show import console, note, number, print_json
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.report.names import value_name
from latam_corpus.report.page_frame import checked_language, write_file
from latam_corpus.report.sample_page import (
    beside,
    by_columns,
    draw,
    named_by,
    sample_page,
    shown_rows,
    write_jsonl,
    write_sheet,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.audit.documents import Documents
    from latam_corpus.report.disclosure import Disclosure

_SUFFIXES = (".html", ".jsonl", ".xlsx", ".csv")


def show_sample(
    *,
    named: str,
    by: str,
    n: int,
    seed: int,
    to: Path | None,
    set_aside: bool,
    out: Path,
    store: str | None,
    page_language: str,
    internal: bool,
    as_json: bool,
) -> None:
    """Print or write documents of a run or a version, drawn at random."""
    columns = by_columns(by)
    page_language = checked_language(page_language or spoken())
    if to and to.suffix not in _SUFFIXES:
        raise ConfigError(
            str(to),
            _("a sample can't be written as «{suffix}»", suffix=to.suffix),
            _("use one of these suffixes: {suffix}", suffix=", ".join(_SUFFIXES)),
        )
    documents = named_documents(named, out, store, note)
    if set_aside and documents.folder is None:
        raise ConfigError(named, _("a version has no dropped documents"), _("name a run"))
    hidden: Counter[str] = Counter()
    disclosure = disclosure_of(documents.folder, datetime.now(UTC), store, internal=internal)
    frame = draw(_readable(documents, "dropped" if set_aside else "kept", disclosure, hidden), columns, n, seed)
    if not frame.height:
        problem = (
            _(
                "{hidden:its only document may not|none of its {hidden} documents may} be shown",
                hidden=hidden["documents"],
            )
            if hidden
            else _("it has no documents")
        )
        raise ConfigError(documents.name, problem, _("--internal shows them") if hidden else "")
    drawn_from = f"{documents.name}, set aside" if set_aside else documents.name
    rows = shown_rows(frame, drawn_from, columns, disclosure.redaction)
    if to:
        if to.suffix == ".html":
            comparisons = _compared(documents, frame, disclosure)
            page = sample_page(
                documents.name,
                rows,
                columns,
                seed,
                hidden["documents"],
                page_language,
                internal=internal,
                compared=comparisons,
            )
            write_file(to, page)
        elif to.suffix == ".jsonl":
            write_jsonl(to, rows, internal=internal)
        else:
            write_sheet(to, rows, page_language, internal=internal)
    if as_json:
        print_json(rows)
        return
    if to:
        console.print(_("{n} {n:document|documents} in {to}", n=number(len(rows)), to=to))
    else:
        for row in rows:
            labels = " · ".join(_value_label(c, str(row[c] or "")) for c in columns or ("language", "genre"))
            console.print(f"{row['doc_id']}  {labels}")
            console.print(f"  {' '.join(row['text'].split())[:200]}")
    if hidden:
        console.print(
            _(
                "{n} more {n:was|were} left out: {n:it is|they are} withdrawn, or {n:its|their} terms don't allow "
                "{n:it|them} to be shown",
                n=number(hidden["documents"]),
            )
        )


def _compared(
    documents: Documents, frame: pl.DataFrame, disclosure: Disclosure
) -> dict[str, tuple[str, dict[str, Any]]]:
    """Compare copies and variants in the frame with the kept documents that they name, by id, if these may be shown."""
    named = named_by(frame).drop_nulls()
    if not named.len():
        return {}
    kept_frames = _readable(documents, "kept", disclosure, Counter())
    originals = pl.concat(
        [frame.clear(), *(kept_frame.filter(pl.col("doc_id").is_in(named.implode())) for kept_frame in kept_frames)]
    )
    return beside(frame, originals, disclosure.redaction)


def _readable(documents: Documents, kind: str, disclosure: Disclosure, hidden: Counter[str]) -> Iterator[pl.DataFrame]:
    for frame in documents.frames(kind):
        rows = disclosure.marked(frame)
        hidden += Counter({"documents": rows.height - int(rows["readable"].sum())})
        yield rows.filter("readable")


def _value_label(column: str, value: str) -> str:
    """Return the name of a column's value in the user's language; in English the value itself."""
    named = value_name(column, value).translate(spoken())
    return value if spoken() == "en" else language_label(value).translate(spoken()) if column == "language" else named
