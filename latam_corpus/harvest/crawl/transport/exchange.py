"""One request and its answer: bounded in time and size, and kept as it was sent."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import httpcore2

from latam_corpus.collect.web_archives import responses
from latam_corpus.errors import DocumentError
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.crawl.transport.network import Clock, GuardedBackend

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from latam_corpus.harvest.crawl.causes import Cause

# Seconds without a byte, and to connect.
_SILENCE: Final = 30.0
_CONNECT: Final = 20.0
# The body of a redirect or an error is kept as evidence, and isn't read far.
_MOST_OF_AN_ERROR: Final = 2**16
_OK: Final = range(200, 300)


@dataclass(frozen=True)
class Exchange:
    """A request and its answer.

    Attributes:
        url: the address asked for.
        time: when it was asked, UTC.
        seconds: how long the answer took in all.
        request: the request's headers, as sent.
        status: of the answer.
        status_line: the protocol, the status and its phrase.
        headers: the answer's, names as sent.
        body: as sent, but for the transfer encoding; its content encoding stands.
        ip: the address that answered.
        cut: whether the body of an error or a redirect was longer than what is kept.
    """

    url: str
    time: datetime
    seconds: float
    request: tuple[tuple[str, str], ...]
    status: int
    status_line: tuple[str, str]
    headers: tuple[tuple[str, str], ...]
    body: bytes
    ip: str | None
    cut: bool = False

    @property
    def lower_headers(self) -> list[tuple[str, str]]:
        """The headers with names in lower case."""
        return [(name.lower(), value) for name, value in self.headers]

    def header(self, name: str) -> str:
        """Return the first header of that name; nothing where there is none."""
        return next((value for one, value in self.lower_headers if one == name), "")

    @property
    def location(self) -> str:
        """Where the answer sends to, as the server meant it: in UTF-8, or other bytes as they are, percent-encoded."""
        sent = self.header("location").encode("latin-1", "replace")
        try:
            return sent.decode()
        except UnicodeDecodeError:
            return "".join(one if (one := chr(byte)).isascii() else f"%{byte:02X}" for byte in sent)

    def payload(self, limit: int) -> bytes:
        """Return the body without its content encoding.

        Raises:
            TroubleError: it is larger than the limit, or damaged.
        """
        encoding = ",".join(value for name, value in self.lower_headers if name == "content-encoding")
        try:
            return responses.payload_of(
                responses.Response(self.status, {"content-encoding": encoding}, self.body), limit, whole=not self.cut
            )
        except DocumentError as error:
            cause: Cause = "unpacks too large" if "unpacks" in error.problem else "damaged encoding"
            raise TroubleError(cause, error.problem) from None


class Client:
    """Asks one host after the other over one connection."""

    def __init__(self, agent: str, timeout: float, private: frozenset[str], *, verify: bool = True) -> None:
        """Make a client that says who it is.

        Args:
            agent: the user agent.
            timeout: seconds that one answer may take in all.
            private: hosts that may have an address that isn't public.
            verify: whether certificates are checked.
        """
        self._agent, self._timeout, self._clock = agent, timeout, Clock()
        context = httpcore2.default_ssl_context()
        if not verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context, max_connections=1, network_backend=GuardedBackend(self._clock, private)
        )

    def close(self) -> None:
        """Close the connection."""
        self._pool.close()

    def get(
        self, url: str, most: int, wanted: Callable[[str], bool] | None, conditions: Mapping[str, str] | None = None
    ) -> Exchange:
        """Return the answer of the URL; no redirect is followed.

        Args:
            url: in canonical form.
            most: bytes of the body at most, as sent.
            wanted: by its media type, whether the body of a good answer is read; None reads any, as far as it may go.
            conditions: headers by which the server may answer that nothing has changed, or with a part of a file.

        Raises:
            TroubleError: there is no answer, or none that can be used.
        """
        host = url.partition("://")[2].partition("/")[0].partition("?")[0]
        usual = {"Host": host, "User-Agent": self._agent, "Accept": "text/html,application/xhtml+xml,*/*;q=0.5"}
        headers = list((usual | {"Accept-Encoding": "gzip, deflate, br"} | dict(conditions or {})).items())
        # An ETag may have any bytes; they go back as they came.
        sent_headers = [(name.encode(), value.encode("latin-1")) for name, value in headers]
        started, moment = time.monotonic(), datetime.now(UTC)
        self._clock.until = started + self._timeout
        silence = {"connect": _CONNECT, "read": _SILENCE, "write": _SILENCE, "pool": _SILENCE}
        try:
            with self._pool.stream("GET", url, headers=sent_headers, extensions={"timeout": silence}) as answer:
                stream = answer.extensions.get("network_stream")
                peer = stream.get_extra_info("server_addr") if stream else None
                if "Range" in (conditions or {}) and answer.status == HTTPStatus.OK:
                    raise TroubleError("range refused", "it answers 200 with the whole file")
                body, cut = _read(answer, most, wanted)
        except httpcore2.TimeoutException as error:
            unreached = isinstance(error, httpcore2.ConnectTimeout)
            raise TroubleError("timed out", type(error).__name__, retry=True, host=unreached) from None
        except httpcore2.ProtocolError as error:
            # A server may close a connection that it kept, in the moment in which it is used.
            lost = "disconnected" in str(error)
            raise TroubleError("malformed response", str(error)[:200], retry=lost) from None
        except (httpcore2.NetworkError, httpcore2.UnsupportedProtocol, OSError) as error:
            raise _network_trouble(error) from None
        version = answer.extensions.get("http_version", b"HTTP/1.1").decode("latin-1")
        phrase = answer.extensions.get("reason_phrase", b"").decode("latin-1")
        sent = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers)
        return Exchange(
            url,
            moment,
            time.monotonic() - started,
            tuple(headers),
            answer.status,
            (version, f"{answer.status} {phrase}".strip()),
            sent,
            body,
            str(peer[0]) if peer else None,
            cut,
        )


def _read(answer: httpcore2.Response, most: int, wanted: Callable[[str], bool] | None) -> tuple[bytes, bool]:
    """Return the body, and whether it was cut.

    Raises:
        TroubleError: the body of a good answer is too large, or isn't wanted.
    """
    names = {name.lower(): value.decode("latin-1") for name, value in answer.headers}
    whole = answer.status in _OK and wanted is not None
    if whole and wanted is not None and not wanted(names.get(b"content-type", "")):
        raise TroubleError("not a page", names.get(b"content-type", "")[:100])
    length = names.get(b"content-length", "")
    if whole and length.isdigit() and int(length) > most:
        raise TroubleError("too large", bytes=int(length), limit_bytes=most)
    limit = most if answer.status in _OK else min(most, _MOST_OF_AN_ERROR)
    pieces: list[bytes] = []
    size = 0
    for piece in answer.iter_stream():
        size += len(piece)
        pieces.append(piece)
        if size > limit:
            if whole:
                raise TroubleError("too large", limit_bytes=most)
            return b"".join(pieces)[:limit], True
    return b"".join(pieces), False


def _network_trouble(error: BaseException) -> TroubleError:
    """Return what a failed connection means; a certificate doesn't become better by asking again."""
    here: BaseException | None = error
    while here is not None:
        if isinstance(here, ssl.SSLCertVerificationError):
            return TroubleError("bad certificate", here.verify_message)
        here = here.__cause__ or here.__context__
    unreached = isinstance(error, httpcore2.ConnectError)
    return TroubleError("no connection", f"{type(error).__name__}: {error}"[:200], retry=True, host=unreached)
