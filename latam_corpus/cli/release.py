"""`latam-corpus release …` and `latam-corpus pull`: versions built, listed, shown, verified, compared and fetched."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latam_corpus.catalog.display_names import TIERS, USES, genre_name
from latam_corpus.cli import completion
from latam_corpus.cli.recipes import AcceptLoss  # noqa: TC001  (Typer reads annotations at run time)
from latam_corpus.cli.report import NoReport, report_of_release
from latam_corpus.cli.show import console, errors, note, number, print_json, progress, table
from latam_corpus.durable import replace
from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.messages import _, enumerated
from latam_corpus.pipeline.history import folders as run_folders
from latam_corpus.pipeline.run_record import RUN_FILE
from latam_corpus.pipeline.survival import LOSS_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from latam_corpus.release.build_inputs import Run
    from latam_corpus.release.manifest import Manifest
    from latam_corpus.release.store import Store
    from latam_corpus.release.withdrawal_log import By

app = typer.Typer(no_args_is_help=True, help="Build, list, show, verify and compare versions of a corpus.")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Out = Annotated[Path, typer.Option("--out", help="The folder in which runs and the store are.")]
StoreUrl = Annotated[str | None, typer.Option("--store", help="The store, a folder or URL; OUT/store by default.")]
Spec = Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help="A version; the latest when none is named.")]


@app.command("build")
def build(
    name: Annotated[str, typer.Argument(help="The release's name, such as latam-news.")],
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN…",
            help="A run's folder, its name or the start of it, a tag, or its recipe.",
            autocompletion=completion.runs,
        ),
    ] = None,
    parent: Annotated[str | None, typer.Option(help="The version to build upon, or latest.")] = None,
    version: Annotated[str | None, typer.Option(help="Its number, YYYY.M.N; the month's next by default.")] = None,
    admit: Annotated[list[str] | None, typer.Option(metavar="TIER", help="A rights tier that may be in it.")] = None,
    uses: Annotated[list[str] | None, typer.Option(metavar="USE", help="What each document must allow.")] = None,
    accept_loss: AcceptLoss = None,
    no_report: NoReport = False,
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Assemble a version from runs, and from the parent version where one is named."""
    from latam_corpus.audit.documents import run_meant
    from latam_corpus.audit.stores import load_version, open_store
    from latam_corpus.catalog.naming import checked_name
    from latam_corpus.pipeline.survival import accepted
    from latam_corpus.release.build import NOTHING_TO_BUILD_FROM
    from latam_corpus.release.build import build as build_version
    from latam_corpus.release.build_inputs import load_run
    from latam_corpus.release.shard_plan import SPLIT_SHARES

    opened = open_store(store, out)
    if not runs and parent is None:
        raise ConfigError(name, *NOTHING_TO_BUILD_FROM)
    checked_name(name)
    folders = [run_meant(run, out, note) for run in runs or ()]
    loaded = [load_run(folder) for folder in folders]
    old = None if parent is None else load_version(opened, f"{name}@{parent}", note)
    before = opened.latest(name)
    with progress() as told:
        made = build_version(
            name,
            folders,
            opened,
            admit=admit or _agreed("admit", loaded, list(old.admit) if old else None),
            uses=uses or _agreed("uses", loaded, list(old.uses) if old else None),
            parent=parent,
            version=version,
            splits=_agreed("split", loaded, dict(old.splits) if old else SPLIT_SHARES),
            variants=_agreed("variants", loaded, old.variants if old else "keep"),
            index=not loaded or any(run.release.get("index", True) for run in loaded),
            accept_loss=accepted(accept_loss),
            created=datetime.now(UTC),
            progress=told,
        )
    unchanged = made.version in (before, old.version if old else None)
    page = None if no_report or unchanged else report_of_release(opened, made, out, store)
    if as_json:
        about = {"unchanged": unchanged, "left_out": made.left_out, "report": page and str(page)}
        print_json(_summary(made) | about)
        return
    if unchanged:
        console.print(_("{release}: nothing has changed since, so there is no new version", release=made.spec))
        return
    _tell(made)
    for run in loaded:
        if run.failed_parts:
            n = len(run.failed_parts)
            errors.print(_("{run}: {n} parts had failed, and their documents aren't in it", run=run.id, n=n))
    if page:
        console.print(_("report   {path}", path=page))


