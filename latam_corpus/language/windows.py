"""Where the windows and pieces of texts are: what is classified in place of a whole text, cut in one compiled pass.

fastText reads a whole document at about 1,400 a second and 300 characters at about 17,500, and a few windows tell a
language as surely. A text up to one and a half windows is one window, a longer one has up to four, evenly spread and
cut at white space. Pieces tell the languages of a mixed text: its lines, long ones cut at the ends of sentences, 24 of
them, evenly spread, where there are more; of a very long text only the pieces' neighbourhoods are read. A test holds
the pass to a plain statement of this, character by character.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.language.windows_kernels import (
    MOST_PIECES,
    MOST_WINDOWS,
    PIECE,
    WHOLE,
    WINDOW,
    pieces,
    windows,
)

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
