"""Each bound of the comparison is tested at its limit and one word below it, on texts of made-up words."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import pytest

from latam_corpus.dedupe.fingerprints.anchors import CAPITAL_FLAG
from latam_corpus.dedupe.fingerprints.fingerprint_kernels import NUMBER_FLAG, WORD_BITS
from latam_corpus.dedupe.fingerprints.minhash import proposals_of
from latam_corpus.dedupe.fingerprints.scheme import Ragged, Scheme
from latam_corpus.dedupe.verify import verify_kernels as guards
from latam_corpus.dedupe.verify.bounds import dedupe_bounds
from latam_corpus.dedupe.verify.pair_facts import GENRE_NUMBERS, DocumentFacts, Rarity, lexicon
from latam_corpus.dedupe.verify.rules import RULE_NAMES
from latam_corpus.dedupe.verify.verify_kernels import ANCHORS
from latam_corpus.dedupe.verify.verify_pairs import A_IN_B, B_IN_A, KINDS, verify_pairs
from latam_corpus.vocabulary import GENRES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Words = NDArray[np.uint32]

_NEXT = (number for number in count(1) if not lexicon()[number])
_NUMBER, _CAPITAL = NUMBER_FLAG, CAPITAL_FLAG
_LOOK = 0b111  # the look of words that scanners confuse


class Said(NamedTuple):
    """The verdict on a pair: its kind and rule, and which of the two may be dropped for the other."""

    kind: str
    rule: str
    falls: str


def fresh(number: int, *, look: int = 0, flag: int = 0) -> Words:
    """Return so many words that no other text has."""
    return np.array([next(_NEXT) | look << WORD_BITS | flag for _ in range(number)], np.uint32)


def text(*parts: Words) -> Words:
    """Return a text of these parts."""
    return np.concatenate(parts)


def measured(a: Words, b: Words, rare: tuple[float, float] | None = None) -> Any:
    """Return the verdict on two texts with the measured facts."""
    streams = Ragged(text(a, b), np.array([0, len(a), len(a) + len(b)]))
    rarity = cast("Any", _Rare(rare)) if rare else None
    return verify_pairs(streams, np.array([[0, 1]], np.uint32), rarity=rarity)


class _Rare:
    """A rarity that gives every pair the same shares of rare anchors."""

    def __init__(self, shares: tuple[float, float]) -> None:
        self._shares = shares

    def shared(self, pairs: NDArray[np.uint32]) -> NDArray[np.float32]:
        """Return the shares."""
        return np.array([self._shares] * len(pairs), np.float32).reshape(-1, 2)

    def counts(self, pairs: NDArray[np.uint32]) -> NDArray[np.int32]:
        """Return zero anchors."""
        return np.zeros((len(pairs), ANCHORS), np.int32)


def said(a: Words, b: Words, rare: tuple[float, float] | None = None) -> Said:
    """Return the verdict on two texts, after checking that it is the same for the reversed pair."""
    forward, backward = _said(a, b, rare), _said(b, a, rare[::-1] if rare else None)
    turned = {"": "", "a": "b", "b": "a", "ab": "ab"}[backward.falls]
    assert forward == backward._replace(falls=turned)
    return forward


def _said(a: Words, b: Words, rare: tuple[float, float] | None) -> Said:
    # They begin with a capital, as in texts whose capitals mark names.
    result = measured(_begun(a), _begun(b), rare)
    inclusion = int(result.inclusion[0])
    return Said(
        KINDS[result.kind[0]],
        RULE_NAMES[result.rule[0]],
        "a" * bool(inclusion & A_IN_B) + "b" * bool(inclusion & B_IN_A),
    )


def _begun(words: Words) -> Words:
    result = words.copy()
    result[:1] |= np.uint32(_CAPITAL)
    return result


def halves(shared: int, own: int, second: int | None = None) -> tuple[Words, Words]:
    """Return two texts with a common passage, followed by passages of their own."""
    both = fresh(shared)
    return text(both, fresh(own)), text(both, fresh(own if second is None else second))


def scattered(runs: int, run: int, gap: int, alike: int = 0, last: int = 0) -> tuple[Words, Words]:
    """Return two texts with common runs and gaps between them, in which some words look alike."""
    parts: tuple[list[Words], list[Words]] = ([], [])
    for place in range(runs):
        common = fresh(run)
        local = alike * (place + 1) // runs - alike * place // runs
        for side in parts:
            side += [common, fresh(local, look=_LOOK), fresh(gap - local)]
    for side in parts:
        side.append(fresh(last))
    return text(*parts[0]), text(*parts[1])


# Shares of a text that are in the other.


@pytest.mark.parametrize(
    ("shared", "own", "kind"),
    [
        (70, 30, "duplicate"),  # 70 % of 100 words
        (69, 31, "none"),
        (70, 29, "none"),  # 71 % of 99 words
        (64, 15, "duplicate"),  # 81 % of 79 words
        (63, 16, "none"),
        (24, 6, "duplicate"),  # 80 % of 30 words
        (23, 7, "none"),
        (25, 4, "duplicate"),  # 86 % of 29 words
        (24, 5, "none"),
        (13, 1, "duplicate"),  # one of 14 words may differ
    ],
)
def test_a_copy_falls_with_just_enough_of_its_words_in_the_other(shared: int, own: int, kind: str) -> None:
    """A copy shares 70 % of a text from 100 words on, 80 % from 30 on, 85 % below, and all words below 14."""
    result = said(*halves(shared, own))
    assert result == ((kind, "share", "ab") if kind == "duplicate" else (kind, "", ""))


def test_the_share_is_that_of_the_one_that_falls() -> None:
    """The share of the dropped document counts: 70 % of it must be in the longer one."""
    assert said(*halves(70, 30, 35)) == ("duplicate", "share", "a")


def test_words_in_shorter_runs_than_three_are_not_shared() -> None:
    """A common run counts as shared from three words on."""
    for run, kind in ((2, "none"), (3, "duplicate")):
        common = [fresh(run) for _ in range(40)]
        first, second = ([part for piece in common for part in (piece, fresh(1))] for _ in range(2))
        assert said(text(*first), text(*second)).kind == kind


def test_order_counts() -> None:
    """The same words in another order are a different text."""
    words = fresh(120)
    assert said(words, words[::-1]) == ("none", "", "")
    assert said(words, words) == ("duplicate", "equal", "ab")


# Short texts in longer ones.


def test_a_short_text_falls_for_one_of_like_length_or_if_it_stands_in_one_place() -> None:
    """A text of 21 words may be scattered over 30 words, but must be in one place of a longer text."""
    words = fresh(21)
    scattered_copy = text(words[:10], fresh(5), words[10:], fresh(4))
    assert said(words, scattered_copy) == ("duplicate", "share", "a")
    assert said(words, text(scattered_copy, fresh(1))) == ("none", "", "")
    quotation = text(fresh(4), words, fresh(6))
    assert said(words, quotation) == ("contained", "share", "a")


@pytest.mark.parametrize(("inserted", "falls"), [(3, "a"), (4, "")])
def test_a_few_words_more_in_between_leave_a_place_one_place(inserted: int, falls: str) -> None:
    """Three words inserted into a quotation leave it in one place, four don't."""
    words = fresh(20)
    assert said(words, text(fresh(9), words[:10], fresh(inserted), words[10:], fresh(9))).falls == falls


def test_of_a_short_text_enough_must_stand_together() -> None:
    """Of a text of twenty words, 17 must be together to make a quotation."""
    for words_together, falls in ((17, "a"), (16, "")):
        words = fresh(20)
        assert (
            said(words, text(fresh(9), words[:words_together], fresh(9), words[words_together:], fresh(9))).falls
            == falls
        )
    # From thirty words on this isn't required.
    words = fresh(30)
    assert said(words, text(fresh(20), words[:15], fresh(30), words[15:])).falls == "a"


# Scattered damage and misread words.


def test_scattered_damage_is_damage() -> None:
    """A text with 60 % shared words and 16 % that look alike is a damaged copy."""
    assert said(*scattered(20, 3, 2, alike=16)) == ("duplicate", "scattered", "ab")


@pytest.mark.parametrize(
    ("runs", "run", "gap", "alike", "rule"),
    [
        (16, 4, 3, 20, "scattered"),  # 64 of 112 words are shared, 84 alike
        (16, 4, 3, 19, ""),
        (16, 5, 3, 16, "scattered"),  # 80 of 128 shared, 96 alike
        (16, 5, 3, 15, ""),
        (16, 3, 2, 12, "scattered"),  # 80 words
        (15, 3, 2, 15, ""),  # 75 words
        (18, 3, 2, 14, "scattered"),  # 54 of 90 shared, 68 alike
        (18, 3, 2, 13, ""),
    ],
)
def test_three_words_in_four_must_be_shared_or_look_alike(runs: int, run: int, gap: int, alike: int, rule: str) -> None:
    """Three quarters of a damaged copy's words must be shared or look alike, from 80 words on."""
    assert said(*scattered(runs, run, gap, alike=alike)).rule == rule


