"""Apostrophes and spellings are folded by one table, for stop words and duplicates."""

from __future__ import annotations

from functools import cache

import pytest

from latam_corpus.codes import groups
from latam_corpus.dedupe.fingerprints.anchors import word_stream
from latam_corpus.policies.policy import Policies
from latam_corpus.quality.measure import measure_signals
from latam_corpus.signals.reading import Lexicon, Reading
from latam_corpus.signals.shared_counts import words_in_other_languages
from latam_corpus.text.orthography import all_spellings, apostrophes, describe_spelling
from latam_corpus.text.stops import StopCounts, StopTable
from latam_corpus.text.words import WordTable

# Single words of the shipped lists, in no order.
_KICHE = "ri ruk' wa' jeri' k'o sib'alaj ronojel"


@cache
def _policies() -> Policies:
    return Policies.load()


def _share(text: str, language: str) -> float:
    lexicon = Lexicon([language], _policies().stop_table, _policies().background)
    matches = measure_signals(Reading(WordTable.of([text]), lexicon), ("stop_word_share",))
    return float(matches["stop_word_share"][0])


@pytest.mark.parametrize("sign", apostrophes())
def test_stop_words_with_any_apostrophe_are_stop_words(sign: str) -> None:
    """Stop words match with any apostrophe, in a word and at its end; without the glottal stop it is another word."""
    assert _share(_KICHE.replace("'", sign), "quc") == 1.0
    assert _share("ruk", "quc") == 0.0


@pytest.mark.parametrize("sign", apostrophes())
def test_copies_with_another_apostrophe_are_one_text_to_dedupe(sign: str) -> None:
    """Copies with another form of the apostrophe have the same words in the search for duplicates."""
    words, other_words = (word_stream(WordTable.of([text])) for text in (_KICHE, _KICHE.replace("'", sign)))
    assert words.values.tolist() == other_words.values.tolist()


def test_a_quotation_mark_hides_no_stop_word() -> None:
    """If the language doesn't list the word with the sign, the word without it is looked up."""
    assert _share("‘de la’ 'que' «en»", "spa") == 1.0


def test_a_word_counts_for_its_own_language_first() -> None:
    """K'iche' wa' isn't counted as another language's wa, except in texts of that language."""
    table = StopTable.of({"quc": ["wa'"], "por": ["wa"]})
    counts = StopCounts.of(WordTable.of(["wa' wa'", "wa' wa"]), table, ["quc", "por"], ["por"])
    assert counts.own.tolist() == [2, 2]
    assert counts.other.tolist() == [0, 0]


def test_lines_with_apostrophes_count_for_their_own_language() -> None:
    """Lines of a language with apostrophes aren't counted as another language's."""
    table = StopTable.of({"quc": ["wa'", "ruk'"], "por": ["wa"]})
    words = WordTable.of(["wa' ruk' wa' wa'"])
    assert words_in_other_languages(words, table, ["quc"], ["por"]).tolist() == [0]


@pytest.mark.parametrize(
    ("language", "word"),
    [("aym", "ucajj"), ("aym", "ukajj"), ("aym", "taqe"), ("arn", "quiñe"), ("quc", "ruc'"), ("tzo", "ja'")],
)
def test_stop_words_are_found_in_their_other_spellings(language: str, word: str) -> None:
    """Stop words listed in one spelling are found in missionary and school spellings."""
    assert _share(word, language) == 1.0


def test_a_spelling_that_is_a_spanish_word_is_not_a_stop_word() -> None:
    """Nahuatl ke doesn't add que, which would match every text in Spanish."""
    assert "que" in all_spellings({"nch"}, ["ke"])
    spanish = set(_policies().languages["spa"].stop_words.words)  # type: ignore[union-attr]
    for code, file in _policies().languages.items():
        stop_words = file.stop_words.words if file.stop_words else ()
        added = set(all_spellings(groups().listed(code), stop_words)) - set(stop_words)
        assert not [word for word in added & spanish if _share(word, code)]


@pytest.mark.parametrize(("language", "nouns"), [("quc", ["winaq", "tinamit", "achi"]), ("gug", ["tetã", "tapicha"])])
def test_nouns_of_the_declaration_are_not_stop_words(language: str, nouns: list[str]) -> None:
    """Lists have no nouns of the Universal Declaration, as CONTRIBUTING requires."""
    assert [noun for noun in nouns if _share(noun, language)] == []


def test_a_description_names_apostrophes_and_spellings() -> None:
    """The description has the apostrophes next to letters, and the numbers of signs of each spelling."""
    description = describe_spelling({"ayr"}, "jachʼa jisc’a ucajj 5' ‘")
    assert description["apostrophes"] == {"ʼ": 1, "’": 1}
    first = description["spellings"][0]
    assert (first["old"], first["modern"]) == (3, 0)
    assert first["name"].startswith("Aymara: missionaries' spelling")
    assert "FineWeb-2" in first["source"]
