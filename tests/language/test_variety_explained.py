"""`latam-corpus explain` of a predicted variety."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from latam_corpus.paths import data_folder

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe

CHILEAN = (
    "¿Cachái que mi pololo dejó la polera nueva en la micro, po? Fue al tiro a buscarla y no había nadie. "
    + "La lluvia empezó después del mediodía y nadie quiso salir de la casa, ni siquiera para cerrar el portón. " * 12
)


def test_explain_shows_the_words_by_which_a_variety_was_predicted(
    command_line: CommandLine, small_recipe: SmallRecipe, tmp_path: Path
) -> None:
    """`explain` shows the tag, that it is a prediction, and the cues by region; a declared variety has no cues."""
    rows = [{"id": "a", "text": CHILEAN}, {"id": "b", "text": CHILEAN.replace("pololo", "marido"), "country": "PE"}]
    records = tmp_path / "relatos.jsonl"
    records.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    recipe = tmp_path / "relatos.toml"
    stages = ("identify", "filter")
    recipe.write_text(small_recipe(*stages, source=str(records), genre="oral_history"), encoding="utf-8")
    done = command_line("run", recipe, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    [story] = command_line("explain", "mi pololo", "--out", tmp_path / "out", "--json").json
    assert (story["language"]["variety"], story["language"]["variety_basis"]) == ("es-CL", "predicted")
    assert {"cachái", "pololo", "polera", "la micro", "al tiro", "po"} == set(
        story["language"]["variety_cues"]["chile"]
    )
    [declared] = command_line("explain", "mi marido", "--out", tmp_path / "out", "--json").json
    assert (declared["language"]["variety"], declared["language"]["variety_cues"]) == ("es-PE", None)
    shown = command_line("explain", "mi pololo", "--out", tmp_path / "out").out
    assert "es-CL (according to its words)" in shown
    assert "chile: cachái, pololo" in shown
    # The lexicons are those that the run kept, so that a later edit doesn't change the story.
    shutil.copytree(data_folder("filters"), tmp_path / "filters")
    lexicon = tmp_path / "filters" / "varieties" / "chile.toml"
    whole = lexicon.read_text(encoding="utf-8")
    lexicon.write_text(whole.replace('"po", ', ""), encoding="utf-8")
    stages = ("identify", f'filter policies = "{tmp_path / "filters"}"')
    recipe.write_text(small_recipe(*stages, source=str(records), genre="oral_history"), encoding="utf-8")
    name = command_line("run", recipe, "--out", tmp_path / "out", "--json").json["run"]
    lexicon.write_text(whole, encoding="utf-8")
    [story] = command_line("explain", "mi pololo", "--run", name, "--out", tmp_path / "out", "--json").json
    assert "po" not in story["language"]["variety_cues"]["chile"]