@app.command("list")
def list_versions(out: Out = Path("out"), store: StoreUrl = None, as_json: Json = False) -> None:
    """List the versions in a store."""
    from latam_corpus.audit.stores import open_store
    from latam_corpus.release.card import megabytes
    from latam_corpus.release.manifest import load_manifest

    opened = open_store(store, out)
    found = []
    with opened.told():
        notes = opened.notes()
        for name in opened.names():
            latest = opened.latest(name)
            for version in opened.versions(name):
                try:
                    found.append(_summary(load_manifest(opened, name, version)) | {"latest": version == latest})
                except ReleaseError as error:  # the others are listed all the same
                    notes.append(str(error))
    for told in dict.fromkeys(notes):
        note(_("note: {note}", note=told))
    if as_json:
        print_json(found)
    elif not found:
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
                for row in found
            ],
        )


@app.command("show")
def show(spec: Spec, out: Out = Path("out"), store: StoreUrl = None, as_json: Json = False) -> None:
    """Show what a version holds, from which sources and under which rights, and what it left out."""
    from latam_corpus.audit.stores import load_version, open_store

    opened = open_store(store, out)
    manifest = load_version(opened, spec, note)
    _tell_withdrawn(opened, manifest)
    if as_json:
        print_json(manifest.model_dump(mode="json"))
        return
    _tell(manifest)
    table(
        "",
        [_("source"), _("rights"), _("tier"), _("holder"), _("documents#")],
        [(s.source_id, s.rights, TIERS[s.rights_tier], s.holder, number(s.rows)) for s in manifest.sources],
    )
    for loss in manifest.accepted_losses:
        about = {"stage": loss.stage, "kept": number(loss.kept), "rows": number(loss.rows_in)}
        told = _("loss     {stage} kept {kept} of {rows} documents of the {kind} {value}, let pass because: {why}")
        console.print(told.fill(kind=LOSS_KINDS[loss.kind], value=loss.value, why=loss.accepted, **about))
    runs = ", ".join(run.id for run in manifest.runs) or _("no run")
    if manifest.parent:
        console.print(_("from     {runs}, upon {version}", runs=runs, version=manifest.parent.version))
    else:
        console.print(_("from     {runs}", runs=runs))


@app.command("verify")
def verify(spec: Spec, out: Out = Path("out"), store: StoreUrl = None, as_json: Json = False) -> None:
    """Read every byte of a version again and report what isn't as its manifest says."""
    from latam_corpus.audit.stores import load_version, open_store
    from latam_corpus.release.verify_version import verify as problems_of

    opened = open_store(store, out)
    manifest = load_version(opened, spec, note)
    _tell_withdrawn(opened, manifest)
    with opened.told(), progress() as told:
        problems = problems_of(opened, manifest.name, manifest.version, told)
    if as_json:
        print_json({"release": manifest.spec, "whole": not problems, "problems": problems})
    else:
        for problem in problems:
            console.print(problem, markup=False)
        console.print(
            _("{release}: {n} problems", release=manifest.spec, n=len(problems))
            if problems
            else _("{release}: whole", release=manifest.spec)
        )
    if problems:
        raise typer.Exit(1)


