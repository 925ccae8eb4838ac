"""The commands `sources …`: their options, and the functions that do the work.

Each function is imported when its command runs, since it loads libraries that `--help` doesn't need.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latam_corpus.cli.interface import completion
from latam_corpus.cli.interface.options import CollectedOut, Json, OwnPolicies, Page, StoreUrl, disk_folder
from latam_corpus.desk.commands.sheets import export_sheet, import_sheet
from latam_corpus.messages import N_

app = typer.Typer(no_args_is_help=True)
Desk = Annotated[
    str,
    typer.Option(
        "--desk", metavar="URL", help=N_("The address of the desk; https, or http for a desk on this machine.")
    ),
]
Records = Annotated[str, typer.Option("--input", metavar="PATH", help=N_("The file, folder or URL of its records."))]


@app.command("new")
def new(
    path: Annotated[
        Path | None, typer.Argument(metavar="FILE", help=N_("The file to write; ID.toml by default."))
    ] = None,
    template: Annotated[str, typer.Option("--template", metavar="NAME", help=N_("The template; see --list."))] = "",
    blank: Annotated[
        bool, typer.Option("--blank", help=N_("Write the template without questions, to fill in by hand."))
    ] = False,
    list_templates: Annotated[bool, typer.Option("--list", help=N_("List the templates."))] = False,
    as_json: Json = False,
) -> None:
    """Write a source file by questions and answers, which can be piped, one per line. No file is overwritten."""
    from latam_corpus.desk.commands.sources import write_source

    write_source(path=path, template=template, blank=blank, list_templates=list_templates, as_json=as_json)


@app.command("check")
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help=N_("Source files."))],
    where: Annotated[
        str,
        typer.Option(
            "--input", metavar="PATH", help=N_("The file, folder or URL of the records, for a single source file.")
        ),
    ] = "",
    as_json: Json = False,
) -> None:
    """List the errors of source files and how to correct them. Exit code 1 if there are any.

    With --input, the first records are read too, and checked for the columns that the file names.
    """
    from latam_corpus.desk.commands.source_check import check_sources

    check_sources(files, where, as_json=as_json)


@app.command("preview")
def preview(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help=N_("A source file, an id of the catalogue, or a file or folder of texts without a source file."),
            autocompletion=completion.sources,
        ),
    ],
    where: Records = "",
    n: Annotated[int, typer.Option("--n", min=1, max=100, help=N_("The number of items."))] = 5,
    policies: OwnPolicies = None,
    html: Page = None,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            parser=disk_folder,
            metavar="PATH",
            help=N_("The output folder; pages that were collected there are used."),
        ),
    ] = Path("out"),
    as_json: Json = False,
) -> None:
    """Show what a run would do with a few items of a source: original, text, language, and why an item is dropped.

    Personal data is masked on the terminal and on the page. The page is stamped as internal if the terms of the source
    don't allow its texts to be shown.
    """
    from latam_corpus.desk.commands.preview import show_preview

    show_preview(file=file, where=where, n=n, policies=policies, html=html, out=out, as_json=as_json)


@app.command("inventory")
def inventory(
    named: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SOURCE]…|PATH",
            help=N_("Source files or ids; by default all sources with stored data. Or a folder of a partner's files."),
            autocompletion=completion.sources,
        ),
    ] = None,
    out: CollectedOut = Path("out"),
    store: StoreUrl = None,
    draft: Annotated[
        Path | None,
        typer.Option("--draft", metavar="FILE", help=N_("With a folder: write a draft of its source file.")),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help=N_("With a folder: write a page to this file; it needs no network."))
    ] = None,
    as_json: Json = False,
) -> None:
    """List what is stored for each source: collected pages, documents kept by runs, and releases.

    A named source is reported in full, with the reasons for dropped documents; otherwise each source takes one line. A
    folder that a partner hands over is surveyed: formats, sizes, checksums, charsets, pages without text, languages.
    """
    from latam_corpus.desk.commands.inventory import show_inventory

    show_inventory(named=named, out=out, store=store, draft=draft, html=html, as_json=as_json)


@app.command("speakers")
def speakers(
    file: Annotated[str, typer.Argument(metavar="FILE", help=N_("A source file."), autocompletion=completion.sources)],
    where: Records,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", metavar="FILE", help=N_("The key, a CSV table; by default speakers.csv next to the source file.")
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a key of an archive's speakers: a code for each name, E1 for interviewers, H1 for narrators.

    An existing key keeps its codes, and new speakers are added. Runs then write codes in place of names.
    """
    from latam_corpus.desk.commands.speaker_key import write_speaker_key

    write_speaker_key(file, where, key, as_json=as_json)


@app.command("pull")
def pull(
    name: Annotated[str, typer.Argument(metavar="NAME", help=N_("The id of the collection at the desk."))],
    desk: Desk,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FOLDER", help=N_("The folder to write to; one with the name by default.")),
    ] = None,
    as_json: Json = False,
) -> None:
    """Copy a collection's source file and catalogue from a desk, to change them here and push them.

    The token is read from LATAM_CORPUS_TOKEN, or asked for. It is made on the page of your account at the desk, and
    must be allowed to read source files. A local file with changes of its own is never overwritten.
    """
    from latam_corpus.desk.commands.desk_copies import pull_source

    pull_source(name, desk, to, as_json=as_json)


@app.command("push")
def push(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=N_("A source file."))],
    desk: Desk,
    as_json: Json = False,
) -> None:
    """Send a source file, and the catalogue.csv next to it that it names, to a desk as a draft.

    A collection of the same id is replaced only as it was pulled: if someone has changed it since, nothing is sent and
    the exit code is 1. An approval of what the push changes no longer applies. The token, as for `sources pull`, must
    be allowed to read and write source files.
    """
    from latam_corpus.desk.commands.desk_copies import push_source

    push_source(file, desk, as_json=as_json)


app.command("export")(export_sheet)
app.command("import")(import_sheet)
