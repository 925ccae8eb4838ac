"""Plan a version: the documents that it contains, their shards, and the reasons why others are left out.

Planning reads runs, the parent version, withdrawals and refusals, and changes nothing in the store. `write_version`
executes a plan.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa

from latam_corpus import schema
from latam_corpus.__about__ import __version__
from latam_corpus.pipeline.stored_runs.history import readable_runs
from latam_corpus.release.eligibility.admission import LIGHT, scan, scan_statements
from latam_corpus.release.eligibility.decided_rows import decide_all
from latam_corpus.release.eligibility.removals import read_replaced, without_requested, without_withdrawn
from latam_corpus.release.eligibility.replacement_copies import find_replacement_copies, returning_copies, stand_ins
from latam_corpus.release.eligibility.statements import (
    dropped_statements,
    holders_of,
    remembered_statements,
    source_terms,
    source_terms_of_version,
)
from latam_corpus.release.eligibility.summary import accepted_losses
from latam_corpus.release.refusals.opt_outs import OptOutList
from latam_corpus.release.refusals.tombstones import Tombstones
from latam_corpus.release.storing.manifest import load_manifest, schema_sha256
from latam_corpus.release.storing.store_tables import LEDGER, read_ledger
from latam_corpus.schema.extra_columns import released
from latam_corpus.storage.spill import Spill

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.pipeline.execution.engines import OnStep
    from latam_corpus.release.building.build_basis import Basis
    from latam_corpus.release.eligibility.build_inputs import InputPart, Inputs
    from latam_corpus.release.eligibility.build_request import BuildRequest
    from latam_corpus.release.eligibility.decided_rows import DecidedRows
    from latam_corpus.release.eligibility.replacement_copies import ReplacementCopies
    from latam_corpus.release.eligibility.statements import SourceTerms
    from latam_corpus.release.eligibility.strictest import Overruled
    from latam_corpus.release.storing.manifest import AcceptedLoss, Shard
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import WithdrawalLog


@dataclass(frozen=True)
class ReleasePlan:
    """The contents of a new version.

    Attributes:
        inputs: the runs and the parent, and the runs and versions that contribute single documents (replacements, and
            documents that return after a hold).
        parts: the files of documents; a document's `part` is an index into them.
        reused: the parent's shards that have the same rows and aren't rewritten, by index of the new shard.
        runs_on_disk: the folders of runs that explain why documents were left out, by name.
        folder: temporary files, needed until the version is written.
    """

    request: BuildRequest
    basis: Basis
    inputs: Inputs
    parts: tuple[InputPart, ...]
    decided: DecidedRows
    columns: pl.Schema
    reused: Mapping[int, Shard]
    losses: tuple[AcceptedLoss, ...]
    runs_on_disk: Mapping[str, Path]
    folder: Path

    @property
    def left_out(self) -> Counter[str]:
        """The number of documents of the runs that are left out, by reason."""
        return sum((self.decided.runs_left_out.get(run.id, Counter()) for run in self.inputs.runs), Counter[str]())

    @property
    def overruled(self) -> Counter[Overruled]:
        """The numbers of documents of runs to which a stricter statement applies, see `strictest.BindingTerms`."""
        return self.decided.overruled


def make_plan(request: BuildRequest, basis: Basis, folder: Path, progress: OnStep | None = None) -> ReleasePlan:
    """Return the plan of a version; the folder is for temporary files, needed until the version is written.

    Raises:
        ConfigError: a run lost more than its recipe's floor, and the request gives no reason to accept that.
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
    columns = released(inputs.extra)
    return ReleasePlan(
        request=request,
        basis=basis,
        inputs=inputs,
        parts=tuple(parts),
        decided=decided,
        columns=columns,
        reused=_reusable(basis, decided, columns),
        losses=losses,
        runs_on_disk=_neighbouring_runs(request.runs) | dict(request.runs_on_disk),
        folder=folder,
    )


@dataclass(frozen=True)
class _Scanner:
    """Reads documents as light rows, with the reason for each that is kept out of the version.

    Attributes:
        given: the terms of each run's sources, by run name; those of the parent's sources under "".
    """

    request: BuildRequest
    refused: OptOutList
    withdrawn: pl.DataFrame
    tombstones: Tombstones | None
    given: Mapping[str, Mapping[str, SourceTerms]] = field(repr=False)
    progress: OnStep | None = None

    @classmethod
    def of(cls, request: BuildRequest, basis: Basis, progress: OnStep | None) -> _Scanner:
        given = {run.id: source_terms(run.sources) for run in basis.inputs.runs}
        if basis.inputs.parent:
            given[""] = source_terms_of_version(basis.inputs.parent)
        tombstones = Tombstones(basis.log) if basis.log.withdrawals else None
        return cls(request, OptOutList(basis.opt_outs), basis.withdrawn, tombstones, given, progress)

    def rows(self, parts: Sequence[InputPart], start: int = 0) -> Iterator[pl.DataFrame]:
        """Yield light rows of these parts' documents; `start` is the index of the first part."""
        for frame in scan(parts, self.request.terms, self.progress, self.refused, self.tombstones, start, self.given):
            yield without_withdrawn(frame, self.withdrawn)

    def statements(self, inputs: Inputs, store: Store) -> Iterator[pl.DataFrame]:
        """Yield light rows of documents that aren't candidates, but whose statements may restrict candidates."""
        return scan_statements(_statements(inputs, store), self.request.terms, self.refused, self.given)


