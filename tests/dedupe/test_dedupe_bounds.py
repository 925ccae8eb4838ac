"""Each bound of the check: what falls with just enough, and stays with a word less. Texts are rows of made-up words."""

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
_LOOK = 0b111  # of words that scanners take for one another


class Said(NamedTuple):
    """What the check says of a pair: its kind and rule, and which of the two may fall for the other."""

    kind: str
    rule: str
    falls: str


def fresh(number: int, *, look: int = 0, flag: int = 0) -> Words:
    """So many words that no other text has."""
    return np.array([next(_NEXT) | look << WORD_BITS | flag for _ in range(number)], np.uint32)


def text(*parts: Words) -> Words:
    """A text of these parts."""
    return np.concatenate(parts)


def measured(a: Words, b: Words, rare: tuple[float, float] | None = None) -> Any:
    """What the check measures and decides of two texts."""
    streams = Ragged(text(a, b), np.array([0, len(a), len(a) + len(b)]))
    rarity = cast("Any", _Rare(rare)) if rare else None
    return verify_pairs(streams, np.array([[0, 1]], np.uint32), rarity=rarity)


class _Rare:
    """A rarity that says of every pair what a test wants: the share of rare anchors of each that the other has."""

    def __init__(self, shares: tuple[float, float]) -> None:
        self._shares = shares

    def shared(self, pairs: NDArray[np.uint32]) -> NDArray[np.float32]:
        """The shares."""
        return np.array([self._shares] * len(pairs), np.float32).reshape(-1, 2)

    def counts(self, pairs: NDArray[np.uint32]) -> NDArray[np.int32]:
        """Nothing that many documents have."""
        return np.zeros((len(pairs), ANCHORS), np.int32)


def said(a: Words, b: Words, rare: tuple[float, float] | None = None) -> Said:
    """What is said of two texts; turned round they are judged alike."""
    there, back = _said(a, b, rare), _said(b, a, rare[::-1] if rare else None)
    turned = {"": "", "a": "b", "b": "a", "ab": "ab"}[back.falls]
    assert there == back._replace(falls=turned)
    return there


def _said(a: Words, b: Words, rare: tuple[float, float] | None) -> Said:
    # They begin with a capital, as texts do in which capitals tell the names.
    made = measured(_begun(a), _begun(b), rare)
    inclusion = int(made.inclusion[0])
    return Said(
        KINDS[made.kind[0]], RULE_NAMES[made.rule[0]], "a" * bool(inclusion & A_IN_B) + "b" * bool(inclusion & B_IN_A)
    )


def _begun(words: Words) -> Words:
    made = words.copy()
    made[:1] |= np.uint32(_CAPITAL)
    return made


def halves(shared: int, own: int, other: int | None = None) -> tuple[Words, Words]:
    """Two texts with one passage in common, and passages of their own after it."""
    both = fresh(shared)
    return text(both, fresh(own)), text(both, fresh(own if other is None else other))


def scattered(runs: int, run: int, gap: int, alike: int = 0, last: int = 0) -> tuple[Words, Words]:
    """Two texts with so many common runs, between which each has a gap of words, some of which look alike."""
    parts: tuple[list[Words], list[Words]] = ([], [])
    for place in range(runs):
        common = fresh(run)
        here = alike * (place + 1) // runs - alike * place // runs
        for side in parts:
            side += [common, fresh(here, look=_LOOK), fresh(gap - here)]
    for side in parts:
        side.append(fresh(last))
    return text(*parts[0]), text(*parts[1])


# Shares of a text that stand in the other.


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
        (13, 1, "duplicate"),  # of 14 words one may be another
    ],
)
def test_a_copy_falls_with_just_enough_of_its_words_in_the_other(shared: int, own: int, kind: str) -> None:
    """70 % of a text of 100 words and more, 80 % from 30 on, 85 % below, all words of one under 14."""
    found = said(*halves(shared, own))
    assert found == ((kind, "share", "ab") if kind == "duplicate" else (kind, "", ""))


def test_the_share_is_that_of_the_one_that_falls() -> None:
    """A text of which 70 % stand in a longer one falls for it; of the longer one too little stands in the first."""
    assert said(*halves(70, 30, 35)) == ("duplicate", "share", "a")


def test_words_in_shorter_runs_than_three_are_not_shared() -> None:
    """Two common words between others are chance, three are a run."""
    for run, kind in ((2, "none"), (3, "duplicate")):
        common = [fresh(run) for _ in range(40)]
        one, other = ([part for piece in common for part in (piece, fresh(1))] for _ in range(2))
        assert said(text(*one), text(*other)).kind == kind


def test_order_counts() -> None:
    """The same words in another order are another text."""
    words = fresh(120)
    assert said(words, words[::-1]) == ("none", "", "")
    assert said(words, words) == ("duplicate", "equal", "ab")


# Short texts in longer ones.


def test_a_short_text_falls_for_one_of_like_length_or_if_it_stands_in_one_place() -> None:
    """Twenty-one words in thirty are a copy wherever they stand; in 31, which is too long, they must stand together."""
    words = fresh(21)
    apart = text(words[:10], fresh(5), words[10:], fresh(4))
    assert said(words, apart) == ("duplicate", "share", "a")
    assert said(words, text(apart, fresh(1))) == ("none", "", "")
    together = text(fresh(4), words, fresh(6))
    assert said(words, together) == ("contained", "share", "a")


@pytest.mark.parametrize(("inserted", "falls"), [(3, "a"), (4, "")])
def test_a_few_words_more_in_between_leave_a_place_one_place(inserted: int, falls: str) -> None:
    """Three words put into a quotation are a slip, four break it in two."""
    words = fresh(20)
    assert said(words, text(fresh(9), words[:10], fresh(inserted), words[10:], fresh(9))).falls == falls


def test_of_a_short_text_enough_must_stand_together() -> None:
    """Of twenty words seventeen in one place are a quotation, sixteen are not."""
    for together, falls in ((17, "a"), (16, "")):
        words = fresh(20)
        assert said(words, text(fresh(9), words[:together], fresh(9), words[together:], fresh(9))).falls == falls
    # From thirty words on nobody asks.
    words = fresh(30)
    assert said(words, text(fresh(20), words[:15], fresh(30), words[15:])).falls == "a"


# Scattered damage and misread words.


def test_scattered_damage_is_damage() -> None:
    """Of 100 words 60 stand in common runs and 16 more look like their neighbours: a copy, misread here and there."""
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
    """In a text of eighty words and more, of which 55 % are in common runs."""
    assert said(*scattered(runs, run, gap, alike=alike)).rule == rule


def test_less_than_55_per_cent_in_common_runs_is_no_scattered_damage() -> None:
    """However much the rest looks alike, up to what makes it a misread copy."""
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
    """Half of its words in common runs, 88 % shared or alike, thirty words at least."""
    assert said(*scattered(runs, run, gap, alike=alike, last=last)).rule == rule


def test_misread_words_are_told_of_both_lengths() -> None:
    """Of a text with a word more too, as many words look alike; each is judged by its own length."""
    one, other = scattered(10, 3, 3, alike=23)
    assert said(one, text(other, fresh(1))) == ("duplicate", "misread", "a")
    one, other = scattered(20, 3, 2, alike=16)
    assert said(one, text(other, fresh(1))) == ("duplicate", "scattered", "ab")
    assert said(one, text(other, fresh(2))) == ("duplicate", "scattered", "a")


