"""A sample of documents to read and annotate, as a page, JSONL, or a sheet with columns for a reader's verdict.

The draw is random but depends only on the seed: the documents of a group with the smallest hash of seed and id.
"""

from __future__ import annotations

import hashlib
import io
import json
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus.catalog.display_names import genre_name
from latam_corpus.columns import DOCUMENT
from latam_corpus.dedupe.fingerprints.fingerprint import text_hash
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import Message, _, enumerated
from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.release.pages.judgements import NAMES, QUESTIONS, WORDS
from latam_corpus.report.names import value_name
from latam_corpus.report.page_frame import write_file
from latam_corpus.report.side_by_side import side_by_side
from latam_corpus.report.templating import render
from latam_corpus.storage.spill import compact
from latam_corpus.text.display.spreadsheet_text import csv_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.report.disclosure import Redaction


COLUMNS: Final = (
    "doc_id", "language", "variety", "country", "genre", "source_id", "title", "creators", "published", "url", "rights",
    "rights_tier", "uses", "drop_reason", "text_hash", "drawn_from", "drawn_by", "text",
)  # fmt: skip
DRAWN: Final = ("text_hash", "drawn_from", "drawn_by")  # identify the read text, and the group it represents
GROUPING: Final = tuple(c.name for c in DOCUMENT if c.type == "string" and c.name not in ("doc_id", "text"))
NOTE: Final = _("note")
_HOW: Final = _("how to fill in")
_HOW_LINES: Final = (
    _("One row is one text; its text is in the last column. Leave a cell empty if you don't want to answer."),
    _("Instead of “no” you may write the name of the language, such as náhuatl or guarani mbya."),
    _("Write anything else in the column «{note}».", note=NOTE),
    _(
        "Save the sheet and send it back. The person who drew the sample runs: latam-corpus judge import SHEET "
        "--reader NAME"
    ),
)
_SHEET_TEXT: Final = 32_000  # a cell holds 32,767 characters
_PAGE_TEXT: Final = 20_000
_ALL_TEXTS: Final = 1_400_000  # characters of all texts of a page, which is thus smaller than two megabytes
_LEAST_TEXT: Final = 400


