"""`latam-corpus rights …`: read the current opt-outs of a release's sites."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from pydantic import ValidationError

from latam_corpus.catalog.harvest_tables import Asking
from latam_corpus.catalog.optout.opt_out import root_of
from latam_corpus.cli.interface.options import HostsAtOnce, Json, StoreUrl, disk_folder
from latam_corpus.cli.interface.show import console, note, number, print_json, table
from latam_corpus.errors import ConfigError
from latam_corpus.harvest.commands.crawl import PacedLines, print_next
from latam_corpus.harvest.crawl_words import cause_message
from latam_corpus.harvest.crawlers import installed
from latam_corpus.messages import N_, Message, _

if TYPE_CHECKING:
    import polars as pl

    from latam_corpus.release.storing.manifest import Manifest

app = typer.Typer(no_args_is_help=True)

_MOST_ROWS: Final = 50


@app.callback()
def group() -> None:
    """Read the sites' opt-outs again, and list the documents that must leave."""


@app.command("recheck")
def recheck(
    spec: Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help=N_("A version; the latest by default."))],
    contact: Annotated[str, typer.Option(help=N_("Contact for site owners: an e-mail address or a web page."))],
    retroactive: Annotated[
        bool,
        typer.Option(
            "--retroactive/--not-retroactive",
            help=N_("Whether a refusal applies to documents obtained before it was first read."),
        ),
    ] = True,
    again: Annotated[
        bool, typer.Option("--again", help=N_("Start over instead of resuming an interrupted session."))
    ] = False,
    delay: Annotated[
        float, typer.Option(min=0.0, help=N_("The minimum number of seconds between two requests to one host."))
    ] = 1.0,
    workers: HostsAtOnce = 16,
    private_host: Annotated[
        list[str] | None, typer.Option(metavar="HOST[:PORT]", help=N_("A host that may have a private address."))
    ] = None,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            parser=disk_folder,
            metavar="PATH",
            help=N_("The folder that contains the store; the sites' files are saved there too."),
        ),
    ] = Path("out"),
    store: StoreUrl = None,
    as_json: Json = False,
) -> None:
    """Read the opt-outs of every host in a release again, and list the documents that must leave the next version."""
    from latam_corpus.audit.stores import load_version, open_store
    from latam_corpus.release.refusals.opt_outs import (
        read_opt_outs,
        updated_opt_outs,
        web_documents,
        withholding_rows,
        write_opt_outs,
    )

    opened = open_store(store, out)
    manifest = load_version(opened, spec, note)
    with opened.named_errors():
        earlier_listing = read_opt_outs(opened, manifest.name)
        documents = web_documents(opened, manifest, earlier_listing)
    module = installed("latam_corpus.harvest.crawl.recheck")
    roots = module.roots_of(documents["url"].to_list())
    if not roots:
        raise ConfigError(
            manifest.spec, _("none of its documents has an address on the web"), _("there is no site to read")
        )
    try:
        asking = Asking(delay=delay, private_hosts=tuple(private_host or ()))
    except ValidationError as error:
        problem = "; ".join(str(detail["msg"]).removeprefix("Value error, ") for detail in error.errors())
        raise ConfigError("recheck", problem, _("write hosts as gaceta.example or 127.0.0.1:8080")) from None
    folder = out / "rights" / manifest.name
    lines = PacedLines()

    def progress(done: int, total: int) -> None:
        lines.show(_("sites read: {done} of {total}", done=number(done), total=number(total)))

    reader = module.SiteReader(
        _asker_id(manifest.name), roots, folder, progress, contact=contact, asking=asking, workers=workers
    )
    result = reader.run(again=again)
    with opened.named_errors(), opened.claim(manifest.name):
        # Read again while the claim is held: another `rights recheck` may have written the list since.
        listing = updated_opt_outs(
            documents,
            reader.sites,
            read_opt_outs(opened, manifest.name),
            retroactive=retroactive,
            unread=reader.unread_files,
        )
        file = write_opt_outs(opened, manifest.name, listing)
    leaving_rows = withholding_rows(manifest, listing)
    report: dict[str, Any] = {
        "release": manifest.spec,
        "documents": documents.height,
        "sites": len(reader.sites),
        "unread": reader.unread,
        "unread_files": sorted(reader.unread_files),
        "refusals": _by_refusal(listing),
        "leave": _by_refusal(leaving_rows),
        "documents_leaving": leaving_rows["doc_id"].n_unique(),
        "file": file,
        "evidence": str(result.folder / "warc"),
    }
    if as_json:
        print_json(report)
    else:
        _print_report(manifest, report)
    if not reader.sites:
        raise typer.Exit(1)


def _asker_id(name: str) -> str:
    """Return a valid source id for the recheck of a release.

    >>> _asker_id("Latam_news.v2")
    'recheck-latam-news-v2'
    """
    return "recheck-" + "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def _by_refusal(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """Return each refusal once with its number of documents, in descending order of that number."""
    import polars as pl

    sites = pl.Series("site", [root_of(url) for url in rows["url"]], dtype=pl.String)
    return (
        rows.with_columns(sites)
        .group_by("site", "signal", "value", "address")
        .agg(pl.col("time").max(), pl.col("doc_id").n_unique().alias("documents"))
        .sort("documents", "site", "signal", "value", descending=[True, False, False, False])
        .to_dicts()
    )


def _print_report(manifest: Manifest, report: dict[str, Any]) -> None:
    shown = [{**row, "time": f"{row['time']:%Y-%m-%d %H:%M}"} for row in report["leave"][:_MOST_ROWS]]
    names = ("site", "signal", "value", "address", "time", "documents")
    rows = [[row[name] for name in names] for row in shown]
    documents = Message("{head}#", {"head": _("documents")})
    table("", [_("site"), _("signal"), _("value"), _("address"), _("read"), documents], rows)
    if len(report["leave"]) > len(shown):
        console.print(_("and {n} {n:refusal|refusals} more, in the file", n=number(len(report["leave"]) - len(shown))))
    unread = _("{site} couldn't be read, so its earlier opt-outs still apply: {why}")
    for site, why in report["unread"].items():
        console.print(unread.fill(site=site, why=cause_message(why)))
    for file in report["unread_files"]:
        console.print(_("{file} couldn't be read, so its earlier opt-outs still apply", file=file))
    leaving = _("{spec}: {n} of {total} {total:document|documents} with an address must leave the next version")
    figures = {"n": number(report["documents_leaving"]), "total": number(report["documents"])}
    console.print(leaving.fill(spec=manifest.spec, **figures))
    console.print(
        _("they are listed in {file}; every build of {name} reads it", file=report["file"], name=manifest.name)
    )
    console.print(_("the sites' files are saved in {folder}", folder=report["evidence"]))
    print_next(f"latam-corpus release build {manifest.name} --parent latest")
