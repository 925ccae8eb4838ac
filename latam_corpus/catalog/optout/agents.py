"""The agents that a refusal may name: this crawler, and those that gather training data."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Final

# Our product token: the name by which a robots.txt may speak to this crawler.
TOKEN: Final = "latam-corpus"  # noqa: S105  (a name, no secret)
_AGENTS: Final = Path(__file__).with_name("agents.toml")
_SEPARATOR: Final = re.compile(r"[\s_-]+")
# Agents in a line are few; a stranger's line may be of thousands.
_MOST: Final = 200


@lru_cache(maxsize=1)
def training_agents() -> dict[str, str]:
    """Return the agents that gather training data, by lower case: a dated snapshot of a public list (`agents.toml`).

    >>> training_agents()["gptbot"], "chatgpt-user" in training_agents()
    ('GPTBot', False)
    """
    return {name.lower(): name for name in tomllib.loads(_AGENTS.read_text(encoding="utf-8"))["agents"]}


@lru_cache(maxsize=4096)
def addressed(value: str) -> tuple[str, ...]:
    """Which of all agents (`*`), this crawler and the training agents a value names, in lower case and sorted.

    It is read as any crawler would read it, and wider, since an owner meant somebody: with versions, as a whole
    User-Agent, in a list, with a space for the name's hyphen, with wildcards.

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
            # «Bot» alone is no pattern, `*bot*` is.
            agents.update(name for name in names.values() if "*" in word and fnmatchcase(name, _literal(word)))
        elif "*" in word:
            agents.add("*")
    return tuple(sorted(agents))


def _literal(pattern: str) -> str:
    """Return the pattern with stars as its only wildcards, a run of them as one."""
    return re.sub(r"([?\[])", r"[\1]", re.sub(r"\*+", "*", pattern))


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Names in lower case, by themselves without what separates their words."""
    return {_SEPARATOR.sub("", name): name for name in (TOKEN, *training_agents())}


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    """Any of the names as a word of its own, the longest first."""
    names = sorted(_names().values(), key=len, reverse=True)
    spelt = (r"[\s_-]?".join(map(re.escape, _SEPARATOR.split(name))) for name in names)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(spelt)})(?![\w-])")