# Longer ones.


@pytest.mark.parametrize(("longer", "kind"), [(300, "duplicate"), (301, "contained")])
def test_what_is_more_than_three_times_as_long_is_a_container(longer: int, kind: str) -> None:
    """A hundred words in three hundred are a copy in a page, in one more they are a poem in a book."""
    words = fresh(100)
    assert said(words, text(words, fresh(longer - 100))) == (kind, "share", "a")


def test_from_thirty_words_on_a_text_is_no_quotation_but_in_a_book() -> None:
    """Twenty-nine words in twice as many are a quotation, thirty a copy in a page."""
    for number, kind in ((29, "contained"), (30, "duplicate")):
        words = fresh(number)
        assert said(words, text(words, fresh(number))).kind == kind


@pytest.mark.parametrize(("longer", "kind"), [(28, "duplicate"), (29, "contained")])
def test_a_short_text_is_a_quotation_in_one_a_third_longer(longer: int, kind: str) -> None:
    """Twenty words have 70 % of the length of 28."""
    words = fresh(20)
    assert said(words, text(words, fresh(longer - 20))).kind == kind


@pytest.mark.parametrize(
    ("words", "own", "falls"),
    [
        (100, 25, "ab"),  # twenty-five words more are no passage
        (100, 26, "a"),
        (2000, 40, "ab"),  # a fiftieth of the longer text neither
        (2000, 42, "a"),
    ],
)
def test_a_text_with_a_passage_more_does_not_fall_for_a_shorter_one(words: int, own: int, falls: str) -> None:
    """The shorter may fall for it; were it to fall itself, the passage would be lost."""
    both = fresh(words)
    assert said(both, text(both, fresh(own))) == ("duplicate", "share", falls)


@pytest.mark.parametrize(("first", "second", "falls"), [(35, 25, "ab"), (41, 19, "ab"), (42, 18, "a")])
def test_words_more_in_several_places_are_judged_by_the_longest_passage(first: int, second: int, falls: str) -> None:
    """Of a text with sixty words more than two thousand a fiftieth are forty-one."""
    both = fresh(2000)
    assert said(both, text(both[:900], fresh(first), both[900:], fresh(second))).falls == falls


def test_bounds_may_be_others() -> None:
    """Whoever asks by other bounds is answered by them."""
    one, other = halves(75, 25)
    streams = Ragged(text(one, other), np.array([0, 100, 200]))
    pairs = np.array([[0, 1]], np.uint32)
    for share, kind in ((0.70, "duplicate"), (0.80, "none")):
        bounds = dedupe_bounds().with_values(share=share, scattered_alike=0.9)
        assert KINDS[verify_pairs(streams, pairs, bounds).kind[0]] == kind


def test_of_texts_alike_in_length_either_may_have_a_passage_of_its_own() -> None:
    """Of two texts that end differently, the longer one is kept; if they are as long, either may be dropped."""
    assert said(*halves(1500, 500)).falls == "ab"
    assert said(*halves(1500, 500, 501)).falls == "a"


# Texts of one form.


def form(kept: int, swapped: int, flag: int, *, words: int = 60, more: int = 0) -> tuple[Words, Words]:
    """Two texts of one form, with so many names or numbers that are the same in both, and so many that aren't."""
    parts: tuple[list[Words], list[Words]] = ([], [])
    each = words // (swapped + 1)
    for place in range(swapped + 1):
        common = text(fresh(each), fresh((kept + more) * (not place), flag=flag))
        for side in parts:
            side += [common, fresh(1 if place < swapped else 0, flag=flag)]
    return text(*parts[0]), text(*parts[1])


@pytest.mark.parametrize(
    ("kept", "swapped", "kind"),
    [
        (0, 3, "template"),
        (0, 2, "duplicate"),
        (1, 2, "template"),
        (2, 2, "template"),
        (3, 2, "duplicate"),
        (3, 3, "template"),
    ],
)
def test_texts_with_other_numbers_are_of_one_form(kept: int, swapped: int, kind: str) -> None:
    """Three numbers and more, of which at least as many are swapped as are the same."""
    found = said(*form(kept, swapped, _NUMBER, words=600))
    assert found.kind == kind
    assert found.rule == ("numbers" if kind == "template" else "share")
    assert found.falls == "ab"


@pytest.mark.parametrize(
    ("kept", "swapped", "kind"), [(0, 4, "template"), (0, 3, "duplicate"), (15, 4, "template"), (16, 4, "duplicate")]
)
def test_texts_with_other_names_are_of_one_form(kept: int, swapped: int, kind: str) -> None:
    """Four names and more at the same places, a fifth of all names at least."""
    found = said(*form(0, swapped, _CAPITAL, more=kept, words=640))
    assert found.kind == kind
    assert found.rule == ("names" if kind == "template" else "share")


def test_misread_names_are_the_same_names() -> None:
    """As long as fewer are swapped than look like themselves."""
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
    """Under thirty words another number or name makes another text of the form."""
    assert said(*form(0, 1, flag, words=28)) == ("template", rule, "ab")
    assert said(*form(5, 0, flag, words=20)).kind == "duplicate"
    one, other = form(0, 1, flag, words=24)
    assert said(one, text(other, fresh(8))) == ("template", rule, "a")


@pytest.mark.parametrize(("flag", "rule"), [(_NUMBER, "numbers"), (_CAPITAL, "names")])
@pytest.mark.parametrize(
    ("swapped", "words", "kind"),
    [(1, 140, "template"), (1, 160, "duplicate"), (2, 290, "template"), (2, 310, "duplicate")],
)
def test_one_name_or_number_in_150_words_makes_another_text_of_the_form(
    flag: int, rule: str, swapped: int, words: int, kind: str
) -> None:
    """If nothing else differs, however many are the same."""
    found = said(*form(9, swapped, flag, words=words))
    assert (found.kind, found.rule) == (kind, rule if kind == "template" else "share")


@pytest.mark.parametrize(("others", "kind"), [(1, "template"), (2, "duplicate")])
def test_beside_other_differences_a_swapped_name_says_nothing(others: int, kind: str) -> None:
    """Half of what differs must be names and numbers: an edited copy has others too."""
    one, other = form(0, 1, _CAPITAL)
    for _ in range(others):
        common = fresh(9)
        one, other = text(one, fresh(1), common), text(other, fresh(1), common)
    assert said(one, other).kind == kind


@pytest.mark.parametrize(("misread", "kind"), [(1, "template"), (2, "duplicate")])
def test_in_a_scan_a_swapped_name_may_be_a_misread_one(misread: int, kind: str) -> None:
    """Where more words look misread than names differ, the names are misread too."""
    one, other = form(0, 1, _CAPITAL)
    for _ in range(misread):
        common = fresh(9)
        one, other = (text(side, fresh(1, look=_LOOK), common) for side in (one, other))
    assert said(one, other).kind == kind


def test_without_capitals_any_other_word_may_be_a_name() -> None:
    """In a text of which no word or every word has a capital, one other word makes another text of the form."""
    common = fresh(30), fresh(30)
    one, other = (text(common[0], fresh(1), common[1]) for _ in range(2))
    assert said(one, other).kind == "duplicate"  # its first word has a capital
    streams = Ragged(text(one, other), np.array([0, 61, 122]))
    for flag in (0, _CAPITAL):
        found = Ragged(streams.values | np.uint32(flag), streams.offsets)
        made = verify_pairs(found, np.array([[0, 1]], np.uint32))
        assert (KINDS[made.kind[0]], RULE_NAMES[made.rule[0]]) == ("template", "names")


