"""Runs against an earlier version: their comparisons, the documents that they keep, and the next version."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from built_versions import prose

from latam_corpus.api import runner
from latam_corpus.release.building import build as building
from latam_corpus.release.reading.verify_version import verify
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe, SmallSource


class Room:
    """A folder with a recipe and its source, and runs of the command line in it."""

    def __init__(self, folder: Path, command_line: CommandLine) -> None:
        self.folder, self.command_line = folder, command_line

    def write(self, name: str, texts: dict[str, str]) -> Path:
        """Write a JSONL file of documents by id."""
        path = self.folder / name
        path.write_text("".join(json.dumps({"id": key, "text": text}) + "\n" for key, text in texts.items()))
        return path

    def run(self, recipe: str, records: Path, code: int = 0) -> Any:
        """Run a recipe and return the output of `run --json`, or its error."""
        (self.folder / "receta.toml").write_text(recipe)
        result = self.command_line(
            "run", self.folder / "receta.toml", "--input", records, "--out", self.folder / "out",
            "--engine", "in-process", "--no-report", "--json",
        )  # fmt: skip
        assert result.code == code, result.err
        return result.json if result.out else result.err

    def texts(self, spec: str) -> set[str]:
        """Return the texts of a version."""
        store = Store.at(self.folder / "out" / "store")
        name, version = store.find(spec)
        manifest = load_manifest(store, name, version)
        assert verify(store, name, version) == []
        return {text for shard in manifest.shards for text in pl.read_parquet(store.path(shard.object))["text"]}


@pytest.fixture
def room(tmp_path: Path, command_line: CommandLine, small_source: SmallSource) -> Room:
    """Return a folder with the source that the recipes name."""
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*.jsonl"]'))
    return Room(tmp_path, command_line)


RELEASE = "split = { validation = 0.0, test = 0.0 }"


def test_a_copy_of_a_removed_document_is_kept(room: Room, small_recipe: SmallRecipe) -> None:
    """A copy is a duplicate of a version that has the original, but not of the next one without it."""
    original = prose(1, 200)
    copy = original.replace("barca", "lancha", 1)
    first = {"original": original} | {f"n{n}": prose(n) for n in range(10, 15)}
    released = room.run(small_recipe("dedupe", release=RELEASE), room.write("v1.jsonl", first))["release"]
    records = room.write("nuevo.jsonl", {"copia": copy, "otra": prose(30)})
    against = small_recipe('dedupe against = "prueba"')
    first_run = room.run(against, records)
    assert (first_run["rows"], first_run["stages"]["dedupe"]["dropped"]) == ({"in": 2, "kept": 1}, {"duplicate": 1})
    records_without = room.write("v2.jsonl", {key: text for key, text in first.items() if key != "original"})
    second = room.run(small_recipe("dedupe", release=RELEASE), records_without)["release"]
    assert second["version"] != released["version"]
    assert original not in room.texts("prueba")
    assert room.run(against, records)["rows"] == {"in": 2, "kept": 2}
    pinned = small_recipe(f'dedupe against = "prueba@{released["version"]}"')
    assert room.run(pinned, records)["rows"] == {"in": 2, "kept": 1}


def test_a_run_against_its_own_release_extends_it(room: Room, small_recipe: SmallRecipe) -> None:
    """The next version has the old and the new documents, and better copies replace worse ones."""
    base = prose(1, 200)
    first = {"a": base, "b": prose(2, 200)}
    room.run(small_recipe("dedupe", release=RELEASE), room.write("v1.jsonl", first))
    longer = f"{base} {prose(90, 20)}"
    records = room.write("nuevo.jsonl", {"mejor": longer, "copia": prose(2, 200), "c": prose(3, 200)})
    best = small_recipe('dedupe against = "prueba"\nkeep = "best"', release=RELEASE)
    result = room.run(best, records)
    assert result["rows"]["kept"] == 2
    assert room.texts("prueba") == {longer, prose(2, 200), prose(3, 200)}
    assert result["release"]["version"] != "2026.11.0"


def test_a_run_against_a_release_fails_if_another_version_was_made(
    room: Room, small_recipe: SmallRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Repeating the run compares with the new version; a version named in the recipe is kept."""
    room.run(small_recipe("dedupe", release=RELEASE), room.write("v1.jsonl", {"a": prose(1)}))
    against = small_recipe('dedupe against = "prueba"', release=RELEASE)
    original = building.planned_release

    def run_while_another_builds(recipe: str, texts: dict[str, str], code: int) -> Any:
        """Run a recipe while another run with a new document makes a version."""

        def build_another(*arguments: Any, **options: Any) -> Any:
            monkeypatch.setattr(runner, "planned_release", original)
            room.run(against, room.write("otro.jsonl", {f"b{code}": prose(20 + code)}))
            return original(*arguments, **options)

        monkeypatch.setattr(runner, "planned_release", build_another)
        return room.run(recipe, room.write("nuevo.jsonl", texts), code)

    assert not run_while_another_builds(against, {"c": prose(3)}, 1).get("release")
    assert room.texts("prueba") == {prose(1), prose(21)}
    room.run(against, room.folder / "nuevo.jsonl")
    assert room.texts("prueba") == {prose(1), prose(21), prose(3)}
    version = Store.at(room.folder / "out" / "store").latest("prueba")
    run_while_another_builds(small_recipe(f'dedupe against = "prueba@{version}"', release=RELEASE), {"d": prose(4)}, 0)
    assert room.texts("prueba") == {prose(1), prose(21), prose(3), prose(4)}


