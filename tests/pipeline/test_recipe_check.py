"""`latam-corpus check` finds mistakes before any source is read, and names place and remedy."""

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
    """A valid recipe."""
    return small_recipe("repair", 'identify languages = ["spa"]', "filter", source="conha19", release="")


@pytest.mark.parametrize("name", sorted(shipped_recipes()))
def test_a_shipped_recipe_is_sound(command_line: CommandLine, name: str) -> None:
    """Each names known stages and sources, and each stage has the columns it needs."""
    result = command_line("check", name, "--json")
    assert result.code == 0, result.err
    assert result.json["ok"] is True
    assert result.json["sources"]


@pytest.mark.parametrize(
    ("change", "expected"),
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
        (("[[stage]]", "[[stage"), "isn't TOML"),
        (('title = "Prueba"', "title = 3"), "title"),
        (('name = "prueba"', 'name = "../prueba"'), "name"),
        (('sources = ["conha19"]', "sources = []"), "sources"),
    ],
)
def test_a_wrong_recipe_is_refused(
    command_line: CommandLine, good: str, tmp_path: Path, change: tuple[str, str], expected: str
) -> None:
    """Exit code 2 and one sentence that names the file, the problem and the closest match."""
    recipe = tmp_path / "receta.toml"
    recipe.write_text(good.replace(*change, 1))
    result = command_line("check", recipe)
    assert result.code == 2
    assert expected in result.err
    assert "receta.toml" in result.err or "catalogue" in result.err


def test_a_genre_that_the_recipes_own_policies_lack_is_refused(
    command_line: CommandLine, small_recipe: SmallRecipe, tmp_path: Path
) -> None:
    """The shipped policies have the genre, but the recipe doesn't use them."""
    filters = shutil.copytree(data_folder("filters"), tmp_path / "filters")
    (filters / "genres" / "literature.toml").unlink()
    recipe = tmp_path / "receta.toml"
    recipe.write_text(small_recipe("identify", f'filter policies = "{filters}"', source="conha19"))
    result = command_line("check", recipe)
    assert result.code == 2
    assert f"{filters / 'genres'}: no policy for the genre «literature»" in result.err


def test_a_release_over_a_source_without_rights_is_refused(
    command_line: CommandLine, good: str, tmp_path: Path
) -> None:
    """Such a source can be measured, but not released."""
    (tmp_path / "sin.toml").write_text('id = "sin"\ntitle = "Sin derechos"\nholder = "Nadie"\n')
    recipe = tmp_path / "receta.toml"
    recipe.write_text(good.replace('"conha19"', '"sin.toml"'))
    result = command_line("check", recipe)
    assert result.code == 2
    assert "a source without rights" in result.err


def test_a_run_without_input_says_where_to_get_it(command_line: CommandLine, tmp_path: Path) -> None:
    """The error names the source's homepage from the catalogue."""
    result = command_line("run", "literature", "--out", tmp_path)
    assert result.code == 2
    assert "--input conha19=PATH" in result.err


def test_an_input_that_names_no_source_is_refused(command_line: CommandLine, tmp_path: Path) -> None:
    """With several sources, a single path is ambiguous; for a wrong name, the closest match is named."""
    assert "names no source" in command_line("run", "literature", "--input", tmp_path, "--out", tmp_path).err
    assert "did you mean «conha19»" in command_line("run", "literature", "--input", "conha18=x", "--out", tmp_path).err


def test_a_run_of_which_nothing_can_be_released_is_told_all_the_same(
    command_line: CommandLine, small_recipe: SmallRecipe, small_source: SmallSource, tmp_path: Path
) -> None:
    """The run's folder and counts are printed before the error, whose cause is the records' rights."""
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*.jsonl"]\n[collect.columns]\nrights = "rights"'))
    row = {"id": "a", "text": "La barca salió del puerto.", "rights": "Todos los derechos reservados"}
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n")
    recipe = tmp_path / "receta.toml"
    recipe.write_text(small_recipe("repair", release=""))
    run = ("run", recipe, "--input", tmp_path / "a.jsonl", "--out", tmp_path / "out", "--engine", "in-process")
    result = command_line(*run)
    assert result.code == 1
    assert "1 document in = 1 kept + 0 set aside" in result.out
    reason = "its record states rights that aren't recognised as a licence"
    assert f"1 of 1 kept document left out of the version: {reason}" in result.out
    assert "its rights aren't known, or aren't understood (1)" in result.err
    assert command_line(*run, "--json").json["left_out"] == {"rights_tier=unknown": 1}


def test_a_run_without_a_release_says_why_nothing_is_published(
    command_line: CommandLine, small_recipe: SmallRecipe, small_source: SmallSource, tmp_path: Path
) -> None:
    """The run names the number of kept documents and what their source lacks, also in Spanish."""
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*.jsonl"]').replace("CC0-1.0", "CC-YB-4.0"))
    (tmp_path / "a.jsonl").write_text('{"id": "a", "text": "La barca salió del puerto."}\n')
    recipe = tmp_path / "receta.toml"
    recipe.write_text(small_recipe("repair"))
    run = ("run", recipe, "--input", tmp_path / "a.jsonl", "--out", tmp_path / "out", "--engine", "in-process")
    result = command_line(*run, "--lang", "es")
    assert result.code == 0
    assert "versión  no se creó ninguna\n" in result.out
    assert "1 de 1 documento conservado quedó fuera de la versión: sus derechos no se conocen" in result.out
    assert command_line(*run, "--json").json["left_out"] == {"rights_tier=unknown": 1}


def test_pictures_that_no_stage_reads_are_told_before_a_run(
    command_line: CommandLine, small_recipe: SmallRecipe, small_source: SmallSource, tmp_path: Path
) -> None:
    """The sentence names the option for the recipe."""
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*.png", "*.txt"]'))
    (tmp_path / "r.toml").write_text(small_recipe("extract", "repair"))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "carta.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    result = command_line("check", tmp_path / "r.toml", "--input", tmp_path / "in", "--lang", "es").err
    assert "1 imagen no se lee, porque la receta no lo pide;" in result
    assert 'ocr = ["spa"]' in result


def test_a_run_that_keeps_nothing_says_where_to_look(
    command_line: CommandLine, small_recipe: SmallRecipe, small_source: SmallSource, tmp_path: Path
) -> None:
    """No release is made, and the command that shows the reasons is named."""
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*.jsonl"]'))
    (tmp_path / "a.jsonl").write_text("[]\n")
    recipe = tmp_path / "receta.toml"
    recipe.write_text(small_recipe("repair", release=""))
    run = ("run", recipe, "--input", tmp_path / "a.jsonl", "--out", tmp_path / "out", "--engine", "in-process")
    result = command_line(*run)
    assert "--set-aside --by drop_reason` shows the dropped documents" in result.out


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
    """A policy's rule for marks has no effect without the stage `unmark`."""
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
    """Such a recipe runs, but its ledger would quote lines before they are redacted."""
    recipe = tmp_path / "receta.toml"
    recipe.write_text(small_recipe(*stages, source="conha19"))
    assert len(command_line("check", recipe, "--json").json["hints"]) == hints
    result = command_line("check", recipe)
    assert result.code == 0
    assert ("put «redact» first" in result.err) == bool(hints)
