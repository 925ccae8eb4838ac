"""Find the pages of web archives, which are the documents among the records of a WARC or ARC file."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.identity import canonical_url
from latam_corpus.catalog.optout.opt_out import AI_TXT, ROBOTS, TDMREP
from latam_corpus.catalog.optout.page_opt_outs import Head, page_opt_outs
from latam_corpus.collect.documents.mapping import as_time
from latam_corpus.collect.records import Failure, NoDocument, NumberedRecord
from latam_corpus.collect.web_archives.responses import media_type_of, parse_response, payload_of
from latam_corpus.errors import DocumentError
from latam_corpus.vocabulary import LICENCES_READ

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from latam_corpus.catalog.optout.opt_out import OptOut

# This many bytes suffice for an HTTP header and to detect the type of a body; only pages are read further.
_HEAD: Final = 2**16
_OK: Final = range(200, 300)
# A page counts half towards the size of a batch, since most of its bytes are markup and scripts.
_MARKUP: Final = ("text/html", "application/xhtml")
# A site's files for crawlers aren't documents, although some are plain text.
_SITE_FILE: Final = re.compile(f"https?://[^/?#]*(?:{'|'.join(map(re.escape, (ROBOTS, AI_TXT, TDMREP)))})")
_TYPE: Final = re.compile(r"[a-z]{1,20}/[a-z0-9.+-]{1,60}")
# The time of a record without a date.
_UNKNOWN: Final = datetime(1970, 1, 1, tzinfo=UTC)


def page_of(
    number: int,
    offset: int | None,
    content_type: str | None,
    take: Callable[[int], bytes],
    about: dict[str, Any],
    refused: Sequence[OptOut] | None = None,
) -> NumberedRecord | Failure | NoDocument:
    """Return the page of a record, the reason why it has none, or a failure.

    A response isn't a page if its status isn't 2xx, its type isn't a page's, or it is a site's file for crawlers, such
    as robots.txt.

    Args:
        number: the record's number in its file.
        offset: the record's offset, if known.
        content_type: the media type of the block; None for an HTTP response, which states it itself.
        take: reads up to this many bytes of the record's block (-1: the rest); may raise DocumentError.
        about: the record's other fields.
        refused: the opt-outs of site and page, if the crawler recorded them; None to read them from the page.
    """
    if _SITE_FILE.fullmatch(about["url"] or ""):
        return NoDocument("site file")
    sent: tuple[tuple[str, str], ...] = ()
    try:
        block = take(_HEAD)
        if content_type is None:
            head = parse_response(block)
            sent = head.sent
            if head.status not in _OK:
                return NoDocument(f"status {head.status}")
            stated, start = head.headers.get("content-type", ""), head.body
        else:
            stated, start = content_type, block
        kind = media_type_of(stated, start)
        if kind is None:
            return NoDocument(_type_shown(stated))
        block += take(-1)
        raw = block if content_type is not None else payload_of(parse_response(block))
    except DocumentError as error:
        return Failure(number, "malformed record", {"record": number, "error": error.args[1], **about}, offset)
    if not raw.strip():
        return Failure(number, "empty page", {"record": number, "bytes": len(raw), **about}, offset)
    opt_outs = _opt_outs_of_page(about, sent, raw) if refused is None else refused
    record = {"raw": raw, **about, **({"opt_outs": [opt_out.row() for opt_out in opt_outs]} if opt_outs else {})}
    size = len(raw) // 2 if kind.startswith(_MARKUP) else len(raw)
    # The crawler has already read the licences that the page links to; later stages must not read them again.
    kind = kind if refused is None else f"{kind}; {LICENCES_READ}"
    return NumberedRecord(number, record, size, kind, offset)


def _type_shown(content_type: str) -> str:
    """Return why a response of this type isn't a page; a server may send any string as the type.

    >>> _type_shown("Image/PNG; q=1"), _type_shown("<b>"), _type_shown("")
    ('type image/png', 'type unknown', 'type unknown')
    """
    kind = content_type.partition(";")[0].strip().lower()
    return f"type {kind}" if _TYPE.fullmatch(kind) else "type unknown"


def _opt_outs_of_page(about: dict[str, Any], sent: tuple[tuple[str, str], ...], raw: bytes) -> list[OptOut]:
    """Return the opt-outs in a page's HTTP headers and HTML head, for a web archive without data about the site."""
    url = canonical_url(about["url"] or "")
    return page_opt_outs(url, sent, Head(raw), as_time(about["obtained"]) or _UNKNOWN)