def test_less_than_55_per_cent_in_common_runs_is_no_scattered_damage() -> None:
    """A damaged copy shares at least 55 % of its words, unless it is a misread copy."""
    assert said(*scattered(11, 5, 4, alike=32, last=1)).rule == "scattered"  # 55 of 100
    assert said(*scattered(11, 5, 4, alike=32, last=2)).rule == ""  # 55 of 101


@pytest.mark.parametrize(
    ("runs", "run", "gap", "alike", "last", "rule"),
    [
        (10, 3, 3, 23, 0, "misread"),  # 30 of 60 shared, 53 alike: 88 %
        (10, 3, 3, 22, 0, ""),
        (5, 5, 5, 19, 0, "misread"),  # 25 of 50 shared, 44 alike
        (5, 5, 5, 18, 0, ""),
        (10, 3, 3, 30, 0, "misread"),
        (10, 3, 3, 30, 1, ""),  # 30 of 61 shared
        (5, 3, 3, 15, 0, "misread"),  # 30 words
        (4, 4, 3, 12, 0, ""),  # 28 words
    ],
)
def test_a_copy_of_which_nearly_all_looks_alike_is_misread(
    runs: int, run: int, gap: int, alike: int, last: int, rule: str
) -> None:
    """A misread copy shares half of its words, and 88 % are shared or look alike, from 30 words on."""
    assert said(*scattered(runs, run, gap, alike=alike, last=last)).rule == rule


def test_misread_words_are_told_of_both_lengths() -> None:
    """Each text of a pair of damaged copies is judged by its own length."""
    first, second = scattered(10, 3, 3, alike=23)
    assert said(first, text(second, fresh(1))) == ("duplicate", "misread", "a")
    first, second = scattered(20, 3, 2, alike=16)
    assert said(first, text(second, fresh(1))) == ("duplicate", "scattered", "ab")
    assert said(first, text(second, fresh(2))) == ("duplicate", "scattered", "a")


# Longer texts.


@pytest.mark.parametrize(("longer", "kind"), [(300, "duplicate"), (301, "contained")])
def test_what_is_more_than_three_times_as_long_is_a_container(longer: int, kind: str) -> None:
    """A text in one more than three times as long is contained, and a copy in a shorter one."""
    words = fresh(100)
    assert said(words, text(words, fresh(longer - 100))) == (kind, "share", "a")


def test_from_thirty_words_on_a_text_is_no_quotation_but_in_a_book() -> None:
    """From 30 words on, a text in one twice as long is a copy, not a quotation."""
    for number, kind in ((29, "contained"), (30, "duplicate")):
        words = fresh(number)
        assert said(words, text(words, fresh(number))).kind == kind


@pytest.mark.parametrize(("longer", "kind"), [(28, "duplicate"), (29, "contained")])
def test_a_short_text_is_a_quotation_in_one_a_third_longer(longer: int, kind: str) -> None:
    """A text of 20 words is a quotation in a text of over 28 words."""
    words = fresh(20)
    assert said(words, text(words, fresh(longer - 20))).kind == kind


@pytest.mark.parametrize(
    ("words", "own", "falls"),
    [
        (100, 25, "ab"),  # twenty-five additional words aren't a passage
        (100, 26, "a"),
        (2000, 40, "ab"),  # neither is a fiftieth of the longer text
        (2000, 42, "a"),
    ],
)
def test_a_text_with_a_passage_more_does_not_fall_for_a_shorter_one(words: int, own: int, falls: str) -> None:
    """A text with an additional passage isn't dropped for a shorter one, but the shorter one may be dropped for it."""
    both = fresh(words)
    assert said(both, text(both, fresh(own))) == ("duplicate", "share", falls)


@pytest.mark.parametrize(("first", "second", "falls"), [(35, 25, "ab"), (41, 19, "ab"), (42, 18, "a")])
def test_words_more_in_several_places_are_judged_by_the_longest_passage(first: int, second: int, falls: str) -> None:
    """Additional words in several places are judged by the longest passage."""
    both = fresh(2000)
    assert said(both, text(both[:900], fresh(first), both[900:], fresh(second))).falls == falls


def test_bounds_may_be_others() -> None:
    """Other bounds give other verdicts."""
    first, second = halves(75, 25)
    streams = Ragged(text(first, second), np.array([0, 100, 200]))
    pairs = np.array([[0, 1]], np.uint32)
    for share, kind in ((0.70, "duplicate"), (0.80, "none")):
        bounds = dedupe_bounds().with_values(share=share, scattered_alike=0.9)
        assert KINDS[verify_pairs(streams, pairs, bounds).kind[0]] == kind


def test_of_texts_alike_in_length_either_may_have_a_passage_of_its_own() -> None:
    """If two texts end differently, the longer one is kept; at equal length either may be dropped."""
    assert said(*halves(1500, 500)).falls == "ab"
    assert said(*halves(1500, 500, 501)).falls == "a"


# Texts of one form.


def form(unchanged: int, swapped: int, flag: int, *, words: int = 60, more: int = 0) -> tuple[Words, Words]:
    """Return two texts of one form, with some equal and some swapped names or numbers."""
    parts: tuple[list[Words], list[Words]] = ([], [])
    each = words // (swapped + 1)
    for place in range(swapped + 1):
        common = text(fresh(each), fresh((unchanged + more) * (not place), flag=flag))
        for side in parts:
            side += [common, fresh(1 if place < swapped else 0, flag=flag)]
    return text(*parts[0]), text(*parts[1])


@pytest.mark.parametrize(
    ("unchanged", "swapped", "kind"),
    [
        (0, 3, "template"),
        (0, 2, "duplicate"),
        (1, 2, "template"),
        (2, 2, "template"),
        (3, 2, "duplicate"),
        (3, 3, "template"),
    ],
)
def test_texts_with_other_numbers_are_of_one_form(unchanged: int, swapped: int, kind: str) -> None:
    """Two texts are of one form if they have three numbers and at least half of them are swapped."""
    result = said(*form(unchanged, swapped, _NUMBER, words=600))
    assert result.kind == kind
    assert result.rule == ("numbers" if kind == "template" else "share")
    assert result.falls == "ab"


@pytest.mark.parametrize(
    ("unchanged", "swapped", "kind"),
    [(0, 4, "template"), (0, 3, "duplicate"), (15, 4, "template"), (16, 4, "duplicate")],
)
def test_texts_with_other_names_are_of_one_form(unchanged: int, swapped: int, kind: str) -> None:
    """Two texts are of one form if they have four swapped names, at least a fifth of all names."""
    result = said(*form(0, swapped, _CAPITAL, more=unchanged, words=640))
    assert result.kind == kind
    assert result.rule == ("names" if kind == "template" else "share")


def test_misread_names_are_the_same_names() -> None:
    """Names that look alike count as equal, so that fewer swapped names make no form."""
    for alike, kind in ((4, "template"), (5, "duplicate")):
        common = [fresh(80) for _ in range(11)]
        parts: tuple[list[Words], list[Words]] = ([], [])
        for place, piece in enumerate(common):
            looks = [_LOOK if place < alike else 0] * (place < alike + 5)
            for side in parts:
                side.extend([piece, *(fresh(1, flag=_CAPITAL, look=look) for look in looks)])
        assert said(text(*parts[0]), text(*parts[1])).kind == kind, alike


@pytest.mark.parametrize(("flag", "rule"), [(_NUMBER, "numbers"), (_CAPITAL, "names")])
def test_in_a_short_text_one_swapped_is_enough(flag: int, rule: str) -> None:
    """Under thirty words a single different number or name makes another text of the form."""
    assert said(*form(0, 1, flag, words=28)) == ("template", rule, "ab")
    assert said(*form(5, 0, flag, words=20)).kind == "duplicate"
    first, second = form(0, 1, flag, words=24)
    assert said(first, text(second, fresh(8))) == ("template", rule, "a")


