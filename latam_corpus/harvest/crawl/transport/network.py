"""Connections: to public addresses only, checked when the connection is made, and within the time of one exchange."""

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


class Clock:
    """The moment at which an exchange must be over."""

    def __init__(self) -> None:
        self.until = float("inf")

    def left(self, most: float | None) -> float:
        """Return the seconds that a step may take.

        Raises:
            TroubleError: there are none left.
        """
        seconds = self.until - time.monotonic()
        if seconds <= 0:
            raise TroubleError("timed out", "the answer took longer than the source's timeout", retry=True)
        return seconds if most is None else min(seconds, most)


class GuardedBackend(httpcore2.SyncBackend):
    """Opens connections to the addresses that a name has, if they are public or the source declares the host."""

    def __init__(self, clock: Clock, private: frozenset[str]) -> None:
        self._clock, self._private = clock, private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Return a connection to the first address that answers; the one that was checked is the one that is used.

        Raises:
            TroubleError: the name has no address, or one that isn't public.
        """
        try:
            resolved = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise TroubleError("no connection", f"the host has no address ({error})", retry=True, host=True) from None
        addresses = list(dict.fromkeys(str(one[4][0]) for one in resolved))
        named = f"[{host}]" if ":" in host else host
        if not self._private.intersection((named, f"{named}:{port}")):
            inner = [address for address in addresses if not is_public(address)]
            if inner:
                raise TroubleError("private address", f"{host} is {inner[0]}")
        problem: Exception | None = None
        for address in addresses:
            try:
                stream = super().connect_tcp(address, port, self._clock.left(timeout), local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                problem = error
            else:
                return _Timed(stream, self._clock)
        raise problem or TroubleError("no connection", "the host has no address", retry=True, host=True)


class _Timed(httpcore2.NetworkStream):
    """A stream whose steps together may not outlast the exchange, so that no server can drip without end."""

    def __init__(self, inner: httpcore2.NetworkStream, clock: Clock) -> None:
        self._inner, self._clock = inner, clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._clock.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._clock.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Timed(self._inner.start_tls(ssl_context, server_hostname, self._clock.left(timeout)), self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
