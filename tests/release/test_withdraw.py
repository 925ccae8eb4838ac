"""Withdraw documents by id, source, person, address or text, with replacement copies, pulls and an intact log."""

from __future__ import annotations

import hashlib
import json
import random
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from built_versions import build, prose

import latam_corpus as lc
from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.release.reading.verify_version import verify
from latam_corpus.release.refusals.withdrawn_texts import WithdrawnTexts, texts_of
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.store_tables import read_ledger
from latam_corpus.release.storing.withdrawal_log import FOLDER, read_log, request_name
from latam_corpus.release.withdrawals.purge import purge
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_receipt import problems_of, write_receipt_entry
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, MadeOnce, SealRun

    from latam_corpus.release.storing.manifest import Manifest
    from latam_corpus.release.withdrawals.withdraw import Withdrawal

TERMS: dict[str, Any] = {"admit": ["open", "attribution"], "uses": ["train"], "today": date(2026, 11, 25)}
NOW = datetime(2026, 11, 27, tzinfo=UTC)


def released(store: Path, spec: str) -> pl.DataFrame:
    """Return the rows in the objects of a version, withdrawn ones included."""
    opened = Store.at(store)
    manifest = load_manifest(opened, *opened.find(spec))
    return pl.concat(
        [pl.DataFrame(), *(pl.read_parquet(store / shard.object) for shard in manifest.shards)], how="diagonal"
    )


def reasons(store: Path, manifest: Manifest) -> dict[str, str]:
    """Return the reason for each document that a version left out."""
    rows = read_ledger(Store.at(store), manifest.name, manifest.version).filter(pl.col("verdict") == "dropped")
    return dict(rows.select("doc_id", "reason").iter_rows())


def ask(store: Path, by: Any, value: str, runs: dict[str, Path] | None = None, now: datetime = NOW) -> Withdrawal:
    """Withdraw one item from the release `puerto`."""
    return withdraw(Store.at(store), WithdrawalRequest.of("puerto", by, value, "lo pide la familia"), now, runs)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A folder for a store."""
    return tmp_path / "out" / "store"


@pytest.fixture
def documents(document: Any) -> list[dict[str, Any]]:
    """Return forty documents; each kind of item matches different ones."""
    return [
        document(
            n,
            text=prose(n),
            source_id="cantos" if n % 10 == 0 else "cuentos-del-puerto",
            creators=[["Vera, Rosa"], ["Luz, Eva; Vera, Rosa"]][n // 20] if n % 10 == 1 else None,
            contributor="Rosa Vera" if n % 10 == 2 else None,
            url=f"https://diario.example/{'poemas' if n % 10 == 3 else 'notas'}/{n}",
        )
        for n in range(40)
    ]


@pytest.fixture
def built(store: Path, documents: list[dict[str, Any]], kept_run: Any, made_once: MadeOnce) -> Manifest:
    """Return the version of the run `a-1` with the documents, in the store."""
    run = kept_run("a-1", documents)
    made_once("withdraw", lambda folder: build("puerto", [run], folder, **TERMS), store)
    return load_manifest(Store.at(store), "puerto", "2026.11.0")


@pytest.mark.parametrize(
    ("by", "value", "numbers"),
    [
        ("source", "cantos", {0, 10, 20, 30}),
        ("creator", "rosa  VERA", {1, 2, 11, 12, 21, 22, 31, 32}),
        ("url", "https://diario.example/poemas/*", {3, 13, 23, 33}),
        ("url", "https://diario.example/notas/5", {5}),
        ("text", prose(7).upper(), {7}),
    ],
)
def test_each_kind_of_item_withdraws_its_documents(
    store: Path, documents: list[dict[str, Any]], built: Manifest, by: str, value: str, numbers: set[int]
) -> None:
    """They leave the next version, reads of the old one, and builds of the same run."""
    done = ask(store, by, value)
    ids = {documents[n]["doc_id"] for n in numbers}
    assert set(done.documents) == ids
    assert done.after.rows == 40 - len(numbers)
    assert reasons(store, done.after) == dict.fromkeys(ids, "withdrawn")
    with pytest.warns(UserWarning, match=rf"{len(numbers)} documents? of {built.spec} (is|are) withdrawn"):
        read = lc.open_release(store, built.spec).scan().collect()
    assert set(read["doc_id"]) == {row["doc_id"] for row in documents} - ids
    assert not verify(Store.at(store), "puerto", done.after.version)
    rebuilt = build("puerto", [store.parent / "runs" / "a-1"], store, **TERMS)
    assert ids.isdisjoint(released(store, rebuilt.spec)["doc_id"])
    assert reasons(store, rebuilt) == dict.fromkeys(ids, "withdrawn")


def test_a_copy_that_is_collected_again_stays_out(store: Path, document: Any, kept_run: Any, built: Manifest) -> None:
    """Copies with another id, another source, changed words, or within another text stay out; new texts don't."""
    ask(store, "text", prose(7))
    words = prose(7).split()
    words[20] = "otra"
    copies = [
        document(100, text=prose(7), source_id="espejo"),
        document(101, text=" ".join(words)),
        document(102, text=f"{prose(50, 200)} {prose(7)} {prose(51, 200)}"),
        document(103, text=" ".join(words[30:])),
        document(104, text=prose(104)),
    ]
    built = build("puerto", [kept_run("b-1", copies)], store, parent="latest", **TERMS)
    assert reasons(store, built) == {copy["doc_id"]: "withdrawn" for copy in copies[:4]}
    decisions = read_ledger(Store.at(store), "puerto", built.version, copies[1]["doc_id"])
    assert json.loads(decisions["evidence"][0]) == {"withdrawal": 1}
    assert built.withdrawal_sequence == 1


