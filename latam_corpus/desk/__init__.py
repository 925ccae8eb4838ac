"""Serves librarians: questions, sheets, checks and previews of sources."""

from __future__ import annotations

from typing import Final

from latam_corpus.cli.interface.lazy_command import Command
from latam_corpus.messages import N_

_LIST_SOURCES: Final = Command(
    "latam_corpus.desk.commands.source_list:list_sources",
    "inspect",
    N_("List the sources of the catalogue and their rights."),
)
COMMANDS: Final = {
    "sources": Command(
        "latam_corpus.desk.commands.sources:app",
        "contribute",
        N_("Describe sources, check them, and see what comes of them (librarians)."),
    ),
    "judge": Command(
        "latam_corpus.desk.commands.judging:app",
        "contribute",
        N_("Take back what readers say of samples and of policies."),
    ),
    "list sources": _LIST_SOURCES,
    "sources list": _LIST_SOURCES,
}
