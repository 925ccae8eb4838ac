"""Pages of web archives: the records of a WARC or ARC file that are documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from latam_corpus.collect.records import Failure, Found
from latam_corpus.collect.responses import media_type_of, parse_response, payload_of
from latam_corpus.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable

# Enough for an HTTP header and for the look at an untyped body; of what is no page, no more is read.
_HEAD: Final = 2**16
_OK: Final = range(200, 300)


def page_of(
    number: int, offset: int | None, said: str | None, take: Callable[[int], bytes], about: dict[str, Any]
) -> Found | Failure | None:
    """The page that a record holds, None where it is none or its status isn't 2xx, or what is wrong with it.

    Args:
        number: the record's number in its file.
        offset: where it starts, if known.
        said: the media type of the block; None for an HTTP response, which says it itself.
        take: reads as many bytes as asked of the record's block (-1: the rest), less at its end; may raise
            DocumentError.
        about: the record's other fields.
    """
    try:
        block = take(_HEAD)
        if said is None:
            head = parse_response(block)
            kind = media_type_of(head.headers.get("content-type", ""), head.body) if head.status in _OK else None
        else:
            kind = media_type_of(said, block)
        if kind is None:
            return None
        block += take(-1)
        raw = block if said is not None else payload_of(parse_response(block))
    except DocumentError as error:
        return Failure(number, "malformed record", {"record": number, "error": error.problem, **about}, offset)
    if not raw.strip():
        return Failure(number, "empty page", {"record": number, "bytes": len(raw), **about}, offset)
    return Found(number, {"raw": raw, **about}, len(raw), kind, offset)
