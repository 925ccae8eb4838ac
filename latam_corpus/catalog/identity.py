"""Identify documents: compute the canonical form of a URL, and a document's id.

The rules for the canonical form are frozen: a change needs a new `URL_VERSION`. Version 1, for `http` and `https`:

1. Spaces and control characters around the URL, and tabs and line ends inside it, are removed. 2. Scheme and host are
in lower case; the host is in IDNA 2003 (the standard library's, which doesn't change), without a final dot. The user
name, the password, the scheme's default port and the fragment are removed. 3. Dot segments are resolved; an empty path
becomes `/`. Double and final slashes are kept: servers distinguish them. 4. Percent-encoding: unreserved characters are
decoded, characters that aren't allowed are encoded as UTF-8, and hex
   digits are in upper case.
5. Query parameters keep their order, without those that only track visitors (`_TRACKING`).

URLs with `http` and `https`, and with and without `www.`, remain different. Text that isn't an http(s) URL is returned
without the white space around it. The parser is a regular expression in this module, since urllib and courlan may
change with their releases.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import Final

URL_VERSION: Final = 1

# RFC 3986, appendix B, for the two schemes; the scheme's slashes are required.
_PARTS: Final = re.compile(r"(?i)(https?)://([^/?#\\]*)([^?#]*)(?:\?([^#]*))?", re.DOTALL)
_AUTHORITY: Final = re.compile(r"(\[[^\]]*\]|[^:]*)(?::([0-9]*))?")
_HOST: Final = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")
_PORTS: Final = {"http": "80", "https": "443"}
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# The characters that may be unencoded: unreserved, sub-delims, ":", "@" and "/"; in a query also "?".
_PATH: Final = _UNRESERVED | frozenset("!$&'()*+,;=:@/")
_QUERY: Final = _PATH | frozenset("?")
_USUAL: Final = 2000  # longest address, in characters, that is cached
_DOC_ID: Final = re.compile(r"[0-9a-f]{32}")
_HEX: Final = frozenset("0123456789abcdefABCDEF")

# Parameters that identify a campaign, a click or a visitor, never the document: those in the lists of courlan 1.4 and
# of browsers' query strippers (Firefox, Brave), without names that sites also use for content (ref, source, id, s).
_TRACKING: Final = frozenset({
    "_ga", "_gl", "_hsenc", "_hsmi", "_openstat", "dclid", "fb_action_ids", "fb_action_types", "fb_ref",
    "fb_source", "fbclid", "gbraid", "gclid", "gclsrc", "igshid", "jsessionid", "mc_cid", "mc_eid", "mkt_tok",
    "msclkid", "oly_anon_id", "oly_enc_id", "phpsessid", "rb_clickid", "s_cid", "srsltid", "ttclid", "twclid",
    "vero_conv", "vero_id", "wbraid", "wickedid", "xtor", "yclid", "ysclid",
})  # fmt: skip
_TRACKING_PREFIXES: Final = ("utm_", "pk_", "mtm_", "hsa_", "at_campaign", "at_medium")


def canonical_url(url: str) -> str:
    r"""Return the URL in the canonical form of `URL_VERSION`; never raises, and is idempotent.

    >>> canonical_url("HTTPS://Diario.Example:443/a/../Nota%7e1?utm_source=x&id=7#arriba")
    'https://diario.example/Nota~1?id=7'
    >>> canonical_url("http://ana:clave@peri\xf3dico.example/ma\xf1ana")
    'http://xn--peridico-y3a.example/ma%C3%B1ana'
    >>> canonical_url("  sin dirección ")
    'sin dirección'
    """
    return _canonical(url) if len(url) <= _USUAL else _canonical.__wrapped__(url)


@lru_cache(maxsize=2**12)  # cached, since a page's reader, its opt-outs and its extractor all need its address
def _canonical(url: str) -> str:
    trimmed = re.sub(r"[\t\r\n]", "", re.sub(r"\A[\x00-\x20]+|[\x00-\x20]+\Z", "", url))
    parts = _PARTS.match(trimmed)
    if parts is None:
        return url.strip()
    scheme = parts[1].lower()
    authority = parts[2].rpartition("@")[2]
    host = _host(authority, scheme)
    if host is None:  # a password must be removed from an invalid URL too
        return f"{parts[1]}://{authority}{trimmed[parts.end(2) :]}".strip()
    # Browsers read a backslash in the path of an http URL as a slash.
    path = _without_dots(_encoded(parts[3].replace("\\", "/"), _PATH)) or "/"
    pairs = [pair for pair in (parts[4] or "").split("&") if pair and not _is_tracking(pair)]
    query = _encoded("&".join(pairs), _QUERY)
    return f"{scheme}://{host}{path}" + (f"?{query}" if query else "")


def _host(authority: str, scheme: str) -> str | None:
    """Return the host, and the port unless it is the scheme's default; None for an invalid host name."""
    match = _AUTHORITY.fullmatch(authority.lower())
    if match is None:
        return None
    name = match[1].rstrip(".")
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii").lower()
        except UnicodeError:  # a label of the host is empty or too long
            return None
    if not _HOST.fullmatch(name):
        return None
    port = (match[2] or "").lstrip("0")
    return name if port in ("", _PORTS[scheme]) else f"{name}:{port}"


