"""What is said of a text, and when: thresholds, groups and members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.language.codes import UNDETERMINED, groups
from latam_corpus.language.evidence import LONG, USUAL, Evidence, evidence, holds, others_hold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from latam_corpus.language.model import Model

SURE: Final = 0.8  # above it, with windows that agree, nothing more is looked at
FINE: Final = 0.8  # the share of its group's probability at which a member is named
AT_ONCE: Final = 512  # lines a matrix product: a few MB of probabilities, which a cache holds


@dataclass(frozen=True)
class Judgement:
    """The language of a text.

    Attributes:
        language: code and script, such as `spa_Latn`, or `und`.
        score: the probability of the language's group, 0 where there is nothing to judge.
        languages: code and share of each language of a mixed text, the larger first; empty for one language.
    """

    language: str
    score: float
    languages: tuple[tuple[str, float], ...] = ()

    @property
    def code(self) -> str:
        """The ISO 639-3 code, or `und`."""
        return self.language.split("_")[0]


NOTHING: Final = Judgement(UNDETERMINED, 0.0)


def batches(owner: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Ranges of lines that keep the lines of one text together."""
    first = 0
    while first < len(owner):
        last = min(first + AT_ONCE, len(owner))
        while last < len(owner) and owner[last] == owner[last - 1]:
            last += 1
        yield first, last
        first = last


def whole(
    model: Model, labels: NDArray[np.float32], chances: NDArray[np.float32], lines: Sequence[str]
) -> tuple[Judgement, Evidence]:
    """One language for lines that go together, or `und`; and what the words say for the likeliest group."""
    group = model.groups[int(chances.argmax())]
    found = evidence(" ".join(lines).split(), group, model.words)
    return by_evidence(model, labels, chances, found), found


def by_evidence(
    model: Model, labels: NDArray[np.float32], chances: NDArray[np.float32], found: Evidence, long: int = LONG
) -> Judgement:
    """The same where the evidence for the likeliest group is known; `long` as in `evidence.holds`."""
    best = int(chances.argmax())
    chance, group = float(chances[best]), model.groups[best]
    if group in groups().of:
        held = holds(chance, found, model.bounds.get(group, USUAL), long)
    else:
        held = others_hold(chance, found.words, group)
    return Judgement(fine(model, labels, best) if held else UNDETERMINED, chance)


def fine(model: Model, labels: NDArray[np.float32], group: int) -> str:
    """The member of a group where it is certain, else the group with its members' usual script."""
    members = model.members[group]
    if len(members) == 1:
        return model.labels[int(members[0])].name
    best = int(members[labels[members].argmax()])
    if labels[best] >= FINE * labels[members].sum():
        return model.labels[best].name
    label, code = model.labels[best], model.groups[group]
    return f"{code}_{label.script}" if label.script else code


def group_of(found: Judgement) -> str:
    """The group under which a judgement's language is judged.

    >>> group_of(Judgement("quy_Latn", 0.9)), group_of(Judgement("spa_Latn", 0.9))
    ('que', 'spa')
    """
    return groups().of.get(found.code, found.code)
