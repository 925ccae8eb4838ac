"""The work of `latam-corpus release list` and `show`, which read only manifests."""

from __future__ import annotations

from pathlib import Path

from latam_corpus.audit.stores import load_version, open_store
from latam_corpus.catalog.display_names import TIERS
from latam_corpus.cli.interface.show import console, note, number, print_json, table
from latam_corpus.cli.release.version_summary import print_version, print_withdrawn_note, summary_values
from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.messages import _
from latam_corpus.pipeline.planning.survival import LOSS_KINDS
from latam_corpus.release.pages.card import megabytes
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store import NO_STORE


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
                except ReleaseError as error:  # continue with the other versions
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
            [_("name"), _("version"), _("created"), _("documents#"), _("text#"), _("parent"), ""],
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
            "loss     {stage} kept {kept} of {rows} {rows:document|documents} of the {kind} {value}, accepted "
            "because: {why}"
        )
        console.print(message.fill(kind=LOSS_KINDS[loss.kind], value=loss.value, why=loss.accepted, **about))
    runs = ", ".join(run.id for run in manifest.runs) or _("no run")
    if manifest.parent:
        console.print(_("from     {runs}, based on {version}", runs=runs, version=manifest.parent.version))
    else:
        console.print(_("from     {runs}", runs=runs))
