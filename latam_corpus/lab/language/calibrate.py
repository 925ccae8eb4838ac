"""Calibrate the bounds of language groups of the Americas on texts in other languages."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from latam_corpus.codes import groups
from latam_corpus.lab.language import augment
from latam_corpus.language.evidence import RULE, USUAL, Evidence, GroupBounds, consonants, evidence, is_supported, lead
from latam_corpus.language.judge import consonants_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from latam_corpus.language.model import LanguageModel

    _Row = tuple[float, Evidence, int]  # probability, evidence of the words, consonants of the likeliest member

_MARGIN: Final = 0.05  # added to the highest probability of a wrong identification
_HIGHEST: Final = 0.95  # a higher bound loses too many texts; errors with higher probabilities are often wrong labels
# Minimum weights of a group's words, tried in order until rows of its syllables are rarely identified as the group. The
# word lists of families are two or three times as long, so that rows of syllables contain more of their words.
_STEPS: Final = (RULE.least_telling, 1.6, 2.0)
_STEPS_OF_MANY: Final = (*_STEPS, 2.3, 2.6, 3.0)
_NAMED: Final = (0.01, 0.02)  # largest share of identified rows: of a few of its syllables, of all
_NAMED_OF_MANY: Final = (0.01, 0.01)  # the same for a family, whose words resemble any syllables
_ROWS_OF_ONE: Final = 600  # rows for a group of one language
_ROWS_OF_MANY: Final = 2000  # rows for a family, whose list is longer
_MANY_WORDS: Final = 400
_WORDS: Final = 30  # per row
_LEAST_LINES: Final = 30  # lines of `long` words, to measure a language's consonants
_FEWEST: Final = 0.05  # share of a language's lines that may have fewer consonants than its minimum
_ENOUGH: Final = 12  # consonants; rows of syllables with more are hardly ever identified as a group
_BATCH: Final = 2048


def calibrated(model: LanguageModel, lines: Sequence[str], seed: int) -> dict[str, GroupBounds]:
    """Return bounds for the groups that need stricter ones than the general rule.

    `lines` are normalised, in languages from outside the Americas, which the model wasn't trained on.
    """
    probabilities = least_probabilities(model, lines)
    rng = random.Random(seed + 1)
    bounds = {
        group: GroupBounds(probabilities.get(group, 0.0))
        for group in sorted(set(groups().of.values()) & model.words.keys())
        if model.words[group]
    }
    measured = {
        group: replace(bound, telling=least_telling(model, group, bound, rng)) for group, bound in bounds.items()
    }
    return {group: bound for group, bound in measured.items() if bound != USUAL}


def least_consonants(lines: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return by language of the Americas the number of different consonants that 95 % of long lines have or exceed.

    `lines` are normalised, by label, such as `quy_Latn`.

    >>> line = " ".join(30 * ["orilla"])
    >>> least_consonants({"quy_Latn": 40 * [line], "spa_Latn": 40 * [line]})
    {'quy': 2}
    """
    consonant_counts = {}
    for label, texts in sorted(lines.items()):
        code, _, script = label.partition("_")
        if script == "Latn" and code in groups().of:
            counts = sorted(consonants(line) for line in texts if line.count(" ") >= RULE.long - 1)
            if len(counts) >= _LEAST_LINES:
                consonant_counts[code] = min(_ENOUGH, counts[int(_FEWEST * len(counts))])
    return consonant_counts


def least_probabilities(model: LanguageModel, lines: Sequence[str]) -> dict[str, float]:
    """Return by group a bound that exceeds the probability of each line wrongly identified as the group."""
    highest: dict[str, float] = {}
    for group, (chance, evidence_of_line, _) in _likeliest(model, lines):
        if chance < _HIGHEST and is_supported(chance, evidence_of_line):
            highest[group] = max(highest.get(group, 0.0), chance)
    return {group: round(min(chance + _MARGIN, _HIGHEST), 2) for group, chance in highest.items()}


def least_telling(model: LanguageModel, group: str, bound: GroupBounds, rng: random.Random) -> float:
    """Return the minimum weight of a group's words at which rows of its syllables are rarely identified as it."""
    words = sorted(model.words[group])
    is_family = len(words) > _MANY_WORDS
    count, steps = (_ROWS_OF_MANY, _STEPS_OF_MANY) if is_family else (_ROWS_OF_ONE, _STEPS)
    most_named = _NAMED_OF_MANY if is_family else _NAMED

    def rows_like_group(*, few: bool) -> list[_Row]:
        rows = [augment.respoken(words, _WORDS, rng, few=few) for _ in range(count)]
        return [row for code, row in _likeliest(model, rows) if code == group]

    kinds = rows_like_group(few=True), rows_like_group(few=False)
    for telling in steps:
        stricter = replace(bound, telling=telling)
        if all(_named_count(rows, stricter) <= share * count for rows, share in zip(kinds, most_named, strict=True)):
            return telling
    return steps[-1]


def _named_count(rows: Sequence[_Row], bound: GroupBounds) -> int:
    return sum(is_supported(chance, shown, bound, consonants=count) for chance, shown, count in rows)


def _likeliest(model: LanguageModel, lines: Sequence[str]) -> Iterator[tuple[str, _Row]]:
    """Yield the likeliest group and its evidence for each line for which that is a group of the Americas."""
    for first in range(0, len(lines), _BATCH):
        some = lines[first : first + _BATCH]
        labels = model.probabilities(some)
        chances = model.by_group(labels)
        best = chances.argmax(axis=1).tolist()
        for row, (line, group_index) in enumerate(zip(some, best, strict=True)):
            group, words = model.groups[group_index], line.split()
            chance = lead(chances[row], len(words))
            if model.needs_words(group) and chance >= RULE.least_with_many:
                shown = evidence(words, group, model.words)
                yield group, (chance, shown, consonants_of(model, labels[row], group_index))
