"""ai.txt (Spawning): rules like those of robots.txt, mostly for suffixes such as `*.html`, about training data."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from latam_corpus.catalog.optout.agents import TOKEN, addressed
from latam_corpus.catalog.optout.opt_out import OptOut, opt_out
from latam_corpus.catalog.optout.patterns import longest, path_of
from latam_corpus.harvest.optout.robots import is_markup
from latam_corpus.harvest.optout.robots_lines import fields_of, forbidden_path

if TYPE_CHECKING:
    from datetime import datetime

# The suffixes of pages; an address without a suffix is also a page.
_PAGE_SUFFIXES: Final = ("html", "htm", "txt", "php", "asp", "aspx", "jsp")


def ai_txt_opt_outs(text: str, url: str, address: str, time: datetime) -> list[OptOut]:
    r"""Return the refusals of an ai.txt for the URL of a page.

    Other files of this name (guides for assistants, error pages) have no such rules and refuse nothing.

    Args:
        text: the ai.txt.
        url: a page of the same site.
        address: the address of the ai.txt.
        time: when it was read.

    >>> from datetime import UTC, datetime
    >>> text = "User-Agent: *\nAllow: *.jpg\nDisallow: *.html\n"
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> [one.value for one in ai_txt_opt_outs(text, "https://a.example/nota/7", "https://a.example/ai.txt", now)]
    ['Disallow: *.html']
    >>> ai_txt_opt_outs(text, "https://a.example/mapa.pdf", "https://a.example/ai.txt", now)
    []
    """
    rules = [] if is_markup(text) else _rules(text)
    path = path_of(url)
    suffix = PurePosixPath(urlsplit(url).path).suffix.lstrip(".").lower()
    # Rules for `*.html` apply to any page, even if its address has no such suffix.
    is_file = suffix and suffix not in _PAGE_SUFFIXES
    paths = [path] if is_file else [path, urlsplit(url).path.rstrip("/") + "/x.html"]
    for candidate in paths:
        refusing = next((line for line in longest(rules, candidate) if line.startswith("Disallow")), None)
        if refusing:
            return [opt_out("ai.txt", refusing, address, time)]
    return []


def _rules(text: str) -> list[tuple[str, str]]:
    """Return pairs of pattern and line: `Disallow` for any training agent, `Allow` only for `*` and this crawler."""
    rules = []
    agents, open_ = {"*"}, False
    for name, value in fields_of(text):
        if name == "user-agent":
            agents = {*(agents if open_ else ()), *addressed(value)}
            open_ = True
        elif name in ("allow", "disallow", "disallow-ai-training"):
            open_ = False
            path = forbidden_path(value) if name != "allow" and "//" in value else value
            if path and (agents & {"*", TOKEN} if name == "allow" else agents):
                pattern = path if path.startswith(("/", "*")) else f"*{path}"
                # A suffix must be at the end: `*.htm` doesn't match `.html`.
                anchor = "" if pattern.endswith(("$", "/", "*")) or not pattern.startswith("*.") else "$"
                rules.append((pattern + anchor, f"{name.title()}: {value}"))
    return rules
