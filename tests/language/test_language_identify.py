"""The results of the stage `identify`."""

from __future__ import annotations

import json
import pickle

import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.codes import groups
from latam_corpus.errors import ConfigError
from latam_corpus.language.classifier.lines import window_lines
from latam_corpus.language.classifier.windows_kernels import MOST_WINDOWS, NEAR, WINDOW
from latam_corpus.language.identify import Identify
from latam_corpus.schema import DOCUMENT_SCHEMA
from latam_corpus.stages import Stage
from latam_corpus.text.words import utf8

SPANISH = (
    "El martes por la mañana el ómnibus no llegó y los vecinos de la cuadra tuvieron que caminar hasta el puente. "
    "Doña Remedios, que vende pan desde hace treinta años, dijo que nunca había visto la avenida tan vacía."
)
PORTUGUESE = (
    "Na terça-feira de manhã o ônibus não chegou e os vizinhos da quadra tiveram de caminhar até a ponte. "
    "Dona Remédios, que vende pão há trinta anos, disse que nunca tinha visto a avenida tão vazia."
)
RUSSIAN = (
    "Во вторник утром автобус не пришёл, и соседям пришлось идти пешком до самого моста через реку. "
    "Старая женщина, которая продаёт хлеб на площади, сказала, что никогда не видела улицу такой пустой."
)
VERSE = """Por la orilla del río
vino cantando mi abuela,
con su canasto de mimbre
y un pañuelo de franela.

No me preguntes adónde
se fue la tarde serena:
se la llevaron los patos
detrás de la luna llena."""


def identified(*texts: str | None, stage: Identify | None = None, **columns: list[str | None]) -> pl.DataFrame:
    """Return the stage's result for these texts."""
    frame = pl.DataFrame({"text": pl.Series(texts, dtype=pl.String), **columns})
    return (stage or Identify())(Batch(frame)).frame


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (SPANISH, "spa_Latn"),
        (PORTUGUESE, "por_Latn"),
        (VERSE, "spa_Latn"),
        (SPANISH.upper(), "spa_Latn"),
        ("— ¿Y usted qué hacía entonces?\n— Pues yo ayudaba a mi papá en la milpa, nomás.", "spa_Latn"),
        ("Uma cachaça, moço, que hoje eu não trabalho mais.", "por_Latn"),
    ],
)
def test_spanish_and_portuguese_are_told(text: str, language: str) -> None:
    """Prose, verse, capitals and talk are identified with a high score."""
    row = identified(text).row(0, named=True)
    assert row["language"] == language
    assert row["language_score"] > 0.8
    assert row["languages"] is None


@pytest.mark.parametrize(
    "text",
    [None, "", "   \n ", "12 345,67 (2025)", "\U0001f600\U0001f389 \U0001f44d", "https://ejemplo.cl/nota?id=3", "—…¿?"],
)
def test_what_has_no_letters_is_undetermined(text: str | None) -> None:
    """Null, empty, digits, emoji and addresses are `und` with score 0."""
    row = identified(text).row(0, named=True)
    assert (row["language"], row["language_score"]) == ("und", 0.0)


@pytest.mark.parametrize("text", ["ja " * 60, "x" * 500, "dai dai dai dai dai dai dai dai dai", "mmmm mmm mmmmm mm"])
def test_laughter_is_in_no_language_of_the_americas(text: str) -> None:
    """Repeated syllables are never identified as an indigenous language."""
    assert identified(text)["language"][0] in ("und", "spa_Latn", "por_Latn")


@pytest.mark.parametrize("text", ["東京", "서울", "Ω", "Ελλάδα", "ᏣᎳᎩ", "你好"])
def test_a_word_in_another_script_is_in_no_language_of_latin_letters(text: str) -> None:
    """Text in letters that the model doesn't know isn't identified as a language in Latin script."""
    assert not identified(text)["language"][0].endswith("_Latn")


def test_one_word_gives_no_indigenous_language() -> None:
    """A single attested word isn't enough to identify an indigenous language."""
    named = identified("ñawi", "wasi", "tekove", "cihuatl")["language"]
    assert named.is_in(["und", "spa_Latn", "por_Latn"]).all()


