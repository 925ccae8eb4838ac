"""What all parts of each source showed of its columns together, once they are collected."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import polars as pl

from latam_corpus.collect.contract import VALUES_SCHEMA, Facts, over_all, repeated
from latam_corpus.collect.examine import Examined, examine
from latam_corpus.errors import ConfigError, SourceError
from latam_corpus.pipeline.step_file import VALUES, StepCounts
from latam_corpus.pipeline.supersede import Supersede

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.pipeline.plan import Part, Plan
    from latam_corpus.stages import Barrier


def examine_sources(plan: Plan) -> list[Examined]:
    """Return what the first records of each source show, so that what is wrong is told before anything runs.

    Sources that nobody may read yet, or of which nobody has said where they are, are left out.

    Raises:
        ConfigError: a promise of a source's file isn't kept.
    """
    places = [(source, plan.locations.get(source.id)) for source in plan.sources]
    readable = [(source, where) for source, where in places if where and (source.uses or source.status != "ask_first")]
    found = [examine(source, where) for source, where in readable]
    for one in found:
        for breach in one.breaches:
            raise ConfigError(*breach)
    return found


def facts_of(parts: Iterable[Part], folders: Mapping[str, Path]) -> dict[str, Facts]:
    """Return what the parts showed, by source.

    Args:
        parts: of a run.
        folders: by part that didn't fail, where the first step's outputs are.

    Raises:
        SourceError: all records of a source together break what its file says of their columns.
    """
    found: dict[str, Facts] = {}
    by_source: dict[str, list[Part]] = {}
    for part in parts:
        by_source.setdefault(part.source.id, []).append(part)
    for name, mine in by_source.items():
        source, facts = mine[0].source, found.setdefault(name, Facts())
        made = [folders[part.name] for part in mine if part.name in folders]
        for folder in made:
            facts.add(StepCounts.read(folder).facts)
        if len(made) < len(mine):  # the run makes no release, and what is left may lack what the others have
            continue
        values = [pl.read_parquet(folder / VALUES, glob=False) for folder in made if (folder / VALUES).exists()]
        every = pl.concat([pl.DataFrame(schema=VALUES_SCHEMA), *values])
        for breach in chain(over_all(source, facts), repeated(source, every)):
            raise SourceError(*breach)
    return found


def with_source_facts(barriers: Sequence[Barrier], facts: Mapping[str, Facts]) -> tuple[Barrier, ...]:
    """Return the barriers, with what one of them must know of the sources."""
    dated = tuple(sorted(name for name, told in facts.items() if told.dated))
    return tuple(replace(one, dated=dated) if isinstance(one, Supersede) else one for one in barriers)


def mapping_rows(facts: Mapping[str, Facts]) -> list[dict[str, Any]]:
    """How each column of the documents was filled, as `run.json` has it."""
    return [
        {
            "source": source,
            "column": name,
            "from": given.origin,
            "records": given.records,
            "filled": given.filled,
            **({"example": given.example} if given.example and not given.filled else {}),
        }
        for source, told in facts.items()
        for name, given in told.given.items()
    ]
