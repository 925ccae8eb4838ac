"""Limits on the work per address that the rules of an untrusted robots.txt cause."""

from __future__ import annotations

import re
from typing import Final

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
