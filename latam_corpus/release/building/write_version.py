"""Carrying out the plan of a version: shards, index, ledger, pages and the manifest, and nothing half visible."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING, NoReturn

import pyarrow as pa

from latam_corpus.__about__ import __version__
from latam_corpus.catalog.naming import next_version, version_key
from latam_corpus.dedupe.fingerprints.scheme import Scheme
from latam_corpus.errors import ConfigError, PartError, ReleaseError
from latam_corpus.messages import Message, _, enumerated
from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.release.building.build_basis import OvertakenError
from latam_corpus.release.building.sketch import Sketcher, scheme_of_release, scheme_of_stages
from latam_corpus.release.building.write import write_ledger, write_shards
from latam_corpus.release.eligibility.removals import remember_withdrawn
from latam_corpus.release.eligibility.statements import remember
from latam_corpus.release.eligibility.summary import count_rows, run_entries, source_entries
from latam_corpus.release.pages.card import CARD, card
from latam_corpus.release.pages.changelog import CHANGELOG, all_new, changelog
from latam_corpus.release.pages.croissant import CROISSANT, croissant
from latam_corpus.release.pages.obligations import ATTRIBUTION, attribution
from latam_corpus.release.storing.manifest import (
    INDEX_FOLDER,
    MANIFEST,
    Manifest,
    Parent,
    SideFile,
    load_manifest,
    manifest_sha256,
    read_side_file,
    schema_sha256,
    sums,
)
from latam_corpus.release.storing.store import SUMS
from latam_corpus.release.storing.store_tables import LEDGER
from latam_corpus.release.storing.withdrawal_log import read_log
from latam_corpus.storage.durable import digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from latam_corpus.release.building.release_plan import ReleasePlan
    from latam_corpus.release.building.write import Written
    from latam_corpus.release.eligibility.build_inputs import Inputs
    from latam_corpus.release.pages.changelog import Change
    from latam_corpus.release.storing.manifest import Audited
    from latam_corpus.release.storing.store import Progress, Store


def write_version(plan: ReleasePlan, progress: Progress | None = None) -> Manifest:
    """Write the version of a plan; returns its manifest, or the latest version's if nothing would change.

    Args:
        plan: what the version holds.
        progress: called with what is done, how much of it, and of how much.

    Raises:
        OvertakenError: another version was made meanwhile, whose documents this one would lack, or something was
            withdrawn.
        ReleaseError: nothing is left to release, or the version can't be written.
    """
    request, basis = plan.request, plan.basis
    store, name, old = basis.store, request.name, plan.inputs.parent
    if not plan.decided.flow.released and not request.may_be_empty:
        _refuse_empty(plan)
    sketcher = Sketcher.of(_scheme(plan.inputs, store), store, old) if request.index else None
    written = write_shards(plan.decided, plan.parts, plan.reused, store, plan.folder, plan.columns, sketcher, progress)
    with store.claim(name):
        basis.check()  # planning and writing may have taken hours
        remember_withdrawn(store, name, basis.withdrawn)
        remember(store, name, plan.decided.remembered, plan.decided.lifted)
        versions = store.versions(name)
        draft = _draft(plan, written, request.version or next_version(versions, request.terms.today))
        remade = {file: path for file, path in written.files.items() if file in written.remade}
        # A parent that is named without runs gets its damaged index anew, whichever version came after it.
        mended = old if old and remade and not request.runs and _holds_the_same(old, draft) else None
        same = mended or _unchanged_since(store, draft, versions)
        if same:
            _put_index(store, name, same.version, remade)
            if store.signer:
                place = ("releases", name, same.version, MANIFEST)
                store.sign(store.read(*place), *place)
            return same
        basis.check_latest()
        number = _reserved(plan, versions)
        if store.folder is not None:
            # A killed build that had this number may have had other shards.
            shutil.rmtree(store.folder / "releases" / name / number / INDEX_FOLDER, ignore_errors=True)
        _put_index(store, name, number, written.files)
        return _publish(plan, draft.model_copy(update={"version": number}))


def _refuse_empty(plan: ReleasePlan) -> NoReturn:
    store, name, decided = plan.basis.store, plan.request.name, plan.decided
    with store.claim(name):  # no version is made, and an older run must not be built on its former terms
        remember(store, name, decided.remembered, decided.lifted)
    raise ReleaseError(name, _("nothing is left to release"), _why_nothing(decided.reasons))


def _why_nothing(reasons: Mapping[str, int]) -> Message:
    if not reasons:
        return _("the runs kept no document; `latam-corpus explain` says why")
    each = [Message("{reason} ({n})", {"reason": meaning(one), "n": str(rows)}) for one, rows in reasons.items()]
    return _("left out: {reasons}", reasons=enumerated(each))


def _scheme(inputs: Inputs, store: Store) -> Scheme:
    """Return the scheme of the version's index: that of its runs' deduplication, else the release's so far."""
    schemes = {scheme for run in inputs.runs if (scheme := scheme_of_stages(run.stages))}
    if len(schemes) == 1:
        return schemes.pop()
    return scheme_of_release(store, inputs.parent) if inputs.parent else Scheme()


