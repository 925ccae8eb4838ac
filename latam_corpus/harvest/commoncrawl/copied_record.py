"""A record as it was fetched from another archive: taken apart, checked against the plan, its block left as it is."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fastwarc.warc import ArchiveIterator, WarcRecordType

from latam_corpus.catalog.identity import canonical_url
from latam_corpus.catalog.optout.opt_out import OPT_OUTS
from latam_corpus.collect.web_archives.responses import Response, media_type_of, parse_response, payload_of
from latam_corpus.errors import DocumentError
from latam_corpus.harvest.crawl.causes import TroubleError

if TYPE_CHECKING:
    from latam_corpus.harvest.commoncrawl.capture_index import Capture

_GZIP: Final = b"\x1f\x8b"
_DIGESTS: Final = ("sha1:", "sha-1:")


@dataclass(frozen=True)
class Copied:
    """A record of another archive.

    Attributes:
        head: its version line and fields.
        block: its block.
        url: its address, canonical.
        date: when it was fetched, as it says.
        digest: of its payload, as it says.
        opt_outs: what it says was refused then, if a crawler of this toolkit wrote it.
        response: the answer that it holds.
        body: the answer's body without encodings.
    """

    head: bytes
    block: bytes
    url: str
    date: str
    digest: str
    opt_outs: str
    response: Response
    body: bytes


def copied(part: bytes, capture: Capture, limit: int) -> Copied:
    """Return the record that a part of an archive's file is.

    Args:
        part: the bytes, gzipped or plain.
        capture: what the plan says is there.
        limit: bytes that it may unpack to.

    Raises:
        TroubleError: it isn't one whole record, not a page, or another capture than the plan's.
    """
    raw = _unpacked(part, limit) if part[:2] == _GZIP else part
    head, separator, rest = raw.partition(b"\r\n\r\n")
    try:
        record = next(iter(ArchiveIterator(io.BytesIO(raw), parse_http=False)), None) if separator else None
    except OSError as error:
        raise TroubleError("not the record", str(error)[:200]) from None
    if record is None or not head.startswith(b"WARC/"):
        raise TroubleError("not the record", "the bytes are no WARC record")
    headers = record.headers
    length = record.content_length
    if record.record_type != WarcRecordType.response or length > len(rest) or rest[length:].strip():
        raise TroubleError("not the record", f"a record of type {headers.get('WARC-Type')}, or not a whole one")
    if cut := headers.get("WARC-Truncated"):
        raise TroubleError("not the record", f"it was cut when it was fetched ({cut[:200]})")
    url = canonical_url((headers.get("WARC-Target-URI") or "").strip("<> "))
    digest = headers.get("WARC-Payload-Digest") or ""
    if url != canonical_url(capture.url):
        raise TroubleError("not the record", f"it is of {url[:200]}")
    if capture.digest and digest and _plain(digest) != _plain(capture.digest):
        raise TroubleError("not the record", "its payload has another digest")
    block = rest[:length]
    try:
        response = parse_response(block)
        body = payload_of(response, limit)
    except DocumentError as error:
        raise TroubleError("not the record", error.problem) from None
    if media_type_of(response.headers.get("content-type", ""), body) is None:
        raise TroubleError("not a page", response.headers.get("content-type", "")[:100])
    date = headers.get("WARC-Date") or ""
    return Copied(head, block, url, date, digest, headers.get(OPT_OUTS) or "[]", response, body)


def _plain(digest: str) -> str:
    """Return a digest without the name of its method, as the columnar index has it.

    >>> _plain("sha1:ABCD"), _plain("ABCD")
    ('ABCD', 'ABCD')
    """
    lowered = digest.lower()
    return next((digest[len(name) :] for name in _DIGESTS if lowered.startswith(name)), digest).upper()


def _unpacked(part: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(31)
    try:
        raw = unpacker.decompress(part, limit + 1)
    except zlib.error as error:
        raise TroubleError("not the record", f"its compression is damaged ({error})") from None
    if len(raw) > limit:
        raise TroubleError("unpacks too large", limit_bytes=limit)
    if not unpacker.eof or unpacker.unused_data:
        raise TroubleError("not the record", "the bytes aren't one compressed record")
    return raw
