"""`import latam_corpus`: runs, stages and releases from Python, as the command line has them."""

from __future__ import annotations

import ast
import contextlib
import importlib
import json
import pkgutil
import shutil
import subprocess
import sys
from collections.abc import Callable  # noqa: TC003  (a stage's options are looked up)
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl
import pyarrow as pa
import pytest

import latam_corpus as lc
from latam_corpus import schema
from latam_corpus.api.progress import LineProgress
from latam_corpus.pipeline.execution.events import BarrierStarted, SegmentStarted
from latam_corpus.privacy.redact import Redact

if TYPE_CHECKING:
    from conftest import CommandLine, Document, KeptRun, SealRun, SmallRecipe, SmallSource

_NOTHING: Any = None
_PUERTO = {"name": "puerto", "admit": ["open"], "uses": ["train"]}
_SCRIPT = "<script>alert(1)</script>"
_SPANISH = "La barca salió del puerto antes del alba y volvió con la red vacía, como todos los días de ese invierno."
_PORTUGUESE = "O barco saiu do porto antes do amanhecer e voltou com a rede vazia, como quase sempre naquele inverno."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, small_recipe: SmallRecipe, small_source: SmallSource) -> Path:
    """Write a recipe with one source and a release, and three documents with one copy among them."""
    created = tmp_path_factory.mktemp("puerta")
    (created / "in").mkdir()
    rows = [
        {"id": "uno", "title": _SCRIPT, "text": _SPANISH},
        {"id": "dos", "title": "La copia", "text": _SPANISH.upper()},
        {"id": "tres", "title": "O barco", "text": _PORTUGUESE},
    ]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (created / "in" / "a.jsonl").write_text(lines, encoding="utf-8")
    (created / "fuente.toml").write_text(small_source('files = ["*.jsonl"]').replace("Nadie", f"Nadie {_SCRIPT}"))
    (created / "receta.toml").write_text(small_recipe("identify", "measure", "dedupe near = false", release=""))
    return created


@pytest.fixture(scope="module")
def run(folder: Path) -> lc.Run:
    """Run the recipe."""
    return lc.run(folder / "receta.toml", {"fuente": folder / "in"}, folder / "out", engine="in-process")


def test_a_runs_documents_are_lazy_frames_in_the_schemas_columns(run: lc.Run) -> None:
    """Kept documents, dropped ones with the reason, and the ledger are lazy frames."""
    frames = run.documents(), run.dropped(), run.ledger()
    assert all(isinstance(frame, pl.LazyFrame) for frame in frames)
    kept_documents, dropped_documents, ledger = (frame.collect() for frame in frames)
    assert kept_documents.schema == dropped_documents.schema == schema.DOCUMENT_SCHEMA
    assert ledger.schema == schema.LEDGER_SCHEMA
    assert sorted(kept_documents["language"]) == ["por_Latn", "spa_Latn"]
    assert dropped_documents["drop_reason"].to_list() == ["duplicate"]
    assert ledger["doc_id"].to_list() == dropped_documents["doc_id"].to_list()
    assert repr(run) == f"<run {run.name}: 3 documents in, 2 kept, released as {run.release}>"


def test_the_command_line_finds_the_run_that_python_made(run: lc.Run, folder: Path, command_line: CommandLine) -> None:
    """The command has the same run and the same release, because recipe, plan and input are the same."""
    reported = command_line(
        "run", folder / "receta.toml", "--input", folder / "in", "--out", folder / "out", "--json"
    ).json  # fmt: skip
    assert reported["run"] == run.name
    assert f"{reported['release']['name']}@{reported['release']['version']}" == run.release
    assert lc.run(folder / "receta.toml", folder / "in", folder / "out").name == run.name


