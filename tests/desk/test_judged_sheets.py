"""`latam-corpus judge`: import a sheet of `sample`, and show the results."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from built_versions import build

from latam_corpus.desk.sheets.judged_answers import read_answer
from latam_corpus.release.pages.judgements import FILE, read_judgements
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store import Store

openpyxl = pytest.importorskip("openpyxl")
pytest.importorskip("xlsxwriter")

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conftest import CommandLine, Document, KeptRun

_ASKED = ("veredicto", "¿la lengua es correcta? si no, ¿cuál es?", "¿es texto natural?", "¿quedan datos personales?")

_TERMS = ("--admit", "open", "--uses", "train", "--no-report")


@pytest.fixture
def sheet(document: Document, kept_run: KeptRun, command_line: CommandLine, tmp_path: Path) -> Path:
    """Create a sheet, in Spanish, of ten documents of a run, without answers."""
    kept_run("cuentos-1a2b3c4d", [document(n) for n in range(10)])
    path = tmp_path / "muestra.xlsx"
    command_line("sample", "cuentos", "--n", "10", "--to", path, "--in", "es", "--out", tmp_path / "out")
    return path


def _filled(sheet: Path, name: str, answers: Mapping[int, tuple[str, ...]]) -> Path:
    """Write a copy of the sheet under this name, with these answers by row, from 1."""
    book = openpyxl.load_workbook(sheet)
    page = book.active
    heads = [cell.value for cell in page[1]]
    for row, row_answers in answers.items():
        for head, answer in zip(_ASKED, row_answers, strict=False):
            page.cell(row + 1, heads.index(head) + 1, answer)
    path = sheet.with_name(name)
    book.save(path)
    return path


def _judge(command_line: CommandLine, sheet: Path, reader: str, *more: str) -> Any:
    return command_line("judge", "import", sheet, "--reader", reader, "--out", sheet.parent / "out", *more)


def test_a_sheet_comes_back(sheet: Path, command_line: CommandLine) -> None:
    """Answers may be in any of the languages, a language by name; an empty cell isn't an answer."""
    filled = _filled(
        sheet, "rosa.xlsx", {1: ("bueno", "sí", "sí", "no"), 2: ("ruim", "náhuatl"), 3: ("", "", "", "Sim")}
    )
    ended = _judge(command_line, filled, "Rosa  Quispe", "--json")
    assert (ended.code, ended.json["judged"], ended.json["unanswered"]) == (0, 3, 7)
    judged = read_judgements(sheet.parent / "out")
    assert [judgement.answers for judgement in judged] == [
        {"verdict": "good", "language": "yes", "natural": "yes", "personal_data": "no"},
        {"verdict": "bad", "language": "nah"},
        {"personal_data": "yes"},
    ]
    assert {judgement.reader for judgement in judged} == {"Rosa Quispe"}
    assert {(judgement.drawn_from, judgement.drawn_by, judgement.named) for judgement in judged} == {
        ("cuentos-1a2b3c4d", "", "spa_Latn")
    }


def test_a_sheet_of_any_spreadsheet_program_comes_back(sheet: Path, command_line: CommandLine) -> None:
    """A CSV sheet needs no package, and may come back with another separator."""
    path, out = sheet.with_name("muestra.csv"), sheet.parent / "out"
    result = command_line("sample", "cuentos", "--n", "10", "--to", path, "--in", "pt", "--out", out)
    assert (result.code, "10 documents in" in result.out) == (0, True)
    heads, first, *other_rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""), delimiter=";")
    assert (heads[:2], first[:2], len(other_rows)) == (
        ["veredito", "a língua está certa? se não, qual é?"],
        ["", ""],
        9,
    )
    filled = sheet.with_name("rosa.csv")
    with filled.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([heads, ["bom", "sim", *first[2:]], *other_rows])
    ended = _judge(command_line, filled, "Rosa", "--json")
    assert (ended.code, ended.json["judged"], ended.json["unanswered"]) == (0, 1, 9)
    [judged] = read_judgements(out)
    assert (judged.answers, judged.drawn_from) == ({"verdict": "good", "language": "yes"}, "cuentos-1a2b3c4d")


