"""What the bytes of a file are, by how they begin and by the names in a package: suffixes lie.

Nothing is unpacked or parsed here; that is for the box of `extract`.
"""

from __future__ import annotations

import codecs
import io
import re
import struct
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.messages import _

if TYPE_CHECKING:
    from latam_corpus.messages import Message

HEAD: Final = 2**16


@dataclass(frozen=True)
class Unread:
    """A format that isn't read.

    Attributes:
        name: what people call it.
        remedy: what to save the file as.
        sure: whether no file of text, pages or XML can look so.
    """

    name: Message
    remedy: Message
    sure: bool = True


DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ODT: Final = "application/vnd.oasis.opendocument.text"

# The first member of a package, stored, says what the package is (OCF, ODF, MusicXML).
_MIMETYPE: Final = re.compile(rb"PK\x03\x04.{26}mimetype([\w.+/-]{1,80}?)(?:PK|\s|\Z)", re.DOTALL)
_TABLE: Final = _("export each sheet as CSV")
_TEXT: Final = _("save it as DOCX, ODT or plain text")
_SCORE: Final = "application/vnd.recordare.musicxml"
_DESCRIBED: Final = _("name it in [collect.index], beside the texts that it describes")
_MARC: Final = Unread(_("catalogue records (MARC)"), _DESCRIBED)
_FLEX: Final = "application/x-flextext+xml"
_EPUB: Final = "application/epub+zip"
_CONTAINER: Final = "META-INF/container.xml"
# By how a member's name begins.
_MEMBERS: Final[tuple[tuple[str, str | Unread], ...]] = (
    ("word/document", DOCX),
    ("xl/workbook", Unread(_("an Excel workbook"), _TABLE)),
    ("ppt/presentation", Unread(_("a PowerPoint presentation"), _("export its text as DOCX or PDF"))),
)
_LOCAL: Final = struct.Struct("<4s2xH10xI4xHH")  # of a member: the mark, flags, packed size, lengths of name and extra
_PACKAGES: Final[dict[bytes, str | Unread]] = {
    b"application/epub+zip": "application/epub+zip",
    ODT.encode(): ODT,
    b"application/vnd.oasis.opendocument.text-template": ODT,
    b"application/vnd.recordare.musicxml": _SCORE,
    b"application/vnd.oasis.opendocument.spreadsheet": Unread(_("an OpenDocument spreadsheet"), _TABLE),
    b"application/vnd.oasis.opendocument.presentation": Unread(_("an OpenDocument presentation"), _TEXT),
}
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Names of streams, in UTF-16, by which kinds of OLE files are told.
_STREAMS: Final[tuple[tuple[str, str | Unread], ...]] = (
    ("EncryptedPackage", Unread(_("an Office document with a password"), _("save it without a password"))),
    ("WordDocument", "application/msword"),
    ("Workbook", Unread(_("an Excel 97-2003 workbook (.xls)"), _TABLE)),
    ("PowerPoint Document", Unread(_("a PowerPoint 97-2003 presentation (.ppt)"), _("export its text as DOCX or PDF"))),
)
_PICTURE: Final = _("recognise its text (OCR) and hand over ALTO, hOCR or a PDF with text")
_SOUND: Final = _("transcribe it: ELAN, CHAT, subtitles or plain text")
_MAGIC: Final[tuple[tuple[int, bytes, str | Unread], ...]] = (
    (0, b"\x89PNG", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"GIF8", Unread(_("a GIF picture"), _PICTURE)),
    (0, b"\0\0\0\x0cjP", Unread(_("a JPEG 2000 picture"), _PICTURE)),
    (0, b"AT&TFORM", Unread(_("a DjVu scan"), _("convert it to a PDF with text, or to hOCR (djvu2hocr)"))),
    (60, b"BOOKMOBI", Unread(_("a Kindle book (MOBI)"), _("convert it to EPUB (Calibre)"))),
    (0, b"ITOLITLS", Unread(_("a Microsoft Reader book (LIT)"), _("convert it to EPUB (Calibre)"))),
    (0, b"\xffWPC", Unread(_("a WordPerfect document"), _TEXT)),
    (0, b"\xdb\xa5-\0\0\0", Unread(_("a Word 2 document"), _TEXT)),
    (0, b"%!PS", Unread(_("a PostScript file"), _("convert it to PDF (ps2pdf)"))),
    (0, b"SQLite format 3\0", Unread(_("an SQLite database"), _("export its tables as CSV or JSONL"))),
    (4, b"Standard Jet DB", Unread(_("an Access database"), _("export its tables as CSV"))),
    (4, b"Standard ACE DB", Unread(_("an Access database"), _("export its tables as CSV"))),
    (0, b"7z\xbc\xaf\x27\x1c", Unread(_("a 7-Zip archive"), _("unpack it, or pack it as ZIP"))),
    (0, b"Rar!\x1a\x07", Unread(_("a RAR archive"), _("unpack it, or pack it as ZIP"))),
    (0, b"ID3", Unread(_("an MP3 recording"), _SOUND)),
    (0, b"\xff\xfb", Unread(_("an MP3 recording"), _SOUND)),
    (0, b"OggS", Unread(_("an Ogg recording"), _SOUND)),
    (0, b"fLaC", Unread(_("a FLAC recording"), _SOUND)),
    (8, b"WAVE", Unread(_("a WAVE recording"), _SOUND)),
    (8, b"AVI ", Unread(_("an AVI video"), _SOUND)),
    (4, b"ftyp", Unread(_("an MP4 video or recording"), _SOUND)),
    (0, b"\x1aE\xdf\xa3", Unread(_("a Matroska video"), _SOUND)),
    (0, b"\x7fELF", Unread(_("a program"), _("leave it out"))),
    (0, b"MZ\x90\0", Unread(_("a program"), _("leave it out"))),
)  # fmt: skip

