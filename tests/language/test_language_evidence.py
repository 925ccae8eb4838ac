"""What must stand in a text before a language of the Americas is named, by language."""

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
    Bounds,
    Evidence,
    evidence,
    frequent_words,
    holds,
    others_hold,
)
from latam_corpus.language.identify import Identify
from latam_corpus.language.judge import judge
from latam_corpus.language.labels import MODELS
from latam_corpus.language.model import load

if TYPE_CHECKING:
    from pathlib import Path

FOUND = Evidence(words=30, own=0.2, colonial=0.0, kinds=3, telling=1.02)


def test_each_figure_of_the_rule_says_what_it_means_and_where_it_is_from() -> None:
    """The table and the rule have the same names in one order, and no figure stands without its origin."""
    told = tomllib.loads(RULE_FILE.read_text("utf-8"))
    assert tuple(told) == RULE._fields
    for name, entry in told.items():
        assert entry.keys() == {"value", "means", "origin"}, name
        assert entry["means"], name
        assert entry["origin"].endswith("."), name


def test_another_figure_of_the_rule_makes_it_another_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was identified under other figures is done anew."""
    other = tmp_path / RULE_FILE.name
    other.write_text(RULE_FILE.read_text("utf-8").replace("value = 0.4", "value = 0.5", 1), "utf-8")
    before = Identify().fingerprint()
    monkeypatch.setattr(model, "RULE_FILE", other)
    assert Identify().fingerprint() != before


def test_rows_of_syllables_show_short_words_alone() -> None:
    """Words of four letters weigh as much as three of three; words of two letters nothing."""
    lists = {"quy": frozenset({"kay", "wasi", "pi", "ñuqa", "ima"})}
    found = evidence(["kay", "pi", "ima", "pi", "kay", "ima", "wasi", "ñuqa"], "quy", lists)
    assert found.kinds == 4
    assert found.telling == pytest.approx(2.68)
    assert evidence(["pi", "ta", "ma", "na", "ka", "pi"], "quy", lists).kinds == 0


def test_a_word_of_one_open_syllable_weighs_a_third_whatever_its_length() -> None:
    """Any row of syllables has it; a vowel before it or a consonant after it makes it a word that tells."""
    lists = {"quy": frozenset({"chhaa", "achha", "chhan"})}
    others = ["pa", "pe", "pi", "po"]
    assert evidence(["chhaa", *others], "quy", lists).telling == pytest.approx(0.34)
    assert evidence(["achha", "chhan", *others], "quy", lists).telling == pytest.approx(2)


def test_equally_frequent_words_are_taken_in_the_order_of_the_alphabet() -> None:
    """So that two trainings list the same words, whatever order a set of them had."""
    words = [f"w{number:04}" for number in range(3000)]
    found = frequent_words({"quy_Latn": [" ".join(words)]})["que"]
    assert found == words[: len(found)]
    assert 0 < len(found) < len(words)


@pytest.mark.parametrize(
    ("chance", "found", "bounds", "named"),
    [
        (0.9, FOUND, Bounds(), False),
        (0.99, FOUND, Bounds(), True),
        (0.99, replace(FOUND, own=0.09), Bounds(), False),
        (0.99, replace(FOUND, own=0.14), Bounds(telling=2), False),
        (0.9, replace(FOUND, words=15), Bounds(), True),
        (0.9, replace(FOUND, telling=1.5), Bounds(), True),
        (0.9, replace(FOUND, telling=1.5), Bounds(telling=2), False),
        (0.9, replace(FOUND, telling=1.5), Bounds(probability=0.95), False),
        (0.999, replace(FOUND, kinds=1, telling=1), Bounds(), False),
        (0.999, replace(FOUND, words=5), Bounds(), False),
        (0.99, replace(FOUND, colonial=0.25), Bounds(), False),
        (0.999, replace(FOUND, colonial=0.25), Bounds(), True),
        (0.999, replace(FOUND, colonial=0.35), Bounds(), False),
        (0.999, replace(FOUND, own=0.04), Bounds(), False),
    ],
)
def test_a_name_needs_probability_and_words(chance: float, found: Evidence, bounds: Bounds, *, named: bool) -> None:
    """Each part of the rule alone decides."""
    assert holds(chance, found, bounds) is named


def test_neighbours_of_spanish_need_less_than_languages_from_far_away() -> None:
    """Galician may be named where it is likelier than not, Norwegian not."""
    assert others_hold(0.5, 10, "glg")
    assert not others_hold(0.45, 10, "nob")
    assert not others_hold(0.5, 3, "glg")
    assert others_hold(0.5, 1, "spa")


def test_the_shipped_model_knows_which_groups_need_more() -> None:
    """Bounds are of groups of the Americas, and the one with the most languages of short words is among them."""
    bounds = load().bounds
    assert bounds.keys() <= set(groups().of.values())
    assert bounds["omq"].telling >= 2


def test_random_syllables_are_in_no_language() -> None:
    """Of 2,000 lines of random syllables one at most is named after a language of the Americas."""
    rng = random.Random(77)
    named = [found.code for found in judge(load(), [augment.nonsense(rng) for _ in range(2000)])]
    assert sum(code in groups().of for code in named) <= 1


@pytest.mark.parametrize("group", ["omq", "zap", "que", "awd"])
def test_rows_of_a_groups_own_syllables_are_hardly_named_after_it(group: str) -> None:
    """One in a hundred is what the bounds allow, and chance twice as many: other rows than those that made them."""
    rng = random.Random(78)
    words = sorted(load().words[group])
    named = judge(load(), [augment.respoken(words, 30, rng) for _ in range(1000)])
    assert sum(groups().of.get(found.code) == group for found in named) <= 20


def test_a_group_whose_syllables_make_its_words_needs_more_of_them() -> None:
    """Without its bound, more of the rows are named after the group than the bound lets pass."""
    model = replace(load(), words={"omq": load().words["omq"]}, bounds={})
    bound = calibrated(model, [], 1)["omq"]
    assert bound.telling > RULE.least_telling
    rng = random.Random(79)
    rows = [augment.respoken(sorted(model.words["omq"]), 30, rng) for _ in range(1000)]

    def named(bounds: dict[str, Bounds]) -> int:
        return sum(groups().of.get(found.code) == "omq" for found in judge(replace(load(), bounds=bounds), rows))

    assert named({"omq": bound}) < named({})


def test_a_group_is_bound_above_the_texts_that_were_falsely_named_so() -> None:
    """Lines that count as of elsewhere and are named after a group aren't any more, once they were seen."""
    model = replace(load(), bounds={}, words={code: load().words[code] for code in ("hat", "acf", *RULE.colonial)})
    rng = random.Random(5)
    # Frequent words of two languages in turn, so that neither is certain.
    ours, theirs = sorted(model.words["hat"]), sorted(model.words["acf"])
    lines = [" ".join(rng.choices(ours, k=5) + rng.choices(theirs, k=4)) for _ in range(300)]
    before = judge(model, lines)
    bounds = calibrated(model, lines, 1)
    assert bounds["hat"].probability > max(found.score for found in before if found.code == "hat" and found.score < 0.9)
    after = judge(replace(model, bounds=bounds), lines)
    assert not any(found.code == "hat" and found.score < 0.9 for found in after)
    assert calibrated(model, lines, 1) == bounds


