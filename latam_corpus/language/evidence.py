"""The rule of the second look: a language of the Americas is named only where its frequent words stand.

At web scale one document in ten thousand or fewer is in an indigenous language, so that a classifier's rare
mistakes on Spanish outnumber the true ones. With the rule, a first model had 0 false labels in 32,956 documents.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from latam_corpus.language.codes import groups

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

COLONIAL: Final[tuple[str, ...]] = ("spa", "por", "eng", "fra")
# What stands beside Spanish and Portuguese is seldom anything worse than one another, so that less is asked of it.
NEIGHBOURS: Final = frozenset({"cat", "eus", "glg", "ita", "ron"})
LEAST_MAJOR: Final = 0.4  # Spanish, Portuguese, English and French need this much, and their neighbours in six words
LEAST_PROBABILITY: Final = 0.8
LEAST_WORDS: Final = 6
LEAST_SHARE: Final = 0.05
LEAST_KINDS: Final = 2  # different frequent words in a text of `LONG` words
LEAST_TELLING: Final = 1.3  # what they weigh together there
# With so much probability lighter ones are enough: more kinds with the first, these with the second. They must take the
# more of the text the more is asked of them, since rows of a few syllables are often as likely and have few of them.
CERTAIN: Final = (0.98, 0.999)
CERTAIN_SHARE: Final = 0.075  # of the text, for each that they should weigh together
LEAST_DIFFERENT: Final = 5  # words of any kind
TELLING: Final = 4  # letters; shorter words stand in any row of random syllables
VOWELS: Final = "aeiouáéíóúàèìòùâêîôûãẽĩõũäëïöüɨʉɛɔəæø"
_SHORT: Final = 3  # letters; so long words, and shorter ones with an accent, weigh a third
_SHORT_WEIGHT: Final = 0.34
LONG: Final = 20
MANY: Final = 0.10  # this share of frequent words makes a lesser probability enough
LEAST_WITH_MANY: Final = 0.5
LEAST_OF_LONG: Final = 0.6  # for a language of another continent in a text of `LONG` words
MOST_COLONIAL: Final = 0.30
_WORDS: Final = 350  # a group's frequent words
_FAMILY: Final = 10  # languages: a group of as many has three lists' worth of words, a smaller one two
_FUNCTION_WORDS: Final = 60  # of Spanish, Portuguese, English and French


@dataclass(frozen=True)
class Bounds:
    """What a group needs beyond the rule, as measured on texts that aren't in it (see `calibrate`).

    Attributes:
        probability: the least, 0 where the rule's own are enough.
        telling: the least that its words weigh together in a text of `LONG` words.
    """

    probability: float = 0.0
    telling: float = LEAST_TELLING


USUAL: Final = Bounds()


@dataclass(frozen=True)
class Evidence:
    """What the words of a text say for a group.

    Attributes:
        words: how many there are.
        own: the share of them among the group's frequent words.
        colonial: the largest share among the function words of Spanish, Portuguese, English or French.
        kinds: how many different words of the group's there are that have three letters or an accent.
        telling: what these weigh together: one with four letters or more 1, others a third, and so do those of one
            syllable that ends in its vowels, whatever their length.
    """

    words: int
    own: float
    colonial: float
    kinds: int
    telling: float


def holds(chance: float, found: Evidence, bounds: Bounds = USUAL, long: int = LONG) -> bool:
    """Whether a group's name may be given: it is likely and has words to show, or has many and no rival.

    Args:
        chance: the group's probability.
        found: what the words say.
        bounds: what this group needs.
        long: the words of a text from which they must tell more than rows of syllables do.

    >>> few, many = Evidence(12, 0.08, 0.0, kinds=1, telling=1), Evidence(12, 0.25, 0.05, kinds=3, telling=2.3)
    >>> holds(0.9, few), holds(0.6, few), holds(0.6, many)
    (True, False, True)
    >>> syllables = Evidence(30, 0.2, 0.0, kinds=4, telling=1.36)
    >>> [holds(chance, syllables, Bounds(telling=2)) for chance in (0.9, 0.995)]
    [False, True]
    """
    if found.words < LEAST_WORDS or found.own < LEAST_SHARE:
        return False
    if found.words >= long and not _tells(chance, found, bounds.telling):
        return False
    if found.colonial > MOST_COLONIAL or (found.colonial > found.own and chance < CERTAIN[1]):
        return False
    many = found.own >= MANY and found.colonial <= found.own / 2 and found.kinds > LEAST_KINDS
    return chance >= max(bounds.probability, LEAST_WITH_MANY if many else LEAST_PROBABILITY)


def _tells(chance: float, found: Evidence, least: float) -> bool:
    """Whether a longer text has words of the group's that no row of random syllables has."""
    if found.kinds < LEAST_KINDS:
        return False
    certain = chance >= CERTAIN[found.kinds == LEAST_KINDS] and found.own >= CERTAIN_SHARE * least
    return found.telling >= least or certain


def others_hold(chance: float, words: int, group: str = "") -> bool:
    """Whether a language of another continent may be named.

    >>> others_hold(0.9, 12), others_hold(0.9, 2), others_hold(0.6, 12), others_hold(0.6, 12, "glg")
    (True, False, False, True)
    """
    if group in COLONIAL:
        return chance >= LEAST_MAJOR
    least = LEAST_MAJOR if group in NEIGHBOURS else LEAST_PROBABILITY if words < LONG else LEAST_OF_LONG
    return words >= LEAST_WORDS and chance >= least


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
    count, counts = len(tokens), Counter(tokens)
    if len(counts) < LEAST_DIFFERENT:
        # Laughter, refrains and rows of one letter say nothing.
        return Evidence(count, 0.0, 0.0, 0, 0.0)

    distinct = frozenset(counts)

    def among(code: str) -> tuple[frozenset[str], float]:
        # Of two sets the smaller is gone through.
        found = distinct & lists.get(code, frozenset())
        return found, sum(map(counts.__getitem__, found)) / count

    found, own = among(group)
    kinds = [token for token in found if len(token) >= _SHORT or not token.isascii()]
    colonial = max(among(code)[1] for code in COLONIAL)
    return Evidence(count, own, colonial, len(kinds), sum(map(_weight, kinds)))


@cache
def _weight(word: str) -> float:
    """What a word says: those of up to three letters, and consonants with vowels after them, stand in any row."""
    start = word.rstrip(VOWELS)
    open_syllable = start != word and not any(letter in VOWELS for letter in start)
    return _SHORT_WEIGHT if len(word) < TELLING or open_syllable else 1.0


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
            for word in _most(tally, 4 * _WORDS):
                counts[of.get(code, code)][word] += max(1, 1_000_000 * tally[word] // total)
    colonial = {code: _most(counts[code], _FUNCTION_WORDS) for code in COLONIAL if code in counts}
    taken = {word for words in colonial.values() for word in words}
    made = dict(colonial)
    for group in sorted(set(counts) - set(COLONIAL)):
        most = _WORDS * _times(sum(g == group for g in of.values()))
        made[group] = [word for word in _most(counts[group], most + len(taken)) if word not in taken][:most]
    return made


def _times(members: int) -> int:
    """How many lists' worth of words a group of so many languages has."""
    return 1 if members == 1 else 2 if members < _FAMILY else 3


def _most(counts: Counter[str], most: int) -> list[str]:
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [word for word, _ in ranked[:most]]
