"""Compare candidate pairs: measure how much two documents share, and apply the rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.dedupe.fingerprints.anchors import word_stream
from latam_corpus.dedupe.verify import verify_kernels as columns
from latam_corpus.dedupe.verify.bounds import dedupe_bounds
from latam_corpus.dedupe.verify.pair_facts import GENRE_NUMBERS, NO_GENRE, DocumentFacts, PairFacts, lexicon
from latam_corpus.dedupe.verify.rules import APPENDED, EQUAL, RULE_NAMES, RULES, Effect, words_added
from latam_corpus.dedupe.verify.verify_kernels import compare
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from latam_corpus.dedupe.fingerprints.scheme import Ragged
    from latam_corpus.dedupe.verify.bounds import Bounds
    from latam_corpus.dedupe.verify.pair_facts import Rarity
    from latam_corpus.dedupe.verify.rules import Rule

# The kinds of pairs.
NONE: Final = 0
DUPLICATE: Final = 1
CONTAINED: Final = 2
TEMPLATE: Final = 3
VARIANT: Final = 4
KINDS: Final = ("none", "duplicate", "contained", "template", "variant")

# Bits of `Verdicts.inclusion`.
A_IN_B: Final = 1
B_IN_A: Final = 2


@dataclass(frozen=True, eq=False)
class Verdicts:
    """The decisions on k pairs.

    Attributes:
        facts: the measured facts.
        inclusion: uint8[k], bits A_IN_B and B_IN_A: which document may be dropped in favour of the other, if the kind
            allows it.
        kind: uint8[k], an index in KINDS.
        rule: uint8[k], the index in `rules.RULE_NAMES` of the rule that decided; 0 if none matched.
    """

    facts: PairFacts
    inclusion: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    rule: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.kind)


def verify_pairs(
    streams: Ragged,
    pairs: NDArray[np.uint32],
    bounds: Bounds | None = None,
    rarity: Rarity | None = None,
    document_facts: DocumentFacts | None = None,
    frequency: NDArray[np.int64] | None = None,
) -> Verdicts:
    """Return the verdict on each pair.

    Args:
        streams: the word stream of each document (`anchors.word_stream`).
        pairs: uint32[k, 2], numbers of documents in `streams`.
        bounds: the bounds of the rules; the shipped ones if omitted.
        rarity: which fingerprints are boilerplate; without it the rule `boilerplate` is off.
        document_facts: facts about the documents other than their words.
        frequency: how often each word occurs (`count_words`); without it no word counts as misread.

    >>> from latam_corpus.dedupe.fingerprints.anchors import word_stream
    >>> from latam_corpus.text.words import WordTable
    >>> prosa = "La casa del fondo tenía un patio con naranjos y una acequia que corría todo el año"
    >>> made = verify_pairs(word_stream(WordTable.of([prosa, prosa + " hasta hoy"])), np.array([[0, 1]], np.uint32))
    >>> KINDS[made.kind[0]], made.facts.containment.astype(float).round(2).tolist()
    ('duplicate', [[1.0, 0.89]])
    """
    bounds = bounds or dedupe_bounds()
    document_facts = document_facts or DocumentFacts.unknown(len(streams))
    return judge(measure_pairs(streams, pairs, bounds, document_facts, frequency, rarity), bounds)


def measure_pairs(
    streams: Ragged,
    pairs: NDArray[np.uint32],
    bounds: Bounds,
    document_facts: DocumentFacts,
    frequency: NDArray[np.int64] | None = None,
    rarity: Rarity | None = None,
) -> PairFacts:
    """Compare the word streams of each pair.

    Args:
        streams: the word stream of each document (`anchors.word_stream`).
        pairs: uint32[k, 2], numbers of documents in `streams`.
        bounds: the bounds of the rules that will decide; pairs that no rule can accept are measured only partly.
        document_facts: facts about the documents other than their words.
        frequency: how often each word occurs (`count_words`); without it no word counts as misread.
        rarity: which fingerprints are boilerplate.
    """
    k = len(pairs)
    lengths = streams.counts[pairs.reshape(-1)].reshape(k, 2)
    # The longer document of each pair is hashed, once for all its pairs.
    flipped = lengths[:, 0] > lengths[:, 1]
    shorter, longer = np.where(flipped, pairs.T[::-1], pairs.T)
    order = np.lexsort((shorter, longer))
    min_containment = min(map(bounds.least, ("share", "scattered_share", "misread_share")))
    limits = np.array([bounds.most(name) for name in ("numbers", "names", "names_share")], np.float64)
    if frequency is None:
        frequency = np.zeros((columns.FREQUENCIES, 1 << columns.FREQUENCY_BITS), np.int64)
    measured = compare(
        streams.values,
        streams.offsets,
        longer[order],
        shorter[order],
        np.float32(min_containment),
        lexicon(),
        limits,
        frequency,
    )
    inverse_order = np.empty(k, np.int64)
    inverse_order[order] = np.arange(k)
    containment, longest, tallies = (part[inverse_order] for part in measured)
    for by_length in (containment, longest):
        by_length[flipped] = by_length[flipped, ::-1]
    return PairFacts(
        pairs,
        lengths,
        containment,
        longest,
        tallies,
        document_facts.genre[pairs],
        document_facts.damaged[pairs],
        document_facts.appended[pairs],
        document_facts.state_differs(pairs),
        np.zeros((k, 2), np.uint32),
        np.zeros((k, 2), np.bool_),
        np.zeros(k, np.bool_),
        rarity,
    )


def verdict_on(first: str, second: str, genre: str = NO_GENRE) -> str:
    """Return the verdict on two texts of a genre: the kind, the rule, and the text if only one may be dropped.

    >>> verdict_on("La luna sale sobre el mar en calma", "Los peces duermen en el fondo")
    'none'
    """
    streams = word_stream(WordTable.of([first, second]))
    facts = replace(DocumentFacts.unknown(2), genre=np.full(2, GENRE_NUMBERS[genre], np.uint8))
    verdicts = verify_pairs(streams, np.array([[0, 1]], np.uint32), document_facts=facts)
    droppable = {A_IN_B: "first", B_IN_A: "second"}.get(int(verdicts.inclusion[0]), "")
    return " ".join(filter(None, (KINDS[verdicts.kind[0]], RULE_NAMES[verdicts.rule[0]], droppable)))


def judge(facts: PairFacts, bounds: Bounds, rules: Sequence[Rule] = RULES) -> Verdicts:
    """Apply the rules with the bounds of each pair's genre, and return the verdicts.

    Args:
        facts: the facts of the pairs; `added`, `is_in_other` and `template` are written.
        bounds: the bounds of all rules.
        rules: the rules, in order.
    """
    kind, rule_numbers = np.zeros(len(facts), np.uint8), np.zeros(len(facts), np.uint8)
    has_own_bounds = np.array([genre in bounds.by_genre for genre in GENRE_NUMBERS])
    group_of = np.where(has_own_bounds[facts.genre], facts.genre, GENRE_NUMBERS[NO_GENRE])
    for genre, number in GENRE_NUMBERS.items():
        rows = np.flatnonzero(group_of == number)
        if len(rows) == len(facts):
            kind, rule_numbers = _judge_by(facts, bounds.of(genre), rules)
        elif len(rows):
            genre_facts = facts.take(rows)
            kind[rows], rule_numbers[rows] = _judge_by(genre_facts, bounds.of(genre), rules)
            facts.added[rows], facts.is_in_other[rows] = genre_facts.added, genre_facts.is_in_other
    return Verdicts(facts, (facts.is_in_other @ np.array([A_IN_B, B_IN_A])).astype(np.uint8), kind, rule_numbers)


def _judge_by(
    facts: PairFacts, bounds: Mapping[str, float], rules: Sequence[Rule]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the kinds and rules of pairs under the same bounds; write to the facts as `judge` does."""
    is_in_other, template = facts.is_in_other, facts.template
    rule_numbers = np.zeros(len(facts), np.uint8)
    contained, variant = np.zeros(len(facts), np.bool_), np.zeros(len(facts), np.bool_)
    for number, rule in enumerate(rules, 1):
        if rule.effect is Effect.EXTEND:
            facts.added[:] = words_added(facts, bounds)
        mask = rule.mask(facts, bounds)
        if rule.effect is Effect.ACCEPT:
            is_in_other |= mask
            rule_numbers[(rule_numbers == 0) & mask.any(axis=1)] = number
        elif rule.effect is Effect.EXTEND:
            is_in_other |= mask
            rule_numbers[mask.any(axis=1)] = number
        elif rule.effect is Effect.REFUSE:
            accepted = is_in_other.any(axis=1)
            is_in_other &= ~(mask & ~template[:, None])
            rule_numbers[accepted & ~is_in_other.any(axis=1)] = number
        elif rule.effect is Effect.TEMPLATE:
            mask &= is_in_other.any(axis=1) & ~template
            template |= mask
            rule_numbers[mask] = number
        elif rule.effect is Effect.CONTAINED:
            contained = mask
        elif rule.effect is Effect.VARIANT:
            mask &= (
                is_in_other.any(axis=1) & ~template & ~variant & (rule_numbers != EQUAL) & (rule_numbers != APPENDED)
            )
            variant |= mask
            rule_numbers[mask] = number
    tests = [template, ~is_in_other.any(axis=1), contained, variant]
    return np.select(tests, [TEMPLATE, NONE, CONTAINED, VARIANT], DUPLICATE).astype(np.uint8), rule_numbers
