"""The catalogue: each file is right and says where its rights were read; who must be asked first isn't collected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from latam_corpus.catalog.source import SOURCES, load_source, shipped_sources
from latam_corpus.errors import ConfigError
from latam_corpus.harvest.crawl.permission import require_permission
from latam_corpus.intake.check_source import check_source

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe

_ASK_FIRST = [source.id for source in shipped_sources() if source.status == "ask_first"]


@pytest.mark.parametrize("path", sorted(SOURCES.glob("*.toml")), ids=lambda path: path.stem)
def test_each_file_of_the_catalogue_is_right(path: Path) -> None:
    """`sources check` finds nothing to put right, no example and no foreign name."""
    source, results = check_source(path.read_text(encoding="utf-8"), str(path))
    assert source is not None, [one.in_language("en") for one in results]
    assert not {one.key for one in results} & {"id", "homepage", "contact", "rights.quoted_from", "rights.uses"}


def test_every_claim_on_rights_is_quoted_with_its_address() -> None:
    """Each quotation has its page and day; a source without a quotation is not verified."""
    for source in shipped_sources():
        rights = source.rights
        assert rights is not None, source.id
        if rights.quotation is None:
            assert source.status != "verified", source.id
            # Pages without a licence, works whose authors' dates speak, and a licence that only others name.
            assert source.id in {"news-pages", "tango-pd", "mapudungun-interviews"}, source.id
            continue
        assert (rights.quoted_from or "").startswith(("http://", "https://")), source.id
        assert rights.quoted_on, source.id


def test_the_catalogue_reaches_across_the_region_and_the_genres() -> None:
    """From Mexico to Uruguay, in three languages of the region and more, of most genres."""
    sources = shipped_sources()
    assert {source.country for source in sources} >= {"AR", "BR", "CL", "CO", "MX", "PY", "UY"}
    assert {code for source in sources for code in source.languages} >= {
        "spa",
        "por",
        "que",
        "grn",
        "aym",
        "azz",
        "bor",
    }
    genres = {
        "news",
        "literature",
        "lyrics",
        "oral_history",
        "government",
        "legal",
        "academic",
        "education",
        "reference",
    }
    assert {source.genre for source in sources} >= genres


@pytest.mark.parametrize("source_id", _ASK_FIRST)
def test_a_source_whose_holder_must_be_asked_is_refused_by_crawler_and_run(
    command_line: CommandLine, small_recipe: SmallRecipe, tmp_path: Path, source_id: str
) -> None:
    """Neither is it crawled nor read by a run that names no copy, nor out of what was crawled before."""
    with pytest.raises(ConfigError, match="must be asked first"):
        require_permission(load_source(source_id))
    recipe = tmp_path / "receta.toml"
    recipe.write_text(small_recipe("extract", source=source_id), encoding="utf-8")
    (tmp_path / "out" / "collected" / source_id / "warc").mkdir(parents=True)
    result = command_line("run", recipe, "--out", tmp_path / "out")
    assert result.code == 2
    assert "must be asked first" in result.err


def test_a_source_that_allows_nothing_is_refused_even_with_a_copy(
    command_line: CommandLine, small_recipe: SmallRecipe, tmp_path: Path
) -> None:
    """A copy of a source gives its owner no permission."""
    assert load_source("ailla").uses == ()
    recipe, copy = tmp_path / "receta.toml", tmp_path / "copia.txt"
    recipe.write_text(small_recipe("extract", source="ailla"), encoding="utf-8")
    copy.write_text("Una transcripción.", encoding="utf-8")
    result = command_line("run", recipe, "--input", copy, "--out", tmp_path / "out")
    assert (result.code, "must be asked first" in result.err) == (2, True)


def test_the_list_can_be_narrowed_by_words_of_any_language(command_line: CommandLine) -> None:
    """Country, genre, language, status and use; with `list sources` the same."""
    everything = command_line("sources", "list", "--json").json
    assert everything == command_line("list", "sources", "--json").json
    assert len(everything) == len(shipped_sources())
    news = command_line("sources", "list", "--genre", "imprensa", "--country", "Brasil", "--json").json
    assert {row["id"] for row in news} == {"agencia-brasil", "agencia-publica"}
    guarani = command_line("sources", "list", "--language", "guaraní", "--use", "entrenar", "--json").json
    assert {row["id"] for row in guarani} == {"wikipedia-gn"}
    requested = command_line("sources", "list", "--status", "ask_first", "--json").json
    assert sorted(row["id"] for row in requested) == sorted(_ASK_FIRST)
    shown = command_line("sources", "list", "--status", "hay que pedir permiso", "--lang", "es").out
    assert "ailla" in shown
    assert f"fuentes: {len(_ASK_FIRST)}" in shown
    assert command_line("sources", "list", "--genre", "cachivaches").code == 2
