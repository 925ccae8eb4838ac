"""Displayed documents are redacted as their run would have done it, and withdrawn documents are never displayed."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus import schema
from latam_corpus.paths import data_folder
from latam_corpus.pipeline.stored_runs.run_record import read_record
from latam_corpus.report.disclosure import Redaction
from latam_corpus.report.page_words import WORDS
from latam_corpus.report.side_by_side import side_by_side
from latam_corpus.storage.durable import sealed

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, Document, KeptRun, SealRun

_TALE = "Cuando bajó el agua los del barrio salieron a buscar lo que la crecida se había llevado"
_TOLD = "Me lo contó Fulgencia Montes, que vive en la calle Hidalgo 23"
_SECRETS = ("Fulgencia", "Hidalgo", "rosa.maria", "rosa.m", "28.456", "30.111", "951 12")
_SOURCE = """
id = "voces"
title = "Voces"
holder = "Archivo"
genre = "oral_history"
country = "MX"
languages = ["por"]
[rights]
statement = "CC-BY-4.0"
basis = "licence"
uses = ["train", "redistribute"]
[collect]
files = ["*.jsonl"]
[collect.columns]
id = "id"
title = "title"
text = "text"
[consent]
third_persons = "terceros.txt"
"""
_STAGES = '[[stage]]\nuse = "identify"\nlanguages = ["por"]\n[[stage]]\nuse = "redact"\n'
_MAIL, _PHONE = "rosa.maria.perez.quispe@ejemplo.org", "+52 951 123 4567"


def _cut_at(place: int, identifier: str) -> str:
    """Return a text with the middle of the identifier at a place where it may be cut."""
    start = place - len(identifier) // 2
    words = f"{_TOLD}. {_TALE}. " + "agua " * 400
    return f"{words[: start - 1]} {identifier} y siguió la historia. {_TALE}"


@pytest.fixture
def run(document: Document, kept_run: KeptRun, seal_run: SealRun, tmp_path: Path) -> Path:
    """Create a run of interviews, some dropped before `redact` and two after it, which differ in a DNI."""
    interview = {"genre": "oral_history", "country": "MX", "title": f"Carta de Fulgencia Montes, {_MAIL}"}
    texts = [_cut_at(place, identifier) for place in (200, 400, 1200) for identifier in (_MAIL, _PHONE)]
    signals = [{"stop_word_share": 0.2, "word_count": float(n)} for n in range(len(texts))]
    dropped_rows = [
        document(20 + n, text=text, drop_reason="stop_word_share<0.3", signals=signals[n], **interview)
        for n, text in enumerate(texts)
    ]
    kept_rows = [document(0, text=f"{_TALE}, DNI [DNI], ayer", country="AR", signals={"stop_word_share": 0.4})]
    duplicate_fields = {
        "country": "AR",
        "drop_reason": "duplicate",
        "duplicate_of": kept_rows[0]["doc_id"],
        "containment": 0.9,
    }
    dropped_rows.append(document(30, text=f"{_TALE}, su documento nacional, DNI 28.456.789, ayer", **duplicate_fields))
    folder = kept_run("voces-1a2b3c4d", kept_rows, stage=[{"use": "boilerplate"}])
    note = {"stage": "boilerplate", "verdict": "changed", "evidence": json.dumps({"lines": [_TOLD]})}
    events = [row | note for row in dropped_rows[:-1]]
    for kind, rows, columns in (
        ("dropped", dropped_rows, schema.DOCUMENT_SCHEMA),
        ("ledger", events, schema.LEDGER_SCHEMA),
    ):
        (folder / kind).mkdir()
        frame = schema.conform(pl.DataFrame(rows, infer_schema_length=None), columns)
        frame.write_parquet(folder / kind / "parte-00000-0.parquet")
    sources = read_record(folder).values["sources"]
    sources[0]["consent"] = {"third_persons": "terceros.txt", "speakers": None, "records": []}
    counts = {"rows_in": 8, "kept": 8, "failed": {}, "changed": 0, "seconds": 1.0}
    stages = {
        stage: counts | {"dropped": dropped}
        for stage, dropped in (("boilerplate", {}), ("filter", {"stop_word_share<0.3": 6}), ("redact", {}))
    }
    seal_run(folder, sources=sources, stages=stages)
    (tmp_path / "terceros.txt").write_text("Fulgencia Montes\n")
    lists = {"third_persons": {"cuentos-del-puerto": str(tmp_path / "terceros.txt")}}
    (folder / "attempt.json").write_bytes(sealed({"run": folder.name, "lists": lists}))
    return folder


def test_what_fell_before_is_shown_as_redact_shows_it(
    run: Path, document: Document, command_line: CommandLine, tmp_path: Path
) -> None:
    """Texts and titles are redacted before they are cut, by genre, country and list, on every page and list."""
    out, page = ("--out", tmp_path / "out"), tmp_path / "p.html"
    commands = [
        ("report", run, "--to", page),
        ("sample", run, "--set-aside", "--n", "20", "--to", page),
        ("sample", run, "--set-aside", "--n", "20", "--json"),
        ("sample", run, "--set-aside", "--n", "20"),
        ("measure", run, "--html", page),
        *[("explain", document(n)["doc_id"], "--html", page) for n in (*range(20, 26), 30)],
        *[("explain", document(n)["doc_id"], "--json") for n in (20, 30)],
    ]
    for command in commands:
        page.write_text("")
        result = command_line(*command, *out)
        assert result.code == 0, result.err
        shown = result.out + page.read_text(encoding="utf-8")
        assert not [secret for secret in _SECRETS if secret in shown], command
        if "30" not in str(command) and command[0] != "measure":
            assert "Cuando bajó" in shown
    command_line("sample", run, "--set-aside", "--n", "20", "--to", tmp_path / "s.jsonl", *out)
    rows = [json.loads(line) for line in (tmp_path / "s.jsonl").read_text().splitlines()]
    assert {row["title"] for row in rows} == {"Carta de [NAME], [EMAIL]", None}
    assert sum("[ADDRESS]" in row["text"] for row in rows) == 6


def test_a_list_that_is_gone_is_asked_for(run: Path, command_line: CommandLine, tmp_path: Path) -> None:
    """If a document that was dropped before the list was applied is to be shown; kept ones have passed it."""
    (tmp_path / "terceros.txt").unlink()
    out = ("--out", tmp_path / "out")
    ended = command_line("sample", run, "--set-aside", *out)
    assert (ended.code, "restore it, or" in ended.err) == (2, True)
    assert command_line("sample", run, *out).code == 0


def test_speakers_stand_under_their_codes(document: Document) -> None:
    """Speakers of documents dropped before `redact` are shown by codes; codes made with a key aren't renumbered."""
    turns = [{"speaker": "Rosa Paz", "offset": 0, "start": None, "end": None}]
    row = document(0, genre="oral_history", title="Rosa Paz cuenta", text="Rosa Paz: Llegué.", turns=turns)
    shown = Redaction().row(row | {"drop_reason": "stop_word_share<0.3"})
    assert (shown["text"], shown["title"]) == ("H1: Llegué.", "H1 cuenta")
    coded: dict[str, Any] = row | {"text": "H4: Llegué.", "turns": [turns[0] | {"speaker": "H4"}], "drop_reason": None}
    assert Redaction(passed=frozenset({""})).row(coded)["text"] == "H4: Llegué."


