"""Copies that were set aside for a document which is withdrawn: another source's, whose own rights may admit it.

They are in the runs of the release's versions, as long as these are on the disk: set aside there as duplicates, or kept
there and set aside by a version, whose ledger says so. The ledger of the version into which a copy comes back says in
whose place: where it is withdrawn, too, the next of the copies comes, and where what it stands for is back, it goes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.dedupe.decide.order import first_released
from latam_corpus.dedupe.fingerprints.scheme import DEDUPE
from latam_corpus.errors import ReleaseError
from latam_corpus.messages import _
from latam_corpus.pipeline.stored_runs.run_record import links
from latam_corpus.release.eligibility.build_inputs import Part, load_run
from latam_corpus.release.storing.store_tables import IN_PLACE_OF, LEDGER, read_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.release.eligibility.build_inputs import Run
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import WithdrawalLog

_OF: Final = pl.Schema({"doc_id": pl.String(), "of": pl.String()})
_OF_COPIES: Final = ("source_id", "creators", "contributor")
LINKS: Final = pl.Schema({**_OF, "released": pl.Boolean(), "text_hash_after": pl.Binary()})
_UNFINISHED: Final = pl.Schema({**_OF, **{name: schema.DOCUMENT_SCHEMA[name] for name in _OF_COPIES}})
_READ: Final = pl.Schema({**_UNFINISHED, "duplicate_of": pl.String(), "drop_reason": pl.String()})


@dataclass(frozen=True)
class Twins:
    """Copies of withdrawn documents.

    Attributes:
        parts: where they are.
        runs: of which.
        of: `doc_id` of each and the id of the document `of` which it is a copy.
        unfinished: `doc_id`, `of`, source and people of copies that stages still had to work on: a new run brings
            them.
        absent: runs that aren't on the disk, where there may be others.
    """

    parts: tuple[Part, ...] = ()
    runs: tuple[Run, ...] = ()
    of: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_OF))
    unfinished: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_UNFINISHED))
    absent: tuple[str, ...] = ()


def find_twins(
    ids: pl.Series,
    runs: Sequence[Run],
    store: Store,
    old: Manifest | None,
    folders: Mapping[str, Path],
    log: WithdrawalLog,
) -> Twins:
    """Return the copies that were set aside for these documents.

    Args:
        ids: of documents that are withdrawn.
        runs: that a version is built from.
        store: where the release is.
        old: the version that it is built upon.
        folders: of runs that are on the disk, by name.
        log: the store's.

    Raises:
        ReleaseError: a run or a ledger is damaged.
    """
    if ids.is_empty():
        return Twins()
    versions = list(store.lineage(old))
    earlier = dict.fromkeys(entry.id for version in versions for entry in version.runs)
    named = {run.id for run in runs}
    every = [*runs, *(load_run(folders[run]) for run in earlier if run in folders and run not in named)]
    out = pl.concat([ids, log.documents_of(log.withdrawals)["doc_id"]])
    told = [links_of(store, version).filter(pl.col("of").is_in(out.implode())) for version in versions]
    linked = pl.concat([pl.DataFrame(schema=LINKS), *told])
    # Those are wanted, too, that were set aside for the document in whose place one of these had come.
    former = linked.filter(pl.col("released") & pl.col("doc_id").is_in(ids.implode()))["of"]
    ids = pl.concat([ids, former]).unique()
    by_ledger = linked.filter(~pl.col("released") & pl.col("of").is_in(ids.implode())).select(_OF.names())
    parts: list[Part] = []
    of = [pl.DataFrame(schema=_OF)]
    unfinished = [pl.DataFrame(schema=_UNFINISHED)]
    used: list[Run] = []
    for run in every:
        mine = [*_dropped(run, ids, unfinished), *_kept(run, by_ledger)]
        parts += [part for part, _ in mine]
        of += [rows for _, rows in mine]
        if mine and run.id not in named:
            used.append(run)
    absent = tuple(run for run in earlier if run not in folders and run not in named)
    texts = pl.concat(of).unique("doc_id", keep="first", maintain_order=True)
    return Twins(tuple(parts), tuple(used), texts, pl.concat(unfinished), absent)


def links_of(store: Store, version: Manifest) -> pl.DataFrame:
    """Return the documents that a version left out as copies `of` others, or `released` in their place."""
    if LEDGER not in version.files:
        return pl.DataFrame(schema=LINKS)
    placed = pl.col("evidence").str.contains(f'"{IN_PLACE_OF}"', literal=True).fill_null(value=False)
    rows = read_ledger(store, version.name, version.version, where=(pl.col("reason") == "duplicate") | placed)
    of = [pl.col("evidence").str.json_path_match(f"$.{name}") for name in ("kept", IN_PLACE_OF)]
    released = (pl.col("verdict") == "released").alias("released")
    return rows.select("doc_id", pl.coalesce(of).alias("of"), released, "text_hash_after")


def _dropped(run: Run, ids: pl.Series, unfinished: list[pl.DataFrame]) -> Iterator[tuple[Part, pl.DataFrame]]:
    finished = _of_last_stage(run)
    for file in run.files("dropped"):
        try:
            columns = [name for name in pl.read_parquet_schema(file) if name in _READ]
            rows = schema.conform(pl.read_parquet(file, glob=False, columns=columns), _READ)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise ReleaseError(
                str(file), _("it can't be read: {cause}", cause=error), _("run the recipe again")
            ) from error
        copies = rows.filter(pl.col("duplicate_of").is_in(ids.implode()) & pl.col("drop_reason").is_not_null())
        if copies.is_empty():
            continue
        if f"dropped/{file.name}" not in finished:  # it wasn't redacted, or whatever follows where it fell
            unfinished.append(copies.with_columns(of="duplicate_of").select(_UNFINISHED.names()))
            continue
        place = f"{run.id}/dropped/{file.name}"
        yield Part(run.id, place, str(file), only=copies["doc_id"]), copies.select("doc_id", of="duplicate_of")


def _of_last_stage(run: Run) -> set[str]:
    """Return the files of what the recipe's last stage set aside, where that is `dedupe`: all others saw it before."""
    if not run.stages or run.stages[-1].get("use") != DEDUPE:
        return set()
    parts = [part for part in run.record.values.get("parts", ()) if part.get("outputs") and not part["failed"]]
    every = [[name for name, _, _ in links(part["name"], part["outputs"])] for part in parts]
    return {names[-2] for names in every}  # before the last step's ledger


