"""Measured facts about candidate pairs, the input of the rules (`rules.py`).

`containment` is the share of a document's words in runs of at least three words that are also in the other document.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.dedupe.fingerprints.anchors import word_stream
from latam_corpus.dedupe.fingerprints.fingerprint_kernels import WORD_BITS
from latam_corpus.dedupe.fingerprints.minhash import proposals_of
from latam_corpus.dedupe.fingerprints.scheme import Ragged, Scheme, sampling_of
from latam_corpus.dedupe.verify import verify_kernels as columns
from latam_corpus.dedupe.verify.verify_kernels import DENIAL, NUMERAL, count_anchors
from latam_corpus.text.words import WordTable
from latam_corpus.vocabulary import GENRES

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Spanish and Portuguese words that fill a slot of a form: numbers, months, days, with and without, winds. The words for
# «one» are left out, because they are articles more often than numbers.
_NUMERALS: Final = """
dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho
diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve
treinta cuarenta cincuenta sesenta setenta ochenta noventa cien ciento doscientos doscientas trescientos trescientas
cuatrocientos cuatrocientas quinientos quinientas seiscientos seiscientas setecientos setecientas ochocientos
ochocientas novecientos novecientas mil millón millones
primero primera segundo segunda tercero tercera cuarto cuarta quinto quinta sexto sexta séptimo séptima octavo octava
noveno novena décimo décima
dois duas três quatro sete oito nove dez onze doze treze quatorze catorze quinze dezesseis dezasseis dezessete
dezassete dezoito dezenove dezanove vinte trinta quarenta cinquenta sessenta oitenta cem cento duzentos duzentas
trezentos trezentas quatrocentos quatrocentas quinhentos quinhentas seiscentos seiscentas setecentos setecentas
oitocentos oitocentas novecentos novecentas milhão milhões
primeiro primeira terceiro terceira quarta sétimo sétima oitavo oitava nono nona
enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre
janeiro fevereiro março maio junho julho setembro outubro novembro dezembro
lunes martes miércoles jueves viernes sábado domingo terça
con sin com sem norte sur sul este oeste leste oriente poniente poente
"""
_DENIALS: Final = "no não nunca jamás jamais sin sem ni nem tampoco tampouco"


@cache
def lexicon() -> NDArray[np.uint8]:
    """Return a table of the kinds of words, by the bits that identify a word: NUMERAL, DENIAL or 0.

    >>> made = lexicon()[word_stream(WordTable.of(["Setenta NO sesenta cantan"])).values % (1 << WORD_BITS)]
    >>> made.tolist() == [NUMERAL, DENIAL, NUMERAL, 0]
    True
    """
    table = np.zeros(1 << WORD_BITS, np.uint8)
    for words, kind in ((_NUMERALS, NUMERAL), (_DENIALS, DENIAL)):
        table[word_stream(WordTable.of([words])).values & np.uint32((1 << WORD_BITS) - 1)] |= kind
    return table


@dataclass(frozen=True, eq=False)
class Rarity:
    """Counts of the fingerprints that two documents share, in total and without boilerplate.

    Attributes:
        streams: the word stream of each document, numbered as in the pairs. Fingerprints are recomputed from the
            streams on demand, because few pairs need them.
        scheme: the scheme of the fingerprints.
        common: uint64, sorted: the fingerprints of many documents, which are boilerplate.
    """

    streams: Ragged
    scheme: Scheme
    common: NDArray[np.uint64]

    def shared(self, pairs: NDArray[np.uint32]) -> NDArray[np.float32]:
        """Return the share of each document's rare fingerprints that the other has, float32[k, 2]; 0 without rare ones.

        >>> streams = Ragged(np.array([*range(9), *range(5), *range(20, 24)], np.uint32), np.array([0, 9, 18]))
        >>> pairs, scheme = np.array([[0, 1]], np.uint32), Scheme()
        >>> Rarity(streams, scheme, np.zeros(0, np.uint64)).shared(pairs)
        array([[0.33333334, 0.33333334]], dtype=float32)
        >>> Rarity(streams, scheme, proposals_of(streams, scheme).of(0)).shared(pairs).tolist()
        [[0.0, 0.0]]
        """
        counts = self.counts(pairs)
        rare = counts[:, [columns.OWN, columns.OTHERS, columns.BOTH]] - counts[:, 1::2]
        return (rare[:, 2:] / np.maximum(rare[:, :2] + rare[:, 2:], 1)).astype(np.float32)

    def counts(self, pairs: NDArray[np.uint32]) -> NDArray[np.int32]:
        """Return the numbers of fingerprints of each pair, int32[k, ANCHORS], in the columns of verify_kernels.py."""
        counts = np.zeros((len(pairs), columns.ANCHORS), np.int32)
        numbers, places = np.unique(pairs, return_inverse=True)
        streams = self.streams.some(numbers)
        proposals = proposals_of(streams, self.scheme)
        sampling = sampling_of(streams.counts)
        count_anchors(proposals.values, proposals.offsets, self.common, sampling, places.reshape(pairs.shape), counts)
        return counts


NO_GENRE: Final = ""
GENRE_NUMBERS: Final = {genre: number for number, genre in enumerate((NO_GENRE, *GENRES))}


@dataclass(frozen=True, eq=False)
class DocumentFacts:
    """Facts about n documents other than their words.

    Attributes:
        damaged: int8[n], the class of damage (`damage.class_of_damage`).
        appended: uint32[n], words of a menu, a summary or questions that were added to the text (`appended.py`).
        country: uint32[n], a hash of the stated country; 0 if none is stated.
        year: uint32[n], the year of publication; 0 if none is stated.
        author: uint32[n], a hash of the creators; 0 if none is stated.
        genre: uint8[n], the genre's number in GENRE_NUMBERS.
    """

    damaged: NDArray[np.int8]
    appended: NDArray[np.uint32]
    country: NDArray[np.uint32]
    year: NDArray[np.uint32]
    author: NDArray[np.uint32]
    genre: NDArray[np.uint8]

    @classmethod
    def unknown(cls, n: int) -> DocumentFacts:
        """Return facts without information, for n documents."""
        none = np.zeros(n, np.uint32)
        return cls(np.zeros(n, np.int8), none, none, none, none, np.zeros(n, np.uint8))

    def state_differs(self, pairs: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Return whether the two documents state different countries, years or authors, bool[k]."""
        sides = (column[pairs] for column in (self.country, self.year, self.author))
        differs = [(both[:, 0] != both[:, 1]) & (both > 0).all(axis=1) for both in sides]
        return np.asarray(np.any(differs, axis=0), np.bool_)


