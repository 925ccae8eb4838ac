"""Runs are never overwritten; each has a state, and is found by its names and tags."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus.messages import sentence
from latam_corpus.paths import data_folder
from latam_corpus.pipeline.execution import part
from latam_corpus.pipeline.execution.barriers import decide
from latam_corpus.pipeline.stored_runs import run_record
from latam_corpus.pipeline.stored_runs.history import entry
from latam_corpus.privacy.redact import Redact
from latam_corpus.storage.locks import locked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import CommandLine, Document, KeptRun, SmallRecipe, SmallSource, Told

_STEP = 1 if "LATAM_CORPUS_GATE" in os.environ else 2  # of the writes at which a run is stopped
_TEXTS = (
    "La barca salió del puerto antes del alba y volvió con la red vacía.",
    "Mi abuela contaba la misma historia y nadie le decía que ya la sabíamos.",
    "Cuando llovía mucho, el maestro nos dejaba ir temprano por el puente.",
)


class _KilledError(BaseException):
    """The end of a process, which the toolkit doesn't catch."""


@dataclass
class Bench:
    """A recipe, its input, and the command line."""

    folder: Path
    call: CommandLine

    @property
    def out(self) -> Path:
        """The folder of runs."""
        return self.folder / "out"

    def write(self, number: int, text: str) -> Path:
        """A file with one document."""
        path = self.folder / "in" / f"{number}.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"id": str(number), "text": text}) + "\n", encoding="utf-8")
        return path

    def run(self, *more: str, where: Path | None = None) -> Told:
        """Run the recipe and return the result of the command."""
        given = ("--input", f"fuente={where or self.folder / 'in'}", "--engine", "in-process", "--json")
        return self.call("run", self.folder / "mezcla.toml", *given, "--out", self.out, *more)

    def named(self, *more: str) -> str:
        """Run the recipe and return the run's name."""
        result = self.run(*more)
        assert result.code == 0, result.err
        return str(result.json["run"])

    def list(self) -> dict[str, dict[str, Any]]:
        """Return the output of `runs list`, by run."""
        return {row["run"]: row for row in self.call("runs", "list", "--out", self.out, "--json").json}

    def runs(self, *words: str) -> Told:
        """Run a command of the group `runs`."""
        return self.call("runs", *words, "--out", self.out)


@pytest.fixture
def bench(tmp_path: Path, command_line: CommandLine, small_recipe: SmallRecipe, small_source: SmallSource) -> Bench:
    """A recipe with one stage and a release, over three files of one document."""
    (tmp_path / "mezcla.toml").write_text(small_recipe("redact", release="index = false"))
    (tmp_path / "fuente.toml").write_text(small_source())
    created = Bench(tmp_path, command_line)
    for number, text in enumerate(_TEXTS):
        created.write(number, text)
    return created


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make the stage of the recipe fail on texts with a word; an empty word turns that off."""
    whole = Redact.__call__

    def fail_on(word: str) -> None:
        def call(self: Redact, batch: Any) -> Any:
            if word and any(word in text for text in batch.frame["text"]):
                raise RuntimeError(word)
            return whole(self, batch)

        monkeypatch.setattr(Redact, "__call__", call)

    return fail_on


def test_another_input_is_another_run_and_the_same_input_is_the_same(bench: Bench, tmp_path: Path) -> None:
    """The input's location and the number of workers don't count; the record is unchanged."""
    first = bench.named()
    result = (bench.out / "runs" / first / "run.json").read_bytes()
    bench.write(0, _TEXTS[0].replace("alba", "amanecer"))
    second = bench.named()
    assert second != first
    assert set(bench.list()) == {first, second}
    bench.write(0, _TEXTS[0])
    shutil.copytree(tmp_path / "in", tmp_path / "copia")
    assert bench.run(where=tmp_path / "copia").json["run"] == first
    assert bench.run("--workers", "2", "--batch-rows", "1").json["run"] == first
    assert (bench.out / "runs" / first / "run.json").read_bytes() == result
    # The one that was run last is the newest, though the other was made after it.
    assert list(bench.list()) == [first, second]


def test_of_a_run_from_the_future_nothing_is_the_newest(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a clock was ahead, no run is silently taken as the newest."""
    moment = run_record.now()
    with monkeypatch.context() as patched:
        patched.setattr(run_record, "now", lambda: str(int(moment[:4]) + 1) + moment[4:])
        ahead = bench.named()
    assert bench.runs("show", "mezcla", "--json").json["run"] == ahead  # the only one
    bench.write(3, "Se fue despacio por el camino del río.")
    following = bench.named()
    result = bench.runs("show", "mezcla")
    assert result.code == 2
    assert f"so the newest run can't be determined; set the clock, or name the run: {following}, {ahead}" in (
        " ".join(result.err.split())
    )


