"""XML of strangers as a tree: nothing that it names is fetched, and no entity is expanded."""

from __future__ import annotations

import re
from typing import Any, Final

from lxml import etree

XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


# Of strangers' XML nothing is fetched or expanded, and nothing without end is read.
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
        raw: the XML; it says its own charset.

    Raises:
        etree.XMLSyntaxError: it is no XML, or is deeper or has a longer text than any text has.

    >>> tree_of("<nota>Mañana</nota>".encode()).text
    'Mañana'
    """
    return etree.fromstring(raw, etree.XMLParser(**PARSING))


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
    """All text in an element, white space folded; nothing for None or an entity.

    >>> words(etree.fromstring("<p>Era <b>la</b> hora</p>"))
    'Era la hora'
    """
    if element is None or not isinstance(element.tag, str):  # an entity that isn't expanded has no text
        return ""
    return " ".join("".join(map(str, element.itertext())).split())
