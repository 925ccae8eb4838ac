"""The fingerprint index of a version: written, verified, pulled and read by later runs."""

from __future__ import annotations

import hashlib
import json
import pickle
import random
import uuid
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from built_versions import build, prose

from latam_corpus.batch import Batch
from latam_corpus.dedupe.fingerprints.fingerprint import Fingerprint
from latam_corpus.dedupe.fingerprints.fingerprint_index import (
    INDEX,
    METADATA,
    SKETCHED,
    IndexFile,
    group_of,
    metadata_of,
    open_index,
)
from latam_corpus.dedupe.fingerprints.scheme import Scheme
from latam_corpus.errors import ConfigError
from latam_corpus.release.building.release_index import find_index
from latam_corpus.release.reading.pull import Subset, pull
from latam_corpus.release.reading.verify_version import verify
from latam_corpus.release.storing.fetch import fetch
from latam_corpus.release.storing.manifest import Manifest, load_manifest
from latam_corpus.release.storing.shard_file import write_group, writer
from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import KeptRun, MadeOnce
    from release.conftest import Republish

TERMS: dict[str, Any] = {"admit": ["open", "attribution"], "uses": ["train"], "today": date(2026, 11, 25)}
LATER = datetime(2025, 1, 1, tzinfo=UTC)

Version = tuple[Store, Manifest]


def open_version(store: Store, spec: str, cache: Path, scheme: Scheme, start: int = 0) -> list[IndexFile]:
    """Open the index of a version as the barrier `dedupe` does; `start` is the number of its first row."""
    return open_index(find_index(store, spec, scheme).folder(cache), start, scheme)


def stored(store: Store, manifest: Manifest) -> dict[str, pl.DataFrame]:
    """Return the rows of each index file."""
    place = ("releases", manifest.name, manifest.version)
    return {name: pl.read_parquet(store.read(*place, name)) for name in manifest.index}


