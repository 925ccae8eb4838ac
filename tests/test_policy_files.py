"""Policies: the shipped ones are sound, and a wrong one is refused with file, line and remedy."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from latam_corpus.errors import ConfigError
from latam_corpus.paths import data_folder
from latam_corpus.policy import Policies

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def filters(tmp_path: Path) -> Path:
    """A copy of the shipped policies, to be spoilt."""
    return shutil.copytree(data_folder("filters"), tmp_path / "filters")


def test_the_shipped_policies_load_and_say_who_reviewed_them() -> None:
    """Every file loads; `reviewed_by` is empty until a speaker has read the file."""
    policies = Policies.load()
    assert {"spa", "por", "und"} <= set(policies.languages)
    assert {"literature", "news", "lyrics", "oral_history"} <= set(policies.genres)
    assert all(isinstance(file.reviewed_by, tuple) for file in policies.languages.values())


def test_a_policy_is_the_union_of_language_and_genre() -> None:
    """A Spanish poem is bounded by spa.toml and lyrics.toml; the ratio to what is typical becomes a value."""
    bounds = {bound.signal: bound for bound in Policies.load().bounds("spa_Latn", "lyrics")}
    assert bounds["stop_word_count"].file == "languages/spa.toml"
    assert bounds["duplicate_line_share"].file == "genres/lyrics.toml"
    assert bounds["stop_word_share"].minimum == pytest.approx(0.4 * 0.53)
    assert bounds["stop_word_count"].too_low == "stop_word_count<2"


def test_a_language_without_a_file_has_loose_bounds_and_no_ratios() -> None:
    """Ayacucho Quechua has no file yet: und.toml serves it, and what is typical of it isn't known."""
    signals = {bound.signal for bound in Policies.load().bounds("quy_Latn", "news")}
    assert "stop_word_share" not in signals
    assert "mojibake_per_1000" in signals


@pytest.mark.parametrize(
    ("file", "added", "told"),
    [
        ("genres/news.toml", "words_per_lines = { min = 3 }", "did you mean «words_per_line»"),
        ("genres/news.toml", "mean_word_length = { min = 9, max = 3 }", "above max"),
        ("genres/news.toml", "mean_word_length = {}", "neither min nor max"),
        ("genres/news.toml", "stop_word_count = { min = 3 }", "bounded here and in languages/"),
        ("genres/news.toml", "mean_word_length = { minimum = 3 }", "did you mean «min»"),
        ("genres/news.toml", 'mean_word_length = { min = "three" }', "«bounds.mean_word_length.min»"),
        ("languages/spa.toml", 'mean_word_length = { min = 3, of = "typical" }', "not ratios"),
        ("languages/spa.toml", "mean_word_length = { min = ", "not TOML"),
    ],
)
def test_a_wrong_bound_is_refused_with_its_place(filters: Path, file: str, added: str, told: str) -> None:
    """The message names the file, the line where it can, the problem and the remedy."""
    path = filters / file
    path.write_text(path.read_text() + "\n" + added + "\n")
    with pytest.raises(ConfigError) as caught:
        Policies.load(filters)
    assert told in str(caught.value)
    assert path.name in str(caught.value)


def test_a_folder_without_und_is_refused(filters: Path) -> None:
    """There is always a policy for a language without a file."""
    (filters / "languages" / "und.toml").unlink()
    with pytest.raises(ConfigError, match=r"und\.toml is missing"):
        Policies.load(filters)


def test_a_stop_word_of_two_words_is_refused(filters: Path) -> None:
    """A list holds words; the message names the wrong entry."""
    path = filters / "languages" / "spa.toml"
    path.write_text(path.read_text().replace('"el", ', '"el que", ', 1))
    with pytest.raises(ConfigError, match="«el que»"):
        Policies.load(filters)
