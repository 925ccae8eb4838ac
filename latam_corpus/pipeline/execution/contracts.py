"""What all parts of each source showed of its columns together, once they are collected."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus.collect.documents.contract import (
    OF_TERMS,
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
from latam_corpus.errors import Breach, ConfigError, SourceError
from latam_corpus.messages import Message, _, decimal
from latam_corpus.pipeline.planning.supersede import Supersede
from latam_corpus.pipeline.rows.step_file import VALUES, StepCounts, fetch_outputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.pipeline.planning.plan import Part, Plan
    from latam_corpus.stages import Barrier


def examine_sources(plan: Plan) -> list[Examined]:
    """Return what the first records of each source show, so that what is wrong is told before anything runs.

    Sources that nobody may read yet, or of which nobody has said where they are, are left out.

    Raises:
        ConfigError: a promise of a source's file isn't kept, or a file must be extracted and no stage does.
    """
    places = [(source, plan.locations.get(source.id)) for source in plan.sources]
    readable = [(source, where) for source, where in places if where and (source.uses or source.status != "ask_first")]
    contracts = [examine(source, where) for source, where in readable]
    for one in contracts:
        for breach in one.breaches:
            raise ConfigError(*breach)
        if one.of_bytes:
            _check_extracted(plan, one)
    return [replace(one, doubts=(*one.doubts, *_unasked(plan, one))) if one.by_request else one for one in contracts]


_UNREAD: Final = {
    "image": _("{n} {n:picture isn't|pictures aren't} read: the recipe doesn't ask for it"),
    "doc": _(
        "{n} {n:Word file of before 2007 isn't|Word files of before 2007 aren't} read: the recipe doesn't ask for it"
    ),
}


def _unasked(plan: Plan, examined: Examined) -> Iterator[Breach]:
    """Yield what has files that another program makes text of, and no stage asks for it."""
    from latam_corpus.extract.isolation.programs import asked_for
    from latam_corpus.extract.stage import Extract

    stages = [stage for segment in plan.segments for step in segment.steps for stage in step.stages]
    asked = [stage for stage in stages if isinstance(stage, Extract)]
    wanted = {"image": any(stage.ocr for stage in asked), "doc": any(stage.libreoffice for stage in asked)}
    for name, n in examined.by_request.items():
        remedy = asked_for(name)
        if asked and remedy and not wanted[name]:
            yield Breach(_("input of {source}", source=examined.source), _UNREAD[name].fill(n=n), remedy)


def _check_extracted(plan: Plan, examined: Examined) -> None:
    """Refuse a plan that asks for the text of a file which has only bytes, from which no stage extracts one."""
    stages = (stage for segment in plan.segments for step in segment.steps for stage in step.stages)
    first = next((stage for stage in stages if stage.needs & {"raw", "text"}), None)
    if first is not None and "raw" not in first.needs:
        where = _("{recipe}, stage «{stage}»", recipe=str(plan.recipe.file), stage=first.name)
        about = {"file": examined.of_bytes, "source": examined.source}
        problem = _("it needs text, and that of «{file}» of the source «{source}» must be extracted first", **about)
        remedy = _("put the stage «extract» before it, or name the files to read in the source's [collect] files")
        raise ConfigError(where, problem, remedy)


def facts_of(parts: Iterable[Part], folders: Mapping[str, Path]) -> dict[str, Facts]:
    """Return what the parts showed, by source.

    Args:
        parts: of a run.
        folders: by part that didn't fail, where the first step's outputs are.

    Raises:
        SourceError: all records of a source together break what its file says of their columns.
    """
    by_name: dict[str, Facts] = {}
    by_source: dict[str, list[Part]] = {}
    for part in parts:
        by_source.setdefault(part.source.id, []).append(part)
    for name, mine in by_source.items():
        source, facts = mine[0].source, by_name.setdefault(name, Facts())
        present = [folders[part.name] for part in mine if part.name in folders]
        fetch_outputs(present, VALUES)
        for folder in present:
            facts.add(StepCounts.read(folder).facts)
        if len(present) < len(mine):  # the run makes no release, and what is left may lack what the others have
            continue
        values = [pl.read_parquet(folder / VALUES, glob=False) for folder in present if (folder / VALUES).exists()]
        every = pl.concat([pl.DataFrame(schema=VALUES_SCHEMA), *values])
        for breach in chain(over_all(source, facts), repeated(source, every)):
            raise SourceError(*breach)
    return by_name


def with_source_facts(barriers: Sequence[Barrier], facts: Mapping[str, Facts]) -> tuple[Barrier, ...]:
    """Return the barriers, with what one of them must know of the sources."""
    dated = tuple(sorted(name for name, source_facts in facts.items() if source_facts.dated))
    return tuple(replace(one, dated=dated) if isinstance(one, Supersede) else one for one in barriers)


def mapping_rows(facts: Mapping[str, Facts]) -> list[dict[str, Any]]:
    """How each column of the documents was filled, as `run.json` has it."""
    return [
        {
            "source": source,
            "column": name,
            "from": fill.origin,
            "records": fill.records,
            "filled": fill.filled,
            **({"unread": fill.unread, "examples": fill.examples} if fill.unread else {}),
        }
        for source, source_facts in facts.items()
        for name, fill in source_facts.fills.items()
    ] + [
        {
            "source": source,
            "column": name,
            "from": origin,
            "records": source_facts.records or fill.records,  # files that are read whole aren't counted
            "filled": fill.filled,
            "unmapped": True,
            **({"unread": fill.unread, "examples": fill.examples} if fill.unread else {}),
        }
        for source, source_facts in facts.items()
        for name, fills in source_facts.stated.items()
        for origin, fill in fills.items()
    ]


def unlisted_rows(facts: Mapping[str, Facts]) -> list[dict[str, Any]]:
    """Return the files for which a catalogue has no row, as `run.json` has them."""
    return [
        {"source": source, "file": file, "nearest": near or None}
        for source, source_facts in facts.items()
        for file, near in sorted(source_facts.unlisted.items())
    ]


def unnamed_catalogue_rows(facts: Mapping[str, Facts]) -> list[dict[str, Any]]:
    """Return the catalogues that sources don't name, as `run.json` has them."""
    return [
        {"source": source, "file": file, "toml": line}
        for source, source_facts in facts.items()
        for file, line in sorted(source_facts.unnamed.items())
    ]


