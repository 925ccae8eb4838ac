"""The word table: one compiled pass over a batch's UTF-8, from which every signal and fingerprint is computed.

A word is a maximal run of letters, marks and digits; an apostrophe between two letters belongs to it, so that
*ch'ulel* and *p'unchaw* are one word. Its hash is of the lower-cased code points, with every form of the apostrophe
folded to one. An apostrophe at the end of a word is left out unless Unicode calls it a letter (ʼ, ꞌ), since it
can't be told from a closing quotation mark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.paths import keep_compiled_code

keep_compiled_code()

import numba  # noqa: E402  (the cache folder must be named first)
import numpy as np  # noqa: E402
import polars as pl  # noqa: E402

from latam_corpus.text.characters import (  # noqa: E402
    APOSTROPHE,
    CLOSING,
    CODE,
    COMMON,
    DIGIT,
    IGNORED,
    LETTER,
    LOWER,
    QUOTE,
    REPAIR,
    SPACE,
    SPOKEN,
    SUSPECT,
    UPPER,
    classes,
    lower,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Columns of the counters.
CHARS: Final = 0  # code points, line ends included
LETTERS: Final = 1
UPPERS: Final = 2
DIGITS: Final = 3
SPACES: Final = 4  # white space, line ends included
CODES: Final = 5
MOJIBAKES: Final = 6
REPAIRS: Final = 7  # places that may need repair
COUNTERS: Final = 8

# Kinds of a word, as bits.
HAS_LETTER: Final = 1
HAS_DIGIT: Final = 2
CAPITAL: Final = 4  # starts with a capital
MIXED: Final = 8  # a capital after a small letter

# What a line ends in.
LINE_BLANK: Final = 0
LINE_OPEN: Final = 1
LINE_CLOSED: Final = 2  # its last sign closes a sentence, quotation marks after it aside

_PRIME: Final = np.uint64(0x100000001B3)  # FNV-1a, 64 bits
_BASIS: Final = np.uint64(0xCBF29CE484222325)
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST_PLAIN: Final = 97  # a to z: letters, small, and of no other class
_LAST_PLAIN: Final = 122
_AMPERSAND: Final = 38
_NEWLINE: Final = 10


@dataclass(frozen=True, eq=False)
class WordTable:
    """What one pass saw in n documents with w words and l lines.

    Attributes:
        data: uint8, the UTF-8 of all documents, one after another.
        doc_bytes: int64[n+1], where each document starts in `data`.
        doc_words: int64[n+1], where its words start.
        doc_lines: int64[n+1], where its lines start.
        hashes: uint64[w], of the folded word.
        starts: int64[w], byte offset in `data`.
        lengths: uint16[w], code points, 65,535 at most.
        kinds: uint8[w], bits HAS_LETTER, HAS_DIGIT, CAPITAL, MIXED.
        line_hashes: uint64[l], of the line's code points without white space; 0 for a blank line.
        line_ends: int64[l], byte offset just after the line, its line end left out.
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
        r"""The word table of these texts; null counts as empty.

        >>> table = WordTable.of(["¡Ay, ay, ay, ay!\nCanta y no llores.", None])
        >>> table.word_count.tolist(), table.doc_lines.tolist()
        ([8, 0], [0, 2, 2])
        >>> bool(table.hashes[0] == table.hashes[1])
        True
        """
        series = texts if isinstance(texts, pl.Series) else pl.Series(list(texts), dtype=pl.String)
        data, offsets = utf8(series)
        size, n = len(data), len(offsets) - 1
        lines = int(np.count_nonzero(data == _NEWLINE)) + n
        words = size // 2 + n  # two words have at least one byte between them; untouched pages cost nothing
        made = (
            np.empty(words, np.uint64),
            np.empty(words, np.int64),
            np.empty(words, np.uint16),
            np.empty(words, np.uint8),
            np.empty(lines, np.uint64),
            np.empty(lines, np.int64),
            np.empty(lines, np.int64),
            np.empty(lines, np.int32),
            np.empty(lines, np.uint8),
            np.zeros(lines, np.bool_),
            np.zeros((n, COUNTERS), np.int64),
            np.zeros(n + 1, np.int64),
            np.zeros(n + 1, np.int64),
        )
        w, line_count = _scan(data, offsets, classes(), lower(), *made)
        hashes, starts, lengths, kinds, l_hashes, l_ends, l_words, l_chars, l_kinds, l_repairs = made[:10]
        counts, d_words, d_lines = made[10:]
        return cls(
            data,
            offsets,
            d_words,
            d_lines,
            hashes[:w],
            starts[:w],
            lengths[:w],
            kinds[:w],
            l_hashes[:line_count],
            l_ends[:line_count],
            l_words[:line_count],
            l_chars[:line_count],
            l_kinds[:line_count],
            l_repairs[:line_count],
            counts,
        )

    def __len__(self) -> int:
        return len(self.doc_bytes) - 1

    @property
    def word_count(self) -> NDArray[np.int64]:
        """Words a document, int64[n]."""
        return np.diff(self.doc_words)


