"""A document of the parent version gives way to the better copy that a run has kept, and to no other."""

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
    """A text of its own."""
    return f"La barca número {number} salió del puerto antes del alba y volvió con la red vacía."


class Replacing:
    """A parent version and a run that says which of its documents have better copies."""

    def __init__(self, store: Path, document: Any, kept_run: KeptRun, seal_run: SealRun) -> None:
        self.store, self.document, self.kept_run, self.seal_run = store, document, kept_run, seal_run
        self.first = build("puerto", [kept_run("a-1", [document(n, text=story(n)) for n in range(10)])], store, **TERMS)

    def built(self, documents: list[dict[str, Any]], replaced: list[dict[str, Any]], **terms: Any) -> dict[str, Any]:
        """What became of the documents that the next version leaves out, by id."""
        run = self.kept_run(f"b-{uuid.uuid4().hex[:6]}", documents)
        told = {"containment": 0.9, "evidence": '{"rule": "share", "kept": "?", "words": 120}'}
        pl.DataFrame([told | row for row in replaced]).write_parquet(run / "replaced.parquet")
        self.seal_run(run)
        made = build("puerto", [run], self.store, parent=self.first.version, **(TERMS | terms))
        self.made = made
        rows = read_ledger(Store.at(self.store), "puerto", made.version).filter(pl.col("verdict") == "dropped")
        return {row["doc_id"]: row for row in rows.iter_rows(named=True)}


@pytest.fixture
def replacing(tmp_path: Path, document: Any, kept_run: KeptRun, seal_run: SealRun) -> Replacing:
    """A parent of ten documents."""
    return Replacing(tmp_path / "store", document, kept_run, seal_run)


def test_a_document_of_the_parent_gives_way_to_a_better_copy(replacing: Replacing, document: Any) -> None:
    """It is left out as a duplicate, with the run's evidence and the id of the kept one; the version is whole."""
    old, new = document(3)["doc_id"], document(100, text=story(3) + " y algo más")
    left = replacing.built([new], [{"doc_id": old, "duplicate_of": new["doc_id"]}])
    assert list(left) == [old]
    assert (left[old]["stage"], left[old]["reason"]) == ("release", "duplicate")
    told = json.loads(left[old]["evidence"])
    assert (told["kept"], told["rule"], told["containment"]) == (new["doc_id"], "share", 0.9)
    assert (replacing.made.rows, replacing.made.left_out) == (10, {"duplicate": 1})
    assert verify(Store.at(replacing.store), "puerto", replacing.made.version) == []


def test_a_copy_that_may_not_be_released_replaces_nothing(replacing: Replacing, document: Any) -> None:
    """Rights come first: the parent's document stays where the better copy is refused or wasn't kept."""
    unsold = {"rights": "CC-BY-NC-4.0", "rights_tier": "non_commercial", "source_id": "otra"}
    refused, other = document(100, text=story(3) + " y más", **unsold), document(101)
    told = [
        {"doc_id": document(3)["doc_id"], "duplicate_of": refused["doc_id"]},
        {"doc_id": document(4)["doc_id"], "duplicate_of": document(999)["doc_id"]},
    ]
    assert list(replacing.built([refused, other], told)) == [refused["doc_id"]]
    assert replacing.made.rows == 11


def test_the_kept_copy_may_come_under_another_id(replacing: Replacing, document: Any) -> None:
    """Where the version has the better copy's text from another document, that one is named."""
    text = story(3) + " y algo más"
    copies = [document(100, text=text, obtained=LATER), document(101, text=text)]
    left = replacing.built(copies, [{"doc_id": document(3)["doc_id"], "duplicate_of": copies[0]["doc_id"]}])
    assert set(left) == {document(3)["doc_id"], copies[0]["doc_id"]}
    assert {json.loads(row["evidence"])["kept"] for row in left.values()} == {copies[1]["doc_id"]}


def test_a_document_that_says_something_else_by_now_stays(replacing: Replacing, document: Any) -> None:
    """What the run compared is told by its text; the parent's document of that id has another one."""
    new = document(100, text=story(55))
    compared = hashlib.sha256(b"otro").digest()[:16]
    told = {"doc_id": document(3)["doc_id"], "duplicate_of": new["doc_id"], "text_hash": compared}
    assert replacing.built([new], [told]) == {}
    assert replacing.made.rows == 11


def test_no_chain_of_replacements(replacing: Replacing, document: Any) -> None:
    """A document whose better copy gives way itself stays: it was never compared with what is kept."""
    new = document(100, text=story(4) + " y algo más")
    again = document(4, text=story(4))
    told = [
        {"doc_id": document(3)["doc_id"], "duplicate_of": again["doc_id"]},
        {"doc_id": document(4)["doc_id"], "duplicate_of": new["doc_id"]},
    ]
    assert list(replacing.built([new, again], told)) == [document(4)["doc_id"]]


def test_a_better_copy_inherits_the_split(replacing: Replacing, document: Any) -> None:
    """What was for training is not held out under another id."""
    new = [document(100 + n, text=story(n) + " y algo más") for n in range(10)]
    told = [{"doc_id": document(n)["doc_id"], "duplicate_of": new[n]["doc_id"]} for n in range(10)]
    splits = replacing.first.counts["split"]
    replacing.built(new, told, splits={"test": 0.9})
    assert {split: tally.rows for split, tally in replacing.made.counts["split"].items()} == {
        split: tally.rows for split, tally in splits.items()
    }
