"""Path patterns of RFC 9309 (section 2.2.2): a prefix, in which `*` is any characters and a final `$` the end.

robots.txt, `Content-Usage`, TDMRep, RSL and ai.txt all use them; the longest pattern that matches decides.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar
from urllib.parse import quote, unquote, urlsplit

T = TypeVar("T")


def path_of(url: str) -> str:
    """Return the URL's path and query, as patterns are compared with it.

    >>> path_of("https://diario.example/ma%C3%B1ana?p=1#x"), path_of("https://diario.example")
    ('/ma%C3%B1ana?p=1', '/')
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return "/"
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path


def matches(pattern: str, path: str) -> bool:
    r"""Whether the pattern matches the path; an empty pattern matches nothing.

    >>> matches("/nota", "/notas/1"), matches("/*.pdf$", "/a/b.pdf"), matches("/*.pdf$", "/b.pdf?x"), matches("", "/")
    (True, True, False, False)
    >>> matches("/ma\xf1ana", "/ma%C3%B1ana")
    True
    """
    if not pattern:
        return False
    (first, *rest), ends = _pieces(pattern)
    if not path.startswith(first):
        return False
    if not rest:
        return not ends or path == first
    # Each piece at its first place leaves the most for the next: no going back, whatever a stranger's pattern is.
    at = len(first)
    for piece in rest[:-1]:
        at = path.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    last = rest[-1]
    return len(path) - len(last) >= at and path.endswith(last) if ends else path.find(last, at) >= 0


def longest(rules: list[tuple[str, T]], path: str) -> list[T]:
    """Return what the longest patterns that match say: several where equal patterns say different things.

    >>> longest([("/", "n"), ("/abierto/", "y"), ("/", "y")], "/cerrado")
    ['n', 'y']
    """
    matching = [(len(_normal(pattern)), rule) for pattern, rule in rules if matches(pattern, path)]
    most = max((size for size, _ in matching), default=0)
    return [rule for size, rule in matching if size == most]


@lru_cache(maxsize=4096)
def _pieces(pattern: str) -> tuple[tuple[str, ...], bool]:
    """Return what stands between the stars, and whether the last piece must stand at the end."""
    text = _normal(pattern)
    ends = text.endswith("$")
    return tuple((text[:-1] if ends else text).split("*")), ends


def _normal(pattern: str) -> str:
    """Return the pattern with its percent-encoding as canonical URLs have it."""
    return quote(unquote(pattern, errors="surrogateescape"), safe="/*$?=&!'()+,;:@-._~[]%|", errors="surrogateescape")