@pytest.mark.parametrize(("flag", "rule"), [(_NUMBER, "numbers"), (_CAPITAL, "names")])
@pytest.mark.parametrize(
    ("swapped", "words", "kind"),
    [(1, 140, "template"), (1, 160, "duplicate"), (2, 290, "template"), (2, 310, "duplicate")],
)
def test_one_name_or_number_in_150_words_makes_another_text_of_the_form(
    flag: int, rule: str, swapped: int, words: int, kind: str
) -> None:
    """One different name or number in 150 words makes another text of the form if nothing else differs."""
    result = said(*form(9, swapped, flag, words=words))
    assert (result.kind, result.rule) == (kind, rule if kind == "template" else "share")


@pytest.mark.parametrize(("other_count", "kind"), [(1, "template"), (2, "duplicate")])
def test_beside_other_differences_a_swapped_name_says_nothing(other_count: int, kind: str) -> None:
    """At least half of the differences must be names and numbers to make a form."""
    first, second = form(0, 1, _CAPITAL)
    for _ in range(other_count):
        common = fresh(9)
        first, second = text(first, fresh(1), common), text(second, fresh(1), common)
    assert said(first, second).kind == kind


@pytest.mark.parametrize(("misread", "kind"), [(1, "template"), (2, "duplicate")])
def test_in_a_scan_a_swapped_name_may_be_a_misread_one(misread: int, kind: str) -> None:
    """If more words look misread than names differ, the names count as misread too."""
    first, second = form(0, 1, _CAPITAL)
    for _ in range(misread):
        common = fresh(9)
        first, second = (text(side, fresh(1, look=_LOOK), common) for side in (first, second))
    assert said(first, second).kind == kind


def test_without_capitals_any_other_word_may_be_a_name() -> None:
    """If no word or every word has a capital, any different word may be a name."""
    common = fresh(30), fresh(30)
    first, second = (text(common[0], fresh(1), common[1]) for _ in range(2))
    assert said(first, second).kind == "duplicate"  # its first word has a capital
    streams = Ragged(text(first, second), np.array([0, 61, 122]))
    for flag in (0, _CAPITAL):
        result = Ragged(streams.values | np.uint32(flag), streams.offsets)
        built = verify_pairs(result, np.array([[0, 1]], np.uint32))
        assert (KINDS[built.kind[0]], RULE_NAMES[built.rule[0]]) == ("template", "names")


def test_a_form_is_a_form_only_of_texts_that_would_fall() -> None:
    """Two texts with different numbers are of one form only if they share enough to be copies."""
    first, second = form(0, 4, _NUMBER, words=60)
    assert said(text(first, fresh(60)), text(second, fresh(60))) == ("none", "", "")
    assert said(first, text(second, fresh(60))) == ("template", "numbers", "a")


# Boilerplate.


def licensed(own: int, second: int | None = None, *, around: int = 200, look: int = 0) -> tuple[Words, Words]:
    """Return two different texts inside one licence."""
    licence = fresh(around)
    half = around // 2
    sides = (fresh(number, look=look) for number in (own, own if second is None else second))
    first, second_text = (text(licence[:half], side, licence[half:]) for side in sides)
    return first, second_text


@pytest.mark.parametrize(
    ("own", "rare", "rule"),
    [
        (20, 0.39, "boilerplate"),
        (20, 0.40, "share"),
        (19, 0.39, "share"),
        (15, 0.04, "boilerplate"),
        (15, 0.05, "share"),
        (14, 0.0, "share"),
    ],
)
def test_texts_in_one_licence_are_not_copies(own: int, rare: float, rule: str) -> None:
    """Texts in one licence aren't copies if each has 20 own words and few common rare anchors, or 15 and hardly any."""
    result = said(*licensed(own), rare=(rare, rare))
    assert result == (("none", rule, "") if rule == "boilerplate" else ("duplicate", rule, "ab"))


def test_only_the_one_with_a_passage_of_its_own_is_kept_for_it() -> None:
    """Only the text with a passage of its own is kept; each is judged by its own rare anchors."""
    licence = fresh(200)
    bare, own = licence, text(licence[:100], fresh(25), licence[100:])
    assert said(bare, own, rare=(0.04, 0.04)) == ("duplicate", "share", "a")
    assert said(*licensed(25), rare=(0.04, 0.5)) == ("duplicate", "share", "b")


@pytest.mark.parametrize(
    ("own", "second", "rare", "alike", "rule"),
    [
        (20, 20, 0.39, 0, "boilerplate"),
        (20, 20, 0.40, 0, "share"),
        (19, 19, 0.39, 0, "share"),
        (20, 19, 0.39, 0, "share"),
        (20, 20, 0.39, 12, "share"),
        (20, 20, 0.39, 11, "boilerplate"),
    ],
)
def test_short_articles_under_one_menu_are_not_copies(
    own: int, second: int, rare: float, alike: int, rule: str
) -> None:
    """Articles under one menu aren't copies if each has twenty own words, few common rare anchors and no likeness."""
    menu = fresh(236)
    first_text, second_text = (
        text(menu[:100], fresh(alike, look=_LOOK), fresh(number - alike), menu[100:]) for number in (own, second)
    )
    assert said(first_text, second_text, rare=(rare, rare)).rule == rule


def test_likeness_is_asked_of_the_shorter_text() -> None:
    """Likeness is measured in the shorter text, whatever the longer one has in addition."""
    menu = fresh(236)
    first, second = (text(menu[:100], fresh(12, look=_LOOK), fresh(number - 12), menu[100:]) for number in (20, 40))
    assert said(first, second, rare=(0.19, 0.19)) == ("duplicate", "share", "a")


def test_a_form_is_no_boilerplate() -> None:
    """Two texts of one form are reported as such, even if their common words are boilerplate."""
    first, second = form(0, 4, _NUMBER, words=200)
    assert said(text(first, fresh(30)), text(second, fresh(30)), rare=(0.0, 0.0)) == ("template", "numbers", "ab")
    first, second = form(0, 30, _NUMBER, words=310)
    assert said(first, second, rare=(0.0, 0.0)) == ("template", "numbers", "ab")


def test_without_rarity_that_guard_is_off() -> None:
    """Without rarity the rule `boilerplate` is off."""
    assert said(*licensed(60)) == ("duplicate", "share", "ab")


def test_many_pairs_are_judged_each_by_itself() -> None:
    """The verdict on a pair doesn't depend on the other pairs of a lot."""
    menu = fresh(200)
    pairs = [
        *(halves(*sizes) for sizes in ((70, 30), (69, 31), (25, 4), (12, 1), (7, 0, 3), (72, 27, 30), (150, 0, 40))),
        *(scattered(20, 3, 2, alike=16), scattered(10, 3, 3, alike=23), scattered(4, 4, 3, alike=12)),
        *(form(0, 4, _NUMBER), form(0, 4, _CAPITAL), form(0, 1, _NUMBER, words=28), form(0, 1, _CAPITAL, words=40)),
        *((menu, text(menu[:100], fresh(size), menu[100:])) for size in (14, 25, 450)),
        *(licensed(size) for size in (14, 20, 60)),
        ((identical := fresh(1)), identical),
    ]
    texts = [side for pair in pairs for side in pair]
    streams = Ragged(text(*texts), np.concatenate(([0], np.cumsum([len(side) for side in texts]))))
    numbers = np.arange(len(texts), dtype=np.uint32).reshape(-1, 2)
    for rare in (None, (0.1, 0.1)):
        rarity = cast("Any", _Rare(rare)) if rare else None
        result = verify_pairs(streams, numbers, rarity=rarity)
        separate_results = [measured(*pair, rare) for pair in pairs]
        for name in ("kind", "rule", "inclusion"):
            assert getattr(result, name).tolist() == [int(getattr(item, name)[0]) for item in separate_results], name


def test_a_refused_pair_names_the_rule_that_refused_it() -> None:
    """A pair that is accepted first and refused later reports the rule that refused it."""
    assert said(*halves(72, 27, 30)) == ("none", "own_passage", "")
    assert said(*halves(12, 1)) == ("none", "saying", "")


# Variants.


def rewritten(places: int, own: int, *, distance: int = 20) -> tuple[Words, Words]:
    """Return two texts with passages of their own in the same places."""
    common = [fresh(distance) for _ in range(places + 1)]
    first, second = (
        text(*(part for piece in common[:-1] for part in (piece, fresh(own))), common[-1]) for _ in range(2)
    )
    return first, second


@pytest.mark.parametrize(
    ("places", "own", "distance", "rule"),
    [
        (2, 3, 20, "passages"),
        (1, 6, 30, "share"),  # one place
        (3, 2, 20, "share"),  # two words aren't a passage
        (2, 3, 64, "passages"),  # 6 of 198 words are 3 %
        (2, 3, 65, "share"),
        (2, 50, 200, "passages"),
        (1, 50, 200, "share"),
    ],
)
def test_a_variant_has_passages_of_its_own(places: int, own: int, distance: int, rule: str) -> None:
    """Passages of three or more words in two places, 3 % of the text, make a variant."""
    result = said(*rewritten(places, own, distance=distance))
    assert result == ("variant" if rule == "passages" else "duplicate", rule, "ab")


