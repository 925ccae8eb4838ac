"""Read the documents of a source's files: whole files, spans, packs of small files, and members of archives."""

from __future__ import annotations

import hashlib
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from importlib import import_module
from itertools import groupby
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from latam_corpus.collect.archives import ArchiveBudget, Refused, members
from latam_corpus.collect.documents.batches import gathered
from latam_corpus.collect.documents.contract import Watch
from latam_corpus.collect.documents.frames import failed_rows, rows_of
from latam_corpus.collect.documents.record_context import RecordContext
from latam_corpus.collect.input_files.archive_lists import ArchiveLists, listed_members, reopened
from latam_corpus.collect.input_files.bags import damage_of
from latam_corpus.collect.input_files.input_file import InputFile, compiled, is_one_of, of_json, opened_file
from latam_corpus.collect.input_files.listing import digest, list_inputs
from latam_corpus.collect.readers import whole_files
from latam_corpus.collect.readers.groups import grouped
from latam_corpus.collect.readers.plug_in_reader import record_reader
from latam_corpus.collect.records import Chunk, Content, Failure, Limits
from latam_corpus.collect.spans import SPAN_BYTES
from latam_corpus.collect.streams import open_url
from latam_corpus.columns import collected_digest
from latam_corpus.errors import ConfigError, PartError, SourceError
from latam_corpus.formats.compression import compression
from latam_corpus.formats.format import Unread
from latam_corpus.formats.registry import UNKNOWN, format_of, plugged_formats
from latam_corpus.formats.sniff import sniffed
from latam_corpus.messages import N_
from latam_corpus.storage.durable import package_digest, tables_digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.archives import Member
    from latam_corpus.collect.documents.batches import Rows
    from latam_corpus.collect.records import Reader, Splitter
    from latam_corpus.collect.spans import Span
    from latam_corpus.formats.format import Format

# Increase it when the rows that are read from the same file change: it is part of every input file's cache key.
VERSION: Final = 2
# Each part of a run costs a tenth of a second and some twenty files on disk: as much time as the stages take for 400 kB
# of text. A file of more than this many bytes gets a part of its own.
SMALL: Final = 2**20
# If a source has at most this many small files, each gets a part: the cost is small, and workers can share them.
FEW: Final = 16
# The limits of a pack, which on average is half full: small enough that a changed file repeats only a few seconds of
# work, and that all workers get packs.
PACK_FILES: Final = 1024
PACK_BYTES: Final = 16 * 2**20


def reading_version() -> str:
    """Return the versions of all code and tables that turn files into rows: readers, columns and plug-ins.

    >>> reading_version().startswith(f"{VERSION} ")
    True
    """
    plugged = [entry for entry in plugged_formats() if entry.records]
    plug_ins = [f"{entry.name} {package_digest(entry.package)}" for entry in plugged]
    return " ".join([str(VERSION), tables_digest(), collected_digest(), *plug_ins])


def packs(files: Sequence[InputFile]) -> Iterator[tuple[InputFile, ...]]:
    """Yield the files of a source, in order, in packs that are read together; a large file is a pack by itself."""
    few = sum(file.size <= SMALL for file in files) <= FEW
    for is_single, group in groupby(files, key=lambda file: few or file.size > SMALL):
        run = tuple(group)
        hashes = [hashlib.sha256(file.relative.encode()).digest() for file in run]
        yield from ((file,) for file in run) if is_single else _cut(run, hashes)


def _cut(files: tuple[InputFile, ...], hashes: list[bytes]) -> Iterator[tuple[InputFile, ...]]:
    """Yield the files in packs, splitting recursively before the file with the smallest hash.

    Each cut depends only on the paths near it, so that adding or removing a file changes only its own pack, or two
    packs if it has the smallest hash or makes a pack too large. If packs were counted from the first file, all later
    packs would change.
    """
    if len(files) <= PACK_FILES and sum(file.size for file in files) <= PACK_BYTES:
        yield files
        return
    middle = min(range(1, len(files)), key=hashes.__getitem__)
    yield from _cut(files[:middle], hashes[:middle])
    yield from _cut(files[middle:], hashes[middle:])


