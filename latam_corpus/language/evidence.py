"""The rule of evidence: a language of the Americas is reported only if its frequent words occur in the text.

On the web, at most one document in ten thousand is in an indigenous language, so that a classifier's rare mistakes on
Spanish outnumber the correct labels. With this rule, a first model had 0 false labels in 32,956 documents.
"""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from latam_corpus.codes import groups
from latam_corpus.language.labels import MODELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

RULE_FILE: Final = MODELS / "americas.evidence.toml"


class EvidenceRule(NamedTuple):
    """The parameters of the rule; RULE_FILE explains each of them and states its origin."""

    colonial: tuple[str, ...]
    neighbours: tuple[str, ...]
    least_major: float
    few_words: int
    sure_of_few: float
    least_probability: float
    least_words: int
    least_share: float
    least_kinds: int
    least_telling: float
    certain: tuple[float, float]
    certain_share: float
    least_different: int
    telling: int
    vowels: str
    short: int
    short_weight: float
    overruling: float
    overruling_share: float
    long: int
    many_sounds: int
    sure_of_sounds: float
    share_of_short: float
    share_of_long: float
    few_sounds: float
    many: float
    least_with_many: float
    leading: float
    least_of_others: float
    words_of_others: int
    most_colonial: float
    words: int
    family: int
    borrowed: float
    no_name: int
    function_words: int
    declared: float


def _read_rule() -> EvidenceRule:
    numbers = {name: entry["value"] for name, entry in tomllib.loads(RULE_FILE.read_text("utf-8")).items()}
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in numbers.items()
    }
    return EvidenceRule(**values)


RULE: Final = _read_rule()
_NO_CONSONANTS: Final = frozenset(RULE.vowels + "'+ \n")


@dataclass(frozen=True)
class GroupBounds:
    """Additional bounds for a group, measured on texts in other languages (see `calibrate`).

    Attributes:
        probability: the minimum probability; 0 if the rule's bounds are enough.
        telling: the minimum total weight of the group's words in a text of `long` words.
    """

    probability: float = 0.0
    telling: float = RULE.least_telling


USUAL: Final = GroupBounds()


@dataclass(frozen=True)
class Evidence:
    """The evidence for a group in the words of a text.

    Attributes:
        words: the number of words.
        own: the share of the text's words that are frequent words of the group.
        colonial: the largest share of function words of Spanish, Portuguese, English or French.
        kinds: the number of different words of the group with three letters or an accent.
        telling: the total weight of these words: 1 for a word of four letters or more; a third for a shorter word, and
            for a word of one open syllable, whatever its length.
        consonants: the number of different consonants in the words.
    """

    words: int
    own: float
    colonial: float
    kinds: int
    telling: float
    consonants: int = 0


def is_supported(
    chance: float, shown: Evidence, bounds: GroupBounds = USUAL, long: int = RULE.long, consonants: int = 0
) -> bool:
    """Return whether a group may be reported: it is likely and its words occur, or its words are many without a rival.

    Args:
        chance: the group's likelihood, see `lead`.
        shown: the evidence in the words.
        bounds: the additional bounds of this group.
        long: from this number of words on, the evidence must be stronger than in rows of syllables.
        consonants: the number of consonants that 95 % of texts of `long` words in the language have or exceed.

    >>> few, many = Evidence(12, 0.08, 0.0, kinds=1, telling=1), Evidence(12, 0.25, 0.05, kinds=3, telling=2.3)
    >>> is_supported(0.9, few), is_supported(0.6, few), is_supported(0.6, many)
    (True, False, True)
    >>> syllables = Evidence(30, 0.2, 0.0, kinds=4, telling=1.36)
    >>> [is_supported(chance, syllables, GroupBounds(telling=2)) for chance in (0.9, 0.995)]
    [False, True]
    >>> [is_supported(0.995, Evidence(30, 0.2, 0.0, 4, 1.36, count), consonants=10) for count in (6, 14)]
    [False, True]
    """
    min_share = RULE.share_of_long if _is_certain(chance, shown) else RULE.least_share
    if shown.words < RULE.least_words or shown.own < min_share:
        return False
    if shown.words >= long and not _has_strong_words(chance, shown, bounds.telling):
        return False
    if shown.words >= RULE.long and shown.consonants < consonants and shown.telling < RULE.few_sounds * bounds.telling:
        # Rows of syllables have only a few sounds; even a short text in a language has most of that language's sounds.
        return False
    if shown.colonial > RULE.most_colonial or (shown.colonial > shown.own and chance < RULE.certain[1]):
        return False
    has_many = shown.own >= RULE.many and shown.colonial <= shown.own / 2 and shown.kinds > RULE.least_kinds
    return chance >= max(bounds.probability, RULE.least_with_many if has_many else RULE.least_probability)


