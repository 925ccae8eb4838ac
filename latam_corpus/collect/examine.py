"""A look at the first records of a source's files, so that a wrong name in the source's file is told before a run."""

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
from latam_corpus.collect.input_files.input_file import compiled, of_json, opened_file
from latam_corpus.collect.input_files.listing import list_inputs, unchosen
from latam_corpus.collect.records import Content, unreadable
from latam_corpus.collect.repeats import COLUMNS, unlike
from latam_corpus.errors import Breach
from latam_corpus.formats.compression import stem
from latam_corpus.formats.registry import UNKNOWN, format_of
from latam_corpus.messages import _, decimal, first_of

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
_DOCUMENTS: Final = 500  # of a file
_BYTES: Final = 2**21  # a frame


# What may be wrong in a list or catalogue with what it names.
_OF_LISTS: Final[Mapping[Cause, tuple[Message, Message]]] = {
    "missing file": (
        _("{n} of its rows {n:names|name} a file that isn't there, or a name that several have: {names}"),
        _("add the file, or correct its name"),
    ),
    "named twice": (
        _("{n} of its rows {n:names|name} a file that another row names: {names}"),
        _("leave one of the two"),
    ),
    "total or note": (
        _("{n} of its rows {n:is a total or a note|are totals or notes} and {n:isn't|aren't} read: row {names}"),
        _("if it names a file, fill in its other columns"),
    ),
    "charset differs": (
        _("records are in another charset than they declare, and are read in that one; the first is number {names}"),
        _("check the accents in the titles, and export the records in UTF-8"),
    ),
    "not in the list": (
        _("{n} {n:file isn't|files aren't} in it: {names}"),
        _("ask whoever made the bag whether it belongs there"),
    ),
}
_BROKEN: Final = (
    _("{n} of its rows {n:is damaged and isn't|are damaged and aren't} used"),
    _("the ledger of the run names each"),
)


@dataclass(frozen=True)
class Examined:
    """What the first records of a source's files show.

    Attributes:
        source: its id.
        files: how many there are.
        looked_at: how many of them were looked at.
        whole: whether everything was read.
        facts: what was seen of the columns.
        breaches: what is wrong.
        doubts: what may be wrong, since other records may show more.
        of_bytes: the first file whose text must be extracted; empty where none is.
        by_request: of formats that are read where a recipe asks for it, how many files.
        terms: of the documents that were read, how many have each rights tier with each set of uses.
        unread: by file and drop reason of records that can't be read, what to do; empty where that isn't known.
    """

    source: str
    files: int
    looked_at: int
    whole: bool
    facts: Facts
    breaches: tuple[Breach, ...]
    doubts: tuple[Breach, ...]
    of_bytes: str
    unread: Mapping[tuple[str, str], str] = field(default_factory=dict)
    by_request: Mapping[str, int] = field(default_factory=dict)
    terms: Counter[tuple[str, tuple[str, ...]]] = field(default_factory=Counter)

    @property
    def notes(self) -> tuple[Breach, ...]:
        """What may be wrong, and which columns aren't taken."""
        return (*self.doubts, *columns_left(self.source, self.facts))