@app.command("diff")
def diff(
    old: Annotated[str, typer.Argument(metavar="NAME@VERSION", help="The older version.")],
    new: Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help="The newer version.")],
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Say which documents were added, removed or changed from one version to another, and why."""
    from latam_corpus.audit.stores import load_version, open_store
    from latam_corpus.release.diff import diff as compare

    opened = open_store(store, out)
    pair = [load_version(opened, spec, note) for spec in (old, new)]
    with opened.told():
        there = {folder.name: folder for folder in run_folders(out) if (folder / RUN_FILE).exists()}
        changes = compare(opened, pair[0], pair[1], there)
    if as_json:
        print_json({"from": pair[0].spec, "to": pair[1].spec, "changes": [asdict(change) for change in changes]})
    elif not changes:
        console.print(_("{a} and {b} hold the same documents", a=pair[0].spec, b=pair[1].spec))
    else:
        rows = [(c.what, c.language, c.reason, number(c.rows)) for c in changes]
        table(f"{pair[0].spec} → {pair[1].spec}", [_("what"), _("language"), _("reason"), _("documents#")], rows)


@app.command("withdraw")
def withdraw(
    name: Annotated[str, typer.Argument(help="The release of which the next version is made.")],
    because: Annotated[str, typer.Option(metavar="TEXT", help="Why; it stands in the store's log and on the receipt.")],
    doc: Annotated[str | None, typer.Option(metavar="ID", help="A document, by its doc_id.")] = None,
    source: Annotated[str | None, typer.Option(metavar="ID", help="All that a source has given.")] = None,
    creator: Annotated[str | None, typer.Option(metavar="NAME", help="All by a person, and its copies.")] = None,
    url: Annotated[str | None, typer.Option(metavar="PATTERN", help="An address; * stands for any characters.")] = None,
    text: Annotated[Path | None, typer.Option(metavar="FILE", help="A text, its copies and what quotes it.")] = None,
    receipt: Annotated[Path | None, typer.Option(metavar="FILE", help="A page; or JSON, where it ends so.")] = None,
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Withdraw documents from every version, make the next one without them, and give a receipt."""
    from latam_corpus.audit.stores import open_store
    from latam_corpus.release.withdraw import withdraw as withdraw_from
    from latam_corpus.release.withdrawal_receipt import receipt_values, write_receipt_entry

    opened = open_store(store, out)
    by, value = _named(doc=doc, source=source, creator=creator, url=url, text=text)
    beside = _folder_of_runs(out, opened)
    there = {folder.name: folder for folder in run_folders(beside) if (folder / RUN_FILE).exists()}
    with progress() as told:
        done = withdraw_from(opened, name, by, value, because, datetime.now(UTC), there, told)
        files = write_receipt_entry(opened, done, datetime.now(UTC))
    if receipt:
        replace(receipt, files["json" if receipt.suffix == ".json" else "html"])
    values = receipt_values(done)
    if as_json:
        print_json(values)
        return
    request = {"request": done.entry.request, "n": number(len(done.documents)), "store": opened.url}
    console.print(_("{request}: {n} documents withdrawn from {store}", **request))
    for spec, rows in sorted(done.rows.items()):
        had = _("  {version} had {n} of them; readers of it don't get them any more", version=spec, n=number(rows))
        console.print(had)
    after = {"version": done.after.spec, "n": number(done.after.rows)}
    if done.promoted:
        more = number(len(done.promoted))
        console.print(_("{version}: {n} documents, {m} of them copies that have taken their place", m=more, **after))
    else:
        console.print(_("{version}: {n} documents", **after))
    for told_aside in done.left_aside:
        console.print(f"  {told_aside}", markup=False)
    for what in values["not_reached"]:
        console.print(_("  not reached: {what}", what=what))
    if receipt:
        command = f"latam-corpus release verify-receipt {receipt}"
        console.print(_("{receipt} is the receipt; `{command}` checks it", receipt=receipt, command=command))


def _tell_withdrawn(store: Store, manifest: Manifest) -> None:
    """Say how many documents of a version readers don't get, as far as the log can be read."""
    from latam_corpus.release.withdrawal_log import read_log, withdrawn_note

    with suppress(ReleaseError):  # `release verify` tells what is wrong with it
        told = withdrawn_note(read_log(store), manifest)
        if told:
            note(f"note: {told}")


def _folder_of_runs(out: Path, store: Store) -> Path:
    """Return the folder of runs; where it has none, that in which the store is, if runs are beside it."""
    beside = store.folder.resolve().parent if store.folder else out
    return beside if not (out / "runs").is_dir() and (beside / "runs").is_dir() else out


def _named(**named: str | Path | None) -> tuple[By, str]:
    """Return what is withdrawn: the kind and the value of the one option that is given."""
    given = {by: value for by, value in named.items() if value is not None}
    if len(given) != 1:
        problem = "nothing is named" if not given else f"{' and '.join(f'--{by}' for by in given)} are named"
        raise ConfigError("release withdraw", problem, f"name one of: {', '.join(f'--{by}' for by in named)}")
    by, value = next(iter(given.items()))
    if isinstance(value, Path):
        try:
            value = value.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise ConfigError(str(value), f"it can't be read: {error.strerror}", "name a file of text") from None
        except UnicodeDecodeError:
            raise ConfigError(str(value), "it isn't a text in UTF-8", "save it as plain text in UTF-8") from None
    return by, value  # type: ignore[return-value]  # the options are called as the kinds are


