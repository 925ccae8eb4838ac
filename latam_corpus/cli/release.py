"""`latam-corpus release …` and `latam-corpus pull`: versions built, listed, shown, verified, compared and fetched."""

from __future__ import annotations

import shlex
from collections import Counter
from contextlib import nullcontext, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from latam_corpus.catalog.display_names import TIERS, USES, genre_name, language_label
from latam_corpus.cli.interface import completion
from latam_corpus.cli.interface.options import Json, Out, StoreUrl, runs_folder
from latam_corpus.cli.interface.show import block, console, errors, note, number, print_json, progress, table
from latam_corpus.cli.reading.report import NoReport, report_of_release
from latam_corpus.cli.running.counts_by_genre import counted_reasons
from latam_corpus.cli.running.recipes import AcceptLoss, Sign
from latam_corpus.errors import ConfigError, ReleaseError, cause_of
from latam_corpus.messages import N_, Message, _, enumerated, known
from latam_corpus.pipeline.planning.survival import LOSS_KINDS
from latam_corpus.pipeline.stored_runs.history import readable_runs
from latam_corpus.storage.durable import replace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from latam_corpus.release.eligibility.build_inputs import Run
    from latam_corpus.release.reading.lock_check import LockCheck
    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.withdrawals.withdraw import Withdrawal

_IDS_SHOWN: Final = 5

app = typer.Typer(no_args_is_help=True)

Key = Annotated[
    list[str] | None,
    typer.Option("--key", metavar="KEY.pub", help=N_("A public key, by its file or its line: who must have signed.")),
]
Spec = Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help=N_("A version; the latest when none is named."))]


@app.command("build")
def build(
    name: Annotated[str, typer.Argument(help=N_("The release's name, such as latam-news."))],
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN…",
            help=N_("A run's folder, its name or the start of it, a tag, or its recipe."),
            autocompletion=completion.runs,
        ),
    ] = None,
    parent: Annotated[str | None, typer.Option(help=N_("The version to build upon, or latest."))] = None,
    version: Annotated[str | None, typer.Option(help=N_("Its number, YYYY.M.N; the month's next by default."))] = None,
    admit: Annotated[
        list[str] | None, typer.Option(metavar="TIER", help=N_("A rights tier that may be in it."))
    ] = None,
    uses: Annotated[list[str] | None, typer.Option(metavar="USE", help=N_("What each document must allow."))] = None,
    accept_loss: AcceptLoss = None,
    no_report: NoReport = False,
    receipt: Annotated[
        Path | None, typer.Option(metavar="FILE", help=N_("A receipt of what left since its terms have lapsed."))
    ] = None,
    out: Out = Path("out"),
    store: StoreUrl = None,
    sign: Sign = None,
    as_json: Json = False,
) -> None:
    """Assemble a version from runs, and from the parent version where one is named."""
    from latam_corpus.audit.documents import run_meant
    from latam_corpus.audit.stores import load_version, open_store
    from latam_corpus.catalog.naming import checked_name
    from latam_corpus.pipeline.planning.survival import accepted
    from latam_corpus.release.building.build import build as build_version
    from latam_corpus.release.eligibility.build_inputs import load_run
    from latam_corpus.release.eligibility.build_request import NOTHING_TO_BUILD_FROM, BuildRequest
    from latam_corpus.release.eligibility.splits import SPLIT_SHARES
    from latam_corpus.release.eligibility.strictest import Overruled, overruled_lines
    from latam_corpus.release.pages.card_facts import held_out
    from latam_corpus.release.pages.judgements import read_judgements
    from latam_corpus.release.withdrawals.withdraw import outcomes_of_lapses
    from latam_corpus.release.withdrawals.withdrawal_receipt import write_receipt

    opened = open_store(store, out, sign)
    if not runs and parent is None:
        raise ConfigError(name, *NOTHING_TO_BUILD_FROM)
    checked_name(name)
    folders = [run_meant(run, out, note) for run in runs or ()]
    loaded = [load_run(folder) for folder in folders]
    old = None if parent is None else load_version(opened, f"{name}@{parent}", note)
    before = opened.latest(name)
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
    overruled = Counter[Overruled]()
    with progress() as step:
        manifest = build_version(request, opened, step, lambda plan: overruled.update(plan.overruled))
    unchanged = manifest.version in (before, old.version if old else None)
    lapses = [] if unchanged or old is None else outcomes_of_lapses(opened, old, manifest)
    receipts = [_numbered(receipt, n) for n in range(len(lapses))]
    for lapse, file in zip(lapses, receipts, strict=True):
        write_receipt(opened, lapse, file)
    page = None if no_report or unchanged else report_of_release(opened, manifest, out, store)
    for line in overruled_lines(overruled):
        note(_("note: {note}", note=line))
    if as_json:
        about: dict[str, Any] = {"unchanged": unchanged, "left_out": manifest.left_out, "report": page and str(page)}
        about["contradictions"] = [one._asdict() | {"documents": n} for one, n in sorted(overruled.items())]
        about["lapsed"] = [{"request": one.entry.request, "documents": len(one.documents)} for one in lapses]
        print_json(_summary(manifest) | about)
        return
    if unchanged:
        console.print(_("{release}: nothing has changed since, so there is no new version", release=manifest.spec))
        return
    _tell(manifest)
    for lapse, file in zip(lapses, receipts, strict=True):
        about = {"request": lapse.entry.request, "n": number(len(lapse.documents)), "what": lapse.entry.because}
        console.print(
            _(
                "{request}: {n} {n:document|documents} of older versions {n:isn't|aren't} given any more ({what})",
                **about,
            )
        )
        _tell_receipt(file)
    for lacking in held_out(manifest):
        note(_("note: {note}", note=lacking))
    for run in loaded:
        if run.failed_parts:
            n = len(run.failed_parts)
            errors.print(
                _("{run}: {n} {n:part|parts} had failed, and {n:its|their} documents aren't in it", run=run.id, n=n)
            )
    if page:
        console.print(_("report   {path}", path=page))


