"""robots.txt (RFC 9309): which agents may fetch which paths, and its rules about training."""

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

# RFC 9309 requires parsers to read at least this many bytes; here it is also the maximum.
MAX_BYTES: Final = 500 * 1024
_MARKUP: Final = re.compile(r"\A\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)
# A usage rule: a path pattern, the preference (y or n), and the words of the rule.
_Rule: TypeAlias = "tuple[str, tuple[Preference, str]]"
_AI_TRAINING: Final[dict[str, Preference]] = {"disallow-ai-training": "n", "allow-ai-training": "y"}
_WORDS: Final = {"disallow-ai-training": "DisallowAITraining", "allow-ai-training": "AllowAITraining"}
_SITE_WIDE: Final = ("sitemap", "license", "host")
_AGENTS_SHOWN: Final = 5


def is_markup(text: str) -> bool:
    """Return whether a robots.txt or ai.txt is an HTML page, which some servers return for any address.

    >>> is_markup("<!DOCTYPE html><title>404</title>"), is_markup("User-agent: *")
    (True, False)
    """
    return _MARKUP.match(text) is not None


def read_part(body: bytes) -> bytes:
    r"""Return the part of a robots.txt or ai.txt that is read: the complete lines of its first 500 KiB.

    A truncated rule would have another meaning: `Disallow: /b` refuses more than intended, `Allow: /` allows more.

    >>> read_part(b"Disallow: /borradores")
    b'Disallow: /borradores'
    >>> long = b"Disallow: /a\n".ljust(MAX_BYTES - 12, b"#") + b"\nDisallow: /borradores"
    >>> read_part(long).endswith(b"#\n"), len(read_part(long))
    (True, 511989)
    """
    if len(body) <= MAX_BYTES:
        return body
    ends = (body.rfind(end, 0, MAX_BYTES + 1) for end in (b"\n", b"\r"))
    return body[: min(max(ends) + 1, MAX_BYTES)]


class Robots:
    r"""A robots.txt, parsed.

    >>> robots = Robots("User-agent: GPTBot\nDisallow: /\n\nUser-agent: *\nCrawl-delay: 2\nDisallow: /cgi/")
    >>> robots.allows("https://a.example/nota"), robots.allows("https://a.example/cgi/x"), robots.delay
    (True, False, 2.0)
    >>> robots.refused_agents("https://a.example/nota")
    ['GPTBot']
    """

    def __init__(self, text: str) -> None:
        """Parse the text; an HTML page counts as an empty file.

        Raises:
            ConfigError: the parser isn't installed.
        """
        self.text = "" if is_markup(text) else text.removeprefix("\ufeff")
        fields = [
            (name, forbidden_path(value) if name == "disallow" else value) for name, value in fields_of(self.text)
        ]
        plain = "\n".join(f"{name}: {value}" for name, value in fields)
        self._parsed = _parser().parse(within_bounds(with_plain_delays(plain)))
        self._named_agents = frozenset(value.lower().strip("*") for name, value in fields if name == "user-agent")
        self._rules = _usage_rules(fields)
        self.licences = [value for name, value in fields if name == "license" and value]

    def allows(self, url: str) -> bool:
        """Return whether this crawler may fetch the URL."""
        return self._parsed.can_fetch(url, TOKEN)

    @property
    def delay(self) -> float:
        """The requested seconds between two requests; 0 if none are requested."""
        rate = self._parsed.request_rate(TOKEN)
        delays = [self._parsed.crawl_delay(TOKEN) or 0.0]
        if rate is not None and rate.requests > 0:
            delays.append(rate.seconds / rate.requests)
        return max(delays)

    @property
    def sitemaps(self) -> list[str]:
        """The sitemaps that it names."""
        return list(self._parsed.sitemaps)

    def refused_agents(self, url: str) -> list[str]:
        """Return the named training agents that may not fetch the URL; `*` means all agents."""
        named_agents = [agent for key, agent in training_agents().items() if key in self._named_agents]
        agents = [agent for agent in named_agents if not self._parsed.can_fetch(url, agent)]
        # An agent without its own group follows the group `*`.
        return agents if self.allows(url) else [*agents, "*"]

    def opt_outs(self, url: str, address: str, time: datetime) -> list[OptOut]:
        """Return its refusals for a URL.

        Args:
            url: a page of the same site.
            address: the address of the robots.txt.
            time: when it was read.
        """
        refusals = []
        if agents := self.refused_agents(url):
            more = "" if len(agents) <= _AGENTS_SHOWN else f" and {len(agents) - _AGENTS_SHOWN} more"
            line = f"Disallow for {', '.join(agents[:_AGENTS_SHOWN])}{more}"
            refusals.append(opt_out("robots-agent", line, address, time))
        path = path_of(url)
        # `DisallowAITraining` has the same signal as a forbidden agent; if both occur, the agent is reported.
        reported = {refusal.signal for refusal in refusals}
        for signal, groups in self._rules.items():
            if signal in reported:
                continue
            # Groups are for different agents. Each has its own longest match, and one refusal is enough.
            stated = [rule for group in groups for rule in longest(group, path)]
            refusing = [words for preference, words in stated if preference == "n"]
            refusals += [opt_out(signal, words, address, time) for words in refusing[:1]]
        return refusals


def _parser() -> type[Protego]:
    try:
        from protego import Protego  # an extra
    except ImportError:
        raise ConfigError("robots.txt", _("its parser isn't installed"), "pip install latam-corpus[crawl]") from None
    return Protego


def _usage_rules(fields: list[tuple[str, str]]) -> dict[Signal, list[list[_Rule]]]:
    """Return the usage rules of groups for `*`, this crawler or a training agent: by signal, one list per group.

    RFC 9309 ignores a rule before any group; here it applies to all agents, since its author must have meant some. A
    rule that doesn't mention a use doesn't lift another rule's refusal of it.
    """
    relevant_agents = {"*", TOKEN, *training_agents()}
    rules: dict[Signal, list[list[_Rule]]] = {}
    agents, open_ = ["*"], False
    started: set[Signal] = set()
    for name, value in fields:
        if name == "user-agent":
            agents, started = [*agents, value.lower()] if open_ else [value.lower()], set()
        open_ = name == "user-agent" or (open_ and name in _SITE_WIDE)
        if not relevant_agents.intersection(agents):
            continue
        for signal, rule in _line_rules(name, value):
            if signal not in started:
                rules.setdefault(signal, []).append([])
                started.add(signal)
            rules[signal][-1].append(rule)
    return rules


def _line_rules(name: str, value: str) -> list[tuple[Signal, _Rule]]:
    """Return the usage rules of a line, with their signals."""
    if name in _AI_TRAINING:
        rule = (forbidden_path(value) or "/", (_AI_TRAINING[name], f"{_WORDS[name]}: {value}"))
        return [("robots-agent", rule)]
    path, words = split_path(value)
    readings = [(signal, read(words)) for signal, read in FIELDS.get(name, {}).items()]
    return [(signal, (path, (preference, words))) for signal, preference in readings if preference]
