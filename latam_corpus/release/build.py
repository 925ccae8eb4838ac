"""Assembling a version: runs and a parent in, objects and one manifest out, and nothing half visible meanwhile."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from itertools import chain
from typing import TYPE_CHECKING, Final, NoReturn

import numpy as np
import polars as pl
import pyarrow as pa

from latam_corpus import schema
from latam_corpus.__about__ import __version__
from latam_corpus.catalog.naming import LATEST_KEYWORD, checked_name, checked_version, next_version, version_key
from latam_corpus.dedupe.scheme import Scheme
from latam_corpus.durable import digest_of
from latam_corpus.errors import ConfigError, PartError, ReleaseError
from latam_corpus.extra_columns import released
from latam_corpus.messages import Message, _, enumerated
from latam_corpus.pipeline.history import readable_runs
from latam_corpus.pipeline.reasons import meaning
from latam_corpus.release.admission import LIGHT, Terms, scan, scan_statements
from latam_corpus.release.build_inputs import Inputs, load_run
from latam_corpus.release.card import card
from latam_corpus.release.changelog import all_new, changelog
from latam_corpus.release.croissant import CROISSANT, croissant
from latam_corpus.release.decided import decide_all
from latam_corpus.release.manifest import (
    INDEX_FOLDER,
    MANIFEST,
    Manifest,
    Parent,
    SideFile,
    load_manifest,
    manifest_sha256,
    read_side_file,
    schema_sha256,
)
from latam_corpus.release.obligations import ATTRIBUTION, attribution
from latam_corpus.release.opt_outs import Refused, read_listed
from latam_corpus.release.removals import (
    read_replaced,
    read_withdrawn,
    remember_withdrawn,
    without_requested,
    without_withdrawn,
)
from latam_corpus.release.sketch import Sketcher, scheme_of_release, scheme_of_stages
from latam_corpus.release.splits import SPLIT_SHARES, Splits, check_shares
from latam_corpus.release.statements import (
    dropped_statements,
    given_by,
    given_by_version,
    holders_of,
    remember,
    remembered_statements,
)
from latam_corpus.release.store import SUMS, Store
from latam_corpus.release.store_tables import LEDGER, read_ledger
from latam_corpus.release.summary import (
    accepted_losses,
    count_rows,
    run_entries,
    source_entries,
)
from latam_corpus.release.withdrawal_log import must_reach, read_log
from latam_corpus.release.write import reusable, write_ledger, write_shards
from latam_corpus.spill import Spill

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.pipeline.recipe import ReleaseEntry
    from latam_corpus.release.build_inputs import Part
    from latam_corpus.release.changelog import Change
    from latam_corpus.release.decided import Decided
    from latam_corpus.release.judgements import Judgement
    from latam_corpus.release.manifest import Audited
    from latam_corpus.release.store import Progress
    from latam_corpus.release.strictest import Overruled
    from latam_corpus.release.tombstones import Tombstones
    from latam_corpus.release.twins import Twins
    from latam_corpus.release.withdrawal_log import WithdrawalLog
    from latam_corpus.vocabulary import SplitBy, Variants

CARD: Final = "README.md"
CHANGES: Final = "CHANGELOG.md"
NOTHING_TO_BUILD_FROM: Final = (_("there is nothing to build it from"), _("name a run, a parent version, or both"))


class OvertakenError(ReleaseError):
    """What a version was to be built upon isn't so any more: begun anew, it is built upon what is there now."""


