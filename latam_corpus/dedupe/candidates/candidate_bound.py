"""A bound on the candidates of a document, whatever it shares and with how many.

Of a document with more than MOST candidates so many are its own: the first of them in the order of keeping, among which
is the one that would be kept, and of the others those that share most with it. A pair is checked if it is among either
document's own. So a poem meets each of the books it stands in, and a book every poem of a few books, while the
candidates of n documents are n times MOST at most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.dedupe.on_disk import OnDisk, spans

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


# Which candidates are a document's own: all where it has few (no `many`); the last of those that are by the order of
# keeping; how much the last of the others shares, and which it is.
_OWN: Final = np.dtype([("many", np.bool_), ("first", np.uint32), ("shared", SHARE), ("last", np.uint32)])


def bound_candidates(files: Sequence[Path], documents: int, workdir: Path) -> tuple[int, int]:
    """Leave out of the files what is beyond the bound, and tell how many documents had more, and how many pairs went.

    Args:
        files: of candidates, uint32[k, 2], numbers in the order of keeping, with SHARES beside each.
        documents: how many there are.
        workdir: a folder for files.
    """
    over = 0
    own_of = OnDisk(workdir / "own", _OWN)
    with own_of.file.open("wb") as written:
        for first, end in spans(documents):
            own = _own(files, first, end, workdir)
            if own["many"].any():  # of the others nothing is written, which reads as zeros
                over += int(own["many"].sum())
                written.seek(first * _OWN.itemsize)
                own.tofile(written)
        written.truncate(documents * _OWN.itemsize)
    if not over:
        return 0, 0
    left_out = 0
    for file in files:
        pairs, shared = _read(file)
        checked = _among(own_of[pairs[:, 0]], pairs[:, 1], shared) | _among(own_of[pairs[:, 1]], pairs[:, 0], shared)
        left_out += len(checked) - int(checked.sum())
        pairs[checked].tofile(file)
    return over, left_out


def _among(own: NDArray[Any], others: NDArray[np.uint32], shared: NDArray[np.uint16]) -> NDArray[np.bool_]:
    """Whether each other one is among the own candidates, _OWN, of a document."""
    least = own["shared"]
    mine = ~own["many"] | (others <= own["first"]) | (shared > least)
    return np.asarray(mine | ((shared == least) & (others <= own["last"])), np.bool_)


def _read(file: Path) -> tuple[NDArray[np.uint32], NDArray[Any]]:
    return np.fromfile(file, np.uint32).reshape(-1, 2), np.fromfile(file.with_suffix(SHARES), SHARE)


def _own(files: Sequence[Path], low: int, high: int, workdir: Path) -> NDArray[Any]:
    """Which candidates are the own of the documents from `low` to before `high`, _OWN."""
    own = np.zeros(high - low, _OWN)
    counts = np.zeros(high - low, np.int32)
    for file in files:
        numbers = np.fromfile(file, np.uint32)
        np.add.at(counts, numbers[(numbers >= low) & (numbers < high)] - np.uint32(low), 1)
    own["many"] = counts > MOST
    # Documents whose candidates are put in order together.
    chunk_of = np.full(high - low, -1, np.int32)
    chunk_of[own["many"]] = np.cumsum(counts[own["many"]], dtype=np.int64) // _AT_ONCE
    for chunk in _scattered(files, chunk_of, low, workdir):
        _order(np.fromfile(chunk, _CANDIDATE), own)
        chunk.unlink()
    return own


def _scattered(files: Sequence[Path], chunk_of: NDArray[np.int32], low: int, workdir: Path) -> list[Path]:
    """Files with the candidates of the documents of each chunk, which are told by their number from `low` on."""
    chunks: dict[int, Path] = {}
    if not (chunk_of >= 0).any():
        return []
    for file in files:
        pairs, shared = _read(file)
        for side in range(2):
            here = (pairs[:, side] >= low) & (pairs[:, side] < low + len(chunk_of))
            rows = np.zeros(int(here.sum()), _CANDIDATE)
            rows["document"] = pairs[here, side] - np.uint32(low)
            rows["other"], rows["shared"] = pairs[here, 1 - side], shared[here]
            of = chunk_of[rows["document"]]
            for number in np.unique(of[of >= 0]).tolist():
                with chunks.setdefault(number, workdir / f"over-{number:06d}").open("ab") as written:
                    rows[of == number].tofile(written)
    return [chunks[number] for number in sorted(chunks)]


def _order(rows: NDArray[Any], own: NDArray[Any]) -> None:
    """Write which candidates are their documents' own."""
    rows = rows[np.lexsort((rows["other"], rows["document"]))]
    first = _rank(rows["document"])
    last = rows[first == _EACH - 1]
    own["first"][last["document"]] = last["other"]
    rows = rows[first >= _EACH]
    rows = rows[np.lexsort((rows["other"], -rows["shared"].astype(np.int32), rows["document"]))]
    last = rows[_rank(rows["document"]) == _EACH - 1]
    own["shared"][last["document"]], own["last"][last["document"]] = last["shared"], last["other"]


def _rank(documents: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return the place of each among those of its document, from 0 on; equal ones stand side by side.

    >>> _rank(np.array([4, 4, 9, 9, 9], np.uint32)).tolist()
    [0, 1, 0, 1, 2]
    """
    places = np.arange(len(documents))
    starts = np.concatenate((np.ones(min(len(documents), 1), np.bool_), documents[1:] != documents[:-1]))
    return np.asarray(places - np.maximum.accumulate(np.where(starts, places, 0)), np.int64)
