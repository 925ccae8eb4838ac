"""The indexes of web archives: the columnar index of Common Crawl (Parquet), and CDX in its forms.

CDX is read as CDXJ (key, time, JSON), as the JSON lines that index servers give, and as the older table whose first
line names its columns by letters (`CDX N b a m s k r M S V g`). An index may be gzipped, also in many members.
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
_LONGEST: Final = 2**16
_BATCH: Final = 50_000
# The letters of the older table that matter (`V`: where the record begins, `S`: its compressed length).
_LETTERS: Final = {
    "a": "url", "b": "timestamp", "m": "mime", "s": "status", "k": "digest", "S": "length", "V": "offset",
    "g": "filename",
}  # fmt: skip
_TABLE: Final = "N b a m s k r M S V g"
_NEEDED_LETTERS: Final = ("a", "S", "V", "g")
# A line of CDXJ, whose key may have spaces and braces in it, or of an index server.
_JSON_LINE: Final = re.compile(r"(?:.*?\s([0-9]{4,17})\s+)?(\{.*\})")
# Columns of the columnar index, and what they are called here.
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
    """A page as an archive holds it.

    Attributes:
        url: its address as recorded.
        time: when it was fetched, ISO 8601; empty where the index doesn't say.
        status: of the answer; 0 where the index doesn't say.
        mime: its media type, as detected, else as sent.
        languages: ISO 639-3 codes, the commonest first.
        digest: of its payload.
        filename: the archive's file, relative to where its files are.
        offset: where the record begins in it.
        length: the record's bytes there.
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


# In the place of a capture whose key names another top-level domain; its line isn't taken apart.
ELSEWHERE: Final = Capture("", "", 0, "", (), "", "", 0, 0)


def captures(name: str, stream: BinaryIO, domains: Sequence[str] | None) -> Iterator[Capture | None]:
    """Yield the captures of an index, in its order; None for a line that is none.

    Args:
        name: the index, for messages.
        stream: its bytes; one that can be sought.
        domains: top-level domains beside which nothing is wanted: parts of a columnar index that have none of them
            aren't read, and lines of CDX that have another are `ELSEWHERE`; None for all.

    Raises:
        SourceError: it is damaged, or lacks columns.
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
    there = set(file.schema_arrow.names)
    if missing := [column for column in _NEEDED if column not in there]:
        problem = _("it lacks the columns {names}", names=", ".join(missing))
        raise SourceError(name, problem, _("give files of Common Crawl's columnar index, subset=warc"))
    columns = [column for column in _COLUMNS if column in there]
    tlds = "url_host_tld" in there and domains is not None
    for group in range(file.metadata.num_row_groups):
        if tlds and not _may_have(file, group, domains or ()):
            continue
        wanted = [*columns, *(["url_host_tld"] if tlds else [])]
        for batch in file.iter_batches(_BATCH, row_groups=[group], columns=wanted):
            frame = pl.from_arrow(pa.Table.from_batches([batch]))
            assert isinstance(frame, pl.DataFrame)  # noqa: S101  (for the type checker)
            # Some writers leave out that their texts are texts.
            frame = frame.with_columns(pl.selectors.binary().cast(pl.String, strict=False))
            if tlds:
                frame = frame.filter(pl.col("url_host_tld").is_in(list(domains or ())))
            for row in frame.iter_rows(named=True):
                yield _capture({_COLUMNS[column]: row[column] for column in columns})


def _may_have(file: Any, group: int, domains: Sequence[str]) -> bool:
    """Whether the group's statistics leave room for one of the domains."""
    about = file.metadata.row_group(group)
    for number in range(about.num_columns):
        column = about.column(number)
        if column.path_in_schema == "url_host_tld" and column.statistics and column.statistics.has_min_max:
            least, most = (_as_text(one) for one in (column.statistics.min, column.statistics.max))
            return any(least <= domain <= most for domain in domains)
    return True


def _as_text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _lines(
    name: str,
    stream: Any,
    domains: Sequence[str] | None,
) -> Iterator[Capture | None]:
    letters = _TABLE.split()
    wanted = None if domains is None else {domain.encode() for domain in domains}
    while line := stream.readline(_LONGEST):
        key = _KEY.match(line) if wanted is not None else None
        if key and wanted is not None and key[1] not in wanted:
            yield ELSEWHERE
            continue
        text = line.decode("utf-8", "replace").strip()
        if text.split(maxsplit=1)[:1] == ["CDX"]:
            letters = text.split()[1:]
            if missing := [one for one in _NEEDED_LETTERS if one not in letters]:
                problem = _("its first line names no column {names}", names=", ".join(missing))
                raise SourceError(name, problem, _("give a CDX with the columns {table}, or a CDXJ", table=_TABLE))
        elif text:
            yield _parsed(text, letters)


def _parsed(text: str, letters: Sequence[str]) -> Capture | None:
    """Return the capture of a line.

    >>> line = 'cl,gaceta)/a 20240501120000 {"url": "https://gaceta.cl/a", "status": "200", "filename": "a.warc.gz", '
    >>> _parsed(line + '"offset": "12", "length": "34", "languages": "spa,eng"}', []).languages
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
    return _capture({_LETTERS[one]: value for one, value in zip(letters, values, strict=True) if one in _LETTERS})


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
    """Return the codes of a list, which an index has as one text.

    >>> _languages("spa,eng"), _languages(["spa", "eng"]), _languages(None)
    (('spa', 'eng'), ('spa', 'eng'), ())
    """
    many = value if isinstance(value, (list, tuple)) else str(value or "").split(",")
    return tuple(code for one in many if (code := str(one).strip()))


def _time(value: object) -> str:
    """Return a moment of an index as ISO 8601.

    >>> _time("20240501120000"), _time("2024")
    ('2024-05-01T12:00:00Z', '')
    """
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    else:
        try:  # `strptime` makes something of fewer digits too
            digits = str(value) if re.fullmatch(r"[0-9]{14}", str(value)) else ""
            moment = datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            return ""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
