"""`run --policies FOLDER` replaces shipped policies with a community's, and the run names them."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.errors import ConfigError
from latam_corpus.paths import data_folder
from latam_corpus.pipeline.planning.policy_overlay import overlay
from latam_corpus.pipeline.planning.recipe import load_recipe

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe, SmallSource

_TEXT = (
    "La barca salió del puerto antes del alba y volvió con la red vacía, como casi siempre en invierno. "
    "Cuando llovía mucho, el maestro nos dejaba ir temprano y cruzábamos el puente corriendo."
)
# No text here has so many stop words.
_STRICT = "stop_word_count = { min = 5000 }"


@pytest.fixture
def folder(tmp_path: Path, small_recipe: SmallRecipe, small_source: SmallSource) -> Path:
    """A recipe with a release, its source and one text."""
    (tmp_path / "textos").mkdir()
    (tmp_path / "textos" / "barca.txt").write_text(_TEXT, "utf-8")
    (tmp_path / "fuente.toml").write_text(small_source(), "utf-8")
    recipe = small_recipe("extract", "identify", "filter", "fingerprint", release="")
    (tmp_path / "prueba.toml").write_text(recipe, "utf-8")
    return tmp_path


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The shipped policy of Spanish with another bound, as the only file of a folder."""
    path = tmp_path / "propias" / "espanol.toml"
    path.parent.mkdir()
    shipped = (data_folder("filters") / "languages" / "spa.toml").read_text("utf-8")
    lines = [line for line in shipped.splitlines() if not line.startswith("stop_word_count")]
    at = lines.index("[bounds]")
    path.write_text("\n".join([*lines[: at + 1], _STRICT, *lines[at + 1 :]]), "utf-8")
    return path


def _run(command_line: CommandLine, folder: Path, *more: str | Path) -> Any:
    where = ("--input", f"fuente={folder / 'textos'}", "--out", folder / "out")
    return command_line("run", folder / "prueba.toml", *where, *more, "--engine", "in-process")


def _record(folder: Path, result: Any) -> tuple[Path, dict[str, Any]]:
    run = folder / "out" / "runs" / result.json["run"]
    return run, json.loads((run / "run.json").read_text("utf-8"))


def test_a_signed_policy_decides_and_is_named(folder: Path, own: Path, command_line: CommandLine) -> None:
    """The run's record and page name the policy and its reader; without it, the text is kept under another digest."""
    command_line("judge", "sign", own, "--reader", "Rosa Quispe, Cusco")
    plain_run, plain = _record(folder, _run(command_line, folder, "--json"))
    ended = _run(command_line, folder, "--policies", own.parent, "--json")
    run, record = _record(folder, ended)
    assert (plain["rows"]["kept"], record["rows"]["kept"], plain["policies"]) == (1, 0, [])
    assert (run.name != plain_run.name, plain["digest"] != record["digest"]) == (True, True)
    [policy] = record["policies"]
    assert (policy["file"], policy["readers"]) == ("languages/spa.toml", ["Rosa Quispe, Cusco"])
    assert (run / "filters" / "languages" / "spa.toml").read_bytes() == own.read_bytes()
    assert (run / "filters" / "languages" / "por.toml").is_file()
    page = (run / "report.html").read_text("utf-8")
    assert f"languages/spa.toml ({policy['sha256']}), signed by Rosa Quispe, Cusco" in page
    assert "policy   languages/spa.toml" in command_line("runs", "show", run.name, "--out", folder / "out").out


def test_the_card_names_the_policy(folder: Path, own: Path, command_line: CommandLine) -> None:
    """The card names a community's policies, and states that no one has signed them."""
    own.write_text(own.read_text("utf-8").replace(_STRICT, "stop_word_count = { min = 1 }"), "utf-8")
    ended = _run(command_line, folder, "--policies", own.parent)
    assert (ended.code, "not signed by anyone" in ended.err) == (0, True), ended.err
    [card] = (folder / "out" / "store" / "releases" / "prueba").glob("*/README.md")
    assert "languages/spa.toml" in card.read_text("utf-8")
    assert "not signed by anyone" in card.read_text("utf-8")


def test_a_preview_takes_the_same_folder(folder: Path, own: Path, command_line: CommandLine) -> None:
    """A community sees the effect of its policy before anything is run."""
    preview = ("sources", "preview", folder / "fuente.toml", "--input", folder / "textos")
    shipped = command_line(*preview, "--json")
    assert (shipped.code, "stop_word_count<5000" in shipped.out) == (0, False), shipped.err
    assert "stop_word_count<5000" in command_line(*preview, "--policies", own.parent, "--json").out


def test_a_signature_alone_is_another_run(folder: Path, own: Path, command_line: CommandLine) -> None:
    """With only a signature added, the bounds decide the same, and the record has the reader."""
    first, _values = _record(folder, _run(command_line, folder, "--policies", own.parent, "--json"))
    command_line("judge", "sign", own, "--reader", "Rosa")
    second, values = _record(folder, _run(command_line, folder, "--policies", own.parent, "--json"))
    assert (first.name != second.name, values["policies"][0]["readers"]) == (True, ["Rosa"])


