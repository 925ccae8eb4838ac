"""`latam-corpus compare`: what two runs kept of the same documents, and where they disagree."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus import schema

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, Document, KeptRun, SealRun


@pytest.fixture
def runs(tmp_path: Path, document: Document, kept_run: KeptRun, seal_run: SealRun) -> Path:
    """Run A keeps 0 to 9; run B drops 0 to 3, mends 4, has 10 besides, and dropped a second record of 5."""

    def put_aside(folder: Path, rows: list[dict[str, Any]]) -> None:
        (folder / "dropped").mkdir()
        frame = schema.conform(pl.DataFrame(rows, infer_schema_length=None), schema.DOCUMENT_SCHEMA)
        frame.write_parquet(folder / "dropped" / "parte-0.parquet")
        seal_run(folder)

    kept_run("a-1", [document(n) for n in range(10)])
    b = [document(n) for n in (4, 5, 6, 7, 8, 9, 10)]
    b[0]["text"] += " Y nadie preguntó nada."
    fallen = [document(n, drop_reason="word_count<20" if n < 3 else "duplicate") for n in range(4)]
    put_aside(kept_run("b-1", b), [*fallen, document(5, drop_reason="superseded")])
    return tmp_path / "out"


def test_disagreements_are_counted_by_kind_and_reason(runs: Path, command_line: CommandLine) -> None:
    """Each slice counts the disagreements, and the words of their documents."""
    output = command_line("compare", "a", "b", "--out", runs, "--json").json
    assert output["documents"] == {"both": 10, "only_a": 0, "only_b": 1}
    words = 15
    assert output["unit"] == "words"
    assert [(row["what"], row["reason"], row["documents"], row["units"]) for row in output["reasons"]] == [
        ("kept by A alone", "word_count<20", 3, 3 * words),
        ("kept by A alone", "duplicate", 1, words),
        ("kept by both, with another text", "", 1, words + 4),
    ]
    [all_] = [row for row in output["slices"] if row["slice"] == "all"]
    assert (all_["documents_a"], all_["documents_b"]) == (10, 7)
    assert (all_["units_a"], all_["units_b"]) == (10 * words, 7 * words + 4)
    assert len([item for item in output["examples"] if item["reason"] == "word_count<20"]) == 3
    shown = command_line("compare", "a", "b", "--out", runs, "--examples", "1").out
    assert shown.index("they disagree on") < shown.index("kept, and changed")
    spanish = command_line("compare", "a", "b", "--out", runs, "--lang", "es").out
    assert "los conserva solo A" in spanish
    assert "conservado, y cambió" in spanish
    assert "kept by A alone (word_count<20): 3, 45 words" in shown
    assert "they disagree on 5 documents" in shown


def test_comparison_is_translated(runs: Path, command_line: CommandLine) -> None:
    """The names of slices, their values and the counts are translated; documents without a title have their file's."""
    shown = command_line("compare", "a", "b", "--out", runs, "--lang", "pt").out
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert "língua espanhol (spa_Latn) 10 7 150 109 -27,3 %" in lines
    assert {line.split()[0] for line in lines[-5:]} == {"todos", "língua", "gênero", "fonte", "país"}
    assert "mantidos só por A (repete o texto de outro): 1, 15 palavras" in lines
    assert any("espanhol (spa_Latn) · literatura" in line and "cuentos.txt" in line for line in lines)
    assert not any(word in shown for word in ("words", "language", "literature", "country", " all "))


@pytest.mark.parametrize("width", [48, 100])
def test_no_number_is_cut_on_a_narrow_screen(
    runs: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """Columns that don't fit next to one another are printed below, with their heads."""
    monkeypatch.setattr("latam_corpus.cli.interface.show._WIDTH_OF_FILES", width)
    lines = command_line("compare", "a", "b", "--out", runs, "--lang", "es").out.splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("lengua"))
    output = " ".join(" ".join(lines[place : place + (3 if width < 100 else 1)]).split())
    narrow = "lengua español (spa_Latn) A docs.: 10 · B docs.: 7 · A palabras: 150 · B palabras: 109 · cambio: -27,3 %"
    assert max(map(len, lines[place : place + 3])) <= width
    assert output == (narrow if width < 100 else "lengua español (spa_Latn) 10 7 150 109 -27,3 %")


def test_every_disagreement_can_be_written(runs: Path, command_line: CommandLine, tmp_path: Path) -> None:
    """The file has one disagreement per line; with the runs exchanged, it has the other side."""
    command_line("compare", "b-1", "a-1", "--out", runs, "--to", tmp_path / "d.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "d.jsonl").read_text().splitlines()]
    assert len(rows) == 5
    assert {row["what"] for row in rows} == {"kept by B alone", "kept by both, with another text"}


def test_tokens_are_compared_if_both_runs_have_them(
    tmp_path: Path, command_line: CommandLine, document: Document, kept_run: KeptRun
) -> None:
    """Without tokens, words are compared; runs that agree are reported as such."""
    for name in ("a-1", "b-1"):
        kept_run(name, [document(n, tokens=20) for n in range(3)])
    output = command_line("compare", "a", "b", "--out", tmp_path / "out", "--json").json
    assert (output["unit"], output["slices"][0]["units_a"], output["disagreements"]) == ("tokens", 60, 0)
    assert "they agree on every document" in command_line("compare", "a", "b", "--out", tmp_path / "out").out


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (["a-1", "a"], "a run can't be compared with itself"),
        (["a-1", "c"], "there is no run «c»"),
        (["a-1", "otro"], "no document in common"),
        (["a-1", "b-1", "--to", "d.csv"], "neither JSONL nor Parquet"),
    ],
)
def test_wrong_arguments_exit_with_2(
    runs: Path, command_line: CommandLine, document: Document, kept_run: KeptRun, named: list[str], said: str
) -> None:
    """The error is one sentence, with exit code 2."""
    kept_run("otro-1", [document(n) for n in range(100, 103)])
    ended = command_line("compare", *named, "--out", runs)
    assert ended.code == 2
    assert said in ended.err