def test_a_decree_with_another_number_isnt_withdrawn(store: Path, document: Any, kept_run: Any) -> None:
    """Texts that differ in their numbers alone remain, and new ones are released."""
    form = f"Decreto número {{}}. {prose(1, 90)}"
    old = [document(n, text=form.format(n)) for n in range(5)]
    build("puerto", [kept_run("a-1", old)], store, **TERMS)
    done = ask(store, "text", old[2]["text"])
    assert done.documents == [old[2]["doc_id"]]
    built = build("puerto", [kept_run("b-1", [document(9, text=form.format(9))])], store, parent="latest", **TERMS)
    assert built.rows == 5


def test_a_copy_with_rights_replaces_a_withdrawn_document(
    store: Path, document: Any, kept_run: Any, seal_run: SealRun
) -> None:
    """A dropped copy from another source replaces it; one from the same source or without terms does not."""
    text = prose(1)
    original = document(1, text=text)
    copies = [
        document(2, text=text, source_id="biblioteca", rights_tier="attribution", rights="CC-BY-4.0"),
        document(3, text=text),
        document(4, text=text, source_id="archivo", rights_tier="unknown", rights=None),
    ]
    run = kept_run("a-1", [original, document(9, text=prose(9))], stage=[{"use": "repair"}, {"use": "dedupe"}])
    (run / "dropped").mkdir()
    dropped = pl.DataFrame(copies).with_columns(
        duplicate_of=pl.lit(original["doc_id"]), drop_reason=pl.lit("duplicate")
    )
    dropped.write_parquet(run / "dropped" / "parte-00000-0.parquet")
    seal_run(run)
    build("puerto", [run], store, **TERMS)
    done = ask(store, "doc", original["doc_id"], {run.name: run})
    assert done.promoted == [copies[0]["doc_id"]]
    assert set(released(store, "puerto")["doc_id"]) == {copies[0]["doc_id"], document(9)["doc_id"]}
    assert reasons(store, done.after) == {
        original["doc_id"]: "withdrawn",
        copies[1]["doc_id"]: "withdrawn",
        copies[2]["doc_id"]: "rights_tier=unknown",
    }
    rebuilt = build("puerto", [run], store, **TERMS)
    assert set(released(store, rebuilt.spec)["doc_id"]) == {copies[0]["doc_id"], document(9)["doc_id"]}


