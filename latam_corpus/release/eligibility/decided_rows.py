"""What became of all rows that a version is made of, a range of ids at a time, in files: nobody holds all of them."""

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
from latam_corpus.release.storing.shard_plan import Plan, Planner, fitting, weights
from latam_corpus.storage.spill import Spill

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.release.eligibility.build_request import BuildRequest
    from latam_corpus.release.eligibility.strictest import Bound
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
    {name: LIGHT[name] for name in ("doc_id", "source_id", "exact_hash", "chars", "withdrawal", "said")}
    | {"reason": pl.String(), "evidence": pl.String()}
)
_PLACES: Final = pl.Schema(dict.fromkeys(("part", "row", "shard"), pl.UInt32()) | {"terms": pl.String()})
_HAD: Final = pl.Schema({"doc_id": pl.String()})
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
class Range:
    """The rows of a range of ids.

    Attributes:
        had: the documents of the parent version, `doc_id`.
        released: what is written of the released ones, with their `shard`, in the order of ids.
        left_out: the others, with `reason` and `evidence` (JSON).
    """

    had: pl.DataFrame
    released: pl.DataFrame
    left_out: pl.DataFrame


@dataclass(frozen=True)
class Decided:
    """What became of the rows read.

    Attributes:
        flow: where they went.
        reasons: documents left out by reason, the most frequent first.
        runs: rows read by run; the parent's under "".
        runs_left_out: of each run the documents left out by reason.
        groups: released rows and their bytes by what a manifest counts, see `summary.grouped`.
        named: `doc_id`, `text_hash` and `language` of released documents that were asked for.
        plan: the shards.
        limit: bytes of text above which one was cut.
        shards: of each shard the rows, their `text_bytes`, the first and the last part that they are from, and whether
            one is written on other terms than were read.
        parted: how many authors, sources or files, where these are held out whole, have documents in several splits.
        remembered: statements that later versions must heed, `statements.REMEMBERED`.
        lifted: documents whose earlier statements a later agreement lifts.
        overruled: see `statements.Bound`.
    """

    flow: Flow
    reasons: Mapping[str, int]
    runs: Mapping[str, int]
    runs_left_out: Mapping[str, Counter[str]]
    groups: pl.DataFrame
    named: pl.DataFrame
    plan: Plan
    limit: int
    shards: pl.DataFrame
    parted: int
    remembered: pl.DataFrame
    lifted: frozenset[str]
    overruled: Counter[Overruled]
    _ranges: Ranges
    _written: Spill
    _left_out: Spill
    _had: Spill
    _places: Spill
    _part_groups: int

    def ranges(self) -> Iterator[Range]:
        """Yield all rows, in the order of ids."""
        for number in range(self._ranges.count):
            released = _all(self._written, number, _WRITTEN)
            shards = pl.Series("shard", self.plan.shards(number))
            left_out = _all(self._left_out, number, _LEFT_OUT)
            yield Range(_all(self._had, number, _HAD), released.with_columns(shards), left_out)

    def places(self) -> Iterator[pl.DataFrame]:
        """Yield `part`, `row`, `shard` and `terms` of the released rows, some parts at a time, in the parts' order."""
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
) -> Decided:
    """Return what becomes of light rows.

    Args:
        light: of `admission.scan`.
        request: which variants are released, the splits, and when a shard is cut.
        old: the parent version.
        folder: for files; it is needed as long as the outcome is.
        replaced: documents of the parent for which a run has a better copy.
        links: documents that are copies of one another though their texts differ, `statements.LINKS`.
        holders: who holds each source, by its id.

    Raises:
        ReleaseError: evidence of a run can't be read, or a language or genre can't be a folder's name.
    """
    splits = Splits(request.splits, request.split_by)
    asked = list({one.doc_id for one in request.judged})
    linked = pl.concat([pl.DataFrame(schema=LINKS) if links is None else links, replaced.select(LINKS.names())])
    partitions = partitioned(light, linked, folder)
    ranges = partitions.ranges
    spills = [Spill(folder / name) for name in ("released", "left-out", "had", "written", "places")]
    released, left_out, had, written, places = spills
    read = repeated = 0
    runs, reasons, parts = Counter[str](), Counter[str](), Counter[int]()
    runs_left_out: defaultdict[str, Counter[str]] = defaultdict(Counter)
    bound: list[Bound] = []
    for rows in partitions.take():
        decision = decide(rows, replaced, request.variants, linked, holders)
        bound.append(decision.bound)
        rows = rows.filter(~pl.col("statement"))  # noqa: PLW2901
        parents = rows.filter(pl.col("run") == "")
        mine = splits.add(decision.released, parents, decision.replaced).select(_RELEASED.names())
        others = decision.left_out.select(_LEFT_OUT.names())
        by_run = decision.left_out.group_by(pl.col("run").cast(pl.String), "reason").len()
        for run, reason, rows_out in by_run.iter_rows():
            runs_left_out[run][reason] += rows_out
        for spill, frame in ((released, mine), (left_out, others), (had, parents.select("doc_id"))):
            spill.add_by(frame, ranges.of(frame["doc_id"]))
        read, repeated = read + rows.height, repeated + decision.repeated
        runs.update(dict(rows.group_by(pl.col("run").cast(pl.String)).len().iter_rows()))
        reasons.update(dict(others.group_by("reason").len().iter_rows()))
        parts.update(dict(mine.group_by("part").len().iter_rows()))
    for spill in (released, left_out, had):
        spill.flush()
    settled = splits.settled()
    planner = Planner(folder / "plan", old.shards if old else ())
    groups = grouped([])
    named = [pl.DataFrame(schema={"doc_id": pl.String, "text_hash": pl.Binary, "language": pl.String})]
    weight = 0
    for number in range(ranges.count):
        mine = settled.of(released.take(number, _RELEASED)).sort("doc_id")
        planner.add(mine)
        weight += int(weights(mine).sum())
        groups = grouped([groups, mine])
        about = mine.filter(pl.col("doc_id").is_in(asked)).select(named[0].columns)
        named.append(about.cast(named[0].schema))
        written.add_by(mine.select(_WRITTEN.names()), np.full(mine.height, number))
    written.flush()
    limit = request.shard_bytes or fitting(weight, old)
    plan = planner.planned(limit)
    part_groups = _part_groups(parts)
    shards = pl.DataFrame(schema=_SHARDS)
    for number in range(ranges.count):
        mine = _all(written, number, _WRITTEN)
        mine = mine.with_columns(pl.Series("shard", plan.shards(number)))
        places.add_by(mine.select(_PLACES.names()), part_groups[mine["part"].to_numpy()])
        shards = _by_shard([shards, mine])
    places.flush()
    flow = Flow(read=read, repeated=repeated, left_out=reasons.total(), released=parts.total())
    remembered, lifted, overruled = _together(bound)
    return Decided(
        flow=flow,
        reasons=dict(sorted(reasons.items(), key=lambda one: (-one[1], one[0]))),
        runs=runs,
        runs_left_out=runs_left_out,
        groups=groups,
        named=pl.concat(named),
        plan=plan,
        limit=limit,
        shards=shards,
        parted=settled.parted,
        remembered=remembered,
        lifted=lifted,
        overruled=overruled,
        _ranges=ranges,
        _written=written,
        _left_out=left_out,
        _had=had,
        _places=places,
        _part_groups=int(part_groups.max(initial=-1)) + 1,
    )