# A file may be made to be searched for ever, or merely hold many blanks or comments: what can be read in one way alone
# is possessive (`*+`) or atomic (`(?>...)`) below, so that no pattern looks at it a second time.
# Where another begins in it, the comment ends with that one, and the rest of the outer stands behind it.
_NESTED: Final = r"<!--.*?-->(?:(?:[^<-]|-(?!->))*+-->)?+"
_COMMENT: Final = rf"(?><!--(?:(?!-->|<!--).)*+(?:-->|{_NESTED})\s*+)"
_QUOTED: Final = r"\"[^\"]*+\"|'[^']*+'|[\"']"  # or a sign that nothing closes
_SUBSET: Final = rf"\[(?>[^\]\"'<]|{_QUOTED}|<!--.*?-->|<\?.*?\?>|<(?!!--|\?)|\](?!\s*+>))*+\]\s*+>"
_DOCTYPE: Final = rf"(?><!DOCTYPE(?>[^\[>\"']|\"[^\"<]*+\"|'[^'<]*+'|[\"'])*+(?:{_SUBSET}|>)\s*+)"
_XML: Final = re.compile(
    rf"\s*+(?:<\?xml[^>]*+>\s*+)?+(?:{_COMMENT}|<\?[^>]*\?>\s*+|{_DOCTYPE})*+<(?:[\w.-]+:)?([\w.-]+)", re.DOTALL
)
_CONVERT: Final = _("export it as TEI, DOCX or plain text")
_ROOTS: Final[dict[str, str | Unread]] = {
    "TEI": "application/tei+xml",
    "TEI.2": "application/tei+xml",
    "teiCorpus": "application/tei+xml",
    "html": "text/html",
    "alto": "application/alto+xml",
    "ANNOTATION_DOCUMENT": "text/x-eaf+xml",
    "document": ODT,  # OpenDocument in one file of XML
    "svg": Unread(_("an SVG drawing"), _PICTURE),
    "ead": Unread(_("a finding aid (EAD)"), _DESCRIBED),
    "rss": Unread(_("a feed (RSS)"), _("describe it as a source of kind «feeds»")),
    "feed": Unread(_("a feed (Atom)"), _("describe it as a source of kind «feeds»")),
    "mediawiki": Unread(_("a MediaWiki dump"), _("convert it to JSONL, as `sources new --template mediawiki` tells")),
    "FictionBook": Unread(_("a FictionBook"), _("convert it to EPUB (Calibre)")),
    "Trans": Unread(_("a Transcriber file"), _("export it as CHAT, ELAN or subtitles")),
    "PcGts": Unread(_("PAGE XML"), _("export it as ALTO")),
    "score-partwise": _SCORE,
    "score-timewise": _SCORE,
    "tmx": "application/x-tmx+xml",
    "lift": Unread(_("a dictionary (LIFT)"), _("export its examples as plain text or CSV")),
    "mods": Unread(_("metadata (MODS)"), _DESCRIBED),
    "modsCollection": Unread(_("metadata (MODS)"), _DESCRIBED),
    "mets": Unread(_("metadata (METS)"), _DESCRIBED),
    "dc": Unread(_("metadata (Dublin Core)"), _DESCRIBED),
}
_HTML: Final = re.compile(rf"\s*+{_COMMENT}*+<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
_HOCR: Final = re.compile(r"class=[\"']ocr_(?:page|carea|par|line)\b")
_SONG_TAG: Final = r"\[(?:ti|ar|al|au|by|la|length|offset|re|ve|#):[^\]\n]*\]"
_SONG: Final = "text/x-lrc"
_SONG_TIME: Final = r"\[\d{1,3}:\d\d(?:\.\d{1,3})?\]"
_TIMED: Final = re.compile(rf"\s*(?:{_SONG_TIME}\s*)+")
# Who speaks, as in a transcript.
_LABEL: Final = re.compile(r"[^\W\d_][^:\n]{,39}:\s")
_BAG: Final = r"BagIt-Version:|(?:[0-9a-fA-F]{32,128}[ \t]+\*?(?:data/|(?:bagit|bag-info|manifest-\w+)\.txt))"
_TEXTS: Final[tuple[tuple[re.Pattern[str], str | Unread], ...]] = (
    (re.compile(_BAG), Unread(_("a list of a bag (BagIt)"), _("leave it out"))),
    (re.compile(r"\d{5}[\w ]{4}.22\d{5}.{3}4500"), _MARC),
    (
        re.compile(r"\s*+\\(?:_sh v\d|(?:id|ref)\s[^\n]*\n\s*+(?<=\n)(?:\\\w[^\n]*\n\s*+(?<=\n)){0,20}?\\tx\s)"),
        "text/x-toolbox",
    ),
    (
        re.compile(r"File type = \"ooTextFile\"\s+Object class = \"TextGrid\""),
        Unread(_("a TextGrid (Praat)"), _("import it into ELAN, and save it there")),
    ),
    (re.compile(r"\s*WEBVTT(?:\s|\Z)"), "text/vtt"),
    (re.compile(r"\s*(?:\d+[ \t]*\n+)?(?:\d{1,3}:)?\d{1,2}:\d\d(?:[,.]\d{1,9})?[ \t]*-->"), "text/vtt"),
    (
        re.compile(rf"(?:\s*+{_SONG_TAG}[^\S\n]*+\n)*+\s*+{_SONG_TIME}", re.IGNORECASE),
        _SONG,
    ),
    (re.compile(r"(?:@[^\n]*\n)*?@Begin\s"), "text/x-chat"),
    (re.compile(r"\s*+(?:#[^\n]*\n)*+\s*+1(?:-\d+)?\t[^\t\n]*(?:\t[^\t\n]*){8}(?:\n|\Z)"), "text/x-conllu"),
    (re.compile(r"\s*;[^\n]*\n(?:[^\n]*\n){0,30}?\s*[\w.-]+? ?_[x\d]{1,2}_\d{3,5}_ ?[\w-]+?_\d\d"), "text/x-avenue"),
)  # fmt: skip


# Other bytes, or lines, may stand before it; within a line of text it is a word of that, in a tar its first member's.
_PDF: Final = re.compile(rb"(?:\A|[^ -~])%PDF-")
_TAR: Final = (b"ustar", 257)


def sniffed(head: bytes, whole: bytes | None = None) -> str | Unread | None:
    r"""Give the media type of a file, or the name of its format where that isn't read; None for text of no known kind.

    Args:
        head: its first bytes, some thousands.
        whole: all of it, where a package is to be looked into; its names stand at its end.

    >>> sniffed(b"%PDF-1.7\n"), sniffed("{\\rtf1 Mañana".encode())
    ('application/pdf', 'application/rtf')
    >>> sniffed(b"<?xml version='1.0'?><TEI xmlns='http://www.tei-c.org/ns/1.0'/>")
    'application/tei+xml'
    >>> sniffed(b"GIF89a").name.translate("es")
    'una imagen GIF'
    """
    if head.startswith(b"{\\rtf"):
        return "application/rtf"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _package(head, whole if whole is not None else head)
    if head.startswith(_OLE):
        searched = whole if whole is not None else head
        named = (kind for stream, kind in _STREAMS if stream.encode("utf-16-le") in searched)
        return next(named, Unread(_("an old Office document"), _TEXT))
    for offset, magic, kind in _MAGIC:
        if head.startswith(magic, offset):
            return kind
    if _PDF.search(head[:1024]) and not head.startswith(*_TAR):
        return "application/pdf"
    return _text_kind(head)


def _package(head: bytes, whole: bytes) -> str | Unread:
    match = _MIMETYPE.match(head)
    if match and match[1] in _PACKAGES:
        return _PACKAGES[match[1]]
    names = _names(head, whole)
    for begins, kind in _MEMBERS:
        if any(name.startswith(begins) for name in names):
            return kind
    # Other archives hold such files too: it is a book with its pages or its container, a score with its container.
    book = any(name.endswith(".opf") for name in names)
    if book and (_CONTAINER in names or any(name.lower().endswith((".xhtml", ".html", ".htm")) for name in names)):
        return _EPUB
    return _SCORE if _CONTAINER in names else Unread(_("a ZIP archive"), _("give its name the suffix .zip"))


def _names(head: bytes, whole: bytes) -> list[str]:
    """Return the names of a package's members: of its list at the end, else of those that begin in its head.

    What a member holds is no name, though a package that is stored in another shows its own.
    """
    try:
        return zipfile.ZipFile(io.BytesIO(whole)).namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
        names, at = [], 0
    while at + _LOCAL.size <= len(head):
        mark, flags, packed, length, extra = _LOCAL.unpack_from(head, at)
        if mark != b"PK\x03\x04":
            break
        at += _LOCAL.size
        names.append(head[at : at + length].decode("utf-8", "replace"))
        at += length + extra + packed
        if flags & 0x8 and not packed:  # its size stands behind it
            at = max(head.find(b"PK\x03\x04", at), 0) or len(head)
    return names


def _text_kind(head: bytes) -> str | Unread | None:
    text = _as_text(head)
    if text is None:
        return Unread(_("a binary file of an unknown kind"), _("save it as a text, or leave it out"), sure=False)
    if text.lstrip().startswith("<") and _HOCR.search(text):
        return "text/vnd.hocr+html"
    if _HTML.match(text):
        return "text/html"
    if text.lstrip().startswith("<") and (root := _XML.match(text)):
        return _xml_kind(root[1], text)
    text = text.replace("\r\n", "\n")
    kind = next((kind for pattern, kind in _TEXTS if pattern.match(text)), None)
    return None if kind == _SONG and not _is_song(text) else kind


def _is_song(text: str) -> bool:
    """Whether most lines have the time of a verse before them, and not who says them: a transcript may have times."""
    tag = re.compile(rf"\s*{_SONG_TAG}", re.IGNORECASE)
    lines = [line for line in text.split("\n") if line.strip() and not tag.match(line)]
    verses = [line[time.end() :] for line in lines if (time := _TIMED.match(line))]
    return len(verses) * 2 > len(lines) and sum(bool(_LABEL.match(verse)) for verse in verses) * 2 < len(verses)


def _xml_kind(root: str, text: str) -> str | Unread:
    if root == "document" and "<interlinear-text" in text:
        return _FLEX
    if root in ("record", "collection") and "http://www.loc.gov/MARC21/slim" in text:
        return _MARC
    return _ROOTS.get(root, Unread(_("XML with the root <{root}>", root=root), _CONVERT, sure=False))


def _as_text(head: bytes) -> str | None:
    """Return the head as text, roughly; None where it is none."""
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
