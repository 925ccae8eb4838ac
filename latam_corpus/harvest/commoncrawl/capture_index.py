"""Reads the indexes of web archives: the columnar index of Common Crawl (Parquet) and the formats of CDX.

The CDX formats are CDXJ (key, time, JSON), the JSON lines of index servers, and an older table whose first line names
its columns by letters (`CDX N b a m s k r M S V g`). An index may be gzipped, in one or many members.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from latam_corpus.errors import SourceError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PARQUET: Final = b"PAR1"
_GZIP: Final = b"\x1f\x8b"
_MAX_LINE: Final = 2**16
_BATCH_ROWS: Final = 50_000
# The columns that are read from the older table (`V`: the record's offset, `S`: its compressed length).
_LETTERS: Final = {
    "a": "url", "b": "timestamp", "m": "mime", "s": "status", "k": "digest", "S": "length", "V": "offset",
    "g": "filename",
}  # fmt: skip
_TABLE: Final = "N b a m s k r M S V g"
_NEEDED_LETTERS: Final = ("a", "S", "V", "g")
# A line of CDXJ, whose key may contain spaces and braces, or a line of an index server.
_JSON_LINE: Final = re.compile(r"(?:.*?\s([0-9]{4,17})\s+)?(\{.*\})")
# The columns of the columnar index, with the names that CDXJ gives them.
_COLUMNS: Final = {
    "url": "url",
    "fetch_time": "timestamp",
    "fetch_status": "status",
    "content_mime_detected": "mime-detected",
    "content_mime_type": "mime",
    "content_languages": "languages",
    "content_digest": "digest",
    "warc_filename": "filename",
    "warc_record_offset": "offset",
    "warc_record_length": "length",
}
# The sort key of CDX begins with the top-level domain: `cl,gaceta)/notas/1 20240501120000 …`.
_KEY: Final = re.compile(rb"([a-z0-9-]+)(?:,[a-z0-9_-]+)+(?::\d+)?\)")
_NEEDED: Final = ("url", "warc_filename", "warc_record_offset", "warc_record_length")


@dataclass(frozen=True)
class Capture:
    """A page in a web archive.

    Attributes:
        time: when it was fetched, ISO 8601; empty if the index lacks it.
        status: the response's status; 0 if the index lacks it.
        mime: its media type as detected, or else as sent.
        languages: ISO 639-3 codes, the most frequent first.
        filename: the archive's file, relative to the address of its files.
        offset: the byte at which the record begins.
        length: the record's length in bytes.
    """

    url: str
    time: str
    status: int
    mime: str
    languages: tuple[str, ...]
    digest: str
    filename: str
    offset: int
    length: int


# A placeholder for a capture with another top-level domain in its key; its line isn't parsed.
ELSEWHERE: Final = Capture("", "", 0, "", (), "", "", 0, 0)


def captures(name: str, stream: BinaryIO, domains: Sequence[str] | None) -> Iterator[Capture | None]:
    """Yield the captures of an index in its order; None for a line that can't be parsed.

    Row groups of a columnar index without any of the `domains` (by default, all) are skipped, and a CDX line with
    another domain yields `ELSEWHERE`.

    Raises:
        SourceError: the index is damaged, or lacks columns.
    """
    start = stream.read(len(_PARQUET))
    stream.seek(0)
    try:
        if start == _PARQUET:
            yield from _columnar(name, stream, domains)
        else:
            lines = gzip.GzipFile(fileobj=stream) if start[:2] == _GZIP else stream
            yield from _lines(name, lines, domains)
    except (OSError, EOFError, zlib.error, pa.ArrowException, pl.exceptions.PolarsError) as error:
        raise SourceError(name, _("the index can't be read ({reason})", reason=error), _("fetch it again")) from None


def _columnar(name: str, stream: BinaryIO, domains: Sequence[str] | None) -> Iterator[Capture | None]:
    file = pq.ParquetFile(stream)
    available = set(file.schema_arrow.names)
    if missing := [column for column in _NEEDED if column not in available]:
        problem = _("it lacks the columns {names}", names=", ".join(missing))
        raise SourceError(name, problem, _("give files of Common Crawl's columnar index, subset=warc"))
    columns = [column for column in _COLUMNS if column in available]
    filtered = list(domains) if domains is not None and "url_host_tld" in available else None
    read_columns = columns if filtered is None else [*columns, "url_host_tld"]
    for group in range(file.metadata.num_row_groups):
        if filtered is not None and not _may_have(file, group, filtered):
            continue
        for batch in file.iter_batches(_BATCH_ROWS, row_groups=[group], columns=read_columns):
            frame = pl.from_arrow(pa.Table.from_batches([batch]))
            assert isinstance(frame, pl.DataFrame)  # noqa: S101  (for the type checker)
            # Some writers store texts as plain binary.
            frame = frame.with_columns(pl.selectors.binary().cast(pl.String, strict=False))
            if filtered is not None:
                frame = frame.filter(pl.col("url_host_tld").is_in(filtered))
            for row in frame.iter_rows(named=True):
                yield _capture({_COLUMNS[column]: row[column] for column in columns})


def _may_have(file: Any, group: int, domains: Sequence[str]) -> bool:
    """Return whether a row group may contain one of the domains, by its statistics."""
    metadata = file.metadata.row_group(group)
    for number in range(metadata.num_columns):
        column = metadata.column(number)
        if column.path_in_schema == "url_host_tld" and column.statistics and column.statistics.has_min_max:
            lowest, highest = _as_text(column.statistics.min), _as_text(column.statistics.max)
            return any(lowest <= domain <= highest for domain in domains)
    return True


def _as_text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _lines(name: str, stream: Any, domains: Sequence[str] | None) -> Iterator[Capture | None]:
    letters = _TABLE.split()
    domain_bytes = None if domains is None else {domain.encode() for domain in domains}
    while line := stream.readline(_MAX_LINE):
        if domain_bytes is not None and (key := _KEY.match(line)) and key[1] not in domain_bytes:
            yield ELSEWHERE
            continue
        text = line.decode("utf-8", "replace").strip()
        if text.split(maxsplit=1)[:1] == ["CDX"]:
            letters = text.split()[1:]
            if missing := [letter for letter in _NEEDED_LETTERS if letter not in letters]:
                problem = _("its first line lacks the column {names}", names=", ".join(missing))
                raise SourceError(name, problem, _("give a CDX with the columns {table}, or a CDXJ", table=_TABLE))
        elif text:
            yield _parse_line(text, letters)


def _parse_line(text: str, letters: Sequence[str]) -> Capture | None:
    """Parse a line of CDX; return None if it is malformed.

    >>> line = 'cl,gaceta)/a 20240501120000 {"url": "https://gaceta.cl/a", "status": "200", "filename": "a.warc.gz", '
    >>> _parse_line(line + '"offset": "12", "length": "34", "languages": "spa,eng"}', []).languages
    ('spa', 'eng')
    """
    if match := _JSON_LINE.fullmatch(text):
        try:
            fields: Any = json.loads(match[2])
        except (ValueError, RecursionError):
            return None
        return _capture({**({"timestamp": match[1]} if match[1] else {}), **fields})
    values = text.split()
    if len(values) != len(letters):
        return None
    named_values = zip(letters, values, strict=True)
    return _capture({_LETTERS[letter]: value for letter, value in named_values if letter in _LETTERS})


def _capture(row: dict[str, Any]) -> Capture | None:
    try:
        status = str(row.get("status") or 0)
        capture = Capture(
            str(row["url"]),
            _time(row.get("timestamp")),
            int(status) if status.isdigit() else 0,
            str(row.get("mime-detected") or row.get("mime") or "").lower(),
            _languages(row.get("languages")),
            str(row.get("digest") or ""),
            str(row["filename"]),
            int(row["offset"]),
            int(row["length"]),
        )
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    return capture if capture.offset >= 0 and capture.length > 0 and capture.filename else None


def _languages(value: object) -> tuple[str, ...]:
    """Return the language codes in a list or a comma-separated text.

    >>> _languages("spa,eng"), _languages(["spa", "eng"]), _languages(None)
    (('spa', 'eng'), ('spa', 'eng'), ())
    """
    codes = value if isinstance(value, (list, tuple)) else str(value or "").split(",")
    return tuple(stripped for code in codes if (stripped := str(code).strip()))


def _time(value: object) -> str:
    """Return the time of a capture in ISO 8601; empty if it is malformed.

    >>> _time("20240501120000"), _time("2024")
    ('2024-05-01T12:00:00Z', '')
    """
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    else:
        try:  # the length is checked because `strptime` accepts fewer digits
            digits = str(value) if re.fullmatch(r"[0-9]{14}", str(value)) else ""
            moment = datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            return ""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