def test_a_form_is_a_form_only_of_texts_that_would_fall() -> None:
    """Two texts with other numbers that share too little are nothing to each other."""
    one, other = form(0, 4, _NUMBER, words=60)
    assert said(text(one, fresh(60)), text(other, fresh(60))) == ("none", "", "")
    assert said(one, text(other, fresh(60))) == ("template", "numbers", "a")


# Boilerplate.


def licensed(own: int, other: int | None = None, *, around: int = 200, look: int = 0) -> tuple[Words, Words]:
    """Two texts of their own in one licence."""
    licence = fresh(around)
    half = around // 2
    sides = (fresh(number, look=look) for number in (own, own if other is None else other))
    one, two = (text(licence[:half], side, licence[half:]) for side in sides)
    return one, two


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
    """A passage of 20 words in each and less than 40 % of what is rare in common, or one of 15 and next to nothing."""
    found = said(*licensed(own), rare=(rare, rare))
    assert found == (("none", rule, "") if rule == "boilerplate" else ("duplicate", rule, "ab"))


def test_only_the_one_with_a_passage_of_its_own_is_kept_for_it() -> None:
    """The other, of which all stands in the first, falls; each is asked for its own rare anchors."""
    licence = fresh(200)
    bare, own = licence, text(licence[:100], fresh(25), licence[100:])
    assert said(bare, own, rare=(0.04, 0.04)) == ("duplicate", "share", "a")
    assert said(*licensed(25), rare=(0.04, 0.5)) == ("duplicate", "share", "b")


@pytest.mark.parametrize(
    ("own", "other", "rare", "alike", "rule"),
    [
        (20, 20, 0.39, 0, "boilerplate"),
        (20, 20, 0.40, 0, "share"),
        (19, 19, 0.39, 0, "share"),
        (20, 19, 0.39, 0, "share"),
        (20, 20, 0.39, 12, "share"),
        (20, 20, 0.39, 11, "boilerplate"),
    ],
)
def test_short_articles_under_one_menu_are_not_copies(own: int, other: int, rare: float, alike: int, rule: str) -> None:
    """A passage of twenty words in each, little of what is rare in common, and no likeness of misread words."""
    menu = fresh(236)
    one, two = (
        text(menu[:100], fresh(alike, look=_LOOK), fresh(number - alike), menu[100:]) for number in (own, other)
    )
    assert said(one, two, rare=(rare, rare)).rule == rule


def test_likeness_is_asked_of_the_shorter_text() -> None:
    """Of its passage of twenty words twelve look like the other's: a misread copy, however much the other has."""
    menu = fresh(236)
    one, two = (text(menu[:100], fresh(12, look=_LOOK), fresh(number - 12), menu[100:]) for number in (20, 40))
    assert said(one, two, rare=(0.19, 0.19)) == ("duplicate", "share", "a")


def test_a_form_is_no_boilerplate() -> None:
    """What is a form of the other by its numbers is told as one, whatever else is common."""
    one, other = form(0, 4, _NUMBER, words=200)
    assert said(text(one, fresh(30)), text(other, fresh(30)), rare=(0.0, 0.0)) == ("template", "numbers", "ab")
    one, other = form(0, 30, _NUMBER, words=310)
    assert said(one, other, rare=(0.0, 0.0)) == ("template", "numbers", "ab")


def test_without_rarity_that_guard_is_off() -> None:
    """Two texts in one licence are then as near as their shares."""
    assert said(*licensed(60)) == ("duplicate", "share", "ab")


def test_many_pairs_are_judged_each_by_itself() -> None:
    """Whatever stands beside a pair in one lot changes nothing of its verdict."""
    menu = fresh(200)
    pairs = [
        *(halves(*sizes) for sizes in ((70, 30), (69, 31), (25, 4), (12, 1), (7, 0, 3), (72, 27, 30), (150, 0, 40))),
        *(scattered(20, 3, 2, alike=16), scattered(10, 3, 3, alike=23), scattered(4, 4, 3, alike=12)),
        *(form(0, 4, _NUMBER), form(0, 4, _CAPITAL), form(0, 1, _NUMBER, words=28), form(0, 1, _CAPITAL, words=40)),
        *((menu, text(menu[:100], fresh(size), menu[100:])) for size in (14, 25, 450)),
        *(licensed(size) for size in (14, 20, 60)),
        ((same := fresh(1)), same),
    ]
    texts = [side for pair in pairs for side in pair]
    streams = Ragged(text(*texts), np.concatenate(([0], np.cumsum([len(side) for side in texts]))))
    numbers = np.arange(len(texts), dtype=np.uint32).reshape(-1, 2)
    for rare in (None, (0.1, 0.1)):
        rarity = cast("Any", _Rare(rare)) if rare else None
        made = verify_pairs(streams, numbers, rarity=rarity)
        alone = [measured(*pair, rare) for pair in pairs]
        for name in ("kind", "rule", "inclusion"):
            assert getattr(made, name).tolist() == [int(getattr(one, name)[0]) for one in alone], name


def test_a_refused_pair_names_the_rule_that_refused_it() -> None:
    """A longer text with a passage more and a saying with another word are accepted first and then refused."""
    assert said(*halves(72, 27, 30)) == ("none", "own_passage", "")
    assert said(*halves(12, 1)) == ("none", "saying", "")


# Variants.


def rewritten(places: int, own: int, *, apart: int = 20) -> tuple[Words, Words]:
    """Two texts with so many passages of so many words of their own at the same places."""
    common = [fresh(apart) for _ in range(places + 1)]
    one, other = (text(*(part for piece in common[:-1] for part in (piece, fresh(own))), common[-1]) for _ in range(2))
    return one, other


@pytest.mark.parametrize(
    ("places", "own", "apart", "rule"),
    [
        (2, 3, 20, "passages"),
        (1, 6, 30, "share"),  # one place
        (3, 2, 20, "share"),  # two words are no passage
        (2, 3, 64, "passages"),  # 6 of 198 words are 3 %
        (2, 3, 65, "share"),
        (2, 50, 200, "passages"),
        (1, 50, 200, "share"),
    ],
)
def test_a_variant_has_passages_of_its_own(places: int, own: int, apart: int, rule: str) -> None:
    """Three words and more in two places, 3 % of the text: both documents are kept."""
    found = said(*rewritten(places, own, apart=apart))
    assert found == ("variant" if rule == "passages" else "duplicate", rule, "ab")


@pytest.mark.parametrize("genre", ["", *GENRES])
def test_single_other_words_make_no_variant_in_any_genre(genre: str) -> None:
    """A short prose text with one word in eight changed, as by hard wraps inside words, is a copy, and no song."""
    sides = rewritten(10, 1, apart=7)
    streams = Ragged(text(*map(_begun, sides)), np.array([0, len(sides[0]), 2 * len(sides[0])]))
    known = replace(DocumentFacts.unknown(2), genre=np.full(2, GENRE_NUMBERS[genre], np.uint8))
    assert KINDS[verify_pairs(streams, np.array([[0, 1]], np.uint32), document_facts=known).kind[0]] == "duplicate"