def test_a_sheet_that_comes_twice_counts_once(sheet: Path, command_line: CommandLine) -> None:
    """A reader's later judgement of a text replaces the earlier one."""
    _judge(command_line, _filled(sheet, "a.xlsx", {1: ("bueno",), 2: ("bueno",)}), "Rosa")
    ended = _judge(command_line, _filled(sheet, "b.xlsx", {1: ("malo",)}), "Rosa", "--json")
    assert ended.json["replaced"] == 1
    assert [judgement.answers["verdict"] for judgement in read_judgements(sheet.parent / "out")] == [
        "bad",
        "good",
    ]


def test_rows_that_are_wrong_are_told_in_the_language_that_is_spoken(sheet: Path, command_line: CommandLine) -> None:
    """The other rows are imported, and the exit code is 1."""
    answers = {1: ("regular",), 2: ("", "mixteco"), 3: ("=1+1",), 4: ("bueno",)}
    ended = _judge(command_line, _filled(sheet, "a.xlsx", answers), "Rosa", "--lang", "es")
    assert ended.code == 1
    assert "fila 2: «veredicto»: «regular» no es una respuesta; escriba una de estas: bueno, malo, dudoso" in ended.out
    assert "muchas lenguas se llaman «mixteco»" in ended.out
    assert "fila 4: «veredicto»: la celda contiene una fórmula" in ended.out
    assert [judgement.answers for judgement in read_judgements(sheet.parent / "out")] == [{"verdict": "good"}]


@pytest.mark.parametrize(
    ("question", "typed", "read"),
    [
        *[
            ("verdict", typed, ("good", ""))
            for typed in ("bien", " BIEN. ", "s", "Sí", "ok", "✓", "¡Correcto!", "certo")
        ],
        *[("verdict", typed, ("bad", "")) for typed in ("no", "N", "mal", "não", "errado", "✗", "Errada;")],
        *[("natural", typed, ("yes", "")) for typed in ("x", "X", "si", "sim", "está bien", "yes")],
        *[
            ("natural", typed, ("unsure", ""))
            for typed in ("?", "no sé", "no lo sé", "NÃO SEI", "don't know", "tal vez")
        ],
        *[("personal_data", typed, ("no", "")) for typed in ("no", "n", "Não")],
        ("language", "no, es quechua de Cusco", ("quz", "")),
        ("language", "No. Quechua del Cusco.", ("quz", "")),
        ("language", "não, é guarani", ("grn", "")),
        ("language", "no — kaqchikel", ("cak", "")),
        ("language", "no, otra lengua", ("no", "")),
        ("language", "no, no sé cuál", ("no", "")),
        ("language", "no es español", ("no", "")),
        ("language", "sí, español", ("spa", "")),
        ("verdict", "no, es quechua de Cusco", ("bad", "quz")),
    ],
)
def test_usual_answers_are_understood(question: str, typed: str, read: tuple[str, str]) -> None:
    """Case, accents, spaces and punctuation don't matter; a denial may name the right language."""
    assert read_answer(question, typed, "spa_Latn") == read


@pytest.mark.parametrize("typed", ["ótimo", "Excelente", "perfeito", "muy bueno", "péssimo", "muito ruim"])
def test_strong_words_are_verdicts(typed: str) -> None:
    """Praise is good, and its contrary bad."""
    answer = read_answer("verdict", typed, "spa_Latn")
    assert answer is not None
    assert answer.value == ("bad" if typed in ("péssimo", "muito ruim") else "good")


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("não, é español", "names the language that the text already has (Spanish)"),
        ("sí, guarani mbya", "names a language other than the text's (Spanish)"),
        ("não, é lengua rarísima", "«lengua rarísima» isn't recognised as a language"),
    ],
)
def test_a_language_that_is_no_answer_is_refused_for_what_is_wrong(
    sheet: Path, command_line: CommandLine, typed: str, problem: str
) -> None:
    """A known language isn't called unknown, nor a whole sentence one."""
    reported = _judge(command_line, _filled(sheet, "rosa.xlsx", {1: ("", typed)}), "Rosa Quispe", "--json")
    ((wrong,),) = (row["wrong"] for row in reported.json["rows"])
    assert problem in wrong


def test_a_workbook_explains_itself(sheet: Path) -> None:
    """A second page explains each question in the language of the heads."""
    book = openpyxl.load_workbook(sheet)
    lines = [row[0].value for row in book.worksheets[1].iter_rows()]
    assert len(book.worksheets) == 2
    assert all(any(line.startswith(head) for line in map(str.lower, lines)) for head in _ASKED)
    assert any("mbya" in line for line in lines)


