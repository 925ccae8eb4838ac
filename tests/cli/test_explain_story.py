"""`latam-corpus explain` prints a run's stages in the recipe's order and words."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.audit.lineage_lines import lineage_lines
from latam_corpus.collect.web_archives.responses import cut_after
from latam_corpus.messages import LANGUAGES, evidence_values

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe, SmallSource

_STAGES = ("repair", "redact", "boilerplate", "dedupe near = false")


@pytest.fixture
def out(command_line: CommandLine, small_recipe: SmallRecipe, small_source: SmallSource, tmp_path: Path) -> Path:
    """A run of two files: the first gives an id that the second has too, with a later date, and one more."""
    (tmp_path / "in").mkdir()
    for name, rows in {
        "a": [{"id": "uno", "text": "La barca salió del puerto antes del alba.", "obtained": "2024-05-01"}],
        "b": [
            {"id": "uno", "text": "La barca volvió al puerto con la red vacía.", "obtained": "2025-05-01"},
            {"id": "dos", "text": "Nadie quiso\ncruzar el puente.\u0007", "obtained": "2025-05-01"},
        ],
    }.items():
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
        (tmp_path / "in" / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*.jsonl"]'))
    (tmp_path / "receta.toml").write_text(small_recipe(*_STAGES))
    result = command_line(
        "run", tmp_path / "receta.toml", "--input", tmp_path / "in", "--out", tmp_path / "out", "--engine", "in-process"
    )
    assert result.code == 0, result.err
    return tmp_path / "out"


def _story(command_line: CommandLine, out: Path, words: str) -> dict[str, Any]:
    [story] = command_line("explain", words, "--out", out, "--json").json
    return dict(story)


def test_stages_are_those_of_the_recipe_in_order(command_line: CommandLine, out: Path) -> None:
    """Stages that a plan adds for itself (keys of lines, fingerprints) aren't shown."""
    story = _story(command_line, out, "cruzar el puente")
    assert [step["stage"] for step in story["stages"]] == ["collect", "repair", "redact", "boilerplate", "dedupe"]
    assert [step["verdict"] for step in story["stages"]] == ["passed", "changed", "passed", "passed", "passed"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_line_is_about_stands_apart_from_what_it_says(
    command_line: CommandLine, out: Path, language: str
) -> None:
    """Labels of any length in a language are followed by a gap."""
    story = _story(command_line, out, "cruzar el puente")
    story["releases"] = [{"release": "puerto@1999.11.0", "verdict": "released", "reason": None, "evidence": None}]
    story["withdrawn"] = {"time": "1999-11-27", "request": "W0001-0f", "because": "fin"}
    lines = ["".join(text for _, text in line) for line in lineage_lines(story, language)]
    assert len([line for line in lines if " puerto@1999.11.0" in line or " 1999-11-27, W0001-0f" in line]) == 2


def test_a_run_lists_every_stage_of_its_plan_in_order(out: Path) -> None:
    """Whichever part is merged first, and whether or not a row reached the stage."""
    [file] = (out / "runs").glob("*/run.json")
    stages = list(json.loads(file.read_text(encoding="utf-8"))["stages"])
    requested = ["collect", "repair", "redact", "boilerplate", "dedupe"]
    assert [name for name in stages if name in requested] == requested
    assert stages.index("line_keys") < stages.index("supersede") < stages.index("common_lines")


def test_a_superseded_record_is_explained(command_line: CommandLine, out: Path) -> None:
    """The older record names its replacement, and the newer one the record that it replaced, with its own reason."""
    older = command_line("explain", "barca salió", "--out", out).out
    assert "another record of the same document was kept, obtained 2025-05-01" in older
    newer = command_line("explain", "barca volvió", "--out", out).out
    assert "obtained 2024-05-01 00:00" in newer
    assert "this record replaced another one" in newer
    assert "kept" in newer
    story = _story(command_line, out, "barca volvió")
    assert {step["verdict"] for step in story["stages"]} == {"passed"}
    assert _story(command_line, out, "barca salió")["stages"][-1]["reason"] == "superseded"


@pytest.mark.parametrize("words", ["el  puente.", "quiso\ncruzar", "cruzar el puente", "  Nadie quiso "])
def test_words_are_found_across_line_ends(command_line: CommandLine, out: Path, words: str) -> None:
    """A line end in the text matches a space in the query, and vice versa."""
    assert _story(command_line, out, words)["beginning"].startswith("Nadie quiso\ncruzar")


def test_words_are_found_in_either_form_of_unicode(command_line: CommandLine, out: Path) -> None:
    """Texts are in NFC; some keyboards and files give letter and accent apart."""
    assert "volvi\u00f3" in _story(command_line, out, "barca volvio\u0301")["beginning"]


@pytest.mark.parametrize("words", ["BARCA VOLVIO", "barca vólvió al Puerto", "B.JSONL"])
def test_words_are_found_without_their_accents_and_in_either_case(
    command_line: CommandLine, out: Path, words: str
) -> None:
    """A user who remembers a line writes it as the keyboard allows; a file's name is found in the same way."""
    stories = command_line("explain", words, "--out", out, "--json").json
    assert any(story["beginning"].startswith("La barca volvió") for story in stories)


def test_the_run_that_is_explained_is_named(command_line: CommandLine, out: Path) -> None:
    """A single story names its run, and so does the table of several."""
    [run] = [path.name for path in (out / "runs").glob("receta-*")]
    for words in ("cruzar el puente", "puerto"):
        assert run in command_line("explain", words, "--out", out).out


def test_nothing_is_no_question(command_line: CommandLine, out: Path) -> None:
    """An empty string would be in every document."""
    result = command_line("explain", " ", "--out", out)
    assert (result.code, "the query is empty" in result.err) == (2, True)


def test_a_path_is_answered_with_how_a_file_is_named(command_line: CommandLine, out: Path) -> None:
    """The folders before it are the input's, which a document doesn't know."""
    result = command_line("explain", "cuentos/barca.txt", "--out", out)
    assert (result.code, "the name of its file without the folders" in result.err) == (2, True)


@pytest.mark.parametrize("damage", ["{", "[]", '{"id": "x", "written": "2026"}'])
@pytest.mark.parametrize("asked", [("runs", "du"), ("runs", "prune"), ("explain", "barca")])
def test_a_damaged_record_of_a_run_is_one_sentence(
    command_line: CommandLine, tmp_path: Path, asked: tuple[str, ...], damage: str
) -> None:
    """The error names the file, and nothing is removed."""
    (tmp_path / "runs" / "receta-1").mkdir(parents=True)
    (tmp_path / "runs" / "receta-1" / "run.json").write_text(damage)
    output = tmp_path / "work" / "ab" / "abcd"
    output.mkdir(parents=True)
    result = command_line(*asked, "--out", tmp_path)
    assert (result.code, "isn't the record of a run" in result.err, output.is_dir()) == (2, True, True), result.err


def test_brackets_in_a_folder_name_are_literal(command_line: CommandLine, out: Path, tmp_path: Path) -> None:
    """A run in «datos [2026]» is made, and its documents and ledger are found."""
    runs_folder = tmp_path / "datos [2026] *"
    result = command_line(
        "run", tmp_path / "receta.toml", "--input", tmp_path / "in", "--out", runs_folder, "--engine", "in-process"
    )
    assert result.code == 0, result.err
    assert (
        _story(command_line, runs_folder, "barca volvió")["stages"]
        == _story(command_line, out, "barca volvió")["stages"]
    )


def test_a_document_is_found_by_its_files_name(command_line: CommandLine, out: Path) -> None:
    """A document without text has nothing else to quote; folders in the name are optional."""
    (out.parent / "in" / "carpeta").mkdir()
    (out.parent / "in" / "carpeta" / "vacía.jsonl").write_text('{"id": "tres", "text": ""}\n')
    source = out.parent / "fuente.toml"
    source.write_text(source.read_text().replace('"*.jsonl"', '"**/*.jsonl"'))
    run = ("run", out.parent / "receta.toml", "--input", out.parent / "in", "--out", out, "--engine", "in-process")
    assert command_line(*run).code == 0
    for name in ("vacía.jsonl", "carpeta/vacía.jsonl"):
        story = _story(command_line, out, name)
        assert (story["verdict"], story["source"]["origin"]["file"]) == ("set aside", "carpeta/vacía.jsonl")
    output = command_line("explain", "vacía.jsonl", "--out", out, "--lang", "es").out
    assert "apartado: el registro no se puede leer" in output


def test_what_a_catalogue_names_in_vain_is_found_by_that_name(
    command_line: CommandLine, small_recipe: SmallRecipe, small_source: SmallSource, tmp_path: Path
) -> None:
    """A row whose file is missing has its name as title, and is found by it, with its suffix or without."""
    (tmp_path / "fuente.toml").write_text(small_source('[collect.index]\nfile = "lista.csv"'), encoding="utf-8")
    (tmp_path / "r.toml").write_text(small_recipe("extract", "repair"), encoding="utf-8")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "carta.txt").write_text("La barca salió del puerto antes del alba.", encoding="utf-8")
    (tmp_path / "in" / "lista.csv").write_text("archivo\ncarta.txt\nno-existe.txt\n", encoding="utf-8")
    run = ("run", tmp_path / "r.toml", "--input", tmp_path / "in", "--out", tmp_path / "out", "--engine", "in-process")
    assert "no-existe.txt; add the file, or correct its name" in command_line(*run, "--no-report").err
    for requested in ("no-existe.txt", "no-existe"):
        assert _story(command_line, tmp_path / "out", requested)["title"] == "no-existe.txt"


