"""A site's files put together: robots.txt, ai.txt, tdmrep.json and its licences, and what they say of a URL."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from latam_corpus.catalog.optout.aitxt import ai_txt_opt_outs
from latam_corpus.catalog.optout.page import Head, head_opt_outs, header_opt_outs, licence_links, reserves
from latam_corpus.catalog.optout.robots import Robots
from latam_corpus.catalog.optout.rsl import licence_verdict
from latam_corpus.catalog.optout.signal import OptOut, opt_out
from latam_corpus.catalog.optout.tdmrep import WELL_KNOWN, file_reservation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

ROBOTS: Final = "/robots.txt"
# The files that are asked for once a site, besides robots.txt; the licences are those that robots.txt names.
FILES: Final = ("/ai.txt", WELL_KNOWN)


@dataclass(frozen=True)
class Text:
    """A file of a site as it was read: its bytes, and when; None for a file that isn't there."""

    body: bytes | None
    time: datetime


@dataclass(frozen=True)
class Site:
    r"""What a site said when it was asked.

    Attributes:
        root: its scheme and authority, such as `https://diario.example`.
        files: what was read, by its whole address.

    >>> from datetime import UTC, datetime
    >>> robots = Text(b"User-agent: *\nContent-Usage: train-ai=n", datetime(2026, 1, 1, tzinfo=UTC))
    >>> site = Site("https://diario.example", {"https://diario.example/robots.txt": robots})
    >>> [one.signal for one in site.opt_outs("https://diario.example/nota")]
    ['content-usage']
    """

    root: str
    files: Mapping[str, Text] = field(default_factory=dict)

    @cached_property
    def robots(self) -> Robots:
        """Its robots.txt; an empty one where there is none."""
        return Robots(_text(self.files.get(self.root + ROBOTS)))

    @cached_property
    def licences(self) -> list[str]:
        """The addresses of the licences that its robots.txt names."""
        return [urljoin(self.root + ROBOTS, one) for one in self.robots.licences]

    def opt_outs(self, url: str) -> list[OptOut]:
        """What its files refuse for a URL of it, each file by its own rules."""
        return [*self._but_tdm(url), *self._tdm(url)]

    def page_opt_outs(self, url: str, headers: Sequence[tuple[str, str]], body: bytes, time: datetime) -> list[OptOut]:
        """What the site and a page of it refuse together: every refusal counts, sorted.

        Args:
            url: the page's address.
            headers: of its response, names in lower case.
            body: the page, its encodings undone.
            time: when it was fetched.
        """
        head = Head(body)
        found = [*self._but_tdm(url), *header_opt_outs(headers, url, time), *head_opt_outs(head, url, time)]
        if reserves(headers, head) is None:
            found += self._tdm(url)
        for link in licence_links(headers, head):
            found += self._licence(urljoin(url, link), url, time)
        return sorted(set(found))

    def _but_tdm(self, url: str) -> list[OptOut]:
        found: list[OptOut] = []
        if robots := self.files.get(self.root + ROBOTS):
            found += self.robots.opt_outs(url, self.root + ROBOTS, robots.time)
            for licence in self.licences:
                found += self._licence(licence, url, robots.time)
        address = self.root + FILES[0]
        if ai := self.files.get(address):
            found += ai_txt_opt_outs(_text(ai), url, address, ai.time)
        return found

    def _tdm(self, url: str) -> list[OptOut]:
        address = self.root + WELL_KNOWN
        tdm = self.files.get(address)
        said = file_reservation(_text(tdm), url) if tdm else None
        return [opt_out("tdm-reservation", said[1], address, tdm.time)] if tdm and said and said[0] else []

    def _licence(self, address: str, url: str, named: datetime) -> list[OptOut]:
        """What a licence says; one that couldn't be read was still meant as terms."""
        read = self.files.get(address)
        if read is None or read.body is None:
            return [opt_out("rsl-permission", "a licence is named and can't be read", address, named)]
        verdict = licence_verdict(read.body, url)
        return [opt_out(*verdict, address, read.time)] if verdict else []


def root_of(url: str) -> str:
    """The scheme and authority of a canonical URL.

    >>> root_of("https://diario.example:8443/nota?x=1")
    'https://diario.example:8443'
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # of an archive that records what no browser would ask for
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def _text(file: Text | None) -> str:
    return "" if file is None or file.body is None else file.body.decode("utf-8-sig", "replace")