@app.command("verify-receipt")
def verify_receipt(
    receipt: Annotated[Path, typer.Argument(metavar="FILE", help="A receipt, a page or JSON.")],
    store: Annotated[str | None, typer.Option(help="The store, in whose log it must stand.")] = None,
    as_json: Json = False,
) -> None:
    """Say whether a receipt of a withdrawal is genuine; with a store, whether its log says so too."""
    from latam_corpus.release.store import Store
    from latam_corpus.release.withdrawal_receipt import problems_of

    try:
        data = receipt.read_bytes()
    except OSError as error:
        raise ConfigError(str(receipt), f"it can't be read: {error.strerror}", "name a receipt") from None
    problems = problems_of(data, Store.at(store) if store else None)
    if as_json:
        print_json({"receipt": str(receipt), "genuine": not problems, "problems": problems})
    elif problems:
        for problem in problems:
            console.print(f"{receipt}: {problem}", markup=False)
    else:
        told = (
            _("{receipt}: genuine, and {store} says the same", receipt=receipt, store=store)
            if store
            else _("{receipt}: genuine; --store compares it with the store's log", receipt=receipt)
        )
        console.print(told)
    if problems:
        raise typer.Exit(1)


@app.command("purge")
def purge(out: Out = Path("out"), store: StoreUrl = None, as_json: Json = False) -> None:
    """Erase what was withdrawn from older versions, their indexes, and the runs on this disk."""
    from latam_corpus.audit.stores import open_store
    from latam_corpus.release.purge import purge as erase

    opened = open_store(store, out)
    done = erase(opened, _folder_of_runs(out, opened), datetime.now(UTC))
    if as_json:
        print_json(asdict(done))
        return
    erased = {"n": number(done.documents), "shards": number(done.objects)}
    console.print(_("{n} documents are withdrawn; {shards} shards with some were erased", **erased))
    for run, rows in done.runs.items():
        console.print(_("  {run}: {n} documents have no text any more", run=run, n=number(rows)))
    if done.work:
        told = _("  {n} folders of stored work went; they are made anew when they are needed", n=number(done.work))
        console.print(told)
    for what in done.not_reached:
        console.print(_("  not reached: {what}", what=what))


