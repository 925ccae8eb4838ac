"""One request and its response, bounded in time and size, and kept as it was sent."""

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
from latam_corpus.harvest.crawl.transport.network import Deadline, GuardedBackend

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from latam_corpus.harvest.crawl.causes import Cause

# Seconds without a byte, and seconds to connect.
_SILENCE: Final = 30.0
_CONNECT: Final = 20.0
# Bytes of the body of a redirect or an error that are kept as evidence.
_MAX_ERROR_BODY: Final = 2**16


@dataclass(frozen=True)
class Exchange:
    """A request and its response.

    Attributes:
        url: the requested address.
        time: when the request was sent, UTC.
        seconds: total response time.
        request: the request's headers, as sent.
        status: the response's status.
        status_line: the protocol, and the status with its phrase.
        headers: the response's headers, names as sent.
        body: the body as sent, with its content encoding but without transfer encoding.
        ip: the address of the server.
        cut: whether the body of an error or a redirect was truncated.
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
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_redirect(self) -> bool:
        """Whether the status is 3xx."""
        return HTTPStatus.MULTIPLE_CHOICES <= self.status < HTTPStatus.BAD_REQUEST

    @property
    def lower_headers(self) -> list[tuple[str, str]]:
        """The headers, with names in lower case."""
        return [(name.lower(), value) for name, value in self.headers]

    def header(self, name: str) -> str:
        """Return the first header of a name in lower case; empty if the response has none."""
        return next((value for header, value in self.lower_headers if header == name), "")

    @property
    def location(self) -> str:
        """The target of a redirect; bytes that aren't UTF-8 are percent-encoded."""
        sent = self.header("location").encode("latin-1", "replace")
        try:
            return sent.decode()
        except UnicodeDecodeError:
            return "".join(char if (char := chr(byte)).isascii() else f"%{byte:02X}" for byte in sent)

    def payload(self, limit: int) -> bytes:
        """Return the body without its content encoding.

        Raises:
            TroubleError: it is damaged, or larger than the limit in bytes.
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
    """An HTTP client with one connection."""

    def __init__(self, agent: str, timeout: float, private: frozenset[str], *, verify: bool = True) -> None:
        """Create a client.

        Args:
            agent: the user agent.
            timeout: maximum seconds of one exchange.
            private: hosts that may have a private address.
            verify: whether certificates are checked.
        """
        self._agent, self._timeout, self._deadline = agent, timeout, Deadline()
        context = httpcore2.default_ssl_context()
        if not verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context, max_connections=1, network_backend=GuardedBackend(self._deadline, private)
        )

    def close(self) -> None:
        """Close the connection."""
        self._pool.close()

    def get(
        self,
        url: str,
        max_bytes: int,
        accepts: Callable[[str], bool] | None,
        conditions: Mapping[str, str] | None = None,
    ) -> Exchange:
        """Request a URL; redirects aren't followed.

        Args:
            url: in canonical form.
            max_bytes: maximum bytes of the body, as sent.
            accepts: decides by the content type whether to read the body of a successful response; with None any body
                is read, truncated at `max_bytes`.
            conditions: headers of a conditional or range request.

        Raises:
            TroubleError: there is no usable response.
        """
        host = url.partition("://")[2].partition("/")[0].partition("?")[0]
        usual = {"Host": host, "User-Agent": self._agent, "Accept": "text/html,application/xhtml+xml,*/*;q=0.5"}
        headers = list((usual | {"Accept-Encoding": "gzip, deflate, br"} | dict(conditions or {})).items())
        # An ETag may have any bytes; they are returned unchanged.
        sent_headers = [(name.encode(), value.encode("latin-1")) for name, value in headers]
        started, moment = time.monotonic(), datetime.now(UTC)
        self._deadline.until = started + self._timeout
        silence = {"connect": _CONNECT, "read": _SILENCE, "write": _SILENCE, "pool": _SILENCE}
        try:
            with self._pool.stream("GET", url, headers=sent_headers, extensions={"timeout": silence}) as answer:
                stream = answer.extensions.get("network_stream")
                peer = stream.get_extra_info("server_addr") if stream else None
                if "Range" in (conditions or {}) and answer.status == HTTPStatus.OK:
                    raise TroubleError("range refused", "it answers 200 with the whole file")
                body, cut = _read(answer, max_bytes, accepts)
        except httpcore2.TimeoutException as error:
            unreached = isinstance(error, httpcore2.ConnectTimeout)
            raise TroubleError("timed out", type(error).__name__, retry=True, host=unreached) from None
        except httpcore2.ProtocolError as error:
            # A server may close a kept connection just when it is reused.
            is_disconnected = "disconnected" in str(error)
            raise TroubleError("malformed response", str(error)[:200], retry=is_disconnected) from None
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


def _read(answer: httpcore2.Response, max_bytes: int, accepts: Callable[[str], bool] | None) -> tuple[bytes, bool]:
    """Return the body, and whether it was truncated.

    Raises:
        TroubleError: the body of a successful response is too large, or of an unwanted type.
    """
    names = {name.lower(): value.decode("latin-1") for name, value in answer.headers}
    is_success = HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
    must_be_complete = is_success and accepts is not None
    if must_be_complete and accepts is not None and not accepts(names.get(b"content-type", "")):
        raise TroubleError("not a page", names.get(b"content-type", "")[:100])
    length = names.get(b"content-length", "")
    if must_be_complete and length.isdigit() and int(length) > max_bytes:
        raise TroubleError("too large", bytes=int(length), limit_bytes=max_bytes)
    limit = max_bytes if is_success else min(max_bytes, _MAX_ERROR_BODY)
    pieces: list[bytes] = []
    size = 0
    for piece in answer.iter_stream():
        size += len(piece)
        pieces.append(piece)
        if size > limit:
            if must_be_complete:
                raise TroubleError("too large", limit_bytes=max_bytes)
            return b"".join(pieces)[:limit], True
    return b"".join(pieces), False


def _network_trouble(error: BaseException) -> TroubleError:
    """Return the cause of a failed connection; an invalid certificate isn't retried."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return TroubleError("bad certificate", cause.verify_message)
        cause = cause.__cause__ or cause.__context__
    unreached = isinstance(error, httpcore2.ConnectError)
    return TroubleError("no connection", f"{type(error).__name__}: {error}"[:200], retry=True, host=unreached)