@pytest.mark.parametrize("genre", ["", *GENRES])
def test_single_other_words_make_no_variant_in_any_genre(genre: str) -> None:
    """A short text with one changed word in eight is a copy in every genre."""
    sides = rewritten(10, 1, distance=7)
    streams = Ragged(text(*map(_begun, sides)), np.array([0, len(sides[0]), 2 * len(sides[0])]))
    facts = replace(DocumentFacts.unknown(2), genre=np.full(2, GENRE_NUMBERS[genre], np.uint8))
    assert KINDS[verify_pairs(streams, np.array([[0, 1]], np.uint32), document_facts=facts).kind[0]] == "duplicate"


def spelled(words: int, times: int, now_and_then: int = 0, *, run: int = 12) -> tuple[Words, Words]:
    """Return two texts in which some words are always replaced, and others every second time."""
    old, new = fresh(words + now_and_then), fresh(words + now_and_then)
    parts: tuple[list[Words], list[Words]] = ([], [])
    for time in range(times):
        for place in range(words + now_and_then):
            common = fresh(run)
            is_unchanged = place >= words and time % 2 > 0
            for side, own in zip(parts, (old, old if is_unchanged else new), strict=True):
                side += [common, own[place : place + 1]]
    tail = fresh(run)
    return text(*parts[0], tail), text(*parts[1], tail)


@pytest.mark.parametrize(
    ("words", "times", "now_and_then", "rule"),
    [
        (3, 2, 0, "spelling"),
        (1, 7, 0, "spelling"),  # one word is enough
        (3, 1, 0, "share"),  # a word that occurs once is no evidence
        (6, 2, 4, "spelling"),  # twelve regular, four irregular
        (6, 2, 5, "share"),
    ],
)
def test_another_spelling_has_the_same_word_throughout(words: int, times: int, now_and_then: int, rule: str) -> None:
    """A different spelling regularly replaces one word in a hundred, and three times as many as irregularly."""
    assert said(*spelled(words, times, now_and_then)).rule == rule


@pytest.mark.parametrize(
    ("alike", "other_count", "run", "rule"),
    [
        (12, 1, 8, "spelling"),
        (12, 2, 8, "share"),  # one in four of a scan's misread words doesn't look like the right one
        (9, 0, 13, "spelling"),  # nine of 139 words look alike
        (7, 0, 16, "spelling"),  # seven of 135
        (8, 0, 19, "share"),  # eight of 179
        (9, 0, 10, "share"),  # 109 words
    ],
)
def test_many_words_that_look_alike_and_none_that_dont_are_another_spelling(
    alike: int, other_count: int, run: int, rule: str
) -> None:
    """From 120 words on, a twentieth of words that look alike, with few others, is a different spelling."""
    common = [fresh(run) for _ in range(alike + other_count + 1)]
    looks = [*[_LOOK] * alike, *[0] * other_count]
    first, second = (
        text(*(part for piece, look in zip(common[:-1], looks, strict=True) for part in (piece, fresh(1, look=look))),
             common[-1])
        for _ in range(2)
    )  # fmt: skip
    assert said(first, second).rule == rule


def test_the_bytes_of_another_charset_are_no_spelling() -> None:
    """A copy in a wrong charset is dropped rather than kept as a different spelling, because the damage differs."""
    first, second = map(_begun, spelled(4, 3))
    streams, pairs = (
        Ragged(text(first, second), np.array([0, len(first), len(first) + len(second)])),
        np.array([[0, 1]]),
    )
    for damaged, kind in (([0, 0], "variant"), ([3, 3], "variant"), ([0, 3], "duplicate")):
        facts = replace(DocumentFacts.unknown(2), damaged=np.array(damaged, np.int8))
        assert KINDS[verify_pairs(streams, pairs.astype(np.uint32), document_facts=facts).kind[0]] == kind


@pytest.mark.parametrize("stated", ["country", "year", "author"])
def test_of_texts_from_two_places_less_is_a_variant(stated: str) -> None:
    """Fewer differences make a variant if the two state different countries, years or authors."""
    for built in (rewritten(1, 6, distance=30), rewritten(10, 1, distance=13)):
        texts = [_begun(side) for side in built]
        streams = Ragged(text(*texts), np.array([0, len(texts[0]), len(texts[0]) + len(texts[1])]))
        for values, kind in (([1, 2], "variant"), ([1, 1], "duplicate"), ([0, 2], "duplicate")):
            stated_values: dict[str, Any] = {stated: np.array(values, np.uint32)}
            facts = replace(DocumentFacts.unknown(2), **stated_values)
            result = verify_pairs(streams, np.array([[0, 1]], np.uint32), document_facts=facts)
            assert KINDS[result.kind[0]] == kind, values
    identical = fresh(60)
    streams = Ragged(text(identical, identical), np.array([0, 60, 120]))
    facts = replace(DocumentFacts.unknown(2), country=np.array([1, 2], np.uint32))
    assert KINDS[verify_pairs(streams, np.array([[0, 1]], np.uint32), document_facts=facts).kind[0]] == "duplicate"


# Additions.


@pytest.mark.parametrize(
    ("body", "tail", "appended", "falls"),
    [
        (100, 60, (0, 60), "ab"),
        (100, 60, (0, 0), "a"),
        (100, 60, (60, 60), "a"),  # both have it, so it isn't counted
        (100, 60, (0, 17), "a"),  # 100 of 143 words that weren't added
        (100, 60, (0, 18), "ab"),
        (100, 180, (0, 180), "ab"),  # longer than the text itself
    ],
)
def test_a_text_with_something_added_may_fall_for_the_one_without(
    body: int, tail: int, appended: tuple[int, int], falls: str
) -> None:
    """A text with a menu, a summary or questions may be dropped for the one without, however long these are."""
    words = fresh(body)
    texts = words, text(words, fresh(tail))
    streams = Ragged(text(*texts), np.array([0, body, 2 * body + tail]))
    facts = replace(DocumentFacts.unknown(2), appended=np.array(appended, np.uint32))
    result = verify_pairs(streams, np.array([[0, 1]], np.uint32), document_facts=facts)
    inclusion = int(result.inclusion[0])
    assert "a" * bool(inclusion & A_IN_B) + "b" * bool(inclusion & B_IN_A) == falls
    assert RULE_NAMES[result.rule[0]] == ("appended" if falls == "ab" else "share")


# Long texts.


def test_in_long_texts_chance_counts_for_nothing() -> None:
    """Scattered runs of three words in a text of over 10,000 words don't make a copy."""
    chance = np.random.default_rng(4)
    book = fresh(12_000)
    places = chance.permutation(3_900)[:3_000] * 3
    scraps = text(*(part for at in places for part in (book[at : at + 3], fresh(1))))
    result = measured(scraps, book)
    assert KINDS[result.kind[0]] == "none"
    assert result.facts.containment[0, 0] < 0.05
    assert said(text(book, fresh(2)), text(book, fresh(2))) == ("duplicate", "share", "ab")


def test_in_long_texts_runs_count_that_stand_where_their_neighbours_do() -> None:
    """In long texts short runs count if they are in order, and runs of eight words anywhere."""
    book = fresh(12_000)
    edited = text(*(part for at in range(0, 12_000, 6) for part in (book[at : at + 5], fresh(1))))
    assert measured(edited, book).facts.containment[0].tolist() == pytest.approx([5 / 6, 5 / 6])
    for words, share in ((8, 8 / 9), (7, 0)):
        moved = text(*(part for at in range(0, 12_000, 40) for part in (book[-at - 40 :][:words], fresh(1))))
        assert measured(moved, book).facts.containment[0, 0] == pytest.approx(share)


@pytest.mark.parametrize(("own", "falls"), [(1000, "ab"), (1001, "")])
def test_a_text_with_a_chapter_of_its_own_falls_for_none(own: int, falls: str) -> None:
    """A text with over a thousand words of its own is never dropped, however much is shared."""
    assert said(*halves(6000, own)).falls == falls


# Gaps between two common runs.


def tally(first: list[Words], second: list[Words], *, run: int = 10) -> dict[str, int]:
    """Return the counts for two texts with these gaps between common runs."""
    common = [fresh(run) for _ in range(len(first) + 1)]
    a, b = (
        text(*(part for pair in zip(common, gaps, strict=False) for part in pair), common[-1])
        for gaps in (first, second)
    )
    return counted(a, b)


