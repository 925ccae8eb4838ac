"""The links of pages, sitemaps and feeds."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote_from_bytes, urljoin

from lxml import etree, html

from latam_corpus.collect.web_archives.responses import Response, payload_of
from latam_corpus.errors import DocumentError
from latam_corpus.harvest.crawl.answers.lenient_xml import begins_as_xml, parse_xml
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.text.markup.html_tree import StoppedError, html_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

# sitemaps.org: a sitemap has at most 50,000 addresses and 50 MB.
MAX_SITEMAP: Final = 50 * 2**20
MAX_ENTRIES: Final = 50_000
# A page with more links than this was probably generated for programs.
MAX_LINKS: Final = 5000

XML_TYPES: Final = frozenset({
    "application/xml", "text/xml", "application/rss+xml", "application/atom+xml", "application/rdf+xml",
})  # fmt: skip
_XML: Final = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*<(?:\?xml|!--|!DOCTYPE (?!html)|urlset|sitemapindex|rss|feed|rdf:RDF)"
)
_LISTS: Final = re.compile(rb"<(?:urlset|sitemapindex|rss|feed|rdf:RDF)[\s>]")
_GZIP: Final = b"\x1f\x8b"
_CHECKED_BYTES: Final = 2**16
_ROOTS: Final = frozenset({"urlset", "sitemapindex", "rss", "feed", "RDF"})
_FEEDS: Final = ("application/rss+xml", "application/atom+xml")
_WESTERN: Final = ("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii", "windows-1252")
_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))
_UNSEEN: Final = frozenset({"script", "style", "template"})
_WORD: Final = re.compile(r"\w+")
# The names of months and days, which may be the only words of a calendar.
_DATE_NAMES: Final = (
    "enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre lunes martes "
    "miércoles jueves viernes sábado domingo janeiro fevereiro março maio junho julho setembro outubro "
    "novembro dezembro segunda terça quarta quinta sexta feira january february march april may june july august "
    "september october november december monday tuesday wednesday thursday friday saturday sunday"
)
_DATES: Final = frozenset(_DATE_NAMES.split())
_LINKING: Final = {"a": "href", "area": "href", "frame": "src", "iframe": "src"}


@dataclass(frozen=True)
class Links:
    """The links of a page.

    Attributes:
        pages: links to pages, resolved against the page's base, in document order.
        left_out: the number of links beyond `MAX_LINKS`.
        wording: a digest of the page's words, equal for pages that differ only in numbers and dates.
    """

    pages: list[str]
    feeds: list[str]
    left_out: int = 0
    wording: str = ""


@dataclass(frozen=True)
class Listing:
    """The pages and further sitemaps that a sitemap or feed lists."""

    kind: Literal["sitemap", "feed"]
    pages: list[str]
    sitemaps: list[str]


def page_links(body: bytes, url: str, charset: str | None) -> Links:
    """Return the links of an HTML page; none if it asks robots not to follow them.

    >>> page_links(b'<base href="/b/"><a href="c">c</a><a rel=nofollow href=d>d</a>', "https://a.example/", None).pages
    ['https://a.example/b/c']
    """
    root = _html(body, charset)
    if root is None:
        return Links([], [])
    base, wording = url, _wording(root)
    encoding = _supported(charset) or str(root.getroottree().docinfo.encoding or "")
    pages: list[str] = []
    feeds: list[str] = []
    for element in root.iter("base", "meta", "link", *_LINKING):
        tag = element.tag
        rel = (element.get("rel") or "").lower().split()
        if tag == "base":
            base = _joined(url, element.get("href") or "") or base
        elif tag == "meta":
            if (element.get("name") or "").lower() == "robots" and _says_nofollow(element.get("content") or ""):
                return Links([], [], wording=wording)
        elif tag == "link":
            href = element.get("href") or ""
            if "alternate" in rel and (element.get("type") or "").lower() in _FEEDS:
                feeds.append(_joined(base, href))
            elif {"next", "prev"}.intersection(rel):
                pages.append(_joined(base, href))
        elif "nofollow" not in rel:
            pages.append(_joined(base, element.get(_LINKING[str(tag)]) or ""))
    pages_linked = list(dict.fromkeys(_in_charset(page, encoding) for page in pages if page))
    return Links(
        pages_linked[:MAX_LINKS],
        list(dict.fromkeys(filter(None, feeds))),
        max(0, len(pages_linked) - MAX_LINKS),
        wording,
    )


def is_listing(body: bytes, content_type: str) -> bool:
    r"""Return whether a body is to be parsed as a sitemap or a feed.

    >>> [is_listing(b"<?xml version='1.0'?>" + root, "text/html") for root in (b"<urlset>", b"<html>")]
    [True, False]
    >>> [is_listing(text, "text/plain") for text in (b"https://a.example/1\nhttps://a.example/2\n", b"Mira https:")]
    [True, False]
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/plain" and _has_addresses_alone(body):
        return True
    return kind in XML_TYPES or body[:2] == _GZIP or bool(_XML.match(body[:1024]) and _LISTS.search(body[:4096]))


