"""Read the directives of `X-Robots-Tag` and robots meta elements that are opt-outs, for certain agents or all."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import Final, Literal, TypeAlias

from latam_corpus.catalog.optout.agents import addressed

Refusal: TypeAlias = Literal["noai", "noarchive"]

_REFUSALS: Final[tuple[Refusal, ...]] = ("noai", "noarchive")
# Other words for `noai`: noml.info, and draft-canel-robots-ai-control of October 2024.
_ALIASES: Final[dict[str, Refusal]] = dict.fromkeys(
    ("noml", "no-ai", "noaitraining", "no-ai-training", "disallowaitraining", "disallow-ai-training"), "noai"
)
# The directives that search engines document, and others in use. A word with a colon is an agent's name only if a
# directive follows.
_DIRECTIVES: Final = frozenset({
    *_REFUSALS, *_ALIASES, "all", "index", "follow", "noindex", "nofollow", "none", "nosnippet", "indexifembedded",
    "noimageindex", "noimageai", "notranslate", "nositelinkssearchbox", "nopagereadaloud", "nocache", "noodp", "noydir",
})  # fmt: skip
# Directives with values, some of which (`max-image-preview: none`) are also names of directives.
_VALUED: Final = re.compile(r"max-|unavailable")
# Only ASCII letters count as letters: typographic quotes may be in any charset.
_SEPARATORS: Final = re.compile(r"[^\w:*-]+", re.ASCII)
_COLON: Final = re.compile(r"\s*:\s*")
# The maximum number of characters that are read, since a malicious value may be very long.
_LONGEST: Final = 10_000


def refusals(value: str) -> list[Refusal]:
    """Return the opt-outs among the directives, for all agents or for one that gathers training data.

    Directives are separated by commas, semicolons or spaces. The directives after `otherbot:` are for that bot, until
    the next agent is named; `max-snippet: -1` and the like name no agent.

    >>> refusals("max-image-preview:large, noai"), refusals("otherbot: noai"), refusals("ccbot: nofollow; noarchive")
    (['noai'], [], ['noarchive'])
    >>> refusals("unavailable_after: 25 Jun 2026 15:00:00 PST, noarchive"), refusals("otherbot: noindex, *: noai")
    (['noarchive'], ['noai'])
    """
    words = [word for word in _SEPARATORS.split(_COLON.sub(": ", value[:_LONGEST].lower())) if word]
    bare_words: set[str] = set()
    concerned = True
    # Words that aren't directives: before a colon, several agents, or the words of one agent's name.
    unknown: list[str] = []
    for word, next_word in zip_longest(words, words[1:], fillvalue=""):
        if word.endswith(":") and _is_agent(word[:-1], next_word.rstrip(":")):
            concerned = bool(addressed(" ".join([*unknown, word[:-1]])))
            unknown = []
        elif (bare := word.rstrip(":")) in _DIRECTIVES:
            unknown = []
            if concerned:
                bare_words.add(_ALIASES.get(bare, bare))
        else:
            unknown.append(word)
    return [word for word in _REFUSALS if word in bare_words]


def _is_agent(word: str, next_word: str) -> bool:
    """Whether a word with a colon is an agent's name: it isn't a directive, and a directive follows it."""
    if word in _DIRECTIVES or _VALUED.match(word):
        return False
    return next_word in _DIRECTIVES or _VALUED.match(next_word) is not None