def _neighbouring_runs(runs: Sequence[Path]) -> dict[str, Path]:
    """Return all readable runs in the output folders that contain these runs, by name."""
    outs = sorted({run.resolve().parent.parent for run in runs})
    return {name: run for out in outs for name, run in readable_runs(out).items()}


def _replaced(inputs: Inputs, store: Store, log: WithdrawalLog) -> pl.DataFrame:
    """Return the documents of the parent that better copies, or documents returning after a hold, replace."""
    replaced = read_replaced(inputs.runs if inputs.parent else ())
    if not inputs.parent or not inputs.earlier:
        return replaced
    return pl.concat([replaced, stand_ins(store, inputs.parent, log)])


def _statements(inputs: Inputs, store: Store) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield documents that aren't candidates but may restrict others, with the name of their run."""
    for frame in remembered_statements(store):
        yield "", frame
    for run in {run.id: run for run in (*inputs.runs, *inputs.others)}.values():
        for frame in dropped_statements(run):
            yield run.id, frame


def _without_requested(
    scanner: _Scanner, parts: Sequence[InputPart], basis: Basis, runs_on_disk: Mapping[str, Path], folder: Path
) -> tuple[Iterable[pl.DataFrame], ReplacementCopies]:
    """Apply withdrawals to the light rows, and find the copies that replace withdrawn documents.

    Returns:
        The light rows, with a refusal if a withdrawal keeps them out, followed by the rows of the copies; and the
        copies.
    """
    inputs, store, log = basis.inputs, basis.store, basis.log
    scanned, judged = Spill(folder / "read"), Spill(folder / "requested")
    no_ids = pl.Series("doc_id", [], pl.String)
    matching_ids = [no_ids]
    for frame in scanner.rows(parts):
        scanned.add_by(frame, np.zeros(frame.height, np.int64))
        matching_ids.append(frame.filter(pl.col("withdrawal_by_text").is_not_null())["doc_id"])
    scanned.flush()
    released_rows = _last_released(store, basis.name, pl.concat(matching_ids))
    holds = [entry.number for entry in log.withdrawals if entry.kind == "hold"]
    withdrawn_ids = [no_ids]
    for frame in scanned.frames(0):
        rows = without_requested(frame, released_rows, holds)
        judged.add_by(rows, np.zeros(rows.height, np.int64))
        withdrawn_ids.append(rows.filter(pl.coalesce("withdrawal", "withdrawal_by_text").is_not_null())["doc_id"])
    judged.flush()
    scanned.file(0).unlink(missing_ok=True)
    twins = find_replacement_copies(
        pl.concat(withdrawn_ids).unique(), inputs.runs, store, inputs.parent, runs_on_disk, log
    )
    candidates = (without_requested(frame, released_rows, holds) for frame in scanner.rows(twins.parts, len(parts)))
    copies = pl.concat([pl.DataFrame(schema=LIGHT), *candidates])
    is_copy = pl.col("doc_id").is_in(copies["doc_id"].implode())
    existing = pl.concat([pl.DataFrame(schema=LIGHT), *(frame.filter(is_copy) for frame in judged.frames(0))])
    replacements = returning_copies(copies, twins, existing)
    admitted = replacements.filter(pl.col("refusal").is_null())["doc_id"]
    replaced_ids = twins.of.filter(pl.col("doc_id").is_in(admitted.implode()))
    return chain(judged.frames(0), [replacements]), replace(twins, of=replaced_ids)


def _last_released(store: Store, name: str, ids: pl.Series) -> pl.DataFrame:
    """Return `doc_id` and `exact_hash` of the documents that the latest version contains too."""
    latest = store.latest(name) if len(ids) else None
    rows = pl.DataFrame(schema=schema.LEDGER_SCHEMA)
    if latest and LEDGER in load_manifest(store, name, latest).files:
        where = pl.col("doc_id").is_in(ids.implode()) & (pl.col("verdict") == "released")
        rows = read_ledger(store, name, latest, where=where)
    return rows.select("doc_id", exact_hash="text_hash_after")


def _reusable(basis: Basis, decided: DecidedRows, columns: pl.Schema) -> dict[int, Shard]:
    """Return the shards of the parent that this build would rewrite byte for byte, by index of the cell."""
    parent = basis.inputs.parent
    current = (__version__, pa.__version__, schema_sha256(columns))
    if parent is None or (parent.toolkit, parent.pyarrow, parent.schema_sha256) != current:
        return {}
    unchanged = {}
    for number, count, _bytes, part, last_part, rewritten in decided.shards.iter_rows():
        index = part - basis.first_of_parent
        if rewritten or part != last_part or not 0 <= index < len(parent.shards):
            continue
        shard, cell = parent.shards[index], decided.plan.cells[number]
        has_same_partition = (shard.language, shard.genre, shard.split) == (cell.language, cell.genre, cell.split)
        if has_same_partition and shard.rows == count:
            unchanged[number] = shard
    return unchanged
