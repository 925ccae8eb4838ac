"""Read formats, for example from plug-in packages, whose reader is a function from a file's bytes to records."""

from __future__ import annotations

import io
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, cast

from latam_corpus.collect.records import NumberedRecord, chunked
from latam_corpus.collect.streams import Pieces, blocks
from latam_corpus.errors import ConfigError, SourceError
from latam_corpus.formats.compression import compression
from latam_corpus.formats.registry import READER_ENTRY_POINTS
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, BinaryIO

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.records import Chunk, Content, Limits, Reader
    from latam_corpus.formats.format import Format


def record_reader(entry: Format) -> Reader:
    """Return a reader for a format whose `records` is a function from an open file to dicts.

    Raises:
        ConfigError: the function can't be imported, or can't be called.
    """
    module, _colon, name = (entry.records or "").partition(":")
    place = _(
        "entry point «{group}», {name} = {entry}", group=READER_ENTRY_POINTS, name=entry.name, entry=entry.records
    )
    try:
        function: Callable[[BinaryIO], Iterable[dict[str, Any]]] = attrgetter(name)(import_module(module))
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            place, _("it can't be imported: {reason}", reason=error), _("install the package again, or fix it")
        ) from error
    if not callable(function):
        raise ConfigError(place, _("it isn't a function"), _("name one that maps a file's bytes to records"))

    def read(content: Content, source: Source, limits: Limits) -> Iterator[Chunk]:
        del source
        with content.open() as stream:
            unpacked = cast("BinaryIO", io.BufferedReader(Pieces(blocks(stream, compression(content.relative)))))
            yield from chunked(_numbered(function(unpacked), entry.name, content.relative), limits)

    return read


def _size(record: Any) -> int:
    """Return the number of characters of a record's texts; raise an error unless it is a dict."""
    return sum(len(value) for value in dict(record).values() if isinstance(value, str))


def _numbered(records: Iterable[Any], name: str, relative: str) -> Iterator[NumberedRecord]:
    """Yield the records with their numbers."""
    try:
        for number, record in enumerate(records, 1):
            yield NumberedRecord(number, record, _size(record))
    except SourceError:
        raise
    except Exception as error:
        problem = _(
            "the reader «{name}» stopped with an error: {name2}: {reason}",
            name=name,
            name2=type(error).__name__,
            reason=error,
        )
        raise SourceError(relative, problem, _("correct the file, or the reader")) from error
