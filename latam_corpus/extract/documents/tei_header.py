"""The header of a TEI document: title, authors, date and language of the work."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lxml import etree

from latam_corpus.catalog.named_values import day_exists
from latam_corpus.extract.stated_rights.file_refusals import Refusals, refusals_in
from latam_corpus.extract.stated_rights.reservations import notices_in
from latam_corpus.extract.stated_rights.stated_licences import stated_in
from latam_corpus.text.markup.xml_tree import XML_LANG

if TYPE_CHECKING:
    from collections.abc import Iterator

_DATE: Final = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")
_FIRST: Final = re.compile(r"first|princeps", re.IGNORECASE)
# The date of a website or of the file is not the work's.
_OF_THE_FILE: Final = re.compile(r"digital|electronic|online", re.IGNORECASE)
_LEFT_OUT: Final = frozenset({"idno", "note"})


@dataclass(frozen=True)
class Header:
    """What a header says of the work."""

    title: str | None = None
    creators: tuple[str, ...] = ()
    published: str | None = None
    language: str | None = None
    url: str | None = None
    licences: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    refusals: Refusals = ()


def header_of(root: etree._Element) -> Header:
    """Return the title, authors, first date, language, address and licences that the document's header names.

    >>> header_of(etree.fromstring(  # doctest: +ELLIPSIS
    ...     '''<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt>
    ...     <title>Coplas</title><author>Anónimo</author></titleStmt></fileDesc></teiHeader></TEI>'''))
    Header(title='Coplas', creators=('Anónimo',), published=None, ...)
    """
    head = root.find("{*}teiHeader")
    if head is None:
        return Header()
    # A collection has one of its own, and one of each of its texts.
    headers = [*root.iter("{*}teiHeader")]
    published = [one.find("{*}fileDesc/{*}publicationStmt") for one in headers]
    paragraphs = [_text(one) for record in published if record is not None for one in record.iter("{*}p", "{*}ab")]
    titles = head.findall("{*}fileDesc/{*}titleStmt/{*}title")
    main = [title for title in titles if title.get("type") == "main"] or titles
    authors = (_name(author) for author in head.findall("{*}fileDesc/{*}titleStmt/{*}author"))
    addresses = (
        _text(one)
        for one in head.iterfind("{*}fileDesc/{*}publicationStmt/{*}idno")
        if (one.get("type") or "").lower() in ("url", "uri")
    )
    return Header(
        title=next((text for title in main if (text := _text(title))), None),
        creators=tuple(author for author in authors if author),
        published=_published(head),
        language=_language(root, head),
        url=next((address for address in addresses if address.startswith("http")), None),
        licences=stated_in(*published),
        notices=notices_in(paragraphs),
        refusals=refusals_in(*headers),
    )


def _text(element: etree._Element) -> str:
    """Return the element's words, without identifiers and notes."""
    return " ".join("".join(_pieces(element)).split())


def _pieces(element: etree._Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str) and etree.QName(child).localname not in _LEFT_OUT:
            yield from _pieces(child)
        yield child.tail or ""


def _name(author: etree._Element) -> str:
    """Return the author's full name, where the name stands in several forms."""
    forms = [*author.iterfind("{*}name"), *author.iterfind("{*}persName")]
    full = [form for form in forms if form.get("type") == "full"] or forms
    return _text(full[0]) if full else _text(author)


def _published(head: etree._Element) -> str | None:
    """Give the date of the first edition, else when the work was written, else that of the edition that was encoded."""
    sources = head.findall("{*}fileDesc/{*}sourceDesc//{*}bibl") + head.findall("{*}fileDesc/{*}sourceDesc//{*}imprint")
    first = [one for one in sources if _FIRST.search(one.get("type") or "")]
    printed = [one for one in sources if not _OF_THE_FILE.search(one.get("type") or "")]
    for element in (*first, *head.iterfind("{*}profileDesc/{*}creation"), *printed):
        for date in element.iter("{*}date"):
            match = _DATE.match(date.get("when") or date.get("notBefore") or _text(date))
            if match and day_exists(match[0]):
                return match[0]
    return None


def _language(root: etree._Element, head: etree._Element) -> str | None:
    """Return the only language that the header names, else that of the text's or document's attribute."""
    named = {one.get("ident") or "" for one in head.iterfind("{*}profileDesc/{*}langUsage/{*}language")} - {""}
    if len(named) == 1:
        return named.pop()
    text = root.find("{*}text")
    return (text.get(XML_LANG) if text is not None else None) or root.get(XML_LANG)
