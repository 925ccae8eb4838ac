"""Lines in another language than the document's, told by stop words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numba
import numpy as np

from latam_corpus.text.slots import slot_of
from latam_corpus.text.stops import MOST_LANGUAGES, StopTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from latam_corpus.text.words import WordTable

_LEAST_WORDS: Final = 4  # a shorter line tells too little
_LEAST_SHARE: Final = 0.25  # half of what running Spanish, Portuguese and English have


def words_in_other_languages(
    words: WordTable, table: StopTable, languages: Sequence[str], background: Sequence[str]
) -> NDArray[np.int64]:
    r"""Words in lines that have more stop words of a background language than of the document's own, int64[n].

    Args:
        words: the word table of n documents.
        table: the stop words.
        languages: n codes, the documents' languages.
        background: codes of the languages that a line may turn out to be in.

    >>> from latam_corpus.text.words import WordTable
    >>> table = StopTable.of({"spa": ["de", "la", "y"], "por": ["de", "não", "e"]})
    >>> document = WordTable.of(["la orilla de la laguna\nnão sei e não digo\nadiós"])
    >>> words_in_other_languages(document, table, ["spa"], ["por", "spa"]).tolist()
    [5]
    """
    own = np.array([table.number(language) for language in languages], np.int64)
    others = np.array([number for number in map(table.number, background) if number >= 0], np.int64)
    found = np.zeros(len(words), np.int64)
    _count(words.hashes, words.doc_words, words.doc_lines, words.line_words, table.keys, table.bits, own, others, found)
    return found


@numba.njit(cache=True, nogil=True)
def _count(hashes, doc_words, doc_lines, line_words, keys, bits, own, others, found):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    tally = np.zeros(MOST_LANGUAGES, np.int64)
    for d in range(len(found)):
        number = own[d]
        for line in range(doc_lines[d], doc_lines[d + 1]):
            begin = line_words[line]
            end = line_words[line + 1] if line + 1 < doc_lines[d + 1] else doc_words[d + 1]
            if end - begin < _LEAST_WORDS:
                continue
            tally[:] = 0
            for i in range(begin, end):
                languages = bits[slot_of(keys, hashes[i])]
                if languages == 0:
                    continue
                if number >= 0:
                    tally[number] += np.int64((languages >> np.uint64(number)) & np.uint64(1))
                for other in others:
                    tally[other] += np.int64(other != number and (languages >> np.uint64(other)) & np.uint64(1))
            most = 0
            for other in others:
                most = max(most, tally[other] if other != number else 0)
            if most >= _LEAST_SHARE * (end - begin) and (number < 0 or most > tally[number]):
                found[d] += end - begin
