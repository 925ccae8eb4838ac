"""The shipped recipes for crawled pages drop pages in other languages before they are extracted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus.paths import data_folder
from latam_corpus.pipeline.planning.recipe import load_recipe, shipped_recipes

if TYPE_CHECKING:
    from conftest import CommandLine

_PIECES = data_folder("pipelines") / "demo" / "pieces" / "noticias"
_FOREIGN = "en-lighthouse"
_NARROWED, _TOLD = "ar-tren", "co-canoa"
_STATES = {
    _NARROWED: '<link rel="license" href="https://creativecommons.org/licenses/by-nc/4.0/">',
    _TOLD: '<meta property="article:section" content="Cultura"><a rel="license" href="/terminos">Términos</a>',
}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """The demo's newspaper pages as a WARC; two pages state a section and a licence."""
    path = tmp_path / "paginas.warc"
    records = []
    for page in sorted(_PIECES.glob("*.html")):
        body = page.read_bytes().replace(b"<head>", b"<head>" + _STATES.get(page.stem, "").encode(), 1)
        block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body
        head = (
            f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: https://diario.example/{page.stem}\r\n"
            f"WARC-Date: 2025-02-03T04:05:06Z\r\nWARC-Record-ID: <urn:uuid:{page.stem}>\r\n"
            f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
        )
        records.append(head.encode() + block + b"\r\n\r\n")
    path.write_bytes(b"".join(records))
    return path


def _run(command_line: CommandLine, recipe: str, source: str, archive: Path) -> tuple[dict[str, Any], pl.DataFrame]:
    out = archive.parent / "out"
    result = command_line("run", recipe, "--input", f"{source}={archive}", "--out", out, "--json")
    assert result.code == 0, result.err
    return result.json, pl.read_parquet(Path(result.json["folder"]) / "ledger" / "*.parquet")


def test_the_gate_drops_foreign_pages_before_they_are_extracted(command_line: CommandLine, archive: Path) -> None:
    """The English page is dropped by its skimmed text; all others are extracted."""
    result, ledger = _run(command_line, "commoncrawl", "commoncrawl-latam", archive)
    fallen = pl.read_parquet(Path(result["folder"]) / "dropped" / "*.parquet")
    foreign = fallen.filter(pl.col("url").str.ends_with(_FOREIGN)).row(0, named=True)
    assert (foreign["drop_reason"], foreign["extractor"]) == ("language=eng", "skim")
    kept = pl.read_parquet(Path(result["folder"]) / "kept" / "*.parquet")
    assert kept.height + fallen.height == len(list(_PIECES.glob("*.html")))
    assert set(kept["language"]) == {"spa_Latn", "por_Latn"}
    assert kept["extractor"].str.starts_with("layout").any()
    assert not kept["extractor"].eq("skim").any()
    assert "release" not in result or result["release"] is None
    # A first impression that gives way to the text is no change of it.
    extracted = ledger.filter(pl.col("stage") == "extract", pl.col("verdict") == "changed")
    assert all(json.loads(item) for item in extracted["evidence"])


def test_what_a_page_states_of_its_licence_is_told_and_narrows_its_terms(
    command_line: CommandLine, archive: Path
) -> None:
    """Pages with a narrower or unknown licence aren't released, and `explain` gives the reason."""
    _run(command_line, "web", "mediactivismo-uy", archive)
    out = archive.parent / "out"
    [narrowed] = command_line("explain", f"https://diario.example/{_NARROWED}", "--out", out, "--json").json
    assert narrowed["rights"]["rights_tier"] == "non_commercial"
    assert narrowed["stated"]["tier_before"] == "share_alike"
    assert [release["reason"] for release in narrowed["releases"]] == ["rights_tier=non_commercial"]
    shown = command_line("explain", f"https://diario.example/{_NARROWED}", "--out", out).out
    assert "less open than https://creativecommons.org/licenses/by-sa/4.0/" in " ".join(shown.split())
    [told_only] = command_line("explain", f"https://diario.example/{_TOLD}", "--out", out, "--json").json
    assert told_only["stated"]["licences"] == ["https://diario.example/terminos"]
    assert (told_only["stated"]["section"], told_only["stated"]["because"]) == ("Cultura", "unread")
    assert told_only["rights"]["rights_tier"] == "unknown"
    assert [release["reason"] for release in told_only["releases"]] == ["rights_tier=unknown"]
    assert "Cultura" in command_line("explain", f"https://diario.example/{_TOLD}", "--out", out).out


def test_a_librarian_sees_it_in_the_preview(command_line: CommandLine, archive: Path, tmp_path: Path) -> None:
    """Each item has its section and licence, and states that the page's licence applies."""
    source = "mediactivismo-uy"
    result = command_line("sources", "preview", source, "--input", archive, "--n", "20", "--lang", "es", "--json").json
    why = {Path(item["where"]).name: item["why"] for item in result["items"]}
    assert "sección: Cultura" in why[_TOLD]
    assert "declara esta licencia: https://diario.example/terminos" in why[_TOLD]
    assert any("son las que valen para este documento" in one for one in why[_NARROWED]), why[_NARROWED]
    page = tmp_path / "muestra.html"
    assert (
        command_line("sources", "preview", source, "--input", archive, "--n", "20", "--html", page, "--lang", "es").code
        == 0
    )
    assert "sección: Cultura" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["web", "commoncrawl"])
def test_both_recipes_look_before_they_extract(name: str) -> None:
    """The order is `skim`, `identify` with `und`, `extract`, and `identify` without `und`."""
    uses = [entry.use for entry in load_recipe(str(shipped_recipes()[name])).stage]
    assert uses == ["skim", "identify", "extract", "repair", "identify", "filter", "redact", "dedupe"]
