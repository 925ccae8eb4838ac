"""Whether a model may have been trained on a text: the share of its runs of six words that its training texts have."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.lab.language.texts import is_held_out, named_texts, rows
from latam_corpus.language.labels import MODELS
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latam_corpus.lab.language.texts import Texts

RUN: Final = 6  # words
_AT_ONCE: Final = 20_000


def training_runs(data: Path, packages: Path) -> NDArray[np.uint64]:
    """The hashes of all runs of six words in the texts that the shipped model was trained on, sorted.

    Args:
        data: the folder that the list's paths are relative to.
        packages: the folder that packages.py made.

    Raises:
        ConfigError: a listed text isn't there.
    """
    files = training_files(data, packages)
    results = [np.unique(runs(batch)[0]) for batch in _batches(_trained_on(files))]
    return np.unique(np.concatenate(results)) if results else np.array([], np.uint64)


def seen_share(texts: Sequence[str], known: NDArray[np.uint64]) -> NDArray[np.float64]:
    """For each text the share of its runs of six words that are among the known ones.

    >>> line = "la vecina cerró la ventana y se fue por el camino"
    >>> seen_share([line, "otra cosa es lo que vino después aquella noche"], np.unique(runs([line])[0])).tolist()
    [1.0, 0.0]
    """
    if not len(known):
        return np.zeros(len(texts))
    hashes, owner = runs(texts)
    place = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    hit = known[place] == hashes
    count = np.bincount(owner, minlength=len(texts))
    return np.bincount(owner, hit, minlength=len(texts)) / np.maximum(count, 1)


def runs(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The hashes of the runs of six words, and for each the place of its text."""
    table = WordTable.of(texts)
    ends = table.doc_words
    owner = np.repeat(np.arange(len(texts)), np.diff(ends))
    count = max(0, len(owner) - RUN + 1)
    mixed = np.zeros(count, np.uint64)
    for place in range(RUN):
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + table.hashes[place : place + count]
    inside = owner[:count] == owner[RUN - 1 :][:count]
    return mixed[inside], owner[:count][inside]


def training_files(data: Path, packages: Path) -> list[Texts]:
    """Return the files that the shipped model was trained on; Debian's are in the folder that packages.py made.

    Raises:
        ConfigError: a listed text isn't there.
    """
    return named_texts([str(MODELS / "americas.data.toml")], data, packages / "x")


def _trained_on(files: Sequence[Texts]) -> Iterator[str]:
    for texts in files:
        for _, text in rows(texts):
            if not is_held_out(text):
                yield text


def _batches(texts: Iterator[str]) -> Iterator[list[str]]:
    while held := list(islice(texts, _AT_ONCE)):
        yield held
