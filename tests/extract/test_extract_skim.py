"""`skim` reads the visible text, `identify` guesses the language, and `extract` reads only pages that may be kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.extract.skim import Skim, visible_text
from latam_corpus.extract.stage import Extract
from latam_corpus.language.identify import Identify
from latam_corpus.stages import Stage

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe

_SPANISH = (
    "El mercado del puerto volvió a abrir sus puertas este sábado después de dos años de obras que cambiaron el techo, "
    "los desagües y la mitad de los puestos, según informó la cooperativa de vendedores del barrio."
)
_ENGLISH = (
    "The harbour market opened its doors again this Saturday after two years of work that changed the roof, the drains "
    "and half of the stalls, as the sellers' cooperative told the people of the neighbourhood."
)


def _html(text: str) -> bytes:
    menu = "<nav><a href='/'>1</a> <a href='/2'>2</a></nav>"
    return (
        f"<html><head><title>x</title></head><body>{menu}<article><p>{text}<p>{text}</article></body></html>".encode()
    )


def _batch(*rows: tuple[bytes | None, str | None, str | None]) -> Batch:
    raws, kinds, texts = zip(*rows, strict=True)
    return Batch(
        pl.DataFrame(
            {
                "doc_id": [str(number) for number in range(len(rows))],
                "raw": pl.Series(raws, dtype=pl.Binary),
                "media_type": pl.Series(kinds, dtype=pl.String),
                "text": pl.Series(texts, dtype=pl.String),
            }
        )
    )


def test_the_visible_text_includes_menus_but_no_scripts() -> None:
    """Menus, character references and old charsets are read; scripts, styles and titles are left out."""
    page = "<title>No</title><script>var a = '<b>no</b>'</script><ul><li>Inicio<li>Qui&eacute;nes somos</ul>ma\xf1ana"
    assert visible_text(page.encode("latin-1")) == "Inicio\nQuiénes somos\nmañana"
    assert len(visible_text(b"<p>" + b"hola " * 10_000)) <= 4010


@pytest.mark.parametrize(
    "page",
    [
        "<head><title>No</title><body><p>Hola, vecina</p>",
        "<script>no()</script\n><p>Hola, vecina</p>",
        "<!--><p>Hola, vecina</p><!-- no -->",
        "<script\ntype='x'>no()</script><p>Hola, vecina</p>",
        "<p>Hola, <a\n href='/no'>vecina</a></p>",
        "<?xml version='1.0'?><p>Hola, vecina</p>",
        "<div>" * 600 + "<script>no()</script><style>no{}</style><p>Hola, vecina</p>",
    ],
)
def test_markup_that_browsers_read_leaks_nothing_and_loses_nothing(page: str) -> None:
    """Unclosed heads, white space in tags, empty comments and deep nesting neither leak markup nor lose text."""
    assert visible_text(page.encode()).replace("\n", " ") == "Hola, vecina"


def test_a_script_of_false_ends_is_read_in_linear_time() -> None:
    """Half a megabyte of possible ends of a script is read in linear time."""
    assert visible_text(b"<p>Hola</p><script>" + b"</" * 250_000) == "Hola"


def test_only_pages_are_skimmed() -> None:
    """Rows with text, and bytes of other types, pass unchanged."""
    assert isinstance(Skim(), Stage)
    batch = _batch(
        (_html(_SPANISH), "text/html; charset=utf-8", None), (b"# Hola", "text/markdown", None), (None, None, "Hola")
    )
    frame = Skim()(batch).frame
    assert frame["extractor"].to_list() == ["skim", None, None]
    assert frame["text"].to_list()[1:] == [None, "Hola"]
    assert _SPANISH in frame["text"][0]
    assert frame["raw"].to_list() == batch.frame["raw"].to_list()


def test_extraction_replaces_what_was_skimmed() -> None:
    """The skimmed text is replaced, even if extraction fails."""
    batch = Skim()(_batch((_html(_SPANISH), "text/html", None), (b"<ul><li>", "text/html", None)))
    frame = Extract()(batch).frame
    assert set(frame["text"][0].split("\n")) == {_SPANISH}
    assert "skim" not in frame["extractor"].to_list()
    assert frame["text"][1] is None
    assert frame["drop_reason"].to_list() == [None, "extract:no text"]


def test_the_gate_lets_through_pages_of_unknown_language() -> None:
    """With `und` among the languages, a page of unknown language is extracted and identified again."""
    batch = Skim()(
        _batch(
            (_html(_SPANISH), "text/html", None), (_html(_ENGLISH), "text/html", None), (_html("1"), "text/html", None)
        )
    )
    reasons = Identify(languages=("spa", "por", "und"))(batch).frame["drop_reason"].to_list()
    assert reasons == [None, "language=eng", None]


def test_a_recipe_with_the_gate_keeps_account_of_every_page(
    command_line: CommandLine, tmp_path: Path, small_recipe: SmallRecipe
) -> None:
    """Pages that the gate drops are in the ledger with their language, and were not extracted."""
    (tmp_path / "in").mkdir()
    for name, text in (("es", _SPANISH), ("en", _ENGLISH)):
        (tmp_path / "in" / f"{name}.html").write_bytes(_html(text))
    recipe = tmp_path / "receta.toml"
    gate = ("skim", 'identify languages = ["spa", "und"]', "extract")
    recipe.write_text(small_recipe(*gate, source=str(tmp_path / "in")))
    assert command_line("run", recipe, "--out", tmp_path / "out").code == 0
    record = json.loads(next(tmp_path.glob("out/runs/*/run.json")).read_text())
    stages: dict[str, Any] = record["stages"]
    assert stages["skim"]["kept"] == 2
    assert stages["identify"]["dropped"] == {"language=eng": 1}
    assert stages["extract"]["rows_in"] == stages["extract"]["kept"] == 1