@pytest.mark.parametrize(
    ("question", "typed"),
    [
        *[("verdict", typed) for typed in ("regular", "sí y no", "s/n", "x", "sí?", "bien, es quechua de Cusco", "12")],
        *[("personal_data", typed) for typed in ("bien", "correcto", "ok", "✓", "x", "mal")],
        *[("language", typed) for typed in ("quechua?", "creo que quechua", "no es quechua", "no, es español", "boa")],
        *[("language", typed) for typed in ("sí, quechua", "no, es una lengua rara", "no, no", "no sé, quechua")],
        ("natural", "no, es quechua"),
    ],
)
def test_doubtful_answers_are_no_answers(question: str, typed: str) -> None:
    """A guess, a contradiction, or a word that means two things is never counted."""
    assert read_answer(question, typed, "spa_Latn") is None


def test_an_x_next_to_ticks_is_no_answer() -> None:
    """Some readers mark a row with an x, and others cross it out."""
    assert read_answer("natural", "x", "spa_Latn", ["", "✓", "x"]) is None
    assert read_answer("natural", "x", "spa_Latn", ["", "x"]) == ("yes", "")


def _cells(path: Path) -> tuple[list[str], list[list[str]], Any]:
    page = openpyxl.load_workbook(path).active
    heads, *rows = [["" if cell.value is None else cell.value for cell in row] for row in page]
    return heads, rows, page


def test_a_copy_to_correct_is_returned(sheet: Path, command_line: CommandLine) -> None:
    """It has what was understood, marks the doubtful cells, and comes back once these are corrected."""
    answers = {1: ("bien", "no, es quechua de Cusco", "s"), 2: ("no, es quechua de Cusco",), 3: ("regular", "sí")}
    filled = _filled(sheet, "rosa.xlsx", answers)
    previous = filled.read_bytes()
    ended = _judge(command_line, filled, "Rosa", "--json", "--lang", "en")
    copy = filled.with_name("rosa.corregir.xlsx")
    assert (ended.code, ended.json["judged"], ended.json["corrected_copy"]) == (1, 2, str(copy))
    assert [row["row"] for row in ended.json["rows"]] == [4]
    assert filled.read_bytes() == previous
    heads, rows, page = _cells(copy)
    columns = [heads.index(head) for head in (*_ASKED[:3], "Qué corregir")]
    assert [rows[0][n] for n in columns] == ["bueno", "quechua del Cusco", "sí", ""]
    assert [rows[1][n] for n in columns] == ["malo", "quechua del Cusco", "", ""]
    assert [rows[2][n] for n in columns[:3]] == ["regular", "sí", ""]
    assert "regular" in rows[2][columns[3]]
    coloured = {(cell.row, cell.column - 1) for row in page for cell in row if cell.fill.fill_type == "solid"}
    assert coloured == {(4, columns[0])}
    judged = [judgement.answers for judgement in read_judgements(sheet.parent / "out")]
    assert judged == [
        {"verdict": "good", "language": "quz", "natural": "yes"},
        {"verdict": "bad", "language": "quz"},
    ]
    # A second import leaves the first copy as it is; she may be filling it in.
    page.cell(4, columns[0] + 1, "malo")
    page.parent.save(copy)
    half = copy.read_bytes()
    second_import = _judge(command_line, filled, "Rosa", "--json")
    assert second_import.json["corrected_copy"] == str(filled.with_name("rosa.corregir-2.xlsx"))
    assert copy.read_bytes() == half
    done = _judge(command_line, copy, "Rosa", "--json")
    assert (done.code, done.json["judged"], done.json["replaced"], done.json["corrected_copy"]) == (0, 3, 2, None)


