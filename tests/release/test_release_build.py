"""A version is built from runs: its documents, the reasons for leaving others out, and the same bytes every time."""

from __future__ import annotations

import fcntl
import io
import json
import random
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from built_versions import build

from latam_corpus import schema
from latam_corpus.errors import ConfigError, ReleaseError
from latam_corpus.release.reading.verify_version import verify
from latam_corpus.release.storing.manifest import Manifest, load_manifest, parse_manifest
from latam_corpus.release.storing.shard_file import write_group, writer
from latam_corpus.release.storing.store import Store
from latam_corpus.release.storing.store_tables import read_ledger

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import MadeOnce, SealRun

TODAY = date(2026, 11, 25)
TERMS: dict[str, Any] = {"admit": ["open", "attribution"], "uses": ["train", "redistribute"], "today": TODAY}
LATER = datetime(2025, 1, 1, tzinfo=UTC)


def released(store: Path, manifest: Manifest) -> pl.DataFrame:
    """Return all rows of a version, in the order of its shards."""
    return pl.concat([pl.read_parquet(store / shard.object) for shard in manifest.shards])


def ledger(store: Path, manifest: Manifest) -> dict[str, str]:
    """Return the reason for each document that was left out."""
    rows = read_ledger(Store.at(store), manifest.name, manifest.version).filter(pl.col("verdict") == "dropped")
    return dict(rows.select("doc_id", "reason").iter_rows())