def counted(a: Words, b: Words) -> dict[str, int]:
    """Return the tallies of two texts, by name."""
    row = measured(a, b).facts.tallies[0]
    return {name: int(row[column]) for name, column in _COLUMNS.items()}


def picked(expected: dict[str, int], *names: str) -> list[int]:
    """Return some of the counts."""
    return [expected[name] for name in names]


_COLUMNS = {
    name: int(getattr(guards, name))
    for name in (
        *("ALIKE", "OWN_RUN", "OTHER_RUN", "NUMBERS_KEPT", "NUMBERS_SWAPPED"),
        *("NAMES", "NAMES_KEPT", "NAMES_SWAPPED", "TOGETHER", "SAME", "DIFFERENT", "SLOTS", "OTHER_NUMBERS", "DENIED"),
        *("REPLACED", "PLACES", "UNLIKE", "OTHER_UNLIKE", "REGULAR", "REGULAR_WORDS", "IRREGULAR", "MISREAD", "EDGE"),
    )
}


def word(identity: int, look: int = 0, flag: int = 0) -> Words:
    """Return one word."""
    return np.array([identity | look << WORD_BITS | flag], np.uint32)


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        (0b1, 0b1, 1),
        (0b111, 0b111, 1),
        (0b111, 0b110, 1),  # one letter more, two in common
        (0b1111, 0b0111, 1),
        (0b11011, 0b00111, 0),  # three letters apart, two in common
        (0b11110, 0b01111, 1),  # two apart, three in common
        (0b1110, 0b0111, 0),  # two apart, two in common
        (0b110, 0b011, 0),
        (0b11, 0b01, 0),  # one apart, one in common
        (0b1111_1110, 0b0111_1111, 1),
        (0b1111_1100, 0b0011_1111, 0),  # four apart
        (0b1111_1111_1000, 0b0111_1111_1100, 1),
        (0b1111_1111_0000, 0b0111_1111_1100, 0),
        (0, 0, 0),
    ],
)
def test_words_look_alike_by_their_letters(first: int, second: int, alike: int) -> None:
    """Two words look alike if at most two kinds of letters differ, and more are equal."""
    assert tally([fresh(1, look=first)], [fresh(1, look=second)])["ALIKE"] == alike


def test_a_number_is_only_itself() -> None:
    """A number looks like no other number and no word."""
    identical, first, second = (
        word(200_000, 0b111, _NUMBER),
        word(200_001, 0b111, _NUMBER),
        word(200_001, 0b110, _NUMBER),
    )
    assert picked(tally([fresh(1, look=_LOOK, flag=_NUMBER)], [fresh(1, look=_LOOK)]), "ALIKE", "NUMBERS_KEPT") == [
        0,
        0,
    ]
    assert picked(tally([fresh(1, look=_LOOK)], [fresh(1, look=_LOOK, flag=_NUMBER)]), "ALIKE", "NUMBERS_KEPT") == [
        0,
        0,
    ]
    gaps = [[text(fresh(1), number, fresh(1))] for number in (first, second)]
    assert picked(tally(*gaps), "ALIKE", "NUMBERS_KEPT", "NUMBERS_SWAPPED") == [0, 0, 1]
    assert picked(tally([identical], [identical]), "NUMBERS_KEPT", "NUMBERS_SWAPPED") == [1, 0]
    # Other words are identified by the 18 bits of identity alone.
    gaps = [[text(fresh(1), word(200_003, look), fresh(1))] for look in (0b1, 0b0)]
    assert tally(*gaps)["ALIKE"] == 1
    parted = text(fresh(1), identical, fresh(1)), text(fresh(1), identical, fresh(1))
    assert picked(tally([parted[0]], [parted[1]]), "ALIKE", "NUMBERS_KEPT", "NUMBERS_SWAPPED") == [1, 1, 0]


def test_a_word_is_itself_with_or_without_a_capital() -> None:
    """A word at the start of a sentence equals the same word in lower case."""
    plain, capital = word(200_002), word(200_002, flag=_CAPITAL)
    result = tally([text(fresh(1), plain, fresh(1))], [text(fresh(1), capital, fresh(1))])
    assert picked(result, "ALIKE", "NAMES") == [1, 0]
    result = tally([text(fresh(1), capital, fresh(1))], [text(fresh(1), plain, fresh(1))])
    assert picked(result, "ALIKE", "NAMES", "NAMES_KEPT") == [1, 1, 1]


@pytest.mark.parametrize(("shift", "alike"), [(0, 1), (1, 1), (3, 1), (4, 0)])
def test_a_place_may_be_off_by_three_words(shift: int, alike: int) -> None:
    """The place of a word may be shifted by three words that were lost or inserted, not by four."""
    marked = fresh(1, look=_LOOK)
    like = fresh(1, look=_LOOK)
    assert tally([text(marked, fresh(1))], [text(fresh(shift), like, fresh(1))])["ALIKE"] == alike
    assert tally([text(fresh(1), marked)], [text(fresh(1), like, fresh(shift))])["ALIKE"] == 1
    # If nothing is lost, only the word's own place counts.
    outside = tally([text(fresh(shift), marked, fresh(4 - shift))], [text(like, fresh(4))])
    assert outside["ALIKE"] == (shift == 0)


@pytest.mark.parametrize(("off", "expected"), [(0, 1), (3, 1), (4, 0)])
def test_names_and_numbers_are_looked_for_three_words_around(off: int, expected: int) -> None:
    """A name or number up to three words from its place is the same one."""
    for first, second in ((0, off), (off, 0)):
        for flag, column in ((_CAPITAL, "NAMES_KEPT"), (_NUMBER, "NUMBERS_KEPT")):
            name = text(fresh(1, look=_LOOK, flag=flag))
            first_gap = text(fresh(1), fresh(first), name, fresh(5 - first), fresh(1))
            second_gap = text(fresh(1), fresh(second), name, fresh(5 - second), fresh(1))
            tallies = tally([first_gap], [second_gap])
            assert tallies[column] == expected, (first, second, column)
            assert tallies["ALIKE"] == (off == 0)


def test_a_place_is_told_where_the_shorter_text_has_more_words_too() -> None:
    """A gap may be longer in the shorter text: places may be shifted by three words, and by six for names."""
    like, name = fresh(1, look=_LOOK), fresh(1, look=_LOOK, flag=_CAPITAL)
    for words, alike in ((0, 1), (2, 1), (3, 1), (4, 0)):
        result = tally([text(fresh(words), fresh(1, look=_LOOK)), fresh(0)], [like, fresh(20)])
        assert result["ALIKE"] == alike
    for words, kept_count in ((6, 1), (7, 0)):
        misread = fresh(1, look=_LOOK, flag=_CAPITAL)
        assert tally([text(fresh(words), name), fresh(0)], [misread, fresh(20)])["NAMES_KEPT"] == kept_count
        result = tally([text(name, fresh(1))], [text(fresh(words), misread, fresh(2))])
        assert result["NAMES_KEPT"] == kept_count


def test_swapped_are_only_those_that_have_one_opposite() -> None:
    """A number or name is swapped only if the other text has one in its place."""
    for flag, swapped in ((_NUMBER, "NUMBERS_SWAPPED"), (_CAPITAL, "NAMES_SWAPPED")):
        three = fresh(3, flag=flag)
        assert tally([three], [text(fresh(2), fresh(1, flag=flag))])[swapped] == 1
        assert tally([three], [fresh(3, flag=flag)])[swapped] == 3
        assert tally([three], [fresh(3)])[swapped] == 0
        assert tally([fresh(3)], [fresh(3, flag=flag)])[swapped] == 0
        assert tally([fresh(1, flag=flag)], [fresh(3, flag=flag)])[swapped] == 1


def test_numbers_and_names_are_counted_of_the_shorter_text() -> None:
    """Numbers and names are counted in the shorter text, and a number with a capital is a number."""
    inside = text(fresh(5), fresh(2, flag=_NUMBER), fresh(3, flag=_CAPITAL), fresh(1, flag=_NUMBER | _CAPITAL))
    result = counted(text(inside, fresh(2)), text(inside, fresh(3, flag=_NUMBER)))
    assert picked(result, "NUMBERS_KEPT", "NUMBERS_SWAPPED", "NAMES", "NAMES_KEPT", "NAMES_SWAPPED") == [3, 0, 3, 0, 0]
    result = tally([fresh(1, flag=_NUMBER | _CAPITAL)], [fresh(1, flag=_NUMBER | _CAPITAL)])
    assert picked(result, "NUMBERS_SWAPPED", "NAMES", "NAMES_SWAPPED") == [1, 0, 0]


