"""Dedupe drops a usable copy only for a document that the release may use: both apply the same terms."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus.catalog.optout.opt_out import OptOut
from latam_corpus.release.refusals.opt_outs import read_opt_outs, updated_opt_outs, web_documents, write_opt_outs
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

TEXTS = {
    "canto": "La barca volvió de noche al puerto, y nadie supo qué traía en la bodega.",
    "carta": "Querida prima: aquí llueve desde el lunes y el camino del cerro está cortado.",
}
SOURCE = """
id = "{name}"
title = "{name}"
holder = "{holder}"
languages = ["spa"]
[rights]
statement = "{rights}"
basis = "licence"
uses = ["train", {uses}]
{agreement}
[collect]
files = ["*.jsonl"]
"""
RECIPE = """
title = "Prueba"
genre = "literature"
sources = [{sources}]
[[stage]]
use = "dedupe"
{dedupe}
[release]
name = "prueba"
admit = [{admit}]
uses = [{uses}]
"""


class Room:
    """Two sources with copies of one another's texts; the copies of the second were obtained later."""

    def __init__(self, folder: Path, command_line: CommandLine) -> None:
        self.folder, self.command_line = folder, command_line

    def source(
        self,
        name: str,
        rights: str = "CC0-1.0",
        uses: str = '"redistribute"',
        holder: str = "Nadie",
        agreement: str = "",
    ) -> None:
        """Write a source and its records."""
        text = SOURCE.format(name=name, rights=rights, uses=uses, holder=holder, agreement=agreement)
        (self.folder / f"{name}.toml").write_text(text)
        (self.folder / name).mkdir(exist_ok=True)
        day = datetime(2020 if name == "primera" else 2021, 1, 1, tzinfo=UTC).isoformat()
        rows = ({"id": n, "text": t, "url": f"https://{name}.example/{n}", "obtained": day} for n, t in TEXTS.items())
        (self.folder / name / "textos.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def run(
        self,
        *sources: str,
        dedupe: str = "",
        admit: str = '"open"',
        uses: str = '"train"',
        code: int = 0,
        more: tuple[str, ...] = (),
    ) -> Any:
        """Run a recipe and return its JSON result, or its errors if it fails."""
        named = ", ".join(f'"{name}.toml"' for name in sources)
        recipe = RECIPE.format(sources=named, dedupe=dedupe, admit=admit, uses=uses)
        (self.folder / "receta.toml").write_text(recipe)
        inputs = [word for name in sources for word in ("--input", f"{name}={self.folder / name}")]
        out = ("--out", self.folder / "out", "--engine", "in-process", "--no-report", "--json")
        result = self.command_line("run", self.folder / "receta.toml", *inputs, *out, *more)
        assert result.code == code, result.err
        return result.json if code == 0 else result.err

    def released(self) -> list[str]:
        """Return the sources of the documents of the latest version."""
        store = Store.at(self.folder / "out" / "store")
        manifest = load_manifest(store, *store.find("prueba"))
        return sorted(s for shard in manifest.shards for s in pl.read_parquet(store.path(shard.object))["source_id"])

    def refuse(self, source: str) -> None:
        """Let a site refuse training, as `rights recheck` reads it."""
        store = Store.at(self.folder / "out" / "store")
        manifest, opt_outs = load_manifest(store, *store.find("prueba")), read_opt_outs(store, "prueba")
        refusal = OptOut("robots-agent", "GPTBot", f"https://{source}.example/robots.txt", datetime.now(UTC))
        site = type("Site", (), {"opt_outs": lambda _self, _url: [refusal]})()
        sites = {f"https://{source}.example": site}
        now = updated_opt_outs(web_documents(store, manifest, opt_outs), sites, opt_outs, retroactive=True)
        write_opt_outs(store, "prueba", now)


@pytest.fixture
def room(tmp_path: Path, command_line: CommandLine) -> Room:
    """Return a folder for sources and runs."""
    return Room(tmp_path, command_line)


@pytest.mark.parametrize("against", ["", 'against = "prueba"'])
def test_copies_of_what_its_owner_has_refused_since_wait_for_an_agreement(room: Room, against: str) -> None:
    """Another holder's copies stay out, too; they come when their source names an agreement, and the recipe is run.

    Also against the version with the refused ones.
    """
    room.source("primera")
    room.source("segunda", holder="Archivo")
    room.run("primera", "segunda")
    assert room.released() == ["primera", "primera"]
    room.refuse("primera")
    assert "no document is left for the version" in room.run("primera", "segunda", dedupe=against, code=1)
    room.source("segunda", holder="Archivo", agreement='agreement = "Carta 2"')
    dry_run_name = room.run("primera", "segunda", dedupe=against, more=("--dry-run",))["run"]
    run_name = room.run("primera", "segunda", dedupe=against)["run"]
    assert against or run_name == dry_run_name  # a dry run fetches no index, which is part of the name
    assert room.released() == ["segunda", "segunda"]


