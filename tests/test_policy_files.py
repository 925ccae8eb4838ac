"""Policies: the shipped ones are sound, and a wrong one is refused with file, line and remedy."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from latam_corpus import schema
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
    """Bribri has no file yet: und.toml serves it, and what is typical of it isn't known."""
    signals = {bound.signal for bound in Policies.load().bounds("bzd_Latn", "news")}
    assert "stop_word_share" not in signals
    assert "mojibake_per_1000" in signals


def test_every_genre_and_the_languages_that_were_promised_have_a_file() -> None:
    """The genres of the schema, and the languages of the region with most speakers or texts."""
    policies = Policies.load()
    assert set(policies.genres) == set(schema.GENRES)
    promised = """
        spa por eng fra hat pap que quy quz aym grn gug gun nah arn quc cak kek mam yua tzo tzh shp cni guc hch tar oto
        rap
    """
    assert set(promised.split()) <= set(policies.languages)


def test_a_variety_has_its_own_file_or_that_of_its_group() -> None:
    """ISO 639-3 has no macrolanguage for Nahuatl and Otomi: their files say what they cover."""
    policies = Policies.load()
    found = {code: policies.language(code).language for code in ("nhn", "azz", "ote", "ayr_Latn", "qvn", "quy", "bzd")}
    assert found == {
        "nhn": "nah",
        "azz": "azz",
        "ote": "oto",
        "ayr_Latn": "aym",
        "qvn": "que",
        "quy": "quy",
        "bzd": "und",
    }


def test_a_code_that_two_files_cover_is_refused(filters: Path) -> None:
    """One file decides on a document."""
    path = filters / "languages" / "oto.toml"
    path.write_text(path.read_text().replace('"ote"', '"azz"', 1))
    with pytest.raises(ConfigError, match=r"oto\.toml, line 6: «azz» has its policy in languages/azz\.toml"):
        Policies.load(filters)


def test_drawn_stop_words_are_told_apart_from_reviewed_ones() -> None:
    """Every list says where it is from; what Spanish lists too is named in the file."""
    policies = Policies.load()
    spanish = set(policies.languages["spa"].stop_words.words)  # type: ignore[union-attr]
    for code, file in policies.languages.items():
        told = (policies.folder / "languages" / f"{code}.toml").read_text()
        words = file.stop_words.words if file.stop_words else ()
        assert len(words) == len(set(words)) or code in ("spa", "por")
        if words and "stop_words.py" in told and not file.background:
            assert any(name in file.stop_words.origin for name in ("(CC", "MPL", "Apache", "free to copy"))  # type: ignore[union-attr]
            head = told.partition("language ")[0]
            shared = spanish & set(words)
            assert code in ("hat", "pap", "jam") or all(word in head for word in shared)


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
    line = len(path.read_text().splitlines())
    with pytest.raises(ConfigError) as caught:
        Policies.load(filters)
    assert told in str(caught.value)
    assert path.name in str(caught.value)
    assert f"line {line}" in str(caught.value)


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