@pytest.mark.parametrize(("width", "alike"), [(40, 40), (41, 0)])
def test_a_long_gap_is_another_passage(width: int, alike: int) -> None:
    """Gaps of up to forty words are compared word by word; longer ones aren't."""
    gaps = [[text(fresh(width - 1, look=_LOOK), fresh(1, look=_LOOK, flag=_NUMBER))] for _ in range(2)]
    result = tally(*gaps, run=60)
    assert result["ALIKE"] == max(alike - 1, 0)
    assert picked(result, "NUMBERS_KEPT", "NUMBERS_SWAPPED") == [0, int(width == 40)]
    # Numbers in common runs are kept, however far from the gap.
    previous = text(fresh(5, flag=_NUMBER), fresh(55))
    both = [text(previous, *gap, previous[:60]) for gap in gaps]
    assert counted(*both)["NUMBERS_KEPT"] == 10


@pytest.mark.parametrize(("width", "alike"), [(80, 5), (81, 0)])
def test_a_gap_twice_as_long_in_the_other_text_is_another_passage(width: int, alike: int) -> None:
    """A short gap is compared with a gap of up to eighty words in the other text."""
    first, second = fresh(5, look=_LOOK), text(fresh(5, look=_LOOK), fresh(width - 5, look=_LOOK))
    assert tally([first], [second], run=80)["ALIKE"] == alike


@pytest.mark.parametrize(("island", "run"), [(3, 20), (4, 20), (5, 10)])
def test_a_chance_run_ends_no_passage(island: int, run: int) -> None:
    """Four common words inside different content are chance; five end the passage."""
    result = counted(*_with_island(island, 10, 10))
    assert picked(result, "OWN_RUN", "OTHER_RUN") == [run, run]


def _with_island(island: int, previous: int, following: int, *, look: int = 0) -> tuple[Words, Words]:
    common = fresh(60), fresh(island), fresh(60)
    first, second = (
        text(common[0], fresh(previous, look=look), common[1], fresh(following, look=look), common[2]) for _ in range(2)
    )
    return first, second


def test_a_passage_is_of_words_that_are_neither_common_nor_alike() -> None:
    """The longest passage of each text has only words that are neither shared nor alike."""
    result = tally([fresh(7), fresh(3), fresh(1)], [fresh(4), fresh(9), fresh(2)])
    assert picked(result, "OWN_RUN", "OTHER_RUN") == [7, 9]
    result = tally([text(fresh(6, look=_LOOK), fresh(3))], [text(fresh(6, look=_LOOK), fresh(5))])
    assert picked(result, "ALIKE", "OWN_RUN", "OTHER_RUN") == [6, 3, 5]
    result = tally([fresh(6, look=_LOOK)], [fresh(6, look=_LOOK)])
    assert picked(result, "OWN_RUN", "OTHER_RUN") == [0, 0]
    # More words may look alike than the other text has; the length of a passage is never negative.
    result = tally([fresh(3, look=_LOOK), fresh(2)], [fresh(1, look=_LOOK), fresh(2)])
    assert picked(result, "OWN_RUN", "OTHER_RUN") == [2, 2]


def test_before_the_first_common_run_places_are_told_from_its_start() -> None:
    """Before the first common run and after the last, places are counted from the run."""
    common = fresh(60)
    first, second = text(fresh(6, look=_LOOK), common), text(fresh(1), fresh(6, look=_LOOK), common)
    assert picked(counted(first, second), "ALIKE", "OWN_RUN", "OTHER_RUN") == [6, 0, 1]
    first, second = text(common, fresh(6, look=_LOOK)), text(common, fresh(6, look=_LOOK), fresh(1))
    assert picked(counted(first, second), "ALIKE", "OWN_RUN", "OTHER_RUN") == [6, 0, 1]
    # If the longer text begins with the common run, it has nothing before it.
    alike = fresh(60, look=_LOOK)
    result = counted(text(fresh(5, look=_LOOK), alike), text(alike, fresh(9)))
    assert picked(result, "ALIKE", "OWN_RUN", "OTHER_RUN") == [0, 5, 0]
    # The shorter may have more words before the run; the first word of the longer is compared too.
    first = text(fresh(1, look=_LOOK), fresh(5), common)
    assert counted(first, text(fresh(1, look=_LOOK), fresh(3), common, fresh(9)))["ALIKE"] == 1
    first, second = text(common, fresh(1, look=_LOOK)), text(common, fresh(3), fresh(1, look=_LOOK), fresh(9))
    assert counted(first, second)["ALIKE"] == 0
    # In a longer text a distant word isn't in the same place.
    first, second = text(fresh(2, look=_LOOK), common), text(fresh(2, look=_LOOK), fresh(9), common)
    assert counted(first, second)["ALIKE"] == 0
    first, second = text(common, fresh(2, look=_LOOK)), text(common, fresh(9), fresh(2, look=_LOOK))
    assert counted(first, second)["ALIKE"] == 0


def test_words_together_are_those_in_one_place() -> None:
    """Shared words are together up to a shift of three words, and the longest such stretch counts."""
    words = fresh(60)
    assert counted(words, text(words[:30], fresh(3), words[30:]))["TOGETHER"] == 60
    assert counted(words, text(words[:30], fresh(4), words[30:]))["TOGETHER"] == 30
    assert counted(words, text(words[:40], fresh(9), words[40:]))["TOGETHER"] == 40
    assert counted(words, text(words[:20], fresh(9), words[20:]))["TOGETHER"] == 40
    assert counted(text(words[:30], fresh(3), words[30:]), text(words, fresh(9)))["TOGETHER"] == 60
    assert counted(text(words[:30], fresh(4), words[30:]), text(words, fresh(9)))["TOGETHER"] == 30


def test_the_same_words_in_the_same_order_are_the_same() -> None:
    """Two texts are the same only if all words are equal in order, and empty texts never are."""
    for number in (1, 2, 3, 50):
        words = fresh(number)
        assert counted(words, words)["SAME"] == 1
        assert counted(words, text(words[:-1], fresh(1)))["SAME"] == 0
        assert counted(words, text(fresh(1), words[1:]))["SAME"] == 0
        assert counted(words, text(words, fresh(1)))["SAME"] == 0
    assert counted(fresh(0), fresh(0))["SAME"] == 0
    assert measured(fresh(2), fresh(2)).facts.containment.tolist() == [[0, 0]]
    assert measured(fresh(2), fresh(4)).facts.longest_run.tolist() == [[2, 4]]


# Kinds of differences.


def differences(first: list[Words], second: list[Words], *names: str, run: int = 20) -> list[int]:
    """Return some of the counts of two texts with these gaps between common runs, in which capitals mark names.

    What the second has more at its end makes it the longer one, and isn't compared.
    """
    common = [fresh(run) for _ in range(len(first) + 1)]
    common[0][0] |= _CAPITAL
    a, b = (
        text(*(part for pair in zip(common, gaps, strict=False) for part in pair), common[-1])
        for gaps in (first, second)
    )
    return picked(counted(a, text(b, fresh(100))), *names)


def known(what: int, number: int = 1) -> Words:
    """Return so many words that are numbers or denials in the lexicon."""
    result = np.flatnonzero(lexicon() == what).astype(np.uint32)
    assert len(result) > number
    return result[next(_KNOWN) % (len(result) - number) :][:number]


_KNOWN = count(0)
_TOLD = ("DIFFERENT", "SLOTS", "OTHER_NUMBERS", "DENIED", "UNLIKE", "OTHER_UNLIKE", "MISREAD")
_NUMERAL, _DENIAL = guards.NUMERAL, guards.DENIAL


def name(number: int = 1) -> Words:
    """Return so many names that no other text has."""
    return fresh(number, flag=_CAPITAL)