def test_a_policy_changed_after_it_was_signed_is_refused(folder: Path, own: Path, command_line: CommandLine) -> None:
    """Nothing runs, since the reader signed other content."""
    command_line("judge", "sign", own, "--reader", "Rosa Quispe")
    own.write_text(own.read_text("utf-8").replace("min = 5000", "min = 1"), "utf-8")
    ended = _run(command_line, folder, "--policies", own.parent)
    assert (ended.code, "it was changed after Rosa Quispe signed it" in ended.err) == (2, True)
    assert "judge sign" in ended.err
    assert not (folder / "out" / "runs").exists()


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("nota.toml", 'titulo = "nota"\n', "it is not a policy for a language or a genre"),
        ("quechua.toml", 'language = "Quechua"\nname = "Quechua"\n', "«Quechua» is not an ISO 639-3 code"),
        ("otra.toml", 'language = "spa"\nname = "Spanish"\n', "is a policy for the same"),
        ("quy.toml", 'language = "quy"\nname = "Q"\n[bounds]\nstop_word_cuont = { min = 1 }\n', "stop_word_cuont"),
    ],
)
def test_what_is_no_policy_is_refused(tmp_path: Path, own: Path, name: str, text: str, problem: str) -> None:
    """Every TOML file of the folder is used or reported, under the user's file name."""
    (own.parent / name).write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=problem) as raised:
        overlay(own.parent, tmp_path / "work")
    assert str(own.parent) in str(raised.value)
    assert not list((tmp_path / "work").glob("policies/*"))


def test_a_folder_without_policies_is_refused(tmp_path: Path) -> None:
    """An empty one, and one that doesn't exist; an unchanged copy of the shipped policies is accepted."""
    (tmp_path / "vacia").mkdir()
    shutil.copytree(data_folder("filters"), tmp_path / "copia")
    assert overlay(tmp_path / "copia", tmp_path / "work").own == ()
    for name, problem in (("vacia", "there is no policy"), ("otra", "no such folder")):
        with pytest.raises(ConfigError, match=problem):
            overlay(tmp_path / name, tmp_path / "work")


def test_a_copy_of_all_policies_may_have_one_changed(tmp_path: Path, own: Path) -> None:
    """Only the changed file is named."""
    shutil.copytree(data_folder("filters"), tmp_path / "copia")
    shutil.copyfile(own, tmp_path / "copia" / "languages" / "spa.toml")
    merged = overlay(tmp_path / "copia", tmp_path / "work")
    assert [item.file for item in merged.own] == ["languages/spa.toml"]
    assert merged == overlay(tmp_path / "copia", tmp_path / "work")


def test_bounds_of_copies_are_policies_too(folder: Path, small_recipe: SmallRecipe, command_line: CommandLine) -> None:
    """A changed file of `dedupe/` decides, is named and is copied into the run; a wrong one is refused."""
    second = _TEXT.replace("red", "cesta").replace("puente", "arroyo")
    (folder / "textos" / "otra.txt").write_text(second, "utf-8")
    (folder / "prueba.toml").write_text(small_recipe("extract", "dedupe"), "utf-8")
    shutil.copytree(data_folder("filters"), folder / "copia")
    bounds = folder / "copia" / "dedupe" / "default.toml"
    plain = _run(command_line, folder, "--json")
    names = "short_share|middle_share|share|misread_share"
    changed = re.sub(rf"^({names}) = .*", r"\1 = 1", bounds.read_text("utf-8"), flags=re.MULTILINE)
    bounds.write_text(changed, "utf-8")
    run, record = _record(folder, _run(command_line, folder, "--policies", folder / "copia", "--json"))
    assert (plain.json["rows"]["kept"], record["rows"]["kept"]) == (1, 2)
    assert [policy["file"] for policy in record["policies"]] == ["dedupe/default.toml"]
    assert (run / "filters" / "dedupe" / "default.toml").read_text("utf-8") == changed
    bounds.write_text(changed.replace("short_share", "short_shaer"), "utf-8")
    refused = _run(command_line, folder, "--policies", folder / "copia")
    assert (refused.code, str(bounds) in refused.err, "short_share" in refused.err) == (2, True, True)


def test_a_stage_with_policies_of_its_own_is_a_contradiction(
    tmp_path: Path, own: Path, small_recipe: SmallRecipe, small_source: SmallSource
) -> None:
    """So is a folder that no stage uses; both are refused."""
    (tmp_path / "fuente.toml").write_text(small_source(), "utf-8")
    merged = overlay(own.parent, tmp_path / "work")
    for stage, problem in (('filter policies = "filters"', "names its own policies"), ("extract", "no stage")):
        path = tmp_path / "receta.toml"
        path.write_text(small_recipe(stage), "utf-8")
        with pytest.raises(ConfigError, match=problem):
            load_recipe(str(path)).decided_by(merged)
