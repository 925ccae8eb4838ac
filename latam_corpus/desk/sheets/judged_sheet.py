"""A filled-in sheet of `sample` as judgements, and the copy that is returned if rows were not understood."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.display_names import language_name, language_of
from latam_corpus.codes import called, declared_tag, short
from latam_corpus.desk import answers
from latam_corpus.desk.sheets.judged_answers import Answer, is_blank, named_language, read_answer
from latam_corpus.desk.sheets.sheet_columns import TO_CORRECT
from latam_corpus.desk.sheets.sheet_workbook import read_sheet, returned_workbook, with_notes
from latam_corpus.messages import LANGUAGES, Message, _, enumerated
from latam_corpus.release.pages.judgements import DIGEST, NAMES, QUESTIONS, WORDS, Judgement
from latam_corpus.report.page_frame import unwritable
from latam_corpus.report.sample_page import COLUMNS, DRAWN, NOTE
from latam_corpus.storage.durable import create
from latam_corpus.text.display.spreadsheet_text import csv_text
from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from latam_corpus.desk.sheets.sheet_workbook import Sheet

_NOTE_KEY: Final = "note"
# `language` is the name of a column, and of a question.
_ASKED: Final = {question: f"asked {question}" for question in QUESTIONS}
_HEADS: Final = {_ASKED[question]: NAMES[question] for question in QUESTIONS} | {_NOTE_KEY: NOTE}
_FORMULA: Final = _("«{head}»: the cell holds a formula; write what it comes to")
_NO_ANSWER: Final = _("«{head}»: «{typed}» is no answer; write one of: {known}")
_CONTRADICTS: Final = _("«{head}»: «{typed}» says another language than «{other}» in the same row")
_SAME_LANGUAGE: Final = _(
    "«{head}»: «{typed}» says no, and names the language that the text already has ({name}); write yes, or the name of "
    "another language"
)
_OTHER_NAMED: Final = _(
    "«{head}»: «{typed}» says yes, and names another language than the text has ({name}); write yes, or that language "
    "alone"
)
_NO_DIGEST: Final = _("it lacks what says which text was read («{head}»); draw the sample anew with `sample`")
_TWICE: Final = _("row {n} is of the same text")


@dataclass
class JudgedSheet:
    """A sheet's judgements, and its rows and cells that were not understood.

    Attributes:
        judged: the judgements of the rows that were understood whole.
        problems: what isn't understood, by the row's number, counted from 1.
        unanswered: rows with a text and without an answer.
        understood: the value of each cell that was understood, by its row's place and its question.
        doubtful: the places of the cells that were not.
    """

    judged: list[Judgement] = field(default_factory=list)
    problems: dict[int, list[Message]] = field(default_factory=dict)
    unanswered: int = 0
    understood: dict[tuple[int, str], str] = field(default_factory=dict)
    doubtful: set[tuple[int, int]] = field(default_factory=set)


def read_judged(path: Path) -> Sheet:
    """Return the sheet.

    Raises:
        ConfigError: it can't be read, or isn't one of `sample`.
    """
    return read_sheet(path, _key, _("begin with `sample … --to sheet.xlsx`, which writes them"))


def judgements_of(sheet: Sheet, reader: str, day: date, digest: str) -> JudgedSheet:
    """Return a sheet's judgements, row by row; a row with a cell that isn't understood has no judgement.

    Args:
        sheet: of `read_judged`.
        reader: who filled it in.
        day: of the judgements.
        digest: SHA-256 of the file, hex.
    """
    result = JudgedSheet()
    rows: dict[tuple[str, str], int] = {}
    for row_index in range(sheet.head_row + 1, len(sheet.rows)):
        cells = {key: cell for key, cell in sheet.cells(row_index).items() if key not in _HEADS or not is_blank(cell)}
        if not cells.keys() & _HEADS.keys():
            result.unanswered += bool(cells)
            continue
        answered, problems = _answers(sheet, row_index, cells, result)
        text = cells.get("doc_id", ""), cells.get("text_hash", "")
        if not text[0] or not DIGEST.fullmatch(text[1]):
            problems.append(_NO_DIGEST.fill(head="text_hash" if text[0] else "doc_id"))
        elif text in rows:
            problems.append(_TWICE.fill(n=rows[text] + 1))
        rows.setdefault(text, row_index)
        result.understood |= {(row_index, question): value for question, value in answered.items()}
        if problems:
            result.problems[row_index + 1] = problems
            continue
        drawn = cells.get("drawn_from", ""), cells.get("drawn_by", "")
        named, note = cells.get("language", "und"), cells.get(_NOTE_KEY, "")
        judgement = Judgement(*text, reader, day.isoformat(), digest[:16], *drawn, named, answered, note)
        result.judged.append(judgement)
    return result


def write_corrected(path: Path, sheet: Sheet, result: JudgedSheet, fallback: str) -> tuple[Path, Message]:
    """Write a copy of the sheet next to it, to be corrected; return its path and the head of its notes.

    What was understood is in the sheet's own words, and each row that wasn't has a note. No file is replaced.

    Args:
        path: of the sheet.
        sheet: as it was read.
        result: of `judgements_of`.
        fallback: the language of the notes if the heads are of several.

    Raises:
        ConfigError: the copy can't be written.
    """
    language = _language_of_heads(sheet, fallback)
    cells = _shown(sheet, result, language)
    notes = {row - 1: "\n".join(one.translate(language) for one in told) for row, told in result.problems.items()}
    head = TO_CORRECT.translate(language)
    if path.suffix.lower() == ".xlsx":
        data = returned_workbook(path, sheet, notes, head, cells, result.doubtful)
    else:
        rows = [
            tuple(cells.get((row, column), cell) for column, cell in enumerate(values))
            for row, values in enumerate(sheet.rows)
        ]
        data = csv_text(with_notes(replace(sheet, rows=tuple(rows)), notes, head)).encode()
    stem = f"{path.stem}.{head.split()[-1].lower()}"
    for number in count(1):
        copy = path.with_name(f"{stem}{'' if number == 1 else f'-{number}'}{path.suffix}")
        try:
            create(copy, data)
        except FileExistsError:
            continue
        except OSError as error:
            raise unwritable(copy, error) from None
        return copy, TO_CORRECT
    raise AssertionError


def _key(head: str) -> str | None:
    wanted = folded(head)
    for key, name in (_HEADS | {str(TO_CORRECT): TO_CORRECT}).items():
        if wanted and wanted in {*map(folded, name.translations().values())}:
            return key
    return wanted if wanted in ("doc_id", "language", *DRAWN) and wanted in COLUMNS else None


def _answers(
    sheet: Sheet, place: int, cells: Mapping[str, str], result: JudgedSheet
) -> tuple[dict[str, str], list[Message]]:
    """Return a row's answers by question, and its problems; add its doubtful cells to the result."""
    answered: dict[str, str] = {}
    problems = []
    for question in QUESTIONS:
        key, head = _ASKED[question], NAMES[question]
        typed, column = cells.get(key, "").strip(), sheet.keys.index(key) if key in sheet.keys else -1
        if (place, column) in sheet.formulas:
            problems.append(_FORMULA.fill(head=head))
            result.doubtful.add((place, column))
        elif typed:
            others = (row[column] for row in sheet.rows[sheet.head_row + 1 :])
            answer = read_answer(question, typed, cells.get("language", "und"), others)
            problem = None if answer else _no_answer(question, typed, cells.get("language", "und"))
            if answer and (problem := _contradiction(question, answer, typed, answered, cells)) is None:
                answered.setdefault(question, answer.value)
                answered |= {"language": answer.language} if answer.language else {}
            if problem:
                problems.append(problem)
                result.doubtful.add((place, column))
    return answered, problems


