"""What is on a disk that a partner hands over: formats, sizes, checksums, charsets, pages to be recognised, languages.

Nothing is asked of a network, and nothing is written beside the files. Formats are told by bytes; text is taken from
some files alone, in the box of `extract`.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.batch import Batch
from latam_corpus.catalog.source import Collect, Source
from latam_corpus.codes import short
from latam_corpus.collect.documents.contract import Watch
from latam_corpus.collect.documents.mapping import is_file_column
from latam_corpus.collect.files import read
from latam_corpus.collect.input_files.bags import damage_of, with_bags
from latam_corpus.collect.input_files.file_index import is_table
from latam_corpus.collect.input_files.file_names import FileNames
from latam_corpus.collect.input_files.input_file import InputFile, of_json, opened_file
from latam_corpus.collect.input_files.unnamed_catalogues import recognised
from latam_corpus.collect.records import readable
from latam_corpus.collect.streams import blocks, open_url, payload, surveyed
from latam_corpus.errors import ConfigError, PartError, SourceError
from latam_corpus.extract.charset import decode
from latam_corpus.extract.document import Extracted
from latam_corpus.extract.isolation import sandbox
from latam_corpus.extract.isolation.child import Job, Limits
from latam_corpus.extract.isolation.programs import asked_for
from latam_corpus.extract.stage import Extract
from latam_corpus.formats.compression import compression, stem
from latam_corpus.formats.format import Unread
from latam_corpus.formats.registry import BY_NAME, FORMATS, format_of
from latam_corpus.formats.sniff import HEAD, sniffed
from latam_corpus.messages import _
from latam_corpus.pipeline.planning.own_terms import OwnTerms
from latam_corpus.pipeline.planning.registry import make_stage
from latam_corpus.pipeline.rows.conserve import pass_through, split_dropped
from latam_corpus.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from latam_corpus.collect.input_files.unnamed_catalogues import Catalogue
    from latam_corpus.messages import Message

_PICTURES: Final = "image"
_SAMPLED: Final = 1000  # files of which the text is looked at, spread over all
_LARGEST: Final = 32 * 2**20  # of these
_DOCUMENTS: Final = 3  # of each
_PAGES: Final = "latam_corpus.extract.scans.pdf:count_pages"
_BY_TYPE: Final = {kind: entry.name for entry in FORMATS if entry.extractor for kind in entry.media_types}
_NOT_TEXT: Final = frozenset(
    entry.name for entry in FORMATS if entry.archive or not (entry.extractor or entry.may_be_another)
)


@dataclass(frozen=True)
class Surveyed:
    """What was seen of a file.

    Attributes:
        path: in the folder.
        format: as a source calls it, or what people call it where it isn't read.
        remedy: what to do where it isn't read, or what a recipe must ask for.
        sha256: of its bytes; empty where they can't be read.
        charset: of a text.
        pages: of a PDF or picture.
        scans: how many of these have no text.
        language: of a text that was looked at.
        problem: why that has no text, or isn't what a bag's list says.
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
        """Whether a run reads it that nobody has asked for more."""
        return self.remedy is None

    def as_dict(self, language: str) -> dict[str, Any]:
        """As plain values, for JSON."""
        named = self.format if isinstance(self.format, str) else self.format.translate(language)
        return asdict(replace(self, format="", remedy=None)) | {
            "format": named,
            "read": self.is_read,
            "remedy": self.remedy and self.remedy.translate(language),
        }


@dataclass(frozen=True)
class Survey:
    """What is in a folder.

    Attributes:
        hidden: files that were left out, since their names begin with a point.
        missing: names that bags list and that aren't there.
        catalogue: the list that says what most of the files are; None if there is none.
        texts: how many files have texts that are read.
        looked_at: of how many of them a text was looked at.
        own_terms: what these texts state of themselves.
    """

    files: tuple[Surveyed, ...]
    hidden: int
    missing: tuple[str, ...]
    catalogue: Catalogue | None = None
    texts: int = 0
    looked_at: int = 0
    own_terms: OwnTerms = field(default_factory=OwnTerms)

    @property
    def twins(self) -> list[list[str]]:
        """The paths of files that have the same bytes, those of each together."""
        by_digest: dict[str, list[str]] = defaultdict(list)
        for one in self.files:
            if one.sha256 and one.bytes:
                by_digest[one.sha256].append(one.path)
        return [paths for paths in by_digest.values() if len(paths) > 1]

    @property
    def languages(self) -> Counter[str]:
        """How many of the files that were looked at are in each language."""
        return Counter(one.language for one in self.files if one.language)


