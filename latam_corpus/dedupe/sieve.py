"""Which of many fingerprints are among those of new documents: a bitmap passes over nearly all others unseen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from latam_corpus.dedupe.sieve_kernels import count_tops, mark_bits, sift

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

_BITS_A_VALUE: Final = 32  # of the bitmap: at most one foreign value in 32 passes it
_MOST_BITS: Final = 29  # 64 MB
_WORD_BITS: Final = 6
_LOOKED_UP: Final = 16_000_000  # 128 MB
_MARKS: Final = "marks.npy"
_VALUES: Final = "new.npy"
_STARTS: Final = "starts.npy"


@dataclass(frozen=True, eq=False)
class Sieve:
    """Fingerprints that others are looked up among.

    Attributes:
        marks: uint64, a power of two of words: the bit of each fingerprint's top bits is set.
        values: uint64, the fingerprints, sorted; none where they are too many to be looked up.
        starts: uint32, where those with the same top bits start among them, with an end.

    >>> sieve = Sieve.of([np.array([1 << 60, 3], np.uint64)], 2)
    >>> found, places = sieve.sifted(np.array([7, 3, 1 << 60], np.uint64), np.array([0, 2, 2, 3]))
    >>> found.tolist(), places.tolist()
    ([3, 1152921504606846976], [0, 2])
    """

    marks: NDArray[np.uint64]
    values: NDArray[np.uint64]
    starts: NDArray[np.uint32]

    @classmethod
    def of(cls, values: Iterable[NDArray[np.uint64]], count: int) -> Self:
        """The sieve of these fingerprints.

        Args:
            values: well mixed in their top bits, a part at a time.
            count: how many there are, about.
        """
        bits = min(max((count * _BITS_A_VALUE).bit_length(), _WORD_BITS), _MOST_BITS)
        marks = np.zeros(1 << (bits - _WORD_BITS), np.uint64)
        held = [np.zeros(0, np.uint64)]
        for part in values:
            mark_bits(part, marks, np.uint64(64 - bits))
            if count <= _LOOKED_UP:
                held.append(part)
        every = np.sort(np.concatenate(held))
        starts = np.zeros((1 << len(every).bit_length()) + 1, np.uint32)
        count_tops(every, np.uint64(64 - len(every).bit_length()), starts)
        return cls(marks, every, starts if len(every) else starts[:0])

    def write(self, room: Path) -> None:
        """Write it to files of a folder."""
        for name, held in ((_MARKS, self.marks), (_VALUES, self.values), (_STARTS, self.starts)):
            np.save(room / name, held)

    @classmethod
    def read(cls, room: Path) -> Self:
        """What `write` has written there, mapped into memory."""
        return cls(*(np.load(room / name, mmap_mode="r") for name in (_MARKS, _VALUES, _STARTS)))

    def sifted(
        self, values: NDArray[np.uint64], offsets: NDArray[np.int64]
    ) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
        """Those of the fingerprints that are among its own, and the document that has each.

        Where its own are too many to be looked up, a few others pass too.

        Args:
            values: of documents, one after another.
            offsets: where each document starts, with an end.
        """
        found, places = np.empty(len(values), np.uint64), np.empty(len(values), np.int32)
        shift = np.uint64(64 - _WORD_BITS - (len(self.marks).bit_length() - 1))
        top = np.uint64(64 - len(self.values).bit_length())
        count = sift(values, offsets, (self.marks, shift, self.values, self.starts, top), found, places)
        return found[:count], places[:count]
