"""`latam-corpus release purge`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from latam_corpus.audit.stores import folder_of_runs, open_store, runs_with_store
from latam_corpus.cli.interface.show import console, number, print_json
from latam_corpus.messages import _
from latam_corpus.release.withdrawals.purge import purge


def purge_store(out: Path | None, store: str | None, sign: Path | None, *, as_json: bool) -> None:
    """Erase withdrawn documents from older versions, their indexes, and the runs on this disk."""
    folder = out or Path("out")
    opened = open_store(store, folder, sign)
    runs = folder_of_runs(folder, opened) if out or store is None else runs_with_store(opened)
    done = purge(opened, runs, datetime.now(UTC))
    if as_json:
        print_json(asdict(done) | {"not_reached": list(map(str, done.not_reached))})
        return
    erased = {"n": number(done.documents), "shards": number(done.objects)}
    console.print(
        _(
            "{n} {n:document is|documents are} withdrawn; {shards} {shards:shard|shards} of older versions "
            "{shards:was|were} erased",
            **erased,
        )
    )
    for run, rows in done.runs.items():
        console.print(_("  {run}: {n} {n:text was|texts were} erased", run=run, n=number(rows)))
    if done.work:
        message = _(
            "  {n} {n:folder|folders} of stored work {n:was|were} removed; {n:it is|they are} rebuilt when needed",
            n=number(done.work),
        )
        console.print(message)
    for place in done.not_reached:
        console.print(_("  not reached: {what}", what=place))
