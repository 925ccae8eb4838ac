"""Pulls into a folder that has an earlier pull end with exactly the requested version and rows."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from built_versions import build

from latam_corpus.__about__ import __version__
from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.release.reading.corpus_lock import Lock, read_lock, selection_digest
from latam_corpus.release.reading.pull import Subset, pull
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import MadeOnce

    from latam_corpus.release.storing.manifest import Manifest

TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25), "splits": {}}
COUNTRIES = ("CL", "AR")

Version = tuple[Store, "Manifest"]


@pytest.fixture
def version(tmp_path: Path, document: Any, kept_run: Any, made_once: MadeOnce) -> Version:
    """Return a version of 12 documents in two languages, half of them from each of two countries."""
    documents = [
        document(n, language="por_Latn" if n % 3 == 0 else "spa_Latn", country=COUNTRIES[n // 6]) for n in range(12)
    ]

    def make(folder: Path) -> None:
        build("puerto", [kept_run("a-1", documents)], folder, **TERMS)

    store = Store.at(made_once("pull-again", make, tmp_path / "store"))
    return store, load_manifest(store, *store.find("puerto"))


def countries(to: Path) -> dict[str, int]:
    """Return the number of documents of each country in a pulled folder."""
    return dict(pl.read_parquet(to / "data" / "**" / "*.parquet")["country"].value_counts().iter_rows())


def names(to: Path) -> set[str]:
    """Return the paths of the files in a folder."""
    return {path.relative_to(to).as_posix() for path in to.rglob("*") if path.is_file()}


def test_another_condition_replaces_the_rows(tmp_path: Path, version: Version) -> None:
    """A pull with another condition replaces the rows, although the files have the same names."""
    store, to = version[0], tmp_path / "corpus"
    for where, rows in (
        ("country = 'CL'", {"CL": 6}),
        ("country = 'AR'", {"AR": 6}),
        ("country != 'PE'", {"CL": 6, "AR": 6}),
        (None, {"CL": 6, "AR": 6}),
    ):
        lock = pull("puerto", store, to, Subset(where=where))
        assert countries(to) == rows
        assert (lock.where, lock.rows) == (where, sum(rows.values()))
        assert lock.rewritten == (rows in ({"CL": 6}, {"AR": 6}))
        assert read_lock(to / "corpus.lock") == lock
        card = (to / "README.md").read_text(encoding="utf-8")
        assert ("**A selection.**" in card) == (where is not None)
        assert (f"`{where}`" in card) == (where is not None)
        tables = card.partition("## What it holds")[2].partition("## Obligations")[0]
        assert {code: f"| {code} | {n} |" in tables for code, n in rows.items()} == dict.fromkeys(rows, True)
        assert ("AR" in tables) == ("AR" in rows)
        assert ("ledger.parquet" in names(to)) == (where is None)


def test_the_files_of_a_selection_are_numbered_from_zero(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Files are numbered consecutively for each language and split."""
    store = Store.at(tmp_path / "store")
    documents = [document(n, language="por_Latn" if n % 2 else "spa_Latn") for n in range(80)]
    manifest = build("puerto", [kept_run("a-1", documents)], store, shard_bytes=15_000, **TERMS)
    spanish = [shard for shard in manifest.shards if shard.language == "spa_Latn"]
    assert len(spanish) > 3
    ids = [pl.read_parquet(store.path(shard.object))["doc_id"].to_list() for shard in spanish]
    selected_ids = [ids[0][0], *ids[1][:2], ids[3][0], documents[1]["doc_id"]]
    to = tmp_path / "corpus"
    pull("puerto", store, to, Subset(where=f"doc_id in ({', '.join(map(repr, selected_ids))})"))
    assert {name for name in names(to) if name.startswith("data/")} == {
        "data/por_Latn-literature/train-00000-of-00001.parquet",
        *(f"data/spa_Latn-literature/train-{number:05}-of-00003.parquet" for number in range(3)),
    }
    assert sorted(pl.read_parquet(to / "data" / "**" / "*.parquet")["doc_id"]) == sorted(selected_ids)


def test_the_lock_has_version_selection_and_toolkit(tmp_path: Path, version: Version) -> None:
    """The lock of a selection has all keys that a trainer needs."""
    store, manifest = version
    pull("puerto", store, tmp_path / "corpus", Subset(where="country = 'CL'"))
    assert json.loads((tmp_path / "corpus" / "corpus.lock").read_text(encoding="utf-8")) == {
        "name": "puerto",
        "version": manifest.version,
        "manifest_sha256": hashlib.sha256(
            store.read("releases", "puerto", manifest.version, "manifest.json")
        ).hexdigest(),
        "withdrawal_sequence": 0,
        "where": "country = 'CL'",
        "rewritten": True,
        "rows": 6,
        "toolkit": __version__,
        "format": 1,
        "selection": selection_digest("country = 'CL'", ()),
    }


