"""The raw documents of a source's files, in frames of bounded size: whole files, parts, packs, members of archives."""

from __future__ import annotations

import hashlib
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from importlib import import_module
from itertools import groupby
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from latam_corpus.collect.documents.batches import gathered
from latam_corpus.collect.documents.contract import Watch
from latam_corpus.collect.documents.frames import failed_rows, rows_of
from latam_corpus.collect.documents.record_context import RecordContext
from latam_corpus.collect.input_files.input_file import InputFile, compiled, is_one_of, of_json, opened_file
from latam_corpus.collect.input_files.listing import digest, list_inputs
from latam_corpus.collect.records import Chunk, Content, Failure, Limits
from latam_corpus.collect.spans import SPAN_BYTES
from latam_corpus.collect.streams import open_url
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
    from latam_corpus.collect.archives import Budget, Member
    from latam_corpus.collect.documents.batches import Rows
    from latam_corpus.collect.records import Reader, Splitter
    from latam_corpus.collect.spans import Span
    from latam_corpus.formats.format import Format

# Raised when files give other rows than before: `reading_version` is part of the key of every input file.
VERSION: Final = 1
# A part takes a tenth of a second and some twenty files on disk, whatever is in it: as much as the stages take for
# 400 kB of text. A larger file than this is worth a part of its own.
SMALL: Final = 2**20
# So few small files are a part each: what that costs isn't felt, and workers can share them.
FEW: Final = 16
# What a pack may hold; on the average it holds half of one or the other. Small enough that a changed file redoes some
# seconds of work, and that there are packs for all workers.
PACK_FILES: Final = 1024
PACK_BYTES: Final = 32 * 2**20


def reading_version() -> str:
    """Return the version of everything that makes rows of files: the readers, their tables and the readers of plug-ins.

    >>> reading_version().startswith(f"{VERSION} ")
    True
    """
    plug_ins = [f"{one.name} {package_digest(one.package)}" for one in plugged_formats() if one.records]
    return " ".join([str(VERSION), tables_digest(), *plug_ins])


def packs(files: Sequence[InputFile]) -> Iterator[tuple[InputFile, ...]]:
    """Yield the files of a source, in their order, as those that are read together; a large file stands alone.

    Args:
        files: those of `list_inputs`.
    """
    few = sum(file.size <= SMALL for file in files) <= FEW
    for alone, run in groupby(files, key=lambda file: few or file.size > SMALL):
        mine = tuple(run)
        yield from ((file,) for file in mine) if alone else _cut(mine, [_lot(file) for file in mine])


def _cut(files: tuple[InputFile, ...], lots: list[bytes]) -> Iterator[tuple[InputFile, ...]]:
    """Yield the files in packs, cut before the one with the least lot, and again what is still too large.

    Where a cut falls rests on the paths around it alone. A file that comes or goes changes its own pack, or where it
    has the least lot or makes a pack too large, two; counted from the first file, all that follow would change.
    """
    if len(files) <= PACK_FILES and sum(file.size for file in files) <= PACK_BYTES:
        yield files
        return
    middle = min(range(1, len(files)), key=lots.__getitem__)
    yield from _cut(files[:middle], lots[:middle])
    yield from _cut(files[middle:], lots[middle:])


def _lot(file: InputFile) -> bytes:
    """Return what is drawn for a file by its path."""
    return hashlib.sha256(file.relative.encode()).digest()


def reader_of(entry: Format) -> Reader:
    """Return the reader of a format that is no archive."""
    if entry.reader:
        return cast("Reader", _imported(entry.reader))
    if entry.records:
        from latam_corpus.collect.readers.plug_in_reader import record_reader

        return record_reader(entry)
    from latam_corpus.collect.readers import whole_files

    return whole_files.read