def _draft(plan: ReleasePlan, written: Written, version: str) -> Manifest:
    """Return the manifest as far as it is known before the version has its number."""
    request, inputs, decided = plan.request, plan.inputs, plan.decided
    store, name, old, terms = plan.basis.store, request.name, inputs.parent, request.terms
    return Manifest(
        name=name,
        version=version,
        title=inputs.title or name,
        created=request.created,
        as_of=terms.today,
        parent=Parent(version=old.version, sha256=manifest_sha256(store, name, old.version)) if old else None,
        toolkit=__version__,
        pyarrow=pa.__version__,
        admit=terms.admit,
        uses=terms.uses,
        splits=dict(sorted(request.splits.items())),
        split_by=request.split_by,
        parted_groups=decided.parted,
        variants=request.variants,
        withdrawal_sequence=plan.basis.log.sequence,
        schema_sha256=schema_sha256(plan.columns),
        extra=inputs.extra,
        runs=run_entries(inputs, decided.runs),
        flow=decided.flow,
        counts=count_rows(decided.groups),
        left_out=dict(decided.reasons),
        sources=source_entries(inputs, decided.groups),
        accepted_losses=plan.losses,
        audited=_audited(plan),
        shard_limit=decided.limit,
        shards=written.shards,
        files=written.index,
    )


def _audited(plan: ReleasePlan) -> tuple[Audited, ...]:
    """Return what readers judged of the documents that are released."""
    if not plan.request.judged:
        return ()
    from latam_corpus.release.pages.judgements import audited_rows

    return audited_rows(plan.request.judged, plan.decided.judged)


def _put_index(store: Store, name: str, version: str, written: Mapping[str, Path]) -> None:
    for file, path in written.items():
        store.put(path, "releases", name, version, file)


def _reserved(plan: ReleasePlan, versions: Sequence[str]) -> str:
    """Return the version's number, which no other build can take now."""
    name, version, today = plan.request.name, plan.request.version, plan.request.terms.today
    taken = list(versions)
    number = version or next_version(taken, today)
    newest = max(versions, key=version_key, default=number)
    if version is None and version_key(number) < version_key(newest):
        problem = _("by this machine's clock it is {today}, before {newest} was made", today=today, newest=newest)
        raise ReleaseError(name, problem, _("set the clock, or name the version"))
    while number in taken or not plan.basis.store.reserve(name, number):
        if version:
            raise ReleaseError(
                f"{name}@{version}", _("another build has taken this version"), _("name another version")
            )
        taken.append(number)
        number = next_version(taken, today)
    return number


def _publish(plan: ReleasePlan, draft: Manifest) -> Manifest:
    """Write the files of a version whose shards are there, then its manifest, and make it the latest."""
    basis, store, old, folder = plan.basis, plan.basis.store, plan.inputs.parent, plan.folder
    log = read_log(store)
    if old:
        from latam_corpus.release.eligibility.expired_terms import enter_lapses

        log = enter_lapses(store, log, old, plan.decided.ranges(), draft.created)
    draft = draft.model_copy(update={"withdrawal_sequence": log.sequence})
    names = ("releases", draft.name, draft.version)
    ledger = folder / LEDGER
    write_ledger(ledger, plan.decided, draft.version, plan.inputs.places)
    index = draft.files
    files = {LEDGER: SideFile(sha256=digest_of(ledger), bytes=ledger.stat().st_size)}
    store.put(ledger, *names, LEDGER)
    draft = draft.model_copy(update={"files": index | files})
    earlier = read_side_file(store, old, CHANGELOG).decode() if old and CHANGELOG in old.files else ""
    pages = {
        CARD: card(draft).encode(),
        CHANGELOG: changelog(draft, _changes(plan, draft), earlier).encode(),
        ATTRIBUTION: attribution(draft).encode(),
        CROISSANT: croissant(draft),
    }
    files |= {file: SideFile(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data)) for file, data in pages.items()}
    manifest = draft.model_copy(update={"files": index | dict(sorted(files.items()))})
    for file, data in pages.items():
        store.write(data, *names, file)
    dumped = manifest.dumped()
    store.write(sums(manifest, hashlib.sha256(dumped).hexdigest()), *names, SUMS)
    store.sign(dumped, *names, MANIFEST)
    store.create(dumped, *names, MANIFEST)
    # Only a local disk has locks. Elsewhere a withdrawal writes its entry and then looks for versions, so that it or
    # this build sees the other; of two builds upon the latest version the one that points first makes the next.
    try:
        basis.check_log()
        basis.point(draft.version)
    except OvertakenError:
        store.remove(*names, MANIFEST)
        raise
    return manifest


def _changes(plan: ReleasePlan, draft: Manifest) -> list[Change]:
    """Return what `release diff` says of the parent and the version, without the reasons of runs that are damaged."""
    store, old = plan.basis.store, plan.inputs.parent
    if old is None:
        return all_new(draft)
    from latam_corpus.release.building.diff import diff

    try:
        return diff(store, old, draft, plan.runs_on_disk, plan.folder)
    except (ConfigError, PartError, ReleaseError):
        return diff(store, old, draft, folder=plan.folder)


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
    """Whether two versions state the same losses and the same judgements."""
    return (one.accepted_losses, one.audited) == (other.accepted_losses, other.audited)


def _holds_the_same(one: Manifest, other: Manifest) -> bool:
    """Whether two versions hold the same shards and index on the same terms."""
    return (
        [(s.path, s.sha256) for s in one.shards] == [(s.path, s.sha256) for s in other.shards]
        and (one.admit, one.uses, one.variants) == (other.admit, other.uses, other.variants)
        and (one.splits, one.split_by) == (other.splits, other.split_by)
        and one.index == other.index
    )