@pytest.mark.parametrize("file", ["README.md", "CHANGELOG.md", "ATTRIBUTION.md", "ledger.parquet"])
def test_a_changed_side_file_is_never_pulled(tmp_path: Path, version: Version, file: str) -> None:
    """A changed file is an error that names it, and nothing is written; a selection needs no ledger."""
    store, manifest = version
    place = ("releases", "puerto", manifest.version, file)
    store.write(store.read(*place) + b" ", *place)
    with pytest.raises(ReleaseError, match=rf"puerto@2026\.11\.0, {file}: its bytes aren't those"):
        pull("puerto", store, tmp_path / "corpus")
    assert not (tmp_path / "corpus").exists()
    if file == "ledger.parquet":
        assert pull("puerto", store, tmp_path / "corpus", Subset(where="country = 'CL'")).rows == 6


def test_a_folder_has_no_lock_while_it_changes(
    tmp_path: Path, version: Version, document: Any, kept_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pull that fails or is interrupted leaves no lock, as the former lock would be wrong."""
    store, to = version[0], tmp_path / "corpus"
    pull("puerto", store, to)
    second = build("puerto", [kept_run("b-1", [document(n) for n in range(100, 104)])], store, **TERMS)
    [shard] = second.shards
    data = store.read(shard.object)
    store.write(data[:-1] + b"x", shard.object)
    with pytest.raises(ReleaseError, match=shard.sha256):
        pull("puerto", store, to)
    assert not (to / "corpus.lock").exists()
    store.write(data, shard.object)
    assert pull("puerto", store, to).version == second.version
    with monkeypatch.context() as interrupted:
        interrupted.setattr("latam_corpus.release.reading.pull._copy_all", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            pull("puerto@2026.11.0", store, to)
    assert not (to / "corpus.lock").exists()
    assert pull("puerto@2026.11.0", store, to).rows == 12
    assert countries(to) == {"CL": 6, "AR": 6}


def _interrupted(*_: object) -> dict[str, str]:
    raise KeyboardInterrupt


def test_a_pull_leaves_only_files_of_the_version(
    tmp_path: Path, version: Version, document: Any, kept_run: Any
) -> None:
    """Temporary files and files of an earlier pull are removed; the index is kept only on request."""
    (store, manifest), to = version, tmp_path / "corpus"
    side_files = {
        "manifest.json",
        "README.md",
        "CHANGELOG.md",
        "ATTRIBUTION.md",
        "ledger.parquet",
        "SHA256SUMS",
        "corpus.lock",
        "croissant.json",
    }
    shards = {shard.path for shard in manifest.shards}
    pull("puerto", store, to, Subset(with_index=True))
    assert names(to) == side_files | shards | set(manifest.index)
    assert [path.is_dir() for path in (to / ".pull", to / ".pull.json")] == [False, False]
    pull("puerto", store, to)
    assert names(to) == side_files | shards
    spanish = tmp_path / "spanish"
    pull("puerto", store, spanish, Subset(where="country = 'CL'"))
    pull("puerto", store, spanish, Subset(where="language = 'spa_Latn'"))
    assert names(spanish) == side_files - {"ledger.parquet"} | {path for path in shards if "spa" in path}
    build("puerto", [kept_run("b-1", [document(1)])], store, index=False, **TERMS)
    pull("puerto", store, to)
    sums = {line.split("  ")[1] for line in (to / "SHA256SUMS").read_text(encoding="utf-8").splitlines()}
    assert names(to) == sums | {"SHA256SUMS", "corpus.lock"}
    assert countries(to) == {"CL": 1}


@pytest.mark.parametrize("selection", [{"where": "country = 'CL'"}, {"columns": ["text"]}])
def test_a_selection_never_replaces_a_whole_version(
    tmp_path: Path, version: Version, selection: dict[str, Any]
) -> None:
    """The folder stays unchanged, and the error has a remedy."""
    store, to = version[0], tmp_path / "corpus"
    pull("puerto", store, to)
    files = {name: (to / name).read_bytes() for name in names(to)}
    with pytest.raises(ConfigError, match=r"it has all of puerto@2026\.11\.0.*; name another folder"):
        pull("puerto", store, to, Subset(**selection))
    assert {name: (to / name).read_bytes() for name in names(to)} == files


def test_replaced_documents_are_reported(tmp_path: Path, version: Version, document: Any, kept_run: Any) -> None:
    """A note says that a pull replaced other rows, other columns or another version."""
    notes: list[Any] = []
    store, to = version[0], tmp_path / "corpus"
    build("puerto", [kept_run("a-2", [document(n) for n in range(3)])], store, **TERMS)
    for selection in ({"where": "country = 'CL'"}, {"where": "country = 'CL'"}, {"columns": ["text"]}, {}):
        pull("puerto@2026.11.0", store, to, Subset(**selection), report=notes.append)
    pull("puerto@2026.11.1", store, to, report=notes.append)
    messages = [str(note).split(" had ")[1] for note in notes]
    assert messages == [
        "6 documents of puerto@2026.11.0; this pull replaced them: it now has 12 of puerto@2026.11.0",
        "12 documents of puerto@2026.11.0; this pull replaced them: it now has 12 of puerto@2026.11.0",
        "12 documents of puerto@2026.11.0; this pull replaced them: it now has 3 of puerto@2026.11.1",
    ]


def test_progress_counts_bytes(tmp_path: Path, version: Version) -> None:
    """Progress is reported in bytes of the requested files, up to their total."""
    steps: list[tuple[str, int, int]] = []
    pull("puerto", version[0], tmp_path / "corpus", progress=lambda *step: steps.append(step))
    total = version[1].shard_bytes
    assert [(what, reported_total) for what, _, reported_total in steps] == [("pulling", total)] * len(
        version[1].shards
    )
    assert [done for _, done, _ in steps] == sorted({done for _, done, _ in steps})
    assert steps[-1][1] == total


def test_a_damaged_file_in_the_folder_is_replaced(tmp_path: Path, version: Version) -> None:
    """Damaged shards and other files are replaced by the next pull."""
    store, to = version[0], tmp_path / "corpus"
    for where in ("country = 'CL'", None):
        pull("puerto", store, to, Subset(where=where))
        intact = {name: (to / name).read_bytes() for name in names(to)}
        for name, data in intact.items():
            if name != "corpus.lock":
                (to / name).write_bytes(b"x" + data)
                pull("puerto", store, to, Subset(where=where))
                assert {name: (to / name).read_bytes() for name in names(to)} == intact, name


def test_intact_files_are_not_copied_again(tmp_path: Path, version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither whole shards nor shards rewritten for the same condition are copied again."""
    store, to = version[0], tmp_path / "corpus"
    for where in ("country = 'CL'", None):
        pull("puerto", store, to, Subset(where=where))
        with monkeypatch.context() as patch:
            patch.setattr("latam_corpus.release.reading.pull.fetch", _interrupted)
            pull("puerto", store, to, Subset(where=where))


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda to: to.write_text("mío"), "it is a file"),
        (lambda to: (to / "data").mkdir(parents=True) or (to / "data" / "x").write_text(""), "has other files"),
        (lambda to: to.mkdir() or (to / "nota").write_text(""), "has other files"),
    ],
)
def test_a_folder_with_other_contents_is_refused(tmp_path: Path, version: Version, spoil: Any, problem: str) -> None:
    """The error names the problem, and nothing is changed."""
    to = tmp_path / "corpus"
    spoil(to)
    existing_names = names(tmp_path)
    with pytest.raises(ConfigError, match=problem):
        pull("puerto", version[0], to)
    assert names(tmp_path) == existing_names


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path, version: Version) -> None:
    """A folder below a file is an error."""
    (tmp_path / "nota").write_text("")
    with pytest.raises(ConfigError, match="the folder can't be made: Not a directory"):
        pull("puerto", version[0], tmp_path / "nota" / "corpus")


