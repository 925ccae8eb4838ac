"""What a store's withdrawals keep out, set aside in a run before copies are looked for, so that none falls for it.

A build leaves it out too, by the text that is released. Documents that a version of the release had before a text was
withdrawn, and which the request didn't mean, stay, as they do in a build.
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
from latam_corpus.release.storing.manifest import load_manifest
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

_AT_ONCE: Final = 10_000  # rows with their texts


@dataclasses.dataclass(frozen=True)
class Withdrawals(Barrier):
    """The barrier that sets aside what is withdrawn.

    Attributes:
        store: the URL of the store whose log it reads.
        release: the release that the run is for.
        entries: the digest of the log's withdrawals, see `_digest`.
    """

    name: ClassVar[str] = BARRIER
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({*READS, "text"})
    gives: ClassVar[frozenset[str]] = frozenset({"drop_reason"})
    by_content: ClassVar[tuple[str, ...]] = ("store",)

    store: str = ""
    release: str = ""
    entries: str = ""

    def decide(self, corpus: Corpus) -> Iterator[pl.DataFrame]:
        """`withdrawn` for each row that a withdrawal names or whose text it does, with the request in the evidence.

        Raises:
            PartError: something was withdrawn since the run began.
            ReleaseError: the log or a version's ledger can't be read.
        """
        store = Store.at(self.store)
        log = read_log(store)
        if _digest(log) != self.entries:
            problem = _("something was withdrawn from the store during the run")
            raise PartError(store.url, problem, _("run it again: what was done before is kept"))
        tombstones, known = Tombstones(log), _known(store, log, self.release)
        evidence = {
            entry.number: json.dumps({"withdrawal": entry.number, "request": entry.request})
            for entry in log.withdrawals
        }
        for rows in corpus.frames(sorted(self.needs)):
            for frame in rows.iter_slices(_AT_ONCE):
                numbers = _numbers(frame, tombstones, known)
                yield frame.select(
                    ROW,
                    pl.lit(WITHDRAWN).alias("drop_reason"),
                    numbers.replace_strict(evidence, default=None, return_dtype=pl.String).alias("evidence"),
                ).filter(numbers.is_not_null())


def _numbers(frame: pl.DataFrame, tombstones: Tombstones, known: pl.Series) -> pl.Series:
    """Return the number of the entry that keeps each row out; null where none does."""
    matches = tombstones.matching_texts(frame)
    rows = frame.select("doc_id").with_row_index("row").join(matches, on="row", how="left", maintain_order="left")
    by_text = pl.when(~pl.col("doc_id").is_in(known.implode())).then(pl.col("number"))
    return rows.select(pl.coalesce(pl.lit(tombstones.about(frame)), by_text).alias("number")).to_series()


def _known(store: Store, log: WithdrawalLog, release: str) -> pl.Series:
    """Return the ids of documents that a version of the release had when a text was withdrawn: they were asked then."""
    ids = [pl.Series("doc_id", [], pl.String)]
    asked = [entry.number for entry in log.withdrawals if "texts" in entry.tables]
    versions = [load_manifest(store, release, version) for version in store.versions(release)] if asked else []
    before: dict[str, Manifest] = {}
    for number in asked:
        earlier = [manifest for manifest in versions if manifest.withdrawal_sequence < number]
        before |= {manifest.version: manifest for manifest in earlier[-1:]}
    for version, manifest in before.items():
        if LEDGER in manifest.files:
            rows = read_ledger(store, release, version)
            ids.append(rows.filter(pl.col("verdict") == "released")["doc_id"])
    return pl.concat(ids).unique()


def _digest(log: WithdrawalLog) -> str:
    """Give what changes when what is withdrawn does; receipts and purges have no part in it."""
    return digest_of(
        [digest for entry, digest in zip(log.entries, log.digests, strict=True) if entry in log.withdrawals]
    )


def with_withdrawals(plan: Plan, log: WithdrawalLog, release: str) -> Plan:
    """Return the plan of a release's run, in which what is withdrawn is set aside before `dedupe`."""
    barrier = Withdrawals(log.store.url, release, _digest(log))
    segments = [
        dataclasses.replace(segment, barriers=tuple(two for one in segment.barriers for two in _before(barrier, one)))
        for segment in plan.segments
    ]
    return dataclasses.replace(plan, segments=tuple(segments))


def _before(withdrawals: Withdrawals, barrier: Barrier) -> tuple[Barrier, ...]:
    return (withdrawals, barrier) if barrier.name == DEDUPE else (barrier,)