def test_what_a_run_says_of_its_source_is_a_part_of_it(bench: Bench, tmp_path: Path) -> None:
    """A changed note of a source makes another run without processing anything again."""
    first = bench.named()
    source = tmp_path / "fuente.toml"
    source.write_text(source.read_text().replace("Cuentos de prueba", "Cuentos del puerto"))
    result = bench.run().json
    assert result["run"] != first
    assert all(step["parts"] == step["of"] for step in result["reused"].values())
    differs = bench.call("runs", "diff", first, result["run"], "--out", bench.out, "--json").json
    assert [(d["what"], d["name"], d["a"], d["b"]) for d in differs["differences"]] == [
        ("source", "fuente: title", "Cuentos de prueba", "Cuentos del puerto")
    ]
    assert differs["documents"] == {"only_a": 0, "only_b": 0, "changed": 0, "columns": {}}


def test_the_columns_in_which_the_documents_of_two_runs_differ_are_named(bench: Bench, tmp_path: Path) -> None:
    """Two runs with as many rows may have different documents."""
    first = bench.named()
    source = tmp_path / "fuente.toml"
    source.write_text(source.read_text() + 'columns = { obtained = { value = "2024-05-01" } }\n')
    second = bench.named()
    differs = bench.call("runs", "diff", first, second, "--out", bench.out, "--json").json
    kept_count = bench.runs("show", second, "--json").json["record"]["rows"]["kept"]
    assert kept_count
    assert differs["stages"] == differs["sources"] == []
    assert differs["documents"] == {
        "only_a": 0,
        "only_b": 0,
        "changed": kept_count,
        "columns": {"obtained": kept_count},
    }
    result = bench.call("runs", "diff", first, second, "--out", bench.out).out
    assert "every stage and source has the same row counts in both" in result
    assert f"{kept_count} in both with other values (obtained {kept_count})" in result


def test_a_run_with_failed_parts_stays_beside_the_one_that_did_them(
    bench: Bench, failing: Callable[[str], None]
) -> None:
    """The same failure again is the same run; a recipe's name means its newest complete run."""
    failing("abuela")
    result = bench.run()
    assert result.code == 1
    failed = result.json["run"]
    assert bench.run().json["run"] == failed
    assert {name: row["state"] for name, row in bench.list().items()} == {failed: "failed parts"}
    assert "fuente-00001 (1.jsonl): " in bench.runs("show", failed).out
    record_bytes = (bench.out / "runs" / failed / "run.json").read_bytes()
    failing("")
    whole = bench.named()
    assert whole != failed
    assert {name: row["state"] for name, row in bench.list().items()} == {failed: "failed parts", whole: "finished"}
    assert (bench.out / "runs" / failed / "run.json").read_bytes() == record_bytes
    assert bench.named() == whole
    assert bench.runs("show", "mezcla", "--json").json["run"] == whole
    failing("camino")
    bench.write(3, "Se fue despacio por el camino del río.")
    later = bench.run().json["run"]
    stderr = bench.call("sample", "mezcla", "--internal", "--out", bench.out).err
    assert f"«mezcla» is the run {whole}, the newest finished one" in stderr
    assert f"the later run {later} isn't finished: failed parts" in stderr
    counted = bench.runs("diff", failed, whole, "--json").json
    assert {"name": "collect", "in_a": 2, "in_b": 3, "kept_a": 2, "kept_b": 3} in counted["stages"]


