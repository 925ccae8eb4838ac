"""Copies of documents that were deleted by their holder."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from latam_corpus.errors import ReleaseError
from latam_corpus.release.eligibility.admission import LIGHT
from latam_corpus.release.eligibility.removals import (
    WITHDRAWALS,
    WITHDRAWN_FILE,
    read_withdrawn,
    remember_withdrawn,
    without_withdrawn,
)
from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from pathlib import Path

_MOMENT = datetime(2026, 3, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


def _taken_back(moments: dict[str, datetime | None]) -> pl.DataFrame:
    return pl.DataFrame({"doc_id": list(moments), "taken_back": list(moments.values())}, schema=WITHDRAWALS)


def test_copies_from_before_a_deletion_are_refused() -> None:
    """A copy without a time is refused too; copies from after the deletion and other documents are kept."""
    rows = {"antes": -_DAY, "a-la-vez": 0 * _DAY, "después": _DAY, "sin fecha": None, "otro": -_DAY}
    obtained = [None if away is None else _MOMENT + away for away in rows.values()]
    light = pl.DataFrame({"doc_id": list(rows), "obtained": obtained}, schema_overrides={"obtained": LIGHT["obtained"]})
    light = light.with_columns(pl.lit(None, LIGHT["refusal"]).alias("refusal"))
    rows_after = without_withdrawn(light, _taken_back(dict.fromkeys(list(rows)[:4], _MOMENT)))
    assert dict(
        rows_after.filter(pl.col("refusal").is_not_null()).select("doc_id", "refusal").iter_rows()
    ) == dict.fromkeys(("antes", "a-la-vez", "sin fecha"), "withdrawn")
    assert rows_after.columns == light.columns


def test_a_release_stores_the_last_deletion(tmp_path: Path) -> None:
    """It is kept over builds whose runs do not know it, and a damaged table is an error."""
    store = Store.at(tmp_path)
    assert read_withdrawn(store, "cuentos", ()).height == 0
    for moment in (_MOMENT, _MOMENT - _DAY):
        remember_withdrawn(store, "cuentos", _taken_back({"a": moment, "b": moment}))
    remember_withdrawn(store, "cuentos", _taken_back({}))
    assert read_withdrawn(store, "cuentos", ()).rows() == [("a", _MOMENT), ("b", _MOMENT)]
    assert read_withdrawn(store, "otra", ()).height == 0
    store.write(b"no", "releases", "cuentos", WITHDRAWN_FILE)
    with pytest.raises(ReleaseError, match="can't be read"):
        read_withdrawn(store, "cuentos", ())
