"""The work of `latam-corpus release withdraw`, `hold`, `return`, `purge`, `verify-receipt` and `keygen`."""

from __future__ import annotations

import shlex
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl
import typer

from latam_corpus.audit.stores import folder_of_runs, open_store, runs_with_store
from latam_corpus.catalog.identity import is_doc_id
from latam_corpus.cli.interface.show import console, number, print_json, progress, table
from latam_corpus.cli.release.versions import print_receipt_path
from latam_corpus.errors import ConfigError, cause_of
from latam_corpus.extract.stage import Extract
from latam_corpus.messages import Message, _
from latam_corpus.pipeline.execution.one_stage import extract_files
from latam_corpus.pipeline.stored_runs.history import readable_runs
from latam_corpus.pipeline.stored_runs.reasons import meaning
from latam_corpus.release.eligibility.kept_out import reason_of
from latam_corpus.release.pages.judgements import read_judgements
from latam_corpus.release.reading.id_lists import listed_ids
from latam_corpus.release.storing.dry_run import trial_store
from latam_corpus.release.storing.minisign_keys import new_key, public_file, read_public_keys, signature_file
from latam_corpus.release.storing.store import Store
from latam_corpus.release.withdrawals.holds import give_back
from latam_corpus.release.withdrawals.purge import purge
from latam_corpus.release.withdrawals.withdraw import sources_of, with_remaining, withdraw
from latam_corpus.release.withdrawals.withdrawal_receipt import not_reached, receipt_problems, write_receipt
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from latam_corpus.release.withdrawals.withdraw import Withdrawal


_PLAIN: Final = ("", ".txt")  # suffixes of plain text files, which are read unchanged


def withdraw_documents(
    *,
    command: str | None,
    name: str,
    because: str,
    doc: list[str] | None,
    source: list[str] | None,
    creator: list[str] | None,
    url: list[str] | None,
    text: list[Path] | None,
    ids: list[Path] | None,
    dry_run: bool,
    receipt: Path | None,
    out: Path,
    store: str | None,
    sign: Path | None,
    as_json: bool,
) -> None:
    """Withdraw documents from every version, make the next one without them, and write a receipt."""
    _check_ids(doc or (), out)
    places = _places_of_ids(ids or ())
    if not any((doc, source, creator, url, text, places)):
        options = ", ".join(f"--{by}" for by in ("doc", "source", "creator", "url", "text", "from"))
        raise ConfigError(f"release {command}", _("nothing is named"), _("name one of: {names}", names=options))
    if dry_run and receipt:
        raise ConfigError("--receipt", _("a dry run gives no receipt"), _("leave out --receipt, or --dry-run"))
    request = WithdrawalRequest(
        name,
        because,
        docs=(*(doc or ()), *places),
        sources=tuple(source or ()),
        creators=tuple(creator or ()),
        urls=tuple(url or ()),
        texts=tuple(map(_read_text, text or ())),
        kind="hold" if command == "hold" else "withdrawal",
        places=places,
    )
    opened = open_store(store, out, sign)
    runs = folder_of_runs(out, opened)
    runs_on_disk, judged = readable_runs(runs), read_judgements(runs)
    with progress() as step, trial_store(opened) if dry_run else nullcontext(opened) as used:
        done = withdraw(used, request, datetime.now(UTC), runs_on_disk, step, judged)
        sources = sources_of(used, done) if dry_run else {}
        done = with_remaining(used, done) if dry_run else done
    if dry_run:
        _print_dry_run(done, sources, as_json=as_json)
        return
    values = write_receipt(opened, done, receipt)
    if as_json:
        print_json(values | {"similar_names": done.similar_names})
        return
    message = _("{request}: {n} {n:document|documents} withdrawn from {store}")
    if request.kind == "hold":
        message = _("{request}: {n} {n:document|documents} held in {store} until `latam-corpus release return`")
    console.print(message.fill(request=done.entry.request, n=number(len(done.documents)), store=opened.url))
    for spec, rows in sorted(done.rows.items()):
        hidden = _("  {version} had {n} of them; readers don't get {n:it|them} any more", version=spec, n=number(rows))
        console.print(hidden)
    new_version = {"version": done.after.spec, "n": number(done.after.rows)}
    if done.promoted:
        console.print(
            _(
                "{version}: {n} {n:document|documents}, {m} of them "
                "{m:a copy that has taken its|copies that have taken their} place",
                m=number(len(done.promoted)),
                **new_version,
            )
        )
    else:
        console.print(_("{version}: {n} {n:document|documents}", **new_version))
    _print_copies(done, sources_of(opened, done))
    _print_not_reached(done)
    print_receipt_path(receipt)