def test_a_mixed_document_tells_its_languages_and_shares() -> None:
    """A document in two languages has both with their shares, and the larger one as its language."""
    row = identified("\n".join([SPANISH] * 4 + [PORTUGUESE] * 2)).row(0, named=True)
    assert row["language"] == "spa_Latn"
    assert [entry["code"] for entry in row["languages"]] == ["spa_Latn", "por_Latn"]
    assert [entry["share"] for entry in row["languages"]] == pytest.approx([0.67, 0.33], abs=0.12)


def test_the_columns_have_the_types_of_the_schema() -> None:
    """The stage writes exactly its columns with the schema's types, for an empty batch too."""
    for texts in ((SPANISH, None), ()):
        frame = identified(*texts)
        assert set(frame.columns) == {"text", *Identify.gives}
        assert all(frame.schema[name] == DOCUMENT_SCHEMA[name] for name in Identify.gives)


def test_documents_in_other_languages_are_dropped_with_the_code_as_reason() -> None:
    """A document in another language is dropped with the code as the reason, and with evidence."""
    frame = identified(SPANISH, PORTUGUESE, "12345", stage=Identify(languages=("spa",)))
    assert frame["drop_reason"].to_list() == [None, "language=por", "language=und"]
    assert json.loads(frame["evidence"][1])["score"] > 0.8


def test_an_unknown_wanted_language_is_an_error_that_names_the_closest() -> None:
    """A mistyped language is an error before anything runs."""
    with pytest.raises(ConfigError, match="unknown language code «spaa»"):
        Identify(languages=("spaa",))


def test_a_two_letter_code_is_understood_as_a_wish() -> None:
    """The code `es` means `spa`."""
    assert identified(SPANISH, stage=Identify(languages=("es",)))["drop_reason"][0] is None


def test_the_variety_is_the_declared_country_of_spanish_and_portuguese() -> None:
    """A country gives a variety to Spanish and Portuguese only, and a declared variety is kept."""
    frame = identified(SPANISH, PORTUGUESE, "123", SPANISH, country=["CL", "BR", "PE", None])
    assert frame["variety"].to_list() == ["es-CL", "pt-BR", None, None]
    assert frame["variety_basis"].to_list() == ["declared", "declared", None, None]
    kept_rows = identified(SPANISH, country=["AR"], variety=["es-UY"], variety_basis=["declared"])
    assert kept_rows["variety"][0] == "es-UY"


def test_of_a_hundred_megabytes_in_one_line_a_few_windows_are_read() -> None:
    """A text of 100 MB in one line is identified from a few windows."""
    long = pl.Series([f"{SPANISH} " * (100_000_000 // len(SPANISH))])
    read = window_lines(*utf8(long))
    assert int(read.chars.sum()) <= MOST_WINDOWS * (WINDOW + NEAR)
    assert identified(long[0])["language"][0] == "spa_Latn"


def test_scripts_side_by_side_are_told_apart() -> None:
    """Two scripts in a document are two languages, and a line in mixed scripts isn't identified."""
    row = identified("\n".join([SPANISH] * 4 + [RUSSIAN] * 8)).row(0, named=True)
    assert {entry["code"] for entry in row["languages"]} == {"spa_Latn", "rus_Cyrl"}
    jumble = identified("ñandú мир λόγος שלום 平和 सत्य " * 9)["language"][0]
    assert jumble.split("_")[0] not in groups().of


def test_the_batch_does_not_change_what_is_said() -> None:
    """A document has the same language and score alone as in a batch."""
    texts = [SPANISH, PORTUGUESE, VERSE, "hola", ""]
    joined = identified(*texts).select("language", "language_score")
    separate_results = pl.concat([identified(text).select("language", "language_score") for text in texts])
    assert joined["language"].to_list() == separate_results["language"].to_list()
    assert joined["language_score"].to_list() == pytest.approx(separate_results["language_score"].to_list(), abs=1e-4)


def test_the_stage_is_a_value() -> None:
    """The stage can be compared and pickled, and its fingerprint is a digest."""
    stage = Identify(languages=("spa",))
    assert isinstance(stage, Stage)
    assert pickle.loads(pickle.dumps(stage)) == stage  # noqa: S301 - our own bytes
    assert len(stage.fingerprint()) == 64
