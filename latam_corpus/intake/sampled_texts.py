"""Sample texts of a source's files: the language of each first text, and verse that a run would join as prose."""

from __future__ import annotations

import json
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.batch import Batch
from latam_corpus.codes import short
from latam_corpus.collect.documents.contract import Watch
from latam_corpus.collect.files import list_inputs, read
from latam_corpus.columns import TERMS
from latam_corpus.errors import ConfigError, CorpusError, closest
from latam_corpus.extract.charset import decode
from latam_corpus.extract.media_type import parse_media_type
from latam_corpus.extract.stage import Extract
from latam_corpus.extract.wraps import looks_like_verse
from latam_corpus.formats.registry import BY_NAME, format_of
from latam_corpus.language.model import load
from latam_corpus.language.model_files import chosen
from latam_corpus.messages import Message, _
from latam_corpus.pipeline.planning.default_recipe import wanted_languages
from latam_corpus.pipeline.planning.registry import make_stage
from latam_corpus.pipeline.rows.conserve import pass_through, split_dropped
from latam_corpus.pipeline.stored_runs.held_documents import UNKNOWN, hold_of
from latam_corpus.privacy.speakers import is_interview
from latam_corpus.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.input_files.input_file import InputFile
    from latam_corpus.pipeline.planning.own_terms import OwnTerms


LARGEST: Final = 32 * 2**20  # maximum bytes of a sampled file
_SAMPLED_FILES: Final = 1000  # the sample is spread evenly over all files
_DOCUMENTS: Final = 3  # documents per sampled file
LOOKS_LIKE_VERSE: Final = _("this looks like verse, but its lines are joined as prose")
REMEDY: Final = _('write form = "verse" in [collect], or remove form, to keep the lines as they are')
_FILES: Final = 20  # number of sampled files, evenly spread over all files
_TEXTS: Final = 5  # per file or archive


@dataclass(frozen=True)
class SampledText:
    """The facts about the first text of a file, and the terms that would apply to it in a run.

    Attributes:
        language: the identified language; None without a text.
        problem: the reason why it has no text; empty for a text.
        form: the apparent form of its lines: `verse`, `interview`, `prose` or `table`; None without a text.
        rights: the strictest statement of rights, from its source, its row of the catalogue, or the text itself.
        rights_tier: the tier of the statement; None if nothing was read.
        uses: the uses that all statements allow.
        held: the reason why no version could contain it, whatever terms the version admits; empty if there is none.
    """

    language: str | None = None
    problem: str = ""
    form: str | None = None
    rights: str | None = None
    rights_tier: str | None = None
    uses: tuple[str, ...] = ()
    held: str = ""


