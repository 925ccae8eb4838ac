"""The variety of a Spanish or Portuguese document is predicted from cues, or left out."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.errors import ConfigError
from latam_corpus.language.identify import Identify
from latam_corpus.language.varieties import variety
from latam_corpus.language.varieties.variety import cues, predict
from latam_corpus.language.varieties.variety_cues import lexicons
from latam_corpus.paths import data_folder
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = (
    "La lluvia empezó después del mediodía y nadie quiso salir de la casa. El abuelo contó otra vez la historia del "
    "puente que el río se llevó cuando él era niño, y todos la oyeron hasta el final sin decir una palabra. "
)
SIMPLES = (
    "A chuva começou depois do meio-dia e ninguém quis sair de casa. O avô contou outra vez a história da ponte que o "
    "rio levou quando ele era menino, e todos ouviram até o fim sem dizer uma palavra. "
)
SAID = {
    "es-005-x-rioplat": "¿Vos sabés lo que me dijo ese boludo, che? Que la heladera del laburo es un quilombo.",
    "es-CL": "¿Cachái que mi pololo dejó la polera en la micro, po? Estái fome, weón.",
    "es-MX": "Órale, güey, no manches: dejaste la chamarra mojada en la recámara y el jitomate en la alberca.",
    "es-029": "El guajiro del batey comió ñame con guarapo en el bohío y dijo que esa vaina no la hacía más nunca.",
    "es-CU": "Asere, la jinetera del almendrón dejó la jaba y las guayaberas en el timbiriche de los jimaguas.",
    "es-005-x-andes": "En la puna trajeron chuño, rocoto y una chompa para la cholita del ayllu, con quena y huaino.",
    "es-ES": "Chaval, vaya chorrada: os dije que el ordenador y las patatas eran del gilipollas del autocar.",
}


def told(*texts: str, language: str = "spa") -> list[str | None]:
    """Return the variety predicted for each text, repeated until it is long enough."""
    plain = PLAIN if language == "spa" else SIMPLES
    return predict(WordTable.of([text + " " + plain * 6 for text in texts]), [language] * len(texts))


@pytest.mark.parametrize("tag", sorted(SAID))
def test_the_words_of_a_region_name_it(tag: str) -> None:
    """Enough different cues of one region in a long text give the region's tag."""
    assert told(SAID[tag]) == [tag]


def test_brazil_and_portugal_are_told_by_words_and_spelling() -> None:
    """The same story in Brazilian and European spelling gets two tags."""
    brazil = "O time perdeu o ônibus e o goleiro esqueceu o celular no banheiro; o prêmio econômico não veio."
    portugal = "A equipa perdeu o autocarro e a malta esqueceu o telemóvel na montra; o prémio económico não veio."
    assert told(brazil, portugal, language="por") == ["pt-BR", "pt-PT"]


def test_a_text_without_cues_gets_no_variety() -> None:
    """A text without cues has no variety, however long it is."""
    assert told(PLAIN * 10) == [None]
    assert told(SIMPLES * 10, language="por") == [None]


@pytest.mark.parametrize("tag", sorted(SAID))
def test_a_short_text_never_gets_a_variety(tag: str) -> None:
    """A text of less than 200 words has no variety."""
    text = SAID[tag] + " " + PLAIN
    assert WordTable.of([text]).word_count[0] < variety.LEAST_WORDS
    assert predict(WordTable.of([text]), ["spa"]) == [None]


def test_one_word_repeated_is_one_cue() -> None:
    """A repeated word counts as one cue."""
    assert told("bohío " * 50) == [None]


def test_cues_of_two_regions_say_nothing() -> None:
    """A text with cues of two regions has no variety."""
    assert told(SAID["es-005-x-rioplat"] + " " + SAID["es-ES"]) == [None]
    assert told(SAID["es-MX"] + " " + SAID["es-CL"]) == [None]


def test_voseo_alone_tells_no_region() -> None:
    """Voseo alone gives no region, because Central America and the Río de la Plata both use it."""
    assert told("¿Vos querés que te diga si podés? Sos así: pensás, hablás y andás. Vení, mirá, contame.") == [None]


def test_vosotros_alone_is_not_spain() -> None:
    """The word vosotros alone doesn't mean Spain, because old texts of the Americas have it too."""
    assert told("Vosotros tenéis lo que queréis; sabéis que os espero, y habéis venido por vuestros hermanos.") == [
        None
    ]


