"""Match path patterns of RFC 9309 (section 2.2.2): prefixes in which `*` means any text and a final `$` the end.

robots.txt, `Content-Usage`, TDMRep, RSL and ai.txt use them; the longest matching pattern decides.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar
from urllib.parse import quote, unquote, urlsplit

T = TypeVar("T")


def path_of(url: str) -> str:
    """Return the URL's path and query, to which patterns are applied.

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
    (first, *more_pieces), ends = _pieces(pattern)
    if not path.startswith(first):
        return False
    if not more_pieces:
        return not ends or path == first
    # Matching each piece at its first place leaves the most text for the next one, so that no backtracking is needed.
    position = len(first)
    for piece in more_pieces[:-1]:
        position = path.find(piece, position)
        if position < 0:
            return False
        position += len(piece)
    last = more_pieces[-1]
    return len(path) - len(last) >= position and path.endswith(last) if ends else path.find(last, position) >= 0


def longest(rules: list[tuple[str, T]], path: str) -> list[T]:
    """Return the rules of the longest matching pattern; several if it occurs with different rules.

    >>> longest([("/", "n"), ("/abierto/", "y"), ("/", "y")], "/cerrado")
    ['n', 'y']
    """
    matching = [(len(_normal(pattern)), rule) for pattern, rule in rules if matches(pattern, path)]
    max_length = max((length for length, _ in matching), default=0)
    return [rule for length, rule in matching if length == max_length]


@lru_cache(maxsize=4096)
def _pieces(pattern: str) -> tuple[tuple[str, ...], bool]:
    """Return the pieces of the pattern between stars, and whether the last piece must be at the end."""
    text = _normal(pattern)
    ends = text.endswith("$")
    return tuple((text[:-1] if ends else text).split("*")), ends


def _normal(pattern: str) -> str:
    """Return the pattern with the percent-encoding of canonical URLs."""
    return quote(unquote(pattern, errors="surrogateescape"), safe="/*$?=&!'()+,;:@-._~[]%|", errors="surrogateescape")
