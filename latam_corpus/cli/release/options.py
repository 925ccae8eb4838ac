"""Options of the commands of versions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latam_corpus.messages import N_

Key = Annotated[
    list[str] | None,
    typer.Option("--key", metavar="KEY.pub", help=N_("The public key of the signer, as a file or its line.")),
]


Spec = Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help=N_("A version; the latest by default."))]


Because = Annotated[str, typer.Option(metavar="TEXT", help=N_("The reason, for the store's log and the receipt."))]


Receipt = Annotated[
    Path | None, typer.Option(metavar="FILE", help=N_("A file for the receipt: JSON if it ends in .json, else a page."))
]


NextOf = Annotated[str, typer.Argument(help=N_("The release of which the next version is made."))]
