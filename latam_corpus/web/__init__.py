"""The desk: a librarian hands over a collection, sees what happens to it and can withdraw it, in a browser.

Importing this package doesn't import Django, so that `--help` works without the extra `desk`.
"""

from __future__ import annotations

from typing import Final

from latam_corpus.cli.interface.commands import Command
from latam_corpus.messages import N_

COMMANDS: Final = {
    "desk": Command(
        "latam_corpus.web.commands.command_line:app",
        "contribute",
        N_(
            "Open the desk: hand over a collection, see what happens to it and withdraw it, in a browser.\n\n"
            "Without a further command, it serves one person on this machine and opens the browser."
        ),
    ),
}
