"""Group connected documents into packs on disk; the decision on a document depends only on its pack.

Only the numbers of the documents in pairs and their components are in memory.
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

_DOCUMENTS_A_PACK: Final = 20_000  # a component is never split between packs
_NUMBER: Final = "number"


@dataclass(frozen=True, eq=False)
class Pack:
    """Complete components: no pair connects their documents with documents of other packs.

    Attributes:
        documents: the columns of `Keeping.ranked`, in the order of keeping.
        pairs: int64[k, 2], indices in `documents`.
        verdicts: a row per pair, `verify_jobs.VERDICTS`.
    """

    documents: pl.DataFrame
    pairs: NDArray[np.int64]
    verdicts: pl.DataFrame


class Packs:
    """The true pairs of a corpus and their documents, by pack."""

    def __init__(self, folder: Path) -> None:
        self._documents = Spill(folder / "documents")
        self._verdicts = Spill(folder / "verdicts")
        self._schema = pl.Schema()
        self.count = 1  # written even without pairs, so that the decisions have their columns

    def fill(self, order: Numbering, lots: Sequence[Path], notices: pl.DataFrame | None) -> None:
        """Distribute verdicts and their documents over packs.

        Args:
            order: the numbered documents.
            lots: files of verdicts, in order.
            notices: the pairs with notices (`notices.find_notices`), or None.
        """
        numbers = distinct(np.concatenate([np.zeros(0, np.uint32), *(distinct(_pairs(file)) for file in lots)]))
        labels = np.arange(len(numbers), dtype=np.uint32)
        for file in lots:
            connect(labels, np.searchsorted(numbers, _pairs(file)))
        pack_of = label_packs(labels, _DOCUMENTS_A_PACK)
        self.count = int(pack_of.max(initial=0)) + 1
        for file in lots:
            verdicts = pl.read_parquet(file)
            verdicts = verdicts if notices is None else _with_notices(verdicts, notices)
            self._verdicts.add_by(verdicts, pack_of[np.searchsorted(numbers, verdicts["first"].to_numpy())])
        self._verdicts.flush()
        for first, batch in order.at(numbers):
            places = slice(first, first + batch.height)
            documents = batch.with_columns(pl.Series(_NUMBER, numbers[places], dtype=pl.UInt32))
            self._schema = documents.schema
            self._documents.add_by(documents, pack_of[places])
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


def _with_notices(verdicts: pl.DataFrame, notices: pl.DataFrame) -> pl.DataFrame:
    """Return the verdicts, with the words of added notices counted as added to the longer documents."""
    return verdicts.join(notices, on=["first", "second"], how="left", maintain_order="left").select(
        pl.max_horizontal(name, name.replace("appended", "notice")).alias(name) if "appended" in name else name
        for name in VERDICTS
    )