def _contradiction(
    question: str, answer: Answer, typed: str, answered: Mapping[str, str], cells: Mapping[str, str]
) -> Message | None:
    """Return the problem if a verdict that names a language and the answer on the language differ."""
    if question != "language" or "language" not in answered or answer.value == answered["language"]:
        return None
    verdict = cells.get(_ASKED["verdict"], "")
    if answer.value == "no" and answered["language"] != "no":
        return None
    return _CONTRADICTS.fill(head=NAMES[question], typed=typed, other=verdict)


def _no_answer(question: str, typed: str, language: str) -> Message:
    """Return what is wrong with a cell.

    Args:
        question: of `QUESTIONS`.
        typed: the cell.
        language: the label of the document's language.
    """
    head = NAMES[question]
    if question == "language":
        try:
            code = answers.language(named_language(typed))
        except answers.AnswerError as error:
            return Message("«{head}»: {problem}", {"head": head, "problem": error.message})
        if named_language(typed) != typed.strip() and "?" not in typed:
            problem = _SAME_LANGUAGE if code == short(language) else _OTHER_NAMED
            return problem.fill(head=head, typed=typed, name=language_name(short(language)))
    return _NO_ANSWER.fill(head=head, typed=typed, known=enumerated(WORDS[one] for one in QUESTIONS[question]))


def _shown(sheet: Sheet, result: JudgedSheet, language: str) -> dict[tuple[int, int], str]:
    """Return the cells that were understood, as the sheet's language writes them."""
    columns = {question: sheet.keys.index(key) for question, key in _ASKED.items() if key in sheet.keys}
    shown = {}
    for (row, question), value in result.understood.items():
        if question in columns and (row, columns[question]) not in result.doubtful:
            name = WORDS[value].translate(language) if value in WORDS else called(value, language)
            shown[row, columns[question]] = (
                name if value in WORDS or language_of(name) == value or declared_tag(name) == value else value
            )
    return shown


def _language_of_heads(sheet: Sheet, fallback: str) -> str:
    heads = {folded(head) for head in sheet.heads}
    counts = {one: sum(folded(name.translate(one)) in heads for name in _HEADS.values()) for one in LANGUAGES}
    best = max(counts.values())
    return fallback if counts.get(fallback) == best else max(counts, key=lambda one: counts[one])
