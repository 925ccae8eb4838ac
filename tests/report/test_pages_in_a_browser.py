"""Pages as a browser shows them: axe-core finds nothing, nothing runs or is fetched, no line leaves the screen.

Chromium is Debian's; `LATAM_CORPUS_CHROMIUM` names another.
"""

from __future__ import annotations

import importlib
import os
import shutil
from typing import TYPE_CHECKING, Any, Final

import pytest

from latam_corpus.messages import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import CommandLine, Document, KeptRun

_CHROMIUM: Final = os.environ.get("LATAM_CORPUS_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(_CHROMIUM is None, reason="Chromium isn't here: apt install chromium-headless-shell")
# Width in pixels and colours: a desk, a tablet, a telephone.
_SCREENS: Final = ((1280, "light"), (1280, "dark"), (768, "light"), (320, "light"), (390, "dark"))
_HOSTILE: Final = (
    "<script>document.title='taken'</script>",
    "<img src=http://127.0.0.1:9/x onerror=\"document.title='taken'\">",
    "a" * 200_000,
    "\u202egnirts\u2066 </main></body>",
    "<style>*{display:none!important}</style><base href=http://127.0.0.1:9/>",
)

_SOURCE: Final = """id = "cuentos"
title = "Cuentos"
holder = "La Biblioteca"
genre = "literature"
languages = ["spa"]
[rights]
statement = "CC-BY-4.0"
basis = "licence"
uses = ["train", "redistribute"]
[collect]
kind = "files"
files = ["*.txt"]
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, driven by Playwright; as root it has no sandbox of its own."""
    playwright = importlib.import_module("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


class _Seen:
    """A page on one screen, its requests, and the messages of its scripts."""

    def __init__(self, browser: Any, address: str, width: int, colours: str) -> None:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=colours)
        context.set_default_timeout(120_000)
        self.page = context.new_page()
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: self.errors.append(dialog.message))
        self.page.goto(address, wait_until="load")
        self.address = address

    def violations(self) -> list[str]:
        """Return the violations that axe-core finds, by rule and element."""
        axe = importlib.import_module("axe_playwright_python.sync_playwright")
        results = axe.Axe().run(self.page).response["violations"]
        return [f"{one['id']}: {node['html'][:200]}" for one in results for node in one["nodes"]]

    def beyond(self) -> list[str]:
        """Return the elements that are beyond the right edge of the screen, and can't be scrolled to."""
        listed: list[str] = self.page.evaluate(
            """() => document.scrollingElement.scrollWidth <= window.innerWidth ? [] :
            [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > window.innerWidth + 1
              && !e.closest('.wide, pre')).map(e => e.outerHTML.slice(0, 120))"""
        )
        return listed

    def close(self) -> None:
        """Close it."""
        self.page.context.close()


def _checked(browser: Any, address: Path | str, screens: tuple[tuple[int, str], ...] = _SCREENS) -> None:
    for width, colours in screens:
        seen = _Seen(browser, address if isinstance(address, str) else address.as_uri(), width, colours)
        try:
            assert seen.requests == [seen.address]
            assert seen.errors == []
            assert seen.page.title() != "taken"
            assert seen.beyond() == [], (address, width)
            assert seen.violations() == [], (address, width, colours)
        finally:
            seen.close()


