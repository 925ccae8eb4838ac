"""Windows and pieces of a batch as the models read them, normalised in one compiled pass over its UTF-8.

`normalise.py` states the rule, and says why it is there beside this pass. Lines with addresses, with marks that Unicode
composes or reorders and with letters whose lower case hangs on their neighbours are left to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy as np
import polars as pl

from latam_corpus.language.lines_kernels import EMPTY, LEFT, LETTERS, normalise
from latam_corpus.language.normalise import meanings, normalise_all, pairs
from latam_corpus.language.windows import piece_bounds, window_bounds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Lines(Sequence[str]):
    """Normalised lines that have a letter, as bytes; read as strings where someone asks for one.

    Attributes:
        data: uint8, UTF-8.
        starts, ends: int64[n], where each line is in it.
        chars: int64[n], the characters of each.
        owner: int64[n], the place of the text that each is from.
    """

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    chars: NDArray[np.int64]
    owner: NDArray[np.int64]

    @classmethod
    def of(cls, lines: Sequence[str]) -> Lines:
        """These lines as they are, each its own owner.

        >>> list(Lines.of(["não há", ""]))
        ['não há', '']
        """
        encoded = [line.encode() for line in lines]
        ends = np.cumsum([len(line) for line in encoded], dtype=np.int64)
        starts = ends - np.array([len(line) for line in encoded], np.int64)
        chars = np.array([len(line) for line in lines], np.int64)
        return cls(np.frombuffer(b"".join(encoded), np.uint8), starts, ends, chars, np.arange(len(lines)))

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Lines: ...
    def __getitem__(self, place: int | slice) -> str | Lines:
        if isinstance(place, slice):
            return Lines(self.data, self.starts[place], self.ends[place], self.chars[place], self.owner[place])
        return self.data[self.starts[place] : self.ends[place]].tobytes().decode()

    def __iter__(self) -> Iterator[str]:
        view = self.data.data
        for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True):
            yield str(view[start:end], "utf-8")


def window_lines(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Lines:
    """The normalised windows of all texts.

    Args:
        data: their UTF-8.
        offsets: int64[n+1], where each starts.

    >>> from latam_corpus.text.words import utf8
    >>> list(window_lines(*utf8(pl.Series(["¡Buenos días!", "12", None]))))
    ['buenos días']
    """
    return _normalised(*window_bounds(data, offsets))


def piece_lines(data: NDArray[np.uint8], offsets: NDArray[np.int64], rows: Sequence[int]) -> Lines:
    r"""The normalised pieces of some texts.

    Args:
        data: the UTF-8 of all texts.
        offsets: int64[n+1], where each starts.
        rows: the places of the texts to cut.

    >>> from latam_corpus.text.words import utf8
    >>> list(piece_lines(*utf8(pl.Series(["¿Cómo te llamas?\nMe chamo João."])), [0]))
    ['cómo te llamas', 'me chamo joão']
    """
    return _normalised(*piece_bounds(data, offsets, np.array(rows, np.int64)))


def _normalised(
    data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64], owner: NDArray[np.int64]
) -> Lines:
    # The lower case of two bytes has at most three (Ⱥ), and no other grows as much.
    made = np.empty(3 * int((ends - starts).sum()) // 2 + 1, np.uint8)
    made_starts, made_ends, chars = (np.empty(len(starts), np.int64) for _ in range(3))
    found = np.empty(len(starts), np.uint8)
    normalise(data, starts, ends, (meanings(), *pairs()), (made, made_starts, made_ends, chars), found)
    left = np.flatnonzero(found == LEFT).tolist()
    if left:
        texts = [data[starts[n] : ends[n]].tobytes().decode() for n in left]
        lines = normalise_all(pl.Series(texts)).str.replace_all("\n", " ")
        found[left] = np.where(lines.str.contains(r"\p{L}"), LETTERS, EMPTY)
        slow = Lines.of(lines.to_list())
        size = int(made_ends.max())
        made_starts[left], made_ends[left], chars[left] = slow.starts + size, slow.ends + size, slow.chars
        made = np.concatenate([made[:size], slow.data])
    made.setflags(write=False)
    kept = found == LETTERS
    return Lines(made, made_starts[kept], made_ends[kept], chars[kept], owner[kept])
