"""The rule of the second look: a language of the Americas is named only where its frequent words stand.

At web scale one document in ten thousand or fewer is in an indigenous language, so that a classifier's rare
mistakes on Spanish outnumber the true ones. With the rule, a first model had 0 false labels in 32,956 documents.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.codes import groups

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

COLONIAL: Final[tuple[str, ...]] = ("spa", "por", "eng", "fra")
# What stands beside Spanish and Portuguese is seldom anything worse than one another, so that less is asked of it.
NEIGHBOURS: Final = frozenset({"cat", "eus", "glg", "ita", "ron"})
LEAST_MAJOR: Final = 0.4  # Spanish, Portuguese, English and French need this much, and their neighbours in six words
FEW_WORDS: Final = 3  # are enough for a neighbour that is this sure
SURE_OF_FEW: Final = 0.95
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
_NO_CONSONANTS: Final = frozenset(VOWELS + "'+ \n")
_SHORT: Final = 3  # letters; so long words, and shorter ones with an accent, weigh a third
_SHORT_WEIGHT: Final = 0.34
OVERRULING: Final = 2.0  # times as much as usual must a group's words tell where the text looks like no language
OVERRULING_SHARE: Final = 0.15
LONG: Final = 20
# Consonants: rows of syllables that have as many are hardly ever so likely in one language, so that this share of its
# words is enough, however short they are.
MANY_SOUNDS: Final = 13
SURE_OF_SOUNDS: Final = 0.985
SHARE_OF_SHORT: Final = 0.15
SHARE_OF_LONG: Final = 0.03  # for what is as good as certain
FEW_SOUNDS: Final = 2.0  # times as much must the words tell of a text that has fewer consonants than its language's
MANY: Final = 0.10  # this share of frequent words makes a lesser probability enough
LEAST_WITH_MANY: Final = 0.5
LEADING: Final = 0.4  # from this probability on what counts is how far the likeliest group leads the next one
LEAST_OF_LONG: Final = 0.6  # for a language of another continent in a text of `LONG` words
MOST_COLONIAL: Final = 0.30
_WORDS: Final = 350  # a group's frequent words
_FAMILY: Final = 10  # languages: a group of as many has three lists' worth of words, a smaller one two
_BORROWED: Final = 0.02  # as common in Spanish, Portuguese, English or French as this, a word isn't a group's own
_NO_NAME: Final = 1000  # times in a million words
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
        consonants: how many different consonants the words are written with.
    """

    words: int
    own: float
    colonial: float
    kinds: int
    telling: float
    consonants: int = 0


def holds(chance: float, found: Evidence, bounds: Bounds = USUAL, long: int = LONG, consonants: int = 0) -> bool:
    """Whether a group's name may be given: it is likely and has words to show, or has many and no rival.

    Args:
        chance: how likely it is, see `lead`.
        found: what the words say.
        bounds: what this group needs.
        long: the words of a text from which they must tell more than rows of syllables do.
        consonants: how many a text of `LONG` words in the language has, nineteen times in twenty.

    >>> few, many = Evidence(12, 0.08, 0.0, kinds=1, telling=1), Evidence(12, 0.25, 0.05, kinds=3, telling=2.3)
    >>> holds(0.9, few), holds(0.6, few), holds(0.6, many)
    (True, False, True)
    >>> syllables = Evidence(30, 0.2, 0.0, kinds=4, telling=1.36)
    >>> [holds(chance, syllables, Bounds(telling=2)) for chance in (0.9, 0.995)]
    [False, True]
    >>> [holds(0.995, Evidence(30, 0.2, 0.0, 4, 1.36, count), consonants=10) for count in (6, 14)]
    [False, True]
    """
    if found.words < LEAST_WORDS or found.own < (SHARE_OF_LONG if _is_certain(chance, found) else LEAST_SHARE):
        return False
    if found.words >= long and not _tells(chance, found, bounds.telling):
        return False
    if found.words >= LONG and found.consonants < consonants and found.telling < FEW_SOUNDS * bounds.telling:
        # Rows of syllables have a handful of sounds; a short text in a language has most of its own.
        return False
    if found.colonial > MOST_COLONIAL or (found.colonial > found.own and chance < CERTAIN[1]):
        return False
    many = found.own >= MANY and found.colonial <= found.own / 2 and found.kinds > LEAST_KINDS
    return chance >= max(bounds.probability, LEAST_WITH_MANY if many else LEAST_PROBABILITY)


def overrules(found: Evidence, bounds: Bounds = USUAL) -> bool:
    """Whether a group's words are so many that a text isn't nonsense, whatever its letters are like.

    >>> few, many = Evidence(40, 0.2, 0.05, kinds=3, telling=2), Evidence(40, 0.25, 0.05, kinds=8, telling=5)
    >>> overrules(few), overrules(many)
    (False, True)
    """
    enough = found.telling >= OVERRULING * bounds.telling and found.own >= OVERRULING_SHARE
    return enough and found.colonial <= found.own / 2


