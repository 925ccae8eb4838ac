"""The plan of a version: which documents it holds, in which shards, and why the others are left out.

Planning reads runs, the parent version, withdrawals and refusals, and changes nothing in the store. `write_version`
carries a plan out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa

from latam_corpus import schema
from latam_corpus.__about__ import __version__
from latam_corpus.extra_columns import released
from latam_corpus.pipeline.stored_runs.history import readable_runs
from latam_corpus.release.building.write import reusable
from latam_corpus.release.eligibility.admission import LIGHT, scan, scan_statements
from latam_corpus.release.eligibility.decided_rows import decide_all
from latam_corpus.release.eligibility.removals import read_replaced, without_requested, without_withdrawn
from latam_corpus.release.eligibility.statements import (
    dropped_statements,
    holders_of,
    remembered_statements,
    source_terms,
    source_terms_of_version,
)
from latam_corpus.release.eligibility.summary import accepted_losses
from latam_corpus.release.refusals.opt_outs import Refused
from latam_corpus.release.storing.manifest import load_manifest, schema_sha256
from latam_corpus.release.storing.store_tables import LEDGER, read_ledger
from latam_corpus.storage.spill import Spill

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.release.building.build_basis import Basis
    from latam_corpus.release.eligibility.build_inputs import Inputs, Part
    from latam_corpus.release.eligibility.build_request import BuildRequest
    from latam_corpus.release.eligibility.decided_rows import DecidedRows
    from latam_corpus.release.eligibility.replacement_copies import ReplacementCopies
    from latam_corpus.release.eligibility.statements import SourceTerms
    from latam_corpus.release.eligibility.strictest import Overruled
    from latam_corpus.release.refusals.tombstones import Tombstones
    from latam_corpus.release.storing.manifest import AcceptedLoss, Manifest, Shard
    from latam_corpus.release.storing.store import Progress, Store
    from latam_corpus.release.storing.withdrawal_log import WithdrawalLog


@dataclass(frozen=True)
class ReleasePlan:
    """What a new version will hold.

    Attributes:
        request: what was asked.
        basis: what was read.
        inputs: the runs and the parent, with the runs and versions from which single documents come back.
        parts: the files of documents; places of documents number them in this order.
        decided: what becomes of each document, and the shards.
        columns: of the shards, with those that sources and plug-ins add.
        reused: by number of a shard, the parent's shard that holds the same rows and isn't written again.
        losses: what the runs lost below their recipes' floors, and why the version is made all the same.
        runs_on_disk: the folders of runs that explain why documents left, by name.
        folder: temporary files, which the plan needs until it is written.
    """

    request: BuildRequest
    basis: Basis
    inputs: Inputs
    parts: tuple[Part, ...]
    decided: DecidedRows
    columns: pl.Schema
    reused: Mapping[int, Shard]
    losses: tuple[AcceptedLoss, ...]
    runs_on_disk: Mapping[str, Path]
    folder: Path

    @property
    def left_out(self) -> Counter[str]:
        """How many documents of the runs are left out, by reason."""
        from collections import Counter

        return sum((self.decided.runs_left_out.get(run.id, Counter()) for run in self.inputs.runs), Counter[str]())

    @property
    def overruled(self) -> Counter[Overruled]:
        """How many documents of the runs stricter statements than their own apply to, see `strictest.BindingTerms`."""
        return self.decided.overruled


def make_plan(request: BuildRequest, basis: Basis, folder: Path, progress: Progress | None = None) -> ReleasePlan:
    """Return the plan of a version.

    Args:
        request: what is asked.
        basis: the runs, the parent and the refusals.
        folder: for temporary files; the plan needs them.
        progress: called with what is done, how much of it, and of how much.

    Raises:
        ConfigError: a run lost more than its recipe's floor, and nobody said why.
        ReleaseError: the files of a run or of the parent can't be read.
    """
    inputs, store, parts = basis.inputs, basis.store, list(basis.parts)
    losses = accepted_losses(inputs, request.accept_loss)
    scanner = _Scanner.of(request, basis, progress)
    light: Iterable[pl.DataFrame] = scanner.rows(parts)
    if scanner.tombstones:
        light, twins = _without_requested(scanner, parts, basis, request.runs_on_disk, folder)
        parts += twins.parts
        inputs = replace(inputs, others=twins.runs, places=twins.of)
    decided = decide_all(
        chain(light, scanner.statements(inputs, store)),
        request,
        inputs.parent,
        folder,
        replaced=_replaced(inputs, store, basis.log),
        links=None if inputs.places is None else inputs.places.rename({"of": "duplicate_of"}),
        holders=holders_of((*inputs.others, *inputs.runs), inputs.parent),
    )
    old, columns = inputs.parent, released(inputs.extra)
    return ReleasePlan(
        request=request,
        basis=basis,
        inputs=inputs,
        parts=tuple(parts),
        decided=decided,
        columns=columns,
        reused=reusable(decided, old.shards, basis.first_of_parent) if old and _written_alike(old, columns) else {},
        losses=losses,
        runs_on_disk=_runs_beside(request.runs) | dict(request.runs_on_disk),
        folder=folder,
    )


@dataclass(frozen=True)
class _Scanner:
    """Reads documents as light rows, with what keeps each out of the version.

    Attributes:
        request: on which terms the version is released.
        refused: what owners refuse.
        withdrawn: what holders have taken back.
        tombstones: what withdrawals keep out; None if nothing is withdrawn.
        given: the terms of each run's sources, and of the parent's under "".
        progress: called with what is done, how much of it, and of how much.
    """

    request: BuildRequest
    refused: Refused
    withdrawn: pl.DataFrame
    tombstones: Tombstones | None
    given: Mapping[str, Mapping[str, SourceTerms]] = field(repr=False)
    progress: Progress | None = None

    @classmethod
    def of(cls, request: BuildRequest, basis: Basis, progress: Progress | None) -> _Scanner:
        given = {run.id: source_terms(run.sources) for run in basis.inputs.runs}
        if basis.inputs.parent:
            given[""] = source_terms_of_version(basis.inputs.parent)
        return cls(request, Refused(basis.listed), basis.withdrawn, _tombstones(basis.log), given, progress)

    def rows(self, parts: Sequence[Part], start: int = 0) -> Iterator[pl.DataFrame]:
        """Yield one light row for each document of files, of which the first has the number `start`."""
        for frame in scan(parts, self.request.terms, self.progress, self.refused, self.tombstones, start, self.given):
            yield without_withdrawn(frame, self.withdrawn)

    def statements(self, inputs: Inputs, store: Store) -> Iterator[pl.DataFrame]:
        """Yield light rows of documents that are in no version, for what they state of others."""
        return scan_statements(_statements(inputs, store), self.request.terms, self.refused, self.given)


def _tombstones(log: WithdrawalLog) -> Tombstones | None:
    if not log.withdrawals:
        return None
    from latam_corpus.release.refusals.tombstones import Tombstones

    return Tombstones(log)


def _runs_beside(runs: Sequence[Path]) -> dict[str, Path]:
    """Return the readable runs in the output folders of these, by name."""
    outs = sorted({run.resolve().parent.parent for run in runs})
    return {name: run for out in outs for name, run in readable_runs(out).items()}


def _replaced(inputs: Inputs, store: Store, log: WithdrawalLog) -> pl.DataFrame:
    """Return the documents of the parent that give way: to better copies, or to what comes back after a hold."""
    replaced = read_replaced(inputs.runs if inputs.parent else ())
    if not inputs.parent or not inputs.earlier:
        return replaced
    from latam_corpus.release.eligibility.returned import stand_ins

    return pl.concat([replaced, stand_ins(store, inputs.parent, log)])


def _statements(inputs: Inputs, store: Store) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield rows that are in no version and may bind others, each with the name of its run."""
    for frame in remembered_statements(store):
        yield "", frame
    for run in {run.id: run for run in (*inputs.runs, *inputs.others)}.values():
        for frame in dropped_statements(run):
            yield run.id, frame