@pytest.mark.parametrize("to", ["nueva/honda/corpus", "vacía"])
@pytest.mark.usefixtures("version")
def test_a_folder_may_be_deep_or_empty(tmp_path: Path, to: str) -> None:
    """Missing folders are made, and an empty one is used; a store may be given by its path."""
    (tmp_path / "vacía").mkdir()
    pull("puerto", str(tmp_path / "store"), tmp_path / to)
    assert countries(tmp_path / to) == {"CL": 6, "AR": 6}


@pytest.mark.parametrize(
    "damage",
    [
        b"\xff\xfe\xff",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b"not JSON",
        b'{"manifest_sha256": "", "where": null, "finished": [], "planned": []}',
        b'{"manifest_sha256": "", "where": null, "finished": {}, "planned": {}}',
        b'{"manifest_sha256": "", "where": null, "finished": {}, "planned": [3]}',
        b'{"manifest_sha256": "", "where": null, "finished": {"a": 3}, "planned": []}',
    ],
)
def test_a_damaged_pull_state_is_an_error(tmp_path: Path, version: Version, damage: bytes) -> None:
    """A pull does not continue from a state that cannot be read."""
    to = tmp_path / "corpus"
    to.mkdir()
    (to / ".pull.json").write_bytes(damage)
    with pytest.raises(ConfigError, match="it is damaged; remove the folder and pull again"):
        pull("puerto", version[0], to)
    (to / ".pull.json").unlink()
    (to / ".pull.json").mkdir()
    with pytest.raises(ConfigError, match="it is damaged; remove the folder and pull again"):
        pull("puerto", version[0], to)


