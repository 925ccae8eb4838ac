"""What is under dispute is in no version and comes back; what its terms no longer allow goes the same way."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from built_versions import build

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

    from conftest import CommandLine, SealRun

    from latam_corpus.release.storing.manifest import Manifest

TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"]}
NOW = datetime(2026, 11, 27, tzinfo=UTC)
WORDS = "puerto barca faro noche vecina canción papel sombra invierno carta puente mercado".split()  # noqa: SIM905

pytestmark = pytest.mark.filterwarnings("ignore:.*(is|are) withdrawn")


def prose(number: int) -> str:
    """A text that shares no run of five words with another one's, but for chance."""
    draw = random.Random(number)
    return " ".join(f"{draw.choice(WORDS)}{draw.choice('aeiou')}" for _ in range(60))


@pytest.fixture
def documents(document: Any) -> list[dict[str, Any]]:
    """Twelve, three of another source."""
    return [document(n, text=prose(n), source_id="cantos" if n < 3 else "cuentos") for n in range(12)]


@pytest.fixture
def store(tmp_path: Path, documents: list[dict[str, Any]], kept_run: Any) -> Store:
    """A store with a version of them."""
    opened = Store.at(tmp_path / "store")
    build("puerto", [kept_run("a-1", documents)], opened, created=NOW - timedelta(1), **TERMS)
    return opened


def given(store: Store, spec: str) -> set[str]:
    """The ids that readers get of a version."""
    return set(lc.open_release(store.url, spec).scan().select("doc_id").collect()["doc_id"])


def reasons(store: Store, manifest: Manifest) -> dict[str, str]:
    """Why each document that was left out was."""
    rows = pl.read_parquet(f"{store.root}/releases/puerto/{manifest.version}/ledger.parquet")
    return dict(rows.filter(verdict="dropped").select("doc_id", "reason").iter_rows())


def test_what_is_held_comes_back_as_it_was(
    store: Store, documents: list[dict[str, Any]], kept_run: Any, tmp_path: Path
) -> None:
    """In its split; until then no older version gives it, no run brings it, and no purge erases it."""
    old = store.versions("puerto")[0]
    every = {one["doc_id"] for one in documents}
    before = pl.read_parquet(f"{store.root}/{load_manifest(store, 'puerto', old).shards[0].object}")
    pull("puerto", store, tmp_path / "p")
    held = withdraw(store, WithdrawalRequest.of("puerto", "source", "cantos", "two heirs disagree", kind="hold"), NOW)
    ids = {one["doc_id"] for one in documents[:3]}
    assert (held.entry.kind, held.entry.request[0], set(held.documents)) == ("hold", "H", ids)
    assert reasons(store, held.after) == dict.fromkeys(ids, "held")
    assert given(store, f"puerto@{old}") == given(store, "puerto") == every - ids
    again = build("puerto", [kept_run("b-1", documents)], store, parent="latest", created=NOW, **TERMS)
    assert given(store, again.spec) == every - ids
    withdraw(store, WithdrawalRequest.of("puerto", "doc", documents[5]["doc_id"], "asked"), NOW)
    assert purge(store, tmp_path / "out", NOW).documents == 1
    assert given(store, f"puerto@{old}") == every - ids - {documents[5]["doc_id"]}
    back = give_back(store, "puerto", held.entry.request, "they agree now", NOW)
    assert verify(store, "puerto", back.after.version) == verify(store, "puerto", old) == []
    assert given(store, "puerto") == given(store, f"puerto@{old}") == every - {documents[5]["doc_id"]}
    after = pl.concat([pl.read_parquet(f"{store.root}/{one.object}") for one in back.after.shards])
    rows = before.filter(pl.col("doc_id").is_in(list(ids))).sort("doc_id")
    assert after.filter(pl.col("doc_id").is_in(list(ids))).sort("doc_id").equals(rows)
    assert [one.source_id for one in back.after.sources if one.title] == [
        one.source_id for one in load_manifest(store, "puerto", old).sources if one.title
    ]
    for done in (held, back):
        files = write_receipt_entry(store, done, NOW)
        assert [problems_of(data, store) for data in files.values()] == [[], []]
        told = [line.translate(language) for line in sentences(json.loads(files["json"])) for language in ("es", "pt")]
        assert len(set(told)) == len(told)
    # The same command again changes nothing.
    assert give_back(store, "puerto", held.entry.request, "again", NOW).after.version == back.after.version
    # And what was given back can be withdrawn, and is gone then.
    gone = withdraw(store, WithdrawalRequest.of("puerto", "source", "cantos", "after all"), NOW)
    assert set(gone.documents) == ids
    purge(store, tmp_path / "out", NOW)
    assert given(store, f"puerto@{old}") == every - ids - {documents[5]["doc_id"]}
    assert [verify(store, "puerto", version) for version in store.versions("puerto")] == [[]] * len(
        store.versions("puerto")
    )


