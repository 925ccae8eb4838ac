"""Mistakes in a source file are reported with their place and a remedy."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, get_args, get_type_hints

import pytest

from latam_corpus.catalog import source as model
from latam_corpus.catalog.source import SOURCES, load_source, shipped_sources
from latam_corpus.errors import ConfigError
from latam_corpus.vocabulary import BASES, COMPOSITIONS, GENRES, RIGHTS_TIERS, USES, Tier

if TYPE_CHECKING:
    from pathlib import Path

_LEAST = 'id = "radio-vecinal"\ntitle = "Radio vecinal"\nholder = "Junta de vecinos"\n'


def _load(folder: Path, more: str, least: str = _LEAST) -> str:
    path = folder / "fuente.toml"
    path.write_text(least + more, encoding="utf-8")
    load_source(path)
    return "loaded"


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ('genere = "news"', "line 4: unknown key «genere»; did you mean «genre»?"),
        ('genre = "nwes"', "line 4: «genre» may not be 'nwes'; did you mean «news»? Allowed: news, literature"),
        ('country = "Chile"', "line 4: «country»: «Chile» isn't a two-letter country code"),
        ('languages = ["es"]', "«es» isn't an ISO 639-3 code; write «spa»"),
        ('languages = ["klingon"]', "«klingon» isn't an ISO 639-3 code; write «tlh»"),
        ('languages = ["klingonés"]', "«klingonés» isn't an ISO 639-3 code; write three letters"),
        ('languages = "spa"', "«languages» is 'spa'; it must be a list in brackets"),
        ('[rights]\nstatement = "MIT"\nbasis = "licence"', "line 4: the key «rights.uses» is missing"),
        ('[rights]\nstatement = "MIT"\nuses = ["train"]', "need a legal basis; name it"),
        (
            '[rights]\nstatement = "MIT"\nbasis = "licence"\nuses = ["sell"]',
            "line 7: «rights.uses (1)» may not be 'sell'",
        ),
        (
            '[rights]\nstatement = "CC-BY-NC-4.0"\nbasis = "licence"\nuses = ["train"]\ntier = "open"',
            "the statement gives the tier «non_commercial», not «open»",
        ),
        (
            '[rights]\nstatement = "por carta"\nbasis = "contract"\nuses = ["train"]\ntier = "permission"',
            "needs an agreement",
        ),
        (
            '[rights]\nstatement = "MIT"\nbasis = "licence"\nuses = ["train"]\nexpires = "pronto"',
            "line 8: «rights.expires» is 'pronto'; it must be a date such as 2027-01-31",
        ),
        ('[collect]\ngroup_rows = "25"', "line 5: «collect.group_rows» is '25'; it must be a whole number"),
        ("[collect]\ngather = true", "`gather` needs `group`"),
        ('[collect]\nremove = ["("]', "«(» isn't a regular expression"),
        ('[collect.columns]\ntitel = "t"', "line 5: unknown key «collect.columns.titel»; did you mean «title»?"),
        ('[collect.columns]\nurl = { colum = "u" }', "did you mean «column»?"),
        ('[collect.columns]\nurl = { column = "u", value = "v" }', "write one: column"),
        ('[collect.columns]\ntext = "t"\n[[collect.texts]]\ncolumn = "a"', "exclude each other"),
        ("id = ", "it isn't TOML"),
    ],
)
def test_a_mistake_is_told_with_place_and_remedy(tmp_path: Path, toml: str, told: str) -> None:
    """One message, one line: the file, the line, the key, the problem, what to write instead."""
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, toml)
    assert told in str(caught.value)
    assert str(tmp_path / "fuente.toml") in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301


def test_a_missing_file_and_an_unknown_id_are_told(tmp_path: Path) -> None:
    """A path that isn't there, and an id with the closest one of the catalogue."""
    with pytest.raises(ConfigError, match="no such source file"):
        load_source(tmp_path / "nada.toml")
    with pytest.raises(ConfigError, match="did you mean «conha19»"):
        load_source("conha91")


def test_a_source_without_rights_loads_and_allows_nothing(tmp_path: Path) -> None:
    """It can be collected and measured, and never released."""
    path = tmp_path / "fuente.toml"
    path.write_text(_LEAST, encoding="utf-8")
    source = load_source(str(path))
    assert (source.rights, source.tier, source.uses) == (None, "unknown", ())


def test_a_permission_has_its_tier_from_the_agreement(tmp_path: Path) -> None:
    """Works in copyright are released only under an agreement that is named."""
    path = tmp_path / "fuente.toml"
    rights = (
        '[rights]\nstatement = "https://rightsstatements.org/vocab/InC/1.0/"\nbasis = "contract"\n'
        'uses = ["train"]\ntier = "permission"\nagreement = "convenio-2026-04"\nexpires = 2031-12-31\n'
    )
    path.write_text(_LEAST + rights, encoding="utf-8")
    assert load_source(path).tier == "permission"


def test_a_loaded_source_survives_the_way_to_a_worker() -> None:
    """Sources are sent to workers by pickle."""
    source = load_source("disco-sonnets")
    assert pickle.loads(pickle.dumps(source)) == source  # noqa: S301


def test_the_catalogues_sources_say_what_they_are() -> None:
    """Each has its file's name as id, a genre and rights; those whose texts are at hand are as they were described."""
    sources = {source.id: source for source in shipped_sources()}
    assert set(sources) == {path.stem for path in SOURCES.glob("*.toml")}
    assert set(sources) >= {
        "aymara-global-voices", "conha19", "coser", "disco-sonnets", "eltec-por", "gutenberg-latam",
        "mapudungun-interviews", "news-pages", "sayings", "tango-pd",
    }  # fmt: skip
    for source in sources.values():
        assert source.genre
        assert source.rights is not None
    assert all(sources[name].uses == ("evaluate",) for name in ("news-pages", "mapudungun-interviews"))
    tiers = {name: source.tier for name, source in sources.items()}
    assert tiers["conha19"] == "open"
    assert tiers["mapudungun-interviews"] == "non_commercial"
    assert tiers["news-pages"] == "unknown"
    assert "redistribute" not in sources["tango-pd"].uses


def test_the_words_that_a_source_may_use_are_the_schemas() -> None:
    """The vocabularies of source files and of the schema are the same lists."""
    assert get_args(model.Genre) == GENRES
    assert get_args(model.Composition) == COMPOSITIONS
    assert get_args(Tier) == RIGHTS_TIERS
    hints = get_type_hints(model.Rights)
    assert set(BASES) <= {word for part in get_args(hints["basis"]) for word in get_args(part)}
    assert get_args(get_args(hints["uses"])[0]) == USES