@pytest.mark.parametrize("sums", [None, b"\xff\xfe  data/x.parquet\n"])
def test_damaged_or_missing_sums_are_rewritten(tmp_path: Path, version: Version, sums: bytes | None) -> None:
    """The files are compared with the version, and SHA256SUMS is written again."""
    to = tmp_path / "corpus"
    pull("puerto", version[0], to)
    original = (to / "SHA256SUMS").read_bytes()
    (to / "SHA256SUMS").unlink()
    if sums:
        (to / "SHA256SUMS").write_bytes(sums)
    pull("puerto", version[0], to)
    assert (to / "SHA256SUMS").read_bytes() == original


def test_a_selection_may_have_whole_and_partial_shards(tmp_path: Path, version: Version) -> None:
    """One shard is copied, another rewritten; the lock is readable JSON."""
    to = tmp_path / "corpus"
    lock = pull(
        "puerto", version[0], to, Subset(where="language = 'por_Latn' or country = 'CL' or source_id = 'ñandú'")
    )
    assert (lock.rewritten, lock.rows) == (True, 8)
    values = json.loads((to / "corpus.lock").read_bytes())
    assert (to / "corpus.lock").read_bytes() == (json.dumps(values, ensure_ascii=False, indent=2) + "\n").encode()
    assert "ñandú".encode() in (to / "corpus.lock").read_bytes()
    assert str(sorted((to / "data").rglob("*.parquet"))).count(".parquet") == 2


def test_partial_files_of_another_pull_are_removed(tmp_path: Path, version: Version) -> None:
    """A partial file that this version does not have is removed."""
    to = tmp_path / "corpus"
    pull("puerto", version[0], to)
    expected_names = names(to)
    (to / ".pull").mkdir()
    (to / ".pull" / "otro.part").write_bytes(b"PAR1")
    pull("puerto", version[0], to)
    assert names(to) == expected_names
    assert not (to / ".pull").exists()


def test_a_condition_that_selects_nothing_is_an_error(tmp_path: Path, version: Version) -> None:
    """The remedy fits the condition."""
    with pytest.raises(ConfigError, match=r"matches no document of [^;]+; see `release show`$"):
        pull("puerto", version[0], tmp_path / "corpus", Subset(where="country = 'PE'"))
    with pytest.raises(ConfigError, match=r"its languages are por_Latn, spa_Latn$"):
        pull("puerto", version[0], tmp_path / "corpus", Subset(where="language = 'quy_Latn'"))


def test_an_index_that_does_not_exist_is_an_error(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """A version without an index, or a selection of rows, has no index to pull."""
    store = Store.at(tmp_path / "store")
    build("puerto", [kept_run("a-1", [document(1)])], store, index=False, **TERMS)
    with pytest.raises(ConfigError, match="built without an index"):
        pull("puerto", store, tmp_path / "corpus", Subset(with_index=True))
    with pytest.raises(ConfigError, match="a selection of rows has no index"):
        pull("puerto", store, tmp_path / "corpus", Subset(where="country = 'CL'", with_index=True))
    assert not (tmp_path / "corpus").exists()


def test_an_unreadable_lock_is_an_error(tmp_path: Path) -> None:
    """A missing lock and a lock with a wrong value are errors."""
    with pytest.raises(ConfigError, match="it can't be read: No such file"):
        read_lock(tmp_path / "corpus.lock")
    valid: dict[str, Any] = {"name": "puerto", "version": "2026.11.0", "manifest_sha256": "", "withdrawal_sequence": 0}
    valid |= {"where": None, "rewritten": False, "rows": 1}
    damages: list[dict[str, Any]] = [{"name": 1}, {"version": None}, {"manifest_sha256": []}, {"where": 3}, {"x": "x"}]
    for change in damages:
        (tmp_path / "corpus.lock").write_text(json.dumps(valid | change), encoding="utf-8")
        with pytest.raises(ConfigError, match=r"this isn't a corpus\.lock"):
            read_lock(tmp_path / "corpus.lock")
    (tmp_path / "corpus.lock").write_text(json.dumps(valid), encoding="utf-8")
    assert read_lock(tmp_path / "corpus.lock") == Lock(**valid)
