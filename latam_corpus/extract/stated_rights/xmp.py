"""XMP (ISO 16684-1): what PDFs and pictures say of themselves, in XML among their other bytes."""

from __future__ import annotations

import codecs
import re
import zlib
from contextlib import suppress
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from lxml import etree

from latam_corpus.catalog.optout.decoding import ascii_based
from latam_corpus.extract.stated_rights.file_refusals import Refusals, refusals_in
from latam_corpus.extract.stated_rights.stated_licences import stated, values_in
from latam_corpus.text.markup.html_tree import STOPS
from latam_corpus.text.markup.xml_tree import PARSING, name_of, words

if TYPE_CHECKING:
    from collections.abc import Iterator

NOT_READ: Final = "metadata not read"

_CATALOG: Final = re.compile(rb"/Type\s*/Catalog\b")
_OBJECTS: Final = re.compile(rb"/Type\s*/ObjStm\b")
_FIRST: Final = re.compile(rb"/First\s+(\d{1,9})\b")
_METADATA: Final = re.compile(rb"/Metadata\s+(\d{1,9})\s+(\d{1,5})\s+R\b")
_STREAM: Final = re.compile(rb"\bstream\r?\n")
# The charset is that before it was decoded. Entities may be a bomb's; where one is named, its name is the text.
_DECLARATIONS: Final = re.compile(rb"<\?xml\b[^>]*>|<!DOCTYPE[^\[>]*(?:\[.*?\]\s{0,20})?>", re.DOTALL)
_ENTITY: Final = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#\w{1,7});)")
_DICTIONARY: Final = 4096  # bytes of a stream's own
_MOST_OBJECTS: Final = 64
_MOST: Final = 2**24  # of a stream, unpacked


class XmpStatements(NamedTuple):
    """What a packet of XMP states: licences and other statements of rights, and refusals of training or mining."""

    licences: tuple[str, ...] = ()
    refusals: Refusals = ()
    notes: tuple[str, ...] = ()


def statements_of_pdf(raw: bytes) -> XmpStatements:
    """Return what the XMP states that a PDF's catalog names; that of pictures and attachments isn't the text's."""
    for number, generation in _named(raw):
        defined = re.compile(rb"(?<!\d)%s\s+%s\s+obj\b" % (number, generation))
        for one in [*defined.finditer(raw)][-1:]:  # the last counts, of a file that was saved over
            return statements_of_packet(_stream(raw, one.end()))
    return XmpStatements()


def statements_of_picture(raw: bytes) -> XmpStatements:
    """Return what the XMP in a TIFF, PNG or JPEG states."""
    for charset in ("ascii", "utf-16-le", "utf-16-be"):
        for name in ("x:xmpmeta", "x:xapmeta", "rdf:RDF"):
            end = f"</{name}>".encode(charset)
            start, stop = raw.find(f"<{name}".encode(charset)), raw.find(end)
            if 0 <= start < stop:
                return statements_of_packet(raw[start : stop + len(end)])
    return XmpStatements()


def statements_of_packet(packet: bytes) -> XmpStatements:
    """Return what a packet of XMP states, in UTF-8 or UTF-16; of a damaged one what can be read of it.

    >>> statements_of_packet(b'<d xmlns:t="http://www.w3.org/ns/tdmrep/" t:reservation="1"><unclosed>').refusals
    (('tdm-reservation', 'metadata: 1'),)
    """
    text = _DECLARATIONS.sub(b"", ascii_based(packet).removeprefix(codecs.BOM_UTF8).strip(b"\0 \t\r\n"))
    text = _ENTITY.sub(b"&amp;", text)
    parser = etree.XMLParser(**PARSING, recover=True, encoding="utf-8")
    try:
        root = etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        return XmpStatements(notes=(NOT_READ,))
    cut = any(error.type_name in STOPS for error in parser.error_log)
    return XmpStatements(
        stated([*values_in(root), *_marked(root)]), refusals_in(root), notes=(NOT_READ,) if cut else ()
    )


def _marked(root: etree._Element) -> Iterator[str]:
    """Yield `xmpRights:Marked` as a statement where it is true: somebody has the rights."""
    for element in root.iter():
        attributes = {str(key).rpartition("}")[2]: str(value) for key, value in element.attrib.items()}
        marks = [attributes.get("Marked", ""), words(element) if name_of(element) == "Marked" else ""]
        if any(mark.strip().lower() == "true" for mark in marks):
            yield "xmpRights:Marked=True"
            return


def _named(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield which object each catalog of a PDF names as its XMP, the last first."""
    for catalog in reversed([*_catalogs(raw)]):
        yield from _METADATA.findall(catalog)


def _catalogs(raw: bytes) -> Iterator[bytes]:
    for match in islice(_OBJECTS.finditer(raw), _MOST_OBJECTS):
        start = raw.rfind(b"obj", 0, match.start())
        first = _FIRST.search(raw, start, start + _DICTIONARY)
        held = _stream(raw, start) if first else b""
        if first and _CATALOG.search(held):
            yield from filter(_CATALOG.search, _objects(held, int(first[1])))
    for match in islice(_CATALOG.finditer(raw), _MOST_OBJECTS):
        before = raw[max(0, match.start() - _DICTIONARY) : match.start()]
        after = raw[match.start() : match.end() + _DICTIONARY]
        # Of one whose end is farther all that was looked at; what follows has the metadata of others.
        yield before[max(0, before.rfind(b"obj")) :] + after.partition(b"endobj")[0]


def _objects(held: bytes, first: int) -> Iterator[bytes]:
    """Yield the objects of a stream that holds several, after a list of their numbers and places."""
    places = [first + int(one) for one in held[:first].split()[1::2] if one.isdigit()]
    yield from (held[start:end] for start, end in pairwise([*places, len(held)]))


def _stream(raw: bytes, start: int) -> bytes:
    """Return the bytes of the stream whose object begins here, unpacked; nothing where it can't be read."""
    begun = _STREAM.search(raw, start, start + _DICTIONARY)
    end = raw.find(b"endstream", begun.end()) if begun else -1
    if not begun or end < 0:
        return b""
    data = raw[begun.end() : end]
    if b"FlateDecode" in raw[start : begun.start()]:
        with suppress(zlib.error):
            return zlib.decompressobj().decompress(data, _MOST)
        return b""
    return data