def splitter_of(entry: Format) -> Splitter | None:
    """Return the function that finds parts inside a file of the format; None if it has none."""
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
    """Return the parts of a file that can be read by themselves, in its order; `[None]` for a file that is read as one.

    Lines of JSON lines and rows of CSV, compressed or not, row groups of Parquet, record batches of Arrow files,
    records of WARC files that can be found by their offset, members of zips. A file of at most `bytes_` is one part, as
    is every file of a source that joins records. Sound files give the same rows, whether they are read by spans or
    whole.

    Args:
        source: how the file is read.
        file: one of `list_inputs`.
        bytes_: bytes a part, about.
    """
    entry = format_of(file.relative, source.collect.format) or UNKNOWN
    splitter = splitter_of(entry)
    if splitter is None or file.size <= bytes_ or source.collect.joins_records or file.beside.checksum:
        return [None]
    try:
        spans = splitter(_content(file), source, bytes_)
    except SourceError:  # reading it tells why
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

    A record that can't be used is a row too, with its `drop_reason`; of a damaged file everything before the damage
    is given, then one failed row for the file. An archive is read as if it were a folder.

    Args:
        source: the mapping, and what all its documents share.
        file: one of `list_inputs`.
        rows: records a frame.
        bytes_: bytes a frame; a larger record has a frame of its own.
        limit: documents after which to stop.
        genre: the genre where neither record nor source says one.
        span: one of `split`; None for the whole file.
        watch: what looks at the records meanwhile; by default one that only holds them to what the source says.

    Raises:
        PartError: the file lacks a column that the source names, or breaks what else it says of its columns.
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
    """Yield the documents of several files, one after the other, as `read` gives them, in as few frames.

    Args:
        source: the mapping, and what all its documents share.
        files: some of `list_inputs`.
        rows: records a frame.
        bytes_: bytes a frame; a larger record has a frame of its own.
        limit: documents of each file after which to stop.
        genre: the genre where neither record nor source says one.
        span: of a single file, one of `split`; None for the whole.
        watch: what looks at the records meanwhile; by default one that only holds them to what the source says.

    Raises:
        PartError: a file lacks a column that the source names, or breaks what else it says of its columns.
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
                catalogued=file.beside.columns,
                rows=tuple(file.beside.rows),
                has_row=bool(file.beside.record),
                near=file.beside.near,
                unnamed=file.beside.unnamed_catalogues,
            )
            if failures := list(_by_lists(file)):
                yield failed_rows(replace(context, format=UNKNOWN), failures)
            if file.beside.header_row > 1:
                watch.facts.header_rows[file.relative] = file.beside.header_row
            if not (file.beside.is_list or failures):
                yield from _pieces(context, _content(file, span), limits, limit)

    yield from gathered(pieces(), limits)
    watch.end()


def _by_lists(file: InputFile) -> Iterator[Failure]:
    """Yield what lists beside a file say against it; of a list what it names that isn't there."""
    yield from of_json(file.beside.failures)
    if not (file.beside.checksum or file.beside.unlisted):
        return
    from latam_corpus.collect.input_files.bags import damage_of

    try:
        if damage := damage_of(file.beside, partial(opened_file, file)):
            yield damage
    except SourceError:  # reading it tells why
        return


def _pieces(context: RecordContext, content: Content, limits: Limits, limit: int | None) -> Iterator[Rows]:
    """Yield the file's rows, as they are read, up to the limit."""
    if limit is not None and not context.source.collect.joins_records:
        limits = Limits(max(1, min(limits.rows, limit)), limits.bytes_)
    left = limit
    for piece in _rows(context, content, limits):
        shown = piece if left is None or piece.height <= left else piece.take(range(left))
        if shown.height:
            yield shown
        if left is not None:
            left -= shown.height
            if not left:
                return


def _content(file: InputFile, span: Span | None = None) -> Content:
    return Content(file.relative, partial(_opened, file.url), span)


def _opened(url: str) -> BinaryIO:
    """Return a listed file open for reading; one that can't be opened now isn't damaged.

    Raises:
        PartError: it can't be opened.
    """
    try:
        return open_url(url)
    except SourceError as error:
        raise PartError(error.place, error.problem, error.remedy) from None


def _rows(context: RecordContext, content: Content, limits: Limits, budget: Budget | None = None) -> Iterator[Rows]:
    """Yield the rows of a file or member, whatever its format."""
    # A member of a tar opens once.
    may_lie = context.format.may_be_another and context.member is None and not context.source.collect.format
    if may_lie and _is_another(content, archive=context.format.archive):
        context = replace(context, format=UNKNOWN)
    if context.format.archive:
        yield from _of_members(context, content, limits, budget)
        return
    chunks = _guarded(context, content, limits)
    if context.catalogued and context.format.media_type is not None:
        chunks = (replace(one, records=[{**context.catalogued, **record} for record in one.records]) for one in chunks)
    if context.source.collect.joins_records and context.media_type is None:
        from latam_corpus.collect.readers.groups import grouped

        chunks = grouped(chunks, context.source.collect, limits)
    for chunk in chunks:
        yield rows_of(context, chunk) if chunk.records else failed_rows(context, chunk.failures, _body(context))