def test_a_document_is_explained_by_words_and_by_id(run: lc.Run, folder: Path, command_line: CommandLine) -> None:
    """The story equals that of the command, as text, as values and as HTML."""
    results = run.explain("amanhecer e voltou")
    [reported] = command_line("explain", "amanhecer e voltou", "--out", folder / "out", "--json").json
    assert results.as_dict() == reported | {"others": []}
    assert f"{results}\n" == command_line("explain", "amanhecer e voltou", "--out", folder / "out").out
    assert str(lc.explain(reported["doc_id"], folder / "out")) == str(results)
    assert f"release      {run.release}: in, shard" in str(results)
    with pytest.raises(lc.ConfigError, match="no matching document in"):
        run.explain("estas palabras no están")


def test_several_documents_are_told_by_one_and_named(document: Document, kept_run: KeptRun) -> None:
    """One matching document is explained, and the others are named."""
    run_folder = kept_run("cuentos-00000000", [document(1), document(2, title="El segundo")])
    results = lc.open_run(run_folder).explain("salió del puerto")
    assert [row["title"] for row in results.as_dict()["others"]] == ["El segundo"]
    assert str(results).splitlines()[-1].strip().startswith("another")
    assert "El segundo" in results._repr_html_()


def test_a_run_is_released_as_the_version_that_was_made_of_it(
    document: Document, kept_run: KeptRun, command_line: CommandLine, tmp_path: Path
) -> None:
    """Later versions, after a withdrawal or under a later name, don't change the run's release."""
    run_folder = kept_run("cuentos-00000000", [document(1), document(2)], release=_PUERTO)
    out = "--out", tmp_path / "out"
    command_line("release", "build", "puerto", "cuentos", *out)
    first = lc.open_run(run_folder).release
    assert first
    command_line("release", "withdraw", "puerto", "--doc", document(1)["doc_id"], "--because", "lo pide", *out)
    command_line("release", "build", "zaguan", "cuentos", *out)
    assert len(list((tmp_path / "out" / "store" / "releases").glob("*/2*"))) == 3
    assert lc.open_run(run_folder).release == first


def test_words_of_others_are_only_words_in_a_notebook(run: lc.Run) -> None:
    """HTML in a title, a holder or a file's name is escaped."""
    assert run.release
    release = lc.open_release(f"{run.folder.parent.parent}/store", run.release)
    for shown in (run.explain("antes del alba")._repr_html_(), release._repr_html_()):
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
        assert "<script" not in shown
    values = run.values | {"recipe": {"title": _SCRIPT}, "by_genre": [_row(_SCRIPT)]}
    changed = lc.Run(type(run.record)(run.folder, values, ""), None, _SCRIPT)
    assert changed._repr_html_().count("&lt;script&gt;") == 5
    assert "<script" not in changed._repr_html_()


def _row(word: str) -> dict[str, Any]:
    return {"genre": word, "source": word, "in": 1, "kept": 0, "reasons": {word: 1}}


def test_what_was_measured_is_a_frame(run: lc.Run, folder: Path, command_line: CommandLine) -> None:
    """The frame has the values of each signal that the command prints."""
    table = run.measure()
    assert {"language", "genre", "signal", "p1", "p50", "p99", "min", "max", "would_drop"} <= set(table.columns)
    groups = command_line("measure", run.name, "--out", folder / "out", "--json").json
    for group in groups:
        for signal in group["signals"]:
            row = table.filter(language=group["language"], genre=group["genre"], signal=signal["signal"]).to_dicts()
            if signal["documents"] or signal["bounds"]:
                assert row[0]["would_drop"] == signal["would_drop"]
                assert row[0]["p50"] == signal["quantiles"]["50"]
            else:
                assert not row


def test_a_release_is_scanned_verified_and_pulled(run: lc.Run, folder: Path, tmp_path: Path) -> None:
    """The version is optional; a pulled folder has the same documents."""
    release = lc.open_release(folder / "out" / "store", "prueba")
    assert run.release == f"prueba@{release.version}" == release.manifest.spec
    rows = release.scan()
    assert isinstance(rows, pl.LazyFrame)
    assert rows.collect_schema() == schema.RELEASE_SCHEMA
    assert rows.select("doc_id").collect().height == release.manifest.rows == 2
    assert release.verify() == []
    lock = lc.pull(folder / "out" / "store", "prueba", tmp_path / "pulled", "language = 'spa_Latn'")
    assert lock.rows == 1
    assert pl.read_parquet(tmp_path / "pulled" / "data").height == 1
    with pytest.raises(lc.ConfigError, match="there is no release «preuba»; did you mean «prueba»"):
        lc.open_release(folder / "out" / "store", "preuba")


