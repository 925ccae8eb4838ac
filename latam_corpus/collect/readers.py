"""What reads each format, and what finds parts inside a file of it; each is imported when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from latam_corpus.collect.formats import Format
    from latam_corpus.collect.records import Reader, Splitter

READERS: Final = {
    "jsonl": "latam_corpus.collect.jsonl:read",
    "csv": "latam_corpus.collect.csv_tables:read",
    "parquet": "latam_corpus.collect.parquet:read",
    "arrow": "latam_corpus.collect.arrow:read",
    "warc": "latam_corpus.collect.warc:read",
    "arc": "latam_corpus.collect.arc:read",
    "text": "latam_corpus.collect.whole_files:read",
    "markdown": "latam_corpus.collect.whole_files:read",
    "html": "latam_corpus.collect.whole_files:read",
    "tei": "latam_corpus.collect.whole_files:read",
}
# A file of another format is read as one.
SPLITTERS: Final = {
    "jsonl": "latam_corpus.collect.linespans:split",
    "csv": "latam_corpus.collect.csv_tables:split",
    "parquet": "latam_corpus.collect.parquet:split",
    "arrow": "latam_corpus.collect.arrow:split",
    "warc": "latam_corpus.collect.warc:split",
    "archive": "latam_corpus.collect.archives:split",
    "wacz": "latam_corpus.collect.archives:split",
}


def reader_of(entry: Format) -> Reader:
    """Return the reader of a format that is no archive."""
    return cast("Reader", _imported(READERS[entry.name]))


def splitter_of(entry: Format) -> Splitter | None:
    """Return the function that finds parts inside a file of the format; None where there is none."""
    return cast("Splitter", _imported(SPLITTERS[entry.name])) if entry.name in SPLITTERS else None


def _imported(path: str) -> object:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
