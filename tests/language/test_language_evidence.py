"""The words that a text must have before a language of the Americas is reported."""

from __future__ import annotations

import random
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from latam_corpus.codes import groups
from latam_corpus.errors import ConfigError
from latam_corpus.lab.language import augment
from latam_corpus.lab.language.calibrate import calibrated
from latam_corpus.language import model
from latam_corpus.language.evidence import (
    RULE,
    RULE_FILE,
    Evidence,
    GroupBounds,
    evidence,
    frequent_words,
    is_supported,
    is_supported_elsewhere,
)
from latam_corpus.language.identify import Identify
from latam_corpus.language.judge import judge
from latam_corpus.language.labels import MODELS
from latam_corpus.language.model import load

if TYPE_CHECKING:
    from pathlib import Path

FOUND = Evidence(words=30, own=0.2, colonial=0.0, kinds=3, telling=1.02)


def test_each_figure_of_the_rule_says_what_it_means_and_where_it_is_from() -> None:
    """The file and the rule have the same parameters in the same order, each with its origin."""
    parameters = tomllib.loads(RULE_FILE.read_text("utf-8"))
    assert tuple(parameters) == RULE._fields
    for name, entry in parameters.items():
        assert entry.keys() == {"value", "means", "origin"}, name
        assert entry["means"], name
        assert entry["origin"].endswith("."), name


def test_another_figure_of_the_rule_makes_it_another_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed parameter of the rule changes the stage's fingerprint."""
    second = tmp_path / RULE_FILE.name
    second.write_text(RULE_FILE.read_text("utf-8").replace("value = 0.4", "value = 0.5", 1), "utf-8")
    previous = Identify().fingerprint()
    monkeypatch.setattr(model, "RULE_FILE", second)
    assert Identify().fingerprint() != previous


def test_rows_of_syllables_show_short_words_alone() -> None:
    """A word of four letters weighs as much as three of three letters, and words of two letters nothing."""
    lists = {"quy": frozenset({"kay", "wasi", "pi", "ñuqa", "ima"})}
    result = evidence(["kay", "pi", "ima", "pi", "kay", "ima", "wasi", "ñuqa"], "quy", lists)
    assert result.kinds == 4
    assert result.telling == pytest.approx(2.68)
    assert evidence(["pi", "ta", "ma", "na", "ka", "pi"], "quy", lists).kinds == 0


def test_a_word_of_one_open_syllable_weighs_a_third_whatever_its_length() -> None:
    """A word of one open syllable weighs a third; another vowel or a final consonant makes it weigh 1."""
    lists = {"quy": frozenset({"chhaa", "achha", "chhan"})}
    syllables = ["pa", "pe", "pi", "po"]
    assert evidence(["chhaa", *syllables], "quy", lists).telling == pytest.approx(0.34)
    assert evidence(["achha", "chhan", *syllables], "quy", lists).telling == pytest.approx(2)


def test_equally_frequent_words_are_taken_in_the_order_of_the_alphabet() -> None:
    """Equally frequent words are listed alphabetically, so that two trainings give the same list."""
    words = [f"w{number:04}" for number in range(3000)]
    result = frequent_words({"quy_Latn": [" ".join(words)]})["que"]
    assert result == words[: len(result)]
    assert 0 < len(result) < len(words)


@pytest.mark.parametrize(
    ("chance", "expected", "bounds", "named"),
    [
        (0.9, FOUND, GroupBounds(), False),
        (0.99, FOUND, GroupBounds(), True),
        (0.99, replace(FOUND, own=0.09), GroupBounds(), False),
        (0.99, replace(FOUND, own=0.14), GroupBounds(telling=2), False),
        (0.9, replace(FOUND, words=15), GroupBounds(), True),
        (0.9, replace(FOUND, telling=1.5), GroupBounds(), True),
        (0.9, replace(FOUND, telling=1.5), GroupBounds(telling=2), False),
        (0.9, replace(FOUND, telling=1.5), GroupBounds(probability=0.95), False),
        (0.999, replace(FOUND, kinds=1, telling=1), GroupBounds(), False),
        (0.999, replace(FOUND, words=5), GroupBounds(), False),
        (0.99, replace(FOUND, colonial=0.25), GroupBounds(), False),
        (0.999, replace(FOUND, colonial=0.25), GroupBounds(), True),
        (0.999, replace(FOUND, colonial=0.35), GroupBounds(), False),
        (0.999, replace(FOUND, own=0.04), GroupBounds(), False),
    ],
)
def test_a_name_needs_probability_and_words(
    chance: float, expected: Evidence, bounds: GroupBounds, *, named: bool
) -> None:
    """A language is reported only if both its probability and its words suffice."""
    assert is_supported(chance, expected, bounds) is named