def test_the_next_copy_replaces_a_withdrawn_replacement(
    store: Path, document: Any, kept_run: Any, seal_run: SealRun
) -> None:
    """Each withdrawn replacement is replaced by one further copy, also after the run is built again."""
    sources = ("cuentos-del-puerto", "biblioteca", "archivo", "museo")
    copies = [
        document(n, text=f"{prose(1)} {source}", source_id=source, obtained=NOW + timedelta(n))
        for n, source in enumerate(sources, 1)
    ]
    run = kept_run("a-1", [copies[0], document(9, text=prose(9))], stage=[{"use": "dedupe"}])
    (run / "dropped").mkdir()
    dropped = pl.DataFrame(copies[1:]).with_columns(
        duplicate_of=pl.lit(copies[0]["doc_id"]), drop_reason=pl.lit("duplicate")
    )
    dropped.write_parquet(run / "dropped" / "parte-00000-0.parquet")
    seal_run(run)
    build("puerto", [run], store, **TERMS)
    ids = [copy["doc_id"] for copy in copies]
    assert ask(store, "doc", ids[0], {run.name: run}).promoted == [ids[1]]
    assert ask(store, "doc", ids[1], {run.name: run}).promoted == [ids[2]]
    assert build("puerto", [run], store, parent="latest", **TERMS).rows == 2
    assert ask(store, "source", "archivo", {run.name: run}).promoted == [ids[3]]
    assert ask(store, "doc", ids[3], {run.name: run}).after.rows == 1