def reader_of(entry: Format) -> Reader:
    """Return the reader of a format that isn't an archive."""
    if entry.reader:
        return cast("Reader", _imported(entry.reader))
    if entry.records:
        return record_reader(entry)
    return whole_files.read


def splitter_of(entry: Format) -> Splitter | None:
    """Return the function that cuts files of the format into spans; None if it has none."""
    return cast("Splitter", _imported(entry.splitter)) if entry.splitter else None


def _imported(path: str) -> object:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


_HEAD: Final = 4096
_NO_RECORDS: Final = N_("it has no records: check that it was copied whole, or remove it")

__all__ = ["BYTES", "ROWS", "SPAN_BYTES", "InputFile", "digest", "list_inputs", "packs", "read", "read_all", "split"]

ROWS: Final = 2000
BYTES: Final = 16 * 2**20


def split(source: Source, file: InputFile, bytes_: int = SPAN_BYTES) -> list[Span | None]:
    """Return the spans of a file that can be read separately, in its order; `[None]` for a file that is not cut.

    Spans are lines of JSON lines and rows of CSV, compressed or not, row groups of Parquet, record batches of Arrow
    files, records of WARC files that can be found by their offset, and members of zips. A file of at most `bytes_` is
    not cut, and neither is a file of a source that joins records. Undamaged files give the same rows whether they are
    read by spans or as a whole.
    """
    entry = format_of(file.relative, source.collect.format) or UNKNOWN
    splitter = splitter_of(entry)
    if splitter is None or file.size <= bytes_ or source.collect.joins_records or file.description.checksum:
        return [None]
    try:
        spans = splitter(_content(file), source, bytes_)
    except SourceError:  # reading the file will report the problem
        return [None]
    return list(spans) if len(spans) > 1 else [None]


def read(
    source: Source,
    file: InputFile,
    rows: int = ROWS,
    bytes_: int = BYTES,
    limit: int | None = None,
    genre: str | None = None,
    span: Span | None = None,
    watch: Watch | None = None,
) -> Iterator[pl.DataFrame]:
    """Return the file's documents, in frames of at most about `rows` rows and `bytes_` bytes.

    A record that can't be used is a row with a `drop_reason`. If a file is damaged, everything in front of the damage
    is read, followed by one failed row for the file. An archive is read like a folder.

    Args:
        source: the source with its mapping and the columns that all its documents share.
        file: a file of `list_inputs`.
        rows: records per frame.
        bytes_: bytes per frame; a larger record has a frame of its own.
        limit: the maximum number of documents.
        genre: the genre of documents for which neither record nor source states one.
        span: a span of `split`; None for the whole file.
        watch: the checker of the records; by default one that raises at the first breach.

    Raises:
        PartError: the file lacks a column that the source names, or breaks another promise about its columns.
    """
    return read_all(source, (file,), rows, bytes_, limit, genre, span, watch)


def read_all(
    source: Source,
    files: Sequence[InputFile],
    rows: int = ROWS,
    bytes_: int = BYTES,
    limit: int | None = None,
    genre: str | None = None,
    span: Span | None = None,
    watch: Watch | None = None,
) -> Iterator[pl.DataFrame]:
    """Yield the documents of several files in turn, as `read` does, in as few frames as possible.

    The options are those of `read`. `limit` counts for each file, and `span` is for a single file.

    Raises:
        PartError: a file lacks a column that the source names, or breaks another promise about its columns.
    """
    watch = watch or Watch(source)
    limits = Limits(rows, bytes_)
    part = str(span) if span else None

    def pieces() -> Iterator[Rows]:
        for file in files:
            entry = format_of(file.relative, source.collect.format) or UNKNOWN
            context = RecordContext(
                source,
                file.relative,
                entry,
                genre,
                part=part,
                watch=watch,
                catalogued=file.description.columns,
                rows=tuple(file.description.rows),
                has_row=bool(file.description.record),
                near=file.description.near,
                unnamed=file.description.unnamed_catalogues,
            )
            if failures := list(_listed_failures(file)):
                yield failed_rows(replace(context, format=UNKNOWN), failures)
            if file.description.header_row > 1:
                watch.facts.header_rows[file.relative] = file.description.header_row
            if not (file.description.is_list or failures):
                yield from _pieces(context, _content(file, span), limits, limit)

    yield from gathered(pieces(), limits)
    watch.end()


