"""Whole authors, sources or files are held out if a recipe requests it, and requested splits are not empty."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from built_versions import build

from latam_corpus.errors import ConfigError
from latam_corpus.release.pages.card_facts import held_out
from latam_corpus.release.storing.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

    from latam_corpus.release.storing.manifest import Manifest

TERMS: dict[str, Any] = {"admit": ["open"], "uses": ["train"], "today": date(2026, 11, 25), "index": False}
HALVES = {"validation": 0.3, "test": 0.3}


def released(store: Path, manifest: Manifest) -> pl.DataFrame:
    """Return the rows of a version."""
    return pl.concat([pl.read_parquet(store / shard.object) for shard in manifest.shards], how="diagonal_relaxed")


def most_splits(rows: pl.DataFrame, column: str) -> int:
    """Return the largest number of splits that documents with one value of a column are in."""
    return int(rows.drop_nulls(column).group_by(column).agg(pl.col("split").n_unique())["split"].max())  # type: ignore[arg-type]


def test_an_author_is_in_one_split_in_any_spelling(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Co-authors and copies are included; later versions move nothing and put new works in the same split."""
    names = ["Mistral, Gabriela", "gabriela  MISTRAL"]
    authors = [[f"Autora {n // 4}"] for n in range(80)] + [[name] for name in names for _ in range(10)]
    documents = [document(n, creators=creators) for n, creators in enumerate(authors)]
    documents += [document(200, creators=["Autora 1", "Autora 2"]), document(201, creators=None)]
    documents += [document(202 + n, creators=[f"Doble {n}"], duplicate_cluster="e" * 32) for n in range(2)]
    first = build("puerto", [kept_run("a-1", documents)], tmp_path / "s", splits=HALVES, split_by="author", **TERMS)
    rows = released(tmp_path / "s", first).with_columns(name=pl.col("creators").list.first().str.to_lowercase())
    assert rows["split"].n_unique() == 3
    assert most_splits(rows, "name") == 1
    assert rows.filter(pl.col("name").str.contains("mistral"))["split"].n_unique() == 1
    joined = rows.filter(pl.col("name").is_in(["autora 1", "autora 2"]))
    assert joined["split"].n_unique() == 1
    assert most_splits(rows, "duplicate_cluster") == 1
    new_documents = [document(300 + n, creators=creators) for n, creators in enumerate(authors[::4])]
    run = kept_run("b-1", new_documents)
    second = build("puerto", [run], tmp_path / "s", splits=HALVES, split_by="author", parent="latest", **TERMS)
    later_rows = released(tmp_path / "s", second).with_columns(name=pl.col("creators").list.first().str.to_lowercase())
    both = rows.join(later_rows, on="doc_id", suffix="_after")
    assert (both["split"] == both["split_after"]).all()
    assert most_splits(later_rows, "name") == 1