def survey(folder: Path) -> Survey:
    """Return what is in a folder, or what a file is.

    Raises:
        ConfigError: there is no such folder, or it has no files.
    """
    listed, hidden = _listed(folder)
    if not listed:
        raise ConfigError(str(folder), _("it has no files"), _("check the path"))
    source = Source(id="inventario", title=str(folder), holder="not stated")
    in_bags = {one.relative: one for one in with_bags(listed)}
    missing = [
        str(failure.evidence.get("name", ""))
        for one in in_bags.values()
        for failure in of_json(one.description.failures)
        if failure.cause == "missing file"
    ]
    seen = [_seen(in_bags[one.relative]) if one.relative in in_bags else _of_a_bag(_seen(one)) for one in listed]
    sources = {facts.path: _in_charset(source, facts) for facts in seen}
    catalogue = _catalogue(sources, listed)
    named = catalogue.file if catalogue else ""
    texts = [facts.is_read and facts.path != named for facts in seen]
    own_terms = OwnTerms(all_files=sum(texts))
    languages = _languages(sources, [one for one, is_text in zip(listed, texts, strict=True) if is_text], own_terms)
    files = []
    for facts in seen:
        language, problem = languages.get(facts.path, (None, ""))
        remedy = None if facts.path == named else facts.remedy  # it is read for what it says of the others
        files.append(replace(facts, language=language, problem=facts.problem or problem, remedy=remedy))
    return Survey(tuple(files), hidden, tuple(missing), catalogue, sum(texts), len(languages), own_terms)


def _listed(folder: Path) -> tuple[list[InputFile], int]:
    """Return the files below a folder, by their paths, and how many hidden ones there are. No link is followed."""
    if folder.is_file():
        return [_input(folder, folder.name)], 0
    files, hidden = [], 0
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in sorted(folders) if not name.startswith(".")]
        for name in sorted(names):
            path = Path(root, name)
            if name.startswith(".") or not path.is_file() or path.is_symlink():
                hidden += 1
                continue
            files.append(_input(path, path.relative_to(folder).as_posix()))
    return sorted(files), hidden


def _input(path: Path, relative: str) -> InputFile:
    return InputFile(readable(relative), str(path), path.stat().st_size)


def _seen(file: InputFile) -> Surveyed:
    """Return what the bytes of a file say."""
    digest = hashlib.sha256()
    try:
        with Path(file.url).open("rb") as stream:
            while block := stream.read(2**20):
                digest.update(block)
        damage = damage_of(file.description, partial(opened_file, file))
    except (OSError, SourceError) as error:
        return Surveyed(
            file.relative, file.size, _("a file that can't be read"), _("check the path"), problem=str(error)
        )
    entry = format_of(file.relative)
    head, tail, broken = _ends(file)
    kind = sniffed(head[:HEAD], head[:HEAD] + tail)
    problem = damage.cause if damage else "damaged file" if broken else ""
    facts = Surveyed(file.relative, file.size, "", sha256=digest.hexdigest(), problem=problem)
    if isinstance(kind, Unread) and (kind.sure or entry is None or entry.shares_suffix):
        if entry is not None and entry.archive:
            return replace(facts, format=entry.name)
        return replace(facts, format=kind.name, remedy=kind.remedy)
    name = _BY_TYPE.get(kind, "") if isinstance(kind, str) else ""
    named = name or (entry.name if entry else "")
    if not named:
        return replace(facts, format=_("a file of an unknown format"), remedy=_("save it as a text, or leave it out"))
    if named == "pdf":
        facts = _with_pages(facts, file)
    elif named == _PICTURES:
        facts = replace(facts, pages=1, scans=1)
    textual = kind is None or (isinstance(kind, str) and kind.startswith("text/")) or str(kind).endswith("xml")
    if textual and named not in _NOT_TEXT:
        facts = replace(facts, charset=decode(head[: head.rfind(b"\n", 0, HEAD) + 1 or HEAD])[1])
    return replace(facts, format=named, remedy=asked_for(named))


def _ends(file: InputFile) -> tuple[bytes, bytes, bool]:
    """Return the first and the last bytes of a file, decompressed, and whether it is damaged."""
    head = tail = b""
    try:
        with open_url(file.url) as stream:
            for block in surveyed(stream, compression(file.relative), []):
                head = head or block
                tail = block if len(block) >= HEAD else (tail + block)[-(2**20) :]
    except (SourceError, PartError):
        return head, tail, True
    return head, tail, False


def _of_a_bag(facts: Surveyed) -> Surveyed:
    """Return what was seen of a file by which a bag says what it is."""
    return replace(facts, format=_("a list of a bag (BagIt)"), remedy=_("leave it out"), charset=None)


