"""Signals are finite for every text, and distinguish kinds of texts."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latam_corpus.batch import Batch
from latam_corpus.quality.measure import Measure
from latam_corpus.signals import SIGNALS

# The words, the model or the scores that these need are named by recipes; none ships.
_BY_FILE = {signal.name for signal in SIGNALS if signal.needs}
_COLUMNS = {"text": pl.String, "language": pl.String}


def _signals(text: str, language: str = "spa_Latn") -> dict[str, float]:
    return _signals_of([text], language)[0]


def _signals_of(texts: list[str], language: str = "spa_Latn") -> list[dict[str, float]]:
    frame = pl.DataFrame({"text": texts, "language": [language] * len(texts)}, schema=_COLUMNS)
    measured = Measure(signals=("all",))(Batch(frame)).frame["signals"].to_list()
    return [{name: value for name, value in row.items() if name not in _BY_FILE} for row in measured]


def test_every_signal_is_defined_and_attributed() -> None:
    """Every signal has a definition that isn't an instruction, and names who uses it."""
    assert all(signal.definition and signal.used_by for signal in SIGNALS)
    assert not [s.definition for s in SIGNALS if re.match(r"(Return|Give|Compute|Measure|Count)\b|.*``", s.definition)]


@given(st.lists(st.text(max_size=200), min_size=5, max_size=20))
@settings(max_examples=settings().max_examples // 3, deadline=None)
def test_signals_of_any_text_are_finite(texts: list[str]) -> None:
    """Signals of any texts are finite in a language with stop words."""
    assert all(np.isfinite(value) for row in _signals_of(texts) for value in row.values())


@pytest.mark.parametrize("text", ["", "a", "\n" * 1_000_000, "x" * 100_000, "😀" * 50, "العربية", "a\n" * 200_000])
def test_signals_of_odd_texts_are_finite_and_stable(text: str) -> None:
    """Signals of empty, huge, right-to-left and emoji-only texts are finite and reproducible."""
    first = _signals(text)
    assert all(np.isfinite(value) for value in first.values())
    assert first == _signals(text)


def test_a_song_and_a_menu_are_told_apart() -> None:
    """A song repeats lines and has function words; a menu has few words per line and no function words."""
    song = "Cielito lindo que vas al monte,\nno te olvides de mi casa.\n" * 3
    menu = "Inicio\nDeportes\nEconomía\nContacto\nSuscripción\nInicio"
    assert _signals(song)["stop_word_share"] > 0.3 > _signals(menu)["stop_word_share"]
    assert _signals(song)["words_per_line"] > 4 > _signals(menu)["words_per_line"]


_HEADLINES = (
    "Sube el precio del pan en todo el sur del país\nInicio\n"
    "Murió a los noventa años el maestro que enseñó a leer al barrio\n"
)


def test_headlines_are_told_from_the_lines_of_a_narrow_column() -> None:
    """Lines of a narrow column aren't open, because lower case continues them, unlike headlines."""
    column = (
        "Ayer por la tarde se fue la luz en todo el\nbarrio, y hasta la noche no hubo quien la trajera de\n"
        "vuelta, dijo uno de los vecinos que esperaban en la\nplaza con sus hijos."
    )
    assert _signals(_HEADLINES)["open_line_share"] > 0.9
    assert _signals(column)["open_line_share"] == 0
    assert 0.3 < _signals(f"{_HEADLINES}{column}")["open_line_share"] < 0.5


def test_a_poem_without_stops_is_no_list_of_headlines() -> None:
    """A poem without full stops has no open lines, because verses are short."""
    poem = "Vuelvo a la casa de mi abuela\nLa lluvia golpea el zinc\nNadie abre la puerta\nUn perro me mira\n"
    assert _signals(poem)["open_line_share"] == 0


def test_a_paragraph_that_lost_its_stop_is_no_list() -> None:
    """A text of one or two lines has no open lines."""
    paragraph = "Ayer por la tarde se fue la luz en el barrio y hasta la noche no hubo quien la trajera de vuelta " * 3
    assert _signals("\n".join([paragraph.strip()] * 4))["open_line_share"] == 0
    assert _signals(_HEADLINES.splitlines()[0])["open_line_share"] == 0


_TEN = "pan" + " pan" * 9


_LINE = st.sampled_from([_TEN.capitalize(), _TEN, f"{_TEN}.", f"{_TEN},", "Pan", "pan", "—", "¬", "\x01", "", " "])


@given(st.lists(st.lists(_LINE, max_size=30), min_size=5, max_size=20))
@settings(max_examples=settings().max_examples // 4, deadline=None)
def test_open_lines_are_counted_as_by_hand(texts: list[list[str]]) -> None:
    """Open lines of any mixture of lines equal a naive count."""
    results = [signals["open_line_share"] for signals in _signals_of(["\n".join(lines) for lines in texts])]
    assert results == pytest.approx([_open_line_share(lines) for lines in texts])


def _open_line_share(lines: list[str]) -> float:
    shown = [line for line in lines if line.strip()]
    pairs = zip(shown, [*shown[1:], ""], strict=False)
    open_ = [line for line, following in pairs if line.lower() == _TEN and not following.startswith("pan")]
    open_ = open_ if len(shown) > 2 else []  # one or two lines are no list
    letters = [len("".join(line.split())) for line in open_]
    return sum(letters) / max(sum(len("".join(line.split())) for line in shown), 1)


def test_the_wrong_language_has_a_negative_margin() -> None:
    """Portuguese labelled as Spanish has a negative stop-word margin."""
    portuguese = "Não há quem não saiba que os homens do mar têm sempre uma história para contar à noite."
    assert _signals(portuguese)["stop_word_margin"] < 0 < _signals(portuguese, "por")["stop_word_margin"]