def test_a_copy_leaves_when_what_it_stood_for_is_back(
    document: Any, kept_run: Any, seal_run: SealRun, tmp_path: Path, command_line: CommandLine
) -> None:
    """Whichever of the two is back first; one that says something else by then stays."""
    texts = [prose(1), prose(1).rsplit(" ", 1)[0] + " final", prose(3)]
    rows = [document(n, text=text, source_id="cantos" if n else "cuentos") for n, text in enumerate(texts)]
    first, copy, other = (one["doc_id"] for one in rows)
    run = kept_run("a-1", [rows[0], rows[2]], stage=[{"use": "dedupe"}])
    (run / "dropped").mkdir()
    aside = pl.DataFrame(rows[1:2]).with_columns(duplicate_of=pl.lit(first), drop_reason=pl.lit("duplicate"))
    aside.write_parquet(run / "dropped" / "parte-00000-0.parquet")
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
    assert given(opened, "puerto") == {copy, other}
    told = command_line("release", "return", "puerto", request, "--because", "x", "--store", opened.url)
    assert ("1 document more" in told.out, "1 copy that had taken its place was removed" in told.out) == (True, True)
    assert given(opened, "puerto") == {first, other}
    assert reasons(opened, load_manifest(opened, *opened.find("puerto"))) == {copy: "duplicate"}
    both = hold(first), hold(copy)
    assert given(opened, "puerto") == {other}
    for request in both:
        give_back(opened, "puerto", request, "they agree", datetime.now(UTC))
        assert given(opened, "puerto") == {first, other}
    request = hold(first)
    changed = document(1, text=prose(7), source_id="cantos", obtained=datetime.now(UTC))
    build("puerto", [kept_run("b-1", [changed])], opened, parent="latest", created=datetime.now(UTC), **TERMS)
    assert give_back(opened, "puerto", request, "they agree", datetime.now(UTC)).displaced == []
    assert given(opened, "puerto") == {first, copy, other}
    # A release of which no version was made since knows nothing of it.
    assert build("faro", [], opened, parent="latest", created=datetime.now(UTC), **TERMS).version.endswith(".0")
    assert given(opened, "faro") == {first, other}


def test_a_hold_that_turns_into_a_withdrawal(store: Store, documents: list[dict[str, Any]], tmp_path: Path) -> None:
    """Ends as one; what is withdrawn can't be held, and what isn't held not be given back."""
    doc, old = documents[4]["doc_id"], store.versions("puerto")[0]
    held = withdraw(store, WithdrawalRequest.of("puerto", "doc", doc, "in dispute", kind="hold"), NOW)
    final = withdraw(store, WithdrawalRequest.of("puerto", "doc", doc, "settled"), NOW)
    assert (final.entry.kind, final.documents, final.entry.number) == ("withdrawal", [doc], 2)
    give_back(store, "puerto", held.entry.request, "by mistake", NOW)
    assert doc not in given(store, "puerto") | given(store, f"puerto@{old}")
    assert purge(store, tmp_path / "out", NOW).objects == 1
    assert len(given(store, f"puerto@{old}")) == 11
    assert verify(store, "puerto", old) == []
    with pytest.raises(ConfigError, match="isn't withdrawn already"):
        withdraw(store, WithdrawalRequest.of("puerto", "doc", doc, "once more", kind="hold"), NOW)
    with pytest.raises(ConfigError, match="has no hold «H9»"):
        give_back(store, "puerto", "H9", "by whom", NOW)


def test_what_was_held_comes_back_into_the_latest_version_alone(store: Store, documents: list[dict[str, Any]]) -> None:
    """Upon an older one, which might be named, the next would lack what came since; nothing is entered."""
    held = withdraw(
        store, WithdrawalRequest.of("puerto", "doc", documents[4]["doc_id"], "in dispute", kind="hold"), NOW
    )
    for name, because, told in (
        (f"puerto@{store.versions('puerto')[0]}", "they agree", "name the release alone: puerto"),
        ("puerto", "  ", "it is empty"),
    ):
        with pytest.raises(ConfigError, match=told):
            give_back(store, name, held.entry.request, because, NOW)
    assert [entry.kind for entry in read_log(store).entries] == ["hold"]


