"""Places where addresses never end: calendars, facets, paths that grow, sitemaps; each is bounded and told."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final, Protocol

from latam_corpus.catalog.harvest_tables import host_of
from latam_corpus.harvest.crawl.causes import Cause, TroubleError

# Bounds of this toolkit's own, wide enough for real sites: a news archive of twenty years has 240 months, a list of
# 1,000 pages is long, and no page needs nine parameters.
MAX_VARIANTS: Final = 1000
MAX_CALENDAR: Final = 240
MAX_PARAMETERS: Final = 8
MAX_REPEATED: Final = 3
MAX_SAME: Final = 50
# Sitemaps and feeds that other lists of one host name; each may have 50,000 addresses.
MAX_LISTS: Final = 1000
# Pages of one kind with words that were read before, and their share of those that were read: a few hundred tables of
# a site may differ in numbers alone.
MAX_SAME_WORDS: Final = 200
SAME_SHARE: Final = 0.8

_CALENDAR: Final = re.compile(r"(?i)calend|agenda|event|efemerid|schedule")
_DATE: Final = re.compile(
    r"(?:1[89]|20|21)\d\d(?:[-/_](?:0?[1-9]|1[0-2]))?|(?:mes|month|ano|a\u00f1o|year|dia|day|fecha|date)="
)


class Counts(Protocol):
    """How often a shape was met; kept with the frontier, so that a resumed crawl goes on counting."""

    def count(self, what: str, shape: str, *, add: int = 0) -> int:
        """Return the number, after adding."""
        ...


def check(url: str, depth: int, deepest: int, counts: Counts) -> None:
    """Count the address, which is new.

    Args:
        url: in canonical form.
        depth: links from a start to it.
        deepest: how many there may be.
        counts: of the crawl.

    Raises:
        TroubleError: it belongs to a trap.
    """
    if depth > deepest:
        raise TroubleError("too deep", links=depth)
    host = host_of(url)
    path, _, query = url.partition("://")[2][len(host) :].partition("?")
    if (most := _most_repeated(path)) > MAX_REPEATED:
        raise TroubleError("repeating path", times=most)
    if (parameters := len(query.split("&")) if query else 0) > MAX_PARAMETERS:
        raise TroubleError("too many parameters", parameters=parameters)
    if _CALENDAR.search(f"{path}?{query}") and _DATE.search(f"{path}?{query}"):
        _bounded("endless calendar", host + _DATE.split(path, maxsplit=1)[0], MAX_CALENDAR, counts)
    if query:
        _bounded("too many variants", host + path, MAX_VARIANTS, counts)
    if (same := counts.count("same", shape_of(url))) >= MAX_SAME:
        raise TroubleError("same content again", shape=shape_of(url), times=same)
    check_wording(url, counts)


def check_list(host: str, counts: Counts) -> None:
    """Count a list that another list names.

    Raises:
        TroubleError: its host has more of them than any site needs.
    """
    _bounded("endless list", host, MAX_LISTS, counts)


def read_wording(url: str, counts: Counts, *, known: bool) -> None:
    """Count a page that was read, and whether its words were those of another."""
    for kind in kinds_of(url):
        counts.count("worded", kind, add=1)
        if known:
            counts.count("same words", kind, add=1)


def check_wording(url: str, counts: Counts) -> None:
    """Nothing, for an address of a kind whose pages are pages of their own.

    Raises:
        TroubleError: nearly all that were read of its kind had the words of others.
    """
    for kind in kinds_of(url):
        same = counts.count("same words", kind)
        if same >= MAX_SAME_WORDS and same >= SAME_SHARE * counts.count("worded", kind):
            raise TroubleError("same content again", shape=kind, times=same)


def kinds_of(url: str) -> tuple[str, str]:
    """Return the folder of an address, numbers apart, and its depth; addresses of a trap share one of them.

    >>> kinds_of("https://gaceta.example/2005/8/17"), kinds_of("https://gaceta.example/p/qwxz?b=1")
    (('gaceta.example/0/0/*', 'gaceta.example: 3'), ('gaceta.example/p/*?b', 'gaceta.example: 2?b'))
    """
    path, mark, names = shape_of(url).partition("?")
    host, *segments = path.split("/")
    folder = ["0" if "0" in segment else segment for segment in segments[:-1]]
    return "/".join([host, *folder, "*"]) + mark + names, f"{host}: {len(segments)}{mark}{names}"


def shape_of(url: str) -> str:
    """Return the address without what differs between the pages of one kind.

    >>> shape_of("https://gaceta.example/lista/12?orden=b&pag=3")
    'gaceta.example/lista/0?orden&pag'
    """
    path, _, query = url.partition("://")[2].partition("?")
    host, slash, rest = path.partition("/")
    names = sorted(pair.partition("=")[0] for pair in query.split("&") if pair)
    return f"{host}{slash}{re.sub('[0-9]+', '0', rest)}" + (f"?{'&'.join(names)}" if names else "")


def _bounded(cause: Cause, shape: str, most: int, counts: Counts) -> None:
    if counts.count(cause, shape, add=1) > most:
        raise TroubleError(cause, shape=shape, limit=most)


def _most_repeated(path: str) -> int:
    """How often the commonest segment of the path stands in it.

    >>> _most_repeated("/a/b/a/b/a/b"), _most_repeated("/")
    (3, 0)
    """
    return max(Counter(part for part in path.split("/") if part).values(), default=0)
