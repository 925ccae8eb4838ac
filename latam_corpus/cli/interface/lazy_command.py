"""What a room's table says of a command, without what runs it: who imports a room for its functions needs none."""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """A command of a table, under its name; one named `list sources` is added to the group `list` of another room.

    Attributes:
        where: the module and the function, or the Typer of a group, joined by a colon.
        summary: the line that `--help` has for it: a test holds it equal to the command's own.
    """

    where: str
    summary: str