def test_what_has_lapsed_leaves_older_versions_too(
    documents: list[dict[str, Any]], tmp_path: Path, kept_run: Any
) -> None:
    """A permission that has ended and an opt-out that was found; both are told to who has it, with a receipt."""
    gone = {documents[6]["doc_id"], documents[11]["doc_id"]}
    documents[11]["expires"] = date(2026, 12, 31)
    store = Store.at(tmp_path / "store")
    old = build("puerto", [kept_run("a-1", documents)], store, created=NOW - timedelta(1), **TERMS)
    pull("puerto", store, tmp_path / "p")
    refusal = {"signal": "noai", "value": "noai", "address": "https://a.example/", "time": NOW, "since": NOW}
    about = {"doc_id": documents[6]["doc_id"], "source_id": "cuentos", "url": "https://a.example/6", "obtained": NOW}
    write_opt_outs(store, "puerto", pl.DataFrame([about | refusal | {"retroactive": True}], schema=LISTED))
    later = datetime(2027, 1, 1, tzinfo=UTC)
    lock = read_lock(tmp_path / "p" / "corpus.lock")
    for day, expected in ((None, {documents[6]["doc_id"]}), (later.date(), gone)):
        checked = check_lock(lock, store, tmp_path / "p", day)
        assert (checked.withdrawn.to_list(), set(checked.refused)) == ([], expected)
    published = publish(old.spec, store, str(tmp_path / "hub"), today=later.date())
    assert (published.rows, published.excluded) == (10, 2)
    new = build("puerto", [], store, parent="latest", created=later, **TERMS)
    assert given(store, "puerto") == given(store, old.spec) == {one["doc_id"] for one in documents} - gone
    checked = check_lock(read_lock(tmp_path / "p" / "corpus.lock"), store, tmp_path / "p")
    assert (set(checked.withdrawn), checked.refused.to_list(), checked.rows.height) == (gone, [], 2)
    [lapse] = outcomes_of_lapses(store, old, new)
    assert (set(lapse.documents), lapse.entry.because) == (gone, "expires<2027-01-01: 1; opt_out=noai: 1")
    files = write_receipt_entry(store, lapse, later)
    assert [problems_of(data, store) for data in files.values()] == [[], []]
    assert verify(store, "puerto", new.version) == verify(store, "puerto", old.version) == []
    assert purge(store, tmp_path / "out", later).objects == 0
    # Once the permission is given anew it is given again, of the older version too.
    renewed = [one | {"expires": None} for one in documents[11:]]
    build("puerto", [kept_run("b-1", renewed)], store, parent="latest", created=later, **TERMS)
    assert given(store, "puerto") == given(store, old.spec) == {one["doc_id"] for one in documents} - {about["doc_id"]}
    assert [entry.kind for entry in read_log(store).entries] == ["lapse", "receipt", "return"]


def test_a_release_that_asks_for_more_makes_nothing_lapse(
    tmp_path: Path, documents: list[dict[str, Any]], kept_run: Any
) -> None:
    """What an older version was given by its own terms stays its own."""
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


def test_the_commands_hold_and_give_back(
    store: Store, documents: list[dict[str, Any]], tmp_path: Path, command_line: CommandLine
) -> None:
    """With receipts that are checked, in Spanish too, and a lock that tells of it."""
    at: list[Any] = ["--store", store.url]
    assert command_line("pull", "puerto", "--to", tmp_path / "p", *at).code == 0
    doc = documents[4]["doc_id"]
    page = tmp_path / "h.html"
    told = command_line("release", "hold", "puerto", "--doc", doc, "--because", "x", "--receipt", page, *at)
    assert (told.code, "1 document held" in told.out) == (0, True)
    request = told.out.partition(":")[0]
    assert "Constancia de retención" in page.read_text("utf-8")
    assert command_line("release", "verify-receipt", page, *at).code == 0
    checked = command_line("release", "check-lock", tmp_path / "p" / "corpus.lock", *at, "--json")
    assert (checked.code, checked.json["withdrawn"]) == (1, [doc])
    diff = command_line("release", "diff", f"puerto@{store.versions('puerto')[0]}", "puerto", *at, "--lang", "es").out
    assert ("retenido" in diff, "quitad" in diff) == (True, True)
    receipt = tmp_path / "r.json"
    back = command_line("release", "return", "puerto", request, "--because", "y", "--receipt", receipt, *at)
    assert (back.code, "1 document more" in back.out) == (0, True)
    assert command_line("release", "verify-receipt", receipt, *at).code == 0
    assert command_line("release", "check-lock", tmp_path / "p" / "corpus.lock", *at).code == 0
    assert command_line("release", "return", "puerto", "H1", "--because", "y", *at).code == 2
