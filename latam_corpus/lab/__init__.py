"""Train and calibrate the shipped models, compare training documents, and suggest bounds."""

from __future__ import annotations

from typing import Final

from latam_corpus.cli.interface.commands import Command
from latam_corpus.messages import N_

COMMANDS: Final = {
    "measure": Command(
        "latam_corpus.lab.commands.command_line:measure",
        "inspect",
        N_("Show each signal's distribution against its bounds, and what each bound alone would drop."),
    ),
    "language": Command(
        "latam_corpus.lab.commands.command_line:language_app",
        "extend",
        N_("Identify languages: add one, train, evaluate, describe and choose models."),
    ),
    "lab": Command(
        "latam_corpus.lab.commands.command_line:lab_app",
        "extend",
        N_("Compare models trained on different selections of documents."),
    ),
    "quality": Command(
        "latam_corpus.lab.commands.command_line:quality_app",
        "extend",
        N_("Train a quality score, which a policy can bound like any other signal."),
    ),
}
