"""The word table of a batch, made in one compiled pass over its UTF-8; signals and fingerprints are computed from it.

A word is a maximal run of letters, marks and digits. An apostrophe between two letters belongs to it, so that *ch'ulel*
and *p'unchaw* are one word. A word's hash covers its lower-cased code points, with every form of the apostrophe
(`orthography.apostrophes`) folded to one. An apostrophe at the edge of a word can't be distinguished from a quotation
mark, so it is left out in any form; `wholes` includes it, for lists with such words.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from latam_corpus.text.characters import classes, lower
from latam_corpus.text.word_columns import COUNTERS, EDGED
from latam_corpus.text.words_kernels import NEWLINE, Words, scan, with_edges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class WordTable:
    """The words and lines of n documents, with w words and l lines in total.

    Attributes:
        data: uint8, the UTF-8 of all documents, one after another.
        doc_bytes: int64[n+1], where each document starts in `data`.
        doc_words: int64[n+1], where its words start.
        doc_lines: int64[n+1], where its lines start.
        hashes: uint64[w], the hash of the folded word.
        starts: int64[w], the byte offset of the word in `data`.
        lengths: uint16[w], code points, at most 65,535.
        kinds: uint8[w], bits HAS_LETTER, HAS_DIGIT, CAPITAL, MIXED, EDGED.
        line_hashes: uint64[l], the hash of the line's code points without white space; 0 for a blank line.
        line_ends: int64[l], byte offset just after the line, without its line end.
        line_words: int64[l], index of the first word at or after the line's start.
        line_chars: int32[l], code points that aren't white space.
        line_kinds: uint8[l], LINE_BLANK, LINE_OPEN or LINE_CLOSED.
        line_repairs: bool[l], whether the line (with its line end) may need repair.
        counts: int64[n, COUNTERS], characters of each kind.
    """

    data: NDArray[np.uint8]
    doc_bytes: NDArray[np.int64]
    doc_words: NDArray[np.int64]
    doc_lines: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    starts: NDArray[np.int64]
    lengths: NDArray[np.uint16]
    kinds: NDArray[np.uint8]
    line_hashes: NDArray[np.uint64]
    line_ends: NDArray[np.int64]
    line_words: NDArray[np.int64]
    line_chars: NDArray[np.int32]
    line_kinds: NDArray[np.uint8]
    line_repairs: NDArray[np.bool_]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, texts: pl.Series | Sequence[str | None]) -> WordTable:
        r"""Return the word table of these texts; null counts as empty.

        >>> table = WordTable.of(["¡Ay, ay, ay, ay!\nCanta y no llores.", None])
        >>> table.word_count.tolist(), table.doc_lines.tolist()
        ([8, 0], [0, 2, 2])
        >>> bool(table.hashes[0] == table.hashes[1])
        True
        """
        series = texts if isinstance(texts, pl.Series) else pl.Series(list(texts), dtype=pl.String)
        data, offsets = utf8(series)
        size, n = len(data), len(offsets) - 1
        lines = int(np.count_nonzero(data == NEWLINE)) + n
        words = size // 2 + n  # there is at least one byte between two words; untouched pages cost nothing
        arrays = Words(
            data=data,
            doc_bytes=offsets,
            doc_words=np.zeros(n + 1, np.int64),
            doc_lines=np.zeros(n + 1, np.int64),
            hashes=np.empty(words, np.uint64),
            starts=np.empty(words, np.int64),
            lengths=np.empty(words, np.uint16),
            kinds=np.empty(words, np.uint8),
            line_hashes=np.empty(lines, np.uint64),
            line_ends=np.empty(lines, np.int64),
            line_words=np.empty(lines, np.int64),
            line_chars=np.empty(lines, np.int32),
            line_kinds=np.empty(lines, np.uint8),
            line_repairs=np.zeros(lines, np.bool_),
            counts=np.zeros((n, COUNTERS), np.int64),
        )
        w, line_count = scan(arrays, classes(), lower())
        ends = dict.fromkeys(_OF_WORDS, w) | dict.fromkeys(_OF_LINES, line_count)
        return cls(*(getattr(arrays, name)[: ends.get(name)] for name in Words._fields))

    @property
    def arrays(self) -> Words:
        """The table's arrays, for kernels."""
        return Words(*(getattr(self, name) for name in Words._fields))

    def __len__(self) -> int:
        return len(self.doc_bytes) - 1

    @cached_property
    def wholes(self) -> NDArray[np.uint64]:
        """The hashes of the words including apostrophes at their edges, uint64[w]; the plain hash for other words.

        >>> table = WordTable.of(["ruk' rukʼ ruk"])
        >>> [bool(table.wholes[0] == whole) for whole in table.wholes]
        [True, True, False]
        """
        if not (self.kinds & EDGED).any():
            return self.hashes
        hashes = self.hashes.copy()
        with_edges(self.arrays, classes(), lower(), hashes)
        return hashes

    @property
    def word_count(self) -> NDArray[np.int64]:
        """The number of words per document, int64[n]."""
        return np.diff(self.doc_words)