def _with_pages(facts: Surveyed, file: InputFile) -> Surveyed:
    if file.size > 8 * _LARGEST or facts.problem:
        return facts
    with open_url(file.url) as stream:
        raw = payload(blocks(stream, compression(file.relative)))
    if raw is None:
        return facts
    job = Job(_PAGES, raw, patience=1 + len(raw) / 2**20)
    (outcome,) = sandbox.extract([job], Limits())
    if isinstance(outcome, Extracted):
        pages, scans = map(int, outcome.text.split())
        return replace(facts, pages=pages, scans=scans)
    return replace(facts, problem=facts.problem or outcome.cause)


def _in_charset(source: Source, facts: Surveyed) -> Source:
    """Return the source as it reads a file that was saved in another charset than UTF-8."""
    charset = _legacy(facts)
    return source.model_copy(update={"collect": Collect(charset=charset)}) if charset else source


def _legacy(facts: Surveyed) -> str | None:
    """Return the charset of a table that a source must state; None for what its reader tells by itself."""
    return facts.charset if facts.format == "csv" and not (facts.charset or "utf").startswith("utf") else None


def _languages(
    sources: Mapping[str, Source], files: Sequence[InputFile], own_terms: OwnTerms
) -> dict[str, tuple[str | None, str]]:
    """Return the language of some files, spread over all that are read, or why they have no text.

    Args:
        sources: by file, how it is read.
        files: those with texts.
        own_terms: to which is added what the texts state of themselves.
    """
    small = [one for one in files if one.size <= _LARGEST]
    some = [small[place * len(small) // _SAMPLED] for place in range(min(_SAMPLED, len(small)))] if small else []
    if len(small) <= _SAMPLED:
        some = small
    identify = make_stage("identify", {}, "inventory")
    assert isinstance(identify, Stage)  # noqa: S101  (the registry's own)
    seen: dict[str, tuple[str | None, str]] = {}
    for file in some:
        source = sources[file.relative]
        own_terms.files += 1
        # A table without a column of texts is no reason to end.
        for frame in read(source, file, limit=_DOCUMENTS, genre="web", watch=Watch(source, strict=False)):
            passed = split_dropped(Batch(frame), "collect")
            fallen = passed.dropped
            if len(passed.kept):
                passed = pass_through(Extract(), passed.kept)
                own_terms.add(passed)
                fallen = passed.dropped if passed.dropped.height else fallen
            if len(passed.kept):
                passed = pass_through(identify, passed.kept)
            kept = passed.kept.frame
            if kept.height:
                seen[file.relative] = (short(kept["language"][0] or "und"), "")
            elif fallen.height:
                seen.setdefault(file.relative, (None, str(fallen["drop_reason"][0])))
            break
        seen.setdefault(file.relative, (None, ""))
    return seen


def _catalogue(sources: Mapping[str, Source], files: Sequence[InputFile]) -> Catalogue | None:
    """Return the list that describes most files; None if none describes any."""
    lists = [one for one in files if is_table(one) or Path(one.relative).suffix.lower() == ".mrc"]
    names = FileNames(files)
    found = [recognised(sources[one.relative], one, names) for one in lists[:_SAMPLED]]
    return max((one for one in found if one and one.described), key=lambda one: one.described, default=None)


def drafted(survey: Survey) -> Iterator[tuple[str, Any]]:
    """Yield what a source's file may say of the folder, by dotted key."""
    formats = Counter(one.format for one in survey.files if one.is_read and isinstance(one.format, str))
    may_be_read = [
        one for one in survey.files if one.is_read or (isinstance(one.format, str) and asked_for(one.format))
    ]
    read_files = [one for one in may_be_read if survey.catalogue is None or one.path != survey.catalogue.file]
    suffixes = sorted({Path(stem(one.path)).suffix.lower() for one in read_files})
    if suffixes:
        yield "collect.files", ["**/*"] if "" in suffixes else [f"**/*{suffix}" for suffix in suffixes]
    commonest = next((name for name, _count in formats.most_common(1)), "")
    yield "collect.form", BY_NAME[commonest].form if commonest in BY_NAME else None
    # One for all: of a table in UTF-8 it would garble what isn't ASCII.
    charsets = {_legacy(one) for one in survey.files if one.format == "csv"}
    if len(charsets) == 1 and None not in charsets:
        yield "collect.charset", charsets.pop()
    if catalogue := survey.catalogue:
        yield "collect.index.file", catalogue.pattern
        yield "collect.index.column", None if is_file_column(catalogue.column) else catalogue.column
    known = [code for code, _count in survey.languages.most_common() if code != "und"]
    if known:
        yield "languages", known