@dataclass(frozen=True)
class _Basis:
    """What a version is built from that may change meanwhile, as it was when that was read.

    Attributes:
        inputs: the runs and the parent.
        on_latest: whether the parent must be the latest version.
        listed: what owners refuse.
        withdrawn: what holders have taken back.
        log: the store's.
    """

    store: Store
    name: str
    inputs: Inputs
    on_latest: bool
    listed: pl.DataFrame
    withdrawn: pl.DataFrame
    log: WithdrawalLog

    def check(self) -> None:
        """Raise OvertakenError where what may be released has changed."""
        listed = read_listed(self.store, self.name).drop("time")
        withdrawn = read_withdrawn(self.store, self.name, self.inputs.runs)
        if not listed.equals(self.listed.drop("time")) or not withdrawn.equals(self.withdrawn):
            raise self._changed()
        self.check_log()

    def check_log(self) -> None:
        """Raise OvertakenError where something was withdrawn, held or given back."""
        if read_log(self.store).withdrawals != self.log.withdrawals:
            raise self._changed()

    def check_latest(self) -> None:
        """Raise OvertakenError where the parent must be the latest version, and isn't any more."""
        if self._upon and self.store.latest(self.name) != self._upon:
            raise self._overtaken()

    def point(self, version: str) -> None:
        """Make a version the latest, or raise OvertakenError where another has become it."""
        if not self.store.point(self.name, version, self._upon):
            raise self._overtaken()

    @property
    def _upon(self) -> str | None:
        return self.inputs.parent.version if self.inputs.parent and self.on_latest else None

    def _changed(self) -> OvertakenError:
        return OvertakenError(self.name, _("what may be released has changed while it was built"), _("build it again"))

    def _overtaken(self) -> OvertakenError:
        about = {"latest": self.store.latest(self.name), "parent": self._upon}
        problem = _(
            "{latest} was made meanwhile, and its documents would be missing in a version upon {parent}", **about
        )
        return OvertakenError(self.name, problem, _("give the command again, upon {latest}", **about))


def build(
    name: str,
    runs: Sequence[Path],
    store: Store | str | Path,
    *,
    admit: Sequence[str],
    uses: Sequence[str],
    today: date | None = None,
    parent: str | None = None,
    version: str | None = None,
    splits: Mapping[str, float] = SPLIT_SHARES,
    split_by: SplitBy = "cluster",
    shard_bytes: int | None = None,
    index: bool = True,
    variants: Variants = "keep",
    accept_loss: str | None = None,
    created: datetime | None = None,
    progress: Progress | None = None,
    runs_there: Mapping[str, Path] | None = None,
    may_be_empty: bool = False,
    judged: Sequence[Judgement] = (),
    left_out: Counter[str] | None = None,
    overruled: Counter[Overruled] | None = None,
    still_latest: bool = False,
) -> Manifest:
    """Return the manifest of the new version, or of the latest one when nothing would change.

    Args:
        name: the release.
        runs: folders of finished runs; may be empty when there is a parent.
        store: where the version goes.
        admit: the rights tiers that may be in it.
        uses: what each document's terms must allow.
        today: the day on which permissions and embargoes are judged everywhere; when None, the day of `created` and of
            each document's country, whichever protects the rights holder.
        parent: the version to build upon, or `latest`.
        version: what to call it; the next of the month, such as 2026.11.0, when None.
        splits: the shares of documents held out.
        split_by: what is in one split: a "cluster" of copies, and with it all of an "author", or of a "source".
        shard_bytes: bytes of text above which a shard is cut; by the size of the release when None, and never less
            than the parent's.
        index: whether the version has the fingerprints by which later runs find copies of its documents.
        variants: of several variants of one work "keep" all, the "longest", or the longest "by_country".
        accept_loss: why documents that the runs lost below their recipes' floors may be missing; on the card.
        created: the time that the manifest states; the start of `today` when None.
        progress: told what is done, how much of it and of how much.
        runs_there: the folders of runs on the disk, by name: copies come back from them when what they were set aside
            for is withdrawn.
        may_be_empty: whether a version without documents is one.
        judged: what readers judged; what it says of documents of the version stands on the card.
        left_out: documents of the runs that aren't in the version are added to it, by reason; also where none is made.
        overruled: documents of the runs to which a stricter statement than their own applies are counted in it, see
            `statements.Bound`; also where no version is made.
        still_latest: whether the parent must be the latest version until this one is made, as one must that is `latest`
            when this begins.

    Raises:
        OvertakenError: another version was made meanwhile, whose documents this one would lack, or something was
            withdrawn.
        ConfigError: the name, a run, the terms or the parent are wrong; nothing was written.
        ReleaseError: nothing is left to release, a run lost more than its recipe's floor and nobody said why, or
            the bytes of a run or of the parent can't be used.
    """
    opened = store if isinstance(store, Store) else Store.at(store)
    moment = _moment(today, created)
    now = None if today else moment.astimezone(UTC)
    terms = Terms(tuple(dict.fromkeys(admit)), tuple(dict.fromkeys(uses)), today or moment.date(), now)
    check_shares(splits)
    with opened.named_errors():
        return _build(
            name,
            runs,
            opened,
            terms,
            parent,
            version,
            splits,
            split_by,
            shard_bytes,
            index,
            variants,
            accept_loss,
            moment,
            progress,
            runs_there or {},
            may_be_empty,
            judged,
            left_out,
            overruled,
            still_latest,
        )


