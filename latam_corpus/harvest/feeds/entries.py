"""What an RSS or Atom feed says: its entries with titles, authors, dates, licences and texts; its older documents.

RSS 0.9, 1.0 and 2.0 with the modules `dc`, `dcterms`, `content`, `xhtml` and Creative Commons; Atom (RFC 4287) and its
draft 0.3; paged and archived feeds (RFC 5005). Elements are known by their local names in any case, since feeds write
their namespaces in many ways.
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
from latam_corpus.harvest.crawl.answers.lenient_xml import parsed_xml
from latam_corpus.harvest.crawl.answers.links import MAX_ENTRIES, unpacked
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.oai.rights_statements import is_less_open, statement_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

_ROOTS: Final = frozenset({"rss", "feed", "RDF"})
_LICENCE: Final = "license"
# Of several the first counts: published, then made, then changed. `issued` and `modified` are Atom's of 0.3, too.
_DATES: Final = ("pubDate", "published", "issued", "date", "created", "updated", "modified")
_XHTML: Final = ("xhtml", "application/xhtml+xml")
_HTML: Final = ("html", "text/html")
_LITERAL: Final = ("text", "text/plain")
# Tags as they stand in titles, with and without a break; other words between angle brackets are words.
_BREAK: Final = re.compile(r"</?(?:br|div|h[1-6]|img|p)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_TAG: Final = re.compile(
    r"</?(?:abbr|a|b|cite|code|del|em|font|ins|i|q|small|span|strike|strong|sub|sup|s|tt|u)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_C1: Final = {one: bytes([one]).decode("cp1252", "replace") for one in range(0x80, 0xA0)}
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
class Entry:
    """An entry of a feed.

    Attributes:
        link: its page's address, resolved; empty where it has none.
        id: what names it where it has no page.
        title: as the feed has it.
        creators: the names of its authors.
        published: an ISO 8601 date.
        rights: a licence of the rights vocabulary, or the sentence that takes it back; None for anything else that
            the feed says.
        content: its whole text as HTML, where the feed brings it; a summary isn't one.
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
    """A feed: its entries, and addresses of older ones.

    Attributes:
        entries: in its order.
        next_pages: `next`: the following page, whose entries change as new ones come.
        archives: `prev-archive`: an older document, which stays as it is.
    """

    entries: tuple[Entry, ...]
    next_pages: tuple[str, ...]
    archives: tuple[str, ...]


def feed_of(body: bytes, url: str) -> Feed:
    """Return the feed that a body is.

    Args:
        body: its bytes, content encodings undone.
        url: where it was read, against which links are resolved.

    Raises:
        TroubleError: it is no feed, or XML that can't be read.

    >>> rss = b"<rss><channel><item><link>/nota</link><title>Nota</title></item></channel></rss>"
    >>> [entry.link for entry in feed_of(rss, "https://gaceta.example/rss").entries]
    ['https://gaceta.example/nota']
    """
    root = parsed_xml(unpacked(body))
    if etree.QName(root).localname not in _ROOTS:
        raise TroubleError("not a feed", f"its root is <{etree.QName(root).localname}>"[:100])
    base = root.get("{http://www.w3.org/XML/1998/namespace}base") or ""
    base = _joined(url, base) or url
    channel = next(root.iter("{*}channel"), root)
    of_feed = _rights_texts(channel)
    entries: list[Entry] = []
    for item in root.iter("{*}item", "{*}entry"):
        if len(entries) == MAX_ENTRIES:
            break
        entries.append(_entry(item, base, of_feed))
    links = [(one.get("rel") or "", one.get("href") or "") for one in _children(channel, "link")]
    return Feed(
        tuple(entries),
        tuple(filter(None, (_joined(base, href) for rel, href in links if rel == "next"))),
        tuple(filter(None, (_joined(base, href) for rel, href in links if rel == "prev-archive"))),
    )


def _entry(item: _Element, base: str, of_feed: list[str]) -> Entry:
    own = _joined(base, item.get("{http://www.w3.org/XML/1998/namespace}base") or "") or base
    id_ = _first(item, "guid", "id")
    link = _joined(own, _link(item))
    if not link and id_.startswith(("http://", "https://")):
        link = id_
    date = next(filter(None, (_date(_first(item, name)) for name in _DATES)), None)
    return Entry(
        link,
        id_,
        _title(item),
        tuple(dict.fromkeys(_creators(item))),
        date,
        _rights(_rights_texts(item), of_feed),
        _content(item),
    )


def _link(item: _Element) -> str:
    """Return the entry's page: Atom's alternate link, or RSS's, or a guid that is one."""
    links = _children(item, "link")
    for one in links:
        if one.get("href") and one.get("rel", "alternate") == "alternate":
            return one.get("href") or ""
    plain = next(((one.text or "").strip() for one in links if (one.text or "").strip()), "")
    if plain:
        return plain
    guid = next(iter(_children(item, "guid")), None)
    return _first(item, "guid") if guid is not None and guid.get("isPermaLink") == "true" else ""


def _title(item: _Element) -> str | None:
    """Return the entry's title as plain text: RSS has HTML in it, escaped or not, and Atom where it says so."""
    for one in _children(item, "title"):
        text = "".join(map(str, one.itertext()))
        if (one.get("type") or "html").lower() not in _LITERAL:
            text = unescape(_TAG.sub("", _BREAK.sub(" ", text)))
        # Numbers of Windows-1252 for dashes and quotation marks are control characters to XML.
        if text := " ".join(text.translate(_C1).split()):
            return text
    return None


