"""The word table agrees with a plain implementation of its definition, character by character."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from latam_corpus.text import word_columns as w
from latam_corpus.text.characters import lower as lower_of
from latam_corpus.text.orthography import apostrophes, typed
from latam_corpus.text.words import WordTable, hash_words

_APOSTROPHES = "'\u2019\u2018\u02bc\u02bb\u02b9\u02c8\ua78b\ua78c\u00b4`"
_IGNORED = "\u00ad\u200b\u200c\u200d\u2060"
_ALPHABET = st.sampled_from(
    [*"abñÑéÉ çãZ9 0-.,¡¿—\n\n\t «»", *_APOSTROPHES, *_IGNORED, "e\u0301", "漢", "😀", "Á", "ı", "İ"]
)
_TEXTS = st.lists(_ALPHABET, max_size=40).map("".join) | st.text(max_size=40)


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM" and character not in _APOSTROPHES


def _plain_words(text: str) -> list[str]:
    """Return the words by the definition in text/words.py, implemented plainly."""
    return [word for word, _ in _plain_reading(text)]


def _plain_reading(text: str) -> list[tuple[str, str]]:
    """Return each word, and the same with the apostrophes at its edges if it has a letter."""
    words_in_place: list[tuple[int, str]] = []
    current = ""
    solid = [character for character in text if character not in _IGNORED]
    for place, character in enumerate(solid):
        wordlike = _is_letter(character) or unicodedata.category(character) == "Nd"
        if not wordlike and current and character in _APOSTROPHES:
            previous, following = solid[place - 1], solid[place + 1 : place + 2]
            wordlike = _is_letter(previous) and bool(following) and _is_letter(following[0])
        if wordlike:
            current += character
        elif current:
            words_in_place.append((place, current))
            current = ""
    if current:
        words_in_place.append((len(solid), current))
    readings = []
    for end, word in words_in_place:
        start = end - len(word)
        edges = [solid[at] if 0 <= at < len(solid) and solid[at] in _APOSTROPHES else "" for at in (start - 1, end)]
        readings.append((word, f"{edges[0]}{word}{edges[1]}" if any(map(_is_letter, word)) else word))
    return readings


@given(st.lists(_TEXTS, max_size=5))
@settings(max_examples=500, deadline=None)
def test_words_lines_and_characters_are_counted_as_defined(texts: list[str]) -> None:
    """Counts of words, lines and code points equal the plain ones, for several documents in one buffer."""
    without = [text for text in texts if not any(mark in text for mark in _IGNORED)]
    table = WordTable.of(without)
    assert table.word_count.tolist() == [len(_plain_words(text)) for text in without]
    assert np.diff(table.doc_lines).tolist() == [
        len(text.removesuffix("\n").split("\n")) if text else 0 for text in without
    ]
    assert table.counts[:, w.CHARS].tolist() == [len(text) for text in without]


@given(_TEXTS.filter(lambda text: not any(mark in text for mark in _IGNORED)))
@settings(max_examples=300, deadline=None)
def test_words_are_at_their_stated_positions(text: str) -> None:
    """The bytes from a word's start, for its number of code points, are the word."""
    table = WordTable.of([text])
    data = text.encode()
    read = [
        data[start:].decode()[:length]
        for start, length in zip(table.starts.tolist(), table.lengths.tolist(), strict=True)
    ]
    assert read == _plain_words(text)


@given(_TEXTS)
@example("a'\u00ada")  # a soft hyphen after the apostrophe
@example("a'\u00ad")
@settings(max_examples=300, deadline=None)
def test_a_word_with_an_apostrophe_at_an_edge_has_another_hash_with_it(text: str) -> None:
    """`wholes` has one hash per spelling, whatever the case and the form of the apostrophe."""
    forms = [
        "".join(chr(lower_of()[ord(character)]) for character in typed(whole)) for _, whole in _plain_reading(text)
    ]
    wholes = WordTable.of([text]).wholes.tolist()
    assert len(wholes) == len(forms)
    assert len(set(zip(wholes, forms, strict=True))) == len(set(wholes)) == len(set(forms))


def test_a_document_ends_at_its_last_sign() -> None:
    """Characters of neighbouring documents aren't at the edge of a word."""
    joint_table, own_table = WordTable.of(["'", "ri", "'"]), WordTable.of(["ri"])
    assert joint_table.wholes.tolist() == own_table.wholes.tolist()


@pytest.mark.parametrize("sign", apostrophes())
def test_every_apostrophe_is_one_letter(sign: str) -> None:
    """All forms of the apostrophe are equal: between letters, at the end of a word and before it."""
    table, reference = WordTable.of([f"p{sign}unchaw ruk{sign} {sign}oj"]), WordTable.of(["p'unchaw ruk' 'oj"])
    assert table.hashes.tolist() == reference.hashes.tolist()
    assert table.wholes.tolist() == reference.wholes.tolist()
    assert table.lengths.tolist() == [8, 3, 2]
    assert table.counts[0, w.LETTERS] == 12


@pytest.mark.parametrize(
    ("word", "variant"),
    [
        ("Mañana", "MAÑANA"),
        ("p'unchaw", "p\u2019unchaw"),
        ("ch\u02bculel", "ch'ulel"),
        ("canta\u00adba", "cantaba"),
    ],
)
def test_case_and_apostrophe_form_do_not_change_the_hash(word: str, variant: str) -> None:
    """Case, the form of an apostrophe and a soft hyphen don't change a word's hash."""
    assert len(set(hash_words([word, variant]).tolist())) == 1


@pytest.mark.parametrize(("word", "variant"), [("ano", "año"), ("papa", "papá"), ("pacha", "p'acha")])
def test_accents_and_glottal_stops_change_the_hash(word: str, variant: str) -> None:
    """An accent, a tilde and a glottal stop change a word's hash."""
    assert len(set(hash_words([word, variant]).tolist())) == 2


def test_many_documents_equal_each_alone() -> None:
    """A document's part of a table equals its own table."""
    texts = ["La luna sobre el río.\nY nada más.", "", "—¿Quién vive?\n—Nadie.", "p'unchaw"]
    joint_table = WordTable.of(texts)
    for number, text in enumerate(texts):
        own_table = WordTable.of([text])
        own_rows = slice(joint_table.doc_words[number], joint_table.doc_words[number + 1])
        assert joint_table.hashes[own_rows].tolist() == own_table.hashes.tolist()
        assert joint_table.counts[number].tolist() == own_table.counts[0].tolist()
