"""The rule of the second look: a language of the Americas is named only where its frequent words stand.

At web scale one document in ten thousand or fewer is in an indigenous language, so that a classifier's rare
mistakes on Spanish outnumber the true ones. With the rule, a first model had 0 false labels in 32,956 documents.
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


class Rule(NamedTuple):
    """The figures of the rule; RULE_FILE says of each what it means and where it is from."""

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


def _read_rule() -> Rule:
    numbers = {name: entry["value"] for name, entry in tomllib.loads(RULE_FILE.read_text("utf-8")).items()}
    values: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in numbers.items()}
    return Rule(**values)


RULE: Final = _read_rule()
_NO_CONSONANTS: Final = frozenset(RULE.vowels + "'+ \n")


@dataclass(frozen=True)
class Bounds:
    """What a group needs beyond the rule, as measured on texts that aren't in it (see `calibrate`).

    Attributes:
        probability: the least, 0 where the rule's own are enough.
        telling: the least that its words weigh together in a text of `long` words.
    """

    probability: float = 0.0
    telling: float = RULE.least_telling


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


def holds(chance: float, shown: Evidence, bounds: Bounds = USUAL, long: int = RULE.long, consonants: int = 0) -> bool:
    """Whether a group's name may be given: it is likely and has words to show, or has many and no rival.

    Args:
        chance: how likely it is, see `lead`.
        shown: what the words say.
        bounds: what this group needs.
        long: the words of a text from which they must tell more than rows of syllables do.
        consonants: how many a text of `long` words in the language has, nineteen times in twenty.

    >>> few, many = Evidence(12, 0.08, 0.0, kinds=1, telling=1), Evidence(12, 0.25, 0.05, kinds=3, telling=2.3)
    >>> holds(0.9, few), holds(0.6, few), holds(0.6, many)
    (True, False, True)
    >>> syllables = Evidence(30, 0.2, 0.0, kinds=4, telling=1.36)
    >>> [holds(chance, syllables, Bounds(telling=2)) for chance in (0.9, 0.995)]
    [False, True]
    >>> [holds(0.995, Evidence(30, 0.2, 0.0, 4, 1.36, count), consonants=10) for count in (6, 14)]
    [False, True]
    """
    least = RULE.share_of_long if _is_certain(chance, shown) else RULE.least_share
    if shown.words < RULE.least_words or shown.own < least:
        return False
    if shown.words >= long and not _tells(chance, shown, bounds.telling):
        return False
    if shown.words >= RULE.long and shown.consonants < consonants and shown.telling < RULE.few_sounds * bounds.telling:
        # Rows of syllables have a handful of sounds; a short text in a language has most of its own.
        return False
    if shown.colonial > RULE.most_colonial or (shown.colonial > shown.own and chance < RULE.certain[1]):
        return False
    many = shown.own >= RULE.many and shown.colonial <= shown.own / 2 and shown.kinds > RULE.least_kinds
    return chance >= max(bounds.probability, RULE.least_with_many if many else RULE.least_probability)


def overrules(shown: Evidence, bounds: Bounds = USUAL) -> bool:
    """Whether a group's words are so many that a text isn't nonsense, whatever its letters are like.

    >>> few, many = Evidence(40, 0.2, 0.05, kinds=3, telling=2), Evidence(40, 0.25, 0.05, kinds=8, telling=5)
    >>> overrules(few), overrules(many)
    (False, True)
    """
    enough = shown.telling >= RULE.overruling * bounds.telling and shown.own >= RULE.overruling_share
    return enough and shown.colonial <= shown.own / 2


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
    if words < RULE.long or len(chances) == 1:
        return float(chances.max())
    second, first = (float(chance) for chance in np.partition(chances, -2)[-2:])
    return first / (first + second) if first >= RULE.leading else first


def _is_certain(chance: float, shown: Evidence) -> bool:
    """Whether a longer text can hardly be anything else, as in languages whose long words are seldom the same."""
    return chance >= RULE.certain[1] and shown.consonants >= RULE.many_sounds and shown.words >= RULE.long


def _tells(chance: float, shown: Evidence, least: float) -> bool:
    """Whether a longer text has words of the group's that no row of random syllables has."""
    if shown.consonants >= RULE.many_sounds and chance >= RULE.sure_of_sounds and shown.own >= RULE.share_of_short:
        return True
    if _is_certain(chance, shown) and shown.telling >= 1:
        return True
    if shown.kinds < RULE.least_kinds:
        return False
    certain = chance >= RULE.certain[shown.kinds == RULE.least_kinds] and shown.own >= RULE.certain_share * least
    return shown.telling >= least or certain


