"""A sample of documents to read and annotate: a page, JSONL, or a sheet with columns for a reader's verdict.

Documents are drawn by lot, the same ones each time: from each group those whose hash with the seed is smallest.
"""

from __future__ import annotations

import hashlib
import io
import json
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.catalog.display_names import genre_name
from latam_corpus.dedupe.fingerprints.fingerprint import text_hash
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import Message, _, enumerated
from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.release.pages.judgements import NAMES, QUESTIONS, WORDS
from latam_corpus.report.names import value_name
from latam_corpus.report.page_frame import write_file
from latam_corpus.report.side_by_side import side_by_side
from latam_corpus.report.templating import render
from latam_corpus.text.display.spreadsheet_text import csv_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.report.disclosure import Redaction


COLUMNS: Final = (
    "doc_id", "language", "variety", "country", "genre", "source_id", "title", "creators", "published", "url", "rights",
    "rights_tier", "uses", "drop_reason", "text_hash", "drawn_from", "drawn_by", "text",
)  # fmt: skip
DRAWN: Final = ("text_hash", "drawn_from", "drawn_by")  # which text was read, and what a judgement of it speaks for
GROUPING: Final = tuple(c.name for c in schema.DOCUMENT if c.dtype == pl.String() and c.name not in ("doc_id", "text"))
NOTE: Final = _("note")
_HOW: Final = _("how to fill in")
_HOW_LINES: Final = (
    _("One row is one text; its text is in the last column. Leave a cell empty if you don't want to answer."),
    _("Instead of “no” you may write the name of the language, such as náhuatl or guarani mbya."),
    _("Write anything else in the column «{note}».", note=NOTE),
    _(
        "Save the sheet and send it back. Whoever drew it gives the command: latam-corpus judge import SHEET "
        "--reader NAME"
    ),
)
_SHEET_TEXT: Final = 32_000  # a cell holds 32,767 characters
_PAGE_TEXT: Final = 20_000
_ALL_TEXTS: Final = 1_400_000  # characters of all texts of a page, which stays below two megabytes
_LEAST_TEXT: Final = 400


def shown_rows(frame: pl.DataFrame, drawn_from: str, by: Sequence[str], redaction: Redaction) -> list[dict[str, Any]]:
    """Return the rows as people see them: the columns that say what a document is, and its text and title redacted.

    Args:
        frame: documents.
        drawn_from: the run or version, and which of its documents.
        by: the columns that they were drawn by.
        redaction: how they are redacted.
    """
    columns = [name for name in COLUMNS if name not in DRAWN]
    rows = []
    hashes = [text_hash(text or "").hex() for text in frame["text"]]
    frame = redaction.of(frame)
    for row, text_digest in zip(frame.select({*columns, *by}).to_dicts(), hashes, strict=True):
        group = " ".join(f"{column}={'' if row[column] is None else row[column]}" for column in by)
        drawn = dict(zip(DRAWN, (text_digest, drawn_from, group), strict=True))
        rows.append({name: (row | drawn)[name] for name in COLUMNS} | {"text": row["text"] or ""})
    return rows


def named_by(frame: pl.DataFrame) -> pl.Series:
    """Return the document that each row is a copy or a variant of; null where it is none."""
    return frame.select(pl.coalesce("duplicate_of", "variant_of").alias("doc_id")).to_series()


def beside(frame: pl.DataFrame, others: pl.DataFrame, redaction: Redaction) -> dict[str, tuple[str, dict[str, Any]]]:
    """For each row that is a copy or a variant of one of the others, its title and the two side by side, by its id.

    Args:
        frame: documents.
        others: documents that may be shown too, each once.
        redaction: how both are redacted.
    """
    pairs = named_by(frame).is_in(others["doc_id"].implode())
    frame, others = redaction.of(frame.filter(pairs)), redaction.of(others)
    named = frame.select("doc_id", "text", named_by(frame).alias("of"))
    both = named.join(others.select(pl.col("doc_id").alias("of"), "title", other="text"), on="of")
    return {
        row["doc_id"]: (row["title"] or row["of"], side_by_side(row["text"] or "", row["other"] or ""))
        for row in both.iter_rows(named=True)
    }


def write_jsonl(path: Path, rows: Sequence[dict[str, Any]], *, internal: bool) -> None:
    """One document a line; with `internal` each line says so."""
    stamp = {"internal": True} if internal else {}
    write_file(path, "".join(json.dumps(stamp | row, ensure_ascii=False) + "\n" for row in rows))


def write_sheet(path: Path, rows: Sequence[dict[str, Any]], language: str = "es", *, internal: bool) -> None:
    """Write a sheet with a column for each thing that a reader is asked, chosen from a list in a workbook, and a note.

    Args:
        path: where it goes; CSV where its name ends so.
        rows: of `shown_rows`.
        language: of the heads and the verdicts.
        internal: whether the sheet is named so.

    Raises:
        ConfigError: the package that writes sheets isn't there, or the sheet can't be written there.
    """
    asked = [NAMES[question].translate(language) for question in QUESTIONS]
    heads = (*asked, NOTE.translate(language), *COLUMNS)
    first = len(heads) - len(COLUMNS)
    if path.suffix == ".csv":
        cells = ([*[""] * first, *(_cell(row[name]) for name in COLUMNS)] for row in rows)
        write_file(path, csv_text([heads, *cells]))
        return
    try:
        import xlsxwriter  # an extra
    except ImportError:
        raise ConfigError(
            str(path), _("sheets need the package XlsxWriter"), "pip install 'latam-corpus[sheets]'"
        ) from None
    buffer = io.BytesIO()
    # Texts stay texts: a line that begins with = is no formula, and an address no link.
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, plain) as book:
        sheet = book.add_worksheet("internal" if internal else "sample")
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, first)
        sheet.set_column(0, len(heads) - 2, 14, wrapped)
        sheet.set_column(len(heads) - 1, len(heads) - 1, 100, wrapped)
        sheet.write_row(0, 0, heads, bold)
        for number, row in enumerate(rows, 1):
            for column, name in enumerate(COLUMNS, first):
                sheet.write_string(number, column, _cell(row[name]))
        for column, (question, answers) in enumerate(QUESTIONS.items()):
            choices = [WORDS[answer].translate(language) for answer in answers]
            # Where the language is another, its name or code may be written.
            only = {"validate": "list", "source": choices, "show_error": question != "language"}
            sheet.data_validation(1, column, max(len(rows), 1), column, only)
        how = book.add_worksheet(_HOW.translate(language))
        how.set_column(0, 0, 100, wrapped)
        for number, line in enumerate(_instructions(language)):
            how.write_string(number, 0, line)
    write_file(path, buffer.getvalue())


