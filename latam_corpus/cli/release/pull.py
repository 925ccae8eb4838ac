"""`latam-corpus pull`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latam_corpus.cli.interface.options import Json, Out, StoreUrl
from latam_corpus.cli.interface.show import console, note, number, print_json, progress
from latam_corpus.cli.release.options import Key, Spec
from latam_corpus.messages import N_, Message, _
from latam_corpus.release.reading.exclusions import excluded_ids
from latam_corpus.release.storing.minisign_keys import read_public_keys


def pull(
    spec: Spec,
    to: Annotated[Path, typer.Option("--to", help=N_("A new or empty folder, or one with an earlier pull."))],
    where: Annotated[
        str | None,
        typer.Option(help=N_("Only rows that match: country in ('CL', 'AR') and 'train' in uses.")),
    ] = None,
    with_index: Annotated[
        bool,
        typer.Option("--with-index", help=N_("Also the fingerprints with which copies of its documents are found.")),
    ] = False,
    columns: Annotated[
        str | None,
        typer.Option(help=N_("Only doc_id and these columns, such as text,language; id is doc_id under that name.")),
    ] = None,
    exclude: Annotated[list[Path] | None, typer.Option(help=N_("A list of ids to leave out."))] = None,
    key: Key = None,
    with_ledger: Annotated[
        bool, typer.Option("--with-ledger", help=N_("Also the decisions about the documents of a selection."))
    ] = False,
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Copy a version, or selected rows and columns of it, to a folder."""
    from latam_corpus.audit.stores import load_version, open_store
    from latam_corpus.release.reading.pull import Subset
    from latam_corpus.release.reading.pull import pull as pull_version

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
        lock = pull_version(named, opened, to, subset, step, report=notes.append, keys=public_keys)
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
    lock_file = to / "corpus.lock"
    console.print(_("they are listed in {file}; keep it with the models that you train on them", file=lock_file))
