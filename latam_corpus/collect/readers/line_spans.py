"""Cut files of lines into byte ranges at line ends, and number the first line of each range."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from latam_corpus.collect.spans import Span, entered
from latam_corpus.collect.streams import blocks, stretch, surveyed
from latam_corpus.formats.compression import compression

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.records import Content
    from latam_corpus.collect.spans import Entry


def piece_of(content: Content, stream: BinaryIO) -> Iterator[bytes]:
    """Return the bytes of the content or of its span, decompressed according to the suffix."""
    span, suffix = content.span, compression(content.relative)
    if span is None:
        return blocks(stream, suffix)
    return stretch(stream, suffix, span.entry, span.skip, span.stop - span.start)


def split(content: Content, source: Source, bytes_: int) -> list[Span]:
    """Return the file's lines in spans of at least this many bytes, found in one pass over its line ends.

    A compressed file is unpacked completely, to count the lines before each span.

    Raises:
        SourceError: the file can't be read, or is damaged.
    """
    del source
    spans: list[Span] = []
    entries: list[Entry] = []
    start, first, number, at = 0, 1, 1, 0
    with content.open() as stream:
        for block in surveyed(stream, compression(content.relative), entries):
            done = 0  # the bytes of the block whose lines were counted
            while (end := block.find(b"\n", max(start + bytes_ - at - 1, done))) >= 0:
                number += block.count(b"\n", done, end + 1)
                done = end + 1
                spans.append(Span("lines", start, at + done, first, at + done - start))
                start, first = at + done, number
            number += block.count(b"\n", done)
            at += len(block)
    if at > start:
        spans.append(Span("lines", start, at, first, at - start))
    return list(entered(spans, entries))
