"""Requests with several documents, sources, people, addresses and texts, and dry runs."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from built_versions import build, prose

import latam_corpus as lc
from latam_corpus.errors import ConfigError
from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.store_tables import read_ledger
from latam_corpus.release.storing.withdrawal_log import LogEntry, read_log
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_receipt import (
    problems_of,
    receipt_files,
    receipt_values,
    sentences,
    write_receipt_entry,
)
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest

if TYPE_CHECKING:
    from conftest import CommandLine, MadeOnce

TERMS: dict[str, Any] = {"admit": ["open", "attribution"], "uses": ["train"], "today": date(2026, 11, 25)}
NOW = datetime(2026, 11, 27, tzinfo=UTC)
SCRIPT = Path(__file__).parents[2] / "docs" / "verify_receipt.py"


@pytest.fixture
def documents(document: Any) -> list[dict[str, Any]]:
    """Return twenty documents of two sources, some by one author, one under a folder of a site."""
    return [
        document(
            n,
            text=prose(n),
            source_id="cantos" if n in (0, 1) else "cuentos-del-puerto",
            creators=["Vera, Rosa"] if n in (2, 3) else None,
            url=f"https://diario.example/{'poemas' if n == 4 else 'notas'}/{n}",
        )
        for n in range(20)
    ]


@pytest.fixture
def store(tmp_path: Path, documents: list[dict[str, Any]], kept_run: Any, made_once: MadeOnce) -> Store:
    """Return a store with a version of the documents."""
    run = kept_run("a-1", documents)
    folder = tmp_path / "out" / "store"
    made_once("withdraw-several", lambda made: build("puerto", [run], made, **TERMS), folder)
    return Store.at(folder)


def tree(store: Store) -> dict[str, str]:
    """Return every file of a store with its digest."""
    root = Path(store.root)
    files = (file for file in sorted(root.rglob("*")) if file.is_file() and "scratch" not in file.parts)
    return {str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_repeated_options_make_one_request(
    store: Store, documents: list[dict[str, Any]], command_line: CommandLine, tmp_path: Path
) -> None:
    """All kinds of items together make one entry of the log, one receipt and one version."""
    ids = [item["doc_id"] for item in documents]
    (tmp_path / "texto.txt").write_text(prose(5))
    (tmp_path / "lista.txt").write_text(f"# de la familia\n{ids[6]}\n\n{ids[7]}  # dos veces\n{ids[7]}\n")
    receipt = tmp_path / "receipt.html"
    result = command_line(
        "release", "withdraw", "puerto", "--doc", ids[8], "--doc", ids[9], "--source", "cantos", "--creator",
        "Rosa Vera", "--url", "https://diario.example/poemas/*", "--text", tmp_path / "texto.txt",
        "--from", tmp_path / "lista.txt",
        "--because", "lo piden", "--receipt", receipt, "--store", store.url, "--json",
    )  # fmt: skip
    assert result.code == 0, result.err
    assert set(json.loads(result.out)["doc_ids"]) == set(ids[:10])
    log = read_log(store)
    assert [entry.kind for entry in log.entries] == ["withdrawal", "receipt"]
    assert log.entries[0].by == "several"
    assert len(log.entries[0].several) == 8
    assert len(store.versions("puerto")) == 2
    assert problems_of(receipt.read_bytes(), store) == []
    checked = subprocess.run([sys.executable, SCRIPT, receipt, store.url], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    page = " ".join(str(item) for item in sentences(json.loads(result.out)))
    assert "cantos" in page
    assert ids[8] in page


def test_documents_of_several_items_stay_out_of_later_builds(
    store: Store, document: Any, kept_run: Any, documents: list[dict[str, Any]]
) -> None:
    """A document stays out by its id, source, author, address or text, as if that were the only item."""
    request = WithdrawalRequest(
        "puerto",
        "lo piden",
        (documents[8]["doc_id"],),
        ("cantos",),
        ("Rosa Vera",),
        ("https://diario.example/poemas/*",),
        (prose(5),),
    )
    withdraw(store, request, NOW)
    half = " ".join(prose(5).split()[:35])
    late = [
        document(100, text=prose(100), source_id="cantos"),
        document(101, text=prose(101), creators=["Rosa Vera"]),
        document(102, text=prose(102), url="https://diario.example/poemas/102"),
        document(103, text=half),
        document(104, text=prose(8)),
        document(105, text=prose(2)),
        document(106, text=prose(106)),
    ]
    built = build("puerto", [kept_run("b-1", late)], store, parent="latest", **TERMS)
    kept_out = set(read_ledger(store, "puerto", built.version).filter(reason="withdrawn")["doc_id"])
    assert {row["doc_id"] for row in late[:-1]} <= kept_out
    assert late[-1]["doc_id"] not in kept_out
    # Half of a text is a copy of one that was named as a text, and not of one that was named by its id.
    other_half = document(107, text=" ".join(prose(8).split()[:35]))
    rebuilt = build("puerto", [kept_run("c-1", [other_half])], store, parent="latest", **TERMS)
    assert other_half["doc_id"] in set(
        read_ledger(store, "puerto", rebuilt.version).filter(verdict="released")["doc_id"]
    )


def test_one_unknown_id_withdraws_nothing_and_names_its_line(
    store: Store, documents: list[dict[str, Any]], command_line: CommandLine, tmp_path: Path
) -> None:
    """All unknown ids of lists and options are reported with their place, and nothing is withdrawn."""
    id_list = tmp_path / "lista.txt"
    id_list.write_text(f"{documents[0]['doc_id']}\n{'0' * 32}\n# nota\n{'1' * 32}\n")
    files = tree(store)
    result = command_line(
        "release", "withdraw", "puerto", "--from", id_list, "--doc", "2" * 32, "--because", "x", "--store", store.url,
        "--json",
    )  # fmt: skip
    assert result.code == 2
    places = {error["place"] for error in json.loads(result.err.splitlines()[-1])["errors"]}
    assert places == {f"{id_list}, line 2", f"{id_list}, line 4", "--doc"}
    assert tree(store) == files


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff{a}\r\n\r\n# nota\r\n{b}\r\n",
        'title,doc_id\nUno,{a}\n"Dos, o más",{b}\n',
        '\ufeffdoc_id;title\r\n{a};Uno\r\n# nota;\r\n;\r\n{b};"Dos\r\nlíneas"\r\n',
        "# lista\nn\tdoc_id\n1\t{a}\n2\t{b}",
        '"{a}"\n"{b}"\n',
    ],
)
def test_a_list_of_ids_is_read_as_people_save_it(
    store: Store, documents: list[dict[str, Any]], command_line: CommandLine, tmp_path: Path, text: str
) -> None:
    """It has one id per line or a CSV column, perhaps with a byte order mark, Windows line ends and comments."""
    a, b = documents[10]["doc_id"], documents[11]["doc_id"]
    id_list = tmp_path / "lista.csv"
    id_list.write_bytes(text.format(a=a, b=b).encode())
    options = ("--from", id_list, "--because", "x", "--store", store.url, "--json")
    result = command_line("release", "withdraw", "puerto", "--dry-run", *options)
    assert result.code == 0, result.err
    assert [row["doc_id"] for row in json.loads(result.out)["leave"]] == sorted([a, b])


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"", ""),
        (b"# nada\n\n", ""),
        ("título\n".encode("utf-16"), ""),
        (b"id,title\n1,Uno\n", ", line 1"),
        (b"doc_id,title\n,Uno\n", ", line 2"),
        (b"aa bb\n", ", line 1"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused(
    store: Store, command_line: CommandLine, tmp_path: Path, data: bytes, place: str
) -> None:
    """The error for an unreadable or empty list names the file, and the line if there is one."""
    id_list = tmp_path / "lista.txt"
    id_list.write_bytes(data)
    result = command_line(
        "release", "withdraw", "puerto", "--from", id_list, "--because", "x", "--store", store.url, "--json"
    )
    assert result.code == 2
    assert json.loads(result.err)["errors"][0]["place"] == f"{id_list}{place}"
    assert not read_log(store).entries


def test_a_dry_run_predicts_the_result(document: Any, kept_run: Any, tmp_path: Path) -> None:
    """It returns the same documents and copies as the command, and changes no byte of the store."""
    original, copy = document(1, text=prose(1), source_id="cantos"), document(2, text=prose(1), obtained=NOW)
    store = Store.at(tmp_path / "out" / "store")
    runs = [kept_run("a-1", [original, document(3, text=prose(3))]), kept_run("b-1", [copy])]
    build("puerto", runs, store, **TERMS)
    files = tree(store)
    arguments: dict[str, Any] = {"because": "lo piden", "docs": [original["doc_id"]]}
    preview = lc.withdraw(store.url, "puerto", dry_run=True, **arguments)
    assert tree(store) == files
    done = lc.withdraw(store.url, "puerto", **arguments)
    assert (preview.documents, preview.promoted, preview.rows) == (done.documents, done.promoted, done.rows)
    assert preview.remaining == {}  # the copy comes back, which `promoted` says
    assert (done.documents, done.promoted) == ([original["doc_id"]], [copy["doc_id"]])
    assert preview.after.rows == done.after.rows


def test_a_dry_run_lists_released_copies_that_remain(document: Any, kept_run: Any, command_line: CommandLine) -> None:
    """They have most of a document that is withdrawn by its id; `--text` withdraws them too."""
    song = document(1, text=prose(1), source_id="cantos")
    copy = document(2, text=f"{prose(1)} {prose(2, 8)}", source_id="fonoteca")
    run = kept_run("a-1", [song, copy, document(3, text=prose(3))])
    store = Store.at(run.parent.parent / "store")
    build("puerto", [run], store, **TERMS)
    arguments: dict[str, Any] = {"because": "lo piden", "dry_run": True}
    assert lc.withdraw(store.url, "puerto", docs=[song["doc_id"]], **arguments).remaining == {
        copy["doc_id"]: "fonoteca"
    }
    assert lc.withdraw(store.url, "puerto", texts=[prose(1)], **arguments).remaining == {}
    options = ("--doc", song["doc_id"], "--because", "x", "--store", store.url, "--dry-run")
    shown = command_line("release", "withdraw", "puerto", *options).out
    assert "copies that remain" in shown
    assert copy["doc_id"] in shown
    answer = json.loads(command_line("release", "withdraw", "puerto", *options, "--json").out)
    assert answer["remain"] == [{"doc_id": copy["doc_id"], "source_id": "fonoteca"}]


def test_a_dry_run_works_on_a_read_only_store(
    store: Store, documents: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, command_line: CommandLine
) -> None:
    """It lists each document with its source."""

    def refuse(*_arguments: Any) -> None:
        raise AssertionError

    monkeypatch.setattr("latam_corpus.release.storing.store.replace", refuse)
    monkeypatch.setattr("latam_corpus.release.storing.store.create", refuse)
    result = command_line(
        "release", "hold", "puerto", "--source", "cantos", "--doc", documents[9]["doc_id"], "--dry-run",
        "--because", "x", "--store", store.url,
    )  # fmt: skip
    assert result.code == 0, result.err
    assert "3 documents would be withdrawn; nothing was written" in result.out
    assert documents[9]["doc_id"] in result.out
    assert "cantos" in result.out


def test_a_notebook_withdraws_and_holds_several_items(
    store: Store, documents: list[dict[str, Any]], tmp_path: Path
) -> None:
    """It writes a receipt like the command, and refuses a single value in place of a list."""
    ids = [row["doc_id"] for row in documents]
    receipt = tmp_path / "receipt.json"
    done = lc.withdraw(store.url, "puerto", docs=ids[:3], sources=["cantos"], because="lo piden", receipt=receipt)
    assert done.documents == sorted(ids[:3])
    assert problems_of(receipt.read_bytes(), store) == []
    held = lc.hold(store.url, "puerto", docs=ids[10:12], because="en disputa")
    assert held.entry.kind == "hold"
    assert held.documents == sorted(ids[10:12])
    with pytest.raises(ConfigError, match="nothing is named"):
        lc.withdraw(store.url, "puerto", because="x")
    with pytest.raises(ConfigError, match="docs"):
        lc.withdraw(store.url, "puerto", docs=5, because="x")  # type: ignore[arg-type]


def test_the_same_request_in_another_order_makes_no_second_entry(store: Store, documents: list[dict[str, Any]]) -> None:
    """Two requests with the same items in different order are the same request."""
    ids = [row["doc_id"] for row in documents]
    first = withdraw(store, WithdrawalRequest("puerto", "x", (ids[1], ids[2])), NOW)
    second = withdraw(store, WithdrawalRequest("puerto", "x", (ids[2], ids[1], ids[2])), NOW)
    assert first.entry == second.entry
    assert read_log(store).sequence == 1


def test_old_entries_keep_their_bytes(store: Store, documents: list[dict[str, Any]]) -> None:
    """A log without `several`, and tables of texts without `by`, are read, enforced and verified as before."""
    doc = documents[12]
    done = withdraw(store, WithdrawalRequest.of("puerto", "doc", doc["doc_id"], "x"), NOW)
    path = Path(store.root) / "withdrawals" / "0001.json"
    values = json.loads(path.read_bytes())
    assert "several" not in values
    assert LogEntry.model_validate({k: v for k, v in values.items() if k != "seal"}).dumped() == path.read_bytes()
    # The table as it was written before: without the column.
    table = Path(store.root) / "withdrawals" / f"{done.entry.tables['texts'].sha256}.parquet"
    pl.read_parquet(table).drop("by").write_parquet(table)
    data = table.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    table.rename(table.with_name(f"{digest}.parquet"))
    entry = done.entry.model_copy(
        update={
            "tables": done.entry.tables | {"texts": done.entry.tables["texts"].model_copy(update={"sha256": digest})}
        }
    )
    path.write_bytes(entry.dumped())
    read = read_log(store)
    assert read.table(read.entries[0], "texts")["by"].to_list() == ["doc"]


def test_a_receipt_with_other_items_is_not_genuine(store: Store, documents: list[dict[str, Any]]) -> None:
    """Each of several items is compared with the entry of the log."""
    ids = [row["doc_id"] for row in documents]
    done = withdraw(store, WithdrawalRequest("puerto", "x", (ids[1], ids[2])), NOW)
    files = write_receipt_entry(store, done, NOW)
    assert all(problems_of(data, store) == [] for data in files.values())
    forged = done.__class__(**{**vars(done), "value": done.value.replace(ids[1], ids[3])})
    for data in write_receipt_entry(store, forged, NOW).values():
        assert any("what was asked" in problem for problem in problems_of(data, None))
    entry = done.entry.model_copy(update={"several": done.entry.several[:1]})
    digest = hashlib.sha256(entry.dumped()).hexdigest()
    fewer = done.__class__(**{**vars(done), "entry": entry, "entry_sha256": digest})
    for data in receipt_files(receipt_values(fewer)).values():
        assert any("what was asked" in problem for problem in problems_of(data, None))


def test_copies_from_other_sources_are_spared_per_document(document: Any, kept_run: Any, tmp_path: Path) -> None:
    """A source whose own document is withdrawn keeps its copies of the documents of other sources."""
    store = Store.at(tmp_path / "store")
    song, tale = document(1, text=prose(1), source_id="cantos"), document(2, text=prose(2), source_id="cuentos")
    copy = document(3, text=prose(1), source_id="cuentos", obtained=NOW)
    runs = [kept_run("a-1", [song, tale, document(9, text=prose(9))]), kept_run("b-1", [copy])]
    build("puerto", runs, store, **TERMS)
    request = WithdrawalRequest("puerto", "x", (song["doc_id"], tale["doc_id"]))
    done = withdraw(store, request, NOW, {run.name: run for run in runs})
    assert done.promoted == [copy["doc_id"]]
    assert read_log(store).table(done.entry, "spared")["doc_id"].to_list() == [copy["doc_id"]]
    both = WithdrawalRequest("puerto", "x", (copy["doc_id"], document(9)["doc_id"]))
    assert withdraw(store, both, NOW, {run.name: run for run in runs}).after.rows == 0


def test_a_copy_is_not_spared_from_a_text_that_is_withdrawn_too(document: Any, kept_run: Any, tmp_path: Path) -> None:
    """By its id a document leaves without other sources' copies; by its words these leave, too."""
    store = Store.at(tmp_path / "store")
    song = document(1, text=prose(1), source_id="cantos")
    copy = document(3, text=prose(1), source_id="cuentos", obtained=NOW)
    runs = [kept_run("a-1", [song, document(9, text=prose(9))]), kept_run("b-1", [copy])]
    build("puerto", runs, store, **TERMS)
    request = WithdrawalRequest("puerto", "x", docs=(song["doc_id"],), texts=(prose(1),))
    done = withdraw(store, request, NOW, {run.name: run for run in runs})
    assert done.promoted == []
    assert done.after.rows == 1
    assert build("puerto", runs[1:], store, parent="latest", **TERMS).rows == 1
