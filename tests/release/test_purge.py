"""A purge erases withdrawn documents from every file of the store and of the runs, and versions remain readable."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from built_versions import build

import latam_corpus as lc
from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.release.building.diff import diff
from latam_corpus.release.reading.verify_version import verify
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store import Store
from latam_corpus.release.withdrawals.purge import purge
from latam_corpus.release.withdrawals.withdraw import withdraw
from latam_corpus.release.withdrawals.withdrawal_request import WithdrawalRequest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe, SmallSource

TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25)}
NOW = datetime(2026, 11, 27, tzinfo=UTC)
_SONG = "Mi barca de papel se fue río abajo con la luna adentro y nadie la pudo alcanzar."


def having(folder: Path, words: str) -> list[str]:
    """Return the files that contain the words, directly or in a column of a table."""
    files = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        if path.suffix == ".parquet":
            data += json.dumps(pl.read_parquet(path).to_dicts(), ensure_ascii=False, default=str).encode()
        if words.encode() in data:
            files.append(str(path.relative_to(folder)))
    return files


@pytest.mark.parametrize("work", ["all", "none"])
def test_no_file_has_the_text_after_a_purge(
    work: str, tmp_path: Path, small_recipe: SmallRecipe, small_source: SmallSource, command_line: CommandLine
) -> None:
    """Objects, indexes, ledgers, runs, their pages and stored work; the old version can be pulled.

    Of a run whose documents were removed there are pages, which may tell of them.
    """
    out, store = tmp_path / "out", tmp_path / "out" / "store"
    texts = [_SONG, *(f"Cuento número {n} del puerto: la vecina {n} vende pan de {n} harinas." for n in range(9))]
    rows = "".join(json.dumps({"id": n, "text": text}, ensure_ascii=False) + "\n" for n, text in enumerate(texts))
    (tmp_path / "in.jsonl").write_text(rows, encoding="utf-8")
    (tmp_path / "fuente.toml").write_text(small_source(), encoding="utf-8")
    (tmp_path / "receta.toml").write_text(small_recipe("repair", "identify", "dedupe", release=""), encoding="utf-8")
    command = ("run", tmp_path / "receta.toml", "--input", tmp_path / "in.jsonl", "--out", out)
    assert command_line(*command).code == 0
    assert command_line("report", "receta", "--internal", "--out", out).code == 0
    assert command_line(*command, "--work", work).code == 0
    [page] = out.glob("runs/*/report-internal.html")
    assert _SONG in page.read_text(encoding="utf-8")
    (tmp_path / "canción.txt").write_text(_SONG, encoding="utf-8")
    options = ("--text", tmp_path / "canción.txt", "--because", "lo piden", "--out", out)
    assert command_line("release", "withdraw", "prueba", *options).code == 0
    assert having(out, _SONG)
    for files in ("ab/ab12.nodo-7.partial", "decisions-x1"):  # of workers that were killed at it
        (out / "work" / files).mkdir(parents=True)
        (out / "work" / files / "rows.parquet").write_bytes(_SONG.encode())
    # And what a driver, or `runs prune`, was killed at: before a run's record was written, or after it.
    [run] = (out / "runs").glob("receta-*")
    for files in ("receta-00000000/kept/0.parquet", ".receta-1.removed/kept/0.parquet", f"{run.name}/kept/.0.tmp"):
        (out / "runs" / files).parent.mkdir(parents=True, exist_ok=True)
        (out / "runs" / files).write_bytes(_SONG.encode())
    (out / "work" / "ab" / "ab13.damaged").write_text(_SONG)  # no folder
    result = command_line("release", "purge", "--out", out, "--json")
    assert (result.code, result.json["objects"], list(result.json["runs"].values())) == (
        0,
        1,
        [1] if work == "all" else [],
    )
    assert having(out, _SONG) == []
    for version in Store.at(store).versions("prueba"):
        assert verify(Store.at(store), "prueba", version) == []
    old = Store.at(store).versions("prueba")[0]
    assert command_line("pull", f"prueba@{old}", "--to", tmp_path / "p", "--out", out).code == 0
    assert pl.read_parquet(sorted((tmp_path / "p").glob("data/**/*.parquet"))).height == 9
    assert command_line("explain", "Cuento número 3", "--out", out).code == (0 if work == "all" else 1)
    changes = command_line("release", "diff", f"prueba@{old}", "prueba", "--out", out, "--json").json["changes"]
    assert changes == [{"what": "removed", "language": "spa_Latn", "reason": "withdrawn", "rows": 1}]
    assert command_line("release", "purge", "--out", out, "--json").json["objects"] == 0
    assert command_line(*command).code == 0
    released = lc.open_release(store, "prueba").scan().collect()
    assert released.height == 9


def test_an_interrupted_purge_is_resumed(tmp_path: Path, document: Any, kept_run: Any, before_writes: Any) -> None:
    """After a stop at any write all versions verify, and the repeated purge erases the rest."""
    store = Store.at(tmp_path / "store")
    documents = [document(0, text=_SONG), *(document(n) for n in range(1, 9))]
    build("puerto", [kept_run("a-1", documents)], store, **TERMS)
    withdraw(store, WithdrawalRequest.of("puerto", "doc", documents[0]["doc_id"], "lo piden"), NOW)
    writes = limit = 0

    def stop() -> None:
        nonlocal writes
        writes += 1
        if writes > limit:
            raise KeyboardInterrupt

    before_writes(stop, "write", "create", "add_object", "remove")
    cut = 0
    while True:
        writes, limit = 0, limit + 1
        try:
            purge(store, tmp_path / "out", NOW)
            break
        except KeyboardInterrupt:
            cut += 1
            for version in ("2026.11.0", "2026.11.1"):
                assert verify(store, "puerto", version) == []
    assert cut == 2
    assert having(tmp_path / "store", _SONG) == []


def test_a_shard_without_rows_is_removed(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """A version that loses its only document stays readable, also one that was made by a later withdrawal."""
    store = Store.at(tmp_path / "store")
    both = [document(1), document(2, language="por_Latn")]
    old = build("puerto", [kept_run("a-1", both)], store, **TERMS)
    for number, row in enumerate(both):
        withdraw(store, WithdrawalRequest.of("puerto", "doc", row["doc_id"], "lo piden"), NOW)
        purge(store, tmp_path / "out", NOW)
        assert verify(store, "puerto", old.version) == []
        with pytest.warns(UserWarning, match=rf"{number + 1} documents? of "):
            assert lc.open_release(tmp_path / "store", old.spec).scan().collect().height == 1 - number
    changes = diff(store, old, load_manifest(store, "puerto", "2026.11.2"))
    assert sorted((change.what, change.language, str(change.reason)) for change in changes) == [
        ("removed", "por_Latn", "withdrawn"),
        ("removed", "spa_Latn", "withdrawn"),
    ]
    assert build("puerto", [], store, parent=old.version, may_be_empty=True, **TERMS).rows == 0


def test_a_damaged_object_stops_the_purge(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Its rows cannot be identified, so nothing is erased."""
    store = Store.at(tmp_path / "store")
    old = build("puerto", [kept_run("a-1", [document(1), document(2)])], store, **TERMS)
    withdraw(store, WithdrawalRequest.of("puerto", "doc", document(1)["doc_id"], "lo piden"), NOW)
    path = tmp_path / "store" / old.shards[0].object
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ReleaseError, match="aren't those that the manifest names"):
        purge(store, tmp_path / "out", NOW)
    assert path.exists()