def _instructions(language: str) -> Iterator[str]:
    """Yield the lines that explain the sheet to its reader."""
    first, of_language, *others = (one.translate(language) for one in _HOW_LINES)
    yield first
    for question, answers in QUESTIONS.items():
        choices = enumerated(WORDS[one] for one in answers)
        yield Message("{head} {choices}", {"head": NAMES[question], "choices": choices}).translate(language)
        if question == "language":
            yield of_language
    yield from others


def _cell(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    return text if len(text) <= _SHEET_TEXT else text[:_SHEET_TEXT] + " […]"


def sample_page(
    name: str,
    rows: Sequence[dict[str, Any]],
    by: Sequence[str],
    seed: int,
    hidden: int,
    language: str = "es",
    *,
    internal: bool = False,
    compared: Mapping[str, tuple[str, dict[str, Any]]] | None = None,
) -> str:
    """Return the page as HTML; of many texts each shows less, so that the page can be opened.

    Args:
        name: of the run or version.
        rows: of `shown_rows`.
        by: the columns that they were drawn by.
        seed: of the lot.
        hidden: documents that may not be shown.
        language: of the page.
        internal: whether it is stamped as not for outside.
        compared: of `beside`: what stands in a document.
    """
    most = max(min(_PAGE_TEXT, _ALL_TEXTS // max(len(rows), 1)), _LEAST_TEXT)
    documents = [_document(row, most, (compared or {}).get(row["doc_id"])) for row in rows]
    groups = [
        {
            "name": enumerated((value_name(c, v) for c, v in zip(by, key, strict=True)), " · "),
            "documents": [*held],
        }
        for key, held in groupby(documents, lambda one: [one["row"][column] or "" for column in by])
    ]
    headed: list[dict[str, Any]] = groups if by else documents
    for number, one in enumerate(headed, 1):
        one["id"] = f"part-{number}"
    return render(
        "sample.html",
        language,
        kind="sample",
        title=name,
        sections=[(one["id"], one["name"] if by else one["row"]["title"] or one["row"]["doc_id"]) for one in headed],
        internal=internal,
        n=len(rows),
        seed=seed,
        hidden=hidden,
        grouped=bool(by),
        groups=groups,
    )


def _document(row: dict[str, Any], most: int, beside: tuple[str, dict[str, Any]] | None) -> dict[str, Any]:
    about = [
        ", ".join(row["creators"] or []),
        row["published"],
        value_name("language", row["language"] or ""),
        value_name("country", row["country"] or "") if row["country"] else None,
        row["source_id"],
        row["rights"] or value_name("rights_tier", row["rights_tier"] or ""),
        genre_name(row["genre"]) if row["genre"] else None,
    ]
    other, compared = beside or ("", None)
    return {
        "row": row,
        "about": [fact for fact in about if fact],
        "why": meaning(row["drop_reason"]) if row["drop_reason"] else "",
        "other": other,
        "compared": compared,
        "text": row["text"][:most],
        "goes_on": len(row["text"]) > most,
    }


def by_columns(text: str) -> tuple[str, ...]:
    """Return the columns named, separated by commas.

    Raises:
        ConfigError: one isn't a column of words; the message has the closest.
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in GROUPING:
            raise ConfigError("--by", _("documents can't be grouped by «{name}»", name=name), closest(name, GROUPING))
    return names


def draw(frames: Iterable[pl.DataFrame], by: Sequence[str], number: int, seed: int) -> pl.DataFrame:
    """At most `number` documents of each group, by group and then as drawn; what isn't stated is a group too.

    Which are drawn depends on the documents alone, not on the order in which they come: more of them, or another
    seed, draw others.

    Args:
        frames: documents, `doc_id` and the columns of `by` among their columns.
        by: columns; all documents are one group when empty.
        number: of each group.
        seed: of the lot.

    >>> rows = pl.DataFrame({"doc_id": ["a", "b", "c"], "genre": ["news", "news", "lyrics"]})
    >>> draw([rows], ["genre"], 1, 0)["genre"].to_list()
    ['lyrics', 'news']
    """
    held = pl.DataFrame()
    for frame in frames:
        lots = [hashlib.sha256(f"{seed} {doc_id}".encode()).hexdigest() for doc_id in frame["doc_id"]]
        drawn = frame.with_columns(pl.Series("lot", lots, dtype=pl.String))
        held = pl.concat([held, drawn]) if held.width else drawn
        held = held.sort("lot")
        held = held.filter(pl.int_range(pl.len()).over(by) < number) if by else held.head(number)
    return held.sort(*by, "lot").drop("lot") if held.height else held