def test_runs_in_the_folder_of_the_store_are_found(
    store: Path,
    document: Any,
    kept_run: Any,
    command_line: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A command in another folder that names only the store finds the copies in its runs."""
    runs = [kept_run("a-1", [document(1, text=prose(1))])]
    runs.append(kept_run("b-1", [document(2, text=prose(1), source_id="biblioteca", obtained=NOW)]))
    build("puerto", runs, store, **TERMS)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    command = ("release", "withdraw", "puerto", "--doc", document(1)["doc_id"], "--because", "x", "--store", store)
    result = command_line(*command, "--json")
    assert (result.code, result.json["promoted"]) == (0, [document(2)["doc_id"]]), result.err


def test_a_remote_store_supports_withdrawals(documents: list[dict[str, Any]], kept_run: Any, tmp_path: Path) -> None:
    """A store in memory represents remote ones, and supports withdrawal, receipt, pull and purge."""
    opened = Store.at("memory://retirada")
    build("puerto", [kept_run("a-1", documents)], opened, **TERMS)
    done = withdraw(opened, WithdrawalRequest.of("puerto", "doc", documents[7]["doc_id"], "lo piden"), NOW)
    assert problems_of(write_receipt_entry(opened, done, NOW)["json"], opened) == []
    with pytest.warns(UserWarning, match="1 document"):
        assert lc.open_release("memory://retirada", "puerto@2026.11.0").scan().collect().height == 39
    with pytest.warns(UserWarning, match="1 document"):
        assert lc.pull("memory://retirada", "puerto@2026.11.0", tmp_path / "p", progress=False).rows == 39
    assert purge(opened, tmp_path / "out", NOW).objects == 1
    assert verify(opened, "puerto", "2026.11.0") == []


def test_a_missing_run_with_copies_is_reported(store: Path, document: Any, kept_run: Any) -> None:
    """If the run with the copy is not on disk, no copy is promoted and the notice names the run."""
    first = kept_run("a-1", [document(1, text=prose(1)), document(8, text=prose(8))])
    second = kept_run("b-1", [document(2, text=prose(1), source_id="biblioteca", obtained=NOW)])
    build("puerto", [first, second], store, **TERMS)
    done = ask(store, "doc", document(1)["doc_id"], {first.name: first})
    assert done.promoted == []
    assert "b-1" in str(done.copy_notices[0])
    build("puerto", [first, second], store, **TERMS)
    assert document(2)["doc_id"] not in set(released(store, "puerto")["doc_id"])


def test_a_copy_dropped_before_redaction_isnt_released(
    store: Path, document: Any, kept_run: Any, seal_run: SealRun
) -> None:
    """Stages after `dedupe` did not process the copy, and a notice says that a new run brings it."""
    original, twin = document(1, text=prose(1)), document(2, text=prose(1), source_id="biblioteca")
    run = kept_run("a-1", [original, document(9)], stage=[{"use": "dedupe"}, {"use": "redact"}])
    (run / "dropped").mkdir()
    dropped = pl.DataFrame([twin]).with_columns(
        duplicate_of=pl.lit(original["doc_id"]), drop_reason=pl.lit("duplicate")
    )
    dropped.write_parquet(run / "dropped" / "parte-00000-0.parquet")
    seal_run(run)
    build("puerto", [run], store, **TERMS)
    done = ask(store, "doc", original["doc_id"], {run.name: run})
    assert done.promoted == []
    assert twin["doc_id"] in str(done.copy_notices[0])


@pytest.mark.usefixtures("built")
def test_an_item_without_documents_cant_be_withdrawn(
    store: Path, documents: list[dict[str, Any]], kept_run: Any
) -> None:
    """An unknown id, source, name or text, a document of another release, or an empty reason writes nothing."""
    in_other_release = [{**documents[0], "doc_id": "f" * 32, "text": prose(500)}]
    build("faro", [kept_run("b-1", in_other_release)], store, **TERMS)
    for by, value, message in (
        ("doc", "0" * 32, "no version of puerto has «0"),
        ("source", "canto", "did you mean «cantos»"),
        ("creator", "Nadie", "no version of puerto has «Nadie»"),
        ("text", prose(999), "this text or a similar one"),
        ("text", " ", "nothing is named"),
        ("url", "*", "names no site"),
        ("doc", "f" * 32, "it is in faro: name that release"),
    ):
        with pytest.raises(ConfigError, match=message):
            ask(store, by, value)
    with pytest.raises(ConfigError, match="--because: it is empty"):
        withdraw(Store.at(store), WithdrawalRequest.of("puerto", "source", "cantos", " "), NOW)
    with pytest.raises(ConfigError, match="name the release alone: puerto"):
        withdraw(Store.at(store), WithdrawalRequest.of("puerto@2026.11.0", "source", "cantos", "x"), NOW)
    assert read_log(Store.at(store)).sequence == 0


def test_a_withdrawal_applies_to_all_releases_of_the_store(store: Path, document: Any, kept_run: Any) -> None:
    """Another release with the document is listed, its readers skip it, and its next version leaves it out."""
    both = [document(1, text=prose(1)), document(2, text=prose(2))]
    run = kept_run("a-1", both)
    build("puerto", [run], store, **TERMS)
    build("faro", [run], store, **TERMS)
    done = ask(store, "doc", both[0]["doc_id"])
    assert done.other_releases == ["faro"]
    with pytest.warns(UserWarning, match="1 document of faro@"):
        assert lc.open_release(store, "faro").scan().collect()["doc_id"].to_list() == [both[1]["doc_id"]]
    assert build("faro", [], store, parent="latest", **TERMS).rows == 1


def test_all_documents_of_a_release_can_be_withdrawn(store: Path, document: Any, kept_run: Any, tmp_path: Path) -> None:
    """The next version is empty and intact, and can be pulled."""
    build("puerto", [kept_run("a-1", [document(1), document(2)])], store, **TERMS)
    done = ask(store, "source", "cuentos-del-puerto")
    assert (done.after.rows, verify(Store.at(store), "puerto", done.after.version)) == (0, [])
    assert lc.pull(store, "puerto", tmp_path / "p", progress=False).rows == 0
    assert lc.open_release(store, "puerto").scan().collect().height == 0


def test_shards_without_withdrawn_documents_are_reused(store: Path, document: Any, kept_run: Any) -> None:
    """All shards of the new version except one are those of the old version."""
    build(
        "puerto", [kept_run("a-1", [document(n, text=prose(n)) for n in range(60)])], store, shard_bytes=12_000, **TERMS
    )
    old = load_manifest(Store.at(store), "puerto", "2026.11.0")
    done = ask(store, "doc", document(5)["doc_id"])
    taken = {shard.sha256 for shard in old.shards}
    fresh = [shard for shard in done.after.shards if shard.sha256 not in taken]
    assert len(old.shards) > 4
    assert (len(fresh), done.written) == (1, fresh[0].bytes)


def test_a_pull_of_an_old_version_leaves_withdrawn_documents_out(
    store: Path, documents: list[dict[str, Any]], built: Manifest, command_line: CommandLine, tmp_path: Path
) -> None:
    """A pull into an old or new folder has neither rows nor bytes of the text, and its lock can be checked."""
    old = built.spec
    at = ("--store", store)
    assert command_line("pull", old, "--to", tmp_path / "p", *at).code == 0
    lock = json.loads((tmp_path / "p" / "corpus.lock").read_bytes())
    assert (lock["rows"], lock["withdrawal_sequence"]) == (40, 0)
    assert command_line("release", "check-lock", tmp_path / "p" / "corpus.lock", *at).code == 0
    # Of a document the text is extracted as in a run.
    (tmp_path / "t.html").write_text(f"<!doctype html><meta charset=utf-8><p>{documents[7]['text']}</p>", "utf-8")
    reported = command_line("release", "withdraw", "puerto", "--text", tmp_path / "t.html", "--because", "x", *at)
    assert reported.code == 0, reported.err
    checked = command_line("release", "check-lock", tmp_path / "p" / "corpus.lock", *at, "--json")
    assert (checked.code, checked.json["withdrawn"]) == (1, [documents[7]["doc_id"]])
    for folder, where in (("p", []), ("q", ["--where", "country = 'CL'"])):
        result = command_line("pull", old, "--to", tmp_path / folder, *where, *at)
        assert (result.code, f"1 document of {old} is withdrawn" in result.err) == (0, True)
        rows = pl.read_parquet(sorted((tmp_path / folder).glob("data/**/*.parquet")))
        assert (rows.height, documents[7]["doc_id"] in rows["doc_id"]) == (39, False)
        lock = json.loads((tmp_path / folder / "corpus.lock").read_bytes())
        assert (lock["rows"], lock["withdrawal_sequence"], lock["rewritten"]) == (39, 2, True)
        digests = dict(line.split("  ")[::-1] for line in (tmp_path / folder / "SHA256SUMS").read_text().splitlines())
        for name, digest in digests.items():
            assert hashlib.sha256((tmp_path / folder / name).read_bytes()).hexdigest() == digest
    assert command_line("release", "check-lock", tmp_path / "p" / "corpus.lock", *at).code == 0
    for command in ("show", "verify"):
        result = command_line("release", command, old, *at)
        assert (result.code, f"1 document of {old} is withdrawn" in result.err) == (0, True)
    diff = command_line("release", "diff", old, "puerto", *at, "--json").json["changes"]
    assert diff == [{"what": "removed", "language": "spa_Latn", "reason": "withdrawn", "rows": 1}]


def test_the_command_refuses_invalid_items(store: Path, command_line: CommandLine, tmp_path: Path) -> None:
    """A missing option, an empty value, and a file that is missing or not UTF-8 exit with code 2 and a remedy."""
    (tmp_path / "latin.txt").write_bytes("canción".encode("latin-1"))
    (tmp_path / "dos.jsonl").write_text('{"text": "Uno."}\n{"text": "Dos."}\n')
    (tmp_path / "vacia.html").write_text("<html><body></body></html>")
    (tmp_path / "vacio.txt").write_text(" \n")
    for options, report in (
        ((), "nothing is named; name one of: --doc"),
        (("--doc", "a" * 32, "--source", "b"), "there is no release «puerto»"),
        (("--doc", "a" * 32, "--receipt", tmp_path / "r.html", "--dry-run"), "a dry run gives no receipt"),
        (("--text", tmp_path / "no.txt"), "it can't be read"),
        (("--text", tmp_path / "latin.txt"), "save it as plain text in UTF-8"),
        (("--doc", "a" * 32), "there is no release «puerto»"),
        (
            ("--doc", "mi carta.docx"),
            "`latam-corpus explain 'mi carta.docx'` shows the doc_id of a file; or give the file",
        ),
        (("--text", tmp_path / "dos.jsonl"), "it has 2 documents, and --text takes one"),
        (("--text", tmp_path / "vacia.html"), "no text can be extracted"),
        (("--text", tmp_path / "vacio.txt"), "vacio.txt: it has no text"),
    ):
        result = command_line("release", "withdraw", "puerto", *options, "--because", "x", "--store", store)
        assert (result.code, report in result.err) == (2, True), result.err


@pytest.mark.usefixtures("built")
def test_a_concurrent_withdrawal_starts_again(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The later command starts again from the version of the earlier one, so that both have their entry."""
    where = "latam_corpus.release.withdrawals.withdraw.request_name"

    def overtaken(*args: Any) -> str:
        monkeypatch.setattr(where, request_name)
        ask(store, "source", "cantos")
        return request_name(*args)

    monkeypatch.setattr(where, overtaken)
    assert ask(store, "text", prose(7)).after.rows == 35
    assert [entry.by for entry in read_log(Store.at(store)).withdrawals] == ["source", "text"]


def test_an_interrupted_withdrawal_is_resumed(store: Path, built: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry applies at once; repeating the command makes the next version, and a third call changes nothing."""

    def full(*_args: Any, **_kwargs: Any) -> Any:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("latam_corpus.release.withdrawals.withdraw.build", full)
        with pytest.raises(ReleaseError, match="No space left on device"):
            ask(store, "source", "cantos")
    with pytest.warns(UserWarning, match="4 documents"):
        assert lc.open_release(store, "puerto").scan().collect().height == 36
    done = ask(store, "source", "cantos")
    assert (done.before.spec, done.after.rows, done.rows) == (built.spec, 36, {built.spec: 4})
    assert read_log(Store.at(store)).sequence == 1
    assert ask(store, "source", "cantos").after.version == done.after.version


@pytest.mark.usefixtures("built")
def test_a_clock_that_runs_backwards_is_an_error(store: Path, documents: list[dict[str, Any]], kept_run: Any) -> None:
    """The command withdraws no document and makes no version."""
    ask(store, "source", "cantos")
    with pytest.raises(ReleaseError, match="set the clock; nothing was withdrawn"):
        ask(store, "text", prose(7), now=NOW - timedelta(days=1))
    assert (read_log(Store.at(store)).sequence, Store.at(store).latest("puerto")) == (1, "2026.11.1")
    with pytest.raises(ReleaseError, match=r"before 2026\.11\.1 was made; set the clock, or name the version"):
        build("puerto", [kept_run("b-1", documents[:3])], store, **TERMS | {"today": date(2026, 10, 3)})


@pytest.mark.usefixtures("built")
def test_every_changed_byte_of_the_log_is_found(store: Path, documents: list[dict[str, Any]], kept_run: Any) -> None:
    """Every reader of a version detects a changed byte, a missing entry, and a missing end of the log."""
    ask(store, "source", "cantos")
    ask(store, "doc", documents[7]["doc_id"])
    opened, copied = Store.at(store), kept_run("b-1", documents[6:9])
    draw = random.Random(7)
    for file in sorted((store / FOLDER).iterdir()):
        data = file.read_bytes()
        for place in draw.sample(range(len(data)), 40):
            changed = bytearray(data)
            changed[place] ^= 1 << draw.randrange(8)
            file.write_bytes(changed)
            if file.suffix == ".parquet":
                assert any(file.name in problem for problem in verify(opened, "puerto", "2026.11.2"))
                continue
            for read in (
                lambda: verify(opened, "puerto", "2026.11.2"),
                lambda: lc.open_release(store, "puerto").scan(),
            ):
                with pytest.raises(ReleaseError, match=file.name):
                    read()
        file.unlink()
        if file.name == "0002.json":
            with pytest.raises(ReleaseError, match=r"0002\.json: the entry is missing"):
                verify(opened, "puerto", "2026.11.2")
        with pytest.raises(ReleaseError, match=file.name):
            build("puerto", [copied], opened, parent="latest", **TERMS)
        file.write_bytes(data)


@pytest.mark.parametrize("removed", ["0001.json", "*.json", "*"])
@pytest.mark.usefixtures("built")
def test_a_log_without_its_end_stops_readers_of_every_version(store: Path, removed: str) -> None:
    """A version from before the withdrawal is refused too if the entry is missing from the log."""
    ask(store, "source", "cantos")
    for file in (store / FOLDER).glob(removed):
        file.unlink()
    for spec in ("puerto@2026.11.0", "puerto@2026.11.1"):
        with pytest.raises(ReleaseError, match=r"0001\.json: the entry is missing: puerto@2026\.11\.1 was written"):
            lc.open_release(store, spec).scan()
        with pytest.raises(ReleaseError, match=r"0001\.json: the entry is missing"):
            verify(Store.at(store), "puerto", spec.partition("@")[2])


@pytest.mark.usefixtures("built")
def test_a_signature_without_its_entry_is_noticed(store: Path) -> None:
    """A signature proves that an entry existed, although no version was made since."""
    (store / FOLDER).mkdir()
    (store / FOLDER / "0001.json.minisig").write_bytes(b"untrusted comment: of an entry")
    with pytest.raises(ReleaseError, match=r"withdrawals/0001\.json\.minisig was written when the log had 1 entry"):
        lc.open_release(store, "puerto").scan()


def test_a_piece_of_a_long_text_is_recognised() -> None:
    """The log keeps one run of words in sixteen, which is enough to find a piece."""
    book = prose(1, 5000)
    texts = WithdrawnTexts(texts_of(pl.Series([book])).with_columns(number=pl.lit(3, pl.UInt32), by=pl.lit("text")))
    pieces = [" ".join(book.split()[1000:1400]), prose(2, 400)]
    known = texts.copies(pl.Series(pieces), texts_of(pl.Series(pieces))["text_hash"])
    assert known.select("row", "number").rows() == [(0, 3)]
    assert len(texts.table["runs"][0]) < 8 * 5000 / 10