def build_asked(
    asked: ReleaseEntry,
    runs: Sequence[Path],
    store: Store | str | Path,
    *,
    created: datetime,
    parent: str | None = None,
    progress: Progress | None = None,
    judged: Sequence[Judgement] = (),
    left_out: Counter[str] | None = None,
    overruled: Counter[Overruled] | None = None,
    still_latest: bool = False,
) -> Manifest:
    """Return the version that a recipe's `[release]` asks for, as `build` does, with the same errors."""
    return build(
        asked.name,
        runs,
        store,
        admit=asked.admit,
        uses=asked.uses,
        splits=asked.split.model_dump(),
        split_by=asked.split_by,
        index=asked.index,
        variants=asked.variants,
        created=created,
        parent=parent,
        progress=progress,
        judged=judged,
        left_out=left_out,
        overruled=overruled,
        still_latest=still_latest,
    )


def _build(
    name: str,
    runs: Sequence[Path],
    opened: Store,
    terms: Terms,
    parent: str | None,
    version: str | None,
    splits: Mapping[str, float],
    split_by: SplitBy,
    shard_bytes: int | None,
    index: bool,
    variants: Variants,
    accept_loss: str | None,
    moment: datetime,
    progress: Progress | None,
    runs_there: Mapping[str, Path],
    may_be_empty: bool,
    judged: Sequence[Judgement],
    left_out: Counter[str] | None,
    overruled: Counter[Overruled] | None,
    still_latest: bool,
) -> Manifest:
    if version is not None and checked_version(version) in opened.versions(name):
        raise ConfigError(
            f"{name}@{version}", _("it exists, and versions are never overwritten"), _("name another version")
        )
    basis = _basis(name, runs, opened, parent, still_latest=still_latest)
    inputs, old, log, withdrawn = basis.inputs, basis.inputs.parent, basis.log, basis.withdrawn
    lost = accepted_losses(inputs, accept_loss)
    beside = {run.resolve().parent.parent for run in runs}
    there = {name: run for out in sorted(beside) for name, run in readable_runs(out).items()} | dict(runs_there)
    inputs, parts, first_shard = _with_parts(inputs, opened, log)
    keep_out = _keep_out(log)
    refused = Refused(basis.listed)
    given = {run.id: given_by(run.sources) for run in inputs.runs} | ({"": given_by_version(old)} if old else {})

    def scanned(files: Sequence[Part], start: int = 0) -> Iterator[pl.DataFrame]:
        for frame in scan(files, terms, progress, refused, keep_out, start, given):
            yield without_withdrawn(frame, withdrawn)

    with opened.scratch() as folder:
        light: Iterable[pl.DataFrame] = scanned(parts)
        if keep_out:
            light, twins = _without_requested(light, scanned, parts, inputs, opened, name, runs_there, log, folder)
            parts += twins.parts
            inputs = replace(inputs, others=twins.runs, places=twins.of)
        light = chain(light, scan_statements(_statements(inputs, opened), terms, refused, given))
        replaced = _replaced(inputs, opened, log)
        asked = {one.doc_id for one in judged}
        chosen_splits = Splits(splits, split_by)
        decided = decide_all(
            light, replaced, variants, chosen_splits, old, shard_bytes, asked, folder, *_copies(inputs)
        )
        _count(decided, inputs, left_out, overruled)
        if not decided.flow.released and not may_be_empty:
            _refuse_empty(name, opened, decided)
        columns = released(inputs.extra)
        reused = reusable(decided, old.shards, first_shard) if old and _written_alike(old, columns) else {}
        sketcher = Sketcher.of(_scheme(inputs, opened), opened, old) if index else None
        written = write_shards(decided, parts, reused, opened, folder, columns, sketcher, progress)
        with opened.claim(name):
            basis.check()  # the reading above may have taken hours
            remember_withdrawn(opened, name, withdrawn)
            remember(opened, name, decided.remembered, decided.lifted)
            versions = opened.versions(name)
            draft = Manifest(
                name=name,
                version=version or next_version(versions, terms.today),  # until one is reserved
                title=inputs.title or name,
                created=moment,
                as_of=terms.today,
                parent=Parent(version=old.version, sha256=manifest_sha256(opened, name, old.version)) if old else None,
                toolkit=__version__,
                pyarrow=pa.__version__,
                admit=terms.admit,
                uses=terms.uses,
                splits=dict(sorted(splits.items())),
                split_by=split_by,
                parted_groups=decided.parted,
                variants=variants,
                withdrawal_sequence=log.sequence,
                schema_sha256=schema_sha256(columns),
                extra=inputs.extra,
                runs=run_entries(inputs, decided.runs),
                flow=decided.flow,
                counts=count_rows(decided.groups),
                left_out=dict(decided.reasons),
                sources=source_entries(inputs, decided.groups),
                accepted_losses=lost,
                audited=_audited(judged, decided.named),
                shard_limit=decided.limit,
                shards=written.shards,
                files=written.index,
            )
            remade = {file: path for file, path in written.files.items() if file in written.remade}
            # Named alone, a version with a damaged index is mended, whichever has come after it.
            mended = old if old and remade and not runs and _holds_the_same(old, draft) else None
            same = mended or _unchanged_since(opened, draft, versions)
            if same:
                _put_index(opened, name, same.version, remade)
                if opened.signer:
                    place = ("releases", name, same.version, MANIFEST)
                    opened.sign(opened.read(*place), *place)
                return same
            basis.check_latest()
            number = _reserved(opened, name, version, versions, terms.today)
            if opened.folder is not None:
                # A killed build that had this number may have had other shards.
                shutil.rmtree(opened.folder / "releases" / name / number / INDEX_FOLDER, ignore_errors=True)
            _put_index(opened, name, number, written.files)
            return _publish(draft.model_copy(update={"version": number}), decided, basis, folder, inputs.places, there)


