"""A short text in an unknown language is kept if it has the properties of text in any language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from latam_corpus import schema
from latam_corpus.batch import Batch
from latam_corpus.errors import ConfigError
from latam_corpus.policies.policy import Policies
from latam_corpus.quality.filter import Filter
from latam_corpus.quality.measure import Measure

if TYPE_CHECKING:
    from pathlib import Path


def _reason(text: str, language: str | None = "und", genre: str = "web") -> str | None:
    row = {"doc_id": "a", "text": text, "language": language, "genre": genre}
    frame = schema.conform(pl.DataFrame([row]), schema.DOCUMENT_SCHEMA)
    reason: str | None = Filter()(Measure()(Batch(frame))).frame["drop_reason"].item()
    return reason


@pytest.mark.parametrize(
    "text",
    [
        *("agua", "x", "OK.", "🙂🙂🙂", "— … !!", "==== ---- ____", "%% $$ ## @@", "agua " * 40, "a" * 300),
        *("1 2 3 4", "12 345 67 89 1011", "q w e r t y u i", "hhhh hhh hhhhh", "I I I l l l I I", ""),
    ],
)
@pytest.mark.parametrize("genre", ["web", "oral_history", "lyrics", "religious"])
def test_single_words_marks_and_noise_are_dropped(text: str, genre: str) -> None:
    """A single word, marks and noise are dropped in every genre, also if no language is stated."""
    assert _reason(text, "und", genre) is not None
    assert _reason(text, None, genre) is not None


@pytest.mark.parametrize(
    "text",
    [
        # Universal Dependencies: K'iche', Bororo, Apurinã; Common Voice: Toba.
        *("Kinbʼinik xinʼek.", "Padu nure .", "Iyawsawimp apanaqata.", "Paia kowuje !", "Rore , pemegare ."),
        *("Bako o o o o ...", "Kae gae gae gae gae !"),
    ],
)
def test_a_short_text_of_a_language_that_nobody_named_stays(text: str) -> None:
    """Two words are enough, and so is a repeated word next to another."""
    assert _reason(text) is None


def test_where_the_language_is_known_a_word_is_a_text() -> None:
    """In a known language a text of one word is kept."""
    assert _reason("Aruio .", "bor_Latn") is None
    assert _reason("Aruio .", "und") == "word_entropy<0.5"


def test_shares_are_held_as_measured_however_few_words_there_are(tmp_path: Path) -> None:
    """In an unknown language shares are compared unchanged, however short the text is."""
    bounds = Policies.load().bounds("und", "web")
    assert [bound.typical for bound in bounds if bound.signal == "alphabetic_word_share"] == [None]
    assert _reason("12 345 67 kowuje", "und") == "alphabetic_word_share<0.5"
    assert _reason("12 345 67 kowuje", "bor_Latn") != "alphabetic_word_share<0.5"
    for kind, name, content in (
        ("languages", "und", 'language = "und"\nname = "any"'),
        ("languages", "bor", 'language = "bor"\nname = "Bororo"\n[unknown]\nword_entropy = { min = 0.5 }'),
        ("genres", "web", 'genre = "web"'),
    ):
        (tmp_path / kind).mkdir(exist_ok=True)
        (tmp_path / kind / f"{name}.toml").write_text(content)
    with pytest.raises(ConfigError, match=r"\[unknown\] is allowed only in und.toml"):
        Policies.load(tmp_path)
