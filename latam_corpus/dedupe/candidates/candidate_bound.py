"""Limit the number of candidates per document, regardless of how many documents share its fingerprints.

If a document has more than MOST candidates, it selects MOST: the first ones in the order of keeping, which include the
one that would be kept, and among the others those that share most with it. A pair is compared if either document
selects it. So a poem is compared with each book that contains it, and a book with every poem of a few books, while n
documents have at most n times MOST candidates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latam_corpus.dedupe.on_disk import OnDisk, spans

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_EACH: Final = 32  # candidates that come first in the order of keeping, and as many that share most
MOST: Final = 2 * _EACH
SHARES: Final = ".shares"  # next to a file of candidates: the number of fingerprints that each pair shares
SHARE: Final = np.dtype(np.uint16)
_SORTED_TOGETHER: Final = 4_000_000  # candidates: 160 MB
_CANDIDATE: Final = np.dtype([("document", np.uint32), ("other", np.uint32), ("shared", SHARE)])

# A document's selection: all candidates unless `many` is set. If it is, `first` is the last candidate selected by the
# order of keeping; `shared` and `last` are the shared fingerprints and the document of the last one selected by
# sharing.
_OWN: Final = np.dtype([("many", np.bool_), ("first", np.uint32), ("shared", SHARE), ("last", np.uint32)])


def bound_candidates(files: Sequence[Path], documents: int, workdir: Path) -> tuple[int, int]:
    """Remove the pairs beyond the limit from the files; return the numbers of affected documents and of removed pairs.

    Args:
        files: the files of candidates, uint32[k, 2], numbers in the order of keeping, each with a file SHARES.
        documents: the number of documents.
        workdir: a folder for temporary files.
    """
    document_count = 0
    own_of = OnDisk(workdir / "own", _OWN)
    with own_of.file.open("wb") as own_file:
        for first, end in spans(documents):
            own = _own_candidates(files, first, end, workdir)
            if own["many"].any():  # unwritten parts of the file read as zeros
                document_count += int(own["many"].sum())
                own_file.seek(first * _OWN.itemsize)
                own.tofile(own_file)
        own_file.truncate(documents * _OWN.itemsize)
    if not document_count:
        return 0, 0
    removed_pairs = 0
    for file in files:
        pairs, shared = _read(file)
        is_own = _is_own_candidate(own_of[pairs[:, 0]], pairs[:, 1], shared) | _is_own_candidate(
            own_of[pairs[:, 1]], pairs[:, 0], shared
        )
        removed_pairs += len(is_own) - int(is_own.sum())
        pairs[is_own].tofile(file)
    return document_count, removed_pairs


def _is_own_candidate(
    own: NDArray[Any], candidates: NDArray[np.uint32], shared: NDArray[np.uint16]
) -> NDArray[np.bool_]:
    """Return whether a document selects each candidate, by its selection (_OWN)."""
    last_shared = own["shared"]
    is_own = ~own["many"] | (candidates <= own["first"]) | (shared > last_shared)
    return np.asarray(is_own | ((shared == last_shared) & (candidates <= own["last"])), np.bool_)


def _read(file: Path) -> tuple[NDArray[np.uint32], NDArray[Any]]:
    return np.fromfile(file, np.uint32).reshape(-1, 2), np.fromfile(file.with_suffix(SHARES), SHARE)


def _own_candidates(files: Sequence[Path], low: int, high: int, workdir: Path) -> NDArray[Any]:
    """Return the selections (_OWN) of the documents from `low` to before `high`."""
    own = np.zeros(high - low, _OWN)
    counts = np.zeros(high - low, np.int32)
    for file in files:
        numbers = np.fromfile(file, np.uint32)
        np.add.at(counts, numbers[(numbers >= low) & (numbers < high)] - np.uint32(low), 1)
    own["many"] = counts > MOST
    # Chunks of documents whose candidates are sorted together.
    chunk_of = np.full(high - low, -1, np.int32)
    chunk_of[own["many"]] = np.cumsum(counts[own["many"]], dtype=np.int64) // _SORTED_TOGETHER
    for chunk in _candidates_by_chunk(files, chunk_of, low, workdir):
        _write_bounds(np.fromfile(chunk, _CANDIDATE), own)
        chunk.unlink()
    return own


def _candidates_by_chunk(files: Sequence[Path], chunk_of: NDArray[np.int32], low: int, workdir: Path) -> list[Path]:
    """Write the candidates of each chunk of documents, numbered from `low` on, to a file; return the files."""
    chunks: dict[int, Path] = {}
    if not (chunk_of >= 0).any():
        return []
    for file in files:
        pairs, shared = _read(file)
        for side in range(2):
            in_range = (pairs[:, side] >= low) & (pairs[:, side] < low + len(chunk_of))
            candidates = np.zeros(int(in_range.sum()), _CANDIDATE)
            candidates["document"] = pairs[in_range, side] - np.uint32(low)
            candidates["other"], candidates["shared"] = pairs[in_range, 1 - side], shared[in_range]
            chunks_of_rows = chunk_of[candidates["document"]]
            for number in np.unique(chunks_of_rows[chunks_of_rows >= 0]).tolist():
                with chunks.setdefault(number, workdir / f"over-{number:06d}").open("ab") as chunk_file:
                    candidates[chunks_of_rows == number].tofile(chunk_file)
    return [chunks[number] for number in sorted(chunks)]


def _write_bounds(rows: NDArray[Any], own: NDArray[Any]) -> None:
    """Write the selections of the documents to `own`."""
    rows = rows[np.lexsort((rows["other"], rows["document"]))]
    rank = _rank(rows["document"])
    last = rows[rank == _EACH - 1]
    own["first"][last["document"]] = last["other"]
    rows = rows[rank >= _EACH]
    rows = rows[np.lexsort((rows["other"], -rows["shared"].astype(np.int32), rows["document"]))]
    last = rows[_rank(rows["document"]) == _EACH - 1]
    own["shared"][last["document"]], own["last"][last["document"]] = last["shared"], last["other"]


def _rank(documents: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return the index of each entry within its document's entries, from 0 on; those of a document are adjacent.

    >>> _rank(np.array([4, 4, 9, 9, 9], np.uint32)).tolist()
    [0, 1, 0, 1, 2]
    """
    places = np.arange(len(documents))
    starts = np.concatenate((np.ones(min(len(documents), 1), np.bool_), documents[1:] != documents[:-1]))
    return np.asarray(places - np.maximum.accumulate(np.where(starts, places, 0)), np.int64)
