"""`latam-corpus` and `python -m latam_corpus`: one table of the commands of the core, its wings and the demo."""

from __future__ import annotations

from typing import Final

from latam_corpus import demo, desk, harvest, lab, train, web
from latam_corpus.cli.interface import app as command_line
from latam_corpus.cli.interface import commands as core

# In the order of `--help`: first commands that describe and collect sources, then commands that run them.
COMMANDS: Final = {
    **demo.COMMANDS,
    **web.COMMANDS,
    **desk.COMMANDS,
    **harvest.COMMANDS,
    **core.COMMANDS,
    **train.COMMANDS,
    **lab.COMMANDS,
}
app = command_line.application(COMMANDS)


def main() -> None:
    """Run the command that was typed."""
    command_line.run(app)


if __name__ == "__main__":
    main()
