"""robots.txt (RFC 9309): who may fetch what, and what it says of training."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

from latam_corpus.catalog.optout.agents import TOKEN, training_agents
from latam_corpus.catalog.optout.opt_out import OptOut, opt_out
from latam_corpus.catalog.optout.patterns import longest, path_of
from latam_corpus.catalog.optout.preferences import FIELDS, split_path
from latam_corpus.errors import ConfigError
from latam_corpus.harvest.optout.robots_bounds import with_plain_delays, within_bounds
from latam_corpus.harvest.optout.robots_lines import fields_of, forbidden_path
from latam_corpus.messages import _

if TYPE_CHECKING:
    from datetime import datetime

    from protego import Protego

    from latam_corpus.catalog.optout.opt_out import Signal
    from latam_corpus.catalog.optout.preferences import Preference

# What RFC 9309 asks a parser to read at least, and what is read here at most.
MAX_BYTES: Final = 500 * 1024
_MARKUP: Final = re.compile(r"\A\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)
# A path, and what is said of it: y or n, and in which words.
_Rule: TypeAlias = "tuple[str, tuple[Preference, str]]"
_AI_TRAINING: Final[dict[str, Preference]] = {"disallow-ai-training": "n", "allow-ai-training": "y"}
_WORDS: Final = {"disallow-ai-training": "DisallowAITraining", "allow-ai-training": "AllowAITraining"}
_SITE_WIDE: Final = ("sitemap", "license", "host")
_SHOWN: Final = 5


def is_markup(text: str) -> bool:
    """Whether what a server gave as robots.txt (or ai.txt) is a page, as some servers give for any address.

    >>> is_markup("<!DOCTYPE html><title>404</title>"), is_markup("User-agent: *")
    (True, False)
    """
    return _MARKUP.match(text) is not None


def read_part(whole: bytes) -> bytes:
    r"""Return what of a robots.txt or ai.txt is read: 500 KiB, without a line that goes on behind them.

    A rule of which the end lacks says another thing: `Disallow: /b` more than it should, `Allow: /` less.

    >>> read_part(b"Disallow: /borradores")
    b'Disallow: /borradores'
    >>> long = b"Disallow: /a\n".ljust(MAX_BYTES - 12, b"#") + b"\nDisallow: /borradores"
    >>> read_part(long).endswith(b"#\n"), len(read_part(long))
    (True, 511989)
    """
    if len(whole) <= MAX_BYTES:
        return whole
    ends = (whole.rfind(end, 0, MAX_BYTES + 1) for end in (b"\n", b"\r"))
    return whole[: min(max(ends) + 1, MAX_BYTES)]


class Robots:
    r"""A robots.txt, parsed.

    >>> robots = Robots("User-agent: GPTBot\nDisallow: /\n\nUser-agent: *\nCrawl-delay: 2\nDisallow: /cgi/")
    >>> robots.allows("https://a.example/nota"), robots.allows("https://a.example/cgi/x"), robots.delay
    (True, False, 2.0)
    >>> robots.refused_agents("https://a.example/nota")
    ['GPTBot']
    """

    def __init__(self, text: str) -> None:
        """Parse the text; one that is a page says nothing.

        Raises:
            ConfigError: the parser isn't installed.
        """
        self.text = "" if is_markup(text) else text.removeprefix("\ufeff")
        fields = [
            (name, forbidden_path(value) if name == "disallow" else value) for name, value in fields_of(self.text)
        ]
        plain = "\n".join(f"{name}: {value}" for name, value in fields)
        self._parsed = _parser().parse(within_bounds(with_plain_delays(plain)))
        self._named = frozenset(value.lower().strip("*") for name, value in fields if name == "user-agent")
        self._rules = _usage_rules(fields)
        self.licences = [value for name, value in fields if name == "license" and value]

    def allows(self, url: str) -> bool:
        """Whether this crawler may fetch the URL."""
        return self._parsed.can_fetch(url, TOKEN)

    @property
    def delay(self) -> float:
        """The seconds between two requests that it asks for; 0 where it asks for none."""
        rate = self._parsed.request_rate(TOKEN)
        asked = [self._parsed.crawl_delay(TOKEN) or 0.0]
        if rate is not None and rate.requests > 0:
            asked.append(rate.seconds / rate.requests)
        return max(asked)

    @property
    def sitemaps(self) -> list[str]:
        """The sitemaps that it names."""
        return list(self._parsed.sitemaps)

    def refused_agents(self, url: str) -> list[str]:
        """Return the training agents that it names and that may not fetch the URL; `*` stands for all agents."""
        named = [agent for key, agent in training_agents().items() if key in self._named]
        agents = [agent for agent in named if not self._parsed.can_fetch(url, agent)]
        # An agent that has no group of its own reads that of all.
        return agents if self.allows(url) else [*agents, "*"]

    def opt_outs(self, url: str, address: str, time: datetime) -> list[OptOut]:
        """Return what it refuses for the URL.

        Args:
            url: a page of the same site.
            address: where the robots.txt is.
            time: when it was read.
        """
        refusals = []
        if agents := self.refused_agents(url):
            more = "" if len(agents) <= _SHOWN else f" and {len(agents) - _SHOWN} more"
            line = f"Disallow for {', '.join(agents[:_SHOWN])}{more}"
            refusals.append(opt_out("robots-agent", line, address, time))
        path = path_of(url)
        # `DisallowAITraining` is told as what an agent is forbidden, unless that is.
        told = {one.signal for one in refusals}
        for kind, groups in self._rules.items():
            if kind in told:
                continue
            # Groups speak to different agents; each has its own longest match, and one refusal is enough.
            stated = [said for group in groups for said in longest(group, path)]
            refusing = [words for preference, words in stated if preference == "n"]
            refusals += [opt_out(kind, words, address, time) for words in refusing[:1]]
        return refusals


def _parser() -> type[Protego]:
    try:
        from protego import Protego  # an extra
    except ImportError:
        raise ConfigError("robots.txt", _("its parser isn't installed"), "pip install latam-corpus[crawl]") from None
    return Protego


def _usage_rules(fields: list[tuple[str, str]]) -> dict[Signal, list[list[_Rule]]]:
    """Return the rules of use, a list a group, of the groups that speak to all, to this crawler or to a training agent.

    A rule before any group, which RFC 9309 ignores, speaks to all here: whoever wrote it meant somebody. A rule that
    says nothing of a use lifts no other rule's refusal of it.
    """
    concerned = {"*", TOKEN, *training_agents()}
    rules: dict[Signal, list[list[_Rule]]] = {}
    agents, open_ = ["*"], False
    started: set[Signal] = set()
    for name, value in fields:
        if name == "user-agent":
            agents, started = [*agents, value.lower()] if open_ else [value.lower()], set()
        open_ = name == "user-agent" or (open_ and name in _SITE_WIDE)
        if not concerned.intersection(agents):
            continue
        for signal, rule in _stated(name, value):
            if signal not in started:
                rules.setdefault(signal, []).append([])
                started.add(signal)
            rules[signal][-1].append(rule)
    return rules


def _stated(name: str, value: str) -> list[tuple[Signal, _Rule]]:
    """Return what a line says of use, by signal."""
    if name in _AI_TRAINING:
        rule = (forbidden_path(value) or "/", (_AI_TRAINING[name], f"{_WORDS[name]}: {value}"))
        return [("robots-agent", rule)]
    path, words = split_path(value)
    readings = [(signal, read(words)) for signal, read in FIELDS.get(name, {}).items()]
    return [(signal, (path, (preference, words))) for signal, preference in readings if preference]