def examine(source: Source, where: str) -> Examined:
    """Return what the first records of some files show, the files being spread over all that there are.

    Args:
        source: whose they are.
        where: a file, a folder, a glob or a URL.

    Raises:
        ConfigError: nothing is there.
    """
    files = list_inputs(source, where)
    # The columns of web archives are known without a look.
    tried = [file for file in files if not _format(source, file).is_web_archive]
    some = [tried[index * len(tried) // _FILES] for index in range(_FILES)] if len(tried) > _FILES else tried
    watch = Watch(source, strict=False)
    most = _DOCUMENTS * max(len(source.collect.texts), 1)
    whole = len(some) == len(files)
    rows = [pl.DataFrame()]
    unread: dict[tuple[str, str], str] = {}
    terms = Counter[tuple[str, tuple[str, ...]]]()
    for file in some:
        frames = []
        for frame in read(source, file, bytes_=_BYTES, limit=most, watch=watch):
            frames.append(frame.select(COLUMNS))
            documents = frame.filter(pl.col("drop_reason").is_null()).select("rights_tier", "uses")
            terms.update((tier, tuple(uses or ())) for tier, uses in documents.iter_rows())
            fallen = frame.drop_nulls("drop_reason").unique("drop_reason", keep="first", maintain_order=True)
            if file.beside.is_list:  # told by `_unusable`, with the names
                fallen = fallen.filter(~pl.col("drop_reason").is_in([unreadable(cause) for cause in _OF_LISTS]))
            for reason, evidence in fallen.select("drop_reason", "evidence").rows():
                unread.setdefault((file.relative, reason), json.loads(evidence or "{}").get("remedy", ""))
        watch.end_of_file()
        whole &= sum(frame.height for frame in frames) < most
        rows += frames
    every = pl.concat(rows, how="diagonal")
    dated, versions = ([source.id] if flag else [] for flag in (watch.facts.dated, source.collect.versions))
    alike = unlike(every, dated, versions) if every.height else ()
    together = tuple(over_all(source, watch.facts))
    of_values = (*unread_values(source.id, watch.facts), *narrowing_columns(source.id, watch.facts))
    return Examined(
        source.id,
        len(files),
        len(some),
        whole,
        watch.facts,
        (*watch.breaches, *alike, *(together if whole and not watch.breaches else ())),
        (
            *_unmatched(source, files),
            *_unchosen(source, where, files),
            *_undescribed(source, files),
            *unnamed_catalogues(source.id, watch.facts.unnamed),
            *of_values,
            *(_of_a_sample(source, watch.facts.records) if of_values and not whole else ()),
            *_unusable(source, files),
            *_titled(source, files, watch.facts),
            *(() if whole else together),
        ),
        next((one.relative for one in files if _is_of_bytes(source, one)), ""),
        unread,
        Counter(entry.name for one in files if (entry := _format(source, one)).program),
        terms,
    )


def _of_a_sample(source: Source, records: int) -> Iterator[Breach]:
    """Yield that counts of values are those of the first records alone."""
    problem = _(
        "these counts are of the first {n} {n:record|records} alone; others may have more such values",
        n=decimal(f"{records:,}"),
    )
    yield Breach(_("input of {source}", source=source.id), problem, _("a run reads and counts all records"))


def _is_of_bytes(source: Source, file: InputFile) -> bool:
    """Whether a text must be extracted from the file; from one of no known format none can, and it is set aside."""
    entry = format_of(file.relative, source.collect.format)
    return entry is not None and entry.media_type is not None and not file.beside.is_list


def _format(source: Source, file: InputFile) -> Format:
    return format_of(file.relative, source.collect.format) or UNKNOWN


def _unmatched(source: Source, files: Sequence[InputFile]) -> Iterator[Breach]:
    """Yield the patterns of `collect.files` that no file matches, where others do.

    One with another compression is the same, and in an archive its members may match.
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
            problem = _("no file is «{pattern}», which collect.files names", pattern=pattern)
            yield Breach(_("input of {source}", source=source.id), problem, _("check the pattern"))


def _unchosen(source: Source, where: str, files: Sequence[InputFile]) -> Iterator[Breach]:
    """Yield what else is in a folder than the kinds of files that the source chooses."""
    left = unchosen(source, where, {name for one in files for name, _line in one.beside.unnamed_catalogues})
    if left:
        kinds = first_of([f"{suffix} ({n})" for suffix, n in left.most_common()], _SHOWN)
        problem = _("{n} {n:file isn't|files aren't} of the kinds in collect.files, and {n:isn't|aren't} read: {kinds}")
        remedy = _('add a pattern, such as "**/*.pdf", if they have texts; without collect.files all are read')
        yield Breach(_("input of {source}", source=source.id), problem.fill(n=left.total(), kinds=kinds), remedy)


def _members(source: Source, file: InputFile) -> Iterator[InputFile]:
    """Yield the members of an archive with a catalogue in it; any other file as it is."""
    entry = _format(source, file)
    if entry.archive and not entry.holds and not file.beside.record:
        from latam_corpus.collect.input_files.archive_lists import listed_members

        content = Content(file.relative, partial(opened_file, file))
        listed = listed_members(source, content)
        if listed.has_index:
            yield from (replace(one, relative=f"{file.relative}/{name}") for name, one in listed.members.items())
            return
    yield file


def _undescribed(source: Source, files: Sequence[InputFile]) -> Iterator[Breach]:
    """Yield the files for which the source's catalogue has no row; nor does it say anything if no column is read."""
    if source.collect.index is None:
        return
    place = _("input of {source}", source=source.id)
    files = [one for file in files for one in _members(source, file)]
    described = [one for one in files if one.beside.record]
    given = {column for one in described for column in json.loads(one.beside.record)}
    if described and given.isdisjoint(columns_read(source, given)):
        problem = _("none of the catalogue's columns is read: {columns}", columns=first_of(sorted(given), _SHOWN))
        yield Breach(place, problem, _('say which is which: [collect.columns] title = "…"'))
    without_row = [one for one in files if not one.beside.is_list and not one.beside.record]
    yield from unlisted_files(source.id, {one.relative: one.beside.near for one in without_row})


def _titled(source: Source, files: Sequence[InputFile], facts: Facts) -> Iterator[Breach]:
    """Yield the tables whose heads are below a title, with the row that is taken."""
    members = [one for file in files for one in _members(source, file)]
    rows = {one.relative: one.beside.header_row for one in members if one.beside.header_row > 1} | facts.header_rows
    for file, row in sorted(rows.items()):
        yield Breach(
            _("«{file}»", file=file), HEADS_AT.fill(n=row), _("if that is wrong, delete the rows above the heads")
        )


def _unusable(source: Source, files: Sequence[InputFile]) -> Iterator[Breach]:
    """Yield what lists and catalogues name that can't be used, by its names."""
    for one in (one for file in files for one in _members(source, file) if one.beside.is_list):
        by_cause: dict[Cause, list[str]] = {}
        for failure in of_json(one.beside.failures):
            by_cause.setdefault(failure.cause, []).append(", ".join(failure.names) or str(failure.number or ""))
        for cause, names in by_cause.items():
            problem, remedy = _OF_LISTS.get(cause, _BROKEN)
            told = problem.fill(n=len(names), names=first_of(names, _SHOWN))
            yield Breach(_("«{file}»", file=one.relative), told, remedy)