def _together(bound: Sequence[Bound]) -> tuple[pl.DataFrame, frozenset[str], Counter[Overruled]]:
    """Return what is to be remembered, which documents' statements are lifted and what is overruled, of all."""
    remembered = pl.concat([pl.DataFrame(schema=REMEMBERED), *(one.remembered for one in bound)])
    overruled = sum((one.overruled for one in bound), Counter[Overruled]())
    return remembered.unique(), frozenset[str]().union(*(one.lifted for one in bound)), overruled


def _part_groups(parts: Mapping[int, int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the group of each part, some with about as many rows as a partition."""
    rows = np.zeros(max(parts, default=-1) + 1, np.int64)
    rows[list(parts)] = list(parts.values())
    return np.asarray(np.cumsum(rows) // PARTITION_ROWS, np.int64)


def _by_shard(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Return what is told of each shard, of what was told before and of rows."""
    before, rows = frames
    told = rows.select(
        "shard",
        pl.lit(1).alias("rows"),
        "text_bytes",
        pl.col("part").alias("first_part"),
        pl.col("part").alias("last_part"),
        pl.col("terms").is_not_null().alias("rewritten"),
    ).cast(_SHARDS)
    sums = [pl.col("rows", "text_bytes").sum(), pl.col("first_part").min(), pl.col("last_part").max()]
    sums.append(pl.col("rewritten").any())
    return pl.concat([before, told]).group_by("shard").agg(sums).sort("shard")