def utf8(texts: pl.Series) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The texts' UTF-8 in one buffer and the n+1 offsets of its documents, without a copy where Arrow allows.

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
    """The hash of each word as the word table has it, uint64[n].

    Raises:
        ValueError: an entry isn't exactly one word.

    >>> len(set(hash_words(["Que", "que", "QUE"]).tolist()))
    1
    """
    table = WordTable.of(words)
    wrong = np.flatnonzero(table.word_count != 1)
    if len(wrong):
        raise ValueError(f"«{words[int(wrong[0])]}» is not one word")
    return table.hashes


@numba.njit(cache=True, nogil=True, inline="always")
def _decode(data, i):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The code point at byte i and its length; the bytes are known to be valid UTF-8."""
    first = np.uint32(data[i])
    if first < 0x80:  # noqa: PLR2004
        return first, 1
    if first < 0xE0:  # noqa: PLR2004
        return ((first & np.uint32(0x1F)) << np.uint32(6)) | (np.uint32(data[i + 1]) & np.uint32(0x3F)), 2
    if first < 0xF0:  # noqa: PLR2004
        return (
            ((first & np.uint32(0x0F)) << np.uint32(12))
            | ((np.uint32(data[i + 1]) & np.uint32(0x3F)) << np.uint32(6))
            | (np.uint32(data[i + 2]) & np.uint32(0x3F))
        ), 3
    return (
        ((first & np.uint32(0x07)) << np.uint32(18))
        | ((np.uint32(data[i + 1]) & np.uint32(0x3F)) << np.uint32(12))
        | ((np.uint32(data[i + 2]) & np.uint32(0x3F)) << np.uint32(6))
        | (np.uint32(data[i + 3]) & np.uint32(0x3F))
    ), 4


@numba.njit(cache=True, nogil=True, inline="always")
def _finish(h):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The hash with its bits mixed (the finaliser of MurmurHash3), so that every bit may serve as a key."""
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xFF51AFD7ED558CCD)
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xC4CEB9FE1A85EC53)
    return h ^ (h >> np.uint64(33))