@pytest.mark.parametrize(
    ("against", "problem"),
    [
        ("pruebas", "did you mean «prueba»"),
        ("prueba@2020.1.0", "there is no version «2020.1.0»"),
        ('prueba"\nseed = 3\ntemplates = "keep', "set seed = 20"),
    ],
)
def test_check_and_run_refuse_an_unknown_version_to_compare_with(
    room: Room, small_recipe: SmallRecipe, against: str, problem: str
) -> None:
    """The error names the recipe and the stage, with exit code 2, before anything is read."""
    records = room.write("v1.jsonl", {"a": prose(1)})
    room.run(small_recipe("dedupe", release=RELEASE), records)
    recipe = small_recipe(f'dedupe against = "{against}"')
    assert problem in room.run(recipe, records, code=2)
    checked = room.command_line("check", room.folder / "receta.toml", "--out", room.folder / "out")
    assert checked.code == 2
    assert problem in checked.err
    assert "stage «dedupe», against" in checked.err


def test_check_names_the_version_to_compare_with(room: Room, small_recipe: SmallRecipe) -> None:
    """A release without a version is its latest version."""
    released = room.run(small_recipe("dedupe", release=RELEASE), room.write("v1.jsonl", {"a": prose(1)}))["release"]
    (room.folder / "receta.toml").write_text(small_recipe('dedupe against = "prueba"'))
    arguments = ("check", room.folder / "receta.toml", "--out", room.folder / "out", "--json")
    assert room.command_line(*arguments).json["against"] == [f"prueba@{released['version']}"]


def test_a_recipe_may_do_without_an_index(room: Room, small_recipe: SmallRecipe) -> None:
    """`[release] index = false` applies to the run and to later builds from it."""
    room.run(small_recipe("dedupe", release=f"{RELEASE}\nindex = false"), room.write("v1.jsonl", {"a": prose(1)}))
    assert not list((room.folder / "out" / "store").rglob("index/*.parquet"))
    arguments = ("release", "build", "otra", "receta", "--out", room.folder / "out", "--json")
    assert room.command_line(*arguments).code == 0
    assert not list((room.folder / "out" / "store").rglob("index/*.parquet"))


@pytest.mark.parametrize("number", range(4))
def test_a_variant_joins_the_split_of_the_released_document(room: Room, small_recipe: SmallRecipe, number: int) -> None:
    """The variant is kept, names the released document, and has the same split."""
    halves = "split = { validation = 0.4, test = 0.4 }"
    song = ["Cantaba", *prose(700 + number, 90).split()]
    own_words = ["bordando", "pañuelos", "finos"], ["rompió", "su", "cántaro"]
    variant_text = " ".join([*song[:20], *own_words[0], *song[23:60], *own_words[1], *song[63:]])
    room.run(small_recipe("dedupe", release=halves), room.write("v1.jsonl", {"vieja": " ".join(song), "n": prose(5)}))
    records = room.write("nuevo.jsonl", {"nueva": variant_text, "m": prose(6)})
    result = room.run(small_recipe('dedupe against = "prueba"', release=halves), records)
    assert result["rows"] == {"in": 2, "kept": 2}
    assert {" ".join(song), variant_text} < room.texts("prueba")
    store = Store.at(room.folder / "out" / "store")
    name, version = store.find("prueba")
    rows = pl.concat(pl.read_parquet(store.path(s.object)) for s in load_manifest(store, name, version).shards)
    [variant] = rows.filter(pl.col("text") == variant_text).iter_rows(named=True)
    [released] = rows.filter(pl.col("text") == " ".join(song)).iter_rows(named=True)
    assert variant["variant_of"] == released["doc_id"]
    assert variant["split"] == released["split"]
