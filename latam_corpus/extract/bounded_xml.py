"""Parse untrusted XML documents, and suggest remedies for those that can't be parsed."""

from __future__ import annotations

import html
import re
from typing import Final

from lxml import etree

from latam_corpus.extract.document import UnusableError
from latam_corpus.messages import N_
from latam_corpus.text.markup.xml_tree import tree_of

_DEFAULT_REMEDY: Final = N_("check that the file is whole")
_REMEDIES: Final = (
    (re.compile("depth", re.IGNORECASE), N_("simplify its markup: elements may be nested 256 deep")),
    (re.compile("huge|too long|limit exceeded", re.IGNORECASE), N_("divide it into smaller files")),
    (
        re.compile("encod|labelled|not proper UTF-8", re.IGNORECASE),
        N_("its XML declaration names another charset than the file is saved in: correct it, or save it as UTF-8"),
    ),
)


def parse_xml(raw: bytes, member: str = "") -> etree._Element:
    """Return the root of an XML document, see `tree_of`.

    Args:
        raw: the XML; it declares its own charset.
        member: the name of the package member that holds it, for error messages.

    Raises:
        UnusableError: it isn't XML, or exceeds the depth or length that the parser accepts.
    """
    try:
        return tree_of(raw)
    except etree.XMLSyntaxError as error:
        problem = f"{member}: {error}" if member else str(error)
        raise UnusableError("not XML", problem, xml_remedy(error)) from None


def xml_remedy(error: etree.XMLSyntaxError) -> str:
    """Return a remedy for an error of the XML parser.

    >>> [xml_remedy(etree.XMLSyntaxError(one, 0, 1, 1)) for one in ("Excessive depth in document: 256", "Tag mismatch")]
    ['simplify its markup: elements may be nested 256 deep', 'check that the file is whole']
    """
    return next((remedy for pattern, remedy in _REMEDIES if pattern.search(str(error))), _DEFAULT_REMEDY)


def entity(element: etree._Element) -> str:
    """Return the character of a named HTML entity, which old encodings use without declaring it.

    Raises:
        UnusableError: the document declares the entity itself.
    """
    reference = str(element.text or "")
    character = html.unescape(reference)
    if character == reference:
        raise UnusableError(
            "own entity", f"its text has «{reference}», which is not expanded", N_("resolve the entities")
        )
    return character