def test_a_purge_with_nothing_withdrawn_does_nothing(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """No entry is written."""
    build("puerto", [kept_run("a-1", [document(1)])], tmp_path / "store", **TERMS)
    assert purge(Store.at(tmp_path / "store"), tmp_path / "out", NOW).objects == 0
    assert not (tmp_path / "store" / "withdrawals").exists()


def test_a_purge_reports_missing_stores_and_runs(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """A missing store is refused, and runs that are not found are listed as not reached."""
    with pytest.raises(ConfigError, match="there is no release: nothing was erased; give the folder of runs"):
        purge(Store.at(tmp_path / "stroe"), tmp_path, NOW)
    store = Store.at(tmp_path / "store")
    build("puerto", [kept_run("a-1", [document(1), document(2)])], store, **TERMS)
    withdraw(store, WithdrawalRequest.of("puerto", "doc", document(1)["doc_id"], "lo piden"), NOW)
    [first, *_] = purge(store, tmp_path / "elsewhere", NOW).not_reached
    assert str(first).startswith(f"runs and stored work: there are none in {tmp_path / 'elsewhere'}")
    (tmp_path / "out" / "runs").mkdir(parents=True, exist_ok=True)
    assert not any("there are none" in str(sentence) for sentence in purge(store, tmp_path / "out", NOW).not_reached)


def test_a_purge_of_another_store_leaves_the_runs_here(
    tmp_path: Path, document: Any, kept_run: Any, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runs in `./out` are listed as not reached, unless --out names them."""
    store = Store.at(tmp_path / "copia" / "depósito")
    build("puerto", [kept_run("a-1", [document(1), document(2)])], store, **TERMS)
    withdraw(store, WithdrawalRequest.of("puerto", "doc", document(1)["doc_id"], "lo piden"), NOW)
    rows = tmp_path / "aquí" / "out" / "runs" / "receta-00000000" / "kept" / "0.parquet"
    rows.parent.mkdir(parents=True)
    rows.write_bytes(b"x")
    monkeypatch.chdir(tmp_path / "aquí")
    result = command_line("release", "purge", "--store", store.url)
    assert (result.code, rows.exists(), "name the folder with --out" in result.out) == (0, True, True), result.err
    result = command_line("release", "purge", "--store", store.url, "--out", "out")
    assert (result.code, rows.exists()) == (0, False), result.err
    runs_here = tmp_path / "copia" / "runs" / "receta-00000000" / "kept" / "0.parquet"
    runs_here.parent.mkdir(parents=True)
    runs_here.write_bytes(b"x")
    assert command_line("release", "purge", "--store", store.url).code == 0
    assert not runs_here.exists()
