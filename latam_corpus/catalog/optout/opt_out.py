"""The opt-out signals: their names and places on sites, the uses that they withhold, and their stored form."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

Signal: TypeAlias = Literal[
    "robots-agent",  # robots.txt excludes an agent that gathers training data, or has `DisallowAITraining`
    "content-usage",  # AIPREF: robots.txt or header
    "content-signal",  # Content Signals: robots.txt or header
    "content-signal-use",  # the same: the whole text may not be stored (`use=immediate`, `use=reference`)
    "rsl-prohibited",  # an RSL licence prohibits training
    "rsl-permission",  # an RSL licence must be obtained first
    "tdm-reservation",  # TDMRep: file, header or meta
    "noai",  # X-Robots-Tag or meta
    "noarchive",  # the same: no copy may be shown
    "ai.txt",
]

# The toolkit's field of WARC records for the opt-outs of site and page at the time of fetching, as written by
# `to_json`.
OPT_OUTS: Final = "X-Opt-Outs"
# The toolkit's field for responses that aren't pages, though they may look like pages: a site's files, wherever they
# were moved, its licences, sitemaps and feeds, redirects and errors. They result in no row.
NO_PAGE: Final = "X-No-Page"

_TRAINING: Final = frozenset({"train"})
_MINING: Final = frozenset({"train", "redistribute"})
# The uses of `vocabulary.USES` that a signal withholds. Most concern only training. A reservation of text and data
# mining, and a licence that must be obtained, concern every copy. `noarchive` concerns showing the copy to others;
# Bing, its best-known reader, also treats it as a refusal of training.
WITHHELD: Final[dict[Signal, frozenset[str]]] = {
    "robots-agent": _TRAINING,
    "content-usage": _TRAINING,
    "content-signal": _TRAINING,
    "content-signal-use": _MINING,
    "rsl-prohibited": _TRAINING,
    "rsl-permission": _MINING,
    "tdm-reservation": _MINING,
    "noai": _TRAINING,
    "noarchive": _MINING,
    "ai.txt": _TRAINING,
}
_KNOWN: Final = frozenset(get_args(Signal))
# The maximum number of characters of a value, which comes from a website and is stored in every row.
_LONGEST: Final = 300
# The maximum number of bytes of all opt-outs of a record: readers of WARC refuse records whose fields exceed 32 kB in
# all. One opt-out per signal fits if its value and address are no longer than `_SHORT_VALUE` and `_SHORT_ADDRESS`.
MOST: Final = 12_000
_SHORT_VALUE: Final = 60
_SHORT_ADDRESS: Final = 400


@dataclass(frozen=True, order=True)
class OptOut:
    """An opt-out: its signal, its words, its address, and the time at which it was read."""

    signal: Signal
    value: str
    address: str
    time: datetime

    def row(self) -> dict[str, Any]:
        """Return the opt-out as a row of `schema.OPT_OUTS`."""
        return {"signal": self.signal, "value": self.value, "address": self.address, "time": self.time}


def opt_out(signal: Signal, value: str, address: str, time: datetime) -> OptOut:
    r"""Return an opt-out, with the value reduced to one short line.

    >>> opt_out("noai", " noai,\n  noimageai ", "https://diario.example/a", datetime(2026, 1, 2, tzinfo=UTC)).value
    'noai, noimageai'
    """
    return OptOut(signal, " ".join(value.split())[:_LONGEST], address, time)


def withheld(signals: Iterable[str]) -> frozenset[str]:
    """Return the uses that these signals withhold together.

    >>> sorted(withheld(["noai", "tdm-reservation"])), sorted(withheld([]))
    (['redistribute', 'train'], [])
    """
    return frozenset().union(*(WITHHELD[name] for name in signals if name in _KNOWN))  # type: ignore[index]


def to_json(opt_outs: Iterable[OptOut]) -> str:
    """Return the opt-outs as one line of ASCII of at most `MOST` bytes, for the header of a WARC record.

    If they don't fit, the first opt-out of each signal is kept, since signals decide which uses are withheld, and as
    many of the others as fit. Their values and addresses are shortened.
    """
    rows = list(opt_outs)
    complete = _dumped(rows)
    if len(complete) <= MOST:
        return complete
    firsts = {opt_out_.signal: opt_out_ for opt_out_ in reversed(rows)}
    repeated = [opt_out_ for opt_out_ in rows if firsts[opt_out_.signal] is not opt_out_]
    fitting: list[OptOut] = []
    for opt_out_ in [*firsts.values(), *repeated]:
        short = replace(opt_out_, value=opt_out_.value[:_SHORT_VALUE], address=opt_out_.address[:_SHORT_ADDRESS])
        if len(_dumped([*fitting, short])) > MOST:
            break
        fitting.append(short)
    return _dumped(sorted(fitting))


def _dumped(opt_outs: Iterable[OptOut]) -> str:
    rows = [
        [opt_out_.signal, opt_out_.value, opt_out_.address, opt_out_.time.astimezone(UTC).isoformat()]
        for opt_out_ in opt_outs
    ]
    return json.dumps(rows, ensure_ascii=True, separators=(",", ":"))


def from_json(text: str) -> list[OptOut]:
    """Return the opt-outs that `to_json` wrote; empty for invalid JSON.

    >>> moment = datetime(2026, 1, 2, tzinfo=UTC)
    >>> opt_outs = [OptOut("ai.txt", "Disallow: /", "https://diario.example/ai.txt", moment)]
    >>> from_json(to_json(opt_outs)) == opt_outs, from_json("[1]"), from_json("{")
    (True, [], [])
    """
    try:
        rows = json.loads(text)
        return [
            OptOut(signal, str(value), str(address), datetime.fromisoformat(time).astimezone(UTC))
            for signal, value, address, time in rows
            if signal in _KNOWN
        ]
    except (ValueError, TypeError):
        return []


ROBOTS: Final = "/robots.txt"
AI_TXT: Final = "/ai.txt"
TDMREP: Final = "/.well-known/tdmrep.json"


def root_of(url: str) -> str:
    """Return the scheme and authority of a canonical URL.

    >>> root_of("https://diario.example:8443/nota?x=1")
    'https://diario.example:8443'
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # web archives may record URLs that no browser would request
        return ""
    return f"{parts.scheme}://{parts.netloc}"
