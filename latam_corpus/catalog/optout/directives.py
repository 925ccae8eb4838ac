"""The directives of `X-Robots-Tag` and of robots in meta elements: which refusals are said to whom."""

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
# What search engines document, and pages have besides. A word before a colon that none of these follows is no agent.
_DIRECTIVES: Final = frozenset({
    *_REFUSALS, *_ALIASES, "all", "index", "follow", "noindex", "nofollow", "none", "nosnippet", "indexifembedded",
    "noimageindex", "noimageai", "notranslate", "nositelinkssearchbox", "nopagereadaloud", "nocache", "noodp", "noydir",
})  # fmt: skip
# Directives that have values, some of which (`max-image-preview: none`) are directives' names.
_VALUED: Final = re.compile(r"max-|unavailable")
# Of letters only ASCII: typographic quotes come in any charset.
_SEPARATORS: Final = re.compile(r"[^\w:*-]+", re.ASCII)
_COLON: Final = re.compile(r"\s*:\s*")
# A value is a line; a stranger's may be made to be read for ever.
_LONGEST: Final = 10_000


def refusals(value: str) -> list[Refusal]:
    """Which refusals stand among the directives, if they are said to all or to an agent that gathers for training.

    Directives are separated by commas, semicolons or spaces. What follows `otherbot:` is said to that bot, until the
    next one is named; `max-snippet: -1` and the like name nobody.

    >>> refusals("max-image-preview:large, noai"), refusals("otherbot: noai"), refusals("ccbot: nofollow; noarchive")
    (['noai'], [], ['noarchive'])
    >>> refusals("unavailable_after: 25 Jun 2026 15:00:00 PST, noarchive"), refusals("otherbot: noindex, *: noai")
    (['noarchive'], ['noai'])
    """
    words = [word for word in _SEPARATORS.split(_COLON.sub(": ", value[:_LONGEST].lower())) if word]
    bare_words: set[str] = set()
    concerned = True
    # Words that are no directives: the agents of a list, if a colon comes, or the words of one name.
    unknown: list[str] = []
    for word, after in zip_longest(words, words[1:], fillvalue=""):
        if word.endswith(":") and _is_agent(word[:-1], after.rstrip(":")):
            concerned = bool(addressed(" ".join([*unknown, word[:-1]])))
            unknown = []
        elif (bare := word.rstrip(":")) in _DIRECTIVES:
            unknown = []
            if concerned:
                bare_words.add(_ALIASES.get(bare, bare))
        else:
            unknown.append(word)
    return [word for word in _REFUSALS if word in bare_words]


def _is_agent(word: str, after: str) -> bool:
    """Whether a word with a colon is an agent's name: a directive follows it, and it is none."""
    if word in _DIRECTIVES or _VALUED.match(word):
        return False
    return after in _DIRECTIVES or _VALUED.match(after) is not None
