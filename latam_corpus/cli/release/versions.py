"""The work of `latam-corpus release list`, `show`, `verify`, `diff` and `training-summary`."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from latam_corpus.audit.stores import load_version, open_store
from latam_corpus.catalog.display_names import TIERS, USES, genre_name, language_label
from latam_corpus.cli.interface.show import block, console, note, number, print_json, progress, table
from latam_corpus.cli.running.shared_output import counted_reasons
from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.messages import Message, _, enumerated, known, megabytes
from latam_corpus.pipeline.planning.survival import LOSS_KINDS
from latam_corpus.pipeline.stored_runs.history import readable_runs
from latam_corpus.release.building.diff import diff
from latam_corpus.release.pages.changelog import CHANGES
from latam_corpus.release.reading.verify_version import problems_of
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.minisign_keys import read_public_keys
from latam_corpus.release.storing.store import NO_STORE
from latam_corpus.release.storing.withdrawal_log import read_log, withdrawn_note
from latam_corpus.release.training_summary import as_values, training_content, training_summary
from latam_corpus.storage.durable import replace

if TYPE_CHECKING:
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store


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


def summary_values(manifest: Manifest) -> dict[str, Any]:
    """Return the values of a version for `--json`."""
    return {
        "name": manifest.name,
        "version": manifest.version,
        "title": manifest.title,
        "created": manifest.created.isoformat(),
        "parent": manifest.parent.version if manifest.parent else None,
        "documents": manifest.rows,
        "text_bytes": manifest.text_bytes,
        "shards": len(manifest.shards),
        "shard_bytes": manifest.shard_bytes,
    }


def print_version(manifest: Manifest) -> None:
    """Print the title, the counts and the slices of a version."""
    console.print(Message("{name}: {title}", {"name": manifest.spec, "title": known(manifest.title)}))
    summary = _(
        "{n} {n:document|documents}, {text} of text, {shards} {shards:shard|shards} of {size} in all; admits "
        "{tiers} for {uses}",
        n=number(manifest.rows),
        text=megabytes(manifest.text_bytes),
        shards=len(manifest.shards),
        size=megabytes(manifest.shard_bytes),
        tiers=enumerated(TIERS[tier] for tier in manifest.admit),
        uses=enumerated(USES[use] for use in manifest.uses),
    )
    console.print(summary)
    counted: dict[tuple[str, str], list[int]] = {}
    for shard in manifest.shards:
        tally = counted.setdefault((shard.language, shard.genre), [0, 0, 0, 0])
        tally[("train", "validation", "test").index(shard.split)] += shard.rows
        tally[3] += shard.text_bytes
    table(
        "",
        [_("language"), _("genre"), _("train#"), _("validation#"), _("test#"), _("text#")],
        [
            (language_label(key[0]), genre_name(key[1]), *map(number, tally[:3]), megabytes(tally[3]))
            for key, tally in sorted(counted.items())
        ],
    )
    if manifest.left_out:
        console.print(_("left out {reasons}", reasons=counted_reasons(manifest.left_out)))


def print_withdrawn_note(store: Store, manifest: Manifest) -> None:
    """Print a note on the withdrawn documents of a version; ignore errors of the log."""
    with suppress(ReleaseError):  # `release verify` reports the error
        notice = withdrawn_note(read_log(store), manifest)
        if notice:
            note(_("note: {note}", note=notice))


def print_receipt_path(receipt: Path | None) -> None:
    """Print the path of the receipt and the command that verifies it."""
    if receipt:
        command = f"latam-corpus release verify-receipt {receipt}"
        console.print(_("{receipt} is the receipt; verify it with `{command}`", receipt=receipt, command=command))


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
