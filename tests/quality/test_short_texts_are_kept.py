"""Bounds on shares of words take the length of short texts into account."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from latam_corpus.audit.lineage_lines import bound_line
from latam_corpus.batch import Batch
from latam_corpus.policies.policy import Bound, Policies
from latam_corpus.quality.filter import FEW, Filter, adjusted, outside
from latam_corpus.quality.measure import Measure

_CAPITALS = Bound("mixed_case_word_share", None, 0.05, "")
_STOPS = Bound("stop_word_share", 0.32, None, "", typical=0.53)


def _reasons(*texts: str) -> list[str | None]:
    frame = pl.DataFrame({"text": texts, "language": "spa_Latn", "genre": "web"})
    rows = Filter()(Measure()(Batch(frame.with_columns(doc_id=pl.col("text"))))).frame
    return rows["drop_reason"].to_list()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("El discurso de ayer fue transmitido por YouTube a todo el país.", None),
        (
            "Juan Carlos Onetti, Felisberto Hernández y Mario Levrero nacieron en Montevideo, de Salto era Horacio.",
            None,
        ),
        ("El diScurso dE ayeR fuE traNsmitido pOr la radIo a toDo el paÍs.", "mixed_case_word_share>0.05"),
        ("La memoria es una gran traidora. -- Ana Núñez (1914-1977), escritora de Lima.", None),
        ("A memória é a maior das traidoras, e não há quem a vença com os anos.", "stop_word_margin<0"),
        (
            "Inicio Contacto Servicios Productos Noticias Galería Descargas Empleo Prensa Mapa Ayuda",
            "stop_word_count<2",
        ),
    ],
)
def test_one_name_drops_no_sentence_and_damage_does(text: str, reason: str | None) -> None:
    """A good sentence is kept whatever its names, while a damaged one and a menu are dropped."""
    assert _reasons(text) == [reason]


def test_longer_texts_are_held_as_before() -> None:
    """From FEW words on a share is compared unchanged, and so is any signal that isn't a share of words."""
    values = np.array([0.051, 0.049], np.float32)
    for words in (FEW, FEW + 1, 5000):
        counts = np.full(2, words, np.float32)
        assert outside(values, _CAPITALS, counts)[1].tolist() == [True, False]
        assert outside(values, Bound("stop_word_share", 0.05, None, ""), counts)[0].tolist() == [False, True]
    few = np.full(2, 5, np.float32)
    assert outside(values, Bound("duplicate_line_share", None, 0.05, ""), few)[1].tolist() == [True, False]
    assert outside(values, Bound("open_line_share", 0.05, None, ""), few)[0].tolist() == [False, True]


@pytest.mark.parametrize("words", range(1, FEW + 2))
def test_one_word_of_another_language_more_is_chance_in_a_short_text(words: int) -> None:
    """A short text with one more stop word of another language passes, with two more it is dropped."""
    margin = Bound("stop_word_margin", 0.0, None, "")
    measured = np.array([-1, -2, 0, np.nan], np.float32) / np.float32(words)
    fell = outside(measured, margin, np.full(4, words, np.float32))[0].tolist()
    assert fell == [words >= FEW, True, False, False]


def test_the_more_words_the_more_a_share_says() -> None:
    """A share that is dropped at one length is dropped at every greater length."""
    words = np.arange(1, 2 * FEW, dtype=np.float32)
    for value, bound, side in ((0.07, _CAPITALS, 1), (0.3, _STOPS, 0)):
        fell = outside(np.full(len(words), value, np.float32), bound, words)[side].tolist()
        assert fell == sorted(fell)
        assert [fell[0], fell[-1]] == [False, True]


def test_a_text_without_words_or_of_an_earlier_version_is_held_as_it_was_measured() -> None:
    """An unknown number of words changes no value, and unmeasured signals pass."""
    values, none = np.array([0.07, np.nan], np.float32), np.full(2, np.nan, np.float32)
    assert outside(values, _CAPITALS, none)[1].tolist() == [True, False]


def test_the_typical_share_is_that_of_the_language() -> None:
    """The typical share is from the language file, or 1 by default."""
    bounds = {bound.signal: bound for bound in Policies.load().bounds("spa_Latn", "web")}
    assert bounds["stop_word_share"].typical == 0.53
    assert bounds["alphabetic_word_share"].typical == 1.0


def test_explain_tells_as_what_a_share_was_held() -> None:
    """`explain` shows the measured value, its bound, and the adjusted value of a short text."""
    held = float(adjusted(np.array([0.1], np.float32), _CAPITALS, np.array([10], np.float32))[1][0])
    bound = {"signal": "s", "value": 0.1, "min": None, "max": 0.05, "file": "f", "kept_to": True, "held_as": held}
    assert bound_line(bound).endswith("(few words: counted as 0.025)")
    assert "held" not in bound_line(bound | {"held_as": None})
