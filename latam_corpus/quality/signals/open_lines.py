"""Lines of a headline's length, left open, that the next line doesn't go on: lists of headlines and teasers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latam_corpus.quality.signals.open_lines_kernels import count_open

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.text.words import WordTable


def characters_in_open_lines(words: WordTable) -> NDArray[np.int64]:
    r"""Characters in lines that end without punctuation and before no line that starts in a small letter, int64[n].

    Lines of 10 to 40 words count: verses are shorter, and a longer line is a paragraph that lost its stop. White space
    isn't counted. A line that ends in a comma, a semicolon or a dash isn't open; blank lines are looked over. Texts of
    one or two lines have none: they list nothing.

    >>> headline = "Sube el precio del pan en todo el sur del país"
    >>> texts = [f"Inicio\n{headline}\n\nSe fue la luz.", f"{headline}\ny del queso,\nInicio", f"{headline}\nInicio"]
    >>> from latam_corpus.text.words import WordTable
    >>> characters_in_open_lines(WordTable.of(texts)).tolist()
    [36, 0, 0]
    """
    found = np.zeros(len(words), np.int64)
    count_open(words.arrays, found)
    return found
