"""A folder becomes previewed texts, in a browser, in each language, with and without JavaScript."""

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
_SONG = "Río que bajas cantando,\nllévame el nombre contigo,\nque en la orilla está esperando\nla sombra de un amigo.\n"
_MOST_LOOKS = 240  # times that a person without JavaScript looks again


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
    """A folder with songs, a catalogue and a file that can't be read."""
    path = tmp_path_factory.mktemp("cantos")
    for number in range(1, 4):
        (path / f"Canción_{number}.txt").write_text(f"Canto {number}\n\n{_SONG}", encoding="utf-8")
    (path / "roto.pdf").write_bytes(b"%PDF-1.4 roto")
    rows = "".join(f"cancion {number};Canto {number};español;CC BY 4.0\n" for number in range(1, 4))
    (path / "catalogo.csv").write_text(f"Archivo;Título;Lengua;Derechos\n{rows}", encoding="utf-8")
    return path


class Visitor:
    """A person in a browser, whose clicks are counted."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.clicks = 0

    def click(self, what: str) -> None:
        """Click on the first element of a selector."""
        self.clicks += 1
        self.page.locator(what).first.click()

    def wait_until_done(self) -> None:
        """Look at the page again until no job is at work."""
        for _look in range(_MOST_LOOKS):
            if not self.page.locator("#work .band").count():
                return
            time.sleep(0.25)
            self.page.reload()
        raise AssertionError(self.page.inner_text("main"))


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
@pytest.mark.parametrize(("locale", "kept"), [("es-MX", "Este texto"), ("pt-BR", "Este texto"), ("en-US", "A run")])
def test_a_folder_becomes_previewed_texts(
    locale: str, kept: str, scripts: bool, address: str, folder: Path, record_property: Any
) -> None:
    with playwright.sync_playwright() as driver:
        utf8 = {**os.environ, "LC_ALL": "C.UTF-8"}  # in the locale C, Chromium crashes at names of files with accents
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], env=utf8)
        page = browser.new_context(
            locale=locale, java_script_enabled=scripts, viewport={"width": 390, "height": 800}
        ).new_page()
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text))
        visitor, started = Visitor(page), time.monotonic()
        page.goto(address)
        visitor.click("main a.button")
        page.fill("[name=title]", f"Cantos {locale} {scripts}")
        page.fill("[name=custodian]", "Biblioteca de Xico")
        visitor.click("main .form button")
        page.set_input_files("#upload_folder", folder)
        visitor.clicks += 1  # the dialog that chooses the folder
        visitor.click("form:has(#upload_folder) button")
        visitor.wait_until_done()
        listed = page.inner_text(".rows.files")
        assert listed.index("roto.pdf") < listed.index("Canción_1.txt")
        assert "Canto 1" in listed
        assert "catalogo.csv" not in listed
        visitor.click(".rows.files a:has-text('Canción_1.txt')")
        visitor.wait_until_done()
        assert kept in page.inner_text(".verdict")
        record_property("clicks to the first text", visitor.clicks)
        record_property("seconds to the first text", round(time.monotonic() - started, 1))
        visitor.click("button[value=song]")
        visitor.wait_until_done()
        assert page.locator(".lines .number").count() > 1
        if scripts:
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        record_property("clicks", visitor.clicks)
        record_property("seconds", round(time.monotonic() - started, 1))
        assert not errors
        browser.close()