@numba.njit(cache=True, nogil=True)
def _scan(  # type: ignore[no-untyped-def]  # noqa: ANN202, C901, PLR0912, PLR0915
    data,  # noqa: ANN001
    offsets,  # noqa: ANN001
    class_of,  # noqa: ANN001
    lower_of,  # noqa: ANN001
    hashes,  # noqa: ANN001
    starts,  # noqa: ANN001
    lengths,  # noqa: ANN001
    kinds,  # noqa: ANN001
    line_hashes,  # noqa: ANN001
    line_ends,  # noqa: ANN001
    line_words,  # noqa: ANN001
    line_chars,  # noqa: ANN001
    line_kinds,  # noqa: ANN001
    line_repairs,  # noqa: ANN001
    counts,  # noqa: ANN001
    doc_words,  # noqa: ANN001
    doc_lines,  # noqa: ANN001
):
    """Fill the table's arrays; returns how many words and lines there are.

    One loop and not several functions: at 100 MB/s a call a character is the difference.
    """
    w = 0
    lines = 0
    for d in range(len(offsets) - 1):
        i = offsets[d]
        end = offsets[d + 1]
        chars = letters = uppers = digits = spaces = codes = mojibakes = repairs = 0
        in_word = False
        word_hash = _BASIS
        word_start = i
        word_chars = 0
        kind = 0
        small_before = False
        line_hash = _BASIS
        line_count = 0
        line_words[lines] = w
        closing = False
        before = np.uint32(0)
        class_before = np.uint16(0)
        after_ligature = False
        while i < end:
            if _FIRST_PLAIN <= data[i] <= _LAST_PLAIN:
                # Three signs in four are these letters, which differ in nothing but the hashes.
                if not in_word:
                    in_word = True
                    word_hash = _BASIS
                    word_start = i
                    word_chars = 0
                    kind = 0
                first_plain = i
                while i < end and _FIRST_PLAIN <= data[i] <= _LAST_PLAIN:
                    word_hash = (word_hash ^ np.uint64(data[i])) * _PRIME
                    line_hash = (line_hash ^ np.uint64(data[i])) * _PRIME
                    i += 1
                chars += i - first_plain
                letters += i - first_plain
                word_chars += i - first_plain
                line_count += i - first_plain
                kind |= HAS_LETTER
                small_before = True
                closing = False
                after_ligature = False
                before = np.uint32(data[i - 1])
                class_before = class_of[before]
                continue
            point, width = _decode(data, i)
            cls = class_of[point]
            chars += 1
            joined = False
            if cls & np.uint16(LETTER | DIGIT):
                if not in_word:
                    in_word = True
                    word_hash = _BASIS
                    word_start = i
                    word_chars = 0
                    kind = CAPITAL if cls & np.uint16(UPPER) else 0
                    small_before = False
                joined = True
                if cls & np.uint16(LETTER):
                    letters += 1
                    kind |= HAS_LETTER
                    if cls & np.uint16(UPPER):
                        uppers += 1
                        if small_before:
                            kind |= MIXED
                    else:
                        small_before = True
                else:
                    digits += 1
                    kind |= HAS_DIGIT
            elif in_word:
                if cls & np.uint16(IGNORED):
                    joined = False
                elif cls & np.uint16(APOSTROPHE) and class_before & np.uint16(LETTER) and i + width < end:
                    following, _ = _decode(data, i + width)
                    joined = (class_of[following] & np.uint16(LETTER)) != 0
                if not joined and not cls & np.uint16(IGNORED):
                    hashes[w] = _finish(word_hash)
                    starts[w] = word_start
                    lengths[w] = min(word_chars, 65535)
                    kinds[w] = kind
                    w += 1
                    in_word = False
            if joined:
                word_hash = (word_hash ^ np.uint64(lower_of[point])) * _PRIME
                word_chars += 1

            # What repair may have to mend: see extract/repair.py, whose test holds the two together.
            if cls & np.uint16(REPAIR) or (
                point == _AMPERSAND and i + 1 < end and (data[i + 1] == 35 or class_of[data[i + 1]] & np.uint16(LETTER))  # noqa: PLR2004
            ):
                repairs += 1
                line_repairs[lines] = True
            if after_ligature and (point >= 0x80 or not cls & np.uint16(LETTER)):  # noqa: PLR2004
                repairs += 1
                line_repairs[lines] = True
            after_ligature = point == 0x152 or point == 0x153  # noqa: PLR1714, PLR2004
            if point == 32 and (before == 0xC2 or before == 0xC3):  # noqa: PLR1714, PLR2004
                repairs += 1
                line_repairs[lines] = True
            if point >= 0x80:  # noqa: PLR2004
                if before >= 0x80 and not (  # noqa: PLR2004
                    class_before & np.uint16(COMMON)
                    or (cls & np.uint16(COMMON) and not class_before & np.uint16(UPPER))
                    or (cls & np.uint16(LOWER) and class_before & np.uint16(LOWER))
                    or (cls & np.uint16(SPOKEN) and class_before & np.uint16(SPOKEN))
                ):
                    repairs += 1
                    line_repairs[lines] = True
                if (
                    point == 0xFFFD  # noqa: PLR2004
                    or 0x80 <= point < 0xA0  # noqa: PLR2004
                    or ((before == 0xC2 or before == 0xC3) and cls & np.uint16(SUSPECT))  # noqa: PLR1714, PLR2004
                    or (before == 0xE2 and (point == 0x20AC or point == 0x80))  # noqa: PLR1714, PLR2004
                ):
                    mojibakes += 1

            if point == _NEWLINE:
                spaces += 1
                line_hashes[lines] = _finish(line_hash) if line_count else np.uint64(0)
                line_ends[lines] = i
                line_chars[lines] = line_count
                line_kinds[lines] = LINE_BLANK if line_count == 0 else (LINE_CLOSED if closing else LINE_OPEN)
                lines += 1
                line_words[lines] = w
                line_hash = _BASIS
                line_count = 0
                closing = False
            elif cls & np.uint16(SPACE):
                spaces += 1
            else:
                line_hash = (line_hash ^ np.uint64(point)) * _PRIME
                line_count += 1
                if cls & np.uint16(CODE):
                    codes += 1
                if not cls & np.uint16(QUOTE):
                    closing = (cls & np.uint16(CLOSING)) != 0
            before = point
            if not cls & np.uint16(IGNORED):
                class_before = cls
            i += width
        if in_word:
            hashes[w] = _finish(word_hash)
            starts[w] = word_start
            lengths[w] = min(word_chars, 65535)
            kinds[w] = kind
            w += 1
        if end > offsets[d] and data[end - 1] != _NEWLINE:
            line_hashes[lines] = _finish(line_hash) if line_count else np.uint64(0)
            line_ends[lines] = end
            line_chars[lines] = line_count
            line_kinds[lines] = LINE_BLANK if line_count == 0 else (LINE_CLOSED if closing else LINE_OPEN)
            lines += 1
        counts[d, CHARS] = chars
        counts[d, LETTERS] = letters
        counts[d, UPPERS] = uppers
        counts[d, DIGITS] = digits
        counts[d, SPACES] = spaces
        counts[d, CODES] = codes
        counts[d, MOJIBAKES] = mojibakes
        counts[d, REPAIRS] = repairs
        doc_words[d + 1] = w
        doc_lines[d + 1] = lines
    return w, lines