@pytest.mark.usefixtures("run")
def test_a_store_elsewhere_is_scanned_as_far_as_is_asked(folder: Path) -> None:
    """Queries of columns, rows and conditions return what the same store on this disk returns."""
    import fsspec

    memory = fsspec.filesystem("memory")
    store = folder / "out" / "store"
    memory.put(f"{store}/", "/almacen/", recursive=True)
    local_rows, remote_rows = (lc.open_release(place, "prueba").scan() for place in (store, "memory://almacen"))
    assert remote_rows.collect_schema() == schema.RELEASE_SCHEMA
    queries: tuple[Callable[[pl.LazyFrame], pl.LazyFrame], ...] = (
        lambda rows: rows,
        lambda rows: rows.select("title", "doc_id"),
        lambda rows: rows.filter(pl.col("language") == "spa_Latn").select("title"),
        lambda rows: rows.filter(pl.col("country").is_null()).select("text").head(1),
        lambda rows: rows.select(pl.len()),
    )
    for query in queries:
        assert query(remote_rows).collect().equals(query(local_rows).collect())


@pytest.mark.usefixtures("run")
def test_a_damaged_store_is_told_before_a_row_is_read(folder: Path, tmp_path: Path) -> None:
    """The error names a truncated or missing shard; `verify` finds a changed byte."""
    store = tmp_path / "store"
    shutil.copytree(folder / "out" / "store", store)
    release = lc.open_release(store, "prueba")
    shard = store / release.manifest.shards[0].object
    whole = bytearray(shard.read_bytes())
    whole[100] ^= 1
    shard.chmod(0o644)
    shard.write_bytes(whole)
    assert release.verify(progress=False)
    shard.write_bytes(whole[:-1])
    with pytest.raises(lc.ReleaseError, match=f"the shard has {len(whole) - 1} bytes, not {len(whole)}"):
        release.scan()
    shard.unlink()
    with pytest.raises(lc.ReleaseError, match="the shard is missing"):
        release.scan()


def test_a_stage_gives_the_rows_of_a_frame_new_columns(command_line: CommandLine, tmp_path: Path) -> None:
    """Rows keep their order and columns; the result equals that of `latam-corpus stage`."""
    frame = pl.DataFrame({"id": ["uno", "dois"], "text": [_SPANISH, _PORTUGUESE], "nota": [7, 8]})
    given = lc.stage("identify")(frame)
    assert given.select(frame.columns).equals(frame)
    assert given["language"].to_list() == ["spa_Latn", "por_Latn"]
    frame.write_parquet(tmp_path / "in.parquet")
    command_line("stage", "identify", tmp_path / "in.parquet", tmp_path / "out.parquet")
    assert given.equals(pl.read_parquet(tmp_path / "out.parquet"))
    assert lc.stage("redact")(frame.clear()).height == 0


def test_a_stage_takes_its_options_and_the_schemas_columns() -> None:
    """The copy with the more open rights is kept, and rows without ids get them."""
    frame = pl.DataFrame({"text": [_SPANISH, _SPANISH], "rights_tier": ["non_commercial", "open"]})
    given = lc.stage("dedupe", near=False)(frame)
    assert given["drop_reason"].to_list() == ["duplicate", None]
    assert given["duplicate_of"][0] == given["doc_id"][1]
    with pytest.raises(lc.ConfigError, match="stage «dedupe» has no option «nears»; did you mean «near»"):
        lc.stage("dedupe", nears=False)
    with pytest.raises(
        lc.ConfigError, match="no row has a field «text»; rename the field that has the text; there are texto"
    ):
        lc.stage("identify")(pl.DataFrame({"texto": ["a"]}))
    with pytest.raises(lc.ConfigError, match="reads the bytes of files"):
        lc.stage("extract")(frame)


