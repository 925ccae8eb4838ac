"""A copy of an input folder gives the same run and the same version, whatever the times and the order of its files."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import threading
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import read_all
from latam_corpus.collect.input_files import listing
from latam_corpus.collect.input_files.folder_walk import walked
from latam_corpus.collect.input_files.listing import digest, list_inputs
from latam_corpus.collect.streams import state_of
from latam_corpus.errors import PartError
from latam_corpus.pipeline.execution.part import input_key
from latam_corpus.pipeline.planning.plan import Input

if TYPE_CHECKING:
    from conftest import CommandLine, SmallRecipe, SmallSource

_TALES = (
    "El molino del pueblo dejó de moler el año en que el río cambió de cauce y se llevó el puente de piedra.",
    "Mi madrina guardaba las semillas en frascos de vidrio, cada una con el nombre de quien se la había dado.",
    "La maestra llegó en el tren de los jueves con un baúl de libros y una lámpara que no hacía humo.",
)
_SOURCE = Source(id="fuente", title="Cuentos de prueba", holder="Nadie")


@pytest.fixture
def room(tmp_path: Path, small_recipe: SmallRecipe, small_source: SmallSource) -> Path:
    """A recipe, and tales in files of several formats and in an archive, each of them twice."""
    (tmp_path / "receta.toml").write_text(small_recipe("extract", "dedupe", release=""))
    (tmp_path / "fuente.toml").write_text(small_source())
    _fill(tmp_path / "in")
    return tmp_path


def _fill(folder: Path) -> None:
    (folder / "b").mkdir(parents=True)
    for number, tale in enumerate(_TALES):
        (folder / f"{number}.txt").write_text(tale)
        (folder / "b" / f"{9 - number}.html").write_text(f"<html><body><p>{tale}</p></body></html>")
    (folder / "otros.jsonl").write_text(json.dumps({"id": "j", "text": _TALES[0]}) + "\n")
    shutil.make_archive(str(folder / "caja"), "zip", folder / "b")


def _age(folder: Path, chance: random.Random) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (chance.randrange(2**31), chance.randrange(2**31)))


def _touched(folder: Path) -> Path:
    _age(folder, random.Random(1))
    return folder


def _copied(folder: Path) -> Path:
    shutil.copytree(folder, folder.parent / "copia", copy_function=shutil.copy)
    _age(folder, random.Random(2))
    return folder.parent / "copia"


def _cloned(folder: Path) -> Path:
    name = ("-c", "user.name=x", "-c", "user.email=x@x.example")
    for command in (("init", "-q"), ("add", "."), (*name, "commit", "-qm", "x")):
        subprocess.run(["git", *command], cwd=folder, check=True)
    subprocess.run(["git", "clone", "-q", folder, folder.parent / "clon"], check=True)
    return folder.parent / "clon"


def test_a_copy_of_a_folder_gives_the_same_run_and_version(room: Path, command_line: CommandLine) -> None:
    """All work is reused for a copy with other times; in another `--out`, the copy gives the same shards."""

    def run(folder: Path, out: str) -> tuple[dict[str, Any], set[str]]:
        given = ("--input", f"fuente={folder}", "--out", room / out)
        result = command_line("run", room / "receta.toml", "--no-report", "--json", *given)
        assert result.code == 0, result.err
        return result.json, {path.name for path in (room / out / "store" / "objects").rglob("*.parquet")}

    _age(room / "in", random.Random(0))
    first, shards = run(room / "in", "out")
    for make in (_touched, _copied, _cloned):
        copy = make(room / "in")
        second, same_shards = run(copy, "out")
        assert Path(second["folder"]).name == Path(first["folder"]).name
        assert second["release"]["version"] == first["release"]["version"]
        assert second["reused"]
        assert all(step["parts"] == step["of"] for step in second["reused"].values())
        assert same_shards == shards
        if make is _touched:  # the same folder
            continue
        fresh, fresh_shards = run(copy, make.__name__)
        assert Path(fresh["folder"]).name == Path(first["folder"]).name
        assert fresh_shards == shards


@settings(deadline=None)
@given(st.randoms(use_true_random=False))
def test_times_and_the_order_of_entries_are_in_no_key_and_no_row(chance: random.Random) -> None:
    """Two copies with random times and a random order of entries are equal inputs."""
    import tempfile

    read = []
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:

        def shuffled(root: str, *, specials: bool) -> dict[str, Any]:
            entries = list(walked(root, specials=specials).items())
            chance.shuffle(entries)
            return dict(entries)

        patch.setattr(listing, "walked", shuffled)
        _fill(Path(name, "in"))
        shutil.copytree(Path(name, "in"), Path(name, "copia"))
        for copy in ("in", "copia"):
            _age(Path(name, copy), chance)
            files = list_inputs(_SOURCE, Path(name, copy))
            keys = [input_key(file, digest(file), "") for file in files]
            read.append((keys, pl.concat(read_all(_SOURCE, files), how="diagonal")))
    assert read[0][0] == read[1][0]
    assert read[0][1].equals(read[1][1])
    assert read[0][1]["obtained"].null_count() == read[0][1].height


def test_a_source_may_state_when_its_files_were_obtained(tmp_path: Path) -> None:
    """Only a value in the source's file sets the time of plain files."""
    from latam_corpus.config.toml_model import parse_toml

    about = 'id = "a"\ntitle = "A"\nholder = "Nadie"\n'
    stated = f'{about}[collect.columns]\nobtained = {{ value = "2024-05-01" }}\n'
    _fill(tmp_path / "in")
    source = parse_toml(stated, Source, "a.toml")
    rows = pl.concat(read_all(source, list_inputs(source, tmp_path / "in")), how="diagonal")
    assert rows["obtained"].unique().to_list() == [datetime(2024, 5, 1, tzinfo=UTC)]


def test_a_file_that_is_touched_during_a_run_is_read_and_one_that_changes_is_not(tmp_path: Path) -> None:
    """The bytes of a file with a new time are compared with its digest."""
    path = tmp_path / "a.txt"
    path.write_text(_TALES[0])
    [file] = list_inputs(_SOURCE, path)
    planned = Input(file, digest(file), "", state_of(file.url))
    os.utime(path, (10**9, 10**9))
    planned.check()
    path.write_text(_TALES[1])
    with pytest.raises(PartError, match="the file changed during the run"):
        planned.check()


def test_a_file_read_over_http_has_no_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Times that a server reports are ignored, since they don't say when the text was obtained."""
    (tmp_path / "a.jsonl").write_text('{"text": "La barca salió antes del alba."}\n', encoding="utf-8")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("LATAM_CORPUS_PRIVATE_HOSTS", "127.0.0.1")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        files = list_inputs(_SOURCE, f"http://127.0.0.1:{server.server_port}/a.jsonl")
        rows = pl.concat(read_all(_SOURCE, files), how="diagonal")
        server.shutdown()
    assert (rows.height, rows["obtained"].null_count()) == (1, 1)
