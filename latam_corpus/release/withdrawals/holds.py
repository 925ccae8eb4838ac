"""Return held documents to a release.

A hold is an entry of the log like a withdrawal, except that a purge doesn't erase its documents. They remain in the
objects of the versions that had them, where readers skip them. A return is also an entry and ends the hold. The next
version of each release that had the documents contains them again, unless their terms or a withdrawal exclude them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from latam_corpus.errors import ConfigError, closest
from latam_corpus.messages import _
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.withdrawal_log import (
    EntryTakenError,
    add_entry,
    asked_hash,
    log_and_versions,
    read_log,
    request_name,
    time_after,
)
from latam_corpus.release.withdrawals.withdraw import (
    checked_reason,
    next_version_of,
    outcome,
    version_before,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from latam_corpus.pipeline.execution.engines import OnStep
    from latam_corpus.release.pages.judgements import Judgement
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.withdrawals.withdraw import Withdrawal


def give_back(
    store: Store,
    name: str,
    request: str,
    because: str,
    now: datetime,
    runs_on_disk: Mapping[str, Path] | None = None,
    progress: OnStep | None = None,
    judged: Sequence[Judgement] = (),
) -> Withdrawal:
    """End a hold, and make the next version of a release, which contains the held documents.

    `request` is the name of the hold, such as H0003-06d6cbdc; `runs_on_disk` has the folders of runs, by name; `judged`
    is for the next version's card.

    Raises:
        ConfigError: the release or the hold doesn't exist, the name includes a version, or the reason is empty.
        ReleaseError: the log or a version is damaged, another process was first, or the next version can't be made.
    """
    because = checked_reason(name, because)
    with store.named_errors():
        while True:
            done = _give_back_once(store, name, request, because, now, runs_on_disk or {}, progress, judged)
            if done:
                return done
            now = time_after(read_log(store), now)


def _give_back_once(
    store: Store,
    name: str,
    request: str,
    because: str,
    now: datetime,
    runs_on_disk: Mapping[str, Path],
    progress: OnStep | None,
    judged: Sequence[Judgement],
) -> Withdrawal | None:
    """Try `give_back` once; return None if another process has added an entry to the log."""
    old = load_manifest(store, *store.find(name))
    log, versions = log_and_versions(store)
    holds = {entry.request: entry for entry in log.entries if entry.kind == "hold"}
    if request not in holds:
        raise ConfigError(store.url, _("it has no hold «{request}»", request=request), closest(request, holds))
    hold = holds[request]
    returns = [entry for entry in log.entries if entry.kind == "return" and entry.of == hold.number]
    if returns:
        entry = returns[0]
    else:
        hold_hash = asked_hash("request", request)
        entry_name = request_name("return", log.sequence + 1, log.head, "request", hold_hash)
        fields = {"request": entry_name, "release": old.name, "by": "request", "asked": hold_hash}
        with store.claim(*store.names()):  # wait for builds in their last steps; they would have to start again
            try:
                entry = add_entry(log, now, {}, kind="return", of=hold.number, because=because, **fields)
            except EntryTakenError:
                return None
    new = next_version_of(name, store, now, runs_on_disk, progress, judged)
    old = version_before(entry, old, versions)
    withdrawn = log.documents_of([other for other in log.withdrawals if other.erases])
    rows = log.table(hold, "rows").join(withdrawn, on="doc_id", how="anti", maintain_order="left")
    return outcome(store, entry, request, old, new, versions, rows, runs_on_disk)
