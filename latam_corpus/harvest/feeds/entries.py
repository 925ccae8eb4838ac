"""Parses RSS and Atom feeds: entries with titles, authors, dates, licences and texts, and links to older documents.

It supports RSS 0.9, 1.0 and 2.0 with the modules `dc`, `dcterms`, `content`, `xhtml` and Creative Commons, Atom
(RFC 4287) and its draft 0.3, and paged and archived feeds (RFC 5005). Elements are recognised by their local names,
since feeds write their namespaces in many ways.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from html import escape, unescape
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from lxml import etree

from latam_corpus.catalog.rights import tier_of
from latam_corpus.collect.documents.mapping import as_published
from latam_corpus.harvest.crawl.answers.lenient_xml import parse_xml
from latam_corpus.harvest.crawl.answers.links import MAX_ENTRIES, decompressed
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.oai.rights_statements import is_less_open, statement_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

_ROOTS: Final = frozenset({"rss", "feed", "RDF"})
_LICENCE: Final = "license"
# In order of preference: published, created, changed. `issued` and `modified` are from Atom 0.3.
_DATES: Final = ("pubDate", "published", "issued", "date", "created", "updated", "modified")
_XHTML: Final = ("xhtml", "application/xhtml+xml")
_HTML: Final = ("html", "text/html")
_LITERAL: Final = ("text", "text/plain")
# HTML tags in titles: those that separate words, and those that don't. Anything else in angle brackets is text.
_BREAK: Final = re.compile(r"</?(?:br|div|h[1-6]|img|p)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_TAG: Final = re.compile(
    r"</?(?:abbr|a|b|cite|code|del|em|font|ins|i|q|small|span|strike|strong|sub|sup|s|tt|u)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_C1: Final = {code: bytes([code]).decode("cp1252", "replace") for code in range(0x80, 0xA0)}
_ADDRESS: Final = re.compile(r"[(<\[]?(?:mailto:)?[^\s()<>\[\]@]+@[^\s()<>\[\]@]+[)>\]]?")
_INNER: Final = re.compile(r"\(([^()]*)\)")
_MONTH: Final = re.compile(r"(\d{1,2})[ -](?:de )?([a-zç]{3,10})\.?[ -](?:de )?(\d{4})", re.IGNORECASE)
_MONTHS: Final = {
    name: english
    for english, names in {
        "Jan": "ene enero janeiro", "Feb": "fev febrero fevereiro", "Mar": "marzo março", "Apr": "abr abril",
        "May": "mai mayo maio", "Jun": "junio junho", "Jul": "julio julho", "Aug": "ago agosto",
        "Sep": "set setiembre septiembre setembro", "Oct": "out octubre outubro", "Nov": "noviembre novembro",
        "Dec": "dic dez diciembre dezembro",
    }.items()
    for name in names.split()
}  # fmt: skip


@dataclass(frozen=True)
class FeedEntry:
    """An entry of a feed.

    Attributes:
        link: its page's address, resolved; empty if it has none.
        id: its identifier in the feed; it distinguishes entries without a page.
        title: as plain text.
        published: an ISO 8601 date.
        rights: a licence of the rights vocabulary, or a sentence that restricts uses; None for any other statement.
        content: its full text as HTML, if the feed has it; a summary doesn't count.
    """

    link: str
    id: str
    title: str | None
    creators: tuple[str, ...]
    published: str | None
    rights: str | None
    content: str | None


@dataclass(frozen=True)
class Feed:
    """A feed, with links to its older documents.

    Attributes:
        entries: its entries, in document order.
        next_pages: the links `next` to a following page, whose entries change when new ones are added.
        archives: the links `prev-archive` to an older document, which doesn't change.
    """

    entries: tuple[FeedEntry, ...]
    next_pages: tuple[str, ...]
    archives: tuple[str, ...]


def feed_of(body: bytes, url: str) -> Feed:
    """Parse a feed.

    Links are resolved against `url`; the body's content encodings must be undone.

    Raises:
        TroubleError: it isn't a feed, or is damaged XML.

    >>> rss = b"<rss><channel><item><link>/nota</link><title>Nota</title></item></channel></rss>"
    >>> [entry.link for entry in feed_of(rss, "https://gaceta.example/rss").entries]
    ['https://gaceta.example/nota']
    """
    root = parse_xml(decompressed(body))
    if etree.QName(root).localname not in _ROOTS:
        raise TroubleError("not a feed", f"its root is <{etree.QName(root).localname}>"[:100])
    base = root.get("{http://www.w3.org/XML/1998/namespace}base") or ""
    base = _joined(url, base) or url
    channel = next(root.iter("{*}channel"), root)
    feed_rights = _rights_texts(channel)
    entries: list[FeedEntry] = []
    for item in root.iter("{*}item", "{*}entry"):
        if len(entries) == MAX_ENTRIES:
            break
        entries.append(_entry(item, base, feed_rights))
    links = [(link.get("rel") or "", link.get("href") or "") for link in _children(channel, "link")]
    return Feed(
        tuple(entries),
        tuple(filter(None, (_joined(base, href) for rel, href in links if rel == "next"))),
        tuple(filter(None, (_joined(base, href) for rel, href in links if rel == "prev-archive"))),
    )


def _entry(item: _Element, base: str, feed_rights: list[str]) -> FeedEntry:
    entry_base = _joined(base, item.get("{http://www.w3.org/XML/1998/namespace}base") or "") or base
    id_ = _first(item, "guid", "id")
    link = _joined(entry_base, _link(item))
    if not link and id_.startswith(("http://", "https://")):
        link = id_
    date = next(filter(None, (_date(_first(item, name)) for name in _DATES)), None)
    return FeedEntry(
        link,
        id_,
        _title(item),
        tuple(dict.fromkeys(_creators(item))),
        date,
        _rights(_rights_texts(item), feed_rights),
        _content(item),
    )


def _link(item: _Element) -> str:
    """Return the address of the entry's page: Atom's alternate link, RSS's link, or a guid that is a permalink."""
    links = _children(item, "link")
    for link in links:
        if link.get("href") and link.get("rel", "alternate") == "alternate":
            return link.get("href") or ""
    rss_link = next((text for link in links if (text := (link.text or "").strip())), "")
    if rss_link:
        return rss_link
    guid = next(iter(_children(item, "guid")), None)
    return _first(item, "guid") if guid is not None and guid.get("isPermaLink") == "true" else ""