def test_a_source_is_in_one_split(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """With `split_by = "cluster"` the same documents are in all splits."""
    documents = [document(n, source_id=f"fuente-{n % 12}") for n in range(240)]
    run = kept_run("a-1", documents)
    by_source = build("puerto", [run], tmp_path / "s", splits=HALVES, split_by="source", **TERMS)
    by_cluster = build("faro", [run], tmp_path / "s", splits=HALVES, **TERMS)
    assert most_splits(released(tmp_path / "s", by_source), "source_id") == 1
    assert most_splits(released(tmp_path / "s", by_cluster), "source_id") == 3
    assert (by_source.split_by, by_cluster.split_by) == ("source", "cluster")


def test_a_file_is_in_one_split(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """Files of different sources are different, and later parts of a file join its split."""
    names = [f"novelas/{n % 12}.jsonl" for n in range(240)]
    origins = [{"file": name, "member": str(n), "offset": None, "digest": None} for n, name in enumerate(names)]
    documents = [document(n, source_id=f"fuente-{n // 12 % 2}", origin=origin) for n, origin in enumerate(origins)]
    run = kept_run("a-1", documents[:200])
    first = build("puerto", [run], tmp_path / "s", splits=HALVES, split_by="file", **TERMS)
    rows = released(tmp_path / "s", first).with_columns(file=pl.col("origin").struct.field("file"))
    assert most_splits(rows.with_columns(of=pl.concat_str("source_id", "file")), "of") == 1
    assert most_splits(rows, "file") > 1
    later_run = kept_run("b-1", documents[200:])
    second = build("puerto", [later_run], tmp_path / "s", splits=HALVES, split_by="file", parent="latest", **TERMS)
    later_rows = released(tmp_path / "s", second).with_columns(file=pl.col("origin").struct.field("file"))
    assert later_rows.height > rows.height
    assert most_splits(later_rows.with_columns(of=pl.concat_str("source_id", "file")), "of") == 1


def test_empty_file_names_and_line_breaks_join_no_other_documents(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """An empty name ties no documents, and a name with a line break is one name."""
    names = {0: "", 1: "a\nb.txt", 2: "b.txt"}
    origins = [{"file": names[n % 3], "member": str(n), "offset": None, "digest": None} for n in range(240)]
    documents = [document(n, source_id=f"fuente-{n % 3}", origin=origin) for n, origin in enumerate(origins)]
    manifest = build("puerto", [kept_run("a-1", documents)], tmp_path / "s", splits=HALVES, split_by="file", **TERMS)
    rows = released(tmp_path / "s", manifest)
    splits = {source: set(frame["split"]) for (source,), frame in rows.group_by("source_id")}
    assert (len(splits["fuente-0"]), len(splits["fuente-1"]), len(splits["fuente-2"])) == (3, 1, 1)


def test_a_change_to_split_by_author_moves_no_document(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """An author in several splits stays there, and new works are for training."""
    documents = [document(n, creators=["Rosa Vera"]) for n in range(60)]
    first = build("puerto", [kept_run("a-1", documents)], tmp_path / "s", splits=HALVES, **TERMS)
    more_run = kept_run("b-1", [document(n, creators=["Rosa Vera"]) for n in range(100, 140)])
    second = build("puerto", [more_run], tmp_path / "s", splits=HALVES, split_by="author", parent="latest", **TERMS)
    first_rows, second_rows = (released(tmp_path / "s", manifest) for manifest in (first, second))
    both = first_rows.join(second_rows, on="doc_id", suffix="_after")
    assert (both.height, both["split"].n_unique()) == (60, 3)
    assert (both["split"] == both["split_after"]).all()
    assert second_rows.join(first_rows, on="doc_id", how="anti")["split"].unique().to_list() == ["train"]
    assert (first.parted_groups, second.parted_groups) == (0, 1)
    assert any(
        "1 group (split_by = author) has documents in several splits" in str(sentence) for sentence in held_out(second)
    )


@pytest.mark.parametrize("shares", [{"validation": 0.01}, {"test": 0.01}, {"validation": 0.01, "test": 0.01}])
def test_a_requested_split_is_not_empty(tmp_path: Path, document: Any, kept_run: Any, shares: dict[str, float]) -> None:
    """A split of one percent has documents if the version has at least a hundred."""
    for number in range(6):
        documents = [document(1000 * number + n) for n in range(101)]
        run = kept_run(f"a-{number}", documents)
        manifest = build(f"puerto-{number}", [run], tmp_path / "s", splits=shares, **TERMS)
        held_out_rows = {split: tally.rows for split, tally in manifest.counts["split"].items() if split != "train"}
        assert held_out_rows.keys() == shares.keys()
        assert max(held_out_rows.values()) < 8


def test_splits_far_from_the_requested_share_are_reported(tmp_path: Path, document: Any, kept_run: Any) -> None:
    """A whole source may be a larger share than requested, and the card says so."""
    documents = [document(n, source_id=f"fuente-{n % 3}") for n in range(90)]
    requested = {"test": 0.2}
    manifest = build(
        "puerto", [kept_run("a-1", documents)], tmp_path / "s", splits=requested, split_by="source", **TERMS
    )
    assert [str(sentence) for sentence in held_out(manifest)] == [
        "The test split has a share of 33 %, and 20 % were asked for: groups aren't divided."
    ]
    halves = build("muelle", [kept_run("a-2", documents)], tmp_path / "s", splits={"test": 0.4}, **TERMS)
    assert held_out(halves) == []


def test_an_empty_split_is_reported(tmp_path: Path, document: Any, kept_run: Any, command_line: CommandLine) -> None:
    """The card and the build report a split that a small corpus cannot have."""
    release = {"admit": ["open"], "uses": ["train"], "split": {"validation": 0.005, "test": 0.0}}
    run = kept_run("a-1", [document(n) for n in range(20)], release=release)
    out = tmp_path / "out"
    result = command_line("release", "build", "puerto", run, "--out", out, "--lang", "es")
    assert "No hay partición validation" in result.err + result.out
    store = Store.at(out / "store")
    card = store.read("releases", *store.find("puerto"), "README.md").decode()
    assert "There is no validation split, although 0.5 % were asked for" in card
    assert "no test split" not in card


def test_a_recipe_may_set_split_by(tmp_path: Path, small_recipe: Any) -> None:
    """An unknown word for `split_by` is an error."""
    from latam_corpus.pipeline.planning.recipe import load_recipe

    text = small_recipe("repair", release="")
    (tmp_path / "r.toml").write_text(text.replace("[release]", '[release]\nsplit_by = "author"'))
    recipe = load_recipe(str(tmp_path / "r.toml"))
    assert recipe.release
    assert recipe.release.split_by == "author"
    (tmp_path / "r.toml").write_text(text.replace("[release]", '[release]\nsplit_by = "autor"'))
    with pytest.raises(ConfigError, match="split_by"):
        load_recipe(str(tmp_path / "r.toml"))
