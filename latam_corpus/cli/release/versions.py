"""`latam-corpus release list`, `show`, `verify`, `training-summary` and `diff`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import typer

from latam_corpus.audit.stores import load_version, open_store
from latam_corpus.catalog.display_names import TIERS
from latam_corpus.cli.interface.show import block, console, note, number, print_json, progress, table
from latam_corpus.cli.release.version_summary import print_version, print_withdrawn_note, summary_values
from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.messages import _
from latam_corpus.pipeline.planning.survival import LOSS_KINDS
from latam_corpus.pipeline.stored_runs.history import readable_runs
from latam_corpus.release.building.diff import diff
from latam_corpus.release.pages.card import megabytes
from latam_corpus.release.pages.changelog import CHANGES
from latam_corpus.release.reading.verify_version import problems_of
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.minisign_keys import read_public_keys
from latam_corpus.release.storing.store import NO_STORE
from latam_corpus.release.training_summary import as_values, training_content, training_summary
from latam_corpus.storage.durable import replace


def print_versions(out: Path, store: str | None, *, as_json: bool) -> None:
    """List the versions in a store."""
    opened = open_store(store, out)
    versions = []
    with opened.named_errors():
        if store is not None and not opened.is_there():
            raise ConfigError(opened.url, NO_STORE, _("`latam-corpus release build` makes one"))
        notes = opened.notes()
        for name in opened.names():
            latest = opened.latest(name)
            for version in opened.versions(name):
                try:
                    versions.append(
                        summary_values(load_manifest(opened, name, version)) | {"latest": version == latest}
                    )
                except ReleaseError as error:  # list the other versions
                    notes.append(error.as_message())
    for warning in {str(warning): warning for warning in notes}.values():
        note(_("note: {note}", note=warning))
    if as_json:
        print_json(versions)
    elif not versions:
        remedy = _("no release in {store} yet; `latam-corpus release build NAME RUN` makes one", store=opened.url)
        console.print(remedy)
    else:
        table(
            "",
            [_("release"), _("version"), _("created"), _("documents#"), _("text#"), _("parent"), ""],
            [
                (
                    row["name"],
                    row["version"],
                    row["created"][:10],
                    number(row["documents"]),
                    megabytes(row["text_bytes"]),
                    row["parent"],
                    _("latest") if row["latest"] else "",
                )
                for row in versions
            ],
        )


def show_version(spec: str, out: Path, store: str | None, *, as_json: bool) -> None:
    """Show the documents of a version by language and genre, the reasons for those left out, and its sources."""
    opened = open_store(store, out)
    manifest = load_version(opened, spec, note)
    print_withdrawn_note(opened, manifest)
    if as_json:
        print_json(manifest.model_dump(mode="json"))
        return
    print_version(manifest)
    table(
        "",
        [_("source"), _("rights"), _("tier"), _("holder"), _("documents#")],
        [(s.source_id, s.rights, TIERS[s.rights_tier], s.holder, number(s.rows)) for s in manifest.sources],
    )
    for loss in manifest.accepted_losses:
        about = {"stage": loss.stage, "kept": number(loss.kept), "rows": number(loss.rows_in)}
        message = _(
            "loss     {stage} kept {kept} of {rows} {rows:document|documents} of the {kind} {value}, let pass "
            "because: {why}"
        )
        console.print(message.fill(kind=LOSS_KINDS[loss.kind], value=loss.value, why=loss.accepted, **about))
    runs = ", ".join(run.id for run in manifest.runs) or _("no run")
    if manifest.parent:
        console.print(_("from     {runs}, upon {version}", runs=runs, version=manifest.parent.version))
    else:
        console.print(_("from     {runs}", runs=runs))


def verify_version(*, spec: str, key: list[str] | None, out: Path, store: str | None, as_json: bool) -> None:
    """Read every byte of a version and compare it with the manifest, with a key also with the signature."""
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
