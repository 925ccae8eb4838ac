"""A pulled version is verified, can be resumed, and is readable by the tools that trainers use."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import uuid
from datetime import date
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest
from built_versions import build

from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.release.reading.corpus_lock import read_lock
from latam_corpus.release.reading.pull import Subset, pull
from latam_corpus.release.reading.select import rewrite
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.shard_file import group_ends
from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import MadeOnce

    from latam_corpus.release.storing.manifest import Manifest

TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25), "shard_bytes": 30_000}
COUNTRIES = ("CL", "AR", "MX", None)

Version = tuple[Store, "Manifest"]


@pytest.fixture
def version(tmp_path: Path, document: Any, kept_run: Any, made_once: MadeOnce) -> Version:
    """Return a version of 120 documents in two languages and four countries, in several shards."""
    documents = [
        document(n, language="por_Latn" if n % 5 == 0 else "spa_Latn", country=COUNTRIES[n % 4]) for n in range(120)
    ]

    def make(folder: Path) -> None:
        build("puerto", [kept_run("a-1", documents)], folder, splits={"test": 0.1}, **TERMS)

    store = Store.at(made_once("pull-version", make, tmp_path / "store"))
    return store, load_manifest(store, *store.find("puerto"))


def check_sums(folder: Path) -> None:
    """Check that `sha256sum -c` passes in the folder and that SHA256SUMS lists all files but the lock."""
    done = subprocess.run(["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    sums = {line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files - {"SHA256SUMS", "corpus.lock"} == sums


def damage(path: Path) -> None:
    """Change one byte in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_pulled_version_is_complete_and_locked(tmp_path: Path, version: Version) -> None:
    """All shards have the paths of the Hub's layout, and the lock names the manifest."""
    store, manifest = version
    to = tmp_path / "corpus"
    lock = pull("puerto", store, to)
    check_sums(to)
    for shard in manifest.shards:
        assert hashlib.sha256((to / shard.path).read_bytes()).hexdigest() == shard.sha256
    assert lock == read_lock(to / "corpus.lock")
    assert (lock.version, lock.rows, lock.where, lock.rewritten) == (manifest.version, 120, None, False)
    assert lock.manifest_sha256 == hashlib.sha256((to / "manifest.json").read_bytes()).hexdigest()
    assert lock.withdrawal_sequence == 0


def test_polars_and_duckdb_read_a_pulled_version(tmp_path: Path, version: Version) -> None:
    """Polars and DuckDB read all rows and the nested columns."""
    to = tmp_path / "corpus"
    pull("puerto", version[0], to)
    rows = pl.read_parquet(to / "data" / "**" / "*.parquet")
    read = duckdb.read_parquet(f"{to}/data/**/*.parquet")
    counted = read.aggregate("count(*), sum(len(uses)), count(DISTINCT origin.member)").fetchall()
    assert rows.height == 120
    assert rows["origin"].struct.field("file").unique().to_list() == ["cuentos.txt"]
    assert counted == [(120, 240, 120)]


