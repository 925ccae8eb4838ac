"""Find copies that may replace a withdrawn document, and documents that return after a hold.

The copies are duplicates from other sources, each with separate terms. They are in the runs of the release's versions,
if these are on disk. Either a run dropped them as duplicates, or a version left them out, according to its ledger. The
ledger of a version that releases a copy names the document that it replaces. If the copy is withdrawn too, the next
copy replaces it; if the document returns after a hold, the copy is left out again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.dedupe.decide.order import first_released
from latam_corpus.dedupe.fingerprints.scheme import DEDUPE
from latam_corpus.pipeline.stored_runs.run_record import links
from latam_corpus.release.eligibility.build_inputs import InputPart, load_run, unreadable
from latam_corpus.release.eligibility.removals import REPLACED
from latam_corpus.release.storing.store_tables import IN_PLACE_OF, LEDGER, read_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.release.eligibility.build_inputs import InputRun
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import WithdrawalLog

_OF: Final = pl.Schema({"doc_id": pl.String(), "of": pl.String()})
_OF_COPIES: Final = ("source_id", "creators", "contributor")
COPY_LINKS: Final = pl.Schema({**_OF, "released": pl.Boolean(), "text_hash_after": pl.Binary()})
_UNFINISHED: Final = pl.Schema({**_OF, **{name: schema.DOCUMENT_SCHEMA[name] for name in _OF_COPIES}})
_READ: Final = pl.Schema({**_UNFINISHED, "duplicate_of": pl.String(), "drop_reason": pl.String()})


@dataclass(frozen=True)
class ReplacementCopies:
    """Copies of withdrawn documents that may replace them.

    Attributes:
        parts: the files of the copies.
        runs: the runs of these files, except inputs of the version.
        of: `doc_id` of each copy, and the id of the document that it duplicates in `of`.
        unfinished: `doc_id`, `of`, source and people of copies that were dropped before the last stage; only a new
            run can finish them.
        absent: names of runs that aren't on disk and may have more copies.
    """

    parts: tuple[InputPart, ...] = ()
    runs: tuple[InputRun, ...] = ()
    of: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_OF))
    unfinished: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_UNFINISHED))
    absent: tuple[str, ...] = ()


def find_replacement_copies(
    ids: pl.Series,
    runs: Sequence[InputRun],
    store: Store,
    old: Manifest | None,
    folders: Mapping[str, Path],
    log: WithdrawalLog,
) -> ReplacementCopies:
    """Find copies that were left out as duplicates of withdrawn documents.

    Raises:
        ReleaseError: a run or a ledger is damaged.
    """
    if ids.is_empty():
        return ReplacementCopies()
    versions = list(store.lineage(old))
    earlier = dict.fromkeys(entry.id for version in versions for entry in version.runs)
    input_names = {run.id for run in runs}
    searched_runs = [*runs, *(load_run(folders[run]) for run in earlier if run in folders and run not in input_names)]
    withdrawn = pl.concat([ids, log.documents_of(log.withdrawals)["doc_id"]])
    of_versions = [links_of(store, version).filter(pl.col("of").is_in(withdrawn.implode())) for version in versions]
    linked = pl.concat([pl.DataFrame(schema=COPY_LINKS), *of_versions])
    # If one of the documents was released in place of a withdrawn one, copies of the latter count too.
    former = linked.filter(pl.col("released") & pl.col("doc_id").is_in(ids.implode()))["of"]
    ids = pl.concat([ids, former]).unique()
    by_ledger = linked.filter(~pl.col("released") & pl.col("of").is_in(ids.implode())).select(_OF.names())
    parts: list[InputPart] = []
    of = [pl.DataFrame(schema=_OF)]
    unfinished = [pl.DataFrame(schema=_UNFINISHED)]
    used: list[InputRun] = []
    for run in searched_runs:
        copies = [*_dropped(run, ids, unfinished), *_kept(run, by_ledger)]
        parts += [part for part, _ in copies]
        of += [rows for _, rows in copies]
        if copies and run.id not in input_names:
            used.append(run)
    absent = tuple(run for run in earlier if run not in folders and run not in input_names)
    pairs = pl.concat(of).unique("doc_id", keep="first", maintain_order=True)
    return ReplacementCopies(tuple(parts), tuple(used), pairs, pl.concat(unfinished), absent)


def links_of(store: Store, version: Manifest) -> pl.DataFrame:
    """Return the documents that a version left out as copies `of` others, or released in place of them: COPY_LINKS."""
    if LEDGER not in version.files:
        return pl.DataFrame(schema=COPY_LINKS)
    placed = pl.col("evidence").str.contains(f'"{IN_PLACE_OF}"', literal=True).fill_null(value=False)
    rows = read_ledger(store, version.name, version.version, where=(pl.col("reason") == "duplicate") | placed)
    original_ids = [pl.col("evidence").str.json_path_match(f"$.{name}") for name in ("kept", IN_PLACE_OF)]
    released = (pl.col("verdict") == "released").alias("released")
    return rows.select("doc_id", pl.coalesce(original_ids).alias("of"), released, "text_hash_after")


def _dropped(run: InputRun, ids: pl.Series, unfinished: list[pl.DataFrame]) -> Iterator[tuple[InputPart, pl.DataFrame]]:
    finished = _of_last_stage(run)
    for file in run.files("dropped"):
        try:
            columns = [name for name in pl.read_parquet_schema(file) if name in _READ]
            rows = schema.conform(pl.read_parquet(file, glob=False, columns=columns), _READ)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise unreadable(file, error) from error
        copies = rows.filter(pl.col("duplicate_of").is_in(ids.implode()) & pl.col("drop_reason").is_not_null())
        if copies.is_empty():
            continue
        if f"dropped/{file.name}" not in finished:  # later stages, such as redact, didn't process it
            unfinished.append(copies.with_columns(of="duplicate_of").select(_UNFINISHED.names()))
            continue
        place = f"{run.id}/dropped/{file.name}"
        yield InputPart(run.id, place, str(file), only=copies["doc_id"]), copies.select("doc_id", of="duplicate_of")


def _of_last_stage(run: InputRun) -> set[str]:
    """Return the files of documents that `dedupe` dropped as the last stage; those dropped earlier are unfinished."""
    if not run.stages or run.stages[-1].get("use") != DEDUPE:
        return set()
    parts = [part for part in run.record.values.get("parts", ()) if part.get("outputs") and not part["failed"]]
    outputs = [[name for name, _, _ in links(part["name"], part["outputs"])] for part in parts]
    return {names[-2] for names in outputs}  # before the last step's ledger


def _kept(run: InputRun, by_ledger: pl.DataFrame) -> Iterator[tuple[InputPart, pl.DataFrame]]:
    if by_ledger.is_empty():
        return
    for file in run.files("kept"):
        copies = pl.read_parquet(file, glob=False, columns=["doc_id"]).join(by_ledger, on="doc_id")
        if copies.height:
            yield InputPart(run.id, f"{run.id}/kept/{file.name}", str(file), only=copies["doc_id"]), copies


def returning_copies(light: pl.DataFrame, replacements: ReplacementCopies, other_rows: pl.DataFrame) -> pl.DataFrame:
    """Return the light rows of the copies to release, one per withdrawn document, and of the refused copies."""
    released = other_rows.filter(pl.col("refusal").is_null())["doc_id"]
    is_released = pl.col("doc_id").is_in(released.implode())
    rows = light.join(replacements.of, on="doc_id")
    replaced = rows.filter(is_released)["of"]
    rows = rows.filter(~is_released)
    is_wanted = pl.col("refusal").is_null() & ~pl.col("of").is_in(replaced.implode())
    admitted = rows.filter(is_wanted).sort(*first_released(pl.col("run") != ""), nulls_last=True)
    first = admitted.unique("of", keep="first", maintain_order=True)
    refused = rows.filter(pl.col("refusal").is_not_null())
    return pl.concat([first, refused]).unique("doc_id", keep="first", maintain_order=True).select(light.columns)


def returned_parts(store: Store, old: Manifest, log: WithdrawalLog) -> tuple[list[InputPart], list[Manifest]]:
    """Return the files with documents whose holds ended after the parent version, and the versions of these files."""
    holds = {entry.number: entry for entry in log.entries if entry.kind == "hold"}
    since = log.entries[old.withdrawal_sequence :]
    ended = [holds[entry.of] for entry in since if entry.kind == "return" and entry.of in holds]
    returned_rows = pl.concat(
        [log.rows.clear().select("object", "doc_id"), *(log.table(entry, "rows") for entry in ended)]
    )
    parts: list[InputPart] = []
    versions: list[Manifest] = []
    found_ids = returned_rows["doc_id"].clear()
    for manifest in store.lineage(old) if returned_rows.height else ():
        for shard in manifest.shards:
            now = log.resolved(shard)
            ids = returned_rows.filter(
                pl.col("object").is_in(log.digests_of(shard)) & ~pl.col("doc_id").is_in(found_ids.implode())
            )["doc_id"].unique(maintain_order=True)
            if now is None or ids.is_empty():
                continue
            parts.append(InputPart("", f"{manifest.spec}, {shard.path}", now.object, store, only=ids))
            found_ids = pl.concat([found_ids, ids])
            if manifest not in versions:
                versions.append(manifest)
    return parts, versions


def stand_ins(store: Store, old: Manifest, log: WithdrawalLog) -> pl.DataFrame:
    """Return the copies that were released in place of held documents, REPLACED.

    They are left out again when these documents return, unless their text has changed since.
    """
    first = min(entry.number for entry in log.entries if entry.kind == "hold")
    since = [manifest for manifest in store.lineage(old) if manifest.withdrawal_sequence >= first]
    links = [pl.DataFrame(schema=COPY_LINKS), *(links_of(store, manifest) for manifest in since)]
    placed = pl.concat(links).filter("released")
    if placed.is_empty():
        return pl.DataFrame(schema=REPLACED)
    still_released = (pl.col("verdict") == "released") & pl.col("doc_id").is_in(placed["doc_id"].implode())
    now = read_ledger(store, old.name, old.version, where=still_released).select("doc_id", now="text_hash_after")
    unchanged = pl.coalesce("now", "text_hash_after") == pl.col("text_hash_after")
    rows = (
        placed.join(now, on="doc_id", how="left").filter(unchanged).select("doc_id", duplicate_of="of", run=pl.lit(""))
    )
    return schema.conform(rows.unique(), REPLACED)
