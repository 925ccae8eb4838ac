"""`latam-corpus check` finds what is wrong before one byte is read, and says where and what to do."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from latam_corpus.paths import data_folder
from latam_corpus.pipeline.planning.recipe import shipped_recipes

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe, SmallSource


@pytest.fixture(scope="session")
def good(small_recipe: SmallRecipe) -> str:
    """A sound recipe."""
    return small_recipe("repair", 'identify languages = ["spa"]', "filter", source="conha19", release="")


@pytest.mark.parametrize("name", sorted(shipped_recipes()))
def test_a_shipped_recipe_is_sound(command_line: CommandLine, name: str) -> None:
    """Each names known stages and sources, and each stage has the columns it needs."""
    told = command_line("check", name, "--json")
    assert told.code == 0, told.err
    assert told.json["ok"] is True
    assert told.json["sources"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('use = "filter"', 'use = "filtro"'), "did you mean «filter»"),
        (('genre = "literature"', 'genre = "literatrua"'), "did you mean «literature»"),
        (('title = "Prueba"', 'titulo = "Prueba"'), "title"),
        (('sources = ["conha19"]', 'sources = ["conha91"]'), "did you mean «conha19»"),
        (('languages = ["spa"]', 'language = ["spa"]'), "did you mean «languages»"),
        (('languages = ["spa"]', "languages = 5"), "languages"),
        (('admit = ["open"]', 'admit = ["opened"]'), "did you mean «open»"),
        (("[release]", "[releases]"), "did you mean «release»"),
        (('use = "repair"', 'use = "filter"'), "needs the column"),
        (("[[stage]]", "[[stage"), "not TOML"),
        (('title = "Prueba"', "title = 3"), "title"),
        (('name = "prueba"', 'name = "../prueba"'), "name"),
        (('sources = ["conha19"]', "sources = []"), "sources"),
    ],
)
def test_a_wrong_recipe_is_refused(
    command_line: CommandLine, good: str, tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    """Exit code 2 and one sentence that names the file, the problem and the closest match."""
    recipe = tmp_path / "receta.toml"
    recipe.write_text(good.replace(*change, 1))
    said = command_line("check", recipe)
    assert said.code == 2
    assert told in said.err
    assert "receta.toml" in said.err or "catalogue" in said.err


def test_a_genre_that_the_recipes_own_policies_lack_is_refused(
    command_line: CommandLine, small_recipe: SmallRecipe, tmp_path: Path
) -> None:
    """The shipped ones have a file for it, and aren't those that will decide."""
    filters = shutil.copytree(data_folder("filters"), tmp_path / "filters")
    (filters / "genres" / "literature.toml").unlink()
    recipe = tmp_path / "receta.toml"
    recipe.write_text(small_recipe("identify", f'filter policies = "{filters}"', source="conha19"))
    said = command_line("check", recipe)
    assert said.code == 2
    assert f"{filters / 'genres'}: no policy for the genre «literature»" in said.err


def test_a_release_over_a_source_without_rights_is_refused(
    command_line: CommandLine, good: str, tmp_path: Path
) -> None:
    """Such a source can be measured and never released."""
    (tmp_path / "sin.toml").write_text('id = "sin"\ntitle = "Sin derechos"\nholder = "Nadie"\n')
    recipe = tmp_path / "receta.toml"
    recipe.write_text(good.replace('"conha19"', '"sin.toml"'))
    said = command_line("check", recipe)
    assert said.code == 2
    assert "without rights" in said.err


def test_a_run_without_input_says_where_to_get_it(command_line: CommandLine, tmp_path: Path) -> None:
    """The catalogue knows the homepage of each source."""
    said = command_line("run", "literature", "--out", tmp_path)
    assert said.code == 2
    assert "--input conha19=PATH" in said.err


def test_an_input_that_names_no_source_is_refused(command_line: CommandLine, tmp_path: Path) -> None:
    """With several sources, a path alone is ambiguous; a wrong name has a closest match."""
    assert "names no source" in command_line("run", "literature", "--input", tmp_path, "--out", tmp_path).err
    assert "did you mean «conha19»" in command_line("run", "literature", "--input", "conha18=x", "--out", tmp_path).err


def test_a_run_of_which_nothing_can_be_released_is_told_all_the_same(
    command_line: CommandLine, small_recipe: SmallRecipe, small_source: SmallSource, tmp_path: Path
) -> None:
    """The records' own rights are the reason; the run's folder and counts come before the error."""
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*.jsonl"]\n[collect.columns]\nrights = "rights"'))
    row = {"id": "a", "text": "La barca salió del puerto.", "rights": "Todos los derechos reservados"}
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n")
    recipe = tmp_path / "receta.toml"
    recipe.write_text(small_recipe("repair", release=""))
    run = ("run", recipe, "--input", tmp_path / "a.jsonl", "--out", tmp_path / "out", "--engine", "in-process")
    said = command_line(*run)
    assert said.code == 1
    assert "1 document in = 1 kept + 0 set aside" in said.out
    assert "left out 1 of 1 kept document: its record states rights that aren't known as a licence" in said.out
    assert "its rights aren't known, or aren't understood (1)" in said.err
    assert command_line(*run, "--json").json["left_out"] == {"rights_tier=unknown": 1}


