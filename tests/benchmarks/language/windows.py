"""Distinct clean windows of thirty words and more in languages from elsewhere than the Americas."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

from .pages import Passage, passages
from .seen import seen_share, training_runs
from .shelf import shelf

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

WORDS: Final = 30
_CLEAN: Final = 0.8  # of a window's tokens are words: the rest are figures, options, addresses
_SEEN: Final = 0.5  # with this share of its runs of six words in training texts a window counts as trained on
_MARKS: Final = " \t\n.,;:!?¡¿()[]{}«»“”„\"'‘’‚*_—–-…/<>`·•"


@dataclass(frozen=True)
class Window:
    """A stretch of text.

    Attributes:
        source: what it is from.
        language: ISO 639-3, as its source says.
        text: the words.
        seen: whether the shipped model may have been trained on it.
    """

    source: str
    language: str
    text: str
    seen: bool = False


def clean_windows(data: Path, packages: Path, most: int) -> list[Window]:
    """All distinct windows, in the order of the sources.

    Args:
        data: the folder of the public texts.
        packages: the folder of the unpacked Debian packages.
        most: windows of one source and language at the most; the first by hash are taken.
    """
    held: dict[tuple[str, str], list[tuple[bytes, str]]] = {}
    for source, language, key, text in distinct(chain(shelf(data), passages(packages))):
        held.setdefault((source, language), []).append((key, text))
    created: list[Window] = []
    known = training_runs(data, packages)
    for (source, language), result in held.items():
        texts = [text for _, text in sorted(result)[:most]]
        shares = seen_share(texts, known)
        created += [Window(source, language, t, bool(s >= _SEEN)) for t, s in zip(texts, shares, strict=True)]
    return created


def distinct(results: Iterable[Passage]) -> Iterator[tuple[str, str, bytes, str]]:
    """Yield source, language, digest and text of each window that occurs for the first time, by its words."""
    stood: set[bytes] = set()
    for passage in results:
        for window in cut(passage.text):
            key = hashlib.blake2b(" ".join(_words(window)).encode(), digest_size=8).digest()
            if key not in stood:
                stood.add(key)
                yield passage.source, passage.language, key, window


def cut(text: str, words: int = WORDS) -> Iterator[str]:
    """The text in stretches of `words` words that don't overlap, the cluttered ones left out, and what remains.

    >>> list(cut("El río baja despacio hacia el valle verde", 4))
    ['El río baja despacio', 'hacia el valle verde']
    >>> list(cut("La opción -v 3.14 0x1 muestra más", 4))
    []
    """
    held: list[str] = []
    count = 0
    for token in text.split():
        held.append(token)
        count += token.strip(_MARKS).isalpha()
        if count == words:
            if count >= _CLEAN * len(held):
                yield " ".join(held)
            held, count = [], 0


def _words(text: str) -> list[str]:
    return [word for token in text.lower().split() if (word := token.strip(_MARKS)).isalpha()]
