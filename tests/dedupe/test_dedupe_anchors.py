from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latam_corpus.dedupe.fingerprints.anchors import CAPITAL_FLAG, anchors_of, word_stream
from latam_corpus.dedupe.fingerprints.fingerprint_kernels import NUMBER_FLAG
from latam_corpus.dedupe.fingerprints.scheme import Ragged, Scheme, sampling_of
from latam_corpus.errors import ConfigError
from latam_corpus.text.words import WordTable

VERSE = (
    "La lluvia vino del cerro con olor a tierra nueva, mojó los techos de zinc, llenó la acequia del patio y dejó a "
    "los perros temblando bajo el corredor mientras la abuela contaba otra vez la historia del tren que nunca llegó al "
    "pueblo porque el puente se lo llevó la creciente del año veintinueve y nadie quiso pagar otro."
)


def prose(seed: int, words: int) -> str:
    """Return random words, almost all distinct."""
    chance = np.random.default_rng(seed)
    return " ".join(f"pal{chance.integers(1 << 30):x}" for _ in range(words))


def anchors(*texts: str, scheme: Scheme | None = None) -> Ragged:
    """Return the anchors of these texts."""
    return anchors_of(word_stream(WordTable.of(list(texts))), scheme or Scheme())


@settings(deadline=None)
@given(st.lists(st.text(alphabet="aeí ñ1\nB", max_size=300), max_size=6))
def test_a_batch_changes_nothing_for_its_documents(texts: list[str]) -> None:
    """A document has the same distinct, sorted anchors in any batch."""
    joined = anchors(*texts)
    for place, text in enumerate(texts):
        result = joined.of(place)
        assert np.all(result[1:] > result[:-1])
        assert result.tolist() == anchors(text).of(0).tolist()


@pytest.mark.parametrize("signs", ["\u212b\u00c5", "\u00c5\u212b", "\u212b\u00e5", "\u00e5\u212b"])
def test_signs_of_one_small_letter_are_one_whatever_comes_first(signs: str) -> None:
    """The ångström sign and Å have one lower-case letter, so their words are equal in any order."""
    result = word_stream(WordTable.of([f"{signs[0]}ngstrom", f"{signs[1]}ngstrom angstrom"])).values
    assert len(set((result & ~np.uint32(CAPITAL_FLAG)).tolist())) == 1


def test_a_passage_meets_the_long_text_that_quotes_it() -> None:
    """The coarsely sampled anchors of a verse are among the anchors of the book that quotes it."""
    book = f"{prose(1, 3000)} {VERSE} {prose(2, 3000)}"
    result = anchors(VERSE, book)
    coarse = [value for value in result.of(0).tolist() if value % 16 == 0]
    assert coarse
    assert set(coarse) <= set(result.of(1).tolist())


@pytest.mark.parametrize(("words", "divisor"), [(299, 4), (300, 8), (1999, 8), (2000, 16)])
def test_longer_texts_keep_a_smaller_share(words: int, divisor: int) -> None:
    """Every anchor is a multiple of the divisor for the text's length, and about that share is kept."""
    result = anchors(prose(words, words)).of(0)
    assert int(sampling_of(np.array([words]))[0]) == divisor
    assert not np.any(result % np.uint64(divisor))
    assert 0.5 * words / divisor < len(result) < 1.6 * words / divisor


def test_short_texts_have_shorter_runs_and_the_shortest_none() -> None:
    """A saying with a different fourth word still shares anchors, and a text of seven words has none."""
    result = anchors(
        "Camarón que se duerme se lo lleva la corriente", "Camarón que se despierta se lo lleva la corriente",
        "Camarón que se duerme se lo lleva",
    )  # fmt: skip
    assert set(result.of(0).tolist()) & set(result.of(1).tolist())
    assert len(result.of(2)) == 0


def test_accents_case_and_combining_marks_change_no_anchor() -> None:
    """A text without accents, in capitals or with combining marks has the same anchors."""
    result = anchors(VERSE, VERSE.translate(str.maketrans("áéíóúñ", "aeioun")), VERSE.upper())
    assert result.of(0).tolist() == result.of(1).tolist() == result.of(2).tolist()
    marked, bare = word_stream(WordTable.of(["cano\u0303n"])).values, word_stream(WordTable.of(["canon"])).values
    assert marked.tolist() == bare.tolist()


def test_another_seed_makes_other_anchors() -> None:
    """Two seeds have no anchor in common."""
    result, second = anchors(VERSE), anchors(VERSE, scheme=Scheme(seed=21))
    assert not set(result.values.tolist()) & set(second.values.tolist())


def test_one_word_many_times_is_one_anchor() -> None:
    """A word repeated half a million times has at most one anchor."""
    assert len(anchors("ay " * 500_000).values) <= 1


def test_the_stream_tells_names_and_numbers() -> None:
    """Capitals and digits are flagged, and a word is the same with and without its capital."""
    values = word_stream(WordTable.of(["Rosa rosa 1816 siglo2 de"])).values
    assert [bool(v & CAPITAL_FLAG) for v in values.tolist()] == [True, False, False, False, False]
    assert [bool(v & NUMBER_FLAG) for v in values.tolist()] == [False, False, True, True, False]
    assert (values[0] ^ values[1]) == CAPITAL_FLAG


def test_scripts_without_spaces_are_read() -> None:
    """Texts in other scripts have a stream, and no anchor from a single word."""
    result = anchors("春眠不覺曉處處聞啼鳥", "", "สวัสดีครับ")
    assert result.counts.tolist() == [0, 0, 0]


def test_a_scheme_survives_its_index() -> None:
    """A scheme is equal after writing and reading."""
    scheme = Scheme(name="minhash", bands=32, rows=4)
    assert Scheme.from_dict(scheme.to_dict()) == scheme
    scheme.must_equal(Scheme.from_dict(scheme.to_dict()))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"version": 99}, "version 99"),
        ({"name": "simhash"}, "simhash"),
        ({"seed": "veinte"}, "veinte"),
        ({"sal": 1}, "«sal» is unknown"),
    ],
)
def test_a_foreign_index_is_refused(change: dict[str, object], expected: str) -> None:
    """An index of another version or method, or with unknown keys, is a ConfigError that names the difference."""
    with pytest.raises(ConfigError, match=expected):
        Scheme.from_dict(Scheme().to_dict() | change)


def test_an_index_with_another_seed_is_refused() -> None:
    """The error for two different schemes names the first difference."""
    with pytest.raises(ConfigError, match="seed = 21"):
        Scheme().must_equal(Scheme(seed=21))
    with pytest.raises(ConfigError, match="shingle"):
        Scheme(shingle=0)