def spelled(words: int, times: int, now_and_then: int = 0, *, run: int = 12) -> tuple[Words, Words]:
    """Two texts in which so many words stand for other ones so many times each, and others once in two times."""
    old, new = fresh(words + now_and_then), fresh(words + now_and_then)
    parts: tuple[list[Words], list[Words]] = ([], [])
    for time in range(times):
        for place in range(words + now_and_then):
            common = fresh(run)
            same = place >= words and time % 2 > 0
            for side, own in zip(parts, (old, old if same else new), strict=True):
                side += [common, own[place : place + 1]]
    tail = fresh(run)
    return text(*parts[0], tail), text(*parts[1], tail)


@pytest.mark.parametrize(
    ("words", "times", "now_and_then", "rule"),
    [
        (3, 2, 0, "spelling"),
        (1, 7, 0, "spelling"),  # one word is enough
        (3, 1, 0, "share"),  # nothing is known of a word that stands once
        (6, 2, 4, "spelling"),  # twelve throughout, four now and then
        (6, 2, 5, "share"),
    ],
)
def test_another_spelling_has_the_same_word_throughout(words: int, times: int, now_and_then: int, rule: str) -> None:
    """One word in a hundred, and three times as many as words that change now and then."""
    assert said(*spelled(words, times, now_and_then)).rule == rule


@pytest.mark.parametrize(
    ("alike", "others", "run", "rule"),
    [
        (12, 1, 8, "spelling"),
        (12, 2, 8, "share"),  # of a scan's misread words one in four doesn't look like what it was
        (9, 0, 13, "spelling"),  # nine words that look alike of 139
        (7, 0, 16, "spelling"),  # seven of 135
        (8, 0, 19, "share"),  # eight of 179
        (9, 0, 10, "share"),  # 109 words
    ],
)
def test_many_words_that_look_alike_and_none_that_dont_are_another_spelling(
    alike: int, others: int, run: int, rule: str
) -> None:
    """In a text of 120 words and more, a twentieth of them, though none comes twice."""
    common = [fresh(run) for _ in range(alike + others + 1)]
    looks = [*[_LOOK] * alike, *[0] * others]
    one, other = (
        text(*(part for piece, look in zip(common[:-1], looks, strict=True) for part in (piece, fresh(1, look=look))),
             common[-1])
        for _ in range(2)
    )  # fmt: skip
    assert said(one, other).rule == rule


def test_the_bytes_of_another_charset_are_no_spelling() -> None:
    """A damaged copy has the same wrong word throughout, too: it falls, since the two are damaged differently."""
    one, other = map(_begun, spelled(4, 3))
    streams, pairs = Ragged(text(one, other), np.array([0, len(one), len(one) + len(other)])), np.array([[0, 1]])
    for damaged, kind in (([0, 0], "variant"), ([3, 3], "variant"), ([0, 3], "duplicate")):
        known = replace(DocumentFacts.unknown(2), damaged=np.array(damaged, np.int8))
        assert KINDS[verify_pairs(streams, pairs.astype(np.uint32), document_facts=known).kind[0]] == kind


@pytest.mark.parametrize("stated", ["country", "year", "author"])
def test_of_texts_from_two_places_less_is_a_variant(stated: str) -> None:
    """One passage, or three words in fifty, if the two state another country, year or author."""
    for made in (rewritten(1, 6, apart=30), rewritten(10, 1, apart=13)):
        texts = [_begun(side) for side in made]
        streams = Ragged(text(*texts), np.array([0, len(texts[0]), len(texts[0]) + len(texts[1])]))
        for values, kind in (([1, 2], "variant"), ([1, 1], "duplicate"), ([0, 2], "duplicate")):
            told: dict[str, Any] = {stated: np.array(values, np.uint32)}
            known = replace(DocumentFacts.unknown(2), **told)
            found = verify_pairs(streams, np.array([[0, 1]], np.uint32), document_facts=known)
            assert KINDS[found.kind[0]] == kind, values
    same = fresh(60)
    streams = Ragged(text(same, same), np.array([0, 60, 120]))
    known = replace(DocumentFacts.unknown(2), country=np.array([1, 2], np.uint32))
    assert KINDS[verify_pairs(streams, np.array([[0, 1]], np.uint32), document_facts=known).kind[0]] == "duplicate"


# What was added.


@pytest.mark.parametrize(
    ("body", "tail", "appended", "falls"),
    [
        (100, 60, (0, 60), "ab"),
        (100, 60, (0, 0), "a"),
        (100, 60, (60, 60), "a"),  # both have it: it says nothing
        (100, 60, (0, 17), "a"),  # 100 of 143 words that weren't added
        (100, 60, (0, 18), "ab"),
        (100, 180, (0, 180), "ab"),  # longer than the text itself
    ],
)
def test_a_text_with_something_added_may_fall_for_the_one_without(
    body: int, tail: int, appended: tuple[int, int], falls: str
) -> None:
    """However long a menu, a summary or questions are: what they stand at is in the other."""
    words = fresh(body)
    texts = words, text(words, fresh(tail))
    streams = Ragged(text(*texts), np.array([0, body, 2 * body + tail]))
    known = replace(DocumentFacts.unknown(2), appended=np.array(appended, np.uint32))
    made = verify_pairs(streams, np.array([[0, 1]], np.uint32), document_facts=known)
    inclusion = int(made.inclusion[0])
    assert "a" * bool(inclusion & A_IN_B) + "b" * bool(inclusion & B_IN_A) == falls
    assert RULE_NAMES[made.rule[0]] == ("appended" if falls == "ab" else "share")


# Long texts.


def test_in_long_texts_chance_counts_for_nothing() -> None:
    """Runs of three that stand here and there in a text of ten thousand words and more make no copy of it."""
    chance = np.random.default_rng(4)
    book = fresh(12_000)
    places = chance.permutation(3_900)[:3_000] * 3
    scraps = text(*(part for at in places for part in (book[at : at + 3], fresh(1))))
    found = measured(scraps, book)
    assert KINDS[found.kind[0]] == "none"
    assert found.facts.containment[0, 0] < 0.05
    assert said(text(book, fresh(2)), text(book, fresh(2))) == ("duplicate", "share", "ab")


def test_in_long_texts_runs_count_that_stand_where_their_neighbours_do() -> None:
    """An edited copy of a book has short runs, in order; eight words count wherever they stand."""
    book = fresh(12_000)
    edited = text(*(part for at in range(0, 12_000, 6) for part in (book[at : at + 5], fresh(1))))
    assert measured(edited, book).facts.containment[0].tolist() == pytest.approx([5 / 6, 5 / 6])
    for words, share in ((8, 8 / 9), (7, 0)):
        moved = text(*(part for at in range(0, 12_000, 40) for part in (book[-at - 40 :][:words], fresh(1))))
        assert measured(moved, book).facts.containment[0, 0] == pytest.approx(share)


@pytest.mark.parametrize(("own", "falls"), [(1000, "ab"), (1001, "")])
def test_a_text_with_a_chapter_of_its_own_falls_for_none(own: int, falls: str) -> None:
    """A thousand words and more are another volume or another edition, however much is shared."""
    assert said(*halves(6000, own)).falls == falls


