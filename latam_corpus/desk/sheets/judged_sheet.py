"""Read judgements from a filled-in sheet of `sample`; if rows aren't understood, write a copy for corrections."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.display_names import language_name, language_of
from latam_corpus.codes import called, declared_tag, short
from latam_corpus.desk import answers
from latam_corpus.desk.sheets.judged_answers import Answer, is_blank, named_language, read_answer
from latam_corpus.desk.sheets.sheet_columns import TO_CORRECT
from latam_corpus.desk.sheets.sheet_workbook import HAS_FORMULA, read_sheet, returned_workbook, with_notes
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
# With a prefix, since `language` is also the name of a column.
_ASKED: Final = {question: f"asked {question}" for question in QUESTIONS}
_HEADS: Final = {_ASKED[question]: NAMES[question] for question in QUESTIONS} | {_NOTE_KEY: NOTE}
_NO_ANSWER: Final = _("«{head}»: «{typed}» isn't an answer; write one of: {known}")
_CONTRADICTS: Final = _("«{head}»: «{typed}» and «{other}», in the same row, name different languages")
_SAME_LANGUAGE: Final = _(
    "«{head}»: «{typed}» says no, but names the language that the text already "
    "has ({name}); write yes, or the name of "
    "another language"
)
_OTHER_NAMED: Final = _(
    "«{head}»: «{typed}» says yes, but names a language other than the text's "
    "({name}); write only yes, or only the name "
    "of the language"
)
_NO_DIGEST: Final = _("«{head}» doesn't identify the text that was read; draw the sample again with `sample`")


@dataclass
class JudgedSheet:
    """The judgements of a sheet, and its problems.

    Attributes:
        judged: the judgements of the rows in which every cell was understood.
        problems: the problems by row number, from 1.
        unanswered: the number of rows with a text but without an answer.
        understood: the values of the cells that were understood, by row index (from 0) and question.
        doubtful: the row and column indices of the cells that weren't understood.
    """

    judged: list[Judgement] = field(default_factory=list)
    problems: dict[int, list[Message]] = field(default_factory=dict)
    unanswered: int = 0
    understood: dict[tuple[int, str], str] = field(default_factory=dict)
    doubtful: set[tuple[int, int]] = field(default_factory=set)


def read_judged(path: Path) -> Sheet:
    """Read a sheet of `sample`.

    Raises:
        ConfigError: the sheet can't be read, or has no columns of `sample`.
    """
    return read_sheet(path, _key, _("use a sheet that `sample … --to sheet.xlsx` wrote"))


def judgements_of(sheet: Sheet, reader: str, day: date, digest: str) -> JudgedSheet:
    """Return the judgements of a sheet; a row with a cell that isn't understood has none.

    Args:
        sheet: the result of `read_judged`.
        reader: the name of the reader who filled it in.
        day: the day of the judgements.
        digest: the SHA-256, in hex, of the file.
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
            problems.append(_("row {n} has the same text", n=rows[text] + 1))
        rows.setdefault(text, row_index)
        result.understood |= {(row_index, question): value for question, value in answered.items()}
        if problems:
            result.problems[row_index + 1] = problems
            continue
        drawn = cells.get("drawn_from", ""), cells.get("drawn_by", "")
        language, note = cells.get("language", "und"), cells.get(_NOTE_KEY, "")
        judgement = Judgement(*text, reader, day.isoformat(), digest[:16], *drawn, language, answered, note)
        result.judged.append(judgement)
    return result


def write_corrected(path: Path, sheet: Sheet, result: JudgedSheet, fallback: str) -> tuple[Path, Message]:
    """Write a copy for corrections next to the sheet; return its path and the head of the column of notes.

    Understood answers are written in the sheet's language, and each row with a problem has a note. No file is
    overwritten.

    Args:
        path: the path of the sheet.
        sheet: the result of `read_judged`.
        result: the result of `judgements_of`.
        fallback: the language of the notes if the heads are in several languages.

    Raises:
        ConfigError: the copy can't be written.
    """
    language = _language_of_heads(sheet, fallback)
    cells = _understood_texts(sheet, result, language)
    notes = {
        row - 1: "\n".join(problem.translate(language) for problem in problems)
        for row, problems in result.problems.items()
    }
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
    folded_head = folded(head)
    for key, name in (_HEADS | {str(TO_CORRECT): TO_CORRECT}).items():
        if folded_head and folded_head in {*map(folded, name.translations().values())}:
            return key
    return folded_head if folded_head in ("doc_id", "language", *DRAWN) and folded_head in COLUMNS else None


def _answers(
    sheet: Sheet, row_index: int, cells: Mapping[str, str], result: JudgedSheet
) -> tuple[dict[str, str], list[Message]]:
    """Return a row's answers by question, and its problems; add doubtful cells to the result."""
    answered: dict[str, str] = {}
    problems = []
    for question in QUESTIONS:
        key, head = _ASKED[question], NAMES[question]
        typed, column = cells.get(key, "").strip(), sheet.keys.index(key) if key in sheet.keys else -1
        if (row_index, column) in sheet.formulas:
            problems.append(HAS_FORMULA.fill(head=head))
            result.doubtful.add((row_index, column))
        elif typed:
            column_cells = (row[column] for row in sheet.rows[sheet.head_row + 1 :])
            answer = read_answer(question, typed, cells.get("language", "und"), column_cells)
            problem = None if answer else _no_answer(question, typed, cells.get("language", "und"))
            if answer and (problem := _contradiction(question, answer, typed, answered, cells)) is None:
                answered.setdefault(question, answer.value)
                answered |= {"language": answer.language} if answer.language else {}
            if problem:
                problems.append(problem)
                result.doubtful.add((row_index, column))
    return answered, problems


def _contradiction(
    question: str, answer: Answer, typed: str, answered: Mapping[str, str], cells: Mapping[str, str]
) -> Message | None:
    """Return the problem if the verdict names a language that differs from the answer about the language."""
    if question != "language" or "language" not in answered or answer.value == answered["language"]:
        return None
    verdict = cells.get(_ASKED["verdict"], "")
    if answer.value == "no" and answered["language"] != "no":
        return None
    return _CONTRADICTS.fill(head=NAMES[question], typed=typed, other=verdict)


def _no_answer(question: str, typed: str, language: str) -> Message:
    """Return the problem with a cell that isn't understood.

    Args:
        question: a key of `QUESTIONS`.
        typed: the cell.
        language: the language label of the document.
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
    return _NO_ANSWER.fill(head=head, typed=typed, known=enumerated(WORDS[answer] for answer in QUESTIONS[question]))


def _understood_texts(sheet: Sheet, result: JudgedSheet, language: str) -> dict[tuple[int, int], str]:
    """Return the understood cells in the sheet's language, by row and column index."""
    columns = {question: sheet.keys.index(key) for question, key in _ASKED.items() if key in sheet.keys}
    texts = {}
    for (row, question), value in result.understood.items():
        if question in columns and (row, columns[question]) not in result.doubtful:
            name = WORDS[value].translate(language) if value in WORDS else called(value, language)
            texts[row, columns[question]] = (
                name if value in WORDS or language_of(name) == value or declared_tag(name) == value else value
            )
    return texts


def _language_of_heads(sheet: Sheet, fallback: str) -> str:
    heads = {folded(head) for head in sheet.heads}
    counts = {code: sum(folded(name.translate(code)) in heads for name in _HEADS.values()) for code in LANGUAGES}
    best = max(counts.values())
    return fallback if counts.get(fallback) == best else max(counts, key=lambda code: counts[code])