def _without_requested(
    scanner: _Scanner, parts: Sequence[Part], basis: Basis, runs_on_disk: Mapping[str, Path], folder: Path
) -> tuple[Iterable[pl.DataFrame], ReplacementCopies]:
    """Return the light rows less what withdrawals keep out, with copies that come back for it, and those copies."""
    from latam_corpus.release.eligibility.replacement_copies import find_replacement_copies, returning_copies

    inputs, store, log = basis.inputs, basis.store, basis.log
    every, requested = Spill(folder / "read"), Spill(folder / "requested")
    said = [pl.Series("doc_id", [], pl.String)]
    for frame in scanner.rows(parts):
        every.add_by(frame, np.zeros(frame.height, np.int64))
        said.append(frame.filter(pl.col("withdrawal_by_text").is_not_null())["doc_id"])
    every.flush()
    known = _last_released(store, basis.name, pl.concat(said))
    holds = [entry.number for entry in log.withdrawals if entry.kind == "hold"]
    named = [said[0]]
    for frame in every.frames(0):
        rows = without_requested(frame, known, holds)
        requested.add_by(rows, np.zeros(rows.height, np.int64))
        named.append(rows.filter(pl.coalesce("withdrawal", "withdrawal_by_text").is_not_null())["doc_id"])
    requested.flush()
    every.file(0).unlink(missing_ok=True)
    twins = find_replacement_copies(pl.concat(named).unique(), inputs.runs, store, inputs.parent, runs_on_disk, log)
    found = [without_requested(frame, known, holds) for frame in scanner.rows(twins.parts, len(parts))]
    copies = pl.concat([pl.DataFrame(schema=LIGHT), *found])
    same = pl.col("doc_id").is_in(copies["doc_id"].implode())
    there = pl.concat([pl.DataFrame(schema=LIGHT), *(frame.filter(same) for frame in requested.frames(0))])
    back = returning_copies(copies, twins, there)
    admitted = back.filter(pl.col("refusal").is_null())["doc_id"]
    places = twins.of.filter(pl.col("doc_id").is_in(admitted.implode()))
    return chain(requested.frames(0), [back]), replace(twins, of=places)


def _last_released(store: Store, name: str, ids: pl.Series) -> pl.DataFrame:
    """`doc_id` and `exact_hash` of those documents of the latest version that are among these."""
    latest = store.latest(name) if len(ids) else None
    rows = pl.DataFrame(schema=schema.LEDGER_SCHEMA)
    if latest and LEDGER in load_manifest(store, name, latest).files:
        where = pl.col("doc_id").is_in(ids.implode()) & (pl.col("verdict") == "released")
        rows = read_ledger(store, name, latest, where=where)
    return rows.select("doc_id", exact_hash="text_hash_after")


def _written_alike(old: Manifest, columns: pl.Schema) -> bool:
    """Whether this toolkit would write the parent's rows to the same bytes."""
    mine = (__version__, pa.__version__, schema_sha256(columns))
    return (old.toolkit, old.pyarrow, old.schema_sha256) == mine