def _encoded(text: str, allowed: frozenset[str]) -> str:
    """Return the text with its percent-encoding normalised.

    >>> _encoded("a%7E%c3%b1 ñ%zz", _PATH)
    'a~%C3%B1%20%C3%B1%25zz'
    """
    if not (set(text) - allowed):
        return text
    pieces: list[str] = []
    position = 0
    while position < len(text):
        char = text[position]
        if char == "%" and position + 2 < len(text) and text[position + 1] in _HEX and text[position + 2] in _HEX:
            code = chr(int(text[position + 1 : position + 3], 16))
            pieces.append(code if code in _UNRESERVED else text[position : position + 3].upper())
            position += 3
            continue
        is_allowed = char in allowed
        pieces.append(char if is_allowed else "".join(f"%{b:02X}" for b in char.encode("utf-8", "surrogatepass")))
        position += 1
    return "".join(pieces)


def _without_dots(path: str) -> str:
    """Return the path with `.` and `..` resolved (RFC 3986, 5.2.4).

    >>> _without_dots("/a/./b/../c/..")
    '/a/'
    """
    if "/." not in path:
        return path
    resolved: list[str] = []
    segments = path.split("/")[1:]
    for index, segment in enumerate(segments):
        if segment not in (".", ".."):
            resolved.append(segment)
            continue
        if segment == ".." and resolved:
            resolved.pop()
        if index == len(segments) - 1:
            resolved.append("")
    return "/" + "/".join(resolved)


def _is_tracking(pair: str) -> bool:
    name = _encoded(pair.partition("=")[0], _QUERY).lower()
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)


def is_doc_id(text: str) -> bool:
    """Whether a text has the form of a document's id.

    >>> is_doc_id(doc_id("conha19", "nh0007")), is_doc_id("nh0007.txt")
    (True, False)
    """
    return _DOC_ID.fullmatch(text) is not None


def doc_id(source_id: str, locator: str) -> str:
    r"""Return the first 128 bits, as 32 hex digits, of SHA-256 over the source id, a NUL and the locator in NFC.

    Args:
        source_id: the catalogue's id of the source.
        locator: the document's name in the source: its own id, else its canonical URL, else its path, followed by `#`
            and the record's number unless the file is one document. If a record has several texts, `#` and the text's
            column are appended.

    >>> doc_id("conha19", "nh0007")
    'eb914983bc32f12df2aa7800448811d8'
    >>> doc_id("cuentos", "an\u0303o.txt") == doc_id("cuentos", "a\xf1o.txt")
    True
    """
    name = f"{source_id}\0{unicodedata.normalize('NFC', locator)}"
    # A lone surrogate, as in a file name that isn't UTF-8, must not stop a run.
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
