"""The description of a command: all that `--help` needs, without the module that runs the command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from latam_corpus.messages import N_

Purpose = Literal["contribute", "build", "inspect", "train", "extend"]
HEADINGS: Final[dict[Purpose, str]] = {
    "contribute": N_("Contribute texts"),
    "build": N_("Build a corpus"),
    "inspect": N_("Inspect results"),
    "train": N_("Train models"),
    "extend": N_("Extend the toolkit"),
}


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a table, under its name; `list sources` is added to the group `list`.

    Attributes:
        where: the module and the function, or the Typer of a group, joined by a colon.
        purpose: the heading of `--help` under which the command is listed.
        help: the command's help. Its first paragraph is the line in `--help`.
    """

    where: str
    purpose: Purpose
    help: str
