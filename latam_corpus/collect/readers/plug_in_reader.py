"""Formats whose reader is a function from a file's bytes to records, as dicts; those of plug-in packages too."""

from __future__ import annotations

import io
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING

from latam_corpus.collect.records import NumberedRecord, chunked
from latam_corpus.collect.streams import blocks
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


class _Pieces(io.RawIOBase):
    """Pieces of bytes as a stream to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._left = pieces, b""

    def readable(self) -> bool:
        """Say that it is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with what comes next; 0 at the end."""
        while not self._left and (piece := next(self._pieces, None)) is not None:
            self._left = piece
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count


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
            place, _("it can't be imported: {reason}", reason=error), _("install the package again, or mend it")
        ) from error
    if not callable(function):
        raise ConfigError(place, _("it is no function"), _("name one that maps a file's bytes to records"))

    def read(content: Content, source: Source, limits: Limits) -> Iterator[Chunk]:
        del source
        with content.open() as stream:
            pieces = _Pieces(blocks(stream, compression(content.relative)))
            yield from chunked(_numbered(function(io.BufferedReader(pieces)), entry.name, content.relative), limits)

    return read


def _size(record: Any) -> int:
    """Return the characters of a record's texts; of what is no dict there is an error."""
    return sum(len(value) for value in dict(record).values() if isinstance(value, str))


def _numbered(records: Iterable[Any], name: str, relative: str) -> Iterator[NumberedRecord]:
    """Yield the records with their numbers.

    Raises:
        SourceError: the reader broke off, or gave what is no record.
    """
    try:
        for number, record in enumerate(records, 1):
            yield NumberedRecord(number, record, _size(record))
    except SourceError:
        raise
    except Exception as error:
        problem = _(
            "the reader «{name}» broke off: {name2}: {reason}", name=name, name2=type(error).__name__, reason=error
        )
        raise SourceError(relative, problem, _("mend the file, or the reader")) from error
