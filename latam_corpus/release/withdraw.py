"""A withdrawal: what is meant is looked for in every version, written into the log, and left out of the next version.

From the log's entry on it binds. What comes after (the next version, the receipt) may be cut off at any moment: the
same command goes on from there.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import polars as pl

from latam_corpus import schema
from latam_corpus.catalog.naming import version_key
from latam_corpus.dedupe.fingerprint import text_hash
from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import N_, _, same
from latam_corpus.release.build import OvertakenError, build
from latam_corpus.release.manifest import load_manifest, manifest_sha256
from latam_corpus.release.shard_file import read_batches
from latam_corpus.release.store_tables import LEDGER, open_shard, read_ledger
from latam_corpus.release.tombstones import READS, named_by, settled
from latam_corpus.release.twins import Twins, find_twins, links_of
from latam_corpus.release.withdrawal_log import (
    ROWS,
    SPARED,
    Entry,
    add_entry,
    asked_hash,
    must_reach,
    read_log,
    request_name,
)
from latam_corpus.release.withdrawn_texts import WithdrawnTexts, texts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from latam_corpus.messages import Message
    from latam_corpus.release.judgements import Judgement
    from latam_corpus.release.manifest import Manifest, Shard
    from latam_corpus.release.store import Progress, Store
    from latam_corpus.release.withdrawal_log import By, WithdrawalLog

_MEANT: Final = pl.Schema({**ROWS, "source_id": pl.String(), "text_hash": pl.Binary()})


@dataclass(frozen=True)
class Withdrawal:
    """What became of a request.

    Attributes:
        entry: of the log.
        entry_sha256: the digest of its file.
        value: what was named: of a text its hash.
        before: the latest version before.
        before_sha256: the digest of its manifest.
        after: the version without what was withdrawn; the one before where that had none of it.
        after_sha256: the digest of its manifest.
        rows: documents left out, by version.
        shards: the shards that have them, by version.
        documents: their ids.
        promoted: ids of copies that came back for them.
        displaced: ids of copies that left, since what they had come back for is back.
        left_aside: what is known of copies that didn't, a sentence each.
        written: bytes of shards that the next version didn't take over.
        others: releases besides this one that have such documents in their latest version.
    """

    entry: Entry
    entry_sha256: str
    value: str
    before: Manifest
    before_sha256: str
    after: Manifest
    after_sha256: str
    rows: dict[str, int]
    shards: dict[str, list[str]]
    documents: list[str]
    promoted: list[str]
    displaced: list[str]
    left_aside: list[Message]
    written: int
    others: list[str]


def withdraw(
    store: Store,
    name: str,
    by: By,
    value: str,
    because: str,
    now: datetime,
    runs_there: Mapping[str, Path] | None = None,
    progress: Progress | None = None,
    judged: Sequence[Judgement] = (),
    *,
    kind: Literal["withdrawal", "hold"] = "withdrawal",
) -> Withdrawal:
    """Withdraw documents from all releases of a store, and make the next version of one of them.

    Args:
        store: where they are.
        name: the release of which the next version is made.
        by: what is named.
        value: a document's id, a source's, a person's name, an address with `*` for any characters, or a text.
        because: why; it stands in the log.
        now: the time.
        runs_there: the folders of runs on the disk, by name, from which copies come back.
        progress: told what is done, how much of it and of how much.
        judged: what readers judged, for the next version's card.
        kind: whether they are withdrawn, or held until it is settled whether they are (`holds.py`).

    Raises:
        ConfigError: there is no such release, or nothing in it is meant; nothing that could be held.
        ReleaseError: the log or a version is damaged, somebody else was first, or the next version can't be made.
    """
    because = checked_reason(name, because)
    with store.named_errors():
        return _withdraw(store, name, by, value, because, now, runs_there or {}, progress, judged, kind)


def checked_reason(name: str, because: str) -> str:
    """Return why documents leave all versions or come back, as it stands in the log.

    Raises:
        ConfigError: one version is named, or nothing is said.
    """
    if "@" in name:
        raise ConfigError(
            name,
            _("a withdrawal is from all versions"),
            _("name the release alone: {partition}", partition=name.partition("@")[0]),
        )
    if not because.strip():
        raise ConfigError("--because", _("it is empty"), _("say in a few words why, without personal data"))
    return because.strip()


def _withdraw(
    store: Store,
    name: str,
    by: By,
    value: str,
    because: str,
    now: datetime,
    runs_there: Mapping[str, Path],
    progress: Progress | None,
    judged: Sequence[Judgement],
    kind: Literal["withdrawal", "hold"],
) -> Withdrawal:
    before = load_manifest(store, *store.find(name))
    wanted = settled(by, value)
    named = text_hash(wanted).hex() if by == "text" else wanted
    asked = wanted if by == "url" else asked_hash(by, named)
    log = read_log(store)
    versions = versions_of(store, log)
    search = _Search(store, log, _objects(versions, log), progress)
    meant = search.meant(by, wanted, asked)
    if kind == "hold":
        gone = log.rows.filter("erases").select(ROWS.names())
        meant = meant.join(gone, on=ROWS.names(), how="anti")
    earlier = [entry for entry in log.withdrawals if (entry.kind, entry.by, entry.asked) == (kind, by, asked)]
    known = pl.concat([pl.DataFrame(schema=ROWS), *(log.table(entry, "rows") for entry in earlier)])
    fresh = meant.join(known, on=ROWS.names(), how="anti")
    if fresh.height or not earlier:
        _must_be_there(name, by, value, meant, versions, log, kind)
        entered = _entered(
            search, log, versions, by, wanted, asked, name, because, now, fresh, before, runs_there, kind
        )
        if entered is None or _specs(store) != versions.keys():
            # A version was made meanwhile, and may have what is withdrawn.
            return _withdraw(store, name, by, value, because, now, runs_there, progress, judged, kind)
        entry = entered
        rows = fresh.select(ROWS.names())
    else:
        entry, rows = earlier[-1], known
    after = next_version_of(name, store, now, runs_there, progress, judged)
    before = version_before(entry, before, versions)
    return outcome(store, entry, named, before, after, versions, rows, runs_there)


def version_before(entry: Entry, latest: Manifest, versions: Mapping[str, Manifest]) -> Manifest:
    """Return the last version of a release that knows nothing of an entry.

    Where a command goes on after a cut, the latest may be the one that it had made already.
    """
    last = [m for m in versions.values() if m.name == latest.name and m.withdrawal_sequence < entry.number]
    return max(last, key=lambda manifest: version_key(manifest.version), default=latest)


def next_version_of(
    name: str,
    store: Store,
    now: datetime,
    runs_there: Mapping[str, Path],
    progress: Progress | None,
    judged: Sequence[Judgement],
) -> Manifest:
    """Return the version after a release's latest, on its terms, of what it has and what the log says since.

    Where another is made meanwhile, it is begun anew upon that one.
    """
    while True:
        before = load_manifest(store, *store.find(name))
        with suppress(OvertakenError):
            return build(
                name,
                [],
                store,
                admit=before.admit,
                uses=before.uses,
                splits=before.splits,
                split_by=before.split_by,
                index=bool(before.index) or not before.shards,
                parent=before.version,
                created=now,
                progress=progress,
                runs_there=runs_there,
                may_be_empty=True,
                judged=judged,
                still_latest=True,
            )


def _specs(store: Store) -> set[str]:
    """Every version of every release of the store, `NAME@VERSION`."""
    return {f"{name}@{version}" for name in store.names() for version in store.versions(name)}


def versions_of(store: Store, log: WithdrawalLog) -> dict[str, Manifest]:
    """Every version of every release of the store, by `NAME@VERSION`; the log must reach as far as they say."""
    manifests = {}
    for name in store.names():
        for version in store.versions(name):
            manifest = load_manifest(store, name, version)
            must_reach(log, manifest.withdrawal_sequence, manifest.spec)
            manifests[manifest.spec] = manifest
    return manifests


def _objects(versions: Mapping[str, Manifest], log: WithdrawalLog) -> dict[str, Shard]:
    """Each object that a version names, or that a purge has put in its place, by its digest."""
    shards = {shard.sha256: shard for manifest in versions.values() for shard in manifest.shards}
    there = [now for shard in shards.values() if (now := log.resolved(shard))]
    return {shard.sha256: shard for shard in there}


@dataclass(frozen=True)
class _Search:
    """A search of the objects of a store."""

    store: Store
    log: WithdrawalLog
    objects: Mapping[str, Shard]
    progress: Progress | None

    def meant(self, by: By, wanted: str, asked: str) -> pl.DataFrame:
        """Return the documents that are meant, _MEANT."""
        if by == "text":
            return self._saying(WithdrawnTexts(_texts(texts_of(pl.Series([wanted])), by)))
        entry = Entry.model_construct(by=by, asked=asked)
        rows = [pl.DataFrame(schema=_MEANT)]
        for sha256, frame in self._frames(READS):
            mine = (
                pl.any_horizontal(pl.col("doc_id") == wanted, (pl.col("parent_id") == wanted).fill_null(value=False))
                if by == "doc"
                else pl.Series(named_by(frame, entry), dtype=pl.Boolean)
            )
            rows.append(_located(sha256, frame.filter(mine)))
        meant = pl.concat(rows)
        if by == "creator" and meant.height:
            near = self._saying(WithdrawnTexts(_texts(self.texts(meant), by)))
            meant = pl.concat([meant, near.join(meant, on=ROWS.names(), how="anti")])
        return meant

    def texts(self, meant: pl.DataFrame) -> pl.DataFrame:
        """Return what the log keeps of the texts of documents, TEXTS."""
        rows = [texts_of(pl.Series([], dtype=pl.String))]
        for (sha256,), mine in meant.group_by("object"):
            for _object, frame in self._frames(("doc_id", "text"), {str(sha256): self.objects[str(sha256)]}):
                rows.append(texts_of(frame.filter(pl.col("doc_id").is_in(mine["doc_id"].implode()))["text"]))
        return pl.concat(rows).unique("text_hash", maintain_order=True)

    def _saying(self, texts: WithdrawnTexts) -> pl.DataFrame:
        rows = [pl.DataFrame(schema=_MEANT)]
        for sha256, frame in self._frames(("doc_id", "source_id", "text_hash", "text")):
            known = texts.known(frame["text"], frame["text_hash"])
            rows.append(_located(sha256, frame[known["row"].to_list()]))
        return pl.concat(rows)

    def equal(self, hashes: pl.Series) -> pl.DataFrame:
        """Return the documents with one of these texts."""
        rows = [pl.DataFrame(schema=_MEANT)]
        for sha256, frame in self._frames(("doc_id", "source_id", "text_hash")):
            rows.append(_located(sha256, frame.filter(pl.col("text_hash").is_in(hashes.implode()))))
        return pl.concat(rows)

    def _frames(
        self, columns: tuple[str, ...], objects: Mapping[str, Shard] | None = None
    ) -> Iterator[tuple[str, pl.DataFrame]]:
        chosen = self.objects if objects is None else objects
        types = pl.Schema({name: schema.RELEASE_SCHEMA[name] for name in columns})
        for number, (sha256, shard) in enumerate(chosen.items(), 1):
            with open_shard(self.store, shard, ("doc_id",)) as file:
                there = [name for name in columns if name in file.schema_arrow.names]
                for frame in read_batches(file, there):
                    yield sha256, schema.conform(frame, types)
            if self.progress and objects is None:
                self.progress(N_("looking for what is withdrawn"), number, len(chosen))


def _texts(texts: pl.DataFrame, by: By) -> pl.DataFrame:
    return texts.with_columns(pl.lit(0, pl.UInt32).alias("number"), pl.lit(by).alias("by"))


def _located(sha256: str, rows: pl.DataFrame) -> pl.DataFrame:
    return schema.conform(rows.with_columns(pl.lit(sha256).alias("object")), _MEANT)


def _must_be_there(
    name: str, by: By, value: str, meant: pl.DataFrame, versions: Mapping[str, Manifest], log: WithdrawalLog, kind: str
) -> None:
    """Refuse a request that means nothing in the release.

    Raises:
        ConfigError: no version has what it names, or only those of another release.
    """
    having = {
        manifest.name
        for manifest in versions.values()
        if not meant.filter(
            pl.col("object").is_in([digest for shard in manifest.shards for digest in log.digests_of(shard)])
        ).is_empty()
    }
    if name in having:
        return
    shown = same(f"«{value}»") if by != "text" else _("this text, nor one near it")
    if kind == "hold" and not meant.height:
        shown = _("{shown} that isn't withdrawn already", shown=shown)
    problem = _("no version of {name} has {shown}", name=name, shown=shown)
    if having:
        raise ConfigError(f"--{by}", problem, _("it is in {names}: name that release", names=", ".join(sorted(having))))
    sources = {entry.source_id for manifest in versions.values() for entry in manifest.sources}
    remedy = closest(value, sources) if by == "source" else _("`latam-corpus explain` tells where a document is")
    raise ConfigError(f"--{by}", problem, remedy)


def _entered(
    search: _Search,
    log: WithdrawalLog,
    versions: Mapping[str, Manifest],
    by: By,
    wanted: str,
    asked: str,
    name: str,
    because: str,
    now: datetime,
    meant: pl.DataFrame,
    before: Manifest,
    runs_there: Mapping[str, Path],
    kind: Literal["withdrawal", "hold"],
) -> Entry | None:
    """Write the log's entry, with the documents that leave, texts that stay out, and copies that may stay.

    None where there are other versions by now than those that were looked through.
    """
    tables = {"rows": meant.select(ROWS.names()).sort(ROWS.names())}
    if by == "text":
        tables["texts"] = texts_of(pl.Series([wanted]))
    elif by in ("doc", "creator"):
        tables["texts"] = search.texts(meant)
    if by == "doc":
        # Another source's copy is that source's to give: one that was set aside, or is in a version.
        twins = find_twins(meant["doc_id"].unique(), [], search.store, before, runs_there, log)
        mine = meant["source_id"].unique().implode()
        copies = [part.batches() for part in twins.parts]
        rows = [frame.select("doc_id", "source_id") for frames in copies for frame in frames]
        rows.append(twins.unfinished)
        rows.append(search.equal(meant["text_hash"].drop_nulls()).select("doc_id", "source_id"))
        spared = pl.concat(rows).filter(~pl.col("source_id").is_in(mine)).select(SPARED.names())
        tables["spared"] = spared.unique().sort("doc_id")
    number = log.sequence + 1
    request = request_name(kind, number, log.head, by, asked)
    fields = {"kind": kind, "request": request, "release": name, "by": by, "asked": asked, "because": because}
    with log.store.claim(*log.store.names()):
        return add_entry(log, now, tables, **fields) if _specs(log.store) == versions.keys() else None


def outcome(
    store: Store,
    entry: Entry,
    named: str,
    before: Manifest,
    after: Manifest,
    versions: Mapping[str, Manifest],
    rows: pl.DataFrame,
    runs_there: Mapping[str, Path],
) -> Withdrawal:
    """Return what became of an entry of the log.

    Args:
        store: whose log it is.
        entry: the entry.
        named: what was named, in the form in which it is hashed.
        before: the version before.
        after: the next one.
        versions: all of the store, by `NAME@VERSION`.
        rows: the documents that it is about, ROWS.
        runs_there: the folders of runs on the disk, by name.
    """
    counts, shards, others = {}, {}, []
    log = read_log(store)
    by_object = dict(rows.group_by("object").len().iter_rows())
    for spec, manifest in versions.items():
        # After a purge another object stands in a shard's place.
        had = {shard.path: sum(by_object.get(one, 0) for one in log.digests_of(shard)) for shard in manifest.shards}
        hit = {path: n for path, n in had.items() if n}
        if hit:
            counts[spec] = sum(hit.values())
            shards[spec] = list(hit)
            if manifest.name != before.name and store.latest(manifest.name) == manifest.version:
                others.append(manifest.name)
    ids = rows["doc_id"].unique().sort()
    twins = find_twins(ids, [], store, before, runs_there, log)
    removed, added = _change(store, before, after)
    promoted = twins.of.filter(pl.col("doc_id").is_in(added.implode()))["doc_id"].to_list()
    taken = {shard.sha256 for shard in before.shards}
    return Withdrawal(
        entry=entry,
        entry_sha256=hashlib.sha256(entry.dumped()).hexdigest(),
        value=named,
        before=before,
        before_sha256=manifest_sha256(store, before.name, before.version),
        after=after,
        after_sha256=manifest_sha256(store, after.name, after.version),
        rows=counts,
        shards=shards,
        documents=ids.to_list(),
        promoted=sorted(promoted),
        displaced=_displaced(store, after, ids, removed) if entry.kind == "return" else [],
        left_aside=_copy_notices(twins, entry, log, removed),
        written=sum(shard.bytes for shard in after.shards if shard.sha256 not in taken),
        others=others,
    )


def outcomes_of_lapses(store: Store, before: Manifest, after: Manifest) -> list[Withdrawal]:
    """Return what became of the lapses that were entered when a version was made upon another."""
    log = read_log(store)
    entered = log.entries[before.withdrawal_sequence : after.withdrawal_sequence]
    mine = [entry for entry in entered if entry.kind == "lapse" and entry.release == after.name]
    versions = versions_of(store, log) if mine else {}
    return [
        outcome(store, entry, entry.because, before, after, versions, log.table(entry, "rows"), {}) for entry in mine
    ]


def _change(store: Store, before: Manifest, after: Manifest) -> tuple[pl.Series, pl.Series]:
    """Return the ids of the documents that left, and of those that came."""
    if before.version == after.version or LEDGER not in before.files:
        return pl.Series([], dtype=pl.String), pl.Series([], dtype=pl.String)
    old, new = (read_ledger(store, m.name, m.version).filter(verdict="released")["doc_id"] for m in (before, after))
    return old.filter(~old.is_in(new.implode())), new.filter(~new.is_in(old.implode()))


def _displaced(store: Store, after: Manifest, ids: pl.Series, removed: pl.Series) -> list[str]:
    """Return which of the documents that left a version did so as copies of these."""
    copies = links_of(store, after).filter(~pl.col("released") & pl.col("of").is_in(ids.implode()))["doc_id"]
    return sorted(removed.filter(removed.is_in(copies.implode())))


def _copy_notices(twins: Twins, entry: Entry, log: WithdrawalLog, removed: pl.Series) -> list[Message]:
    """Return what is known of copies that didn't come back; where the words themselves are withdrawn, none does."""
    if entry.kind not in ("withdrawal", "hold") or entry.by in ("creator", "text"):
        return []
    notices = []
    copies = twins.unfinished.unique("doc_id").sort("doc_id")
    if entry.by == "doc":
        copies = copies.filter(pl.col("doc_id").is_in(log.table(entry, "spared")["doc_id"].implode()))
    if entry.by == "source":
        copies = copies.filter([asked_hash("source", source) != entry.asked for source in copies["source_id"]])
    if copies.height:
        which = ", ".join(copies["doc_id"].head(5))
        told = _(
            "{n} {n:copy comes|copies come} back when {n:its|their} recipe is run again, such as {which}",
            n=copies.height,
            which=which,
        )
        notices.append(told)
    if twins.absent and len(removed):
        runs = ", ".join(twins.absent)
        notices.append(_("copies may have been set aside in runs that aren't on this disk: {runs}", runs=runs))
    return notices
