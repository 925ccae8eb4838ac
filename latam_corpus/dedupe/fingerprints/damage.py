"""How many words of a document are known to be damaged: accents lost, bytes read in a wrong charset, signs misread.

Of copies of one text the least damaged is kept (`order.py`), so what counts is the difference between two copies: it
matters little that not every damaged word is seen.
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

# From so many damaged words of a thousand on a class of damage begins; each is twice the one before. Seen on 88 novels
# in Spanish and Portuguese, cut in pieces of 2,000 words: as printed nearly all under 1, without accents 12 to 37,
# with 1, 3 and 5 % of the letters misread 3, 10 and 16, in a wrong charset 70 and more.
CLASSES: Final = (2, 4, 8, 16, 32, 64)
SHORTEST: Final = 40  # words of a text that is judged
_LEAST: Final = 3  # damaged words in all: fewer are chance, a name, an address
_ACCENTED: Final = 4  # words that have an accent or should, to tell whether accents are missing
# Where one word in so many of the middle half has an accent they aren't missing: of the same novels as printed all but
# one in two hundred have more, and of a text that lost most of them it has fewer.
_WRITTEN: Final = 20
_SPOKEN: Final = 0.25  # of all words stop words, half of what running text has, to tell a language by them
_THOUSAND: Final = 1000
_MOJIBAKE: Final = list(DAMAGE).index(MOJIBAKE)


@dataclass(frozen=True, eq=False)
class Accents:
    """By which words it is known whether a language's accents are missing: its stop words that have one.

    A word is among them if without its accents it is no stop word of the language: of *mas* and *más* both are Spanish,
    of *tambien* and *também* one is Portuguese. A language that writes no accents has none.

    Attributes:
        policies: whose stop words they are.
        written: those with their accents.
        bare: the same without.
    """

    policies: Policies
    written: StopTable
    bare: StopTable

    @classmethod
    def of(cls, policies: Policies) -> Accents:
        """Return what the stop words of these policies tell."""
        pairs = {code: accented(file.stop_words.words) for code, file in policies.languages.items() if file.stop_words}
        return cls(
            policies,
            StopTable.of({code: list(words) for code, words in pairs.items() if words}),
            StopTable.of({code: sorted({*words.values()}) for code, words in pairs.items() if words}),
        )

    def missing(self, words: WordTable, spoken: Sequence[str], least: int) -> NDArray[np.int64]:
        """Words of each document that lack an accent, int64[n]; none where at least as many words have theirs.

        Args:
            words: the word table of n documents.
            spoken: n codes of `spoken`.
            least: words that have an accent or lack it, by which it can be told.
        """
        written, bare = (StopCounts.of(words, table, spoken, ()).own for table in (self.written, self.bare))
        # By majority: sound texts have words that are spelled alike, such as «mas» for «pero», up to a quarter.
        return np.where((bare > written) & (bare + written >= least), bare, 0)

    def digest(self) -> str:
        """Return what changes when the words do by which missing accents are known."""
        return self.policies.lexicon_digest()

    def spoken(self, words: WordTable, languages: Sequence[str | None], asked: NDArray[np.bool_]) -> list[str]:
        """Return the code of each document's policy file, UND for one that isn't asked for.

        Args:
            words: the word table of n documents.
            languages: n codes; of a document without one it is told by its stop words, if by any.
            asked: bool[n].
        """
        known = {code: self.policies.language(code).language if code else UND for code in {*languages}}
        spoken = [known[code] if one else UND for code, one in zip(languages, asked.tolist(), strict=True)]
        if UND not in spoken:
            return spoken
        named, table = self.policies.background, self.policies.stop_table
        counts = np.zeros((len(words), len(named)), np.int64)
        numbers = np.array([*map(table.number, named)])
        asked = asked & np.array([code == UND for code in spoken])
        count_stops(words.hashes, words.doc_words, table.keys, table.bits, numbers, asked, counts)
        best = np.argmax(counts, axis=1)
        sure = np.max(counts, axis=1) >= np.maximum(_SPOKEN * words.word_count, 1)
        guesses = [named[index] if seen else UND for index, seen in zip(best.tolist(), sure.tolist(), strict=True)]
        return [guess if code == UND else code for code, guess in zip(spoken, guesses, strict=True)]


def accented(words: Sequence[str]) -> Mapping[str, str]:
    """Those of a language's stop words whose accents can be missed, each with what it is without them.

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
    """Return what the stop words of the shipped policies tell."""
    return Accents.of(cached_policies())


def damage_of(words: WordTable, languages: Sequence[str | None], accented: NDArray[np.uint32]) -> dict[str, pl.Series]:
    """Return the columns DAMAGE of n documents; no damage is known of a short one.

    Damage is of the whole text, and told of its middle half: a page's menu, at the top and at the foot, makes no
    article damaged.

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
    # No name and no address is read in a wrong charset: there one word tells, and one or two make no menu.
    mojibake = np.where(damage[_MOJIBAKE] < _LEAST, damage[_MOJIBAKE], 0) / np.maximum(words.word_count, 1)
    damage[:, damage.sum(axis=0) < _LEAST] = 0
    counts = words.word_count
    rows = np.flatnonzero(damage.any(axis=0))
    if len(rows):
        middles = WordTable.of([_middle(words, row) for row in rows.tolist()])
        inside = _damaged(middles, [spoken[row] for row in rows.tolist()], 1)
        damage[:, rows], counts[rows] = np.where(damage[:, rows] > 0, inside, 0), middles.word_count
    measured: NDArray[Any] = damage / np.maximum(counts, 1)
    measured[_MOJIBAKE] = np.maximum(measured[_MOJIBAKE], mojibake)
    shares = np.rint(_THOUSAND * measured).astype(np.uint16)
    return {name: pl.Series(name, shares[row], dtype=pl.UInt16) for row, name in enumerate(DAMAGE)}


def _damaged(words: WordTable, spoken: Sequence[str], least: int) -> NDArray[np.int64]:
    """Count the damaged words of each document by the kinds of DAMAGE, int64[kinds, n]; see `Accents.missing`."""
    spelling = Spelling.of(words)
    return np.stack(
        [
            shipped().missing(words, spoken, least),
            np.minimum(words.counts[:, MOJIBAKES], words.word_count),
            # Capitals inside a word are brands more often than damage.
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
    """Return the class of n rows with DAMAGE, int64[n]: 0 for a sound text, 6 for the worst.

    >>> class_of_damage(pl.DataFrame({"accents_missing": [1, 60], "mojibake": [None, 4], "misread": 0})).tolist()
    [0, 6]
    """
    # Three shares of a thousand and more are still one number.
    share = np.sum([rows[name].fill_null(0).to_numpy() for name in DAMAGE], axis=0, dtype=np.int64)
    return np.searchsorted(CLASSES, share, side="right")
