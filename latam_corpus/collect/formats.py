"""The registry of formats: a file's suffix to its format, a format to its reader. A new format is one line in each."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, cast

from latam_corpus.collect.streams import stem

if TYPE_CHECKING:
    from latam_corpus.collect.records import Reader, Splitter


@dataclass(frozen=True)
class Format:
    """A format of files.

    Attributes:
        name: what a source calls it.
        reader: where its reader is.
        suffixes: the ends of its files' names.
        media_type: of bytes that still need extraction; None where records bring text.
        splitter: where the function is that finds parts inside a file; None where a file is read as one.
        archive: whether its files hold others, which are read as if they were a folder's.
        holds: the only format that counts among those; None for all.
    """

    name: str
    reader: str
    suffixes: tuple[str, ...]
    media_type: str | None = None
    splitter: str | None = None
    archive: bool = False
    holds: str | None = None


_ROOM: Final = "latam_corpus.collect"
FORMATS: Final = (
    Format("jsonl", f"{_ROOM}.jsonl:read", (".jsonl", ".ndjson"), splitter=f"{_ROOM}.linespans:split"),
    Format("csv", f"{_ROOM}.tables:read", (".csv", ".tsv", ".tab"), splitter=f"{_ROOM}.tables:split"),
    Format("parquet", f"{_ROOM}.parquet:read", (".parquet",), splitter=f"{_ROOM}.parquet:split"),
    Format("arrow", f"{_ROOM}.arrow:read", (".arrow", ".feather", ".ipc"), splitter=f"{_ROOM}.arrow:split"),
    Format("warc", f"{_ROOM}.warc:read", (".warc", ".wet"), "text/html", f"{_ROOM}.warc:split"),
    Format("arc", f"{_ROOM}.arc:read", (".arc",), "text/html"),
    Format("text", f"{_ROOM}.whole:read", (".txt", ".text"), "text/plain"),
    Format("markdown", f"{_ROOM}.whole:read", (".md", ".markdown"), "text/markdown"),
    Format("html", f"{_ROOM}.whole:read", (".html", ".htm", ".xhtml"), "text/html"),
    Format("tei", f"{_ROOM}.whole:read", (".xml", ".tei"), "application/tei+xml"),
    Format("archive", "", (".zip", ".tar", ".tgz", ".txz"), splitter=f"{_ROOM}.archives:split", archive=True),
    # A zip of WARC files with indexes, lists of pages and logs (WACZ 1.1.1), which are no documents.
    Format("wacz", "", (".wacz",), splitter=f"{_ROOM}.archives:split", archive=True, holds="warc"),
)
UNKNOWN: Final = Format("unknown", "", ())
SUFFIXES: Final = {suffix: entry for entry in FORMATS for suffix in entry.suffixes}
BY_NAME: Final = {entry.name: entry for entry in FORMATS}


def format_of(relative: str, named: str | None = None) -> Format | None:
    """The format of a file: the one named, else the one of its suffix; None for an unknown one.

    An archive is one whatever is named, which then is the format of its members.

    >>> format_of("notas/a.html.gz").name
    'html'
    >>> format_of("portada.png") is None
    True
    """
    found = SUFFIXES.get(PurePosixPath(stem(relative)).suffix.lower())
    return BY_NAME[named] if named and not (found and found.archive) else found


def reader_of(entry: Format) -> Reader:
    """The reader of a format that is no archive, imported when it is first asked for."""
    return cast("Reader", _imported(entry.reader))


def splitter_of(entry: Format) -> Splitter | None:
    """The function that finds parts inside a file of the format; None where there is none."""
    return cast("Splitter", _imported(entry.splitter)) if entry.splitter else None


def _imported(path: str) -> object:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