def test_a_stage_takes_texts_and_their_bytes_alone() -> None:
    """A column of UTF-8 bytes is read as text; one of lists or numbers is refused with its type."""
    given = lc.stage("identify")(pl.DataFrame({"text": [_SPANISH.encode(), _PORTUGUESE.encode()]}))
    assert given["language"].to_list() == ["spa_Latn", "por_Latn"]
    for column, report in ([[_SPANISH]], r"List\(String\)"), ([7], "Int64"), ([b"a\xf1o"], "UTF-8"):
        with pytest.raises(lc.ConfigError, match=f"stage «identify»: .*«text» is .*{report}"):
            lc.stage("identify")(pl.DataFrame({"text": column}))


@dataclass(frozen=True)
class _Own(lc.Stage):
    """A stage that calls a test's function."""

    does: Callable[[lc.Batch], lc.Batch]
    name: ClassVar[str] = "propia"
    gives: ClassVar[frozenset[str]] = frozenset({"text"})

    def __call__(self, batch: lc.Batch) -> lc.Batch:
        return self.does(batch)


@pytest.mark.parametrize("own", [lambda b: lc.Batch(b.frame.reverse()), lambda b: lc.Batch(b.frame[1:])])
def test_a_stage_alone_keeps_its_rows_as_in_a_run(own: Callable[[lc.Batch], lc.Batch]) -> None:
    """A stage that reorders or loses rows is an error; one that makes more rows needs a recipe."""
    frame = pl.DataFrame({"text": [_SPANISH, _PORTUGUESE]})
    with pytest.raises(lc.PartError, match=r"stage «propia»: 2 rows in, .* or in another order"):
        lc.stage(_Own(own))(frame)
    cutting: Any = dataclass(frozen=True)(type("_Cutting", (_Own,), {"makes_rows": True}))
    with pytest.raises(lc.ConfigError, match=r"stage «propia»: it makes several rows out of one; .*recipe"):
        lc.stage(cutting(lambda b: b))(frame)


def test_a_run_with_a_failed_part_is_an_error(
    tmp_path: Path, small_recipe: SmallRecipe, small_source: SmallSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the failed part, and the other parts' documents can be opened."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text(json.dumps({"id": "a", "text": "uno"}) + "\n")
    pl.DataFrame({"id": ["b"], "text": ["dos"]}).write_parquet(tmp_path / "in" / "b.parquet")
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*"]'))
    (tmp_path / "receta.toml").write_text(small_recipe("redact"))
    works = Redact.__call__

    def fails(stage: Redact, batch: lc.Batch) -> lc.Batch:
        if "dos" in batch.frame["text"]:
            raise lc.PartError("b.parquet", "se cortó la luz")
        return works(stage, batch)

    monkeypatch.setattr(Redact, "__call__", fails)
    with pytest.raises(lc.PartError, match=r"1 part failed; fuente-0000\d said: .*se cortó la luz.*lc.open_run"):
        lc.run(tmp_path / "receta.toml", tmp_path / "in", tmp_path / "out", progress=False)
    [folder] = (tmp_path / "out" / "runs").glob("*-*")
    assert lc.open_run(folder).documents().collect()["text"].to_list() == ["uno"]


def test_a_loss_without_a_reason_is_an_error(
    tmp_path: Path, small_recipe: SmallRecipe, small_source: SmallSource
) -> None:
    """The run raises if the filter drops too much, and passes with `accept_loss`."""
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"id": n, "text": "1 2 3"}) + "\n" for n in range(2)))
    (tmp_path / "fuente.toml").write_text(small_source())
    recipe = small_recipe("identify", "filter") + "[survival]\nfloor = 0.9\nleast = 1\n"
    (tmp_path / "receta.toml").write_text(recipe)
    where = tmp_path / "receta.toml", tmp_path / "in.jsonl", tmp_path / "out"
    with pytest.raises(lc.ReleaseError, match=r"filter.*lc.open_run.*accept_loss"):
        lc.run(*where)
    run = lc.run(*where, accept_loss="una prueba")
    assert run.dropped().collect().height == 2
    assert run.values["accepted_loss"] == "una prueba"


