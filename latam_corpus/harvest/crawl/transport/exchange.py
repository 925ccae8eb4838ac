"""One request and its response, bounded in time and size, and kept as it was sent.

Connections are made only to public addresses, which are checked on connection.
"""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import httpcore2

from latam_corpus.collect.web_archives import responses
from latam_corpus.errors import DocumentError
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.storage.public_hosts import is_public

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from latam_corpus.harvest.crawl.causes import Cause


# Seconds without a byte, and seconds to connect.
_SILENCE: Final = 30.0
_CONNECT: Final = 20.0
# Bytes of the body of a redirect or an error that are kept as evidence.
_MAX_ERROR_BODY: Final = 2**16


class _Deadline:
    """The moment at which an exchange must be complete."""

    def __init__(self) -> None:
        self.until = float("inf")

    def remaining(self, limit: float | None) -> float:
        """Return the remaining seconds, at most `limit`."""
        seconds = self.until - time.monotonic()
        if seconds <= 0:
            raise TroubleError("timed out", "the answer took longer than the source's timeout", retry=True)
        return seconds if limit is None else min(seconds, limit)


class _GuardedBackend(httpcore2.SyncBackend):
    """A backend that connects only to hosts with public addresses, or hosts that the source declares as private."""

    def __init__(self, deadline: _Deadline, private: frozenset[str]) -> None:
        self._deadline, self._private = deadline, private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address that answers, using the addresses that were checked."""
        try:
            resolved = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise TroubleError("no connection", f"the host has no address ({error})", retry=True, host=True) from None
        addresses = list(dict.fromkeys(str(info[4][0]) for info in resolved))
        name = f"[{host}]" if ":" in host else host
        if not self._private.intersection((name, f"{name}:{port}")):
            private = [address for address in addresses if not is_public(address)]
            if private:
                raise TroubleError("private address", f"{host} is {private[0]}")
        problem: Exception | None = None
        for address in addresses:
            try:
                seconds = self._deadline.remaining(timeout)
                stream = super().connect_tcp(address, port, seconds, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                problem = error
            else:
                return _BoundedStream(stream, self._deadline)
        raise problem or TroubleError("no connection", "the host has no address", retry=True, host=True)


class _BoundedStream(httpcore2.NetworkStream):
    """A stream that ends at the exchange's deadline, so that no server can send slowly forever."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: _Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.remaining(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.remaining(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        seconds = self._deadline.remaining(timeout)
        return _BoundedStream(self._inner.start_tls(ssl_context, server_hostname, seconds), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


@dataclass(frozen=True)
class Exchange:
    """A request and its response.

    Attributes:
        time: when the request was sent, UTC.
        seconds: total response time.
        request: the request's headers, as sent.
        status_line: the protocol, and the status with its phrase.
        headers: the response's headers, names as sent.
        body: the body as sent, with its content encoding but without transfer encoding.
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

        `timeout` is the maximum number of seconds of one exchange; `private` are hosts that may have a private address.
        """
        self._agent, self._timeout, self._deadline = agent, timeout, _Deadline()
        context = httpcore2.default_ssl_context()
        if not verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._pool = httpcore2.ConnectionPool(
            ssl_context=context, max_connections=1, network_backend=_GuardedBackend(self._deadline, private)
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

        `accepts` decides by the content type whether to read the body of a successful response; with None any body is
        read, truncated at `max_bytes`, counted as sent. `conditions` are headers of a conditional or range request.

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
    """Return the body, and whether it was truncated."""
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