def _numbered(file: Path | None, number: int) -> Path | None:
    """Return the file of a receipt, of which a build may give several."""
    return file.with_stem(f"{file.stem}-{number + 1}") if file and number else file


@app.command("list")
def list_versions(out: Out = Path("out"), store: StoreUrl = None, as_json: Json = False) -> None:
    """List the versions in a store."""
    from latam_corpus.audit.stores import open_store
    from latam_corpus.release.pages.card import megabytes
    from latam_corpus.release.storing.manifest import load_manifest
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
                    versions.append(_summary(load_manifest(opened, name, version)) | {"latest": version == latest})
                except ReleaseError as error:  # the others are listed all the same
                    notes.append(error.as_message())
    for warning in {str(one): one for one in notes}.values():
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
    """Read every byte of a version again and report what isn't as its manifest says, or as who signed it does."""
    from latam_corpus.audit.stores import load_version, open_store
    from latam_corpus.release.reading.verify_version import problems_of
    from latam_corpus.release.storing.minisign_keys import read_public_keys

    opened, keys = open_store(store, out), read_public_keys(key or ())
    manifest = load_version(opened, spec, note)
    _tell_withdrawn(opened, manifest)
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
    to: Annotated[Path | None, typer.Option(help=N_("A Markdown file; printed without one."))] = None,
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Write what a version says for the EU's public summary of training content: sources, domains, opt-outs."""
    from latam_corpus.audit.stores import load_version, open_store
    from latam_corpus.release.training_summary import as_values, training_content
    from latam_corpus.release.training_summary import training_summary as summary_of

    opened = open_store(store, out)
    manifest = load_version(opened, spec, note)
    with opened.named_errors(), progress() as told:
        content = training_content(opened, manifest, told)
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
    """Say which documents were added, removed or changed from one version to another, and why."""
    from latam_corpus.audit.stores import load_version, open_store
    from latam_corpus.release.building.diff import diff as compare
    from latam_corpus.release.pages.changelog import CHANGES

    opened = open_store(store, out)
    pair = [load_version(opened, spec, note) for spec in (old, new)]
    with opened.named_errors():
        changes = compare(opened, pair[0], pair[1], readable_runs(out))
    if as_json:
        print_json({"from": pair[0].spec, "to": pair[1].spec, "changes": [change.as_dict() for change in changes]})
    elif not changes:
        console.print(_("{a} and {b} hold the same documents", a=pair[0].spec, b=pair[1].spec))
    else:
        rows = [(CHANGES[c.what], c.language, c.reason, number(c.rows)) for c in changes]
        table(f"{pair[0].spec} → {pair[1].spec}", [_("what"), _("language"), _("reason"), _("documents#")], rows)


