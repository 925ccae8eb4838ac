"""Tools for training on a version: streams, mixtures, token counts, exports and contamination reports.

`from latam_corpus.train import CorpusStream`. The module of a public name is imported when the name is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from latam_corpus.cli.interface.commands import Command
from latam_corpus.messages import N_

if TYPE_CHECKING:
    from latam_corpus.train.export.token_stream import TokenStream
    from latam_corpus.train.streams.mixed_stream import MixedStream
    from latam_corpus.train.streams.stream import CorpusStream
    from latam_corpus.train.streams.torch_dataset import CorpusDataset, PackedDataset
    from latam_corpus.train.tokens.tokenizer import load_tokenizer

COMMANDS: Final = {
    "contamination": Command(
        "latam_corpus.train.commands.command_line:contamination",
        "train",
        N_("Find documents that contain lines of an evaluation set, even with changed words."),
    ),
    "export": Command(
        "latam_corpus.train.commands.command_line:export",
        "train",
        N_("Write a version's documents as tokens for other loaders, with a map from each document to its tokens."),
    ),
    "mix": Command(
        "latam_corpus.train.commands.command_line:mix_app",
        "train",
        N_("Plan a mixture: how many tokens and epochs a budget gives each slice."),
    ),
    "pairs": Command(
        "latam_corpus.train.commands.command_line:pairs",
        "train",
        N_("Write the bilingual pairs of a version's documents as JSON lines, TMX and a table."),
    ),
    "release tokens": Command(
        "latam_corpus.train.commands.command_line:tokens",
        "build",
        N_("Count a version's tokens by slice, and compare the tokens per word with Spanish."),
    ),
}
__all__ = ["CorpusDataset", "CorpusStream", "MixedStream", "PackedDataset", "TokenStream", "load_tokenizer"]
_MODULE_OF: Final = {
    "CorpusDataset": "streams.torch_dataset",
    "CorpusStream": "streams.stream",
    "MixedStream": "streams.mixed_stream",
    "PackedDataset": "streams.torch_dataset",
    "TokenStream": "export.token_stream",
    "load_tokenizer": "tokens.tokenizer",
}


def __getattr__(name: str) -> object:
    """Import the module of a public name and return the name's value."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module «{__name__}» has no attribute «{name}»")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
