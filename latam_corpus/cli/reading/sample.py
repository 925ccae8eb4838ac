"""`latam-corpus sample`: draw documents at random from a run or a version, to read or annotate them."""

from __future__ import annotations

from pathlib import Path

from latam_corpus.audit.samples import drawn_sample
from latam_corpus.catalog.display_names import language_label
from latam_corpus.cli.interface.show import console, note, number, print_json
from latam_corpus.cli.interface.ui_language import spoken
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.report.names import value_name
from latam_corpus.report.page_frame import checked_language, write_file
from latam_corpus.report.sample_page import by_columns, sample_page, write_jsonl, write_sheet

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
    sample = drawn_sample(named, columns, n, seed, out, store, note, set_aside=set_aside, internal=internal)
    rows, hidden = sample.rows, sample.hidden
    if to:
        if to.suffix == ".html":
            page = sample_page(
                sample.documents.name,
                rows,
                columns,
                seed,
                hidden,
                page_language,
                internal=internal,
                compared=sample.compared(),
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
                n=number(hidden),
            )
        )


def _value_label(column: str, value: str) -> str:
    """Return the name of a column's value in the user's language; in English, the value itself."""
    label = value_name(column, value).translate(spoken())
    return value if spoken() == "en" else language_label(value).translate(spoken()) if column == "language" else label
