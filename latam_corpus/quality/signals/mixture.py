"""Lines in another language than the document's, told by stop words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from latam_corpus.quality.signals.mixture_kernels import count_mixed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latam_corpus.text.stops import StopTable
    from latam_corpus.text.words import WordTable


def words_in_other_languages(
    words: WordTable, table: StopTable, languages: Sequence[str], background: Sequence[str]
) -> NDArray[np.int64]:
    r"""Words in lines that have more stop words of a background language than of the document's own, int64[n].

    Args:
        words: the word table of n documents.
        table: the stop words.
        languages: n codes, the documents' languages.
        background: codes of the languages that a line may turn out to be in.

    >>> from latam_corpus.text.stops import StopTable
    >>> from latam_corpus.text.words import WordTable
    >>> table = StopTable.of({"spa": ["de", "la", "y"], "por": ["de", "não", "e"]})
    >>> document = WordTable.of(["la orilla de la laguna\nnão sei e não digo\nadiós"])
    >>> words_in_other_languages(document, table, ["spa"], ["por", "spa"]).tolist()
    [5]
    """
    own = np.array([table.number(language) for language in languages], np.int64)
    others = np.array([number for number in map(table.number, background) if number >= 0], np.int64)
    found = np.zeros(len(words), np.int64)
    count_mixed(words.arrays, table.keys, table.bits, own, others, found)
    return found