def lead(chances: NDArray[np.float32], words: int) -> float:
    """How likely the likeliest group is: its probability, or of a likely one its share of that of the two likeliest.

    What is left of the probability is spread thinly over a thousand languages, and speaks for none of them; of a short
    text it is too little to go by.

    Args:
        chances: the probability of each group.
        words: how many the text has.

    >>> [round(lead(np.array(row, np.float32), 30), 2) for row in ([0.6, 0.1, 0.1], [0.6, 0.4], [0.3, 0.01])]
    [0.86, 0.6, 0.3]
    >>> round(lead(np.array([0.6, 0.1], np.float32), 6), 2)
    0.6
    """
    if words < LONG or len(chances) == 1:
        return float(chances.max())
    second, first = (float(chance) for chance in np.partition(chances, -2)[-2:])
    return first / (first + second) if first >= LEADING else first


def _is_certain(chance: float, found: Evidence) -> bool:
    """Whether a longer text can hardly be anything else, as in languages whose long words are seldom the same."""
    return chance >= CERTAIN[1] and found.consonants >= MANY_SOUNDS and found.words >= LONG


def _tells(chance: float, found: Evidence, least: float) -> bool:
    """Whether a longer text has words of the group's that no row of random syllables has."""
    if found.consonants >= MANY_SOUNDS and chance >= SURE_OF_SOUNDS and found.own >= SHARE_OF_SHORT:
        return True
    if _is_certain(chance, found) and found.telling >= 1:
        return True
    if found.kinds < LEAST_KINDS:
        return False
    certain = chance >= CERTAIN[found.kinds == LEAST_KINDS] and found.own >= CERTAIN_SHARE * least
    return found.telling >= least or certain


def others_hold(chance: float, words: int, group: str = "") -> bool:
    """Whether a language of another continent may be named.

    >>> others_hold(0.9, 12), others_hold(0.9, 2), others_hold(0.6, 12), others_hold(0.6, 12, "glg")
    (True, False, False, True)
    >>> others_hold(0.97, 3, "ita"), others_hold(0.97, 3, "deu")
    (True, False)
    """
    if group in COLONIAL:
        return chance >= LEAST_MAJOR
    least = LEAST_MAJOR if group in NEIGHBOURS else LEAST_PROBABILITY if words < LONG else LEAST_OF_LONG
    if group in NEIGHBOURS and words >= FEW_WORDS and chance >= SURE_OF_FEW:
        return True
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
    return Evidence(count, own, colonial, len(kinds), sum(map(_weight, kinds)), consonants("".join(distinct)))


def consonants(text: str) -> int:
    """How many different consonants a normalised text is written with.

    >>> consonants("la orilla del río")
    3
    """
    return len(set(text) - _NO_CONSONANTS)


@cache
def _weight(word: str) -> float:
    """What a word says: those of up to three letters, and consonants with vowels after them, stand in any row."""
    start = word.rstrip(VOWELS)
    open_syllable = start != word and not any(letter in VOWELS for letter in start)
    return _SHORT_WEIGHT if len(word) < TELLING or open_syllable else 1.0


def frequent_words(lines: Mapping[str, Iterable[str]], names: Iterable[str] = ()) -> dict[str, list[str]]:
    """Frequent words by group of the Americas that are much rarer in Spanish, Portuguese, English and French.

    Names of countries and of firms stand in the news of every language. And function words of these four.

    Args:
        lines: normalised lines by label, such as `spa_Latn`.
        names: names in Spanish and Portuguese texts; those of `TELLING` letters and more are left out, but for what
            stands so often in a group's texts that it is hardly one.

    >>> frequent_words({"spa_Latn": ["de la orilla de la laguna"]})["spa"][:2]
    ['de', 'la']
    """
    of = groups().of
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    members: Counter[str] = Counter()
    borrowed: dict[str, float] = defaultdict(float)
    for label, found in lines.items():
        code, _, script = label.partition("_")
        if script == "Latn" and (code in COLONIAL or code in of):
            tally = Counter(word for line in found for word in set(line.split()))
            # Every member of a group counts alike, however much text it has.
            total = sum(tally.values()) or 1
            members[of.get(code, code)] += 1
            if code in COLONIAL:
                for word, count in tally.items():
                    borrowed[word] = max(borrowed[word], 1_000_000 * count / total)
            for word in _most(tally, 4 * _WORDS):
                counts[of.get(code, code)][word] += max(1, 1_000_000 * tally[word] // total)
    called = {name for name in names if len(name) >= TELLING}
    colonial = {code: _most(counts[code], _FUNCTION_WORDS) for code in COLONIAL if code in counts}
    taken = {word for words in colonial.values() for word in words}
    made = dict(colonial)
    for group in sorted(set(counts) - set(COLONIAL)):
        most = _WORDS * _times(sum(g == group for g in of.values()))
        own = counts[group]
        made[group] = [
            word
            for word in _most(own, len(own))
            if word not in taken
            and (word not in called or own[word] >= _NO_NAME * members[group])
            and borrowed.get(word, 0) < _BORROWED * own[word] / members[group]
        ][:most]
    return made


def _times(members: int) -> int:
    """How many lists' worth of words a group of so many languages has."""
    return 1 if members == 1 else 2 if members < _FAMILY else 3


def _most(counts: Counter[str], most: int) -> list[str]:
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [word for word, _ in ranked[:most]]
