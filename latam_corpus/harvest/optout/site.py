"""The combined opt-outs of a site's files for a URL: robots.txt, ai.txt, tdmrep.json and licences."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

from latam_corpus.catalog.optout.agents import TOKEN, addressed
from latam_corpus.catalog.optout.opt_out import AI_TXT, ROBOTS, TDMREP, OptOut, opt_out
from latam_corpus.catalog.optout.page_opt_outs import Head, ascii_based, page_opt_outs, reserves, unread_licence
from latam_corpus.catalog.optout.patterns import longest, path_of
from latam_corpus.catalog.optout.preferences import reservation
from latam_corpus.catalog.optout.rsl import licence_verdict
from latam_corpus.harvest.optout.robots import Robots, is_markup
from latam_corpus.harvest.optout.robots_lines import fields_of, forbidden_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


_TDM_KEY: Final = "tdm-reservation"
_RESERVED: Final = re.compile(r"tdm[-_]reservation[\"']?\s*[:=]\s*[\"']?(?!(?:0|false|no|null)\b)\w+", re.IGNORECASE)
# The suffixes of pages; an address without a suffix is also a page.
_PAGE_SUFFIXES: Final = ("html", "htm", "txt", "php", "asp", "aspx", "jsp")
# The files that are requested once per site, in addition to robots.txt and the licences that it names.
FILES: Final = (AI_TXT, TDMREP)


def file_reservation(text: str, url: str) -> tuple[bool, str] | None:
    """Return whether a site's tdmrep.json reserves a URL, and the words of the rule; None if no rule matches.

    The longest matching rule decides; among equally long ones, one that reserves. A file that isn't JSON but contains a
    reservation reserves all addresses.

    >>> rules = '[{"location": "/", "tdm-reservation": 1}, {"location": "/abierto/*", "tdm-reservation": 0}]'
    >>> file_reservation(rules, "https://a.example/nota")
    (True, '/: tdm-reservation=1')
    >>> file_reservation(rules, "https://a.example/abierto/nota")[0], file_reservation("<html>", "https://a.example/")
    (False, None)
    """
    try:
        # A file of only brackets exhausts the parser's stack.
        rules: Any = json.loads(text, object_pairs_hook=_tdm_rule)
    except (ValueError, RecursionError):
        match = _RESERVED.search(text)
        return (True, f"in a file that isn't JSON: {match[0]}") if match else None
    reservations: list[tuple[str, tuple[bool, str]]] = []
    for rule in rules if isinstance(rules, list) else [rules]:
        if not isinstance(rule, dict) or (reserved := reservation(rule.get(_TDM_KEY))) is None:
            continue
        location = str(rule.get("location", "/"))
        policy = f", tdm-policy={rule['tdm-policy']}" if rule.get("tdm-policy") else ""
        pattern = location if location.startswith(("/", "*")) else f"/{location}"
        if reserved:
            pattern = forbidden_path(location) or "/"
        reservations.append((pattern, (reserved, f"{location}: tdm-reservation={int(reserved)}{policy}")))
    return max(longest(reservations, path_of(url)), default=None)


def _tdm_rule(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object with normalised keys; among several values, one that reserves wins."""
    values: dict[str, Any] = {}
    for key, value in pairs:
        name = key.lower().replace("_", "-")
        if name != _TDM_KEY or not reservation(values.get(_TDM_KEY)):
            values[name] = value
    return values


def ai_txt_opt_outs(text: str, url: str, address: str, time: datetime) -> list[OptOut]:
    r"""Return the refusals of an ai.txt for the URL of a page.

    ai.txt (Spawning) has rules about training data like those of robots.txt, mostly for suffixes such as `*.html`.
    Other files of this name (guides for assistants, error pages) have no such rules and refuse nothing. `address` is
    that of the ai.txt.

    >>> from datetime import UTC, datetime
    >>> text = "User-Agent: *\nAllow: *.jpg\nDisallow: *.html\n"
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> [one.value for one in ai_txt_opt_outs(text, "https://a.example/nota/7", "https://a.example/ai.txt", now)]
    ['Disallow: *.html']
    >>> ai_txt_opt_outs(text, "https://a.example/mapa.pdf", "https://a.example/ai.txt", now)
    []
    """
    rules = [] if is_markup(text) else _ai_txt_rules(text)
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


