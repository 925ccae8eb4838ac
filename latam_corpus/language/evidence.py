"""The rule of the second look: a language of the Americas is named only where its frequent words stand.

At web scale one document in ten thousand or fewer is in an indigenous language, so that a classifier's rare
mistakes on Spanish outnumber the true ones. With the rule, a first model had 0 false labels in 32,956 documents.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.language.codes import groups

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

COLONIAL: Final[tuple[str, ...]] = ("spa", "por", "eng", "fra")
LEAST_PROBABILITY: Final = 0.8
LEAST_WORDS: Final = 6
LEAST_SHARE: Final = 0.05
LEAST_KINDS: Final = 2  # different frequent words in a text of `LONG` words
LEAST_DIFFERENT: Final = 5  # words of any kind
TELLING: Final = 3  # letters; shorter words stand in any row of random syllables
LONG: Final = 20
MANY: Final = 0.10  # this share of frequent words makes a lesser probability enough
LEAST_WITH_MANY: Final = 0.5
LEAST_OF_LONG: Final = 0.6  # for a language of another continent in a text of `LONG` words
MOST_COLONIAL: Final = 0.30
_WORDS: Final = 250  # a group's frequent words
_FUNCTION_WORDS: Final = 60  # of Spanish, Portuguese, English and French


@dataclass(frozen=True)
class Evidence:
    """What the words of a text say for a group.

    Attributes:
        words: how many there are.
        own: the share of them among the group's frequent words.
        colonial: the largest share among the function words of Spanish, Portuguese, English or French.
        kinds: how many different words of the group's there are that have three letters or an accent.
    """

    words: int
    own: float
    colonial: float
    kinds: int


def holds(chance: float, found: Evidence) -> bool:
    """Whether a group's name may be given: it is likely and has words to show, or has many and no rival.

    >>> few, many = Evidence(12, 0.08, 0.0, kinds=1), Evidence(12, 0.25, 0.05, kinds=3)
    >>> holds(0.9, few), holds(0.6, few), holds(0.6, many)
    (True, False, True)
    """
    if found.words < LEAST_WORDS or found.own < LEAST_SHARE:
        return False
    if found.words >= LONG and found.kinds < LEAST_KINDS:
        return False
    if found.colonial > MOST_COLONIAL or found.colonial > found.own:
        return False
    many = found.own >= MANY and found.colonial <= found.own / 2 and found.kinds > LEAST_KINDS
    return chance >= LEAST_PROBABILITY or (chance >= LEAST_WITH_MANY and many)


def others_hold(chance: float, words: int) -> bool:
    """Whether a language of another continent may be named.

    >>> others_hold(0.9, 12), others_hold(0.9, 2), others_hold(0.6, 12)
    (True, False, False)
    """
    return words >= LEAST_WORDS and chance >= (LEAST_PROBABILITY if words < LONG else LEAST_OF_LONG)


def evidence(tokens: Sequence[str], group: str, lists: Mapping[str, frozenset[str]]) -> Evidence:
    """The evidence for a group in normalised words.

    Args:
        tokens: the words of the text.
        group: the group's code; one without a list has no evidence.
        lists: frequent words by group, and function words of Spanish, Portuguese, English and French.

    >>> lists = {"spa": frozenset({"de", "la", "el"}), "quy": frozenset({"kay"})}
    >>> evidence("la orilla de la laguna es ancha".split(), "quy", lists).colonial > LEAST_SHARE
    True
    """
    count = len(tokens)
    if len(set(tokens)) < LEAST_DIFFERENT:
        # Laughter, refrains and rows of one letter say nothing.
        return Evidence(count, 0.0, 0.0, 0)
    own = lists.get(group, frozenset())
    shares = [sum(token in lists.get(code, frozenset()) for token in tokens) / count for code in COLONIAL]
    found = [token for token in tokens if token in own]
    return Evidence(
        count,
        len(found) / count,
        max(shares),
        sum(len(token) >= TELLING or not token.isascii() for token in set(found)),
    )


def frequent_words(lines: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Frequent words by group of the Americas, none of them a function word of Spanish, Portuguese, English or French.

    Args:
        lines: normalised lines by label, such as `spa_Latn`.

    >>> frequent_words({"spa_Latn": ["de la orilla de la laguna"]})["spa"][:2]
    ['de', 'la']
    """
    of = groups().of
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for label, found in lines.items():
        code, _, script = label.partition("_")
        if script == "Latn" and (code in COLONIAL or code in of):
            tally = Counter(word for line in found for word in set(line.split()))
            # Every member of a group counts alike, however much text it has.
            total = sum(tally.values()) or 1
            for word, count in tally.most_common(4 * _WORDS):
                counts[of.get(code, code)][word] += max(1, 1_000_000 * count // total)
    colonial = {code: _most(counts[code], _FUNCTION_WORDS) for code in COLONIAL if code in counts}
    taken = {word for words in colonial.values() for word in words}
    made = dict(colonial)
    for group in sorted(set(counts) - set(COLONIAL)):
        most = _WORDS * (2 if sum(g == group for g in of.values()) > 1 else 1)
        made[group] = [word for word in _most(counts[group], most + len(taken)) if word not in taken][:most]
    return made


def _most(counts: Counter[str], most: int) -> list[str]:
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [word for word, _ in ranked[:most]]
