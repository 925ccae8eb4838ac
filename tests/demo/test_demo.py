"""`latam-corpus demo`: one document's whole life, and the pieces that it is made from plant what they say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from latam_corpus.errors import ConfigError

if TYPE_CHECKING:
    from conftest import CommandLine


def test_the_screen_tells_one_life_one_fall_and_the_totals(command_line: CommandLine) -> None:
    """Origin, language, rights, bounds and shard of one document; the broken bounds of another; sums that add up."""
    told = command_line("demo", "--json")
    assert told.code == 0, told.err
    stays, falls, totals = told.json["stays"], told.json["falls"], told.json["totals"]
    assert stays["verdict"] == "kept"
    assert stays["source"]["origin"]["file"]
    assert stays["language"]["language"] == "spa_Latn"
    assert stays["rights"]["rights_tier"] == "open"
    assert all(bound["kept_to"] for bound in stays["bounds"])
    assert stays["releases"][0]["verdict"] == "released"
    assert falls["verdict"] == "set aside"
    assert any(not bound["kept_to"] for bound in falls["bounds"])
    assert totals["in"] == totals["kept"] + sum(totals["set_aside"].values())
    assert totals["released"] == totals["pulled"] <= totals["kept"]
    assert {"duplicate", "language=eng"} <= set(totals["set_aside"])
    assert totals["crawled"] == 13
    back = told.json["taken_back"]
    assert back["song"]["changes"] == [["removed", 1, "withdrawn"]]
    assert back["again"] == {
        "title": "Molino viejo (zamba)",
        "kept_by_the_run": 1,
        "left_out": {"withdrawn": 1},
    }
    (came, count, why), gone = back["story"]["changes"]
    assert (came, count, why.rpartition(" ")[0], gone) == ("added", 1, "was duplicate of", ["removed", 1, "withdrawn"])
    assert back["story"]["promoted"] == ["demo-biblioteca"]
    assert [back[one]["genuine"] for one in ("song", "story")] == [True, True]
    assert stays["source"]["origin"]["file"].endswith(".warc.gz")


def test_without_the_crawler_the_pages_are_read_from_the_disk_and_the_same_is_released(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sentence says why; the documents are the same, since each is known by its page's name and own address.

    With it, all that the first page quotes is on the screen.
    """

    def missing(named: str) -> None:
        raise ConfigError("crawl", f"«{named}» isn't installed", "pip install 'latam-corpus[crawl]'")

    shown = command_line("demo", "--out", tmp_path / "web")
    assert shown.code == 0
    assert not _quoted_on_the_first_page() - set(_without_versions(shown.out))
    monkeypatch.setattr("latam_corpus.harvest.crawlers.installed", missing)
    told = command_line("demo", "--out", tmp_path / "disco")
    assert (told.code, "isn't installed" in told.err) == (0, True)
    columns = ["doc_id", "text", "url", "title", "published", "country", "obtained", "rights", "uses"]
    both = [
        pl.read_parquet(tmp_path / name / "pulled" / "data/**/*.parquet", columns=columns).sort("doc_id")
        for name in ("web", "disco")
    ]
    assert both[0].equals(both[1])


def _quoted_on_the_first_page() -> set[str]:
    page = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    [block] = re.findall(r"^The end of what you see:\n\n```text\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    return set(_without_versions(block)) - {"  …"}


def _without_versions(text: str) -> list[str]:
    """The lines; a version has the month in its name."""
    return re.sub(r"@\d{4}\.\d+\.\d+", "@…", text).splitlines()


@pytest.mark.slow
def test_it_ends_with_commands_that_can_be_given(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them works on what the demo has left; where it has left nothing, it says how to keep it."""
    monkeypatch.chdir(tmp_path)
    shown = command_line("demo", "--out", "out", "--lang", "es").out
    assert "dónde seguir" in shown
    commands = [line.split()[1:] for line in shown.splitlines() if line.startswith("    latam-corpus ")]
    assert [command[0] for command in commands] == ["explain", "report", "measure", "sample", "release", "sources"]
    for command in commands[:-1]:
        ended = command_line(*command)
        assert ended.code == 0, ended.err


@pytest.mark.slow
def test_no_personal_identifier_reaches_the_release(command_line: CommandLine, tmp_path: Path) -> None:
    """The planted addresses and numbers are replaced in what is pulled."""
    assert command_line("demo", "--out", tmp_path).code == 0
    rows = pl.read_parquet(tmp_path / "pulled" / "data/**/*.parquet")
    assert not rows["text"].str.contains(r"@example\.org|@ejemplo").any()
    assert rows["redactions"].list.len().sum() > 0
    assert rows["text"].str.contains(r"\[EMAIL\]").any()


@pytest.mark.slow
def test_explain_finds_a_document_by_id_url_and_words(command_line: CommandLine, tmp_path: Path) -> None:
    """One story by each of the three ways; unknown words are told as such."""
    command_line("demo", "--out", tmp_path)
    kept = pl.read_parquet(tmp_path / "runs" / "*" / "kept" / "*.parquet")  # of a recollected song's run too
    row = kept.filter(pl.col("url").is_not_null()).row(0, named=True)
    words = row["text"].split("\n")[0][:60]
    for query in (row["doc_id"], row["url"], words):
        [story] = command_line("explain", query, "--out", tmp_path, "--json").json
        assert story["doc_id"] == row["doc_id"]
    shown = command_line("explain", row["doc_id"], "--out", tmp_path)
    assert "verdict" in shown.out
    assert row["doc_id"] in shown.out
    said = command_line("explain", "palabras que nadie escribió", "--out", tmp_path)
    assert said.code == 2
    assert "no document" in said.err
