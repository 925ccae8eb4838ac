"""Files that are one document each: text and HTML, plain or compressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latam_corpus.collect.records import Chunk, Failure
from latam_corpus.collect.streams import MAX_RECORD, blocks, compression, payload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.records import Content, Limits


def read(content: Content, source: Source, limits: Limits) -> Iterator[Chunk]:
    """The file's decompressed bytes as one record with the field `raw`.

    Raises:
        SourceError: the file can't be opened or is damaged; half a document is no document.
    """
    del source, limits
    with content.open() as stream:
        raw = payload(blocks(stream, compression(content.relative)))
    if raw is None:
        yield Chunk([], [], [Failure(None, "too large", {"limit_bytes": MAX_RECORD})])
    elif not raw.strip():
        yield Chunk([], [], [Failure(None, "empty file", {"bytes": len(raw)})])
    else:
        yield Chunk([None], [{"raw": raw}], [])
