"""The fingerprint index of a version: what later runs find copies by, made with it, verified with it, read from it."""

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
from built_versions import build

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
from latam_corpus.release.reading.pull import pull
from latam_corpus.release.reading.verify_version import verify
from latam_corpus.release.storing.fetch import fetch
from latam_corpus.release.storing.manifest import Manifest
from latam_corpus.release.storing.shard_file import write_group, writer
from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import KeptRun
    from release.conftest import Republish

TERMS: dict[str, Any] = {"admit": ["open", "attribution"], "uses": ["train"], "today": date(2026, 11, 25)}
LATER = datetime(2025, 1, 1, tzinfo=UTC)
WORDS = (
    *("barca", "puerto", "alba", "red", "faro", "marea", "viento", "arena", "gaviota", "muelle", "ancla", "vela"),
    *("remo", "orilla", "sal", "niebla", "isla", "bahía", "pescador", "camino", "noche", "luna", "piedra", "cerro"),
    *("bosque", "lluvia", "campana", "plaza", "feria", "harina", "pan", "horno", "leña", "humo", "patio"),
)

Version = tuple[Store, Manifest]


def story(number: int, words: int = 120) -> str:
    """A text of its own of so many words."""
    draw = random.Random(number)
    return " ".join(draw.choice(WORDS) for _ in range(words))


def open_version(store: Store, spec: str, cache: Path, scheme: Scheme, start: int = 0) -> list[IndexFile]:
    """The index of a version as the barrier `dedupe` opens it, whose first row has the number `start`."""
    return open_index(find_index(store, spec, scheme).folder(cache), start, scheme)


def stored(store: Store, manifest: Manifest) -> dict[str, pl.DataFrame]:
    """The rows of each index file."""
    place = ("releases", manifest.name, manifest.version)
    return {name: pl.read_parquet(store.read(*place, name)) for name in manifest.index}