# What stands between two common runs.


def tally(one: list[Words], other: list[Words], *, run: int = 10) -> dict[str, int]:
    """What is counted between common runs, of two texts that have these gaps between them."""
    common = [fresh(run) for _ in range(len(one) + 1)]
    a, b = (
        text(*(part for pair in zip(common, gaps, strict=False) for part in pair), common[-1]) for gaps in (one, other)
    )
    return counted(a, b)


def counted(a: Words, b: Words) -> dict[str, int]:
    """The tallies of two texts, by name."""
    row = measured(a, b).facts.tallies[0]
    return {name: int(row[column]) for name, column in _COLUMNS.items()}


def picked(found: dict[str, int], *names: str) -> list[int]:
    """Some of the counts."""
    return [found[name] for name in names]


_COLUMNS = {
    name: int(getattr(guards, name))
    for name in (
        *("ALIKE", "OWN_RUN", "OTHER_RUN", "NUMBERS_KEPT", "NUMBERS_SWAPPED"),
        *("NAMES", "NAMES_KEPT", "NAMES_SWAPPED", "TOGETHER", "SAME", "DIFFERENT", "SLOTS", "OTHER_NUMBERS", "DENIED"),
        *("REPLACED", "PLACES", "UNLIKE", "OTHER_UNLIKE", "REGULAR", "REGULAR_WORDS", "IRREGULAR", "MISREAD", "EDGE"),
    )
}


def word(identity: int, look: int = 0, flag: int = 0) -> Words:
    """One word."""
    return np.array([identity | look << WORD_BITS | flag], np.uint32)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
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
def test_words_look_alike_by_their_letters(one: int, other: int, alike: int) -> None:
    """At most two kinds of letters apart, and more of them in common than apart."""
    assert tally([fresh(1, look=one)], [fresh(1, look=other)])["ALIKE"] == alike


def test_a_number_is_only_itself() -> None:
    """A number looks like no other, nor like a word that has its letters; equal ones are the same number."""
    same, first, second = word(200_000, 0b111, _NUMBER), word(200_001, 0b111, _NUMBER), word(200_001, 0b110, _NUMBER)
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
    assert picked(tally([same], [same]), "NUMBERS_KEPT", "NUMBERS_SWAPPED") == [1, 0]
    # Of other words the 18 bits that say which they are say it alone.
    gaps = [[text(fresh(1), word(200_003, look), fresh(1))] for look in (0b1, 0b0)]
    assert tally(*gaps)["ALIKE"] == 1
    parted = text(fresh(1), same, fresh(1)), text(fresh(1), same, fresh(1))
    assert picked(tally([parted[0]], [parted[1]]), "ALIKE", "NUMBERS_KEPT", "NUMBERS_SWAPPED") == [1, 1, 0]


def test_a_word_is_itself_with_or_without_a_capital() -> None:
    """At the start of a sentence it has one."""
    plain, capital = word(200_002), word(200_002, flag=_CAPITAL)
    found = tally([text(fresh(1), plain, fresh(1))], [text(fresh(1), capital, fresh(1))])
    assert picked(found, "ALIKE", "NAMES") == [1, 0]
    found = tally([text(fresh(1), capital, fresh(1))], [text(fresh(1), plain, fresh(1))])
    assert picked(found, "ALIKE", "NAMES", "NAMES_KEPT") == [1, 1, 1]


@pytest.mark.parametrize(("shift", "alike"), [(0, 1), (1, 1), (3, 1), (4, 0)])
def test_a_place_may_be_off_by_three_words(shift: int, alike: int) -> None:
    """Where so many words were lost or put in, on either side; one more makes it another place."""
    marked = fresh(1, look=_LOOK)
    like = fresh(1, look=_LOOK)
    assert tally([text(marked, fresh(1))], [text(fresh(shift), like, fresh(1))])["ALIKE"] == alike
    assert tally([text(fresh(1), marked)], [text(fresh(1), like, fresh(shift))])["ALIKE"] == 1
    # Where nothing is lost a word has its own place alone.
    aside = tally([text(fresh(shift), marked, fresh(4 - shift))], [text(like, fresh(4))])
    assert aside["ALIKE"] == (shift == 0)


@pytest.mark.parametrize(("off", "found"), [(0, 1), (3, 1), (4, 0)])
def test_names_and_numbers_are_looked_for_three_words_around(off: int, found: int) -> None:
    """A name that stands a little before or after in the other text is the same name, though it isn't at its place."""
    for first, second in ((0, off), (off, 0)):
        for flag, kept in ((_CAPITAL, "NAMES_KEPT"), (_NUMBER, "NUMBERS_KEPT")):
            name = text(fresh(1, look=_LOOK, flag=flag))
            one = text(fresh(1), fresh(first), name, fresh(5 - first), fresh(1))
            other = text(fresh(1), fresh(second), name, fresh(5 - second), fresh(1))
            told = tally([one], [other])
            assert told[kept] == found, (first, second, kept)
            assert told["ALIKE"] == (off == 0)


def test_a_place_is_told_where_the_shorter_text_has_more_words_too() -> None:
    """A gap of the shorter may be the longer one: three words more before a place, six where a name is looked for."""
    like, name = fresh(1, look=_LOOK), fresh(1, look=_LOOK, flag=_CAPITAL)
    for words, alike in ((0, 1), (2, 1), (3, 1), (4, 0)):
        found = tally([text(fresh(words), fresh(1, look=_LOOK)), fresh(0)], [like, fresh(20)])
        assert found["ALIKE"] == alike
    for words, kept in ((6, 1), (7, 0)):
        misread = fresh(1, look=_LOOK, flag=_CAPITAL)
        assert tally([text(fresh(words), name), fresh(0)], [misread, fresh(20)])["NAMES_KEPT"] == kept
        found = tally([text(name, fresh(1))], [text(fresh(words), misread, fresh(2))])
        assert found["NAMES_KEPT"] == kept


def test_swapped_are_only_those_that_have_one_opposite() -> None:
    """Of three numbers of which the other text has one in their place, one is swapped; where it has none, none is."""
    for flag, swapped in ((_NUMBER, "NUMBERS_SWAPPED"), (_CAPITAL, "NAMES_SWAPPED")):
        three = fresh(3, flag=flag)
        assert tally([three], [text(fresh(2), fresh(1, flag=flag))])[swapped] == 1
        assert tally([three], [fresh(3, flag=flag)])[swapped] == 3
        assert tally([three], [fresh(3)])[swapped] == 0
        assert tally([fresh(3)], [fresh(3, flag=flag)])[swapped] == 0
        assert tally([fresh(1, flag=flag)], [fresh(3, flag=flag)])[swapped] == 1


def test_numbers_and_names_are_counted_of_the_shorter_text() -> None:
    """Numbers in common runs are the same; a number with a capital is a number."""
    inside = text(fresh(5), fresh(2, flag=_NUMBER), fresh(3, flag=_CAPITAL), fresh(1, flag=_NUMBER | _CAPITAL))
    found = counted(text(inside, fresh(2)), text(inside, fresh(3, flag=_NUMBER)))
    assert picked(found, "NUMBERS_KEPT", "NUMBERS_SWAPPED", "NAMES", "NAMES_KEPT", "NAMES_SWAPPED") == [3, 0, 3, 0, 0]
    found = tally([fresh(1, flag=_NUMBER | _CAPITAL)], [fresh(1, flag=_NUMBER | _CAPITAL)])
    assert picked(found, "NUMBERS_SWAPPED", "NAMES", "NAMES_SWAPPED") == [1, 0, 0]