Because = Annotated[str, typer.Option(metavar="TEXT", help=N_("Why; it stands in the store's log and on the receipt."))]
Receipt = Annotated[Path | None, typer.Option(metavar="FILE", help=N_("A page; or JSON, where it ends so."))]
NextOf = Annotated[str, typer.Argument(help=N_("The release of which the next version is made."))]


@app.command("hold", help=N_("Hold documents under dispute back as withdrawn ones are, until `release return`."))
@app.command("withdraw")
def withdraw(
    context: typer.Context,
    name: NextOf,
    because: Because,
    doc: Annotated[list[str] | None, typer.Option(metavar="ID", help=N_("A document, by its doc_id."))] = None,
    source: Annotated[list[str] | None, typer.Option(metavar="ID", help=N_("All that a source has given."))] = None,
    creator: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help=N_("All by a person, and its copies."))
    ] = None,
    url: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help=N_("An address; * stands for any characters."))
    ] = None,
    text: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help=N_("A text, its copies and what quotes it."))
    ] = None,
    ids: Annotated[
        list[Path] | None,
        typer.Option("--from", metavar="FILE", help=N_("A list of doc_ids: one a line, or a CSV with that column.")),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=N_("List what would leave and what would come back; write nothing."))
    ] = False,
    receipt: Receipt = None,
    out: Out = Path("out"),
    store: StoreUrl = None,
    sign: Sign = None,
    as_json: Json = False,
) -> None:
    """Withdraw documents from every version, make the next one without them, and give a receipt."""
    from latam_corpus.audit.stores import folder_of_runs, open_store
    from latam_corpus.release.pages.judgements import read_judgements
    from latam_corpus.release.storing.dry_run import trial_store
    from latam_corpus.release.withdrawals.withdraw import sources_of, withdraw_all
    from latam_corpus.release.withdrawals.withdrawal_receipt import write_receipt
    from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest

    kind: Literal["withdrawal", "hold"] = "hold" if context.info_name == "hold" else "withdrawal"
    listed = _listed(ids or ())
    if not any((doc, source, creator, url, text, listed)):
        options = ", ".join(f"--{by}" for by in ("doc", "source", "creator", "url", "text", "from"))
        raise ConfigError(
            f"release {context.info_name}", _("nothing is named"), _("name one of: {names}", names=options)
        )
    if dry_run and receipt:
        raise ConfigError("--receipt", _("a dry run gives no receipt"), _("leave out --receipt, or --dry-run"))
    request = WithdrawalRequest(
        (*(doc or ()), *listed), tuple(source or ()), tuple(creator or ()), tuple(url or ()),
        tuple(map(_text_of, text or ())), listed,
    )  # fmt: skip
    opened = open_store(store, out, sign)
    beside = folder_of_runs(out, opened)
    there, judged = readable_runs(beside), read_judgements(beside)
    with progress() as step, trial_store(opened) if dry_run else nullcontext(opened) as used:
        now = datetime.now(UTC)
        done = withdraw_all(used, name, request, because, now, there, step, judged, kind=kind)
        sources = sources_of(used, done) if dry_run else {}
    if dry_run:
        _tell_dry_run(done, sources, as_json=as_json)
        return
    values = write_receipt(opened, done, receipt)
    if as_json:
        print_json(values | {"similar_names": done.similar_names})
        return
    told = {"request": done.entry.request, "n": number(len(done.documents)), "store": opened.url}
    message = _("{request}: {n} {n:document|documents} withdrawn from {store}")
    if kind == "hold":
        message = _("{request}: {n} {n:document|documents} held in {store} until `latam-corpus release return`")
    console.print(message.fill(**told))
    for spec, rows in sorted(done.rows.items()):
        had = _(
            "  {version} had {n} of them; readers of it don't get {n:it|them} any more", version=spec, n=number(rows)
        )
        console.print(had)
    after = {"version": done.after.spec, "n": number(done.after.rows)}
    if done.promoted:
        more = number(len(done.promoted))
        console.print(
            _(
                "{version}: {n} {n:document|documents}, {m} of them "
                "{m:a copy that has taken its|copies that have taken their} place",
                m=more,
                **after,
            )
        )
    else:
        console.print(_("{version}: {n} {n:document|documents}", **after))
    _tell_copies(done, sources_of(opened, done))
    _tell_not_reached(done)
    _tell_receipt(receipt)


