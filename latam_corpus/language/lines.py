"""Windows and pieces of a batch as the models read them, normalised in one compiled pass over its UTF-8.

`normalise.py` states the rule. The pass follows it for all but lines with addresses, with marks that Unicode
composes or reorders and with letters whose lower case hangs on their neighbours: those are left to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, overload

import numba
import numpy as np
import polars as pl

from latam_corpus.language.bounds import piece_bounds, window_bounds
from latam_corpus.language.meanings import HARD, MARK, NEWLINE, OTHER, SIGN, meanings, pairs
from latam_corpus.language.normalise import normalise_all
from latam_corpus.text.normal import _encode
from latam_corpus.text.words import _decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

# What stands before a sign.
_AFTER_LETTER: Final = 0
_AFTER_SPACE: Final = 1  # or at the start
_AFTER_TAKEN: Final = 2  # a space that a lone sign before has taken

# What became of a line.
_EMPTY: Final = 0
_LETTERS: Final = 1
_LEFT: Final = 2


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
    _normalise(data, starts, ends, meanings(), *pairs(), made, made_starts, made_ends, chars, found)
    left = np.flatnonzero(found == _LEFT).tolist()
    if left:
        texts = [data[starts[n] : ends[n]].tobytes().decode() for n in left]
        lines = normalise_all(pl.Series(texts)).str.replace_all("\n", " ")
        found[left] = np.where(lines.str.contains(r"\p{L}"), _LETTERS, _EMPTY)
        slow = Lines.of(lines.to_list())
        size = int(made_ends.max())
        made_starts[left], made_ends[left], chars[left] = slow.starts + size, slow.ends + size, slow.chars
        made = np.concatenate([made[:size], slow.data])
    made.setflags(write=False)
    kept = found == _LETTERS
    return Lines(made, made_starts[kept], made_ends[kept], chars[kept], owner[kept])


@numba.njit(cache=True, nogil=True)
def _normalise(data, starts, ends, meaning_of, order_of, composed, made, made_starts, made_ends, chars, found):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for n in range(len(starts)):
        made_starts[n] = made_ends[n - 1] if n else 0
        made_ends[n], chars[n], found[n] = _line(
            data, starts[n], ends[n], meaning_of, order_of, composed, made, made_starts[n]
        )


@numba.njit(cache=True, nogil=True)
def _line(data, i, end, meaning_of, order_of, composed, made, at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, C901, PLR0912, PLR0915
    """Write one line normalised; returns the byte after it, its characters and what became of it.

    One loop and not several functions, as in text/words.py.
    """
    first, start = i, at
    chars, found = 0, _EMPTY
    before = _AFTER_SPACE
    in_others = False
    starter, order = np.uint64(0), -1  # the last character that marks may join, and the order of its last mark
    while i < end:
        point, width = _decode(data, i)
        meaning = _meaning(meaning_of, point)
        if meaning < MARK:
            at = _encode(made, at, meaning)
            chars, found, before, in_others = chars + 1, _LETTERS, _AFTER_LETTER, False
            starter, order = point, -1
        elif meaning < SIGN:
            its = int(order_of[point])
            if its < (order_of[starter] if order < 0 else order) or _compose(composed, starter, point):
                return start, 0, _LEFT
            starter, order = (starter, its) if its else (point, -1)
            at = _encode(made, at, point)
            chars, before, in_others = chars + 1, _AFTER_LETTER, False
        elif meaning < OTHER:
            count, after = 1, i + width
            closes = True
            while after < end:
                point, width = _decode(data, after)
                meaning = _meaning(meaning_of, point)
                closes = meaning >= OTHER
                if closes or meaning < SIGN:
                    break
                count, after = count + 1, after + width
                closes = True
            in_others = False
            starter, order = np.uint64(0), -1
            # As the expression LONE_PLUS of normalise.py has it, matched from the left.
            if count + (before == _AFTER_SPACE) < (2 if closes else 3):
                while i < after:
                    point, width = _decode(data, i)
                    made[at] = meaning_of[point] & np.uint32(0xFF)
                    at, chars, i = at + 1, chars + 1, i + width
                before = _AFTER_LETTER
                continue
            if before != _AFTER_SPACE and at > start:
                made[at] = 32
                at, chars = at + 1, chars + 1
            i = after
            before = _AFTER_TAKEN
            if i < end and closes:
                # The space after the signs is taken with them: a newline, or a run of others.
                in_others = data[i] != 10  # noqa: PLR2004
                i += 0 if in_others else 1
            continue
        elif meaning == HARD or _is_address(data, first, i, end):
            return start, 0, _LEFT
        else:
            if not in_others or meaning == NEWLINE:
                before = _AFTER_SPACE
                if at > start:
                    made[at] = 32
                    at, chars = at + 1, chars + 1
            in_others = meaning == OTHER
            starter, order = point, -1
        i += width
    while at > start and made[at - 1] == 32:  # noqa: PLR2004 - the space
        at, chars = at - 1, chars - 1
    return at, chars, found


@numba.njit(cache=True, nogil=True, inline="always")
def _meaning(meaning_of, point):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    return meaning_of[min(np.int64(point), len(meaning_of) - 1)]


@numba.njit(cache=True, nogil=True)
def _is_address(data, first, i, end):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Whether the sign at byte i makes an address of what it stands in: `://` or `www.`."""
    if data[i] == 58:  # noqa: PLR2004 - the colon
        return i + 2 < end and data[i + 1] == 47 and data[i + 2] == 47  # noqa: PLR2004 - slashes
    # The full stop after three w.
    return data[i] == 46 and i - first >= 3 and data[i - 1] == 119 and data[i - 2] == 119 and data[i - 3] == 119  # noqa: PLR2004


@numba.njit(cache=True, nogil=True)
def _compose(composed, starter, point):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    pair = np.uint64(starter) << np.uint64(21) | np.uint64(point)
    place = np.searchsorted(composed, pair)
    return place < len(composed) and composed[place] == pair
