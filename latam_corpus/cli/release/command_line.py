"""The commands `latam-corpus release …` and `pull`: their options, and the functions that do the work.

Each function is imported when its command runs, since it loads libraries that `--help` doesn't need.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latam_corpus.cli.interface import completion
from latam_corpus.cli.interface.options import AcceptLoss, Json, NoReport, Out, Sign, Spec, StoreUrl, runs_folder
from latam_corpus.messages import N_

app = typer.Typer(no_args_is_help=True)

Key = Annotated[
    list[str] | None,
    typer.Option("--key", metavar="KEY.pub", help=N_("The public key of the signer, as a file or its line.")),
]
Because = Annotated[str, typer.Option(metavar="TEXT", help=N_("The reason, for the store's log and the receipt."))]
Receipt = Annotated[
    Path | None, typer.Option(metavar="FILE", help=N_("A file for the receipt: JSON if it ends in .json, else a page."))
]
NextOf = Annotated[str, typer.Argument(help=N_("The release whose next version is made."))]
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
    parent: Annotated[str | None, typer.Option(help=N_("The parent version, or latest."))] = None,
    version: Annotated[
        str | None, typer.Option(help=N_("The version number, YYYY.M.N; the next of the month by default."))
    ] = None,
    admit: Annotated[
        list[str] | None, typer.Option(metavar="TIER", help=N_("A rights tier that the version admits."))
    ] = None,
    uses: Annotated[
        list[str] | None, typer.Option(metavar="USE", help=N_("A use that each document must allow."))
    ] = None,
    accept_loss: AcceptLoss = None,
    no_report: NoReport = False,
    receipt: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=N_("A file for the receipt of the documents that are left out because their terms have lapsed."),
        ),
    ] = None,
    out: Out = Path("out"),
    store: StoreUrl = None,
    sign: Sign = None,
    as_json: Json = False,
) -> None:
    """Build a version from runs, and from a parent version if one is named."""
    from latam_corpus.cli.release.build import build_version

    build_version(
        name=name,
        runs=runs,
        parent=parent,
        version=version,
        admit=admit,
        uses=uses,
        accept_loss=accept_loss,
        no_report=no_report,
        receipt=receipt,
        out=out,
        store=store,
        sign=sign,
        as_json=as_json,
    )


@app.command("list")
def list_versions(out: Out = Path("out"), store: StoreUrl = None, as_json: Json = False) -> None:
    """List the versions in a store."""
    from latam_corpus.cli.release.versions import print_versions

    print_versions(out, store, as_json=as_json)


@app.command("show")
def show(spec: Spec, out: Out = Path("out"), store: StoreUrl = None, as_json: Json = False) -> None:
    """Show the documents of a version by language and genre, the reasons for those left out, and its sources."""
    from latam_corpus.cli.release.versions import show_version

    show_version(spec, out, store, as_json=as_json)


@app.command("verify")
def verify(spec: Spec, key: Key = None, out: Out = Path("out"), store: StoreUrl = None, as_json: Json = False) -> None:
    """Read every byte of a version and compare it with the manifest and, if a key is given, with the signature."""
    from latam_corpus.cli.release.versions import verify_version

    verify_version(spec=spec, key=key, out=out, store=store, as_json=as_json)


@app.command("training-summary")
def training_summary(
    spec: Spec,
    to: Annotated[Path | None, typer.Option(help=N_("A Markdown file; printed by default."))] = None,
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Write the EU's public summary of training content for a version: sources, domains, opt-outs."""
    from latam_corpus.cli.release.versions import write_training_summary

    write_training_summary(spec=spec, to=to, out=out, store=store, as_json=as_json)