def _check_ids(docs: Sequence[str], out: Path) -> None:
    """Raise `ConfigError` unless each argument is a doc_id, for example if it is the name of a file."""
    for doc_id in docs:
        if not is_doc_id(doc_id):
            problem = _("«{given}» is not a doc_id, which has 32 of the characters 0-9 and a-f", given=doc_id)
            command = shlex.join(
                ["latam-corpus", "explain", doc_id, *(["--out", str(out)] if out != Path("out") else [])]
            )
            remedy = _(
                "`{command}` shows the doc_id of a file; or give the file itself: --text {file}",
                command=command,
                file=shlex.quote(doc_id),
            )
            raise ConfigError("--doc", problem, remedy)


def _places_of_ids(files: Sequence[Path]) -> dict[str, Message]:
    """Return the ids in lists of documents, each with the list's name and the line."""
    places: dict[str, Message] = {}
    for file in files:
        for doc_id, line in listed_ids(file).items():
            places.setdefault(doc_id, _("{file}, line {line}", file=file, line=line))
    return places


def _read_text(file: Path) -> str:
    """Return the text in a file; for a document such as a DOCX or a PDF, the text that a run would extract."""
    try:
        bytes_ = file.read_bytes()
        text = bytes_.decode("utf-8-sig") if file.suffix.lower() in _PLAIN else _extracted_text(file)
    except OSError as error:
        raise ConfigError(
            str(file), _("it can't be read: {cause}", cause=cause_of(error)), _("name a text file")
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(str(file), _("it isn't a text in UTF-8"), _("save it as plain text in UTF-8")) from None
    if not text.strip():
        raise ConfigError(str(file), _("it has no text"), _("name a text file"))
    return text


def _extracted_text(file: Path) -> str:
    """Return the text of a file that is one document."""
    rows = pl.concat((frame for _records, frame in extract_files(file, Extract())), how="diagonal_relaxed")
    if rows.height != 1:
        problem = _("it has {n} {n:document|documents}, and --text takes one", n=number(rows.height))
        raise ConfigError(str(file), problem, _("name them by their doc_ids, with --doc or --from"))
    if rows["drop_reason"][0]:
        problem = _("no text can be extracted: {reason}", reason=meaning(rows["drop_reason"][0]))
        raise ConfigError(str(file), problem, _("save it as plain text in UTF-8"))
    return str(rows["text"][0])


def _print_dry_run(done: Withdrawal, sources: Mapping[str, str], *, as_json: bool) -> None:
    """List the documents that would be removed, and the copies that would replace them or not, with their sources."""
    leave, come_back = (
        [(doc_id, sources.get(doc_id, "")) for doc_id in ids] for ids in (done.documents, done.promoted)
    )
    if as_json:
        columns = ("doc_id", "source_id")
        print_json(
            {
                "dry_run": True,
                "kind": done.entry.kind,
                "release": done.entry.release,
                "leave": [dict(zip(columns, row, strict=True)) for row in leave],
                "come_back": [dict(zip(columns, row, strict=True)) for row in come_back],
                "in_place_of": done.in_place_of,
                "stay_out": [
                    {"doc_id": doc_id, "source_id": sources.get(doc_id, ""), "why": str(reason_of(why))}
                    for doc_id, why in done.kept_out.items()
                ],
                "remain": [dict(zip(columns, row, strict=True)) for row in done.remaining.items()],
                "similar_names": done.similar_names,
                "versions": done.rows,
                "documents_after": done.after.rows,
                "notices": list(map(str, done.copy_notices)),
            }
        )
        return
    console.print(_("{n} {n:document|documents} would be withdrawn; nothing was written", n=number(len(leave))))
    if leave:
        table(_("would be withdrawn"), ["doc_id", _("source")], leave)
    for spec, n in sorted(done.rows.items()):
        console.print(_("  {version} has {n} of them", version=spec, n=number(n)))
    if not come_back:
        console.print(_("  no copy would come back"))
    _print_copies(done, sources)
    if done.remaining:
        table(_("copies that remain; --text withdraws them too"), ["doc_id", _("source")], list(done.remaining.items()))


def _print_copies(done: Withdrawal, sources: Mapping[str, str]) -> None:
    """List the copies that replace documents, copies that don't and why, and names similar to a withdrawn one."""
    returning = [(copy, sources.get(copy, ""), done.in_place_of.get(copy, "")) for copy in done.promoted]
    if returning:
        table(_("copies that come back"), ["doc_id", _("source"), _("in place of")], returning)
    not_returning = [(copy, sources.get(copy, ""), reason_of(why)) for copy, why in done.kept_out.items()]
    if not_returning:
        table(_("copies that do not come back"), ["doc_id", _("source"), _("why")], not_returning)
    for notice in done.copy_notices:
        console.print(Message("  {notice}", {"notice": notice}))
    for name in done.similar_names:
        option = f"--creator {shlex.quote(name)}"
        console.print(
            _("  similar name, not withdrawn: {name}; to withdraw it too, add {option}", name=name, option=option)
        )


def _print_not_reached(done: Withdrawal) -> None:
    for place in not_reached(done):
        console.print(_("  not reached: {what}", what=place))


def return_documents(
    *,
    name: str,
    request: str,
    because: str,
    receipt: Path | None,
    out: Path,
    store: str | None,
    sign: Path | None,
    as_json: bool,
) -> None:
    """End a hold: the next version has the documents again."""
    opened = open_store(store, out, sign)
    runs = folder_of_runs(out, opened)
    runs_on_disk, judged = readable_runs(runs), read_judgements(runs)
    with progress() as step:
        done = give_back(opened, name, request, because, datetime.now(UTC), runs_on_disk, step, judged)
    values = write_receipt(opened, done, receipt)
    if as_json:
        print_json(values)
        return
    about = {"request": done.entry.request, "hold": request, "version": done.after.spec}
    added = number(done.after.rows - done.before.rows + len(done.displaced))
    console.print(_("{request}: {hold} has ended; {version} has {n} {n:document|documents} more", n=added, **about))
    if done.displaced:
        console.print(
            _(
                "  {n} {n:copy that had taken its place was|copies that had taken their place were} removed",
                n=number(len(done.displaced)),
            )
        )
    _print_not_reached(done)
    print_receipt_path(receipt)


def purge_store(out: Path | None, store: str | None, sign: Path | None, *, as_json: bool) -> None:
    """Erase withdrawn documents from older versions, their indexes, and the runs on this disk."""
    folder = out or Path("out")
    opened = open_store(store, folder, sign)
    runs = folder_of_runs(folder, opened) if out or store is None else runs_with_store(opened)
    done = purge(opened, runs, datetime.now(UTC))
    if as_json:
        print_json(asdict(done) | {"not_reached": list(map(str, done.not_reached))})
        return
    erased = {"n": number(done.documents), "shards": number(done.objects)}
    console.print(
        _(
            "{n} {n:document is|documents are} withdrawn; {shards} {shards:shard|shards} of older versions "
            "{shards:was|were} erased",
            **erased,
        )
    )
    for run, rows in done.runs.items():
        console.print(_("  {run}: {n} {n:text was|texts were} erased", run=run, n=number(rows)))
    if done.work:
        message = _(
            "  {n} {n:folder|folders} of stored work {n:was|were} removed; {n:it is|they are} rebuilt when needed",
            n=number(done.work),
        )
        console.print(message)
    for place in done.not_reached:
        console.print(_("  not reached: {what}", what=place))


def check_receipt(receipt: Path, store: str | None, key: list[str] | None, *, as_json: bool) -> None:
    """Verify the receipt of a withdrawal; with --store also against the store's log, with --key also its signature."""
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
            _("{receipt}: genuine, and listed in the log of {store}", receipt=receipt, store=store)
            if store
            else _("{receipt}: genuine; --store compares it with the store's log", receipt=receipt)
        )
        console.print(message)
    if problems:
        raise typer.Exit(1)


def make_key(file: Path, *, as_json: bool) -> None:
    """Make a minisign key to sign versions, withdrawals and receipts (`--sign`)."""
    line = new_key(file)
    if as_json:
        print_json({"secret": str(file), "public": str(public_file(file)), "key": line})
        return
    console.print(_("{file} is the secret key: keep it private, with a copy in a safe place", file=file))
    public = public_file(file)
    console.print(
        _("{file} is the public key; with this file or its line anyone can verify what you signed:", file=public)
    )
    console.print(f"  {line}")
