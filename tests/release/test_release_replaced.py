"""A document of the parent version is replaced by the better copy that a run kept, and by no other document."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from built_versions import build

from latam_corpus.release.reading.verify_version import verify
from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.store_tables import read_ledger

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import KeptRun, SealRun

TERMS: dict[str, Any] = {"admit": ["open", "attribution"], "uses": ["train"], "today": date(2026, 11, 25)}
LATER = datetime(2025, 1, 1, tzinfo=UTC)


def story(number: int) -> str:
    """Return a text with a number."""
    return f"La barca número {number} salió del puerto antes del alba y volvió con la red vacía."


class Replacing:
    """A parent version, and runs that name better copies of its documents."""

    def __init__(self, store: Path, document: Any, kept_run: KeptRun, seal_run: SealRun) -> None:
        self.store, self.document, self.kept_run, self.seal_run = store, document, kept_run, seal_run
        self.first = build("puerto", [kept_run("a-1", [document(n, text=story(n)) for n in range(10)])], store, **TERMS)

    def built(self, documents: list[dict[str, Any]], replaced: list[dict[str, Any]], **terms: Any) -> dict[str, Any]:
        """Build the next version; return the ledger rows of the documents that it leaves out, by id."""
        run = self.kept_run(f"b-{uuid.uuid4().hex[:6]}", documents)
        defaults = {"containment": 0.9, "evidence": '{"rule": "share", "kept": "?", "words": 120}'}
        pl.DataFrame([defaults | row for row in replaced]).write_parquet(run / "replaced.parquet")
        self.seal_run(run)
        self.made = build("puerto", [run], self.store, parent=self.first.version, **(TERMS | terms))
        rows = read_ledger(Store.at(self.store), "puerto", self.made.version).filter(pl.col("verdict") == "dropped")
        return {row["doc_id"]: row for row in rows.iter_rows(named=True)}


@pytest.fixture
def replacing(tmp_path: Path, document: Any, kept_run: KeptRun, seal_run: SealRun) -> Replacing:
    """Return a parent version of ten documents."""
    return Replacing(tmp_path / "store", document, kept_run, seal_run)


def test_a_document_of_the_parent_gives_way_to_a_better_copy(replacing: Replacing, document: Any) -> None:
    """The replaced document is a duplicate in the ledger, with the run's evidence and the kept id."""
    replaced_id, better = document(3)["doc_id"], document(100, text=story(3) + " y algo más")
    left_out = replacing.built([better], [{"doc_id": replaced_id, "duplicate_of": better["doc_id"]}])
    assert list(left_out) == [replaced_id]
    assert (left_out[replaced_id]["stage"], left_out[replaced_id]["reason"]) == ("release", "duplicate")
    evidence = json.loads(left_out[replaced_id]["evidence"])
    assert (evidence["kept"], evidence["rule"], evidence["containment"]) == (better["doc_id"], "share", 0.9)
    assert (replacing.made.rows, replacing.made.left_out) == (10, {"duplicate": 1})
    assert verify(Store.at(replacing.store), "puerto", replacing.made.version) == []


def test_a_copy_that_may_not_be_released_replaces_nothing(replacing: Replacing, document: Any) -> None:
    """The parent's document is kept if the better copy is refused or was not kept."""
    unsold = {"rights": "CC-BY-NC-4.0", "rights_tier": "non_commercial", "source_id": "otra"}
    refused, unrelated = document(100, text=story(3) + " y más", **unsold), document(101)
    replaced = [
        {"doc_id": document(3)["doc_id"], "duplicate_of": refused["doc_id"]},
        {"doc_id": document(4)["doc_id"], "duplicate_of": document(999)["doc_id"]},
    ]
    assert list(replacing.built([refused, unrelated], replaced)) == [refused["doc_id"]]
    assert replacing.made.rows == 11


def test_the_kept_copy_may_have_another_id(replacing: Replacing, document: Any) -> None:
    """If the version has the better copy's text under another id, the evidence names that id."""
    text = story(3) + " y algo más"
    copies = [document(100, text=text, obtained=LATER), document(101, text=text)]
    left_out = replacing.built(copies, [{"doc_id": document(3)["doc_id"], "duplicate_of": copies[0]["doc_id"]}])
    assert set(left_out) == {document(3)["doc_id"], copies[0]["doc_id"]}
    assert {json.loads(row["evidence"])["kept"] for row in left_out.values()} == {copies[1]["doc_id"]}


def test_a_document_with_a_changed_text_is_not_replaced(replacing: Replacing, document: Any) -> None:
    """A document is kept if its text differs from the one that the run compared."""
    better = document(100, text=story(55))
    compared = hashlib.sha256(b"otro").digest()[:16]
    replaced = {"doc_id": document(3)["doc_id"], "duplicate_of": better["doc_id"], "text_hash": compared}
    assert replacing.built([better], [replaced]) == {}
    assert replacing.made.rows == 11


def test_replacements_are_not_chained(replacing: Replacing, document: Any) -> None:
    """A document whose better copy is itself replaced is kept."""
    better = document(100, text=story(4) + " y algo más")
    repeated = document(4, text=story(4))
    replaced = [
        {"doc_id": document(3)["doc_id"], "duplicate_of": repeated["doc_id"]},
        {"doc_id": document(4)["doc_id"], "duplicate_of": better["doc_id"]},
    ]
    assert list(replacing.built([better, repeated], replaced)) == [document(4)["doc_id"]]


def test_a_better_copy_inherits_the_split(replacing: Replacing, document: Any) -> None:
    """A document that was in training is not held out under another id."""
    better = [document(100 + n, text=story(n) + " y algo más") for n in range(10)]
    replaced = [{"doc_id": document(n)["doc_id"], "duplicate_of": better[n]["doc_id"]} for n in range(10)]
    splits = replacing.first.counts["split"]
    replacing.built(better, replaced, splits={"test": 0.9})
    assert {split: tally.rows for split, tally in replacing.made.counts["split"].items()} == {
        split: tally.rows for split, tally in splits.items()
    }
