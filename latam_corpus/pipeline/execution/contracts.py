"""Check the sources' column contracts before a run and after collecting, and report on them in `run.json`."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus.collect.documents.contract import (
    VALUES_SCHEMA,
    ColumnFill,
    Facts,
    columns_left,
    inputs_reported,
    over_all,
    repeated,
    terms_reported,
    unread,
)
from latam_corpus.collect.examine import Examined, examine
from latam_corpus.columns import TERMS
from latam_corpus.errors import Breach, ConfigError, SourceError
from latam_corpus.extract.isolation.programs import asked_for
from latam_corpus.extract.stage import Extract
from latam_corpus.messages import Message, _, decimal
from latam_corpus.pipeline.planning.supersede import Supersede
from latam_corpus.pipeline.rows.step_file import VALUES, StepCounts, fetch_outputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.pipeline.planning.plan import Part, Plan
    from latam_corpus.stages import Barrier


def examine_sources(plan: Plan) -> list[Examined]:
    """Examine the first records of each source, so that mistakes are reported before anything runs.

    Sources without a location, and those that may not be read yet, are left out.

    Raises:
        ConfigError: the records break a promise of the source's file, or need extraction but no stage extracts them.
    """
    locations = [(source, plan.locations.get(source.id)) for source in plan.sources]
    readable = [(source, path) for source, path in locations if path and (source.uses or source.status != "ask_first")]
    contracts = [examine(source, path) for source, path in readable]
    for examined in contracts:
        for breach in examined.breaches:
            raise ConfigError(*breach)
        if examined.of_bytes:
            _check_extracted(plan, examined)
    return [
        replace(examined, doubts=(*examined.doubts, *_unrequested(plan, examined))) if examined.by_request else examined
        for examined in contracts
    ]


_UNREAD: Final = {
    "image": _("{n} {n:picture isn't|pictures aren't} read, since the recipe doesn't request it"),
    "doc": _(
        "{n} {n:Word file from before 2007 isn't|Word files from before 2007 aren't} read, since the recipe doesn't "
        "request it"
    ),
}


def _unrequested(plan: Plan, examined: Examined) -> Iterator[Breach]:
    """Yield a problem for each kind of file whose external program isn't requested in the stage `extract`."""
    extract_stages = [stage for stage in plan.all_stages if isinstance(stage, Extract)]
    is_requested = {
        "image": any(stage.ocr for stage in extract_stages),
        "doc": any(stage.libreoffice for stage in extract_stages),
    }
    for name, n in examined.by_request.items():
        remedy = asked_for(name)
        if extract_stages and remedy and not is_requested[name]:
            yield Breach(_("input of {source}", source=examined.source), _UNREAD[name].fill(n=n), remedy)


def _check_extracted(plan: Plan, examined: Examined) -> None:
    """Raise `ConfigError` if a stage needs text that no earlier stage extracts from the source's files."""
    first = next((stage for stage in plan.all_stages if stage.needs & {"raw", "text"}), None)
    if first is not None and "raw" not in first.needs:
        place = _("{recipe}, stage «{stage}»", recipe=str(plan.recipe.file), stage=first.name)
        names = {"file": examined.of_bytes, "source": examined.source}
        problem = _("it needs text, but the text of «{file}» (source «{source}») must be extracted first", **names)
        remedy = _("put the stage «extract» before it, or name the files to read in the source's [collect] files")
        raise ConfigError(place, problem, remedy)


def facts_of(parts: Iterable[Part], folders: Mapping[str, Path]) -> dict[str, Facts]:
    """Return the column facts of all parts, added up by source.

    `folders` are the outputs of the first step, by the names of the parts that didn't fail.

    Raises:
        SourceError: a source's records break a promise of its file about their columns.
    """
    by_name: dict[str, Facts] = {}
    by_source: dict[str, list[Part]] = {}
    for part in parts:
        by_source.setdefault(part.source.id, []).append(part)
    for name, source_parts in by_source.items():
        source, facts = source_parts[0].source, by_name.setdefault(name, Facts())
        present = [folders[part.name] for part in source_parts if part.name in folders]
        fetch_outputs(present, VALUES)
        for folder in present:
            facts.add(StepCounts.read(folder).facts)
        if len(present) < len(source_parts):  # the failed parts may have the missing columns; no version will be built
            continue
        values = [pl.read_parquet(folder / VALUES, glob=False) for folder in present if (folder / VALUES).exists()]
        unique_values = pl.concat([pl.DataFrame(schema=VALUES_SCHEMA), *values])
        for breach in chain(over_all(source, facts), repeated(source, unique_values)):
            raise SourceError(*breach)
    return by_name


