"""Read the first records of a source's files, to find wrong names in the source's file before a run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus.collect.documents.contract import (
    HEADS_AT,
    Watch,
    columns_left,
    narrowing_columns,
    over_all,
    unlisted_files,
    unnamed_catalogues,
)
from latam_corpus.collect.documents.contract import unread as unread_values
from latam_corpus.collect.documents.mapping import columns_read
from latam_corpus.collect.files import read
from latam_corpus.collect.input_files.archive_lists import listed_members
from latam_corpus.collect.input_files.input_file import compiled, of_json, opened_file
from latam_corpus.collect.input_files.listing import list_inputs, unchosen
from latam_corpus.collect.records import Content, unreadable
from latam_corpus.collect.repeats import COLUMNS, unlike
from latam_corpus.errors import Breach
from latam_corpus.formats.compression import stem
from latam_corpus.formats.registry import UNKNOWN, format_of
from latam_corpus.messages import _, decimal, first_of, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.documents.contract import Facts
    from latam_corpus.collect.input_files.input_file import InputFile
    from latam_corpus.collect.records import Cause
    from latam_corpus.formats.format import Format
    from latam_corpus.messages import Message

_SHOWN: Final = 5
_FILES: Final = 20
_DOCUMENTS: Final = 500  # documents per file
_BYTES: Final = 2**21  # bytes per frame


# The problem and the remedy for each way in which an entry of a list or catalogue can't be used.
_OF_LISTS: Final[Mapping[Cause, tuple[Message, Message]]] = {
    "missing file": (
        _("{n} of its rows {n:names|name} a missing file, or a name that several files have: {names}"),
        _("add the file, or correct its name"),
    ),
    "named twice": (
        _("{n} of its rows {n:names|name} a file that another row names: {names}"),
        _("delete one of the two rows"),
    ),
    "total or note": (
        _("{n} of its rows {n:is a total or a note|are totals or notes} and {n:isn't|aren't} read: row {names}"),
        _("if it names a file, fill in its other columns"),
    ),
    "charset differs": (
        _("records aren't in the charset that they declare, and are read in another; the first is number {names}"),
        _("check the accents in the titles, and export the records in UTF-8"),
    ),
    "not in the list": (
        _("{n} {n:file isn't|files aren't} in it: {names}"),
        _("ask whoever made the bag whether it belongs there"),
    ),
}
_BROKEN: Final = (
    _("{n} of its rows {n:is damaged and isn't|are damaged and aren't} used"),
    _("the run's ledger lists each of them"),
)


@dataclass(frozen=True)
class Examined:
    """The findings in the first records of a source's files.

    Attributes:
        looked_at: the number of files that were opened.
        whole: whether everything was read.
        doubts: possible problems; records that weren't read may show that there is none.
        of_bytes: the first file whose text must be extracted; an empty string if there is none.
        by_request: the number of files of each format that is read only if a recipe requests it.
        terms: the number of documents read, by rights tier and set of uses.
        unread: for each file and drop reason of records that can't be read, the remedy; None if no remedy is known.
    """

    source: str
    files: int
    looked_at: int
    whole: bool
    facts: Facts
    breaches: tuple[Breach, ...]
    doubts: tuple[Breach, ...]
    of_bytes: str
    unread: Mapping[tuple[str, str], Message | None] = field(default_factory=dict)
    by_request: Mapping[str, int] = field(default_factory=dict)
    terms: Counter[tuple[str, tuple[str, ...]]] = field(default_factory=Counter)

    @property
    def notes(self) -> tuple[Breach, ...]:
        """The possible problems, and the columns that aren't copied to documents."""
        return (*self.doubts, *columns_left(self.source, self.facts))


