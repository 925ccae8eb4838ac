"""Survey a folder, like `latam-corpus sources inventory`, with the terms that would apply to each file."""

from __future__ import annotations

import re
from collections.abc import Sequence  # noqa: TC003  (arguments are checked against it)
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus.api.arguments import Language, check_arguments
from latam_corpus.catalog.source import load_source
from latam_corpus.collect.documents.mapping import is_file_column
from latam_corpus.formats.registry import BY_NAME
from latam_corpus.formats.sniff import OTHER_XML
from latam_corpus.intake.sampled_texts import SampledText
from latam_corpus.intake.survey import UNKNOWN_FORMAT, Survey
from latam_corpus.intake.survey import survey as survey_folder
from latam_corpus.messages import Message, _, known
from latam_corpus.pipeline.stored_runs.reasons import meaning

if TYPE_CHECKING:
    from latam_corpus.catalog.source import Source
    from latam_corpus.intake.survey import SurveyedFile

_SCHEMA: Final = pl.Schema(
    {
        "path": pl.String(),
        "kind": pl.String(),
        "bytes": pl.Int64(),
        "sha256": pl.String(),
        "is_read": pl.Boolean(),
        "is_catalogue": pl.Boolean(),
        "language": pl.String(),
        "form": pl.String(),
        "catalogue_row": pl.String(),
        "looks_like": pl.String(),
        "rights": pl.String(),
        "rights_tier": pl.String(),
        "uses": pl.List(pl.String()),
        "held": pl.String(),
        "held_because": pl.String(),
        "problem": pl.String(),
        "remedy": pl.String(),
        "reason": pl.String(),
        "charset": pl.String(),
        "pages": pl.Int64(),
        "scans": pl.Int64(),
    }
)
_UNCHOSEN: Final = (_("the source doesn't choose this kind of file"), _("add its pattern to files in [collect]"))
_NOT_READ: Final = _("its format isn't read: {format}")
_OTHER_XML: Final = re.compile(re.escape(OTHER_XML.msgid).replace(re.escape("{root}"), "(.+)"))


def survey(
    folder: str | Path,
    source: str | Path | None = None,
    *,
    files: Sequence[str] = (),
    language: Language = "en",
) -> pl.DataFrame:
    """Survey a folder; return one row per file, in the order of the paths.

    This writes nothing into the folder and doesn't use the network. Text is extracted in a sandbox, from at most 1,000
    files of up to 32 MB.

    Args:
        folder: the folder, or a single file.
        source: the source file or the id of a source, whose catalogue and rights apply. By default, a table in the
            folder that names files is read as the catalogue, and files have only the rights that the table or they
            state.
        files: the paths of the files to examine; by default all.
        language: the language of the sentences.

    Returns:
        A frame with these columns; unknown values are null.

        - `path`: the path relative to the folder, with `/`.
        - `kind`: the name of the format in source files, or a description of a format that isn't read.
        - `bytes`, `sha256`: the size and the digest of the stored file.
        - `is_read`: whether a run reads the file.
        - `is_catalogue`: whether it is the table that describes the other files.
        - `language`: the ISO 639-3 code of the first text's language; `und` if it isn't clear.
        - `form`: the apparent form of the first text: `verse`, `interview`, `prose` or `table`.
        - `catalogue_row`: the file's name in its row of the catalogue.
        - `looks_like`: for a file without a row, the closest name in the catalogue.
        - `rights`, `rights_tier`, `uses`: the terms of the first text, by the strictest statement of source, row and
          file.
        - `held`, `held_because`: why no version could contain it, whatever terms the version admits, as a sentence and
          as a code; null without a source.
        - `problem`, `remedy`, `reason`: why it has no text, as a sentence; what to do about it; and the reason as a
          code.
        - `charset`, `pages`, `scans`: the charset of a text; for a PDF or picture, the numbers of pages and of pages
          without text.

    Raises:
        ConfigError: the folder has no files or lacks one of `files`, or the source or its catalogue can't be used.
    """
    check_arguments(survey, locals())
    described_by = None if source is None else load_source(source)
    surveyed = survey_folder(Path(folder).expanduser(), described_by, files=files, with_rows=True)
    return pl.DataFrame([_row(file, surveyed, described_by, language) for file in surveyed.files], schema=_SCHEMA)