def test_whole_texts_are_redacted_before_they_are_compared(document: Document) -> None:
    """The word that identifies a number is in another passage than the number."""
    texts = [f"Llegó a la casa con su DNI {number} en la mano" for number in ("28.456.789", "30.111.222")]
    rows = [Redaction().row(document(n, text=text, country="AR")) for n, text in enumerate(texts)]
    assert side_by_side(*(row["text"] for row in rows))["passages"] == []


def test_what_is_withdrawn_is_on_no_page(
    document: Document, kept_run: KeptRun, seal_run: SealRun, command_line: CommandLine, tmp_path: Path
) -> None:
    """Documents with the same text under another name, or dropped for it, are hidden too; the search says why."""
    song = f"{_TALE}. " + " ".join(f"Estrofa {n} de la zamba del molino viejo." for n in range(12))
    kept_rows = [
        document(0, text=song, title="Zamba"),
        document(1, title="A la vista", variant_of=document(0)["doc_id"]),
    ]
    folder = kept_run("canto-1a2b3c4d", kept_rows)
    dropped_rows = [
        document(2, text=f"{song} Fin.", title="Copia", drop_reason="duplicate", duplicate_of=kept_rows[0]["doc_id"]),
        document(3, text="Otra que se fue.", title="Retirada", drop_reason="withdrawn"),
        document(4, text="Corta.", title="Corta", drop_reason="word_count<20"),
    ]
    (folder / "dropped").mkdir()
    frame = schema.conform(pl.DataFrame(dropped_rows, infer_schema_length=None), schema.DOCUMENT_SCHEMA)
    frame.write_parquet(folder / "dropped" / "parte-00000-0.parquet")
    seal_run(folder)
    out, page = ("--out", tmp_path / "out"), tmp_path / "p.html"
    command_line("release", "build", "canto", folder.name, "--admit", "open", "--uses", "train", *out)
    requested = ("--doc", kept_rows[0]["doc_id"], "--because", "así lo pide")
    result = command_line("release", "withdraw", "canto", *requested, *out)
    assert result.code == 0, result.err
    for command, visible in (
        (("report", folder, "--to", page), "A la vista"),
        (("report", folder, "--internal", "--to", page), "A la vista"),
        (("sample", folder, "--n", "9", "--to", page), "A la vista"),
        (("sample", folder, "--set-aside", "--n", "9", "--to", page), "Corta"),
        (("sample", folder, "--set-aside", "--internal", "--n", "9", "--to", page), "Corta"),
        (("explain", document(2)["doc_id"], "--html", page), "Withdrawn on"),
    ):
        assert command_line(*command, *out).code == 0
        shown = page.read_text(encoding="utf-8")
        assert visible in shown
        assert not [words for words in ("Zamba", "zamba", "Copia", "Retirada", "se fue") if words in shown], command
        page.unlink()
    assert WORDS["is_withdrawn"].translate("en") == "it is withdrawn"