def _replaced(inputs: Inputs, store: Store, log: WithdrawalLog) -> pl.DataFrame:
    """Return what gives way: to what runs have kept, and copies of what comes back after a hold to that."""
    replaced = read_replaced(inputs.runs if inputs.parent else ())
    if not inputs.parent or not inputs.earlier:
        return replaced
    from latam_corpus.release.returned import stand_ins

    return pl.concat([replaced, stand_ins(store, inputs.parent, log)])


def _copies(inputs: Inputs) -> tuple[pl.DataFrame | None, dict[str, str]]:
    """Return which documents come back as copies of others, and who holds each source."""
    links = None if inputs.places is None else inputs.places.rename({"of": "duplicate_of"})
    return links, holders_of((*inputs.others, *inputs.runs), inputs.parent)


def _count(
    decided: Decided,
    inputs: Inputs,
    left_out: Counter[str] | None,
    overruled: Counter[Overruled] | None,
) -> None:
    """Add to the counters what became of the runs' documents, see `build`."""
    if overruled is not None:
        overruled.update(decided.overruled)
    if left_out is not None:
        for run in inputs.runs:
            left_out.update(decided.runs_left_out.get(run.id, {}))


def _refuse_empty(name: str, store: Store, decided: Decided) -> NoReturn:
    with store.claim(name):  # no version is made, and an older run must not be built on its former terms
        remember(store, name, decided.remembered, decided.lifted)
    raise ReleaseError(name, _("nothing is left to release"), _why_nothing(decided.reasons))


