"""Copies that may not replace withdrawn documents, and how they are shown."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from built_versions import build

from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.store_tables import read_ledger
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_receipt import (
    problems_of,
    receipt_values,
    sentences,
    write_receipt_entry,
)
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SealRun

TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25), "index": False}
NOW = datetime(2026, 11, 27, tzinfo=UTC)
BOOK = " ".join(f"verso{n} del cancionero" for n in range(60))
PART = " ".join(f"verso{n} del cancionero" for n in range(42))  # seven tenths of it, as a duplicate has


@pytest.fixture
def run(kept_run: Any, document: Any, seal_run: SealRun) -> Path:
    """Return a run with a song book, and copies of it that were dropped as duplicates."""
    book = document(1, text=BOOK, creators=["Vera, Rosa"], url="https://a.example/libro")
    copies = [
        document(2, text=PART + " del pdf", creators=None),  # the PDF, from the same source
        document(3, text=PART + " ajeno", source_id="espejo", creators=["Rosa Vera (comp.)"]),
        document(4, text=PART + " propio", source_id="biblioteca", creators=["Anónimo"]),
        document(5, text=PART + " cerrado", source_id="archivo", rights_tier="unknown", rights=None),
    ]
    folder: Path = kept_run("a-1", [book, document(9, text="otra cosa " * 9)], stage=[{"use": "dedupe"}])
    (folder / "dropped").mkdir()
    rows = pl.DataFrame(copies, infer_schema_length=None).with_columns(
        duplicate_of=pl.lit(book["doc_id"]), drop_reason=pl.lit("duplicate")
    )
    rows.write_parquet(folder / "dropped" / "parte-00000-0.parquet")
    seal_run(folder)
    return folder


@pytest.fixture
def ids(document: Any) -> dict[int, str]:
    """Return the ids of the documents by their numbers."""
    return {n: document(n)["doc_id"] for n in (1, 2, 3, 4, 5, 9)}


def released(store: Store) -> set[str]:
    """Return the ids of the latest version."""
    name, version = store.find("puerto")
    return set(read_ledger(store, name, version).filter(verdict="released")["doc_id"])


@pytest.mark.parametrize(("by", "value"), [("doc", None), ("url", "https://a.example/*")])
def test_copies_of_its_source_and_people_stay_out(
    run: Path, ids: dict[int, str], tmp_path: Path, by: Any, value: str | None
) -> None:
    """They stay out now and when the run is built again; the receipt names each with the reason."""
    store = Store.at(tmp_path / "out" / "store")
    build("puerto", [run], store, **TERMS)
    done = withdraw(store, WithdrawalRequest.of("puerto", by, value or ids[1], "lo pide"), NOW, {run.name: run})
    assert (done.promoted, done.in_place_of) == ([ids[4]], {ids[4]: ids[1]})
    assert done.kept_out == {ids[2]: "source", ids[3]: "people", ids[5]: "rights_tier=unknown"}
    assert released(store) == {ids[4], ids[9]}
    values = receipt_values(done)
    assert (values["in_place_of"], values["kept_out"]) == (done.in_place_of, done.kept_out)
    page = " ".join(map(str, sentences(values)))
    assert all(ids[n] in page for n in (2, 3, 4, 5))
    assert problems_of(write_receipt_entry(store, done, NOW)["html"], store) == []
    build("puerto", [run], store, parent="latest", **TERMS)
    assert released(store) == {ids[4], ids[9]}


def test_a_copy_that_stays_out_is_kept_out_of_later_runs(
    run: Path, ids: dict[int, str], kept_run: Any, document: Any, tmp_path: Path
) -> None:
    """It stays out of a run in which it is no longer a duplicate, since the original is missing."""
    store = Store.at(tmp_path / "out" / "store")
    build("puerto", [run], store, **TERMS)
    withdraw(store, WithdrawalRequest.of("puerto", "url", "https://a.example/*", "lo pide"), NOW, {run.name: run})
    later = [document(2, text=PART + " del pdf"), document(8, text="nuevo texto " * 9)]
    build("puerto", [kept_run("b-1", later)], store, parent="latest", **TERMS)
    assert ids[2] not in released(store)
    assert document(8)["doc_id"] in released(store)


@pytest.mark.parametrize(("by", "value"), [("creator", "Rosa Vera"), ("text", BOOK)])
def test_no_copy_of_a_withdrawn_text_or_person_is_released(
    run: Path, ids: dict[int, str], tmp_path: Path, by: Any, value: str
) -> None:
    """The people of the copy do not matter."""
    store = Store.at(tmp_path / "out" / "store")
    build("puerto", [run], store, **TERMS)
    done = withdraw(store, WithdrawalRequest.of("puerto", by, value, "lo pide"), NOW, {run.name: run})
    assert (done.promoted, set(done.kept_out.values())) == ([], {"words"})
    assert released(store) == {ids[9]}


def test_copies_from_other_sources_replace_a_withdrawn_source(run: Path, ids: dict[int, str], tmp_path: Path) -> None:
    """The people of the copy do not matter, since the request names none."""
    store = Store.at(tmp_path / "out" / "store")
    build("puerto", [run], store, **TERMS)
    done = withdraw(
        store, WithdrawalRequest.of("puerto", "source", "cuentos-del-puerto", "lo pide"), NOW, {run.name: run}
    )
    assert done.promoted == [ids[3]]
    assert (done.kept_out[ids[2]], done.kept_out[ids[4]]) == ("source", "other copy")


def test_a_hold_keeps_the_copies_out_until_its_return(run: Path, ids: dict[int, str], tmp_path: Path) -> None:
    """A hold excludes the same copies as a withdrawal."""
    store = Store.at(tmp_path / "out" / "store")
    build("puerto", [run], store, **TERMS)
    done = withdraw(
        store, WithdrawalRequest.of("puerto", "doc", ids[1], "en disputa", kind="hold"), NOW, {run.name: run}
    )
    assert (done.promoted, done.kept_out[ids[2]]) == ([ids[4]], "source")


def test_the_command_lists_copies_before_and_after(
    run: Path, ids: dict[int, str], tmp_path: Path, command_line: CommandLine
) -> None:
    """A dry run lists the copies and changes nothing; the command lists them again."""
    store = Store.at(tmp_path / "out" / "store")
    build("puerto", [run], store, **TERMS)
    command = ("release", "withdraw", "puerto", "--doc", ids[1], "--because", "x", "--store", store.url)
    preview = command_line(*command, "--dry-run", "--json").json
    assert preview["come_back"] == [{"doc_id": ids[4], "source_id": "biblioteca"}]
    assert preview["in_place_of"] == {ids[4]: ids[1]}
    assert {copy["doc_id"]: copy["why"] for copy in preview["stay_out"]}[ids[2]].startswith(
        "it is from the same source"
    )
    assert released(store) == {ids[1], ids[9]}
    for options in (("--dry-run",), ()):
        result = command_line(*command, *options)
        assert result.code == 0, result.err
        assert "copies that come back" in result.out
        assert "copies that do not come back" in result.out
