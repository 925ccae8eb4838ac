"""Languages of the Americas in their old and modern spellings, and Italian without accents."""

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
def test_attested_words_become_what_the_other_spelling_writes(code: str, old: str, modern: str) -> None:
    """Each word in both directions, whichever spelling the text is in."""
    assert modern in respelled(code, [old])
    assert old in respelled(code, [modern])


@pytest.mark.parametrize("one", spellings(), ids=lambda one: one.name)
def test_a_word_that_is_attested_in_both_spellings_becomes_the_other(one: SpellingPair) -> None:
    """The regular correspondences of the file make the one of the other, so that each is more than a claim."""
    assert one.attested
    for old, modern in one.attested:
        assert one.rewritten(old, to_modern=True) == modern


def test_what_one_rule_writes_the_next_does_not_read() -> None:
    """In Guatemala a missionary's c is k and his k is q, so that rules in a row would make all of them q."""
    assert respelled("quc", ["cak"]) == ["kaq"]


def test_a_language_with_one_spelling_stays() -> None:
    """Spanish, and a language of the Americas that isn't in the file."""
    assert respelled("spa", ["cosa que quise"]) == []
    assert respelled("cni", ["noshaninka"]) == []


def test_every_spelling_says_its_source_and_its_languages() -> None:
    """Codes are of the Americas or Italian, expressions are valid, and no rule changes nothing in all pairs."""
    for one in spellings():
        assert one.name
        assert one.source
        assert one.codes <= groups().of.keys() | {"ita"}
        for pattern in (one.old, one.modern, *(side for pair in one.pairs for side in pair)):
            re.compile(pattern)
        assert any(old != modern for old, modern in one.pairs)


def test_no_rule_is_written_twice() -> None:
    """Within one spelling each sign of either side stands once."""
    for one in spellings():
        for side in zip(*one.pairs, strict=True):
            assert [sign for sign, count in Counter(side).items() if count > 1] == []