def sampled_texts(
    sources: Mapping[str, Source], files: Sequence[InputFile], own_terms: OwnTerms
) -> dict[str, SampledText]:
    """Return the first text of each sampled file, by path.

    The sample is spread evenly over `files`; `sources` has the source of each, by path. The rights that texts state are
    added to `own_terms`.
    """
    sample = [file for file in files if file.size <= LARGEST]
    if len(sample) > _SAMPLED_FILES:
        sample = [sample[index * len(sample) // _SAMPLED_FILES] for index in range(_SAMPLED_FILES)]
    if not sample:
        return {}
    languages, _unnamed = wanted_languages([sources[sample[0].relative]], load(chosen()).codes)
    identify = make_stage("identify", {"languages": languages} if languages else {}, "inventory")
    assert isinstance(identify, Stage)  # noqa: S101  (the registry's own)
    today = datetime.now(UTC).date()
    texts: dict[str, SampledText] = {}
    for file in sample:
        own_terms.files += 1
        texts[file.relative] = _first_text(sources[file.relative], file, identify, own_terms, today)
    return texts


def _first_text(source: Source, file: InputFile, identify: Stage, own_terms: OwnTerms, today: date) -> SampledText:
    # Not strict, since a table without a text column must not end the survey.
    frames = read(source, file, limit=_DOCUMENTS, genre=source.genre or "web", watch=Watch(source, strict=False))
    frame = next(iter(frames), None)
    if frame is None or not frame.height:
        return SampledText()
    collected = frame.row(0, named=True)
    passed = split_dropped(Batch(frame), "collect")
    dropped = passed.dropped
    if len(passed.kept):
        passed = pass_through(Extract(), passed.kept)
        own_terms.add(passed)
        dropped = passed.dropped if passed.dropped.height else dropped
    if len(passed.kept):
        passed = pass_through(identify, passed.kept)
    kept_rows = passed.kept.frame
    if kept_rows.height:
        row = kept_rows.row(0, named=True)
        language, problem, form = short(row["language"] or "und"), "", _form(file, collected, row)
    elif dropped.height:
        row = dropped.row(0, named=True)
        language, problem, form = None, str(row["drop_reason"]), None
    else:
        return SampledText()
    tier, uses = row.get("rights_tier"), tuple(row.get("uses") or ())
    held = _hold({**collected, **row}, collected.get("evidence"), source, today)
    return SampledText(language, problem, form, row.get("rights"), tier, uses, held)


def _form(file: InputFile, collected: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """Return the apparent form of a text's lines, whatever form its source states."""
    entry = format_of(file.relative)
    if entry is not None and entry.reader and entry.media_type is None:
        return "table"
    if is_interview(row.get("turns")):
        return "interview"
    stated = BY_NAME[entry.name].form if entry is not None and entry.name in BY_NAME else None
    text = plain_text_of(collected)
    return stated or ("verse" if looks_like_verse(row["text"] if text is None else text) else "prose")


def _hold(row: Mapping[str, Any], note: str | None, source: Source, today: date) -> str:
    """Return the reason why no version could contain a document; empty if there is none."""
    if row.get("rights_tier") == "unknown":
        picks = ((name, getattr(source.collect.columns, name, None)) for name in TERMS)
        mapping = [{"source": source.id, "from": pick.column, "column": name} for name, pick in picks if pick]
        why = hold_of(json.loads(note or "{}"), source.id, mapping)
        return f"{UNKNOWN}:{why}" if why else UNKNOWN if source.rights else "rights=null"
    if row.get("expires") and row["expires"] < today:
        return f"expires<{today.isoformat()}"
    if row.get("embargo_until") and row["embargo_until"] > today:
        return f"embargo_until>{today.isoformat()}"
    return "" if row.get("uses") else "uses=null"


def plain_text_of(row: Mapping[str, Any]) -> str | None:
    """Return the text of a collected plain text file, with LF as line ends; None for another format.

    The row is a collected document, with `raw` and `media_type`.
    """
    raw = row.get("raw")
    kind, parameters = parse_media_type(row.get("media_type") or "")
    if raw is None or kind != "text/plain":
        return None
    text = decode(raw, parameters.get("charset"))[0]
    return text.replace("\r\n", "\n").replace("\r", "\n")


def joins_verses(source: Source, row: Mapping[str, Any]) -> bool:
    """Return whether a run would join the verses of a document."""
    text = plain_text_of(row) if source.collect.form == "prose" else None
    return text is not None and looks_like_verse(text)


def files_with_verses(source: Source, where: str) -> Iterator[tuple[str, Message, Message]]:
    """Yield the path, the problem and the remedy for each sampled file with a text that looks like verse."""
    if source.collect.form != "prose":
        return

    files = list_inputs(source, where)
    if len(files) > _FILES:
        files = [files[index * len(files) // _FILES] for index in range(_FILES)]
    for file in files:
        with suppress(CorpusError):  # `check` reports unreadable files
            frames = read(source, file, limit=_TEXTS, genre=source.genre or "web")
            if any(joins_verses(source, row) for frame in frames for row in frame.iter_rows(named=True)):
                yield file.relative, LOOKS_LIKE_VERSE, REMEDY


def only_named(all_files: Sequence[InputFile], names: Sequence[str], place: str) -> list[InputFile]:
    """Return the files with these paths; all if no path is given.

    Raises:
        ConfigError: no file has one of the paths.
    """
    if not names:
        return list(all_files)
    by_path = {unicodedata.normalize("NFC", file.relative): file for file in all_files}
    for name in names:
        if unicodedata.normalize("NFC", name) not in by_path:
            raise ConfigError(place, _("it has no file «{name}»", name=name), closest(name, by_path))
    return [by_path[path] for path in sorted({unicodedata.normalize("NFC", name) for name in names})]