def _listed(files: Sequence[Path]) -> dict[str, Message]:
    """Return the ids in lists of documents, each with the file and the line that has it."""
    from latam_corpus.release.reading.id_lists import listed_ids

    places: dict[str, Message] = {}
    for file in files:
        for one, line in listed_ids(file).items():
            places.setdefault(one, _("{file}, line {line}", file=file, line=line))
    return places


def _text_of(file: Path) -> str:
    """Return the text in a file."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(
            str(file), _("it can't be read: {cause}", cause=cause_of(error)), _("name a file of text")
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(str(file), _("it isn't a text in UTF-8"), _("save it as plain text in UTF-8")) from None


def _tell_dry_run(done: Withdrawal, sources: Mapping[str, str], *, as_json: bool) -> None:
    """List what would leave, what would come back and what would stay out, each with its source."""
    from latam_corpus.release.eligibility.kept_out import reason_of

    leave, come_back = ([(one, sources.get(one, "")) for one in ids] for ids in (done.documents, done.promoted))
    if as_json:
        columns = ("doc_id", "source_id")
        print_json(
            {
                "dry_run": True,
                "kind": done.entry.kind,
                "release": done.entry.release,
                "leave": [dict(zip(columns, one, strict=True)) for one in leave],
                "come_back": [dict(zip(columns, one, strict=True)) for one in come_back],
                "in_place_of": done.in_place_of,
                "stay_out": [
                    {"doc_id": one, "source_id": sources.get(one, ""), "why": str(reason_of(why))}
                    for one, why in done.kept_out.items()
                ],
                "similar_names": done.similar_names,
                "versions": done.rows,
                "documents_after": done.after.rows,
                "notices": list(map(str, done.left_aside)),
            }
        )
        return
    console.print(_("{n} {n:document|documents} would leave; nothing was written", n=number(len(leave))))
    if leave:
        table(_("would leave"), ["doc_id", _("source")], leave)
    for spec, n in sorted(done.rows.items()):
        console.print(_("  {version} has {n} of them", version=spec, n=number(n)))
    if not come_back:
        console.print(_("  no copy would come back"))
    _tell_copies(done, sources)


def _tell_copies(done: Withdrawal, sources: Mapping[str, str]) -> None:
    """List the copies that come back and those that do not, with why, and names that are like a withdrawn one."""
    from latam_corpus.release.eligibility.kept_out import reason_of

    back = [(one, sources.get(one, ""), done.in_place_of.get(one, "")) for one in done.promoted]
    if back:
        table(_("copies that come back"), ["doc_id", _("source"), _("in place of")], back)
    out = [(one, sources.get(one, ""), reason_of(why)) for one, why in done.kept_out.items()]
    if out:
        table(_("copies that do not come back"), ["doc_id", _("source"), _("why")], out)
    for notice in done.left_aside:
        console.print(Message("  {notice}", {"notice": notice}))
    for name in done.similar_names:
        option = f"--creator {shlex.quote(name)}"
        console.print(
            _("  similar name, not withdrawn: {name}; to withdraw it, too, add {option}", name=name, option=option)
        )


def _tell_not_reached(done: Withdrawal) -> None:
    from latam_corpus.release.withdrawals.withdrawal_receipt import not_reached

    for what in not_reached(done):
        console.print(_("  not reached: {what}", what=what))


def _tell_receipt(receipt: Path | None) -> None:
    if receipt:
        command = f"latam-corpus release verify-receipt {receipt}"
        console.print(_("{receipt} is the receipt; `{command}` checks it", receipt=receipt, command=command))


@app.command("return", help=N_("Give back what was held, in the next version, and give a receipt."))
def give_back(
    name: NextOf,
    request: Annotated[str, typer.Argument(metavar="REQUEST", help=N_("What the hold is called, as on its receipt."))],
    because: Because,
    receipt: Receipt = None,
    out: Out = Path("out"),
    store: StoreUrl = None,
    sign: Sign = None,
    as_json: Json = False,
) -> None:
    """Give back what was held, in the next version, and give a receipt."""
    from latam_corpus.audit.stores import folder_of_runs, open_store
    from latam_corpus.release.pages.judgements import read_judgements
    from latam_corpus.release.withdrawals.holds import give_back as end_hold
    from latam_corpus.release.withdrawals.withdrawal_receipt import write_receipt

    opened = open_store(store, out, sign)
    beside = folder_of_runs(out, opened)
    there, judged = readable_runs(beside), read_judgements(beside)
    with progress() as step:
        done = end_hold(opened, name, request, because, datetime.now(UTC), there, step, judged)
    values = write_receipt(opened, done, receipt)
    if as_json:
        print_json(values)
        return
    about = {"request": done.entry.request, "hold": request, "version": done.after.spec}
    back = number(done.after.rows - done.before.rows + len(done.displaced))
    console.print(_("{request}: {hold} has ended; {version} has {n} {n:document|documents} more", n=back, **about))
    if done.displaced:
        left = number(len(done.displaced))
        console.print(
            _("  {n} {n:copy that had taken its place has|copies that had taken their place have} left", n=left)
        )
    _tell_not_reached(done)
    _tell_receipt(receipt)


def _tell_withdrawn(store: Store, manifest: Manifest) -> None:
    """Say how many documents of a version readers don't get, as far as the log can be read."""
    from latam_corpus.release.storing.withdrawal_log import read_log, withdrawn_note

    with suppress(ReleaseError):  # `release verify` tells what is wrong with it
        notice = withdrawn_note(read_log(store), manifest)
        if notice:
            note(_("note: {note}", note=notice))


