"""Holds of documents under dispute, their return, and lapses of terms."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from built_versions import build, prose

import latam_corpus as lc
from latam_corpus.errors import ConfigError
from latam_corpus.release.publish import publish
from latam_corpus.release.reading.corpus_lock import read_lock
from latam_corpus.release.reading.lock_check import check_lock
from latam_corpus.release.reading.pull import pull
from latam_corpus.release.reading.verify_version import verify
from latam_corpus.release.refusals.opt_outs import LISTED, write_opt_outs
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.withdrawal_log import read_log
from latam_corpus.release.withdrawals.holds import give_back
from latam_corpus.release.withdrawals.purge import purge
from latam_corpus.release.withdrawals.withdraw import outcomes_of_lapses, withdraw
from latam_corpus.release.withdrawals.withdrawal_receipt import problems_of, sentences, write_receipt_entry
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, MadeOnce, SealRun

    from latam_corpus.release.storing.manifest import Manifest

TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"]}
NOW = datetime(2026, 11, 27, tzinfo=UTC)

pytestmark = pytest.mark.filterwarnings("ignore:.*(is|are) withdrawn")


@pytest.fixture
def documents(document: Any) -> list[dict[str, Any]]:
    """Return twelve documents, three of them from another source."""
    return [document(n, text=prose(n), source_id="cantos" if n < 3 else "cuentos") for n in range(12)]


@pytest.fixture
def store(tmp_path: Path, documents: list[dict[str, Any]], kept_run: Any, made_once: MadeOnce) -> Store:
    """Return a store with a version of the documents."""

    def make(folder: Path) -> None:
        build("puerto", [kept_run("a-1", documents)], folder, created=NOW - timedelta(1), **TERMS)

    return Store.at(made_once("holds", make, tmp_path / "store"))


def given(store: Store, spec: str) -> set[str]:
    """Return the ids that readers of a version get."""
    return set(lc.open_release(store.url, spec).scan().select("doc_id").collect()["doc_id"])


def reasons(store: Store, manifest: Manifest) -> dict[str, str]:
    """Return the reason for each document that a version left out."""
    rows = pl.read_parquet(f"{store.root}/releases/puerto/{manifest.version}/ledger.parquet")
    return dict(rows.filter(verdict="dropped").select("doc_id", "reason").iter_rows())


def test_held_documents_return_unchanged(
    store: Store, documents: list[dict[str, Any]], kept_run: Any, tmp_path: Path
) -> None:
    """They return in the same split; until then readers skip them, runs don't release them, and purges keep them."""
    old = store.versions("puerto")[0]
    all_ids = {entry["doc_id"] for entry in documents}
    old_rows = pl.read_parquet(f"{store.root}/{load_manifest(store, 'puerto', old).shards[0].object}")
    pull("puerto", store, tmp_path / "p")
    held = withdraw(store, WithdrawalRequest.of("puerto", "source", "cantos", "two heirs disagree", kind="hold"), NOW)
    ids = {entry["doc_id"] for entry in documents[:3]}
    assert (held.entry.kind, held.entry.request[0], set(held.documents)) == ("hold", "H", ids)
    assert reasons(store, held.after) == dict.fromkeys(ids, "held")
    assert given(store, f"puerto@{old}") == given(store, "puerto") == all_ids - ids
    rebuilt = build("puerto", [kept_run("b-1", documents)], store, parent="latest", created=NOW, **TERMS)
    assert given(store, rebuilt.spec) == all_ids - ids
    withdraw(store, WithdrawalRequest.of("puerto", "doc", documents[5]["doc_id"], "asked"), NOW)
    assert purge(store, tmp_path / "out", NOW).documents == 1
    assert given(store, f"puerto@{old}") == all_ids - ids - {documents[5]["doc_id"]}
    returned = give_back(store, "puerto", held.entry.request, "they agree now", NOW)
    assert verify(store, "puerto", returned.after.version) == verify(store, "puerto", old) == []
    assert given(store, "puerto") == given(store, f"puerto@{old}") == all_ids - {documents[5]["doc_id"]}
    new_rows = pl.concat([pl.read_parquet(f"{store.root}/{entry.object}") for entry in returned.after.shards])
    rows = old_rows.filter(pl.col("doc_id").is_in(list(ids))).sort("doc_id")
    assert new_rows.filter(pl.col("doc_id").is_in(list(ids))).sort("doc_id").equals(rows)
    assert [entry.source_id for entry in returned.after.sources if entry.title] == [
        entry.source_id for entry in load_manifest(store, "puerto", old).sources if entry.title
    ]
    for done in (held, returned):
        files = write_receipt_entry(store, done, NOW)
        assert [problems_of(data, store) for data in files.values()] == [[], []]
        lines = [line.translate(language) for line in sentences(json.loads(files["json"])) for language in ("es", "pt")]
        assert len(set(lines)) == len(lines)
    # The same command again changes nothing.
    assert give_back(store, "puerto", held.entry.request, "again", NOW).after.version == returned.after.version
    # And what was given back can be withdrawn, and is gone then.
    final = withdraw(store, WithdrawalRequest.of("puerto", "source", "cantos", "after all"), NOW)
    assert set(final.documents) == ids
    purge(store, tmp_path / "out", NOW)
    assert given(store, f"puerto@{old}") == all_ids - ids - {documents[5]["doc_id"]}
    assert [verify(store, "puerto", version) for version in store.versions("puerto")] == [[]] * len(
        store.versions("puerto")
    )


