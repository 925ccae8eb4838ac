"""A community's spelling costs it nothing: one table of apostrophes and orthographies for stop words and duplicates."""

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
    found = measure_signals(Reading(WordTable.of([text]), lexicon), ("stop_word_share",))
    return float(found["stop_word_share"][0])


@pytest.mark.parametrize("sign", apostrophes())
def test_stop_words_with_any_apostrophe_are_stop_words(sign: str) -> None:
    """Inside a word and at its end; the word without its glottal stop is another one."""
    assert _share(_KICHE.replace("'", sign), "quc") == 1.0
    assert _share("ruk", "quc") == 0.0


@pytest.mark.parametrize("sign", apostrophes())
def test_copies_with_another_apostrophe_are_one_text_to_dedupe(sign: str) -> None:
    """Their words are the same in the stream by which copies are found and compared."""
    one, other = (word_stream(WordTable.of([text])) for text in (_KICHE, _KICHE.replace("'", sign)))
    assert one.values.tolist() == other.values.tolist()


def test_a_quotation_mark_hides_no_stop_word() -> None:
    """Where the language lists no word with the sign, the word without it is looked up."""
    assert _share("‘de la’ 'que' «en»", "spa") == 1.0


def test_a_word_is_its_languages_before_it_is_anothers() -> None:
    """K'iche' wa' isn't counted as another language's wa; of a text in that one it is."""
    table = StopTable.of({"quc": ["wa'"], "por": ["wa"]})
    counts = StopCounts.of(WordTable.of(["wa' wa'", "wa' wa"]), table, ["quc", "por"], ["por"])
    assert counts.own.tolist() == [2, 2]
    assert counts.other.tolist() == [0, 0]


def test_a_line_in_its_own_language_with_apostrophes_is_no_line_in_another() -> None:
    """Lines are told apart by whole words, too."""
    table = StopTable.of({"quc": ["wa'", "ruk'"], "por": ["wa"]})
    words = WordTable.of(["wa' ruk' wa' wa'"])
    assert words_in_other_languages(words, table, ["quc"], ["por"]).tolist() == [0]


@pytest.mark.parametrize(
    ("language", "word"),
    [("aym", "ucajj"), ("aym", "ukajj"), ("aym", "taqe"), ("arn", "quiñe"), ("quc", "ruc'"), ("tzo", "ja'")],
)
def test_stop_words_are_found_in_their_other_spellings(language: str, word: str) -> None:
    """Missionaries' and schools': the list has one of them, and the table makes the others."""
    assert _share(word, language) == 1.0


def test_a_spelling_that_is_a_word_of_spanish_is_no_stop_word() -> None:
    """Nahuatl ke would be que: it would speak for every text in Spanish."""
    assert "que" in all_spellings({"nch"}, ["ke"])
    spanish = set(_policies().languages["spa"].stop_words.words)  # type: ignore[union-attr]
    for code, file in _policies().languages.items():
        listed = file.stop_words.words if file.stop_words else ()
        made = set(all_spellings(groups().listed(code), listed)) - set(listed)
        assert not [word for word in made & spanish if _share(word, code)]


@pytest.mark.parametrize(("language", "nouns"), [("quc", ["winaq", "tinamit", "achi"]), ("gug", ["tetã", "tapicha"])])
def test_nouns_of_the_declaration_are_no_stop_words(language: str, nouns: list[str]) -> None:
    """CONTRIBUTING asks of every list whether any text has its words, whatever it is about."""
    assert [noun for noun in nouns if _share(noun, language)] == []


def test_what_is_seen_names_signs_and_spellings() -> None:
    """The apostrophes that stand beside letters, and of each spelling with signs in the text how many."""
    found = describe_spelling({"ayr"}, "jachʼa jisc’a ucajj 5' ‘")
    assert found["apostrophes"] == {"ʼ": 1, "’": 1}
    first = found["spellings"][0]
    assert (first["old"], first["modern"]) == (3, 0)
    assert first["name"].startswith("Aymara: missionaries' spelling")
    assert "FineWeb-2" in first["source"]
