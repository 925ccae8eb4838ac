"""A desk for one person, and Chromium on a telephone's screen, for journeys in a browser."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from shutil import which
from typing import TYPE_CHECKING, Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

_MOST_LOOKS = 240  # times that a person without JavaScript looks again
_PICTURES = os.environ.get("LATAM_CORPUS_PICTURES")  # a folder for screenshots
_CHROMIUM = which("chromium-headless-shell") or which("chromium")


@contextmanager
def _served(data: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "latam_corpus", "desk", "--data", str(data), "--no-browser"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LATAM_CORPUS_DESK")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment | {"COLUMNS": "300"}) as server:
        assert server.stdout is not None
        try:
            yield next(match[0] for line in server.stdout if (match := re.search(r"http://\S+/start/\S+", line)))
        finally:
            server.terminate()


@pytest.fixture(scope="session")
def desk_at() -> Callable[[Path], AbstractContextManager[str]]:
    """Serves a desk with a data folder; gives the address that opens it."""
    return _served


class Visitor:
    """A person in a browser, whose clicks are counted."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.clicks = 0

    def click(self, what: str) -> None:
        """Click on the first element of a selector, which leads to a page."""
        self.clicks += 1
        with self.page.expect_navigation():  # looking again before it has begun would stop it
            self.page.locator(what).first.click()

    def tick(self, *what: str) -> None:
        """Tick boxes and circles."""
        for selector in what:
            self.clicks += 1
            self.page.locator(selector).check()

    def look(self, name: str) -> None:
        """Check that no line leaves a narrow or a wide screen; keep a picture of each if a folder is named for them."""
        for width in (1180, 390):
            self.page.set_viewport_size({"width": width, "height": 800})
            assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
            if _PICTURES:
                language = self.page.get_attribute("html", "lang")
                self.page.screenshot(path=f"{_PICTURES}/{name} {language} {width}.png", full_page=True)

    def wait_until_done(self) -> None:
        """Look at the page again until no job is at work."""
        for _look in range(_MOST_LOOKS):
            if not self.page.locator("#work .band, [data-refresh]").count():
                return
            time.sleep(0.25)
            self.page.reload()
        raise AssertionError(self.page.inner_text("main"))


@contextmanager
def _visitor(**options: Any) -> Iterator[Visitor]:
    with playwright.sync_playwright() as driver:
        utf8 = {**os.environ, "LC_ALL": "C.UTF-8"}  # in the locale C, Chromium crashes at names of files with accents
        browser = driver.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"], env=utf8)
        yield Visitor(browser.new_context(viewport={"width": 390, "height": 800}, **options).new_page())
        browser.close()


@pytest.fixture(scope="session")
def telephone() -> Callable[..., AbstractContextManager[Visitor]]:
    """Opens a browser 390 pixels wide, with the options of a browser context."""
    if _CHROMIUM is None:
        pytest.skip("Chromium isn't installed")
    return _visitor
