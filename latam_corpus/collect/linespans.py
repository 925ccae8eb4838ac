"""Parts of files of lines: byte ranges cut at line ends, each with the number of its first line."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

from latam_corpus.collect.spans import Span
from latam_corpus.collect.streams import blocks, compression, stretch
from latam_corpus.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.records import Content

_BLOCK: Final = 2**20


def piece_of(content: Content, stream: BinaryIO) -> Iterator[bytes]:
    """The bytes of the content's span, or of all of it, decompressed by its suffix."""
    if content.span is not None:
        return stretch(stream, content.span.start, content.span.stop)
    return blocks(stream, compression(content.relative))


def split(content: Content, source: Source, bytes_: int) -> list[Span]:
    """The file's lines in spans of at least so many bytes, found in one pass over its line ends.

    A compressed file has no spans: its middle can't be reached without reading what stands before.

    Raises:
        SourceError: the file can't be read.
    """
    del source
    if compression(content.relative):
        return []
    spans: list[Span] = []
    start, first, number, at = 0, 1, 1, 0
    with content.open() as stream:
        try:
            while block := stream.read(_BLOCK):
                done = 0  # what of the block was counted
                while (end := block.find(b"\n", max(start + bytes_ - at - 1, done))) >= 0:
                    number += block.count(b"\n", done, end + 1)
                    done = end + 1
                    spans.append(Span("lines", start, at + done, first))
                    start, first = at + done, number
                number += block.count(b"\n", done)
                at += len(block)
        except OSError as error:
            raise SourceError(content.relative, str(error), "check that the file is still there") from None
    if at > start:
        spans.append(Span("lines", start, at, first))
    return spans
