"""Survey a folder that a partner hands over: formats, sizes, checksums, charsets, pages without text, languages.

A survey doesn't use the network and writes nothing into the folder. Formats are recognised by their bytes. Text is
extracted only from a sample of the files, in the sandbox of `extract`.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.source import Collect, FileIndex, Source
from latam_corpus.collect.documents.mapping import is_file_column
from latam_corpus.collect.input_files.bags import damage_of, with_bags
from latam_corpus.collect.input_files.file_index import is_table, with_index
from latam_corpus.collect.input_files.file_names import FileNames
from latam_corpus.collect.input_files.input_file import InputFile, compiled, is_one_of, of_json, opened_file
from latam_corpus.collect.input_files.unnamed_catalogues import recognised
from latam_corpus.collect.records import readable
from latam_corpus.collect.streams import blocks, open_url, payload, surveyed
from latam_corpus.errors import ConfigError, PartError, SourceError
from latam_corpus.extract.charset import decode
from latam_corpus.extract.document import Extracted
from latam_corpus.extract.isolation import sandbox
from latam_corpus.extract.isolation.child import DocumentLimits, ExtractJob
from latam_corpus.extract.isolation.programs import asked_for
from latam_corpus.formats.compression import compression, stem
from latam_corpus.formats.format import Unread
from latam_corpus.formats.registry import BY_NAME, FORMATS, format_of
from latam_corpus.formats.sniff import HEAD, sniffed
from latam_corpus.intake.sampled_texts import LARGEST, SampledText, only_named, sampled_texts
from latam_corpus.messages import _
from latam_corpus.pipeline.planning.own_terms import OwnTerms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from latam_corpus.collect.input_files.unnamed_catalogues import Catalogue
    from latam_corpus.messages import Message

_TABLES: Final = 1000  # maximum number of tables that are examined for a catalogue
_PAGES: Final = "latam_corpus.extract.scans.pdf:count_pages"
_BY_TYPE: Final = {kind: entry.name for entry in FORMATS if entry.extractor for kind in entry.media_types}
UNKNOWN_FORMAT: Final = _("an unknown format")
_NOT_TEXT: Final = frozenset(
    entry.name for entry in FORMATS if entry.archive or not (entry.extractor or entry.may_be_another)
)


@dataclass(frozen=True)
class SurveyedFile:
    """The facts about a file.

    Attributes:
        format: the format's name in a source file, or a description of a format that isn't read.
        remedy: the advice for a file that isn't read, or an option that the recipe needs; None for other files.
        sha256: the SHA-256, in hex, of the bytes; empty if they can't be read.
        scans: the number of pages without text.
        problem: why it has no text, or how it differs from the manifest of its bag (BagIt).
    """

    path: str
    bytes: int
    format: Message | str
    remedy: Message | None = None
    sha256: str = ""
    charset: str | None = None
    pages: int = 0
    scans: int = 0
    language: str | None = None
    problem: str = ""

    @property
    def is_read(self) -> bool:
        """Whether a run with default options reads the file."""
        return self.remedy is None

    def as_dict(self, language: str) -> dict[str, Any]:
        """Return plain values, for JSON."""
        format_name = self.format if isinstance(self.format, str) else self.format.translate(language)
        return asdict(replace(self, format="", remedy=None)) | {
            "format": format_name,
            "read": self.is_read,
            "remedy": self.remedy and self.remedy.translate(language),
        }


@dataclass(frozen=True)
class Survey:
    """The result of a survey.

    Attributes:
        hidden: the number of files left out: links, hidden files, and lock files of Office.
        missing: the names in the manifests of bags (BagIt) that have no file.
        catalogue: the table that describes most of the files; None if there is none.
        texts: the number of files with text that a run reads.
        looked_at: the number of these files that were sampled.
        sampled: the first text of each sampled file, by path.
        described: by path, each file with its row in a catalogue or the closest name in it; empty unless requested.
        unchosen: the paths of files that no pattern of the source chooses.
    """

    files: tuple[SurveyedFile, ...]
    hidden: int
    missing: tuple[str, ...]
    catalogue: Catalogue | None = None
    texts: int = 0
    looked_at: int = 0
    own_terms: OwnTerms = field(default_factory=OwnTerms)
    sampled: Mapping[str, SampledText] = field(default_factory=dict)
    described: Mapping[str, InputFile] = field(default_factory=dict)
    unchosen: frozenset[str] = frozenset()

    @property
    def identical_files(self) -> list[list[str]]:
        """The paths of nonempty files with the same bytes, one list per content."""
        by_digest: dict[str, list[str]] = defaultdict(list)
        for file in self.files:
            if file.sha256 and file.bytes:
                by_digest[file.sha256].append(file.path)
        return [paths for paths in by_digest.values() if len(paths) > 1]

    @property
    def languages(self) -> Counter[str]:
        """The number of sampled files in each language."""
        return Counter(file.language for file in self.files if file.language)


def survey(folder: Path, source: Source | None = None, *, files: Sequence[str] = (), with_rows: bool = False) -> Survey:
    """Survey a folder, or a single file.

    If `source` describes the files, its catalogue is read, and its terms apply. `files` are the paths to examine, by
    default all. `with_rows` reads the rows of the catalogue, so that their terms apply.

    Raises:
        ConfigError: the folder doesn't exist or has no files, it lacks one of `files`, or the source's catalogue can't
            be used.
    """
    all_files, hidden = _files_below(folder)
    if not all_files:
        raise ConfigError(str(folder), _("it has no files"), _("check the path"))
    in_bags = {file.relative: file for file in with_bags(all_files)}
    missing = [
        str(failure.evidence.get("name", ""))
        for bag_file in in_bags.values()
        for failure in of_json(bag_file.description.failures)
        if failure.cause == "missing file"
    ]
    input_files = only_named(all_files, files, str(folder))
    facts_of_files = [
        _examined(in_bags[file.relative]) if file.relative in in_bags else _as_bag_list(_examined(file))
        for file in input_files
    ]
    plain = source or Source(id="inventario", title=str(folder), holder="not stated")
    sources = {facts.path: _in_charset(plain, facts) for facts in facts_of_files}
    catalogue = None if plain.collect.index else _file_catalogue(plain, sources, all_files)
    described = _described(plain, list(in_bags.values()), all_files, catalogue) if with_rows else {}
    lists = {path for path, file in described.items() if file.description.is_list} | (
        {catalogue.file} if catalogue else set()
    )
    patterns = [compiled(pattern) for pattern in plain.collect.files]
    unchosen = frozenset(
        file.relative for file in input_files if not (is_one_of(file.relative, patterns) or file.relative in lists)
    )
    is_text = [facts.is_read and facts.path not in lists | unchosen for facts in facts_of_files]
    own_terms = OwnTerms(all_files=sum(is_text))
    texts = [
        described.get(file.relative, file)
        for file, readable_text in zip(input_files, is_text, strict=True)
        if readable_text
    ]
    sampled = sampled_texts(sources, texts, own_terms)
    surveyed_files = []
    for facts in facts_of_files:
        text = sampled.get(facts.path, SampledText())
        remedy = None if facts.path in lists else facts.remedy  # a run reads this file as the catalogue of the files
        problem = facts.problem or text.problem
        surveyed_files.append(replace(facts, language=text.language, problem=problem, remedy=remedy))
    return Survey(
        tuple(surveyed_files),
        hidden,
        tuple(missing),
        catalogue,
        len(texts),
        len(sampled),
        own_terms,
        sampled,
        described,
        unchosen,
    )


def _described(
    source: Source, files: Sequence[InputFile], all_files: Sequence[InputFile], catalogue: Catalogue | None
) -> dict[str, InputFile]:
    """Return by path the files with their rows in the source's catalogue, or in the catalogue that was found.

    Raises:
        ConfigError: the source's catalogue can't be used. A catalogue that was found is ignored in that case.
    """
    if catalogue is None:
        return {file.relative: file for file in with_index(source, files, all_files)}
    column = None if is_file_column(catalogue.column) else catalogue.column or None
    [file] = only_named(all_files, [catalogue.file], "")
    charset = _in_charset(source, _examined(file)).collect.charset
    collect = Collect(charset=charset, index=FileIndex(file=catalogue.pattern, column=column))
    try:
        described = with_index(source.model_copy(update={"collect": collect}), files, all_files)
    except ConfigError:
        described = list(files)
    return {file.relative: file for file in described}


def _files_below(folder: Path) -> tuple[list[InputFile], int]:
    """Return the sorted files below a folder, and the number of hidden files and links, which are left out."""
    if folder.is_file():
        return [_input(folder, folder.name)], 0
    input_files, hidden = [], 0
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in sorted(folders) if not name.startswith(".")]
        for name in sorted(names):
            path = Path(root, name)
            if name.startswith((".", "~$")) or not path.is_file() or path.is_symlink():
                hidden += 1
                continue
            input_files.append(_input(path, path.relative_to(folder).as_posix()))
    return sorted(input_files), hidden


def _input(path: Path, relative: str) -> InputFile:
    return InputFile(readable(relative), str(path), path.stat().st_size)


def _examined(file: InputFile) -> SurveyedFile:
    """Return the facts that can be read from the bytes of a file, without its language."""
    try:
        with Path(file.url).open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256")
        damage = damage_of(file.description, partial(opened_file, file))
    except (OSError, SourceError) as error:
        return SurveyedFile(
            file.relative, file.size, _("a file that can't be read"), _("check the path"), problem=str(error)
        )
    entry = format_of(file.relative)
    head, tail, is_damaged = _head_and_tail(file)
    kind = sniffed(head[:HEAD], head[:HEAD] + tail)
    problem = damage.cause if damage else "damaged file" if is_damaged else ""
    facts = SurveyedFile(file.relative, file.size, "", sha256=digest.hexdigest(), problem=problem)
    if isinstance(kind, Unread) and (kind.sure or entry is None or entry.shares_suffix):
        if entry is not None and entry.archive:
            return replace(facts, format=entry.name)
        return replace(facts, format=kind.name, remedy=kind.remedy)
    sniffed_name = _BY_TYPE.get(kind, "") if isinstance(kind, str) else ""
    format_name = sniffed_name or (entry.name if entry else "")
    if not format_name:
        return replace(facts, format=UNKNOWN_FORMAT, remedy=_("save it as text, or leave it out"))
    if format_name == "pdf":
        facts = _with_pages(facts, file)
    elif format_name == "image":
        facts = replace(facts, pages=1, scans=1)
    is_text = kind is None or (isinstance(kind, str) and kind.startswith("text/")) or str(kind).endswith("xml")
    if is_text and format_name not in _NOT_TEXT:
        facts = replace(facts, charset=decode(head[: head.rfind(b"\n", 0, HEAD) + 1 or HEAD])[1])
    return replace(facts, format=format_name, remedy=asked_for(format_name))


def _head_and_tail(file: InputFile) -> tuple[bytes, bytes, bool]:
    """Return the first and last decompressed bytes of a file, and whether it is damaged."""
    head = tail = b""
    try:
        with open_url(file.url) as stream:
            for block in surveyed(stream, compression(file.relative), []):
                head = head or block
                tail = block if len(block) >= HEAD else (tail + block)[-(2**20) :]
    except (SourceError, PartError):
        return head, tail, True
    return head, tail, False


def _as_bag_list(facts: SurveyedFile) -> SurveyedFile:
    """Return the facts for a manifest or another tag file of a bag (BagIt)."""
    return replace(facts, format=_("a list of a bag (BagIt)"), remedy=_("leave it out"), charset=None)


def _with_pages(facts: SurveyedFile, file: InputFile) -> SurveyedFile:
    if file.size > 8 * LARGEST or facts.problem:
        return facts
    with open_url(file.url) as stream:
        raw = payload(blocks(stream, compression(file.relative)))
    if raw is None:
        return facts
    job = ExtractJob(_PAGES, raw, patience=1 + len(raw) / 2**20)
    (outcome,) = sandbox.extract([job], DocumentLimits())
    if isinstance(outcome, Extracted):
        pages, scans = map(int, outcome.text.split())
        return replace(facts, pages=pages, scans=scans)
    return replace(facts, problem=facts.problem or outcome.cause)


def _in_charset(source: Source, facts: SurveyedFile) -> Source:
    """Return the source with the charset of a table, if that isn't UTF-8."""
    charset = _table_charset(facts)
    return source.model_copy(update={"collect": Collect(charset=charset)}) if charset else source


