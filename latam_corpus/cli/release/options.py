"""Options of the commands of versions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latam_corpus.messages import N_

Key = Annotated[
    list[str] | None,
    typer.Option("--key", metavar="KEY.pub", help=N_("A public key, by its file or its line: who must have signed.")),
]


Spec = Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help=N_("A version; the latest when none is named."))]


Because = Annotated[str, typer.Option(metavar="TEXT", help=N_("Why; it stands in the store's log and on the receipt."))]


Receipt = Annotated[Path | None, typer.Option(metavar="FILE", help=N_("A page; or JSON, where it ends so."))]


NextOf = Annotated[str, typer.Argument(help=N_("The release of which the next version is made."))]