def examine(source: Source, where: str) -> Examined:
    """Examine the first records of some of a source's files, chosen at equal intervals.

    `where` is a file, a folder, a glob or a URL.

    Raises:
        ConfigError: there are no files.
    """
    files = list_inputs(source, where)
    # The columns of web archives are always the same.
    tried = [file for file in files if not _format(source, file).is_web_archive]
    sample = [tried[index * len(tried) // _FILES] for index in range(_FILES)] if len(tried) > _FILES else tried
    watch = Watch(source, strict=False)
    limit = _DOCUMENTS * max(len(source.collect.texts), 1)
    is_complete = len(sample) == len(files)
    rows = [pl.DataFrame()]
    unread: dict[tuple[str, str], Message | None] = {}
    terms = Counter[tuple[str, tuple[str, ...]]]()
    for file in sample:
        frames = []
        for frame in read(source, file, bytes_=_BYTES, limit=limit, watch=watch):
            frames.append(frame.select(COLUMNS))
            documents = frame.filter(pl.col("drop_reason").is_null()).select("rights_tier", "uses")
            terms.update((tier, tuple(uses or ())) for tier, uses in documents.iter_rows())
            failed = frame.drop_nulls("drop_reason").unique("drop_reason", keep="first", maintain_order=True)
            if file.description.is_list:  # `unusable_entries` reports these causes, with the names of the files
                failed = failed.filter(~pl.col("drop_reason").is_in([unreadable(cause) for cause in _OF_LISTS]))
            for reason, evidence in failed.select("drop_reason", "evidence").rows():
                values = json.loads(evidence or "{}")
                remedy = sentence(values, values["remedy"]) if values.get("remedy") else None
                unread.setdefault((file.relative, reason), remedy)
        watch.end_of_file()
        is_complete &= sum(frame.height for frame in frames) < limit
        rows += frames
    all_rows = pl.concat(rows, how="diagonal")
    dated, versions = ([source.id] if flag else [] for flag in (watch.facts.dated, source.collect.versions))
    alike = unlike(all_rows, dated, versions) if all_rows.height else ()
    of_all_records = tuple(over_all(source, watch.facts))
    of_values = (*unread_values(source.id, watch.facts), *narrowing_columns(source.id, watch.facts))
    return Examined(
        source.id,
        len(files),
        len(sample),
        is_complete,
        watch.facts,
        (*watch.breaches, *alike, *(of_all_records if is_complete and not watch.breaches else ())),
        (
            *_unmatched(source, files),
            *_unchosen(source, where, files),
            *_undescribed(source, files),
            *unnamed_catalogues(source.id, watch.facts.unnamed),
            *of_values,
            *(_of_a_sample(source, watch.facts.records) if of_values and not is_complete else ()),
            *unusable_entries(source, files),
            *_titled(source, files, watch.facts),
            *(() if is_complete else of_all_records),
        ),
        next((file.relative for file in files if _is_of_bytes(source, file)), ""),
        unread,
        Counter(entry.name for file in files if (entry := _format(source, file)).program),
        terms,
    )


def _of_a_sample(source: Source, records: int) -> Iterator[Breach]:
    """Report that the values were counted only in the first records."""
    problem = _(
        "these counts cover only the first {n} {n:record|records}; others may have more such values",
        n=decimal(f"{records:,}"),
    )
    yield Breach(_("input of {source}", source=source.id), problem, _("a run reads and counts all records"))


def _is_of_bytes(source: Source, file: InputFile) -> bool:
    """Whether text must be extracted from the file; a file of an unknown format is dropped instead."""
    entry = format_of(file.relative, source.collect.format)
    return entry is not None and entry.media_type is not None and not file.description.is_list


def _format(source: Source, file: InputFile) -> Format:
    return format_of(file.relative, source.collect.format) or UNKNOWN


def _unmatched(source: Source, files: Sequence[InputFile]) -> Iterator[Breach]:
    """Report the patterns of `collect.files` that match no file, if other patterns do.

    Patterns that differ only by a compression suffix count as one. A pattern may also match members of an archive.
    """
    if any(_format(source, file).archive for file in files):
        return
    matched: dict[str, bool] = {}
    for pattern in source.collect.files:
        is_name = compiled(pattern).fullmatch
        is_matched = any(is_name(file.relative) for file in files)
        matched[stem(pattern)] = matched.get(stem(pattern), False) or is_matched
    for pattern, is_matched in matched.items():
        if not is_matched and any(matched.values()):
            problem = _("no file matches «{pattern}», which collect.files names", pattern=pattern)
            yield Breach(_("input of {source}", source=source.id), problem, _("check the pattern"))


def _unchosen(source: Source, where: str, files: Sequence[InputFile]) -> Iterator[Breach]:
    """Report the kinds of files in a folder that no pattern of the source chooses."""
    other_kinds = unchosen(
        source, where, {name for file in files for name, _line in file.description.unnamed_catalogues}
    )
    if other_kinds:
        kinds = first_of([f"{suffix} ({n})" for suffix, n in other_kinds.most_common()], _SHOWN)
        problem = _("{n} {n:file isn't|files aren't} of the kinds in collect.files, and {n:isn't|aren't} read: {kinds}")
        remedy = _('add a pattern, such as "**/*.pdf", if they have texts; without collect.files all are read')
        yield Breach(_("input of {source}", source=source.id), problem.fill(n=other_kinds.total(), kinds=kinds), remedy)


def _members(source: Source, file: InputFile) -> Iterator[InputFile]:
    """Yield the members of an archive that contains a catalogue; any other file unchanged."""
    entry = _format(source, file)
    if entry.archive and not entry.holds and not file.description.record:
        content = Content(file.relative, partial(opened_file, file))
        lists = listed_members(source, content)
        if lists.has_index:
            members = lists.members.items()
            yield from (replace(member, relative=f"{file.relative}/{name}") for name, member in members)
            return
    yield file


def _undescribed(source: Source, files: Sequence[InputFile]) -> Iterator[Breach]:
    """Report the files without a row in the source's catalogue, or that no column of the catalogue is read."""
    if source.collect.index is None:
        return
    place = _("input of {source}", source=source.id)
    files = [member for file in files for member in _members(source, file)]
    described = [file for file in files if file.description.record]
    given = {column for file in described for column in json.loads(file.description.record)}
    if described and given.isdisjoint(columns_read(source, given)):
        problem = _("none of the catalogue's columns is read: {columns}", columns=first_of(sorted(given), _SHOWN))
        yield Breach(place, problem, _('state what each column is: [collect.columns] title = "…"'))
    without_row = [file for file in files if not file.description.is_list and not file.description.record]
    yield from unlisted_files(source.id, {file.relative: file.description.near for file in without_row})


def _titled(source: Source, files: Sequence[InputFile], facts: Facts) -> Iterator[Breach]:
    """Report the tables whose header is below a title, with the row of the header."""
    members = [member for file in files for member in _members(source, file)]
    rows = {member.relative: member.description.header_row for member in members if member.description.header_row > 1}
    rows |= facts.header_rows
    for file, row in sorted(rows.items()):
        yield Breach(
            _("«{file}»", file=file), HEADS_AT.fill(n=row), _("if that is wrong, delete the rows above the heads")
        )


def unusable_entries(source: Source, files: Sequence[InputFile]) -> Iterator[Breach]:
    """Report the entries of lists and catalogues that can't be used."""
    for list_ in (member for file in files for member in _members(source, file) if member.description.is_list):
        by_cause: dict[Cause, list[str]] = {}
        for failure in of_json(list_.description.failures):
            by_cause.setdefault(failure.cause, []).append(", ".join(failure.names) or str(failure.number or ""))
        for cause, names in by_cause.items():
            problem, remedy = _OF_LISTS.get(cause, _BROKEN)
            problem = problem.fill(n=len(names), names=first_of(names, _SHOWN))
            yield Breach(_("«{file}»", file=list_.relative), problem, remedy)
