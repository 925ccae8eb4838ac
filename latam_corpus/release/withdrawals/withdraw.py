"""A withdrawal: what is meant is looked for in every version, written into the log, and left out of the next version.

From the log's entry on it binds. What comes after (the next version, the receipt) may be cut off at any moment: the
same command goes on from there.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

import polars as pl

from latam_corpus import schema
from latam_corpus.catalog.naming import version_key
from latam_corpus.errors import ConfigError, as_one, closest
from latam_corpus.messages import N_, _, first_of, same
from latam_corpus.release.building.build import build
from latam_corpus.release.building.build_basis import OvertakenError
from latam_corpus.release.eligibility.build_request import BuildRequest
from latam_corpus.release.eligibility.kept_out import OTHER_COPY, PEOPLE_COLUMNS, kept_out
from latam_corpus.release.eligibility.replacement_copies import Twins, find_twins, links_of
from latam_corpus.release.refusals.tombstones import READS, named_by
from latam_corpus.release.refusals.withdrawn_names import person_key, person_keys, similar_names
from latam_corpus.release.refusals.withdrawn_texts import WithdrawnTexts, texts_of
from latam_corpus.release.storing.manifest import load_manifest, manifest_sha256
from latam_corpus.release.storing.shard_file import read_batches
from latam_corpus.release.storing.store_tables import LEDGER, open_shard, read_ledger
from latam_corpus.release.storing.withdrawal_log import (
    ROWS,
    SPARED,
    Entry,
    EntryTakenError,
    add_entry,
    asked_hash,
    must_reach,
    read_log,
    request_name,
    time_after,
)
from latam_corpus.release.withdrawals.withdrawal_request import request_of
from latam_corpus.text.folding import parted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from latam_corpus.messages import Message
    from latam_corpus.release.pages.judgements import Judgement
    from latam_corpus.release.storing.manifest import Manifest, Shard
    from latam_corpus.release.storing.store import Progress, Store
    from latam_corpus.release.storing.withdrawal_log import By, WithdrawalLog
    from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest

# Documents that a request names, once for each of the things that it names: `selection` is its place in `named`.
_MEANT: Final = pl.Schema({**ROWS, "source_id": pl.String(), "text_hash": pl.Binary(), "selection": pl.UInt32()})
_SHOWN: Final = 20  # of what a request names and a release hasn't
_COPIES: Final = pl.Schema({"doc_id": pl.String(), "source_id": pl.String()})


@dataclass(frozen=True)
class Withdrawal:
    """What became of a request.

    Attributes:
        entry: of the log.
        entry_sha256: the digest of its file.
        value: what was named, see `WithdrawalRequest.shown`.
        before: the latest version before.
        before_sha256: the digest of its manifest.
        after: the version without what was withdrawn; the one before where that had none of it.
        after_sha256: the digest of its manifest.
        rows: documents left out, by version.
        shards: the shards that have them, by version.
        documents: their ids.
        promoted: ids of copies that came back for them.
        displaced: ids of copies that left, since what they had come back for is back.
        in_place_of: by the id of each of these, the id of the document in whose place it came.
        kept_out: by the id of each copy that didn't come back, why, see `reason_of`.
        left_aside: what else is known of copies that didn't, a sentence each.
        similar_names: names of people in the store that may be the withdrawn one's, whose works are not withdrawn.
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
    in_place_of: dict[str, str] = field(default_factory=dict)
    kept_out: dict[str, str] = field(default_factory=dict)
    similar_names: list[str] = field(default_factory=list)


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
    """Withdraw what one value names; see `withdraw_all`, whose other arguments these are.

    Args:
        store: where the documents are.
        name: the release of which the next version is made.
        by: the kind of the value.
        value: a document's id, a source's, a person's name, an address with `*` for any characters, or a text.
        because: why; it is stored in the log.
        now: the time.
        runs_there: the folders of runs on the disk, by name, from which copies come back.
        progress: called with what is done, how much of it and of how much.
        judged: what readers judged, for the next version's card.
        kind: whether the documents are withdrawn, or held until it is decided whether they are (`holds.py`).
    """
    return withdraw_all(store, name, request_of(by, value), because, now, runs_there, progress, judged, kind=kind)


