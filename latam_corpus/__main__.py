"""`latam-corpus`, and `python -m latam_corpus`: the commands of the core, of its wings and of the demo in one table."""

from __future__ import annotations

from typing import Final

from latam_corpus import demo, desk, harvest, lab, train, web
from latam_corpus.cli.interface import app as command_line
from latam_corpus.cli.interface import commands as core

# In the order of `--help`: sources are described and collected before they are run.
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