def with_file(republished: Republish, store: Store, manifest: Manifest, data: bytes) -> Manifest:
    """The version with other bytes in its first index file, which the manifest names as its own."""
    name = min(manifest.index)
    store.write(data, "releases", manifest.name, manifest.version, name)
    told = manifest.files[name].model_copy(update={"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)})
    return republished(store, manifest.model_copy(update={"files": manifest.files | {name: told}}))


def rewritten(store: Store, rows: pl.DataFrame, metadata: dict[bytes, bytes]) -> bytes:
    """An index file with these rows and metadata."""
    file = f"{store.root}/made.parquet"
    with open(file, "wb") as opened, writer(opened, rows.schema, metadata) as written:  # noqa: PTH123
        write_group(written, rows)
    return store.read("made.parquet")


@pytest.fixture
def version(tmp_path: Path, document: Any, kept_run: KeptRun) -> Version:
    """A version of sixty documents in two languages, in several shards."""
    documents = [
        document(
            n,
            text=story(n),
            language="por_Latn" if n % 5 == 0 else "spa_Latn",
            rights_tier=["open", "attribution"][n % 2],
            duplicate_cluster=None if n % 3 else document(n)["doc_id"],
            cluster_size=None if n % 3 else 2,
        )
        for n in range(60)
    ]
    store = Store.at(tmp_path / "store")
    return store, build("puerto", [kept_run("a-1", documents)], store, shard_bytes=30_000, splits={}, **TERMS)


def test_the_index_has_a_file_a_shard_with_the_fingerprints_of_its_texts(version: Version) -> None:
    """Rows, order and columns are the shard's; the sketch is what the stage makes of the text; the scheme is told."""
    store, manifest = version
    found = stored(store, manifest)
    assert len(manifest.shards) > 3
    assert list(found) == sorted(shard.index for shard in manifest.shards)
    for shard in manifest.shards:
        rows = pl.read_parquet(store.path(shard.object))
        expected = group_of(Fingerprint(sketch=True)(Batch(rows)).frame.select(SKETCHED))
        assert found[shard.index].equals(expected)
        assert found[shard.index].schema == INDEX
        file = pq.ParquetFile(store.path("releases", "puerto", manifest.version, shard.index))
        assert file.metadata.metadata[METADATA] == metadata_of(Scheme())[METADATA]
        assert file.num_row_groups == pq.ParquetFile(store.path(shard.object)).num_row_groups
    assert pl.concat(found.values())["words"].to_list() == [120] * 60


def test_each_column_is_stored_as_it_is_read_fastest(version: Version) -> None:
    """Anchors and streams as they are, since compressing them saves little; only what repeats with a dictionary."""
    store, manifest = version
    group = pq.ParquetFile(store.path("releases", "puerto", manifest.version, min(manifest.index))).metadata.row_group(
        0
    )
    columns = {group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)}
    dictionaries = {name for name, column in columns.items() if column.has_dictionary_page}
    assert dictionaries == {"country", "rights_tier", "uses.list.element"}
    found = stored(store, manifest)[min(manifest.index)]
    assert found["lexicon"].is_not_null().arg_true().to_list() == [0]
    plain = {name for name, column in columns.items() if column.compression == "UNCOMPRESSED"}
    assert plain == {"anchors", "stream", "lexicon"}


@pytest.mark.parametrize("seed", range(3))
def test_the_index_is_a_function_of_the_documents_alone(
    tmp_path: Path, document: Any, kept_run: KeptRun, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """However rows are dealt to runs and parts, and however many are fingerprinted at once, the bytes are the same."""
    monkeypatch.setattr("latam_corpus.release.storing.shard_file.GROUP_BYTES", 20_000)
    documents = [document(n, text=story(n, 20 + n * 3)) for n in range(60)]
    expected = build("puerto", [kept_run("a-1", documents, 1)], tmp_path / "one", shard_bytes=60_000, **TERMS)
    draw = random.Random(seed)
    draw.shuffle(documents)
    cut = draw.randrange(1, 59)
    monkeypatch.setattr("latam_corpus.release.building.sketch._TEXT_BYTES", draw.choice([1, 700, 5_000]))
    monkeypatch.setattr("latam_corpus.storage.spill._BYTES", draw.choice([1_000, 20_000]))
    runs = [kept_run("b-2", documents[:cut], 3), kept_run("a-2", documents[cut:], draw.randrange(1, 9))]
    made = build("puerto", runs, tmp_path / "two", shard_bytes=60_000, **TERMS)
    assert len(expected.index) > 1
    assert made.index == expected.index


def test_a_shard_that_stays_keeps_its_index_file(
    tmp_path: Path, version: Version, document: Any, kept_run: KeptRun
) -> None:
    """Of a reused shard the parent's file is taken, on one disk as a link; the whole is as if made anew."""
    store, manifest = version
    new = kept_run("b-1", [document(200, text=story(200))])
    made = build("puerto", [new], store, parent="latest", shard_bytes=30_000, splits={}, **TERMS)
    shared = {shard.sha256 for shard in manifest.shards} & {shard.sha256 for shard in made.shards}
    assert len(shared) == len(manifest.shards) - 1
    inodes = []
    for one in (manifest, made):
        folder = tmp_path / "store" / "releases" / "puerto" / one.version
        inodes.append({shard.sha256: (folder / shard.index).stat().st_ino for shard in one.shards})
    assert all(inodes[0][sha256] == inodes[1][sha256] for sha256 in shared)
    runs = [new.parent / "a-1", new]
    fresh = build("puerto", runs, store.path("fresh"), shard_bytes=30_000, splits={}, **TERMS)
    assert fresh.index == made.index
    assert verify(store, "puerto", made.version) == []


def test_another_scheme_makes_the_index_anew(version: Version, document: Any, kept_run: KeptRun) -> None:
    """The runs' scheme is the version's; a build without one keeps the parent's; a changed index is a change."""
    store, manifest = version
    stages = [{"use": "repair"}, {"use": "dedupe", "shingle": 4}]
    run = kept_run("b-1", [document(200, text=story(200))], stage=stages)
    made = build("puerto", [run], store, parent="latest", shard_bytes=30_000, splits={}, **TERMS)
    shared = {shard.sha256 for shard in manifest.shards} & {shard.sha256 for shard in made.shards}
    digests = [{m.files[s.index].sha256 for s in m.shards if s.sha256 in shared} for m in (manifest, made)]
    assert shared
    assert not digests[0] & digests[1]
    kept = build("puerto", [kept_run("c-1", [document(201)])], store, parent="latest", shard_bytes=30_000, **TERMS)
    for m in (made, kept):
        place = store.path("releases", "puerto", m.version, min(m.index))
        assert pq.read_metadata(place).metadata[METADATA] == metadata_of(Scheme(shingle=4))[METADATA]
    back = kept_run("d-1", [document(200, text=story(200))], stage=[{"use": "dedupe"}])
    again = build("puerto", [back], store, parent=made.version, shard_bytes=30_000, splits={}, **TERMS)
    assert [s.sha256 for s in again.shards] == [s.sha256 for s in made.shards]
    assert again.version not in (made.version, kept.version)


def test_a_release_may_be_without_an_index_and_get_it_later(tmp_path: Path, document: Any, kept_run: KeptRun) -> None:
    """`index=False` writes none; a build upon it with one makes a version that has the same shards and an index."""
    store = Store.at(tmp_path / "store")
    run = kept_run("a-1", [document(n) for n in range(5)])
    bare = build("puerto", [run], store, index=False, **TERMS)
    assert bare.index == {}
    assert not (tmp_path / "store" / "releases" / "puerto" / bare.version / "index").exists()
    with pytest.raises(ConfigError, match=f"without a fingerprint index.*--parent {bare.version}"):
        open_version(store, "puerto", tmp_path / "cache", Scheme())
    made = build("puerto", [], store, parent=bare.version, **TERMS)
    assert (made.version, made.shards) == ("2026.11.1", bare.shards)
    assert len(made.index) == len(made.shards)
    assert build("puerto", [], store, parent="latest", **TERMS).version == made.version


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: data[:-9] + b"x" + data[-8:], "its bytes aren't those that the manifest names"),
        (lambda data: data[:40], "its bytes aren't those that the manifest names"),
        (None, "missing"),
    ],
)
def test_verify_finds_a_damaged_index_file(
    version: Version, change: Callable[[bytes], bytes] | None, told: str
) -> None:
    """A byte changed, a file cut or gone is reported with the file's name."""
    store, manifest = version
    place = ("releases", "puerto", manifest.version, min(manifest.index))
    if change:
        store.write(change(store.read(*place)), *place)
    else:
        store.filesystem.rm(store.path(*place))
    assert [f"{place[-1]}: {told}"] == verify(store, "puerto", manifest.version)


