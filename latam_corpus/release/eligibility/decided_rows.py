"""Decide about all rows of a version, one partition at a time. The results are in files, not in memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from latam_corpus.release.eligibility.admission import LIGHT, decide
from latam_corpus.release.eligibility.partitions import PARTITION_ROWS, Ranges, partitioned
from latam_corpus.release.eligibility.splits import Splits
from latam_corpus.release.eligibility.statements import LINKS, REMEMBERED
from latam_corpus.release.eligibility.strictest import OUTCOME, Overruled
from latam_corpus.release.eligibility.summary import GROUPED, grouped
from latam_corpus.release.storing.manifest import Flow
from latam_corpus.release.storing.shard_plan import Planner, ShardPlan, fitting, weights
from latam_corpus.storage.spill import Spill

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from latam_corpus.release.eligibility.build_request import BuildRequest
    from latam_corpus.release.eligibility.strictest import BindingTerms
    from latam_corpus.release.storing.manifest import Manifest

_WRITTEN: Final = pl.Schema(
    {name: LIGHT[name] for name in ("part", "row", "doc_id", "source_id", "exact_hash", "chars", "text_bytes")}
    | dict(OUTCOME)
)
_RELEASED: Final = pl.Schema(
    dict(_WRITTEN)
    | {name: LIGHT[name] for name in dict.fromkeys((*GROUPED, "contributor", "authors", "obtained"))}
    | {"split": pl.String(), "text_hash": LIGHT["text_hash"], "group": pl.String()}
)
_LEFT_OUT: Final = pl.Schema(
    {name: LIGHT[name] for name in ("doc_id", "source_id", "exact_hash", "chars", "withdrawal", "withdrawal_by_text")}
    | {"reason": pl.String(), "evidence": pl.String()}
)
_PLACES: Final = pl.Schema(dict.fromkeys(("part", "row", "shard"), pl.UInt32()) | {"terms": pl.String()})
_PARENT_IDS: Final = pl.Schema({"doc_id": pl.String()})
_SHARDS: Final = pl.Schema(
    {
        "shard": pl.UInt32(),
        "rows": pl.Int64(),
        "text_bytes": pl.Int64(),
        "first_part": pl.UInt32(),
        "last_part": pl.UInt32(),
        "rewritten": pl.Boolean(),
    }
)


@dataclass(frozen=True)
class IdRange:
    """The rows of a range of ids; `released` has each document's `shard` and is sorted by `doc_id`."""

    parent_ids: pl.DataFrame
    released: pl.DataFrame
    left_out: pl.DataFrame


@dataclass(frozen=True)
class DecidedRows:
    """The decisions about all rows of a build.

    Attributes:
        runs: the number of rows read by run; the parent's under "".
        runs_left_out: for each run, the number of documents left out by reason.
        groups: released rows and bytes by the columns that a manifest counts, see `summary.grouped`.
        judged: `doc_id`, `text_hash` and `language` of the released documents that readers judged.
        shards: for each shard, its rows and `text_bytes`, the first and the last part that its rows come from, and
            whether the terms of any of its rows are rewritten.
        parted: if authors, sources or files are held out whole, how many of them have documents in several splits
            anyway.
        remembered: statements that also apply to later versions, `statements.REMEMBERED`.
    """

    flow: Flow
    reasons: Mapping[str, int]
    runs: Mapping[str, int]
    runs_left_out: Mapping[str, Counter[str]]
    groups: pl.DataFrame
    judged: pl.DataFrame
    plan: ShardPlan
    limit: int
    shards: pl.DataFrame
    parted: int
    remembered: pl.DataFrame
    lifted: frozenset[str]
    overruled: Counter[Overruled]
    _ranges: Ranges
    _written: Spill
    _left_out: Spill
    _parent_ids: Spill
    _places: Spill
    _part_groups: int

    def ranges(self) -> Iterator[IdRange]:
        """Yield all rows, sorted by id."""
        for number in range(self._ranges.count):
            released = _all(self._written, number, _WRITTEN)
            shards = pl.Series("shard", self.plan.shards(number))
            left_out = _all(self._left_out, number, _LEFT_OUT)
            yield IdRange(_all(self._parent_ids, number, _PARENT_IDS), released.with_columns(shards), left_out)

    def places(self) -> Iterator[pl.DataFrame]:
        """Yield `part`, `row`, `shard` and `terms` of the released rows, one part at a time, in order."""
        for number in range(self._part_groups):
            yield from _all(self._places, number, _PLACES).sort("part", "row").partition_by("part", maintain_order=True)


def _all(spill: Spill, number: int, columns: pl.Schema) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(schema=columns), *spill.frames(number)])


