"""Parses a record fetched from a web archive and checks it against the plan; its block isn't changed."""

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
_DIGEST_PREFIXES: Final = ("sha1:", "sha-1:")


@dataclass(frozen=True)
class CopiedRecord:
    """A record of a web archive.

    Attributes:
        head: its version line and fields.
        block: its block.
        url: its canonical address.
        date: its `WARC-Date`.
        digest: its `WARC-Payload-Digest`.
        opt_outs: its recorded opt-outs as JSON, if a crawler of this toolkit wrote it.
        response: its HTTP response.
        body: the response's body, with content encodings undone.
    """

    head: bytes
    block: bytes
    url: str
    date: str
    digest: str
    opt_outs: str
    response: Response
    body: bytes


def parse_record(part: bytes, capture: Capture, limit: int) -> CopiedRecord:
    """Parse a part of an archive file as a single response record.

    Args:
        part: the bytes, gzipped or plain.
        capture: the capture in the plan.
        limit: maximum bytes when decompressed.

    Raises:
        TroubleError: the part isn't a single complete record of a page, or it differs from the capture in the plan.
    """
    raw = _decompressed(part, limit) if part[:2] == _GZIP else part
    head, separator, content = raw.partition(b"\r\n\r\n")
    try:
        record = next(iter(ArchiveIterator(io.BytesIO(raw), parse_http=False)), None) if separator else None
    except OSError as error:
        raise TroubleError("not the record", str(error)[:200]) from None
    if record is None or not head.startswith(b"WARC/"):
        raise TroubleError("not the record", "the bytes are no WARC record")
    headers = record.headers
    length = record.content_length
    if record.record_type != WarcRecordType.response or length > len(content) or content[length:].strip():
        raise TroubleError("not the record", f"a record of type {headers.get('WARC-Type')}, or not a whole one")
    if cut := headers.get("WARC-Truncated"):
        raise TroubleError("not the record", f"it was cut when it was fetched ({cut[:200]})")
    url = canonical_url((headers.get("WARC-Target-URI") or "").strip("<> "))
    digest = headers.get("WARC-Payload-Digest") or ""
    if url != canonical_url(capture.url):
        raise TroubleError("not the record", f"it is of {url[:200]}")
    if capture.digest and digest and _digest_value(digest) != _digest_value(capture.digest):
        raise TroubleError("not the record", "its payload has another digest")
    block = content[:length]
    try:
        response = parse_response(block)
        body = payload_of(response, limit)
    except DocumentError as error:
        raise TroubleError("not the record", error.problem) from None
    if media_type_of(response.headers.get("content-type", ""), body) is None:
        raise TroubleError("not a page", response.headers.get("content-type", "")[:100])
    date = headers.get("WARC-Date") or ""
    return CopiedRecord(head, block, url, date, digest, headers.get(OPT_OUTS) or "[]", response, body)


def _digest_value(digest: str) -> str:
    """Return a digest without the name of its algorithm, as in the columnar index.

    >>> _digest_value("sha1:ABCD"), _digest_value("ABCD")
    ('ABCD', 'ABCD')
    """
    lowered = digest.lower()
    return next((digest[len(prefix) :] for prefix in _DIGEST_PREFIXES if lowered.startswith(prefix)), digest).upper()


def _decompressed(part: bytes, limit: int) -> bytes:
    decompressor = zlib.decompressobj(31)
    try:
        raw = decompressor.decompress(part, limit + 1)
    except zlib.error as error:
        raise TroubleError("not the record", f"its compression is damaged ({error})") from None
    if len(raw) > limit:
        raise TroubleError("unpacks too large", limit_bytes=limit)
    if not decompressor.eof or decompressor.unused_data:
        raise TroubleError("not the record", "the bytes aren't one compressed record")
    return raw
