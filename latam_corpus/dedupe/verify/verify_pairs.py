"""The check of candidate pairs: measures what two documents share, and applies the rules to it."""

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

# What a pair is.
NONE: Final = 0
DUPLICATE: Final = 1
CONTAINED: Final = 2
TEMPLATE: Final = 3
VARIANT: Final = 4
KINDS: Final = ("none", "duplicate", "contained", "template", "variant")

# Which document is in the other one, as bits.
A_IN_B: Final = 1
B_IN_A: Final = 2


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What was decided on k pairs.

    Attributes:
        facts: what was measured of them.
        stands: uint8[k], bits A_IN_B and B_IN_A: which document may be dropped for the other, if the kind allows it.
        kind: uint8[k], a place in KINDS.
        rule: uint8[k], the rule that decided, a place in `rules.RULE_NAMES`; 0 if none matched.
    """

    facts: PairFacts
    stands: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    rule: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.kind)


def verify_pairs(
    streams: Ragged,
    pairs: NDArray[np.uint32],
    bounds: Bounds | None = None,
    rarity: Rarity | None = None,
    known: DocumentFacts | None = None,
    frequency: NDArray[np.int64] | None = None,
) -> Verdicts:
    """Return the verdict on each pair.

    Args:
        streams: the word stream of each document (`anchors.word_stream`).
        pairs: uint32[k, 2], numbers of documents in `streams`.
        bounds: the shipped ones when left out.
        rarity: which fingerprints are boilerplate; without it that rule is off.
        known: what else is known of the documents.
        frequency: how often each word occurs (`count_words`); without it no word counts as spoilt.

    >>> from latam_corpus.dedupe.fingerprints.anchors import word_stream
    >>> from latam_corpus.text.words import WordTable
    >>> prosa = "La casa del fondo tenía un patio con naranjos y una acequia que corría todo el año"
    >>> made = verify_pairs(word_stream(WordTable.of([prosa, prosa + " hasta hoy"])), np.array([[0, 1]], np.uint32))
    >>> KINDS[made.kind[0]], made.facts.containment.astype(float).round(2).tolist()
    ('duplicate', [[1.0, 0.89]])
    """
    bounds = bounds or dedupe_bounds()
    known = known or DocumentFacts.unknown(len(streams))
    return judge(measure_pairs(streams, pairs, bounds, known, frequency, rarity), bounds)


def measure_pairs(
    streams: Ragged,
    pairs: NDArray[np.uint32],
    bounds: Bounds,
    known: DocumentFacts,
    frequency: NDArray[np.int64] | None = None,
    rarity: Rarity | None = None,
) -> PairFacts:
    """Compare the word streams of each pair.

    Args:
        streams: the word stream of each document (`anchors.word_stream`).
        pairs: uint32[k, 2], numbers of documents in `streams`.
        bounds: of the rules that will decide: pairs that no rule can accept are measured less.
        known: what else is known of the documents.
        frequency: how often each word occurs (`count_words`); without it no word counts as spoilt.
        rarity: which fingerprints are boilerplate.
    """
    k = len(pairs)
    lengths = streams.counts[pairs.reshape(-1)].reshape(k, 2)
    # The longer document of each pair is hashed, once for all its pairs.
    flipped = lengths[:, 0] > lengths[:, 1]
    shorter, longer = np.where(flipped, pairs.T[::-1], pairs.T)
    order = np.lexsort((shorter, longer))
    least = min(map(bounds.least, ("share", "scattered_share", "misread_share")))
    limits = np.array([bounds.most(name) for name in ("numbers", "names", "names_share")], np.float64)
    if frequency is None:
        frequency = np.zeros((columns.FREQUENCIES, 1 << columns.FREQUENCY_BITS), np.int64)
    measured = compare(
        streams.values, streams.offsets, longer[order], shorter[order], np.float32(least), lexicon(), limits, frequency
    )
    back = np.empty(k, np.int64)
    back[order] = np.arange(k)
    containment, longest, tallies = (part[back] for part in measured)
    for by_length in (containment, longest):
        by_length[flipped] = by_length[flipped, ::-1]
    return PairFacts(
        pairs,
        lengths,
        containment,
        longest,
        tallies,
        known.genre[pairs],
        known.damaged[pairs],
        known.appended[pairs],
        known.state_differs(pairs),
        np.zeros((k, 2), np.uint32),
        np.zeros((k, 2), np.bool_),
        np.zeros(k, np.bool_),
        rarity,
    )


def verdict_on(first: str, second: str, genre: str = NO_GENRE) -> str:
    """Return the verdict on two texts of a genre: the kind, the rule, and the only text that may be dropped, if any.

    >>> verdict_on("La luna sale sobre el mar en calma", "Los peces duermen en el fondo")
    'none'
    """
    streams = word_stream(WordTable.of([first, second]))
    known = replace(DocumentFacts.unknown(2), genre=np.full(2, GENRE_NUMBERS[genre], np.uint8))
    made = verify_pairs(streams, np.array([[0, 1]], np.uint32), known=known)
    droppable = {A_IN_B: "first", B_IN_A: "second"}.get(int(made.stands[0]), "")
    return " ".join(filter(None, (KINDS[made.kind[0]], RULE_NAMES[made.rule[0]], droppable)))


def judge(facts: PairFacts, bounds: Bounds, rules: Sequence[Rule] = RULES) -> Verdicts:
    """Return the verdicts by the rules, each pair by the bounds of its genre.

    Args:
        facts: what was measured of the pairs; `added`, `stands` and `template` are written to.
        bounds: of all rules.
        rules: in their order.
    """
    kind, rule = np.zeros(len(facts), np.uint8), np.zeros(len(facts), np.uint8)
    own = np.array([genre in bounds.by_genre for genre in GENRE_NUMBERS])
    group_of = np.where(own[facts.genre], facts.genre, GENRE_NUMBERS[NO_GENRE])
    for genre, number in GENRE_NUMBERS.items():
        rows = np.flatnonzero(group_of == number)
        if len(rows) == len(facts):
            kind, rule = _judge_by(facts, bounds.of(genre), rules)
        elif len(rows):
            some = facts.take(rows)
            kind[rows], rule[rows] = _judge_by(some, bounds.of(genre), rules)
            facts.added[rows], facts.stands[rows] = some.added, some.stands
    return Verdicts(facts, (facts.stands @ np.array([A_IN_B, B_IN_A])).astype(np.uint8), kind, rule)


def _judge_by(
    facts: PairFacts, bounds: Mapping[str, float], rules: Sequence[Rule]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the kinds and the rules of pairs, all by the same bounds; writes to the facts as `judge` does."""
    stands, template = facts.stands, facts.template
    rule = np.zeros(len(facts), np.uint8)
    contained, variant = np.zeros(len(facts), np.bool_), np.zeros(len(facts), np.bool_)
    for number, one in enumerate(rules, 1):
        if one.effect is Effect.EXTEND:
            facts.added[:] = words_added(facts, bounds)
        mask = one.mask(facts, bounds)
        if one.effect is Effect.ACCEPT:
            stands |= mask
            rule[(rule == 0) & mask.any(axis=1)] = number
        elif one.effect is Effect.EXTEND:
            stands |= mask
            rule[mask.any(axis=1)] = number
        elif one.effect is Effect.REFUSE:
            accepted = stands.any(axis=1)
            stands &= ~(mask & ~template[:, None])
            rule[accepted & ~stands.any(axis=1)] = number
        elif one.effect is Effect.TEMPLATE:
            mask &= stands.any(axis=1) & ~template
            template |= mask
            rule[mask] = number
        elif one.effect is Effect.CONTAINED:
            contained = mask
        elif one.effect is Effect.VARIANT:
            mask &= stands.any(axis=1) & ~template & ~variant & (rule != EQUAL) & (rule != APPENDED)
            variant |= mask
            rule[mask] = number
    tests = [template, ~stands.any(axis=1), contained, variant]
    return np.select(tests, [TEMPLATE, NONE, CONTAINED, VARIANT], DUPLICATE).astype(np.uint8), rule