def _table_charset(facts: SurveyedFile) -> str | None:
    """Return the charset that the source must declare for a CSV table; None if the reader recognises it."""
    return facts.charset if facts.format == "csv" and not (facts.charset or "utf").startswith("utf") else None


def _file_catalogue(source: Source, sources: Mapping[str, Source], files: Sequence[InputFile]) -> Catalogue | None:
    """Return the table that describes most files; None if no table describes any."""
    tables = [file for file in files if is_table(file) or Path(file.relative).suffix.lower() == ".mrc"]
    names = FileNames(files)
    candidates = [recognised(sources.get(file.relative, source), file, names) for file in tables[:_TABLES]]
    catalogues = (candidate for candidate in candidates if candidate and candidate.described)
    return max(catalogues, key=lambda catalogue: catalogue.described, default=None)


def draft_values(survey: Survey) -> Iterator[tuple[str, Any]]:
    """Yield the dotted keys and values that a source file can take from the survey."""
    formats = Counter(file.format for file in survey.files if file.is_read and isinstance(file.format, str))
    may_be_read = [
        file for file in survey.files if file.is_read or (isinstance(file.format, str) and asked_for(file.format))
    ]
    read_files = [file for file in may_be_read if survey.catalogue is None or file.path != survey.catalogue.file]
    suffixes = sorted({Path(stem(file.path)).suffix.lower() for file in read_files})
    if suffixes:
        yield "collect.files", ["**/*"] if "" in suffixes else [f"**/*{suffix}" for suffix in suffixes]
    commonest_format = next((name for name, _count in formats.most_common(1)), "")
    yield "collect.form", BY_NAME[commonest_format].form if commonest_format in BY_NAME else None
    # A source has a single charset, which would garble tables in UTF-8.
    charsets = {_table_charset(file) for file in survey.files if file.format == "csv"}
    if len(charsets) == 1 and None not in charsets:
        yield "collect.charset", charsets.pop()
    if catalogue := survey.catalogue:
        yield "collect.index.file", catalogue.pattern
        yield "collect.index.column", None if is_file_column(catalogue.column) else catalogue.column
    languages = [code for code, _count in survey.languages.most_common() if code != "und"]
    if languages:
        yield "languages", languages
