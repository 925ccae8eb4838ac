"""The work of `latam-corpus release publish` and `pull`: copy a version to another place."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from latam_corpus.audit.stores import load_version, open_store
from latam_corpus.cli.interface.show import console, note, number, print_json, progress
from latam_corpus.messages import Message, _
from latam_corpus.release.publish import publish
from latam_corpus.release.reading.exclusions import excluded_ids
from latam_corpus.release.reading.pull import Subset, pull
from latam_corpus.release.storing.minisign_keys import read_public_keys


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
