"""Word tables of documents that were scanned before: what stayed as it was isn't scanned again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    Piece = tuple[WordTable, int, int]  # the documents from one place to before another

# Of texts that changed in more than this share all are scanned: copying isn't free.
_FEW: Final = 0.25
_OF_WORDS: Final = ("hashes", "starts", "lengths", "kinds")
# Arrays of places: whose they are, and in what they count.
_COUNTED_FROM: Final = (
    ("starts", "doc_words", "doc_bytes"),
    ("line_ends", "doc_lines", "doc_bytes"),
    ("line_words", "doc_lines", "doc_words"),
)
_OF_LINES: Final = ("line_hashes", "line_ends", "line_words", "line_chars", "line_kinds", "line_repairs")


def after_changes(table: WordTable, before: pl.Series, after: pl.Series) -> WordTable:
    """The word table of texts, given that of the same documents before some were changed.

    >>> import polars as pl
    >>> before, after = pl.Series(["uno", "dos", "tres", "cuatro"]), pl.Series(["uno", "dos y más", "tres", "cuatro"])
    >>> after_changes(WordTable.of(before), before, after).doc_words.tolist()
    [0, 1, 4, 5, 6]
    """
    changed = before.ne_missing(after).arg_true()
    if len(changed) > _FEW * len(after):
        return WordTable.of(after)
    new = WordTable.of(after.gather(changed))
    pieces: list[Piece] = []
    start = 0
    for number, row in enumerate(changed.to_list()):
        pieces += [(table, start, row), (new, number, number + 1)]
        start = row + 1
    return joined([*pieces, (table, start, len(table))])


def kept(table: WordTable, mask: NDArray[np.bool_]) -> WordTable:
    """The word table of the documents where the mask is true.

    >>> kept(WordTable.of(["uno", "dos y más", "tres"]), np.array([True, False, True])).doc_bytes.tolist()
    [0, 3, 7]
    """
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    return joined([(table, first, last) for first, last in edges.reshape(-1, 2).tolist()])


def joined(pieces: Sequence[Piece]) -> WordTable:
    """The word table of the pieces' documents, one after another."""
    filled = [piece for piece in pieces if piece[2] > piece[1]]
    if not filled:
        return WordTable.of([])
    made: dict[str, Any] = {unit: _starts(filled, unit) for unit in ("doc_bytes", "doc_words", "doc_lines")}
    made["data"] = np.concatenate(_slices(filled, "data", "doc_bytes"))
    made |= {name: np.concatenate(_slices(filled, name, "doc_words")) for name in _OF_WORDS}
    made |= {name: np.concatenate(_slices(filled, name, "doc_lines")) for name in _OF_LINES}
    made["counts"] = np.concatenate([table.counts[first:last] for table, first, last in filled])
    for name, of, unit in _COUNTED_FROM:
        moved = _moved(filled, unit, made[unit])
        sizes = [len(part) for part in _slices(filled, name, of)]
        made[name] = made[name] + np.repeat(moved, sizes)
    return WordTable(**made)


def _slices(pieces: Sequence[Piece], name: str, unit: str) -> list[NDArray[Any]]:
    """Each piece's part of an array whose documents start where `unit` says."""
    found = []
    for table, first, last in pieces:
        bounds = getattr(table, unit)
        found.append(getattr(table, name)[bounds[first] : bounds[last]])
    return found


def _starts(pieces: Sequence[Piece], unit: str) -> NDArray[np.int64]:
    """Where each of the pieces' documents starts, int64[n+1]."""
    sizes = [np.diff(getattr(table, unit)[first : last + 1]) for table, first, last in pieces]
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(sizes))])


def _moved(pieces: Sequence[Piece], unit: str, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """How far each piece has moved from its place in its own table."""
    found = []
    document = 0
    for table, first, last in pieces:
        found.append(starts[document] - getattr(table, unit)[first])
        document += last - first
    return np.array(found, np.int64)
