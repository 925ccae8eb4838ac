"""Show the survey of a folder on a terminal, as JSON or as a page, and draft its source file."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.display_names import language_name
from latam_corpus.cli.interface.show import console, number, print_json, table
from latam_corpus.cli.scaffolds.editor_schema import schema_line, write_with_schema
from latam_corpus.config.toml_text import toml_value
from latam_corpus.desk.template import load_template
from latam_corpus.errors import ConfigError
from latam_corpus.extract.isolation.programs import asked_for
from latam_corpus.intake.survey import draft_values, survey
from latam_corpus.messages import Message, _, decimal, enumerated, first_of
from latam_corpus.pipeline.planning.own_terms import REMEDY
from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.report.page_frame import write_file
from latam_corpus.report.templating import render, sections_of
from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from latam_corpus.intake.survey import Survey, SurveyedFile

_SHOWN: Final = 5  # maximum number of names per problem
_FILES: Final = 2000  # maximum number of rows on a page
_HEADS: Final = (_("format"), _("files#"), _("megabytes"), _("charsets"), _("languages"), _("is it read?"))
_COUNT: Final = _("files: {files}, {size} MB; not read: {unread}; left out (hidden files and links): {hidden}")
_LOOKED_AT: Final = _("files with text: {all}; sampled to identify their language: {n}")
_MISSING: Final = _("missing files, according to BagIt manifests: {n}: {names}")
_PROBLEMS: Final = _("{problem}: {n}: {names}")
_CATALOGUE: Final = _("«{name}» seems to be a catalogue of the files: it describes {n} of them")
_OTHER_NAME: Final = _("give another name")


def show_survey(folder: Path, draft: Path | None, html: Path | None, language: str, *, as_json: bool) -> None:
    """Survey a folder, and show the result.

    Args:
        folder: a folder or a file.
        draft: the path of a new file for a draft of the source file; None for no draft.
        html: the path of a page; None for no page.
        language: the language of the output.
        as_json: whether to print JSON instead of tables.

    Raises:
        ConfigError: the folder doesn't exist, or a file can't be written.
    """
    if draft and draft.exists():
        raise ConfigError(str(draft), _("the file already exists"), _OTHER_NAME)
    survey_result = survey(folder)
    sentences = list(_sentences(survey_result))
    if draft:
        write_with_schema(draft, draft_of(folder, survey_result, language), "source", _OTHER_NAME)
        sentences.append(_("draft of a source file: {path}", path=draft))
    if html:
        write_file(html, _page(folder, survey_result, sentences, language))
    if as_json:
        print_json(_as_json(folder, survey_result, language))
        return
    table("", _HEADS, _by_format(survey_result))
    for sentence in sentences:
        console.print(sentence)


def _as_json(folder: Path, survey: Survey, language: str) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "files": [file.as_dict(language) for file in survey.files],
        "hidden": survey.hidden,
        "missing": list(survey.missing),
        "same_bytes": survey.identical_files,
        "languages": dict(survey.languages),
        "texts": survey.texts,
        "looked_at": survey.looked_at,
        "catalogue": survey.catalogue.file if survey.catalogue else None,
        "described": survey.catalogue.described if survey.catalogue else 0,
        "own_terms": survey.own_terms.as_dict(),
    }


def _by_format(survey: Survey) -> Iterator[Sequence[Message | str]]:
    """Yield one row per format, from most to fewest bytes."""
    groups: dict[str, list[SurveyedFile]] = {}
    for file in survey.files:
        groups.setdefault(str(file.format), []).append(file)
    for group in sorted(groups.values(), key=lambda files: -sum(file.bytes for file in files)):
        charsets = Counter(file.charset for file in group if file.charset)
        languages = Counter(file.language for file in group if file.language).most_common()
        yield (
            group[0].format,
            number(len(group)),
            _megabytes(group),
            ", ".join(f"{name} ({n})" for name, n in charsets.most_common()),
            enumerated(Message("{name} ({n})", {"name": _language(code), "n": number(n)}) for code, n in languages),
            group[0].remedy or _("yes"),
        )


def _language(code: str) -> Message:
    return _("unknown") if code == "und" else language_name(code)


def _problem_message(problem: str) -> Message:
    return meaning(problem if ":" in problem else f"unreadable:{problem}")


def _megabytes(files: Sequence[SurveyedFile]) -> Message:
    return decimal(number(round(sum(file.bytes for file in files) / 10**6, 1)))


def _sentences(survey: Survey) -> Iterator[Message]:
    size = _megabytes(survey.files)
    unread = sum(not file.is_read for file in survey.files)
    yield _COUNT.fill(files=number(len(survey.files)), size=size, unread=number(unread), hidden=number(survey.hidden))
    if pages := sum(file.pages for file in survey.files):
        scans = sum(file.scans for file in survey.files)
        yield _("pages: {pages}; without text, which need OCR: {scans}", pages=number(pages), scans=number(scans))
        if scans and (remedy := asked_for("image")):
            yield _("for OCR: {remedy}", remedy=remedy)
    if survey.looked_at < survey.texts:
        yield _LOOKED_AT.fill(n=number(survey.looked_at), all=number(survey.texts))
    problems: dict[str, list[str]] = {}
    for file in survey.files:
        if file.problem:
            problems.setdefault(file.problem, []).append(file.path)
    for problem, paths in problems.items():
        yield _PROBLEMS.fill(problem=_problem_message(problem), n=number(len(paths)), names=first_of(paths, _SHOWN))
    if survey.missing:
        yield _MISSING.fill(n=number(len(survey.missing)), names=first_of(list(survey.missing), _SHOWN))
    if survey.identical_files:
        names = first_of([" = ".join(paths) for paths in survey.identical_files], _SHOWN)
        yield _("groups of identical files: {n}: {names}", n=number(len(survey.identical_files)), names=names)
    if excluded := survey.own_terms.problem:
        yield enumerated([excluded, REMEDY], between="; ")
    if survey.catalogue:
        yield _CATALOGUE.fill(name=survey.catalogue.file, n=number(survey.catalogue.described))


def draft_of(folder: Path, survey: Survey, language: str) -> str:
    """Return a draft of a source file with the values of a survey; the user must add the custodian and the rights."""
    name = re.sub(r"[^a-z0-9]+", "-", folded(folder.resolve().name)).strip("-")
    answers: dict[str, Any] = {"id": name or "entrega", "title": folder.resolve().name or "entrega", "genre": None}
    answers |= draft_values(survey)
    text = schema_line("source") + load_template("folder").filled(answers, language)
    if survey.catalogue and survey.catalogue.suggested:
        text += "\n[collect.columns]\n"
        text += "".join(f"{name} = {toml_value(head)}\n" for head, name in survey.catalogue.suggested.items())
    return text


def _page(folder: Path, survey: Survey, sentences: Sequence[Message], language: str) -> str:
    return render(
        "inventory.html",
        language,
        kind="inventory",
        title=folder.resolve().name or str(folder),
        sections=sections_of(("formats", "files")),
        sentences=sentences,
        heads=_HEADS,
        formats=list(_by_format(survey)),
        files=[
            (
                file,
                _language(file.language) if file.language else "",
                _problem_message(file.problem) if file.problem else file.remedy or "",
            )
            for file in survey.files[:_FILES]
        ],
        more=max(len(survey.files) - _FILES, 0),
    )