def _statements(inputs: Inputs, store: Store) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield rows that are in no version and may bind others, each with the name of its run."""
    for frame in remembered_statements(store):
        yield "", frame
    for run in {run.id: run for run in (*inputs.runs, *inputs.others)}.values():
        for frame in dropped_statements(run):
            yield run.id, frame


def _with_parts(inputs: Inputs, store: Store, log: WithdrawalLog) -> tuple[Inputs, list[Part], int]:
    """Return the inputs, every file of documents, and the number of the first of the parent's shards."""
    parts = inputs.parts(store, log)
    old = inputs.parent
    if old is None:
        return inputs, parts, len(parts)
    from latam_corpus.release.returned import returned_parts

    must_reach(log, old.withdrawal_sequence, old.spec)
    returned, had = returned_parts(store, old, log)
    return replace(inputs, earlier=tuple(had)), [*parts, *returned], len(parts) - len(old.shards)


def _keep_out(log: WithdrawalLog) -> Tombstones | None:
    """Return what withdrawals keep out; None where nothing is withdrawn."""
    if not log.withdrawals:
        return None
    from latam_corpus.release.tombstones import Tombstones

    return Tombstones(log)


def _audited(judged: Sequence[Judgement], named: pl.DataFrame) -> tuple[Audited, ...]:
    """Return what readers judged of the documents that are released."""
    if not judged:
        return ()
    from latam_corpus.release.judgements import audited_rows

    return audited_rows(judged, named)


def _without_requested(
    light: Iterable[pl.DataFrame],
    scanned: Callable[[Sequence[Part], int], Iterable[pl.DataFrame]],
    parts: Sequence[Part],
    inputs: Inputs,
    store: Store,
    name: str,
    runs_there: Mapping[str, Path],
    log: WithdrawalLog,
    folder: Path,
) -> tuple[Iterable[pl.DataFrame], Twins]:
    """Return the light rows less what withdrawals keep out, with copies that come back for it, and those copies."""
    from latam_corpus.release.twins import chosen, find_twins

    every, requested = Spill(folder / "read"), Spill(folder / "requested")
    said = [pl.Series("doc_id", [], pl.String)]
    for frame in light:
        every.add_by(frame, np.zeros(frame.height, np.int64))
        said.append(frame.filter(pl.col("said").is_not_null())["doc_id"])
    every.flush()
    known = _last_released(store, name, pl.concat(said))
    holds = [entry.number for entry in log.withdrawals if entry.kind == "hold"]
    named = [said[0]]
    for frame in every.frames(0):
        rows = without_requested(frame, known, holds)
        requested.add_by(rows, np.zeros(rows.height, np.int64))
        named.append(rows.filter(pl.coalesce("withdrawal", "said").is_not_null())["doc_id"])
    requested.flush()
    every.file(0).unlink(missing_ok=True)
    twins = find_twins(pl.concat(named).unique(), inputs.runs, store, inputs.parent, runs_there, log)
    found = [without_requested(frame, known, holds) for frame in scanned(twins.parts, len(parts))]
    copies = pl.concat([pl.DataFrame(schema=LIGHT), *found])
    same = pl.col("doc_id").is_in(copies["doc_id"].implode())
    there = pl.concat([pl.DataFrame(schema=LIGHT), *(frame.filter(same) for frame in requested.frames(0))])
    back = chosen(copies, twins, there)
    admitted = back.filter(pl.col("refusal").is_null())["doc_id"]
    places = twins.of.filter(pl.col("doc_id").is_in(admitted.implode()))
    return chain(requested.frames(0), [back]), replace(twins, of=places)


def _last_released(store: Store, name: str, ids: pl.Series) -> pl.DataFrame:
    """`doc_id` and `exact_hash` of those documents of the latest version that are among these."""
    latest = store.latest(name) if len(ids) else None
    rows = pl.DataFrame(schema=schema.LEDGER_SCHEMA)
    if latest and LEDGER in load_manifest(store, name, latest).files:
        where = pl.col("doc_id").is_in(ids.implode()) & (pl.col("verdict") == "released")
        rows = read_ledger(store, name, latest, where=where)
    return rows.select("doc_id", exact_hash="text_hash_after")


