"""Where the windows and pieces of texts are, in bytes: `windows` and `pieces` in one compiled pass.

`windows.py` states the rules, character by character; a test holds the two together on any Unicode.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.language.bounds_kernels import WHOLE, pieces, windows
from latam_corpus.language.windows import MOST_PIECES, MOST_WINDOWS, PIECE, WINDOW

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bounds = tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]

_MOST_BYTES: Final = 4 * WHOLE


def window_bounds(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Bounds:
    """The bytes of the windows of each text, the white space at a window's ends left on.

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
    """The bytes of the pieces of some texts.

    Args:
        data: the UTF-8 of all texts.
        offsets: int64[n+1], where each starts.
        rows: the places of the texts to cut.

    Returns:
        Bytes made of the texts' lines; int64[pieces] starts and ends in them; int64[pieces], the place of the text.
    """
    size = int(np.minimum(offsets[rows + 1] - offsets[rows], _MOST_BYTES).sum())
    made = np.empty(size, np.uint8)
    most = MOST_PIECES * len(rows)
    starts, ends, owner = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    count = pieces(data, offsets, rows, MOST_PIECES, PIECE, made, (starts, ends, owner))
    made.setflags(write=False)  # so that what reads it is compiled once for it and for Arrow's buffers
    return made, starts[:count], ends[:count], owner[:count]