def test_a_replacement_leaves_when_the_original_returns(
    document: Any, kept_run: Any, seal_run: SealRun, tmp_path: Path, command_line: CommandLine
) -> None:
    """The order of the returns does not matter; a replacement whose text has changed remains."""
    texts = [prose(1), prose(1).rsplit(" ", 1)[0] + " final", prose(3)]
    rows = [document(n, text=text, source_id="cantos" if n else "cuentos") for n, text in enumerate(texts)]
    first, copy, unrelated = (row["doc_id"] for row in rows)
    run = kept_run("a-1", [rows[0], rows[2]], stage=[{"use": "dedupe"}])
    (run / "dropped").mkdir()
    dropped = pl.DataFrame(rows[1:2]).with_columns(duplicate_of=pl.lit(first), drop_reason=pl.lit("duplicate"))
    dropped.write_parquet(run / "dropped" / "parte-00000-0.parquet")
    seal_run(run)
    opened = Store.at(tmp_path / "out" / "store")
    for name in ("puerto", "faro"):
        build(name, [run], opened, created=datetime.now(UTC), **TERMS)

    def hold(doc: str) -> str:
        return withdraw(
            opened,
            WithdrawalRequest.of("puerto", "doc", doc, "in dispute", kind="hold"),
            datetime.now(UTC),
            {run.name: run},
        ).entry.request

    request = hold(first)
    assert given(opened, "puerto") == {copy, unrelated}
    result = command_line("release", "return", "puerto", request, "--because", "x", "--store", opened.url)
    assert ("1 document more" in result.out, "1 copy that had taken its place was removed" in result.out) == (
        True,
        True,
    )
    assert given(opened, "puerto") == {first, unrelated}
    assert reasons(opened, load_manifest(opened, *opened.find("puerto"))) == {copy: "duplicate"}
    both = hold(first), hold(copy)
    assert given(opened, "puerto") == {unrelated}
    for request in both:
        give_back(opened, "puerto", request, "they agree", datetime.now(UTC))
        assert given(opened, "puerto") == {first, unrelated}
    request = hold(first)
    changed = document(1, text=prose(7), source_id="cantos", obtained=datetime.now(UTC))
    build("puerto", [kept_run("b-1", [changed])], opened, parent="latest", created=datetime.now(UTC), **TERMS)
    assert give_back(opened, "puerto", request, "they agree", datetime.now(UTC)).displaced == []
    assert given(opened, "puerto") == {first, copy, unrelated}
    # A release of which no version was made since knows nothing of it.
    assert build("faro", [], opened, parent="latest", created=datetime.now(UTC), **TERMS).version.endswith(".0")
    assert given(opened, "faro") == {first, unrelated}


