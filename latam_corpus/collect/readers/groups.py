"""Join records to documents, such as the turns of an interview or the sentences of an article."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from latam_corpus.collect.documents.mapping import cleaned, picks, terms_columns, text_of, value_at
from latam_corpus.collect.records import Chunk, Limits, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from latam_corpus.catalog.source import Collect


@dataclass
class _Group:
    number: int | None
    first: Record
    page: int
    lines: dict[str, list[str]]
    places: dict[str, list[int]]
    rows: int = 0
    terms: list[Record] = field(default_factory=list)


def removals(collect: Collect) -> dict[str, tuple[str, ...]]:
    """Return the record's text columns, each with the patterns to delete from it."""
    if collect.texts:
        return {text.column: (*collect.remove, *text.remove) for text in collect.texts}
    return {pick.column: collect.remove for pick in picks(collect.columns, "text") if pick.column}


def grouped(chunks: Iterable[Chunk], collect: Collect, limits: Limits) -> Iterator[Chunk]:
    """Join the records of each group to one record: the first, with a line for the text of each record.

    Only consecutive records are joined; with `gather`, all records of the file, which is then kept in memory. A group
    of more than `group_rows` records is cut into several documents, which `pages` numbers.
    """
    columns = removals(collect)
    stating: dict[tuple[str, ...], list[str]] = {}  # the columns that state terms, by the columns of a record
    open_: dict[tuple[str, ...], _Group] = {}
    done = Chunk([], [], [], [], segments=[], other_terms=[])
    size = 0
    for chunk in chunks:
        done.failures.extend(chunk.failures)
        for number, record in zip(chunk.numbers, chunk.records, strict=True):
            values = [value_at(record, column) for column in collect.group]
            # A record without a group is a document of its own.
            key = (f"#{number}",) if None in values else tuple(map(str, values))
            group = open_.get(key)
            full = group is not None and collect.group_rows is not None and group.rows >= collect.group_rows
            if group is None or full:
                if group is not None:
                    size += _close(group, done)
                elif not collect.gather:
                    size += sum(_close(other_group, done) for other_group in open_.values())
                    open_.clear()
                page = group.page + 1 if group else 1
                group = open_[key] = _Group(
                    number, record, page, {column: [] for column in columns}, {column: [] for column in columns}
                )
            _add(group, record, columns)
            heads = tuple(record)
            if heads not in stating:
                stating[heads] = sorted(terms_columns(collect, heads))
            terms = {name: record[name] for name in stating[heads]}
            if terms not in group.terms:
                group.terms.append(terms)
        if len(done.numbers) + len(done.failures) >= limits.rows or size >= limits.bytes_:
            yield done
            done, size = Chunk([], [], [], [], segments=[], other_terms=[]), 0
    for group in open_.values():
        _close(group, done)
    if done.numbers or done.failures:
        yield done


def _add(group: _Group, record: Record, columns: dict[str, tuple[str, ...]]) -> None:
    for column, remove in columns.items():
        text = text_of(value_at(record, column))
        line = cleaned(text, remove).lstrip("\r\n").rstrip() if text else ""
        if line:
            group.lines[column].append(line)
            group.places[column].append(group.rows)
    group.rows += 1


def _close(group: _Group, done: Chunk) -> int:
    """Add a group's joined record to the finished chunk; return its number of characters."""
    texts = {column: "\n".join(lines) for column, lines in group.lines.items()}
    done.numbers.append(group.number)
    done.records.append({**group.first, **texts})
    if done.pages is not None:
        done.pages.append(group.page)
    if done.segments is not None:
        done.segments.append(group.places)
    if done.other_terms is not None:
        done.other_terms.append(group.terms[1:])
    return sum(len(text) for text in texts.values())