def passed_over_rows(facts: Mapping[str, Facts]) -> list[dict[str, Any]]:
    """Return the records of web archives that are no documents, by source and why, as `run.json` has them."""
    return [
        {"source": source, "why": why, "records": n}
        for source, source_facts in facts.items()
        for why, n in sorted(source_facts.passed_over.items())
    ]


def not_taken_rows(facts: Mapping[str, Facts]) -> list[dict[str, Any]]:
    """Return the columns of records that documents don't get, as `run.json` has them."""
    return [
        {"source": source, "columns": source_facts.not_taken}
        for source, source_facts in facts.items()
        if source_facts.not_taken
    ]


def damaged_rows(facts: Mapping[str, Facts]) -> list[dict[str, Any]]:
    """Return the files that can't be read whole, as `run.json` has them."""
    return [
        {"source": source, "file": file, "problem": problem}
        for source, source_facts in facts.items()
        for file, problem in sorted(source_facts.damaged.items())
    ]


def header_rows(facts: Mapping[str, Facts]) -> list[dict[str, Any]]:
    """Return the tables whose heads are below a title, with the row that was taken, as `run.json` has them."""
    return [
        {"source": source, "file": file, "row": row}
        for source, source_facts in facts.items()
        for file, row in sorted(source_facts.header_rows.items())
    ]


def input_lines(record: Mapping[str, Any]) -> Iterator[Message]:
    """Yield a sentence for each thing that `run.json` says about files and records that weren't read.

    Args:
        record: what `run.json` has, also that of an earlier version of the toolkit.
    """
    facts: dict[str, Facts] = defaultdict(Facts)
    for row in record.get("passed_over", ()):
        facts[row["source"]].passed_over[row["why"]] = row["records"]
    for row in record.get("damaged", ()):
        facts[row["source"]].damaged[row["file"]] = row["problem"]
    for row in record.get("not_taken", ()):
        facts[row["source"]].leave(row["columns"])
    for row in record.get("mapping", ()):
        if row["filled"] and not row.get("unmapped"):  # what documents get needs no other column
            facts[row["source"]].fills[row["column"]] = ColumnFill(row["from"])
    for row in record.get("header_rows", ()):
        facts[row["source"]].header_rows[row["file"]] = row["row"]
    for source, source_facts in facts.items():
        yield from inputs_reported(source, source_facts)
        yield from (left.as_message() for left in columns_left(source, source_facts))


def terms_lines(record: Mapping[str, Any]) -> Iterator[Message]:
    """Yield a sentence for each thing that `run.json` says about terms that were read, or not understood.

    Args:
        record: what `run.json` has, also that of an earlier version of the toolkit.
    """
    facts: dict[str, Facts] = defaultdict(Facts)
    for row in record.get("without_catalogue_row", ()):
        facts[row["source"]].unlisted[row["file"]] = row["nearest"] or ""
    for row in record.get("unnamed_catalogues", ()):
        facts[row["source"]].unnamed[row["file"]] = row["toml"]
    for row in record.get("mapping", ()):
        about = (row["from"], row["records"], row["filled"], row.get("unread", 0), row.get("examples", []))
        if row.get("unmapped"):
            facts[row["source"]].stated.setdefault(row["column"], {})[row["from"]] = ColumnFill(*about)
        elif row["column"] in OF_TERMS:
            facts[row["source"]].fills[row["column"]] = ColumnFill(*about)
    for source, source_facts in facts.items():
        for breach in chain(terms_reported(source, source_facts), unread(source, source_facts)):
            yield breach.as_message()


def never_filled(facts: Mapping[str, Facts]) -> Iterator[Message]:
    """Yield a sentence for each column of the documents that is mapped and that no record of a source filled."""
    for source, source_facts in facts.items():
        for name, fill in source_facts.empty().items():
            about = {"source": source, "name": name, "n": decimal(f"{fill.records:,}"), "origin": fill.origin}
            yield _(
                "{source}: no «{name}» in {n:the only record|any of {n} records}; it is taken from «{origin}»", **about
            )
