"""A lenient XML parser for sitemaps, feeds and OAI-PMH replies: an error costs one element, not the document.

Well-formed documents are parsed as they are. Others are repaired as text, outside CDATA, comments and instructions, and
parsed in recovery mode. In both cases a document may not declare entities, nothing is fetched, libxml2's limits of
depth and text apply, and a document without an end tag is refused.
"""

from __future__ import annotations

import re
from html import unescape
from html.entities import html5
from typing import TYPE_CHECKING, Final

from lxml import etree

from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.text.markup.html_tree import STOPS

if TYPE_CHECKING:
    from re import Match

    from lxml.etree import _Element

_ENCODING: Final = re.compile(rb"\A\s*<\?xml[^>]*encoding=[\"']([\w.:-]+)")
_SINGLE_BYTES: Final = (b"iso-8859-1", b"iso-8859-15", b"latin1", b"latin-1", b"windows-1252", b"cp1252")
_UTF16: Final = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
# Markup before the root: declarations, comments, instructions.
_PROLOG: Final = re.compile(
    r"(?:[\s\ufeff]+|<!--.*?-->|<\?.*?\?>|<!DOCTYPE\b[^\[<>]*(?:\[[^\]]*\]\s*)?>)++", re.DOTALL | re.IGNORECASE
)
_NOT_XML: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]|&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|x0*(?:[0-8bcef]|1[0-9a-f]));",
    re.IGNORECASE,
)
_INVALID: Final = re.compile(r"[\udc80-\udcff]")
# A server may print text before the document, which is searched for in this many characters.
_SEARCHED: Final = 2**16
_START: Final = re.compile(r"<(?:\?xml\b|(?:[\w.-]+:)?(?:urlset|sitemapindex|rss|feed|RDF|OAI-PMH)\b)")
_ROOT: Final = re.compile(r"<([A-Za-z_][\w.-]*(?::[\w.-]+)?)")
# Sections whose content is not markup.
_OPAQUE: Final = re.compile(r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)", re.DOTALL)
_AMPERSAND: Final = re.compile(r"&(?:#\d{1,7};|#[xX][\da-fA-F]{1,6};|([A-Za-z][A-Za-z\d]{1,31});)?")
_XML_ENTITIES: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})
_BARE_LESS: Final = re.compile(r"<(?![A-Za-z_/!?])")
# HTML tags that occur unescaped in titles and texts, often without an end tag.
_HTML: Final = re.compile(
    r"<(/?(?:abbr|a|big|blockquote|br|b|center|cite|code|dd|div|dl|dt|em|embed|figcaption|figure|font|h[1-6]|hr|iframe|img"
    r"|i|li|object|ol|param|pre|p|q|script|small|span|strike|strong|style|sub|sup|s|table|tbody|td|thead|th|tr|tt|ul|u"
    r"|wbr)(?=[\s/>])[^<>]*)>",
    re.IGNORECASE,
)
_PREFIX: Final = re.compile(r"</?([A-Za-z_][\w.-]*):|\s([A-Za-z_][\w.-]*):[\w.-]+\s*=")
_DECLARED: Final = re.compile(r"\bxmlns:([A-Za-z_][\w.-]*)\s*=")
_MAX_PREFIXES: Final = 50
_NAMESPACES: Final = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "oai_dc": "http://www.openarchives.org/OAI/2.0/oai_dc/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xhtml": "http://www.w3.org/1999/xhtml",
}
_ENTITY: Final = "<!ENTITY"


def parse_xml(body: bytes) -> _Element:
    r"""Parse an XML document and return its root; nothing is fetched for it.

    Raises:
        TroubleError: it isn't XML, is truncated, declares entities (as bombs do), or is too deep.

    >>> parse_xml('\n<?xml version="1.0"?><rss>a\xf1o &oacute; & m\xe1s</rss>x'.encode("latin-1")).text
    'año ó & más'
    """
    if not _is_utf8_despite_declaration(body):
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            root = etree.fromstring(body, parser)
        except (etree.XMLSyntaxError, ValueError):
            pass
        else:
            if root.getroottree().docinfo.internalDTD is None:
                return root
    return _parse_recovering(_repaired(_decoded(body)))


def begins_as_xml(body: bytes) -> bool:
    r"""Return whether a sitemap, feed or OAI-PMH reply begins in these bytes, possibly after a server's messages.

    >>> begins_as_xml(b"Warning: no cache\n<rss>"), begins_as_xml(b"https://a.example/1")
    (True, False)
    """
    return _START.search(_decoded(body[:_SEARCHED])) is not None