def test_a_word_with_a_capital_is_no_cue_where_it_may_be_a_name() -> None:
    """A capitalised word isn't a cue if it may be a name."""
    assert "boludo" not in cues("Ayer jugó Boludo.", "spa").get("rioplatense", [])
    assert cues("Tenés razón.", "spa")["rioplatense"] == ["tenés"]


def test_two_words_in_a_row_are_a_cue_and_apart_are_none() -> None:
    """A cue of two words must be two successive words in their order."""
    assert cues("Esto más nunca pasa.", "spa") == {"caribbean": ["más nunca"]}
    assert cues("Esto nunca más pasa; más de lo que nunca.", "spa") == {}


def test_other_languages_have_no_cues() -> None:
    """Only Spanish and Portuguese have cues."""
    assert cues("che pibe", "grn") == {}
    assert predict(WordTable.of([SAID["es-CL"] * 50]), ["eng"]) == [None]


def test_a_declared_country_goes_before_the_cues() -> None:
    """A declared country takes precedence over cues, and a former prediction is replaced."""
    text = SAID["es-CL"] + " " + PLAIN * 6
    frame = pl.DataFrame({"text": [text, text, text], "country": ["PE", None, None]}).with_columns(
        variety=pl.Series([None, None, "es-ES"], dtype=pl.String),
        variety_basis=pl.Series([None, None, "predicted"], dtype=pl.String),
    )
    result = Identify()(Batch(frame)).frame
    assert result["variety"].to_list() == ["es-PE", "es-CL", "es-CL"]
    assert result["variety_basis"].to_list() == ["declared", "predicted", "predicted"]


def test_a_second_look_changes_the_variety_with_the_language() -> None:
    """The variety changes if a later stage identifies another language."""
    first = Identify()(Batch(pl.DataFrame({"text": [PLAIN * 3], "country": ["CL"]}))).frame
    second_run = Identify()(Batch(first.with_columns(text=pl.lit(SIMPLES * 3)))).frame
    assert (first["variety"].item(), second_run["variety"].item()) == ("es-CL", "pt-CL")


@pytest.fixture
def filters(tmp_path: Path) -> Path:
    """Return a copy of the lexicons that a test may edit."""
    folder = tmp_path / "filters"
    shutil.copytree(data_folder("filters") / "varieties", folder / "varieties")
    return folder


def test_a_changed_cue_changes_the_fingerprint_and_a_comment_does_not(filters: Path) -> None:
    """A changed cue changes the fingerprint, and a comment doesn't."""
    previous = Identify(cues=str(filters)).fingerprint()
    assert previous == Identify().fingerprint()
    path = filters / "varieties" / "chile.toml"
    path.write_text("# Un comentario.\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert Identify(cues=str(filters)).fingerprint() == previous
    path.write_text(path.read_text(encoding="utf-8").replace('"fome",', '"fome", "fomedad",'), encoding="utf-8")
    assert Identify(cues=str(filters)).fingerprint() != previous


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('variety     = "es-CL"', 'variety     = "Chile"', "line 4: «Chile» isn't a tag of a variety"),
        ('"fome",', '"fome", "fome",', "cue «fome» is in chile.toml too"),
        ('"fome",', '"fome", "bacán de", "arepera",', "cue «arepera» is in caribbean.toml too"),
        ('"fome",', '"fome", "por la puerta",', "cue «por la puerta» has 3 words"),
        ("most     = 3", "moost = 3", "unknown key «cues (1).moost»; did you mean «most»?"),
        ("most     = 3", 'countries = ["CH"]', "«CH» is unknown here; "),
        ("most     = 3", 'also = ["riopletense"]', "did you mean «rioplatense»?"),
    ],
)
def test_a_wrong_lexicon_is_an_error_with_its_place(filters: Path, old: str, new: str, expected: str) -> None:
    """A mistake in a file is an error with file, line, problem and remedy."""
    path = filters / "varieties" / "chile.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Identify(cues=str(filters)).fingerprint()
    assert str(path) in str(caught.value)
    assert expected in str(caught.value)


def test_a_folder_without_lexicons_is_an_error(tmp_path: Path) -> None:
    """A folder without lexicons is an error."""
    with pytest.raises(ConfigError, match="no such folder of cue lexicons"):
        lexicons(str(tmp_path))


def test_every_shipped_group_says_where_it_is_from_and_has_cues() -> None:
    """Every shipped group has an origin and words."""
    for lexicon in lexicons().values():
        assert all(len(group.origin) > 10 and group.words for _, group in lexicon.groups)
