"""The shipped policies are valid, and wrong files are refused with file, line and remedy."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from latam_corpus import vocabulary
from latam_corpus.errors import ConfigError
from latam_corpus.paths import data_folder
from latam_corpus.policies.policy import Policies

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def filters(tmp_path: Path) -> Path:
    """Return a copy of the shipped policies that a test may edit."""
    return shutil.copytree(data_folder("filters"), tmp_path / "filters")


def test_the_shipped_policies_load_and_say_who_reviewed_them() -> None:
    """Every shipped file loads, and `reviewed_by` is empty until a speaker has reviewed it."""
    policies = Policies.load()
    assert {"spa", "por", "und"} <= set(policies.languages)
    assert {"literature", "news", "lyrics", "oral_history"} <= set(policies.genres)
    assert all(isinstance(file.reviewed_by, tuple) for file in policies.languages.values())


def test_a_policy_is_the_union_of_language_and_genre() -> None:
    """A Spanish poem is bounded by spa.toml and lyrics.toml, and a ratio to a typical value becomes a value."""
    bounds = {bound.signal: bound for bound in Policies.load().bounds("spa_Latn", "lyrics")}
    assert bounds["stop_word_count"].file == "languages/spa.toml"
    assert bounds["duplicate_line_share"].file == "genres/lyrics.toml"
    assert bounds["stop_word_share"].minimum == pytest.approx(0.4 * 0.53)
    assert bounds["stop_word_count"].too_low == "stop_word_count<2"


def test_a_language_without_a_file_has_loose_bounds_and_no_ratios() -> None:
    """A language without a file uses und.toml, without ratios to typical values."""
    signals = {bound.signal for bound in Policies.load().bounds("bzd_Latn", "news")}
    assert "stop_word_share" not in signals
    assert "mojibake_per_1000" in signals


def test_every_genre_and_the_languages_that_were_promised_have_a_file() -> None:
    """Every genre, and the region's languages with most speakers or texts, have a file."""
    policies = Policies.load()
    assert set(policies.genres) == set(vocabulary.GENRES)
    promised = """
        spa por eng fra hat pap que quy quz aym grn gug gun nah arn quc cak kek mam yua tzo tzh shp cni guc hch tar oto
        rap
    """
    assert set(promised.split()) <= set(policies.languages)


def test_a_variety_has_its_own_file_or_that_of_its_group() -> None:
    """Members of Nahuatl and Otomi use the file that covers them."""
    policies = Policies.load()
    result = {code: policies.language(code).language for code in ("nhn", "azz", "ote", "ayr_Latn", "qvn", "quy", "bzd")}
    assert result == {
        "nhn": "nah",
        "azz": "azz",
        "ote": "oto",
        "ayr_Latn": "aym",
        "qvn": "que",
        "quy": "quy",
        "bzd": "und",
    }


def test_a_code_that_two_files_cover_is_refused(filters: Path) -> None:
    """A code covered by two files is an error."""
    path = filters / "languages" / "oto.toml"
    path.write_text(path.read_text().replace('"ote"', '"azz"', 1))
    with pytest.raises(ConfigError, match=r"oto\.toml, line 6: «azz» already has a policy in languages/azz\.toml"):
        Policies.load(filters)


def test_drawn_stop_words_are_told_apart_from_reviewed_ones() -> None:
    """Every list of stop words has its origin, and names the words that Spanish has too."""
    policies = Policies.load()
    spanish = set(policies.languages["spa"].stop_words.words)  # type: ignore[union-attr]
    for code, file in policies.languages.items():
        content = (policies.folder / "languages" / f"{code}.toml").read_text()
        words = file.stop_words.words if file.stop_words else ()
        assert len(words) == len(set(words)) or code in ("spa", "por")
        if words and "stop_words.py" in content and not file.background:
            assert any(name in file.stop_words.origin for name in ("(CC", "MPL", "Apache", "free to copy"))  # type: ignore[union-attr]
            head = content.partition("language ")[0]
            shared = spanish & set(words)
            assert code in ("hat", "pap", "jam") or all(word in head for word in shared)


@pytest.mark.parametrize(
    ("file", "added", "expected"),
    [
        ("genres/news.toml", "words_per_lines = { min = 3 }", "did you mean «words_per_line»"),
        ("genres/news.toml", "mean_word_length = { min = 9, max = 3 }", "above max"),
        ("genres/news.toml", "mean_word_length = {}", "neither min nor max"),
        ("genres/news.toml", "stop_word_count = { min = 3 }", "bounded here and in languages/"),
        ("genres/news.toml", "[loosened]\ntable_share = { max = 1 }", "loosens no bound"),
        ("genres/news.toml", "mean_word_length = { minimum = 3 }", "did you mean «min»"),
        ("genres/news.toml", 'mean_word_length = { min = "three" }', "«bounds.mean_word_length.min»"),
        ("languages/spa.toml", 'mean_word_length = { min = 3, of = "typical" }', "not ratios"),
        ("languages/spa.toml", "mean_word_length = { min = ", "isn't TOML"),
        # a value that compares as false, so that no document would ever be dropped
        ("genres/news.toml", "mean_word_length = { min = nan }", "finite number"),
        ("genres/news.toml", "mean_word_length = { max = inf }", "finite number"),
        ("genres/news.toml", "mean_word_length = { max = true }", "it must be a number"),
        ("genres/news.toml", 'digit_share_ = { min = 3, of = "typical" }', "did you mean «digit_share»"),
        ("genres/news.toml", 'char_entropy = { min = 3, of = "typical" }', "which no language file states"),
    ],
)
def test_a_wrong_bound_is_refused_with_its_place(filters: Path, file: str, added: str, expected: str) -> None:
    """A wrong bound is an error with file, line, problem and remedy."""
    path = filters / file
    path.write_text(path.read_text() + "\n" + added + "\n")
    line = len(path.read_text().splitlines())
    with pytest.raises(ConfigError) as caught:
        Policies.load(filters)
    assert expected in str(caught.value)
    assert path.name in str(caught.value)
    assert f"line {line}" in str(caught.value)