@pytest.mark.parametrize(("width", "alike"), [(40, 40), (41, 0)])
def test_a_long_gap_is_another_passage(width: int, alike: int) -> None:
    """Up to forty words are compared place by place; what is longer has no places in the other text."""
    gaps = [[text(fresh(width - 1, look=_LOOK), fresh(1, look=_LOOK, flag=_NUMBER))] for _ in range(2)]
    found = tally(*gaps, run=60)
    assert found["ALIKE"] == max(alike - 1, 0)
    assert picked(found, "NUMBERS_KEPT", "NUMBERS_SWAPPED") == [0, int(width == 40)]
    # Numbers in common runs are kept, however far from the gap.
    before = text(fresh(5, flag=_NUMBER), fresh(55))
    both = [text(before, *gap, before[:60]) for gap in gaps]
    assert counted(*both)["NUMBERS_KEPT"] == 10


@pytest.mark.parametrize(("width", "alike"), [(80, 5), (81, 0)])
def test_a_gap_twice_as_long_in_the_other_text_is_another_passage(width: int, alike: int) -> None:
    """A few words opposite eighty are compared with those around their place, opposite more with none."""
    one, other = fresh(5, look=_LOOK), text(fresh(5, look=_LOOK), fresh(width - 5, look=_LOOK))
    assert tally([one], [other], run=80)["ALIKE"] == alike


@pytest.mark.parametrize(("island", "run"), [(3, 20), (4, 20), (5, 10)])
def test_a_chance_run_ends_no_passage(island: int, run: int) -> None:
    """Four common words inside other content are chance, five are a return to what both have."""
    found = counted(*_with_island(island, 10, 10))
    assert picked(found, "OWN_RUN", "OTHER_RUN") == [run, run]


def _with_island(island: int, before: int, after: int, *, look: int = 0) -> tuple[Words, Words]:
    common = fresh(60), fresh(island), fresh(60)
    one, other = (
        text(common[0], fresh(before, look=look), common[1], fresh(after, look=look), common[2]) for _ in range(2)
    )
    return one, other


def test_a_passage_is_of_words_that_are_neither_common_nor_alike() -> None:
    """Each text has its own longest one."""
    found = tally([fresh(7), fresh(3), fresh(1)], [fresh(4), fresh(9), fresh(2)])
    assert picked(found, "OWN_RUN", "OTHER_RUN") == [7, 9]
    found = tally([text(fresh(6, look=_LOOK), fresh(3))], [text(fresh(6, look=_LOOK), fresh(5))])
    assert picked(found, "ALIKE", "OWN_RUN", "OTHER_RUN") == [6, 3, 5]
    found = tally([fresh(6, look=_LOOK)], [fresh(6, look=_LOOK)])
    assert picked(found, "OWN_RUN", "OTHER_RUN") == [0, 0]
    # Words that look alike may be more than the other has: a passage has no fewer than none.
    found = tally([fresh(3, look=_LOOK), fresh(2)], [fresh(1, look=_LOOK), fresh(2)])
    assert picked(found, "OWN_RUN", "OTHER_RUN") == [2, 2]


def test_before_the_first_common_run_places_are_told_from_its_start() -> None:
    """A word lost at the very beginning moves no other; so does one at the end."""
    common = fresh(60)
    one, other = text(fresh(6, look=_LOOK), common), text(fresh(1), fresh(6, look=_LOOK), common)
    assert picked(counted(one, other), "ALIKE", "OWN_RUN", "OTHER_RUN") == [6, 0, 1]
    one, other = text(common, fresh(6, look=_LOOK)), text(common, fresh(6, look=_LOOK), fresh(1))
    assert picked(counted(one, other), "ALIKE", "OWN_RUN", "OTHER_RUN") == [6, 0, 1]
    # Where the longer text begins with what both have, nothing of it stands before.
    alike = fresh(60, look=_LOOK)
    found = counted(text(fresh(5, look=_LOOK), alike), text(alike, fresh(9)))
    assert picked(found, "ALIKE", "OWN_RUN", "OTHER_RUN") == [0, 5, 0]
    # The shorter may have more words before; the first of the longer is compared too.
    one = text(fresh(1, look=_LOOK), fresh(5), common)
    assert counted(one, text(fresh(1, look=_LOOK), fresh(3), common, fresh(9)))["ALIKE"] == 1
    one, other = text(common, fresh(1, look=_LOOK)), text(common, fresh(3), fresh(1, look=_LOOK), fresh(9))
    assert counted(one, other)["ALIKE"] == 0
    # In a longer text what is far off is no place.
    one, other = text(fresh(2, look=_LOOK), common), text(fresh(2, look=_LOOK), fresh(9), common)
    assert counted(one, other)["ALIKE"] == 0
    one, other = text(common, fresh(2, look=_LOOK)), text(common, fresh(9), fresh(2, look=_LOOK))
    assert counted(one, other)["ALIKE"] == 0


def test_words_together_are_those_in_one_place() -> None:
    """Three words off are still one place; a jump begins another, and the longest counts."""
    words = fresh(60)
    assert counted(words, text(words[:30], fresh(3), words[30:]))["TOGETHER"] == 60
    assert counted(words, text(words[:30], fresh(4), words[30:]))["TOGETHER"] == 30
    assert counted(words, text(words[:40], fresh(9), words[40:]))["TOGETHER"] == 40
    assert counted(words, text(words[:20], fresh(9), words[20:]))["TOGETHER"] == 40
    assert counted(text(words[:30], fresh(3), words[30:]), text(words, fresh(9)))["TOGETHER"] == 60
    assert counted(text(words[:30], fresh(4), words[30:]), text(words, fresh(9)))["TOGETHER"] == 30


def test_the_same_words_in_the_same_order_are_the_same() -> None:
    """Of one text and no other, whatever its length; nothing is the same as nothing."""
    for number in (1, 2, 3, 50):
        words = fresh(number)
        assert counted(words, words)["SAME"] == 1
        assert counted(words, text(words[:-1], fresh(1)))["SAME"] == 0
        assert counted(words, text(fresh(1), words[1:]))["SAME"] == 0
        assert counted(words, text(words, fresh(1)))["SAME"] == 0
    assert counted(fresh(0), fresh(0))["SAME"] == 0
    assert measured(fresh(2), fresh(2)).facts.containment.tolist() == [[0, 0]]
    assert measured(fresh(2), fresh(4)).facts.longest_run.tolist() == [[2, 4]]


# What the differences are.


def differences(one: list[Words], other: list[Words], *names: str, run: int = 20) -> list[int]:
    """Some of the counts of two texts in which capitals tell the names, that have these gaps between common runs.

    What the second has more at its end makes it the longer one, and isn't compared.
    """
    common = [fresh(run) for _ in range(len(one) + 1)]
    common[0][0] |= _CAPITAL
    a, b = (
        text(*(part for pair in zip(common, gaps, strict=False) for part in pair), common[-1]) for gaps in (one, other)
    )
    return picked(counted(a, text(b, fresh(100))), *names)


