"""Connections to public addresses only; addresses are checked on connection, and a deadline bounds each exchange."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any

import httpcore2

from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.storage.public_hosts import is_public

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable


class Deadline:
    """The moment at which an exchange must be complete.

    Attributes:
        until: that moment, by the monotonic clock.
    """

    def __init__(self) -> None:
        self.until = float("inf")

    def remaining(self, limit: float | None) -> float:
        """Return the remaining seconds, at most `limit`.

        Raises:
            TroubleError: no time remains.
        """
        seconds = self.until - time.monotonic()
        if seconds <= 0:
            raise TroubleError("timed out", "the answer took longer than the source's timeout", retry=True)
        return seconds if limit is None else min(seconds, limit)


class GuardedBackend(httpcore2.SyncBackend):
    """A backend that connects only to hosts with public addresses, or hosts that the source declares as private."""

    def __init__(self, deadline: Deadline, private: frozenset[str]) -> None:
        self._deadline, self._private = deadline, private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address that answers, using the addresses that were checked.

        Raises:
            TroubleError: the host has no address, or a private one.
        """
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

    def __init__(self, inner: httpcore2.NetworkStream, deadline: Deadline) -> None:
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
