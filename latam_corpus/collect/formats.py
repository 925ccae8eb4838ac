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
    """

    name: str
    reader: str
    suffixes: tuple[str, ...]
    media_type: str | None = None
    splitter: str | None = None


FORMATS: Final = (
    Format(
        "jsonl",
        "latam_corpus.collect.jsonl:read",
        (".jsonl", ".ndjson"),
        splitter="latam_corpus.collect.linespans:split",
    ),
    Format(
        "parquet", "latam_corpus.collect.parquet:read", (".parquet",), splitter="latam_corpus.collect.parquet:split"
    ),
    Format("text", "latam_corpus.collect.whole:read", (".txt",), "text/plain"),
    Format("html", "latam_corpus.collect.whole:read", (".html", ".htm", ".xhtml"), "text/html"),
)
SUFFIXES: Final = {suffix: entry for entry in FORMATS for suffix in entry.suffixes}
BY_NAME: Final = {entry.name: entry for entry in FORMATS}


def format_of(relative: str, named: str | None = None) -> Format | None:
    """The format of a file: the one named, else the one of its suffix; None for an unknown one.

    >>> format_of("notas/a.html.gz").name
    'html'
    >>> format_of("portada.png") is None
    True
    """
    if named:
        return BY_NAME[named]
    return SUFFIXES.get(PurePosixPath(stem(relative)).suffix.lower())


def reader_of(entry: Format) -> Reader:
    """The reader, imported when it is first asked for."""
    return cast("Reader", _imported(entry.reader))


def splitter_of(entry: Format) -> Splitter | None:
    """The function that finds parts inside a file of the format; None where there is none."""
    return cast("Splitter", _imported(entry.splitter)) if entry.splitter else None


def _imported(path: str) -> object:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