def test_a_hold_can_become_a_withdrawal(store: Store, documents: list[dict[str, Any]], tmp_path: Path) -> None:
    """A withdrawn document cannot be held, and a return of the hold does not release it."""
    doc, old = documents[4]["doc_id"], store.versions("puerto")[0]
    held = withdraw(store, WithdrawalRequest.of("puerto", "doc", doc, "in dispute", kind="hold"), NOW)
    final = withdraw(store, WithdrawalRequest.of("puerto", "doc", doc, "settled"), NOW)
    assert (final.entry.kind, final.documents, final.entry.number) == ("withdrawal", [doc], 2)
    returned = give_back(store, "puerto", held.entry.request, "by mistake", NOW)
    assert (returned.documents, returned.rows) == ([], {})
    assert doc not in given(store, "puerto") | given(store, f"puerto@{old}")
    assert purge(store, tmp_path / "out", NOW).objects == 1
    assert len(given(store, f"puerto@{old}")) == 11
    assert verify(store, "puerto", old) == []
    with pytest.raises(ConfigError, match="isn't withdrawn already"):
        withdraw(store, WithdrawalRequest.of("puerto", "doc", doc, "once more", kind="hold"), NOW)
    with pytest.raises(ConfigError, match="has no hold «H9»"):
        give_back(store, "puerto", "H9", "by whom", NOW)


def test_held_documents_return_to_the_latest_version_only(store: Store, documents: list[dict[str, Any]]) -> None:
    """A return to an older version, or without a reason, is refused and adds no entry."""
    held = withdraw(
        store, WithdrawalRequest.of("puerto", "doc", documents[4]["doc_id"], "in dispute", kind="hold"), NOW
    )
    for name, because, message in (
        (f"puerto@{store.versions('puerto')[0]}", "they agree", "name the release alone: puerto"),
        ("puerto", "  ", "it is empty"),
    ):
        with pytest.raises(ConfigError, match=message):
            give_back(store, name, held.entry.request, because, NOW)
    assert [entry.kind for entry in read_log(store).entries] == ["hold"]


def test_lapsed_documents_leave_older_versions_too(
    documents: list[dict[str, Any]], tmp_path: Path, kept_run: Any
) -> None:
    """An expired permission and a new opt-out are reported to readers with a lock, and have a receipt."""
    lapsed_ids = {documents[6]["doc_id"], documents[11]["doc_id"]}
    documents[11]["expires"] = date(2026, 12, 31)
    store = Store.at(tmp_path / "store")
    old = build("puerto", [kept_run("a-1", documents)], store, created=NOW - timedelta(1), **TERMS)
    pull("puerto", store, tmp_path / "p")
    refusal = {"signal": "noai", "value": "noai", "address": "https://a.example/", "time": NOW, "since": NOW}
    about = {"doc_id": documents[6]["doc_id"], "source_id": "cuentos", "url": "https://a.example/6", "obtained": NOW}
    write_opt_outs(store, "puerto", pl.DataFrame([about | refusal | {"retroactive": True}], schema=LISTED))
    later = datetime(2027, 1, 1, tzinfo=UTC)
    lock = read_lock(tmp_path / "p" / "corpus.lock")
    for day, expected in ((None, {documents[6]["doc_id"]}), (later.date(), lapsed_ids)):
        checked = check_lock(lock, store, tmp_path / "p", day)
        assert (checked.withdrawn.to_list(), set(checked.refused)) == ([], expected)
    published = publish(old.spec, store, str(tmp_path / "hub"), today=later.date())
    assert (published.rows, published.excluded) == (10, 2)
    new = build("puerto", [], store, parent="latest", created=later, **TERMS)
    assert given(store, "puerto") == given(store, old.spec) == {row["doc_id"] for row in documents} - lapsed_ids
    checked = check_lock(read_lock(tmp_path / "p" / "corpus.lock"), store, tmp_path / "p")
    assert (set(checked.withdrawn), checked.refused.to_list(), checked.rows.height) == (lapsed_ids, [], 2)
    [lapse] = outcomes_of_lapses(store, old, new)
    assert (set(lapse.documents), lapse.entry.because) == (lapsed_ids, "expires<2027-01-01: 1; opt_out=noai: 1")
    files = write_receipt_entry(store, lapse, later)
    assert [problems_of(data, store) for data in files.values()] == [[], []]
    assert verify(store, "puerto", new.version) == verify(store, "puerto", old.version) == []
    assert purge(store, tmp_path / "out", later).objects == 0
    # Once the permission is given anew it is given again, of the older version too.
    renewed = [row | {"expires": None} for row in documents[11:]]
    build("puerto", [kept_run("b-1", renewed)], store, parent="latest", created=later, **TERMS)
    assert given(store, "puerto") == given(store, old.spec) == {row["doc_id"] for row in documents} - {about["doc_id"]}
    assert [entry.kind for entry in read_log(store).entries] == ["lapse", "receipt", "return"]


