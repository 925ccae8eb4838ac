"""A run knows what its store has withdrawn: nothing falls as a copy of it, and whoever asks finds the request."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

import latam_corpus as lc
from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.store_tables import read_ledger

if TYPE_CHECKING:
    from conftest import CommandLine

WORDS = "puerto barca faro noche vecina canción papel sombra invierno carta puente mercado".split()  # noqa: SIM905
RIGHTS = '[rights]\nstatement = "{}"\nbasis = "licence"\nuses = ["train"]\n[collect]\nfiles = ["*.jsonl"]\n'
RECIPE = """
title = "Prueba"
genre = "literature"
sources = ["casa.toml", "espejo.toml"]
[[stage]]
use = "dedupe"
[[stage]]
use = "redact"
[survival]
least = 1
floor = 0.4
[release]
name = "prueba"
admit = ["open", "attribution"]
uses = ["train"]
split = { validation = 0.0, test = 0.0 }
"""


def prose(number: int, words: int = 60) -> str:
    """A text that shares no run of five words with another one's, but for chance."""
    draw = random.Random(number)
    return " ".join(f"{draw.choice(WORDS)}{draw.choice('aeiou')}" for _ in range(words))


class Room:
    """Two sources, of which the first is freer, so that its copies are the ones that are kept."""

    def __init__(self, folder: Path, command_line: CommandLine) -> None:
        self.folder, self.command_line = folder, command_line
        for name, rights in (("casa", "CC0-1.0"), ("espejo", "CC-BY-4.0")):
            about = f'id = "{name}"\ntitle = "{name}"\nholder = "Nadie"\nlanguages = ["spa"]\n'
            (folder / f"{name}.toml").write_text(about + RIGHTS.format(rights))
            (folder / name).mkdir()
        (folder / "receta.toml").write_text(RECIPE)

    @property
    def store(self) -> Store:
        """The store beside the runs."""
        return Store.at(self.folder / "out" / "store")

    def write(self, source: str, **texts: str) -> None:
        """The records of a source by their ids."""
        lines = (json.dumps({"id": key, "text": text}) + "\n" for key, text in texts.items())
        (self.folder / source / "textos.jsonl").write_text("".join(lines))

    def run(self) -> Any:
        """What `run --json` tells."""
        given = [f"{name}={self.folder / name}" for name in ("casa", "espejo")]
        out = ("--out", self.folder / "out", "--engine", "in-process", "--json")
        told = self.command_line("run", self.folder / "receta.toml", "--input", given[0], "--input", given[1], *out)
        assert told.code == 0, told.err
        return told.json

    def withdraw(self, *named: str) -> str:
        """What `release withdraw` says."""
        out = ("--because", "lo piden", "--out", self.folder / "out")
        told = self.command_line("release", "withdraw", "prueba", *named, *out)
        assert told.code == 0, told.err
        return told.out + told.err

    def ids(self, told: Any) -> dict[str, str]:
        """The ids of a run's documents, kept or set aside, by source and text."""
        files = [*Path(told["folder"]).glob("kept/*"), *Path(told["folder"]).glob("dropped/*")]
        rows = pl.read_parquet(files, columns=["doc_id", "source_id", "text"])
        return {f"{source} {text}": name for name, source, text in rows.iter_rows()}

    def released(self) -> set[str]:
        """The ids of the documents of the latest version."""
        version = self.store.latest("prueba")
        assert version
        return set(read_ledger(self.store, "prueba", version).filter(verdict="released")["doc_id"])


@pytest.fixture
def room(tmp_path: Path, command_line: CommandLine) -> Room:
    """The two sources with a copy in each, and one text more."""
    room = Room(tmp_path, command_line)
    room.write("casa", canto=prose(1), otro=prose(2))
    room.write("espejo", canto=prose(1), suyo=prose(3))
    return room


def test_a_copy_that_fell_before_redaction_isnt_taken_for_a_finished_one(room: Room) -> None:
    """Of a recipe that looks for copies twice, only what fell at its end has passed all stages."""
    twice = RECIPE.replace('use = "dedupe"', 'use = "dedupe"\nnear = false') + '\n[[stage]]\nuse = "dedupe"\n'
    (room.folder / "receta.toml").write_text(twice)
    letter = f"{prose(1)} Escriban a rosa.vera@ejemplo.org."
    near = prose(2).rsplit(" ", 1)[0] + " final"
    room.write("casa", canto=letter, otro=prose(2), suyo=prose(4))
    room.write("espejo", canto=letter, otro=near, suyo=prose(3), nuevo=prose(5))
    ids = room.ids(room.run())
    told = room.withdraw("--source", "casa")
    assert room.released() == {ids[f"espejo {text}"] for text in (prose(3), prose(5), near)}
    assert f"comes back when its recipe is run again, such as {ids[f'espejo {letter}']}" in told
    room.run()
    texts = lc.open_release(room.store.url, "prueba").scan().select("source_id", "text").collect()
    assert (texts["source_id"].to_list(), "@" in "".join(texts["text"])) == (["espejo"] * 4, False)


