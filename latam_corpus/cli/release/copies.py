"""The work of `latam-corpus pull` and `release publish|check-lock|lock`: copies of versions, and their locks."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from latam_corpus.audit.stores import load_version, open_store
from latam_corpus.cli.interface.show import console, note, number, print_json, progress
from latam_corpus.messages import Message, _
from latam_corpus.release.publish import publish
from latam_corpus.release.reading.corpus_lock import join_locks, read_locks
from latam_corpus.release.reading.exclusions import excluded_ids
from latam_corpus.release.reading.lock_check import check_lock
from latam_corpus.release.reading.pull import Subset, pull
from latam_corpus.release.storing.minisign_keys import read_public_keys

if TYPE_CHECKING:
    import polars as pl

    from latam_corpus.release.reading.lock_check import LockCheck


_IDS_SHOWN: Final = 5


def publish_version(*, spec: str, to: str, out: Path, store: str | None, as_json: bool) -> None:
    """Copy the documents that may be redistributed to a folder or URL, in the layout of the Hugging Face Hub."""
    opened = open_store(store, out)
    version = load_version(opened, spec, note).spec
    notes: list[Message] = []
    with progress() as step:
        lock = publish(version, opened, to, step, notes.append, datetime.now(UTC).date())
    for notice in notes:
        note(_("note: {note}", note=notice))
    if as_json:
        print_json(asdict(lock) | {"to": to})
        return
    published = {"release": f"{lock.name}@{lock.version}", "n": number(lock.rows), "folder": to}
    console.print(_("{release}: {n} {n:document|documents} published to {folder}", **published))


def pull_version(
    *,
    spec: str,
    to: Path,
    where: str | None,
    with_index: bool,
    columns: str | None,
    exclude: list[Path] | None,
    key: list[str] | None,
    with_ledger: bool,
    out: Path,
    store: str | None,
    as_json: bool,
) -> None:
    """Copy a version, or selected rows and columns of it, to a folder."""
    opened = open_store(store, out)
    named = load_version(opened, spec, note).spec
    notes: list[Message] = []
    with progress() as step:
        subset = Subset(
            where=where,
            columns=[name.strip() for name in columns.split(",")] if columns is not None else (),
            exclude=excluded_ids(exclude or (), [named], notes.append),
            with_index=with_index,
            with_ledger=with_ledger,
        )
        public_keys = read_public_keys(key or ())
        lock = pull(named, opened, to, subset, step, report=notes.append, keys=public_keys)
    for notice in notes:
        note(_("note: {note}", note=notice))
    if as_json:
        print_json(lock.as_dict() | {"to": str(to)})
        return
    figures = {"release": f"{lock.name}@{lock.version}", "n": number(lock.rows), "folder": to}
    if lock.rewritten and (lock.columns is not None or opened.folder is None):
        part = _(
            "{release}: {n} {n:document|documents} in {folder}; the parts of its shards that were read agree with "
            "their checksums"
        )
        console.print(part.fill(**figures))
    else:
        console.print(_("{release}: {n} {n:document|documents} in {folder}, every byte verified", **figures))
    recorded = _("{file} states what was pulled; keep it with the models that you train on these texts")
    console.print(recorded.fill(file=to / "corpus.lock"))


def show_lock_check(lock: Path, out: Path, store: str | None, *, as_json: bool) -> None:
    """List documents of a pulled version that were withdrawn since, and their rows in the files with the lock."""
    locks = read_locks(lock)
    opened = open_store(store, out)
    # With several joined locks, the versions are in other folders.
    folder = lock.parent if len(locks) == 1 else None
    checks = [check_lock(entry, opened, folder, datetime.now(UTC).date()) for entry in locks]
    if as_json:
        values = [
            {
                "release": checked.release,
                "withdrawn": checked.withdrawn.to_list(),
                "refused": checked.refused.to_list(),
                "rows": checked.rows.to_dicts(),
                "elsewhere": checked.elsewhere,
                "gaps": [str(gap) for gap in checked.gaps],
            }
            for checked in checks
        ]
        print_json(values[0] if len(values) == 1 else {"releases": values})
    else:
        for checked in checks:
            _print_check(checked, lock.parent)
    if any(len(checked.withdrawn) or len(checked.refused) for checked in checks):
        raise typer.Exit(1)


def _print_check(checked: LockCheck, folder: Path) -> None:
    ids = checked.withdrawn
    about: dict[str, Any] = {"release": checked.release}
    if checked.elsewhere:
        n = number(checked.elsewhere)
        console.print(
            _(
                "{release}: {n} {n:document was|documents were} withdrawn since, but {n:isn't|aren't} in the pulled "
                "part",
                n=n,
                **about,
            )
        )
    if len(checked.refused):
        n, first = number(len(checked.refused)), _first_ids(checked.refused)
        refused = _(
            "{release}: the terms of {n} of its documents have ended or were refused since; the next version leaves "
            "{n:it|them} out: {ids}"
        )
        console.print(refused.fill(n=n, ids=first, **about))
    elif ids.is_empty():
        console.print(_("{release}: none of its documents was withdrawn since it was pulled", **about))
    if len(ids):
        _print_withdrawn(checked, folder, about)
    for gap in checked.gaps:
        console.print(_("not checked: {what}", what=gap))


def _first_ids(ids: pl.Series) -> str:
    """Return the first ids, followed by "…" if there are more."""
    return ", ".join(ids[:_IDS_SHOWN]) + (", …" if len(ids) > _IDS_SHOWN else "")


def _print_withdrawn(checked: LockCheck, folder: Path, about: dict[str, Any]) -> None:
    ids = checked.withdrawn
    withdrawn = about | {"n": number(len(ids)), "ids": _first_ids(ids)}
    console.print(_("{release}: {n} of its documents {n:was|were} withdrawn since: {ids}", **withdrawn))
    console.print(_("pull it again to leave them out; models that were trained on them can't forget them"))
    if checked.rows.height:
        console.print(
            _(
                "{n} of them {n:is|are} in {folder}; --json lists their rows or tokens, so that you can mask them",
                folder=folder,
                n=number(checked.rows.height),
            )
        )


def write_joined_lock(locks: list[Path], to: Path, *, as_json: bool) -> None:
    """Join the locks of pulled folders and exports in one file, to keep with a training run."""
    joined = join_locks(locks, to)
    if as_json:
        print_json([lock.as_dict() for lock in joined])
        return
    console.print(_("{file} locks {releases}", file=to, releases=", ".join(lock.spec for lock in joined)))