def with_source_facts(barriers: Sequence[Barrier], facts: Mapping[str, Facts]) -> tuple[Barrier, ...]:
    """Return the barriers, with the names of dated sources passed to `supersede`."""
    dated = tuple(sorted(name for name, source_facts in facts.items() if source_facts.dated))
    return tuple(replace(barrier, dated=dated) if isinstance(barrier, Supersede) else barrier for barrier in barriers)


def mapping_rows(facts: Mapping[str, Facts]) -> list[dict[str, Any]]:
    """Return the entries in `run.json` about how each document column was filled."""
    return [
        _mapping_row(source, name, fill.origin, fill.records, fill)
        for source, source_facts in facts.items()
        for name, fill in source_facts.fills.items()
    ] + [
        # Records of files that are read whole aren't counted in `Facts.records`.
        _mapping_row(source, name, origin, source_facts.records or fill.records, fill) | {"unmapped": True}
        for source, source_facts in facts.items()
        for name, fills in source_facts.stated.items()
        for origin, fill in fills.items()
    ]


def _mapping_row(source: str, column: str, origin: str, records: int, fill: ColumnFill) -> dict[str, Any]:
    row = {"source": source, "column": column, "from": origin, "records": records, "filled": fill.filled}
    return row | ({"unread": fill.unread, "examples": fill.examples} if fill.unread else {})


def input_values(facts: Mapping[str, Facts]) -> dict[str, list[dict[str, Any]]]:
    """Return the lists in `run.json` about the sources' columns and the files and records that weren't read."""

    def rows(name: str, key: str, value: str) -> list[dict[str, Any]]:
        return [
            {"source": source, key: fact, value: about}
            for source, source_facts in facts.items()
            for fact, about in sorted(getattr(source_facts, name).items())
        ]

    return {
        "mapping": mapping_rows(facts),
        "without_catalogue_row": [
            row | {"nearest": row["nearest"] or None} for row in rows("unlisted", "file", "nearest")
        ],
        "unnamed_catalogues": rows("unnamed", "file", "toml"),
        "passed_over": rows("passed_over", "why", "records"),
        "damaged": rows("damaged", "file", "problem"),
        "not_taken": [
            {"source": source, "columns": source_facts.not_taken}
            for source, source_facts in facts.items()
            if source_facts.not_taken
        ],
        "header_rows": rows("header_rows", "file", "row"),
    }


def input_lines(record: Mapping[str, Any]) -> Iterator[Message]:
    """Yield a sentence for each entry in `run.json` about files and records that weren't read.

    An earlier version of the toolkit may have written the record.
    """
    facts: dict[str, Facts] = defaultdict(Facts)
    for row in record.get("passed_over", ()):
        facts[row["source"]].passed_over[row["why"]] = row["records"]
    for row in record.get("damaged", ()):
        facts[row["source"]].damaged[row["file"]] = row["problem"]
    for row in record.get("not_taken", ()):
        facts[row["source"]].leave(row["columns"])
    for row in record.get("mapping", ()):
        if row["filled"] and not row.get("unmapped"):  # an unmapped column only narrowed the terms
            facts[row["source"]].fills[row["column"]] = ColumnFill(row["from"])
    for row in record.get("header_rows", ()):
        facts[row["source"]].header_rows[row["file"]] = row["row"]
    for source, source_facts in facts.items():
        yield from inputs_reported(source, source_facts)
        yield from (columns.as_message() for columns in columns_left(source, source_facts))


def terms_lines(record: Mapping[str, Any]) -> Iterator[Message]:
    """Yield a sentence for each entry in `run.json` about terms that were read or not understood.

    An earlier version of the toolkit may have written the record.
    """
    facts: dict[str, Facts] = defaultdict(Facts)
    for row in record.get("without_catalogue_row", ()):
        facts[row["source"]].unlisted[row["file"]] = row["nearest"] or ""
    for row in record.get("unnamed_catalogues", ()):
        facts[row["source"]].unnamed[row["file"]] = row["toml"]
    for row in record.get("mapping", ()):
        counts = (row["from"], row["records"], row["filled"], row.get("unread", 0), row.get("examples", []))
        if row.get("unmapped"):
            facts[row["source"]].stated.setdefault(row["column"], {})[row["from"]] = ColumnFill(*counts)
        elif row["column"] in TERMS:
            facts[row["source"]].fills[row["column"]] = ColumnFill(*counts)
    for source, source_facts in facts.items():
        for breach in chain(terms_reported(source, source_facts), unread(source, source_facts)):
            yield breach.as_message()


def never_filled(facts: Mapping[str, Facts]) -> Iterator[Message]:
    """Yield a sentence for each mapped document column that no record of a source filled."""
    for source, source_facts in facts.items():
        for name, fill in source_facts.empty().items():
            values = {"source": source, "name": name, "n": decimal(f"{fill.records:,}"), "origin": fill.origin}
            yield _(
                "{source}: no «{name}» in {n:the only record|any of {n} records}; it is taken from «{origin}»", **values
            )
