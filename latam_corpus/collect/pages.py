"""Pages of web archives: the records of a WARC or ARC file that are documents, gathered into chunks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.collect.records import Chunk, Failure
from latam_corpus.collect.responses import media_type_of, parse_response, payload_of
from latam_corpus.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from latam_corpus.collect.records import Limits, Record

# Enough for an HTTP header and for the look at an untyped body; of what is no page, no more is read.
_HEAD: Final = 2**16
_OK: Final = range(200, 300)


@dataclass(frozen=True)
class Page:
    """A page: the record's number and offset in the file, its media type, and what else is known of it."""

    number: int
    offset: int | None
    media_type: str
    record: Record


class Pages:
    """A chunk in the making."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._found: list[Page] = []
        self._failures: list[Failure] = []
        self._size = 0

    def add(self, found: Page | Failure | None) -> None:
        """Put a page or a failure among those found; None is a record that is no document."""
        if isinstance(found, Failure):
            self._failures.append(found)
        elif found is not None:
            self._found.append(found)
            self._size += len(found.record["raw"])

    def __len__(self) -> int:
        return len(self._found) + len(self._failures)

    @property
    def full(self) -> bool:
        """Whether the chunk has reached its limits."""
        return len(self) >= self._limits.rows or self._size >= self._limits.bytes_

    def taken(self) -> Chunk:
        """The chunk; another begins."""
        found, failures = self._found, self._failures
        self._found, self._failures, self._size = [], [], 0
        return Chunk(
            [page.number for page in found],
            [page.record for page in found],
            failures,
            media_types=[page.media_type for page in found],
            offsets=[page.offset for page in found],
        )


def page_of(
    number: int, offset: int | None, said: str | None, take: Callable[[int], bytes], about: dict[str, Any]
) -> Page | Failure | None:
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
    return Page(number, offset, kind, {"raw": raw, **about})
