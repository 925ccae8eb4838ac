"""The combined opt-outs of a site's files for a URL: robots.txt, ai.txt, tdmrep.json and licences."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from latam_corpus.catalog.optout.decoding import ascii_based
from latam_corpus.catalog.optout.opt_out import AI_TXT, ROBOTS, TDMREP, OptOut, opt_out
from latam_corpus.catalog.optout.page_opt_outs import Head, page_opt_outs, reserves, unread_licence
from latam_corpus.catalog.optout.rsl import licence_verdict
from latam_corpus.harvest.optout.aitxt import ai_txt_opt_outs
from latam_corpus.harvest.optout.robots import Robots
from latam_corpus.harvest.optout.tdmrep_file import file_reservation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

# The files that are requested once per site, in addition to robots.txt and the licences that it names.
FILES: Final = (AI_TXT, TDMREP)


@dataclass(frozen=True)
class SiteFile:
    """A file of a site as it was read.

    Attributes:
        body: its bytes; None if it doesn't exist.
        time: when it was read.
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

        Args:
            url: the page's address.
            headers: the response's headers, names in lower case.
            body: the page, with content encodings undone.
            time: when it was fetched.
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
