"""Columns that a source adds to its documents with `[collect.extra]`, and those that it leaves out."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.collect.documents.contract import Watch
from latam_corpus.collect.documents.extra_values import LONGEST, converted
from latam_corpus.collect.examine import examine
from latam_corpus.collect.files import list_inputs, read_all
from latam_corpus.config.toml_model import parse_toml
from latam_corpus.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_EXTRA = """
[collect.columns]
text = "texto"
[collect.extra]
precio = { column = "Precio de venta", type = "float64" }
"año" = { column = "Año", type = "int64" }
tags = { column = "tags", type = "list[string]" }
"""
_ROWS = [
    {"texto": "La barca salió.", "Precio de venta": "12,50", "Año": "1872", "tags": "mar; río"},
    {"texto": "El molino se quedó.", "Precio de venta": "doce", "Año": "", "tags": ""},
]


def _source(collect: str) -> Source:
    return parse_toml(f'id = "libros"\ntitle = "Libros"\nholder = "B"\n[collect]\n{collect}', Source, "libros.toml")


def _extra(source: Source, folder: Path, watch: Watch | None = None) -> list[dict[str, Any]]:
    frames = read_all(source, list_inputs(source, str(folder)), genre="literature", watch=watch)
    return [
        {entry["key"]: entry["value"] for entry in row or ()} for frame in frames for row in frame["extra"].to_list()
    ]


def _csv(rows: Sequence[dict[str, Any]]) -> bytes:
    return pl.DataFrame(rows).write_csv().encode()


def _lines(rows: Sequence[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _parquet(rows: Sequence[dict[str, Any]]) -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(rows).write_parquet(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(("name", "write"), [("a.csv", _csv), ("a.jsonl", _lines), ("a.parquet", _parquet)])
def test_declared_columns_are_kept_in_each_format(tmp_path: Path, name: str, write: Any) -> None:
    """Names with blanks and accents too; a list has an entry for each of its texts."""
    (tmp_path / name).write_bytes(write(_ROWS))
    source = _source(_EXTRA)
    frames = list(read_all(source, list_inputs(source, str(tmp_path)), genre="literature"))
    entries = pl.concat(frames)["extra"].to_list()
    assert [tuple(entry.values()) for entry in entries[0]] == [
        ("año", "1872"),
        ("precio", "12.5"),
        ("tags", "mar"),
        ("tags", "río"),
    ]
    assert entries[1] is None


def test_a_value_of_another_type_is_counted_and_named(tmp_path: Path) -> None:
    """The document is kept without it, its ledger row has the value, and the report says how many there are."""
    (tmp_path / "a.csv").write_bytes(_csv(_ROWS))
    source = _source(_EXTRA)
    watch = Watch(source)
    [frame] = read_all(source, list_inputs(source, str(tmp_path)), genre="literature", watch=watch)
    assert json.loads(frame["evidence"][1])["unread"] == {"extra.precio": "doce"}
    assert frame["verdict"].to_list() == [None, "changed"]
    fill = watch.facts.fills["extra.precio"]
    assert (fill.origin, fill.filled, fill.unread, fill.examples) == ("Precio de venta", 1, 1, ["doce"])
    doubts = [str(note.as_message()) for note in examine(source, str(tmp_path)).notes]
    assert any("«doce»" in doubt and "[collect.extra]" in doubt for doubt in doubts)


def test_columns_that_are_not_taken_are_named_with_the_remedy(tmp_path: Path) -> None:
    """Of a table, of JSON lines and of Parquet; a column that states terms is read and so isn't among them."""
    rows = [{"texto": "La barca salió.", "Editorial": "Sur", "license": "CC BY 4.0"}]
    source = _source('[collect.columns]\ntext = "texto"\n')
    for name, write in (("a.csv", _csv), ("b.jsonl", _lines), ("c.parquet", _parquet)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_bytes(write(rows))
        seen = examine(source, str(folder))
        assert seen.facts.not_taken == ["Editorial"]
        [reported] = [str(note.as_message()) for note in seen.notes if "Editorial" in str(note.as_message())]
        assert 'editorial = { column = "Editorial", type = "string" }' in reported


def test_columns_of_a_catalogue_are_kept_or_named(tmp_path: Path) -> None:
    """A catalogue row gives its additional columns to the file's document."""
    (tmp_path / "uno.txt").write_text("La barca salió.", encoding="utf-8")
    (tmp_path / "lista.csv").write_text("archivo,Signatura,Sala\nuno.txt,B-12,Norte\n", encoding="utf-8")
    index = 'files = ["*.txt"]\n[collect.index]\nfile = "lista.csv"\n'
    source = _source(index + '[collect.extra]\nsignatura = { column = "Signatura", type = "string" }\n')
    assert _extra(source, tmp_path) == [{"signatura": "B-12"}]
    doubts = [str(note.problem) for note in examine(source, str(tmp_path)).notes]
    assert "1 column isn't used: «Sala»" in doubts
    wrong = _source(index + '[collect.extra]\nsignatura = { column = "Signatra", type = "string" }\n')
    with pytest.raises(ConfigError, match=r"no column «Signatra».*Signatura"):
        list_inputs(wrong, str(tmp_path))


def test_a_column_that_states_terms_still_narrows_them(tmp_path: Path) -> None:
    """Taking it as an additional column too turns nothing off."""
    rights = 'rights = { statement = "CC0-1.0", basis = "licence", uses = ["train"] }\n'
    (tmp_path / "a.jsonl").write_bytes(_lines([{"text": "La barca.", "license": "CC BY-NC 4.0"}]))
    text = 'id = "l"\ntitle = "L"\nholder = "B"\n' + rights
    text += '[collect.extra]\nlicencia = { column = "license", type = "string" }\n'
    source = parse_toml(text, Source, "l.toml")
    [frame] = read_all(source, list_inputs(source, str(tmp_path)), genre="literature")
    assert frame["rights_tier"].to_list() == ["non_commercial"]
    assert frame["extra"].to_list() == [[{"key": "licencia", "value": "CC BY-NC 4.0"}]]


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        ('title = { column = "t", type = "string" }', "have a column «title» of their own"),
        ('Title = { column = "t", type = "string" }', "have a column «Title» of their own"),
        ('"precio de venta" = { column = "t", type = "string" }', "precio_de_venta"),
        ('precio = { column = "t", type = "double" }', "float64"),
        ('precio = { column = "t" }', "type"),
        (
            'precio = { column = "t", type = "string" }\nPrecio = { column = "u", type = "string" }',
            "«precio» of [collect.extra] precio is of type string",
        ),
    ],
)
def test_a_wrong_declaration_is_refused(declared: str, problem: str) -> None:
    """A schema name, a forbidden name, an unknown type, and names that differ only in capitals are refused."""
    with pytest.raises(ConfigError) as raised:
        _source(f"[collect.extra]\n{declared}\n")
    assert problem in str(raised.value)


@pytest.mark.parametrize(
    ("kind", "values", "texts"),
    [
        ("string", ["mar", 7, True, "x" * (LONGEST + 1), ["a"]], [["mar"], ["7"], [], [], []]),
        ("int64", ["1872", 1872.0, "12.5", 2**63, True], [["1872"], ["1872"], [], [], []]),
        ("float64", ["1,234", "1.234,5", "inf", 1e-7, 3], [[], ["1234.5"], [], ["1e-7"], ["3.0"]]),
        ("bool", ["sí", "no", 1, "quizás"], [["true"], ["false"], ["true"], []]),
        ("date", ["2020-02-29", "29/02/2020", "2020-02-30", "2020"], [["2020-02-29"], ["2020-02-29"], [], []]),
        ("list[string]", [["a", ""], "a | b", '["a", 2]', ["x" * LONGEST, "y"], [{}, [1]]],
         [["a"], ["a", "b"], ["a", "2"], [], []]),
    ],
)  # fmt: skip
def test_values_are_read_by_their_type(kind: str, values: list[Any], texts: list[list[str]]) -> None:
    """A value of another type, an ambiguous number or too long a text is null."""
    assert converted(values, kind) == texts
