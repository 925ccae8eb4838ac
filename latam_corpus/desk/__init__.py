"""Commands for librarians: questionnaires, sheets, checks and previews of sources."""

from __future__ import annotations

from typing import Final

from latam_corpus.cli.interface.commands import Command
from latam_corpus.messages import N_

_LIST_SOURCES: Final = Command(
    "latam_corpus.desk.commands.source_list:list_sources",
    "inspect",
    N_("List the sources of the catalogue and their rights."),
)
COMMANDS: Final = {
    "sources": Command(
        "latam_corpus.desk.commands.command_line:app",
        "contribute",
        N_("Describe sources, check them and preview their texts (for libraries)."),
    ),
    "judge": Command(
        "latam_corpus.desk.commands.judging:app",
        "contribute",
        N_("Import readers' judgements of samples, and sign policies."),
    ),
    "list sources": _LIST_SOURCES,
    "sources list": _LIST_SOURCES,
}
