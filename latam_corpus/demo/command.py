"""`latam-corpus demo`: show one document's whole life on one screen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latam_corpus.cli.interface.options import Json
from latam_corpus.messages import N_


def demo(
    data: Annotated[
        Path | None, typer.Option(help=N_("A folder of real texts, to show indigenous languages too."))
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help=N_("The folder for all files of the demo, which are kept for inspection."))
    ] = None,
    as_json: Json = False,
) -> None:
    """Show one document's life, from collection to withdrawal."""
    from latam_corpus.demo.screen import show_demo

    show_demo(data, out, as_json=as_json)
