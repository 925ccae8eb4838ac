"""`release verify` finds every kind of damage, and nothing in an intact version."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from built_versions import build

from latam_corpus import schema
from latam_corpus.release.reading.verify_version import verify
from latam_corpus.release.storing.manifest import Manifest, SideFile, load_manifest
from latam_corpus.release.storing.shard_file import write_group, writer
from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.store_tables import read_ledger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import MadeOnce
    from release.conftest import Republish

TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25), "splits": {}}

Version = tuple[Store, Manifest]


@pytest.fixture
def version(tmp_path: Path, document: Any, kept_run: Any, made_once: MadeOnce) -> Version:
    """Return a version of two shards with a parent."""

    def make(folder: Path) -> None:
        build("puerto", [kept_run("a-1", [document(n) for n in range(10)])], folder, **TERMS)
        documents = [
            document(20, language="por_Latn", text="O barco saiu do porto."),
            document(21, expires=date(2020, 1, 1)),
        ]
        build("puerto", [kept_run("b-1", documents)], folder, parent="latest", **TERMS)

    store = Store.at(made_once("verify", make, tmp_path / "store"))
    return store, load_manifest(store, *store.find("puerto"))


def rewritten(
    republished: Republish, store: Store, manifest: Manifest, change: Callable[[pl.DataFrame], pl.DataFrame]
) -> Manifest:
    """Replace the rows of the last shard, with the new digest in the manifest and SHA256SUMS."""
    *other_shards, last = manifest.shards
    rows = change(pl.read_parquet(store.path(last.object)))
    file = store.path("made.parquet")
    with open(file, "wb") as opened, writer(opened, schema.RELEASE_SCHEMA) as written:  # noqa: PTH123
        write_group(written, rows)
    data = store.read("made.parquet")
    sha256 = hashlib.sha256(data).hexdigest()
    changed = last.model_copy(update={"sha256": sha256, "bytes": len(data)})
    store.write(data, changed.object)
    return republished(store, manifest.model_copy(update={"shards": (*other_shards, changed)}))


def problems(version: Version) -> str:
    """Return the problems of a version in one string."""
    return "\n".join(verify(version[0], "puerto", version[1].version))


def test_an_intact_version_has_no_problem(version: Version) -> None:
    """A version and its parent have no problems."""
    assert [verify(version[0], "puerto", v) for v in version[0].versions("puerto")] == [[], []]


@pytest.mark.parametrize(
    ("name", "change", "problem"),
    [
        ("object", lambda data: data[:-9] + b"x" + data[-8:], "its bytes aren't those that the manifest names"),
        ("object", lambda data: data[:-1], "bytes, but the manifest says"),
        ("README.md", lambda data: data + b"x", "README.md: its bytes aren't those"),
        ("ledger.parquet", lambda data: data[:50], "ledger.parquet: its bytes aren't those"),
        ("SHA256SUMS", lambda data: data[70:], "SHA256SUMS: its files aren't those"),
        ("parent", lambda data: data.replace(b"Cuentos", b"Cuentas"), "isn't the one that this version was based on"),
        ("latest.json", lambda _: b'{"version": "2030.1.0"}', "it points at 2030.1.0"),
    ],
)
def test_changed_bytes_are_found(version: Version, name: str, change: Callable[[bytes], bytes], problem: str) -> None:
    """A changed, missing or additional byte in any file of a version is reported with the file."""
    store, manifest = version
    place: tuple[str, ...] = ("releases", "puerto", manifest.version, name)
    if name == "object":
        place = (manifest.shards[0].object,)
    elif name == "parent":
        place = ("releases", "puerto", "2026.11.0", "manifest.json")
    elif name == "latest.json":
        place = ("releases", "puerto", name)
    store.write(change(store.read(*place)), *place)
    assert problem in problems(version)


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "ATTRIBUTION.md", "ledger.parquet", "SHA256SUMS"])
def test_missing_files_are_found(version: Version, name: str) -> None:
    """A missing file of a version is reported."""
    store, manifest = version
    store.filesystem.rm(store.path("releases", "puerto", manifest.version, name))
    assert f"{name}: missing" in problems(version)


def test_a_missing_object_is_found(version: Version) -> None:
    """A missing shard is reported with the path of its object."""
    store, manifest = version
    store.filesystem.rm(store.path(manifest.shards[0].object))
    assert f"{manifest.shards[0].object}): missing" in problems(version)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda rows: rows[list(range(rows.height))[::-1]], "aren't sorted by doc_id"),
        (lambda rows: rows[[0, *range(rows.height)]], "a document occurs twice"),
        (lambda rows: rows[1:], "9 rows, but the manifest says 10"),
        (lambda rows: rows.clear(), "0 rows, but the manifest says 10"),
        (lambda rows: rows.with_columns(pl.lit("x").alias("text")), "bytes of text, but the manifest says"),
        (lambda rows: rows.with_columns(pl.lit("news").alias("genre")), "whose genre isn't literature"),
    ],
)
@pytest.mark.parametrize("batch_bytes", [1, 1 << 20])
def test_wrong_rows_are_found_even_if_digests_agree(
    version: Version,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[pl.DataFrame], pl.DataFrame],
    problem: str,
    batch_bytes: int,
    republished: Republish,
) -> None:
    """The order, number, size and partition of rows are checked in batches of any size."""
    monkeypatch.setattr("latam_corpus.release.storing.shard_file.BATCH_BYTES", batch_bytes)
    store, manifest = version
    assert manifest.shards[-1].language == "spa_Latn"
    assert problem in problems((store, rewritten(republished, store, manifest, change)))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"counts": {"country": {"AR": {"rows": 11, "text_bytes": 1}}}}, "documents by country aren't those"),
        ({"flow": {"read": 99, "repeated": 0, "left_out": 1, "released": 11}}, "don't add up"),
        ({"schema_sha256": "0" * 64}, "its columns don't have the fingerprint"),
        ({"shards": "prefix"}, "belong in another shard"),
    ],
)
def test_wrong_counts_in_a_manifest_are_found(
    version: Version, change: dict[str, Any], problem: str, republished: Republish
) -> None:
    """Counts, flow, schema and prefixes are recomputed."""
    store, manifest = version
    values = json.loads(manifest.dumped())
    if change == {"shards": "prefix"}:
        values["shards"][-1]["prefix"] = "0"
    else:
        values |= change
    changed = republished(store, Manifest.model_validate(values))
    assert problem in problems((store, changed))


def with_ledger(
    republished: Republish, store: Store, manifest: Manifest, change: Callable[[pl.DataFrame], pl.DataFrame]
) -> Manifest:
    """Replace the ledger of a version, with its digest in the manifest and SHA256SUMS."""
    buffer = io.BytesIO()
    change(read_ledger(store, "puerto", manifest.version)).write_parquet(buffer)
    data = buffer.getvalue()
    store.write(data, "releases", "puerto", manifest.version, "ledger.parquet")
    entry = SideFile(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
    return republished(store, manifest.model_copy(update={"files": manifest.files | {"ledger.parquet": entry}}))


RELEASED = pl.col("verdict") == "released"
FIRST = pl.int_range(pl.len()) == pl.arg_where(RELEASED).first()


def renamed(rows: pl.DataFrame, which: pl.Expr, doc_id: pl.Expr) -> pl.DataFrame:
    """Replace the ids of some rows by that of another document."""
    return rows.with_columns(pl.when(which).then(doc_id).otherwise("doc_id").alias("doc_id"))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda rows: renamed(rows, RELEASED, pl.col("doc_id").filter(RELEASED).first()), "is in the version twice"),
        (lambda rows: renamed(rows, FIRST, pl.lit("f" * 32)), "its released documents aren't those in the shards"),
        (lambda rows: pl.concat([rows, rows.filter(FIRST)]), "12 rows are released, but the manifest says 11"),
        (lambda rows: rows.filter(~FIRST), "10 rows are released, but the manifest says 11"),
        (lambda rows: rows.filter(RELEASED), "0 rows are dropped, but the manifest says 1"),
        (lambda rows: pl.concat([rows, rows.filter(~RELEASED)]), "2 rows are dropped, but the manifest says 1"),
    ],
)
def test_a_wrong_ledger_is_found_even_if_its_digest_agrees(
    version: Version, change: Callable[[pl.DataFrame], pl.DataFrame], expected: str, republished: Republish
) -> None:
    """The documents of the ledger are counted and compared with those in the shards."""
    store, manifest = version
    changed = with_ledger(republished, store, manifest, change)
    reported = verify(store, "puerto", changed.version)
    assert any(problem.startswith("ledger.parquet: ") and expected in problem for problem in reported), reported


def test_a_document_in_two_shards_is_found(
    tmp_path: Path, document: Any, kept_run: Any, republished: Republish
) -> None:
    """A document in two shards is found even if every count is right."""
    store = Store.at(tmp_path / "store")
    documents = [document(n, language="por_Latn" if n else "spa_Latn", text=f"{n:02}") for n in range(3)]
    manifest = build("puerto", [kept_run("a-1", documents)], store, index=False, **TERMS)
    [shard, _] = sorted(manifest.shards, key=lambda each_shard: each_shard.rows)
    assert shard.rows == 1
    reordered = manifest.model_copy(
        update={"shards": tuple(sorted(manifest.shards, key=lambda each_shard: -each_shard.rows))}
    )
    copied = documents[1]["doc_id"]
    changed = rewritten(republished, store, reordered, lambda rows: rows.with_columns(pl.lit(copied).alias("doc_id")))
    assert verify(store, "puerto", changed.version) == [
        "ledger.parquet: its released documents aren't those in the shards"
    ]


def test_a_parent_without_a_manifest_is_found(version: Version) -> None:
    """A missing manifest of the parent version is reported."""
    store, _ = version
    store.filesystem.rm(store.path("releases", "puerto", "2026.11.0", "manifest.json"))
    assert problems(version) == "parent 2026.11.0: its manifest is missing"


def test_each_problem_is_reported_once(version: Version) -> None:
    """A damaged shard is not reported again as a wrong count, and other shards are still checked."""
    store, manifest = version
    first, last = manifest.shards
    store.write(b"x" * first.bytes, first.object)
    store.filesystem.rm(store.path(last.object))
    reported = verify(store, "puerto", manifest.version)
    assert [problem.partition(": ")[2] for problem in reported] == [
        "its bytes aren't those that the manifest names",
        "missing",
    ]


def test_progress_counts_shards(version: Version) -> None:
    """Progress is reported after each shard."""
    steps: list[tuple[str, int, int]] = []
    verify(version[0], "puerto", version[1].version, lambda *step: steps.append(step))
    assert steps == [("verifying", 1, 2), ("verifying", 2, 2)]


def test_a_shard_without_rows_is_valid(version: Version, republished: Republish) -> None:
    """An empty shard is valid, and its language counts no document."""
    store, manifest = version
    file = store.path("made.parquet")
    with open(file, "wb") as opened, writer(opened, schema.RELEASE_SCHEMA):  # noqa: PTH123
        pass
    data = store.read("made.parquet")
    entry = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), "rows": 0, "text_bytes": 0}
    path = "data/grn_Latn-literature/train-00000-of-00001.parquet"
    empty = manifest.shards[0].model_copy(update=entry | {"path": path, "language": "grn_Latn"})
    store.write(data, empty.object)
    # Without the index, which must have a file per shard.
    side_files = {name: entry for name, entry in manifest.files.items() if name not in manifest.index}
    changed = manifest.model_copy(update={"shards": (empty, *manifest.shards), "files": side_files})
    assert problems((store, republished(store, changed))) == ""
