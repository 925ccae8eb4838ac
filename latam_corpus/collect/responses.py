"""An HTTP response as it was recorded: status, media type and the body, its transfer and content encodings undone."""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import dataclass
from typing import Final

import zstandard
from fastwarc.stream_io import BrotliReader

from latam_corpus.collect import streams
from latam_corpus.errors import DocumentError
from latam_corpus.messages import _, decimal

# The types that a page may have; pictures, scripts and the like are no documents.
TEI: Final = "application/tei+xml"
PAGES: Final = frozenset({"text/html", "text/plain", "application/xhtml+xml", TEI})

_END: Final = re.compile(rb"\r?\n\r?\n")
_STATUS: Final = re.compile(rb"HTTP/\d(?:\.\d)? +(\d{3})")
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_MARKUP: Final = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_SNIFFED: Final = 1024
# XML of any type is a page where it is an edition in TEI.
_XML: Final = frozenset({"application/xml", "text/xml"})
_TEI: Final = re.compile(rb"<(?:tei:)?(?:TEI|teiCorpus|TEI\.2)[\s>]")


@dataclass(frozen=True)
class Response:
    """A recorded response: its status, its headers by their names in lower case, and the body as it was sent.

    `headers` has the first of each name, `sent` has them all.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    sent: tuple[tuple[str, str], ...] = ()


def parse_response(block: bytes) -> Response:
    r"""Return the response that a record holds.

    Raises:
        DocumentError: it doesn't begin as a response does.

    >>> parse_response(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nHola").body
    b'Hola'
    """
    status = _STATUS.match(block)
    if status is None:
        raise DocumentError("", _("no HTTP status line"))
    end = _END.search(block)
    head, body = (block[: end.start()], block[end.end() :]) if end else (block, b"")
    lines = [line.partition(":") for line in head.decode("latin-1").split("\n")[1:]]
    sent = tuple((name.strip().lower(), value.strip()) for name, separator, value in lines if separator)
    return Response(int(status[1]), dict(reversed(sent)), body, sent)


def media_type_of(content_type: str, body: bytes) -> str | None:
    """Return the media type of a page, with its charset if that is said; None for what is no page.

    >>> media_type_of("Text/HTML; charset=ISO-8859-1", b""), media_type_of("image/png", b"")
    ('text/html; charset=iso-8859-1', None)
    >>> media_type_of("", b"<!DOCTYPE html><html>")
    'text/html'
    >>> media_type_of("text/xml", b"<?xml version='1.0'?><TEI xmlns='http://www.tei-c.org/ns/1.0'>")
    'application/tei+xml'
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind in _XML and _TEI.search(body[:_SNIFFED]):
        return TEI
    if not kind and _MARKUP.search(body[:_SNIFFED]):
        kind = "text/html"
    if kind not in PAGES:
        return None
    charset = _CHARSET.search(content_type)
    return f"{kind}; charset={charset[1].lower()}" if charset else kind


def payload_of(response: Response, limit: int | None = None) -> bytes:
    """Return the body without its encodings; one that was recorded already decoded is given as it is.

    Args:
        response: as it was recorded.
        limit: how many bytes it may unpack to; `MAX_RECORD` where none is given.

    Raises:
        DocumentError: the body is damaged, larger than a record may be, or in an unknown encoding.
    """
    body = response.body
    if "chunked" in response.headers.get("transfer-encoding", "").lower():
        body = _unchunked(body)
    for name in reversed(response.headers.get("content-encoding", "").lower().split(",")):
        body = _decoded(body, name.strip(), streams.MAX_RECORD if limit is None else limit) if body else body
    return body


def _unchunked(body: bytes) -> bytes:
    r"""Return the chunks joined; a body that isn't chunked, as after some crawlers, as it is.

    >>> _unchunked(b"4\r\nHola\r\n0\r\n\r\n"), _unchunked(b"<p>Hola")
    (b'Hola', b'<p>Hola')
    """
    pieces: list[bytes] = []
    at = 0
    while (end := body.find(b"\n", at)) >= 0:
        size = re.match(rb"\s*([0-9a-fA-F]{1,8})\s*(?:;.*)?$", body[at:end])
        if size is None:
            break
        length = int(size[1], 16)
        if not length:
            return b"".join(pieces)
        pieces.append(body[end + 1 : end + 1 + length])
        at = end + 1 + length
        at += 2 if body[at : at + 2] == b"\r\n" else 1
    if not pieces:
        return body
    if at >= len(body):  # the last chunk was cut short, or the final one is missing
        return b"".join(pieces)
    raise DocumentError("", _("its chunks are damaged"))


def _decoded(body: bytes, encoding: str, limit: int) -> bytes:
    try:
        if encoding in ("", "identity"):
            return body
        if encoding in ("gzip", "x-gzip"):
            data = zlib.decompressobj(31).decompress(body, limit + 1) if body[:2] == b"\x1f\x8b" else body
        elif encoding == "deflate":
            # Said of the zlib format, and used for bare deflate as well.
            data = zlib.decompressobj(15 if body[0] & 0x0F == 8 else -15).decompress(body, limit + 1)  # noqa: PLR2004
        elif encoding == "br":
            data = BrotliReader(io.BytesIO(body)).read(limit + 1)
        elif encoding == "zstd":
            data = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(body)).read(limit + 1)
        else:
            raise DocumentError("", _("unknown content encoding «{encoding}»", encoding=encoding))
    except (zlib.error, zstandard.ZstdError, OSError) as error:
        if _MARKUP.search(body[:_SNIFFED]):
            return body  # the crawler decoded it and kept the header
        raise DocumentError(
            "", _("its {encoding} encoding is damaged ({error})", encoding=encoding, error=error)
        ) from None
    if len(data) > limit:
        raise DocumentError("", _("it unpacks to more than {n} bytes", n=decimal(f"{limit:,}")))
    return data