def withdraw_all(
    store: Store,
    name: str,
    request: WithdrawalRequest,
    because: str,
    now: datetime,
    runs_there: Mapping[str, Path] | None = None,
    progress: Progress | None = None,
    judged: Sequence[Judgement] = (),
    *,
    kind: Literal["withdrawal", "hold"] = "withdrawal",
) -> Withdrawal:
    """Withdraw everything that a request names from all releases of a store, and make the next version of one of them.

    Args:
        store: where the documents are.
        name: the release of which the next version is made.
        request: what is named; it makes one entry of the log.
        because: why; it is stored in the log.
        now: the time.
        runs_there: the folders of runs on the disk, by name, from which copies come back.
        progress: called with what is done, how much of it and of how much.
        judged: what readers judged, for the next version's card.
        kind: whether the documents are withdrawn, or held until it is decided whether they are (`holds.py`).

    Raises:
        ConfigError: there is no such release, or one of the things that are named has no document in it; none that
            could be held.
        ReleaseError: the log or a version is damaged, somebody else was first, or the next version can't be made.
    """
    because = checked_reason(name, because)
    with store.named_errors():
        while True:
            done = _withdraw(store, name, request, because, now, runs_there or {}, progress, judged, kind)
            if done:
                return done
            now = time_after(read_log(store), now)


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
    request: WithdrawalRequest,
    because: str,
    now: datetime,
    runs_there: Mapping[str, Path],
    progress: Progress | None,
    judged: Sequence[Judgement],
    kind: Literal["withdrawal", "hold"],
) -> Withdrawal | None:
    """See `withdraw_all`; None if another process made an entry or a version meanwhile, which must be searched, too."""
    before = load_manifest(store, *store.find(name))
    log = read_log(store)
    versions = versions_of(store, log)
    search = _Search(store, log, _objects(versions, log), progress)
    meant = search.meant(request)
    if kind == "hold":
        gone = log.rows.filter("erases").select(ROWS.names())
        meant = meant.join(gone, on=ROWS.names(), how="anti")
    asked = (kind, request.by, request.asked)
    earlier = [entry for entry in log.withdrawals if (entry.kind, entry.by, entry.asked) == asked]
    known = pl.concat([pl.DataFrame(schema=ROWS), *(log.table(entry, "rows") for entry in earlier)])
    fresh = meant.join(known, on=ROWS.names(), how="anti")
    if fresh.height or not earlier:
        _must_be_there(search, name, request, meant, versions, kind)
        entered = _entered(search, log, versions, request, name, because, now, fresh, before, runs_there, kind)
        if entered is None or _specs(store) != versions.keys():
            return None
        entry = entered
        rows = fresh.select(ROWS.names()).unique(maintain_order=True)
    else:
        entry, rows = earlier[-1], known
    after = next_version_of(name, store, now, runs_there, progress, judged)
    before = version_before(entry, before, versions)
    done = outcome(store, entry, request.shown, before, after, versions, rows, runs_there)
    return replace(done, similar_names=search.similar_names(request))


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

    If another version or entry is made meanwhile, it is begun again upon that one.
    """
    while True:
        before = load_manifest(store, *store.find(name))
        with suppress(OvertakenError, EntryTakenError):
            request = BuildRequest(
                name=name,
                runs=(),
                admit=before.admit,
                uses=before.uses,
                created=max(now, before.created),
                parent=before.version,
                splits=before.splits,
                split_by=before.split_by,
                index=bool(before.index) or not before.shards,
                runs_on_disk=runs_there,
                may_be_empty=True,
                judged=tuple(judged),
                must_be_latest=True,
            )
            return build(request, store, progress)


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

    def meant(self, request: WithdrawalRequest) -> pl.DataFrame:
        """Return the documents that are meant, _MEANT."""
        named = list(enumerate(request.named))
        ids = pl.DataFrame(
            [(number, one.wanted) for number, one in named if one.by == "doc"],
            schema={"selection": pl.UInt32, "wanted": pl.String},
            orient="row",
        )
        others = [(number, one.logged) for number, one in named if one.by in ("source", "creator", "url")]
        rows = [pl.DataFrame(schema=_MEANT)]
        for sha256, frame in self._frames(READS) if ids.height or others else ():
            for column in ("doc_id", "parent_id"):
                matching = frame.join(ids, left_on=column, right_on="wanted", maintain_order="left")
                rows.append(_located(sha256, matching))
            for number, selection in others:
                matching = frame.filter(pl.Series(named_by(frame, selection), dtype=pl.Boolean))
                rows.append(_located(sha256, matching, number))
        meant = pl.concat(rows)
        texts = {
            number: WithdrawnTexts(_texts(texts_of(pl.Series([one.wanted])), "text"))
            for number, one in named
            if one.by == "text"
        }
        for number, one in named:
            own = meant.filter(selection=number)
            if one.by == "creator" and own.height:
                texts[number] = WithdrawnTexts(_texts(self.texts(own), "creator"))
        near = self._saying(texts)
        new = near.join(meant, on=[*ROWS.names(), "selection"], how="anti")
        return pl.concat([meant, new]).unique([*ROWS.names(), "selection"], maintain_order=True)

    def texts(self, meant: pl.DataFrame) -> pl.DataFrame:
        """Return what the log keeps of the texts of documents, TEXTS."""
        rows = [texts_of(frame["text"]) for frame in self._rows_of(meant, ("doc_id", "text"))]
        return pl.concat([texts_of(pl.Series([], dtype=pl.String)), *rows]).unique("text_hash", maintain_order=True)

    def columns_of(self, meant: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
        """Return columns of documents, `doc_id` among them."""
        nothing = pl.DataFrame(schema={name: schema.RELEASE_SCHEMA[name] for name in columns})
        return pl.concat([nothing, *self._rows_of(meant, columns)])

    def similar_names(self, request: WithdrawalRequest) -> list[str]:
        """Return names in the store that may be those of people whom a request names, and are not withdrawn."""
        people = [one.given for one in request.named if one.by == "creator"]
        names: set[str] = set()
        for _object, frame in self._frames(("creators", "contributor")) if people else ():
            values = {*frame["creators"].explode().drop_nulls(), *frame["contributor"].drop_nulls()}
            parts = {part for value in values for part in parted(value)}
            names |= {name for person in people for name in similar_names(person, parts)}
        return sorted(name for name in names if all(person_key(one) not in person_keys(name) for one in people))

    def _rows_of(self, meant: pl.DataFrame, columns: tuple[str, ...]) -> Iterator[pl.DataFrame]:
        for (sha256,), own in meant.group_by("object", maintain_order=True):
            for _object, frame in self._frames(columns, {str(sha256): self.objects[str(sha256)]}):
                yield frame.filter(pl.col("doc_id").is_in(own["doc_id"].implode()))

    def _saying(self, texts: Mapping[int, WithdrawnTexts]) -> pl.DataFrame:
        """Return the documents that are or contain one of these texts, which are named by their `selection`."""
        rows = [pl.DataFrame(schema=_MEANT)]
        for sha256, frame in self._frames(("doc_id", "source_id", "text_hash", "text")) if texts else ():
            for number, withdrawn in texts.items():
                known = withdrawn.copies(frame["text"], frame["text_hash"])
                rows.append(_located(sha256, frame[known["row"].to_list()], number))
        return pl.concat(rows)

    def equal(self, hashes: pl.Series) -> pl.DataFrame:
        """Return the documents with one of these texts, _MEANT without a `selection`."""
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


def _located(sha256: str, rows: pl.DataFrame, selection: int | None = None) -> pl.DataFrame:
    if selection is not None:
        rows = rows.with_columns(pl.lit(selection, pl.UInt32).alias("selection"))
    return schema.conform(rows.with_columns(pl.lit(sha256).alias("object")), _MEANT)


def _must_be_there(
    search: _Search,
    name: str,
    request: WithdrawalRequest,
    meant: pl.DataFrame,
    versions: Mapping[str, Manifest],
    kind: str,
) -> None:
    """Refuse a request that names something of which the release has no document.

    Raises:
        ConfigError: no version has it, or only those of another release; the first of what is missing is listed.
    """
    releases = pl.DataFrame(
        [
            (manifest.name, digest)
            for manifest in versions.values()
            for shard in manifest.shards
            for digest in search.log.digests_of(shard)
        ],
        schema={"release": pl.String, "object": pl.String},
        orient="row",
    )
    having = meant.select("object", "selection").unique().join(releases.unique(), on="object")
    there = set(having.filter(release=name)["selection"])
    missing = [(number, one) for number, one in enumerate(request.named) if number not in there]
    errors = []
    for number, one in missing[:_SHOWN]:
        place = request.places.get(one.given, f"--{one.by}")
        others = sorted(having.filter(selection=number)["release"].unique())
        shown = same(f"«{one.given}»") if one.by != "text" else _("this text, nor one near it")
        if kind == "hold" and not others:
            shown = _("{shown} that isn't withdrawn already", shown=shown)
        problem = _("no version of {name} has {shown}", name=name, shown=shown)
        if others:
            names = ", ".join(others)
            errors.append(ConfigError(place, problem, _("it is in {names}: name that release", names=names)))
            continue
        sources = {entry.source_id for manifest in versions.values() for entry in manifest.sources}
        by_source = closest(one.given, sources)
        remedy = by_source if one.by == "source" else _("`latam-corpus explain` tells where a document is")
        similar = search.similar_names(request_of("creator", one.given)) if one.by == "creator" else []
        if similar:
            remedy = _("it has similar names, which may be another's: {names}", names=first_of(similar, _SHOWN))
        errors.append(ConfigError(place, problem, remedy))
    if len(missing) > _SHOWN:
        more = _("{n} more of what is named {n:isn't|aren't} in it", n=len(missing) - _SHOWN)
        errors.append(ConfigError(name, more, _("nothing was withdrawn")))
    if errors:
        raise as_one(errors)


def _entered(
    search: _Search,
    log: WithdrawalLog,
    versions: Mapping[str, Manifest],
    request: WithdrawalRequest,
    name: str,
    because: str,
    now: datetime,
    meant: pl.DataFrame,
    before: Manifest,
    runs_there: Mapping[str, Path],
    kind: Literal["withdrawal", "hold"],
) -> Entry | None:
    """Write the log's entry, with the documents that leave, texts that stay out, and copies that may stay.

    None if there are other versions or entries by now than those that were searched.
    """
    by_kind = {
        by: meant.filter(pl.col("selection").is_in([n for n, one in enumerate(request.named) if one.by == by]))
        for by in ("doc", "creator")
    }
    stated = texts_of(pl.Series([one.wanted for one in request.named if one.by == "text"], dtype=pl.String))
    texts = {"text": stated} | {by: search.texts(rows) for by, rows in by_kind.items()}
    stay_out = _kept_out(search, request, meant, before, runs_there)
    spared = _spared(search, by_kind["doc"], meant, before, runs_there)
    tables = {
        "rows": meant.select(ROWS.names()).unique().sort(ROWS.names()),
        "texts": pl.concat([rows.with_columns(pl.lit(by).alias("by")) for by, rows in texts.items()]),
        "kept_out": stay_out,
        "spared": spared.join(stay_out, on="doc_id", how="anti"),
    }
    number = log.sequence + 1
    called = request_name(kind, number, log.head, request.by, request.asked)
    fields = {"kind": kind, "request": called, "release": name, "because": because}
    named = {"by": request.by, "asked": request.asked, "several": request.several}
    with log.store.claim(*log.store.names()), suppress(EntryTakenError):
        return add_entry(log, now, tables, **fields, **named) if _specs(log.store) == versions.keys() else None
    return None


def _kept_out(
    search: _Search, request: WithdrawalRequest, meant: pl.DataFrame, before: Manifest, runs_there: Mapping[str, Path]
) -> pl.DataFrame:
    """Return the copies that must not take the place of what is withdrawn, KEPT_OUT."""
    kinds: dict[str, set[By]] = {}
    for doc_id, selection in meant.select("doc_id", "selection").unique().iter_rows():
        kinds.setdefault(doc_id, set()).add(request.named[selection].by)
    twins = find_twins(meant["doc_id"].unique(), [], search.store, before, runs_there, search.log)
    return kept_out(search.columns_of(meant, PEOPLE_COLUMNS), kinds, twins)


def _spared(
    search: _Search, by_id: pl.DataFrame, meant: pl.DataFrame, before: Manifest, runs_there: Mapping[str, Path]
) -> pl.DataFrame:
    """Return the copies of documents that were named by their ids which other sources may go on giving, SPARED.

    They were dropped as duplicates, or are in a version. A copy of two documents, one of them of its own source, is not
    spared.
    """
    if by_id.is_empty():
        return pl.DataFrame(schema=SPARED)
    twins = find_twins(by_id["doc_id"].unique(), [], search.store, before, runs_there, search.log)
    sources = by_id.select("doc_id", "source_id").unique("doc_id").rename({"doc_id": "of", "source_id": "withdrawn"})
    copies = [frame.select("doc_id", "source_id") for part in twins.parts for frame in part.batches()]
    dropped = pl.concat([pl.DataFrame(schema=_COPIES), *copies]).join(twins.of, on="doc_id")
    hashes = by_id.select("text_hash", withdrawn="source_id").drop_nulls("text_hash").unique()
    equal = search.equal(hashes["text_hash"].unique()).join(hashes, on="text_hash")
    # Of some copies it is not known of which of the documents they are: they may be of any.
    others = dropped.join(sources, on="of", how="anti").select(_COPIES.names())
    unknown = pl.concat([others, twins.unfinished.select(_COPIES.names())]).join(
        sources.select("withdrawn").unique(), how="cross"
    )
    columns = ("doc_id", "source_id", "withdrawn")
    known = dropped.join(sources, on="of")
    every = pl.concat([known.select(columns), equal.select(columns), unknown.select(columns)])
    own = every.filter(pl.col("source_id") == pl.col("withdrawn"))["doc_id"]
    kept_out = pl.concat([own, meant["doc_id"]])
    return every.filter(~pl.col("doc_id").is_in(kept_out.implode())).select(SPARED.names()).unique().sort("doc_id")


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
        in_place_of=dict(twins.of.filter(pl.col("doc_id").is_in(promoted)).sort("doc_id").iter_rows()),
        kept_out=_reasons(store, log, entry, after, twins, added) if entry.kind in ("withdrawal", "hold") else {},
        displaced=_displaced(store, after, ids, removed) if entry.kind == "return" else [],
        left_aside=_copy_notices(twins, entry, log, removed),
        written=sum(shard.bytes for shard in after.shards if shard.sha256 not in taken),
        others=others,
    )


def _reasons(
    store: Store, log: WithdrawalLog, entry: Entry, after: Manifest, twins: Twins, added: pl.Series
) -> dict[str, str]:
    """Return the copies that did not come back, each with why: as the entry, the ledger or the order of copies says."""
    stay_out = dict(log.table(entry, "kept_out").iter_rows())
    others = twins.of.filter(~pl.col("doc_id").is_in([*stay_out, *added]))["doc_id"]
    if LEDGER in after.files and len(others):
        rows = read_ledger(store, after.name, after.version, where=pl.col("doc_id").is_in(others.implode()))
        stated = dict(rows.filter(verdict="dropped").select("doc_id", "reason").iter_rows())
        released = set(rows.filter(verdict="released")["doc_id"])
        stay_out |= {one: stated.get(one) or OTHER_COPY for one in others if one not in released}
    return dict(sorted(stay_out.items()))


def sources_of(store: Store, done: Withdrawal) -> dict[str, str]:
    """Return the source of each document that left or came back, by its id, as the ledgers state it."""
    ids = pl.Series([*done.documents, *done.promoted, *done.kept_out], dtype=pl.String)
    sources: dict[str, str] = {}
    for manifest in (done.after, done.before):
        if LEDGER in manifest.files:
            rows = read_ledger(store, manifest.name, manifest.version, where=pl.col("doc_id").is_in(ids.implode()))
            sources |= dict(rows.select("doc_id", "source_id").drop_nulls().iter_rows())
    return sources


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
    kinds = {selection.by for selection in entry.selections}
    if entry.kind not in ("withdrawal", "hold") or kinds <= {"creator", "text"}:
        return []
    notices = []
    stay_out = log.table(entry, "kept_out")
    copies = twins.unfinished.unique("doc_id").join(stay_out, on="doc_id", how="anti").sort("doc_id")
    if kinds == {"doc"}:
        copies = copies.filter(pl.col("doc_id").is_in(log.table(entry, "spared")["doc_id"].implode()))
    sources = {selection.asked for selection in entry.selections if selection.by == "source"}
    copies = copies.filter([asked_hash("source", source) not in sources for source in copies["source_id"]])
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
