"""`latam-corpus release build`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latam_corpus.audit.documents import resolve_run
from latam_corpus.audit.stores import load_version, open_store
from latam_corpus.catalog.naming import checked_name
from latam_corpus.cli.interface.show import console, errors, note, number, print_json, progress
from latam_corpus.cli.reading.report import report_of_release
from latam_corpus.cli.release.versions import print_receipt_path, print_version, summary_values
from latam_corpus.cli.running.shared_output import print_repeated_note
from latam_corpus.errors import ConfigError
from latam_corpus.messages import _
from latam_corpus.pipeline.planning.survival import accepted
from latam_corpus.release.building.build import planned_release, write_version
from latam_corpus.release.eligibility.build_inputs import load_run
from latam_corpus.release.eligibility.build_request import NOTHING_TO_BUILD_FROM, BuildRequest
from latam_corpus.release.eligibility.splits import SPLIT_SHARES
from latam_corpus.release.eligibility.strictest import overruled_lines
from latam_corpus.release.pages.card_facts import held_out
from latam_corpus.release.pages.judgements import read_judgements
from latam_corpus.release.withdrawals.withdraw import outcomes_of_lapses
from latam_corpus.release.withdrawals.withdrawal_receipt import write_receipt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.release.eligibility.build_inputs import InputRun


def build_version(
    *,
    name: str,
    runs: list[str] | None,
    parent: str | None,
    version: str | None,
    admit: list[str] | None,
    uses: list[str] | None,
    accept_loss: str | None,
    no_report: bool,
    receipt: Path | None,
    out: Path,
    store: str | None,
    sign: Path | None,
    as_json: bool,
) -> None:
    """Build a version from runs, and from a parent version if one is named."""
    opened = open_store(store, out, sign)
    if not runs and parent is None:
        raise ConfigError(name, *NOTHING_TO_BUILD_FROM)
    checked_name(name)
    folders = [resolve_run(run, out, note) for run in runs or ()]
    loaded = [load_run(folder) for folder in folders]
    old = None if parent is None else load_version(opened, f"{name}@{parent}", note)
    latest = opened.latest(name)
    request = BuildRequest(
        name=name,
        runs=tuple(folders),
        admit=tuple(admit or _agreed("admit", loaded, list(old.admit) if old else None)),
        uses=tuple(uses or _agreed("uses", loaded, list(old.uses) if old else None)),
        created=datetime.now(UTC),
        parent=parent,
        version=version,
        splits=_agreed("split", loaded, dict(old.splits) if old else SPLIT_SHARES),
        split_by=_agreed("split_by", loaded, old.split_by if old else "cluster"),
        index=not loaded or any(run.release.get("index", True) for run in loaded),
        variants=_agreed("variants", loaded, old.variants if old else "keep"),
        accept_loss=accepted(accept_loss),
        judged=tuple(read_judgements(out)),
    )
    with progress() as step, planned_release(request, opened, step) as plan:
        manifest, overruled = write_version(plan, step), plan.overruled
    unchanged = manifest.version in (latest, old.version if old else None)
    lapses = [] if unchanged or old is None else outcomes_of_lapses(opened, old, manifest)
    receipts = [_numbered(receipt, n) for n in range(len(lapses))]
    for lapse, file in zip(lapses, receipts, strict=True):
        write_receipt(opened, lapse, file)
    page = None if no_report or unchanged else report_of_release(opened, manifest, out, store)
    print_repeated_note(opened, manifest, latest, old.version if old else None)
    for line in overruled_lines(overruled):
        note(_("note: {note}", note=line))
    if as_json:
        about: dict[str, Any] = {"unchanged": unchanged, "left_out": manifest.left_out, "report": page and str(page)}
        about["contradictions"] = [terms._asdict() | {"documents": n} for terms, n in sorted(overruled.items())]
        about["lapsed"] = [{"request": lapse.entry.request, "documents": len(lapse.documents)} for lapse in lapses]
        print_json(summary_values(manifest) | about)
        return
    if unchanged:
        console.print(_("{release}: nothing has changed, so there is no new version", release=manifest.spec))
        return
    print_version(manifest)
    for lapse, file in zip(lapses, receipts, strict=True):
        about = {"request": lapse.entry.request, "n": number(len(lapse.documents)), "what": lapse.entry.because}
        console.print(
            _(
                "{request}: readers of older versions don't get {n} {n:document|documents} any more ({what})",
                **about,
            )
        )
        print_receipt_path(file)
    for lacking in held_out(manifest):
        note(_("note: {note}", note=lacking))
    for run in loaded:
        if run.failed_parts:
            n = len(run.failed_parts)
            errors.print(
                _(
                    "{run}: {n} {n:part|parts} failed, so that {n:its|their} documents aren't in the version",
                    run=run.id,
                    n=n,
                )
            )
    if page:
        console.print(_("report   {path}", path=page))


def _numbered(file: Path | None, number: int) -> Path | None:
    """Return the path of a receipt; receipts after the first one have a number in their name."""
    return file.with_stem(f"{file.stem}-{number + 1}") if file and number else file


def _agreed(key: str, runs: Sequence[InputRun], default: Any) -> Any:
    """Return the release's value on which the runs' recipes agree; the default if none states a value."""
    choices = [run.release[key] for run in runs if key in run.release]
    if any(value != choices[0] for value in choices):
        problem = _("the runs' recipes disagree about it")
        raise ConfigError(f"--{key}", problem, _("pass the value for this version"))
    agreed = choices[0] if choices else default
    if agreed is None:
        problem = _("no recipe of these runs has a [release] that states it")
        raise ConfigError(f"--{key}", problem, _("pass {option}", option=f"--{key}"))
    return agreed