def with_file(republished: Republish, store: Store, manifest: Manifest, data: bytes) -> Manifest:
    """Replace the first index file of a version, and its digest in the manifest."""
    name = min(manifest.index)
    store.write(data, "releases", manifest.name, manifest.version, name)
    side_file = manifest.files[name].model_copy(update={"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)})
    return republished(store, manifest.model_copy(update={"files": manifest.files | {name: side_file}}))


def rewritten(store: Store, rows: pl.DataFrame, metadata: dict[bytes, bytes]) -> bytes:
    """Return the bytes of an index file with these rows and metadata."""
    file = f"{store.root}/made.parquet"
    with open(file, "wb") as opened, writer(opened, rows.schema, metadata) as written:  # noqa: PTH123
        write_group(written, rows)
    return store.read("made.parquet")


@pytest.fixture
def version(tmp_path: Path, document: Any, kept_run: KeptRun, made_once: MadeOnce) -> Version:
    """Return a version of sixty documents in two languages and several shards."""
    documents = [
        document(
            n,
            text=prose(n),
            language="por_Latn" if n % 5 == 0 else "spa_Latn",
            rights_tier=["open", "attribution"][n % 2],
            duplicate_cluster=None if n % 3 else document(n)["doc_id"],
            cluster_size=None if n % 3 else 2,
        )
        for n in range(60)
    ]
    run = kept_run("a-1", documents)

    def make(folder: Path) -> None:
        build("puerto", [run], folder, shard_bytes=30_000, splits={}, **TERMS)

    store = Store.at(made_once("index", make, tmp_path / "store"))
    return store, load_manifest(store, *store.find("puerto"))


def test_the_index_has_a_file_per_shard_with_the_fingerprints_of_its_texts(version: Version) -> None:
    """Each index file has the rows of its shard in order, their fingerprints, and the scheme."""
    store, manifest = version
    index = stored(store, manifest)
    assert len(manifest.shards) > 3
    assert list(index) == sorted(shard.index for shard in manifest.shards)
    for shard in manifest.shards:
        rows = pl.read_parquet(store.path(shard.object))
        expected = group_of(Fingerprint(sketch=True)(Batch(rows)).frame.select(SKETCHED))
        assert index[shard.index].equals(expected)
        assert index[shard.index].schema == INDEX
        file = pq.ParquetFile(store.path("releases", "puerto", manifest.version, shard.index))
        assert file.metadata.metadata[METADATA] == metadata_of(Scheme())[METADATA]
        assert file.num_row_groups == pq.ParquetFile(store.path(shard.object)).num_row_groups
    assert pl.concat(index.values())["words"].to_list() == [60] * 60


def test_columns_of_the_index_are_encoded_for_fast_reading(version: Version) -> None:
    """Anchors, streams and lexicons are not compressed; only columns with few values have a dictionary."""
    store, manifest = version
    group = pq.ParquetFile(store.path("releases", "puerto", manifest.version, min(manifest.index))).metadata.row_group(
        0
    )
    columns = {group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)}
    dictionaries = {name for name, column in columns.items() if column.has_dictionary_page}
    assert dictionaries == {"country", "rights_tier", "uses.list.element"}
    rows = stored(store, manifest)[min(manifest.index)]
    assert rows["lexicon"].is_not_null().arg_true().to_list() == [0]
    uncompressed = {name for name, column in columns.items() if column.compression == "UNCOMPRESSED"}
    assert uncompressed == {"anchors", "stream", "lexicon"}


@pytest.mark.parametrize("seed", range(3))
def test_the_index_is_a_function_of_the_documents_alone(
    tmp_path: Path, document: Any, kept_run: KeptRun, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """The bytes of the index do not depend on runs, parts, order or batches."""
    monkeypatch.setattr("latam_corpus.release.storing.shard_file.GROUP_BYTES", 20_000)
    documents = [document(n, text=prose(n, 20 + n * 3)) for n in range(60)]
    expected = build("puerto", [kept_run("a-1", documents, 1)], tmp_path / "one", shard_bytes=60_000, **TERMS)
    draw = random.Random(seed)
    draw.shuffle(documents)
    cut = draw.randrange(1, 59)
    monkeypatch.setattr("latam_corpus.release.building.sketch._TEXT_BYTES", draw.choice([1, 700, 5_000]))
    monkeypatch.setattr("latam_corpus.storage.spill._BYTES", draw.choice([1_000, 20_000]))
    runs = [kept_run("b-2", documents[:cut], 3), kept_run("a-2", documents[cut:], draw.randrange(1, 9))]
    shuffled = build("puerto", runs, tmp_path / "two", shard_bytes=60_000, **TERMS)
    assert len(expected.index) > 1
    assert shuffled.index == expected.index


def test_a_reused_shard_keeps_its_index_file(
    tmp_path: Path, version: Version, document: Any, kept_run: KeptRun
) -> None:
    """The index file of a reused shard is a link to the parent's and equals a new one."""
    store, manifest = version
    new_run = kept_run("b-1", [document(200, text=prose(200))])
    second = build("puerto", [new_run], store, parent="latest", shard_bytes=30_000, splits={}, **TERMS)
    shared = {shard.sha256 for shard in manifest.shards} & {shard.sha256 for shard in second.shards}
    assert len(shared) == len(manifest.shards) - 1
    inodes = []
    for each in (manifest, second):
        folder = tmp_path / "store" / "releases" / "puerto" / each.version
        inodes.append({shard.sha256: (folder / shard.index).stat().st_ino for shard in each.shards})
    assert all(inodes[0][sha256] == inodes[1][sha256] for sha256 in shared)
    runs = [new_run.parent / "a-1", new_run]
    rebuilt = build("puerto", runs, store.path("fresh"), shard_bytes=30_000, splits={}, **TERMS)
    assert rebuilt.index == second.index
    assert verify(store, "puerto", second.version) == []


def test_a_new_scheme_rebuilds_the_index(version: Version, document: Any, kept_run: KeptRun) -> None:
    """The index has the scheme of the runs, or that of the parent if they have none."""
    store, manifest = version
    stages = [{"use": "repair"}, {"use": "dedupe", "shingle": 4}]
    run = kept_run("b-1", [document(200, text=prose(200))], stage=stages)
    second = build("puerto", [run], store, parent="latest", shard_bytes=30_000, splits={}, **TERMS)
    shared = {shard.sha256 for shard in manifest.shards} & {shard.sha256 for shard in second.shards}
    digests = [{each.files[s.index].sha256 for s in each.shards if s.sha256 in shared} for each in (manifest, second)]
    assert shared
    assert not digests[0] & digests[1]
    third = build("puerto", [kept_run("c-1", [document(201)])], store, parent="latest", shard_bytes=30_000, **TERMS)
    for each in (second, third):
        place = store.path("releases", "puerto", each.version, min(each.index))
        assert pq.read_metadata(place).metadata[METADATA] == metadata_of(Scheme(shingle=4))[METADATA]
    run_with_default_scheme = kept_run("d-1", [document(200, text=prose(200))], stage=[{"use": "dedupe"}])
    fourth = build(
        "puerto", [run_with_default_scheme], store, parent=second.version, shard_bytes=30_000, splits={}, **TERMS
    )
    assert [s.sha256 for s in fourth.shards] == [s.sha256 for s in second.shards]
    assert fourth.version not in (second.version, third.version)


def test_an_index_can_be_added_to_a_release_later(tmp_path: Path, document: Any, kept_run: KeptRun) -> None:
    """A build on a version without an index makes a version with the same shards and an index."""
    store = Store.at(tmp_path / "store")
    run = kept_run("a-1", [document(n) for n in range(5)])
    bare = build("puerto", [run], store, index=False, **TERMS)
    assert bare.index == {}
    assert not (tmp_path / "store" / "releases" / "puerto" / bare.version / "index").exists()
    with pytest.raises(ConfigError, match=f"without a fingerprint index.*--parent {bare.version}"):
        open_version(store, "puerto", tmp_path / "cache", Scheme())
    indexed = build("puerto", [], store, parent=bare.version, **TERMS)
    assert (indexed.version, indexed.shards) == ("2026.11.1", bare.shards)
    assert len(indexed.index) == len(indexed.shards)
    assert build("puerto", [], store, parent="latest", **TERMS).version == indexed.version


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda data: data[:-9] + b"x" + data[-8:], "its bytes aren't those that the manifest names"),
        (lambda data: data[:40], "its bytes aren't those that the manifest names"),
        (None, "missing"),
    ],
)
def test_verify_finds_a_damaged_index_file(
    version: Version, change: Callable[[bytes], bytes] | None, problem: str
) -> None:
    """`verify` names an index file that was changed, truncated or removed."""
    store, manifest = version
    place = ("releases", "puerto", manifest.version, min(manifest.index))
    if change:
        store.write(change(store.read(*place)), *place)
    else:
        store.filesystem.rm(store.path(*place))
    assert [f"{place[-1]}: {problem}"] == verify(store, "puerto", manifest.version)


