"""Thirty texts are read and judged on a telephone, in each language, with and without JavaScript."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from datetime import date
from shutil import which
from typing import TYPE_CHECKING, Any

import pytest
from built_versions import build, prose

import latam_corpus as lc

playwright = pytest.importorskip("playwright.sync_api")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Document, KeptRun

CHROMIUM = which("chromium-headless-shell") or which("chromium")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="Chromium isn't installed")]
_TEXTS = 30


@pytest.fixture
def address(document: Document, kept_run: KeptRun, tmp_path: Path) -> Iterator[str]:
    """A desk for one person, with a version of forty texts: the address that opens it."""
    documents = [document(number, text=prose(number), title=f"Canto {number}") for number in range(40)]
    run = kept_run("cuentos-1a2b3c4d", documents)
    store = tmp_path / "out" / "store"
    build("voces", [run], store, admit=["open"], uses=["redistribute"], today=date(2026, 11, 25))
    command = [sys.executable, "-m", "latam_corpus", "desk", "--data", str(tmp_path), "--no-browser"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LATAM_CORPUS_DESK")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment | {"COLUMNS": "300"}) as server:
        assert server.stdout is not None
        for line in server.stdout:
            if match := re.search(r"http://\S+/start/\S+", line):
                yield match[0]
                break
        server.terminate()


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
@pytest.mark.parametrize(
    ("locale", "heading"), [("es-MX", "Leer y evaluar"), ("pt-BR", "Ler e avaliar"), ("en-US", "Read and judge")]
)
def test_thirty_texts_are_judged_on_a_telephone(
    locale: str, heading: str, scripts: bool, address: str, tmp_path: Path, record_property: Any
) -> None:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(
            locale=locale, java_script_enabled=scripts, viewport={"width": 390, "height": 800}, has_touch=True
        ).new_page()
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text))
        taps, started = 0, time.monotonic()

        def tap(what: str) -> None:
            nonlocal taps
            taps += 1
            page.locator(what).first.tap()

        page.goto(address)
        tap("nav a[href='/judging/']")
        assert page.inner_text("h1") == heading
        tap("main .form button")
        first_text = time.monotonic()
        for number in range(1, _TEXTS + 1):
            page.locator(f"progress[value='{number}'][max='{_TEXTS}']").wait_for()
            if scripts:
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            for question, answer in (("language", "yes"), ("natural", "yes"), ("personal_data", "no")):
                tap(f"label:has([name={question}][value={answer}])")
            tap("[name=verdict][value=good]" if number % 3 else "[name=verdict][value=bad]")
            page.wait_for_load_state()
        page.locator(".answers").wait_for()
        assert len(lc.judgements(tmp_path / "out").rows) == _TEXTS
        record_property("taps", taps)
        record_property("seconds to the first text", round(first_text - started, 1))
        record_property("seconds", round(time.monotonic() - started, 1))
        assert not errors
        browser.close()