@app.command("verify-receipt")
def verify_receipt(
    receipt: Annotated[Path, typer.Argument(metavar="FILE", help=N_("A receipt, a page or JSON."))],
    store: Annotated[str | None, typer.Option(help=N_("The store, in whose log it must stand."))] = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Say whether a receipt of a withdrawal is genuine; with a store also by its log, with a key by who signed it."""
    from latam_corpus.release.storing.minisign_keys import read_public_keys, signature_file
    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.withdrawals.withdrawal_receipt import receipt_problems

    keys = read_public_keys(key or ())
    try:
        data = receipt.read_bytes()
        signed = signature_file(receipt)
        signature = signed.read_bytes() if keys and signed.exists() else None
    except OSError as error:
        raise ConfigError(
            str(receipt), _("it can't be read: {cause}", cause=cause_of(error)), _("name a receipt")
        ) from None
    problems = receipt_problems(data, Store.at(store) if store else None, keys, signature)
    if as_json:
        print_json({"receipt": str(receipt), "genuine": not problems, "problems": list(map(str, problems))})
    elif problems:
        for problem in problems:
            console.print(Message("{receipt}: {problem}", {"receipt": str(receipt), "problem": problem}))
    else:
        message = (
            _("{receipt}: genuine, and {store} says the same", receipt=receipt, store=store)
            if store
            else _("{receipt}: genuine; --store compares it with the store's log", receipt=receipt)
        )
        console.print(message)
    if problems:
        raise typer.Exit(1)


@app.command("keygen")
def keygen(
    file: Annotated[
        Path, typer.Argument(metavar="KEY", help=N_("Where the secret key goes; the public one is KEY.pub."))
    ],
    as_json: Json = False,
) -> None:
    """Make a key of minisign, by which versions, withdrawals and receipts are signed (`--sign`)."""
    from latam_corpus.release.storing.minisign_keys import new_key, public_file

    line = new_key(file)
    if as_json:
        print_json({"secret": str(file), "public": str(public_file(file)), "key": line})
        return
    console.print(_("{file} is the secret key: keep it to yourself, and a copy of it in a safe", file=file))
    public = public_file(file)
    console.print(_("{file} is the public one; whoever has it, or its line, sees what you signed:", file=public))
    console.print(f"  {line}", markup=False)


PurgedOut = Annotated[
    Path | None,
    typer.Option(
        "--out",
        parser=runs_folder,
        metavar="PATH",
        show_default=N_("out; with --store the folder that contains it"),
        help=N_("The folder of runs, work and the release store."),
    ),
]


@app.command("purge")
def purge(
    out: PurgedOut = None,
    store: StoreUrl = None,
    sign: Sign = None,
    as_json: Json = False,
) -> None:
    """Erase what was withdrawn from older versions, their indexes, and the runs on this disk.

    With --store alone, only runs in the folder that contains the store are touched.
    """
    from latam_corpus.audit.stores import folder_of_runs, open_store, runs_beside
    from latam_corpus.release.withdrawals.purge import purge as erase

    folder = out or Path("out")
    opened = open_store(store, folder, sign)
    runs = folder_of_runs(folder, opened) if out or store is None else runs_beside(opened)
    done = erase(opened, runs, datetime.now(UTC))
    if as_json:
        print_json(asdict(done) | {"not_reached": list(map(str, done.not_reached))})
        return
    erased = {"n": number(done.documents), "shards": number(done.objects)}
    console.print(
        _(
            "{n} {n:document is|documents are} withdrawn; {shards} {shards:shard|shards} with some "
            "{shards:was|were} erased",
            **erased,
        )
    )
    for run, rows in done.runs.items():
        console.print(_("  {run}: {n} {n:document has|documents have} no text any more", run=run, n=number(rows)))
    if done.work:
        message = _(
            "  {n} {n:folder|folders} of stored work went; {n:it is|they are} made anew when {n:it is|they are} needed",
            n=number(done.work),
        )
        console.print(message)
    for what in done.not_reached:
        console.print(_("  not reached: {what}", what=what))


@app.command("publish")
def publish(
    spec: Spec,
    to: Annotated[str, typer.Option("--to", help=N_("A folder, or a URL such as s3://bucket/corpus."))],
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Bring the documents that may be redistributed to a folder or URL, in a layout that the Hugging Face Hub reads."""
    from latam_corpus.audit.stores import load_version, open_store
    from latam_corpus.release.publish import publish as publish_version

    opened = open_store(store, out)
    named = load_version(opened, spec, note).spec
    notes: list[Message] = []
    with progress() as step:
        lock = publish_version(named, opened, to, step, notes.append, datetime.now(UTC).date())
    for notice in notes:
        note(_("note: {note}", note=notice))
    if as_json:
        print_json(asdict(lock) | {"to": to})
        return
    published = {"release": f"{lock.name}@{lock.version}", "n": number(lock.rows), "folder": to}
    console.print(_("{release}: {n} {n:document|documents} published to {folder}", **published))


@app.command("check-lock")
def check_lock(
    lock: Annotated[
        Path,
        typer.Argument(metavar="corpus.lock", help=N_("Of a pulled or exported version, or of several in one file.")),
    ],
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Say whether documents of a pulled version were withdrawn since, and where they stand beside the lock."""
    from latam_corpus.audit.stores import open_store
    from latam_corpus.release.reading.corpus_lock import read_locks
    from latam_corpus.release.reading.lock_check import check_lock as check

    locks = read_locks(lock)
    opened = open_store(store, out)
    # What several locks are of lies in folders of its own.
    checked = [check(one, opened, lock.parent if len(locks) == 1 else None, datetime.now(UTC).date()) for one in locks]
    if as_json:
        values = [
            {
                "release": one.release,
                "withdrawn": one.withdrawn.to_list(),
                "refused": one.refused.to_list(),
                "rows": one.rows.to_dicts(),
                "elsewhere": one.elsewhere,
                "gaps": [str(gap) for gap in one.gaps],
            }
            for one in checked
        ]
        print_json(values[0] if len(values) == 1 else {"releases": values})
    else:
        for one in checked:
            _tell_check(one, lock.parent)
    if any(len(one.withdrawn) or len(one.refused) for one in checked):
        raise typer.Exit(1)


def _tell_check(checked: LockCheck, folder: Path) -> None:
    ids = checked.withdrawn
    about: dict[str, Any] = {"release": checked.release}
    if checked.elsewhere:
        n = number(checked.elsewhere)
        console.print(
            _(
                "{release}: {n} {n:document was|documents were} withdrawn since that the pulled part hasn't",
                n=n,
                **about,
            )
        )
    if len(checked.refused):
        n, first = number(len(checked.refused)), _first_ids(checked.refused)
        refused = _(
            "{release}: {n} of its documents {n:is|are} refused by now, and {n:leaves|leave} with the next version: "
            "{ids}"
        )
        console.print(refused.fill(n=n, ids=first, **about))
    elif ids.is_empty():
        console.print(_("{release}: nothing that it has was withdrawn since it was pulled", **about))
    if len(ids):
        _tell_gone(checked, folder, about)
    for gap in checked.gaps:
        console.print(_("not looked at: {what}", what=gap))


def _first_ids(ids: pl.Series) -> str:
    """Return some ids; "…" after them stands for the others, which `--json` has."""
    return ", ".join(ids[:_IDS_SHOWN]) + (", …" if len(ids) > _IDS_SHOWN else "")


def _tell_gone(checked: LockCheck, folder: Path, about: dict[str, Any]) -> None:
    ids = checked.withdrawn
    gone = about | {"n": number(len(ids)), "ids": _first_ids(ids)}
    console.print(_("{release}: {n} of its documents {n:was|were} withdrawn since: {ids}", **gone))
    console.print(_("pull it again: they are left out; what was trained on them can't forget them"))
    if checked.rows.height:
        note_of = {"folder": folder, "n": number(checked.rows.height)}
        console.print(
            _("{n} of them {n:stands|stand} in {folder}; --json says in which rows, or tokens, to be masked", **note_of)
        )


@app.command("lock", help=N_("Join the locks of pulled folders and exports in one file, to keep with a training run."))
def lock_several(
    locks: Annotated[list[Path], typer.Argument(metavar="corpus.lock…", help=N_("Of pulled folders and exports."))],
    to: Annotated[Path, typer.Option("--to", help=N_("The file to write."))],
    as_json: Json = False,
) -> None:
    """Join the locks of pulled folders and exports in one file, to keep with a training run."""
    from latam_corpus.release.reading.corpus_lock import join_locks

    joined = join_locks(locks, to)
    if as_json:
        print_json([lock.as_dict() for lock in joined])
        return
    console.print(_("{file} locks {releases}", file=to, releases=", ".join(lock.spec for lock in joined)))


def pull(
    spec: Spec,
    to: Annotated[Path, typer.Option("--to", help=N_("A new or empty folder, or one with an earlier pull."))],
    where: Annotated[
        str | None,
        typer.Option(help=N_("Only rows of which this is true: country in ('CL', 'AR') and 'train' in uses.")),
    ] = None,
    with_index: Annotated[
        bool,
        typer.Option("--with-index", help=N_("Also the fingerprints of its documents, by which copies are found.")),
    ] = False,
    columns: Annotated[
        str | None,
        typer.Option(help=N_("Only these beside doc_id, such as text,language; id is doc_id under that name.")),
    ] = None,
    exclude: Annotated[list[Path] | None, typer.Option(help=N_("A list of ids that are left out."))] = None,
    key: Key = None,
    with_ledger: Annotated[
        bool, typer.Option("--with-ledger", help=N_("Of a selection too, what was decided on its documents."))
    ] = False,
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Run `latam-corpus pull`; its help is in the table of commands."""
    from latam_corpus.audit.stores import load_version, open_store
    from latam_corpus.release.reading.exclusions import excluded_ids
    from latam_corpus.release.reading.pull import pull as pull_version
    from latam_corpus.release.storing.minisign_keys import read_public_keys

    opened = open_store(store, out)
    named = load_version(opened, spec, note).spec
    notes: list[Message] = []
    with progress() as step:
        lock = pull_version(
            named,
            opened,
            to,
            where,
            step,
            with_index=with_index,
            columns=[name.strip() for name in columns.split(",")] if columns is not None else (),
            exclude=excluded_ids(exclude or (), [named], notes.append),
            with_ledger=with_ledger,
            tell=notes.append,
            keys=read_public_keys(key or ()),
        )
    for notice in notes:
        note(_("note: {note}", note=notice))
    if as_json:
        print_json(lock.as_dict() | {"to": str(to)})
        return
    figures = {"release": f"{lock.name}@{lock.version}", "n": number(lock.rows), "folder": to}
    if lock.rewritten and (lock.columns is not None or opened.folder is None):
        part = _(
            "{release}: {n} {n:document|documents} in {folder}; what was read of its shards agrees with the sums of "
            "their pages"
        )
        console.print(part.fill(**figures))
    else:
        console.print(_("{release}: {n} {n:document|documents} in {folder}, every byte verified", **figures))
    console.print(_("{file} says which; keep it beside what is trained on them", file=to / "corpus.lock"))


def _agreed(key: str, runs: Sequence[Run], otherwise: Any) -> Any:
    """Return what the runs' recipes state for the release, when they agree; else what the parent version had.

    Raises:
        ConfigError: they state different things, or nothing is stated anywhere.
    """
    choices = [run.release[key] for run in runs if key in run.release]
    if any(value != choices[0] for value in choices):
        problem = _("the runs' recipes disagree on it")
        raise ConfigError(f"--{key}", problem, _("say which holds for this version"))
    agreed = choices[0] if choices else otherwise
    if agreed is None:
        problem = _("no recipe of these runs has a [release] that states it")
        raise ConfigError(f"--{key}", problem, _("pass {option}", option=f"--{key}"))
    return agreed


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
    from latam_corpus.release.pages.card import megabytes

    console.print(Message("{name}: {title}", {"name": manifest.spec, "title": known(manifest.title)}))
    summary = _(
        "{n} {n:document|documents}, {text} of text, {shards} {shards:shard|shards} of {size} together; admits "
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
