"""XMP (ISO 16684-1): what PDFs and pictures say of themselves, in XML among their other bytes."""

from __future__ import annotations

import re
import zlib
from contextlib import suppress
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Final

from lxml import etree

from latam_corpus.extract.stated_licences import stated_in
from latam_corpus.text.xml_tree import tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_CATALOG: Final = re.compile(rb"/Type\s*/Catalog\b")
_OBJECTS: Final = re.compile(rb"/Type\s*/ObjStm\b")
_FIRST: Final = re.compile(rb"/First\s+(\d{1,9})\b")
_METADATA: Final = re.compile(rb"/Metadata\s+(\d{1,9})\s+(\d{1,5})\s+R\b")
_STREAM: Final = re.compile(rb"\bstream\r?\n")
_DICTIONARY: Final = 4096  # bytes of a stream's own
_MOST_OBJECTS: Final = 64
_MOST: Final = 2**24  # of a stream, unpacked


def licences_of_pdf(raw: bytes) -> tuple[str, ...]:
    """Return the licences in the XMP that a PDF's catalog names; what its pictures have is not the text's."""
    for number, generation in _named(raw):
        defined = re.compile(rb"(?<!\d)%s\s+%s\s+obj\b" % (number, generation))
        for one in [*defined.finditer(raw)][-1:]:  # the last counts, of a file that was saved over
            return _licences(_stream(raw, one.end()))
    return ()


def licences_of_picture(raw: bytes) -> tuple[str, ...]:
    """Return the licences in the XMP of a TIFF, PNG or JPEG."""
    end = b"</x:xmpmeta>"
    start, stop = raw.find(b"<x:xmpmeta"), raw.find(end)
    return _licences(raw[start : stop + len(end)]) if 0 <= start < stop else ()


def _licences(packet: bytes) -> tuple[str, ...]:
    with suppress(etree.XMLSyntaxError, ValueError):  # of a broken packet the text is as good as before
        return stated_in(tree_of(packet.strip(b"\0 \t\r\n")))
    return ()


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
