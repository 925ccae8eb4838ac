"""Untrusted XML as a tree: nothing that it references is fetched, and no entity is expanded."""

from __future__ import annotations

import re
from typing import Any, Final

from lxml import etree

XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


# Options for untrusted XML: nothing is fetched or expanded, and sizes are limited.
PARSING: Final[dict[str, Any]] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}


def tree_of(raw: bytes) -> etree._Element:
    """Return the root of an XML document, without its comments and processing instructions.

    Args:
        raw: the XML; it declares its own charset.

    Raises:
        etree.XMLSyntaxError: it isn't XML, or is deeper or longer than the parser accepts.

    >>> tree_of("<nota>Mañana</nota>".encode()).text
    'Mañana'
    """
    return etree.fromstring(raw, etree.XMLParser(**PARSING))


def name_of(element: etree._Element) -> str:
    """Return the element's name without its namespace; "" for comments, entities and the like."""
    # `QName` isn't used, since it rejects names with a colon, which occur in HTML pages.
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def attribute(element: etree._Element, name: str) -> str:
    """Return the value of the attribute with this name in any namespace, or "".

    >>> attribute(etree.fromstring('<p xmlns:x="urn:x" x:type="noteref"/>'), "type")
    'noteref'
    """
    return next((str(value) for key, value in element.attrib.items() if re.split("[}:]", str(key))[-1] == name), "")


def words(element: etree._Element | None) -> str:
    """Return the text of an element and its descendants, with white space folded; "" for None or an entity.

    >>> words(etree.fromstring("<p>Era <b>la</b> hora</p>"))
    'Era la hora'
    """
    if element is None or not isinstance(element.tag, str):  # an unexpanded entity has no text
        return ""
    return " ".join("".join(map(str, element.itertext())).split())
