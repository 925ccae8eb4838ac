"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latam_corpus.cli.interface import completion
from latam_corpus.errors import ConfigError
from latam_corpus.messages import N_, _


def runs_folder(named: str | Path) -> Path:
    """Return the folder of runs that `--out` names; for a URL, the local folder that mirrors it.

    Raises:
        ConfigError: the URL is invalid or can't be read.
    """
    if "://" not in str(named):  # importing file systems is slow
        return Path(named)
    from latam_corpus.storage.bucket import out_folder

    return out_folder(named)


def disk_folder(named: str | Path) -> Path:
    """Return the local folder that `--out` names.

    Raises:
        ConfigError: it names a URL.
    """
    if "://" not in str(named):
        return Path(named)
    problem = _("this command needs a folder on this machine, and «{address}» is an address", address=named)
    raise ConfigError("--out", problem, _("name a folder; a release store may be elsewhere (--store)"))


Json = Annotated[bool, typer.Option("--json", help=N_("Print JSON."))]
StoreUrl = Annotated[str | None, typer.Option("--store", help=N_("The store, a folder or URL; OUT/store by default."))]
_OUT = N_("The folder of runs, work and the release store.")
Out = Annotated[Path, typer.Option("--out", parser=runs_folder, metavar="PATH", help=_OUT)]
# For commands that can't work on an object store.
DiskOut = Annotated[Path, typer.Option("--out", parser=disk_folder, metavar="PATH", help=_OUT)]
# For commands that collect records or read collected ones.
CollectedOut = Annotated[
    Path,
    typer.Option(
        "--out",
        parser=disk_folder,
        metavar="PATH",
        help=N_("The folder of runs, collected records and the release store."),
    ),
]
RecipeName = Annotated[
    str,
    typer.Argument(help=N_("A recipe: a TOML file, or the name of a shipped one."), autocompletion=completion.recipes),
]
AcceptLoss = Annotated[
    str | None,
    typer.Option(
        metavar="WHY",
        help=N_("Build a version although a stage kept less than the recipe's floor; the card states this reason."),
    ),
]
Sign = Annotated[
    Path | None,
    typer.Option(metavar="KEY", envvar="LATAM_CORPUS_KEY", help=N_("A secret key of minisign that signs the version.")),
]
NoReport = Annotated[bool, typer.Option("--no-report", help=N_("Don't write a page about it."))]
Internal = Annotated[
    bool,
    typer.Option("--internal", help=N_("Also show texts whose terms don't allow it; the page is marked as internal.")),
]
Page = Annotated[Path | None, typer.Option("--html", help=N_("Write a page to this file; it needs no network."))]
PageLanguage = Annotated[
    str,
    typer.Option(
        "--in",
        metavar="es|pt|en",
        help=N_("The language of the page, or of the sheet's column names; by default that of --lang."),
    ),
]
RunOrRelease = Annotated[
    str,
    typer.Argument(
        metavar="RUN|RELEASE", help=N_("A run's folder or name, or NAME[@VERSION]."), autocompletion=completion.runs
    ),
]
Inputs = Annotated[
    list[str],
    typer.Option(
        "--input", help=N_("Where a source's records are: SOURCE=PATH, or PATH if the recipe has one source.")
    ),
]
InputsFile = Annotated[
    Path | None,
    typer.Option(
        "--inputs",
        metavar="FILE",
        help=N_('A file of inputs: TOML with lines SOURCE = "PATH", or CSV with the columns source and path.'),
    ),
]
Select = Annotated[
    list[str],
    typer.Option(
        "--select",
        metavar="NAME",
        help=N_("Use only these sources and stages of the recipe; unless all stages run, nothing is released."),
    ),
]
OwnPolicies = Annotated[
    Path | None,
    typer.Option(
        "--policies",
        metavar="FOLDER",
        help=N_("Policies that replace the shipped ones: a copy of filters/, or some of its files."),
    ),
]
HostsAtOnce = Annotated[
    int, typer.Option("--workers", min=1, help=N_("Hosts asked at the same time, each over one connection."))
]
Spec = Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help=N_("A version; the latest by default."))]