def overrules(shown: Evidence, bounds: GroupBounds = USUAL) -> bool:
    """Return whether a text has so many words of a group that it isn't nonsense, whatever its letters suggest.

    >>> few, many = Evidence(40, 0.2, 0.05, kinds=3, telling=2), Evidence(40, 0.25, 0.05, kinds=8, telling=5)
    >>> overrules(few), overrules(many)
    (False, True)
    """
    enough = shown.telling >= RULE.overruling * bounds.telling and shown.own >= RULE.overruling_share
    return enough and shown.colonial <= shown.own / 2


def lead(chances: NDArray[np.float32], words: int) -> float:
    """Return the lead of the likeliest group: its probability or, if likely, its share of the two highest ones.

    The rest of the probability is spread thinly over a thousand languages, and isn't evidence for any of them. For a
    short text, the probability is returned.

    Args:
        chances: the probability of each group.
        words: the number of words of the text.

    >>> [round(lead(np.array(row, np.float32), 30), 2) for row in ([0.6, 0.1, 0.1], [0.6, 0.4], [0.3, 0.01])]
    [0.86, 0.6, 0.3]
    >>> round(lead(np.array([0.6, 0.1], np.float32), 6), 2)
    0.6
    """
    if words < RULE.long or len(chances) == 1:
        return float(chances.max())
    second, first = (float(chance) for chance in np.partition(chances, -2)[-2:])
    return first / (first + second) if first >= RULE.leading else first


def _is_certain(chance: float, shown: Evidence) -> bool:
    """Return whether the probability of a longer text is certain; this helps languages whose words seldom repeat."""
    return chance >= RULE.certain[1] and shown.consonants >= RULE.many_sounds and shown.words >= RULE.long


def _has_strong_words(chance: float, shown: Evidence, min_weight: float) -> bool:
    """Return whether a longer text has words of the group that rows of random syllables lack."""
    if shown.consonants >= RULE.many_sounds and chance >= RULE.sure_of_sounds and shown.own >= RULE.share_of_short:
        return True
    if _is_certain(chance, shown) and shown.telling >= 1:
        return True
    if shown.kinds < RULE.least_kinds:
        return False
    certain = chance >= RULE.certain[shown.kinds == RULE.least_kinds] and shown.own >= RULE.certain_share * min_weight
    return shown.telling >= min_weight or certain


def is_supported_elsewhere(chance: float, words: int, group: str = "") -> bool:
    """Return whether a language of another continent may be reported.

    >>> [is_supported_elsewhere(*case) for case in ((0.6, 12), (0.9, 2), (0.45, 12), (0.45, 12, "glg"))]
    [True, False, False, True]
    >>> is_supported_elsewhere(0.97, 3, "ita"), is_supported_elsewhere(0.97, 3, "deu")
    (True, False)
    """
    if group in RULE.colonial:
        return chance >= RULE.least_major
    if group in RULE.neighbours:
        if words >= RULE.few_words and chance >= RULE.sure_of_few:
            return True
        min_chance = RULE.least_major
    else:
        min_chance = RULE.least_of_others
    return words >= RULE.words_of_others and chance >= min_chance


