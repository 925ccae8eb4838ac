"""XML of strangers as a tree: nothing that it names is fetched, and no entity is expanded."""

from __future__ import annotations

import html
import re
from typing import Final

from lxml import etree

from latam_corpus.extract.document import UnusableError

XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


def parse_xml(raw: bytes, where: str = "") -> etree._Element:
    """Return the root of an XML document, without its comments and processing instructions.

    Args:
        raw: the XML; it says its own charset.
        where: the member of a package that it is, for the error.

    Raises:
        UnusableError: it is no XML, or is deeper or has a longer text than any text has.

    >>> parse_xml("<nota>Mañana</nota>".encode()).text
    'Mañana'
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        problem = f"{where}: {error}" if where else str(error)
        raise UnusableError("not XML", problem, "check that the file is whole") from None


def name_of(element: etree._Element) -> str:
    """Return the element's name without its namespace; nothing for what is no element."""
    # Not by `QName`, which refuses what pages have: names with a colon.
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def attribute(element: etree._Element, name: str) -> str:
    """Return the value of an attribute of this name in any namespace; nothing without one.

    >>> attribute(etree.fromstring('<p xmlns:x="urn:x" x:type="noteref"/>'), "type")
    'noteref'
    """
    return next((str(value) for key, value in element.attrib.items() if re.split("[}:]", str(key))[-1] == name), "")


def words(element: etree._Element | None) -> str:
    """All text in an element, white space folded; nothing for None.

    >>> words(etree.fromstring("<p>Era <b>la</b> hora</p>"))
    'Era la hora'
    """
    return "" if element is None else " ".join("".join(map(str, element.itertext())).split())


def entity(element: etree._Element) -> str:
    """Return the character of an entity that has a name in HTML, as old encodings used them.

    Raises:
        UnusableError: the document declares it itself.
    """
    written = str(element.text or "")
    character = html.unescape(written)
    if character == written:
        raise UnusableError("own entity", f"its text has «{written}», which is not expanded", "resolve the entities")
    return character
