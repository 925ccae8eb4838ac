"""The signals: pure functions from the word table to one number a document.

A signal measures and decides nothing; the bounds it must keep to stand in `filters/`. Every signal is finite for
every text: where a share has nothing to share (no words, no lines), it is 0. Where a signal needs a list that the
document's language lacks (stop words), it is NaN, and a bound on it is passed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numba
import numpy as np

from latam_corpus.text import words as w
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from latam_corpus.text.stops import StopCounts

Measure = Callable[[WordTable, "StopCounts | None"], "NDArray[np.float32]"]


@dataclass(frozen=True)
class Signal:
    """A signal: its name, its definition in one line, who else uses it, and its function."""

    name: str
    definition: str
    used_by: str
    measure: Measure


def measure(words: WordTable, stops: StopCounts | None) -> dict[str, NDArray[np.float32]]:
    """Every signal of every document, by name, each float32[n].

    >>> sorted(measure(WordTable.of(["Buenos días."]), None))[:2]
    ['alphabetic_word_share', 'closing_punctuation_share']
    """
    return {signal.name: signal.measure(words, stops) for signal in SIGNALS}


def word_count(words: WordTable, _: StopCounts | None = None) -> NDArray[np.float32]:
    """How many words there are.

    >>> word_count(WordTable.of(["Se fue la luz en todo el barrio."])).tolist()
    [8.0]
    """
    return words.word_count.astype(np.float32)


def mean_word_length(words: WordTable, _: StopCounts | None = None) -> NDArray[np.float32]:
    """Code points a word, on average.

    >>> mean_word_length(WordTable.of(["la luz"])).tolist()
    [2.5]
    """
    return _share(_sum_words(words, words.lengths), words.word_count)


def stop_word_count(words: WordTable, stops: StopCounts | None) -> NDArray[np.float32]:
    """How many different stop words of its language a document has (Gopher asks for two)."""
    return _or_nan(stops.distinct, stops.distinct) if stops else _nan(words)


def stop_word_share(words: WordTable, stops: StopCounts | None) -> NDArray[np.float32]:
    """Stop words of its language, as a share of its words."""
    return _or_nan(_share(stops.own, words.word_count), stops.own) if stops else _nan(words)


def stop_word_margin(words: WordTable, stops: StopCounts | None) -> NDArray[np.float32]:
    """The stop-word share minus that of the background language which has the most: negative in a wrong language."""
    if not stops:
        return _nan(words)
    return _or_nan(_share(stops.own - stops.other, words.word_count), stops.own)


def alphabetic_word_share(words: WordTable, _: StopCounts | None = None) -> NDArray[np.float32]:
    """Words that have a letter, as a share of words; punctuation is no word here, unlike in Gopher.

    >>> alphabetic_word_share(WordTable.of(["el 25 de mayo de 1810"])).astype(float).round(2).tolist()
    [0.67]
    """
    return _share(_sum_words(words, words.kinds & w.HAS_LETTER), words.word_count)


def mixed_case_word_share(words: WordTable, _: StopCounts | None = None) -> NDArray[np.float32]:
    """Words with a capital after a small letter, as a share of words: damage by OCR, joined words, code.

    >>> mixed_case_word_share(WordTable.of(["la pLaza y getName"])).tolist()
    [0.5]
    """
    return _share(_sum_words(words, (words.kinds & w.MIXED) != 0), words.word_count)


def unique_words_per_200(words: WordTable, _: StopCounts | None = None) -> NDArray[np.float32]:
    """Different words among 200, as the mean share over successive windows of 200 words.

    A text shorter than 200 words is one window. Unlike the share over the whole text it doesn't fall with length.

    >>> unique_words_per_200(WordTable.of(["ay ay ay ay", "canta y no llores"])).tolist()
    [0.25, 1.0]
    """
    result = np.zeros(len(words), np.float32)
    _unique_in_windows(words.hashes, words.doc_words, 200, result)
    return result


def words_per_line(words: WordTable, _: StopCounts | None = None) -> NDArray[np.float32]:
    r"""Words a line that isn't blank.

    >>> words_per_line(WordTable.of(["Inicio\n\nContacto\nAviso legal"])).astype(float).round(2).tolist()
    [1.33]
    """
    return _share(words.word_count, _sum_lines(words, words.line_kinds != w.LINE_BLANK))


def duplicate_line_share(words: WordTable, _: StopCounts | None = None) -> NDArray[np.float32]:
    r"""Characters in lines that stood before in the same document, as a share of its characters in lines.

    >>> duplicate_line_share(WordTable.of(["Suscríbase\nSuscríbase\nSuscríbase\nFin"])).astype(float).round(2).tolist()
    [0.61]
    """
    repeated = np.zeros(len(words), np.int64)
    _repeated_characters(words.line_hashes, words.line_chars, words.doc_lines, repeated)
    return _share(repeated, _sum_lines(words, words.line_chars))


def closing_punctuation_share(words: WordTable, _: StopCounts | None = None) -> NDArray[np.float32]:
    r"""Lines that end in . ! ? … or :, quotation marks after it aside, as a share of lines that aren't blank.

    >>> closing_punctuation_share(WordTable.of(["«¿Quién vive?»\nNadie"])).tolist()
    [0.5]
    """
    return _share(
        _sum_lines(words, words.line_kinds == w.LINE_CLOSED), _sum_lines(words, words.line_kinds != w.LINE_BLANK)
    )


def upper_case_share(words: WordTable, _: StopCounts | None = None) -> NDArray[np.float32]:
    """Capitals, as a share of letters.

    >>> upper_case_share(WordTable.of(["OFERTA ya"])).tolist()
    [0.75]
    """
    return _share(words.counts[:, w.UPPERS], words.counts[:, w.LETTERS])


def digit_share(words: WordTable, _: StopCounts | None = None) -> NDArray[np.float32]:
    """Digits, as a share of the characters that aren't white space.

    >>> digit_share(WordTable.of(["$ 12 345"])).astype(float).round(2).tolist()
    [0.83]
    """
    return _share(words.counts[:, w.DIGITS], _visible(words))


def code_symbol_share(words: WordTable, _: StopCounts | None = None) -> NDArray[np.float32]:
    r"""The signs ``{}<>=[]\|#@&*_~^$%+/``, as a share of the characters that aren't white space.

    >>> code_symbol_share(WordTable.of(["a = {b}"])).astype(float).round(2).tolist()
    [0.6]
    """
    return _share(words.counts[:, w.CODES], _visible(words))


def mojibake_per_1000(words: WordTable, _: StopCounts | None = None) -> NDArray[np.float32]:
    """Signs of wrongly decoded text (Ã and Â before what Windows-1252 shows, â€, U+FFFD) in 1,000 characters.

    >>> mojibake_per_1000(WordTable.of(["maÃ±ana"])).astype(float).round().tolist()
    [143.0]
    """
    return _share(1000 * words.counts[:, w.MOJIBAKES], words.counts[:, w.CHARS])


def _nan(words: WordTable) -> NDArray[np.float32]:
    return np.full(len(words), np.nan, np.float32)


def _or_nan(values: NDArray[np.float32] | NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.float32]:
    return np.where(known < 0, np.float32(np.nan), values).astype(np.float32)


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float32]:
    return (part / np.maximum(whole, 1)).astype(np.float32)


def _visible(words: WordTable) -> NDArray[np.int64]:
    return words.counts[:, w.CHARS] - words.counts[:, w.SPACES]


def _sum_words(words: WordTable, values: NDArray[Any]) -> NDArray[np.int64]:
    return _sums(values, words.doc_words)


def _sum_lines(words: WordTable, values: NDArray[Any]) -> NDArray[np.int64]:
    return _sums(values, words.doc_lines)


def _sums(values: NDArray[Any], bounds: NDArray[np.int64]) -> NDArray[np.int64]:
    result = np.zeros(len(bounds) - 1, np.int64)
    _sum_ranges(values, bounds, result)
    return result


@numba.njit(cache=True, nogil=True)
def _sum_ranges(values, bounds, result):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for d in range(len(result)):
        total = np.int64(0)
        for i in range(bounds[d], bounds[d + 1]):
            total += np.int64(values[i])
        result[d] = total


@numba.njit(cache=True, nogil=True)
def _unique_in_windows(hashes, doc_words, size, result):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    capacity = 1024  # at least four times the window, a power of two
    mask = np.uint64(capacity - 1)
    keys = np.zeros(capacity, np.uint64)
    stamps = np.zeros(capacity, np.int64)
    stamp = 0
    for d in range(len(doc_words) - 1):
        start, end = doc_words[d], doc_words[d + 1]
        if end == start:
            continue
        total = 0.0
        windows = 0
        at = start
        while at == start or at + size <= end:
            stamp += 1
            different = 0
            stop = min(at + size, end)
            for i in range(at, stop):
                slot = hashes[i] & mask
                while stamps[slot] == stamp and keys[slot] != hashes[i]:
                    slot = (slot + np.uint64(1)) & mask
                if stamps[slot] != stamp:
                    stamps[slot] = stamp
                    keys[slot] = hashes[i]
                    different += 1
            total += different / (stop - at)
            windows += 1
            at += size
        result[d] = total / windows


@numba.njit(cache=True, nogil=True)
def _repeated_characters(hashes, chars, doc_lines, result):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    longest = 1
    for d in range(len(doc_lines) - 1):
        longest = max(longest, doc_lines[d + 1] - doc_lines[d])
    capacity = 16
    while capacity < 2 * longest:
        capacity *= 2
    mask = np.uint64(capacity - 1)
    keys = np.zeros(capacity, np.uint64)
    stamps = np.full(capacity, -1, np.int64)
    for d in range(len(doc_lines) - 1):
        for i in range(doc_lines[d], doc_lines[d + 1]):
            if chars[i] == 0:
                continue
            slot = hashes[i] & mask
            while stamps[slot] == d and keys[slot] != hashes[i]:
                slot = (slot + np.uint64(1)) & mask
            if stamps[slot] == d:
                result[d] += chars[i]
            else:
                stamps[slot] = d
                keys[slot] = hashes[i]


def _signal(function: Measure, used_by: str) -> Signal:
    definition = (function.__doc__ or "").strip().split("\n")[0].rstrip(".")
    return Signal(function.__name__, definition, used_by, function)


SIGNALS: Final = (
    _signal(word_count, "Gopher, FineWeb, RedPajama-V2"),
    _signal(mean_word_length, "Gopher, RedPajama-V2"),
    _signal(stop_word_count, "Gopher, FineWeb-2"),
    _signal(stop_word_share, "RedPajama-V2 (as stop_word_fraction)"),
    _signal(stop_word_margin, "own"),
    _signal(alphabetic_word_share, "Gopher, over words and punctuation"),
    _signal(mixed_case_word_share, "own"),
    _signal(unique_words_per_200, "own; RedPajama-V2 has the share over the whole text"),
    _signal(words_per_line, "own; C4 drops single lines under three words"),
    _signal(duplicate_line_share, "Gopher, FineWeb, RedPajama-V2"),
    _signal(closing_punctuation_share, "C4, FineWeb"),
    _signal(upper_case_share, "RedPajama-V2"),
    _signal(digit_share, "RedPajama-V2 (over all characters)"),
    _signal(code_symbol_share, "C4 drops pages with a curly bracket"),
    _signal(mojibake_per_1000, "own"),
)