def decide_all(
    light: Iterable[pl.DataFrame],
    request: BuildRequest,
    old: Manifest | None,
    folder: Path,
    *,
    replaced: pl.DataFrame,
    links: pl.DataFrame | None,
    holders: Mapping[str, str],
) -> DecidedRows:
    """Decide about all light rows of a version.

    The results are in a folder, which must exist as long as they are used.

    Raises:
        ReleaseError: evidence of a run can't be read, or a language or genre can't be a folder's name.
    """
    splits = Splits(request.splits, request.split_by)
    judged_ids = list({judgement.doc_id for judgement in request.judged})
    linked = pl.concat([pl.DataFrame(schema=LINKS) if links is None else links, replaced.select(LINKS.names())])
    partitions = partitioned(light, linked, folder)
    ranges = partitions.ranges
    spills = [Spill(folder / name) for name in ("released", "left-out", "parent-ids", "written", "places")]
    released, left_out, parent_ids, written, places = spills
    read = repeated = 0
    runs, reasons, parts = Counter[str](), Counter[str](), Counter[int]()
    runs_left_out: defaultdict[str, Counter[str]] = defaultdict(Counter)
    binding: list[BindingTerms] = []
    for rows in partitions.rows:
        decision = decide(rows, replaced, request.variants, linked, holders)
        binding.append(decision.binding)
        rows = rows.filter(~pl.col("statement"))  # noqa: PLW2901
        parents = rows.filter(pl.col("run") == "")
        released_rows = splits.add(decision.released, parents, decision.replaced).select(_RELEASED.names())
        left_out_rows = decision.left_out.select(_LEFT_OUT.names())
        by_run = decision.left_out.group_by(pl.col("run").cast(pl.String), "reason").len()
        for run, reason, row_count in by_run.iter_rows():
            runs_left_out[run][reason] += row_count
        frames = (released_rows, left_out_rows, parents.select("doc_id"))
        for spill, frame in zip((released, left_out, parent_ids), frames, strict=True):
            spill.add_by(frame, ranges.of(frame["doc_id"]))
        read, repeated = read + rows.height, repeated + decision.repeated
        runs.update(dict(rows.group_by(pl.col("run").cast(pl.String)).len().iter_rows()))
        reasons.update(dict(left_out_rows.group_by("reason").len().iter_rows()))
        parts.update(dict(released_rows.group_by("part").len().iter_rows()))
    for spill in (released, left_out, parent_ids):
        spill.flush()
    settled = splits.settled()
    planner = Planner(folder / "plan", old.shards if old else ())
    groups = grouped([])
    judged = [pl.DataFrame(schema={"doc_id": pl.String, "text_hash": pl.Binary, "language": pl.String})]
    weight = 0
    for number in range(ranges.count):
        rows = settled.of(released.take(number, _RELEASED)).sort("doc_id")
        planner.add(rows)
        weight += int(weights(rows).sum())
        groups = grouped([groups, rows])
        judged_rows = rows.filter(pl.col("doc_id").is_in(judged_ids)).select(judged[0].columns)
        judged.append(judged_rows.cast(judged[0].schema))
        written.add_by(rows.select(_WRITTEN.names()), np.full(rows.height, number))
    written.flush()
    limit = request.shard_bytes or fitting(weight, old)
    plan = planner.planned(limit)
    part_groups = _part_groups(parts)
    shards = pl.DataFrame(schema=_SHARDS)
    for number in range(ranges.count):
        rows = _all(written, number, _WRITTEN).with_columns(pl.Series("shard", plan.shards(number)))
        places.add_by(rows.select(_PLACES.names()), part_groups[rows["part"].to_numpy()])
        shards = _add_to_shards(shards, rows)
    places.flush()
    flow = Flow(read=read, repeated=repeated, left_out=reasons.total(), released=parts.total())
    return DecidedRows(
        flow=flow,
        reasons=dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        runs=runs,
        runs_left_out=runs_left_out,
        groups=groups,
        judged=pl.concat(judged),
        plan=plan,
        limit=limit,
        shards=shards,
        parted=settled.parted,
        remembered=pl.concat([pl.DataFrame(schema=REMEMBERED), *(terms.remembered for terms in binding)]).unique(),
        lifted=frozenset[str]().union(*(terms.lifted for terms in binding)),
        overruled=sum((terms.overruled for terms in binding), Counter[Overruled]()),
        _ranges=ranges,
        _written=written,
        _left_out=left_out,
        _parent_ids=parent_ids,
        _places=places,
        _part_groups=int(part_groups.max(initial=-1)) + 1,
    )


def _part_groups(parts: Mapping[int, int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Group successive parts so that each group has about as many rows as a partition, and return each part's group."""
    rows = np.zeros(max(parts, default=-1) + 1, np.int64)
    rows[list(parts)] = list(parts.values())
    return np.asarray(np.cumsum(rows) // PARTITION_ROWS, np.int64)


def _add_to_shards(shards: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return _SHARDS with the counts of more rows."""
    added = rows.select(
        "shard",
        pl.lit(1).alias("rows"),
        "text_bytes",
        pl.col("part").alias("first_part"),
        pl.col("part").alias("last_part"),
        pl.col("terms").is_not_null().alias("rewritten"),
    ).cast(_SHARDS)
    sums = [pl.col("rows", "text_bytes").sum(), pl.col("first_part").min(), pl.col("last_part").max()]
    sums.append(pl.col("rewritten").any())
    return pl.concat([shards, added]).group_by("shard").agg(sums).sort("shard")
