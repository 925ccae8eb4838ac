"""Names of languages and countries as people write them find their codes; codes are read back by their names."""

from __future__ import annotations

import sys
import tomllib
from typing import TYPE_CHECKING

import iso639
import pytest

from latam_corpus.catalog.display_names import COMPOSITIONS, COUNTRIES, GENRES, LICENCES, language_name, language_of
from latam_corpus.catalog.named_values import composition_of, country_of, genre_of, statement_of
from latam_corpus.codes import GROUPS, called, groups, iso_code, known_code, name_of, share_name
from latam_corpus.desk import answers
from latam_corpus.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from conftest import CommandLine

    from latam_corpus.messages import Message

_NAMES = tomllib.loads(GROUPS.with_name("names.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("náhuatl", "nah"), ("NAHUATL", "nah"),
        ("otomí", "oto"), ("maya yucateco", "yua"), ("zapoteco del Istmo", "zai"),
        ("Zapoteco", "zap"), ("quechua ayacuchano", "quy"), ("guarani mbyá", "gun"),
        ("K'iche'", "quc"), ("K’iche’", "quc"),
        ("gn", "grn"), ("wixárika", "hch"), ("nheengatu", "yrl"), ("Aymara", "aym"), ("por", "por"),
        ("sí", None), ("si", None), ("não", None), ("no", None), ("mixteco", None), ("sin", "sin"),
    ],
)  # fmt: skip
def test_a_name_finds_its_code(typed: str, code: str | None) -> None:
    """With accents and capitals or without; yes and no are no languages."""
    assert language_of(typed) == code


def test_every_name_finds_its_own_code_and_no_other() -> None:
    """No name belongs to two languages, no name is a code of another, and each code is a single one."""
    seen: dict[str, str] = {}
    for code, named in _NAMES["names"].items():
        assert known_code(code) == code
        standard = None if code in groups().collections else iso639.Language.from_part3(code)
        assert named.get("part1") == (standard and standard.part1)
        assert named["en"] == (standard.name if standard else groups().collections[code])
        for name in (named["es"], named["pt"], *named.get("also", ())):
            assert language_of(name) == code, (name, code)
            assert seen.setdefault(name, code) == code
    for word, names in _NAMES["families"].items():
        assert any(word in one.name for one in iso639.ALL_LANGUAGES)
        for name in names:
            assert len(share_name(name)) > 1, name
            assert language_of(name) is None, name


def test_codes_of_two_letters_are_known_without_the_whole_standard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tables are 13 MB; a variety names its language so."""
    monkeypatch.setitem(sys.modules, "iso639", None)
    known_code.cache_clear()
    assert [known_code(code) for code in ("es", "pt", "gn")] == ["spa", "por", "grn"]


def test_listed_languages_have_names_without_the_whole_standard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports show them; the standard's tables take longer to load than a small report to write."""
    monkeypatch.setitem(sys.modules, "iso639", None)
    for kept in (known_code, name_of):
        kept.cache_clear()
    assert [called("spa", language) for language in ("es", "pt", "en")] == ["español", "espanhol", "Spanish"]


def test_a_name_of_many_languages_lists_them() -> None:
    """Asked for in a form, in a recipe and in a source's file."""
    with pytest.raises(answers.AnswerError) as requested:
        answers.languages("español y triqui")
    reported = requested.value.message.translate("es")
    assert reported.startswith(
        "muchas lenguas se llaman «triqui»; escriba el código de la lengua que corresponda: trc ("
    )
    with pytest.raises(ConfigError, match=r"many languages are called «mixteco»; write .*Mixtec\), .* and \d+ more"):
        iso_code("mixteco", "r.toml")
    with pytest.raises(ConfigError, match="write «zai»"):
        iso_code("zapoteco del Istmo", "r.toml")


@pytest.mark.parametrize(("typed", "code"), [("Méjico", "MX"), ("mexico", "MX"), ("Perú", "PE"), ("Brasil", "BR")])
def test_a_country_is_found_by_its_names(typed: str, code: str) -> None:
    """In either spelling."""
    assert country_of(typed) == code


@pytest.mark.parametrize("typed", ["31/13/2030", "2030/12/31", "31/12/30", "mañana", "30/02/2030"])
def test_a_day_that_is_none_is_refused(typed: str) -> None:
    """Months don't change places with days, and a year has four digits."""
    with pytest.raises(answers.AnswerError):
        answers.day(typed)
    assert answers.day("5/6/2030").isoformat() == "2030-06-05"


def test_check_reads_the_names_back(command_line: CommandLine, tmp_path: Path) -> None:
    """So that a code that means another language is seen."""
    path = tmp_path / "a.toml"
    about = 'id = "a"\ntitle = "A"\nholder = "B"\n'
    path.write_text(about + 'genre = "news"\ncountry = "PY"\nlanguages = ["grn", "zai"]\n')
    result = command_line("sources", "check", path, "--lang", "es")
    assert (
        "leído así: género: prensa · país: PY: Paraguay · lenguas: grn: guaraní, zai: zapoteco del Istmo" in result.out
    )
    path.write_text(about + 'languages = ["mixteco"]\n')
    result = command_line("sources", "check", path, "--lang", "pt")
    assert "muitas línguas se chamam “mixteco”; escreva o código" in result.out
    assert language_name("xyz").translate("es") == "xyz"


@pytest.mark.parametrize(
    ("names", "read"),
    [(COUNTRIES, country_of), (GENRES, genre_of), (COMPOSITIONS, composition_of), (LICENCES, statement_of)],
)
def test_what_is_shown_is_read(names: Mapping[str, Message], read: Callable[[str], str | None]) -> None:
    """Every displayed name of a country, genre, composition or licence can be read from a cell, in each language."""
    for value, name in names.items():
        for shown in (value, *name.translations().values()):
            assert read(shown) == read(shown.upper()) == value