def evidence(tokens: Sequence[str], group: str, lists: Mapping[str, frozenset[str]]) -> Evidence:
    """Return the evidence for a group in the normalised words of a text.

    Args:
        tokens: the words of the text.
        group: the group's code; a group without a list has no evidence.
        lists: frequent words by group, and function words of Spanish, Portuguese, English and French.

    >>> lists = {"spa": frozenset({"de", "la", "el"}), "quy": frozenset({"kay"})}
    >>> evidence("la orilla de la laguna es ancha".split(), "quy", lists).colonial > RULE.least_share
    True
    """
    count, counts = len(tokens), Counter(tokens)
    if len(counts) < RULE.least_different:
        # Laughter, refrains and rows of one letter aren't evidence.
        return Evidence(count, 0.0, 0.0, 0, 0.0)

    distinct = frozenset(counts)

    def among(code: str) -> tuple[frozenset[str], float]:
        # The intersection iterates over the smaller set.
        found_words = distinct & lists.get(code, frozenset())
        return found_words, sum(map(counts.__getitem__, found_words)) / count

    known_words, own = among(group)
    kinds = [token for token in known_words if len(token) >= RULE.short or not token.isascii()]
    colonial = max(among(code)[1] for code in RULE.colonial)
    return Evidence(count, own, colonial, len(kinds), sum(map(_weight, kinds)), consonants("".join(distinct)))


def consonants(text: str) -> int:
    """Return the number of different consonants in a normalised text.

    >>> consonants("la orilla del río")
    3
    """
    return len(set(text) - _NO_CONSONANTS)


@cache
def _weight(word: str) -> float:
    """Return the weight of a word; words of up to three letters, and open syllables, occur in any row of syllables."""
    start = word.rstrip(RULE.vowels)
    open_syllable = start != word and not any(letter in RULE.vowels for letter in start)
    return RULE.short_weight if len(word) < RULE.telling or open_syllable else 1.0


def frequent_words(lines: Mapping[str, Iterable[str]], names: Iterable[str] = ()) -> dict[str, list[str]]:
    """Return by group of the Americas the frequent words that are much rarer in the four colonial languages.

    Names of countries and firms, which occur in the news of every language, are left out. The function words of
    Spanish, Portuguese, English and French are included.

    Args:
        lines: normalised lines by label, such as `spa_Latn`.
        names: names in Spanish and Portuguese texts; names of `telling` letters or more are left out, unless they are
            so frequent in a group's texts that they are hardly names.

    >>> frequent_words({"spa_Latn": ["de la orilla de la laguna"]})["spa"][:2]
    ['de', 'la']
    """
    of = groups().of
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    members: Counter[str] = Counter()
    borrowed: dict[str, float] = defaultdict(float)
    for label, texts in lines.items():
        code, _, script = label.partition("_")
        if script == "Latn" and (code in RULE.colonial or code in of):
            tally = Counter(word for line in texts for word in set(line.split()))
            # Every member of a group has the same weight, however much text it has.
            total = sum(tally.values()) or 1
            members[of.get(code, code)] += 1
            if code in RULE.colonial:
                for word, count in tally.items():
                    borrowed[word] = max(borrowed[word], 1_000_000 * count / total)
            for word in _most_frequent(tally, 4 * RULE.words):
                counts[of.get(code, code)][word] += max(1, 1_000_000 * tally[word] // total)
    long_names = {name for name in names if len(name) >= RULE.telling}
    colonial = {code: _most_frequent(counts[code], RULE.function_words) for code in RULE.colonial if code in counts}
    function_words = {word for words in colonial.values() for word in words}
    chosen = dict(colonial)
    for group in sorted(set(counts) - set(RULE.colonial)):
        list_size = RULE.words * _list_factor(sum(g == group for g in of.values()))
        own_counts = counts[group]
        chosen[group] = [
            word
            for word in _most_frequent(own_counts, len(own_counts))
            if word not in function_words
            and (word not in long_names or own_counts[word] >= RULE.no_name * members[group])
            and borrowed.get(word, 0) < RULE.borrowed * own_counts[word] / members[group]
        ][:list_size]
    return chosen


def _list_factor(members: int) -> int:
    """Return the factor by which a group's list is longer if it has this many languages."""
    return 1 if members == 1 else 2 if members < RULE.family else 3


def _most_frequent(counts: Counter[str], count: int) -> list[str]:
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [word for word, _ in ranked[:count]]
