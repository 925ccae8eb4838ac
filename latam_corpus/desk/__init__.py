"""Serves librarians: questions, sheets, checks and previews of sources."""

from __future__ import annotations

from typing import Final

from latam_corpus.cli.app import Command

COMMANDS: Final = {
    "sources": Command(
        "latam_corpus.desk.commands.sources:app",
        "Describe sources, check them, and see what comes of them (librarians).",
    ),
    "list sources": Command(
        "latam_corpus.desk.commands.source_list:list_sources", "List the sources of the catalogue and their rights."
    ),
}