def test_datasets_loads_a_pulled_version_by_its_card(tmp_path: Path, version: Version) -> None:
    """`load_dataset` finds the configurations and splits of the card, and all rows by default."""
    to = tmp_path / "corpus"
    pull("puerto", version[0], to)
    script = f"""
import json
from datasets import get_dataset_config_names, load_dataset
whole = load_dataset({str(to)!r})
spanish = load_dataset({str(to)!r}, "spa_Latn-literature", split="train", streaming=True)
print(json.dumps([
    sorted(get_dataset_config_names({str(to)!r})),
    {{name: split.num_rows for name, split in whole.items()}},
    sorted({{row["language"] for row in spanish}}),
]))
"""
    home = {"HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    process = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | home, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr[-2000:]
    configs, rows, languages = json.loads(process.stdout.splitlines()[-1])
    assert configs == ["all", "por_Latn-literature", "spa_Latn-literature"]
    assert rows == {split: tally.rows for split, tally in version[1].counts["split"].items()}
    assert set(rows) == {"train", "test"}
    assert languages == ["spa_Latn"]


def test_an_interrupted_pull_is_resumed(tmp_path: Path, version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    """Finished files are not read again, partial files are continued, and damaged files are replaced."""
    store, manifest = version
    to = tmp_path / "corpus"
    pull("puerto", store, to)
    (to / "corpus.lock").unlink()
    (to / ".pull.json").write_text(json.dumps({"manifest_sha256": "", "where": None, "finished": {}, "planned": []}))
    first, second, third = manifest.shards[:3]
    data = (to / first.path).read_bytes()
    (to / ".pull").mkdir()
    (to / ".pull" / f"{first.sha256}.part").write_bytes(data[:1000])
    (to / first.path).unlink()
    damage(to / second.path)
    (to / ".pull" / f"{third.sha256}.part").write_bytes(b"x" * 50)
    (to / third.path).unlink()
    reads: list[tuple[str, int]] = []
    opening = Store.open

    def recording_open(self: Store, *names: str) -> Any:
        opened = opening(self, *names)
        if names[0].startswith("objects"):
            reading: Callable[[int], bytes] = opened.read
            place = opened.tell

            def read_piece(size: int = -1) -> bytes:
                reads.append((names[0], place()))
                return reading(size)

            monkeypatch.setattr(opened, "read", read_piece, raising=False)
        return opened

    monkeypatch.setattr(Store, "open", recording_open)
    pull("puerto", store, to)
    starts = [(name, place) for name, place in reads if place in (0, 50, 1000)]
    assert {name for name, _ in reads} == {first.object, second.object, third.object}
    assert (first.object, 1000) in starts
    assert (first.object, 0) not in starts
    assert (third.object, 0) in starts
    assert not (to / ".pull").exists()
    check_sums(to)


def test_a_damaged_object_is_never_pulled(tmp_path: Path, version: Version) -> None:
    """A changed byte in the store is an error that names the object, and no lock is written."""
    store, manifest = version
    damage(tmp_path / "store" / manifest.shards[1].object)
    with pytest.raises(ReleaseError, match=manifest.shards[1].sha256):
        pull("puerto", store, tmp_path / "corpus")
    assert not (tmp_path / "corpus" / "corpus.lock").exists()
    assert not (tmp_path / "corpus" / manifest.shards[1].path).exists()


def test_where_selects_rows_and_is_in_the_lock(tmp_path: Path, version: Version) -> None:
    """Only selected rows are written, in files that readers find by the card."""
    to = tmp_path / "corpus"
    lock = pull("puerto", version[0], to, Subset(where="language = 'spa_Latn' and country in ('CL', 'MX')"))
    rows = pl.read_parquet(to / "data" / "**" / "*.parquet")
    assert set(rows.select("language", "country").unique().iter_rows()) == {("spa_Latn", "CL"), ("spa_Latn", "MX")}
    assert (rows.height, lock.rows, lock.rewritten) == (48, 48, True)
    assert lock.where == "language = 'spa_Latn' and country in ('CL', 'MX')"
    check_sums(to)
    card = (to / "README.md").read_text(encoding="utf-8")
    assert "por_Latn-literature\n  data_files" not in card
    assert "48 documents with `language = 'spa_Latn'" in card
    assert not (to / "ledger.parquet").exists()


def test_a_selection_does_not_depend_on_batches(
    tmp_path: Path, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rewritten shards and their row groups depend on the selected rows alone."""
    monkeypatch.setattr("latam_corpus.release.storing.shard_file.GROUP_BYTES", 4_000)
    for name, size in (("one", 1), ("all", 1 << 20)):
        monkeypatch.setattr("latam_corpus.release.storing.shard_file.BATCH_BYTES", size)
        pull("puerto", version[0], tmp_path / name, Subset(where="country = 'CL' or country is null"))
    assert (tmp_path / "one" / "SHA256SUMS").read_bytes() == (tmp_path / "all" / "SHA256SUMS").read_bytes()
    groups = []
    for path in (tmp_path / "all" / "data").rglob("*.parquet"):
        metadata = pq.ParquetFile(path).metadata
        sizes = pl.read_parquet(path)["text"].str.len_bytes().to_list()
        ends = accumulate(metadata.row_group(group).num_rows for group in range(metadata.num_row_groups))
        assert list(ends) == group_ends(sizes)
        groups.append(metadata.num_row_groups)
    assert max(groups) > 2  # so that more than the last is cut off


def test_a_condition_on_whole_shards_keeps_their_bytes(tmp_path: Path, version: Version) -> None:
    """A shard is copied unchanged, under a path of the selection, if all its rows are selected."""
    store, manifest = version
    lock = pull("puerto", store, tmp_path / "corpus", Subset(where="language = 'por_Latn'"))
    [*pulled] = (tmp_path / "corpus" / "data").rglob("*.parquet")
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in pulled}
    assert digests == {shard.sha256 for shard in manifest.shards if shard.language == "por_Latn"}
    assert (lock.rows, lock.rewritten) == (24, False)


def test_an_interrupted_selection_is_resumed(tmp_path: Path, version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards that were finished are kept, and the result equals that of an uninterrupted pull."""
    store, to, where = version[0], tmp_path / "corpus", "country = 'CL'"
    pull("puerto", store, tmp_path / "whole", Subset(where=where))
    written: list[str] = []

    def cut_after(calls: int) -> None:
        """Rewrite one shard at a time, and stop after a number of shards."""

        def rewriting(source: Path, condition: pl.Expr, target: Path) -> None:
            if len(written) == calls:
                raise KeyboardInterrupt
            written.append(source.name)
            rewrite(source, condition, target)

        monkeypatch.setattr("latam_corpus.release.reading.pull._COPIES", 1)
        monkeypatch.setattr("latam_corpus.release.reading.pull.rewrite", rewriting)

    cut_after(3)
    with pytest.raises(KeyboardInterrupt):
        pull("puerto", store, to, Subset(where=where))
    cut_after(1000)
    pull("puerto", store, to, Subset(where=where))
    # The next shard was being copied at the interruption, so that it may be written twice.
    assert len(set(written)) == len(list((to / "data").rglob("*.parquet")))
    assert len(written) - len(set(written)) <= 1
    assert (to / "SHA256SUMS").read_bytes() == (tmp_path / "whole" / "SHA256SUMS").read_bytes()
    check_sums(to)


@pytest.mark.parametrize(
    ("where", "problem"),
    [
        ("lenguage = 'spa_Latn'", "did you mean «language»"),
        ("", "a column is expected here"),
        ("max(cluster_size) = 1", "there are no functions"),
        ("country = 'HT'", "this condition matches no document of puerto@2026.11.0"),
        ("language = 'quy_Latn'", "its languages are .*spa_Latn"),
    ],
)
def test_a_wrong_condition_is_an_error(tmp_path: Path, version: Version, where: str, problem: str) -> None:
    """A wrong condition, or one that selects nothing, is a usage error, and nothing is written."""
    with pytest.raises(ConfigError, match=problem):
        pull("puerto", version[0], tmp_path / "corpus", Subset(where=where))
    assert not (tmp_path / "corpus").exists()


def test_a_folder_with_other_files_is_left_alone(
    tmp_path: Path, version: Version, document: Any, kept_run: Any
) -> None:
    """Pull refuses a folder of another release, or one with files that readers would read."""
    store = version[0]
    foreign = tmp_path / "notas"
    foreign.mkdir()
    (foreign / "README.md").write_text("mis notas")
    with pytest.raises(ConfigError, match="has other files"):
        pull("puerto", store, foreign)
    assert (foreign / "README.md").read_text() == "mis notas"
    to = tmp_path / "corpus"
    pull("puerto", store, to)
    build("otro", [kept_run("b-1", [document(1)])], store, **TERMS)
    with pytest.raises(ConfigError, match=r"the folder has puerto@2026\.11\.0"):
        pull("otro", store, to)
    (to / "data" / "spa_Latn-literature" / "train-mio.parquet").write_bytes(b"")
    with pytest.raises(ConfigError, match=r"train-mio\.parquet» isn't part of the release"):
        pull("puerto", store, to)
    with pytest.raises(ConfigError, match="it is a file"):
        pull("puerto", store, foreign / "README.md")


def test_another_version_in_the_same_folder_leaves_nothing_of_the_first(
    tmp_path: Path, version: Version, document: Any, kept_run: Any
) -> None:
    """Files of the earlier version or selection are removed, and no others."""
    store, to = version[0], tmp_path / "corpus"
    pull("puerto", store, to)
    (to / "notas.txt").write_text("mías")
    build("puerto", [kept_run("b-1", [document(n) for n in range(3)])], store, **TERMS)
    assert pull("puerto", store, to).rows == 3
    assert pl.read_parquet(to / "data" / "**" / "*.parquet").height == 3
    selected = tmp_path / "selected"
    for country in ("CL", "AR"):
        assert pull("puerto@2026.11.0", store, selected, Subset(where=f"country = '{country}'")).rows == 30
        assert pl.read_parquet(selected / "data" / "**" / "*.parquet")["country"].unique().to_list() == [country]
    assert (to / "notas.txt").read_text() == "mías"
    (to / "notas.txt").unlink()
    check_sums(to)


def test_paths_in_a_list_of_sums_are_never_deleted_outside_the_folder(tmp_path: Path, version: Version) -> None:
    """A manipulated SHA256SUMS makes pull delete no file outside the folder."""
    to, outside = tmp_path / "corpus", tmp_path / "importante.txt"
    pull("puerto", version[0], to)
    outside.write_text("queda")
    with (to / "SHA256SUMS").open("a") as sums:
        sums.write(f"{'0' * 64}  ../importante.txt\n{'0' * 64}  {outside}\n")
    pull("puerto", version[0], to)
    assert outside.read_text() == "queda"


def test_a_store_may_be_at_any_url(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """A store that is not on the disk gets and gives the same bytes."""
    store = Store.at(f"memory://{uuid.uuid4().hex}")
    run = kept_run("a-1", [document(n) for n in range(50)])
    manifest = build("puerto", [run], store, **TERMS)
    assert manifest.shards == build("puerto", [run], tmp_path / "store", **TERMS).shards
    assert build("puerto", [run], store, **TERMS).version == manifest.version
    assert pull("puerto@2026.11.0", store, tmp_path / "corpus").rows == 50
    check_sums(tmp_path / "corpus")
    with pytest.raises(ConfigError, match=r"did you mean «puerto»"):
        pull("puertos", store, tmp_path / "corpus")
    with pytest.raises(ConfigError, match=r"there is no version «2026\.12\.0»"):
        pull("puerto@2026.12.0", store, tmp_path / "corpus")
