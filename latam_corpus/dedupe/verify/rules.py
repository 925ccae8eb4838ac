"""The rules that classify a pair of documents as a copy, a template, a variant or none of these.

Rules are applied in the order of RULES. A rule is a function of the facts of k pairs (`pair_facts.py`) and of its
bounds, which are in `filters/dedupe/`. It returns a mask: bool[k, 2] of the documents that it matches, or bool[k] of
the pairs.

To add a rule, write its function, add a row to RULES, and add its bounds to `filters/dedupe/default.toml`. A bound may
have another value for some genres, in a separate file such as `filters/dedupe/prose.toml`.

No bound on the share of common words can distinguish copies: decrees, weather reports and obituaries share .72 to .91
of their words. Between two shared runs, a copy has the same numbers and names, or misread ones; another text on the
same form has different ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from latam_corpus.dedupe.verify import verify_kernels as columns
from latam_corpus.messages import _

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.dedupe.verify.pair_facts import PairFacts
    from latam_corpus.messages import Message

Values: TypeAlias = Mapping[str, float]
Mask: TypeAlias = "NDArray[np.bool_]"


class Effect(Enum):
    """The effect of a rule on the pairs that it matches."""

    ACCEPT = "the document is in the other one"
    REFUSE = "the document is not in the other one after all"
    EXTEND = "the document is in the other one too, apart from what was added to it"
    TEMPLATE = "the two are texts of one form"
    CONTAINED = "one document is in a much longer one"
    VARIANT = "the two are versions of one work"


@dataclass(frozen=True)
class Rule:
    """A named rule.

    Attributes:
        name: the name in `Verdicts.rule` and in the output of `explain`.
        effect: its effect.
        test: the function that returns the mask.
        bounds: the names of the bounds that are passed to it.
        label: the reason that `explain` shows for a match; None if matches aren't shown.
    """

    name: str
    effect: Effect
    test: Callable[[PairFacts, Values], Mask]
    bounds: tuple[str, ...] = ()
    label: Message | None = None

    def mask(self, facts: PairFacts, bounds: Values) -> Mask:
        """Return the mask of the documents or pairs that the rule matches."""
        return self.test(facts, {name: bounds[name] for name in self.bounds})


# Rules that decide whether a document is in the other.


def equal(facts: PairFacts, _bounds: Values) -> Mask:
    """Match both documents if they have the same words in the same order.

    >>> from latam_corpus.dedupe.verify.verify_pairs import verdict_on
    >>> verdict_on("La luna sale.", "la LUNA, sale")
    'duplicate equal'
    """
    return _both(facts.count(columns.SAME) > 0)


def share(facts: PairFacts, bounds: Values) -> Mask:
    """Match a document if enough of its words are in shared runs; a short one must also have a similar length.

    >>> from latam_corpus.dedupe.verify.verify_pairs import verdict_on
    >>> tale = "Cuando bajó el agua los del barrio salieron a buscar lo que la crecida se había llevado"
    >>> verdict_on(tale, f"{tale} río abajo"), verdict_on(tale, f"Al alba {tale[24:]} río abajo")
    ('duplicate share', 'none')
    """
    needed = np.where(
        facts.lengths < bounds["short_words"],
        bounds["short_share"],
        np.where(facts.lengths < bounds["middle_words"], bounds["middle_share"], bounds["share"]),
    ).astype(np.float32)  # the precision of the shares: 70 of 100 words are .70
    is_together = facts.count(columns.TOGETHER) >= bounds["short_share"] * facts.words
    fits = (facts.words >= bounds["short_words"]) | (facts.ratio >= bounds["short_ratio"]) | is_together
    return _mask((facts.containment >= needed) & fits[:, None])


def scattered(facts: PairFacts, bounds: Values) -> Mask:
    """Match a document that shares fewer words, if most of the rest looks like damage.

    >>> from latam_corpus.dedupe.verify.verify_pairs import verdict_on
    >>> words = ["El", *(f"cas{chr(97 + n % 26)}{n // 26 * 'o'}" for n in range(120))]
    >>> scan = [w.replace("c", "e") if n % 8 > 5 else "ruido" if n % 8 == 5 else w for n, w in enumerate(words)]
    >>> verdict_on(" ".join(words), " ".join(scan))
    'duplicate scattered'
    """
    enough = (facts.containment >= bounds["scattered_share"]) & (facts.likeness >= bounds["scattered_alike"])
    return _mask((facts.lengths >= bounds["scattered_words"]) & enough)


def misread(facts: PairFacts, bounds: Values) -> Mask:
    """Match a document if nearly all its words are shared or look like their counterparts.

    >>> from latam_corpus.dedupe.verify.verify_pairs import verdict_on
    >>> tale = "Cuando bajó el agua los del barrio salieron a buscar lo que la crecida se había llevado una mesa "
    >>> tale += "dos gallinas la campana de la escuela y el banco de la plaza que apareció en la otra orilla"
    >>> verdict_on(tale, tale.replace("c", "e"))
    'duplicate misread'
    """
    # Any longer text has words that look like those of a short text.
    fits = (facts.words >= bounds["middle_words"]) | (facts.ratio >= bounds["short_ratio"])
    fits &= facts.words >= bounds["short_words"]
    enough = (facts.containment >= bounds["misread_share"]) & (facts.likeness >= bounds["misread_alike"])
    return _mask(fits[:, None] & enough)


def own_passage(facts: PairFacts, bounds: Values) -> Mask:
    """Match the longer document if it has a passage that the other lacks, either one if it has another chapter.

    >>> from latam_corpus.dedupe.verify.verify_pairs import verdict_on
    >>> tale = "Cuando bajó el agua los del barrio salieron a buscar lo que la crecida se había llevado una mesa "
    >>> tale += "dos gallinas la campana de la escuela y el banco de la plaza que apareció en la otra orilla"
    >>> verdict_on(tale, f"{tale} {tale[::-1]}")
    'duplicate share first'
    """
    longest = np.maximum(bounds["passage_run"], bounds["passage_share"] * facts.lengths)
    passage = (facts.lengths > facts.lengths[:, ::-1]) & (facts.longest_run > longest)
    return _mask(passage | (facts.longest_run > bounds["chapter"]))


def appended(facts: PairFacts, bounds: Values) -> Mask:
    """Match the longer document if its additional words are a menu, a summary or questions.

    >>> from latam_corpus.dedupe.verify.verify_pairs import verdict_on
    >>> text, own = [chr(97 + n % 26) + "o" * (1 + n // 26) for n in range(100)], ["nx" + "i" * n for n in range(99)]
    >>> summary = [word for n in range(25) for word in (*text[4 * n : 4 * n + 4], *own[3 * n : 3 * n + 3])]
    >>> verdict_on(" ".join(text), " ".join(text + summary + own[75:]))
    'duplicate appended'
    """
    added = np.maximum(facts.appended, facts.added)
    own_words = np.maximum(facts.lengths - added, 1)
    own_containment = facts.containment * facts.lengths / own_words
    needed = np.where(own_words < bounds["middle_words"], bounds["middle_share"], bounds["share"])
    return _mask(
        (added > 0)
        & (added[:, ::-1] == 0)
        & facts.is_in_other[:, ::-1]
        & ~facts.is_in_other
        & (own_words >= bounds["short_words"])
        & (own_containment >= needed)
    )


def words_added(facts: PairFacts, bounds: Values) -> NDArray[np.uint32]:
    """Return the number of words added to each document, judged by a document that is in it, uint32[k, 2].

    Words count as added if they repeat pieces of the text, as a summary does, or if many documents have them while few
    have the words that the two documents share.
    """
    own_words = np.ceil((1 - facts.containment) * facts.lengths).astype(np.int64)
    longer = facts.is_in_other[:, ::-1] & (facts.lengths > facts.lengths[:, ::-1])
    added = longer * facts.tallies[:, [columns.PICKED]]
    checked = np.flatnonzero((longer & (own_words >= bounds["added_words"])).any(axis=1))
    if facts.rarity is not None and len(checked):
        counts = facts.rarity.counts(facts.pairs[checked])
        shared_by_many = 2 * counts[:, [columns.BOTH + 1]] > counts[:, [columns.BOTH]]
        own_anchors, common_anchors = (
            counts[:, [columns.OWN, columns.OTHERS]],
            counts[:, [columns.OWN + 1, columns.OTHERS + 1]],
        )
        # A long text keeps at most one fingerprint of a notice of two lines.
        enough = np.where(common_anchors == own_anchors, 1, bounds["added_anchors"])
        by_many = (common_anchors >= enough) & (2 * common_anchors >= own_anchors) & ~shared_by_many
        added[checked] = np.maximum(added[checked], own_words[checked] * (longer[checked] & by_many))
    return np.asarray(added, np.uint32)


# Rules for two texts on the same form.


def numbers(facts: PairFacts, bounds: Values) -> Mask:
    """Match two texts if most corresponding numbers differ, or if hardly anything else differs.

    >>> from latam_corpus.dedupe.verify.verify_pairs import verdict_on
    >>> tale = "Cuando bajó el agua los del barrio salieron a buscar lo que la crecida se había llevado una mesa "
    >>> tale += "dos gallinas la campana de la escuela y el banco de la plaza que apareció en la otra orilla"
    >>> verdict_on(f"{tale} el 15 de mayo", f"{tale} el 16 de mayo")
    'template numbers'
    """
    equal_count, different_count = facts.count(columns.NUMBERS_KEPT), facts.count(columns.NUMBERS_SWAPPED)
    mostly_differ = (equal_count + different_count >= bounds["numbers"]) & (equal_count <= different_count)
    any_differs = (facts.words < bounds["short_words"]) & (different_count > 0)
    return _mask(mostly_differ | any_differs | _slots_differ(facts, bounds) & (facts.count(columns.OTHER_NUMBERS) > 0))


def names(facts: PairFacts, bounds: Values) -> Mask:
    """Match two texts if most corresponding names differ, or if hardly anything else differs.

    >>> from latam_corpus.dedupe.verify.verify_pairs import verdict_on
    >>> tale = "Cuando bajó el agua los del barrio salieron a buscar lo que la crecida se había llevado una mesa "
    >>> tale += "dos gallinas la campana de la escuela y el banco de la plaza que apareció en la otra orilla"
    >>> verdict_on(f"{tale}. Firmado por Rosa Vera ante mí", f"{tale}. Firmado por Julio Paz ante mí")
    'template names'
    """
    equal_count, different_count = facts.count(columns.NAMES_KEPT), facts.count(columns.NAMES_SWAPPED)
    mostly_differ = (equal_count + different_count >= bounds["names"]) & (equal_count < different_count)
    mostly_differ &= different_count >= bounds["names_share"] * facts.count(columns.NAMES)
    any_differs = (facts.words < bounds["short_words"]) & (different_count > 0)
    other_slots = facts.count(columns.OTHER_NUMBERS) + facts.count(columns.DENIED)
    return _mask(
        mostly_differ | any_differs | _slots_differ(facts, bounds) & (facts.count(columns.SLOTS) > other_slots)
    )


def denial(facts: PairFacts, bounds: Values) -> Mask:
    """Match two texts if the only difference is an added or missing «no».

    >>> from latam_corpus.dedupe.verify.verify_pairs import verdict_on
    >>> tale = "Cuando bajó el agua los del barrio salieron a buscar lo que la crecida se había llevado una mesa "
    >>> tale += "dos gallinas la campana de la escuela y el banco de la plaza que apareció en la otra orilla"
    >>> verdict_on(tale, tale.replace("barrio salieron", "barrio no salieron"))
    'template denial'
    """
    only_slots_differ = (facts.count(columns.SLOTS) == facts.count(columns.DIFFERENT)) & (
        facts.count(columns.MISREAD) == 0
    )
    return _mask(_slots_differ(facts, bounds) & only_slots_differ & (facts.count(columns.DENIED) > 0))


def _slots_differ(facts: PairFacts, bounds: Values) -> Mask:
    """Return whether most differences are numbers, names and denials, at least one per `slot_words` words."""
    slots = facts.count(columns.SLOTS)
    return _mask(
        (slots > 0)
        & (slots * bounds["slot_words"] >= np.maximum(facts.words, 1))
        & (slots >= bounds["slot_share"] * facts.count(columns.DIFFERENT))
        & (slots >= bounds["slot_misread"] * facts.count(columns.MISREAD))
    )


_SLOT_BOUNDS: Final = ("slot_words", "slot_share", "slot_misread")

# Rules for pairs that share much but are different texts.


def saying(facts: PairFacts, bounds: Values) -> Mask:
    """Match a saying if it has a word that the other lacks: they are different sayings.

    >>> from latam_corpus.dedupe.verify.verify_pairs import verdict_on
    >>> verdict_on("más vale pájaro en mano que ciento volando", "más vale pájaro en mano que ciento volando alto")
    'duplicate share first'
    """
    return _mask((facts.lengths < bounds["saying_words"]) & (facts.containment < 1))


def boilerplate(facts: PairFacts, bounds: Values) -> Mask:
    """Match a document with much text of its own if the shared text is in many documents.

    >>> from latam_corpus.dedupe.verify.verify_pairs import verdict_on
    >>> tale = "Cuando bajó el agua los del barrio salieron a buscar lo que la crecida se había llevado una mesa "
    >>> tale += "dos gallinas la campana de la escuela y el banco de la plaza que apareció en la otra orilla"
    >>> verdict_on(tale, f"{tale} en la otra orilla")  # nothing is boilerplate without a corpus
    'duplicate share'
    """
    if facts.rarity is None:
        return np.zeros_like(facts.is_in_other)
    shorter = _shorter(facts)
    own_words = np.take_along_axis(facts.lengths * (1 - facts.containment), shorter, 1)[:, 0]
    strange = facts.longest_run.min(axis=1) >= bounds["strange_run"]
    strange &= facts.count(columns.ALIKE) < bounds["strange_alike"] * own_words
    candidates = facts.is_in_other & ~facts.template[:, None]
    runs = facts.own_runs
    checked = np.flatnonzero((candidates & ((runs >= bounds["nothing_rare_run"]) | strange[:, None])).any(axis=1))
    rare, runs = facts.rarity.shared(facts.pairs[checked]), runs[checked]
    refused = np.zeros_like(candidates)
    refused[checked] = ((runs >= bounds["nothing_rare_run"]) & (rare < bounds["nothing_rare_share"])) | (
        strange[checked, None] & (rare < bounds["strange_rare_share"])
    )
    return refused & candidates


def contained(facts: PairFacts, bounds: Values) -> Mask:
    """Match two documents if the longer one is long enough to be a container, such as an anthology.

    >>> from latam_corpus.dedupe.verify.verify_pairs import verdict_on
    >>> tale = "Cuando bajó el agua los del barrio salieron a buscar lo que la crecida se había llevado una mesa "
    >>> tale += "dos gallinas la campana de la escuela y el banco de la plaza que apareció en la otra orilla"
    >>> verdict_on(tale, f"{tale} {3 * tale[::-1]}")
    'contained share first'
    """
    short = facts.words < bounds["short_words"]
    return _mask(facts.ratio < np.where(short, bounds["short_ratio"], 1 / bounds["much_longer"]))


# Rules for two versions of one work.


def passages(facts: PairFacts, bounds: Values) -> Mask:
    """Match two texts if each has a different passage in several places.

    >>> from latam_corpus.dedupe.verify.verify_pairs import verdict_on
    >>> tale = "Cuando bajó el agua los del barrio salieron a buscar lo que la crecida se había llevado una mesa "
    >>> tale += "dos gallinas la campana de la escuela y el banco de la plaza que apareció en la otra orilla"
    >>> verse, other = "solo queda el río negro", "nunca vimos tanta agua junta"
    >>> first, second = (f"{tale} {own} {tale[::-1]} {own[::-1]} {tale}" for own in (verse, other))
    >>> verdict_on(first, second)
    'variant passages'
    """
    replaced = facts.count(columns.REPLACED)
    enough = replaced >= np.maximum(bounds["passages_words"], bounds["passages_share"] * facts.words)
    return _mask((replaced > 0) & enough & (facts.count(columns.PLACES) >= bounds["passages"]))


def spelling(facts: PairFacts, bounds: Values) -> Mask:
    """Match two texts if one replaces some words throughout, or if many words look alike and few others differ.

    >>> from latam_corpus.dedupe.verify.verify_pairs import verdict_on
    >>> tale = "Cuando bajó el agua los del barrio salieron a buscar lo que la crecida se había llevado una mesa "
    >>> tale += "dos gallinas la campana de la escuela y el banco de la plaza que apareció en la otra orilla"
    >>> old = f"{tale} y no ay rey ni reyna que {tale[::-1]} y ay reyna sin rey donde {tale} y vio que ay rey con reyna"
    >>> verdict_on(old, old.replace("ay ", "hai ").replace("rey", "rei"))
    'variant spelling'
    """
    words, misread_words, unlike = facts.words, facts.count(columns.MISREAD), _unlike(facts)
    regular = facts.count(columns.REGULAR)
    throughout = (regular > 0) & (regular >= bounds["spelled_share"] * words)
    throughout &= regular >= bounds["spelled_regular"] * facts.count(columns.IRREGULAR)
    scanned = facts.spoilt.max(axis=1) - facts.spoilt.min(axis=1)
    alike = (
        (words >= bounds["alike_words"])
        & (misread_words >= bounds["alike_share"] * words)
        & (unlike <= bounds["alike_unlike"] * misread_words)
        & (scanned < bounds["alike_scanned"] * misread_words)
    )
    # A text in a wrong charset also replaces words throughout.
    return _mask((throughout | alike) & (facts.damaged[:, 0] == facts.damaged[:, 1]))


def stated(facts: PairFacts, bounds: Values) -> Mask:
    """Match two texts with fewer differences than above if they state different countries, years or authors.

    >>> from latam_corpus.dedupe.verify.verify_pairs import verdict_on
    >>> tale = "Cuando bajó el agua los del barrio salieron a buscar lo que la crecida se había llevado una mesa "
    >>> tale += "dos gallinas la campana de la escuela y el banco de la plaza que apareció en la otra orilla"
    >>> verdict_on(tale, tale.replace("los del barrio", "las del pueblo"))  # neither text states anything
    'duplicate share'
    """
    replaced = facts.count(columns.REPLACED)
    passage = replaced >= np.maximum(bounds["passages_words"], bounds["stated_share"] * facts.words)
    single = (facts.words >= bounds["short_words"]) & (_unlike(facts) >= 2 * bounds["stated_share"] * facts.words)
    return _mask(facts.states_differ & (passage | single))


def _both(pairs: Mask) -> Mask:
    return np.repeat(pairs[:, None], 2, axis=1)


def _mask(values: Any) -> Mask:
    return np.asarray(values, np.bool_)


def _shorter(facts: PairFacts) -> NDArray[np.int64]:
    """Return the index of the shorter document in the pair, int64[k, 1]; 0 if both have the same length."""
    return facts.first_is_longer[:, None].astype(np.int64)


def _unlike(facts: PairFacts) -> NDArray[np.int32]:
    """Return the number of words without a counterpart, in the document with fewer of them, int32[k]."""
    return np.minimum(facts.count(columns.UNLIKE), facts.count(columns.OTHER_UNLIKE))


_LENGTHS: Final = ("short_words", "middle_words", "middle_share", "share")

RULES: Final = (
    Rule("equal", Effect.ACCEPT, equal, label=_("the same words")),
    Rule(
        "share", Effect.ACCEPT, share, (*_LENGTHS, "short_share", "short_ratio"),
        _("in common runs of three or more words"),
    ),
    Rule(
        "scattered", Effect.ACCEPT, scattered, ("scattered_words", "scattered_share", "scattered_alike"),
        _("in common runs of three or more words; the differences are scattered, as damage is"),
    ),
    Rule(
        "misread", Effect.ACCEPT, misread,
        ("short_words", "middle_words", "short_ratio", "misread_share", "misread_alike"),
        _("counting words that look alike, as in scanning errors"),
    ),
    Rule("own_passage", Effect.REFUSE, own_passage, ("passage_run", "passage_share", "chapter")),
    Rule("appended", Effect.EXTEND, appended, _LENGTHS, _("its additional text is a menu, a summary or questions")),
    Rule(
        "numbers", Effect.TEMPLATE, numbers, ("short_words", "numbers", *_SLOT_BOUNDS),
        _("the same template with different numbers"),
    ),
    Rule(
        "names", Effect.TEMPLATE, names, ("short_words", "names", "names_share", *_SLOT_BOUNDS),
        _("the same template with different names"),
    ),
    Rule("denial", Effect.TEMPLATE, denial, _SLOT_BOUNDS, _("the same template, but one of the two has a negation")),
    Rule("saying", Effect.REFUSE, saying, ("saying_words",)),
    Rule(
        "boilerplate", Effect.REFUSE, boilerplate,
        ("nothing_rare_share", "nothing_rare_run", "strange_run", "strange_alike", "strange_rare_share"),
    ),
    Rule("contained", Effect.CONTAINED, contained, ("short_words", "short_ratio", "much_longer")),
    Rule(
        "passages", Effect.VARIANT, passages, ("passages", "passages_words", "passages_share"),
        _("each has different passages throughout"),
    ),
    Rule(
        "spelling", Effect.VARIANT, spelling,
        ("spelled_share", "spelled_regular", "alike_words", "alike_share", "alike_unlike", "alike_scanned"),
        _("one has a different spelling"),
    ),
    Rule(
        "stated", Effect.VARIANT, stated, ("short_words", "passages_words", "stated_share"),
        _("each has different words, and they state different countries, years or authors"),
    ),
)  # fmt: skip
ADDED_BOUNDS: Final = ("added_words", "added_anchors")  # the bounds of `words_added`
BOUND_NAMES: Final = tuple(dict.fromkeys(name for rule in RULES for name in (*rule.bounds, *ADDED_BOUNDS)))
RULE_NAMES: Final = ("", *(rule.name for rule in RULES))
EQUAL: Final = RULE_NAMES.index("equal")
APPENDED: Final = RULE_NAMES.index("appended")
