"""Runs drop withdrawn documents before `dedupe`, so that no document is dropped as a copy of a withdrawn one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from built_versions import prose

import latam_corpus as lc
from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.store_tables import read_ledger

if TYPE_CHECKING:
    from conftest import CommandLine

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


class Room:
    """Two sources; the first has more open rights, so that its copies are kept."""

    def __init__(self, folder: Path, command_line: CommandLine) -> None:
        self.folder, self.command_line = folder, command_line
        for name, rights in (("casa", "CC0-1.0"), ("espejo", "CC-BY-4.0")):
            about = f'id = "{name}"\ntitle = "{name}"\nholder = "Nadie"\nlanguages = ["spa"]\n'
            (folder / f"{name}.toml").write_text(about + RIGHTS.format(rights))
            (folder / name).mkdir()
        (folder / "receta.toml").write_text(RECIPE)

    @property
    def store(self) -> Store:
        """The store next to the runs."""
        return Store.at(self.folder / "out" / "store")

    def write(self, source: str, **texts: str) -> None:
        """Write the records of a source by their ids."""
        lines = (json.dumps({"id": key, "text": text}) + "\n" for key, text in texts.items())
        (self.folder / source / "textos.jsonl").write_text("".join(lines))

    def run(self) -> Any:
        """Run the recipe, and return its JSON output."""
        inputs = [f"{name}={self.folder / name}" for name in ("casa", "espejo")]
        out = ("--out", self.folder / "out", "--engine", "in-process", "--no-report", "--json")
        result = self.command_line("run", self.folder / "receta.toml", "--input", inputs[0], "--input", inputs[1], *out)
        assert result.code == 0, result.err
        return result.json

    def withdraw(self, *items: str) -> str:
        """Run `release withdraw`, and return its output."""
        out = ("--because", "lo piden", "--out", self.folder / "out")
        result = self.command_line("release", "withdraw", "prueba", *items, *out)
        assert result.code == 0, result.err
        return result.out + result.err

    def ids(self, run: Any) -> dict[str, str]:
        """Return the ids of a run's documents, kept or dropped, by source and text."""
        files = [*Path(run["folder"]).glob("kept/*"), *Path(run["folder"]).glob("dropped/*")]
        rows = pl.read_parquet(files, columns=["doc_id", "source_id", "text"])
        return {f"{source} {text}": name for name, source, text in rows.iter_rows()}

    def released(self) -> set[str]:
        """Return the ids of the documents of the latest version."""
        version = self.store.latest("prueba")
        assert version
        return set(read_ledger(self.store, "prueba", version).filter(verdict="released")["doc_id"])


@pytest.fixture
def room(tmp_path: Path, command_line: CommandLine) -> Room:
    """Return the two sources with a copy in each, and one more text in each."""
    room = Room(tmp_path, command_line)
    room.write("casa", canto=prose(1), otro=prose(2))
    room.write("espejo", canto=prose(1), suyo=prose(3))
    return room


def test_a_copy_dropped_before_redaction_isnt_released(room: Room) -> None:
    """In a recipe with two `dedupe` stages, only copies dropped by the last one have passed all stages."""
    recipe = RECIPE.replace('use = "dedupe"', 'use = "dedupe"\nnear = false') + '\n[[stage]]\nuse = "dedupe"\n'
    (room.folder / "receta.toml").write_text(recipe)
    letter = f"{prose(1)} Escriban a rosa.vera@ejemplo.org."
    near = prose(2).rsplit(" ", 1)[0] + " final"
    room.write("casa", canto=letter, otro=prose(2), suyo=prose(4))
    room.write("espejo", canto=letter, otro=near, suyo=prose(3), nuevo=prose(5))
    ids = room.ids(room.run())
    output = room.withdraw("--source", "casa")
    assert room.released() == {ids[f"espejo {text}"] for text in (prose(3), prose(5), near)}
    assert f"comes back when its recipe is run again, such as {ids[f'espejo {letter}']}" in output
    room.run()
    texts = lc.open_release(room.store.url, "prueba").scan().select("source_id", "text").collect()
    assert (texts["source_id"].to_list(), "@" in "".join(texts["text"])) == (["espejo"] * 4, False)