def _scheme(inputs: Inputs, store: Store) -> Scheme:
    """Return the scheme of the version's index: that of its runs' deduplication, else the release's so far."""
    schemes = {scheme for run in inputs.runs if (scheme := scheme_of_stages(run.stages))}
    if len(schemes) == 1:
        return schemes.pop()
    return scheme_of_release(store, inputs.parent) if inputs.parent else Scheme()


def _put_index(store: Store, name: str, version: str, written: Mapping[str, Path]) -> None:
    for file, path in written.items():
        store.put(path, "releases", name, version, file)


def _reserved(store: Store, name: str, version: str | None, versions: Sequence[str], today: date) -> str:
    """Return the version's number, which no other build can take now."""
    taken = list(versions)
    number = version or next_version(taken, today)
    newest = max(versions, key=version_key, default=number)
    if version is None and version_key(number) < version_key(newest):
        problem = _("by this machine's clock it is {today}, before {newest} was made", today=today, newest=newest)
        raise ReleaseError(name, problem, _("set the clock, or name the version"))
    while number in taken or not store.reserve(name, number):
        if version:
            raise ReleaseError(
                f"{name}@{version}", _("another build has taken this version"), _("name another version")
            )
        taken.append(number)
        number = next_version(taken, today)
    return number


def _moment(today: date | None, created: datetime | None) -> datetime:
    if created is not None:
        return created
    if today is None:
        raise ConfigError(
            "build", _("neither `today` nor `created` is given"), _("the clock is read by the command line")
        )
    return datetime.combine(today, time(), UTC)


def _inputs(name: str, runs: Sequence[Path], store: Store, parent: str | None) -> Inputs:
    checked_name(name)
    old = None if parent is None else load_manifest(store, *store.find(f"{name}@{parent}"))
    if not runs and old is None:
        raise ConfigError(name, *NOTHING_TO_BUILD_FROM)
    inputs = Inputs.of([load_run(folder) for folder in runs], old)
    released(inputs.extra)  # two declarations of one column are refused before rows are read
    return inputs


def _basis(name: str, runs: Sequence[Path], store: Store, parent: str | None, *, still_latest: bool) -> _Basis:
    on_latest = parent is not None and (still_latest or parent in (LATEST_KEYWORD, store.latest(name)))
    inputs = _inputs(name, runs, store, parent)
    lists = read_listed(store, name), read_withdrawn(store, name, inputs.runs)
    basis = _Basis(store, name, inputs, on_latest, *lists, read_log(store))
    if still_latest:
        basis.check_latest()
    return basis


def _publish(
    draft: Manifest,
    decided: Decided,
    basis: _Basis,
    folder: Path,
    places: pl.DataFrame | None,
    runs_there: Mapping[str, Path],
) -> Manifest:
    store, old = basis.store, basis.inputs.parent
    log = read_log(store)
    if old:
        from latam_corpus.release.lapses import enter_lapses

        log = enter_lapses(store, log, old, decided.ranges(), draft.created)
    draft = draft.model_copy(update={"withdrawal_sequence": log.sequence})
    names = ("releases", draft.name, draft.version)
    ledger = folder / LEDGER
    write_ledger(ledger, decided, draft.version, places)
    index = draft.files
    files = {LEDGER: SideFile(sha256=digest_of(ledger), bytes=ledger.stat().st_size)}
    store.put(ledger, *names, LEDGER)
    draft = draft.model_copy(update={"files": index | files})
    written = {}
    earlier = read_side_file(store, old, CHANGES).decode() if old and CHANGES in old.files else ""
    written[CARD] = card(draft).encode()
    written[ATTRIBUTION] = attribution(draft).encode()
    written[CHANGES] = changelog(draft, _changes(store, old, draft, runs_there, folder), earlier).encode()
    written[CROISSANT] = croissant(draft)
    files |= _side_files(written)
    manifest = draft.model_copy(update={"files": index | dict(sorted(files.items()))})
    for file in (CARD, CHANGES, ATTRIBUTION, CROISSANT):
        store.write(written[file], *names, file)
    dumped = manifest.dumped()
    store.write(sums(manifest, hashlib.sha256(dumped).hexdigest()), *names, SUMS)
    store.sign(dumped, *names, MANIFEST)
    store.create(dumped, *names, MANIFEST)
    # Elsewhere than on a local disk nobody waits for another. Who withdraws writes an entry, then looks for versions,
    # so that one of the two sees the other; who points first at a version upon the latest has made the next.
    try:
        basis.check_log()
        basis.point(draft.version)
    except OvertakenError:
        store.remove(*names, MANIFEST)
        raise
    return manifest