def test_neighbours_of_spanish_need_less_than_languages_from_far_away() -> None:
    """Galician needs a lower probability than Norwegian."""
    assert is_supported_elsewhere(0.5, 10, "glg")
    assert not is_supported_elsewhere(0.45, 10, "nob")
    assert not is_supported_elsewhere(0.5, 3, "glg")
    assert is_supported_elsewhere(0.5, 1, "spa")


def test_the_shipped_model_knows_which_groups_need_more() -> None:
    """The shipped model has bounds for groups of the Americas, including the one with the most short words."""
    bounds = load().bounds
    assert bounds.keys() <= set(groups().of.values())
    assert bounds["omq"].telling >= 2


def test_random_syllables_are_in_no_language() -> None:
    """At most one of 2,000 lines of random syllables is identified as a language of the Americas."""
    rng = random.Random(77)
    named = [result.code for result in judge(load(), [augment.nonsense(rng) for _ in range(2000)])]
    assert sum(code in groups().of for code in named) <= 1


@pytest.mark.parametrize("group", ["omq", "zap", "que", "awd"])
def test_rows_of_a_groups_own_syllables_are_hardly_named_after_it(group: str) -> None:
    """At most two in a hundred rows of a group's own syllables are identified as the group."""
    rng = random.Random(78)
    words = sorted(load().words[group])
    named = judge(load(), [augment.respoken(words, 30, rng) for _ in range(1000)])
    assert sum(groups().of.get(result.code) == group for result in named) <= 20


def test_a_group_whose_syllables_make_its_words_needs_more_of_them() -> None:
    """Without its bound, a group is reported for more rows of syllables than the bound allows."""
    model = replace(load(), words={"omq": load().words["omq"]}, bounds={})
    bound = calibrated(model, [], 1)["omq"]
    assert bound.telling > RULE.least_telling
    rng = random.Random(79)
    rows = [augment.respoken(sorted(model.words["omq"]), 30, rng) for _ in range(1000)]

    def named(bounds: dict[str, GroupBounds]) -> int:
        return sum(groups().of.get(result.code) == "omq" for result in judge(replace(load(), bounds=bounds), rows))

    assert named({"omq": bound}) < named({})


def test_a_group_is_bound_above_the_texts_that_were_falsely_named_so() -> None:
    """Calibration sets a group's bound above the foreign lines that were identified as the group."""
    model = replace(load(), bounds={}, words={code: load().words[code] for code in ("hat", "acf", *RULE.colonial)})
    rng = random.Random(5)
    # Frequent words of two languages in turn, so that neither is certain.
    ours, other_part = sorted(model.words["hat"]), sorted(model.words["acf"])
    lines = [" ".join(rng.choices(ours, k=5) + rng.choices(other_part, k=4)) for _ in range(300)]
    previous = judge(model, lines)
    bounds = calibrated(model, lines, 1)
    assert bounds["hat"].probability > max(
        result.score for result in previous if result.code == "hat" and result.score < 0.9
    )
    following = judge(replace(model, bounds=bounds), lines)
    assert not any(result.code == "hat" and result.score < 0.9 for result in following)
    assert calibrated(model, lines, 1) == bounds