def test_a_folder_without_und_is_refused(filters: Path) -> None:
    """A folder without und.toml is an error."""
    (filters / "languages" / "und.toml").unlink()
    with pytest.raises(ConfigError, match=r"und\.toml is missing"):
        Policies.load(filters)


def test_a_stop_word_of_two_words_is_refused(filters: Path) -> None:
    """A stop word of two words is an error that names it."""
    path = filters / "languages" / "spa.toml"
    path.write_text(path.read_text().replace('"el", ', '"el que", ', 1))
    with pytest.raises(ConfigError, match="«el que»"):
        Policies.load(filters)


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("languages/spa.toml", "stop_word_share  = 0.53", "stop_word_share  = 0.0", "«typical.stop_word_share» is 0.0"),
        ("languages/spa.toml", "stop_word_share  = 0.53", "stop_word_share  = nan", "finite number"),
        ("languages/spa.toml", "stop_word_share  = 0.53", "stop_word_shares = 0.53", "did you mean «stop_word_share»"),
        ("languages/oto.toml", '"ote"', '"ot"', "«ot» isn't an ISO 639-3 code"),
        ("languages/oto.toml", '"ote"', '"ote_Latn"', "«ote_Latn» isn't an ISO 639-3 code"),
        ("languages/spa.toml", '"spa"', '"es"', "language = «es», but the file is named spa.toml"),
        ("languages/spa.toml", "background  = true", 'background  = "yes"', "true or false"),
        ("genres/news.toml", '"news"', '"prensa"', "genre = «prensa», but the file is named news.toml"),
    ],
)
def test_what_would_be_passed_over_is_refused(filters: Path, file: str, old: str, new: str, expected: str) -> None:
    """Bounds and codes that would have no effect are errors."""
    path = filters / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        Policies.load(filters)
    assert expected in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("languages/es.toml", 'language = "es"\nname = "Spanish"\n', "line 1: «es» isn't an ISO 639-3 code"),
        ("genres/new.toml", 'genre = "new"\n', "line 1: unknown genre «new»; did you mean «news»"),
    ],
)
def test_a_file_that_no_document_has_is_refused(filters: Path, file: str, text: str, expected: str) -> None:
    """A file for a code or genre that no document can have is an error."""
    (filters / file).write_text(text)
    with pytest.raises(ConfigError) as caught:
        Policies.load(filters)
    assert f"{filters / file}, {expected}" in str(caught.value)


def test_more_stop_words_than_can_be_told_apart_are_refused(filters: Path) -> None:
    """More than 64 languages with stop words are an error."""
    have = sum(file.stop_words is not None for file in Policies.load(filters).languages.values())
    for number in range(65 - have):
        code = f"q{chr(97 + number // 26)}{chr(97 + number % 26)}"
        stop_words = '[stop_words]\norigin = "prueba"\nwords = ["de"]\n'
        (filters / "languages" / f"{code}.toml").write_text(f'language = "{code}"\nname = "{code}"\n{stop_words}')
        last = code
    with pytest.raises(ConfigError, match="65 languages have stop words, more than the 64 allowed"):
        Policies.load(filters)
    (filters / "languages" / f"{last}.toml").unlink()
    assert len(Policies.load(filters).stop_table.languages) == 64


def test_an_editors_hidden_file_is_no_policy(filters: Path) -> None:
    """Hidden files, such as an editor's lock, are ignored."""
    (filters / "languages" / ".#spa.toml").symlink_to("alguien@maquina.1234")
    (filters / "genres" / "._news.toml").write_bytes(b"\x00\x05\x16\x07")
    assert "spa" in Policies.load(filters).languages


@pytest.mark.parametrize("kind", ["languages", "genres"])
def test_a_folder_without_files_of_one_kind_is_refused(filters: Path, kind: str) -> None:
    """A missing folder, or one without a kind of files, is an error that names it."""
    shutil.rmtree(filters / kind)
    with pytest.raises(ConfigError, match=f"filters/{kind}: there is no such folder of policies"):
        Policies.load(filters)
    with pytest.raises(ConfigError, match="filtros: there is no such folder of policies"):
        Policies.load(filters.with_name("filtros"))
