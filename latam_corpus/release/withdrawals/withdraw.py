"""Withdraw documents: find them in all versions, add an entry to the log, and make the next version without them.

The withdrawal takes effect with the entry of the log. If the process ends before the next version or the receipt is
written, repeating the command finishes the work.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from latam_corpus import schema
from latam_corpus.catalog.naming import version_key
from latam_corpus.errors import ConfigError, as_one, closest
from latam_corpus.messages import N_, _, first_of, same
from latam_corpus.release.building.build import build
from latam_corpus.release.building.build_basis import OvertakenError
from latam_corpus.release.eligibility.build_request import BuildRequest
from latam_corpus.release.eligibility.kept_out import OTHER_COPY, PEOPLE_COLUMNS, kept_out
from latam_corpus.release.eligibility.replacement_copies import ReplacementCopies, find_replacement_copies, links_of
from latam_corpus.release.refusals.tombstones import READS, named_by
from latam_corpus.release.refusals.withdrawn_names import person_key, person_keys, similar_names
from latam_corpus.release.refusals.withdrawn_texts import WithdrawnTexts, texts_of
from latam_corpus.release.storing.manifest import load_manifest, manifest_sha256
from latam_corpus.release.storing.shard_file import read_batches
from latam_corpus.release.storing.store_tables import LEDGER, open_shard, read_ledger
from latam_corpus.release.storing.withdrawal_log import (
    ROWS,
    SPARED,
    EntryTakenError,
    LogEntry,
    add_entry,
    asked_hash,
    log_and_versions,
    read_log,
    request_name,
    time_after,
)
from latam_corpus.text.folding import parted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from latam_corpus.messages import Message
    from latam_corpus.pipeline.execution.engines import OnStep
    from latam_corpus.release.pages.judgements import Judgement
    from latam_corpus.release.storing.manifest import Manifest, Shard
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import By, WithdrawalLog
    from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest

# Documents that match a request, one row for each item that they match; `selection` is the index of the item.
_MATCHES: Final = pl.Schema({**ROWS, "source_id": pl.String(), "text_hash": pl.Binary(), "selection": pl.UInt32()})
_SHOWN: Final = 20  # items without a matching document that an error lists
_COPIES: Final = pl.Schema({"doc_id": pl.String(), "source_id": pl.String()})


@dataclass(frozen=True)
class Withdrawal:
    """The result of a withdrawal, a hold, a return or a lapse.

    Attributes:
        value: what was requested, see `WithdrawalRequest.shown`.
        before: the version that was the latest before the entry.
        after: the next version; `before` itself if it had none of the documents.
        rows: the number of the documents, by version.
        shards: the paths of the shards that contain them, by version.
        promoted: ids of copies that are released in place of withdrawn documents.
        displaced: ids of copies that left the release because the documents that they had replaced returned.
        other_releases: other releases whose latest versions contain withdrawn documents.
        in_place_of: for the id of each promoted copy, the id of the document that it replaces.
        kept_out: for the id of each copy that wasn't released, the reason, see `reason_of`.
        similar_names: names of people in the store that are similar to a withdrawn one, and aren't withdrawn.
        remaining: the source by id of copies that stay in the latest versions; only a dry run looks for them.
    """

    entry: LogEntry
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
    copy_notices: list[Message]
    written: int
    other_releases: list[str]
    in_place_of: dict[str, str] = field(default_factory=dict)
    kept_out: dict[str, str] = field(default_factory=dict)
    similar_names: list[str] = field(default_factory=list)
    remaining: dict[str, str] = field(default_factory=dict)


def withdraw(
    store: Store,
    request: WithdrawalRequest,
    now: datetime,
    runs_on_disk: Mapping[str, Path] | None = None,
    progress: OnStep | None = None,
    judged: Sequence[Judgement] = (),
) -> Withdrawal:
    """Withdraw or hold documents in all releases of a store, and make the next version of one release.

    The request becomes one entry of the log. Copies that replace the documents are looked for in `runs_on_disk`, the
    folders of runs by name; `judged` is for the next version's card.

    Raises:
        ConfigError: the release doesn't exist, or an item of the request matches no document of it that could be
            withdrawn or held.
        ReleaseError: the log or a version is damaged, another process was first, or the next version can't be made.
    """
    request = replace(request, because=checked_reason(request.name, request.because))
    with store.named_errors():
        while True:
            done = _withdraw_once(store, request, now, runs_on_disk or {}, progress, judged)
            if done:
                return done
            now = time_after(read_log(store), now)


def checked_reason(name: str, because: str) -> str:
    """Check the release name and the reason of an entry; return the reason without surrounding spaces.

    Raises:
        ConfigError: the name includes a version, or the reason is empty.
    """
    if "@" in name:
        raise ConfigError(
            name,
            _("a withdrawal applies to all versions"),
            _("name the release alone: {partition}", partition=name.partition("@")[0]),
        )
    if not because.strip():
        raise ConfigError("--because", _("it is empty"), _("state the reason in a few words, without personal data"))
    return because.strip()


def _withdraw_once(
    store: Store,
    request: WithdrawalRequest,
    now: datetime,
    runs_on_disk: Mapping[str, Path],
    progress: OnStep | None,
    judged: Sequence[Judgement],
) -> Withdrawal | None:
    """Try `withdraw` once; return None if another process has added an entry or a version since the search."""
    old = load_manifest(store, *store.find(request.name))
    log, versions = log_and_versions(store)
    search = _Search(store, log, _objects(versions, log), progress)
    matches = search.matches(request)
    if request.kind == "hold":
        erased = log.rows.filter("erases").select(ROWS.names())
        matches = matches.join(erased, on=ROWS.names(), how="anti")
    key = (request.kind, request.by, request.asked)
    earlier = [entry for entry in log.withdrawals if (entry.kind, entry.by, entry.asked) == key]
    listed_rows = pl.concat([pl.DataFrame(schema=ROWS), *(log.table(entry, "rows") for entry in earlier)])
    unlisted = matches.join(listed_rows, on=ROWS.names(), how="anti")
    if unlisted.height or not earlier:
        _check_matches(search, request, matches, versions)
        added = _add_withdrawal(search, request, now, unlisted, old, versions, runs_on_disk)
        if added is None or _specs(store) != versions.keys():
            return None
        entry = added
        rows = unlisted.select(ROWS.names()).unique(maintain_order=True)
    else:
        entry, rows = earlier[-1], listed_rows
    new = next_version_of(request.name, store, now, runs_on_disk, progress, judged)
    old = version_before(entry, old, versions)
    done = outcome(store, entry, request.shown, old, new, versions, rows, runs_on_disk)
    return replace(done, similar_names=search.similar_names(request.creator_names))


def version_before(entry: LogEntry, latest: Manifest, versions: Mapping[str, Manifest]) -> Manifest:
    """Return the last version of a release that precedes an entry.

    If a command is repeated, the latest version may be its own earlier result.
    """
    earlier = [m for m in versions.values() if m.name == latest.name and m.withdrawal_sequence < entry.number]
    return max(earlier, key=lambda manifest: version_key(manifest.version), default=latest)


def next_version_of(
    name: str,
    store: Store,
    now: datetime,
    runs_on_disk: Mapping[str, Path],
    progress: OnStep | None,
    judged: Sequence[Judgement],
) -> Manifest:
    """Make the next version of a release, with the same terms and the current log.

    If another process adds a version or an entry meanwhile, it starts again from that.
    """
    while True:
        old = load_manifest(store, *store.find(name))
        with suppress(OvertakenError, EntryTakenError):
            request = BuildRequest(
                name=name,
                runs=(),
                admit=old.admit,
                uses=old.uses,
                created=max(now, old.created),
                parent=old.version,
                splits=old.splits,
                split_by=old.split_by,
                index=bool(old.index) or not old.shards,
                runs_on_disk=runs_on_disk,
                may_be_empty=True,
                judged=tuple(judged),
                must_be_latest=True,
            )
            return build(request, store, progress)


def _specs(store: Store) -> set[str]:
    """Return all versions of all releases of the store, as `NAME@VERSION`."""
    return {f"{name}@{version}" for name in store.names() for version in store.versions(name)}


def _objects(versions: Mapping[str, Manifest], log: WithdrawalLog) -> dict[str, Shard]:
    """Return the shards of all versions as they are after purges, by digest."""
    shards = {shard.sha256: shard for manifest in versions.values() for shard in manifest.shards}
    existing = [now for shard in shards.values() if (now := log.resolved(shard))]
    return {shard.sha256: shard for shard in existing}


@dataclass(frozen=True)
class _Search:
    """A search of the objects of a store; `objects` are the shards to search, by digest."""

    store: Store
    log: WithdrawalLog
    objects: Mapping[str, Shard]
    progress: OnStep | None

    def matches(self, request: WithdrawalRequest) -> pl.DataFrame:
        """Return the documents that match an item of the request, _MATCHES."""
        items = list(enumerate(request.items))
        ids = pl.DataFrame(
            [(number, item.normalised) for number, item in items if item.by == "doc"],
            schema={"selection": pl.UInt32, "id": pl.String},
            orient="row",
        )
        by_columns = [(number, item.logged) for number, item in items if item.by in ("source", "creator", "url")]
        rows = [pl.DataFrame(schema=_MATCHES)]
        for sha256, frame in self._frames(READS) if ids.height or by_columns else ():
            for column in ("doc_id", "parent_id"):
                matching = frame.join(ids, left_on=column, right_on="id", maintain_order="left")
                rows.append(_located(sha256, matching))
            for number, selection in by_columns:
                matching = frame.filter(pl.Series(named_by(frame, selection), dtype=pl.Boolean))
                rows.append(_located(sha256, matching, number))
        matches = pl.concat(rows)
        texts = {
            number: WithdrawnTexts(_texts(texts_of(pl.Series([item.normalised])), "text"))
            for number, item in items
            if item.by == "text"
        }
        for number, item in items:
            works = matches.filter(selection=number)
            if item.by == "creator" and works.height:
                texts[number] = WithdrawnTexts(_texts(self.texts(works), "creator"))
        copies = self.by_text(texts)
        added = copies.join(matches, on=[*ROWS.names(), "selection"], how="anti")
        return pl.concat([matches, added]).unique([*ROWS.names(), "selection"], maintain_order=True)

    def texts(self, matches: pl.DataFrame) -> pl.DataFrame:
        """Return the fingerprints of the documents' texts that the log stores, TEXTS."""
        rows = [texts_of(frame["text"]) for frame in self._rows_of(matches, ("doc_id", "text"))]
        return pl.concat([texts_of(pl.Series([], dtype=pl.String)), *rows]).unique("text_hash", maintain_order=True)

    def columns_of(self, matches: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
        """Return columns of the matching documents. The columns must include `doc_id`."""
        empty = pl.DataFrame(schema={name: schema.RELEASE_SCHEMA[name] for name in columns})
        return pl.concat([empty, *self._rows_of(matches, columns)])

    def similar_names(self, people: Sequence[str]) -> list[str]:
        """Return the names in the store that are similar to these people's names but don't match them."""
        names: set[str] = set()
        for _object, frame in self._frames(("creators", "contributor")) if people else ():
            values = {*frame["creators"].explode().drop_nulls(), *frame["contributor"].drop_nulls()}
            parts = {part for value in values for part in parted(value)}
            names |= {name for person in people for name in similar_names(person, parts)}
        return sorted(name for name in names if all(person_key(person) not in person_keys(name) for person in people))

    def _rows_of(self, matches: pl.DataFrame, columns: tuple[str, ...]) -> Iterator[pl.DataFrame]:
        for (sha256,), rows in matches.group_by("object", maintain_order=True):
            for _object, frame in self._frames(columns, {str(sha256): self.objects[str(sha256)]}):
                yield frame.filter(pl.col("doc_id").is_in(rows["doc_id"].implode()))

    def by_text(self, texts: Mapping[int, WithdrawnTexts]) -> pl.DataFrame:
        """Return the documents that equal or contain one of these texts, by selection: _MATCHES."""
        rows = [pl.DataFrame(schema=_MATCHES)]
        for sha256, frame in self._frames(("doc_id", "source_id", "text_hash", "text")) if texts else ():
            for number, withdrawn in texts.items():
                matches = withdrawn.copies(frame["text"], frame["text_hash"])
                rows.append(_located(sha256, frame[matches["row"].to_list()], number))
        return pl.concat(rows)

    def equal(self, hashes: pl.Series) -> pl.DataFrame:
        """Return the documents with one of these values of `text_hash`: _MATCHES, with a null `selection`."""
        rows = [pl.DataFrame(schema=_MATCHES)]
        for sha256, frame in self._frames(("doc_id", "source_id", "text_hash")):
            rows.append(_located(sha256, frame.filter(pl.col("text_hash").is_in(hashes.implode()))))
        return pl.concat(rows)

    def _frames(
        self, columns: tuple[str, ...], objects: Mapping[str, Shard] | None = None
    ) -> Iterator[tuple[str, pl.DataFrame]]:
        searched = self.objects if objects is None else objects
        types = pl.Schema({name: schema.RELEASE_SCHEMA[name] for name in columns})
        for number, (sha256, shard) in enumerate(searched.items(), 1):
            with open_shard(self.store, shard, ("doc_id",)) as file:
                existing = [name for name in columns if name in file.schema_arrow.names]
                for frame in read_batches(file, existing):
                    yield sha256, schema.conform(frame, types)
            if self.progress and objects is None:
                self.progress(N_("looking for the documents"), number, len(searched))


def _texts(texts: pl.DataFrame, by: By) -> pl.DataFrame:
    return texts.with_columns(pl.lit(0, pl.UInt32).alias("number"), pl.lit(by).alias("by"))


def _located(sha256: str, rows: pl.DataFrame, selection: int | None = None) -> pl.DataFrame:
    if selection is not None:
        rows = rows.with_columns(pl.lit(selection, pl.UInt32).alias("selection"))
    return schema.conform(rows.with_columns(pl.lit(sha256).alias("object")), _MATCHES)


def _check_matches(
    search: _Search, request: WithdrawalRequest, matches: pl.DataFrame, versions: Mapping[str, Manifest]
) -> None:
    """Raise ConfigError unless each item of the request matches a document of the release.

    The error lists the first items without a match, and names other releases that have such documents.
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
    by_release = matches.select("object", "selection").unique().join(releases.unique(), on="object")
    matched = set(by_release.filter(release=request.name)["selection"])
    missing = [(number, item) for number, item in enumerate(request.items) if number not in matched]
    errors = []
    for number, item in missing[:_SHOWN]:
        place = request.places.get(item.value, f"--{item.by}")
        other_releases = sorted(by_release.filter(selection=number)["release"].unique())
        shown = same(f"«{item.value}»") if item.by != "text" else _("this text or a similar one")
        if request.kind == "hold" and not other_releases:
            shown = _("{shown} that isn't withdrawn already", shown=shown)
        problem = _("no version of {name} has {shown}", name=request.name, shown=shown)
        if other_releases:
            names = ", ".join(other_releases)
            errors.append(ConfigError(place, problem, _("it is in {names}: name that release", names=names)))
            continue
        sources = {entry.source_id for manifest in versions.values() for entry in manifest.sources}
        by_source = closest(item.value, sources)
        remedy = by_source if item.by == "source" else _("find the document with `latam-corpus explain`")
        similar = search.similar_names([item.value]) if item.by == "creator" else []
        if similar:
            remedy = _("it has similar names, perhaps of other people: {names}", names=first_of(similar, _SHOWN))
        errors.append(ConfigError(place, problem, remedy))
    if len(missing) > _SHOWN:
        more = _("{n} more {n:item of the request isn't|items of the request aren't} in it", n=len(missing) - _SHOWN)
        errors.append(ConfigError(request.name, more, _("nothing was withdrawn")))
    if errors:
        raise as_one(errors)


def _add_withdrawal(
    search: _Search,
    request: WithdrawalRequest,
    now: datetime,
    matches: pl.DataFrame,
    old: Manifest,
    versions: Mapping[str, Manifest],
    runs_on_disk: Mapping[str, Path],
) -> LogEntry | None:
    """Add the entry to the log, with its documents, the texts and copies to keep out, and the copies to spare.

    Return None if another process has added a version or an entry since the search.
    """
    log = search.log
    by_kind = {
        by: matches.filter(pl.col("selection").is_in([n for n, item in enumerate(request.items) if item.by == by]))
        for by in ("doc", "creator")
    }
    requested = texts_of(pl.Series([item.normalised for item in request.items if item.by == "text"], dtype=pl.String))
    texts = {"text": requested} | {by: search.texts(rows) for by, rows in by_kind.items()}
    stay_out = _kept_out(search, request, matches, old, runs_on_disk)
    spared = _spared(search, by_kind["doc"], matches, old, runs_on_disk)
    tables = {
        "rows": matches.select(ROWS.names()).unique().sort(ROWS.names()),
        "texts": pl.concat([rows.with_columns(pl.lit(by).alias("by")) for by, rows in texts.items()]),
        "kept_out": stay_out,
        "spared": spared.join(stay_out, on="doc_id", how="anti"),
    }
    entry_name = request_name(request.kind, log.sequence + 1, log.head, request.by, request.asked)
    fields = {"kind": request.kind, "request": entry_name, "release": request.name, "because": request.because}
    selected = {"by": request.by, "asked": request.asked, "several": request.several}
    with log.store.claim(*log.store.names()), suppress(EntryTakenError):
        return add_entry(log, now, tables, **fields, **selected) if _specs(log.store) == versions.keys() else None
    return None


def _kept_out(
    search: _Search,
    request: WithdrawalRequest,
    matches: pl.DataFrame,
    old: Manifest,
    runs_on_disk: Mapping[str, Path],
) -> pl.DataFrame:
    """Return the copies that must not replace the withdrawn documents, KEPT_OUT."""
    kinds: dict[str, set[By]] = {}
    for doc_id, selection in matches.select("doc_id", "selection").unique().iter_rows():
        kinds.setdefault(doc_id, set()).add(request.items[selection].by)
    ids = matches["doc_id"].unique()
    copies = find_replacement_copies(ids, [], search.store, old, runs_on_disk, search.log)
    return kept_out(search.columns_of(matches, PEOPLE_COLUMNS), kinds, copies)


def _spared(
    search: _Search, by_id: pl.DataFrame, matches: pl.DataFrame, old: Manifest, runs_on_disk: Mapping[str, Path]
) -> pl.DataFrame:
    """Return the copies from other sources of documents that were requested by id, SPARED.

    The withdrawal doesn't affect these copies, which were dropped as duplicates or are in a version. A copy of several
    documents isn't spared if one of the documents is from the copy's source.
    """
    if by_id.is_empty():
        return pl.DataFrame(schema=SPARED)
    replacements = find_replacement_copies(by_id["doc_id"].unique(), [], search.store, old, runs_on_disk, search.log)
    sources = by_id.select("doc_id", "source_id").unique("doc_id").rename({"doc_id": "of", "source_id": "withdrawn"})
    copies = [frame.select("doc_id", "source_id") for part in replacements.parts for frame in part.batches()]
    dropped = pl.concat([pl.DataFrame(schema=_COPIES), *copies]).join(replacements.of, on="doc_id")
    hashes = by_id.select("text_hash", withdrawn="source_id").drop_nulls("text_hash").unique()
    equal = search.equal(hashes["text_hash"].unique()).join(hashes, on="text_hash")
    # Some copies don't say of which document; they may be copies of any.
    unassigned = dropped.join(sources, on="of", how="anti").select(_COPIES.names())
    of_any = pl.concat([unassigned, replacements.unfinished.select(_COPIES.names())]).join(
        sources.select("withdrawn").unique(), how="cross"
    )
    columns = ("doc_id", "source_id", "withdrawn")
    of_document = dropped.join(sources, on="of")
    pairs = pl.concat([of_document.select(columns), equal.select(columns), of_any.select(columns)])
    same_source = pairs.filter(pl.col("source_id") == pl.col("withdrawn"))["doc_id"]
    not_spared = pl.concat([same_source, matches["doc_id"]])
    return pairs.filter(~pl.col("doc_id").is_in(not_spared.implode())).select(SPARED.names()).unique().sort("doc_id")


def outcome(
    store: Store,
    entry: LogEntry,
    value: str,
    old: Manifest,
    new: Manifest,
    versions: Mapping[str, Manifest],
    rows: pl.DataFrame,
    runs_on_disk: Mapping[str, Path],
) -> Withdrawal:
    """Summarise the effects of an entry with the documents `rows` (ROWS); for `value` see `WithdrawalRequest.shown`."""
    counts, shards, other_releases = {}, {}, []
    log = read_log(store)
    by_object = dict(rows.group_by("object").len().iter_rows())
    for spec, manifest in versions.items():
        # A purge replaces the object of a shard, so that a document may be listed under several digests.
        by_path = {
            shard.path: sum(by_object.get(digest, 0) for digest in log.digests_of(shard)) for shard in manifest.shards
        }
        affected = {path: n for path, n in by_path.items() if n}
        if affected:
            counts[spec] = sum(affected.values())
            shards[spec] = list(affected)
            if manifest.name != old.name and store.latest(manifest.name) == manifest.version:
                other_releases.append(manifest.name)
    ids = rows["doc_id"].unique().sort()
    replacements = find_replacement_copies(ids, [], store, old, runs_on_disk, log)
    removed, added = _change(store, old, new)
    promoted = replacements.of.filter(pl.col("doc_id").is_in(added.implode()))["doc_id"].to_list()
    reused = {shard.sha256 for shard in old.shards}
    return Withdrawal(
        entry=entry,
        entry_sha256=hashlib.sha256(entry.dumped()).hexdigest(),
        value=value,
        before=old,
        before_sha256=manifest_sha256(store, old.name, old.version),
        after=new,
        after_sha256=manifest_sha256(store, new.name, new.version),
        rows=counts,
        shards=shards,
        documents=ids.to_list(),
        promoted=sorted(promoted),
        in_place_of=dict(replacements.of.filter(pl.col("doc_id").is_in(promoted)).sort("doc_id").iter_rows()),
        kept_out=_reasons(store, log, entry, new, replacements, added) if entry.kind in ("withdrawal", "hold") else {},
        displaced=_displaced(store, new, ids, removed) if entry.kind == "return" else [],
        copy_notices=_copy_notices(replacements, entry, log, removed),
        written=sum(shard.bytes for shard in new.shards if shard.sha256 not in reused),
        other_releases=other_releases,
    )


def _reasons(
    store: Store, log: WithdrawalLog, entry: LogEntry, new: Manifest, replacements: ReplacementCopies, added: pl.Series
) -> dict[str, str]:
    """Return the reason for each copy that wasn't released, from the entry or else from the ledger."""
    stay_out = dict(log.table(entry, "kept_out").iter_rows())
    unexplained = replacements.of.filter(~pl.col("doc_id").is_in([*stay_out, *added]))["doc_id"]
    if LEDGER in new.files and len(unexplained):
        rows = read_ledger(store, new.name, new.version, where=pl.col("doc_id").is_in(unexplained.implode()))
        stated = dict(rows.filter(verdict="dropped").select("doc_id", "reason").iter_rows())
        released = set(rows.filter(verdict="released")["doc_id"])
        stay_out |= {copy: stated.get(copy) or OTHER_COPY for copy in unexplained if copy not in released}
    return dict(sorted(stay_out.items()))


def sources_of(store: Store, withdrawal: Withdrawal) -> dict[str, str]:
    """Return the sources of the documents and their copies from the ledgers, by document id."""
    ids = pl.Series([*withdrawal.documents, *withdrawal.promoted, *withdrawal.kept_out], dtype=pl.String)
    sources: dict[str, str] = {}
    for manifest in (withdrawal.after, withdrawal.before):
        if LEDGER in manifest.files:
            rows = read_ledger(store, manifest.name, manifest.version, where=pl.col("doc_id").is_in(ids.implode()))
            sources |= dict(rows.select("doc_id", "source_id").drop_nulls().iter_rows())
    return sources


def with_remaining(store: Store, withdrawal: Withdrawal) -> Withdrawal:
    """Return a tried withdrawal with the released copies that its request by id neither covers nor promotes.

    They have most of a withdrawn text, see `SHARE_OF_TEXT`, but terms of their own.
    """
    log, versions = log_and_versions(store)
    texts = log.table(withdrawal.entry, "texts").filter(by="doc").drop("by")
    if texts.is_empty():
        return withdrawal
    latest = {spec: manifest for spec, manifest in versions.items() if store.latest(manifest.name) == manifest.version}
    search = _Search(store, log, _objects(latest, log), None)
    copies = search.by_text({0: WithdrawnTexts(_texts(texts, "doc"))})
    withdrawn = pl.concat(
        [log.documents_of(log.withdrawals)["doc_id"], pl.Series(withdrawal.promoted, dtype=pl.String)]
    )
    copies = copies.filter(~pl.col("doc_id").is_in(withdrawn.implode())).sort("doc_id")
    return replace(withdrawal, remaining=dict(copies.select("doc_id", "source_id").iter_rows()))


def outcomes_of_lapses(store: Store, old: Manifest, new: Manifest) -> list[Withdrawal]:
    """Summarise the lapses that were logged between a version and the next one."""
    log = read_log(store)
    added = log.entries[old.withdrawal_sequence : new.withdrawal_sequence]
    lapses = [entry for entry in added if entry.kind == "lapse" and entry.release == new.name]
    versions = {manifest.spec: manifest for manifest in store.manifests()} if lapses else {}
    return [outcome(store, entry, entry.because, old, new, versions, log.table(entry, "rows"), {}) for entry in lapses]


def _change(store: Store, old: Manifest, new: Manifest) -> tuple[pl.Series, pl.Series]:
    """Return the ids of documents removed and of documents added between two versions."""
    if old.version == new.version or LEDGER not in old.files:
        return pl.Series([], dtype=pl.String), pl.Series([], dtype=pl.String)
    ids, new_ids = (read_ledger(store, m.name, m.version).filter(verdict="released")["doc_id"] for m in (old, new))
    return ids.filter(~ids.is_in(new_ids.implode())), new_ids.filter(~new_ids.is_in(ids.implode()))


def _displaced(store: Store, new: Manifest, ids: pl.Series, removed: pl.Series) -> list[str]:
    """Return the ids of removed documents that the new version left out as copies of documents in `ids`."""
    copies = links_of(store, new).filter(~pl.col("released") & pl.col("of").is_in(ids.implode()))["doc_id"]
    return sorted(removed.filter(removed.is_in(copies.implode())))


def _copy_notices(
    replacements: ReplacementCopies, entry: LogEntry, log: WithdrawalLog, removed: pl.Series
) -> list[Message]:
    """Return sentences about copies that may be released later; empty if only texts or people are withdrawn."""
    kinds = {selection.by for selection in entry.selections}
    if entry.kind not in ("withdrawal", "hold") or kinds <= {"creator", "text"}:
        return []
    notices = []
    stay_out = log.table(entry, "kept_out")
    copies = replacements.unfinished.unique("doc_id").join(stay_out, on="doc_id", how="anti").sort("doc_id")
    if kinds == {"doc"}:
        copies = copies.filter(pl.col("doc_id").is_in(log.table(entry, "spared")["doc_id"].implode()))
    sources = {selection.asked for selection in entry.selections if selection.by == "source"}
    copies = copies.filter([asked_hash("source", source) not in sources for source in copies["source_id"]])
    if copies.height:
        which = ", ".join(copies["doc_id"].head(5))
        notices.append(
            _(
                "{n} {n:copy comes|copies come} back when {n:its|their} recipe is run again, such as {which}",
                n=copies.height,
                which=which,
            )
        )
    if replacements.absent and len(removed):
        runs = ", ".join(replacements.absent)
        notices.append(_("there may be copies in runs that aren't on this disk: {runs}", runs=runs))
    return notices
