"""Recognise a file's format by its first bytes and by the names in a package, since suffixes may be wrong.

The marks of each format are in its descriptor. Nothing is unpacked or parsed here; the sandbox of `extract` does that.
"""

from __future__ import annotations

import codecs
import io
import re
import struct
import zipfile
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from latam_corpus.formats.format import Format, Marks, Unread
from latam_corpus.formats.markup import ROOT
from latam_corpus.formats.registry import FORMATS, UNREAD, plugged_formats
from latam_corpus.messages import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEAD: Final = 2**16
# A media type, or a format that the toolkit can't read.
Kind: TypeAlias = "str | Unread"

# The first member of a package, stored without compression, names its media type (OCF, ODF, MusicXML).
_MIMETYPE: Final = re.compile(rb"PK\x03\x04.{26}mimetype([\w.+/-]{1,80}?)(?:PK|\s|\Z)", re.DOTALL)
_LOCAL: Final = struct.Struct("<4s2xH10xI4xHH")  # a member's signature, flags, packed size, name length, extra length
OTHER_XML: Final = _("XML with the root <{root}>")
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class _Table(NamedTuple):
    """The marks of all formats, by kind. Readable formats come first, except in `texts`."""

    magic: list[tuple[int, bytes, Kind]]
    heads: list[tuple[Callable[[bytes], bool], Kind]]
    mimetypes: dict[str, Kind]
    member: list[tuple[str, Kind]]
    members: list[tuple[Callable[[list[str]], bool], Kind]]
    streams: list[tuple[str, str | None, Kind]]
    roots: dict[str, list[tuple[str, Kind]]]
    texts: list[tuple[Callable[[str], object], Kind]]


@cache
def _table_with(plugged: tuple[Format, ...]) -> _Table:
    table = _Table([], [], {}, [], [], [], {}, [])
    read = list(_marks((*FORMATS, *plugged)))
    unread = list(_marks(UNREAD))
    for marks, kind in (*read, *unread):
        for magic in marks.magic:
            offset, data = magic if isinstance(magic, tuple) else (0, magic)
            table.magic.append((offset, data, kind))
        if marks.head:
            table.heads.append((marks.head, kind))
        table.mimetypes.update(dict.fromkeys(marks.mimetypes, kind))
        if marks.member:
            table.member.append((marks.member, kind))
        if marks.members:
            table.members.append((marks.members, kind))
        if marks.stream:
            table.streams.append((marks.stream, marks.without_stream, kind))
        for root in marks.roots:
            name, contained = root if isinstance(root, tuple) else (root, "")
            table.roots.setdefault(name, []).append((contained, kind))
    for marks, kind in (*unread, *read):
        if marks.text:
            test = re.compile(marks.text).match if isinstance(marks.text, str) else marks.text
            table.texts.append((test, kind))
    for alternatives in table.roots.values():
        alternatives.sort(key=lambda alternative: not alternative[0])  # stricter ones are tried first
    return table


def _table() -> _Table:
    return _table_with(plugged_formats())


def _marks(formats: tuple[Format | Unread, ...]) -> Iterator[tuple[Marks, Kind]]:
    for entry in formats:
        if isinstance(entry, Unread):
            yield entry.marks, entry
            continue
        for marks in entry.marks:
            yield marks, marks.media_type or entry.media_type or ""


def sniffed(head: bytes, content: bytes | None = None) -> str | Unread | None:
    r"""Return the media type of a file, or an `Unread` format; None for text of no known format.

    Args:
        head: the first bytes of the file, a few thousand or more.
        content: all bytes of the file, since the members of a package are listed at its end.

    >>> sniffed(b"%PDF-1.7\n"), sniffed("{\\rtf1 Mañana".encode())
    ('application/pdf', 'application/rtf')
    >>> sniffed(b"<?xml version='1.0'?><TEI xmlns='http://www.tei-c.org/ns/1.0'/>")
    'application/tei+xml'
    >>> sniffed(b"GIF89a").name.translate("es")
    'una imagen GIF'
    """
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _package(head, content if content is not None else head)
    if head.startswith(_OLE):
        return _ole(content if content is not None else head)
    for offset, data, kind in _table().magic:
        if head.startswith(data, offset):
            return kind
    return next((kind for test, kind in _table().heads if test(head)), None) or _text_kind(head)


def _ole(data: bytes) -> Kind:
    def has(stream: str) -> bool:
        return stream.encode("utf-16-le") in data

    kinds = (kind for stream, excluded, kind in _table().streams if has(stream) and not (excluded and has(excluded)))
    return next(kinds, Unread(_("an old Office document"), _("save it as DOCX, ODT or plain text")))


def _package(head: bytes, content: bytes) -> Kind:
    table = _table()
    match = _MIMETYPE.match(head)
    if match and (kind := table.mimetypes.get(match[1].decode("ascii"))):
        return kind
    names = _names(head, content)
    for begins, kind in table.member:
        if any(name.startswith(begins) for name in names):
            return kind
    kinds = (kind for test, kind in table.members if test(names))
    return next(kinds, Unread(_("a ZIP archive"), _("give its name the suffix .zip")))


def _names(head: bytes, content: bytes) -> list[str]:
    """Return the names in a package's directory; without a directory, those of the members that begin in the head.

    Members of a package inside the package are skipped.
    """
    try:
        return zipfile.ZipFile(io.BytesIO(content)).namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
        names, offset = [], 0
    while offset + _LOCAL.size <= len(head):
        signature, flags, packed, length, extra = _LOCAL.unpack_from(head, offset)
        if signature != b"PK\x03\x04":
            break
        offset += _LOCAL.size
        names.append(head[offset : offset + length].decode("utf-8", "replace"))
        offset += length + extra + packed
        if flags & 0x8 and not packed:  # its size is stored after its data
            offset = max(head.find(b"PK\x03\x04", offset), 0) or len(head)
    return names


def _text_kind(head: bytes) -> Kind | None:
    text = _as_text(head)
    if text is None:
        return Unread(_("a binary file of an unknown format"), _("save it as a text, or leave it out"), sure=False)
    text = text.replace("\r\n", "\n")
    for test, kind in _table().texts:
        if test(text):
            return kind
    if text.lstrip().startswith("<") and (root := re.match(ROOT, text)):
        return _xml_kind(root[1], text)
    return None


def _xml_kind(root: str, text: str) -> Kind:
    kinds = (kind for contained, kind in _table().roots.get(root, ()) if contained in text)
    convert = _("export it as TEI, DOCX or plain text")
    return next(kinds, Unread(OTHER_XML.fill(root=root), convert, sure=False))


def _as_text(head: bytes) -> str | None:
    """Decode the first bytes roughly; return None if they are binary."""
    for mark, charset in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if head.startswith(mark):
            return head[len(mark) :].decode(charset, "replace")
    if b"\0" in head:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        if 10 * min(even, odd) > max(even, odd) or 5 * (even + odd) < len(head):  # not UTF-16 of Latin letters
            return None
        return head.decode("utf-16-le" if odd > even else "utf-16-be", "replace")
    return head.decode("latin-1")