def shown_rows(frame: pl.DataFrame, drawn_from: str, by: Sequence[str], redaction: Redaction) -> list[dict[str, Any]]:
    """Return the redacted rows of a sample, with COLUMNS.

    `drawn_from` is the run or version, and whether the documents were dropped; `by` are the columns of the groups.
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
    """Return for each row the document of which it is a copy or a variant; null for other rows."""
    return frame.select(pl.coalesce("duplicate_of", "variant_of").alias("doc_id")).to_series()


def beside(frame: pl.DataFrame, originals: pl.DataFrame, redaction: Redaction) -> dict[str, tuple[str, dict[str, Any]]]:
    """Compare each copy or variant with its original; return the original's title and the comparison, by `doc_id`.

    The originals are the kept documents that may be shown, without repetition.
    """
    pairs = named_by(frame).is_in(originals["doc_id"].implode())
    frame, originals = redaction.of(frame.filter(pairs)), redaction.of(originals)
    copies = frame.select("doc_id", "text", named_by(frame).alias("of"))
    both = copies.join(originals.select(pl.col("doc_id").alias("of"), "title", other="text"), on="of")
    return {
        row["doc_id"]: (row["title"] or row["of"], side_by_side(row["text"] or "", row["other"] or ""))
        for row in both.iter_rows(named=True)
    }


def write_jsonl(path: Path, rows: Sequence[dict[str, Any]], *, internal: bool) -> None:
    """Write one document per line; with `internal`, each line is marked."""
    stamp = {"internal": True} if internal else {}
    write_file(path, "".join(json.dumps(stamp | row, ensure_ascii=False) + "\n" for row in rows))


def write_sheet(path: Path, rows: Sequence[dict[str, Any]], language: str = "es", *, internal: bool) -> None:
    """Write a sheet with the documents, a column for each question, and a column for a note.

    In XLSX, answers are chosen from a list.

    Raises:
        ConfigError: the package that writes XLSX is missing, or the file can't be written.
    """
    question_heads = [NAMES[question].translate(language) for question in QUESTIONS]
    heads = (*question_heads, NOTE.translate(language), *COLUMNS)
    first_document_column = len(heads) - len(COLUMNS)
    if path.suffix == ".csv":
        cells = ([*[""] * first_document_column, *(_cell(row[name]) for name in COLUMNS)] for row in rows)
        write_file(path, csv_text([heads, *cells]))
        return
    try:
        import xlsxwriter  # an optional dependency
    except ImportError:
        raise ConfigError(
            str(path), _("sheets need the package XlsxWriter"), "pip install 'latam-corpus[sheets]'"
        ) from None
    buffer = io.BytesIO()
    # Write all values as text, never as formulas, links or numbers.
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, plain) as book:
        sheet = book.add_worksheet("internal" if internal else "sample")
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, first_document_column)
        sheet.set_column(0, len(heads) - 2, 14, wrapped)
        sheet.set_column(len(heads) - 1, len(heads) - 1, 100, wrapped)
        sheet.write_row(0, 0, heads, bold)
        for number, row in enumerate(rows, 1):
            for column, name in enumerate(COLUMNS, first_document_column):
                sheet.write_string(number, column, _cell(row[name]))
        for column, (question, answers) in enumerate(QUESTIONS.items()):
            choices = [WORDS[answer].translate(language) for answer in answers]
            # A reader may also write the name or code of another language.
            validation = {"validate": "list", "source": choices, "show_error": question != "language"}
            sheet.data_validation(1, column, max(len(rows), 1), column, validation)
        how = book.add_worksheet(_HOW.translate(language))
        how.set_column(0, 0, 100, wrapped)
        for number, line in enumerate(_instructions(language)):
            how.write_string(number, 0, line)
    write_file(path, buffer.getvalue())


def _instructions(language: str) -> Iterator[str]:
    """Yield the lines that explain the sheet to its reader."""
    introduction, language_line, *further_lines = (line.translate(language) for line in _HOW_LINES)
    yield introduction
    for question, answers in QUESTIONS.items():
        choices = enumerated(WORDS[answer] for answer in answers)
        yield Message("{head} {choices}", {"head": NAMES[question], "choices": choices}).translate(language)
        if question == "language":
            yield language_line
    yield from further_lines


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
    """Return the page as HTML; if there are many texts, excerpts are shorter, so that browsers can open it."""
    text_length = max(min(_PAGE_TEXT, _ALL_TEXTS // max(len(rows), 1)), _LEAST_TEXT)
    documents = [_document(row, text_length, (compared or {}).get(row["doc_id"])) for row in rows]
    groups = [
        {
            "name": enumerated((value_name(c, v) for c, v in zip(by, key, strict=True)), " · "),
            "documents": [*group],
        }
        for key, group in groupby(documents, lambda part: [part["row"][column] or "" for column in by])
    ]
    headed: list[dict[str, Any]] = groups if by else documents
    for number, part in enumerate(headed, 1):
        part["id"] = f"part-{number}"
    return render(
        "sample.html",
        language,
        kind="sample",
        title=name,
        sections=[
            (part["id"], part["name"] if by else part["row"]["title"] or part["row"]["doc_id"]) for part in headed
        ],
        internal=internal,
        n=len(rows),
        seed=seed,
        hidden=hidden,
        grouped=bool(by),
        groups=groups,
    )


def _document(row: dict[str, Any], text_length: int, comparison: tuple[str, dict[str, Any]] | None) -> dict[str, Any]:
    about = [
        ", ".join(row["creators"] or []),
        row["published"],
        value_name("language", row["language"] or ""),
        value_name("country", row["country"] or "") if row["country"] else None,
        row["source_id"],
        row["rights"] or value_name("rights_tier", row["rights_tier"] or ""),
        genre_name(row["genre"]) if row["genre"] else None,
    ]
    original_title, compared = comparison or ("", None)
    return {
        "row": row,
        "about": [fact for fact in about if fact],
        "why": meaning(row["drop_reason"]) if row["drop_reason"] else "",
        "other": original_title,
        "compared": compared,
        "text": row["text"][:text_length],
        "goes_on": len(row["text"]) > text_length,
    }


def by_columns(text: str) -> tuple[str, ...]:
    """Return the columns that a comma-separated text names; raise ConfigError unless they are columns of strings."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in GROUPING:
            raise ConfigError("--by", _("documents can't be grouped by «{name}»", name=name), closest(name, GROUPING))
    return names


def draw(frames: Iterable[pl.DataFrame], by: Sequence[str], number: int, seed: int) -> pl.DataFrame:
    """Draw at most `number` documents from each group; missing values form a group too.

    The result is sorted by group. It depends on the documents and the seed, but not on the order of the documents.

    >>> rows = pl.DataFrame({"doc_id": ["a", "b", "c"], "genre": ["news", "news", "lyrics"]})
    >>> draw([rows], ["genre"], 1, 0)["genre"].to_list()
    ['lyrics', 'news']
    """
    drawn = pl.DataFrame()
    for frame in frames:
        lots = [hashlib.sha256(f"{seed} {doc_id}".encode()).hexdigest() for doc_id in frame["doc_id"]]
        candidates = frame.with_columns(pl.Series("lot", lots, dtype=pl.String))
        drawn = pl.concat([drawn, candidates]) if drawn.width else candidates
        drawn = drawn.sort("lot")
        drawn = compact(drawn.filter(pl.int_range(pl.len()).over(by) < number) if by else drawn.head(number))
    return drawn.sort(*by, "lot").drop("lot") if drawn.height else drawn
