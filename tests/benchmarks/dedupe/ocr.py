"""Which letters optical readers confuse, learnt from hand-corrected pages by what the correctors left."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_WORD: Final = re.compile(r"[^\W\d_]*[^\W_][^\W\d_]*(?:[^\W_]*)")
_LEAST: Final = 5  # letters of a word that can be told from its neighbours
_OFTEN: Final = 2  # a word more frequent in the pages is the spelling of the time, or a name
# Ends of words are inflection: «pasaban» is no misread «pasabas».
_ENDING: Final = 2
# Letters that reforms exchanged, which correctors leave.
_REFORMED: Final = frozenset(map(frozenset, ("jg", "xj", "xs", "bv", "iy", "cz", "cs", "sz", "qc", "ei", "ou")))
_KNOWN: Final = 5  # how often the novels must have a word for it to be what was meant
# Pairs that any reader of Latin print confuses; counted once each, so that a thin list of pages still gives noise.
COMMON: Final = (
    *(("c", "e"), ("e", "c"), ("h", "b"), ("b", "h"), ("n", "u"), ("u", "n"), ("l", "1"), ("l", "i"), ("i", "l")),
    *(("o", "0"), ("s", "f"), ("f", "s"), ("t", "l"), ("r", "i"), ("a", "o"), ("o", "a"), ("m", "rn"), ("í", "i")),
    *(("ó", "6"), ("é", "e"), ("á", "a"), ("d", "cl"), (".", ","), (",", "."), ("¡", "i"), ("ñ", "n"), ("v", "y")),
)


def confusions(pages: Iterable[str], lexicon: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Return, for each intended letter, its replacements with their counts, with the common pairs once each.

    A rare word of the pages that the lexicon doesn't have, and that becomes a frequent one by another letter, tells one
    confusion. Letters that differ by an accent alone, or that reforms exchanged, are left out: that is the spelling of
    the time.

    Args:
        pages: corrected lines, which still have misread words.
        lexicon: word in lower case → how often novels of the same language have it.

    >>> confusions(["la casa del uiltimo pertugues"], {"último": 9, "portugues": 9})["o"]["e"]
    1
    """
    results: dict[str, Counter[str]] = {}
    for meant, read in COMMON:
        results.setdefault(meant, Counter())[read] += 1
    counts = Counter(word for page in pages for word in _WORD.findall(page.lower()) if len(word) >= _LEAST)
    for word, number in counts.items():
        if number > _OFTEN or lexicon.get(word) or not (best := _meant(word, lexicon)):
            continue
        meant, read = best
        results.setdefault(meant, Counter())[read] += number
    return {meant: dict(sorted(reads.items())) for meant, reads in sorted(results.items())}


def _meant(word: str, lexicon: Mapping[str, int]) -> tuple[str, str] | None:
    """(the letter meant, what was read) of the most frequent word that is one replaced letter away."""
    best: tuple[int, str, str] | None = None
    for place, read in enumerate(word[:-_ENDING]):
        for letter in "abcdefghijlmnopqrstuvxyzáéíóúñ":
            if _plain(letter) == _plain(read) or frozenset((letter, read)) in _REFORMED:
                continue
            times = lexicon.get(f"{word[:place]}{letter}{word[place + 1 :]}", 0)
            if times >= _KNOWN and (best is None or times > best[0]):
                best = (times, letter, read)
    return (best[1], best[2]) if best else None


def _plain(letter: str) -> str:
    return unicodedata.normalize("NFD", letter)[0]