def test_a_run_without_a_release_says_why_nothing_is_published(
    command_line: CommandLine, small_recipe: SmallRecipe, small_source: SmallSource, tmp_path: Path
) -> None:
    """A recipe that asks for no version ends with what was kept in vain, and what its source lacks; in Spanish too."""
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*.jsonl"]').replace("CC0-1.0", "CC-YB-4.0"))
    (tmp_path / "a.jsonl").write_text('{"id": "a", "text": "La barca salió del puerto."}\n')
    recipe = tmp_path / "receta.toml"
    recipe.write_text(small_recipe("repair"))
    run = ("run", recipe, "--input", tmp_path / "a.jsonl", "--out", tmp_path / "out", "--engine", "in-process")
    said = command_line(*run, "--lang", "es")
    assert said.code == 0
    assert "no hay versión publicada\n" in said.out
    assert "1 de 1 documento conservado: sus derechos no se conocen o no se entienden" in said.out
    assert command_line(*run, "--json").json["left_out"] == {"rights_tier=unknown": 1}


def test_pictures_that_no_stage_reads_are_told_before_a_run(
    command_line: CommandLine, small_recipe: SmallRecipe, small_source: SmallSource, tmp_path: Path
) -> None:
    """With what to name in the recipe."""
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*.png", "*.txt"]'))
    (tmp_path / "r.toml").write_text(small_recipe("extract", "repair"))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "carta.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    told = command_line("check", tmp_path / "r.toml", "--input", tmp_path / "in", "--lang", "es").err
    assert "1 imagen no se lee: la receta no lo pide;" in told
    assert 'ocr = ["spa"]' in told


def test_a_run_that_keeps_nothing_says_where_to_look(
    command_line: CommandLine, small_recipe: SmallRecipe, small_source: SmallSource, tmp_path: Path
) -> None:
    """No release is made of it, and the command that shows the reasons is named."""
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*.jsonl"]'))
    (tmp_path / "a.jsonl").write_text("[]\n")
    recipe = tmp_path / "receta.toml"
    recipe.write_text(small_recipe("repair", release=""))
    run = ("run", recipe, "--input", tmp_path / "a.jsonl", "--out", tmp_path / "out", "--engine", "in-process")
    said = command_line(*run)
    assert "--set-aside --by drop_reason` shows what fell" in said.out


@pytest.mark.parametrize(
    ("genre", "stages", "hints"),
    [
        ("lyrics", ("extract", "identify", "filter"), 1),
        ("lyrics", ("extract", "unmark", "identify", "filter"), 0),
        ("news", ("extract", "identify", "filter"), 0),
    ],
)
def test_marks_that_no_stage_takes_out_are_hinted_at(
    command_line: CommandLine, small_recipe: SmallRecipe, small_source: SmallSource, tmp_path: Path,
    genre: str, stages: tuple[str, ...], hints: int,
) -> None:  # fmt: skip
    """What a policy says of marks is else obeyed by nobody, and without a word."""
    recipe = tmp_path / "receta.toml"
    recipe.write_text(small_recipe(*stages, genre=genre))
    (tmp_path / "fuente.toml").write_text(small_source())
    assert len([hint for hint in command_line("check", recipe, "--json").json["hints"] if "unmark" in hint]) == hints


@pytest.mark.parametrize(
    ("stages", "hints"),
    [
        (("repair", "boilerplate", "redact"), 1),
        (("repair", "redact", "boilerplate"), 0),
        (("repair", "redact", "boilerplate", "redact"), 0),
        (("repair", "boilerplate"), 0),
        (("repair", "redact"), 0),
    ],
)
def test_lines_quoted_before_they_are_redacted_are_hinted_at(
    command_line: CommandLine, small_recipe: SmallRecipe, tmp_path: Path, stages: tuple[str, ...], hints: int
) -> None:
    """Such a recipe runs; its ledger would have what the texts have no more."""
    recipe = tmp_path / "receta.toml"
    recipe.write_text(small_recipe(*stages, source="conha19"))
    assert len(command_line("check", recipe, "--json").json["hints"]) == hints
    said = command_line("check", recipe)
    assert said.code == 0
    assert ("put «redact» first" in said.err) == bool(hints)