def _parse_recovering(text: str) -> _Element:
    # Without `huge_tree` libxml2 limits depth and text.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise TroubleError("damaged XML", str(error)[:200]) from None
    if root is None:
        raise TroubleError("damaged XML", "it has no element")
    fatal = next((entry for entry in parser.error_log if entry.type_name in STOPS), None)
    if fatal is not None:
        raise TroubleError("damaged XML", str(fatal.message)[:200])
    root_tag = _ROOT.search(text)
    name = root_tag[1] if root_tag else ""
    if not re.search(rf"</{re.escape(name)}\s*>", text) and not re.search(rf"<{re.escape(name)}\b[^<>]*/>", text):
        raise TroubleError("damaged XML", f"<{name}> is never closed: the document is cut")
    return root


def _is_utf8_despite_declaration(body: bytes) -> bool:
    """Return whether bytes declared as Latin-1 are valid UTF-8; Latin-1 text hardly ever is."""
    declared = _ENCODING.match(body[:200])
    if declared is None or declared[1].lower() not in _SINGLE_BYTES or body.isascii():
        return False
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decoded(body: bytes) -> str:
    """Decode the document; bytes that are invalid in its charset are read as Windows-1252."""
    wide = next((charset for mark, charset in _UTF16 if body.startswith(mark)), None)
    if wide:
        return body.decode(wide, "replace")
    declared = None if _is_utf8_despite_declaration(body) else _ENCODING.match(body[:200])
    charset = declared[1].decode() if declared else "utf-8"
    try:
        return body.decode("cp1252" if charset.lower().encode() in _SINGLE_BYTES else charset)
    except (UnicodeDecodeError, LookupError):
        return _INVALID.sub(_as_cp1252, body.decode("utf-8", "surrogateescape"))


def _as_cp1252(char: Match[str]) -> str:
    return bytes([ord(char[0]) - 0xDC00]).decode("cp1252", "replace")


def _repaired(text: str) -> str:
    """Return the document from its root on, with invalid markup escaped.

    Raises:
        TroubleError: it declares entities.
    """
    text = _NOT_XML.sub("", text)
    begin = start.start() if (start := _START.search(text, 0, _SEARCHED)) else 0
    if prolog := _PROLOG.match(text, begin):
        begin = prolog.end()
    prologue, text = text[:begin], text[begin:]
    pieces = []
    position = 0
    for opaque in _OPAQUE.finditer(text):
        pieces += [text[position : opaque.start()], opaque[0]]
        position = opaque.end()
    pieces.append(text[position:])
    # The odd pieces are CDATA, comments and instructions.
    if any(_ENTITY in piece for piece in (prologue, *pieces[::2])):
        raise TroubleError("damaged XML", "it declares entities of its own, as bombs do")
    pieces[::2] = map(_escaped, pieces[::2])
    return _with_namespaces("".join(pieces))


def _escaped(markup: str) -> str:
    """Replace references that XML doesn't have, and escape bare signs and HTML tags."""
    markup = _BARE_LESS.sub("&lt;", _AMPERSAND.sub(_reference, markup))
    return _HTML.sub(r"&lt;\1&gt;", markup)


def _reference(match: Match[str]) -> str:
    """Return a reference that XML has; an invalid one is escaped."""
    if match[0] == "&" or (match[1] and match[1] not in _XML_ENTITIES and f"{match[1]};" not in html5):
        return f"&amp;{match[0][1:]}"
    if match[1] is None or match[1] in _XML_ENTITIES:
        return match[0]
    return "".join(f"&#{ord(char)};" for char in unescape(match[0]))


def _with_namespaces(text: str) -> str:
    """Declare the namespace prefixes that the document uses without declaring them."""
    declared = {*_DECLARED.findall(text), "xml", "xmlns"}
    used = dict.fromkeys(tag or attribute for tag, attribute in _PREFIX.findall(text))
    missing = [prefix for prefix in used if prefix not in declared][:_MAX_PREFIXES]
    root = _ROOT.search(text)
    if not missing or root is None:
        return text
    declarations = "".join(
        f' xmlns:{prefix}="{_NAMESPACES.get(prefix, f"urn:undeclared:{prefix}")}"' for prefix in missing
    )
    return text[: root.end()] + declarations + text[root.end() :]