def _changes(
    store: Store, old: Manifest | None, draft: Manifest, runs_there: Mapping[str, Path], folder: Path
) -> list[Change]:
    """Return what `release diff` tells of the two; what a run that is damaged would tell is left out."""
    if old is None:
        return all_new(draft)
    from latam_corpus.release.diff import diff

    try:
        return diff(store, old, draft, runs_there, folder)
    except (ConfigError, PartError, ReleaseError):
        return diff(store, old, draft, folder=folder)


def sums(manifest: Manifest, sha256: str) -> bytes:
    """Return what `sha256sum -c` reads in the version's folder of a store: its files, and its objects beside.

    Args:
        manifest: the version.
        sha256: the digest of its manifest as stored.
    """
    listed = {file: entry.sha256 for file, entry in manifest.files.items()} | {MANIFEST: sha256}
    listed |= {f"../../../{shard.object}": shard.sha256 for shard in manifest.shards}
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(listed.items())).encode()


def _side_files(written: Mapping[str, bytes]) -> dict[str, SideFile]:
    return {name: SideFile(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data)) for name, data in written.items()}


def _written_alike(old: Manifest, columns: pl.Schema) -> bool:
    """Whether this toolkit would write the parent's rows to the same bytes."""
    mine = (__version__, pa.__version__, schema_sha256(columns))
    return (old.toolkit, old.pyarrow, old.schema_sha256) == mine


def _unchanged_since(store: Store, draft: Manifest, versions: Sequence[str]) -> Manifest | None:
    """Return the latest version if this one would hold its shards and index, on its terms and from its parent.

    A build that was killed just before it swapped the pointer left a version after the latest: that one counts
    too, and is pointed at.
    """
    latest = store.latest(draft.name)
    for version in dict.fromkeys((latest, *versions[-1:])):
        if version is None:
            continue
        try:
            last = load_manifest(store, draft.name, version)
        except ReleaseError:  # a damaged one is like no other
            continue
        upon = draft.parent.version if draft.parent else None
        meant = upon in (last.version, last.parent.version if last.parent else None)
        if meant and _holds_the_same(last, draft) and _same_losses_and_audit(last, draft):
            if version != latest:
                store.point(draft.name, version)
            return last
    return None


def _same_losses_and_audit(one: Manifest, other: Manifest) -> bool:
    """Whether two versions say the same of what was lost and judged."""
    return (one.accepted_losses, one.audited) == (other.accepted_losses, other.audited)


def _holds_the_same(one: Manifest, other: Manifest) -> bool:
    """Whether two versions hold the same shards and index on the same terms."""
    return (
        [(s.path, s.sha256) for s in one.shards] == [(s.path, s.sha256) for s in other.shards]
        and (one.admit, one.uses, one.variants) == (other.admit, other.uses, other.variants)
        and (one.splits, one.split_by) == (other.splits, other.split_by)
        and one.index == other.index
    )


def _why_nothing(reasons: Mapping[str, int]) -> Message:
    if not reasons:
        return _("the runs kept no document; `latam-corpus explain` says why")
    each = [Message("{reason} ({n})", {"reason": meaning(one), "n": str(rows)}) for one, rows in reasons.items()]
    return _("left out: {reasons}", reasons=enumerated(each))
