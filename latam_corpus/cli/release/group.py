"""The group `latam-corpus release`, to which each module adds its commands."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True)