def _listed_failures(file: InputFile) -> Iterator[Failure]:
    """Yield a file's failures by the bag lists and catalogues that describe it; for a list, its own failures."""
    yield from of_json(file.description.failures)
    if not (file.description.checksum or file.description.unlisted):
        return
    try:
        if damage := damage_of(file.description, partial(opened_file, file)):
            yield damage
    except SourceError:  # reading the file will report the problem
        return


def _pieces(context: RecordContext, content: Content, limits: Limits, limit: int | None) -> Iterator[Rows]:
    """Yield the file's rows as they are read, up to the limit."""
    if limit is not None and not context.source.collect.joins_records:
        limits = Limits(max(1, min(limits.rows, limit)), limits.bytes_)
    remaining = limit
    for piece in _rows(context, content, limits):
        shown = piece if remaining is None or piece.height <= remaining else piece.take(range(remaining))
        if shown.height:
            yield shown
        if remaining is not None:
            remaining -= shown.height
            if not remaining:
                return


def _content(file: InputFile, span: Span | None = None) -> Content:
    return Content(file.relative, partial(_opened, file.url), span)


def _opened(url: str) -> BinaryIO:
    """Open a listed file; failing to open it is an error of the part, not damage to the file."""
    try:
        return open_url(url)
    except SourceError as error:
        raise PartError(error.place, error.problem, error.remedy) from None


def _rows(
    context: RecordContext, content: Content, limits: Limits, budget: ArchiveBudget | None = None
) -> Iterator[Rows]:
    """Yield the rows of a file or of a member of an archive."""
    # A member of a tar can be opened only once.
    is_unsure = context.format.may_be_another and context.member is None and not context.source.collect.format
    if is_unsure and _is_another(content, archive=context.format.archive):
        context = replace(context, format=UNKNOWN)
    if context.format.archive:
        yield from _of_members(context, content, limits, budget)
        return
    chunks = _guarded(context, content, limits)
    if context.catalogued and context.format.media_type is not None:
        catalogued = context.catalogued
        chunks = (replace(chunk, records=[{**catalogued, **record} for record in chunk.records]) for chunk in chunks)
    if context.source.collect.joins_records and context.media_type is None:
        chunks = grouped(chunks, context.source.collect, limits)
    body = "raw" if context.media_type else "text"
    for chunk in chunks:
        yield rows_of(context, chunk) if chunk.records else failed_rows(context, chunk.failures, body)


def _is_another(content: Content, *, archive: bool) -> bool:
    """Whether a file with the suffix of a table or an archive starts with the bytes of a document or a picture."""
    if content.span is not None or compression(content.relative):
        return False
    with content.open() as stream:
        head = stream.read(_HEAD)
    kind = sniffed(head)
    if isinstance(kind, Unread):
        return kind.sure and not (archive and head.startswith(b"PK"))
    return kind is not None and not kind.startswith("text/")