@pytest.fixture
def run(document: Document, kept_run: KeptRun) -> Path:
    """A run of two countries with a copy and a hostile title or two."""
    signals = [{"stop_word_share": 0.3 + n / 100, "scripture_per_1000": 1.5, "word_count": 50.0 + n} for n in range(12)]
    kept = [document(n, title=f"Cuento {n}", signals=signals[n], country="CL" if n % 3 else "MX") for n in range(12)]
    kept[0] |= {"language": "quy_Latn", "genre": "religious", "published": "1898-03"}
    for row, hostile in zip(kept[1:], _HOSTILE, strict=False):
        row |= {"title": hostile, "text": f"{hostile}\n{row['text']}", "contributor": hostile[:80]}
    return kept_run("cuentos-1a2b3c4d", kept, title="Cuentos <b>del</b> puerto")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_a_run(browser: Any, run: Path, command_line: CommandLine, tmp_path: Path, language: str) -> None:
    """On five screens, light and dark."""
    command_line("report", run, "--lang", language, "--out", tmp_path / "out")
    _checked(browser, run / "report.html", _SCREENS if language == "es" else _SCREENS[-1:])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_a_release(
    browser: Any, run: Path, command_line: CommandLine, tmp_path: Path, language: str
) -> None:
    """Its card for people."""
    out = ("--out", tmp_path / "out", "--lang", language)
    command_line("release", "build", "puerto", run.name, "--admit", "open", "--uses", "train", *out)
    [path] = (tmp_path / "out" / "reports").glob("*.html")
    _checked(browser, path, _SCREENS if language == "pt" else _SCREENS[-1:])


def test_a_receipt(browser: Any, run: Path, document: Document, command_line: CommandLine, tmp_path: Path) -> None:
    """It is read on a phone, too, and in the dark."""
    out, page = ("--out", tmp_path / "out"), tmp_path / "constancia.html"
    command_line("release", "build", "puerto", run.name, "--admit", "open", "--uses", "train", *out)
    requested = ("--doc", document(1)["doc_id"], "--because", "así lo pide")
    result = command_line("release", "withdraw", "puerto", *requested, "--receipt", page, *out)
    assert result.code == 0, result.err
    _checked(browser, page, ((1280, "light"), (320, "dark")))


@pytest.mark.parametrize(("command", "option"), [("measure", "--html"), ("sample", "--to"), ("explain", "--html")])
def test_the_other_pages_of_a_run(
    browser: Any, run: Path, document: Document, command_line: CommandLine, tmp_path: Path, command: str, option: str
) -> None:
    """They have one look with the report's."""
    page = tmp_path / "pagina.html"
    named = document(1)["doc_id"] if command == "explain" else run
    result = command_line(command, named, option, page, "--out", tmp_path / "out", "--lang", "pt")
    assert result.code == 0, result.err
    _checked(browser, page, (_SCREENS[0], _SCREENS[-1]))


def test_a_preview(browser: Any, command_line: CommandLine, tmp_path: Path) -> None:
    """The preview of a librarian's file."""
    text = "La barca salió al alba.\n\n" + "\n\n".join(_HOSTILE)
    (tmp_path / "cuento.txt").write_text(text, encoding="utf-8")
    (tmp_path / "cuentos.toml").write_text(_SOURCE, encoding="utf-8")
    out = ("--out", tmp_path / "out", "--html", tmp_path / "vista.html")
    command_line("sources", "preview", tmp_path / "cuentos.toml", "--input", tmp_path / "cuento.txt", *out)
    _checked(browser, tmp_path / "vista.html", (_SCREENS[0], _SCREENS[-1]))
    command_line("sources", "inventory", tmp_path / "cuento.txt", "--html", tmp_path / "carpeta.html")
    _checked(browser, tmp_path / "carpeta.html", _SCREENS[-1:])


def test_keys_reach_the_contents_first(browser: Any, run: Path, command_line: CommandLine, tmp_path: Path) -> None:
    """Who listens or types can leave out the head."""
    command_line("report", run, "--lang", "es", "--out", tmp_path / "out")
    seen = _Seen(browser, (run / "report.html").as_uri(), 1280, "light")
    try:
        seen.page.keyboard.press("Tab")
        assert seen.page.evaluate("document.activeElement.getAttribute('href')") == "#contents"
        seen.page.keyboard.press("Enter")
        assert seen.page.evaluate("location.hash") == "#contents"
        seen.page.emulate_media(media="print")
        assert not seen.page.is_visible("nav.contents")
    finally:
        seen.close()
