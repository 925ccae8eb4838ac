"""A variant is recorded, kept in one cluster with the others, and released as the recipe says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus import schema
from latam_corpus.api.stage_alone import stage
from latam_corpus.audit.copies import copies, lines
from latam_corpus.batch import Batch
from latam_corpus.corpus import Frames
from latam_corpus.dedupe.dedupe import Dedupe
from latam_corpus.dedupe.fingerprints.appended import appended_words
from latam_corpus.dedupe.fingerprints.fingerprint import Fingerprint
from latam_corpus.release.eligibility.admission import LIGHT, decide
from latam_corpus.release.eligibility.removals import read_replaced
from latam_corpus.release.eligibility.statements import LINKS
from latam_corpus.report.disclosure import Disclosure
from latam_corpus.report.side_by_side import side_by_side
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_DAY = datetime(2024, 5, 1, tzinfo=UTC)
_NO_LINKS = pl.DataFrame(schema=LINKS)
_SONG = (
    "Estaba la molinera sentada junto al molino\ncon la saya remangada y el pelo color de trigo\n"
    "Pasó por allí un soldado que de la guerra ha venido\nAgua te pido molinera que vengo muerto del camino\n"
    "El agua que muele el trigo no se le niega al vecino\nmas dime si viste en Flandes a Juan que es mi marido\n"
    "La molinera lloraba lloraba con el molino\nel soldado abrió la mano la sortija y su apellido"
)
_OTHER = _SONG.replace("con la saya remangada", "bordando pañuelos finos").replace(
    "lloraba lloraba con el molino", "rompió su cántaro viejo"
)
_ARTICLE = (
    "Los pescadores de la caleta norte descargaron ayer la primera captura de anchoveta de la temporada, después de "
    "siete meses de veda. El sindicato calcula que cada lancha trajo unas cuatro toneladas, menos que el año pasado, y "
    "atribuye la diferencia al agua tibia que la corriente arrimó a la costa en agosto. En el muelle, las mujeres que "
    "limpian el pescado pidieron que se repare el galpón antes de las marejadas de mayo."
)
_QUESTIONS = (
    "\nPreguntas y respuestas\nP: ¿Qué se descargó ayer?\nR: La primera captura de la temporada, según el sindicato.\n"
    "P: ¿Cuánto trajo cada lancha?\nR: Unas cuatro toneladas, menos que el año pasado por el agua tibia de agosto."
)
_MENU = """Inicio
Portada
Política
Economía
Deportes
Cultura
Opinión
Sociales
Avisos económicos
Edición impresa
Quiénes somos
Hacerse socio"""


def _decided(rows: Mapping[str, Any], stage: Dedupe | None = None) -> dict[str, dict[str, Any]]:
    """Return the decisions on all documents, after checking that the order of rows doesn't matter."""
    usual = {"rights_tier": "open", "obtained": _DAY, "language": "spa_Latn", "uses": ["train"]}
    documents = [
        usual | {"doc_id": name} | ({"text": row} if isinstance(row, str) else row) for name, row in rows.items()
    ]
    frame = schema.conform(pl.DataFrame(documents, infer_schema_length=None), schema.DOCUMENT_SCHEMA)
    frame = Fingerprint(sketch=True)(Batch(frame)).frame
    result = [_once(each, stage or Dedupe()) for each in (frame, frame.reverse())]
    assert result[0] == result[1]
    return result[0]


def _once(frame: pl.DataFrame, stage: Dedupe) -> dict[str, dict[str, Any]]:
    ids = frame["doc_id"].to_list()
    result = pl.concat(stage.decide(Frames((frame,))), how="diagonal").drop("doc_id", "kept_row", strict=False)
    return {ids[row.pop("row")]: row for row in result.iter_rows(named=True)}


def test_a_variant_is_recorded_and_kept_in_one_cluster() -> None:
    """Both versions of a song are kept, and the later one in the order of keeping names the first."""
    result = _decided({"a": _SONG, "b": _OTHER})
    [(name, row)] = [(name, row) for name, row in result.items() if row["variant_of"]]
    assert {name, row["variant_of"]} == {"a", "b"}
    assert row["drop_reason"] is row["duplicate_of"] is None
    assert row["verdict"] == "changed"
    evidence = json.loads(row["evidence"])
    assert (evidence["rule"], evidence["kept"]) == ("passages", row["variant_of"])
    assert {row["duplicate_cluster"] for row in result.values()} == {"a"}
    assert {row["cluster_size"] for row in result.values()} == {2}


def test_one_stage_alone_tells_variants_too() -> None:
    """`stage dedupe` reports variants by the rows' ids, in a notebook and on the command line."""
    result = stage("dedupe")(pl.DataFrame({"id": ["a", "b"], "text": [_SONG, _OTHER]}))
    [(name, of)] = result.filter(pl.col("variant_of").is_not_null()).select("id", "variant_of").rows()
    assert (name, of) in {("a", "b"), ("b", "a")}
    assert result["drop_reason"].null_count() == 2


