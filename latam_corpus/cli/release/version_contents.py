"""The work of `latam-corpus release verify`, `training-summary` and `diff`, which read the documents of a version."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import typer

from latam_corpus.audit.stores import load_version, open_store
from latam_corpus.cli.interface.show import block, console, note, number, print_json, progress, table
from latam_corpus.cli.release.version_summary import print_withdrawn_note
from latam_corpus.messages import _
from latam_corpus.pipeline.stored_runs.history import readable_runs
from latam_corpus.release.building.diff import diff
from latam_corpus.release.pages.changelog import CHANGES
from latam_corpus.release.reading.verify_version import problems_of
from latam_corpus.release.storing.minisign_keys import read_public_keys
from latam_corpus.release.training_summary import as_values, training_content, training_summary
from latam_corpus.storage.durable import replace


def verify_version(*, spec: str, key: list[str] | None, out: Path, store: str | None, as_json: bool) -> None:
    """Read every byte of a version and compare it with the manifest and, if a key is given, with the signature."""
    opened, keys = open_store(store, out), read_public_keys(key or ())
    manifest = load_version(opened, spec, note)
    print_withdrawn_note(opened, manifest)
    with opened.named_errors(), progress() as step:
        problems = problems_of(opened, manifest.name, manifest.version, step, keys)
    if as_json:
        print_json({"release": manifest.spec, "whole": not problems, "problems": list(map(str, problems))})
    else:
        for problem in problems:
            console.print(problem)
        console.print(
            _("{release}: {n} {n:problem|problems}", release=manifest.spec, n=len(problems))
            if problems
            else _("{release}: whole", release=manifest.spec)
        )
    if problems:
        raise typer.Exit(1)


def write_training_summary(*, spec: str, to: Path | None, out: Path, store: str | None, as_json: bool) -> None:
    """Write the EU's public summary of training content for a version: sources, domains, opt-outs."""
    opened = open_store(store, out)
    manifest = load_version(opened, spec, note)
    with opened.named_errors(), progress() as step:
        content = training_content(opened, manifest, step)
    today = datetime.now(UTC).date()
    text = training_summary(manifest, content, today)
    if to:
        replace(to, text.encode())
    if as_json:
        print_json(as_values(manifest, content, today) | {"to": to and str(to)})
    elif to:
        counted = {"release": manifest.spec, "n": number(content.documents), "domains": number(len(content.domains))}
        console.print(
            _(
                "{release}: {n} {n:document|documents}, {domains} {domains:domain|domains}, in {file}",
                file=to,
                **counted,
            )
        )
    else:
        console.print(block(text), end="", soft_wrap=True)


def show_difference(*, old: str, new: str, out: Path, store: str | None, as_json: bool) -> None:
    """Show the documents that were added, removed or changed between two versions, and the reasons."""
    opened = open_store(store, out)
    pair = [load_version(opened, spec, note) for spec in (old, new)]
    with opened.named_errors():
        changes = diff(opened, pair[0], pair[1], readable_runs(out))
    if as_json:
        print_json({"from": pair[0].spec, "to": pair[1].spec, "changes": [change.as_dict() for change in changes]})
    elif not changes:
        console.print(_("{a} and {b} have the same documents", a=pair[0].spec, b=pair[1].spec))
    else:
        rows = [(CHANGES[c.what], c.language, c.reason, number(c.rows)) for c in changes]
        table(f"{pair[0].spec} → {pair[1].spec}", [_("what"), _("language"), _("reason"), _("documents#")], rows)
