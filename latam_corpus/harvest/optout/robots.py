"""robots.txt (RFC 9309): which agents may fetch which paths, and its rules about training.

The work per address that the rules of an untrusted file cause is limited.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

from latam_corpus.catalog.optout.agents import TOKEN, training_agents
from latam_corpus.catalog.optout.opt_out import OptOut, opt_out
from latam_corpus.catalog.optout.patterns import longest, path_of
from latam_corpus.catalog.optout.preferences import FIELDS, split_path
from latam_corpus.errors import ConfigError
from latam_corpus.harvest.optout.robots_lines import fields_of, forbidden_path
from latam_corpus.messages import _

if TYPE_CHECKING:
    from datetime import datetime

    from protego import Protego

    from latam_corpus.catalog.optout.opt_out import Signal
    from latam_corpus.catalog.optout.preferences import Preference


# Maximum number of stars, each counted once for every agent of its group. Matching an address against this many takes a
# few hundredths of a second. The longest files of newspapers have a few hundred.
MAX_STARS: Final = 5000
# Maximum number of rules, counted in the same way. 500 KiB for one agent have 40,000.
MAX_RULES: Final = 200_000

_NAME: Final = re.compile(r"\s*([\w-]+)\s*[:\s]\s*(.*)")
_STARS: Final = re.compile(r"\*+")
_DELAY: Final = re.compile(
    r"(?im)^([ \t]*crawl[- ]?delay[ \t]*:?[ \t]*)(\d+(?:[.,]\d+)?)[ \t]*"
    r"(ms|milli\w*|s|seg\w*|sec\w*|m|mins?|minut\w*|h|hours?|horas?)\b\.?"
)
_DELAYS: Final = re.compile(r"(?im)^[ \t]*crawl[- ]?delay[ \t]*:?([^#\r\n]*)")
_NUMBER: Final = re.compile(r"\d*\.?\d*")
_NOTHING: Final = "User-agent: *\nDisallow: /\n"
# RFC 9309 requires parsers to read at least this many bytes; here it is also the maximum.
MAX_BYTES: Final = 500 * 1024
_MARKUP: Final = re.compile(r"\A\s*<(?:!doctype|html|head|body|\?xml)", re.IGNORECASE)
# A usage rule: a path pattern, the preference (y or n), and the words of the rule.
_Rule: TypeAlias = "tuple[str, tuple[Preference, str]]"
_AI_TRAINING: Final[dict[str, Preference]] = {"disallow-ai-training": "n", "allow-ai-training": "y"}
_WORDS: Final = {"disallow-ai-training": "DisallowAITraining", "allow-ai-training": "AllowAITraining"}
_SITE_WIDE: Final = ("sitemap", "license", "host")
_AGENTS_SHOWN: Final = 5


def within_bounds(text: str) -> str:
    r"""Return the text of a robots.txt, unchanged within the bounds; beyond them the result allows less, never more.

    With too many stars every `Allow` is dropped, and every `Disallow` is cut at its first star. With too many rules
    nothing is allowed.

    >>> within_bounds("User-agent: *\nDisallow: /*?imprimir")
    'User-agent: *\nDisallow: /*?imprimir'
    """
    lines = [_STARS.sub("*", line) for line in text.splitlines()]
    agents = rules = stars = 0
    open_ = False
    for line in lines:
        name, value = _rule(line)
        if name == "user-agent":
            agents, open_ = (agents + 1 if open_ else 1), True
        elif name:
            open_ = False
            rules += agents
            stars += agents * value.count("*")
    if rules > MAX_RULES:
        return _NOTHING
    return text if stars <= MAX_STARS else "\n".join(dict.fromkeys(_strict(lines)))


def with_plain_delays(text: str) -> str:
    """Convert each `Crawl-delay` with a unit to a plain number of seconds, which parsers understand.

    >>> with_plain_delays("Crawl-delay: 2s"), with_plain_delays("Crawl-delay: 1,5 min # calma")
    ('Crawl-delay: 2', 'Crawl-delay: 90 # calma')
    """
    return _DELAY.sub(lambda match: f"{match[1]}{_seconds(match[2], match[3]):g}", text)


def unread_delays(text: str) -> list[str]:
    r"""Return the values of `Crawl-delay` that can't be understood.

    >>> unread_delays("Crawl-delay: 10\nCrawl-delay: mucho\n")
    ['mucho']
    """
    delays = [match[1].strip() for match in _DELAYS.finditer(with_plain_delays(text))]
    return [delay for delay in delays if not _NUMBER.fullmatch(delay)]


def _seconds(number: str, unit: str) -> float:
    unit = unit.lower()
    factor = 0.001 if unit == "ms" or unit.startswith("mil") else {"m": 60.0, "h": 3600.0}.get(unit[0], 1.0)
    return float(number.replace(",", ".")) * factor


def _strict(lines: list[str]) -> list[str]:
    # The caller drops repeated lines. A comment with the group's number keeps equal lines of two groups apart.
    written: list[str] = []
    group = 0
    for line in lines:
        name, value = _rule(line)
        if name == "user-agent":
            group += 1
            written.append(f"{line.partition('#')[0]} # {group}")
        elif name == "disallow":
            written.append(f"Disallow: {value.partition('#')[0].partition('*')[0].strip() or '/'} # {group}")
        elif name != "allow":
            written.append(line)
    return written


def _rule(line: str) -> tuple[str, str]:
    """Return a line's normalised name (`user-agent`, `allow`, `disallow`) and value; empty for any other line."""
    match = _NAME.match(line)
    word = match[1].lower() if match else ""
    if match is None or not match[2] or match[2].startswith("#"):
        return "", ""
    if word.startswith("user"):
        return "user-agent", match[2]
    if word == "allow":
        return "allow", match[2]
    return ("disallow", match[2]) if word.startswith("di") else ("", "")


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

        `address` is that of the robots.txt.
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
