"""Locations of records, in a file or in the recipe, and a selection of a recipe's sources and stages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from latam_corpus.pipeline.planning.recipe import load_recipe

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

_SOURCE = """id = "{id}"
title = "T"
holder = "H"
[rights]
statement = "CC0-1.0"
basis = "licence"
uses = ["train"]
"""
_RECIPE = """title = "Dos"
genre = "literature"
sources = ["a.toml", "b.toml"]
[[stage]]
use = "identify"
[[stage]]
use = "dedupe"
[survival.source]
b = 0.1
[release]
name = "dos"
admit = ["open"]
uses = ["train"]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe of two sources, their records in a folder apart."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "datos").mkdir()
    for name in "ab":
        (tmp_path / f"{name}.toml").write_text(_SOURCE.format(id=name))
        text = f"La barca {name} salió del puerto antes del alba y volvió con la red vacía de siempre."
        (tmp_path / "datos" / f"{name}.jsonl").write_text(json.dumps({"id": name, "text": text}))
    (tmp_path / "r.toml").write_text(_RECIPE)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("d.toml", 'a = "a.jsonl"\nb = "b.jsonl"\n'),
        ("d.toml", '[inputs]\na = "a.jsonl"\nb = "b.jsonl"\n'),
        ("d.csv", "source,path\na,a.jsonl\nb,b.jsonl\n"),
        ("d.csv", "\ufefffuente;ruta\r\na;a.jsonl\r\nb;b.jsonl\r\n"),
        ("d.tsv", "a\ta.jsonl\nb\tb.jsonl\n"),
    ],
)
def test_inputs_are_read_from_a_file(command_line: CommandLine, folder: Path, name: str, text: str) -> None:
    """The file is TOML or a table, with paths relative to it; `--input` overrides it."""
    (folder / "datos" / name).write_text(text, encoding="utf-8")
    output = command_line("check", "r.toml", "--inputs", f"datos/{name}", "--json").json
    assert [(item["source"], item["records"]) for item in output["inputs"]] == [("a", 1), ("b", 1)]
    (folder / "otra.jsonl").write_text('{"id": 1, "text": "uno"}\n{"id": 2, "text": "dos"}\n')
    output = command_line("check", "r.toml", "--inputs", f"datos/{name}", "--input", "a=otra.jsonl", "--json").json
    assert [item["records"] for item in output["inputs"]] == [2, 1]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("d.toml", 'a = "x"\naa = "y"\nb = 3\n', "d.toml, línea 3: «b» es 3; un texto entre comillas"),
        ("d.toml", 'a = "x"\naa = "y"\n', "d.toml, línea 2: r no tiene la fuente «aa»; elija: a, b"),
        ("d.csv", "a,x\na,y\nc,\n", "d.csv, línea 2: «a» se dio dos veces: «x» y «y»"),
        ("d.csv", "a,x\na,y\nc,\n", "d.csv, línea 3: r no tiene la fuente «c»"),
        ("d.csv", "a,\n", "d.csv, línea 1: «a» no tiene ruta"),
        ("d.csv", "a,x,z\n", "d.csv, línea 1: una fila tiene dos columnas"),
        ("d.csv", "", "d.csv: no nombra ninguna fuente; escriba una línea por fuente"),
        ("d.toml", "a = [", "d.toml: no es TOML"),
        ("no-hay.csv", None, "no-hay.csv: ese archivo no existe"),
    ],
)
def test_what_is_wrong_in_the_file_is_told(
    command_line: CommandLine, folder: Path, name: str, text: str | None, told: str
) -> None:
    """All of it, with the line."""
    if text is not None:
        (folder / name).write_text(text)
    result = command_line("run", "r.toml", "--inputs", name, "--lang", "es")
    assert result.code == 2
    assert told.replace("la fuente «aa»; elija: a, b", "la fuente «aa»") in result.err


def test_the_recipe_says_where_records_are(command_line: CommandLine, folder: Path) -> None:
    """Seen from its folder; all its sources are run, and where they lie decides nothing."""
    previous = load_recipe("r.toml").digest()
    (folder / "r.toml").write_text(_RECIPE + '[inputs]\na = "datos/a.jsonl"\nb = "datos/b.jsonl"\n')
    assert load_recipe("r.toml").digest() == previous
    output = command_line("run", "r.toml", "--json").json
    assert output["rows"] == {"in": 2, "kept": 2}
    assert command_line("run", "r.toml", "--input", "a=datos/a.jsonl", "--json").json["rows"]["in"] == 1
    (folder / "r.toml").write_text(_RECIPE + '[inputs]\nx = "datos/a.jsonl"\n')
    assert "[inputs] names «x», which isn't a source of this recipe" in command_line("check", "r.toml").err


def test_a_part_of_the_sources_and_stages_is_run(command_line: CommandLine, folder: Path) -> None:
    """Sources: their release is made; stages: none is, since the texts didn't pass the others."""
    (folder / "r.toml").write_text(_RECIPE + '[inputs]\na = "datos/a.jsonl"\nb = "datos/b.jsonl"\n')
    output = command_line("run", "r.toml", "--select", "a", "--json").json
    assert (output["rows"]["in"], output["release"]["name"]) == (1, "dos")
    output = command_line("run", "r.toml", "--select", "identify", "--json").json
    assert (output["rows"]["in"], output["release"]) == (2, None)
    assert set(output["stages"]) >= {"identify"}
    assert "dedupe" not in output["stages"]
    kept = (folder / output["folder"] / "recipe.toml").read_text()
    assert kept.startswith("# --select identify\n")
    output = command_line("run", "r.toml", "--select", "b,identify", "--select", "dedupe", "--json").json
    assert (output["rows"]["in"], output["release"]["name"]) == (1, "dos")


def test_an_unknown_name_has_the_closest_as_remedy(command_line: CommandLine, folder: Path) -> None:
    """Sources and stages are searched together; a name of both is refused."""
    result = command_line("run", "r.toml", "--select", "identifi,zz", "--lang", "pt")
    assert result.code == 2
    assert "“identifi” não é nem uma fonte nem uma etapa de r" in result.err
    assert "«identify»" in result.err or "“identify”" in result.err
    assert "“zz” não é nem" in result.err
    (folder / "a.toml").write_text(_SOURCE.format(id="dedupe"))
    assert "is a source and a stage of r" in command_line("check", "r.toml", "--select", "dedupe").err


def test_a_trial_of_some_records_releases_nothing(command_line: CommandLine, folder: Path) -> None:
    """A version from a trial would make `latest` incomplete without notice."""
    more = [{"id": str(n), "text": f"La vecina {n} vende pan de {n} harinas en la plaza."} for n in range(5)]
    (folder / "datos" / "a.jsonl").write_text("".join(json.dumps(item) + "\n" for item in more))
    (folder / "d.toml").write_text('a = "datos/a.jsonl"\nb = "datos/b.jsonl"\n')
    ran = ("run", "r.toml", "--inputs", "d.toml", "--engine", "in-process")
    release = command_line(*ran, "--json").json["release"]
    trial = command_line(*ran, "--limit", "2", "--work", "none")
    assert trial.code == 0
    reason = "the run is a trial of some records of each file (--limit)"
    assert f"3 of 3 kept documents left out of the version: {reason}" in trial.out
    latest = command_line("release", "show", "dos", "--json").json
    assert release == {"name": "dos", "version": latest["version"]}
    assert len(list((folder / "out" / "runs").glob("r-*/kept/*.parquet"))) > 1  # the documents stay
