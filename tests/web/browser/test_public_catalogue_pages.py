"""The public catalogue in a browser: axe-core finds nothing, and no line leaves the screen."""

from __future__ import annotations

import importlib
import os
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from built_versions import build, prose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Document, KeptRun

pytestmark = pytest.mark.slow
_TERMS = {"rights": "CC-BY-4.0", "rights_tier": "attribution", "uses": ["train", "redistribute"]}
_KINDS = [("lyrics", "MX"), ("news", "AR"), ("literature", "PE"), ("oral_history", "CL")]
_PICTURES = os.environ.get("LATAM_CORPUS_PICTURES")  # a folder for screenshots


@pytest.fixture
def address(document: Document, kept_run: KeptRun, tmp_path: Path, desk_at: Callable[..., Any]) -> Iterator[str]:
    """A desk for one person, with a version of eighty texts: the address that opens it."""
    documents = [
        document(
            number,
            text=prose(number),
            title=f"Canto de la vecina que cruzaba el puente, número {number}",
            creators=["Rosa Ruiz"],
            source_id=f"coleccion-{number % 3}",
            genre=_KINDS[number % 4][0],
            country=_KINDS[number % 4][1],
            **_TERMS,
        )
        for number in range(80)
    ]
    run = kept_run("cuentos-1a2b3c4d", documents)
    options: dict[str, Any] = {"admit": ["attribution"], "uses": ["train"], "today": date(2026, 11, 25)}
    build("voces-de-la-ribera", [run], tmp_path / "out" / "store", **options)
    with desk_at(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("locale", ["es-MX", "pt-BR", "en-US"])
def test_the_public_catalogue_fits_each_screen(locale: str, address: str, telephone: Any) -> None:
    axe = importlib.import_module("axe_playwright_python.sync_playwright")
    with telephone(locale=locale) as visitor:
        page = visitor.page
        page.goto(address)
        visitor.click("nav a[href='/browse/']")
        while not page.locator("article.version").count():  # the version is being counted
            time.sleep(0.25)
            page.reload()
        paths = ["/browse/", "/browse/?genre=lyrics", "/browse/coleccion-1"]
        page.goto(address.partition("/start")[0] + paths[-1])
        paths.append(str(page.locator(".rows a").first.get_attribute("href")))
        for path in paths:
            for width in (320, 390, 1180):
                page.set_viewport_size({"width": width, "height": 900})
                page.goto(address.partition("/start")[0] + path)
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
                if _PICTURES:
                    name = f"{locale}-{paths.index(path)}-{width}.png"
                    page.screenshot(path=Path(_PICTURES) / name, full_page=True)
            found = axe.Axe().run(page).response["violations"]
            assert not [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found], path