def test_verify_finds_an_index_that_is_another_shards(version: Version, republished: Republish) -> None:
    """Where digests agree, the rows are compared with the shard's, and the files with the shards."""
    store, manifest = version
    name = min(manifest.index)
    rows = stored(store, manifest)[name]
    for wrong in (rows[1:], rows.with_columns(pl.lit("unknown").alias("rights_tier")), rows[::-1].cast(rows.schema)):
        made = with_file(republished, store, manifest, rewritten(store, wrong, metadata_of(Scheme())))
        assert any("its rows aren't those of data/" in problem for problem in verify(store, "puerto", made.version))
    made = with_file(republished, store, manifest, rewritten(store, rows, {}))
    assert verify(store, "puerto", made.version) == [f"{name}: it is no file of a fingerprint index"]
    fewer = {key: told for key, told in manifest.files.items() if key != name}
    republished(store, manifest.model_copy(update={"files": fewer}))
    assert "index: its files aren't one a shard" in verify(store, "puerto", manifest.version)


def test_pull_brings_the_index_only_when_asked(tmp_path: Path, version: Version) -> None:
    """Without the option no byte of it; with it every file, verified and listed; a later pull without removes it."""
    store, manifest = version
    to = tmp_path / "corpus"
    pull("puerto", store, to)
    assert not (to / "index").exists()
    pull("puerto", store, to, with_index=True)
    pulled = {f"index/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest() for path in (to / "index").iterdir()}
    assert pulled == {name: told.sha256 for name, told in manifest.index.items()}
    listed = (to / "SHA256SUMS").read_text()
    assert all(f"{sha256}  {name}\n" in listed for name, sha256 in pulled.items())
    pull("puerto", store, to)
    assert not list((to / "index").iterdir())
    with pytest.raises(ConfigError, match="a selection of rows has no index"):
        pull("puerto", store, to, where="country = 'CL'", with_index=True)


def test_pull_says_when_there_is_no_index(tmp_path: Path, document: Any, kept_run: KeptRun) -> None:
    """Asking for the index of a version without one is an error, and nothing is written."""
    build("puerto", [kept_run("a-1", [document(1)])], tmp_path / "store", index=False, **TERMS)
    with pytest.raises(ConfigError, match=r"puerto@2026\.11\.0 was built without an index"):
        pull("puerto", tmp_path / "store", tmp_path / "corpus", with_index=True)
    assert not (tmp_path / "corpus").exists()


def test_an_index_on_this_disk_is_read_in_place(tmp_path: Path, version: Version) -> None:
    """The pieces lie one after another from the row asked for, and no byte of the store is copied."""
    store, manifest = version
    pieces = open_version(store, "puerto", tmp_path / "cache", Scheme(), 1000)
    assert sum(piece.height for piece in pieces) == 60
    assert [piece.start for piece in pieces][:2] == [1000, 1000 + pieces[0].height]
    read = pl.concat([pickle.loads(pickle.dumps(piece)).read(["doc_id", "anchors"]) for piece in pieces])  # noqa: S301
    expected = pl.concat([frame for _, frame in sorted(stored(store, manifest).items())])
    assert read["doc_id"].equals(expected["doc_id"])
    anchors = [np.frombuffer(held, "<u8").tolist() for held in expected["anchors"]]
    assert read["anchors"].to_list() == anchors
    assert all(anchors)
    links = list((tmp_path / "cache").rglob("*.parquet"))
    assert len(links) == len(pieces)
    assert all(path.is_symlink() and str(path.resolve()).startswith(str(tmp_path / "store")) for path in links)


def test_an_index_elsewhere_is_fetched_once(
    tmp_path: Path, document: Any, kept_run: KeptRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a remote store the files are in the cache afterwards, and read again only where they are damaged."""
    store = Store.at(f"memory://{uuid.uuid4().hex}")
    first = kept_run("a-1", [document(n, text=story(n)) for n in range(30)])
    build("puerto", [first], store, shard_bytes=15_000, **TERMS)
    more = kept_run("b-1", [document(n, text=story(n)) for n in range(30, 34)])
    manifest = build("puerto", [more], store, parent="latest", shard_bytes=15_000, **TERMS)
    assert verify(store, "puerto", manifest.version) == []
    pieces = open_version(store, "puerto", tmp_path / "cache", Scheme())
    assert pl.concat([piece.read(["doc_id"]) for piece in pieces]).height == 34
    fetched: list[str] = []

    def watched(store: Store, place: str, sha256: str, part: Path) -> None:
        fetched.append(place)
        fetch(store, place, sha256, part)

    monkeypatch.setattr("latam_corpus.release.building.release_index.fetch", watched)
    open_version(store, "puerto", tmp_path / "cache", Scheme())
    assert fetched == []
    pieces[0].path.write_bytes(b"PAR1")
    again = open_version(store, "puerto", tmp_path / "cache", Scheme())
    assert fetched == [f"releases/puerto/{manifest.version}/index/{pieces[0].path.name}"]
    assert again == pieces


@pytest.mark.parametrize(
    ("spec", "scheme", "told"),
    [
        ("puertos", {}, "did you mean «puerto»"),
        ("puerto@2026.11.7", {}, "there is no version «2026.11.7»"),
        ("puerto", {"seed": 21}, "its fingerprints have seed 20, this run's 21; set seed = 20"),
        ("puerto", {"name": "minhash"}, "its fingerprints have name 'anchors', this run's 'minhash'"),
    ],
)
def test_an_index_that_is_not_there_or_foreign_is_refused(
    tmp_path: Path, version: Version, spec: str, scheme: dict[str, Any], told: str
) -> None:
    """Unknown names and other schemes are the user's error, with what would be right."""
    with pytest.raises(ConfigError, match=told.replace("(", r"\(")):
        open_version(version[0], spec, tmp_path / "cache", Scheme(**scheme))


def test_a_damaged_index_is_refused_and_mended_by_a_build_upon_it(tmp_path: Path, version: Version) -> None:
    """Other bytes, no Parquet, no file: an error that names the file and what to do, which then helps."""
    store, manifest = version
    name = min(manifest.index)
    path = tmp_path / "store" / "releases" / "puerto" / manifest.version / name
    whole = path.read_bytes()
    for data in (whole[:200] + b"x" + whole[201:], b"no es Parquet", b"", None):
        path.unlink()
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(ConfigError, match=f"{name}.*--parent {manifest.version}"):
            open_version(store, "puerto", tmp_path / "cache", Scheme())
        same = build("puerto", [], store, parent="latest", shard_bytes=30_000, splits={}, **TERMS)
        assert same.version == manifest.version
        assert path.read_bytes() == whole
        assert open_version(store, "puerto", tmp_path / "cache", Scheme())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": 9}, "its index has format 9, this toolkit reads 4"),
        ({"scheme": Scheme().to_dict() | {"version": 99}}, "fingerprints of version 99"),
        ({"scheme": {"name": "anchors"}}, "key «bands» is missing"),
    ],
)
def test_an_index_of_another_toolkit_is_refused(
    tmp_path: Path, version: Version, change: dict[str, Any], told: str, republished: Republish
) -> None:
    """Another format or version of the fingerprints is never compared with; a format's remedy is a whole command."""
    store, manifest = version
    rows = stored(store, manifest)[min(manifest.index)]
    stated = json.loads(metadata_of(Scheme())[METADATA]) | change
    with_file(republished, store, manifest, rewritten(store, rows, {METADATA: json.dumps(stated).encode()}))
    with pytest.raises(ConfigError, match=told) as caught:
        open_version(store, "puerto", tmp_path / "cache", Scheme())
    if "format" in change:
        command = f"release build puerto --parent {manifest.version} --store {store.url}"
        assert command in str(caught.value.remedy)