def test_a_copy_of_csv_has_its_notes(sheet: Path, command_line: CommandLine) -> None:
    """A note names the column and its content, as CSV has no colours; the corrected copy can be imported."""
    heads, *rows = [[str(cell.value or "") for cell in row] for row in openpyxl.load_workbook(sheet).active]
    rows[0][0], rows[1][0], rows[2][0] = "bien", "así así", "—"
    path = sheet.with_name("rosa.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([heads, *rows])
    ended = _judge(command_line, path, "Rosa", "--json")
    assert (ended.code, ended.json["judged"], ended.json["unanswered"]) == (1, 1, 8)
    copy = path.with_name("rosa.corregir.csv")
    text = copy.read_text(encoding="utf-8-sig")
    head, first, second, *_ = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    assert (head[:2], first[:2], second[1]) == (["Qué corregir", "veredicto"], ["", "bueno"], "así así")
    assert "así así" in second[0]
    copy.write_text(text.replace("así así;", "mal;"), encoding="utf-8")
    assert _judge(command_line, copy, "Rosa", "--json").json["judged"] == 2


def test_a_verdict_and_the_language_that_differ_are_told(sheet: Path, command_line: CommandLine) -> None:
    """«No, es quechua» contradicts a language marked «sí»; next to «no» it names the language."""
    answers = {1: ("no, es quechua de Cusco", "sí"), 2: ("no, es quechua de Cusco", "no"), 3: ("no, es mam", "ixil")}
    ended = _judge(command_line, _filled(sheet, "rosa.xlsx", answers), "Rosa", "--json")
    assert [row["row"] for row in ended.json["rows"]] == [2, 4]
    assert [judgement.answers for judgement in read_judgements(sheet.parent / "out")] == [
        {"verdict": "bad", "language": "quz"}
    ]


def test_a_sheet_whose_digests_a_program_changed_is_told(sheet: Path, command_line: CommandLine) -> None:
    """Saved as CSV, a digest that looks like a number comes back as one."""
    rows = [[cell.value for cell in row] for row in openpyxl.load_workbook(sheet).active]
    at = rows[0].index("text_hash")
    rows[1][at], rows[1][0], rows[2][0], rows[3][0] = "1,23E+31", "bueno", "bueno", "malo"
    rows[3] = [rows[3][0], *rows[2][1:]]  # the second row's text once more
    path = sheet.with_suffix(".csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    ended = _judge(command_line, path, "Rosa")
    assert ended.code == 1
    assert "row 2: «text_hash» doesn't identify the text that was read" in ended.out
    assert "row 4: row 3 has the same text" in ended.out
    assert len(read_judgements(sheet.parent / "out")) == 1


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("vacia.csv", "doc_id,text_hash,veredicto\n", "no row has an answer"),
        ("otra.csv", "uno,dos\n1,2\n", "no row has the expected column heads; use a sheet that `sample"),
        ("hoja.pdf", "%PDF", "«.pdf» isn't a format of sheets"),
        ("hoja.xlsx", "no es un libro", "it isn't a workbook"),
    ],
)
def test_what_is_no_filled_sheet_is_refused(
    tmp_path: Path, command_line: CommandLine, name: str, content: str, problem: str
) -> None:
    """The error states the problem, and nothing is written."""
    (tmp_path / name).write_text(content)
    ended = _judge(command_line, tmp_path / name, "Rosa")
    assert (ended.code, problem in ended.err) == (2, True)
    assert not (tmp_path / "out").exists()


def test_a_damaged_file_of_judgements_is_told(sheet: Path, command_line: CommandLine) -> None:
    """Every command reports it with its line; an import adds nothing to it."""
    path = sheet.parent / "out" / FILE
    path.write_text('{"doc_id": "a"}\n')
    for ended in (
        command_line("judge", "show", "--out", path.parent),
        _judge(command_line, _filled(sheet, "a.xlsx", {1: ("bueno",)}), "Rosa"),
        command_line("release", "build", "cuentos", "cuentos-1", *_TERMS, "--out", path.parent),
    ):
        assert (ended.code, f"{FILE}:1: this line isn't a judgement" in ended.err) == (2, True)
    assert path.read_text() == '{"doc_id": "a"}\n'


