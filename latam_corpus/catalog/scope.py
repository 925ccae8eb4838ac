"""What may be crawled of a source: where to start, which hosts and paths belong to it, how fast, how much."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from latam_corpus.catalog.fields import Model, as_tuple
from latam_corpus.catalog.optout.patterns import matches, path_of
from latam_corpus.catalog.urls import canonical_url
from latam_corpus.messages import _

Follow = Literal["links", "sitemaps", "feeds"]
Gone = Literal["keep", "withdraw"]
_HOST: Final = re.compile(r"(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?::\d+)?|\[[0-9a-f:.]+\](?::\d+)?")


def _address(url: str) -> str:
    found = canonical_url(url)
    if not re.match(r"https?://[^/]", found):
        raise ValueError(_("«{url}» is no address of a website; such as https://gaceta.example/", url=url))
    if "@" in url.split("//")[1].partition("/")[0]:
        raise ValueError(_("an address may not hold a password; leave the part before @ out"))
    return found


def _host(name: str) -> str:
    if not _HOST.fullmatch(name.lower()):
        raise ValueError(_("«{name}» is no host; such as gaceta.example or *.gaceta.example", name=name))
    return name.lower()


def _path(pattern: str) -> str:
    if not pattern.startswith(("/", "*")):
        raise ValueError(_("«{pattern}» is no path; it starts with / or *, as in robots.txt", pattern=pattern))
    return pattern


def host_of(url: str) -> str:
    """The host of a canonical URL, with its port where that isn't the scheme's own.

    >>> host_of("https://gaceta.example:8443/a?b")
    'gaceta.example:8443'
    """
    return re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]


Address = Annotated[str, AfterValidator(_address)]
Host = Annotated[str, AfterValidator(_host)]
PathPattern = Annotated[str, AfterValidator(_path)]


def is_chosen(path: str, paths: tuple[str, ...], exclude: tuple[str, ...]) -> bool:
    """Whether patterns of paths let a path be fetched; every one where none is named."""
    if any(matches(pattern, path) for pattern in exclude):
        return False
    return not paths or any(matches(pattern, path) for pattern in paths)


class Asking(Model):
    """How servers are asked, whatever they are asked for.

    Attributes:
        delay: seconds between the end of one request to a host and the next, at least.
        max_page_bytes: a page that is larger, as sent or unpacked, is refused.
        timeout: seconds that one answer may take in all.
        private_hosts: hosts in private networks, or on this machine, that may be asked; `host:port`.
        unverified_tls: hosts whose certificate isn't checked, such as one that has expired.
        max_requests: requests to one host in a round at most; where none is named ten for each of `max_pages`, and 100.
        max_bytes: bytes of bodies of one host in a round; a megabyte for each, and a gigabyte.
        max_hours: hours that the answers of one host may take together in a round; ten seconds for each, and an hour.
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
        start: pages, sitemaps or feeds to begin with.
        hosts: the hosts that belong to the source, `*.` for all below one; those of `start` where none is named.
        paths: patterns of robots.txt that a page's path must match; every path where none is named.
        exclude: patterns of paths that aren't fetched.
        follow: by what pages are found.
        max_pages: pages after which the crawl stops.
        max_depth: links from a start to a page at most.
        max_addresses: addresses of a host that are kept; where none is named ten for each of `max_pages`, and 10,000.
        gone: what becomes of a page that was had, where its server says later that there is none (404, 410): `keep`
            leaves its row as it was, `withdraw` takes the document back.
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
        """What may be crawled: itself."""
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
        return any(host == one or (one.startswith("*.") and host.endswith(one[1:])) for one in hosts)

    def has_path(self, url: str) -> bool:
        """Whether the source's paths let the URL be fetched; a start always is.

        >>> crawl = Crawl(start=("https://gaceta.example/",), paths=("/notas/",), exclude=("*/imprimir$",))
        >>> [crawl.has_path(f"https://gaceta.example{path}") for path in ("/", "/notas/1", "/notas/1/imprimir", "/x")]
        [True, True, False, False]
        """
        if url in self.start:
            return True
        return is_chosen(path_of(url), self.paths, self.exclude)