def _has_addresses_alone(body: bytes) -> bool:
    """Return whether a text is a plain-text sitemap, which has only addresses, one per line (sitemaps.org)."""
    text = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    schemes = (b"http://", b"https://")
    # The last word of the sample may be truncated.
    words = text[:_CHECKED_BYTES].split()[: None if len(text) <= _CHECKED_BYTES else -1]
    return bool(words) and all(word.startswith(schemes) for word in words)


def listing(body: bytes, url: str) -> Listing | None:
    """Parse a sitemap (XML, plain text or gzipped) or a feed (RSS, Atom); return None for any other XML.

    Raises:
        TroubleError: it is too large when decompressed, is damaged XML, or declares entities.

    >>> listing(b"<urlset><url><loc> https://a.example/1 </loc></url></urlset>", "https://a.example/s.xml").pages
    ['https://a.example/1']
    """
    body = decompressed(body)
    if not (_XML.match(body[:1024]) or begins_as_xml(body)):
        lines = body[:MAX_SITEMAP].decode("utf-8-sig", "replace").split()
        return Listing("sitemap", [line for line in lines if line.startswith("http")][:MAX_ENTRIES], [])
    root = parse_xml(body)
    name = etree.QName(root).localname
    if name not in _ROOTS:
        return None
    if name in ("urlset", "sitemapindex"):
        locations = list(_texts(root, "loc"))[:MAX_ENTRIES]
        return Listing("sitemap", locations if name == "urlset" else [], locations if name == "sitemapindex" else [])
    pages = []
    for item in root.iter("{*}item", "{*}entry"):
        atom_links = [
            link.get("href")
            for link in item.iter("{*}link")
            if link.get("href") and link.get("rel", "alternate") == "alternate"
        ]
        link = next(_texts(item, "link"), "") or next(iter(atom_links), "") or next(_texts(item, "guid"), "")
        if link and (joined := _joined(url, link)):
            pages.append(joined)
    return Listing("feed", pages[:MAX_ENTRIES], [])


def _html(body: bytes, charset: str | None) -> _Element | None:
    try:
        root: _Element = html_tree(body, _supported(charset))
    except StoppedError as error:
        raise TroubleError("malformed response", str(error)[:200]) from None
    except (etree.LxmlError, ValueError, AssertionError):  # an empty page, among others
        return None
    return root


def _wording(root: _Element) -> str:
    """Return a digest of the page's words, without numbers, names of dates, and links whose text is their address."""
    pieces: list[str] = []
    for element in root.iter(etree.Element):
        text = (element.text or "").strip()
        if element.tag not in _UNSEEN and not (element.tag == "a" and text in (element.get("href") or "")):
            pieces.append(text)
        pieces.append(element.tail or "")
    words = (word for word in _WORD.findall(" ".join(pieces).lower()) if word.isalpha() and word not in _DATES)
    return hashlib.blake2b(" ".join(words).encode(), digest_size=16).hexdigest()


def _supported(charset: str | None) -> str | None:
    """Return the charset if lxml supports it, else None; a page may state any word."""
    try:
        html.HTMLParser(encoding=charset)
    except LookupError:
        return None
    return charset


def _texts(root: _Element, name: str) -> Iterator[str]:
    for element in root.iter(f"{{*}}{name}"):
        if text := (element.text or "").strip():
            yield text


def decompressed(body: bytes) -> bytes:
    """Return the body of a list, decompressed if it is a gzipped file.

    Raises:
        TroubleError: it is damaged or truncated, or too large when decompressed.
    """
    if body[:2] != _GZIP:
        return body
    try:
        return payload_of(Response(HTTPStatus.OK, {"content-encoding": "gzip"}, body), MAX_SITEMAP)
    except DocumentError as error:
        if "unpacks" in error.problem:
            raise TroubleError("unpacks too large", limit_bytes=MAX_SITEMAP) from None
        raise TroubleError("damaged encoding", error.problem) from None


def _joined(base: str, link: str) -> str:
    try:
        return urljoin(base, link.strip()) if link.strip() else ""
    except ValueError:
        return link.strip()


def _in_charset(link: str, charset: str) -> str:
    """Percent-encode a link's query in the page's charset, as browsers do (URL Standard, 4.4); paths are always UTF-8.

    >>> _in_charset("https://a.example/búsqueda?q=mañana", "iso-8859-1")
    'https://a.example/búsqueda?q=ma%F1ana'
    """
    path, mark, tail = link.partition("?")
    query, hash_, fragment = tail.partition("#")
    charset = charset.lower()
    if query.isascii() or charset.startswith(("utf", "ucs")):
        return link
    try:
        # Browsers treat all of these as Windows-1252.
        encoded = query.encode("cp1252" if charset in _WESTERN else charset, "xmlcharrefreplace")
    except LookupError:
        return link
    return path + mark + quote_from_bytes(encoded, safe=_ASCII) + hash_ + fragment


def _says_nofollow(content: str) -> bool:
    words = {word.strip().lower() for word in content.split(",")}
    return bool(words & {"nofollow", "none"})
