"""Turns links into canonical addresses, without session ids and without passwords."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urljoin, urlsplit

from latam_corpus.catalog.identity import canonical_url
from latam_corpus.harvest.crawl.causes import TroubleError

# More characters than servers and browsers support; longer addresses occur only in traps.
LONGEST: Final = 2000
# Names of session parameters that the canonical form doesn't drop, with their usual values.
_SESSION_QUERY: Final = re.compile(
    r"(?i)(?:^|(?<=&))(?:sid|sess|session|session_?id|s_?id|oscsid|zenid|cfid|cftoken|aspsessionid\w*)="
    r"[0-9a-z_-]{16,}(?:&|$)"
)
_SESSION_PATH: Final = re.compile(r"(?i);(?:jsessionid|phpsessid|sid)=[^/?;]*|/\(s\([0-9a-z]+\)\)")
_CREDENTIALS: Final = re.compile(r"(?i)https?://[^/?#]*@")
# Suffixes of files that aren't pages; requests for them would only cost the host traffic.
_OTHER_FILES: Final = frozenset({
    "7z", "aac", "apk", "avi", "avif", "bmp", "bz2", "css", "csv", "dmg", "doc", "docx", "eot", "epub", "exe", "flac",
    "flv", "gif", "gz", "ico", "iso", "jpeg", "jpg", "js", "json", "m4a", "m4v", "mkv", "mov", "mp3", "mp4", "mpeg",
    "mpg", "odp", "ods", "odt", "ogg", "ogv", "otf", "pdf", "png", "ppt", "pptx", "rar", "rtf", "svg", "swf", "tar",
    "tgz", "tif", "tiff", "ttf", "wav", "webm", "webp", "wma", "wmv", "woff", "woff2", "xls", "xlsx", "zip",
})  # fmt: skip


def address_of(link: str, base: str) -> str | None:
    """Return the canonical address of a link to a page; None if it isn't on the web (`mailto:`) or isn't a page.

    Raises:
        TroubleError: the address has a password, is too long or malformed.

    >>> address_of("../nota?id=7#pie", "https://gaceta.example/a/b/c")
    'https://gaceta.example/a/nota?id=7'
    >>> address_of("/nota;jsessionid=A1B2?sid=0123456789abcdef0123&p=2", "https://gaceta.example/")
    'https://gaceta.example/nota?p=2'
    >>> address_of("mailto:redaccion@gaceta.example", "https://gaceta.example/") is None
    True
    """
    if not link.strip() or link.strip().startswith("#"):
        return None
    address = web_address(link, base)
    path = address.partition("?")[0] if address else ""
    # A host name may look like a file name: `https://diario.zip/`.
    name = PurePosixPath(path.partition("://")[2].partition("/")[2])
    return None if name.suffix.lower().lstrip(".") in _OTHER_FILES and not path.endswith(".xml.gz") else address


def web_address(link: str, base: str) -> str | None:
    """Return the canonical address of a link to a file of any type; None if it isn't on the web.

    Raises:
        TroubleError: the address has a password, is too long or malformed.
    """
    link = link.strip()
    if len(link) > LONGEST:
        raise TroubleError("address too long", link[:100])
    try:
        absolute = urljoin(base, link)
        parts = urlsplit(absolute)
    except ValueError:
        raise TroubleError("malformed address", link[:100]) from None
    if parts.scheme not in ("http", "https"):
        return None
    if _CREDENTIALS.match(absolute):
        raise TroubleError("credentials in address", canonical_url(absolute)[:LONGEST])
    if not parts.netloc:
        raise TroubleError("malformed address", link[:100])
    address = canonical_url(without_session(canonical_url(absolute)))
    if len(address) > LONGEST:
        raise TroubleError("address too long", address[:100])
    return address


def without_session(url: str) -> str:
    """Remove session ids from the path and the query of an address."""
    path, mark, query = url.partition("?")
    cleaned = _SESSION_QUERY.sub("", query).rstrip("&")
    return _SESSION_PATH.sub("", path) + (f"?{cleaned}" if mark and cleaned else "")