def _ai_txt_rules(text: str) -> list[tuple[str, str]]:
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


@dataclass(frozen=True)
class SiteFile:
    """A file of a site as it was read.

    Attributes:
        body: its bytes; None if it doesn't exist.
    """

    body: bytes | None
    time: datetime


@dataclass(frozen=True)
class Site:
    r"""A site with its opt-out files.

    Attributes:
        root: its scheme and authority, such as `https://diario.example`.
        files: the files that were read, by address.

    >>> from datetime import UTC, datetime
    >>> robots = SiteFile(b"User-agent: *\nContent-Usage: train-ai=n", datetime(2026, 1, 1, tzinfo=UTC))
    >>> site = Site("https://diario.example", {"https://diario.example/robots.txt": robots})
    >>> [one.signal for one in site.opt_outs("https://diario.example/nota")]
    ['content-usage']
    """

    root: str
    files: Mapping[str, SiteFile] = field(default_factory=dict)

    @cached_property
    def robots(self) -> Robots:
        """Its robots.txt; an empty one if it has none."""
        return _robots(_text(self.files.get(self.root + ROBOTS)))

    @cached_property
    def licences(self) -> list[str]:
        """The addresses of the licences that its robots.txt names."""
        return [urljoin(self.root + ROBOTS, licence) for licence in self.robots.licences]

    def opt_outs(self, url: str) -> list[OptOut]:
        """Return the refusals of all its files for one of its URLs."""
        return [*self._without_tdm(url), *self._tdm(url)]

    def page_opt_outs(self, url: str, headers: Sequence[tuple[str, str]], body: bytes, time: datetime) -> list[OptOut]:
        """Return all refusals of the site and of one of its pages, sorted.

        Header names are in lower case; the body's content encodings must be undone.
        """
        head = Head(body)
        opt_outs = [*self._without_tdm(url), *page_opt_outs(url, headers, head, time, self._licence)]
        if reserves(headers, head) is None:
            opt_outs += self._tdm(url)
        return sorted(set(opt_outs))

    def _without_tdm(self, url: str) -> list[OptOut]:
        opt_outs: list[OptOut] = []
        if robots := self.files.get(self.root + ROBOTS):
            opt_outs += self.robots.opt_outs(url, self.root + ROBOTS, robots.time)
            for licence in self.licences:
                opt_outs += self._licence(licence, url, robots.time)
        address = self.root + AI_TXT
        if ai := self.files.get(address):
            opt_outs += ai_txt_opt_outs(_text(ai), url, address, ai.time)
        return opt_outs

    def _tdm(self, url: str) -> list[OptOut]:
        address = self.root + TDMREP
        tdm = self.files.get(address)
        reservation = file_reservation(_text(tdm), url) if tdm else None
        return (
            [opt_out("tdm-reservation", reservation[1], address, tdm.time)]
            if tdm and reservation and reservation[0]
            else []
        )

    def _licence(self, address: str, url: str, named_at: datetime) -> list[OptOut]:
        """Return the refusal of a licence; an unread licence refuses, with the time at which it was named."""
        file = self.files.get(address)
        if file is None or file.body is None:
            return unread_licence(address, url, named_at)
        verdict = licence_verdict(file.body, url)
        return [opt_out(*verdict, address, file.time)] if verdict else []


@lru_cache(maxsize=32)  # a new `Site` is created after each of its files, but the rules are compiled only once
def _robots(text: str) -> Robots:
    return Robots(text)


def _text(file: SiteFile | None) -> str:
    return "" if file is None or file.body is None else ascii_based(file.body).decode("utf-8-sig", "replace")
