"""`latam-corpus release list`, `show`, `verify`, `training-summary` and `diff`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from latam_corpus.catalog.display_names import TIERS
from latam_corpus.cli.interface.options import Json, Out, StoreUrl
from latam_corpus.cli.interface.show import block, console, note, number, print_json, progress, table
from latam_corpus.cli.release.group import app
from latam_corpus.cli.release.options import Key, Spec
from latam_corpus.cli.release.version_summary import print_version, print_withdrawn_note, summary_values
from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.messages import N_, _
from latam_corpus.pipeline.planning.survival import LOSS_KINDS
from latam_corpus.pipeline.stored_runs.history import readable_runs
from latam_corpus.release.pages.changelog import CHANGES
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.minisign_keys import read_public_keys
from latam_corpus.storage.durable import replace


@app.command("list")
def list_versions(out: Out = Path("out"), store: StoreUrl = None, as_json: Json = False) -> None:
    """List the versions in a store."""
    from latam_corpus.audit.stores import open_store
    from latam_corpus.release.pages.card import megabytes
    from latam_corpus.release.storing.store import NO_STORE

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


@app.command("show")
def show(spec: Spec, out: Out = Path("out"), store: StoreUrl = None, as_json: Json = False) -> None:
    """Show the documents of a version by language and genre, the reasons for those left out, and its sources."""
    from latam_corpus.audit.stores import load_version, open_store

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


@app.command("verify")
def verify(spec: Spec, key: Key = None, out: Out = Path("out"), store: StoreUrl = None, as_json: Json = False) -> None:
    """Read every byte of a version and compare it with the manifest, with a key also with the signature."""
    from latam_corpus.audit.stores import load_version, open_store
    from latam_corpus.release.reading.verify_version import problems_of

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


@app.command("training-summary")
def training_summary(
    spec: Spec,
    to: Annotated[Path | None, typer.Option(help=N_("A Markdown file; printed by default."))] = None,
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Write the EU's public summary of training content for a version: sources, domains, opt-outs."""
    from latam_corpus.audit.stores import load_version, open_store
    from latam_corpus.release.training_summary import as_values, training_content
    from latam_corpus.release.training_summary import training_summary as summary_of

    opened = open_store(store, out)
    manifest = load_version(opened, spec, note)
    with opened.named_errors(), progress() as step:
        content = training_content(opened, manifest, step)
    today = datetime.now(UTC).date()
    text = summary_of(manifest, content, today)
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


@app.command("diff")
def diff(
    old: Annotated[str, typer.Argument(metavar="NAME@VERSION", help=N_("The older version."))],
    new: Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help=N_("The newer version."))],
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Show the documents that were added, removed or changed between two versions, and the reasons."""
    from latam_corpus.audit.stores import load_version, open_store
    from latam_corpus.release.building.diff import diff as compare

    opened = open_store(store, out)
    pair = [load_version(opened, spec, note) for spec in (old, new)]
    with opened.named_errors():
        changes = compare(opened, pair[0], pair[1], readable_runs(out))
    if as_json:
        print_json({"from": pair[0].spec, "to": pair[1].spec, "changes": [change.as_dict() for change in changes]})
    elif not changes:
        console.print(_("{a} and {b} have the same documents", a=pair[0].spec, b=pair[1].spec))
    else:
        rows = [(CHANGES[c.what], c.language, c.reason, number(c.rows)) for c in changes]
        table(f"{pair[0].spec} → {pair[1].spec}", [_("what"), _("language"), _("reason"), _("documents#")], rows)
