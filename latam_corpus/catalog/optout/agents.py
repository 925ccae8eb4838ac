"""The agents that a refusal may name: this crawler, and agents that gather training data."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Final

# The product token of this crawler in robots.txt.
TOKEN: Final = "latam-corpus"  # noqa: S105  (a name, no secret)
_AGENTS: Final = Path(__file__).with_name("agents.toml")
_SEPARATOR: Final = re.compile(r"[\s_-]+")
# The maximum number of words that are read: real lines have few agents, but a malicious one may have thousands.
_MOST: Final = 200


@lru_cache(maxsize=1)
def training_agents() -> dict[str, str]:
    """Return the agents that gather training data, by lower-case name; a dated copy of a public list (`agents.toml`).

    >>> training_agents()["gptbot"], "chatgpt-user" in training_agents()
    ('GPTBot', False)
    """
    return {name.lower(): name for name in tomllib.loads(_AGENTS.read_text(encoding="utf-8"))["agents"]}


@lru_cache(maxsize=4096)
def addressed(value: str) -> tuple[str, ...]:
    """Return those of `*`, this crawler and the training agents that a value names, in lower case and sorted.

    The value is read generously: agents may have versions, be in a full User-Agent or a list, have a space for a
    hyphen, or contain wildcards.

    >>> addressed("GPTBot/1.0"), addressed("*, ccbot"), addressed("Google Extended"), addressed("otherbot")
    (('gptbot',), ('*', 'ccbot'), ('google-extended',), ())
    >>> addressed("Mozilla/5.0 (compatible; CCBot/2.0)"), addressed("GPT*")
    (('ccbot',), ('gptbot',))
    """
    text = value.lower()
    names = _names()
    agents = {names[_SEPARATOR.sub("", match[0])] for match in _pattern().finditer(text)}
    for word in re.split(r"[\s,;|\"']+", text, maxsplit=_MOST)[:_MOST]:
        if word.strip("*/:."):
            # Only words with a star are patterns: `*bot*`, but not «Bot».
            agents.update(name for name in names.values() if "*" in word and fnmatchcase(name, _literal(word)))
        elif "*" in word:
            agents.add("*")
    return tuple(sorted(agents))


def _literal(pattern: str) -> str:
    """Return the pattern with stars as its only wildcards, and runs of stars merged."""
    return re.sub(r"([?\[])", r"[\1]", re.sub(r"\*+", "*", pattern))


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Return the lower-case names, by the same names without separators between words."""
    return {_SEPARATOR.sub("", name): name for name in (TOKEN, *training_agents())}


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    """Return a pattern that matches any of the names as a whole word, the longest first."""
    names = sorted(_names().values(), key=len, reverse=True)
    spelt = (r"[\s_-]?".join(map(re.escape, _SEPARATOR.split(name))) for name in names)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(spelt)})(?![\w-])")