def _guarded(context: RecordContext, content: Content, limits: Limits) -> Iterator[Chunk]:
    """Yield the reader's chunks; add a last one with a failure if the file is damaged or has no records."""
    is_empty = content.span is None
    try:
        chunks = reader_of(context.format)(content, context.source, limits)
        if context.watch and context.format.media_type is None:
            chunks = context.watch.over(context.relative, chunks, is_part=content.span is not None)
        for chunk in chunks:
            if context.watch:
                context.watch.facts.count_passed_over(chunk.passed_over)
            if chunk.records or chunk.failures:
                yield chunk
            is_empty &= not (chunk.records or chunk.failures or chunk.passed_over)
    except SourceError as error:
        yield Chunk([], [], [Failure(None, "damaged file", {"error": error.args[1]})])
    else:
        if is_empty:
            yield Chunk([], [], [Failure(None, "empty file", {"remedy": _NO_RECORDS})])


def _of_members(
    context: RecordContext, content: Content, limits: Limits, budget: ArchiveBudget | None
) -> Iterator[Rows]:
    """Yield the rows of an archive's members in stored order; an unreadable member becomes a failed row.

    The source's patterns choose among the members as among a folder's files, unless a pattern matched the archive.

    Raises:
        PartError: a catalogue inside it can't be used.
    """
    budget = budget or ArchiveBudget()
    collect = context.source.collect
    patterns = [compiled(pattern) for pattern in collect.files]
    if any(pattern.fullmatch(context.file) for pattern in patterns):
        patterns = []
    try:
        with nullcontext(content) if context.member is None else reopened(content) as archive:
            lists = ArchiveLists() if context.format.holds else listed_members(context.source, archive)
            for member in members(archive, budget):
                if isinstance(member, Failure):
                    yield failed_rows(replace(context, format=UNKNOWN), [member])
                    continue
                name = member.name if context.member is None else f"{context.member}/{member.name}"
                inner = replace(context, member=name, part=None)
                holds = context.format.holds
                entry = format_of(member.name, None if holds else collect.format) or UNKNOWN
                if (holds and entry.name != holds) or member.name in lists.left_out:
                    continue
                inner = replace(inner, format=entry)
                if isinstance(member, Refused):
                    yield failed_rows(replace(inner, format=UNKNOWN), [member.failure])
                elif entry.archive and context.member is not None:
                    failure = Failure(
                        None,
                        "nested archive",
                        {"remedy": N_("unpack it; only one level of archives within archives is read")},
                    )
                    yield failed_rows(replace(inner, format=UNKNOWN), [failure])
                elif entry.archive or is_one_of(member.name, patterns):
                    yield from _of_member(inner, member, lists.members.get(member.name), limits, budget)
    except SourceError as error:
        yield failed_rows(replace(context, format=UNKNOWN), [Failure(None, "damaged file", {"error": error.args[1]})])
    except ConfigError as error:
        raise PartError(f"{context.relative}, {error.place}", error.problem, error.remedy) from None


def _of_member(
    context: RecordContext, member: Member, described_file: InputFile | None, limits: Limits, budget: ArchiveBudget
) -> Iterator[Rows]:
    """Yield the rows of an archive's member, with its columns from a catalogue, unless its checksum differs."""
    content = Content(context.relative, member.open)
    if described_file is None:
        yield from _rows(context, content, limits, budget)
        return
    description = described_file.description
    unread = replace(context, format=UNKNOWN)
    if description.is_list:
        if description.header_row > 1 and context.watch:
            context.watch.facts.header_rows[context.relative] = description.header_row
        if failures := list(of_json(description.failures)):
            yield failed_rows(unread, failures)
        return
    context = replace(
        context,
        catalogued={**(context.catalogued or {}), **description.columns} or None,
        rows=(*context.rows, *description.rows),
        has_row=context.has_row or bool(description.record),
        near=description.near or context.near,
        unnamed=(*context.unnamed, *description.unnamed_catalogues),
    )
    try:
        # A member of a tar can be opened only once, and is needed both for its checksum and for its rows.
        with reopened(content) if description.checksum else nullcontext(content) as member_content:
            if damage := damage_of(description, member_content.open):
                yield failed_rows(unread, [damage])
            else:
                yield from _rows(context, member_content, limits, budget)
    except SourceError as error:
        yield failed_rows(unread, [Failure(None, "damaged file", {"error": error.args[1]})])
