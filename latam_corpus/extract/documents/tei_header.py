"""The header of a TEI document: title, authors, date, language and rights of the work."""

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
# Types of sources whose date belongs to a website or file, not to the work.
_OF_THE_FILE: Final = re.compile(r"digital|electronic|online", re.IGNORECASE)
_LEFT_OUT: Final = frozenset({"idno", "note"})


@dataclass(frozen=True)
class Header:
    """The metadata of the work in a TEI header."""

    title: str | None = None
    creators: tuple[str, ...] = ()
    published: str | None = None
    language: str | None = None
    url: str | None = None
    licences: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    refusals: Refusals = ()


def header_of(root: etree._Element) -> Header:
    """Return the metadata of the work that the document's header states.

    >>> header_of(etree.fromstring(  # doctest: +ELLIPSIS
    ...     '''<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt>
    ...     <title>Coplas</title><author>Anónimo</author></titleStmt></fileDesc></teiHeader></TEI>'''))
    Header(title='Coplas', creators=('Anónimo',), published=None, ...)
    """
    head = root.find("{*}teiHeader")
    if head is None:
        return Header()
    # A collection has its own header and one for each of its texts.
    headers = [*root.iter("{*}teiHeader")]
    statements = [element.find("{*}fileDesc/{*}publicationStmt") for element in headers]
    paragraphs = [
        _text(element) for record in statements if record is not None for element in record.iter("{*}p", "{*}ab")
    ]
    titles = head.findall("{*}fileDesc/{*}titleStmt/{*}title")
    main_titles = [title for title in titles if title.get("type") == "main"] or titles
    authors = (_name(author) for author in head.findall("{*}fileDesc/{*}titleStmt/{*}author"))
    addresses = (
        _text(element)
        for element in head.iterfind("{*}fileDesc/{*}publicationStmt/{*}idno")
        if (element.get("type") or "").lower() in ("url", "uri")
    )
    return Header(
        title=next((text for title in main_titles if (text := _text(title))), None),
        creators=tuple(author for author in authors if author),
        published=_published(head),
        language=_language(root, head),
        url=next((address for address in addresses if address.startswith("http")), None),
        licences=stated_in(*statements),
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
    """Return an author's name: the full form if the name has several."""
    forms = [*author.iterfind("{*}name"), *author.iterfind("{*}persName")]
    full = [form for form in forms if form.get("type") == "full"] or forms
    return _text(full[0]) if full else _text(author)


def _published(head: etree._Element) -> str | None:
    """Return the date of the first edition, else the date of writing, else the date of the encoded edition."""
    sources = head.findall("{*}fileDesc/{*}sourceDesc//{*}bibl") + head.findall("{*}fileDesc/{*}sourceDesc//{*}imprint")
    first_editions = [source for source in sources if _FIRST.search(source.get("type") or "")]
    editions = [source for source in sources if not _OF_THE_FILE.search(source.get("type") or "")]
    for element in (*first_editions, *head.iterfind("{*}profileDesc/{*}creation"), *editions):
        for date in element.iter("{*}date"):
            match = _DATE.match(date.get("when") or date.get("notBefore") or _text(date))
            if match and day_exists(match[0]):
                return match[0]
    return None


def _language(root: etree._Element, head: etree._Element) -> str | None:
    """Return the header's language if it names exactly one, else the language that the text or document declares."""
    languages = {element.get("ident") or "" for element in head.iterfind("{*}profileDesc/{*}langUsage/{*}language")} - {
        ""
    }
    if len(languages) == 1:
        return languages.pop()
    text = root.find("{*}text")
    return (text.get(XML_LANG) if text is not None else None) or root.get(XML_LANG)
