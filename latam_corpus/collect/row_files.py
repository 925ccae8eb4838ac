"""Read the rows of a JSONL or Parquet file for a single stage, and write them with the stage's columns."""

from __future__ import annotations

import json
import math
from datetime import date, datetime
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final, Self

import polars as pl
import pyarrow.parquet as pq

from latam_corpus import schema
from latam_corpus.catalog.identity import doc_id
from latam_corpus.catalog.rights import tier_of
from latam_corpus.catalog.source import Source
from latam_corpus.collect.documents.mapping import as_text, is_empty, shown, text_of
from latam_corpus.collect.input_files.folder_walk import walked
from latam_corpus.collect.readers import jsonl
from latam_corpus.collect.readers.arrow import UNREADABLE, cause_of
from latam_corpus.collect.readers.parquet import pieces
from latam_corpus.collect.records import Content, Limits
from latam_corpus.collect.streams import open_url
from latam_corpus.errors import ConfigError, SourceError
from latam_corpus.formats.compression import compression, stem
from latam_corpus.messages import Message, _
from latam_corpus.schema import extra_columns
from latam_corpus.schema.extra_columns import EXTRA
from latam_corpus.schema.extra_forms import in_form
from latam_corpus.vocabulary import EXTRA_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

JSONL: Final = (".jsonl", ".ndjson", ".json")
_LIMITS: Final = Limits(rows=2000, bytes_=64 * 2**20)
_COMPRESSED: Final = {".gz": "gzip", ".xz": "xz", ".zst": "zstd"}  # fsspec's names
_SOURCE: Final = "input"
_AS_THEY_ARE: Final = Source(id=_SOURCE, title="Rows for a stage", holder="not stated")


def kind_of(path: Path) -> str:
    """Return `jsonl` or `parquet`, by the suffix; a suffix of compression is ignored.

    Raises:
        ConfigError: the file has another suffix, or is a compressed Parquet file.
    """
    last = PurePath(stem(path.name)).suffix.lower()
    if last in JSONL:
        return "jsonl"
    if last == ".parquet" and compression(path.name):
        raise ConfigError(str(path), _("a Parquet file is compressed inside"), _("use {stem}", stem=stem(path.name)))
    if last == ".parquet":
        return "parquet"
    raise ConfigError(
        str(path), _("the suffix «{last}» is neither JSONL nor Parquet", last=last), _("use .jsonl or .parquet")
    )


def read_chunks(path: Path) -> Iterator[list[dict[str, Any]]]:
    """Yield the file's rows as dicts, in chunks of a few thousand.

    Raises:
        ConfigError: the file is missing or isn't of the format of its suffix, a line isn't a JSON object, or `text`
            isn't a text.
    """
    if not path.is_file():
        problem = _("it isn't a file") if path.exists() else _("there is no such file")
        raise ConfigError(str(path), problem, _("check the path"))
    if kind_of(path) == "parquet":
        try:
            with path.open("rb") as stream:
                for piece in pieces(stream, pq.read_schema(stream).names, _LIMITS):
                    rows = piece.to_pylist()
                    if "text" in piece.schema.names:
                        texts = _text_column(pl.Series("text", piece.column("text")), str(path))
                        rows = [{**row, "text": text} for row, text in zip(rows, texts, strict=True)]
                    yield rows
        except UNREADABLE as error:
            raise ConfigError(str(path), _("it isn't a Parquet file: {cause}", cause=cause_of(error))) from error
        return
    has_chunks = False
    try:
        for chunk in jsonl.read(Content(str(path), partial(open_url, str(path))), _AS_THEY_ARE, _LIMITS):
            for failure in chunk.failures[:1]:
                reason = failure.evidence.get("error") or failure.evidence.get("near", "")
                cause = f"{failure.cause} ({reason})" if reason else failure.cause
                raise ConfigError(f"{path}:{failure.number}", cause, _("each line is one JSON object, in UTF-8"))
            yield chunk.records
            has_chunks = True
    except SourceError as error:
        raise ConfigError(str(path), error.problem, error.remedy) from None
    if not has_chunks:
        yield []