def _is_another(content: Content, *, archive: bool) -> bool:
    """Whether a file with the suffix of a table, or of an archive, begins as a document or a picture does."""
    if content.span is not None or compression(content.relative):
        return False
    with content.open() as stream:
        head = stream.read(_HEAD)
    kind = sniffed(head)
    if isinstance(kind, Unread):
        return kind.sure and not (archive and head.startswith(b"PK"))
    return kind is not None and not kind.startswith("text/")


def _body(context: RecordContext) -> str:
    return "raw" if context.media_type else "text"


def _guarded(context: RecordContext, content: Content, limits: Limits) -> Iterator[Chunk]:
    """Yield the reader's chunks; a last one reports a file that is damaged or that has no records."""
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
        yield Chunk([], [], [Failure(None, "damaged file", {"error": error.problem})])
    else:
        if is_empty:
            yield Chunk([], [], [Failure(None, "empty file", {"remedy": _NO_RECORDS})])


def _of_members(context: RecordContext, content: Content, limits: Limits, budget: Budget | None) -> Iterator[Rows]:
    """Yield the rows of an archive's members, in its order; what can't be read of it is a failed row.

    The source's patterns choose among the members as they do among a folder's files, unless they chose the archive.

    Raises:
        PartError: a catalogue inside it can't be used.
    """
    from latam_corpus.collect.archives import Budget, Refused, members
    from latam_corpus.collect.input_files.archive_lists import Listed, listed_members, reopened

    budget = budget or Budget()
    collect = context.source.collect
    patterns = [compiled(pattern) for pattern in collect.files]
    if any(pattern.fullmatch(context.file) for pattern in patterns):
        patterns = []
    try:
        with nullcontext(content) if context.member is None else reopened(content) as again:
            lists = Listed() if context.format.holds else listed_members(context.source, again)
            for member in members(again, budget):
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
                        None, "nested archive", {"remedy": N_("unpack it; archives are read one in another")}
                    )
                    yield failed_rows(replace(inner, format=UNKNOWN), [failure])
                elif entry.archive or is_one_of(member.name, patterns):
                    yield from _of_member(inner, member, lists.members.get(member.name), limits, budget)
    except SourceError as error:
        yield failed_rows(replace(context, format=UNKNOWN), [Failure(None, "damaged file", {"error": error.problem})])
    except ConfigError as error:
        raise PartError(f"{context.relative}, {error.place}", error.problem, error.remedy) from None


def _of_member(
    context: RecordContext, member: Member, listed: InputFile | None, limits: Limits, budget: Budget
) -> Iterator[Rows]:
    """Yield the rows of an archive's member, with what a catalogue says of it, if it is what its bag's list says."""
    from latam_corpus.collect.input_files.archive_lists import reopened
    from latam_corpus.collect.input_files.bags import damage_of

    content = Content(context.relative, member.open)
    if listed is None:
        yield from _rows(context, content, limits, budget)
        return
    beside = listed.beside
    unread = replace(context, format=UNKNOWN)
    if beside.is_list:
        if beside.header_row > 1 and context.watch:
            context.watch.facts.header_rows[context.relative] = beside.header_row
        if failures := list(of_json(beside.failures)):
            yield failed_rows(unread, failures)
        return
    context = replace(
        context,
        catalogued={**(context.catalogued or {}), **beside.columns} or None,
        rows=(*context.rows, *beside.rows),
        has_row=context.has_row or bool(beside.record),
        near=beside.near or context.near,
        unnamed=(*context.unnamed, *beside.unnamed_catalogues),
    )
    try:
        # A member of a tar opens once, and is both held against its checksum and read.
        with reopened(content) if beside.checksum else nullcontext(content) as again:
            if damage := damage_of(beside, again.open):
                yield failed_rows(unread, [damage])
            else:
                yield from _rows(context, again, limits, budget)
    except SourceError as error:
        yield failed_rows(unread, [Failure(None, "damaged file", {"error": error.problem})])
