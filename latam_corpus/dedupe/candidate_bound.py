"""A bound on the candidates of a document, whatever it shares and with how many.

Of a document with more than MOST candidates so many are its own: the first of them in the order of keeping, among which
is the one that would be kept, and of the others those that share most with it. A pair is checked if it is among either
document's own. So a poem meets each of the books it stands in, and a book every poem of a few books, while the
candidates of n documents are n times MOST at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_EACH: Final = 32  # of the first in the order of keeping, and of those that share most
MOST: Final = 2 * _EACH
SHARES: Final = ".shares"  # beside a file of candidates: how many fingerprints each pair shares
SHARE: Final = np.dtype(np.uint16)
_AT_ONCE: Final = 4_000_000  # candidates that are put in order together: 160 MB
_CANDIDATE: Final = np.dtype([("document", np.uint32), ("other", np.uint32), ("shared", SHARE)])


@dataclass(frozen=True, eq=False)
class _Own:
    """Which candidates are a document's own, by its number.

    Attributes:
        counts: int32[n], how many it has; up to MOST all of them are.
        first: uint32[n], the last of those that are by the order of keeping.
        shared: uint16[n], how much the last of the others shares.
        last: uint32[n], and which it is.
    """

    counts: NDArray[np.int32]
    first: NDArray[np.uint32]
    shared: NDArray[np.uint16]
    last: NDArray[np.uint32]

    def among(
        self, documents: NDArray[np.uint32], others: NDArray[np.uint32], shared: NDArray[np.uint16]
    ) -> NDArray[np.bool_]:
        """Whether each other one is among the document's own."""
        least = self.shared[documents]
        own = (self.counts[documents] <= MOST) | (others <= self.first[documents]) | (shared > least)
        return np.asarray(own | ((shared == least) & (others <= self.last[documents])), np.bool_)


def bound_candidates(files: Sequence[Path], documents: int, workdir: Path) -> tuple[int, int]:
    """Leave out of the files what is beyond the bound, and tell how many documents had more, and how many pairs went.

    Args:
        files: of candidates, uint32[k, 2], numbers in the order of keeping, with SHARES beside each.
        documents: how many there are.
        workdir: a folder for files.
    """
    counts = np.zeros(documents, np.int32)
    for file in files:
        np.add.at(counts, np.fromfile(file, np.uint32), 1)
    over = np.flatnonzero(counts > MOST)
    if not len(over):
        return 0, 0
    own = _Own(counts, *(np.zeros(documents, kind) for kind in (np.uint32, SHARE, np.uint32)))
    # Documents whose candidates are put in order together.
    chunk_of = np.full(documents, -1, np.int32)
    chunk_of[over] = np.cumsum(counts[over], dtype=np.int64) // _AT_ONCE
    for chunk in _scattered(files, chunk_of, workdir):
        _order(np.fromfile(chunk, _CANDIDATE), own)
        chunk.unlink()
    left_out = 0
    for file in files:
        pairs, shared = _read(file)
        checked = own.among(pairs[:, 0], pairs[:, 1], shared) | own.among(pairs[:, 1], pairs[:, 0], shared)
        left_out += len(checked) - int(checked.sum())
        pairs[checked].tofile(file)
    return len(over), left_out


def _read(file: Path) -> tuple[NDArray[np.uint32], NDArray[Any]]:
    return np.fromfile(file, np.uint32).reshape(-1, 2), np.fromfile(file.with_suffix(SHARES), SHARE)


def _scattered(files: Sequence[Path], chunk_of: NDArray[np.int32], workdir: Path) -> list[Path]:
    """Files with the candidates of the documents of each chunk."""
    chunks: dict[int, Path] = {}
    for file in files:
        pairs, shared = _read(file)
        for side in range(2):
            rows = np.zeros(len(pairs), _CANDIDATE)
            rows["document"], rows["other"], rows["shared"] = pairs[:, side], pairs[:, 1 - side], shared
            of = chunk_of[rows["document"]]
            for number in np.unique(of[of >= 0]).tolist():
                with chunks.setdefault(number, workdir / f"over-{number:06d}").open("ab") as written:
                    rows[of == number].tofile(written)
    return [chunks[number] for number in sorted(chunks)]


def _order(rows: NDArray[Any], own: _Own) -> None:
    """Write which candidates are their documents' own."""
    rows = rows[np.lexsort((rows["other"], rows["document"]))]
    first = _rank(rows["document"])
    last = rows[first == _EACH - 1]
    own.first[last["document"]] = last["other"]
    rows = rows[first >= _EACH]
    rows = rows[np.lexsort((rows["other"], -rows["shared"].astype(np.int32), rows["document"]))]
    last = rows[_rank(rows["document"]) == _EACH - 1]
    own.shared[last["document"]], own.last[last["document"]] = last["shared"], last["other"]


def _rank(documents: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return the place of each among those of its document, from 0 on; equal ones stand side by side.

    >>> _rank(np.array([4, 4, 9, 9, 9], np.uint32)).tolist()
    [0, 1, 0, 1, 2]
    """
    places = np.arange(len(documents))
    starts = np.concatenate((np.ones(min(len(documents), 1), np.bool_), documents[1:] != documents[:-1]))
    return np.asarray(places - np.maximum.accumulate(np.where(starts, places, 0)), np.int64)