@pytest.mark.parametrize("by", ["doc", "source", "text"])
def test_nothing_falls_as_a_copy_of_what_is_withdrawn(room: Room, by: str) -> None:
    """The rightful copy goes through all stages and is released; by its text it is withdrawn itself."""
    first = room.run()
    ids = room.ids(first)
    mine, twin, other = (ids[key] for key in (f"casa {prose(1)}", f"espejo {prose(1)}", f"casa {prose(2)}"))
    assert (mine in room.released(), twin in room.released()) == (True, False)
    (room.folder / "canto.txt").write_text(prose(1))
    named = {"doc": ("--doc", mine), "source": ("--source", "casa"), "text": ("--text", str(room.folder / "canto.txt"))}
    room.withdraw(*named[by])
    second = room.run()
    assert second["folder"] != first["folder"]
    comes_back = by != "text"
    gone = {"doc": {mine}, "source": {mine, other}, "text": {mine, twin}}[by]
    assert (twin in room.released()) is comes_back
    assert room.released().isdisjoint(gone)
    ledger = pl.read_parquet(list(Path(second["folder"]).glob("ledger/*"))).filter(stage="withdrawals")
    assert set(ledger["doc_id"]) == gone
    assert set(ledger["reason"]) == {"withdrawn"}
    assert {json.loads(told)["request"][:5] for told in ledger["evidence"]} == {"W0001"}
    kept = pl.read_parquet(list(Path(second["folder"]).glob("kept/*")))
    assert (twin in kept["doc_id"]) is comes_back
    assert room.run()["folder"] == second["folder"]
    room.withdraw("--doc", ids[f"espejo {prose(3)}"])
    assert room.run()["folder"] not in (first["folder"], second["folder"])


def test_a_story_says_of_a_version_that_readers_no_longer_get_it_there(room: Room) -> None:
    """The shard that it names is one that no pull has: before a purge and after it. Of what stays it is told."""
    ids, out = room.ids(room.run()), ("--out", room.folder / "out")
    mine, other = (ids[f"casa {prose(number)}"] for number in (1, 2))
    version = room.store.latest("prueba")
    assert f"prueba@{version}: in, shard " in room.command_line("explain", mine, *out).out
    assert room.command_line("explain", mine, *out, "--json").json[0]["verdict"] == "kept"
    room.withdraw("--doc", mine)
    assert room.command_line("explain", mine, *out, "--json").json[0]["verdict"] == "withdrawn"
    assert "withdrawn: the run kept it, and readers no longer get it" in room.command_line("explain", mine, *out).out
    assert room.command_line("explain", other, *out, "--json").json[0]["verdict"] == "kept"
    for purged in (False, True):
        assert not purged or room.command_line("release", "purge", *out).code == 0
        told = room.command_line("explain", mine, *out).out
        assert f"prueba@{version}: was in; readers no longer get it\n" in told
        assert "shard" not in told
        assert f"prueba@{version}: in, shard " in room.command_line("explain", other, *out).out


def test_what_a_version_has_beside_the_withdrawn_text_stays_as_builds_let_it(room: Room) -> None:
    """An anthology with the text in it, that was released beside it and that the request didn't mean."""
    anthology = f"{prose(4, 200)} {prose(1)} {prose(5, 200)}"
    room.write("casa", canto=prose(1), libro=anthology)
    room.write("espejo", suyo=prose(3))
    ids = room.ids(room.run())
    mine, stay = ids[f"casa {prose(1)}"], {ids[f"casa {anthology}"], ids[f"espejo {prose(3)}"]}
    assert room.released() == {mine, *stay}
    room.withdraw("--doc", mine)
    assert room.released() == stay
    room.run()
    assert room.released() == stay


def test_what_a_run_set_aside_by_the_log_isnt_taken_back_by_its_holder(room: Room) -> None:
    """What a release remembers as taken back keeps out later copies by their age alone."""
    room.withdraw("--doc", room.ids(room.run())[f"casa {prose(1)}"])
    room.run()
    assert not room.store.exists("releases", "prueba", "withdrawn.parquet")
