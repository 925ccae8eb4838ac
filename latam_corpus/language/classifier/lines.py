"""Cut a batch into windows and pieces for the models, and normalise them, in compiled passes over UTF-8.

fastText reads about 1,400 whole documents per second, but 17,500 texts of 300 characters, and a few windows identify a
language as reliably. A text of up to one and a half windows is one window; a longer one has up to four, evenly spread
and cut at white space. Pieces identify the languages of a mixed text: its lines, with long ones cut at the ends of
sentences, or 24 evenly spread ones if there are more. In a very long text, only the surroundings of the pieces are
read. A test compares the pass with a simple implementation that works character by character.

`normalise.py` states the rule of normalisation and explains why it exists in two forms. It also normalises the lines
that this pass can't handle: lines with addresses, with marks that Unicode composes or reorders, or with letters whose
lower case depends on their neighbours.
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
    LETTERS,
    MOST_PIECES,
    MOST_WINDOWS,
    PIECE,
    UNSUPPORTED,
    WHOLE,
    WINDOW,
    normalise,
    pieces,
    windows,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Bounds = tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]

_MOST_BYTES: Final = 4 * WHOLE


def window_bounds(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Bounds:
    """Return the windows of each text as byte ranges, which may begin or end with white space.

    Args:
        data: the UTF-8 of all texts.
        offsets: int64[n+1], where each text starts.

    Returns:
        The same bytes; the starts and the ends of the windows in them, int64[windows]; the index of each window's text,
            int64[windows].
    """
    capacity = MOST_WINDOWS * (len(offsets) - 1)
    starts, ends, owner = np.empty(capacity, np.int64), np.empty(capacity, np.int64), np.empty(capacity, np.int64)
    count = windows(data, offsets, MOST_WINDOWS, WINDOW, starts, ends, owner)
    return data, starts[:count], ends[:count], owner[:count]


def piece_bounds(data: NDArray[np.uint8], offsets: NDArray[np.int64], rows: NDArray[np.int64]) -> Bounds:
    """Return the pieces of some texts as byte ranges.

    Args:
        data: the UTF-8 of all texts.
        offsets: int64[n+1], where each text starts.
        rows: the places of the texts to cut.

    Returns:
        Bytes copied from the texts' lines; the starts and the ends of the pieces in them, int64[pieces]; the index of
            each piece's text, int64[pieces].
    """
    size = int(np.minimum(offsets[rows + 1] - offsets[rows], _MOST_BYTES).sum())
    buffer = np.empty(size, np.uint8)
    capacity = MOST_PIECES * len(rows)
    starts, ends, owner = np.empty(capacity, np.int64), np.empty(capacity, np.int64), np.empty(capacity, np.int64)
    count = pieces(data, offsets, rows, MOST_PIECES, PIECE, buffer, (starts, ends, owner))
    buffer.setflags(write=False)  # so that a kernel is compiled once for it and for Arrow's read-only buffers
    return buffer, starts[:count], ends[:count], owner[:count]


@dataclass(frozen=True, eq=False)
class LineStore(Sequence[str]):
    """Normalised lines with at least one letter, stored as bytes and decoded on access.

    Attributes:
        data: uint8, UTF-8.
        starts, ends: int64[n], the byte range of each line.
        chars: int64[n], the number of characters of each line.
        owner: int64[n], the index of each line's text.
    """

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    chars: NDArray[np.int64]
    owner: NDArray[np.int64]

    @classmethod
    def of(cls, lines: Sequence[str]) -> LineStore:
        """Store lines unchanged, each as a text of its own.

        >>> list(LineStore.of(["não há", ""]))
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
    def __getitem__(self, index: slice) -> LineStore: ...
    def __getitem__(self, index: int | slice) -> str | LineStore:
        if isinstance(index, slice):
            return LineStore(self.data, self.starts[index], self.ends[index], self.chars[index], self.owner[index])
        return self.data[self.starts[index] : self.ends[index]].tobytes().decode()

    def __iter__(self) -> Iterator[str]:
        view = self.data.data
        for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True):
            yield str(view[start:end], "utf-8")


def window_lines(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> LineStore:
    """Return the normalised windows of all texts.

    Args:
        data: their UTF-8.
        offsets: int64[n+1], where each text starts.

    >>> from latam_corpus.text.words import utf8
    >>> list(window_lines(*utf8(pl.Series(["¡Buenos días!", "12", None]))))
    ['buenos días']
    """
    return _normalised(*window_bounds(data, offsets))


def piece_lines(data: NDArray[np.uint8], offsets: NDArray[np.int64], rows: Sequence[int]) -> LineStore:
    r"""Return the normalised pieces of some texts.

    Args:
        data: the UTF-8 of all texts.
        offsets: int64[n+1], where each text starts.
        rows: the places of the texts to cut.

    >>> from latam_corpus.text.words import utf8
    >>> list(piece_lines(*utf8(pl.Series(["¿Cómo te llamas?\nMe chamo João."])), [0]))
    ['cómo te llamas', 'me chamo joão']
    """
    return _normalised(*piece_bounds(data, offsets, np.array(rows, np.int64)))


def _normalised(
    data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64], owner: NDArray[np.int64]
) -> LineStore:
    # Lower-casing lengthens a character at most from two bytes to three (Ⱥ).
    buffer = np.empty(3 * int((ends - starts).sum()) // 2 + 1, np.uint8)
    out_starts, out_ends, chars = (np.empty(len(starts), np.int64) for _ in range(3))
    kinds = np.empty(len(starts), np.uint8)
    normalise(data, starts, ends, (meanings(), *pairs()), (buffer, out_starts, out_ends, chars), kinds)
    unsupported = np.flatnonzero(kinds == UNSUPPORTED).tolist()
    if unsupported:
        texts = [data[starts[n] : ends[n]].tobytes().decode() for n in unsupported]
        lines = normalise_all(pl.Series(texts)).str.replace_all("\n", " ")
        kinds[unsupported] = np.where(lines.str.contains(r"\p{L}"), LETTERS, EMPTY)
        slow_lines = LineStore.of(lines.to_list())
        size = int(out_ends.max())
        out_starts[unsupported], out_ends[unsupported], chars[unsupported] = (
            slow_lines.starts + size,
            slow_lines.ends + size,
            slow_lines.chars,
        )
        buffer = np.concatenate([buffer[:size], slow_lines.data])
    buffer.setflags(write=False)
    has_letters = kinds == LETTERS
    return LineStore(buffer, out_starts[has_letters], out_ends[has_letters], chars[has_letters], owner[has_letters])