def figure(number: int = 1) -> Words:
    """Return so many numbers in digits."""
    return fresh(number, flag=_NUMBER)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # Words that replace words.
        (fresh(1), fresh(1), [1, 0, 0, 0, 1, 1, 0]),
        (fresh(2), fresh(3), [3, 0, 0, 0, 2, 3, 0]),
        (fresh(3), fresh(2), [3, 0, 0, 0, 3, 2, 0]),
        (fresh(2), fresh(0), [2, 0, 0, 0, 2, 0, 0]),
        (fresh(0), fresh(2), [2, 0, 0, 0, 0, 2, 0]),
        # Misread words, all of a gap or some.
        (fresh(2, look=_LOOK), fresh(2, look=_LOOK), [0, 0, 0, 0, 0, 0, 2]),
        (text(fresh(1, look=_LOOK), fresh(1)), text(fresh(1, look=_LOOK), fresh(1)), [1, 0, 0, 0, 1, 1, 1]),
        (fresh(1, look=_LOOK), fresh(2, look=_LOOK), [0, 0, 0, 0, 0, 0, 2]),
        (fresh(2, look=_LOOK), fresh(1, look=_LOOK), [0, 0, 0, 0, 0, 0, 2]),
        # Names and numbers that both have are slots; other words in a small gap belong to the slot.
        (name(), name(), [1, 1, 0, 0, 1, 1, 0]),
        (name(2), name(), [1, 1, 0, 0, 2, 1, 0]),
        (name(), name(2), [1, 1, 0, 0, 1, 2, 0]),
        (name(), fresh(1), [1, 0, 0, 0, 1, 1, 0]),
        (figure(), figure(), [1, 1, 1, 0, 1, 1, 0]),
        (text(figure(), name()), text(figure(), name()), [2, 2, 1, 0, 2, 2, 0]),
        (figure(2), figure(), [1, 1, 1, 0, 2, 1, 0]),
        (figure(), text(figure(), fresh(1)), [1, 1, 1, 0, 1, 2, 0]),
        (figure(), fresh(1), [1, 0, 0, 0, 1, 1, 0]),
        (text(name(), fresh(7)), text(name(), fresh(7)), [1, 1, 0, 0, 8, 8, 0]),
        (text(name(), fresh(8)), text(name(), fresh(8)), [9, 1, 0, 0, 9, 9, 0]),
        (text(name(), fresh(7)), text(name(), fresh(8)), [9, 1, 0, 0, 8, 9, 0]),
        # Numbers in words, months and days are slots too, on either side.
        (known(_NUMERAL), known(_NUMERAL), [1, 1, 1, 0, 1, 1, 0]),
        (known(_NUMERAL), figure(), [1, 1, 1, 0, 1, 1, 0]),
        (known(_NUMERAL), fresh(1), [1, 0, 0, 0, 1, 1, 0]),
        # An added «no» is a slot anywhere; a «no» that replaces a word isn't.
        (known(_DENIAL), fresh(0), [1, 1, 0, 1, 1, 0, 0]),
        (fresh(0), known(_DENIAL), [1, 1, 0, 1, 0, 1, 0]),
        (fresh(0), text(known(_DENIAL), fresh(1)), [2, 1, 0, 1, 0, 2, 0]),
        (text(fresh(1), known(_DENIAL)), fresh(0), [2, 1, 0, 1, 2, 0, 0]),
        (text(fresh(1), known(_DENIAL)), fresh(1), [2, 1, 0, 1, 2, 1, 0]),
        (fresh(1), text(fresh(1), known(_DENIAL)), [2, 1, 0, 1, 1, 2, 0]),
        (known(_DENIAL), fresh(1), [1, 0, 0, 0, 1, 1, 0]),
        (known(_DENIAL), known(_DENIAL), [1, 0, 0, 0, 1, 1, 0]),
        (text(name(), known(_DENIAL)), name(), [2, 2, 0, 1, 2, 1, 0]),
    ],
)  # fmt: skip
def test_each_difference_is_counted_as_what_it_is(first: Words, second: Words, expected: list[int]) -> None:
    """Words, misread words, names, numbers and denials are counted as such in both texts."""
    assert differences([first], [second], *_TOLD) == expected
    assert differences([second], [first], *_TOLD) == [*expected[:4], expected[5], expected[4], expected[6]]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (fresh(3), fresh(3), [3, 1]),
        (fresh(2), fresh(3), [0, 0]),  # two words aren't a passage
        (fresh(3), fresh(2), [0, 0]),
        (fresh(3), fresh(9), [3, 1]),
        (fresh(9), fresh(3), [9, 1]),
        # Half of the gap's words must differ in each text.
        (text(fresh(3, look=_LOOK), fresh(3)), text(fresh(3, look=_LOOK), fresh(3)), [3, 1]),
        (text(fresh(4, look=_LOOK), fresh(3)), text(fresh(4, look=_LOOK), fresh(3)), [0, 0]),
        (text(fresh(3, look=_LOOK), fresh(3)), text(fresh(3, look=_LOOK), fresh(4)), [3, 1]),
        (text(fresh(4, look=_LOOK), fresh(3)), text(fresh(4, look=_LOOK), fresh(5)), [0, 0]),
        (text(fresh(4, look=_LOOK), fresh(5)), text(fresh(4, look=_LOOK), fresh(3)), [0, 0]),
        (fresh(40), fresh(40), [40, 1]),
        # Over forty words in both are a passage too; in one alone they may be a page that the other lacks.
        (fresh(41), fresh(41), [41, 1]),
        (fresh(41), fresh(40), [0, 0]),
        (fresh(40), fresh(81), [0, 0]),
        (fresh(41), fresh(81), [41, 1]),
        (fresh(0), fresh(50), [0, 0]),
    ],
)
def test_a_passage_stands_for_another(first: Words, second: Words, expected: list[int]) -> None:
    """A passage replaces another if each has three or more words, most of the gap."""
    assert differences([first], [second], "REPLACED", "PLACES", run=90) == expected
    assert differences([first] * 2, [second] * 2, "REPLACED", "PLACES", run=90) == [2 * number for number in expected]


@pytest.mark.parametrize(
    ("width", "second", "expected"),
    [(40, 40, 40), (40, 41, 41), (41, 40, 41), (41, 60, 60), (41, 0, 41), (60, 41, 60), (0, 80, 80), (0, 81, 80),
     (50, 99, 80), (40, 80, 80), (90, 50, 90)],
)  # fmt: skip
def test_a_passage_of_one_alone_is_told_up_to_eighty_words(width: int, second: int, expected: int) -> None:
    """A passage that one text lacks counts at most eighty words."""
    assert differences([fresh(width)], [fresh(second)], "DIFFERENT", run=110) == [expected]


def at_edges(first: Words, second: Words, *names: str) -> tuple[list[int], list[int]]:
    """Return some of the counts of two texts that begin with these words, and of two that end with them."""
    common = fresh(100)
    common[:10] |= _CAPITAL
    previous = counted(text(first, common), text(second, common))
    return picked(previous, *names), picked(counted(text(common, first), text(common, second)), *names)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (fresh(2), fresh(2), [2, 0, 0, 0, 0, 0]),
        (fresh(3), fresh(3), [3, 0, 3, 0, 0, 0]),
        (fresh(8), fresh(9), [9, 0, 8, 0, 0, 0]),
        (fresh(4), fresh(8), [8, 0, 4, 0, 0, 0]),
        (fresh(3), fresh(8), [8, 0, 3, 0, 0, 0]),  # up to eight words any difference
        (fresh(4), fresh(9), [0, 0, 0, 0, 0, 0]),  # beyond, the shorter side must have half of the longer one's words
        (fresh(5), fresh(10), [10, 0, 5, 0, 0, 0]),
        (fresh(5), fresh(11), [0, 0, 0, 0, 0, 0]),
        (fresh(24), fresh(24), [24, 0, 24, 0, 0, 0]),
        (fresh(24), fresh(25), [0, 0, 0, 0, 0, 0]),  # a page's head
        (fresh(25), fresh(25), [0, 0, 0, 0, 0, 0]),
        (figure(), figure(), [1, 1, 0, 0, 0, 0]),
        (fresh(0), fresh(9), [0, 0, 0, 0, 0, 0]),
        (fresh(2, look=_LOOK), fresh(2, look=_LOOK), [0, 0, 0, 0, 0, 0]),
    ],
)
def test_before_the_first_common_run_and_after_the_last_little_is_compared(
    first: Words, second: Words, expected: list[int]
) -> None:
    """At the edges a line is compared, but not the head and foot of a page, and nothing counts as a passage."""
    names = "DIFFERENT", "SLOTS", "EDGE", "REPLACED", "UNLIKE", "OTHER_UNLIKE"
    assert at_edges(first, second, *names) == (expected, expected)


@pytest.mark.parametrize(("places", "expected"), [((3, 5), 5), ((5, 3), 5)])
def test_of_both_edges_the_longer_counts(places: tuple[int, int], expected: int) -> None:
    """The longer one of both edges counts."""
    common = fresh(100)
    first, second = (text(fresh(places[0]), common, fresh(places[1])) for _ in range(2))
    assert counted(first, second)["EDGE"] == expected