def test_verify_finds_an_index_of_another_shard(version: Version, republished: Republish) -> None:
    """Even if digests agree, `verify` compares rows with those of the shard, and files with the shards."""
    store, manifest = version
    name = min(manifest.index)
    rows = stored(store, manifest)[name]
    for wrong_rows in (
        rows[1:],
        rows.with_columns(pl.lit("unknown").alias("rights_tier")),
        rows[::-1].cast(rows.schema),
    ):
        changed = with_file(republished, store, manifest, rewritten(store, wrong_rows, metadata_of(Scheme())))
        assert any("its rows aren't those of data/" in problem for problem in verify(store, "puerto", changed.version))
    changed = with_file(republished, store, manifest, rewritten(store, rows, {}))
    assert verify(store, "puerto", changed.version) == [f"{name}: it isn't a file of a fingerprint index"]
    fewer = {key: side_file for key, side_file in manifest.files.items() if key != name}
    republished(store, manifest.model_copy(update={"files": fewer}))
    assert "index: it doesn't have one file per shard" in verify(store, "puerto", manifest.version)


def test_pull_copies_the_index_only_on_request(tmp_path: Path, version: Version) -> None:
    """With the option all index files are copied and listed; a later pull without it removes them."""
    store, manifest = version
    to = tmp_path / "corpus"
    pull("puerto", store, to)
    assert not (to / "index").exists()
    pull("puerto", store, to, Subset(with_index=True))
    pulled = {f"index/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest() for path in (to / "index").iterdir()}
    assert pulled == {name: side_file.sha256 for name, side_file in manifest.index.items()}
    sums = (to / "SHA256SUMS").read_text()
    assert all(f"{sha256}  {name}\n" in sums for name, sha256 in pulled.items())
    pull("puerto", store, to)
    assert not list((to / "index").iterdir())
    with pytest.raises(ConfigError, match="a selection of rows has no index"):
        pull("puerto", store, to, Subset(where="country = 'CL'", with_index=True))


def test_pulling_a_missing_index_is_an_error(tmp_path: Path, document: Any, kept_run: KeptRun) -> None:
    """The error names the version, and no file is written."""
    build("puerto", [kept_run("a-1", [document(1)])], tmp_path / "store", index=False, **TERMS)
    with pytest.raises(ConfigError, match=r"puerto@2026\.11\.0 was built without an index"):
        pull("puerto", tmp_path / "store", tmp_path / "corpus", Subset(with_index=True))
    assert not (tmp_path / "corpus").exists()


def test_an_index_on_this_disk_is_read_in_place(tmp_path: Path, version: Version) -> None:
    """Index files of a store on this disk are linked, and rows are numbered from the given start."""
    store, manifest = version
    pieces = open_version(store, "puerto", tmp_path / "cache", Scheme(), 1000)
    assert sum(piece.height for piece in pieces) == 60
    assert [piece.start for piece in pieces][:2] == [1000, 1000 + pieces[0].height]
    read = pl.concat([pickle.loads(pickle.dumps(piece)).read(["doc_id", "anchors"]) for piece in pieces])  # noqa: S301
    expected = pl.concat([frame for _, frame in sorted(stored(store, manifest).items())])
    assert read["doc_id"].equals(expected["doc_id"])
    anchors = [np.frombuffer(encoded, "<u8").tolist() for encoded in expected["anchors"]]
    assert read["anchors"].to_list() == anchors
    assert all(anchors)
    links = list((tmp_path / "cache").rglob("*.parquet"))
    assert len(links) == len(pieces)
    assert all(path.is_symlink() and str(path.resolve()).startswith(str(tmp_path / "store")) for path in links)


def test_the_index_of_a_remote_store_is_fetched_once(
    tmp_path: Path, document: Any, kept_run: KeptRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of a remote store are cached, and fetched again only if the copies are damaged."""
    store = Store.at(f"memory://{uuid.uuid4().hex}")
    first_run = kept_run("a-1", [document(n, text=prose(n)) for n in range(30)])
    build("puerto", [first_run], store, shard_bytes=15_000, **TERMS)
    second_run = kept_run("b-1", [document(n, text=prose(n)) for n in range(30, 34)])
    manifest = build("puerto", [second_run], store, parent="latest", shard_bytes=15_000, **TERMS)
    assert verify(store, "puerto", manifest.version) == []
    pieces = open_version(store, "puerto", tmp_path / "cache", Scheme())
    assert pl.concat([piece.read(["doc_id"]) for piece in pieces]).height == 34
    fetched: list[str] = []

    def recording_fetch(store: Store, place: str, sha256: str, part: Path) -> None:
        fetched.append(place)
        fetch(store, place, sha256, part)

    monkeypatch.setattr("latam_corpus.release.building.release_index.fetch", recording_fetch)
    open_version(store, "puerto", tmp_path / "cache", Scheme())
    assert fetched == []
    pieces[0].path.write_bytes(b"PAR1")
    reopened = open_version(store, "puerto", tmp_path / "cache", Scheme())
    assert fetched == [f"releases/puerto/{manifest.version}/index/{pieces[0].path.name}"]
    assert reopened == pieces


@pytest.mark.parametrize(
    ("spec", "scheme", "problem"),
    [
        ("puertos", {}, "did you mean «puerto»"),
        ("puerto@2026.11.7", {}, "there is no version «2026.11.7»"),
        ("puerto", {"seed": 21}, "its fingerprints have seed = 20, this run's have 21; set seed = 20"),
        ("puerto", {"name": "minhash"}, "its fingerprints have name = 'anchors', this run's have 'minhash'"),
    ],
)
def test_a_missing_index_or_another_scheme_is_refused(
    tmp_path: Path, version: Version, spec: str, scheme: dict[str, Any], problem: str
) -> None:
    """An unknown version and another scheme are usage errors with a remedy."""
    with pytest.raises(ConfigError, match=problem.replace("(", r"\(")):
        open_version(version[0], spec, tmp_path / "cache", Scheme(**scheme))


def test_a_damaged_index_is_refused_and_repaired_by_a_build(tmp_path: Path, version: Version) -> None:
    """The error of a damaged index names the file and a command that repairs it."""
    store, manifest = version
    name = min(manifest.index)
    path = tmp_path / "store" / "releases" / "puerto" / manifest.version / name
    original = path.read_bytes()
    for data in (original[:200] + b"x" + original[201:], b"no es Parquet", b"", None):
        path.unlink()
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(ConfigError, match=f"{name}.*--parent {manifest.version}"):
            open_version(store, "puerto", tmp_path / "cache", Scheme())
        repaired = build("puerto", [], store, parent="latest", shard_bytes=30_000, splits={}, **TERMS)
        assert repaired.version == manifest.version
        assert path.read_bytes() == original
        assert open_version(store, "puerto", tmp_path / "cache", Scheme())


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"format": 9}, "its index has format 9, this toolkit reads 4"),
        ({"scheme": Scheme().to_dict() | {"version": 99}}, "its fingerprints have version 99"),
        ({"scheme": {"name": "anchors"}}, "key «bands» is missing"),
    ],
)
def test_an_index_of_another_toolkit_is_refused(
    tmp_path: Path, version: Version, change: dict[str, Any], problem: str, republished: Republish
) -> None:
    """An index with another format or version of fingerprints is refused with the command that rebuilds it."""
    store, manifest = version
    rows = stored(store, manifest)[min(manifest.index)]
    metadata = json.loads(metadata_of(Scheme())[METADATA]) | change
    with_file(republished, store, manifest, rewritten(store, rows, {METADATA: json.dumps(metadata).encode()}))
    with pytest.raises(ConfigError, match=problem) as error:
        open_version(store, "puerto", tmp_path / "cache", Scheme())
    if "format" in change:
        command = f"release build puerto --parent {manifest.version} --store {store.url}"
        assert command in str(error.value.remedy)


@pytest.mark.parametrize("options", [{}, {"use": "dedupe", "seed": 7}])
def test_the_damaged_index_of_an_older_version_is_repaired_in_place(
    tmp_path: Path, document: Any, kept_run: KeptRun, options: dict[str, Any]
) -> None:
    """A build with an older version as its parent repairs that version's index and makes no new version.

    The scheme is that of the release's other versions if no index file is left.
    """
    store = Store.at(tmp_path / "store")
    stages: dict[str, Any] = {"stage": [options]} if options else {}
    terms = TERMS | {"splits": {}}
    first = build("puerto", [kept_run("a-1", [document(n, text=prose(n)) for n in range(9)], **stages)], store, **terms)
    second = build("puerto", [kept_run("b-1", [document(30)], **stages)], store, parent="latest", **terms)
    [path] = (tmp_path / "store" / "releases" / "puerto" / first.version / "index").iterdir()
    original = path.read_bytes()
    for data in (original[:200] + b"x" + original[201:], b"", None):
        path.unlink()
        if data is not None:
            path.write_bytes(data)
        assert verify(store, "puerto", first.version) != []
        assert build("puerto", [], store, parent=first.version, **terms) == first
        assert path.read_bytes() == original
        assert verify(store, "puerto", first.version) == []
    assert store.latest("puerto") == second.version
    assert store.versions("puerto") == [first.version, second.version]
    # If the index is intact, the build makes a new version with the contents of the older one.
    assert build("puerto", [], store, parent=first.version, **terms).version not in (first.version, second.version)


def test_the_remedy_for_an_older_version_without_an_index_is_another_version(
    tmp_path: Path, document: Any, kept_run: KeptRun
) -> None:
    """A build based on an older version would drop the documents that were added since."""
    store = Store.at(tmp_path / "store")
    first = build("puerto", [kept_run("a-1", [document(1)])], store, index=False, **TERMS)
    with pytest.raises(ConfigError, match=f"without a fingerprint index; build it: .*--parent {first.version}"):
        open_version(store, "puerto", tmp_path / "cache", Scheme())
    build("puerto", [kept_run("b-1", [document(2)])], store, parent="latest", **TERMS)
    with pytest.raises(ConfigError, match=r"name a version that has an index, or build one based on the latest"):
        open_version(store, f"puerto@{first.version}", tmp_path / "cache", Scheme())
    assert open_version(store, "puerto", tmp_path / "cache", Scheme())


def test_an_index_with_former_spellings_is_reported_and_rebuilt_by_the_next_version(
    tmp_path: Path,
    document: Any,
    kept_run: KeptRun,
    command_line: Any,
    small_recipe: Any,
    small_source: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Hints name only languages with new spelling rules, for sources that may have texts in them."""
    store = Store.at(tmp_path / "out" / "store")
    run = kept_run("a-1", [document(1, text=prose(1)), document(2, text=prose(2), language="ayr_Latn")])
    with monkeypatch.context() as former_toolkit:
        former_toolkit.setattr("latam_corpus.dedupe.fingerprints.fingerprint_index.spellings_digest", lambda: None)
        first = build("puerto", [run], store, **TERMS)
    (tmp_path / "receta.toml").write_text(small_recipe('dedupe against = "puerto"'))

    def hints(languages: str) -> list[str]:
        (tmp_path / "fuente.toml").write_text(small_source().replace('["spa"]', languages))
        result = command_line("check", tmp_path / "receta.toml", "--out", tmp_path / "out", "--json")
        assert result.code == 0, result.err
        result_hints: list[str] = result.json["hints"]
        return result_hints

    for languages in ('["aym"]', '["spa", "ayr"]', "[]"):
        (hint,) = hints(languages)
        assert f"the index of {first.spec} was made with other spellings of ayr_Latn" in hint
        assert "release build puerto --parent latest" in hint
    assert hints('["spa"]') == []
    second = build("puerto", [], store, parent="latest", **TERMS)
    changed = {file.partition("-")[0]: first.files[file] != second.files[file] for file in second.index}
    assert hints('["aym"]') == []
    assert second.version != first.version
    assert sorted(changed.values()) == [False, True]
