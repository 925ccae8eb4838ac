"""Drop withdrawn documents in a run before `dedupe`, so that no document is dropped as a copy of a withdrawn one.

A build checks the released texts again. As in a build, documents that were in a version when a text was withdrawn are
kept unless the request matched them.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, ClassVar, Final

import polars as pl

from latam_corpus.collect.records import WITHDRAWN
from latam_corpus.corpus import ROW
from latam_corpus.dedupe.fingerprints.scheme import DEDUPE
from latam_corpus.errors import PartError
from latam_corpus.messages import _
from latam_corpus.pipeline.stored_runs.keys import digest_of
from latam_corpus.release.refusals.tombstones import READS, Tombstones
from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.store_tables import LEDGER, read_ledger
from latam_corpus.release.storing.withdrawal_log import BARRIER, read_log
from latam_corpus.stages import Barrier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from latam_corpus.corpus import Corpus
    from latam_corpus.pipeline.planning.plan import Plan
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.withdrawal_log import WithdrawalLog

_BATCH_ROWS: Final = 10_000  # rows whose texts are in memory at once


@dataclasses.dataclass(frozen=True)
class Withdrawals(Barrier):
    """The barrier that drops withdrawn documents; `entries` is the digest of the log's withdrawals, see `_digest`."""

    name: ClassVar[str] = BARRIER
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({*READS, "text"})
    gives: ClassVar[frozenset[str]] = frozenset({"drop_reason"})
    by_content: ClassVar[tuple[str, ...]] = ("store",)

    store: str = ""
    release: str = ""
    entries: str = ""

    def decide(self, corpus: Corpus) -> Iterator[pl.DataFrame]:
        """Drop each row that a withdrawal names or whose text is withdrawn; the evidence names the request.

        Raises:
            PartError: a withdrawal was added since the run began.
            ReleaseError: the log or a version's ledger can't be read.
        """
        store = Store.at(self.store)
        log = read_log(store)
        if _digest(log) != self.entries:
            problem = _("documents were withdrawn from the store during the run")
            raise PartError(store.url, problem, _("run it again: finished work is kept"))
        tombstones, checked_ids = Tombstones(log), _checked_ids(store, log, self.release)
        evidence = {
            entry.number: json.dumps({"withdrawal": entry.number, "request": entry.request})
            for entry in log.withdrawals
        }
        for rows in corpus.frames(sorted(self.needs)):
            for frame in rows.iter_slices(_BATCH_ROWS):
                numbers = _withdrawals(frame, tombstones, checked_ids)
                yield frame.select(
                    ROW,
                    pl.lit(WITHDRAWN).alias("drop_reason"),
                    numbers.replace_strict(evidence, default=None, return_dtype=pl.String).alias("evidence"),
                ).filter(numbers.is_not_null())


def _withdrawals(frame: pl.DataFrame, tombstones: Tombstones, checked_ids: pl.Series) -> pl.Series:
    """Return the number of each row's withdrawal, or null. Texts of checked documents aren't compared."""
    matches = tombstones.matching_texts(frame)
    rows = frame.select("doc_id").with_row_index("row").join(matches, on="row", how="left", maintain_order="left")
    by_text = pl.when(~pl.col("doc_id").is_in(checked_ids.implode())).then(pl.col("number"))
    return rows.select(pl.coalesce(pl.lit(tombstones.about(frame)), by_text).alias("number")).to_series()


def _checked_ids(store: Store, log: WithdrawalLog, release: str) -> pl.Series:
    """Return the ids of documents that were in a version, and so were compared with the texts, at the withdrawal."""
    ids = [pl.Series("doc_id", [], pl.String)]
    numbers = [entry.number for entry in log.withdrawals if "texts" in entry.tables]
    versions = list(store.manifests(release)) if numbers else []
    searched: dict[str, Manifest] = {}
    for number in numbers:
        earlier = [manifest for manifest in versions if manifest.withdrawal_sequence < number]
        searched |= {manifest.version: manifest for manifest in earlier[-1:]}
    for version, manifest in searched.items():
        if LEDGER in manifest.files:
            rows = read_ledger(store, release, version)
            ids.append(rows.filter(pl.col("verdict") == "released")["doc_id"])
    return pl.concat(ids).unique()


def _digest(log: WithdrawalLog) -> str:
    """Return a digest of the withdrawals only, so that receipts and purges don't change it."""
    return digest_of(
        [digest for entry, digest in zip(log.entries, log.digests, strict=True) if entry in log.withdrawals]
    )


def with_withdrawals(plan: Plan, log: WithdrawalLog, release: str) -> Plan:
    """Add a `Withdrawals` barrier before `dedupe` to the plan of a release's run."""
    barrier = Withdrawals(log.store.url, release, _digest(log))
    segments = [
        dataclasses.replace(
            segment,
            barriers=tuple(
                step
                for planned in segment.barriers
                for step in ((barrier, planned) if planned.name == DEDUPE else (planned,))
            ),
        )
        for segment in plan.segments
    ]
    return dataclasses.replace(plan, segments=tuple(segments))