@pytest.mark.parametrize("options", [{}, {"use": "dedupe", "seed": 7}])
def test_the_damaged_index_of_an_older_version_is_mended_in_its_place(
    tmp_path: Path, document: Any, kept_run: KeptRun, options: dict[str, Any]
) -> None:
    """The build that the error names mends that version: no new one is made, and the latest stays the latest.

    The scheme is the release's own, though the version has no file left that could tell it.
    """
    store = Store.at(tmp_path / "store")
    stages: dict[str, Any] = {"stage": [options]} if options else {}
    terms = TERMS | {"splits": {}}
    first = build("puerto", [kept_run("a-1", [document(n, text=story(n)) for n in range(9)], **stages)], store, **terms)
    second = build("puerto", [kept_run("b-1", [document(30)], **stages)], store, parent="latest", **terms)
    [path] = (tmp_path / "store" / "releases" / "puerto" / first.version / "index").iterdir()
    whole = path.read_bytes()
    for data in (whole[:200] + b"x" + whole[201:], b"", None):
        path.unlink()
        if data is not None:
            path.write_bytes(data)
        assert verify(store, "puerto", first.version) != []
        assert build("puerto", [], store, parent=first.version, **terms) == first
        assert path.read_bytes() == whole
        assert verify(store, "puerto", first.version) == []
    assert store.latest("puerto") == second.version
    assert store.versions("puerto") == [first.version, second.version]
    # Named alone and whole, an older version is what the next one goes back to.
    assert build("puerto", [], store, parent=first.version, **terms).version not in (first.version, second.version)