def test_a_run_knows_where_its_lists_are_and_by_what_it_redacts(command_line: CommandLine, tmp_path: Path) -> None:
    """Later readers see no name in texts that were dropped before `redact`; neither do previews."""
    policies = shutil.copytree(data_folder("filters"), tmp_path / "propias")
    (policies / "privacy" / "usual.toml").write_text(
        (policies / "privacy" / "usual.toml").read_text("utf-8") + "# propia\n", "utf-8"
    )
    (tmp_path / "terceros.txt").write_text("Fulgencia Montes\n", "utf-8")
    (tmp_path / "voces.toml").write_text(_SOURCE, "utf-8")
    recipe = f'title = "Voces"\nsources = ["voces.toml"]\n{_STAGES}policies = "{policies}"\n'
    (tmp_path / "voces-receta.toml").write_text(recipe, "utf-8")
    row = {"id": "1", "title": "Carta de Fulgencia Montes", "text": f"{_TOLD}. {_TALE}. " * 5}
    (tmp_path / "entra").mkdir()
    (tmp_path / "entra" / "voces.jsonl").write_text(json.dumps(row), "utf-8")
    out, where = ("--out", tmp_path / "out"), ("--input", tmp_path / "entra")
    ran = command_line("run", tmp_path / "voces-receta.toml", *where, *out)
    assert "language=spa" in ran.out, ran.err
    [folder] = [path for path in (tmp_path / "out" / "runs").iterdir() if path.is_dir()]
    assert (folder / "filters" / "privacy" / "usual.toml").read_text("utf-8").endswith("# propia\n")
    [fell] = command_line("sample", folder, "--set-aside", "--json", *out).json
    assert fell["title"] == "Carta de [NAME]"
    assert "calle" not in fell["text"]
    report = (folder / "report.html").read_text("utf-8")
    preview = command_line("sources", "preview", tmp_path / "voces.toml", *where)
    assert preview.code == 0, preview.err
    for shown in (report, preview.out):
        assert "[NAME]" in shown
        assert "Fulgencia" not in shown