def others_hold(chance: float, words: int, group: str = "") -> bool:
    """Whether a language of another continent may be named.

    >>> others_hold(0.6, 12), others_hold(0.9, 2), others_hold(0.45, 12), others_hold(0.45, 12, "glg")
    (True, False, False, True)
    >>> others_hold(0.97, 3, "ita"), others_hold(0.97, 3, "deu")
    (True, False)
    """
    if group in RULE.colonial:
        return chance >= RULE.least_major
    if group in RULE.neighbours:
        if words >= RULE.few_words and chance >= RULE.sure_of_few:
            return True
        least = RULE.least_major
    else:
        least = RULE.least_of_others
    return words >= RULE.words_of_others and chance >= least


def evidence(tokens: Sequence[str], group: str, lists: Mapping[str, frozenset[str]]) -> Evidence:
    """Return the evidence for a group in normalised words.

    Args:
        tokens: the words of the text.
        group: the group's code; one without a list has no evidence.
        lists: frequent words by group, and function words of Spanish, Portuguese, English and French.

    >>> lists = {"spa": frozenset({"de", "la", "el"}), "quy": frozenset({"kay"})}
    >>> evidence("la orilla de la laguna es ancha".split(), "quy", lists).colonial > RULE.least_share
    True
    """
    count, counts = len(tokens), Counter(tokens)
    if len(counts) < RULE.least_different:
        # Laughter, refrains and rows of one letter say nothing.
        return Evidence(count, 0.0, 0.0, 0, 0.0)

    distinct = frozenset(counts)

    def among(code: str) -> tuple[frozenset[str], float]:
        # Of two sets the smaller is gone through.
        known = distinct & lists.get(code, frozenset())
        return known, sum(map(counts.__getitem__, known)) / count

    known_words, own = among(group)
    kinds = [token for token in known_words if len(token) >= RULE.short or not token.isascii()]
    colonial = max(among(code)[1] for code in RULE.colonial)
    return Evidence(count, own, colonial, len(kinds), sum(map(_weight, kinds)), consonants("".join(distinct)))


def consonants(text: str) -> int:
    """How many different consonants a normalised text is written with.

    >>> consonants("la orilla del río")
    3
    """
    return len(set(text) - _NO_CONSONANTS)


@cache
def _weight(word: str) -> float:
    """Give what a word says: those of up to three letters, and consonants with vowels after them, stand in any row."""
    start = word.rstrip(RULE.vowels)
    open_syllable = start != word and not any(letter in RULE.vowels for letter in start)
    return RULE.short_weight if len(word) < RULE.telling or open_syllable else 1.0


def frequent_words(lines: Mapping[str, Iterable[str]], names: Iterable[str] = ()) -> dict[str, list[str]]:
    """Frequent words by group of the Americas that are much rarer in Spanish, Portuguese, English and French.

    Names of countries and of firms stand in the news of every language. And function words of these four.

    Args:
        lines: normalised lines by label, such as `spa_Latn`.
        names: names in Spanish and Portuguese texts; those of `telling` letters and more are left out, but for what
            stands so often in a group's texts that it is hardly one.

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
            # Every member of a group counts alike, however much text it has.
            total = sum(tally.values()) or 1
            members[of.get(code, code)] += 1
            if code in RULE.colonial:
                for word, count in tally.items():
                    borrowed[word] = max(borrowed[word], 1_000_000 * count / total)
            for word in _most(tally, 4 * RULE.words):
                counts[of.get(code, code)][word] += max(1, 1_000_000 * tally[word] // total)
    called = {name for name in names if len(name) >= RULE.telling}
    colonial = {code: _most(counts[code], RULE.function_words) for code in RULE.colonial if code in counts}
    taken = {word for words in colonial.values() for word in words}
    chosen = dict(colonial)
    for group in sorted(set(counts) - set(RULE.colonial)):
        most = RULE.words * _times(sum(g == group for g in of.values()))
        own = counts[group]
        chosen[group] = [
            word
            for word in _most(own, len(own))
            if word not in taken
            and (word not in called or own[word] >= RULE.no_name * members[group])
            and borrowed.get(word, 0) < RULE.borrowed * own[word] / members[group]
        ][:most]
    return chosen


def _times(members: int) -> int:
    """How many lists' worth of words a group of so many languages has."""
    return 1 if members == 1 else 2 if members < RULE.family else 3


def _most(counts: Counter[str], most: int) -> list[str]:
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [word for word, _ in ranked[:most]]