def test_runs_and_reasons_are_told_in_the_language(command_line: CommandLine, out: Path) -> None:
    """States, genres and reasons too; in English a reason is its code."""
    names = {code: command_line("runs", "list", "--out", out, "--lang", code).out for code in LANGUAGES}
    assert ["finished" in names["en"], "terminada" in names["es"], "finished" in names["es"]] == [True, True, False]
    shown = {code: command_line("runs", "show", "receta", "--out", out, "--lang", code).out for code in LANGUAGES}
    assert "superseded 1" in shown["en"]
    assert "superseded" not in shown["es"] + shown["pt"]
    assert "terminada" in shown["pt"]


@pytest.mark.parametrize(("language", "repaired"), [("es", "reparar"), ("pt", "reparar"), ("en", "repair")])
def test_a_story_has_no_codes(command_line: CommandLine, out: Path, language: str, repaired: str) -> None:
    """Stages have readable names and times are given to the minute; the JSON has the stored values."""
    output = command_line("explain", "cruzar el puente", "--out", out, "--lang", language).out
    assert re.search(rf"^  {repaired} +", output, re.MULTILINE)
    assert ("repair " in output) is (language == "en")
    assert ("2025-05-01 00:00" if language == "en" else "01/05/2025 00:00") in output
    assert "+00:00" not in output
    story = _story(command_line, out, "cruzar el puente")
    assert (story["stages"][1]["stage"], story["source"]["obtained"]) == ("repair", "2025-05-01T00:00:00+00:00")


