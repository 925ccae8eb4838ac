"""The page on crawling shows valid tables and names every key."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from latam_corpus.catalog.harvest_tables import Asking, CommonCrawl, Crawl, Feeds, Oai
from latam_corpus.catalog.source import Source
from latam_corpus.config.toml_model import parse_toml

if TYPE_CHECKING:
    from pydantic import BaseModel

_PAGE = (Path(__file__).parents[2] / "docs" / "crawling.md").read_text(encoding="utf-8")
_BLOCKS = re.findall(r"```toml\n(.*?)```", _PAGE, re.DOTALL)


@pytest.mark.parametrize("block", _BLOCKS, ids=["crawl", "feeds", "oai", "commoncrawl"])
def test_each_table_that_is_shown_is_a_source(block: str) -> None:
    """Each table is a valid source, if need be with the lines that every source has."""
    lines = "" if block.startswith("id ") else 'id = "a"\ntitle = "A"\nholder = "A"\n'
    source = parse_toml(lines + block, Source, "a.toml")
    assert source.collect.asked is not None


@pytest.mark.parametrize("model", [Crawl, Feeds, Oai, CommonCrawl, Asking])
def test_every_key_is_named(model: type[BaseModel]) -> None:
    """Each key is in code marks or in a table."""
    missing = [name for name in model.model_fields if not re.search(rf"(?m)`{name}\b|^{name} *=", _PAGE)]
    assert missing == []
