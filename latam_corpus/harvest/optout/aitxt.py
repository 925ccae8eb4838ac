"""ai.txt (Spawning): rules like those of robots.txt, mostly of endings such as `*.html`, for training data."""

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

# The files that hold a page's text; an address without an ending is one of them.
_PAGES: Final = ("html", "htm", "txt", "php", "asp", "aspx", "jsp")


def ai_txt_opt_outs(text: str, url: str, address: str, time: datetime) -> list[OptOut]:
    r"""Return what an ai.txt refuses for the URL of a page.

    Other files of this name (tours of a site for assistants, pages given for any address) have no such rules and
    refuse nothing.

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
    # A page is HTML whether its address says so or not.
    paths = [path] if suffix and suffix not in _PAGES else [path, urlsplit(url).path.rstrip("/") + "/x.html"]
    for one in paths:
        matched = longest(rules, one)
        if matched and any(word.startswith("Disallow") for word in matched):
            refusing = next(word for word in matched if word.startswith("Disallow"))
            return [opt_out("ai.txt", refusing, address, time)]
    return []


def _rules(text: str) -> list[tuple[str, str]]:
    """Return the patterns for all agents, this one and training agents, by line; only the first two are let in."""
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
                # An ending means the end: `*.htm` is not `.html`.
                ends = "" if pattern.endswith(("$", "/", "*")) or not pattern.startswith("*.") else "$"
                rules.append((pattern + ends, f"{name.title()}: {value}"))
    return rules
