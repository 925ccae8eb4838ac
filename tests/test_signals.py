"""Signals are finite for every text, and the schema has exactly those that are measured."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latam_corpus import schema
from latam_corpus.batch import Batch
from latam_corpus.quality.measure import Measure
from latam_corpus.text.signals import SIGNALS

# What a document has only where a recipe names the words, the model or the scores: none ships.
_BY_LIST = {"dictionary_word_rate", "learned_quality", "outside_score", "flagged_word_share"}


def _signals(text: str, language: str = "spa_Latn") -> dict[str, float]:
    frame = pl.DataFrame({"text": [text], "language": [language]})
    measured: dict[str, float] = Measure(signals=("all",))(Batch(frame)).frame["signals"][0]
    return {name: value for name, value in measured.items() if name not in _BY_LIST}


def test_the_schema_names_the_measured_signals() -> None:
    """`schema.SIGNALS` and `text/signals/` are one list, in one order, without a name twice."""
    assert tuple(signal.name for signal in SIGNALS) == schema.SIGNALS
    assert len(set(schema.SIGNALS)) == len(schema.SIGNALS)


def test_every_signal_is_defined_and_attributed() -> None:
    """`list signals` has a line for each: its definition and who uses it."""
    assert all(signal.definition and signal.used_by for signal in SIGNALS)


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_signals_of_any_text_are_finite(text: str) -> None:
    """No text gives an infinity or, in a language with stop words, not-a-number."""
    assert all(np.isfinite(value) for value in _signals(text).values())


@pytest.mark.parametrize("text", ["", "a", "\n" * 1_000_000, "x" * 100_000, "😀" * 50, "العربية", "a\n" * 200_000])
def test_signals_of_odd_texts_are_finite_and_stable(text: str) -> None:
    """Empty, one-character, million-line, no-space, right-to-left and emoji-only texts: twice the same numbers."""
    first = _signals(text)
    assert all(np.isfinite(value) for value in first.values())
    assert first == _signals(text)


def test_a_song_and_a_menu_are_told_apart() -> None:
    """A refrain repeats lines and keeps its words; a menu has few words a line and no function words."""
    song = "Cielito lindo que vas al monte,\nno te olvides de mi casa.\n" * 3
    menu = "Inicio\nDeportes\nEconomía\nContacto\nSuscripción\nInicio"
    assert _signals(song)["stop_word_share"] > 0.3 > _signals(menu)["stop_word_share"]
    assert _signals(song)["words_per_line"] > 4 > _signals(menu)["words_per_line"]


def test_the_wrong_language_has_a_negative_margin() -> None:
    """Portuguese under a Spanish label has more Portuguese function words than Spanish ones."""
    portuguese = "Não há quem não saiba que os homens do mar têm sempre uma história para contar à noite."
    assert _signals(portuguese)["stop_word_margin"] < 0 < _signals(portuguese, "por")["stop_word_margin"]
