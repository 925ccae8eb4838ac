"""Documents that true pairs connect, in packs that lie in files: what is decided of one rests on its pack alone.

Held are the numbers of documents in pairs, and which of these each is connected with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from latam_corpus.corpus import distinct
from latam_corpus.dedupe.candidates.pairing_kernels import connect, label_packs
from latam_corpus.dedupe.verify_jobs import VERDICTS
from latam_corpus.storage.spill import Spill

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from latam_corpus.dedupe.decide.numbering import Numbering

_AT_ONCE: Final = 20_000  # documents of a pack, with all that they are connected with
_NUMBER: Final = "number"


@dataclass(frozen=True, eq=False)
class Pack:
    """Documents that are connected with no others.

    Attributes:
        documents: as `Keeping.ranked` gives them, the one that is kept first.
        pairs: int64[k, 2], places in `documents`.
        verdicts: a row a pair, `verify_jobs.VERDICTS`.
    """

    documents: pl.DataFrame
    pairs: NDArray[np.int64]
    verdicts: pl.DataFrame


class Packs:
    """The true pairs of a corpus, and the documents in them, by packs."""

    def __init__(self, folder: Path) -> None:
        self._documents = Spill(folder / "documents")
        self._verdicts = Spill(folder / "verdicts")
        self._schema = pl.Schema()
        self.count = 1  # of nothing too there is what is decided: nothing, in its columns

    def fill(self, order: Numbering, lots: Sequence[Path], told: pl.DataFrame | None) -> None:
        """Lay verdicts, and the documents that they are on, into packs.

        Args:
            order: the documents.
            lots: files of verdicts, in order.
            told: `notices.notices` of these; None where none is a notice.
        """
        numbers = distinct(np.concatenate([np.zeros(0, np.uint32), *(distinct(_pairs(file)) for file in lots)]))
        label = np.arange(len(numbers), dtype=np.uint32)
        for file in lots:
            connect(label, np.searchsorted(numbers, _pairs(file)))
        pack_of = label_packs(label, _AT_ONCE)
        self.count = int(pack_of.max(initial=0)) + 1
        for file in lots:
            verdicts = pl.read_parquet(file)
            verdicts = verdicts if told is None else _with_notices(verdicts, told)
            self._verdicts.add_by(verdicts, pack_of[np.searchsorted(numbers, verdicts["first"].to_numpy())])
        self._verdicts.flush()
        for first, found in order.at(numbers):
            mine = slice(first, first + found.height)
            documents = found.with_columns(pl.Series(_NUMBER, numbers[mine], dtype=pl.UInt32))
            self._schema = documents.schema
            self._documents.add_by(documents, pack_of[mine])
        self._documents.flush()

    def __iter__(self) -> Iterator[Pack]:
        for pack in range(self.count):
            documents = self._documents.take(pack, self._schema)
            verdicts = self._verdicts.take(pack, VERDICTS)
            pairs = verdicts.select("first", "second").to_numpy()
            places = np.searchsorted(documents[_NUMBER].to_numpy(), pairs)
            yield Pack(documents.drop(_NUMBER), places, verdicts)


def _pairs(lot: Path) -> NDArray[np.uint32]:
    return pl.read_parquet(lot, columns=["first", "second"]).to_numpy()


def _with_notices(verdicts: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Return the verdicts with what was added to an edge of the longer ones, as all documents of the run tell."""
    return verdicts.join(told, on=["first", "second"], how="left", maintain_order="left").select(
        pl.max_horizontal(name, name.replace("appended", "notice")).alias(name) if "appended" in name else name
        for name in VERDICTS
    )
