"""Read files that are one document each, such as texts, web pages, books and transcripts, plain or compressed.

The source's `format` decides the type of a file; by default, its first bytes do, or its suffix if they are ambiguous.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from latam_corpus.collect.records import Chunk, Failure
from latam_corpus.collect.streams import MAX_RECORD, blocks, payload
from latam_corpus.formats.compression import compression
from latam_corpus.formats.format import Unread
from latam_corpus.formats.registry import UNKNOWN, format_of
from latam_corpus.formats.sniff import HEAD, sniffed
from latam_corpus.messages import N_

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.records import Content, Limits

_REMEDY: Final = N_("convert it, or set collect.format")
_ZIP: Final = b"PK"
_END: Final = b"PK\x05\x06"


def read(content: Content, source: Source, limits: Limits) -> Iterator[Chunk]:
    """Yield the file's decompressed bytes as one record with the field `raw`, and their media type.

    Raises:
        SourceError: the file can't be opened, or is damaged: no part of a damaged document is used.
    """
    del limits
    collect = source.collect
    entry = format_of(content.relative, collect.format) or UNKNOWN
    is_declared = bool(collect.format or collect.media_type)
    with content.open() as stream:
        pieces = blocks(stream, compression(content.relative))
        first = next(pieces, b"")
        kind = None if is_declared else sniffed(first[:HEAD])
        if entry is UNKNOWN and not isinstance(kind, str) and first.strip() and not first.startswith(_ZIP):
            yield _failed(_unknown(kind))
            return
        raw = payload(chain((first,), pieces))
    if raw is None:
        yield _failed(Failure(None, "too large", {"limit_bytes": MAX_RECORD}))
        return
    if not raw.strip():
        yield _failed(Failure(None, "empty file", {"bytes": len(raw)}))
        return
    if not is_declared and not isinstance(kind, str):
        kind = sniffed(raw[:HEAD], raw)
    by_marks = entry is UNKNOWN or entry.shares_suffix
    if isinstance(kind, Unread) and (kind.sure or by_marks) and not (entry.is_package and _is_cut(raw)):
        yield _failed(_unknown(kind))
        return
    if entry is UNKNOWN and kind is None:
        yield _failed(_unknown(None))
        return
    default = collect.media_type or entry.media_type or ""
    yield Chunk([None], [{"raw": raw}], [], media_types=[kind if isinstance(kind, str) else default])


def _is_cut(raw: bytes) -> bool:
    """Whether a zip file is cut before its list of members, which is at its end; reading it will report the problem."""
    return raw.startswith(_ZIP) and _END not in raw[-HEAD:]


def _failed(failure: Failure) -> Chunk:
    return Chunk([], [], [failure])


def _unknown(kind: Unread | str | None) -> Failure:
    """Return the failure of a file of an unsupported format, with a format to save it as."""
    if isinstance(kind, Unread):
        return Failure(None, "unknown format", {"format": str(kind.name), "remedy": str(kind.remedy)})
    return Failure(None, "unknown format", {"remedy": _REMEDY})