def _row(file: SurveyedFile, surveyed: Survey, source: Source | None, language: str) -> dict[str, Any]:
    text = surveyed.sampled.get(file.path, SampledText())
    described = surveyed.described.get(file.path)
    record = described.description.columns if described and described.description.record else None
    is_unchosen = file.path in surveyed.unchosen
    problem, reason, remedy = _problem(file)
    if is_unchosen:
        (problem, remedy), reason = _UNCHOSEN, "not chosen"
    held = text.held if source is not None else ""
    return {
        "path": file.path,
        "kind": _in(file.format, language),
        "bytes": file.bytes,
        "sha256": file.sha256 or None,
        "is_read": file.is_read and not is_unchosen,
        "is_catalogue": _is_catalogue(file.path, surveyed),
        "language": file.language,
        "form": text.form,
        "catalogue_row": None if record is None else _name_in(record, _file_column(surveyed, source)),
        "looks_like": (described.description.near or None) if described else None,
        "rights": text.rights,
        "rights_tier": text.rights_tier,
        "uses": None if text.rights_tier is None else list(text.uses),
        "held": meaning(held).translate(language) if held else None,
        "held_because": held or None,
        "problem": _in(problem, language),
        "remedy": _in(remedy, language),
        "reason": reason,
        "charset": file.charset,
        "pages": file.pages,
        "scans": file.scans,
    }


def _is_catalogue(path: str, surveyed: Survey) -> bool:
    described = surveyed.described.get(path)
    is_list = described is not None and described.description.is_list
    return is_list or (surveyed.catalogue is not None and path == surveyed.catalogue.file)


def _file_column(surveyed: Survey, source: Source | None) -> str | None:
    """Return the column of the catalogue that names files, if the source or the survey knows it."""
    if source is not None and source.collect.index:
        return source.collect.index.column
    return surveyed.catalogue.column if surveyed.catalogue else None


def _name_in(record: dict[str, Any], column: str | None) -> str:
    """Return the name of a file in its row; in a library record, its id or title.

    >>> _name_in({"Archivo": "cartas/uno.txt", "Título": "Uno"}, None), _name_in({"title": "Uno"}, None)
    ('cartas/uno.txt', 'Uno')
    """
    naming = column or next((head for head in record if is_file_column(head)), "")
    name = next((record[key] for key in (naming, "id", "title") if record.get(key)), "")
    return str(name or next((value for value in record.values() if value), ""))


def _problem(file: SurveyedFile) -> tuple[Message | None, str | None, Message | None]:
    """Return why a file has no text, as a sentence and as a code, and the remedy."""
    if file.problem:
        reason = file.problem if ":" in file.problem else f"unreadable:{file.problem}"
        return meaning(reason), reason, file.remedy
    if file.is_read:
        return None, None, None
    return not_read(file.format), "unreadable:unknown format", file.remedy


def not_read(kind: Message | str) -> Message:
    """Return the sentence that a format isn't read.

    >>> str(not_read("an unknown format")), not_read("XML with the root <libro>").translate("es")
    ('its format is unknown', 'su formato no se lee: XML con la raíz <libro>')
    """
    if str(kind) == str(UNKNOWN_FORMAT):
        return _("its format is unknown")
    return _NOT_READ.fill(format=format_label(kind) if isinstance(kind, str) else kind)


def format_label(kind: str) -> Message:
    """Return the usual name of a surveyed file's `kind`.

    >>> format_label("captions").translate("es"), format_label("a GIF picture").translate("pt")
    ('subtítulos', 'uma imagem GIF')
    """
    if kind in BY_NAME:
        return BY_NAME[kind].label
    match = _OTHER_XML.fullmatch(kind)
    return OTHER_XML.fill(root=match[1]) if match else known(kind)


def _in(text: Message | str | None, language: str) -> str | None:
    return text.translate(language) if isinstance(text, Message) else text
