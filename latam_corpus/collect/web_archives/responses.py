"""Parse recorded HTTP responses: the status, the media type, and the decoded body."""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import zstandard
from fastwarc.stream_io import BrotliReader

from latam_corpus.collect import streams
from latam_corpus.errors import DocumentError
from latam_corpus.messages import _, decimal

if TYPE_CHECKING:
    from collections.abc import Callable

# The media types of pages; pictures, scripts and the like aren't documents.
TEI: Final = "application/tei+xml"
PAGES: Final = frozenset({"text/html", "text/plain", "application/xhtml+xml", TEI})

_END: Final = re.compile(rb"\r?\n\r?\n")
_STATUS: Final = re.compile(rb"HTTP/\d(?:\.\d)? +(\d{3})")
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_MARKUP: Final = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_SNIFFED: Final = 1024
_GZIP: Final = b"\x1f\x8b"
# A TEI edition is a page, whatever XML type the server states.
_XML: Final = frozenset({"application/xml", "text/xml"})
_TEI: Final = re.compile(rb"<(?:tei:)?(?:TEI|teiCorpus|TEI\.2)[\s>]")


@dataclass(frozen=True)
class Response:
    """A recorded response: its status, its headers by lower-case name, and its body as sent.

    `headers` has the first value of each name; `sent` has all values.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    sent: tuple[tuple[str, str], ...] = ()


def parse_response(block: bytes) -> Response:
    r"""Return the response of a record.

    Raises:
        DocumentError: it doesn't begin with an HTTP status line.

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
    """Return the media type of a page, with its charset if stated; None for a response that isn't a page.

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


def payload_of(response: Response, limit: int | None = None, *, whole: bool = True) -> bytes:
    """Decode the body; return it unchanged if it was recorded in decoded form.

    `whole` refuses a body that was cut in transit; otherwise its beginning is returned.

    Raises:
        DocumentError: the body is damaged or cut, larger than a record may be, or in an unknown encoding.
    """
    body = response.body
    encodings = response.headers.get("content-encoding", "").lower()
    if "chunked" in response.headers.get("transfer-encoding", "").lower():
        body = _unchunked(body, whole=whole)
    elif whole:
        _refuse_short(response)
    for name in reversed(encodings.split(",")):
        if body:
            body = _decoded(body, name.strip(), streams.MAX_RECORD if limit is None else limit, whole=whole)
    return body


def _refuse_short(response: Response) -> None:
    """Raise if a body is shorter than its header states, unless a crawler decoded it and kept the header."""
    length, body = response.headers.get("content-length", ""), response.body
    decoded = "content-encoding" in response.headers and _MARKUP.search(body[:_SNIFFED])
    if length.isdecimal() and 0 < len(body) < int(length) and not decoded:
        raise cut_after(len(body), int(length))


def cut_after(read: int, stated: int) -> DocumentError:
    """Return the error for a record or body that is shorter than its header states."""
    about = {"n": decimal(f"{read:,}"), "all": decimal(f"{stated:,}")}
    return DocumentError("", _("it was cut after {n} of {all} bytes", **about))


def _unchunked(body: bytes, *, whole: bool = True) -> bytes:
    r"""Join the chunks of a body; return a body that isn't chunked, as some crawlers write it, unchanged.

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
        if whole:
            raise DocumentError("", _("it was cut: its last chunk is missing"))
        return b"".join(pieces)
    raise DocumentError("", _("its chunks are damaged"))


def _decoded(body: bytes, encoding: str, limit: int, *, whole: bool) -> bytes:
    ended = True
    try:
        if encoding in ("", "identity"):
            return body
        if encoding in ("gzip", "x-gzip"):
            data, ended = _joined(body, lambda: zlib.decompressobj(31), limit) if body[:2] == _GZIP else (body, True)
        elif encoding == "deflate":
            # This name means the zlib format, but some servers send raw deflate.
            unpacker = zlib.decompressobj(15 if body[0] & 0x0F == 8 else -15)  # noqa: PLR2004
            data = unpacker.decompress(body, limit + 1)
            ended = unpacker.eof
        elif encoding == "br":
            data = BrotliReader(io.BytesIO(body)).read(limit + 1)
        elif encoding == "zstd":
            data, ended = _joined(body, zstandard.ZstdDecompressor().decompressobj, limit)
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
    if not ended and _MARKUP.search(body[:_SNIFFED]):
        return body
    if whole and not ended:
        raise DocumentError("", _("it was cut: its {encoding} encoding has no end", encoding=encoding))
    return data


def _joined(body: bytes, make: Callable[[], Any], limit: int) -> tuple[bytes, bool]:
    """Unpack a body's members, up to slightly more than the limit; also return whether the last one is complete."""
    begins: list[int] = []
    pieces: list[bytes] = []
    size = 0

    def begun() -> Any:
        begins.append(size)
        return make()

    try:
        for piece in streams.members(io.BytesIO(body), begun):
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                break
    except (EOFError, zlib.error, zstandard.ZstdError) as error:
        follows = len(begins) > 1 and size == begins[-1]  # the bytes after a complete member aren't another member
        if not follows and not isinstance(error, EOFError):
            raise
        return b"".join(pieces), follows
    return b"".join(pieces), True
