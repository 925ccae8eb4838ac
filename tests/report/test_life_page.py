"""`explain --html`: one document's life as a page that can be shown to others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus import schema
from latam_corpus.messages import LANGUAGES
from latam_corpus.report.page_words import WORDS

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, Document, KeptRun, SealRun

_TALE = "Cuando bajó el agua los del barrio salieron a buscar lo que la crecida se había llevado"


@pytest.fixture
def run(document: Document, kept_run: KeptRun, seal_run: SealRun) -> Path:
    """Create two kept documents, one of them for internal use, and a dropped copy of each."""
    kept_documents = [
        document(0, text=f"{_TALE} ayer", title="La campana"),
        document(1, text=f"{_TALE} hoy", title="Cerrada", uses=["train"]),
    ]
    folder = kept_run("copias-1a2b3c4d", kept_documents)
    copies = [
        document(
            n + 2,
            text=f"{_TALE} anoche. Escriba a rosa@ejemplo.org",
            title="La campana de rosa@ejemplo.org",
            url="https://puerto.example/campana",
            drop_reason="duplicate",
            duplicate_of=kept_documents[n]["doc_id"],
            containment=0.9,
            redactions=[{"key": "email", "value": 1}],
        )
        for n in range(2)
    ]
    evidence = {"rule": "equal", "decided_by": "obtained", "obtained": "2025-05-01T10:00:00+00:00"}
    evidence["kept_obtained"] = "2024-05-01T10:00:00+00:00"
    events = [
        {**row, "stage": "dedupe", "verdict": "dropped", "reason": "duplicate", "evidence": json.dumps(evidence)}
        for row in copies
    ]
    events += [
        {
            **row,
            "stage": "boilerplate",
            "verdict": "changed",
            "reason": "boilerplate",
            "evidence": json.dumps({"lines": ["Suscríbase en rosa@ejemplo.org"]}),
        }
        for row in [*kept_documents, *copies]
    ]
    for kind, rows, columns in (
        ("dropped", copies, schema.DOCUMENT_SCHEMA),
        ("ledger", events, schema.LEDGER_SCHEMA),
    ):
        (folder / kind).mkdir()
        frame = schema.conform(pl.DataFrame(rows, infer_schema_length=None), columns)
        frame.write_parquet(folder / kind / "parte-00000-0.parquet")
    recipe = {"name": "copias", "title": "Copias", "stage": [{"use": "boilerplate"}, {"use": "dedupe"}]}
    seal_run(folder, recipe=recipe, stages={"collect": {}, "boilerplate": {}, "dedupe": {}})
    return folder


def _page(command_line: CommandLine, tmp_path: Path, doc_id: str, *more: str) -> str:
    page = tmp_path / "vida.html"
    result = command_line("explain", doc_id, "--html", page, "--out", tmp_path / "out", *more)
    assert result.code == 0, result.err
    return page.read_text(encoding="utf-8")


def test_a_life_is_told_with_the_copy_beside_it(
    run: Path, document: Document, command_line: CommandLine, tmp_path: Path
) -> None:
    """The page is redacted and shows the effect of each stage, readable times and the next command."""
    assert run.is_dir()
    text = _page(command_line, tmp_path, document(2)["doc_id"])
    assert "La campana de [EMAIL]" in text
    assert "rosa@" not in text
    assert "only in this one: </span>anoche. Escriba a [EMAIL]</del>" in text
    assert "only in the other: </span>ayer</ins>" in text
    assert "Compared with “La campana”" in text
    assert "it was obtained earlier: 2024-05-01 10:00, compared with 2025-05-01 10:00" in text
    assert "Suscríbase en [EMAIL]" in text
    assert f"explain {document(2)['doc_id']} --run copias-1a2b3c4d --out {tmp_path}" in text
    assert 'lang="es">Cuando bajó' in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_speaks_each_language(
    run: Path, document: Document, command_line: CommandLine, tmp_path: Path, language: str
) -> None:
    """The headings and the page's language attribute are those of the language."""
    assert run.is_dir()
    text = _page(command_line, tmp_path, document(0)["doc_id"], "--lang", language)
    assert f'<html lang="{language}">' in text
    for word in ("origin", "steps", "copies_of", "beginning", "releases"):
        assert WORDS[word].translate(language) in text


def test_what_terms_hide_is_on_no_page(
    run: Path, document: Document, command_line: CommandLine, tmp_path: Path
) -> None:
    """Neither the document nor its copy is shown; `--internal` shows both, and stamps the page."""
    assert run.is_dir()
    copy_page = _page(command_line, tmp_path, document(3)["doc_id"])
    assert "Cerrada" not in copy_page
    assert "hoy" not in copy_page
    assert WORDS["hidden"].translate("en") in copy_page.replace("&#39;", "'")
    own = _page(command_line, tmp_path, document(1)["doc_id"])
    for words in ("Cerrada", "Cuando bajó", "Suscríbase", "cuentos.txt"):
        assert words not in own
    assert "stamp" not in own.partition("<body>")[2]
    inside = _page(command_line, tmp_path, document(3)["doc_id"], "--internal")
    assert "Cerrada" in inside
    assert '<p class="stamp">' in inside


def test_a_page_tells_of_one_document(run: Path, command_line: CommandLine, tmp_path: Path) -> None:
    """Words that several documents have are refused with their names, and no page is written."""
    assert run.is_dir()
    page = tmp_path / "vida.html"
    result = command_line("explain", "Cuando bajó", "--html", page, "--out", tmp_path / "out")
    assert (
        result.code,
        "4 documents match, and a page is about one document; name one by its doc_id" in result.err,
    ) == (
        2,
        True,
    )
    assert not page.exists()


def test_words_of_what_is_withdrawn_are_told_nowhere(
    document: Document, kept_run: KeptRun, command_line: CommandLine, tmp_path: Path
) -> None:
    """Neither its own story nor its variant's shows them, on the terminal and on the page."""
    kept_documents = [document(0, text=f"{_TALE} ayer", title="La campana")]
    kept_documents.append(document(1, text=f"{_TALE} hoy", title="La otra", variant_of=kept_documents[0]["doc_id"]))
    folder = kept_run("copias-1a2b3c4d", kept_documents)
    out = ("--out", tmp_path / "out")
    command_line("release", "build", "puerto", folder.name, "--admit", "open", "--uses", "train", *out)
    withdrawn: dict[str, Any] = document(0)
    result = command_line(
        "release", "withdraw", "puerto", "--doc", withdrawn["doc_id"], "--because", "así lo pide", *out
    )
    assert result.code == 0, result.err
    own_page, variant_page = (_page(command_line, tmp_path, document(n)["doc_id"]) for n in range(2))
    assert "Withdrawn on" in own_page
    assert "así lo pide" not in own_page
    for text in (own_page, variant_page):
        assert "La campana" not in text
        assert "</ins>" not in text
    assert _TALE not in own_page
    for number in range(2):
        story = command_line("explain", document(number)["doc_id"], "--json", *out).json[0]
        assert story["copies"]["side_by_side"] is None