def test_a_run_that_comes_to_nothing_is_listed_with_the_reason(bench: Bench, failing: Callable[[str], None]) -> None:
    """It is listed next to a finished run of the recipe, and the same command finishes it."""
    failing(" ")
    assert bench.run().code == 1
    [row] = bench.list().values()
    assert (row["state"], row["in"], row["releases"]) == ("failed", None, [])
    assert "every part failed" in row["problem"]
    failing("")
    assert bench.named() == row["run"]
    assert bench.list()[row["run"]]["state"] == "finished"


def test_a_run_is_running_or_interrupted_where_nothing_else_is_true(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run with a lock is running; a folder without a record and a lock was interrupted."""

    def stopped(*_: object) -> None:
        [folder] = [path for path in (bench.out / "runs").iterdir() if path.is_dir()]
        assert entry(folder).state == "running"
        raise _KilledError

    with monkeypatch.context() as patch:
        patch.setattr(part, "_write_output", stopped)
        with pytest.raises(_KilledError):
            bench.run()
    [row] = bench.list().values()
    assert row["state"] == "interrupted"
    result = bench.call("release", "build", "prueba", row["run"], "--out", bench.out)
    assert (result.code, "the run is interrupted" in result.err) == (2, True)
    (bench.out / "runs" / "vacia-00000000").mkdir()
    assert bench.list()["vacia-00000000"]["state"] == "interrupted"
    assert bench.named() == row["run"]


def _killed_at(monkeypatch: pytest.MonkeyPatch, moment: int) -> None:
    """Stop at the given one of all writes to a run's folder."""
    remaining = [moment]
    for name in ("replace", "link_or_copy", "sync"):

        def step(whole: Callable[..., None], *given: Any) -> None:
            remaining[0] -= 1
            if not remaining[0]:
                raise _KilledError
            whole(*given)

        monkeypatch.setattr(run_record, name, partial(step, getattr(run_record, name)))


def test_a_crash_between_any_two_writes_leaves_something_true(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run without its record was interrupted, and one with it is complete; the same command finishes it."""
    (bench.folder / "in" / "2.jsonl").unlink()  # what is true between two files is true between three
    expected = bench.named("--no-report")
    moments = 0
    for moment in range(1, 100, _STEP):
        shutil.rmtree(bench.out / "runs")
        with monkeypatch.context() as patch:
            _killed_at(patch, moment)
            try:
                bench.run("--no-report")
            except _KilledError:
                moments += 1
            else:
                break
        actual = entry(bench.out / "runs" / expected)
        assert actual.state in ("interrupted", "finished")
        if actual.record:
            assert [len(actual.record.files(kind)) for kind in run_record.KINDS] == [2, 4, 4]
        assert bench.named("--no-report") == expected
    assert moments * _STEP > 15
    assert entry(bench.out / "runs" / expected).state == "finished"


def test_a_crash_while_a_run_is_confirmed_loses_nothing_of_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record is kept, whichever file of the folder is being repaired."""
    name = bench.named()
    run = bench.out / "runs" / name
    for moment in range(1, 100):
        for file in ("recipe.toml", "kept/fuente-00001.parquet", "digests.json"):
            (run / file).unlink()
        with monkeypatch.context() as patch:
            _killed_at(patch, moment)
            try:
                bench.run("--no-report")
            except _KilledError:
                assert entry(run).state == "finished"
            else:
                break
        assert bench.named("--no-report") == name
        assert len(run_record.read_record(run).files("kept")) == 3
    assert moment > 4


def test_a_tag_is_a_name_of_one_run(bench: Bench) -> None:
    """Every command finds the run by its tag, which can't be another run's or a recipe's name."""
    first = bench.named()
    bench.write(0, "Nadie supo quién tocaba la guitarra aquella noche, porque la luz se fue.")
    second = bench.named()
    assert bench.runs("tag", first, "base", "--json").json == {"run": first, "tags": ["base"]}
    assert bench.list()[first]["tags"] == ["base"]
    taken = bench.runs("tag", second, "base")
    assert (taken.code, f"is a tag of {first}" in taken.err) == (2, True)
    for name, problem in (("mezcla", "the name of a recipe"), (first, "the name of a run"), ("a b", "can't be used")):
        refused = bench.runs("tag", second, name)
        assert (refused.code, problem in refused.err) == (2, True), refused.err
    assert bench.call("compare", "base", second, "--out", bench.out, "--json").json["a"] == first
    assert bench.runs("diff", "base", "mezcla", "--json").json["b"] == second
    explained = bench.call("explain", "antes del alba", "--run", "base", "--out", bench.out, "--json").json
    assert explained[0]["run"] == first
    assert bench.call("sample", "base", "--internal", "--out", bench.out).code == 0
    assert bench.call("measure", "base", "--out", bench.out).code == 2  # it measured nothing; it was found
    built = bench.call("release", "build", "otra", "base", "--out", bench.out, "--json")
    assert built.json["documents"] == 3
    assert f"«base» is the run {first}" in built.err
    assert bench.list()[first]["releases"] == ["otra@" + built.json["version"], "prueba@" + built.json["version"]]
    assert bench.runs("tag", "base", "base", "--remove").code == 0
    assert bench.runs("show", "base").code == 2


def test_a_name_with_two_meanings_means_nothing(bench: Bench, tmp_path: Path) -> None:
    """A name that is both a tag and a recipe or a run is ambiguous."""
    first = bench.named()
    bench.runs("tag", first, "base")
    shutil.copyfile(tmp_path / "mezcla.toml", tmp_path / "base.toml")
    given = ("--input", f"fuente={tmp_path / 'in'}", "--engine", "in-process", "--out", bench.out)
    assert bench.call("run", tmp_path / "base.toml", *given).code == 0
    result = bench.runs("show", "base")
    assert (result.code, f"a tag of {first} and a recipe's name" in result.err) == (2, True)
    bench.runs("tag", first, "prueba")
    result = bench.call("sample", "prueba", "--internal", "--out", bench.out)
    assert (result.code, "a run's tag and a release's name" in result.err) == (2, True)


def test_the_start_of_a_name_means_a_run_where_it_is_one_s(bench: Bench, kept_run: KeptRun, document: Document) -> None:
    """An ambiguous start is refused; a recipe's name is its newest run; a wrong name has a closest match."""
    name = bench.named()
    for created in ("cuentos-1", "cuentos-2"):
        kept_run(created, [document(1)])
    assert bench.runs("show", name[:-3], "--json").json["run"] == name
    ambiguous = bench.call("sample", "cuentos", "--out", bench.out)
    assert (ambiguous.code, "name one of: cuentos-1, cuentos-2" in ambiguous.err) == (2, True)
    assert f"did you mean «{name}»?" in bench.runs("show", f"{name[:-1]}x").err


def test_a_record_without_its_seal_is_none(bench: Bench, kept_run: KeptRun, document: Document) -> None:
    """A release isn't built from files whose list has lost its seal."""
    folder = kept_run("cuentos-0a1b2c3d", [document(n) for n in range(3)])
    kept_file = folder / "kept" / "parte-00000.parquet"
    pl.read_parquet(kept_file).with_columns(text=pl.lit("Otra cosa.")).write_parquet(kept_file)
    values = run_record.read_record(folder).values
    for result in (values, {key: item for key, item in values.items() if key != "format"}, values | {"format": 1}):
        (folder / "run.json").write_text(json.dumps(result))
        built = bench.call(
            "release", "build", "puerto", folder, "--admit", "open", "--uses", "train", "--out", bench.out
        )
        assert (built.code, "isn't the record of a run" in built.err) == (2, True)
    assert bench.list()[folder.name]["state"] == "damaged"


def test_diff_names_what_was_changed(bench: Bench, tmp_path: Path, small_recipe: SmallRecipe) -> None:
    """The diff has keys of the recipe, missing stages, files with other bytes, and row counts of stages."""
    first = bench.named()
    (tmp_path / "mezcla.toml").write_text(small_recipe("repair", "redact", release="index = false"))
    bench.write(2, "En la cocina de atrás se hacía el pan para toda la cuadra.")
    bench.write(3, "La maestra llegó en el tren de los jueves con un baúl de libros.")
    second = bench.named()
    result = bench.runs("diff", first, second, "--json").json
    actual = {(d["what"], d["name"], d["aspect"]) for d in result["differences"]}
    assert actual == {
        ("recipe", "stage.1.use", ""),
        ("recipe", "stage.2", ""),
        ("stage", "repair", ""),
        ("input", "fuente: 2.jsonl", "content"),
        ("input", "fuente: 3.jsonl", ""),
    }
    assert result["sources"] == [{"name": "fuente", "in_a": 3, "in_b": 4, "kept_a": 3, "kept_b": 4}]
    assert {"name": "repair", "in_a": None, "in_b": 4, "kept_a": None, "kept_b": 4} in result["stages"]
    shown = bench.runs("diff", first, second).out
    assert "fuente: 3.jsonl" in shown
    itself = bench.runs("diff", first, first)
    assert (itself.code, "compared with itself" in itself.err) == (2, True)


def test_prune_spares_what_is_named_or_released(bench: Bench) -> None:
    """A run with a tag or a version needs --force, and is only removed by its full name."""
    first = bench.named()
    bench.write(0, "Dicen que el viejo faro sigue encendido, aunque no pasa por allí ningún barco.")
    second = bench.named()
    bench.runs("tag", first, "base")
    for names, problem in (
        ([first], "it has the tag «base»"),
        ([second], "was made from it"),
        (["mezcla"], "write the full name"),
        (["nadie"], "there is no run"),
    ):
        refused = bench.runs("prune", *names)
        assert (refused.code, problem in refused.err) == (2, True), refused.err
    assert set(bench.list()) == {first, second}
    assert bench.runs("prune", first, "--force", "--json").json["removed"] == [first]
    assert set(bench.list()) == {second}
    assert not list((bench.out / "runs").glob(".*"))
    assert bench.runs("tag", second, "base").code == 0  # the tag went with its run
    assert len(run_record.read_record(bench.out / "runs" / second).files("kept")) == 3
    result = bench.run().json
    assert all(step["parts"] == step["of"] for step in result["reused"].values())


def test_nothing_is_pruned_under_a_run_s_hands(bench: Bench) -> None:
    """The outputs of an unfinished run aren't removed, although no record names them."""
    bench.named()
    with locked(bench.out / "work", shared=True):
        refused = bench.runs("prune")
    assert (refused.code, "in use by process" in refused.err) == (2, True)


def test_prune_refuses_to_guess_what_a_damaged_record_refers_to(bench: Bench) -> None:
    """Prune removes nothing, unless the damaged run itself is named."""
    first = bench.named()
    (bench.out / "runs" / first / "run.json").write_bytes(b"")
    outputs = sorted((bench.out / "work").glob("??/*"))
    refused = bench.runs("prune")
    assert (refused.code, "isn't the record of a run" in refused.err) == (2, True)
    assert sorted((bench.out / "work").glob("??/*")) == outputs
    assert bench.list()[first]["state"] == "damaged"
    assert bench.runs("prune", first, "--force", "--json").json["removed"] == [first]
    assert not sorted((bench.out / "work").glob("??/*"))


def test_a_damaged_run_is_made_whole_by_its_command(bench: Bench) -> None:
    """It is listed as damaged, commands name the damaged file, and `run.json` lists the repairs."""
    name = bench.named()
    run = bench.out / "runs" / name
    shard = run / "kept" / "fuente-00001.parquet"
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 16
    shard.write_bytes(data)  # in place: the output that it is a link to has it too
    for requested in (("release", "build", "prueba", name), ("sample", name), ("explain", "abuela")):
        result = bench.call(*requested, "--out", bench.out)
        assert (result.code, f"kept/{shard.name}: its bytes aren't those" in result.err) == (1, True), result.err
    assert "it is rebuilt" in (result := bench.run()).err
    assert result.json["run"] == name
    assert any("rows.parquet" in sentence for sentence in result.json["mended"])
    assert json.loads((run / "run.json").read_text())["mended"] == result.json["mended"]
    assert "damaged  " in bench.runs("show", name).out
    assert len(run_record.read_record(run).files("kept")) == 3
    assert bench.run().json["mended"] == []


@pytest.mark.parametrize(("language", "sentence"), [("es", "se rehace"), ("pt", "é refeito")])
def test_what_is_made_anew_is_told_in_ones_language(bench: Bench, language: str, sentence: str) -> None:
    """The terminal shows the translated sentence; the record and JSON have English."""
    name = bench.named()
    shard = bench.out / "runs" / name / "kept" / "fuente-00001.parquet"
    shard.write_bytes(b"PAR1")
    given = ("--input", f"fuente={bench.folder / 'in'}", "--engine", "in-process", "--out", bench.out)
    result = bench.call("--lang", language, "run", bench.folder / "mezcla.toml", *given)
    assert (result.code, sentence in " ".join(result.err.split())) == (0, True), result.err
    assert "it is rebuilt" not in result.err
    assert "bytes aren't" not in result.err
    assert all("it is rebuilt" in item for item in run_record.read_record(bench.out / "runs" / name).values["mended"])


def test_what_a_run_recorded_is_shown_in_ones_language(bench: Bench, failing: Callable[[str], None]) -> None:
    """Failures, repairs and the error of a run are translated, with their values."""
    name = bench.named()
    (bench.out / "runs" / name / "kept" / "fuente-00001.parquet").write_bytes(b"PAR1")
    assert bench.run().code == 0
    assert "sus bytes no son los que se escribieron; se rehace" in _told(bench.runs("show", name, "--lang", "es"))
    failing("abuela")
    bench.write(3, "La abuela guardaba el pan en una caja de lata.")
    failed = bench.run().json["run"]
    shown = _told(bench.runs("show", failed, "--lang", "es"))
    assert "etapa «redact», documento " in shown, shown
    assert "corrija la etapa, o quite el documento" in shown
    failing(" ")
    shutil.rmtree(bench.out)
    assert bench.run().code == 1
    list_output = _told(bench.runs("list", "--lang", "pt"))
    assert "todas as partes falharam, a primeira com: etapa “redact”, documento " in list_output, list_output
    assert all("stage" not in result and "every part" not in result for result in (shown, list_output))


def _told(result: Told) -> str:
    assert result.code == 0, result.err
    return " ".join(result.out.split())


def test_what_another_toolkit_recorded_is_shown_as_it_stands(bench: Bench, failing: Callable[[str], None]) -> None:
    """A record without translatable sentences, or with unknown ones, is shown in English."""
    failing("abuela")
    name = bench.run().json["run"]
    record = run_record.read_record(bench.out / "runs" / name)
    assert list(record.values["sentences"]) == [item["failed"] for item in record.values["parts"] if item["failed"]]
    [(written, _)] = record.values["sentences"].items()
    for sentences in (None, {}, {written: {"msgid": "{name}"}}, {written: {"msgid": "made up", "values": {}}}):
        values = record.values | ({"sentences": sentences} if sentences is not None else {})
        assert sentence(values if sentences is not None else {}, written).translate("es") == written


def test_diff_names_the_bound_that_was_edited(bench: Bench, tmp_path: Path, small_recipe: SmallRecipe) -> None:
    """The diff names the file, the key and both values, and for lists of words those that only one run has."""
    policies = tmp_path / "filters"
    shutil.copytree(data_folder("filters"), policies)
    (tmp_path / "mezcla.toml").write_text(small_recipe("identify", "filter", release="index = false"))
    given = ("--policies", str(policies), "--accept-loss", "cuentos cortos")
    assert bench.named("--accept-loss", "cuentos cortos") == bench.named(*given)  # an untouched copy
    first = bench.named(*given)
    genre, language = policies / "genres" / "literature.toml", policies / "languages" / "spa.toml"
    bounds = "upper_case_share = { max = 0.4 }\nword_count = { min = 13 }"  # one of the texts has 12
    genre.write_text(re.sub(r"(?m)^upper_case_share = .*$", bounds, genre.read_text()))
    language.write_text(language.read_text().replace('"el", "la",', '"la", "êl",', 1))
    second = bench.named(*given)
    differences = bench.runs("diff", first, second, "--json").json["differences"]
    edited = {d["name"]: (d["a"], d["b"]) for d in differences if d["what"] == "policy"}
    assert edited["genres/literature.toml: bounds.upper_case_share.max"] == (0.15, 0.4)
    assert edited["languages/spa.toml: stop_words.words"] == (["el"], ["êl"])
    language.write_text(language.read_text().replace('"la", "êl",', '"el", "la",', 1))
    shutil.copy(data_folder("filters") / "genres" / "literature.toml", genre)
    note = bench.run(*given)
    assert note.json["run"] == first
    assert "has exactly the documents of" in note.err
    shown = _told(bench.runs("diff", first, second))
    assert "policy genres/literature.toml: bounds.upper_case_share.max 0.15 0.4" in shown, shown


def test_the_words_of_a_diff_and_a_tag_are_told_in_ones_language(bench: Bench) -> None:
    """The terminal output is translated; `--json` has English."""
    first = bench.named()
    bench.write(3, "La maestra llegó en el tren de los jueves con un baúl de libros.")
    shown = _told(bench.runs("diff", first, bench.named(), "--lang", "es"))
    assert "entrada fuente: 3.jsonl — presente" in shown, shown
    assert "etapas A leídas" in shown
    assert f"{first} lleva la etiqueta «cuentos»" in bench.runs("tag", first, "cuentos", "--lang", "es").out
    result = bench.runs("tag", first, "cuentos", "--remove", "--lang", "pt").out
    assert f"a etiqueta “cuentos” de {first} foi retirada" in result


@pytest.mark.parametrize(
    ("stored", "alike"),
    [("decisions/*.parquet", True), ("??/*/rows.parquet", True), ("??/*/rows.parquet", False)],
    ids=["decisions", "rows that are worked on", "rows that are linked"],
)
def test_damage_in_the_middle_of_a_run_is_found_by_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, small_recipe: SmallRecipe, stored: str, alike: bool
) -> None:
    """Damage between writing and reading is noticed, and the next run repairs it."""
    (bench.folder / "mezcla.toml").write_text(small_recipe("dedupe near = false", release="index = false"))
    if alike:
        bench.write(3, _TEXTS[0])

    def decide_and_damage(*given: Any) -> Any:
        decided = yield from decide(*given)
        for path in (bench.out / "work").glob(stored):
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
        return decided

    with monkeypatch.context() as patch:
        patch.setattr("latam_corpus.pipeline.execution.run.decide", decide_and_damage)
        result = bench.run()
    assert (result.code, "its bytes aren't those that were written" in result.err + result.out) == (1, True)
    assert not (bench.out / "store").exists()
    result = bench.run()
    assert (result.code, result.json["rows"]) == (0, {"in": 3 + alike, "kept": 3}), result.err


def test_what_two_runs_share_is_mended_in_both(bench: Bench) -> None:
    """The older run is repaired, too, although its input no longer exists."""
    first = bench.named()
    bench.write(0, "Para la fiesta de la cosecha se cubría la plaza de guirnaldas.")
    second = bench.named()
    shard = bench.out / "runs" / first / "kept" / "fuente-00001.parquet"
    shard.write_bytes(shard.read_bytes()[:-9])
    result = bench.run()
    assert result.json["run"] == second
    damaged = {json.loads(line).get("what") for line in result.err.splitlines()}
    assert f"{shard}: its bytes aren't those that were written; it is rebuilt" in damaged
    previous = run_record.read_record(shard.parent.parent)
    assert len(previous.files("kept")) == 3
    assert len(previous.values["mended"]) == 1


def test_a_dry_run_takes_nothing_damaged_for_done(bench: Bench) -> None:
    """It names the parts that can really be reused, and the name of the run."""
    name = bench.named()
    [done] = bench.run("--dry-run").json["steps"]
    assert done["parts_reused"] == 3
    shard = bench.out / "runs" / name / "kept" / "fuente-00001.parquet"
    shard.write_bytes(b"")
    result = bench.run("--dry-run").json
    assert (result["run"], result["steps"][0]["parts_reused"]) == (name, 2)