def _kept(run: Run, by_ledger: pl.DataFrame) -> Iterator[tuple[Part, pl.DataFrame]]:
    if by_ledger.is_empty():
        return
    for file in run.files("kept"):
        mine = pl.read_parquet(file, glob=False, columns=["doc_id"]).join(by_ledger, on="doc_id")
        if mine.height:
            yield Part(run.id, f"{run.id}/kept/{file.name}", str(file), only=mine["doc_id"]), mine


def chosen(light: pl.DataFrame, twins: Twins, there: pl.DataFrame) -> pl.DataFrame:
    """Return the light rows of the copies that come back, one for each withdrawn document, and of refused ones.

    Args:
        light: of the copies.
        twins: of which they are.
        there: light rows of all else.
    """
    released = there.filter(pl.col("refusal").is_null())["doc_id"]
    is_there = pl.col("doc_id").is_in(released.implode())
    rows = light.join(twins.of, on="doc_id")
    replaced = rows.filter(is_there)["of"]
    rows = rows.filter(~is_there)
    wanted = pl.col("refusal").is_null() & ~pl.col("of").is_in(replaced.implode())
    admitted = rows.filter(wanted).sort(*first_released(pl.col("run") != ""), nulls_last=True)
    first = admitted.unique("of", keep="first", maintain_order=True)
    refused = rows.filter(pl.col("refusal").is_not_null())
    return pl.concat([first, refused]).unique("doc_id", keep="first", maintain_order=True).select(light.columns)
