"""What each group of the Americas needs to be named: bounds from texts that aren't in it."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from latam_corpus.codes import groups
from latam_corpus.lab.language import augment
from latam_corpus.language.evidence import RULE, USUAL, Bounds, Evidence, consonants, evidence, is_supported, lead
from latam_corpus.language.judge import consonants_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from latam_corpus.language.model import Model

    _Row = tuple[float, Evidence, int]  # probability, what the words say, consonants of the likeliest member

_MARGIN: Final = 0.05  # above the likeliest false name
_HIGHEST: Final = 0.95  # more would cost too many true names; a likelier false one is often a wrong label
# What a group's words must weigh where rows of its own syllables are named after it: tried in order, the last kept. A
# family has a list two or three times as long, which rows hit as often.
_STEPS: Final = (RULE.least_telling, 1.6, 2.0)
_STEPS_OF_MANY: Final = (*_STEPS, 2.3, 2.6, 3.0)
_NAMED: Final = (0.01, 0.02)  # at most, of rows of a few of its syllables and of rows of all of them
_NAMED_OF_MANY: Final = (0.01, 0.01)  # of a family, which rows of any syllables are like
_ROWS_OF_ONE: Final = 600  # for a language that is a group of its own
_ROWS_OF_MANY: Final = 2000  # for a family, whose list is longer
_MANY_WORDS: Final = 400
_WORDS: Final = 30  # a row
_LEAST_LINES: Final = 30  # of `long` words, to say how many consonants a language's have
_FEWEST: Final = 0.05  # of its lines have fewer
_ENOUGH: Final = 12  # consonants: rows of syllables that have more are hardly ever named
_AT_ONCE: Final = 2048


def calibrated(model: Model, lines: Sequence[str], seed: int) -> dict[str, Bounds]:
    """Return the bounds of the groups that need more than the rule asks.

    Args:
        model: the identifier.
        lines: normalised lines in languages of elsewhere than the Americas that it wasn't trained on.
        seed: of the rows of syllables.
    """
    least = least_probabilities(model, lines)
    rng = random.Random(seed + 1)
    bounds = {
        group: Bounds(least.get(group, 0.0))
        for group in sorted(set(groups().of.values()) & model.words.keys())
        if model.words[group]
    }
    measured = {group: replace(one, telling=least_telling(model, group, one, rng)) for group, one in bounds.items()}
    return {group: one for group, one in measured.items() if one != USUAL}


def least_consonants(lines: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """How many different consonants nineteen in twenty lines of `long` words have, by language of the Americas.

    Args:
        lines: normalised lines by label, such as `quy_Latn`.

    >>> line = " ".join(30 * ["orilla"])
    >>> least_consonants({"quy_Latn": 40 * [line], "spa_Latn": 40 * [line]})
    {'quy': 2}
    """
    least = {}
    for label, texts in sorted(lines.items()):
        code, _, script = label.partition("_")
        if script == "Latn" and code in groups().of:
            counts = sorted(consonants(line) for line in texts if line.count(" ") >= RULE.long - 1)
            if len(counts) >= _LEAST_LINES:
                least[code] = min(_ENOUGH, counts[int(_FEWEST * len(counts))])
    return least


def least_probabilities(model: Model, lines: Sequence[str]) -> dict[str, float]:
    """Return a probability above that of the likeliest line which was named so, by group."""
    worst: dict[str, float] = {}
    for group, (chance, evidence_of_line, _) in _likeliest(model, lines):
        if chance < _HIGHEST and is_supported(chance, evidence_of_line):
            worst[group] = max(worst.get(group, 0.0), chance)
    return {group: round(min(chance + _MARGIN, _HIGHEST), 2) for group, chance in worst.items()}


def least_telling(model: Model, group: str, bound: Bounds, rng: random.Random) -> float:
    """Return what a group's words must weigh so that rows of its own syllables are hardly ever named after it."""
    words = sorted(model.words[group])
    is_family = len(words) > _MANY_WORDS
    count, steps = (_ROWS_OF_MANY, _STEPS_OF_MANY) if is_family else (_ROWS_OF_ONE, _STEPS)
    most_named = _NAMED_OF_MANY if is_family else _NAMED

    def named(*, few: bool) -> list[_Row]:
        rows = [augment.respoken(words, _WORDS, rng, few=few) for _ in range(count)]
        return [row for code, row in _likeliest(model, rows) if code == group]

    kinds = named(few=True), named(few=False)
    for telling in steps:
        asked = replace(bound, telling=telling)
        if all(_held(rows, asked) <= most * count for rows, most in zip(kinds, most_named, strict=True)):
            return telling
    return steps[-1]


def _held(rows: Sequence[_Row], bound: Bounds) -> int:
    return sum(is_supported(chance, shown, bound, consonants=least) for chance, shown, least in rows)


def _likeliest(model: Model, lines: Sequence[str]) -> Iterator[tuple[str, _Row]]:
    """Of lines that are likeliest in a group of the Americas the group, and what is judged by."""
    for first in range(0, len(lines), _AT_ONCE):
        some = lines[first : first + _AT_ONCE]
        labels = model.probabilities(some)
        chances = model.by_group(labels)
        best = chances.argmax(axis=1).tolist()
        for row, (line, group_index) in enumerate(zip(some, best, strict=True)):
            group, words = model.groups[group_index], line.split()
            chance = lead(chances[row], len(words))
            if model.needs_words(group) and chance >= RULE.least_with_many:
                shown = evidence(words, group, model.words)
                yield group, (chance, shown, consonants_of(model, labels[row], group_index))