@app.command("publish")
def publish(
    spec: Spec,
    to: Annotated[str, typer.Option("--to", help="A folder, or a URL such as s3://bucket/corpus.")],
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Bring the documents that may be redistributed to a folder or URL, in a layout that the Hugging Face Hub reads."""
    from latam_corpus.audit.stores import load_version, open_store
    from latam_corpus.release.publish import publish as publish_version

    opened = open_store(store, out)
    named = load_version(opened, spec, note).spec
    notes: list[str] = []
    with progress() as told:
        lock = publish_version(named, opened, to, told, notes.append)
    for told_note in notes:
        note(f"note: {told_note}")
    if as_json:
        print_json(asdict(lock) | {"to": to})
        return
    published = {"release": f"{lock.name}@{lock.version}", "n": number(lock.rows), "folder": to}
    console.print(_("{release}: {n} documents published to {folder}", **published))


@app.command("check-lock")
def check_lock(
    lock: Annotated[Path, typer.Argument(metavar="corpus.lock", help="Of a pulled version.")],
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Say whether documents of a pulled version were withdrawn since."""
    from latam_corpus.audit.stores import open_store
    from latam_corpus.release.corpus_lock import read_lock
    from latam_corpus.release.manifest import load_manifest
    from latam_corpus.release.withdrawal_log import read_log

    read = read_lock(lock)
    opened = open_store(store, out)
    with opened.told():
        manifest = load_manifest(opened, *opened.find(f"{read.name}@{read.version}"))
        ids = read_log(opened).withdrawn_since(manifest, read.withdrawal_sequence)
    if as_json:
        print_json({"release": manifest.spec, "withdrawn": ids.to_list()})
    elif len(ids):
        shown = ", ".join(ids[:5])
        gone = {"release": manifest.spec, "n": number(len(ids)), "ids": shown}
        console.print(_("{release}: {n} of its documents were withdrawn since: {ids}", **gone))
        console.print(_("pull it again: they are left out; what was trained on them can't forget them"))
    else:
        console.print(_("{release}: nothing that it has was withdrawn since it was pulled", release=manifest.spec))
    if len(ids):
        raise typer.Exit(1)


def pull(
    spec: Spec,
    to: Annotated[Path, typer.Option("--to", help="A new or empty folder, or one with an earlier pull.")],
    where: Annotated[
        str | None, typer.Option(help="Only rows of which this is true: country in ('CL', 'AR') and 'train' in uses.")
    ] = None,
    with_index: Annotated[
        bool, typer.Option("--with-index", help="Also the fingerprints of its documents, by which copies are found.")
    ] = False,
    columns: Annotated[
        str | None, typer.Option(help="Only these beside doc_id, such as text,language; id is doc_id under that name.")
    ] = None,
    exclude: Annotated[list[Path] | None, typer.Option(help="A list of ids that are left out.")] = None,
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Fetch a version, verified, in a layout that datasets, Polars and DuckDB read; it goes on where it was cut.

    Whole shards are compared with the manifest's SHA-256. Of those read in part, for --columns or out of a store
    elsewhere, the sums of the pages that are read are checked, which finds damage, and no forgery.
    """
    from latam_corpus.audit.stores import load_version, open_store
    from latam_corpus.release.exclusions import excluded_ids
    from latam_corpus.release.pull import pull as pull_version

    opened = open_store(store, out)
    named = load_version(opened, spec, note).spec
    notes: list[str] = []
    with progress() as told:
        lock = pull_version(
            named,
            opened,
            to,
            where,
            told,
            with_index=with_index,
            columns=[name.strip() for name in columns.split(",")] if columns is not None else (),
            exclude=excluded_ids(exclude or ()),
            tell=notes.append,
        )
    for told_note in notes:
        note(f"note: {told_note}")
    if as_json:
        print_json(lock.as_dict() | {"to": str(to)})
        return
    told_of = {"release": f"{lock.name}@{lock.version}", "n": number(lock.rows), "folder": to}
    if lock.rewritten and (lock.columns is not None or opened.folder is None):
        part = _(
            "{release}: {n} documents in {folder}; what was read of its shards agrees with the sums of their pages"
        )
        console.print(part.fill(**told_of))
    else:
        console.print(_("{release}: {n} documents in {folder}, every byte verified", **told_of))
    console.print(_("{file} says which; keep it beside what is trained on them", file=to / "corpus.lock"))


def _agreed(key: str, runs: Sequence[Run], otherwise: Any) -> Any:
    """Return what the runs' recipes state for the release, when they agree; else what the parent version had.

    Raises:
        ConfigError: they state different things, or nothing is stated anywhere.
    """
    stated = [run.release[key] for run in runs if key in run.release]
    if any(value != stated[0] for value in stated):
        problem = _("the runs' recipes disagree on it")
        raise ConfigError(f"--{key}", problem, _("say which holds for this version"))
    found = stated[0] if stated else otherwise
    if found is None:
        problem = _("no recipe of these runs has a [release] that states it")
        raise ConfigError(f"--{key}", problem, _("pass {option}", option=f"--{key}"))
    return found


def _summary(manifest: Manifest) -> dict[str, Any]:
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


def _tell(manifest: Manifest) -> None:
    from latam_corpus.release.card import megabytes

    console.print(f"{manifest.spec}: {manifest.title}")
    told = _(
        "{n} documents, {text} of text, {shards} shards of {size} together; admits {tiers} for {uses}",
        n=number(manifest.rows),
        text=megabytes(manifest.text_bytes),
        shards=len(manifest.shards),
        size=megabytes(manifest.shard_bytes),
        tiers=enumerated(TIERS[tier] for tier in manifest.admit),
        uses=enumerated(USES[use] for use in manifest.uses),
    )
    console.print(told)
    counted: dict[tuple[str, str], list[int]] = {}
    for shard in manifest.shards:
        tally = counted.setdefault((shard.language, shard.genre), [0, 0, 0, 0])
        tally[("train", "validation", "test").index(shard.split)] += shard.rows
        tally[3] += shard.text_bytes
    table(
        "",
        [_("language"), _("genre"), "train#", "validation#", "test#", _("text#")],
        [
            (key[0], genre_name(key[1]), *map(number, tally[:3]), megabytes(tally[3]))
            for key, tally in sorted(counted.items())
        ],
    )
    if manifest.left_out:
        left_out = ", ".join(f"{reason} {number(rows)}" for reason, rows in manifest.left_out.items())
        console.print(_("left out {reasons}", reasons=left_out))
