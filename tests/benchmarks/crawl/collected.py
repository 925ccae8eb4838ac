"""Sources that are collected from a website on loopback, and what was collected of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import list_inputs, read
from latam_corpus.config.toml_model import parse_toml

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl


def source_of(host: str, kind: str, lines: str, columns: str = "") -> Source:
    """The source `cosecha`, free for all uses with attribution, asked without delay.

    Args:
        host: which may be asked though it is on this machine.
        kind: `feeds`, `oai` or `commoncrawl`.
        lines: of the table `[collect.<kind>]`.
        columns: lines of `[collect.columns]`.
    """
    text = f"""
        id = "cosecha"
        title = "Cosecha"
        holder = "Biblioteca"
        contact = "biblioteca@gaceta.example"
        [rights]
        statement = "CC-BY-4.0"
        basis = "licence"
        uses = ["train", "redistribute", "evaluate"]
        [collect]
        kind = "{kind}"
        [collect.{kind}]
        private_hosts = ["{host}"]
        delay = 0.0
        {lines}
        [collect.columns]
        {columns}
    """
    return parse_toml(text, Source, "cosecha.toml")


def frames_of(source: Source, out: Path) -> list[pl.DataFrame]:
    """The documents that were collected, in the order of their files."""
    files = list_inputs(source, out / "collected" / source.id / "warc")
    return [frame for file in files for frame in read(source, file)]


def rows_of(source: Source, out: Path, root: str) -> dict[str, dict[str, Any]]:
    """The last row of each address, by what follows the site's root."""
    rows = [row for frame in frames_of(source, out) for row in frame.iter_rows(named=True)]
    return {str(row["url"]).removeprefix(root): row for row in rows}


def notes_of(source: Source, out: Path) -> list[dict[str, Any]]:
    """The lines of `crawl.jsonl`."""
    lines = (out / "collected" / source.id / "crawl.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
