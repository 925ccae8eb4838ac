"""New documents are compared with an earlier version through its fingerprint index alone."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from latam_corpus import schema
from latam_corpus.batch import Batch
from latam_corpus.corpus import Frames
from latam_corpus.dedupe.dedupe import Dedupe
from latam_corpus.dedupe.fingerprints.fingerprint import Fingerprint, text_hash
from latam_corpus.dedupe.fingerprints.fingerprint_index import METADATA, SKETCHED, group_of, metadata_of
from latam_corpus.dedupe.fingerprints.scheme import Scheme
from latam_corpus.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_LETTER = (
    "Querida hermana: llegué al puerto con la marea alta y nadie me esperaba en el muelle, porque la carta que mandé "
    "desde la sierra se perdió con el correo de enero. Dormí dos noches en la fonda de la viuda, comí pescado frito y "
    "escuché a los viejos contar la historia del barco que salió con naranjas y volvió con nieve en la bodega."
)
_LONGER = _LETTER + " Mañana subo al tren de las seis con lo que me queda de dinero y una canasta de pan."
_OTHER = (
    "No hay más remedio que esperar a que baje el río, dijo el arriero, y se sentó a liar un cigarro bajo el alero."
)
_DAY = datetime(2024, 5, 1, tzinfo=UTC)


def _documents(texts: Mapping[str, str], tier: str = "open") -> pl.DataFrame:
    rows = [{"doc_id": k, "text": v, "rights_tier": tier, "obtained": _DAY} for k, v in texts.items()]
    return Fingerprint(sketch=True)(Batch(schema.conform(pl.DataFrame(rows), schema.DOCUMENT_SCHEMA))).frame


def _index(folder: Path, texts: Mapping[str, str], scheme: Scheme | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    table = group_of(_documents(texts).select(SKETCHED)).to_arrow()
    metadata = metadata_of(scheme or Scheme())
    pq.write_table(table.replace_schema_metadata(metadata), folder / "data.parquet")
    return folder


def _decided(texts: Mapping[str, str], stage: Dedupe) -> dict[str, dict[str, Any]]:
    """Return the decisions by id, with the prefix `old:` for documents of the index."""
    frame = _documents(texts)
    ids = list(texts)
    result = pl.concat(stage.decide(Frames((frame,))), how="diagonal")
    return {
        ids[row["row"]] if row["row"] < len(ids) else f"old:{row['doc_id']}": row
        for row in result.iter_rows(named=True)
        if row["drop_reason"] or row["contained_in"]
    }


def test_a_copy_of_a_known_document_falls(tmp_path: Path) -> None:
    """An equal text and a near-duplicate are dropped for the document of the earlier version; a new text is kept."""
    index = _index(tmp_path / "index", {"viejo": _LETTER})
    texts = {"igual": _LETTER, "casi": _LETTER.replace("hermana", "prima"), "nuevo": _OTHER}
    decisions = _decided(texts, Dedupe(against=str(index)))
    assert {name: row["duplicate_of"] for name, row in decisions.items()} == {"igual": "viejo", "casi": "viejo"}
    assert '"kept":"viejo"' in decisions["casi"]["evidence"]


def test_the_existing_one_stays_even_if_a_longer_comes(tmp_path: Path) -> None:
    """With `keep = "existing"` an earlier document is never dropped."""
    index = _index(tmp_path / "index", {"viejo": _LETTER})
    decisions = _decided({"largo": _LONGER}, Dedupe(against=str(index)))
    assert set(decisions) <= {"largo"}
    assert all(row["duplicate_of"] == "viejo" for row in decisions.values())


def test_the_best_one_may_be_new(tmp_path: Path) -> None:
    """With `keep = "best"` an earlier document is dropped for a longer new one that contains it, and is decisions."""
    index = _index(tmp_path / "index", {"viejo": _LETTER})
    decisions = _decided({"largo": _LONGER}, Dedupe(against=str(index), keep="best"))
    assert set(decisions) == {"old:viejo"}
    assert decisions["old:viejo"]["duplicate_of"] == "largo"
    assert decisions["old:viejo"]["text_hash"] == text_hash(_LETTER)


def test_a_known_copy_without_accents_gives_way_to_a_sound_one(tmp_path: Path) -> None:
    """The index stores damage, so under `keep = "best"` an undamaged text replaces a longer one without accents."""
    crowd = (
        "Después, según decían, también había más gente allí, todavía despierta; así era aquí y allá, y jamás callaba."
    )
    sound = f"{_LETTER} {crowd} {_LONGER}"
    bare = (
        unicodedata.normalize("NFD", sound).encode("ascii", "ignore").decode() + " Fin de esta carta, que nadie leyó."
    )
    index = _index(tmp_path / "index", {"viejo": bare})
    decisions = _decided({"nuevo": sound}, Dedupe(against=str(index), keep="best"))
    assert {name: row["duplicate_of"] for name, row in decisions.items()} == {"old:viejo": "nuevo"}
    assert '"decided_by":"damage"' in decisions["old:viejo"]["evidence"]
    decisions = _decided({"nuevo": sound}, Dedupe(against=str(index)))
    assert {name: row["duplicate_of"] for name, row in decisions.items()} == {"nuevo": "viejo"}
    assert '"decided_by":"existing"' in decisions["nuevo"]["evidence"]


def test_a_later_record_of_a_known_document_is_no_copy_of_it(tmp_path: Path) -> None:
    """A newer record with the same doc_id and one changed word replaces the earlier record."""
    index = _index(tmp_path / "index", {"carta": _LETTER})
    assert _decided({"carta": _LETTER.replace("hermana", "prima")}, Dedupe(against=str(index))) == {}
    assert _decided({"carta": _LETTER}, Dedupe(against=str(index))) == {}


@pytest.mark.parametrize("keep", ["existing", "best"])
def test_copies_among_the_known_are_none_of_our_business(tmp_path: Path, keep: Literal["existing", "best"]) -> None:
    """Two near-duplicates within the earlier version are both left unchanged."""
    index = _index(tmp_path / "index", {"a": _LETTER, "b": _LETTER.replace("hermana", "prima")})
    assert _decided({"nuevo": _OTHER}, Dedupe(against=str(index), keep=keep)) == {}
    # Even if a new document is a candidate of both.
    decisions = _decided({"nuevo": _LETTER.replace("naranjas", "limones")}, Dedupe(against=str(index)))
    assert set(decisions) == {"nuevo"}


@pytest.mark.parametrize("near", [True, False])
def test_the_index_is_part_of_the_key(tmp_path: Path, near: bool) -> None:
    """Another index of the same name changes the fingerprint of the stage."""
    index = _index(tmp_path / "index", {"a": _LETTER})
    previous = Dedupe(against=str(index), near=near).fingerprint()
    _index(tmp_path / "index", {"b": _OTHER})
    assert Dedupe(against=str(index), near=near).fingerprint() != previous


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        ("none", "there is no fingerprint index"),
        ("bytes", "can't be read as Parquet"),
        ("columns", "isn't a file of a fingerprint index"),
        ("format", "its format is 99"),
        ("seed", "seed"),
    ],
)
def test_a_foreign_index_is_refused(tmp_path: Path, damage: str, expected: str) -> None:
    """A missing, damaged or incompatible index is an error that names the file and the remedy."""
    index = _index(tmp_path / "index", {"a": _LETTER}, Scheme(seed=7) if damage == "seed" else None)
    file = index / "data.parquet"
    if damage == "none":
        file.unlink()
    elif damage == "bytes":
        file.write_bytes(b"PAR1 no es nada PAR1")
    elif damage == "columns":
        pq.write_table(pa.table({"doc_id": ["a"]}), file)
    elif damage == "format":
        pq.write_table(pq.read_table(file).replace_schema_metadata({METADATA: b'{"format": 99}'}), file)
    with pytest.raises(ConfigError, match=expected) as caught:
        _decided({"nuevo": _OTHER}, Dedupe(against=str(index)))
    assert caught.value.remedy


_SUNG = (
    "Estaba la molinera sentada junto al molino con la saya remangada y el pelo color de trigo, pasó por allí un "
    "soldado que de la guerra ha venido: agua te pido, molinera, que vengo muerto del camino."
)
_ELSEWHERE = _SUNG.replace("con la saya remangada", "bordando pañuelos finos").replace(
    "muerto del camino", "de muy lejos herido"
)


@pytest.mark.parametrize("keep", ["existing", "best"])
@pytest.mark.parametrize(("old", "new"), [("a", "b"), ("b", "a")])
def test_a_variant_of_a_known_document_is_recorded_in_its_cluster(
    tmp_path: Path, keep: Literal["existing", "best"], old: str, new: str
) -> None:
    """A variant of an earlier document is kept, names that document, and joins its cluster."""
    index = _index(tmp_path / "index", {old: _SUNG})
    # The index states no genre: that of the new document counts.
    songs = _documents({new: _ELSEWHERE}).with_columns(genre=pl.lit("lyrics"))
    [row] = [
        row
        for frame in Dedupe(against=str(index), keep=keep).decide(Frames((songs,)))
        for row in frame.iter_rows(named=True)
        if row["row"] == 0
    ]
    assert (row["drop_reason"], row["variant_of"], row["duplicate_cluster"]) == (None, old, old)
    assert row["verdict"] == "changed"


def test_an_index_says_which_country_year_and_author_a_document_states(tmp_path: Path) -> None:
    """One different verse makes a copy within a country and a variant of another country, with and without an index."""
    line = _SUNG.replace("con la saya remangada", "bordando pañuelos finos")

    def documents(name: str, text: str, country: str) -> pl.DataFrame:
        row = {"doc_id": name, "text": text, "rights_tier": "open", "obtained": _DAY, "country": country}
        return Fingerprint(sketch=True)(Batch(schema.conform(pl.DataFrame([row]), schema.DOCUMENT_SCHEMA))).frame

    def decided(folder: Path, frame: pl.DataFrame) -> pl.DataFrame:
        built = pl.concat(Dedupe(against=str(folder)).decide(Frames((frame,))), how="diagonal")
        return built.filter(pl.col("row") == 0)

    folder = tmp_path / "index"
    folder.mkdir()
    table = group_of(documents("viejo", _SUNG, "AR").select(SKETCHED)).to_arrow()
    stated = table.replace_schema_metadata(metadata_of(Scheme()))
    pq.write_table(stated, folder / "data.parquet")
    for country, result in (("AR", "duplicate_of"), ("CL", "variant_of")):
        built = decided(folder, documents("nuevo", line, country))
        assert built[result].to_list() == ["viejo"]
