"""A scanned batch is scanned again only for changed texts, and its word table equals a new one."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from latam_corpus.batch import Batch
from latam_corpus.extract.repair import Repair
from latam_corpus.pipeline.rows.conserve import pass_through
from latam_corpus.stages import Stage
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    import pytest

_TEXTS = st.lists(
    st.none() | st.text(alphabet="aá ñ.\n¡ÃŸ𐐷'1", max_size=12) | st.sampled_from(["", "\n", "uno dos", "Hola.\n\nFin"]),
    max_size=12,
)


def _same(table: WordTable, texts: pl.Series) -> None:
    expected = WordTable.of(texts)
    for field in dataclasses.fields(WordTable):
        actual_array, expected_array = getattr(table, field.name), getattr(expected, field.name)
        assert (actual_array.dtype, actual_array.tolist()) == (expected_array.dtype, expected_array.tolist()), (
            field.name
        )


def _scanned(texts: list[str | None]) -> Batch:
    ids = [str(n) for n in range(len(texts))]
    batch = Batch(pl.DataFrame({"doc_id": ids, "source_id": ids, "text": pl.Series(texts, dtype=pl.String)}))
    assert len(batch.words) == len(texts)
    return batch


@given(_TEXTS, st.dictionaries(st.integers(0, 11), st.none() | st.text(alphabet="bé \n.", max_size=9)))
@settings(deadline=None)
def test_changed_texts_have_the_table_of_a_new_scan(texts: list[str | None], changes: dict[int, str | None]) -> None:
    """Any rows may change to any text or to null."""
    new_texts = pl.Series([changes.get(n, text) for n, text in enumerate(texts)], dtype=pl.String)
    batch = _scanned(texts).with_columns({"text": new_texts})
    assert "words" in batch.__dict__
    _same(batch.words, new_texts)


@given(_TEXTS, st.lists(st.booleans(), min_size=12, max_size=12))
@settings(deadline=None)
def test_kept_rows_have_the_table_of_a_new_scan(texts: list[str | None], mask: list[bool]) -> None:
    """Any rows may be kept, including all and none."""
    batch = _scanned(texts).filter(pl.Series(mask[: len(texts)], dtype=pl.Boolean))
    assert "words" in batch.__dict__
    _same(batch.words, batch.frame["text"])


def test_one_repaired_document_has_the_others_not_scanned_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage that changes one text of a batch with a table scans only that text."""
    texts: list[str | None] = ["La barca salió del puerto."] * 50
    texts[7] = "MaÃ±ana serÃ¡ otro dÃ\xada."
    batch = _scanned(texts)
    scanned: list[int] = []
    scan = WordTable.of.__func__  # type: ignore[attr-defined]

    def counted(cls: type[WordTable], given: pl.Series) -> WordTable:
        scanned.append(len(given))
        return scan(cls, given)  # type: ignore[no-any-return]

    monkeypatch.setattr(WordTable, "of", classmethod(counted))
    repaired = pass_through(Repair(), batch).kept
    assert repaired.frame["text"][7] == "Mañana será otro día."
    assert (repaired.words.doc_lines[-1], scanned) == (50, [1])
    monkeypatch.undo()
    _same(repaired.words, repaired.frame["text"])


def test_a_dropped_document_has_the_others_not_scanned_again() -> None:
    """A stage that drops a document scans no other text."""

    @dataclasses.dataclass(frozen=True)
    class Drop(Stage):
        name: ClassVar[str] = "drop"
        needs: ClassVar[frozenset[str]] = frozenset({"text"})
        gives: ClassVar[frozenset[str]] = frozenset({"drop_reason"})

        def __call__(self, batch: Batch) -> Batch:
            return batch.drop(["corto" if n == 1 else None for n in range(len(batch))])

    remaining = pass_through(Drop(), _scanned(["uno", "dos", "tres cuatro"])).kept
    assert "words" in remaining.__dict__
    assert np.diff(remaining.words.doc_words).tolist() == [1, 2]
