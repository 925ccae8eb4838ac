"""Options that several commands have, each with one sentence of help; and the folders that `--out` names."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latam_corpus.errors import ConfigError
from latam_corpus.messages import N_, _


def runs_folder(named: str | Path) -> Path:
    """Return the folder of runs; of an address the folder that stands for it on this machine.

    Raises:
        ConfigError: the address is wrong, or can't be read.
    """
    if "://" not in str(named):  # who names a folder waits for no file system's import
        return Path(named)
    from latam_corpus.storage.bucket import out_folder

    return out_folder(named)


def disk_folder(named: str | Path) -> Path:
    """Return the folder that is named.

    Raises:
        ConfigError: it is an address.
    """
    if "://" not in str(named):
        return Path(named)
    problem = _("this command needs a folder of this machine, and «{address}» is none", address=named)
    raise ConfigError("--out", problem, _("name a folder; a release store may be elsewhere (--store)"))


Json = Annotated[bool, typer.Option("--json", help=N_("Print JSON."))]
StoreUrl = Annotated[str | None, typer.Option("--store", help=N_("The store, a folder or URL; OUT/store by default."))]
_OUT = N_("The folder of runs, work and the release store.")
Out = Annotated[Path, typer.Option("--out", parser=runs_folder, metavar="PATH", help=_OUT)]
# Of commands that can't work on an object store.
DiskOut = Annotated[Path, typer.Option("--out", parser=disk_folder, metavar="PATH", help=_OUT)]
# Of commands that collect, or look at what was collected.
CollectedOut = Annotated[
    Path,
    typer.Option(
        "--out",
        parser=disk_folder,
        metavar="PATH",
        help=N_("The folder of runs, collected records and the release store."),
    ),
]