def test_what_made_a_text_is_told_as_the_form_of_its_file(command_line: CommandLine, out: Path) -> None:
    """Its name and version are of the JSON."""
    story = _story(command_line, out, "cruzar el puente") | {"extractor": "docx 2", "country": "BR"}
    lines = ["".join(text for _, text in line) for line in lineage_lines(story, "pt")]
    assert "  lido como Word" in lines
    assert any(line.endswith("· Brasil") for line in lines)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("es", "(registro número: 3, qué falla: se cortó después de 1 200 de 3 000 bytes)"),
        ("pt", "(registro número: 3, o que há de errado: foi cortado depois de 1 200 de 3 000 bytes)"),
        ("en", "(record = 3, error = it was cut after 1,200 of 3,000 bytes)"),
    ],
)
def test_what_is_wrong_with_a_record_is_told_in_the_language(
    command_line: CommandLine, out: Path, language: str, told: str
) -> None:
    """The ledger keeps it in English."""
    story = _story(command_line, out, "cruzar el puente")
    evidence = evidence_values({"record": 3, "error": cut_after(1200, 3000).args[1]})
    failed = {"stage": "collect", "verdict": "failed", "reason": "unreadable:malformed record", "evidence": evidence}
    lines = ["".join(text for _, text in line) for line in lineage_lines(story | {"stages": [failed]}, language)]
    assert any(line.endswith(told) for line in lines)


def test_evidence_is_labelled_in_the_language(command_line: CommandLine, out: Path) -> None:
    """Empty evidence, or a missing reason, leaves no gap in the line."""
    story = _story(command_line, out, "cruzar el puente")
    about = {"reason": "repair", "evidence": {"lines": 1, "score": 0.5, "languages": []}}
    changed = {"stage": "repair", "verdict": "changed", **about}
    lines = ["".join(text for _, text in line) for line in lineage_lines(story | {"stages": [changed]}, "es")]
    assert any(line.endswith("cambió (líneas: 1, confianza: 0,5)") for line in lines)
