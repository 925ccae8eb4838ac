"""Limits on traps such as endless calendars, facets, growing paths and sitemaps; each hit is logged."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final, Protocol

from latam_corpus.catalog.harvest_tables import host_of
from latam_corpus.harvest.crawl.causes import Cause, TroubleError

# Our own choice of bounds, wide enough for real sites: a news archive of twenty years has 240 months, a list of 1,000
# pages is long, and no page needs nine parameters.
MAX_VARIANTS: Final = 1000
MAX_CALENDAR: Final = 240
MAX_PARAMETERS: Final = 8
MAX_REPEATED: Final = 3
MAX_SAME: Final = 50
# Sitemaps and feeds of one host that other lists name; each may have 50,000 addresses.
MAX_LISTS: Final = 1000
# Minimum number of pages of one kind whose words repeat those of an earlier page, and their share of the kind: a few
# hundred tables of a site may differ only in numbers.
MAX_SAME_WORDS: Final = 200
SAME_SHARE: Final = 0.8

_CALENDAR: Final = re.compile(r"(?i)calend|agenda|event|efemerid|schedule")
_DATE: Final = re.compile(
    r"(?:1[89]|20|21)\d\d(?:[-/_](?:0?[1-9]|1[0-2]))?|(?:mes|month|ano|a\u00f1o|year|dia|day|fecha|date)="
)


class Counts(Protocol):
    """Counters of shapes, stored with the frontier, so that a resumed crawl continues them."""

    def count(self, what: str, shape: str, *, add: int = 0) -> int:
        """Add to a counter and return its value."""
        ...


def check(url: str, depth: int, deepest: int, counts: Counts) -> None:
    """Count a new address.

    `depth` is the number of links from a start to it.

    Raises:
        TroubleError: the address belongs to a trap.
    """
    if depth > deepest:
        raise TroubleError("too deep", links=depth)
    host = host_of(url)
    path, _, query = url.partition("://")[2][len(host) :].partition("?")
    if (repetitions := _most_repeated(path)) > MAX_REPEATED:
        raise TroubleError("repeating path", times=repetitions)
    if (parameters := len(query.split("&")) if query else 0) > MAX_PARAMETERS:
        raise TroubleError("too many parameters", parameters=parameters)
    if _CALENDAR.search(f"{path}?{query}") and _DATE.search(f"{path}?{query}"):
        _bounded("endless calendar", host + _DATE.split(path, maxsplit=1)[0], MAX_CALENDAR, counts)
    if query:
        _bounded("too many variants", host + path, MAX_VARIANTS, counts)
    if (repetitions := counts.count("same", shape_of(url))) >= MAX_SAME:
        raise TroubleError("same content again", shape=shape_of(url), times=repetitions)
    check_wording(url, counts)


def check_list(host: str, counts: Counts) -> None:
    """Count a sitemap or feed that another list names.

    Raises:
        TroubleError: its host has more than `MAX_LISTS` of them.
    """
    _bounded("endless list", host, MAX_LISTS, counts)


def count_wording(url: str, counts: Counts, *, repeated: bool) -> None:
    """Count a page that was read.

    `repeated` means that its words repeat those of an earlier page.
    """
    for kind in kinds_of(url):
        counts.count("worded", kind, add=1)
        if repeated:
            counts.count("same words", kind, add=1)


def check_wording(url: str, counts: Counts) -> None:
    """Raise `TroubleError` if nearly all pages of the address's kind repeat the words of other pages.

    The bounds are `MAX_SAME_WORDS` and `SAME_SHARE`.
    """
    for kind in kinds_of(url):
        repetitions = counts.count("same words", kind)
        if repetitions >= MAX_SAME_WORDS and repetitions >= SAME_SHARE * counts.count("worded", kind):
            raise TroubleError("same content again", shape=kind, times=repetitions)


def kinds_of(url: str) -> tuple[str, str]:
    """Return the folder of an address with numbers replaced, and its depth; addresses of a trap share one of the two.

    >>> kinds_of("https://gaceta.example/2005/8/17"), kinds_of("https://gaceta.example/p/qwxz?b=1")
    (('gaceta.example/0/0/*', 'gaceta.example: 3'), ('gaceta.example/p/*?b', 'gaceta.example: 2?b'))
    """
    path, mark, names = shape_of(url).partition("?")
    host, *segments = path.split("/")
    folder = ["0" if "0" in segment else segment for segment in segments[:-1]]
    return "/".join([host, *folder, "*"]) + mark + names, f"{host}: {len(segments)}{mark}{names}"


def shape_of(url: str) -> str:
    """Return the address without the numbers and values that differ among pages of one kind.

    >>> shape_of("https://gaceta.example/lista/12?orden=b&pag=3")
    'gaceta.example/lista/0?orden&pag'
    """
    path, _, query = url.partition("://")[2].partition("?")
    host, slash, segments = path.partition("/")
    names = sorted(pair.partition("=")[0] for pair in query.split("&") if pair)
    return f"{host}{slash}{re.sub('[0-9]+', '0', segments)}" + (f"?{'&'.join(names)}" if names else "")


def _bounded(cause: Cause, shape: str, limit: int, counts: Counts) -> None:
    if counts.count(cause, shape, add=1) > limit:
        raise TroubleError(cause, shape=shape, limit=limit)


def _most_repeated(path: str) -> int:
    """Return the number of occurrences of a path's most frequent segment.

    >>> _most_repeated("/a/b/a/b/a/b"), _most_repeated("/")
    (3, 0)
    """
    return max(Counter(part for part in path.split("/") if part).values(), default=0)
