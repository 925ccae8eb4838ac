"""A run against an earlier version: what it compares with, what it keeps, and the version that comes of it."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus.api import runner
from latam_corpus.release.building import build as building
from latam_corpus.release.reading.verify_version import verify
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe, SmallSource

WORDS = (
    *("barca", "puerto", "alba", "red", "faro", "marea", "viento", "arena", "gaviota", "muelle", "ancla", "vela"),
    *("remo", "orilla", "sal", "niebla", "isla", "bahía", "pescador", "camino", "noche", "luna", "piedra", "cerro"),
    *("bosque", "lluvia", "campana", "plaza", "feria", "harina", "pan", "horno", "leña", "humo", "patio"),
)


def story(number: int, words: int = 120) -> str:
    """A text of its own of so many words."""
    draw = random.Random(number)
    return " ".join(draw.choice(WORDS) for _ in range(words))


class Room:
    """A folder with a recipe, its source and what the command line makes of them."""

    def __init__(self, folder: Path, command_line: CommandLine) -> None:
        self.folder, self.command_line = folder, command_line

    def write(self, name: str, texts: dict[str, str]) -> Path:
        """A JSONL file of documents by id."""
        path = self.folder / name
        path.write_text("".join(json.dumps({"id": key, "text": text}) + "\n" for key, text in texts.items()))
        return path

    def run(self, recipe: str, records: Path, code: int = 0) -> Any:
        """What `run --json` tells."""
        (self.folder / "receta.toml").write_text(recipe)
        told = self.command_line(
            "run", self.folder / "receta.toml", "--input", records, "--out", self.folder / "out",
            "--engine", "in-process", "--json",
        )  # fmt: skip
        assert told.code == code, told.err
        return told.json if told.out else told.err

    def texts(self, spec: str) -> set[str]:
        """The texts of a version."""
        store = Store.at(self.folder / "out" / "store")
        name, version = store.find(spec)
        manifest = load_manifest(store, name, version)
        assert verify(store, name, version) == []
        return {text for shard in manifest.shards for text in pl.read_parquet(store.path(shard.object))["text"]}


@pytest.fixture
def room(tmp_path: Path, command_line: CommandLine, small_source: SmallSource) -> Room:
    """A folder with the source that the recipes name."""
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*.jsonl"]'))
    return Room(tmp_path, command_line)


RELEASE = "split = { validation = 0.0, test = 0.0 }"


def test_what_only_a_removed_document_suppressed_is_admitted_again(room: Room, small_recipe: SmallRecipe) -> None:
    """Against a version that has the original the copy falls; against the next one, without it, the copy is kept."""
    original = story(1, 200)
    copy = original.replace("barca", "lancha", 1)
    first = {"original": original} | {f"n{n}": story(n) for n in range(10, 15)}
    released = room.run(small_recipe("dedupe", release=RELEASE), room.write("v1.jsonl", first))["release"]
    records = room.write("nuevo.jsonl", {"copia": copy, "otra": story(30)})
    against = small_recipe('dedupe against = "prueba"')
    told = room.run(against, records)
    assert (told["rows"], told["stages"]["dedupe"]["dropped"]) == ({"in": 2, "kept": 1}, {"duplicate": 1})
    without = room.write("v2.jsonl", {key: text for key, text in first.items() if key != "original"})
    second = room.run(small_recipe("dedupe", release=RELEASE), without)["release"]
    assert second["version"] != released["version"]
    assert original not in room.texts("prueba")
    assert room.run(against, records)["rows"] == {"in": 2, "kept": 2}
    pinned = small_recipe(f'dedupe against = "prueba@{released["version"]}"')
    assert room.run(pinned, records)["rows"] == {"in": 2, "kept": 1}


def test_a_run_against_the_release_that_it_feeds_builds_upon_it(room: Room, small_recipe: SmallRecipe) -> None:
    """The next version has the old documents and the new ones, and the better copy in place of the worse."""
    base = story(1, 200)
    first = {"a": base, "b": story(2, 200)}
    room.run(small_recipe("dedupe", release=RELEASE), room.write("v1.jsonl", first))
    longer = f"{base} {story(90, 20)}"
    records = room.write("nuevo.jsonl", {"mejor": longer, "copia": story(2, 200), "c": story(3, 200)})
    best = small_recipe('dedupe against = "prueba"\nkeep = "best"', release=RELEASE)
    told = room.run(best, records)
    assert told["rows"]["kept"] == 2
    assert room.texts("prueba") == {longer, story(2, 200), story(3, 200)}
    assert told["release"]["version"] != "2026.11.0"


def test_a_run_against_a_release_passes_over_no_version_that_was_made_meanwhile(
    room: Room, small_recipe: SmallRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole run lies between; given again it is compared with that one, too. Who names a version means it."""
    room.run(small_recipe("dedupe", release=RELEASE), room.write("v1.jsonl", {"a": story(1)}))
    against = small_recipe('dedupe against = "prueba"', release=RELEASE)
    whole = building.planned_release

    def beside(recipe: str, texts: dict[str, str], code: int) -> Any:
        """What a run says while which another, whose document `b…` is new, makes a version."""

        def meanwhile(*arguments: Any, **options: Any) -> Any:
            monkeypatch.setattr(runner, "planned_release", whole)
            room.run(against, room.write("otro.jsonl", {f"b{code}": story(20 + code)}))
            return whole(*arguments, **options)

        monkeypatch.setattr(runner, "planned_release", meanwhile)
        return room.run(recipe, room.write("nuevo.jsonl", texts), code)

    assert not beside(against, {"c": story(3)}, 1).get("release")
    assert room.texts("prueba") == {story(1), story(21)}
    room.run(against, room.folder / "nuevo.jsonl")
    assert room.texts("prueba") == {story(1), story(21), story(3)}
    version = Store.at(room.folder / "out" / "store").latest("prueba")
    beside(small_recipe(f'dedupe against = "prueba@{version}"', release=RELEASE), {"d": story(4)}, 0)
    assert room.texts("prueba") == {story(1), story(21), story(3), story(4)}