def test_what_is_kept_and_in_no_version_is_a_warning(folder: Path, tmp_path: Path) -> None:
    """Python warns of left-out documents as the command line does."""
    with pytest.warns(UserWarning, match=r"1 of 1 kept document left out of the version: .*--limit") as reported:
        lc.run(folder / "receta.toml", folder / "in", tmp_path, limit=1, engine="in-process")
    assert not [
        warning for warning in reported if "left out" in str(warning.message) and "1 of 1" not in str(warning.message)
    ]


def test_what_is_wrong_is_told_before_anything_runs(folder: Path, tmp_path: Path) -> None:
    """Python raises the errors that the command line prints."""
    calls: tuple[tuple[Callable[[], lc.Run], str], ...] = (
        (lambda: lc.run("literatura", out=tmp_path), "there is no such recipe; did you mean «literature»"),
        (lambda: lc.run(folder / "receta.toml", {"fuentes": "x"}, tmp_path), "did you mean «fuente»"),
        (lambda: lc.run(folder / "receta.toml", out=tmp_path), "the location of the records"),
        (lambda: lc.run(folder / "receta.toml", folder / "in", tmp_path, engine="slum"), "unknown engine"),
        (lambda: lc.open_run("nada", tmp_path), "there is no run «nada»"),
    )
    for call, report in calls:
        with pytest.raises(lc.ConfigError, match=report):
            call()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"limit": 0}, "«limit» is 0; it must be a number of 1 or more"),
        ({"limit": "x"}, "«limit» is 'x'; it must be a whole number"),
        ({"workers": 1.5}, "«workers» is 1.5; it must be a whole number"),
        ({"inputs": ["x"]}, "«inputs» is ['x']; it must be Mapping[str, str | Path] | str | Path | None"),
        ({"out": 5}, "«out» is 5; it must be str | Path"),
        ({"accept_loss": 5}, "«accept_loss» is 5; it must be a text in quotes"),
        ({"recipe": None}, "«recipe» is None; it must be str | Path"),
    ],
)
def test_an_argument_is_held_against_its_signature(folder: Path, given: dict[str, Any], message: str) -> None:
    """A wrong value is refused before anything runs, as the command line refuses an option."""
    usual: dict[str, Any] = {"recipe": folder / "receta.toml", "inputs": folder / "in", "out": folder / "nada"}
    with pytest.raises(lc.ConfigError) as raised:
        lc.run(**usual | given)
    assert str(raised.value) == f"lc.run: {message}"
    assert not (folder / "nada").exists()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: lc.stage("identify")(pl.LazyFrame({"text": ["a"]})),
            "stage «identify»: it was called with a LazyFrame",
        ),
        (lambda: lc.stage("identify")([{"text": "a"}]), "stage «identify»: it was called with a list; .*pl.DataFrame"),
        (lambda: lc.stage(_NOTHING), "lc.stage: «name» is None"),
        (lambda: lc.stage(_Own(lambda b: b), does=len), "stage «propia»: «does» is .* set the options when you create"),
        (lambda: lc.explain(_NOTHING), "lc.explain: «query» is None"),
        (lambda: lc.open_run(_NOTHING), "lc.open_run: «named» is None"),
        (lambda: lc.open_release(_NOTHING, "prueba"), "lc.open_release: «store» is None"),
        (lambda: lc.pull("store", "prueba", "to", columns="text"), "lc.pull: «columns» is 'text'"),
    ],
)
def test_every_function_refuses_what_it_can_do_nothing_with(call: Callable[[], object], message: str) -> None:
    """The error is one of the toolkit's, not one of Python's."""
    with pytest.raises(lc.ConfigError, match=message):
        call()