def test_every_document_is_released_or_left_out_with_a_reason(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Rows read are those repeated, left out and released; the ledger has a row for each of the last two."""
    documents = [document(n) for n in range(20)] + [
        document(20, rights="CC-BY-NC-4.0", rights_tier="non_commercial"),
        document(21, uses=["train"]),
        document(22, uses=[]),
        document(23, expires=date(2026, 11, 24)),
        document(24, embargo_until=date(2026, 11, 26)),
        document(25, text=document(3)["text"].upper(), obtained=LATER),
        document(26, expires=TODAY, embargo_until=TODAY),
        document(27, text=None),
        document(28, text=""),
        document(29, text=" \u200b\u00ad\n\x01"),
    ]
    manifest = build("puerto", [kept_run("cuentos-1", documents)], tmp_path / "store", **TERMS)
    assert manifest.flow.model_dump() == {"read": 30, "repeated": 0, "left_out": 9, "released": 21}
    ids = {document(n)["doc_id"]: n for n in range(30)}
    assert {ids[doc_id]: reason for doc_id, reason in ledger(tmp_path / "store", manifest).items()} == {
        20: "rights_tier=non_commercial",
        21: "uses_lack=redistribute",
        22: "uses_lack=train,redistribute",
        23: "expires<2026-11-25",
        24: "embargo_until>2026-11-25",
        25: "duplicate",
        27: "text=null",
        28: "text=null",
        29: "text=null",
    }
    assert sum(manifest.left_out.values()) == 9
    assert {ids[d] for d in released(tmp_path / "store", manifest)["doc_id"]} == {*range(20), 26}


def test_a_duplicate_names_the_kept_document_and_the_more_open_copy_is_kept(
    tmp_path: Path, document: Any, kept_run: Any
) -> None:
    """Of copies across runs the more open is kept, then the earlier; a copy that may not be used displaces none.

    The third copy is from another source, whose fewer uses do not restrict the copies of other sources.
    """
    text = "Agua que no has de beber, déjala correr."
    licensed = {"rights": "CC-BY-4.0", "rights_tier": "attribution", "source_id": "cuentos-del-mar"}
    given = {"uses": ["evaluate"], "source_id": "cuentos-del-faro"}
    first = kept_run("a-1", [document(1, text=text, **licensed), document(9)])
    second = kept_run("b-1", [document(2, text=text, obtained=LATER), document(3, text=text, **given)])
    manifest = build("puerto", [second, first], tmp_path / "store", **TERMS)
    assert manifest.left_out == {"duplicate": 1, "uses_lack=train,redistribute": 1}
    rows = read_ledger(Store.at(tmp_path / "store"), "puerto", manifest.version, document(1)["doc_id"])
    assert json.loads(rows["evidence"][0])["kept"] == document(2)["doc_id"]


def test_the_latest_record_of_a_document_wins(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Of several records of a document the latest is released, and the ledger has the other as superseded."""
    old_run = kept_run("a-1", [document(1, text="Primera versión."), document(2)])
    new_run = kept_run("b-1", [document(1, text="Versión corregida.", obtained=LATER), document(2)])
    manifest = build("puerto", [new_run, old_run], tmp_path / "store", **TERMS)
    assert (manifest.left_out, manifest.flow.repeated) == ({"superseded": 1}, 1)
    assert "Versión corregida." in released(tmp_path / "store", manifest)["text"].to_list()


@pytest.mark.parametrize("seed", range(4))
def test_shards_are_a_function_of_the_documents_alone(
    tmp_path: Path, document: Any, kept_run: Any, made_once: MadeOnce, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """The bytes of shards do not depend on runs, parts, order or batches."""
    from latam_corpus.release.eligibility import partitions
    from latam_corpus.release.storing import shard_file
    from latam_corpus.storage import spill  # their limits are made small here

    monkeypatch.setattr(shard_file, "GROUP_BYTES", 20_000)
    documents = [
        document(n, text="Cada noche el faro cuenta los barcos. " * (n % 40 + 1) + str(n), language=language)
        for n in range(60)
        for language in ["spa_Latn" if n % 3 else "por_Latn"]
    ]
    run = kept_run("a-1", documents, 1)
    one = made_once("build", lambda folder: build("puerto", [run], folder, shard_bytes=40_000, **TERMS))
    expected = load_manifest(Store.at(one), "puerto", "2026.11.0")
    draw = random.Random(seed)
    draw.shuffle(documents)
    cut = draw.randrange(1, 59)
    monkeypatch.setattr(shard_file, "BATCH_BYTES", draw.choice([500, 5_000, 50_000]))
    monkeypatch.setattr(spill, "_BYTES", draw.choice([1_000, 20_000, 10**9]))
    monkeypatch.setattr(spill, "_ROWS", draw.choice([3, 10**9]))
    monkeypatch.setattr(partitions, "PARTITION_ROWS", draw.choice([5, 25]))
    monkeypatch.setattr(partitions, "_SAMPLED_ROWS", 2)
    runs = [kept_run("b-2", documents[:cut], 3), kept_run("a-2", documents[cut:], draw.randrange(1, 9))]
    shuffled = build("puerto", runs, tmp_path / "two", shard_bytes=40_000, **TERMS)
    assert len(expected.shards) > 3
    assert [shard.model_dump() for shard in shuffled.shards] == [shard.model_dump() for shard in expected.shards]


def test_a_row_group_is_the_same_in_one_chunk_or_in_several(document: Any) -> None:
    """The bytes of a row group do not depend on the chunks of its rows."""
    rows = [document(n, text="El río no vuelve atrás. " * 900 + str(n)) for n in range(120)]
    pieces = [schema.conform(pl.DataFrame(rows[n : n + 7]), schema.RELEASE_SCHEMA) for n in range(0, 120, 7)]
    written = []
    for frame in (pl.concat(pieces, rechunk=False), pl.concat(pieces, rechunk=True)):
        target = io.BytesIO()
        with writer(target, schema.RELEASE_SCHEMA) as opened:
            write_group(opened, frame)
        written.append(target.getvalue())
    assert written[0] == written[1]


def test_a_shard_splits_only_when_it_grows(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """A version keeps the cuts of its parent and shares every unchanged object with it."""
    store = tmp_path / "store"
    first = build("puerto", [kept_run("a-1", [document(n) for n in range(200)])], store, shard_bytes=40_000, **TERMS)
    run = kept_run("b-1", [document(1000)])
    second = build("puerto", [run], store, parent="latest", shard_bytes=40_000, **TERMS)
    first_objects, second_objects = {s.sha256 for s in first.shards}, {s.sha256 for s in second.shards}
    assert len(second_objects - first_objects) == 1
    smaller = build("puerto", [], store, parent="latest", shard_bytes=10**9, **TERMS)
    assert smaller.version == second.version
    assert {s.prefix for s in first.shards} <= {s.prefix for s in second.shards}


def test_a_reused_shard_equals_a_rewritten_one(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Reusing the parent's objects gives the same version as writing all rows."""
    documents = [document(n) for n in range(100)]
    build("puerto", [kept_run("a-1", documents)], tmp_path / "one", shard_bytes=30_000, **TERMS)
    new_run = kept_run("b-1", [document(200), document(3, text="Otra historia.", obtained=LATER)])
    with_parent = build("puerto", [new_run], tmp_path / "one", parent="latest", shard_bytes=30_000, **TERMS)
    without_parent = build(
        "puerto", [new_run, tmp_path / "out" / "runs" / "a-1"], tmp_path / "two", shard_bytes=30_000, **TERMS
    )
    assert [s.sha256 for s in with_parent.shards] == [s.sha256 for s in without_parent.shards]


def test_an_unchanged_build_makes_no_new_version(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """A build with the shards of the latest version returns that version."""
    store, run = tmp_path / "store", kept_run("a-1", [document(n) for n in range(5)])
    first = build("puerto", [run], store, **TERMS)
    repeated = build("puerto", [run], store, **TERMS)
    with_parent = build("puerto", [run], store, parent=first.version, **TERMS)
    assert (repeated.version, with_parent.version) == (first.version, first.version)
    other_terms = build("puerto", [run], store, **(TERMS | {"admit": ["open"]}))
    assert (other_terms.version, Store.at(store).versions("puerto")) == ("2026.11.1", ["2026.11.0", "2026.11.1"])


def test_splits_follow_the_cluster_and_the_parent(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """A cluster is in one split, about the requested share is held out, and later versions move nothing."""
    store = tmp_path / "store"
    splits = {"validation": 0.2, "test": 0.2}
    documents = [document(n, duplicate_cluster=document(n // 2)["doc_id"]) for n in range(400)]
    first = build("puerto", [kept_run("a-1", documents)], store, splits=splits, **TERMS)
    rows = released(store, first)
    assert rows.group_by("duplicate_cluster").agg(pl.col("split").n_unique())["split"].max() == 1
    shares = dict(rows["split"].value_counts(normalize=True).iter_rows())
    assert 0.1 < shares["test"] < 0.3
    assert 0.1 < shares["validation"] < 0.3
    test_rows = rows.filter(pl.col("split") == "test")
    # A held-out text comes again under another id, and a document's cluster has a new name.
    ending = kept_run("b-1", [test_rows.row(0, named=True) | {"expires": TODAY, "obtained": LATER}])
    build("puerto", [ending], store, parent="latest", splits=splits, **TERMS)
    copy = document(5000, text=test_rows["text"][0], source_id="otra")
    moved = test_rows.row(1, named=True) | {"duplicate_cluster": "f" * 32, "obtained": LATER}
    no_splits = {"validation": 0.0, "test": 0.0}
    terms = TERMS | {"today": TODAY + timedelta(days=1)}
    third = build("puerto", [kept_run("c-1", [copy, moved])], store, parent="latest", splits=no_splits, **terms)
    later_rows = released(store, third)
    both = rows.select("doc_id", "split").join(later_rows.select("doc_id", "split"), on="doc_id", suffix="_after")
    assert both.height == 398, "the permission has ended for both copies of a cluster"
    assert (both["split"] == both["split_after"]).all()
    assert later_rows.filter(pl.col("doc_id") == copy["doc_id"])["split"].to_list() == ["test"]


def test_held_out_documents_are_spread_over_the_shards(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """The split of a document is independent of the leading bits that choose its shard."""
    run = kept_run("a-1", [document(n) for n in range(300)])
    terms = TERMS | {"splits": {"test": 0.3}, "shard_bytes": 30_000}
    manifest = build("puerto", [run], tmp_path / "store", **terms)
    assert {shard.prefix[:2] for shard in manifest.shards if shard.split == "test"} == {"00", "01", "10", "11"}


def test_a_cluster_that_joins_train_and_test_goes_to_train(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Documents that were in the training split are never held out by a later version."""
    store = tmp_path / "store"
    first = build(
        "puerto",
        [kept_run("a-1", [document(n) for n in range(60)])],
        store,
        splits={"validation": 0.0, "test": 0.5},
        **TERMS,
    )
    rows = released(store, first)
    pair = [rows.filter(pl.col("split") == split).row(0, named=True) for split in ("train", "test")]
    joined = [row | {"duplicate_cluster": "c" * 32, "obtained": LATER} for row in pair]
    second = build("puerto", [kept_run("b-1", joined)], store, parent="latest", **TERMS)
    later_splits = dict(released(store, second).select("doc_id", "split").iter_rows())
    assert [later_splits[row["doc_id"]] for row in pair] == ["train", "train"]


def test_the_changelog_counts_changes_by_reason(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """The changelog counts changes since the parent by reason, above the parent's own changes."""
    store = tmp_path / "store"
    documents = [document(n) for n in range(8)] + [
        document(8, expires=date(2026, 12, 1)),
        document(9, embargo_until=date(2026, 12, 10)),
    ]
    build("puerto", [kept_run("a-1", documents)], store, **TERMS)
    changes = [
        document(0, text="Texto corregido por la autora.", obtained=LATER),
        document(1, rights="CC-BY-4.0", rights_tier="attribution", obtained=LATER),
        document(9, embargo_until=date(2026, 12, 10)),
        document(50),
    ]
    terms = TERMS | {"today": date(2026, 12, 15)}
    second = build("puerto", [kept_run("b-1", changes)], store, parent="latest", **terms)
    text = (store / "releases" / "puerto" / second.version / "CHANGELOG.md").read_text(encoding="utf-8")
    newest, oldest = text.split("## 2026.11.0")
    assert newest.startswith("# Changes of puerto\n\n## 2026.12.0 (2026-12-15, from 2026.11.0)\n")
    assert [line for line in newest.splitlines() if line.startswith("| ") and "---" not in line][1:] == [
        "| added | spa_Latn | `new` | 1 |",
        "| added | spa_Latn | `was embargo_until>2026-11-25` | 1 |",
        "| removed | spa_Latn | `expires<2026-12-15` | 1 |",
        "| changed | spa_Latn | `rights, other columns` | 1 |",
        "| changed | spa_Latn | `text, other columns` | 1 |",
    ]
    assert "| added | spa_Latn | `new` | 9 |" in oldest


def test_sha256sum_checks_a_version_in_its_store(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """`sha256sum` verifies the version's files and its objects."""
    manifest = build("puerto", [kept_run("a-1", [document(n) for n in range(5)])], tmp_path / "store", **TERMS)
    folder = tmp_path / "store" / "releases" / "puerto" / manifest.version
    done = subprocess.run(["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_shards_have_the_settings_that_readers_expect(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Shards are sorted by doc_id, with zstd, a page index, the schema of a release, and no text in the footer."""
    manifest = build("puerto", [kept_run("a-1", [document(n) for n in range(50)])], tmp_path / "store", **TERMS)
    shard = max(manifest.shards, key=lambda shard: shard.rows)
    file = pq.ParquetFile(tmp_path / "store" / shard.object)
    group = file.metadata.row_group(0)
    columns = {group.column(place).path_in_schema: group.column(place) for place in range(group.num_columns)}
    assert file.schema_arrow.equals(schema.arrow_schema(schema.RELEASE_SCHEMA))
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert columns["doc_id"].has_column_index
    assert columns["text"].has_offset_index
    assert not columns["text"].is_stats_set
    assert file.metadata.row_group(0).sorting_columns[0].column_index == 0
    assert file.read(["doc_id"])["doc_id"].to_pylist() == sorted(file.read(["doc_id"])["doc_id"].to_pylist())
    footer = (tmp_path / "store" / shard.object).read_bytes()[-file.metadata.serialized_size :]
    assert b"barca" not in footer


def test_removing_one_document_leaves_most_bytes_of_its_shard(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """With content-defined chunks, most pages of a shard stay the same if a row in the middle is removed."""
    draw = random.Random(7)
    words = ["agua", "río", "barca", "noche", "puerto", "red", "sal", "viento", "faro", "madre", "pueblo", "canto"]
    documents = [document(n, text=" ".join(draw.choices(words, k=1500)) + f" {n}") for n in range(700)]
    documents.sort(key=lambda row: str(row["doc_id"]))
    store, terms = tmp_path / "store", TERMS | {"splits": {}}
    columns = []
    for name, rows in (("a-1", documents), ("b-1", documents[:350] + documents[351:])):
        [shard] = build("puerto", [kept_run(name, rows)], store, **terms).shards
        [text] = [
            chunk
            for place in range(pq.read_metadata(store / shard.object).num_columns)
            if (chunk := pq.read_metadata(store / shard.object).row_group(0).column(place)).path_in_schema == "text"
        ]
        data = (store / shard.object).read_bytes()
        columns.append(data[text.data_page_offset : text.data_page_offset + text.total_compressed_size])
    shorter = min(map(len, columns))
    first, second = (np.frombuffer(column, dtype=np.uint8) for column in columns)
    equal_at_start = int(np.argmax(first[:shorter] != second[:shorter]))
    equal_at_end = int(np.argmax(first[::-1][:shorter] != second[::-1][:shorter]))
    assert (equal_at_start + equal_at_end) / len(columns[0]) > 0.7


def test_the_card_has_a_configuration_for_each_language_and_genre(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """The card lists configurations with splits, the Hub's language codes, licences and sources."""
    documents = [document(n) for n in range(5)] + [
        document(10, language="por_Latn", genre="news", rights="CC-BY-4.0", rights_tier="attribution"),
        document(11, language="quy_Latn", genre="dictionary", text="choclo: maíz tierno"),
    ]
    manifest = build("puerto", [kept_run("a-1", documents)], tmp_path / "store", **(TERMS | {"splits": {}}))
    card = Store.at(tmp_path / "store").read("releases", "puerto", manifest.version, "README.md").decode()
    head = card.split("---\n")[1]
    for line in (
        "- config_name: all\n  default: true\n  data_files:\n  - split: train\n    path: data/*/train-*.parquet",
        "- config_name: por_Latn-news\n  data_files:\n  - split: train\n    path: data/por_Latn-news/train-*.parquet",
        "language:\n- es\n- pt\n- quy\n",
        "license:\n- cc-by-4.0\n- cc0-1.0\n",
        "size_categories:\n- n<1K\n",
    ):
        assert line in head
    assert "Biblioteca del Puerto" in card
    assert "Para pedir que se retire un texto" in card


def test_impossible_terms_are_refused_before_anything_is_read(
    tmp_path: Path, document: Any, kept_run: Any, seal_run: SealRun
) -> None:
    """Errors name the closest word; unknown rights, unfinished runs and missing parents are refused."""
    run = kept_run("a-1", [document(1)])
    cases: list[tuple[dict[str, Any], str]] = [
        ({"admit": ["opne"]}, "did you mean «open»"),
        ({"admit": ["open", "unknown"]}, "never released"),
        ({"uses": ["training"]}, "did you mean «train»"),
        ({"uses": []}, "nothing is named"),
        ({"splits": {"test": 1.0}}, "isn't a share"),
        ({"splits": {"test": 0.5, "validation": 0.5}}, "nothing is left to train on"),
        ({"parent": "2026.1.0"}, "there is no release «puerto»"),
        ({"version": "../2026"}, "isn't a version"),
    ]
    for change, problem in cases:
        with pytest.raises(ConfigError, match=problem):
            build("puerto", [run], tmp_path / "store", **(TERMS | change))
    seal_run(run, finished=False)
    with pytest.raises(ConfigError, match="isn't finished"):
        build("puerto", [run], tmp_path / "store", **TERMS)
    (run / "run.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ConfigError, match="isn't the record of a run"):
        build("puerto", [run], tmp_path / "store", **TERMS)
    assert not (tmp_path / "store").exists()


def test_an_empty_version_is_an_error_with_reasons(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """If no document is left for the version, no version is made, and the error counts the reasons."""
    run = kept_run("a-1", [document(1, rights_tier="permission"), document(2, uses=[])])
    with pytest.raises(ReleaseError, match=r"its rights tier is by permission \(1\), its terms don't allow: tr"):
        build("puerto", [run], tmp_path / "store", **TERMS)
    assert Store.at(tmp_path / "store").names() == []


def test_left_out_documents_are_counted_in_every_build(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Documents of the runs that are left out are counted by reason, even if no new version is made."""
    runs = [kept_run("a-1", [document(1), document(2, rights_tier="permission"), document(3, uses=[])])]
    for parent in (None, "latest"):
        left_out = Counter[str]()
        build("puerto", runs, tmp_path / "store", parent=parent, left_out=left_out, **TERMS)
        assert left_out == {"rights_tier=permission": 1, "uses_lack=train,redistribute": 1}
    assert len(Store.at(tmp_path / "store").versions("puerto")) == 1


def test_a_damaged_part_is_an_error(tmp_path: Path, document: Any, kept_run: Any, seal_run: SealRun) -> None:
    """A part that is not Parquet, or lacks a column, is an error that names it; no version is made."""
    run = kept_run("a-1", [document(1), document(2)])
    part = run / "kept" / "parte-00001.parquet"
    pl.DataFrame({"doc_id": ["a"]}).write_parquet(part)
    seal_run(run)
    with pytest.raises(ReleaseError, match=r"parte-00001\.parquet: the column «text» is missing"):
        build("puerto", [run], tmp_path / "store", **TERMS)
    part.write_bytes(b"PAR1 no")
    seal_run(run)
    with pytest.raises(ReleaseError, match=r"parte-00001\.parquet: it can't be read"):
        build("puerto", [run], tmp_path / "store", **TERMS)
    assert Store.at(tmp_path / "store").names() == []


def test_a_manifest_is_read_back_as_it_was_written(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """The store has the manifest that build returns; other and newer formats are refused."""
    manifest = build("puerto", [kept_run("a-1", [document(1)])], tmp_path / "store", **TERMS)
    assert load_manifest(Store.at(tmp_path / "store"), "puerto", manifest.version) == manifest
    for data, problem in (
        (b"{", "isn't JSON"),
        (b'{"name": "x"}', "isn't the manifest of a latam_corpus release"),
        (manifest.dumped().replace(b'"format": 1', b'"format": 2'), "its format is 2"),
        (manifest.dumped().replace(b'"path": "data/', b'"path": "../data/'), "shards.0.path"),
    ):
        with pytest.raises(ReleaseError, match=problem):
            parse_manifest(data, "manifest.json")


@pytest.mark.parametrize("url", ["", "memory://versiones"])
def test_a_version_is_never_overwritten(tmp_path: Path, url: str) -> None:
    """An existing manifest is never replaced, on the disk or in a remote store."""
    store = Store.at(url or tmp_path / "store")
    store.create(b"una", "releases", "puerto", "2026.11.0", "manifest.json")
    with pytest.raises(ReleaseError, match="it exists already"):
        store.create(b"otra", "releases", "puerto", "2026.11.0", "manifest.json")
    assert store.read("releases", "puerto", "2026.11.0", "manifest.json") == b"una"


def test_versions_are_numbered_within_a_month(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """The default version is the next of the month, and a given version must be new."""
    store = tmp_path / "store"
    run, other_run = kept_run("a-1", [document(1)]), kept_run("b-1", [document(2)])
    assert build("puerto", [run], store, **TERMS).version == "2026.11.0"
    assert build("puerto", [other_run], store, **TERMS).version == "2026.11.1"
    assert build("puerto", [run], store, **(TERMS | {"today": TODAY + timedelta(days=10)})).version == "2026.12.0"
    with pytest.raises(ConfigError, match="versions are never overwritten"):
        build("puerto", [run], store, version="2026.11.0", **TERMS)


def test_an_interrupted_build_leaves_no_partial_version(
    tmp_path: Path, document: Any, kept_run: Any, before_writes: Any
) -> None:
    """A build interrupted at any write leaves either the old version or the complete new one as the latest."""
    store = Store.at(tmp_path / "store")
    build("puerto", [kept_run("a-1", [document(n) for n in range(6)])], store, **TERMS)
    run = kept_run("b-1", [document(n) for n in range(9)])
    writes = 0
    limit = 0

    def stop() -> None:
        nonlocal writes
        writes += 1
        if writes > limit:
            raise KeyboardInterrupt

    before_writes(stop, "write", "create", "add_object")
    outcomes: list[str] = []
    while not outcomes or outcomes[-1] != "done":
        writes, limit = 0, limit + 1
        try:
            build("puerto", [run], store, **TERMS)
            outcomes.append("done")
        except KeyboardInterrupt:
            outcomes.append(str(store.latest("puerto")))
            assert [problem for v in store.versions("puerto") for problem in verify(store, "puerto", v)] == []
    assert len(outcomes) > 6
    assert set(outcomes[:-1]) == {"2026.11.0"}
    # The last interruption was after the manifest and before the pointer: the next build makes that version the latest.
    assert store.versions("puerto") == ["2026.11.0", "2026.11.1"]
    assert store.latest("puerto") == "2026.11.1"
    assert not list((tmp_path / "store" / "scratch").glob("build-*"))


def test_temporary_files_of_a_killed_build_are_removed_by_the_next(
    tmp_path: Path, document: Any, kept_run: Any
) -> None:
    """The next build removes temporary files of killed builds, but not those of running ones."""
    scratch = tmp_path / "store" / "scratch"
    for name in ("dead", "living"):
        (scratch / f"build-{name}").mkdir(parents=True)
        (scratch / f"build-{name}" / "0.arrows").write_bytes(b"x")
        (scratch / f"build-{name}.lock").touch()
    with (scratch / "build-living.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        build("puerto", [kept_run("a-1", [document(1)])], tmp_path / "store", **TERMS)
        assert sorted(path.name for path in scratch.glob("build-*")) == ["build-living", "build-living.lock"]


@pytest.mark.parametrize("url", ["", "memory://a-la-vez"])
def test_concurrent_builds_make_a_version_each(tmp_path: Path, document: Any, kept_run: Any, url: str) -> None:
    """Concurrent builds get different numbers, all versions are intact, and one is the latest."""
    store = url or tmp_path / "store"
    runs = [kept_run(f"{name}-1", [document(place)]) for place, name in enumerate("abcd")]
    with ThreadPoolExecutor(4) as pool:
        manifests = list(pool.map(lambda run: build("puerto", [run], store, **TERMS), runs))
    versions = Store.at(store).versions("puerto")
    assert versions == sorted(manifest.version for manifest in manifests) == [f"2026.11.{n}" for n in range(4)]
    assert [problem for v in versions for problem in verify(Store.at(store), "puerto", v)] == []
    assert Store.at(store).latest("puerto") in versions