def test_two_readers_and_their_agreement(sheet: Path, command_line: CommandLine) -> None:
    """Kappa is computed from the texts that both judged; two spellings of one language agree."""
    rosa_answers = {n: ("bueno" if n < 7 else "malo", "sí") for n in range(1, 11)}
    juana_answers = {n: ("bueno" if n < 6 else "malo", "español") for n in range(1, 10)}
    _judge(command_line, _filled(sheet, "a.xlsx", rosa_answers), "Rosa")
    _judge(command_line, _filled(sheet, "b.xlsx", juana_answers), "Juana")
    shown = command_line("judge", "show", "--out", sheet.parent / "out", "--json").json
    verdict, language = shown["agreement"]
    assert (verdict["readers"], verdict["texts"], verdict["alike"]) == (["Juana", "Rosa"], 9, 8)
    # 8 of 9 alike; by chance (5·6 + 4·3) of 81.
    assert verdict["kappa"] == pytest.approx((8 / 9 - 42 / 81) / (1 - 42 / 81), abs=1e-4)
    assert {"first": "bad", "second": "good", "texts": 1} in verdict["counts"]
    assert (language["alike"], language["kappa"]) == (9, None)
    [share] = [row for row in shown["shares"] if row["question"] == "verdict"]
    assert (share["texts"], share["right"], share["disputed"], share["readers"]) == (10, 5, 1, 2)
    reported = command_line("judge", "show", "--out", sheet.parent / "out", "--lang", "es").out
    assert "Juana · Rosa" in reported
    assert "0,77" in reported


def test_the_card_states_what_readers_judged(sheet: Path, command_line: CommandLine) -> None:
    """The card has shares of the version's texts with Wilson's interval, by draw, and no names of readers."""
    answers = {n: ("bueno" if n < 9 else "malo", "sí", "sí", "no") for n in range(1, 11)}
    _judge(command_line, _filled(sheet, "a.xlsx", answers), "Rosa Quispe")
    out = sheet.parent / "out"
    command_line("release", "build", "cuentos", "cuentos-1a2b3c4d", *_TERMS, "--out", out)
    store = Store.at(out / "store")
    manifest = load_manifest(store, *store.find("cuentos"))
    assert [(audit.question, audit.texts, audit.right) for audit in manifest.audited] == [
        ("verdict", 10, 8),
        ("language", 10, 10),
        ("natural", 10, 10),
        ("personal_data", 10, 10),
    ]
    card = store.read("releases", "cuentos", manifest.version, "README.md").decode()
    assert "| `cuentos-1a2b3c4d` | a good text | 80.0 % | 49.0 to 94.3 % | 10 | 1 | 0 |" in card
    assert "Rosa" not in card
    assert "Rosa" not in manifest.dumped().decode()
    # A reader thinks anew: the next version has the same shards, and another card.
    _judge(command_line, _filled(sheet, "b.xlsx", {1: ("malo",)}), "Juana")
    command_line("release", "build", "cuentos", "cuentos-1a2b3c4d", "--parent", "latest", "--no-report", "--out", out)
    later = load_manifest(store, *store.find("cuentos"))
    assert later.version != manifest.version
    assert later.audited[0].model_dump() == manifest.audited[0].model_dump() | {"right": 7, "disputed": 1, "readers": 2}


def test_a_withdrawal_keeps_what_was_judged_of_the_rest(sheet: Path, command_line: CommandLine) -> None:
    """The next version counts only the texts that it contains."""
    _judge(command_line, _filled(sheet, "a.xlsx", dict.fromkeys(range(1, 11), ("bueno",))), "Rosa")
    out = sheet.parent / "out"
    command_line("release", "build", "cuentos", "cuentos-1a2b3c4d", *_TERMS, "--out", out)
    removed = read_judgements(out)[0].doc_id
    command_line("release", "withdraw", "cuentos", "--doc", removed, "--because", "lo pide", "--out", out)
    store = Store.at(out / "store")
    assert [audit.texts for audit in load_manifest(store, *store.find("cuentos")).audited] == [9]


def test_what_was_judged_of_another_text_says_nothing(
    sheet: Path, command_line: CommandLine, document: Document, kept_run: KeptRun, tmp_path: Path
) -> None:
    """A judgement doesn't count for a document that was collected again with another text."""
    _judge(command_line, _filled(sheet, "a.xlsx", dict.fromkeys(range(1, 11), ("bueno",))), "Rosa")
    changed_run = kept_run(
        "cuentos-2", [document(n) if n else document(n, text="Otro cuento, más largo.") for n in range(10)]
    )
    judged = read_judgements(tmp_path / "out")
    created = build(
        "c", [changed_run], tmp_path / "s", admit=["open"], uses=["train"], created=datetime.now(UTC), judged=judged
    )
    assert [audit.texts for audit in created.audited] == [9]