def _title(item: _Element) -> str | None:
    """Return the entry's title as plain text; RSS titles are HTML, Atom titles only if their type declares it."""
    for title in _children(item, "title"):
        text = "".join(map(str, title.itertext()))
        if (title.get("type") or "html").lower() not in _LITERAL:
            text = unescape(_TAG.sub("", _BREAK.sub(" ", text)))
        # References to dashes and quotation marks by their Windows-1252 codes are control characters in XML.
        if text := " ".join(text.translate(_C1).split()):
            return text
    return None


def _creators(item: _Element) -> Iterator[str]:
    for author in _children(item, "author", "creator"):
        names = [(name.text or "").strip() for name in _children(author, "name")]
        for name in names or [(author.text or "").strip()]:
            if person := _person(name):
                yield person


def _person(author: str) -> str:
    """Return an author's name without the e-mail address; empty if there is only an address.

    >>> _person("ana@gaceta.example (Ana Paz)"), _person("Ana Paz (ana@gaceta.example)")
    ('Ana Paz', 'Ana Paz')
    >>> _person("Ana Paz &lt;ana@gaceta.example&gt;"), _person("ana@gaceta.example"), _person("Ana (Gaceta)")
    ('Ana Paz', '', 'Ana (Gaceta)')
    """
    name = unescape(_TAG.sub("", author)).translate(_C1)
    if "@" in name:
        name = _ADDRESS.sub(" ", name)
        inner = _INNER.fullmatch(name.strip())
        name = inner[1] if inner else name
    return " ".join(name.split())