def test_what_the_longer_has_right_before_is_compared_with_nothing() -> None:
    """Up to three words of the longer text before the first run are counted as differences."""
    common = fresh(100)
    for words, expected in ((known(_DENIAL), [1, 1, 1]), (fresh(3), [3, 0, 3]), (fresh(4), [0, 0, 0])):
        assert picked(counted(common, text(words, common)), "DIFFERENT", "DENIED", "OTHER_UNLIKE") == expected


@pytest.mark.parametrize(("off", "expected"), [(0, [0, 0]), (1, [1, 1]), (3, [1, 1]), (4, [2, 2])])
def test_a_word_that_moved_by_three_places_is_the_same_word(off: int, expected: list[int]) -> None:
    """A word within three places is the same word, while likeness is tested only in its own place."""
    moved = fresh(1)
    first_words, second_words = (
        text(moved, fresh(9, look=_LOOK)),
        text(fresh(off, look=_LOOK), moved, fresh(9 - off, look=_LOOK)),
    )
    for first, second in ((first_words, second_words), (second_words, first_words)):
        assert differences([first], [second], "UNLIKE", "OTHER_UNLIKE") == expected
    assert differences([first_words], [second_words], "MISREAD") == [9 - bool(off)]


@pytest.mark.parametrize(("more", "expected"), [(2, [0, 1]), (3, [0, 1]), (4, [1, 0])])
def test_a_likeness_may_be_off_by_the_words_that_one_has_more(more: int, expected: list[int]) -> None:
    """Likeness may be shifted by up to three words that one text has in addition."""
    first, second = text(fresh(1), fresh(1, look=_LOOK)), text(fresh(1 + more), fresh(1, look=_LOOK))
    assert differences([first], [second], "UNLIKE", "MISREAD") == [1 + expected[0], expected[1]]
    assert differences([second], [first], "OTHER_UNLIKE", "MISREAD") == [1 + expected[0], expected[1]]
    # The same word is searched for three words further.
    own = fresh(1)
    for words, strange in ((3, 3), (4, 5)):
        assert differences([text(own, fresh(words))], [text(fresh(words + more), own)], "UNLIKE") == [strange]


@pytest.mark.parametrize("what", [_NUMERAL, _DENIAL])
def test_numbers_in_words_and_denials_are_not_misread(what: int) -> None:
    """Numbers in words, months and denials are like no other word."""
    first, second = (known(what) | np.uint32(_LOOK << WORD_BITS) for _ in range(2))
    assert differences([first], [second], "MISREAD", "DIFFERENT", "UNLIKE") == [0, 1, 1]
    # A different word may be a misread one, and replaces nothing.
    assert differences([first], [fresh(1, look=_LOOK)], "MISREAD", "UNLIKE", "OTHER_UNLIKE") == [1, 1, 0]
    assert differences([fresh(1, look=_LOOK)], [first], "MISREAD", "UNLIKE", "OTHER_UNLIKE") == [1, 0, 1]


def test_capitals_say_nothing_where_all_words_have_them_or_none() -> None:
    """If all words or none have capitals, any different word may be a name."""
    for capitals, slots in ((0, 1), (1, 0), (60, 0), (63, 1), (101, 1)):
        common, own = fresh(101), (fresh(1), fresh(1))
        common[:capitals] |= _CAPITAL
        first, second = (text(common[:50], own_part, common[50:]) for own_part in own)
        assert picked(counted(first, second), "SLOTS", "DIFFERENT") == [slots, 1], capitals


# Regular replacements.


@pytest.mark.parametrize(
    ("words", "times", "now_and_then", "expected"),
    [
        (3, 2, 0, [6, 3, 0]),
        (1, 5, 0, [0, 0, 0]),  # five exchanged words are too few
        (1, 6, 0, [6, 1, 0]),
        (3, 1, 0, [0, 0, 0]),  # a single occurrence is no evidence
        (2, 3, 0, [6, 2, 0]),
        (4, 4, 0, [16, 4, 0]),
        (3, 4, 2, [12, 3, 4]),  # two of four times the same word: irregular
        (3, 2, 3, [6, 3, 3]),
        (0, 6, 2, [0, 0, 6]),
    ],
)
def test_what_stands_for_one_word_throughout_is_counted(
    words: int, times: int, now_and_then: int, expected: list[int]
) -> None:
    """Regular replacements are counted by occurrences and by distinct words, and irregular ones separately."""
    first, second = spelled(words, times, now_and_then, run=6)
    assert picked(counted(first, second), "REGULAR", "REGULAR_WORDS", "IRREGULAR") == expected


@pytest.mark.parametrize(("unchanged", "expected"), [(1, [8, 1, 0]), (2, [8, 1, 0]), (3, [0, 0, 8])])
def test_four_times_in_five_is_throughout(unchanged: int, expected: list[int]) -> None:
    """A replacement is regular if it is made in at least four of five places."""
    old, new = fresh(1), fresh(1)
    common = [fresh(6) for _ in range(9 + unchanged)]
    pairs = [(old, new)] * 8 + [(old, old)] * unchanged
    first, second = (
        text(*(part for piece, pair in zip(common, pairs, strict=False) for part in (piece, pair[side])), common[-1])
        for side in range(2)
    )
    assert picked(counted(first, second), "REGULAR", "REGULAR_WORDS", "IRREGULAR") == expected


def test_of_two_texts_the_one_that_tells_less_counts() -> None:
    """The counts are of the text with fewer regular replacements."""
    old, new = fresh(1), [fresh(1), fresh(1)]
    common = [fresh(6) for _ in range(13)]
    first = text(*(part for piece in common[:-1] for part in (piece, old)), common[-1])
    second = text(*(part for n, piece in enumerate(common[:-1]) for part in (piece, new[n % 2])), common[-1])
    assert picked(counted(first, second), "REGULAR", "REGULAR_WORDS", "IRREGULAR") == [0, 0, 12]
    assert picked(counted(second, first), "REGULAR", "REGULAR_WORDS", "IRREGULAR") == [0, 0, 12]


@pytest.mark.parametrize(("words", "expected"), [(600, 6), (601, 0)])
def test_a_spelling_is_told_by_one_word_in_a_hundred(words: int, expected: int) -> None:
    """At least one word in a hundred must be replaced to count as a spelling."""
    first, second = spelled(3, 2, run=6)
    tail = fresh(words - len(first))
    assert counted(text(first, tail), text(second, tail))["REGULAR"] == expected


# Rare anchors.


def test_rare_anchors_are_those_that_few_documents_have() -> None:
    """The share of common rare anchors is measured in each text, and is 0 for a text without rare anchors."""
    streams = Ragged(
        np.concatenate([np.arange(9), np.arange(5), np.arange(20, 24)]).astype(np.uint32), np.array([0, 9, 18])
    )
    scheme = Scheme()
    first, second = (proposals_of(streams, scheme).of(place) for place in range(2))
    both = np.intersect1d(first, second)
    pairs = np.array([[0, 1], [1, 0]], np.uint32)
    share = len(both) / len(first), len(both) / len(second)
    assert 0 < min(share) < 1
    assert Rarity(streams, scheme, np.zeros(0, np.uint64)).shared(pairs) == pytest.approx(
        np.array([share, share[::-1]])
    )
    without = Rarity(streams, scheme, both[:1]).shared(pairs[:1])
    assert without[0, 0] == pytest.approx((len(both) - 1) / (len(first) - 1))
    all_anchors = np.union1d(first, second)
    assert Rarity(streams, scheme, all_anchors).shared(pairs).tolist() == [[0, 0], [0, 0]]
    only = np.setdiff1d(first, both[:1])
    assert Rarity(streams, scheme, only).shared(pairs[:1])[0, 0] == 1
    separate_streams = Ragged(
        text(np.arange(9, dtype=np.uint32), fresh(9), np.arange(9, dtype=np.uint32)), np.array([0, 9, 18, 27])
    )
    none = Rarity(separate_streams, scheme, np.zeros(0, np.uint64))
    assert none.shared(np.array([[0, 1], [1, 2], [0, 2]], np.uint32)).tolist() == [[0, 0], [0, 0], [1, 1]]
    larger = np.sort(np.concatenate([all_anchors, all_anchors + np.uint64(1)]))
    assert Rarity(streams, scheme, larger).shared(pairs).tolist() == [[0, 0], [0, 0]]


def test_a_long_text_is_asked_only_for_anchors_that_it_could_have_kept() -> None:
    """Only anchors that the sampling of both texts keeps are compared."""
    words = fresh(2100)
    streams = Ragged(text(words[:100], words), np.array([0, 100, 2200]))
    shared = Rarity(streams, Scheme(), np.zeros(0, np.uint64)).shared(np.array([[0, 1]], np.uint32))
    assert shared[0, 0] == 1
    assert 0 < shared[0, 1] < 0.2