def test_two_colons_in_a_path_are_a_part_of_its_name(folder: Path, tmp_path: Path) -> None:
    """A path with `::` isn't a chain of addresses, for inputs, runs, stores and pulled folders."""
    shutil.copytree(folder / "in", tmp_path / "a::b")
    with contextlib.chdir(tmp_path):  # a path that begins so
        run = lc.run(folder / "receta.toml", "a::b", "o::b", engine="in-process")
        assert run.documents().collect().height == 2
        assert lc.open_release("o::b/store", "prueba").scan().collect().height == 2
        assert lc.pull("o::b/store", "prueba", "p::q").rows == 2


def test_a_run_without_some_columns_opens(document: Document, seal_run: SealRun, tmp_path: Path) -> None:
    """Columns and signals that an older toolkit didn't have are null."""
    run = tmp_path / "out" / "runs" / "viejo-00000000"
    rows = schema.conform(pl.DataFrame([document(1), document(2)]), schema.DOCUMENT_SCHEMA)
    signals = pl.DataFrame({"word_count": [15.0, 15.0]}, schema={"word_count": pl.Float32}).to_struct("signals")
    for kind, frame in {
        "kept": rows.drop("contained_in", "containment").with_columns(signals),
        "dropped": rows.clear(),
        "ledger": pl.DataFrame(schema=schema.LEDGER_SCHEMA),
    }.items():
        (run / kind).mkdir(parents=True)
        frame.write_parquet(run / kind / "parte-00000.parquet")
    seal_run(run, written="2026-11-01", recipe={"name": "viejo"})
    opened = lc.open_run("viejo", tmp_path / "out")
    kept_documents = opened.documents().collect()
    assert kept_documents.schema == schema.DOCUMENT_SCHEMA
    assert kept_documents["signals"].struct.field("word_count").to_list() == [15.0, 15.0]
    assert kept_documents["contained_in"].null_count() == 2
    assert opened.dropped().collect().height == opened.ledger().collect().height == 0
    assert opened.explain(document(2)["doc_id"]).as_dict()["verdict"] == "kept"
    assert "viejo" in opened._repr_html_()


def test_progress_is_one_line_that_is_taken_away(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Progress is written only in a notebook or a terminal, and is cleared at the end."""
    with LineProgress() as line:
        line.show(SegmentStarted("identify", 2))
    assert capsys.readouterr().err == ""
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    with LineProgress() as line:
        line.show(BarrierStarted("dedupe\x1b[2J", 3))
        line.step("pairs", 1, 2)
    shown = capsys.readouterr().err
    assert [text.strip() for text in shown.split("\r") if text.strip()] == [
        "dedupe\\x1b[2J: deciding on 3 rows",
        "dedupe\\x1b[2J: pairs: 1 of 2",
    ]
    assert shown.endswith(f"\r{' ' * 100}\r")


def test_importing_the_package_loads_nothing_heavy() -> None:
    """Importing the package and an error's class loads no heavy library."""
    code = (
        "import sys, latam_corpus as lc\n"
        "assert lc.CorpusError and 'run' in dir(lc)\n"
        "print([m for m in ('polars', 'numpy', 'numba', 'pydantic', 'importlib.metadata') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_name_is_what_editors_are_told_and_no_modules() -> None:
    """Names imported for type checkers equal `__all__`, and no module has one of these names."""
    tree = ast.parse(Path(lc.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    reported = {
        name.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for name in node.names
    }
    assert sorted(reported) == sorted(lc.__all__)
    for name, module in reported.items():
        assert getattr(lc, name) is getattr(importlib.import_module(str(module)), name)
    assert not {iter_module.name for iter_module in pkgutil.iter_modules(lc.__path__)} & set(reported)
    with pytest.raises(AttributeError, match="nada"):
        getattr(lc, "nada")  # noqa: B009  (as a notebook asks)


def test_a_stage_gives_an_arrow_table_for_one() -> None:
    """The rows equal those of a frame, with Arrow types that older readers know."""
    frame = pl.DataFrame({"id": ["uno", "dos"], "text": [_SPANISH, _PORTUGUESE], "autora": ["Ana", None]})
    table = lc.stage("identify")(frame.to_arrow())
    assert table.schema.field("language").type == pa.large_string()
    assert pl.DataFrame(table).equals(lc.stage("identify")(frame))
