"""The demo: follow one document through all stages. This package may import every other one."""

from __future__ import annotations

from typing import Final

from latam_corpus.cli.interface.commands import Command
from latam_corpus.messages import N_

COMMANDS: Final = {
    "demo": Command(
        "latam_corpus.demo.command:demo",
        "inspect",
        N_("Follow one document through collection, checks, release, explanation and pull; then withdraw two others."),
    ),
}
