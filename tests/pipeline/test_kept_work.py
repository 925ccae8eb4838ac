"""`run --work` removes outputs that no later step needs during the run, and never changes a shard."""

from __future__ import annotations

import errno
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

import latam_corpus as lc
from latam_corpus.extract.repair import Repair
from latam_corpus.paths import data_folder
from latam_corpus.pipeline.execution import part, work_cleanup
from latam_corpus.pipeline.rows import step_file
from latam_corpus.pipeline.rows.step_file import clear

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import CommandLine, SmallRecipe, SmallSource

    from latam_corpus.batch import Batch

_TALE = (
    "La barca número {n} salió del puerto antes del alba y volvió con la red vacía, como casi siempre en invierno. "
    "Mi abuela contaba {n} veces la misma historia y nadie se atrevía a decirle que ya la sabíamos de memoria. "
    "En la casilla {n} del registro alguien había escrito un nombre que después borraron con cuidado. "
    "Ella respondió que prefería esperar {n} años antes que venderle la casa de su padre a un desconocido."
)

_MORE = " Y después no se habló más de eso."


@dataclass
class Room:
    """A recipe with a barrier in the middle and two files, the second with copies of the first's documents."""

    folder: Path
    command_line: CommandLine

    def words(self, out: str, *more: str) -> list[str]:
        """Return the command's arguments."""
        given = ["--input", f"fuente={self.folder / 'in'}", "--out", str(self.folder / out)]
        return ["run", str(self.folder / "receta.toml"), *given, "--no-report", *more]

    def run(self, out: str, *more: str) -> dict[str, Any]:
        """Run the command and return its JSON output."""
        result = self.command_line(*self.words(out, *more), "--json")
        assert result.code == 0, result.err
        actual: dict[str, Any] = result.json
        return actual

    def policy(self, line: str) -> None:
        """Add a bound."""
        file = self.folder / "filters" / "genres" / "literature.toml"
        file.write_text(f"{file.read_text()}\n{line}\n")


@pytest.fixture
def room(tmp_path: Path, command_line: CommandLine, small_recipe: SmallRecipe, small_source: SmallSource) -> Room:
    """Create thirty documents, and twenty others, ten of them copies."""
    _fill(tmp_path, small_recipe, small_source)
    return Room(tmp_path, command_line)


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, small_recipe: SmallRecipe, small_source: SmallSource
) -> list[str]:
    """The shards of a run that keeps all its work."""
    folder = tmp_path_factory.mktemp("all")
    _fill(folder, small_recipe, small_source)
    lc.run(folder / "receta.toml", {"fuente": str(folder / "in")}, folder, engine="in-process", progress=False)
    return _shards(folder)


