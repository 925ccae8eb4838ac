"""Names that people use for languages of the Americas, and the code or tag that a source declares by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from latam_corpus.catalog.display_names import language_name
from latam_corpus.codes import admits, called, declared_tag, is_tag, iso_code, share_name
from latam_corpus.desk import answers
from latam_corpus.errors import ConfigError
from latam_corpus.language.model import load
from latam_corpus.language.model_files import SHIPPED
from latam_corpus.pipeline.planning.default_recipe import wanted_languages
from latam_corpus.policies.policy import Policies

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

# By code: names in ISO 639-3, INALI, ISA, CLDR and MINEDU (see names.toml), as people write them.
_SAID = {
    "arn": ["lengua mapuche", "mapuches", "Mapudungún", "mapuzungun"],
    "aym": ["idioma aimara", "aymaras", "Aymara language"],
    "azz": ["nahuatl de la sierra norte de puebla"],
    "cbs": ["huni kuin", "Hãtxa Kuin"],
    "cak": ["Kaqchikel", "cakchiquel"],
    "cbt": ["shawi", "chayahuita"],
    "chf": ["chontal de Tabasco", "yokot'an", "yokotʼan"],
    "chj": ["chinanteco de Ojitlán", "Ojitlan Chinantec"],
    "ctu": ["ch'ol", "chʼol", "chꞌol", "Chol"],
    "cly": ["Eastern Highland Chatino"],
    "cod": ["kukama-kukamiria", "Kukama Kukamiria"],
    "czn": ["chatino de Zenzontepec", "Zenzontepec Chatino", "CHATINO DE ZENZONTEPEC"],
    "grn": ["avañe'ẽ", "Avañe’ẽ", "avañeʼe\u0303", "AVAÑE'Ẽ", "avane'e", "guaraníes", "língua guarani"],
    "gug": ["guarani do Paraguai", "guaraní paraguayo", "jopara"],
    "gum": ["misak", "Guambiano"],
    "hch": ["wixárika", "Wixarika", "huicholes"],
    "hub": ["wampís", "huambisa"],
    "huv": ["huave de San Mateo del Mar"],
    "jac": ["popti'", "Popti", "jacalteco"],
    "kek": ["q'eqchi'", "Q’eqchi’", "qʼeqchiʼ", "qꞌeqchiꞌ", "kekchi"],
    "kgk": ["guarani kaiowá", "Guaraní Kaiowá", "kaiowa", "Kaiwá", "língua kaiowá"],
    "kgp": ["caingangue", "kaingangs"],
    "lac": ["lacandón"],
    "maj": ["mazateco de Jalapa de Díaz"],
    "mav": ["sateré mawé", "Sateré-Mawé"],
    "maz": ["jñatjo", "mazahua"],
    "mbc": ["makuxi", "macuxi"],
    "mcb": ["matsigenka", "Machiguenga"],
    "mil": ["mixteco de Peñoles", "mixteco de penoles"],
    "myu": ["munduruku", "Mundurukú"],
    "nah": ["nahuas", "lengua náhuatl", "mexicano"],
    "ngu": ["náhuatl de Guerrero"],
    "ntp": ["tepehuán del norte", "ódami"],
    "pbb": ["páez", "Paez"],
    "quc": ["k'iche'", "kʼicheʼ", "kꞌicheꞌ", "K´iche´", "quiché"],
    "que": ["quechuas", "quíchua", "kichwa", "runasimi"],
    "quz": ["quechua de Cusco", "quechua cuzqueño"],
    "sei": ["cmiique iitom", "Seri"],
    "tca": ["tikuna", "Ticuna"],
    "toj": ["tojol-ab'al", "tojolabʼal"],
    "tpx": ["me'phaa de Acatepec", "tlapaneco de Acatepec"],
    "trc": ["triqui de Copala", "Copala Triqui"],
    "trs": ["triqui de Chicahuaxtla"],
    "tuo": ["tukano", "Tucano", "língua tukano"],
    "txu": ["mebêngôkre", "caiapó"],
    "wap": ["wapichana", "Wapishana"],
    "yua": ["maayat'aan"],
    "zaa": ["zapoteco de la Sierra Juárez"],
    "zac": ["zapoteco de Ocotlán"],
    "zai": ["diidxazá", "zapoteco del istmo", "lengua zapoteca do Istmo"],
    "zap": ["zapotecos", "lenguas zapotecas", "zapoteco, no sé cuál", "zapoteca (não sei qual)"],
    "omq-x-mixtec": [
        "mixteco, no sé cuál",
        "Mixteco (sin especificar)",
        "tu'un savi, no sé cuál",
        "mixteca, não sei qual",
    ],
    "omq-x-triqui": ["triqui (variety not known)", "lengua triqui, no sé cuál"],
    "omq-x-mazatec": ["mazateco – variante desconocida"],
    "omq-x-chinante": ["chinanteco no sé cuál"],
    "omq-x-chatino": ["chatino, I don't know which"],
    "und-x-totonac": ["totonaco, no sé cuál", "tutunakú sin especificar"],
    "und-x-tepehuan": ["tepehuano, no sé cuál"],
    "und-x-mixe": ["mixe, no sé cuál", "ayuuk (não especificado)"],
    "und-x-popoloca": ["popoloca, no sé cuál"],
    "und-x-chontal": ["chontal de Oaxaca, no sé cuál"],
    "oto": ["otomí, no sé cuál", "hñähñu"],
    "myn": ["maya, no sé cuál", "lenguas mayas", "línguas maias"],
    "awd": ["arawak, no sé cuál", "línguas aruak"],
}
_PAIRS = [(name, code) for code, names in _SAID.items() for name in names]


def test_there_are_a_hundred_of_them() -> None:
    """So that the list stays one of what people say, and not of what happens to be found."""
    assert len(_PAIRS) > 100


@pytest.mark.parametrize(("name", "code"), _PAIRS)
def test_a_name_that_people_use_finds_its_code(name: str, code: str) -> None:
    """With any apostrophe, with accents or without, after «lengua», in the plural, or with a place."""
    assert declared_tag(name) == code
    assert answers.languages(name) == [code]


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("chontal de Oaxaca", {"clo", "chd"}),
        ("zapoteco de San Pedro", {"zpf"}),
        ("triqui", {"trc", "trs", "trq"}),
        ("tepehuano del sur", {"ntp", "stp", "tla"}),
    ],
)
def test_a_name_that_may_be_several_is_asked_for(name: str, members: set[str]) -> None:
    """No language is guessed; the error names the possible ones."""
    assert declared_tag(name) is None
    assert set(share_name(name)) == members
    with pytest.raises(answers.AnswerError) as requested:
        answers.languages(name)
    assert all(f"{code} (" in str(requested.value) for code in members)


@pytest.mark.parametrize(
    "name", ["no sé cuál", "klingonés, no sé cuál", "japoneses", "de Oaxaca", "", "lengua", "x-mixtec"]
)
def test_what_is_no_name_finds_none(name: str) -> None:
    """Words for «I don't know» alone name no language, and no language of another continent is made of a plural."""
    assert declared_tag(name) is None
    assert share_name(name) == ()


