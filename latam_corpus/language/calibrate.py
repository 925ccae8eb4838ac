"""What each group of the Americas needs to be named: bounds from texts that aren't in it."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.language import augment
from latam_corpus.language.codes import groups
from latam_corpus.language.evidence import (
    LEAST_DIFFERENT,
    LEAST_KINDS,
    LEAST_SHARE,
    LEAST_TELLING,
    LEAST_WITH_MANY,
    LONG,
    USUAL,
    Bounds,
    Evidence,
    evidence,
    holds,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from latam_corpus.language.model import Model

_MARGIN: Final = 0.05  # above the likeliest false name
_HIGHEST: Final = 0.95  # more would cost too many true names; a likelier false one is often a wrong label
_ROWS: Final = 1500  # of random syllables
_OFTEN: Final = 0.004  # of them show a group's words
_TELLING: Final = 2.0  # what the words of such a group must weigh
# What they must weigh where rows of the group's own syllables are named after it: tried in order, the last is kept. A
# family has a list two or three times as long, which rows hit as often.
_STEPS: Final = (LEAST_TELLING, 1.6, _TELLING)
_STEPS_OF_MANY: Final = (*_STEPS, 2.3, 2.6, 3.0)
_NAMED: Final = 0.01  # of such rows at most
_ROWS_OF_ONE: Final = 300  # for a language that is a group of its own
_ROWS_OF_MANY: Final = 2000  # for a family, whose list is longer
_MANY_WORDS: Final = 400
_WORDS: Final = 30  # a row
_AT_ONCE: Final = 2048


def calibrated(model: Model, lines: Sequence[str], seed: int) -> dict[str, Bounds]:
    """The bounds of the groups that need more than the rule asks.

    Args:
        model: the identifier.
        lines: normalised lines in languages of elsewhere than the Americas that it wasn't trained on.
        seed: of the rows of syllables.
    """
    least = _least_probabilities(model, lines)
    syllabic = _syllabic(model.words, seed)
    bounds = {
        group: Bounds(least.get(group, 0.0), _TELLING if group in syllabic else LEAST_TELLING)
        for group in sorted(set(groups().of.values()) & model.words.keys())
        if model.words[group]
    }
    rng = random.Random(seed + 1)  # noqa: S311 - sampling, not secrets
    made = {group: replace(one, telling=_least_telling(model, group, one, rng)) for group, one in bounds.items()}
    return {group: one for group, one in made.items() if one != USUAL}


def _least_probabilities(model: Model, lines: Sequence[str]) -> dict[str, float]:
    """A probability above that of the likeliest line which was named so, by group."""
    worst: dict[str, float] = {}
    for group, chance, found in _likeliest(model, lines):
        if chance < _HIGHEST and holds(chance, found):
            worst[group] = max(worst.get(group, 0.0), chance)
    return {group: round(min(chance + _MARGIN, _HIGHEST), 2) for group, chance in worst.items()}


def _least_telling(model: Model, group: str, bound: Bounds, rng: random.Random) -> float:
    """What a group's words must weigh so that rows of its own syllables are hardly ever named after it."""
    words = sorted(model.words[group])
    count, steps = (_ROWS_OF_MANY, _STEPS_OF_MANY) if len(words) > _MANY_WORDS else (_ROWS_OF_ONE, _STEPS)
    rows = [augment.respoken(words, _WORDS, rng) for _ in range(count)]
    named = [(chance, found) for code, chance, found in _likeliest(model, rows) if code == group]
    for telling in steps:
        held = sum(holds(*one, replace(bound, telling=telling)) for one in named)
        if telling >= bound.telling and held <= _NAMED * count:
            return telling
    return steps[-1]


def _likeliest(model: Model, lines: Sequence[str]) -> Iterator[tuple[str, float, Evidence]]:
    """Of each line that is likeliest in a group of the Americas the group, its probability and what the words say."""
    for first in range(0, len(lines), _AT_ONCE):
        some = lines[first : first + _AT_ONCE]
        chances = model.by_group(model.probabilities(some))
        best = chances.argmax(axis=1)
        for line, place, chance in zip(some, best.tolist(), chances[np.arange(len(some)), best].tolist(), strict=True):
            group = model.groups[place]
            if group in groups().of and chance >= LEAST_WITH_MANY:
                yield group, chance, evidence(line.split(), group, model.words)


def _syllabic(words: Mapping[str, frozenset[str]], seed: int) -> set[str]:
    """The groups whose frequent words stand in rows of random syllables: short words of few letters."""
    rng = random.Random(seed)  # noqa: S311 - sampling, not secrets
    rows = list(islice(_rows(rng), _ROWS))
    found = set()
    for group in set(groups().of.values()) & words.keys():
        shown = (evidence(row, group, words) for row in rows)
        count = sum(one.own >= LEAST_SHARE and one.kinds >= LEAST_KINDS for one in shown)
        if count >= _OFTEN * _ROWS:
            found.add(group)
    return found


def _rows(rng: random.Random) -> Iterator[list[str]]:
    while True:
        row = augment.nonsense(rng).split()
        if len(row) >= LONG and len(set(row)) >= LEAST_DIFFERENT:
            yield row
