"""Estimate how many words of a document are damaged: accents lost, bytes in a wrong charset, characters misread.

The least damaged of several copies is kept (`order.py`), so only the difference between two copies counts, and some
damaged words may be missed.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from latam_corpus.dedupe.fingerprints.fingerprint_kernels import count_stops
from latam_corpus.dedupe.fingerprints.scheme import DAMAGE, MOJIBAKE
from latam_corpus.policies.policy import cached_policies
from latam_corpus.policies.policy_files import UND
from latam_corpus.text.spelling import Spelling
from latam_corpus.text.stops import StopCounts, StopTable
from latam_corpus.text.word_columns import MOJIBAKES
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from latam_corpus.policies.policy import Policies

# Minimum damaged words per 1,000 of each class of damage; each is twice the previous one. Measured on 88 novels in
# Spanish and Portuguese, in pieces of 2,000 words: nearly all have under 1 as printed; 12 to 37 without accents; 3, 10
# and 16 with 1, 3 and 5 % of the letters misread; and 70 or more in a wrong charset.
CLASSES: Final = (2, 4, 8, 16, 32, 64)
SHORTEST: Final = 40  # words; shorter texts aren't judged
_LEAST: Final = 3  # damaged words; fewer may be chance, a name or an address
_ACCENTED: Final = 4  # minimum words that need an accent, written or missing, for recognising missing accents
# If one in this many words of the middle half has an accent, accents aren't missing: all but one in 200 pieces of these
# novels have more as printed, and a text that lost most of its accents has fewer.
_WRITTEN: Final = 20
_STOP_WORD_SHARE: Final = 0.25  # share of stop words that identifies a language: half of the share in running text
_THOUSAND: Final = 1000
_MOJIBAKE: Final = list(DAMAGE).index(MOJIBAKE)


@dataclass(frozen=True, eq=False)
class Accents:
    """Stop words with an accent, by which missing accents of a language are recognised.

    A stop word is used if its form without accents is no stop word of the language: *mas* and *más* are both Spanish,
    while *tambien* isn't. A language without accents has no such words.

    Attributes:
        policies: the policies with the stop words.
        written: these stop words with their accents.
        bare: the same words without accents.
    """

    policies: Policies
    written: StopTable
    bare: StopTable

    @classmethod
    def of(cls, policies: Policies) -> Accents:
        """Return the stop words of these policies by which missing accents are recognised."""
        pairs = {code: accented(file.stop_words.words) for code, file in policies.languages.items() if file.stop_words}
        return cls(
            policies,
            StopTable.of({code: list(words) for code, words in pairs.items() if words}),
            StopTable.of({code: sorted({*words.values()}) for code, words in pairs.items() if words}),
        )

    def missing(self, words: WordTable, spoken: Sequence[str], min_words: int) -> NDArray[np.int64]:
        """Return the number of each document's words that lack an accent, int64[n]; 0 if at least as many have theirs.

        Args:
            words: the word table of n documents.
            spoken: the result of `spoken`, n codes.
            min_words: the minimum number of these words, with or without accent, that decides.
        """
        written, bare = (StopCounts.of(words, table, spoken, ()).own for table in (self.written, self.bare))
        # The majority decides: in undamaged texts, up to a quarter are other words with the same letters, such as «mas»
        # for «pero».
        return np.where((bare > written) & (bare + written >= min_words), bare, 0)

    def digest(self) -> str:
        """Return a digest of the words by which missing accents are recognised."""
        return self.policies.lexicon_digest()

    def spoken(self, words: WordTable, languages: Sequence[str | None], is_selected: NDArray[np.bool_]) -> list[str]:
        """Return the code of each document's policy file; UND for a document that isn't selected.

        Args:
            words: the word table of n documents.
            languages: n codes; the stop words decide for a document without one.
            is_selected: bool[n].
        """
        codes = {code: self.policies.language(code).language if code else UND for code in {*languages}}
        spoken = [
            codes[code] if is_wanted else UND for code, is_wanted in zip(languages, is_selected.tolist(), strict=True)
        ]
        if UND not in spoken:
            return spoken
        listed, table = self.policies.background, self.policies.stop_table
        counts = np.zeros((len(words), len(listed)), np.int64)
        numbers = np.array([*map(table.number, listed)])
        is_selected = is_selected & np.array([code == UND for code in spoken])
        count_stops(words.hashes, words.doc_words, table.keys, table.bits, numbers, is_selected, counts)
        best = np.argmax(counts, axis=1)
        is_sure = np.max(counts, axis=1) >= np.maximum(_STOP_WORD_SHARE * words.word_count, 1)
        guesses = [listed[index] if sure else UND for index, sure in zip(best.tolist(), is_sure.tolist(), strict=True)]
        return [guess if code == UND else code for code, guess in zip(spoken, guesses, strict=True)]


def accented(words: Sequence[str]) -> Mapping[str, str]:
    """Return the stop words whose missing accents can be recognised, each with its form without accents.

    >>> accented(["más", "mas", "también", "sobre"])
    {'también': 'tambien'}
    """
    bare = {word: _bare(word) for word in words}
    return {word: spelled for word, spelled in bare.items() if spelled != word and spelled not in bare}


def _bare(word: str) -> str:
    letters = unicodedata.normalize("NFD", word)
    return "".join(letter for letter in letters if unicodedata.category(letter) != "Mn")


@cache
def shipped() -> Accents:
    """Return the accented stop words of the shipped policies."""
    return Accents.of(cached_policies())


def damage_of(words: WordTable, languages: Sequence[str | None], accented: NDArray[np.uint32]) -> dict[str, pl.Series]:
    """Return the columns DAMAGE of n documents; 0 for short ones.

    The whole text decides whether a document is damaged, but the shares are measured in its middle half, because the
    menus at the top and bottom of a page don't damage an article.

    Args:
        words: their word table.
        languages: their languages.
        accented: uint32[n], their accented words in the middle half (`stream_and_accents`).

    >>> from latam_corpus.dedupe.fingerprints.anchors import stream_and_accents
    >>> from latam_corpus.text.words import WordTable
    >>> text = "Después de la misa había también un baile, según decían, y todavía están allí los músicos. " * 8
    >>> bare = text.replace("é", "e").replace("í", "i").replace("ú", "u").replace("á", "a")
    >>> table = WordTable.of([text, bare, bare[:100]])
    >>> found = damage_of(table, ["spa_Latn"] * 3, stream_and_accents(table)[1][1])
    >>> found["accents_missing"].to_list()
    [0, 438, 0]
    """
    spoken = shipped().spoken(words, languages, 2 * _WRITTEN * accented.astype(np.int64) < words.word_count)
    damage = _damaged(words, spoken, _ACCENTED)
    damage[:, words.word_count < SHORTEST] = 0
    # A single word in a wrong charset is enough, because no name, address or menu looks like that.
    mojibake = np.where(damage[_MOJIBAKE] < _LEAST, damage[_MOJIBAKE], 0) / np.maximum(words.word_count, 1)
    damage[:, damage.sum(axis=0) < _LEAST] = 0
    counts = words.word_count
    rows = np.flatnonzero(damage.any(axis=0))
    if len(rows):
        middles = WordTable.of([_middle(words, row) for row in rows.tolist()])
        middle_damage = _damaged(middles, [spoken[row] for row in rows.tolist()], 1)
        damage[:, rows], counts[rows] = np.where(damage[:, rows] > 0, middle_damage, 0), middles.word_count
    measured: NDArray[Any] = damage / np.maximum(counts, 1)
    measured[_MOJIBAKE] = np.maximum(measured[_MOJIBAKE], mojibake)
    shares = np.rint(_THOUSAND * measured).astype(np.uint16)
    return {name: pl.Series(name, shares[row], dtype=pl.UInt16) for row, name in enumerate(DAMAGE)}


def _damaged(words: WordTable, spoken: Sequence[str], min_words: int) -> NDArray[np.int64]:
    """Count the damaged words of each document by the kinds of DAMAGE, int64[kinds, n]; see `Accents.missing`."""
    spelling = Spelling.of(words)
    return np.stack(
        [
            shipped().missing(words, spoken, min_words),
            np.minimum(words.counts[:, MOJIBAKES], words.word_count),
            # Capitals inside a word are more often brands than damage.
            spelling.damaged - spelling.mixed,
        ]
    )


def _middle(words: WordTable, document: int) -> str:
    """Return the middle half of a document."""
    first, end = words.doc_words[document : document + 2].tolist()
    edge = (end - first) // 4
    start, stop = words.starts[first + edge], words.starts[end - edge]
    return bytes(words.data[start:stop]).decode()


def class_of_damage(rows: pl.DataFrame) -> NDArray[np.int64]:
    """Return the class of n rows with DAMAGE, int64[n]: 0 for an undamaged text, 6 for the worst.

    >>> class_of_damage(pl.DataFrame({"accents_missing": [1, 60], "mojibake": [None, 4], "misread": 0})).tolist()
    [0, 6]
    """
    # The sum of three shares may overflow their type.
    share = np.sum([rows[name].fill_null(0).to_numpy() for name in DAMAGE], axis=0, dtype=np.int64)
    return np.searchsorted(CLASSES, share, side="right")