def test_a_bound_that_is_none_is_an_error(tmp_path: Path) -> None:
    """An invalid bound in a label map is an error that names the file."""
    label_map = (MODELS / "americas.toml").read_text("utf-8").partition("\n[bounds]")[0]
    wrong = tmp_path / "mapa.toml"
    wrong.write_text(label_map + "\n[bounds]\nzap = { likelihood = 1 }\n", "utf-8")
    with pytest.raises(ConfigError, match=r"mapa\.toml: invalid bounds"):
        load(str(MODELS / "americas.ftz"), str(wrong))


def test_a_text_with_fewer_sounds_than_its_language_must_show_more_words() -> None:
    """A text of twenty words or more with few consonants needs twice the evidence."""
    few = Evidence(words=30, own=0.3, colonial=0.0, kinds=4, telling=2.0, consonants=6)
    assert not is_supported(0.99, few, consonants=10)
    assert is_supported(0.99, few, consonants=6)
    assert is_supported(0.99, replace(few, telling=2.7), consonants=10)
    assert not is_supported(0.99, replace(few, telling=2.7), GroupBounds(telling=2), consonants=10)
    assert is_supported(0.99, replace(few, words=12), consonants=10)


def test_the_shipped_model_knows_how_many_consonants_its_languages_have() -> None:
    """The shipped model has counts of consonants for the Americas only, above those of rows of syllables."""
    consonants_by_code = load().consonants
    assert consonants_by_code.keys() <= groups().of.keys()
    assert len(consonants_by_code) > 250
    assert all(5 <= count <= 12 for count in consonants_by_code.values())


def test_rows_of_few_sounds_are_in_no_language() -> None:
    """At most one of 2,000 rows of a handful of syllables is identified."""
    rng = random.Random(79)
    sounds = [a + b for a in ("ch", "k", "n", "t", "m", "y", "ts", "p", "r", "w", "l", "s") for b in "aeiou"]
    texts = []
    for _ in range(2000):
        some = rng.sample(sounds, 8)
        texts.append(" ".join("".join(rng.choices(some, k=rng.randint(1, 3))) for _ in range(30)))
    assert sum(result.code in groups().of for result in judge(load(), texts)) <= 1


def test_consonants_of_a_map_that_are_no_number_are_an_error(tmp_path: Path) -> None:
    """A count of consonants that isn't a number is an error that names the language and the remedy."""
    path = tmp_path / "mapa.toml"
    path.write_text('[words]\nspa = "de la"\n[consonants]\nquy = "doce"\n', "utf-8")
    with pytest.raises(ConfigError, match="consonants of «quy»"):
        load(str(MODELS / "americas.ftz"), str(path))


def test_words_that_are_common_in_spanish_are_no_groups_own() -> None:
    """Words that are common in Spanish aren't listed for a group, while words that are rare in Spanish are."""
    words = [f"palabra{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(80)]
    spanish = [*(" ".join(words) for _ in range(100)), *(["argentina"] * 90), "mama"]
    lines = {"spa_Latn": spanish, "quy_Latn": [*(["kay argentina mama"] * 3000), "wasi japon"]}
    result = set(frequent_words(lines)["que"])
    assert result == {"kay", "mama", "wasi", "japon"}
    assert set(frequent_words(lines, ["japon", "kay", "mama"])["que"]) == {"kay", "mama", "wasi"}


@pytest.mark.parametrize("accents", [True, False])
def test_a_list_of_countries_is_in_no_language_of_the_americas(*, accents: bool) -> None:
    """Names of countries aren't evidence for Aymara, though its news has them often."""
    names = (
        "Argentina Bolivia Brasil Chile Colombia Cuba Ecuador Egipto España Filipinas India Irán Israel Japón México"
    )
    names += " Mozambique Nepal Pakistán Perú Rusia Siria Venezuela Bangladés Camerún Dinamarca Etiopía Kenia Uganda"
    rng = random.Random(8)
    rows = [" ".join(rng.sample(names.split(), 20)) for _ in range(200)]
    texts = rows if accents else [augment.without_accents(row) for row in rows]
    assert not any(result.code in groups().of for result in judge(load(), texts))
