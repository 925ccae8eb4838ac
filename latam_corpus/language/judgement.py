"""What is said of a text, and when: thresholds, groups and members."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

from latam_corpus.codes import UNDETERMINED, groups
from latam_corpus.language.codes import script_of_letter
from latam_corpus.language.evidence import RULE, USUAL, Evidence, evidence, holds, lead, others_hold, overrules

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
    tokens = " ".join(lines).split()
    if all(token == token[0] * len(token) for token in tokens):
        return Judgement(UNDETERMINED, float(chances.max())), Evidence(len(tokens), 0.0, 0.0, 0, 0.0)
    best = int(chances.argmax())
    found = evidence(tokens, model.groups[best], model.words)
    if model.groups[best] == UNDETERMINED:
        rest = chances.copy()
        rest[best] = 0
        other = _told_by_words(model, labels, rest, tokens)
        if other:
            return other
    judged = by_evidence(model, labels, chances, found)
    if judged.language.endswith("_Latn") and not any(map(_is_latin, chain.from_iterable(tokens))):
        # Letters that the model never saw are like any language.
        judged = Judgement(UNDETERMINED, judged.score)
    return judged, found


def _is_latin(letter: str) -> bool:
    return letter.isalpha() and script_of_letter(letter) == "Latn"


def _told_by_words(
    model: Model, labels: NDArray[np.float32], chances: NDArray[np.float32], tokens: Sequence[str]
) -> tuple[Judgement, Evidence] | None:
    """A language of the Americas whose words stand in what is as likely no language at all: nonsense has none.

    Args:
        model: the identifier.
        labels: the probability of each label.
        chances: the same of each group, without that of no language.
        tokens: the text's words.
    """
    group = model.groups[int(chances.argmax())]
    total = float(chances.sum())
    if group not in groups().of or not total:
        return None
    found = evidence(tokens, group, model.words)
    if not overrules(found, model.bounds.get(group, USUAL)):
        return None
    judged = by_evidence(model, labels, chances / total, found)
    if judged.language == UNDETERMINED:
        return None
    return Judgement(judged.language, float(chances.max())), found


def by_evidence(
    model: Model, labels: NDArray[np.float32], chances: NDArray[np.float32], found: Evidence, long: int = RULE.long
) -> Judgement:
    """The same where the evidence for the likeliest group is known; `long` as in `evidence.holds`."""
    best = int(chances.argmax())
    chance, group = float(chances[best]), model.groups[best]
    if group in groups().of:
        asked = model.bounds.get(group, USUAL)
        held = holds(lead(chances, found.words), found, asked, long, consonants_of(model, labels, best))
    else:
        held = others_hold(chance, found.words, group)
    return Judgement(fine(model, labels, best) if held else UNDETERMINED, chance)


def fine(model: Model, labels: NDArray[np.float32], group: int) -> str:
    """The member of a group where it is certain, else the group with its members' usual script."""
    members = model.members[group]
    if len(members) == 1:
        return model.labels[int(members[0])].name
    best = _member(model, labels, group)
    if labels[best] >= FINE * labels[members].sum():
        return model.labels[best].name
    label, code = model.labels[best], model.groups[group]
    return f"{code}_{label.script}" if label.script else code


def consonants_of(model: Model, labels: NDArray[np.float32], group: int) -> int:
    """How many consonants a longer text has in the likeliest member of a group, 0 where it isn't known."""
    return model.consonants.get(model.labels[_member(model, labels, group)].code, 0)


def _member(model: Model, labels: NDArray[np.float32], group: int) -> int:
    """The label that is the likeliest of a group."""
    members = model.members[group]
    return int(members[labels[members].argmax()])


def group_of(found: Judgement) -> str:
    """The group under which a judgement's language is judged.

    >>> group_of(Judgement("quy_Latn", 0.9)), group_of(Judgement("spa_Latn", 0.9))
    ('que', 'spa')
    """
    return groups().of.get(found.code, found.code)