def test_a_variant_falls_where_the_recipe_says_so() -> None:
    """A variant is dropped for its original if the recipe says so."""
    [row] = [row for row in _decided({"a": _SONG, "b": _OTHER}, Dedupe(variants="drop")).values() if row["drop_reason"]]
    assert (row["drop_reason"], row["variant_of"]) == ("variant", None)


def test_a_copy_of_a_variant_falls_for_it_and_is_none_itself() -> None:
    """A copy of a variant is dropped for the variant, and all three are in one cluster."""
    result = _decided({"a": _SONG, "b": _OTHER, "c": _OTHER.replace("cántaro", "cantarillo")})
    fallen = {name: row["duplicate_of"] for name, row in result.items() if row["drop_reason"]}
    assert len(fallen) == 1
    assert {*fallen, *fallen.values()} == {"b", "c"}
    assert {row["cluster_size"] for row in result.values()} == {3}
    assert sum(row["variant_of"] is not None for row in result.values()) == 1


@pytest.mark.parametrize("stated", [{"country": "CL"}, {"published": "1931-05"}, {"creators": ["Ema Soto"]}])
def test_the_same_song_from_another_place_is_a_variant_with_less(stated: Mapping[str, Any]) -> None:
    """One different line makes a copy within a country and a variant from another; equal words are a copy."""
    line = _SONG.replace("La molinera lloraba lloraba con el molino", "Ella rompió su cántaro viejo contra las piedras")
    local = {"country": "AR", "published": "1898", "creators": ["Rosa Vidal"]}
    forward = local | dict(stated)
    for text, has_variant in ((line, True), (_SONG, False)):
        result = _decided({"a": local | {"text": _SONG}, "b": forward | {"text": text}})
        assert any(row["variant_of"] for row in result.values()) == has_variant
        result = _decided({"a": local | {"text": _SONG}, "b": local | {"text": text}})
        assert any(row["drop_reason"] for row in result.values())


_TALK = (
    "¿Dónde nació usted?\nEn la caleta, frente al muelle viejo.\n¿Y su padre?\nPescador de anchoveta, como todos los "
    "de esa calle.\n¿Iban a la escuela?\nCuando había maestra, dos meses al año.\n¿Qué se comía en invierno?\n"
    "Cochayuyo, papas y lo que dejaba la marea."
)


@pytest.mark.parametrize("text", [f"{_MENU}\n{_TALK}", f"{_TALK}\nTe puede interesar\n{_MENU}\n{_MENU}\n{_MENU}"])
def test_what_was_added_to_talk_is_told_too(text: str) -> None:
    """Additions to talk are recognised, although its lines are short and end like sentences."""
    assert appended_words(WordTable.of([text, _TALK])).tolist() == [len(text.split()) - len(_TALK.split()), 0]
    result = _decided({"long": text, "bare": _TALK})
    assert result["long"]["duplicate_of"] == "bare"


@pytest.mark.parametrize(
    "text",
    [
        _ARTICLE + _QUESTIONS,
        f"{_MENU}\n{_ARTICLE}",
        f"{_ARTICLE}\nResumen\n{' '.join(_ARTICLE.split()[:30])} y nada más",
    ],
)
def test_the_copy_with_something_added_is_never_the_one_kept(text: str) -> None:
    """A copy that is longer by a menu, a summary or questions is dropped."""
    result = _decided({"long": text, "bare": _ARTICLE})
    assert result["long"]["duplicate_of"] == "bare"
    evidence = json.loads(result["long"]["evidence"])
    assert evidence["decided_by"] == "appended"
    assert evidence["appended"] > evidence["kept_appended"] == 0


@pytest.mark.parametrize(
    "text",
    [
        _SONG,  # short lines, all of it
        f"{_ARTICLE}\nEl capitán\ndel puerto",  # a signature
        f"P: ¿Dónde nació?\nR: En la caleta.\n{_ARTICLE}\nP: ¿Y su padre?\nR: Pescador.\n{_ARTICLE}",
        f"Resumen\n{_ARTICLE}",
        f"{_ARTICLE}\nResumen de la deuda según el balance que presentó el tesorero\n{_ARTICLE}",
        "P: uno\nR: dos\nP: tres\nR: cuatro",
        "",
    ],
)
def test_what_belongs_to_a_text_is_nothing_added(text: str) -> None:
    """Short lines of a song, a signature, an interview and a heading at the top aren't additions."""
    assert appended_words(WordTable.of([text])).tolist() == [0]


def test_the_search_for_menus_stays_within_the_text() -> None:
    """The search for menus never reads beyond the first or the last line."""
    program = (
        "from latam_corpus.dedupe.fingerprints.appended import appended_words\n"
        "from latam_corpus.text.words import WordTable\n"
        "print(appended_words(WordTable.of(['', 'Inicio\\nPolítica\\n' * 8])).tolist())\n"
    )
    environ = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (0, "[0, 0]\n"), done.stderr