@pytest.mark.parametrize(
    ("against", "told"),
    [
        ("pruebas", "did you mean «prueba»"),
        ("prueba@2020.1.0", "there is no version «2020.1.0»"),
        ('prueba"\nseed = 3\ntemplates = "keep', "set seed = 20"),
    ],
)
def test_check_and_run_say_when_there_is_nothing_to_compare_with(
    room: Room, small_recipe: SmallRecipe, against: str, told: str
) -> None:
    """Exit code 2 with the recipe, the stage and what there is, before anything is read."""
    records = room.write("v1.jsonl", {"a": story(1)})
    room.run(small_recipe("dedupe", release=RELEASE), records)
    recipe = small_recipe(f'dedupe against = "{against}"')
    assert told in room.run(recipe, records, code=2)
    said = room.command_line("check", room.folder / "receta.toml", "--out", room.folder / "out")
    assert said.code == 2
    assert told in said.err
    assert "stage «dedupe», against" in said.err


def test_check_names_the_version_that_a_run_would_be_compared_with(room: Room, small_recipe: SmallRecipe) -> None:
    """A release without a version is its latest."""
    released = room.run(small_recipe("dedupe", release=RELEASE), room.write("v1.jsonl", {"a": story(1)}))["release"]
    (room.folder / "receta.toml").write_text(small_recipe('dedupe against = "prueba"'))
    arguments = ("check", room.folder / "receta.toml", "--out", room.folder / "out", "--json")
    assert room.command_line(*arguments).json["against"] == [f"prueba@{released['version']}"]


def test_a_recipe_may_do_without_an_index(room: Room, small_recipe: SmallRecipe) -> None:
    """`[release] index = false` is followed by the run and by a later build from it."""
    room.run(small_recipe("dedupe", release=f"{RELEASE}\nindex = false"), room.write("v1.jsonl", {"a": story(1)}))
    assert not list((room.folder / "out" / "store").rglob("index/*.parquet"))
    arguments = ("release", "build", "otra", "receta", "--out", room.folder / "out", "--json")
    assert room.command_line(*arguments).code == 0
    assert not list((room.folder / "out" / "store").rglob("index/*.parquet"))


@pytest.mark.parametrize("number", range(4))
def test_a_variant_of_a_released_document_is_in_its_split(room: Room, small_recipe: SmallRecipe, number: int) -> None:
    """It names the released one, stays beside it, and no split of the next version has one of the two alone."""
    halves = "split = { validation = 0.4, test = 0.4 }"
    song = ["Cantaba", *story(700 + number, 90).split()]
    own = ["bordando", "pañuelos", "finos"], ["rompió", "su", "cántaro"]
    elsewhere = " ".join([*song[:20], *own[0], *song[23:60], *own[1], *song[63:]])
    room.run(small_recipe("dedupe", release=halves), room.write("v1.jsonl", {"vieja": " ".join(song), "n": story(5)}))
    records = room.write("nuevo.jsonl", {"nueva": elsewhere, "m": story(6)})
    told = room.run(small_recipe('dedupe against = "prueba"', release=halves), records)
    assert told["rows"] == {"in": 2, "kept": 2}
    assert {" ".join(song), elsewhere} < room.texts("prueba")
    store = Store.at(room.folder / "out" / "store")
    name, version = store.find("prueba")
    rows = pl.concat(pl.read_parquet(store.path(s.object)) for s in load_manifest(store, name, version).shards)
    [variant] = rows.filter(pl.col("text") == elsewhere).iter_rows(named=True)
    [released] = rows.filter(pl.col("text") == " ".join(song)).iter_rows(named=True)
    assert variant["variant_of"] == released["doc_id"]
    assert variant["split"] == released["split"]
