"""Windows and pieces of a batch as the models read them: cut, then normalised, in compiled passes over its UTF-8.

fastText reads a whole document at about 1,400 a second and 300 characters at about 17,500, and a few windows tell a
language as surely. A text up to one and a half windows is one window, a longer one has up to four, evenly spread and
cut at white space. Pieces tell the languages of a mixed text: its lines, long ones cut at the ends of sentences, 24 of
them, evenly spread, where there are more; of a very long text only the pieces' neighbourhoods are read. A test holds
the pass to a plain statement of this, character by character.

`normalise.py` states the rule, and says why it is there beside this pass. Lines with addresses, with marks that Unicode
composes or reorders and with letters whose lower case hangs on their neighbours are left to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, overload

import numpy as np
import polars as pl

from latam_corpus.language.classifier.normalise import meanings, normalise_all, pairs
from latam_corpus.language.classifier.windows_kernels import (
    EMPTY,
    LEFT,
    LETTERS,
    MOST_PIECES,
    MOST_WINDOWS,
    PIECE,
    WHOLE,
    WINDOW,
    normalise,
    pieces,
    windows,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

if TYPE_CHECKING:
    Bounds = tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]

_MOST_BYTES: Final = 4 * WHOLE


def window_bounds(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Bounds:
    """Return the bytes of the windows of each text, the white space at a window's ends left on.

    Args:
        data: the UTF-8 of all texts.
        offsets: int64[n+1], where each starts.

    Returns:
        The same bytes; int64[windows] starts and ends in them; int64[windows], the place of the text.
    """
    most = MOST_WINDOWS * (len(offsets) - 1)
    starts, ends, owner = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    count = windows(data, offsets, MOST_WINDOWS, WINDOW, starts, ends, owner)
    return data, starts[:count], ends[:count], owner[:count]


def piece_bounds(data: NDArray[np.uint8], offsets: NDArray[np.int64], rows: NDArray[np.int64]) -> Bounds:
    """Return the bytes of the pieces of some texts.

    Args:
        data: the UTF-8 of all texts.
        offsets: int64[n+1], where each starts.
        rows: the places of the texts to cut.

    Returns:
        Bytes made of the texts' lines; int64[pieces] starts and ends in them; int64[pieces], the place of the text.
    """
    size = int(np.minimum(offsets[rows + 1] - offsets[rows], _MOST_BYTES).sum())
    buffer = np.empty(size, np.uint8)
    most = MOST_PIECES * len(rows)
    starts, ends, owner = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    count = pieces(data, offsets, rows, MOST_PIECES, PIECE, buffer, (starts, ends, owner))
    buffer.setflags(write=False)  # so that what reads it is compiled once for it and for Arrow's buffers
    return buffer, starts[:count], ends[:count], owner[:count]


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
        """Return these lines as they are, each its own owner.

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
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Lines: ...
    def __getitem__(self, index: int | slice) -> str | Lines:
        if isinstance(index, slice):
            return Lines(self.data, self.starts[index], self.ends[index], self.chars[index], self.owner[index])
        return self.data[self.starts[index] : self.ends[index]].tobytes().decode()

    def __iter__(self) -> Iterator[str]:
        view = self.data.data
        for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True):
            yield str(view[start:end], "utf-8")


def window_lines(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Lines:
    """Return the normalised windows of all texts.

    Args:
        data: their UTF-8.
        offsets: int64[n+1], where each starts.

    >>> from latam_corpus.text.words import utf8
    >>> list(window_lines(*utf8(pl.Series(["¡Buenos días!", "12", None]))))
    ['buenos días']
    """
    return _normalised(*window_bounds(data, offsets))


def piece_lines(data: NDArray[np.uint8], offsets: NDArray[np.int64], rows: Sequence[int]) -> Lines:
    r"""Return the normalised pieces of some texts.

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
    buffer = np.empty(3 * int((ends - starts).sum()) // 2 + 1, np.uint8)
    out_starts, out_ends, chars = (np.empty(len(starts), np.int64) for _ in range(3))
    kinds = np.empty(len(starts), np.uint8)
    normalise(data, starts, ends, (meanings(), *pairs()), (buffer, out_starts, out_ends, chars), kinds)
    left = np.flatnonzero(kinds == LEFT).tolist()
    if left:
        texts = [data[starts[n] : ends[n]].tobytes().decode() for n in left]
        lines = normalise_all(pl.Series(texts)).str.replace_all("\n", " ")
        kinds[left] = np.where(lines.str.contains(r"\p{L}"), LETTERS, EMPTY)
        slow = Lines.of(lines.to_list())
        size = int(out_ends.max())
        out_starts[left], out_ends[left], chars[left] = slow.starts + size, slow.ends + size, slow.chars
        buffer = np.concatenate([buffer[:size], slow.data])
    buffer.setflags(write=False)
    has_letters = kinds == LETTERS
    return Lines(buffer, out_starts[has_letters], out_ends[has_letters], chars[has_letters], owner[has_letters])