def test_between_two_with_something_added_length_decides() -> None:
    """If both copies have additions, length decides."""
    result = _decided({"a": _ARTICLE + _QUESTIONS, "b": f"{_ARTICLE} La temporada cierra en julio, dijo.{_QUESTIONS}"})
    [row] = [row for row in result.values() if row["drop_reason"]]
    assert json.loads(row["evidence"])["decided_by"] == "words"


def _light(rows: list[dict[str, Any]]) -> pl.DataFrame:
    usual = {
        "part": 0,
        "run": "run",
        "rights_tier": "open",
        "obtained": _DAY,
        "refusal": None,
        "unstated": False,
        "statement": False,
    }
    documents = [
        usual | {"row": n, "row_hash": n, "text_hash": str(n).encode(), "exact_hash": str(n).encode()} | row
        for n, row in enumerate(rows)
    ]
    frame = pl.DataFrame(documents, infer_schema_length=None)
    missing = [pl.lit(None).alias(name) for name in LIGHT if name not in frame.columns]
    return frame.with_columns(missing).select(LIGHT.names()).cast(LIGHT)


def test_a_release_takes_all_the_longest_or_the_longest_of_each_country() -> None:
    """A release takes all variants, the longest, or the longest per country, and reports the others."""
    light = _light(
        [
            {"doc_id": "a", "chars": 500, "country": "AR"},
            {"doc_id": "b", "chars": 620, "country": "CL", "variant_of": "a"},
            {"doc_id": "c", "chars": 480, "country": "CL", "variant_of": "b"},
            {"doc_id": "d", "chars": 700, "country": "CL"},
            {"doc_id": "e", "chars": 300, "variant_of": "gone"},
            {"doc_id": "f", "chars": 400, "variant_of": "gone"},
        ]
    )
    for variants, kept in (("keep", "abcdef"), ("longest", "bdf"), ("by_country", "abdf")):
        created = decide(light, read_replaced(()), variants, _NO_LINKS, {})  # type: ignore[arg-type]
        assert "".join(created.released["doc_id"]) == kept
        assert set(created.left_out["reason"]) <= {"variant"}
        named = {row["doc_id"]: json.loads(row["evidence"])["kept"] for row in created.left_out.iter_rows(named=True)}
        expected = {"keep": {}, "longest": {"a": "b", "c": "b", "e": "f"}, "by_country": {"c": "b", "e": "f"}}
        assert named == expected[variants]


def test_variants_that_name_one_another_are_one_work() -> None:
    """Variants that name each other are one work, whatever the order of rows."""
    rows = [{"doc_id": "a", "chars": 5, "variant_of": "b"}, {"doc_id": "b", "chars": 9, "variant_of": "a"}]
    for each in (rows, rows[::-1]):
        assert decide(_light(each), read_replaced(()), "longest", _NO_LINKS, {}).released["doc_id"].to_list() == ["b"]


def test_two_texts_stand_side_by_side(tmp_path: Path) -> None:
    """Two texts are shown side by side with their common and their own words."""
    result = side_by_side(_SONG, _OTHER)
    assert (result["own"], result["own_of_other"], result["more_passages"]) == (9, 7, 0)
    assert result["shared"] + result["own"] == len(_SONG.split())
    assert result["passages"][0]["mine"] == "con la saya remangada"
    assert result["passages"][0]["before"].endswith("sentada junto al molino")

    folder = tmp_path / "kept"
    folder.mkdir()
    rows = schema.conform(pl.DataFrame([{"doc_id": "b", "text": _OTHER, "title": "Molinera"}]), schema.DOCUMENT_SCHEMA)
    rows.write_parquet(folder / "rows.parquet")
    row = dict.fromkeys(schema.DOCUMENT_SCHEMA) | {"doc_id": "a", "text": _SONG, "containment": 0.8}
    story = copies(tmp_path, row | {"variant_of": "b"}, {"rule": "passages"}, Disclosure(date(2026, 11, 27)))
    shown = [str(line) for line in lines(story)]
    assert "a variant of b «Molinera»" in shown[0]
    assert "each has different passages" in shown[0]
    assert any("[con la saya remangada]" in line for line in shown)
    assert any("[bordando pañuelos finos]" in line for line in shown)
    assert "text" not in story["other"]


def test_long_texts_are_compared_as_far_as_is_quick() -> None:
    """Long texts are compared for 3,000 words from the first difference on, and the rest is announced."""
    words = [f"palabra{n}" for n in range(9000)]
    second = [word if n % 7 else f"otra{n}" for n, word in enumerate(words)]
    result = side_by_side(" ".join(words), " ".join(second))
    assert not result["compared"]
    assert result["more_passages"] > 0
    assert side_by_side("", "")["shared"] == 0
    [passage] = side_by_side("x" * 10**6, "y")["passages"]
    assert passage["mine"] == "x" * 200 + "…"