def test_a_file_of_refusals_that_isnt_there_is_told_before_anything_runs(room: Room) -> None:
    """The error names the file."""
    room.source("primera")
    [error] = json.loads(room.run("primera", dedupe='refused = "nada.parquet"', code=2))["errors"]
    assert error["place"] == "nada.parquet"
    assert error["problem"].startswith("it can't be read")


@pytest.mark.parametrize("keep", ["existing", "best"])
def test_a_released_document_beyond_the_recipes_tiers_displaces_none(room: Room, keep: str) -> None:
    """If a version admitted non-commercial texts and the next one doesn't, the next one has the free copies instead."""
    room.source("primera", rights="CC-BY-NC-4.0")
    room.source("segunda")
    room.run("primera", admit='"open", "non_commercial"')
    room.run("segunda", dedupe=f'against = "prueba"\nkeep = "{keep}"')
    assert room.released() == ["segunda", "segunda"]


def test_a_released_document_that_lacks_a_use_displaces_none(room: Room) -> None:
    """The index has the uses that each document allows."""
    room.source("primera", uses="")
    room.source("segunda")
    room.run("primera")
    more: dict[str, Any] = {"dedupe": 'against = "prueba"', "uses": '"train", "redistribute"'}
    room.run("segunda", **more)
    assert room.released() == ["segunda", "segunda"]


def test_a_released_document_that_may_be_used_stays(room: Room) -> None:
    """Its copy is dropped, also if the recipe asks for more uses."""
    room.source("primera")
    room.source("segunda")
    room.run("primera")
    # Nothing is kept, so no version is built.
    room.run("segunda", dedupe='against = "prueba"', uses='"train", "redistribute"', code=1)
    assert room.released() == ["primera", "primera"]


MIXED = """
id = "mixta"
title = "mixta"
holder = "Biblioteca"
languages = ["spa"]
[rights]
statement = "CC0-1.0"
basis = "licence"
uses = ["train"]
[collect]
files = ["*.jsonl"]
versions = true
columns.rights = "derechos"
"""
_RESERVED = "Todos los derechos reservados"


@pytest.mark.parametrize("case", ["equal", "near", "records", "younger record"])
def test_a_reserved_record_binds_the_copy_and_the_later_record_that_dedupe_keeps(room: Room, case: str) -> None:
    """An equal text, a near-duplicate, and an older or younger record under the same id are left out."""
    story = " ".join(f"{text} {n}" for n in range(6) for text in TEXTS.values())
    rows: list[dict[str, Any]] = [
        {"id": "1", "text": story, "derechos": _RESERVED, "obtained": "2020-01-01"},
        {"id": "2", "text": story + (" Fin." if case == "near" else ""), "obtained": "2021-01-01"},
        {"id": "3", "text": TEXTS["carta"], "obtained": "2021-01-01"},
    ]
    if "record" in case:
        rows[1] |= {"id": "1", "text": f"{story} Corregido.", "obtained": "2019-01-01" if "young" in case else "2022"}
    (room.folder / "mixta.toml").write_text(MIXED)
    (room.folder / "mixta").mkdir()
    (room.folder / "mixta" / "textos.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    room.run("mixta")
    store = Store.at(room.folder / "out" / "store")
    [shard] = load_manifest(store, *store.find("prueba")).shards
    assert pl.read_parquet(store.path(shard.object))["text"].to_list() == [TEXTS["carta"]]


LABEL = '[[consent.records]]\nid = "1"\nlabel = "https://localcontexts.org/label/tk-secret-sacred/"'


@pytest.mark.parametrize("stricter", [LABEL, 'uses = ["evaluate"]'])
def test_a_source_that_became_stricter_and_whose_files_look_older_leaves_the_next_version(
    room: Room, stricter: str
) -> None:
    """If the files have old times, as after `cp -p` or unzipping, the next version still omits the whole source."""
    free = SOURCE.format(name="cartas", rights="CC0-1.0", uses="", holder="Nadie", agreement="")
    file = room.folder / "cartas" / "textos.jsonl"
    file.parent.mkdir()
    file.write_text("".join(json.dumps({"id": name, "text": text}) + "\n" for name, text in TEXTS.items()))
    (room.folder / "cartas.toml").write_text(free)
    room.run("cartas")
    assert len(room.released()) == 2
    os.utime(file, (10**9, 10**9))
    changed = free + stricter if stricter == LABEL else free.replace('uses = ["train", ]', stricter)
    (room.folder / "cartas.toml").write_text(changed)
    earlier = set((room.folder / "out" / "runs").glob("receta-*"))
    room.run("cartas", code=1)
    [newest] = set((room.folder / "out" / "runs").glob("receta-*")) - earlier
    result = room.command_line("release", "build", "prueba", newest, "--parent", "latest", "--out", room.folder / "out")
    assert result.code == 1
    assert "no document is left for the version" in result.err
