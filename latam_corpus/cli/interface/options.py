"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latam_corpus.errors import ConfigError
from latam_corpus.messages import N_, _


def runs_folder(named: str | Path) -> Path:
    """Return the folder of runs that `--out` names; for an address, the local folder that mirrors it.

    Raises:
        ConfigError: the address is invalid or can't be read.
    """
    if "://" not in str(named):  # importing file systems takes time
        return Path(named)
    from latam_corpus.storage.bucket import out_folder

    return out_folder(named)


def disk_folder(named: str | Path) -> Path:
    """Return the local folder that `--out` names.

    Raises:
        ConfigError: it names an address.
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
