"""`latam-corpus release publish`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from latam_corpus.audit.stores import load_version, open_store
from latam_corpus.cli.interface.show import console, note, number, print_json, progress
from latam_corpus.messages import Message, _
from latam_corpus.release.publish import publish


def publish_version(*, spec: str, to: str, out: Path, store: str | None, as_json: bool) -> None:
    """Copy the documents that may be redistributed to a folder or URL, in the layout of the Hugging Face Hub."""
    opened = open_store(store, out)
    named = load_version(opened, spec, note).spec
    notes: list[Message] = []
    with progress() as step:
        lock = publish(named, opened, to, step, notes.append, datetime.now(UTC).date())
    for notice in notes:
        note(_("note: {note}", note=notice))
    if as_json:
        print_json(asdict(lock) | {"to": to})
        return
    published = {"release": f"{lock.name}@{lock.version}", "n": number(lock.rows), "folder": to}
    console.print(_("{release}: {n} {n:document|documents} published to {folder}", **published))