def _date(text: str) -> str | None:
    """Return the ISO 8601 date of a date in ISO 8601 or in the format of e-mail; None for any other text.

    >>> _date("Tue, 03 Mar 2026 10:00:00 -0300"), _date("2026-03-03T10:00:00Z"), _date("ayer")
    ('2026-03-03', '2026-03-03', None)
    >>> _date("mié, 01 abr 2026 10:00:00 -0300"), _date("02 de dezembro de 2026")
    ('2026-04-01', '2026-12-02')
    """
    iso = as_published(text)
    if iso:
        return iso[:10]
    mail_date = _MONTH.sub(_in_english, text)
    for candidate in (mail_date, f"{mail_date} 00:00"):
        try:
            return parsedate_to_datetime(candidate).date().isoformat()
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def _in_english(match: re.Match[str]) -> str:
    """Return a day, month and year with the month's English abbreviation, as the e-mail format requires."""
    return f"{match[1]} {_MONTHS.get(match[2].lower(), match[2])} {match[3]}"


def _rights_texts(element: _Element) -> list[str]:
    """Return the element's own licences and statements of rights, in document order."""
    statements = []
    for child in element:
        name = etree.QName(child).localname if isinstance(child.tag, str) else ""
        if name == _LICENCE:
            statements.append(
                child.get("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}resource") or (child.text or "").strip()
            )
        elif name == "link" and child.get("rel") == _LICENCE:
            statements.append((child.get("href") or "").strip())
        elif name in ("rights", "copyright"):
            statements.append(" ".join("".join(map(str, child.itertext())).split()))
    return [statement for statement in statements if statement]


def _rights(entry_rights: list[str], feed_rights: list[str]) -> str | None:
    """Return an entry's statement of rights: its own licence or the feed's, unless one of its sentences restricts it.

    >>> by = ["https://creativecommons.org/licenses/by/4.0/"]
    >>> _rights(["CC BY-NC 4.0"], by), _rights(["Todos los derechos reservados"], by), _rights(["(c) Ana"], [])
    ('CC BY-NC 4.0', 'Todos los derechos reservados', None)
    """
    licensed = any(tier_of(statement) != "unknown" for statement in entry_rights)
    statement = statement_of(entry_rights if licensed else [*entry_rights, *feed_rights])
    return statement if statement and (tier_of(statement) != "unknown" or is_less_open(statement, "open")) else None


def _content(item: _Element) -> str | None:
    """Return the entry's full text as HTML: `content:encoded`, an XHTML body, or Atom's `content`."""
    for content in _children(item, "encoded", "body", "content"):
        kind = (content.get("type") or "html").lower()
        if content.get("src") or content.get("url"):  # Atom content at another address, and `media:content`
            continue
        plain = (content.text or "").strip()
        if kind in _XHTML or (len(content) and kind in _HTML):
            text = _as_html(content)
        elif kind in _LITERAL:
            text = f"<p>{escape(plain)}</p>" if plain else ""
        elif kind in _HTML:
            text = plain
        else:
            continue
        if text.strip():
            return text
    return None


def _as_html(element: _Element) -> str:
    """Return the content of an XHTML element as HTML, without namespace prefixes.

    An element without children contains escaped HTML: it was escaped twice, or its markup was damaged.
    """
    if not len(element):
        return (element.text or "").strip()
    pieces = [escape(element.text or "", quote=False)]
    for child in element:
        copied = deepcopy(child)
        for descendant in copied.iter("*"):
            descendant.tag = etree.QName(descendant).localname
        etree.cleanup_namespaces(copied)
        pieces.append(etree.tostring(copied, encoding="unicode", method="html"))
    return "".join(pieces).strip()


def _children(element: _Element, *names: str) -> list[_Element]:
    """Return the children with these local names, ignoring case, in document order."""
    lower_names = {name.lower() for name in names}
    return [
        child for child in element if isinstance(child.tag, str) and etree.QName(child).localname.lower() in lower_names
    ]


def _first(element: _Element, *names: str) -> str:
    for name in names:
        for child in _children(element, name):
            text = "".join(map(str, child.itertext())).strip()
            if text:
                return text
    return ""


def _joined(base: str, link: str) -> str:
    try:
        return urljoin(base, link.strip()) if link.strip() else ""
    except ValueError:
        return ""