def utf8(texts: pl.Series) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the texts' UTF-8 in one buffer and the n+1 offsets of the texts, without a copy if Arrow permits.

    >>> data, offsets = utf8(pl.Series(["año", "ayer"]))
    >>> bytes(data).decode(), offsets.tolist()
    ('añoayer', [0, 4, 8])
    """
    arrow = texts.fill_null("").rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offset_buffer, data_buffer = arrow.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64)[arrow.offset : arrow.offset + len(texts) + 1]
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer else np.empty(0, np.uint8)
    return data[offsets[0] : offsets[-1]], offsets - offsets[0]


def hash_words(words: Sequence[str]) -> NDArray[np.uint64]:
    """Return the word table's hash of each word, uint64[n].

    Raises:
        ValueError: an entry isn't exactly one word.

    >>> len(set(hash_words(["Que", "que", "QUE"]).tolist()))
    1
    """
    return entry_table(words).hashes


def entry_table(words: Sequence[str]) -> WordTable:
    """Return the word table of entries that are one word each.

    Raises:
        ValueError: an entry isn't exactly one word.
    """
    table = WordTable.of(words)
    invalid = np.flatnonzero(table.word_count != 1)
    if len(invalid):
        raise ValueError(f"«{words[int(invalid[0])]}» is not one word")
    return table


if TYPE_CHECKING:
    Piece = tuple[WordTable, int, int]

# If a larger share of the texts changed, all are scanned again, since copying isn't free.
_FEW: Final = 0.25
_OF_WORDS: Final = ("hashes", "starts", "lengths", "kinds")
# Arrays of offsets: the array, the array with the start of each document's items, and the array that the offsets count
# from.
_COUNTED_FROM: Final = (
    ("starts", "doc_words", "doc_bytes"),
    ("line_ends", "doc_lines", "doc_bytes"),
    ("line_words", "doc_lines", "doc_words"),
)
_OF_LINES: Final = ("line_hashes", "line_ends", "line_words", "line_chars", "line_kinds", "line_repairs")


def after_changes(table: WordTable, old_texts: pl.Series, new_texts: pl.Series) -> WordTable:
    """Return the word table of changed texts, reusing the table from before the change.

    Args:
        table: the table of the old texts.
        old_texts: n texts.
        new_texts: n texts, of which some may differ.

    >>> import polars as pl
    >>> old, new = pl.Series(["uno", "dos", "tres", "cuatro"]), pl.Series(["uno", "dos y más", "tres", "cuatro"])
    >>> after_changes(WordTable.of(old), old, new).doc_words.tolist()
    [0, 1, 4, 5, 6]
    """
    changed = old_texts.ne_missing(new_texts).arg_true()
    if len(changed) > _FEW * len(new_texts):
        return WordTable.of(new_texts)
    new = WordTable.of(new_texts.gather(changed))
    pieces: list[Piece] = []
    start = 0
    for number, row in enumerate(changed.to_list()):
        pieces += [(table, start, row), (new, number, number + 1)]
        start = row + 1
    return joined([*pieces, (table, start, len(table))])


def filtered(table: WordTable, mask: NDArray[np.bool_]) -> WordTable:
    """Return the word table of the documents for which the mask is true.

    >>> filtered(WordTable.of(["uno", "dos y más", "tres"]), np.array([True, False, True])).doc_bytes.tolist()
    [0, 3, 7]
    """
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    return joined([(table, first, last) for first, last in edges.reshape(-1, 2).tolist()])


def joined(pieces: Sequence[Piece]) -> WordTable:
    """Return the word table of the pieces' documents, one after another.

    Args:
        pieces: a table, and the range of its documents.
    """
    filled = [piece for piece in pieces if piece[2] > piece[1]]
    if not filled:
        return WordTable.of([])
    arrays: dict[str, Any] = {unit: _starts(filled, unit) for unit in ("doc_bytes", "doc_words", "doc_lines")}
    arrays["data"] = np.concatenate(_slices(filled, "data", "doc_bytes"))
    arrays |= {name: np.concatenate(_slices(filled, name, "doc_words")) for name in _OF_WORDS}
    arrays |= {name: np.concatenate(_slices(filled, name, "doc_lines")) for name in _OF_LINES}
    arrays["counts"] = np.concatenate([table.counts[first:last] for table, first, last in filled])
    for name, item_unit, unit in _COUNTED_FROM:
        shifts = _shifts(filled, unit, arrays[unit])
        sizes = [len(part) for part in _slices(filled, name, item_unit)]
        arrays[name] = arrays[name] + np.repeat(shifts, sizes)
    return WordTable(**arrays)


def _slices(pieces: Sequence[Piece], name: str, unit: str) -> list[NDArray[Any]]:
    """Return each piece's part of an array whose documents start at the offsets in `unit`."""
    slices = []
    for table, first, last in pieces:
        bounds = getattr(table, unit)
        slices.append(getattr(table, name)[bounds[first] : bounds[last]])
    return slices


def _starts(pieces: Sequence[Piece], unit: str) -> NDArray[np.int64]:
    """Return the offset at which each document of the pieces starts, int64[n+1]."""
    sizes = [np.diff(getattr(table, unit)[first : last + 1]) for table, first, last in pieces]
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(sizes))])


def _shifts(pieces: Sequence[Piece], unit: str, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the difference between each piece's new offset and its offset in its own table, int64[p]."""
    offsets = []
    document = 0
    for table, first, last in pieces:
        offsets.append(starts[document] - getattr(table, unit)[first])
        document += last - first
    return np.array(offsets, np.int64)
