"""Withdrawals in any order, stopped at any write, are enforced, and all versions remain intact.

`make test` stops a withdrawal at every third write, `make gate` at each.
"""

from __future__ import annotations

import os
import shutil
import warnings
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
from built_versions import build, prose
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import latam_corpus as lc
from latam_corpus import schema
from latam_corpus.release.reading.verify_version import verify
from latam_corpus.release.storing.store import Store
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_receipt import problems_of, write_receipt_entry
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from conftest import SealRun

TERMS: dict[str, Any] = {"admit": ["open", "attribution"], "uses": ["train"], "today": date(2026, 11, 25)}
NOW = datetime(2026, 11, 27, tzinfo=UTC)
_STEP = 1 if "LATAM_CORPUS_GATE" in os.environ else 3


def read(store: Path, spec: str) -> set[str]:
    """Return the ids of the documents that a reader of a version gets."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return set(lc.open_release(store, spec).scan().collect()["doc_id"])


def test_a_withdrawal_stopped_at_any_write_is_enforced_or_absent(
    tmp_path: Path, document: Any, kept_run: Any, before_writes: Any
) -> None:
    """All versions verify, readers skip the document once the entry exists, and a repeated command finishes."""
    documents = [document(n, text=prose(n)) for n in range(8)]
    run = kept_run("a-1", documents)
    withdrawn = documents[3]["doc_id"]
    seen = []
    writes_left = [0]

    def stop() -> None:
        writes_left[0] -= 1
        if writes_left[0] == 0:
            raise KeyboardInterrupt

    old = build("puerto", [run], Store.at(tmp_path / "store"), **TERMS)
    before_writes(stop, "write", "create", "add_object", "put")
    for moment in range(1, 100, _STEP):
        folder = shutil.copytree(tmp_path / "store", tmp_path / f"store-{moment}")
        store = Store.at(folder)
        writes_left[0] = moment
        try:
            write_receipt_entry(
                store, withdraw(store, WithdrawalRequest.of("puerto", "doc", withdrawn, "lo piden"), NOW), NOW
            )
        except KeyboardInterrupt:
            bound = (folder / "withdrawals" / "0001.json").exists()
            assert (withdrawn in read(folder, old.spec)) is not bound
            seen.append(bound)
            assert [p for v in store.versions("puerto") for p in verify(store, "puerto", v)] == []
            writes_left[0] = -1
            files = write_receipt_entry(
                store, withdraw(store, WithdrawalRequest.of("puerto", "doc", withdrawn, "lo piden"), NOW), NOW
            )
            assert problems_of(files["html"], store) == []
            assert read(folder, "puerto") == {row["doc_id"] for row in documents} - {withdrawn}
        else:
            break
    assert seen == sorted(seen)
    assert len(seen) * _STEP > 8
    assert set(seen) == {True, False}


def _rule(by: str, named: dict[str, Any]) -> Callable[[dict[str, Any]], bool]:
    """Return a predicate: whether a withdrawal of this document's id, source, text or author matches another one."""
    column = {"doc": "doc_id", "source": "source_id", "creator": "creators", "text": "text"}[by]
    return lambda row: bool(row[column] == (["Vera, Rosa"] if by == "creator" else named[column]))


@settings(
    max_examples=settings().max_examples // 20,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(data=st.data())
def test_no_row_of_any_version_is_withdrawn_or_beyond_its_terms(
    tmp_path_factory: pytest.TempPathFactory, document: Any, data: Any, seal_run: SealRun
) -> None:
    """Random documents, builds and withdrawals in any order are checked for each reader of each version."""
    out = tmp_path_factory.mktemp("ley")
    store = Store.at(out / "store")
    choose = data.draw(st.randoms(use_true_random=False))
    documents = [
        document(
            n,
            text=prose(choose.randrange(12)),
            source_id=choose.choice(["cantos", "cuentos", "archivo"]),
            creators=choose.choice([None, ["Vera, Rosa"], ["Otra"]]),
            rights_tier=choose.choice(["open", "attribution", "non_commercial", "unknown"]),
            uses=choose.choice([["train"], ["train", "redistribute"], ["evaluate"], []]),
            expires=choose.choice([None, None, date(2026, 11, 24), date(2027, 1, 1)]),
            embargo_until=choose.choice([None, None, date(2027, 1, 1)]),
        )
        for n in range(16)
    ]
    runs = {}
    for number, run_documents in enumerate((documents[:9], documents[6:])):
        folder = out / "runs" / f"r-{number}"
        (folder / "kept").mkdir(parents=True)
        days = {"expires": pl.Date, "embargo_until": pl.Date}
        rows = pl.DataFrame(run_documents, infer_schema_length=None, schema_overrides=days)
        schema.conform(rows, schema.DOCUMENT_SCHEMA).write_parquet(folder / "kept" / "p.parquet")
        seal_run(folder)
        runs[folder.name] = folder
    by_id = {chosen["doc_id"]: chosen for chosen in documents}
    rules: list[Callable[[dict[str, Any]], bool]] = []
    now = NOW
    for _ in range(5):
        now += timedelta(minutes=1)
        step = choose.choice(["build", "upon", "doc", "source", "creator", "text"])
        try:
            if step in ("build", "upon"):
                parent = "latest" if step == "upon" and store.names() else None
                build("puerto", list(runs.values()), store, parent=parent, **TERMS)
                continue
            chosen = choose.choice(documents)
            values = {
                "doc": chosen["doc_id"],
                "source": chosen["source_id"],
                "creator": "Rosa Vera",
                "text": chosen["text"],
            }
            withdraw(store, WithdrawalRequest.of("puerto", step, values[step], "x"), now, runs)
        except lc.CorpusError:
            continue
        rules.append(_rule(step, chosen))
    for version in store.versions("puerto") if store.names() else ():
        assert verify(store, "puerto", version) == []
        for doc_id in read(out / "store", f"puerto@{version}"):
            row = by_id[doc_id]
            assert row["rights_tier"] in ("open", "attribution")
            assert "train" in row["uses"]
            assert row["expires"] is None or row["expires"] >= TERMS["today"]
            assert row["embargo_until"] is None
            assert not any(rule(row) for rule in rules), row