def text_rows(path: Path) -> list[dict[str, Any]]:
    """Return a `.txt` file, or all `.txt` files below a folder, as rows with the file's name as `id` and its `text`.

    Raises:
        ConfigError: there is no such file, or one isn't UTF-8.
        SourceError: a folder can't be listed.
    """
    files = sorted(Path(name) for name in walked(str(path)) if name.endswith(".txt")) if path.is_dir() else [path]
    if not files:
        raise ConfigError(str(path), _("there is no .txt file in this folder"), _("save each document as a .txt file"))
    return [
        {"id": str(file.relative_to(path) if file != path else file.name), "text": _read_text(file)} for file in files
    ]


def _read_text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = _("it isn't UTF-8: {cause} at byte {at}", cause=error.reason, at=error.start)
        raise ConfigError(str(file), problem, _("save it as UTF-8")) from None


def as_documents(rows: Sequence[Mapping[str, Any]], start: int, place: str = "text") -> pl.DataFrame:
    """Return the rows as a frame of documents, with neutral values in missing columns.

    Rows are dicts with `id` or `doc_id`, `text`, and any other column of the schema. `start` is the place of the first
    row in its file, for rows without an id.

    Raises:
        ConfigError: a `text` is neither a text nor a number.
    """
    names = set().union(*rows)
    values = {name: [row.get(name) for row in rows] for name in (*schema.DOCUMENT_SCHEMA, "id") if name in names}
    if "text" in values:
        values["text"] = [_text(text, f"{place}:{start + n}") for n, text in enumerate(values["text"], 1)]
    extra = {EXTRA: _extra(pl.Series(EXTRA, values.pop(EXTRA), strict=False), place)} if EXTRA in values else {}
    series = {name: _series(name, column, _type_of(name)) for name, column in values.items()} | extra
    return _documents(series, len(rows), start)


def frame_as_documents(frame: pl.DataFrame, place: str) -> pl.DataFrame:
    """Return the rows of a frame as a frame of documents, as `as_documents` does.

    Raises:
        ConfigError: the column `text` isn't of text, or is of bytes that aren't UTF-8.
    """
    columns = {}
    for column in frame:
        dtype = _type_of(column.name)
        if column.name == "text":
            columns["text"] = _text_column(column, place)
        elif column.name == EXTRA:
            columns[EXTRA] = _extra(column, place)
        elif column.name in schema.DOCUMENT_SCHEMA or column.name == "id":
            exact = column.dtype == dtype
            columns[column.name] = column if exact else _series(column.name, column.to_list(), dtype)
    return _documents(columns, frame.height, 0)


def _extra(column: pl.Series, place: str) -> pl.Series:
    """Return the additional columns of rows as the type `schema.EXTRA`.

    `column` is a struct with a field for each column, or has the type `schema.EXTRA`.
    """
    fields = dict(pl.Schema(column.dtype)) if isinstance(column.dtype, pl.Struct) else {}
    wrong = next((name for name, dtype in fields.items() if extra_columns.kind_of(dtype) is None), None)
    if wrong or not (fields or column.dtype in (schema.EXTRA, pl.Null)):
        name = f"{EXTRA}.{wrong}" if wrong else EXTRA
        problem = _(
            "the column «{name}» is of the type {given}", name=name, given=fields[wrong] if wrong else column.dtype
        )
        raise ConfigError(place, problem, _("it must be {wanted}", wanted=", ".join(EXTRA_TYPES)))
    return in_form(column, schema.EXTRA)


def _text_column(column: pl.Series, place: str | Message) -> pl.Series:
    """Return a column of text, or of UTF-8 bytes, as text."""
    if column.dtype not in (pl.String, pl.Binary, pl.Categorical, pl.Enum, pl.Null):
        problem = _("the column «{name}» is of the type {given}", name=column.name, given=column.dtype)
        raise ConfigError(place, problem, _("it must be a text"))
    if column.dtype != pl.Binary:
        return column.cast(pl.String)
    return pl.Series(column.name, [_text(value, place) for value in column], dtype=pl.String)


def _text(value: Any, place: str | Message) -> str | None:
    """Return a text, or a number as text; decode bytes as a run does."""
    if value is None or isinstance(value, str):
        return value
    text = text_of(value) if isinstance(value, bytes) else as_text(value)
    if text is None and not is_empty(value):
        problem = _("«{key}» is {given}", key="text", given=shown(value))
        raise ConfigError(place, problem, _("it must be a text, and if it is bytes, UTF-8"))
    return text


def _type_of(name: str) -> pl.DataType:
    return schema.DOCUMENT_SCHEMA.get(name, pl.String())