def test_requiring_more_uses_lapses_no_documents(
    tmp_path: Path, documents: list[dict[str, Any]], kept_run: Any
) -> None:
    """A version on narrower terms keeps its documents."""
    store = Store.at(tmp_path / "store")
    narrow = TERMS | {"uses": ["redistribute"]}
    old = build("puerto", [kept_run("a-1", documents)], store, created=NOW - timedelta(1), **narrow)
    refusal = {"signal": "noai", "value": "noai", "address": "https://a.example/", "time": NOW, "since": NOW}
    about = {"doc_id": documents[6]["doc_id"], "source_id": "cuentos", "url": "https://a.example/6", "obtained": NOW}
    write_opt_outs(store, "puerto", pl.DataFrame([about | refusal | {"retroactive": True}], schema=LISTED))
    wide = TERMS | {"uses": ["train", "redistribute"]}
    new = build("puerto", [], store, parent="latest", created=NOW, **wide)
    assert (new.rows, len(given(store, old.spec))) == (11, 12)
    assert not read_log(store).entries


def test_the_commands_hold_and_return_documents(
    store: Store, documents: list[dict[str, Any]], tmp_path: Path, command_line: CommandLine
) -> None:
    """Their receipts are genuine, in Spanish too, and the lock check reports the hold."""
    at: list[Any] = ["--store", store.url]
    assert command_line("pull", "puerto", "--to", tmp_path / "p", *at).code == 0
    doc = documents[4]["doc_id"]
    page = tmp_path / "h.html"
    held = command_line("release", "hold", "puerto", "--doc", doc, "--because", "x", "--receipt", page, *at)
    assert (held.code, "1 document held" in held.out) == (0, True)
    request = held.out.partition(":")[0]
    assert "Constancia de retención" in page.read_text("utf-8")
    assert command_line("release", "verify-receipt", page, *at).code == 0
    checked = command_line("release", "check-lock", tmp_path / "p" / "corpus.lock", *at, "--json")
    assert (checked.code, checked.json["withdrawn"]) == (1, [doc])
    diff = command_line("release", "diff", f"puerto@{store.versions('puerto')[0]}", "puerto", *at, "--lang", "es").out
    assert ("retenido" in diff, "quitad" in diff) == (True, True)
    receipt = tmp_path / "r.json"
    returned = command_line("release", "return", "puerto", request, "--because", "y", "--receipt", receipt, *at)
    assert (returned.code, "1 document more" in returned.out) == (0, True)
    assert command_line("release", "verify-receipt", receipt, *at).code == 0
    assert command_line("release", "check-lock", tmp_path / "p" / "corpus.lock", *at).code == 0
    assert command_line("release", "return", "puerto", "H1", "--because", "y", *at).code == 2