@dataclass(frozen=True, eq=False)
class PairFacts:
    """Measured facts of k pairs; in arrays [k, 2] the first column is of the first document of each pair.

    Attributes:
        pairs: uint32[k, 2], numbers of the documents.
        lengths: int64[k, 2], words.
        containment: float32[k, 2], of each document in the other. If a document is more than eight times longer, its
            value is a lower bound (repeated passages count once). If neither can be in the other, both values are lower
            bounds.
        longest_run: int32[k, 2], the longest run of words that the other document lacks; 0 for a much longer document.
        tallies: int32[k, TALLIES], counts of the words between the shared runs, in the columns of verify_kernels.py.
        genres: uint8[k, 2], numbers in GENRE_NUMBERS.
        damaged: int8[k, 2], classes of damage.
        appended: uint32[k, 2], words that were added to each document, judged by its text alone.
        states_differ: bool[k], whether the two state different countries, years or authors.
        added: uint32[k, 2], words that were added to each document, judged by the other one (`words_added`).
        is_in_other: bool[k, 2], whether each document is in the other one by the rules applied so far.
        template: bool[k], whether the two are texts on the same form by the rules applied so far.
        rarity: the counts of rare fingerprints; None if unknown.
    """

    pairs: NDArray[np.uint32]
    lengths: NDArray[np.int64]
    containment: NDArray[np.float32]
    longest_run: NDArray[np.int32]
    tallies: NDArray[np.int32]
    genres: NDArray[np.uint8]
    damaged: NDArray[np.int8]
    appended: NDArray[np.uint32]
    states_differ: NDArray[np.bool_]
    added: NDArray[np.uint32]
    is_in_other: NDArray[np.bool_]
    template: NDArray[np.bool_]
    rarity: Rarity | None = None

    def __len__(self) -> int:
        return len(self.pairs)

    def count(self, column: int) -> NDArray[np.int32]:
        """Return a column of the tallies, int32[k]."""
        return self.tallies[:, column]

    @cached_property
    def words(self) -> NDArray[np.int64]:
        """The words of the shorter document, int64[k]."""
        return np.asarray(self.lengths.min(axis=1), np.int64)

    @cached_property
    def ratio(self) -> NDArray[np.float64]:
        """The length of the shorter document as a share of the longer one, float64[k]."""
        return np.asarray(self.words / np.maximum(self.lengths.max(axis=1), 1), np.float64)

    @cached_property
    def first_is_longer(self) -> NDArray[np.bool_]:
        """Whether the first document of the pair is the longer one, bool[k]."""
        return np.asarray(self.lengths[:, 0] > self.lengths[:, 1], np.bool_)

    @cached_property
    def likeness(self) -> NDArray[np.float64]:
        """The share of each document's words that are shared or look like their counterparts, float64[k, 2]."""
        # Similar words are counted in the shorter document; the longer one has as many.
        return np.asarray(self.containment + self.tallies[:, [columns.ALIKE]] / np.maximum(self.lengths, 1), np.float64)

    @cached_property
    def spoilt(self) -> NDArray[np.int32]:
        """Words of each document that look like a much more frequent counterpart in the other, int32[k, 2]."""
        return self._by_document(columns.SPOILT, columns.OTHER_SPOILT)

    @cached_property
    def own_runs(self) -> NDArray[np.int32]:
        """The longest run of words of each document that are neither shared nor similar, int32[k, 2]."""
        return self._by_document(columns.OWN_RUN, columns.OTHER_RUN)

    @cached_property
    def genre(self) -> NDArray[np.uint8]:
        """The genre of the pair, uint8[k]: the common genre, or the only known one; 0 if the two genres differ."""
        first, second = self.genres.T
        return np.where((first == second) | (second == 0), first, np.where(first == 0, second, 0)).astype(np.uint8)

    def take(self, rows: NDArray[Any]) -> PairFacts:
        """Return the facts of some of the pairs."""
        arrays = {field.name: getattr(self, field.name)[rows] for field in fields(self) if field.name != "rarity"}
        return replace(self, **arrays)

    def _by_document(self, shorter: int, longer: int) -> NDArray[np.int32]:
        """Return two columns (of the shorter and the longer document) in the order of the first and second document."""
        columns_by_document = self.tallies[:, [shorter, longer]]
        columns_by_document[self.first_is_longer] = columns_by_document[self.first_is_longer, ::-1]
        return columns_by_document