@app.command("diff")
def diff(
    old: Annotated[str, typer.Argument(metavar="NAME@VERSION", help=N_("The older version."))],
    new: Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help=N_("The newer version."))],
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Show the documents that were added, removed or changed between two versions, and the reasons."""
    from latam_corpus.cli.release.versions import show_difference

    show_difference(old=old, new=new, out=out, store=store, as_json=as_json)


@app.command("hold", help=N_("Withdraw documents under dispute until `release return`."))
@app.command("withdraw")
def withdraw(
    context: typer.Context,
    name: NextOf,
    because: Because,
    doc: Annotated[list[str] | None, typer.Option(metavar="ID", help=N_("A document, by its doc_id."))] = None,
    source: Annotated[list[str] | None, typer.Option(metavar="ID", help=N_("All documents of a source."))] = None,
    creator: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help=N_("All works by a person, and their copies."))
    ] = None,
    url: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help=N_("An address; * matches any characters."))
    ] = None,
    text: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help=N_("A text, its copies and documents that quote it."))
    ] = None,
    ids: Annotated[
        list[Path] | None,
        typer.Option("--from", metavar="FILE", help=N_("A list of doc_ids: one per line, or a CSV with that column.")),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help=N_(
                "List the documents that would be withdrawn and the copies that would replace them; write nothing."
            ),
        ),
    ] = False,
    receipt: Receipt = None,
    out: Out = Path("out"),
    store: StoreUrl = None,
    sign: Sign = None,
    as_json: Json = False,
) -> None:
    """Withdraw documents from every version, make the next one without them, and write a receipt."""
    from latam_corpus.cli.release.withdraw import withdraw_documents

    withdraw_documents(
        command=context.info_name,
        name=name,
        because=because,
        doc=doc,
        source=source,
        creator=creator,
        url=url,
        text=text,
        ids=ids,
        dry_run=dry_run,
        receipt=receipt,
        out=out,
        store=store,
        sign=sign,
        as_json=as_json,
    )


@app.command("return")
def give_back(
    name: NextOf,
    request: Annotated[str, typer.Argument(metavar="REQUEST", help=N_("The name of the hold, as on its receipt."))],
    because: Because,
    receipt: Receipt = None,
    out: Out = Path("out"),
    store: StoreUrl = None,
    sign: Sign = None,
    as_json: Json = False,
) -> None:
    """End a hold: the next version has the documents again."""
    from latam_corpus.cli.release.withdraw import return_documents

    return_documents(
        name=name, request=request, because=because, receipt=receipt, out=out, store=store, sign=sign, as_json=as_json
    )


@app.command("verify-receipt")
def verify_receipt(
    receipt: Annotated[Path, typer.Argument(metavar="FILE", help=N_("A receipt, a page or JSON."))],
    store: Annotated[str | None, typer.Option(help=N_("The store whose log must list it."))] = None,
    key: Key = None,
    as_json: Json = False,
) -> None:
    """Verify the receipt of a withdrawal; with --store also against the store's log, with --key also its signature."""
    from latam_corpus.cli.release.withdraw import check_receipt

    check_receipt(receipt, store, key, as_json=as_json)


@app.command("keygen")
def keygen(
    file: Annotated[
        Path, typer.Argument(metavar="KEY", help=N_("The file for the secret key; the public one is KEY.pub."))
    ],
    as_json: Json = False,
) -> None:
    """Make a minisign key to sign versions, withdrawals and receipts (`--sign`)."""
    from latam_corpus.cli.release.withdraw import make_key

    make_key(file, as_json=as_json)


@app.command("purge")
def purge(
    out: PurgedOut = None,
    store: StoreUrl = None,
    sign: Sign = None,
    as_json: Json = False,
) -> None:
    """Erase withdrawn documents from older versions, their indexes, and the runs on this disk.

    With --store alone, only runs in the folder that contains the store are changed.
    """
    from latam_corpus.cli.release.withdraw import purge_store

    purge_store(out, store, sign, as_json=as_json)


@app.command("publish")
def publish(
    spec: Spec,
    to: Annotated[str, typer.Option("--to", help=N_("A folder, or a URL such as s3://bucket/corpus."))],
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Copy the documents that may be redistributed to a folder or URL, in the layout of the Hugging Face Hub."""
    from latam_corpus.cli.release.copies import publish_version

    publish_version(spec=spec, to=to, out=out, store=store, as_json=as_json)


@app.command("check-lock")
def check_lock(
    lock: Annotated[
        Path,
        typer.Argument(
            metavar="corpus.lock", help=N_("The lock of a pulled or exported version, or of several versions.")
        ),
    ],
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """List documents of a pulled version that were withdrawn since, and their rows in the files with the lock."""
    from latam_corpus.cli.release.copies import show_lock_check

    show_lock_check(lock, out, store, as_json=as_json)


@app.command("lock")
def lock_several(
    locks: Annotated[
        list[Path], typer.Argument(metavar="corpus.lock…", help=N_("The locks of pulled folders and exports."))
    ],
    to: Annotated[Path, typer.Option("--to", help=N_("The file to write."))],
    as_json: Json = False,
) -> None:
    """Join the locks of pulled folders and exports in one file, to keep with a training run."""
    from latam_corpus.cli.release.copies import write_joined_lock

    write_joined_lock(locks, to, as_json=as_json)


def pull(
    spec: Spec,
    to: Annotated[Path, typer.Option("--to", help=N_("A new or empty folder, or one with an earlier pull."))],
    where: Annotated[
        str | None,
        typer.Option(help=N_("Only rows that match: country in ('CL', 'AR') and 'train' in uses.")),
    ] = None,
    with_index: Annotated[
        bool,
        typer.Option("--with-index", help=N_("Also the fingerprints with which copies of its documents are found.")),
    ] = False,
    columns: Annotated[
        str | None,
        typer.Option(help=N_("Only doc_id and these columns, such as text,language; id is doc_id under that name.")),
    ] = None,
    exclude: Annotated[list[Path] | None, typer.Option(help=N_("A list of ids to leave out."))] = None,
    key: Key = None,
    with_ledger: Annotated[
        bool, typer.Option("--with-ledger", help=N_("Also the decisions about the documents of a selection."))
    ] = False,
    out: Out = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Copy a version, or selected rows and columns of it, to a folder."""
    from latam_corpus.cli.release.copies import pull_version

    pull_version(
        spec=spec,
        to=to,
        where=where,
        with_index=with_index,
        columns=columns,
        exclude=exclude,
        key=key,
        with_ledger=with_ledger,
        out=out,
        store=store,
        as_json=as_json,
    )
