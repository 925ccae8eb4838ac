"""What lines begin with, hold and end with: one compiled pass over the bytes, led by the word table's lines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from latam_corpus.quality.signals.marks_kernels import (
    BAR_BYTE,
    BULLET_SIGNS,
    COLUMNS,
    END_BYTE,
    MARKUP_BYTE,
    WIDE_BYTE,
    mark,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.text.words import WordTable


@dataclass(frozen=True, eq=False)
class Marks:
    """What is counted in the l lines of n documents.

    Attributes:
        counts: int64[n, COLUMNS].
        sentences: int32[l], sentences of each line of three words and more; 0 for a shorter one.
    """

    counts: NDArray[np.int64]
    sentences: NDArray[np.int32]

    @classmethod
    def of(cls, words: WordTable) -> Marks:
        r"""The marks of these documents.

        >>> from latam_corpus.quality.signals.marks_kernels import BULLETS, ELLIPSIS_ENDS, LINES, SPARSE
        >>> from latam_corpus.text.words import WordTable
        >>> words = WordTable.of(["- pan\n- leche...\nFui, vi y vencí. «¡Ay de mí!» dijo"])
        >>> found = Marks.of(words)
        >>> [int(found.counts[0, column]) for column in (LINES, BULLETS, ELLIPSIS_ENDS, SPARSE)]
        [3, 2, 1, 2]
        >>> found.sentences.tolist()
        [0, 0, 3]
        """
        made = cls(np.zeros((len(words), COLUMNS), np.int64), np.zeros(len(words.line_ends), np.int32))
        mark(words.arrays, *_tables(), made.counts, made.sentences)
        return made


@cache
def _tables() -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """What each byte may be a mark of, uint8[256]; the bullets' code points."""
    meanings = np.zeros(256, np.uint8)
    for characters, meaning in ((".!?", END_BYTE), ("{}<&[]", MARKUP_BYTE), ("|\t", BAR_BYTE)):
        meanings[[ord(character) for character in characters]] = meaning
    meanings["…".encode()[0]] = WIDE_BYTE
    return meanings, np.array([ord(character) for character in BULLET_SIGNS], np.uint32)
