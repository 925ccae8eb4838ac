"""What `sources inventory FOLDER` tells, on a terminal, as JSON and as a page; and the draft of a source's file."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.display_names import language_name
from latam_corpus.cli.interface.show import console, number, print_json, table
from latam_corpus.cli.scaffolds.editor_schema import schema_line, write_with_schema
from latam_corpus.desk.survey import drafted, survey
from latam_corpus.desk.template import load_template
from latam_corpus.desk.toml_text import toml_value
from latam_corpus.errors import ConfigError
from latam_corpus.extract.isolation.programs import asked_for
from latam_corpus.messages import Message, _, decimal, enumerated, first_of
from latam_corpus.pipeline.planning.own_terms import REMEDY
from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.report.page_frame import write_file
from latam_corpus.report.templating import render, sections_of
from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from latam_corpus.desk.survey import Survey, Surveyed

_SHOWN: Final = 5
_FILES: Final = 2000  # on a page
_HEADS: Final = (_("format"), _("files#"), _("megabytes"), _("charsets"), _("languages"), _("is it read?"))
_COUNT: Final = _("files: {files}, {size} MB; not read: {unread}; hidden or links, left out: {hidden}")
_SCANS: Final = _("pages: {pages}; without text, to be recognised (OCR): {scans}")
_RECOGNISE: Final = _("to recognise them: {remedy}")
_LOOKED_AT: Final = _("files with texts: {all}; looked at for their language: {n}")
_TWINS: Final = _("the same bytes under several names: {n}: {names}")
_MISSING: Final = _("lists of bags name what isn't there: {n}: {names}")
_PROBLEMS: Final = _("{problem}: {n}: {names}")
_CATALOGUE: Final = _("«{name}» seems to say what the files are: it describes {n}")
_UNKNOWN: Final = _("unknown")
_YES: Final = _("yes")
_OTHER_NAME: Final = _("give another name")
_WRITTEN: Final = _("draft of a source: {path}")


def tell_survey(folder: Path, draft: Path | None, html: Path | None, language: str, *, as_json: bool) -> None:
    """Survey a folder and tell what is in it.

    Args:
        folder: or a file.
        draft: where a draft of the source's file is written; never over another file.
        html: where a page is written.
        language: of the words.
        as_json: whether JSON is printed instead.

    Raises:
        ConfigError: there is no such folder, or a file can't be written.
    """
    if draft and draft.exists():
        raise ConfigError(str(draft), _("that file is there already"), _OTHER_NAME)
    survey_result = survey(folder)
    sentences = list(_sentences(survey_result))
    if draft:
        write_with_schema(draft, draft_of(folder, survey_result, language), "source", _OTHER_NAME)
        sentences.append(_WRITTEN.fill(path=draft))
    if html:
        write_file(html, _page(folder, survey_result, sentences, language))
    if as_json:
        print_json(_as_json(folder, survey_result, language))
        return
    rows = [[_text(cell, language) for cell in row] for row in _by_format(survey_result)]
    table("", [head.translate(language) for head in _HEADS], rows)
    for one in sentences:
        console.print(one.translate(language), markup=False)


def _as_json(folder: Path, survey: Survey, language: str) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "files": [one.as_dict(language) for one in survey.files],
        "hidden": survey.hidden,
        "missing": list(survey.missing),
        "same_bytes": survey.twins,
        "languages": dict(survey.languages),
        "texts": survey.texts,
        "looked_at": survey.looked_at,
        "catalogue": survey.catalogue.file if survey.catalogue else None,
        "described": survey.catalogue.described if survey.catalogue else 0,
        "own_terms": survey.own_terms.as_dict(),
    }


def _text(cell: Message | str, language: str) -> str:
    return cell if isinstance(cell, str) else cell.translate(language)


def _by_format(survey: Survey) -> Iterator[Sequence[Message | str]]:
    """Yield the files of each format together, those with most bytes first."""
    groups: dict[str, list[Surveyed]] = {}
    for one in survey.files:
        groups.setdefault(str(one.format), []).append(one)
    for group in sorted(groups.values(), key=lambda files: -sum(one.bytes for one in files)):
        charsets = Counter(one.charset for one in group if one.charset)
        ranked = Counter(one.language for one in group if one.language).most_common()
        yield (
            group[0].format,
            number(len(group)),
            _megabytes(group),
            ", ".join(f"{name} ({n})" for name, n in charsets.most_common()),
            enumerated(Message("{name} ({n})", {"name": _language(code), "n": number(n)}) for code, n in ranked),
            group[0].remedy or _YES,
        )


def _language(code: str) -> Message:
    return _UNKNOWN if code == "und" else language_name(code)


def _plainly(problem: str) -> Message:
    return meaning(problem if ":" in problem else f"unreadable:{problem}")


def _megabytes(files: Sequence[Surveyed]) -> Message:
    return decimal(number(round(sum(one.bytes for one in files) / 10**6, 1)))


def _sentences(survey: Survey) -> Iterator[Message]:
    size = _megabytes(survey.files)
    unread = sum(not one.is_read for one in survey.files)
    yield _COUNT.fill(files=number(len(survey.files)), size=size, unread=number(unread), hidden=number(survey.hidden))
    if pages := sum(one.pages for one in survey.files):
        scans = sum(one.scans for one in survey.files)
        yield _SCANS.fill(pages=number(pages), scans=number(scans))
        if scans and (remedy := asked_for("image")):
            yield _RECOGNISE.fill(remedy=remedy)
    if survey.looked_at < survey.texts:
        yield _LOOKED_AT.fill(n=number(survey.looked_at), all=number(survey.texts))
    problems: dict[str, list[str]] = {}
    for one in survey.files:
        if one.problem:
            problems.setdefault(one.problem, []).append(one.path)
    for problem, paths in problems.items():
        yield _PROBLEMS.fill(problem=_plainly(problem), n=number(len(paths)), names=first_of(paths, _SHOWN))
    if survey.missing:
        yield _MISSING.fill(n=number(len(survey.missing)), names=first_of(list(survey.missing), _SHOWN))
    if survey.twins:
        names = first_of([" = ".join(paths) for paths in survey.twins], _SHOWN)
        yield _TWINS.fill(n=number(len(survey.twins)), names=names)
    if excluded := survey.own_terms.problem:
        yield enumerated([excluded, REMEDY], between="; ")
    if survey.catalogue:
        yield _CATALOGUE.fill(name=survey.catalogue.file, n=number(survey.catalogue.described))


def draft_of(folder: Path, survey: Survey, language: str) -> str:
    """Return a source's file with what the folder shows; its holder is left open, and what nobody states is off."""
    name = re.sub(r"[^a-z0-9]+", "-", folded(folder.resolve().name)).strip("-")
    answers: dict[str, Any] = {"id": name or "entrega", "title": folder.resolve().name or "entrega"}
    answers |= {"genre": None}
    answers |= dict(drafted(survey))
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
                one,
                _language(one.language) if one.language else "",
                _plainly(one.problem) if one.problem else one.remedy or "",
            )
            for one in survey.files[:_FILES]
        ],
        more=max(len(survey.files) - _FILES, 0),
    )