def known(what: int, number: int = 1) -> Words:
    """So many words that the lexicon knows as numbers or denials."""
    found = np.flatnonzero(lexicon() == what).astype(np.uint32)
    assert len(found) > number
    return found[next(_KNOWN) % (len(found) - number) :][:number]


_KNOWN = count(0)
_TOLD = ("DIFFERENT", "SLOTS", "OTHER_NUMBERS", "DENIED", "UNLIKE", "OTHER_UNLIKE", "MISREAD")
_NUMERAL, _DENIAL = guards.NUMERAL, guards.DENIAL


def name(number: int = 1) -> Words:
    """So many names that nobody else has."""
    return fresh(number, flag=_CAPITAL)


def figure(number: int = 1) -> Words:
    """So many numbers in digits."""
    return fresh(number, flag=_NUMBER)


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        # Words for words.
        (fresh(1), fresh(1), [1, 0, 0, 0, 1, 1, 0]),
        (fresh(2), fresh(3), [3, 0, 0, 0, 2, 3, 0]),
        (fresh(3), fresh(2), [3, 0, 0, 0, 3, 2, 0]),
        (fresh(2), fresh(0), [2, 0, 0, 0, 2, 0, 0]),
        (fresh(0), fresh(2), [2, 0, 0, 0, 0, 2, 0]),
        # Misread ones, all of a gap or some.
        (fresh(2, look=_LOOK), fresh(2, look=_LOOK), [0, 0, 0, 0, 0, 0, 2]),
        (text(fresh(1, look=_LOOK), fresh(1)), text(fresh(1, look=_LOOK), fresh(1)), [1, 0, 0, 0, 1, 1, 1]),
        (fresh(1, look=_LOOK), fresh(2, look=_LOOK), [0, 0, 0, 0, 0, 0, 2]),
        (fresh(2, look=_LOOK), fresh(1, look=_LOOK), [0, 0, 0, 0, 0, 0, 2]),
        # Names and numbers are slots, where either has one; what stands beside them in a small gap is of the slot.
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
        # So are numbers in words, months and days, in either place.
        (known(_NUMERAL), known(_NUMERAL), [1, 1, 1, 0, 1, 1, 0]),
        (known(_NUMERAL), figure(), [1, 1, 1, 0, 1, 1, 0]),
        (known(_NUMERAL), fresh(1), [1, 0, 0, 0, 1, 1, 0]),
        # A «no» more is one, wherever it stands; one in another word's place isn't.
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
def test_each_difference_is_counted_as_what_it_is(one: Words, other: Words, told: list[int]) -> None:
    """Other words, misread ones, names, numbers and denials, of each text and of both."""
    assert differences([one], [other], *_TOLD) == told
    assert differences([other], [one], *_TOLD) == [*told[:4], told[5], told[4], told[6]]


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (fresh(3), fresh(3), [3, 1]),
        (fresh(2), fresh(3), [0, 0]),  # two words are no passage
        (fresh(3), fresh(2), [0, 0]),
        (fresh(3), fresh(9), [3, 1]),
        (fresh(9), fresh(3), [9, 1]),
        # Half of what stands there must be others in either.
        (text(fresh(3, look=_LOOK), fresh(3)), text(fresh(3, look=_LOOK), fresh(3)), [3, 1]),
        (text(fresh(4, look=_LOOK), fresh(3)), text(fresh(4, look=_LOOK), fresh(3)), [0, 0]),
        (text(fresh(3, look=_LOOK), fresh(3)), text(fresh(3, look=_LOOK), fresh(4)), [3, 1]),
        (text(fresh(4, look=_LOOK), fresh(3)), text(fresh(4, look=_LOOK), fresh(5)), [0, 0]),
        (text(fresh(4, look=_LOOK), fresh(5)), text(fresh(4, look=_LOOK), fresh(3)), [0, 0]),
        (fresh(40), fresh(40), [40, 1]),
        # What is longer than forty in both is a passage too; in one alone it may be a page that the other lacks.
        (fresh(41), fresh(41), [41, 1]),
        (fresh(41), fresh(40), [0, 0]),
        (fresh(40), fresh(81), [0, 0]),
        (fresh(41), fresh(81), [41, 1]),
        (fresh(0), fresh(50), [0, 0]),
    ],
)
def test_a_passage_stands_for_another(one: Words, other: Words, told: list[int]) -> None:
    """Three words and more of each, most of what stands between two common runs."""
    assert differences([one], [other], "REPLACED", "PLACES", run=90) == told
    assert differences([one] * 2, [other] * 2, "REPLACED", "PLACES", run=90) == [2 * number for number in told]


@pytest.mark.parametrize(
    ("width", "other", "told"),
    [(40, 40, 40), (40, 41, 41), (41, 40, 41), (41, 60, 60), (41, 0, 41), (60, 41, 60), (0, 80, 80), (0, 81, 80),
     (50, 99, 80), (40, 80, 80), (90, 50, 90)],
)  # fmt: skip
def test_a_passage_of_one_alone_is_told_up_to_eighty_words(width: int, other: int, told: int) -> None:
    """Of a chapter that one lacks no more is counted."""
    assert differences([fresh(width)], [fresh(other)], "DIFFERENT", run=110) == [told]


def at_edges(one: Words, other: Words, *names: str) -> tuple[list[int], list[int]]:
    """Some of the counts of two texts that begin with these words, and of two that end with them."""
    common = fresh(100)
    common[:10] |= _CAPITAL
    before = counted(text(one, common), text(other, common))
    return picked(before, *names), picked(counted(text(common, one), text(common, other)), *names)


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (fresh(2), fresh(2), [2, 0, 0, 0, 0, 0]),
        (fresh(3), fresh(3), [3, 0, 3, 0, 0, 0]),
        (fresh(8), fresh(9), [9, 0, 8, 0, 0, 0]),
        (fresh(4), fresh(8), [8, 0, 4, 0, 0, 0]),
        (fresh(3), fresh(8), [8, 0, 3, 0, 0, 0]),  # up to eight words anything
        (fresh(4), fresh(9), [0, 0, 0, 0, 0, 0]),  # beyond, the one must have half of the other's
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
    one: Words, other: Words, told: list[int]
) -> None:
    """A line of a song, a price or a «no» is; a page's head and foot are not, and nothing there is a passage within."""
    names = "DIFFERENT", "SLOTS", "EDGE", "REPLACED", "UNLIKE", "OTHER_UNLIKE"
    assert at_edges(one, other, *names) == (told, told)


@pytest.mark.parametrize(("places", "told"), [((3, 5), 5), ((5, 3), 5)])
def test_of_both_edges_the_longer_counts(places: tuple[int, int], told: int) -> None:
    """As one line of a song."""
    common = fresh(100)
    one, other = (text(fresh(places[0]), common, fresh(places[1])) for _ in range(2))
    assert counted(one, other)["EDGE"] == told


def test_what_the_longer_has_right_before_is_compared_with_nothing() -> None:
    """Up to three words of it, among them a «no»."""
    common = fresh(100)
    for words, told in ((known(_DENIAL), [1, 1, 1]), (fresh(3), [3, 0, 3]), (fresh(4), [0, 0, 0])):
        assert picked(counted(common, text(words, common)), "DIFFERENT", "DENIED", "OTHER_UNLIKE") == told


