"""Connections: to public addresses only, checked when the connection is made, and within the time of one exchange."""

from __future__ import annotations

import ipaddress
import socket
import time
from typing import TYPE_CHECKING, Any, Final

import httpcore2

from latam_corpus.harvest.crawl.causes import TroubleError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

# RFC 6052: an IPv4 address as a translator's users write it. Its local prefix (RFC 8215) and the older forms are
# outside of what is given to hosts (RFC 4291, 2.4).
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")
_UNICAST: Final = ipaddress.ip_network("2000::/3")
# The protocols' own addresses (RFC 6890), where clouds keep their metadata, and the relays of 6to4 (RFC 7526).
_NOT_HOSTS: Final = (ipaddress.ip_network("192.0.0.0/24"), ipaddress.ip_network("192.88.99.0/24"))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public Internet, whatever it is wrapped in.

    >>> [is_public(one) for one in ("93.184.215.14", "127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1")]
    [True, False, False, False, False]
    >>> [is_public(one) for one in ("2002:7f00:1::", "64:ff9b::7f00:1", "fe80::1%eth0", "224.0.0.1", "100.64.0.1")]
    [False, False, False, False, False]
    >>> [is_public(one) for one in ("::127.0.0.1", "64:ff9b:1::1", "192.0.0.192", "192.88.99.1", "::ffff:0:8.8.8.8")]
    [False, False, False, False, False]
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if inner is None and ip in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        return ip in _UNICAST and ip.is_global
    return ip.is_global and not ip.is_multicast and not any(ip in one for one in _NOT_HOSTS)


class Clock:
    """The moment at which an exchange must be over."""

    def __init__(self) -> None:
        self.until = float("inf")

    def left(self, most: float | None) -> float:
        """The seconds that a step may take.

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
        """A connection to the first address that answers; the one that was checked is the one that is used.

        Raises:
            TroubleError: the name has no address, or one that isn't public.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise TroubleError("no connection", f"the host has no address ({error})", retry=True, host=True) from None
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
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
