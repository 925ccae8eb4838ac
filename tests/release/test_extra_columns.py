"""Columns that sources and plug-ins add: a struct with typed fields in each shard of a version."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow.parquet as pq
import pytest
from built_versions import build

import latam_corpus as lc
from latam_corpus import schema
from latam_corpus.errors import ConfigError
from latam_corpus.release.building.diff import diff
from latam_corpus.release.pages.card import card
from latam_corpus.release.pages.croissant import croissant
from latam_corpus.release.reading.pull import Subset, pull
from latam_corpus.release.reading.verify_version import verify
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store import Store
from latam_corpus.train import CorpusStream

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from conftest import Document, KeptRun, SealRun

    from latam_corpus.release.storing.manifest import Manifest

_KINDS = {"año": "int64", "comprado": "date", "precio": "float64", "prestado": "bool", "tags": "list[string]"}


def _entries(**values: str | list[str]) -> list[dict[str, str]]:
    pairs = [(key, [value] if isinstance(value, str) else value) for key, value in sorted(values.items())]
    return [{"key": key, "value": text} for key, texts in pairs for text in texts]


@pytest.fixture
def runs(kept_run: KeptRun, seal_run: SealRun, document: Document) -> list[Path]:
    """Return two runs with different additional columns, one of them in both; one document has none."""
    first = _entries(año="1872", comprado="2020-02-03", precio="12.5", prestado="true", tags=["mar", "río"])
    rows = [
        [document(1, extra=first), document(2)],
        [document(3, genre="lyrics", extra=_entries(precio="0.5", sala="B"))],
    ]
    folders = [kept_run(f"cuentos-{number}", documents, parts=1) for number, documents in enumerate(rows)]
    for folder, kinds in zip(folders, (_KINDS, {"precio": "float64", "sala": "string"}), strict=True):
        seal_run(folder, extra=kinds)
    return folders


def _built(runs: list[Path], store: Path, today: date, parent: str | None = None) -> Manifest:
    return build("libros", runs, store, admit=("open",), uses=("train",), today=today, parent=parent)


def _rows(store: Path, spec: str = "libros") -> dict[float | None, dict[str, Any]]:
    rows = lc.open_release(store, spec).scan().collect()
    return {(row["extra"] or {}).get("precio"): row["extra"] for row in rows.iter_rows(named=True)}


@pytest.fixture
def today() -> date:
    """Return the day of all builds."""
    from datetime import date

    return date(2026, 11, 25)


def test_a_version_has_a_typed_struct_of_all_columns(runs: list[Path], tmp_path: Path, today: date) -> None:
    """All shards have one schema, and missing values are null."""
    manifest = _built(runs, tmp_path / "store", today)
    assert manifest.extra == {**_KINDS, "sala": "string"}
    store = Store.at(tmp_path / "store")
    files = [store.path(shard.object) for shard in manifest.shards]
    assert len({str(pq.read_schema(file)) for file in files}) == 1
    rows = _rows(tmp_path / "store")
    assert rows[12.5] == {
        "año": 1872, "comprado": pl.Series(["2020-02-03"]).str.to_date()[0], "precio": 12.5, "prestado": True,
        "sala": None, "tags": ["mar", "río"],
    }  # fmt: skip
    assert rows[0.5] == {**dict.fromkeys(_KINDS), "precio": 0.5, "sala": "B"}
    assert set(rows[None].values()) == {None}
    assert verify(store, "libros", manifest.version) == []


def test_duckdb_and_datasets_read_additional_columns(runs: list[Path], tmp_path: Path, today: date) -> None:
    """The pulled files are readable by DuckDB and datasets."""
    duckdb, datasets = pytest.importorskip("duckdb"), pytest.importorskip("datasets")
    _built(runs, tmp_path / "store", today)
    pull("libros", tmp_path / "store", tmp_path / "pulled")
    files = sorted(str(file) for file in (tmp_path / "pulled" / "data").rglob("*.parquet"))
    relation = duckdb.read_parquet(files).filter("extra.prestado").project('extra.precio, extra.tags, extra."año"')
    assert relation.fetchall() == [(12.5, ["mar", "río"], 1872)]
    loaded = datasets.load_dataset(str(tmp_path / "pulled"), split="train", cache_dir=str(tmp_path / "cache"))
    assert sorted(row["extra"]["precio"] or 0 for row in loaded) == [0, 0.5, 12.5]


def test_conditions_read_additional_columns(runs: list[Path], tmp_path: Path, today: date) -> None:
    """`pull --where`, `pull --columns` and streams can use additional columns."""
    _built(runs, tmp_path / "store", today)
    where = "extra.precio > 1 and 'mar' in extra.tags and extra.año = 1872 and extra.comprado < '2021-01-01'"
    pull("libros", tmp_path / "store", tmp_path / "pulled", Subset(where=where, columns=["extra"]))
    [file] = (tmp_path / "pulled" / "data").rglob("*.parquet")
    assert pl.read_parquet(file, glob=False)["extra"].struct.field("precio").to_list() == [12.5]
    pull("libros", tmp_path / "store", tmp_path / "rows", Subset(where=where))
    [file] = (tmp_path / "rows" / "data").rglob("*.parquet")
    assert pl.read_parquet(file, glob=False)["extra"].struct.field("tags").to_list() == [["mar", "río"]]
    [row] = CorpusStream(tmp_path / "store", "libros", split="all", where=where)
    assert row["extra"]["tags"] == ["mar", "río"]
    with pytest.raises(ConfigError, match=r"«extra» has no part «preci».*precio"):
        pull("libros", tmp_path / "store", tmp_path / "other", Subset(where="extra.preci > 1"))


def test_a_version_without_additional_columns_has_no_extra(
    kept_run: KeptRun, document: Document, tmp_path: Path, today: date
) -> None:
    """It has no column `extra`, and a condition on it is refused."""
    manifest = _built([kept_run("cuentos", [document(1)])], tmp_path / "store", today)
    assert manifest.extra == {}
    assert lc.open_release(tmp_path / "store", "libros").scan().collect_schema() == schema.RELEASE_SCHEMA
    with pytest.raises(ConfigError, match="unknown column «extra»"):
        pull("libros", tmp_path / "store", tmp_path / "pulled", Subset(where="extra.precio > 1"))


def test_a_new_column_changes_the_schema_and_no_document(runs: list[Path], tmp_path: Path, today: date) -> None:
    """The next version has the columns of both runs, and reports no row of the first as changed."""
    first = _built(runs[:1], tmp_path / "store", today)
    second = _built(runs[1:], tmp_path / "store", today, parent=first.version)
    assert second.extra == {**_KINDS, "sala": "string"}
    assert _rows(tmp_path / "store") == _rows_of_both(runs, tmp_path, today)
    store = Store.at(tmp_path / "store")
    assert len(second.shards) == 2
    assert len({str(pq.read_schema(store.path(shard.object))) for shard in second.shards}) == 1
    changes = diff(store, load_manifest(store, "libros", first.version), second)
    assert [(change.what, change.rows) for change in changes] == [("added", 1)]
    rebuilt = _built(runs[1:], tmp_path / "store", today, parent=second.version)
    assert rebuilt.version == second.version


def _rows_of_both(runs: list[Path], tmp_path: Path, today: date) -> dict[float | None, dict[str, Any]]:
    _built(runs, tmp_path / "fresh", today)
    return _rows(tmp_path / "fresh")


def test_a_changed_value_is_a_changed_document(
    kept_run: KeptRun, seal_run: SealRun, document: Document, tmp_path: Path, today: date
) -> None:
    """`release diff` counts a changed value among other columns."""
    versions: list[Any] = []
    for number, price in enumerate(("1.5", "2.5")):
        run = kept_run(f"precios-{number}", [document(1, extra=_entries(precio=price)), document(2)], parts=1)
        seal_run(run, extra={"precio": "float64"})
        versions.append(_built([run], tmp_path / "store", today))
    changes = diff(Store.at(tmp_path / "store"), versions[0], versions[1])
    assert [(change.what, change.rows, str(change.reason)) for change in changes] == [("changed", 1, "other columns")]


def test_a_withdrawal_keeps_additional_columns(runs: list[Path], tmp_path: Path, today: date) -> None:
    """A withdrawal rewrites the affected shards with their schema."""
    manifest = _built(runs, tmp_path / "store", today)
    withdrawn_id = next(
        row["doc_id"]
        for row in lc.open_release(tmp_path / "store", "libros").scan().collect().iter_rows(named=True)
        if row["extra"]["precio"] == 0.5
    )
    lc.withdraw(str(tmp_path / "store"), "libros", docs=[withdrawn_id], because="una prueba")
    assert _rows(tmp_path / "store").keys() == {12.5, None}
    with pytest.warns(UserWarning, match="withdrawn"):
        assert _rows(tmp_path / "store", f"libros@{manifest.version}").keys() == {12.5, None}


def test_one_name_with_two_types_is_refused(runs: list[Path], tmp_path: Path, today: date, seal_run: SealRun) -> None:
    """If two runs declare a column with different types, the error names both runs."""
    seal_run(runs[1], extra={"precio": "string"})
    with pytest.raises(
        ConfigError, match=r"cuentos-1: its column .*precio.* is of type string, and .*precio.* of cuentos-0 is of type"
    ):
        _built(runs, tmp_path / "store", today)


def test_card_and_croissant_describe_additional_columns(runs: list[Path], tmp_path: Path, today: date) -> None:
    """The card and croissant.json list additional columns by name and type."""
    manifest = _built(runs, tmp_path / "store", today)
    assert "| `extra.precio` | added by a source or a plug-in; float64 |" in card(manifest)
    fields = json.loads(croissant(manifest))["recordSet"][0]["field"]
    [extra] = [field for field in fields if field["name"] == "extra"]
    kinds = {field["name"]: (field["dataType"], field.get("repeated", False)) for field in extra["subField"]}
    assert kinds["tags"] == ("sc:Text", True)
    assert kinds["prestado"] == ("sc:Boolean", False)
