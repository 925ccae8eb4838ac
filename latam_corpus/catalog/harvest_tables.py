"""Where pages are found for a source other than by following links: feeds, repositories and Common Crawl."""

from __future__ import annotations

from datetime import date  # noqa: TC003  (pydantic reads the annotation at run time)
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from latam_corpus.catalog.fields import Language, Pattern, as_tuple
from latam_corpus.catalog.scope import Address, Asking, Crawl, Host, PathPattern, host_of
from latam_corpus.messages import _

Hosts = Annotated[tuple[Host, ...], BeforeValidator(as_tuple)]
Paths = Annotated[tuple[PathPattern, ...], BeforeValidator(as_tuple)]
Texts = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
Element = Literal["relation", "identifier", "source"]


def _scope(table: Asking, start: tuple[str, ...], hosts: tuple[str, ...], paths: Paths, exclude: Paths) -> Crawl:
    """What may be asked for: these hosts, and no link that a page has."""
    shared = {name: getattr(table, name) for name in Asking.model_fields}
    return Crawl(start=start, hosts=hosts, paths=paths, exclude=exclude, follow=(), **shared)


class Feeds(Asking):
    """The table `[collect.feeds]`: RSS and Atom feeds whose entries' pages are the source.

    Attributes:
        start: the feeds.
        hosts: the hosts of the entries' pages, `*.` for all below one; those of `start` where none is named.
        paths: patterns of robots.txt that a page's path must match; every path where none is named.
        exclude: patterns of paths that aren't fetched.
        archives: whether a feed's older documents (RFC 5005: `next`, `prev-archive`) are read too.
        max_pages: pages of a round after which it stops.
    """

    start: Annotated[tuple[Address, ...], BeforeValidator(as_tuple), Field(min_length=1)]
    hosts: Hosts = ()
    paths: Paths = ()
    exclude: Paths = ()
    archives: bool = True
    max_pages: Annotated[int, Field(gt=0)] = 100_000

    @property
    def scope(self) -> Crawl:
        """What may be asked for: the feeds, and pages of the hosts.

        >>> Feeds(start=("https://gaceta.example/rss",)).scope.has_host("gaceta.example")
        True
        """
        hosts = (*self.hosts, *(host_of(one) for one in self.start))
        return _scope(self, self.start, tuple(dict.fromkeys(hosts)), self.paths, self.exclude).model_copy(
            update={"max_pages": self.max_pages}
        )


class Oai(Asking):
    """The table `[collect.oai]`: a repository's records by OAI-PMH 2.0, and the texts that they link to.

    Attributes:
        address: the repository's base URL.
        sets: the sets to harvest; the whole repository where none is named.
        prefix: the metadata format; one that has Dublin Core elements.
        since: the first day of change to harvest.
        until: the last.
        elements: the Dublin Core elements whose links may lead to the text, in the order in which they are tried.
        links: a regular expression; links that it doesn't match are no texts.
        hosts: further hosts on which texts, or redirects to them, stand; that of `address` always may be asked.
        max_records: records of a round after which it stops.
        max_pages: texts of a round after which it stops.
    """

    address: Address
    sets: Texts = ()
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.!~*'()-]+$")] = "oai_dc"
    since: date | None = None
    until: date | None = None
    elements: Annotated[tuple[Element, ...], BeforeValidator(as_tuple)] = ("relation", "identifier")
    links: Pattern | None = None
    hosts: Hosts = ()
    max_records: Annotated[int, Field(gt=0)] = 1_000_000
    max_pages: Annotated[int, Field(gt=0)] = 100_000

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if "?" in self.address:
            raise ValueError(
                _("«{url}» has a query; write the repository's base URL, without ?verb=…", url=self.address)
            )
        if self.since and self.until and self.since > self.until:
            raise ValueError(_("`since` is later than `until`; exchange them"))
        return self

    @property
    def scope(self) -> Crawl:
        """What may be asked for: the repository's host, and the hosts of texts."""
        hosts = tuple(dict.fromkeys((host_of(self.address), *self.hosts)))
        # A reply may have one record alone, and a text as many requests as in a crawl.
        requests = self.max_requests or self.max_records + 100 + 10 * self.max_pages
        update = {"max_pages": self.max_pages, "max_requests": requests}
        return _scope(self, (self.address,), hosts, (), ()).model_copy(update=update)


class CommonCrawl(Asking):
    """The table `[collect.commoncrawl]`: captures of Common Crawl, or of another archive with such an index.

    Attributes:
        index: files of the columnar index (Parquet) or of a CDX(J) index, by path or address.
        records: where the index's file names are to be found.
        hosts: hosts whose pages are wanted, `*.` for all below one.
        domains: top-level domains whose pages are wanted, such as `cl`.
        languages: ISO 639-3 codes, one of which the index must name first; an index without languages has none.
        paths: patterns of robots.txt that a page's path must match.
        exclude: patterns of paths that aren't wanted.
        max_records: captures that a plan may have.
        ask_sites: whether the sites' files are asked today for what their owners refuse now.
    """

    index: Annotated[tuple[str, ...], BeforeValidator(as_tuple), Field(min_length=1)]
    records: Address = "https://data.commoncrawl.org/"
    hosts: Hosts = ()
    domains: Annotated[tuple[Annotated[str, Field(pattern=r"^[a-z]{2,}$")], ...], BeforeValidator(as_tuple)] = ()
    languages: Annotated[tuple[Language, ...], BeforeValidator(as_tuple)] = ()
    paths: Paths = ()
    exclude: Paths = ()
    max_records: Annotated[int, Field(gt=0)] = 100_000
    ask_sites: bool = True

    @model_validator(mode="after")
    def _chooses(self) -> Self:
        if not (self.hosts or self.domains or self.languages):
            raise ValueError(_("it chooses nothing; name hosts, domains or languages"))
        if not self.records.endswith("/"):
            raise ValueError(_("«{url}» is no folder; it ends in /", url=self.records))
        return self

    @property
    def scope(self) -> Crawl:
        """What may be asked for: the archive's host; sites are asked for their files alone."""
        return _scope(self, (self.records,), (host_of(self.records),), (), ())
