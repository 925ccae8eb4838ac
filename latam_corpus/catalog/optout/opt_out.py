"""The opt-out signals: their names, where sites say them, what each withholds, and how they travel with a record."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

Signal: TypeAlias = Literal[
    "robots-agent",  # robots.txt shuts out an agent that gathers training data, or has `DisallowAITraining`
    "content-usage",  # AIPREF: robots.txt or header
    "content-signal",  # Content Signals: robots.txt or header
    "content-signal-use",  # the same: the text may not be kept as a whole (`use=immediate`, `use=reference`)
    "rsl-prohibited",  # an RSL licence prohibits training
    "rsl-permission",  # an RSL licence must be obtained first
    "tdm-reservation",  # TDMRep: file, header or meta
    "noai",  # X-Robots-Tag or meta
    "noarchive",  # the same: no copy may be shown
    "ai.txt",
]

# A field of ours on the records of a WARC: what site and page refused when they were fetched, as `to_json` writes it.
OPT_OUTS: Final = "X-Opt-Outs"
# Another, on responses that are no page, though they may look like one: a site's files wherever they were moved to, its
# licences, sitemaps and feeds, redirects and errors. They give no row.
NO_PAGE: Final = "X-No-Page"

_TRAINING: Final = frozenset({"train"})
_MINING: Final = frozenset({"train", "redistribute"})
# What a signal withholds of `vocabulary.USES`. Most speak of training alone; a reservation of text and data mining, and
# a licence that must be obtained, speak of every copy; `noarchive` speaks of showing the copy to others, and its best
# known reader (Bing) takes it as a refusal of training as well.
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
# Values come from strangers and stand in every row.
_LONGEST: Final = 300
# Bytes of them all on a record: readers of WARC refuse one whose fields are longer than 32 kB together. A row of each
# of the ten signals fits, if its value and address are no longer than this.
MOST: Final = 12_000
_SHORT_VALUE: Final = 60
_SHORT_ADDRESS: Final = 400


@dataclass(frozen=True, order=True)
class OptOut:
    """A refusal that was read: which signal, its words, the address where it stood, and when."""

    signal: Signal
    value: str
    address: str
    time: datetime

    def row(self) -> dict[str, Any]:
        """As `schema.OPT_OUTS` holds it."""
        return {"signal": self.signal, "value": self.value, "address": self.address, "time": self.time}


def opt_out(signal: Signal, value: str, address: str, time: datetime) -> OptOut:
    r"""Return a refusal; a value of any length and kind is made one short line.

    >>> opt_out("noai", " noai,\n  noimageai ", "https://diario.example/a", datetime(2026, 1, 2, tzinfo=UTC)).value
    'noai, noimageai'
    """
    return OptOut(signal, " ".join(value.split())[:_LONGEST], address, time)


def withheld(signals: Iterable[str]) -> frozenset[str]:
    """Return the uses that these signals withhold together: the most restrictive wins.

    >>> sorted(withheld(["noai", "tdm-reservation"])), sorted(withheld([]))
    (['redistribute', 'train'], [])
    """
    return frozenset().union(*(WITHHELD[name] for name in signals if name in _KNOWN))  # type: ignore[index]


def to_json(opt_outs: Iterable[OptOut]) -> str:
    """Return the refusals as one line of ASCII, for the header of a WARC record; no longer than `MOST`.

    Of more than fit, one of each signal is kept, since the signals decide what is withheld, and of the others as many
    as there is room for; their words and addresses are cut.
    """
    rows = list(opt_outs)
    whole = _dumped(rows)
    if len(whole) <= MOST:
        return whole
    firsts = {one.signal: one for one in reversed(rows)}
    others = [one for one in rows if firsts[one.signal] is not one]
    fitting: list[OptOut] = []
    for one in [*firsts.values(), *others]:
        short = replace(one, value=one.value[:_SHORT_VALUE], address=one.address[:_SHORT_ADDRESS])
        if len(_dumped([*fitting, short])) > MOST:
            break
        fitting.append(short)
    return _dumped(sorted(fitting))


def _dumped(opt_outs: Iterable[OptOut]) -> str:
    rows = [[one.signal, one.value, one.address, one.time.astimezone(UTC).isoformat()] for one in opt_outs]
    return json.dumps(rows, ensure_ascii=True, separators=(",", ":"))


def from_json(text: str) -> list[OptOut]:
    """Return what `to_json` wrote; nothing from what it can't have written.

    >>> moment = datetime(2026, 1, 2, tzinfo=UTC)
    >>> found = [OptOut("ai.txt", "Disallow: /", "https://diario.example/ai.txt", moment)]
    >>> from_json(to_json(found)) == found, from_json("[1]"), from_json("{")
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
    except ValueError:  # of an archive that records what no browser would ask for
        return ""
    return f"{parts.scheme}://{parts.netloc}"
