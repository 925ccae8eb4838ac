"""The tables of a source file that configure requests to servers: websites, feeds, repositories, Common Crawl."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from latam_corpus.catalog.fields import Language, Pattern, TomlModel, as_tuple
from latam_corpus.catalog.identity import canonical_url
from latam_corpus.catalog.optout.patterns import matches, path_of
from latam_corpus.messages import _

Follow = Literal["links", "sitemaps", "feeds"]
Gone = Literal["keep", "withdraw"]
_HOST: Final = re.compile(r"(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?::\d+)?|\[[0-9a-f:.]+\](?::\d+)?")


def _address(url: str) -> str:
    address = canonical_url(url)
    if not re.match(r"https?://[^/]", address):
        raise ValueError(
            _("«{url}» isn't the address of a website; write one such as https://gaceta.example/", url=url)
        )
    if "@" in url.split("//")[1].partition("/")[0]:
        raise ValueError(_("an address must not contain a password; leave out the part before @"))
    return address


def _host(name: str) -> str:
    if not _HOST.fullmatch(name.lower()):
        raise ValueError(
            _("«{name}» isn't a host name; write one such as gaceta.example or *.gaceta.example", name=name)
        )
    return name.lower()


def _path(pattern: str) -> str:
    if not pattern.startswith(("/", "*")):
        raise ValueError(_("«{pattern}» isn't a path; a path starts with / or *, as in robots.txt", pattern=pattern))
    return pattern


def host_of(url: str) -> str:
    """Return the host of a canonical URL, with its port unless it is the scheme's default.

    >>> host_of("https://gaceta.example:8443/a?b")
    'gaceta.example:8443'
    """
    return re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]


Address = Annotated[str, AfterValidator(_address)]
Host = Annotated[str, AfterValidator(_host)]
PathPattern = Annotated[str, AfterValidator(_path)]


def is_chosen(path: str, paths: tuple[str, ...], exclude: tuple[str, ...]) -> bool:
    """Whether patterns allow a path to be fetched; without patterns, all paths are allowed."""
    if any(matches(pattern, path) for pattern in exclude):
        return False
    return not paths or any(matches(pattern, path) for pattern in paths)


class Asking(TomlModel):
    """The limits for requests to servers, common to all kinds of sources.

    Attributes:
        delay: the minimum number of seconds between the end of one request to a host and the next.
        max_page_bytes: the maximum number of bytes of a page, as sent or unpacked; larger pages are refused.
        timeout: the maximum number of seconds for one response.
        private_hosts: hosts in private networks, or on this machine, that may be contacted; `host:port`.
        unverified_tls: hosts whose certificate isn't verified, such as one that has expired.
        max_requests: the maximum number of requests to one host per round; by default, ten per page of `max_pages`,
            plus 100.
        max_bytes: the maximum number of body bytes from one host per round; by default, a megabyte per page, plus a
            gigabyte.
        max_hours: the maximum number of hours for all responses of one host per round; by default, ten seconds per
            page, plus an hour.
    """

    delay: Annotated[float, Field(ge=0, strict=False)] = 1.0
    max_page_bytes: Annotated[int, Field(gt=0)] = 20 * 2**20
    timeout: Annotated[float, Field(gt=0, strict=False)] = 120.0
    private_hosts: Annotated[tuple[Host, ...], BeforeValidator(as_tuple)] = ()
    unverified_tls: Annotated[tuple[Host, ...], BeforeValidator(as_tuple)] = ()
    max_requests: Annotated[int, Field(gt=0)] | None = None
    max_bytes: Annotated[int, Field(gt=0)] | None = None
    max_hours: Annotated[float, Field(gt=0, strict=False)] | None = None


class Crawl(Asking):
    """The table `[collect.crawl]` of a source.

    Attributes:
        start: the pages, sitemaps or feeds to start from.
        hosts: the hosts that belong to the source, `*.` for all subdomains; by default, those of `start`.
        paths: patterns as in robots.txt; a page's path must match one of them. By default, every path matches.
        exclude: patterns of paths that aren't fetched.
        follow: the ways in which pages are found.
        max_pages: the number of pages after which the crawl stops.
        max_depth: the maximum number of links from a start to a page.
        max_addresses: the maximum number of addresses that are kept per host; by default, ten per page of `max_pages`,
            plus 10,000.
        gone: what to do with a fetched page if its server later reports that it was removed (404, 410): `keep` leaves
            its row unchanged, `withdraw` withdraws the document.
    """

    start: Annotated[tuple[Address, ...], BeforeValidator(as_tuple), Field(min_length=1)]
    hosts: Annotated[tuple[Host, ...], BeforeValidator(as_tuple)] = ()
    paths: Annotated[tuple[PathPattern, ...], BeforeValidator(as_tuple)] = ()
    exclude: Annotated[tuple[PathPattern, ...], BeforeValidator(as_tuple)] = ()
    follow: Annotated[tuple[Follow, ...], BeforeValidator(as_tuple)] = ("links", "sitemaps", "feeds")
    max_pages: Annotated[int, Field(gt=0)] = 100_000
    max_depth: Annotated[int, Field(ge=0)] = 50
    max_addresses: Annotated[int, Field(gt=0)] | None = None
    gone: Gone = "keep"

    @property
    def scope(self) -> Crawl:
        """The crawl of this table."""
        return self

    @model_validator(mode="after")
    def _starts_are_inside(self) -> Self:
        outside = [url for url in self.start if not self.has_host(host_of(url))]
        if outside:
            raise ValueError(
                _(
                    "the start «{url}» is on none of the hosts; add {host} to hosts",
                    url=outside[0],
                    host=host_of(outside[0]),
                )
            )
        return self

    def has_host(self, host: str) -> bool:
        """Whether the host belongs to the source.

        >>> crawl = Crawl(start=("https://gaceta.example/",), hosts=("*.gaceta.example", "gaceta.example"))
        >>> crawl.has_host("www.gaceta.example"), crawl.has_host("otragaceta.example")
        (True, False)
        """
        hosts = self.hosts or tuple(host_of(url) for url in self.start)
        return any(host == pattern or (pattern.startswith("*.") and host.endswith(pattern[1:])) for pattern in hosts)

    def has_path(self, url: str) -> bool:
        """Whether the source's paths allow the URL to be fetched; a start is always allowed.

        >>> crawl = Crawl(start=("https://gaceta.example/",), paths=("/notas/",), exclude=("*/imprimir$",))
        >>> [crawl.has_path(f"https://gaceta.example{path}") for path in ("/", "/notas/1", "/notas/1/imprimir", "/x")]
        [True, True, False, False]
        """
        if url in self.start:
            return True
        return is_chosen(path_of(url), self.paths, self.exclude)


Hosts = Annotated[tuple[Host, ...], BeforeValidator(as_tuple)]
Paths = Annotated[tuple[PathPattern, ...], BeforeValidator(as_tuple)]
Texts = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
Element = Literal["relation", "identifier", "source"]


def _scope(table: Asking, start: tuple[str, ...], hosts: tuple[str, ...], paths: Paths, exclude: Paths) -> Crawl:
    """Return a crawl of these hosts that follows no links in pages."""
    shared = {name: getattr(table, name) for name in Asking.model_fields}
    return Crawl(start=start, hosts=hosts, paths=paths, exclude=exclude, follow=(), **shared)


class Feeds(Asking):
    """The table `[collect.feeds]`: RSS and Atom feeds whose entries' pages are the source.

    Attributes:
        start: the feeds.
        hosts: the hosts of the entries' pages, `*.` for all subdomains; by default, those of `start`.
        paths: patterns as in robots.txt; a page's path must match one of them. By default, every path matches.
        exclude: patterns of paths that aren't fetched.
        archives: whether to read a feed's older documents too (RFC 5005: `next`, `prev-archive`).
        max_pages: the number of pages after which a round stops.
    """

    start: Annotated[tuple[Address, ...], BeforeValidator(as_tuple), Field(min_length=1)]
    hosts: Hosts = ()
    paths: Paths = ()
    exclude: Paths = ()
    archives: bool = True
    max_pages: Annotated[int, Field(gt=0)] = 100_000

    @property
    def scope(self) -> Crawl:
        """The crawl of the feeds and of pages on the hosts.

        >>> Feeds(start=("https://gaceta.example/rss",)).scope.has_host("gaceta.example")
        True
        """
        hosts = (*self.hosts, *(host_of(url) for url in self.start))
        return _scope(self, self.start, tuple(dict.fromkeys(hosts)), self.paths, self.exclude).model_copy(
            update={"max_pages": self.max_pages}
        )


class Oai(Asking):
    """The table `[collect.oai]`: a repository's records by OAI-PMH 2.0, and the texts that they link to.

    Attributes:
        address: the repository's base URL.
        sets: the sets to harvest; by default, the whole repository.
        prefix: the metadata format, which must have Dublin Core elements.
        since: the first day of changes to harvest.
        until: the last day of changes to harvest.
        elements: the Dublin Core elements whose links may lead to the text, in the order in which they are tried.
        links: a regular expression that links to texts must match.
        hosts: further hosts of texts, or of redirects to them; the host of `address` is always allowed.
        max_records: the number of records after which a round stops.
        max_pages: the number of texts after which a round stops.
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
        """The crawl of the repository's host and of the hosts of texts."""
        hosts = tuple(dict.fromkeys((host_of(self.address), *self.hosts)))
        # A reply may contain only one record, and a text may need as many requests as a page of a crawl.
        requests = self.max_requests or self.max_records + 100 + 10 * self.max_pages
        update = {"max_pages": self.max_pages, "max_requests": requests}
        return _scope(self, (self.address,), hosts, (), ()).model_copy(update=update)


class CommonCrawl(Asking):
    """The table `[collect.commoncrawl]`: captures of Common Crawl, or of another archive with such an index.

    Attributes:
        index: files of the columnar index (Parquet) or of a CDX(J) index, by path or address.
        records: the base address of the file names in the index.
        hosts: the hosts of the pages, `*.` for all subdomains.
        domains: the top-level domains of the pages, such as `cl`.
        languages: ISO 639-3 codes, one of which must be the first language of a capture in the index; captures in an
            index without languages don't match.
        paths: patterns as in robots.txt; a page's path must match one of them.
        exclude: patterns of paths that aren't included.
        max_records: the maximum number of captures in a plan.
        ask_sites: whether to read the current opt-outs in the sites' files.
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
            raise ValueError(_("«{url}» isn't a folder; the address of a folder ends in /", url=self.records))
        return self

    @property
    def scope(self) -> Crawl:
        """The crawl of the archive's host; sites are contacted only for their files."""
        return _scope(self, (self.records,), (host_of(self.records),), (), ())
