"""Makes what is shipped: trains and calibrates the models, and suggests bounds."""

from __future__ import annotations

from typing import Final

from latam_corpus.cli.app import Command

COMMANDS: Final = {
    "measure": Command(
        "latam_corpus.lab.commands.suggest:measure",
        "Show each signal's distribution against its bounds, and what each bound alone would drop.",
    ),
    "language": Command(
        "latam_corpus.lab.commands.language:app", "Identify languages: train, evaluate and describe models."
    ),
    "quality": Command(
        "latam_corpus.lab.commands.quality:app", "Train a quality score, to be a signal with a bound of its own."
    ),
}
