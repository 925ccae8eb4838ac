"""`latam-corpus demo` shows one document's whole life, on a corpus with planted errors."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from latam_corpus.errors import ConfigError

if TYPE_CHECKING:
    from conftest import CommandLine


def test_the_screen_shows_a_kept_and_a_dropped_document_and_the_totals(command_line: CommandLine) -> None:
    """The screen has the facts of a kept document, the broken bounds of a dropped one, and totals that add up."""
    ended = command_line("demo", "--json")
    assert ended.code == 0, ended.err
    kept, dropped, totals = ended.json["stays"], ended.json["falls"], ended.json["totals"]
    assert kept["verdict"] == "kept"
    assert kept["source"]["origin"]["file"]
    assert kept["language"]["language"] == "spa_Latn"
    assert kept["rights"]["rights_tier"] == "open"
    assert all(bound["kept_to"] for bound in kept["bounds"])
    assert kept["releases"][0]["verdict"] == "released"
    assert dropped["verdict"] == "set aside"
    assert any(not bound["kept_to"] for bound in dropped["bounds"])
    assert totals["in"] == totals["kept"] + sum(totals["set_aside"].values())
    assert totals["released"] == totals["pulled"] <= totals["kept"]
    assert {"duplicate", "language=eng"} <= set(totals["set_aside"])
    assert totals["crawled"] == 13
    withdrawals = ended.json["taken_back"]
    assert withdrawals["song"]["changes"] == [["removed", 1, "withdrawn"]]
    assert withdrawals["again"] == {
        "title": "Molino viejo (zamba)",
        "kept_by_the_run": 1,
        "left_out": {"withdrawn": 1},
    }
    (change, count, reason), removal = withdrawals["story"]["changes"]
    assert (change, count, reason.rpartition(" ")[0], removal) == (
        "added",
        1,
        "was duplicate of",
        ["removed", 1, "withdrawn"],
    )
    assert withdrawals["story"]["promoted"] == ["demo-biblioteca"]
    assert [withdrawals[name]["genuine"] for name in ("song", "story")] == [True, True]
    assert kept["source"]["origin"]["file"].endswith(".warc.gz")


def test_the_screen_has_what_the_first_page_quotes(demo_out: Path) -> None:
    """With the crawler, the screen has all lines that the README quotes."""
    assert not _quoted_on_the_first_page() - set(_without_versions((demo_out / "screen.txt").read_text("utf-8")))


def _quoted_on_the_first_page() -> set[str]:
    page = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    [block] = re.findall(r"^Some lines of its output:\n\n```text\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    return set(_without_versions(block)) - {"  …"}


def _without_versions(text: str) -> list[str]:
    """The lines without the numbers of versions, which have the month."""
    return re.sub(r"@\d{4}\.\d+\.\d+", "@…", text).splitlines()


@pytest.mark.slow
def test_without_the_crawler_it_releases_the_same_and_ends_with_commands_that_work(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, demo_out: Path
) -> None:
    """The pages are read from the disk and a message says why; commands that it names work on the folder it keeps."""

    def missing(named: str) -> None:
        raise ConfigError("crawl", f"«{named}» isn't installed", "pip install 'latam-corpus[crawl]'")

    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("latam_corpus.harvest.crawlers.installed", missing)
        ended = command_line("demo", "--out", "out", "--lang", "es")
    assert (ended.code, "isn't installed" in ended.err) == (0, True)
    columns = ["doc_id", "text", "url", "title", "published", "country", "obtained", "rights", "uses"]
    from_web, from_disk = [
        pl.read_parquet(folder / "pulled" / "data/**/*.parquet", columns=columns).sort("doc_id")
        for folder in (demo_out, tmp_path / "out")
    ]
    assert from_web.equals(from_disk)
    assert "dónde seguir" in ended.out
    commands = [line.split()[1:] for line in ended.out.splitlines() if line.startswith("    latam-corpus ")]
    assert [command[0] for command in commands] == ["explain", "report", "measure", "sample", "release", "sources"]
    for command in commands[:-1]:
        done = command_line(*command)
        assert done.code == 0, done.err


@pytest.mark.slow
def test_no_personal_identifier_reaches_the_release(demo_out: Path) -> None:
    """Planted addresses and numbers are replaced in the pulled documents."""
    rows = pl.read_parquet(demo_out / "pulled" / "data/**/*.parquet")
    assert not rows["text"].str.contains(r"@example\.org|@ejemplo").any()
    assert rows["redactions"].list.len().sum() > 0
    assert rows["text"].str.contains(r"\[EMAIL\]").any()


@pytest.mark.slow
def test_explain_finds_a_document_by_id_url_and_words(command_line: CommandLine, demo_out: Path) -> None:
    """`explain` finds a document in three ways, and reports words that are in no document."""
    kept = pl.read_parquet(demo_out / "runs" / "*" / "kept" / "*.parquet")  # of a recollected song's run too
    row = kept.filter(pl.col("url").is_not_null()).row(0, named=True)
    words = row["text"].split("\n")[0][:60]
    for query in (row["doc_id"], row["url"], words):
        [story] = command_line("explain", query, "--out", demo_out, "--json").json
        assert story["doc_id"] == row["doc_id"]
    shown = command_line("explain", row["doc_id"], "--out", demo_out)
    assert "verdict" in shown.out
    assert row["doc_id"] in shown.out
    unknown = command_line("explain", "palabras que nadie escribió", "--out", demo_out)
    assert unknown.code == 2
    assert "there is no matching document" in unknown.err
