"""XML documents of strangers, and why one can't be used."""

from __future__ import annotations

import html

from lxml import etree

from latam_corpus.extract.document import UnusableError
from latam_corpus.messages import N_
from latam_corpus.text.xml_tree import tree_of


def parse_xml(raw: bytes, where: str = "") -> etree._Element:
    """Return the root of an XML document, see `tree_of`.

    Args:
        raw: the XML; it says its own charset.
        where: the member of a package that it is, for the error.

    Raises:
        UnusableError: it is no XML, or is deeper or has a longer text than any text has.
    """
    try:
        return tree_of(raw)
    except etree.XMLSyntaxError as error:
        problem = f"{where}: {error}" if where else str(error)
        raise UnusableError("not XML", problem, N_("check that the file is whole")) from None


def entity(element: etree._Element) -> str:
    """Return the character of an entity that has a name in HTML, as old encodings used them.

    Raises:
        UnusableError: the document declares it itself.
    """
    written = str(element.text or "")
    character = html.unescape(written)
    if character == written:
        raise UnusableError(
            "own entity", f"its text has «{written}», which is not expanded", N_("resolve the entities")
        )
    return character
