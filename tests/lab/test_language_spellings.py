"""Words are converted between the spellings of languages of the Americas; so is Italian without accents."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from latam_corpus.codes import groups
from latam_corpus.text.orthography import SpellingPair, respelled, spellings


@pytest.mark.parametrize(
    ("code", "old", "modern"),
    [
        ("arn", "kvme", "küme"),
        ("arn", "xafkiñ", "trafkiñ"),
        ("nci", "cihuatl", "siwatl"),
        ("nci", "quetzalli", "ketsalli"),
        ("quz", "huasi", "wasi"),
        ("gug", "cuña", "kuña"),
        ("yua", "dzib", "ts'ib"),
        ("tzo", "soc", "sok"),
        ("hch", "hicü", "hik+"),
        ("shp", "huetsa", "wetsa"),
        ("pap", "kico", "kiko"),
        ("kek", "cutan", "kutan"),
        ("ita", "perche'", "perché"),
        ("ita", "piu'", "più"),
    ],
)
def test_attested_words_are_respelled(code: str, old: str, modern: str) -> None:
    """Each word is converted in both directions."""
    assert modern in respelled(code, [old])
    assert old in respelled(code, [modern])


@pytest.mark.parametrize("spelling", spellings(), ids=lambda spelling: spelling.name)
def test_the_rules_of_each_spelling_convert_its_attested_words(spelling: SpellingPair) -> None:
    """The correspondences of each spelling make the attested modern word of the attested old one."""
    assert spelling.attested
    for old, modern in spelling.attested:
        assert spelling.rewritten(old, to_modern=True) == modern


def test_rules_do_not_apply_to_the_output_of_others() -> None:
    """In old K'iche' spelling, c is modern k and k is modern q; successive rules would turn both into q."""
    assert respelled("quc", ["cak"]) == ["kaq"]


def test_a_language_with_one_spelling_stays() -> None:
    """Spanish and a language that isn't in the file have no other spelling."""
    assert respelled("spa", ["cosa que quise"]) == []
    assert respelled("cni", ["noshaninka"]) == []


def test_every_spelling_states_its_source_and_its_languages() -> None:
    """Each spelling has a name, a source, codes of the Americas or Italian, and valid rules that change something."""
    for spelling in spellings():
        assert spelling.name
        assert spelling.source
        assert spelling.codes <= groups().of.keys() | {"ita"}
        for pattern in (spelling.old, spelling.modern, *(side for pair in spelling.pairs for side in pair)):
            re.compile(pattern)
        assert any(old != modern for old, modern in spelling.pairs)


def test_no_rule_is_written_twice() -> None:
    """Each sign occurs once on each side of a spelling."""
    for spelling in spellings():
        for side in zip(*spelling.pairs, strict=True):
            assert [sign for sign, count in Counter(side).items() if count > 1] == []
