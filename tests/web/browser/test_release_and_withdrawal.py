"""From a folder to one's share of a version, and a song withdrawn with its copy, in a browser, in each language."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from shutil import which
from typing import TYPE_CHECKING, Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHROMIUM = which("chromium-headless-shell") or which("chromium")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="Chromium isn't installed")]
_SONG = (
    "Baja la barca por el río de mi pueblo, baja cantando con la lluvia de abril, y en la orilla la espera mi madre "
    "con un pañuelo blanco y un farol encendido. Dile que vuelvo cuando madure el maíz, dile que guardo su carta, que "
    "en el puerto los vecinos me preguntan por ella y que nadie en la ribera canta como ella cantaba. "
)
_TALE = (
    "El maestro llegó a la escuela en una mula prestada por el comisario, con dos cajas de libros y una campana. Los "
    "niños lo recibieron en la plaza, y durante la primera semana nadie estudió, porque había que reparar el techo y "
    "pintar las paredes. Después aprendieron a leer con los periódicos que el comerciante traía cada mes de la ciudad. "
)
_LOOKS = 300  # times that a page about work is opened again


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A desk for one person: the address that opens it."""
    data = tmp_path_factory.mktemp("desk")
    command = [sys.executable, "-m", "latam_corpus", "desk", "--data", str(data), "--no-browser"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LATAM_CORPUS_DESK")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment | {"COLUMNS": "300"}) as server:
        assert server.stdout is not None
        for line in server.stdout:
            if match := re.search(r"http://\S+/start/\S+", line):
                yield match[0]
                break
        server.terminate()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a song, its copy, and a tale."""
    path = tmp_path_factory.mktemp("cantos")
    for name, text in (("barca.txt", _SONG), ("barca-copia.txt", _SONG), ("maestro.txt", _TALE)):
        (path / name).write_text(text, encoding="utf-8")
    return path


def _opened_until(page: Any, address: str, selector: str) -> None:
    """Open a page again until it has an element."""
    for _look in range(_LOOKS):
        page.goto(address)
        if page.locator(selector).count():
            return
        time.sleep(0.3)
    raise AssertionError(page.inner_text("main"))


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
@pytest.mark.parametrize("locale", ["es-MX", "pt-BR", "en-US"])
def test_a_collection_is_released_and_a_song_withdrawn_with_its_copy(  # noqa: PLR0915  (one journey)
    locale: str, scripts: bool, address: str, folder: Path, record_property: Any
) -> None:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(
            locale=locale, java_script_enabled=scripts, viewport={"width": 390, "height": 800}
        ).new_page()
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text))
        started = time.monotonic()
        page.goto(address)
        page.locator("main a.button").first.click()
        page.fill("[name=title]", f"Cantos {locale} {scripts}")
        page.fill("[name=custodian]", "Biblioteca de Xico")
        page.locator("main .form button").click()
        page.set_input_files("#upload_folder", folder)
        page.locator("form:has(#upload_folder) button").click()
        base = re.sub(r"/files.*", "", page.url)
        page.goto(f"{base}/rights/terms")
        page.fill("[name=rights_holder]", "Familia Ruiz")
        page.check("[name=statement][value='CC-BY-4.0']")
        page.check("[name=basis][value=licence]")
        page.check("[name=uses][value=train]")
        page.locator("main .form button").click()
        page.locator("form[action$=propose] button").click()
        for kind in ("rights", "consent"):
            page.goto(f"{base}/rights/approve/{kind}")
            page.check("[name=decision][value=approve]")
            page.locator("main .form button").click()
        page.goto(f"{base}/release")
        page.fill("[name=name]", "voces")
        if page.locator("[name=uses]").count():
            page.check("[name=uses][value=train]")
        page.locator("form[action$=build] button").click()
        _opened_until(page, f"{base}/release", "article.version")
        assert "voces@" in page.inner_text("article.version")
        record_property("seconds to the share", round(time.monotonic() - started, 1))
        page.goto(f"{base}/withdraw")
        page.fill("[name=query]", "BAJA la barca")
        page.locator("main .form button").first.click()
        _opened_until(page, page.url, "[name=row]")
        assert page.locator("[name=row]").count() == 2
        for row in page.locator("[name=row]").all():
            row.check()
        page.fill("[name=because]", "la familia lo pide")
        page.locator("main .form button").click()
        _opened_until(page, page.url, "button.danger")
        assert "barca-copia.txt" in page.inner_text("main")
        page.locator("button.danger").click()
        _opened_until(page, page.url, "article.receipt")
        if scripts:
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.locator("article.receipt figure a").click()
        assert "barca" not in page.inner_text("main")
        page.goto(f"{base}/release")
        assert page.locator("article.version").count() >= 2
        record_property("seconds", round(time.monotonic() - started, 1))
        assert not errors
        browser.close()