def _creators(item: _Element) -> Iterator[str]:
    for author in _children(item, "author", "creator"):
        names = [(one.text or "").strip() for one in _children(author, "name")]
        for name in names or [(author.text or "").strip()]:
            if plain := _person(name):
                yield plain


def _person(written: str) -> str:
    """Return the name that stands with an address or without; empty where there is an address alone.

    >>> _person("ana@gaceta.example (Ana Paz)"), _person("Ana Paz (ana@gaceta.example)")
    ('Ana Paz', 'Ana Paz')
    >>> _person("Ana Paz &lt;ana@gaceta.example&gt;"), _person("ana@gaceta.example"), _person("Ana (Gaceta)")
    ('Ana Paz', '', 'Ana (Gaceta)')
    """
    name = unescape(_TAG.sub("", written)).translate(_C1)
    if "@" in name:
        name = _ADDRESS.sub(" ", name)
        inner = _INNER.fullmatch(name.strip())
        name = inner[1] if inner else name
    return " ".join(name.split())


def _date(text: str) -> str | None:
    """Return an ISO 8601 date of the two ways in which feeds write dates.

    >>> _date("Tue, 03 Mar 2026 10:00:00 -0300"), _date("2026-03-03T10:00:00Z"), _date("ayer")
    ('2026-03-03', '2026-03-03', None)
    >>> _date("mié, 01 abr 2026 10:00:00 -0300"), _date("02 de dezembro de 2026")
    ('2026-04-01', '2026-12-02')
    """
    iso = as_published(text)
    if iso:
        return iso[:10]
    mail = _MONTH.sub(_in_english, text)
    for moment in (mail, f"{mail} 00:00"):
        try:
            return parsedate_to_datetime(moment).date().isoformat()
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def _in_english(match: re.Match[str]) -> str:
    """Return the day, month and year of a date that a program wrote in its own language, as mail has them."""
    return f"{match[1]} {_MONTHS.get(match[2].lower(), match[2])} {match[3]}"


def _rights_texts(element: _Element) -> list[str]:
    """Return what the element itself says of rights, in its order."""
    statements = []
    for one in element:
        name = etree.QName(one).localname if isinstance(one.tag, str) else ""
        if name == _LICENCE:
            statements.append(
                one.get("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}resource") or (one.text or "").strip()
            )
        elif name == "link" and one.get("rel") == _LICENCE:
            statements.append((one.get("href") or "").strip())
        elif name in ("rights", "copyright"):
            statements.append(" ".join("".join(map(str, one.itertext())).split()))
    return [one for one in statements if one]


def _rights(own: list[str], of_feed: list[str]) -> str | None:
    """Give an entry's statement of rights: its own licence, or the feed's, unless one of its sentences takes that back.

    >>> by = ["https://creativecommons.org/licenses/by/4.0/"]
    >>> _rights(["CC BY-NC 4.0"], by), _rights(["Todos los derechos reservados"], by), _rights(["(c) Ana"], [])
    ('CC BY-NC 4.0', 'Todos los derechos reservados', None)
    """
    licensed = any(tier_of(one) != "unknown" for one in own)
    statements = own if licensed else [*own, *of_feed]
    statement = statement_of(statements)
    return statement if statement and (tier_of(statement) != "unknown" or is_less_open(statement, "open")) else None


def _content(item: _Element) -> str | None:
    """Return the entry's whole text as HTML: `content:encoded`, an XHTML body, or Atom's `content`."""
    for one in _children(item, "encoded", "body", "content"):
        kind = (one.get("type") or "html").lower()
        if one.get("src") or one.get("url"):  # Atom's elsewhere, and `media:content`
            continue
        if kind in _XHTML or (len(one) and kind in _HTML):
            text = _as_html(one)
        elif kind in _LITERAL:
            text = f"<p>{escape((one.text or '').strip())}</p>" if (one.text or "").strip() else ""
        elif kind in _HTML:
            text = (one.text or "").strip()
        else:
            continue
        if text.strip():
            return text
    return None


def _as_html(element: _Element) -> str:
    """Return what stands in an element of XHTML, without the prefixes that HTML doesn't have.

    What is escaped there twice over, or was as it came damaged, is HTML in its text.
    """
    if not len(element):
        return (element.text or "").strip()
    pieces = [escape(element.text or "", quote=False)]
    for child in element:
        copied = deepcopy(child)
        for one in copied.iter("*"):
            one.tag = etree.QName(one).localname
        etree.cleanup_namespaces(copied)
        pieces.append(etree.tostring(copied, encoding="unicode", method="html"))
    return "".join(pieces).strip()


def _children(element: _Element, *names: str) -> list[_Element]:
    """Return the children with these local names, in whatever case; in the order of the names' elements."""
    wanted = {name.lower() for name in names}
    return [one for one in element if isinstance(one.tag, str) and etree.QName(one).localname.lower() in wanted]


def _first(element: _Element, *names: str) -> str:
    for name in names:
        for one in _children(element, name):
            text = "".join(map(str, one.itertext())).strip()
            if text:
                return text
    return ""


def _joined(base: str, link: str) -> str:
    try:
        return urljoin(base, link.strip()) if link.strip() else ""
    except ValueError:
        return ""
