"""What was held while a dispute about it lasts, and comes back when that is settled so.

A hold is an entry of the log like a withdrawal, but that a purge leaves its documents where they are: in the objects of
the versions that had them, which readers give nobody. The return is an entry, too; from it on the hold no longer binds,
and the next version of each release that had the documents has them again, as they were, unless their terms or a
withdrawal keep them out by then.
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
    read_log,
    request_name,
    time_after,
)
from latam_corpus.release.withdrawals.withdraw import (
    checked_reason,
    next_version_of,
    outcome,
    version_before,
    versions_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from latam_corpus.release.pages.judgements import Judgement
    from latam_corpus.release.storing.store import Progress, Store
    from latam_corpus.release.withdrawals.withdraw import Withdrawal


def give_back(
    store: Store,
    name: str,
    request: str,
    because: str,
    now: datetime,
    runs_there: Mapping[str, Path] | None = None,
    progress: Progress | None = None,
    judged: Sequence[Judgement] = (),
) -> Withdrawal:
    """End a hold, and make the next version of a release, which has its documents again.

    Args:
        store: where they are.
        name: the release of which the next version is made.
        request: what the hold is called, such as H0003-06d6cbdc.
        because: why; it stands in the log.
        now: the time.
        runs_there: the folders of runs on the disk, by name.
        progress: told what is done, how much of it and of how much.
        judged: what readers judged, for the next version's card.

    Raises:
        ConfigError: there is no such release, or no hold of that name; one version is named, or nothing is said.
        ReleaseError: the log or a version is damaged, somebody else was first, or the next version can't be made.
    """
    because = checked_reason(name, because)
    with store.named_errors():
        while True:
            done = _given_back(store, name, request, because, now, runs_there or {}, progress, judged)
            if done:
                return done
            now = time_after(read_log(store), now)


def _given_back(
    store: Store,
    name: str,
    request: str,
    because: str,
    now: datetime,
    runs_there: Mapping[str, Path],
    progress: Progress | None,
    judged: Sequence[Judgement],
) -> Withdrawal | None:
    """See `give_back`; None if another process added to the log first."""
    before = load_manifest(store, *store.find(name))
    log = read_log(store)
    holds = {entry.request: entry for entry in log.entries if entry.kind == "hold"}
    if request not in holds:
        raise ConfigError(store.url, _("it has no hold «{request}»", request=request), closest(request, holds))
    hold = holds[request]
    versions = versions_of(store, log)
    returns = [one for one in log.entries if one.kind == "return" and one.of == hold.number]
    if returns:
        entry = returns[0]
    else:
        asked = asked_hash("request", request)
        called = request_name("return", log.sequence + 1, log.head, "request", asked)
        about = {"request": called, "release": before.name, "by": "request", "asked": asked}
        with store.claim(*store.names()):  # a build that is in its last steps would have to begin anew
            try:
                entry = add_entry(log, now, {}, kind="return", of=hold.number, because=because, **about)
            except EntryTakenError:
                return None
    after = next_version_of(name, store, now, runs_there, progress, judged)
    before = version_before(entry, before, versions)
    return outcome(store, entry, request, before, after, versions, log.table(hold, "rows"), runs_there)