@pytest.mark.parametrize(("off", "told"), [(0, [0, 0]), (1, [1, 1]), (3, [1, 1]), (4, [2, 2])])
def test_a_word_that_moved_by_three_places_is_the_same_word(off: int, told: list[int]) -> None:
    """What the other has nowhere near is another word; likenesses are looked for at a word's own place alone."""
    moved = fresh(1)
    one, other = text(moved, fresh(9, look=_LOOK)), text(fresh(off, look=_LOOK), moved, fresh(9 - off, look=_LOOK))
    for first, second in ((one, other), (other, one)):
        assert differences([first], [second], "UNLIKE", "OTHER_UNLIKE") == told
    assert differences([one], [other], "MISREAD") == [9 - bool(off)]


@pytest.mark.parametrize(("more", "told"), [(2, [0, 1]), (3, [0, 1]), (4, [1, 0])])
def test_a_likeness_may_be_off_by_the_words_that_one_has_more(more: int, told: list[int]) -> None:
    """By three at most, on the side where they were lost."""
    one, other = text(fresh(1), fresh(1, look=_LOOK)), text(fresh(1 + more), fresh(1, look=_LOOK))
    assert differences([one], [other], "UNLIKE", "MISREAD") == [1 + told[0], told[1]]
    assert differences([other], [one], "OTHER_UNLIKE", "MISREAD") == [1 + told[0], told[1]]
    # The same word is looked for three words further.
    own = fresh(1)
    for words, strange in ((3, 3), (4, 5)):
        assert differences([text(own, fresh(words))], [text(fresh(words + more), own)], "UNLIKE") == [strange]


@pytest.mark.parametrize("what", [_NUMERAL, _DENIAL])
def test_numbers_in_words_and_denials_are_not_misread(what: int) -> None:
    """Of months and numbers many look alike: each is only itself."""
    one, other = (known(what) | np.uint32(_LOOK << WORD_BITS) for _ in range(2))
    assert differences([one], [other], "MISREAD", "DIFFERENT", "UNLIKE") == [0, 1, 1]
    # Another word may be one misread, and stands for nothing of its own.
    assert differences([one], [fresh(1, look=_LOOK)], "MISREAD", "UNLIKE", "OTHER_UNLIKE") == [1, 1, 0]
    assert differences([fresh(1, look=_LOOK)], [one], "MISREAD", "UNLIKE", "OTHER_UNLIKE") == [1, 0, 1]


def test_capitals_say_nothing_where_all_words_have_them_or_none() -> None:
    """Then any other word may be a name."""
    for capitals, slots in ((0, 1), (1, 0), (60, 0), (63, 1), (101, 1)):
        common, own = fresh(101), (fresh(1), fresh(1))
        common[:capitals] |= _CAPITAL
        one, other = (text(common[:50], mine, common[50:]) for mine in own)
        assert picked(counted(one, other), "SLOTS", "DIFFERENT") == [slots, 1], capitals


# Words that stand for others throughout.


@pytest.mark.parametrize(
    ("words", "times", "now_and_then", "told"),
    [
        (3, 2, 0, [6, 3, 0]),
        (1, 5, 0, [0, 0, 0]),  # of five exchanged words nothing is told
        (1, 6, 0, [6, 1, 0]),
        (3, 1, 0, [0, 0, 0]),  # what stands once says nothing
        (2, 3, 0, [6, 2, 0]),
        (4, 4, 0, [16, 4, 0]),
        (3, 4, 2, [12, 3, 4]),  # two of four times the same word: now and then
        (3, 2, 3, [6, 3, 3]),
        (0, 6, 2, [0, 0, 6]),
    ],
)
def test_what_stands_for_one_word_throughout_is_counted(
    words: int, times: int, now_and_then: int, told: list[int]
) -> None:
    """In occurrences and in distinct words, and so what does only now and then."""
    one, other = spelled(words, times, now_and_then, run=6)
    assert picked(counted(one, other), "REGULAR", "REGULAR_WORDS", "IRREGULAR") == told


@pytest.mark.parametrize(("kept", "told"), [(1, [8, 1, 0]), (2, [8, 1, 0]), (3, [0, 0, 8])])
def test_four_times_in_five_is_throughout(kept: int, told: list[int]) -> None:
    """Eight exchanged of ten are, of eleven they aren't."""
    old, new = fresh(1), fresh(1)
    common = [fresh(6) for _ in range(9 + kept)]
    pairs = [(old, new)] * 8 + [(old, old)] * kept
    one, other = (
        text(*(part for piece, pair in zip(common, pairs, strict=False) for part in (piece, pair[side])), common[-1])
        for side in range(2)
    )
    assert picked(counted(one, other), "REGULAR", "REGULAR_WORDS", "IRREGULAR") == told


def test_of_two_texts_the_one_that_tells_less_counts() -> None:
    """One word for two others is irregular in the text that has the one."""
    old, new = fresh(1), [fresh(1), fresh(1)]
    common = [fresh(6) for _ in range(13)]
    one = text(*(part for piece in common[:-1] for part in (piece, old)), common[-1])
    other = text(*(part for n, piece in enumerate(common[:-1]) for part in (piece, new[n % 2])), common[-1])
    assert picked(counted(one, other), "REGULAR", "REGULAR_WORDS", "IRREGULAR") == [0, 0, 12]
    assert picked(counted(other, one), "REGULAR", "REGULAR_WORDS", "IRREGULAR") == [0, 0, 12]


@pytest.mark.parametrize(("words", "told"), [(600, 6), (601, 0)])
def test_a_spelling_is_told_by_one_word_in_a_hundred(words: int, told: int) -> None:
    """Fewer may be misread."""
    one, other = spelled(3, 2, run=6)
    tail = fresh(words - len(one))
    assert counted(text(one, tail), text(other, tail))["REGULAR"] == told


# Rare anchors.


def test_rare_anchors_are_those_that_few_documents_have() -> None:
    """Of each text the share of its rare ones that the other has; what is common counts for neither, and none is 0."""
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
    every = np.union1d(first, second)
    assert Rarity(streams, scheme, every).shared(pairs).tolist() == [[0, 0], [0, 0]]
    only = np.setdiff1d(first, both[:1])
    assert Rarity(streams, scheme, only).shared(pairs[:1])[0, 0] == 1
    apart = Ragged(
        text(np.arange(9, dtype=np.uint32), fresh(9), np.arange(9, dtype=np.uint32)), np.array([0, 9, 18, 27])
    )
    none = Rarity(apart, scheme, np.zeros(0, np.uint64))
    assert none.shared(np.array([[0, 1], [1, 2], [0, 2]], np.uint32)).tolist() == [[0, 0], [0, 0], [1, 1]]
    larger = np.sort(np.concatenate([every, every + np.uint64(1)]))
    assert Rarity(streams, scheme, larger).shared(pairs).tolist() == [[0, 0], [0, 0]]


def test_a_long_text_is_asked_only_for_anchors_that_it_could_have_kept() -> None:
    """A book keeps one anchor in sixteen: of a short text in it those alone are compared, and all of them are there."""
    words = fresh(2100)
    streams = Ragged(text(words[:100], words), np.array([0, 100, 2200]))
    shared = Rarity(streams, Scheme(), np.zeros(0, np.uint64)).shared(np.array([[0, 1]], np.uint32))
    assert shared[0, 0] == 1
    assert 0 < shared[0, 1] < 0.2
