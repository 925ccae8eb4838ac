"""A sheet of `sample` that somebody filled in, as judgements: what each row says, and what is wrong in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.display_names import word_of
from latam_corpus.desk import answers
from latam_corpus.desk.sheet_workbook import read_sheet
from latam_corpus.messages import Message, _, enumerated
from latam_corpus.release.judgements import DIGEST, NAMES, QUESTIONS, WORDS, Judgement
from latam_corpus.report.sample_page import COLUMNS, DRAWN, NOTE
from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from latam_corpus.desk.sheet_workbook import Sheet

_NOTE_KEY: Final = "note"
# `language` is the name of a column, and of a question.
_ASKED: Final = {question: f"asked {question}" for question in QUESTIONS}
_HEADS: Final = {_ASKED[question]: NAMES[question] for question in QUESTIONS} | {_NOTE_KEY: NOTE}
_FORMULA: Final = _("«{head}»: the cell holds a formula; write what it comes to")
_NO_ANSWER: Final = _("«{head}»: «{typed}» is no answer; write one of: {known}")
_NO_DIGEST: Final = _("it lacks what says which text was read («{head}»); draw the sample anew with `sample`")
_TWICE: Final = _("row {n} is of the same text")


def read_judged(path: Path) -> Sheet:
    """Return the sheet.

    Raises:
        ConfigError: it can't be read, or isn't one of `sample`.
    """
    return read_sheet(path, _key, _("begin with `sample … --to sheet.xlsx`, which writes them"))


def judgements_of(
    sheet: Sheet, reader: str, day: date, digest: str
) -> tuple[list[Judgement], dict[int, list[Message]], int]:
    """Return what a sheet says, what is wrong by row, counted from 1, and how many rows have no answer.

    Args:
        sheet: of `read_judged`.
        reader: who filled it in.
        day: of the judgements.
        digest: SHA-256 of the file, hex.
    """
    judged: list[Judgement] = []
    wrong: dict[int, list[Message]] = {}
    rows: dict[tuple[str, str], int] = {}
    empty = 0
    for row_index in range(sheet.head_row + 1, len(sheet.rows)):
        cells = sheet.cells(row_index)
        if not cells.keys() & _HEADS.keys():
            empty += bool(cells)
            continue
        answered, problems = _answers(sheet, row_index, cells)
        text = cells.get("doc_id", ""), cells.get("text_hash", "")
        if not text[0] or not DIGEST.fullmatch(text[1]):
            problems.append(_NO_DIGEST.fill(head="text_hash" if text[0] else "doc_id"))
        elif text in rows:
            problems.append(_TWICE.fill(n=rows[text] + 1))
        rows.setdefault(text, row_index)
        if problems:
            wrong[row_index + 1] = problems
            continue
        drawn = cells.get("drawn_from", ""), cells.get("drawn_by", "")
        named, note = cells.get("language", "und"), cells.get(_NOTE_KEY, "")
        judged.append(Judgement(*text, reader, day.isoformat(), digest[:16], *drawn, named, answered, note))
    return judged, wrong, empty


def _key(head: str) -> str | None:
    wanted = folded(head)
    for key, name in _HEADS.items():
        if wanted and wanted in {*map(folded, name.translations().values())}:
            return key
    return wanted if wanted in ("doc_id", "language", *DRAWN) and wanted in COLUMNS else None


def _answers(sheet: Sheet, place: int, cells: dict[str, str]) -> tuple[dict[str, str], list[Message]]:
    """Return a row's answers by question, and what is wrong."""
    formulas = {sheet.keys[column] for row, column in sheet.formulas if row == place}
    answered, problems = {}, []
    for question, possible in QUESTIONS.items():
        typed, head = cells.get(_ASKED[question], "").strip(), NAMES[question]
        if _ASKED[question] in formulas:
            problems.append(_FORMULA.fill(head=head))
        elif typed:
            known = {answer: WORDS[answer] for answer in possible}
            answer = word_of(known, typed)
            if answer is None and question == "language":
                try:
                    answer = answers.language(typed)
                except answers.AnswerError as error:
                    problems.append(Message("«{head}»: {problem}", {"head": head, "problem": error.message}))
                    continue
            if answer is None:
                problems.append(_NO_ANSWER.fill(head=head, typed=typed, known=enumerated(known.values())))
            else:
                answered[question] = answer
    return answered, problems