def test_a_bound_that_is_none_is_an_error(tmp_path: Path) -> None:
    """A wrong entry of a label map is told with its file."""
    told = (MODELS / "americas.toml").read_text("utf-8").partition("\n[bounds]")[0]
    wrong = tmp_path / "mapa.toml"
    wrong.write_text(told + "\n[bounds]\nzap = { likelihood = 1 }\n", "utf-8")
    with pytest.raises(ConfigError, match=r"mapa\.toml: invalid bounds"):
        load(str(MODELS / "americas.ftz"), str(wrong))


def test_a_text_with_fewer_sounds_than_its_language_must_show_more_words() -> None:
    """Twice as many in twenty words and more; in shorter ones sounds are few in any language."""
    few = Evidence(words=30, own=0.3, colonial=0.0, kinds=4, telling=2.0, consonants=6)
    assert not holds(0.99, few, consonants=10)
    assert holds(0.99, few, consonants=6)
    assert holds(0.99, replace(few, telling=2.7), consonants=10)
    assert not holds(0.99, replace(few, telling=2.7), Bounds(telling=2), consonants=10)
    assert holds(0.99, replace(few, words=12), consonants=10)


def test_the_shipped_model_knows_how_many_consonants_its_languages_have() -> None:
    """Languages of the Americas alone, and never more than what rows of syllables have, too."""
    told = load().consonants
    assert told.keys() <= groups().of.keys()
    assert len(told) > 250
    assert all(5 <= count <= 12 for count in told.values())


def test_rows_of_few_sounds_are_in_no_language() -> None:
    """Of 2,000 rows of a handful of syllables each, one at most is named."""
    rng = random.Random(79)
    sounds = [a + b for a in ("ch", "k", "n", "t", "m", "y", "ts", "p", "r", "w", "l", "s") for b in "aeiou"]
    texts = []
    for _ in range(2000):
        some = rng.sample(sounds, 8)
        texts.append(" ".join("".join(rng.choices(some, k=rng.randint(1, 3))) for _ in range(30)))
    assert sum(found.code in groups().of for found in judge(load(), texts)) <= 1


def test_consonants_of_a_map_that_are_no_number_are_an_error(tmp_path: Path) -> None:
    """With the language and what to write."""
    path = tmp_path / "mapa.toml"
    path.write_text('[words]\nspa = "de la"\n[consonants]\nquy = "doce"\n', "utf-8")
    with pytest.raises(ConfigError, match="consonants of «quy»"):
        load(str(MODELS / "americas.ftz"), str(path))


def test_words_that_are_common_in_spanish_are_no_groups_own() -> None:
    """Names of countries stand in the news of every language; what is rare in Spanish stays, even if it is there."""
    words = [f"palabra{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(80)]
    spanish = [*(" ".join(words) for _ in range(100)), *(["argentina"] * 90), "mama"]
    lines = {"spa_Latn": spanish, "quy_Latn": [*(["kay argentina mama"] * 3000), "wasi japon"]}
    found = set(frequent_words(lines)["que"])
    assert found == {"kay", "mama", "wasi", "japon"}
    assert set(frequent_words(lines, ["japon", "kay", "mama"])["que"]) == {"kay", "mama", "wasi"}


@pytest.mark.parametrize("accents", [True, False])
def test_a_list_of_countries_is_in_no_language_of_the_americas(*, accents: bool) -> None:
    """They stand in the news of Aymara more often than in novels in Spanish."""
    names = (
        "Argentina Bolivia Brasil Chile Colombia Cuba Ecuador Egipto España Filipinas India Irán Israel Japón México"
    )
    names += " Mozambique Nepal Pakistán Perú Rusia Siria Venezuela Bangladés Camerún Dinamarca Etiopía Kenia Uganda"
    rng = random.Random(8)
    rows = [" ".join(rng.sample(names.split(), 20)) for _ in range(200)]
    texts = rows if accents else [augment.without_accents(row) for row in rows]
    assert not any(found.code in groups().of for found in judge(load(), texts))