@pytest.mark.parametrize("by", ["doc", "source", "text"])
def test_no_document_is_dropped_as_a_copy_of_a_withdrawn_one(room: Room, by: str) -> None:
    """The copy passes all stages and is released, unless the text itself is withdrawn."""
    first = room.run()
    ids = room.ids(first)
    original, twin, unrelated = (ids[key] for key in (f"casa {prose(1)}", f"espejo {prose(1)}", f"casa {prose(2)}"))
    assert (original in room.released(), twin in room.released()) == (True, False)
    (room.folder / "canto.txt").write_text(prose(1))
    options = {
        "doc": ("--doc", original),
        "source": ("--source", "casa"),
        "text": ("--text", str(room.folder / "canto.txt")),
    }
    room.withdraw(*options[by])
    second = room.run()
    assert second["folder"] != first["folder"]
    comes_back = by != "text"
    withdrawn = {"doc": {original}, "source": {original, unrelated}, "text": {original, twin}}[by]
    assert (twin in room.released()) is comes_back
    assert room.released().isdisjoint(withdrawn)
    ledger = pl.read_parquet(list(Path(second["folder"]).glob("ledger/*"))).filter(stage="withdrawals")
    assert set(ledger["doc_id"]) == withdrawn
    assert set(ledger["reason"]) == {"withdrawn"}
    assert {json.loads(evidence)["request"][:5] for evidence in ledger["evidence"]} == {"W0001"}
    kept_rows = pl.read_parquet(list(Path(second["folder"]).glob("kept/*")))
    assert (twin in kept_rows["doc_id"]) is comes_back
    assert room.run()["folder"] == second["folder"]
    room.withdraw("--doc", ids[f"espejo {prose(3)}"])
    assert room.run()["folder"] not in (first["folder"], second["folder"])


def test_explain_reports_that_readers_no_longer_get_a_document(room: Room) -> None:
    """It names no shard, before and after a purge; other documents are reported as before."""
    ids, out = room.ids(room.run()), ("--out", room.folder / "out")
    withdrawn, released = (ids[f"casa {prose(number)}"] for number in (1, 2))
    version = room.store.latest("prueba")
    assert f"prueba@{version}: in, shard " in room.command_line("explain", withdrawn, *out).out
    assert room.command_line("explain", withdrawn, *out, "--json").json[0]["verdict"] == "kept"
    room.withdraw("--doc", withdrawn)
    assert room.command_line("explain", withdrawn, *out, "--json").json[0]["verdict"] == "withdrawn"
    assert (
        "withdrawn: the run kept it, and readers no longer get it" in room.command_line("explain", withdrawn, *out).out
    )
    assert room.command_line("explain", released, *out, "--json").json[0]["verdict"] == "kept"
    for purged in (False, True):
        assert not purged or room.command_line("release", "purge", *out).code == 0
        output = room.command_line("explain", withdrawn, *out).out
        assert f"prueba@{version}: was in this version; readers no longer get it\n" in output
        assert "shard" not in output
        assert f"prueba@{version}: in, shard " in room.command_line("explain", released, *out).out


def test_released_documents_that_contain_the_text_are_kept(room: Room) -> None:
    """An anthology with the text was released with it, and the request by id does not match it."""
    anthology = f"{prose(4, 200)} {prose(1)} {prose(5, 200)}"
    room.write("casa", canto=prose(1), libro=anthology)
    room.write("espejo", suyo=prose(3))
    ids = room.ids(room.run())
    withdrawn, remaining = ids[f"casa {prose(1)}"], {ids[f"casa {anthology}"], ids[f"espejo {prose(3)}"]}
    assert room.released() == {withdrawn, *remaining}
    room.withdraw("--doc", withdrawn)
    assert room.released() == remaining
    room.run()
    assert room.released() == remaining


def test_a_drop_by_the_log_is_no_deletion_by_the_holder(room: Room) -> None:
    """Only deletions by holders are stored with the release, where they exclude older copies."""
    room.withdraw("--doc", room.ids(room.run())[f"casa {prose(1)}"])
    room.run()
    assert not room.store.exists("releases", "prueba", "withdrawn.parquet")
