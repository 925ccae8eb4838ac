"""The documentation site: every page is reachable, and it builds without a warning and loads nothing from elsewhere."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest

_DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
_START: Final = ("index.md", "es/index.md", "pt/index.md")
_MOST_WORDS: Final = 60_000


def _name(page: Path) -> str:
    return page.relative_to(_DOCS).as_posix()


_PAGES: Final = sorted(_name(page) for page in _DOCS.rglob("*.md"))


def _text(page: str) -> str:
    return (_DOCS / page).read_text(encoding="utf-8")


def _navigation(page: str) -> list[str]:
    """The pages that a page's tables of contents list."""
    entries = [
        line
        for tree in re.findall(r"^```\{toctree\}\n(.*?)^```", _text(page), re.DOTALL | re.MULTILINE)
        for line in tree.splitlines()
        if line and not line.startswith(":")
    ]
    paths = [re.sub(r".*<(.+)>", r"\1", entry) + ".md" for entry in entries]
    return [_name((_DOCS / page).parent / path) for path in paths]


def _linked(page: str) -> set[str]:
    """The pages that a page links to."""
    links = re.findall(r"\]\(([^)#\s:]+\.md)(?:#[^)]*)?\)", _text(page))
    targets = [((_DOCS / page).parent / link).resolve() for link in links]
    return {_name(target) for target in targets if target.is_relative_to(_DOCS)}


def test_every_page_is_in_the_navigation_or_linked_from_it() -> None:
    """In it once; decisions and results are linked from their lists."""
    listed = [page for start in _START for page in _navigation(start)]
    assert len(listed) == len(set(listed))
    assert set(listed) <= set(_PAGES)
    lists = {"decisions/README.md", "results/README.md"}
    linked = set().union(*(_linked(page) for page in lists))
    assert lists <= set(listed)
    assert set(_PAGES) == {"index.md", *listed, *linked}


@pytest.mark.parametrize("page", [page for page in _PAGES if page.startswith(("es/", "pt/"))])
def test_translated_pages_link_to_their_other_languages(page: str) -> None:
    """Above their first paragraph, and are linked back to."""
    first, switch = re.split(r"\n\n", _text(page))[:2]
    assert first.startswith("# ")
    others = {"English", "Español", "Português"} - {"Español" if page.startswith("es/") else "Português"}
    names = dict(re.findall(r"\[([^\]]+)\]\(([^)]+)\)", switch))
    assert set(names) <= others
    assert names
    for target in names.values():
        other = ((_DOCS / page).parent / target).resolve()
        if other.is_relative_to(_DOCS):
            assert page in _linked(_name(other)), target


def test_the_manual_is_short() -> None:
    """Results, reference and decisions don't count; neither do addresses of links."""
    pages = [page for page in _PAGES if not page.startswith(("results/", "reference/", "decisions/"))]
    texts = [re.sub(r"\]\([^)]*\)", "]", _text(page)) for page in pages]
    assert sum(bool(re.search(r"\w", word)) for text in texts for word in text.split()) <= _MOST_WORDS


class _Loaded(HTMLParser):
    """The addresses that a browser requests for a page by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag != "a" and not (tag == "link" and values.get("rel") in ("author", "canonical", "license")):
            self.addresses += [str(value) for name, value in attrs if name in ("src", "srcset", "href", "data")]


@pytest.mark.slow
@pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("sphinx", "myst_parser", "furo"))),
    reason="`make docs` installs what it needs",
)
def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    """Links and code blocks of all pages are checked; search, styles and scripts are files of the site."""
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "--keep-going",
        "-d",
        tmp_path / "trees",
        _DOCS,
        tmp_path / "site",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    pages = {path.relative_to(tmp_path / "site").as_posix(): path for path in (tmp_path / "site").rglob("*.html")}
    assert {page.replace(".md", ".html") for page in _PAGES} <= pages.keys()
    for name, path in pages.items():
        parser = _Loaded()
        parser.feed(path.read_text(encoding="utf-8"))
        assert [address for address in parser.addresses if re.match(r"(?:https?:)?//", address)] == [], name
    for style in (tmp_path / "site").rglob("*.css"):
        assert not re.search(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", style.read_text(encoding="utf-8")), style
    for page in ("es/index.html", "pt/index.html"):
        language = {"es": "es", "pt": "pt-BR"}[page[:2]]
        assert f'lang="{language}"' in pages[page].read_text(encoding="utf-8")
    assert r"versi\u00f3n" in (tmp_path / "site" / "searchindex.js").read_text(encoding="utf-8")