def _documents(columns: dict[str, pl.Series], count: int, start: int) -> pl.DataFrame:
    columns = {name: values for name, values in columns.items() if values.null_count() < count}
    if "rights" in columns and "rights_tier" not in columns:
        tiers = [None if rights is None else tier_of(rights) for rights in columns["rights"]]
        columns["rights_tier"] = pl.Series("rights_tier", tiers, dtype=pl.String)
    nothing = [None] * count
    id_pairs = zip(columns.get("doc_id", nothing), columns.pop("id", nothing), strict=True)
    ids = [first or second or doc_id(_SOURCE, f"#{start + n}") for n, (first, second) in enumerate(id_pairs)]
    columns["doc_id"] = pl.Series("doc_id", ids, dtype=pl.String)
    for name, value in (
        ("source_id", _SOURCE),
        ("genre", "web"),
        ("composition", "original"),
        ("rights_tier", "unknown"),
    ):
        if name not in columns:
            columns[name] = pl.Series(name, [value] * count, dtype=pl.String)
        columns[name] = columns[name].fill_null(value)
    if "text" not in columns:
        columns["text"] = pl.Series("text", [None] * count, dtype=pl.String)
    frame = pl.DataFrame(columns)
    return schema.conform(frame, schema.DOCUMENT_SCHEMA).with_columns(columns["text"].fill_null("").alias("text"))


def _series(name: str, values: list[Any], dtype: pl.DataType) -> pl.Series:
    if name == "redactions":
        values = [[{"key": k, "value": n} for k, n in v.items()] if isinstance(v, dict) else v for v in values]
    if dtype in (pl.Date, pl.Datetime):
        series = pl.Series(name, [None if v is None else str(v) for v in values], dtype=pl.String)
        return (
            series.str.to_datetime(strict=False, time_zone="UTC")
            if dtype == pl.Datetime
            else series.str.to_date(strict=False)
        )
    if isinstance(dtype, pl.String):
        values = [v if isinstance(v, str) else text_of(v) or as_text(v) for v in values]
    try:
        return pl.Series(name, values, dtype=dtype, strict=False)
    except (TypeError, pl.exceptions.PolarsError):
        return pl.Series(name, [None] * len(values), dtype=dtype)


def as_json(value: Any) -> Any:
    """Convert a value for JSON: times become ISO 8601, bytes hex, not-a-number null, and maps objects."""
    if isinstance(value, list) and value and all(isinstance(v, dict) and set(v) == {"key", "value"} for v in value):
        of_keys: dict[str, list[Any]] = {}
        for entry in value:
            of_keys.setdefault(entry["key"], []).append(entry["value"])
        value = {key: values[0] if len(values) == 1 else values for key, values in of_keys.items()}
    if isinstance(value, dict):
        return {key: as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_json(inner) for inner in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.isoformat() if isinstance(value, datetime | date) else value


class RowWriter:
    """Writes a JSONL file (compressed or not) or a Parquet file, by its suffix; it gets its name when complete."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kind = kind_of(path)
        self._partial_path = path.with_name(path.name + ".partial")
        self._frames: list[pl.DataFrame] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = None
        if self._kind == "jsonl":
            method = _COMPRESSED.get(compression(path.name))
            import fsspec  # importing it takes longer than writing a small file, and Parquet doesn't need it

            # `fsspec.open` would read `::` in a name as a chain of URLs.
            self._file = fsspec.filesystem("file").open(
                str(self._partial_path), "wt", encoding="utf-8", compression=method
            )

    def write(self, rows: Sequence[Mapping[str, Any]], results: pl.DataFrame) -> None:
        """Append the input rows, each with the columns of a stage."""
        if self._file:
            for row, more in zip(rows, results.to_dicts(), strict=True):
                values = {key: as_json(value) for key, value in {**row, **more}.items()}
                self._file.write(json.dumps(values, ensure_ascii=False) + "\n")
            return
        original = pl.DataFrame(list(rows), infer_schema_length=None, strict=False)
        self._frames.append(original.drop([c for c in results.columns if c in original.columns]).hstack(results))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        """Finish the file and give it its name; an incomplete file is deleted."""
        if self._file:
            self._file.close()
        elif failed is None:
            pl.concat(self._frames, how="diagonal_relaxed").write_parquet(self._partial_path)
        if failed is None:
            self._partial_path.replace(self._path)
        else:
            self._partial_path.unlink(missing_ok=True)
