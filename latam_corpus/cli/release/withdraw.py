"""`latam-corpus release withdraw`, `hold` and `return`."""

from __future__ import annotations

import re
import shlex
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from latam_corpus.cli.interface.options import Json, Out, StoreUrl
from latam_corpus.cli.interface.show import console, number, print_json, progress, table
from latam_corpus.cli.release.group import app
from latam_corpus.cli.release.options import Because, NextOf, Receipt
from latam_corpus.cli.release.version_summary import print_receipt_path
from latam_corpus.cli.running.recipes import Sign
from latam_corpus.errors import ConfigError, cause_of
from latam_corpus.messages import N_, Message, _
from latam_corpus.pipeline.stored_runs.history import readable_runs
from latam_corpus.pipeline.stored_runs.reasons import meaning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from latam_corpus.release.withdrawals.withdraw import Withdrawal

_DOC_ID: Final = re.compile(r"[0-9a-f]{32}")
_PLAIN: Final = ("", ".txt")  # suffixes of files that are read as they are


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
    _check_ids(doc or (), out)
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
    print_receipt_path(receipt)


def _check_ids(docs: Sequence[str], out: Path) -> None:
    """Raise `ConfigError` unless each is a doc_id, such as for the name of a file."""
    for one in docs:
        if not _DOC_ID.fullmatch(one):
            problem = _("«{given}» is not a doc_id, which has 32 of the characters 0-9 and a-f", given=one)
            command = shlex.join(["latam-corpus", "explain", one, *(["--out", str(out)] if out != Path("out") else [])])
            remedy = _(
                "`{command}` shows the doc_id of a file; or give the file itself: --text {file}",
                command=command,
                file=shlex.quote(one),
            )
            raise ConfigError("--doc", problem, remedy)


def _listed(files: Sequence[Path]) -> dict[str, Message]:
    """Return the ids in lists of documents, each with the file and the line that has it."""
    from latam_corpus.release.reading.id_lists import listed_ids

    places: dict[str, Message] = {}
    for file in files:
        for one, line in listed_ids(file).items():
            places.setdefault(one, _("{file}, line {line}", file=file, line=line))
    return places


def _text_of(file: Path) -> str:
    """Return the text in a file; of a document, such as a DOCX or a PDF, the text that a run would extract."""
    try:
        text = file.read_bytes()
        return text.decode("utf-8-sig") if file.suffix.lower() in _PLAIN else _extracted_text(file)
    except OSError as error:
        raise ConfigError(
            str(file), _("it can't be read: {cause}", cause=cause_of(error)), _("name a file of text")
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(str(file), _("it isn't a text in UTF-8"), _("save it as plain text in UTF-8")) from None


def _extracted_text(file: Path) -> str:
    """Return the text of a file that is one document.

    Raises:
        ConfigError: no text can be extracted, or the file has several documents.
    """
    import polars as pl

    from latam_corpus.batch import Batch
    from latam_corpus.catalog.source import Source
    from latam_corpus.collect.files import list_inputs, read_all
    from latam_corpus.extract.stage import Extract

    source = Source(id="text", title=file.name, holder=file.name)
    rows = pl.concat(read_all(source, list_inputs(source, file)), how="diagonal_relaxed")
    rows = Extract()(Batch(rows)).frame
    if rows.height != 1:
        problem = _("it has {n} {n:document|documents}, and --text takes one", n=number(rows.height))
        raise ConfigError(str(file), problem, _("name them by their doc_ids, with --doc or --from"))
    if rows["drop_reason"][0]:
        problem = _("no text can be extracted: {reason}", reason=meaning(rows["drop_reason"][0]))
        raise ConfigError(str(file), problem, _("save it as plain text in UTF-8"))
    return str(rows["text"][0])


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
    print_receipt_path(receipt)