def test_an_older_version_without_an_index_is_not_gone_back_to(
    tmp_path: Path, document: Any, kept_run: KeptRun
) -> None:
    """The remedy is another version: a build upon the old one would put its documents in place of the latest's."""
    store = Store.at(tmp_path / "store")
    first = build("puerto", [kept_run("a-1", [document(1)])], store, index=False, **TERMS)
    with pytest.raises(ConfigError, match=f"without a fingerprint index; build it: .*--parent {first.version}"):
        open_version(store, "puerto", tmp_path / "cache", Scheme())
    build("puerto", [kept_run("b-1", [document(2)])], store, parent="latest", **TERMS)
    with pytest.raises(ConfigError, match=r"name a version that was built with one, or build one upon the latest"):
        open_version(store, f"puerto@{first.version}", tmp_path / "cache", Scheme())
    assert open_version(store, "puerto", tmp_path / "cache", Scheme())


def test_an_index_made_before_spellings_were_compared_is_told_and_made_anew_by_the_next_version(
    tmp_path: Path,
    document: Any,
    kept_run: KeptRun,
    command_line: Any,
    small_recipe: Any,
    small_source: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of the languages that have older spellings alone, and to sources that may have texts in them."""
    store = Store.at(tmp_path / "out" / "store")
    run = kept_run("a-1", [document(1, text=story(1)), document(2, text=story(2), language="ayr_Latn")])
    with monkeypatch.context() as older:
        older.setattr("latam_corpus.dedupe.fingerprints.fingerprint_index.spellings_digest", lambda: None)
        old = build("puerto", [run], store, **TERMS)
    (tmp_path / "receta.toml").write_text(small_recipe('dedupe against = "puerto"'))

    def hints(languages: str) -> list[str]:
        (tmp_path / "fuente.toml").write_text(small_source().replace('["spa"]', languages))
        told = command_line("check", tmp_path / "receta.toml", "--out", tmp_path / "out", "--json")
        assert told.code == 0, told.err
        found: list[str] = told.json["hints"]
        return found

    for languages in ('["aym"]', '["spa", "ayr"]', "[]"):
        (hint,) = hints(languages)
        assert f"the index of {old.spec} was made with other spelling rules for ayr_Latn" in hint
        assert "release build puerto --parent latest" in hint
    assert hints('["spa"]') == []
    new = build("puerto", [], store, parent="latest", **TERMS)
    changed = {file.partition("-")[0]: old.files[file] != new.files[file] for file in new.index}
    assert hints('["aym"]') == []
    assert new.version != old.version
    assert sorted(changed.values()) == [False, True]
