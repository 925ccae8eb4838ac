"""Build a version: plan it, then write shards, index, ledger, pages and, last, the manifest that makes it visible."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import pyarrow as pa

from latam_corpus.__about__ import __version__
from latam_corpus.catalog.naming import next_version, version_key
from latam_corpus.dedupe.fingerprints.scheme import Scheme
from latam_corpus.errors import ConfigError, PartError, ReleaseError
from latam_corpus.messages import Message, _, enumerated
from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.release.building.build_basis import Basis, OvertakenError
from latam_corpus.release.building.diff import diff
from latam_corpus.release.building.release_plan import make_plan
from latam_corpus.release.building.sketch import Sketcher, scheme_of_release, scheme_of_stages
from latam_corpus.release.building.write import write_ledger, write_shards
from latam_corpus.release.eligibility.expired_terms import enter_lapses
from latam_corpus.release.eligibility.removals import remember_withdrawn
from latam_corpus.release.eligibility.statements import remember
from latam_corpus.release.eligibility.summary import count_rows, run_entries, source_entries
from latam_corpus.release.pages.card import CARD, card
from latam_corpus.release.pages.changelog import CHANGELOG, all_new, changelog
from latam_corpus.release.pages.croissant import CROISSANT, croissant
from latam_corpus.release.pages.judgements import audited_rows
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
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from latam_corpus.pipeline.execution.engines import OnStep
    from latam_corpus.release.building.release_plan import ReleasePlan
    from latam_corpus.release.building.write import Written
    from latam_corpus.release.eligibility.build_inputs import Inputs
    from latam_corpus.release.eligibility.build_request import BuildRequest
    from latam_corpus.release.pages.changelog import Change
    from latam_corpus.release.storing.store import Store


@contextmanager
def planned_release(request: BuildRequest, store: Store, progress: OnStep | None = None) -> Iterator[ReleasePlan]:
    """Plan a version for `write_version`; the plan's temporary files exist until the block ends.

    Raises:
        ConfigError: a run, the version or the parent is wrong; nothing was written.
        ReleaseError: a run lost more than its recipe's floor and no reason was given, or files of a run or of the
            parent are missing or damaged.
    """
    with store.named_errors():
        basis = Basis.read(request, store)
        with store.scratch() as folder:
            yield make_plan(request, basis, folder, progress)


def build(request: BuildRequest, store: Store, progress: OnStep | None = None) -> Manifest:
    """Plan and write a version; for the result and the errors see `planned_release` and `write_version`."""
    with planned_release(request, store, progress) as plan:
        return write_version(plan, progress)


def write_version(plan: ReleasePlan, progress: OnStep | None = None) -> Manifest:
    """Write a planned version and return its manifest, or the latest version's manifest if nothing would change.

    Raises:
        OvertakenError: since the plan began another version became the latest, or documents were withdrawn.
        ReleaseError: no document is left for the version, or the version can't be written.
    """
    request, basis = plan.request, plan.basis
    store, name, parent = basis.store, request.name, plan.inputs.parent
    if not plan.decided.flow.released and not request.may_be_empty:
        _refuse_empty(plan)
    sketcher = Sketcher.of(_scheme(plan.inputs, store), store, parent) if request.index else None
    written = write_shards(plan, sketcher, progress)
    with store.claim(name):
        basis.check()  # planning and writing may have taken hours
        remember_withdrawn(store, name, basis.withdrawn)
        remember(store, name, plan.decided.remembered, plan.decided.lifted)
        versions = store.versions(name)
        draft = _draft(plan, written, request.version or next_version(versions, request.terms.today))
        rebuilt = {file: path for file, path in written.files.items() if file in written.rebuilt}
        # A request with a parent but no runs may repair the parent's index, even if the parent isn't the latest
        # version.
        repaired = parent if parent and rebuilt and not request.runs and _have_same_contents(parent, draft) else None
        existing = repaired or _unchanged_since(store, draft, versions)
        if existing:
            _put_index(store, name, existing.version, rebuilt)
            if store.signer:
                place = ("releases", name, existing.version, MANIFEST)
                store.sign(store.read(*place), *place)
            return existing
        basis.check_latest()
        number = _reserved(plan, versions)
        if store.folder is not None:
            # A killed build of the same version number may have left index files of other shards.
            shutil.rmtree(store.folder / "releases" / name / number / INDEX_FOLDER, ignore_errors=True)
        _put_index(store, name, number, written.files)
        return _publish(plan, draft.model_copy(update={"version": number}))


def _refuse_empty(plan: ReleasePlan) -> NoReturn:
    store, name, decided = plan.basis.store, plan.request.name, plan.decided
    with store.claim(name):  # without a version too: a later build of an older run needs the stricter terms
        remember(store, name, decided.remembered, decided.lifted)
    raise ReleaseError(name, _("no document is left for the version"), _why_nothing(decided.reasons))


def _why_nothing(reasons: Mapping[str, int]) -> Message:
    if not reasons:
        return _("the runs kept no document; `latam-corpus explain` says why")
    counts = [Message("{reason} ({n})", {"reason": meaning(reason), "n": str(n)}) for reason, n in reasons.items()]
    return _("left out: {reasons}", reasons=enumerated(counts))


def _scheme(inputs: Inputs, store: Store) -> Scheme:
    """Return the scheme of the runs' deduplication if all use the same one, else that of the parent's index."""
    schemes = {scheme for run in inputs.runs if (scheme := scheme_of_stages(run.stages))}
    if len(schemes) == 1:
        return schemes.pop()
    return scheme_of_release(store, inputs.parent) if inputs.parent else Scheme()


def _draft(plan: ReleasePlan, written: Written, version: str) -> Manifest:
    """Return the manifest, still without the files that are written once the version number is reserved."""
    request, inputs, decided = plan.request, plan.inputs, plan.decided
    store, name, parent, terms = plan.basis.store, request.name, inputs.parent, request.terms
    parent_entry = None
    if parent:
        parent_entry = Parent(version=parent.version, sha256=manifest_sha256(store, name, parent.version))
    return Manifest(
        name=name,
        version=version,
        title=inputs.title or name,
        created=request.created,
        as_of=terms.today,
        parent=parent_entry,
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
        audited=audited_rows(request.judged, decided.judged) if request.judged else (),
        shard_limit=decided.limit,
        shards=written.shards,
        files=written.index,
    )


def _put_index(store: Store, name: str, version: str, written: Mapping[str, Path]) -> None:
    for file, path in written.items():
        store.put(path, "releases", name, version, file)


def _reserved(plan: ReleasePlan, versions: Sequence[str]) -> str:
    """Reserve a version number, so that no other build can take it, and return it.

    Raises:
        ReleaseError: the requested number is taken, or the clock is earlier than the newest version.
    """
    name, version, today = plan.request.name, plan.request.version, plan.request.terms.today
    taken = list(versions)
    number = version or next_version(taken, today)
    newest = max(versions, key=version_key, default=number)
    if version is None and version_key(number) < version_key(newest):
        problem = _("this machine's clock says {today}, which is before {newest} was made", today=today, newest=newest)
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
    """Write the ledger and the pages of a version whose shards are written, then its manifest; make it the latest."""
    basis, store, parent, folder = plan.basis, plan.basis.store, plan.inputs.parent, plan.folder
    log = read_log(store)
    if parent:
        log = enter_lapses(store, log, parent, plan.decided.ranges(), draft.created)
    draft = draft.model_copy(update={"withdrawal_sequence": log.sequence})
    names = ("releases", draft.name, draft.version)
    ledger = folder / LEDGER
    write_ledger(ledger, plan, draft.version)
    index = draft.files
    files = {LEDGER: SideFile(sha256=digest_of(ledger), bytes=ledger.stat().st_size)}
    store.put(ledger, *names, LEDGER)
    draft = draft.model_copy(update={"files": index | files})
    earlier = read_side_file(store, parent, CHANGELOG).decode() if parent and CHANGELOG in parent.files else ""
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
    # Only a local disk has locks. Elsewhere a withdrawal writes its entry before it looks for versions, so that either
    # the withdrawal sees this version or this build sees the withdrawal. Of two builds with the same parent, the first
    # to swap the pointer wins.
    try:
        basis.check_log()
        basis.point(draft.version)
    except OvertakenError:
        store.remove(*names, MANIFEST)
        raise
    return manifest


def _changes(plan: ReleasePlan, draft: Manifest) -> list[Change]:
    """Return the changes since the parent, without reasons from runs if one of these is damaged."""
    store, parent = plan.basis.store, plan.inputs.parent
    if parent is None:
        return all_new(draft)
    try:
        return diff(store, parent, draft, plan.runs_on_disk, plan.folder)
    except (ConfigError, PartError, ReleaseError):
        return diff(store, parent, draft, folder=plan.folder)


def _unchanged_since(store: Store, draft: Manifest, versions: Sequence[str]) -> Manifest | None:
    """Return the latest version if it equals the draft and is its parent, or has the same parent; else None.

    Both must have the same shards, index and terms. A build that was killed just before it swapped the pointer left a
    finished version after the latest; that version counts too, and is made the latest.
    """
    latest = store.latest(draft.name)
    for version in dict.fromkeys((latest, *versions[-1:])):
        if version is None:
            continue
        try:
            last = load_manifest(store, draft.name, version)
        except ReleaseError:  # a damaged version can't be reused
            continue
        parent = draft.parent.version if draft.parent else None
        is_related = parent in (last.version, last.parent.version if last.parent else None)
        same_statements = (last.accepted_losses, last.audited) == (draft.accepted_losses, draft.audited)
        if is_related and same_statements and _have_same_contents(last, draft):
            if version != latest:
                store.point(draft.name, version)
            return last
    return None


def _have_same_contents(existing: Manifest, draft: Manifest) -> bool:
    """Whether two versions have the same shards, index, terms and splits."""
    return (
        [(shard.path, shard.sha256) for shard in existing.shards]
        == [(shard.path, shard.sha256) for shard in draft.shards]
        and (existing.admit, existing.uses, existing.variants) == (draft.admit, draft.uses, draft.variants)
        and (existing.splits, existing.split_by) == (draft.splits, draft.split_by)
        and existing.index == draft.index
    )