def test_many_languages_are_not_listed_flatly() -> None:
    """The question says how to answer if the variety isn't known."""
    with pytest.raises(answers.AnswerError) as requested:
        answers.languages("mixteco")
    reported = str(requested.value)
    assert reported.count("Mixtec)") <= 6
    assert "or its place («mixteco de …»), or «mixteco, I don't know which»" in reported
    assert answers.languages("español y mixteco, no sé cuál, quy") == ["spa", "omq-x-mixtec", "quy"]


@pytest.mark.parametrize("asked", ["mixteco, no sé cuál", "omq-x-mixtec"])
def test_a_recipe_asks_for_the_group_of_a_tag(asked: str) -> None:
    """A stage keeps or drops by codes: the error has the one to write."""
    with pytest.raises(ConfigError, match="write «omq»"):
        iso_code(asked, "r.toml")


def test_no_tag_breaks_bcp_47_and_each_has_members() -> None:
    """A subtag has at most eight letters; the group is that of its members, derived from the groups."""
    for tag in ("omq-x-mixtec", "omq-x-chinante", "und-x-totonac", "und-x-matlatzi"):
        assert is_tag(tag)
        assert len(tag.partition("-x-")[2]) <= 8
    assert admits("omq-x-mixtec", "mig_Latn")
    assert admits("mig", "omq-x-mixtec")
    assert admits("omq-x-mixtec", "omq_Latn")
    assert not admits("omq-x-mixtec", "trc_Latn")
    assert not admits("und-x-totonac", "und")
    assert admits("und-x-totonac", "top_Latn")
    assert called("omq-x-mixtec", "es") == "mixteco (sin especificar)"
    assert language_name("omq-x-mixtec").translate("en") == "Mixtec (unspecified)"
    assert Policies.load().language("und-x-totonac").language == "und"


def test_a_source_may_declare_one(tmp_path: Path, command_line: CommandLine) -> None:
    """It is read back by its name; its default recipe keeps its group, or everything if it has none."""
    from latam_corpus.catalog.source import load_source

    path = tmp_path / "cartas.toml"
    about = 'id = "cartas"\ntitle = "Cartas"\nholder = "Familia"\n'
    path.write_text(about + 'languages = ["omq-x-mixtec"]\n', "utf-8")
    result = command_line("sources", "check", path, "--lang", "es")
    assert "omq-x-mixtec: mixteco (sin especificar)" in result.out
    known = load(SHIPPED).codes
    assert wanted_languages([load_source(str(path))], known) == (["omq"], [])
    path.write_text(about + 'languages = ["und-x-totonac"]\n', "utf-8")
    assert wanted_languages([load_source(str(path))], known) == ([], ["und-x-totonac"])
    path.write_text(about + 'languages = ["mixteco, no sé cuál"]\n', "utf-8")
    assert "omq-x-mixtec" in command_line("sources", "check", path, "--lang", "en").out
