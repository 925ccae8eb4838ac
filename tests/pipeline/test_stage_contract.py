"""The contract of stages: optional attributes have defaults, and classes that aren't stages are refused."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl
import pytest

import latam_corpus as lc
from latam_corpus import entry_points, schema
from latam_corpus.batch import Batch
from latam_corpus.errors import ConfigError, PartError
from latam_corpus.pipeline.planning import registry
from latam_corpus.pipeline.planning.plan import Step
from latam_corpus.pipeline.planning.registry import STAGES, make_stage, stage_class
from latam_corpus.pipeline.rows.conserve import pass_through
from latam_corpus.pipeline.rows.stage_values import check_own_columns
from latam_corpus.pipeline.stored_runs.keys import made_of
from latam_corpus.stages import Barrier, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import SmallRecipe, SmallSource

_STAGE = '''
from dataclasses import dataclass
from typing import ClassVar
from latam_corpus.stages import Stage

@dataclass(frozen=True)
class Recorta(Stage):
    """The stage that cuts texts."""
    name: ClassVar[str] = "recorta"
    longest: int = 5

    def __call__(self, batch):
        return batch.with_columns({"text": batch.frame["text"].str.slice(0, self.longest)})

@dataclass(frozen=True)
class Precia(Recorta):
    """The stage that adds a column."""
    gives: ClassVar[frozenset[str]] = frozenset({"letras: int64"})

    def __call__(self, batch):
        return batch.with_columns({"letras": batch.frame["text"].str.len_chars()})

class Anonima(Recorta):
    name = ""

class Muda(Stage):
    name = "muda"

class Ajena:
    name = "ajena"
    needs = gives = frozenset()
'''


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Return a function that installs a package whose entry point `recorta` is an object."""

    def forget() -> None:
        entry_points.installed.cache_clear()
        registry.plug_ins.cache_clear()

    def install(value: str) -> None:
        (tmp_path / "recortes_de_prueba.py").write_text(_STAGE)
        result = tmp_path / "recortes-1.0.dist-info"
        result.mkdir()
        (result / "METADATA").write_text("Metadata-Version: 2.1\nName: recortes\nVersion: 1.0\n")
        (result / "entry_points.txt").write_text(f"[latam_corpus.stages]\nrecorta = {value}\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        forget()

    yield install
    monkeypatch.undo()
    forget()


def test_a_plug_in_states_its_name_and_what_it_does(installed: Callable[[str], None]) -> None:
    """With only a name and a call, a stage can be created, called and digested."""
    installed("recortes_de_prueba:Recorta")
    stage = make_stage("recorta", {"longest": 3}, "receta.toml")
    assert isinstance(stage, Stage)
    frame = pl.DataFrame({"doc_id": ["a"], "source_id": ["s"], "text": ["cuatro"]})
    assert pass_through(stage, Batch(frame)).kept.frame["text"].to_list() == ["cua"]
    assert stage.expand() == (stage,)
    assert made_of(stage)["options"] == {"longest": 3}
    assert not Step.of([stage]).has_partial_fingerprint
    with pytest.raises(ConfigError, match="no option «longets»"):
        make_stage("recorta", {"longets": 3}, "receta.toml")


def test_the_stage_that_the_design_shows_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example in the documentation is imported and called."""
    page = (Path(__file__).parents[2] / "docs" / "design.md").read_text(encoding="utf-8")
    example = page.partition("# my_package/shorten.py\n")[2].partition("```")[0]
    (tmp_path / "acorta_de_prueba.py").write_text(example, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    stage = import_module("acorta_de_prueba").Shorten(longest=3)
    assert isinstance(stage, Stage)
    frame = pl.DataFrame({"doc_id": ["a"], "source_id": ["s"], "text": ["cuatro"]})
    passed = pass_through(stage, Batch(frame))
    assert (passed.kept.frame["text"].to_list(), passed.count.changed) == (["cua"], 1)


@pytest.mark.parametrize(
    ("value", "problem", "remedy"),
    [
        ("recortes_de_prueba:Ajena", "is not a stage", "latam_corpus.stages.Stage"),
        ("recortes_de_prueba:dataclass", "is not a stage", "latam_corpus.stages.Stage"),
        ("recortes_de_prueba:Nadie", "can't be imported", "entry point"),
        ("recortes_que_faltan:Recorta", "can't be imported", "entry point"),
        ("recortes_de_prueba:Muda", "lacks «__call__»", "contract"),
        ("recortes_de_prueba:Anonima", "lacks «name»", "contract"),
    ],
)
def test_what_a_package_registers_and_is_no_stage_is_refused(
    installed: Callable[[str], None], value: str, problem: str, remedy: str
) -> None:
    """The error names the recipe, the package, the registered object and a remedy."""
    installed(value)
    with pytest.raises(ConfigError, match=problem) as raised:
        make_stage("recorta", {}, "receta.toml")
    assert raised.value.place == "receta.toml"
    assert f"package «recortes» registers «{value}»" in raised.value.problem
    assert remedy in raised.value.remedy


@pytest.mark.parametrize("name", sorted(STAGES))
def test_every_stage_of_the_toolkit_keeps_the_contract(name: str) -> None:
    """Each stage derives from `Stage` or `Barrier` and has its registered name."""
    actual = stage_class(name, "prueba")
    assert issubclass(actual, Stage | Barrier)
    assert actual.name == name
    assert actual.gives


class _Breaks(Stage):
    """A stage that raises an error on one text, or if there are several."""

    name = "rompe"
    only = "dos"

    def __call__(self, batch: Batch) -> Batch:
        if self.only in batch.frame["text"].to_list() or (not self.only and batch.frame.height > 1):
            raise ValueError("no se\nlee")
        return batch


def test_a_stage_that_breaks_off_is_told_with_its_document() -> None:
    """The error is one line with the line of code, and the document if it is enough to cause the error."""
    batch = Batch(pl.DataFrame({"doc_id": ["a", "b", "c"], "text": ["uno", "dos", "tres"]}))
    with pytest.raises(PartError) as raised:
        pass_through(_Breaks(), batch)
    assert raised.value.place == "stage «rompe», document b"
    assert raised.value.problem.startswith("ValueError: no se lee, in pipeline/test_stage_contract.py:")
    assert "\n" not in str(raised.value)
    combined = type("_Together", (_Breaks,), {"only": ""})
    with pytest.raises(PartError, match=r"^stage «rompe»: ValueError"):
        pass_through(combined(), batch)


@dataclass(frozen=True)
class _Pricing(lc.Stage):
    """A plug-in's stage that sets its own column, declared or not."""

    column: str = "title"
    name: ClassVar[str] = "precios"
    gives: ClassVar[frozenset[str]] = frozenset({"text"})

    def __call__(self, batch: lc.Batch) -> lc.Batch:
        return batch.with_columns({self.column: pl.lit("doce pesos")})


@dataclass(frozen=True)
class _Declaring(_Pricing):
    gives: ClassVar[frozenset[str]] = frozenset({"precio"})


def test_an_undeclared_title_is_kept_by_a_stage_alone_as_in_a_run() -> None:
    """A column of the schema is kept, whether `gives` names it or not."""
    frame = pl.DataFrame({"text": ["La señora abrió la puerta."]})
    batch = lc.Batch(frame.with_columns(doc_id=pl.lit("a"), source_id=pl.lit("b"), title=pl.lit("Uno")))
    in_run = pass_through(_Pricing("title"), batch).kept.frame
    assert lc.stage(_Pricing("title"))(frame)["title"].to_list() == in_run["title"].to_list() == ["doce pesos"]


_UNDECLARED = r"stage «precios».*the column «precio» isn't declared with a type; .*frozenset\(.*precio: float64"


def test_an_undeclared_column_of_its_own_is_refused_alone_and_in_a_run() -> None:
    """An undeclared column would be missing in the release, so it is an error."""
    frame = pl.DataFrame({"text": ["La señora abrió la puerta."]})
    with pytest.raises(lc.PartError, match=_UNDECLARED):
        lc.stage(_Pricing("precio"))(frame)
    batch = lc.Batch(frame.with_columns(doc_id=pl.lit("a"), source_id=pl.lit("b")))
    with pytest.raises(lc.PartError, match=_UNDECLARED):
        pass_through(_Pricing("precio"), batch)
    entry = pl.lit(pl.Series([[{"key": "precio", "value": "12"}]], dtype=schema.EXTRA))
    smuggled: Any = type("_Smuggled", (_Pricing,), {"__call__": lambda _, given: given.with_columns({"extra": entry})})
    with pytest.raises(lc.PartError, match=_UNDECLARED):
        pass_through(smuggled(), batch)


def test_a_column_without_a_type_is_refused_before_anything_runs() -> None:
    """Plans, single stages and blocks refuse it, unless a later stage needs the column."""
    stage = _Declaring("precio")
    with pytest.raises(lc.ConfigError, match=_UNDECLARED):
        check_own_columns("receta.toml", [stage])
    with pytest.raises(lc.ConfigError, match=_UNDECLARED):
        lc.stage(stage)(pl.DataFrame({"text": ["La señora abrió la puerta."]}))
    user: Any = type("_User", (_Pricing,), {"needs": frozenset({"precio"})})
    check_own_columns("receta.toml", [stage, user("text")])


@pytest.mark.parametrize(
    ("gives", "problem"),
    [
        ({"precio: euros"}, "«euros», the type of the column «precio», is unknown"),
        ({"title: string"}, "documents have a column «title» of their own"),
        ({"precio de venta: int64"}, "precio_de_venta"),
    ],
)
def test_a_wrong_declaration_of_a_stage_is_refused(gives: set[str], problem: str) -> None:
    """Stages have the same rules for columns as sources."""
    stage: Any = type("_Wrong", (_Pricing,), {"gives": frozenset(gives)})
    with pytest.raises(lc.ConfigError) as raised:
        check_own_columns("receta.toml", [stage()])
    assert problem in str(raised.value)


@dataclass(frozen=True)
class _Counting(lc.Stage):
    """A plug-in's stage that adds columns."""

    letters: Any = 5
    name: ClassVar[str] = "cuenta"
    gives: ClassVar[frozenset[str]] = frozenset({"letras: int64", "extra.temas: list[string]"})

    def __call__(self, batch: lc.Batch) -> lc.Batch:
        return batch.with_columns({"letras": pl.lit(self.letters), "temas": pl.lit(pl.Series([["mar", "río"]]))})


def test_declared_columns_of_a_stage_are_in_extra() -> None:
    """A single stage returns them like a version, with those that the rows had."""
    frame = pl.DataFrame({"text": ["La señora."], "extra": [{"letras": 1, "precio": 12.5}]})
    extra = lc.stage(_Counting())(frame)["extra"]
    assert extra.to_list() == [{"letras": 5, "precio": 12.5, "temas": ["mar", "río"]}]
    alone = lc.stage(_Counting())(frame.drop("extra"))["extra"]
    assert alone.to_list() == [{"letras": 5, "temas": ["mar", "río"]}]


def test_a_declared_column_of_another_type_is_refused() -> None:
    """The error is about the stage, not about a document."""
    with pytest.raises(lc.PartError, match=r"stage «cuenta».*«letras» is of the type String; it must be Int64"):
        lc.stage(_Counting("cinco"))(pl.DataFrame({"text": ["La señora."]}))


def test_a_mapping_declares_types_too() -> None:
    """`gives` then has the names only."""
    stage: Any = type("_Mapped", (_Counting,), {"gives": {"text": "", "letras": "int64", "temas": "list[string]"}})
    assert stage.gives == {"text", "letras", "temas", "extra"}
    assert stage.adds == {"letras": "int64", "temas": "list[string]"}


def test_columns_of_source_and_stage_reach_the_release(
    installed: Callable[[str], None], tmp_path: Path, small_recipe: SmallRecipe, small_source: SmallSource
) -> None:
    """They are typed in one struct, and the run names the column that isn't used."""
    installed("recortes_de_prueba:Precia")
    (tmp_path / "in").mkdir()
    rows = [
        {"id": "1", "text": "La barca salió del puerto antes del alba.", "Precio": "12,50", "sala": "B"},
        {"id": "2", "text": "El viejo la dejó en la arena de la playa.", "Precio": "doce"},
    ]
    (tmp_path / "in" / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    extra = '[collect.extra]\nprecio = { column = "Precio", type = "float64" }'
    (tmp_path / "fuente.toml").write_text(small_source(extra))
    (tmp_path / "receta.toml").write_text(small_recipe("identify", "recorta", release=""))
    where = tmp_path / "receta.toml", tmp_path / "in", tmp_path / "out"
    with pytest.warns(UserWarning, match="«sala»"), pytest.warns(UserWarning, match="«doce»"):
        run = lc.run(*where, engine="in-process", progress=False)
    assert run.values["extra"] == {"letras": "int64", "precio": "float64"}
    assert run.values["not_taken"] == [{"source": "fuente", "columns": ["sala"]}]
    expected = [{"letras": 41, "precio": None}, {"letras": 41, "precio": 12.5}]
    kept = run.documents().collect()["extra"].to_list()
    released = lc.open_release(tmp_path / "out" / "store", "prueba").scan().collect()["extra"].to_list()
    for actual in (kept, released):
        assert sorted(actual, key=lambda item: item["precio"] or 0) == expected
