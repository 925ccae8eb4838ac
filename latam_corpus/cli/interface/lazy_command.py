"""The description of a command, from which `--help` is printed without importing the command's module."""

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
    """An entry of a table of commands, by name; `list sources` is added to the group `list`.

    Attributes:
        where: the module and the function, or the Typer object of a group, joined by a colon.
        purpose: the heading of `--help` under which the command is listed.
        help: the command's help; its first paragraph is the command's line in lists.
    """

    where: str
    purpose: Purpose
    help: str
