"""XMP (ISO 16684-1): metadata of PDFs and pictures, as XML among their other bytes."""

from __future__ import annotations

import codecs
import re
import zlib
from contextlib import suppress
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from lxml import etree

from latam_corpus.catalog.optout.page_opt_outs import ascii_based
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
# Removed: the declared charset is wrong after decoding, and entities may be a bomb. A reference becomes the entity's
# name.
_DECLARATIONS: Final = re.compile(rb"<\?xml\b[^>]*>|<!DOCTYPE[^\[>]*(?:\[.*?\]\s{0,20})?>", re.DOTALL)
_ENTITY: Final = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#\w{1,7});)")
_DICTIONARY: Final = 4096  # bytes
_MAX_OBJECTS: Final = 64
_MAX_STREAM: Final = 2**24  # decompressed bytes


class XmpStatements(NamedTuple):
    """Licences and other statements of rights in an XMP packet, refusals of training or mining, and notes."""

    licences: tuple[str, ...] = ()
    refusals: Refusals = ()
    notes: tuple[str, ...] = ()


def statements_of_pdf(raw: bytes) -> XmpStatements:
    """Return the statements of the XMP that a PDF's catalog names; XMP of pictures and attachments is ignored."""
    for number, generation in _metadata_objects(raw):
        definition = re.compile(rb"(?<!\d)%s\s+%s\s+obj\b" % (number, generation))
        for match in [*definition.finditer(raw)][-1:]:  # an incremental save appends the newest
            return statements_of_packet(_stream(raw, match.end()))
    return XmpStatements()


def statements_of_picture(raw: bytes) -> XmpStatements:
    """Return the statements of the XMP in a TIFF, PNG or JPEG."""
    for charset in ("ascii", "utf-16-le", "utf-16-be"):
        for name in ("x:xmpmeta", "x:xapmeta", "rdf:RDF"):
            end = f"</{name}>".encode(charset)
            start, stop = raw.find(f"<{name}".encode(charset)), raw.find(end)
            if 0 <= start < stop:
                return statements_of_packet(raw[start : stop + len(end)])
    return XmpStatements()


def statements_of_packet(packet: bytes) -> XmpStatements:
    """Return the statements of an XMP packet, in UTF-8 or UTF-16; a damaged one is read as far as possible.

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
    is_cut = any(error.type_name in STOPS for error in parser.error_log)
    return XmpStatements(
        stated([*values_in(root), *_marked(root)]), refusals_in(root), notes=(NOT_READ,) if is_cut else ()
    )


def _marked(root: etree._Element) -> Iterator[str]:
    """Yield `xmpRights:Marked` as a statement if it is true: the file is under copyright."""
    for element in root.iter():
        attributes = {str(key).rpartition("}")[2]: str(value) for key, value in element.attrib.items()}
        marks = [attributes.get("Marked", ""), words(element) if name_of(element) == "Marked" else ""]
        if any(mark.strip().lower() == "true" for mark in marks):
            yield "xmpRights:Marked=True"
            return


def _metadata_objects(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the number and generation of each PDF catalog's XMP object, the last catalog first."""
    for catalog in reversed([*_catalogs(raw)]):
        yield from _METADATA.findall(catalog)


def _catalogs(raw: bytes) -> Iterator[bytes]:
    """Yield the bytes of each catalog, in object streams first."""
    for match in islice(_OBJECTS.finditer(raw), _MAX_OBJECTS):
        start = raw.rfind(b"obj", 0, match.start())
        first = _FIRST.search(raw, start, start + _DICTIONARY)
        content = _stream(raw, start) if first else b""
        if first and _CATALOG.search(content):
            yield from filter(_CATALOG.search, _objects(content, int(first[1])))
    for match in islice(_CATALOG.finditer(raw), _MAX_OBJECTS):
        head = raw[max(0, match.start() - _DICTIONARY) : match.start()]
        tail = raw[match.start() : match.end() + _DICTIONARY]
        # Without an end in reach, the whole window is returned; bytes after the end belong to other objects.
        yield head[max(0, head.rfind(b"obj")) :] + tail.partition(b"endobj")[0]


def _objects(content: bytes, first: int) -> Iterator[bytes]:
    """Yield the objects of an object stream, which begins with a list of their numbers and offsets."""
    offsets = [first + int(offset) for offset in content[:first].split()[1::2] if offset.isdigit()]
    yield from (content[start:end] for start, end in pairwise([*offsets, len(content)]))


def _stream(raw: bytes, start: int) -> bytes:
    """Return the decompressed bytes of the stream object that begins here; empty if it can't be read."""
    header = _STREAM.search(raw, start, start + _DICTIONARY)
    end = raw.find(b"endstream", header.end()) if header else -1
    if not header or end < 0:
        return b""
    data = raw[header.end() : end]
    if b"FlateDecode" in raw[start : header.start()]:
        with suppress(zlib.error):
            return zlib.decompressobj().decompress(data, _MAX_STREAM)
        return b""
    return data