def _fill(folder: Path, small_recipe: SmallRecipe, small_source: SmallSource) -> None:
    shutil.copytree(data_folder("filters"), folder / "filters")
    policies = f'policies = "{folder / "filters"}"'
    stages = ("repair", "identify", f"measure {policies}", "dedupe near = false", f"filter {policies}", "redact")
    (folder / "receta.toml").write_text(small_recipe(*stages, release="split = { validation = 0.0, test = 0.0 }"))
    (folder / "fuente.toml").write_text(small_source('files = ["*.jsonl"]'))
    (folder / "in").mkdir()
    for name, numbers in (("a", range(30)), ("b", range(20, 50))):
        rows = [{"id": f"{name}{n}", "text": _TALE.format(n=n) + n % 3 * _MORE} for n in numbers]
        (folder / "in" / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def _shards(out: Path) -> list[str]:
    return sorted(path.name for path in (out / "store" / "objects").rglob("*.parquet"))


def _kept(result: dict[str, Any]) -> list[str]:
    """Return the texts that a run kept."""
    return sorted(pl.read_parquet(list(Path(result["folder"]).glob("kept/*")))["text"])


def _step_rows(out: Path) -> list[Path]:
    return sorted((out / "work").glob("??/*/rows.parquet"))


def test_the_shards_are_the_same_whatever_stays(room: Room) -> None:
    """Each choice keeps less: without rows between steps, then without documents, never with partial outputs."""
    for choice in ("measured", "none"):
        (room.folder / choice / "work" / "ab" / "ab12.nodo-7.partial").mkdir(parents=True)
    result = {choice: room.run(choice, "--work", choice) for choice in ("all", "measured", "none")}
    assert _shards(room.folder / "all") == _shards(room.folder / "measured") == _shards(room.folder / "none") != []
    assert result["all"]["rows"] == result["measured"]["rows"] == result["none"]["rows"] == {"in": 60, "kept": 50}
    remaining = {choice: len(_step_rows(room.folder / choice)) for choice in result}
    assert remaining["all"] > remaining["measured"] == 2
    assert remaining["none"] == 0
    assert not list((room.folder / "measured" / "work").glob("*/*.partial"))
    assert not list((room.folder / "none" / "work").glob("??/*"))


def test_what_was_removed_is_made_again_by_the_run_that_needs_it(room: Room) -> None:
    """A changed bound after the barrier restores the rows before it; without a change, nothing is processed."""
    room.run("all")
    first = room.run("out", "--work", "measured", "--workers", "2")
    repeated = room.run("out", "--work", "measured")
    assert repeated["mended"] == []
    assert all(step["parts"] == step["of"] for step in repeated["reused"].values())
    assert repeated["release"] == first["release"]
    room.policy("word_count = { min = 76 }")
    changed = room.run("out", "--work", "measured", "--workers", "2")
    assert changed["rows"] == room.run("all")["rows"]
    assert 0 < changed["rows"]["kept"] < 50
    assert changed["mended"] == []
    assert _shards(room.folder / "out") == _shards(room.folder / "all")


@pytest.mark.parametrize("change", ["word_count = { min = 76 }", "dedupe"])
def test_decisions_mean_the_rows_that_they_were_made_on(
    room: Room, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If restored rows differ, here without a document, barriers decide again."""
    room.run("out", "--work", "measured")
    previous = Repair.__call__

    def without_one(stage: Repair, batch: Batch) -> Batch:
        created = previous(stage, batch)
        falls = created.frame["text"].str.contains("número 20 ")
        return created.drop(["stalled" if item else None for item in falls]) if falls.any() else created

    monkeypatch.setattr(Repair, "__call__", without_one)
    if change == "dedupe":
        recipe = room.folder / "receta.toml"
        recipe.write_text(recipe.read_text().replace("near = false", 'near = false\ncontained = "drop"'))
    else:
        room.policy(change)
    repeated = room.run("out", "--work", "measured")
    fresh = room.run("fresh", "--work", "measured")
    result = [{name: item["dropped"] for name, item in each["stages"].items()} for each in (repeated, fresh)]
    assert result[0] == result[1]
    assert result[0]["dedupe"] == {"duplicate": 9}
    assert _kept(repeated) == _kept(fresh)
    assert _kept(room.run("out", "--work", "measured")) == _kept(fresh)


def test_copies_of_one_file_start_from_the_same_rows(room: Room) -> None:
    """Shared rows are kept until both parts are done."""
    shutil.copy(room.folder / "in" / "a.jsonl", room.folder / "in" / "c.jsonl")
    assert room.run("all")["rows"] == room.run("out", "--work", "measured")["rows"]
    assert _shards(room.folder / "out") == _shards(room.folder / "all")


@pytest.mark.parametrize(("choice", "expected"), [("measured", 0), ("measured", 3), ("none", 1)])
def test_a_run_ended_while_it_removes_is_finished_by_the_next(
    room: Room, choice: str, expected: int, monkeypatch: pytest.MonkeyPatch, undisturbed: list[str]
) -> None:
    """The same command again gives the same shards, wherever the first one ended."""
    calls = 0

    def ended(folder: Path) -> None:
        nonlocal calls
        calls += 1
        if calls > expected:
            (folder / step_file.CLEARED).touch()  # half removed
            raise KeyboardInterrupt
        clear(folder)

    with monkeypatch.context() as patch:
        patch.setattr(work_cleanup, "clear", ended)
        result = room.command_line(*room.words("out", "--work", choice))
    assert result.code != 0
    assert calls == expected + 1
    assert room.run("out", "--work", choice)["mended"] == []
    assert _shards(room.folder / "out") == undisturbed


@pytest.mark.parametrize("choice", ["all", "none"])
def test_a_disk_that_is_full_for_a_while_costs_no_document(
    room: Room, choice: str, monkeypatch: pytest.MonkeyPatch, undisturbed: list[str]
) -> None:
    """A run with a failed part releases nothing, and the same command later completes it."""
    entering = part.entering_batches

    def full(task: part.Task, *rest: Any) -> Iterator[Batch]:
        if task.part.files[0].relative == "a.jsonl":
            raise OSError(errno.ENOSPC, "No space left on device")
        return entering(task, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(part, "entering_batches", full)
        result = room.command_line(*room.words("out", "--work", choice))
    assert (result.code, "No space left on device" in result.out + result.err) == (1, True), result
    assert _shards(room.folder / "out") == []
    room.run("out", "--work", choice)
    assert _shards(room.folder / "out") == undisturbed


def test_work_that_another_run_names_stays(room: Room) -> None:
    """A second run that keeps nothing doesn't remove rows of the first run."""
    first = room.run("out")
    previous = _step_rows(room.folder / "out")
    room.policy("word_count = { min = 76 }")
    second = room.run("out", "--work", "none")
    assert second["run"] != first["run"]
    assert _step_rows(room.folder / "out") == previous
    result = room.command_line("sample", first["folder"], "--n", "1", "--internal")
    assert result.code == 0, result.err


def test_a_run_without_documents_says_so(room: Room) -> None:
    """Each command that reads documents names the reason and the remedy; running again restores them."""
    run = room.run("out", "--work", "none")
    room.command_line("report", run["folder"])
    for command in ("measure", "explain", "sample", "report"):
        words = ["explain", "a1"] if command == "explain" else [command, run["folder"]]
        result = room.command_line(*words, "--out", room.folder / "out")
        assert result.code in (1, 2), command
        assert "its documents were removed after its release was made" in " ".join(result.err.split()), command
        assert "--work measured" in " ".join(result.err.split()), command
    repeated = room.run("out", "--work", "measured")
    assert (repeated["run"], repeated["release"], repeated["mended"]) == (run["run"], run["release"], [])
    assert room.command_line("measure", run["folder"], "--out", room.folder / "out").code == 0


def test_a_wrong_choice_is_refused(room: Room, small_recipe: SmallRecipe) -> None:
    """A choice that would leave nothing is refused as well, before anything runs."""
    result = room.command_line(*room.words("out", "--work", "mesured"))
    assert (result.code, "did you mean «measured»?" in result.err) == (2, True)
    (room.folder / "receta.toml").write_text(small_recipe("repair"))
    result = room.command_line(*room.words("out", "--work", "none"))
    assert (result.code, "makes no release" in result.err) == (2, True)
    assert not (room.folder / "out").exists()
