"""Protect against requests to private addresses: only public hosts, and hosts that the user names, may be reached.

Addresses come from other people, in source files, pages and redirects. None may lead into this machine's private
network.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import re
import socket
from typing import Any, Final

# IPv4 addresses embedded in IPv6 for translators (RFC 6052). The local prefix (RFC 8215) and older forms are outside of
# global unicast (RFC 4291, 2.4).
_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")
_UNICAST: Final = ipaddress.ip_network("2000::/3")
_EXAMPLES: Final = ipaddress.ip_network("3fff::/20")  # reserved for documentation (RFC 9637)
# IETF protocol assignments (RFC 6890), Azure's metadata address, and 6to4 relays (RFC 7526).
_NOT_HOSTS: Final = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "168.63.129.16/32", "192.88.99.0/24")))
# Hosts, with or without a port, separated by commas or spaces.
VARIABLE: Final = "LATAM_CORPUS_PRIVATE_HOSTS"
_HOST: Final = re.compile(r"(\[[0-9a-f:.%]+\]|[^:]+)(?::(\d+))?", re.IGNORECASE)
_WEB: Final = re.compile(r"(?:\A|::)(https?)://", re.IGNORECASE)


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public Internet, even if it is embedded in an IPv6 address.

    >>> [is_public(one) for one in ("93.184.215.14", "127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1")]
    [True, False, False, False, False]
    >>> [is_public(one) for one in ("2002:7f00:1::", "64:ff9b::7f00:1", "fe80::1%eth0", "224.0.0.1", "100.64.0.1")]
    [False, False, False, False, False]
    >>> [is_public(one) for one in ("::127.0.0.1", "64:ff9b:1::1", "192.0.0.192", "192.88.99.1", "::ffff:0:8.8.8.8")]
    [False, False, False, False, False]
    >>> [is_public(one) for one in ("168.63.129.16", "168.63.129.17", "3fff::1", "2001:db8::1", "2606:4700::1111")]
    [False, True, False, False, True]
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if inner is None and ip in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        return ip in _UNICAST and ip not in _EXAMPLES and ip.is_global
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _NOT_HOSTS)


def web_options(url: str) -> dict[str, Any]:
    """Return the fsspec options for a URL; they restrict web connections to public hosts and hosts that the user names.

    >>> web_options("s3://cubo/textos"), list(web_options("simplecache::https://museo.example/a.jsonl"))
    ({}, ['https'])
    """
    return {protocol.lower(): {"get_client": _client} for protocol in _WEB.findall(url)}


def private_address(url: str) -> str | None:
    """Return the IP address of a web URL if it is neither public nor named by the user, else None."""
    if not _WEB.search(url):
        return None
    authority = re.split(r"[/?#]", _WEB.split(url)[-1], maxsplit=1)[0].rpartition("@")[2]
    match = _HOST.fullmatch(authority)
    addresses = _resolved(match[1].strip("[]"), int(match[2] or 0)) if match else ()
    return next((address for address, port in addresses if not _may_be_asked(address, port)), None)


def _may_be_asked(address: str, port: int) -> bool:
    return is_public(address) or bool(_allowed() & {(address, 0), (address, port)})


async def _client(**options: Any) -> Any:
    """Return an aiohttp session that checks the address of every connection, including those for redirects."""
    import aiohttp

    def connected(info: Any) -> socket.socket:
        family, kind, protocol, _, (address, port, *_more) = info
        if not _may_be_asked(address, port):
            raise PermissionError(errno.EACCES, f"{address} is not a public address, and isn't named in {VARIABLE}")
        return socket.socket(family, kind, protocol)

    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(socket_factory=connected), **options)


def _allowed() -> set[tuple[str, int]]:
    """Return the addresses and ports that the user allows; port 0 means all ports."""
    hosts = filter(None, re.split(r"[\s,]+", os.environ.get(VARIABLE, "")))
    matches = filter(None, map(_HOST.fullmatch, hosts))
    return {pair for match in matches for pair in _resolved(match[1].strip("[]"), int(match[2] or 0))}


def _resolved(host: str, port: int) -> set[tuple[str, int]]:
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # the request itself will report this
        return set()
    return {(str(entry[4][0]), port) for entry in addresses}
