"""Formats that are recognised but can't be read, each with a format to convert to."""

from __future__ import annotations

from typing import Final

from latam_corpus.formats.format import Marks, Unread
from latam_corpus.messages import _

_TABLE: Final = _("export each sheet as CSV")
_TEXT: Final = _("save it as DOCX, ODT or plain text")
_SLIDES: Final = _("export its text as DOCX or PDF")
# Formats of catalogues are recognised by this remedy.
DESCRIBED: Final = _("name it in [collect.index], next to the texts that it describes")
_PICTURE: Final = _("recognise its text (OCR) and hand over ALTO, hOCR or a PDF with text")
_SOUND: Final = _("transcribe it: ELAN, CHAT, subtitles or plain text")
_EPUB: Final = _("convert it to EPUB (Calibre)")
_UNPACK: Final = _("unpack it, or pack it as ZIP")
_FEED: Final = _("describe it as a source of kind «feeds»")
_LEAVE: Final = _("leave it out")
_BAG: Final = r"BagIt-Version:|(?:[0-9a-fA-F]{32,128}[ \t]+\*?(?:data/|(?:bagit|bag-info|manifest-\w+)\.txt))"
_MARC_XML: Final = "http://www.loc.gov/MARC21/slim"

FORMATS: Final = (
    # Packages and Office files.
    Unread(_("an Excel workbook"), _TABLE, Marks(member="xl/workbook")),
    Unread(_("a PowerPoint presentation"), _SLIDES, Marks(member="ppt/presentation")),
    Unread(
        _("an OpenDocument spreadsheet"), _TABLE, Marks(mimetypes=("application/vnd.oasis.opendocument.spreadsheet",))
    ),
    Unread(
        _("an OpenDocument presentation"), _TEXT, Marks(mimetypes=("application/vnd.oasis.opendocument.presentation",))
    ),
    Unread(_("an Office document with a password"), _("save it without a password"), Marks(stream="EncryptedPackage")),
    Unread(_("an Excel 97-2003 workbook (.xls)"), _TABLE, Marks(stream="Workbook")),
    Unread(_("a PowerPoint 97-2003 presentation (.ppt)"), _SLIDES, Marks(stream="PowerPoint Document")),
    # Pictures, books, documents, databases, archives, recordings and programs.
    Unread(_("a GIF picture"), _PICTURE, Marks(magic=(b"GIF8",))),
    Unread(_("a JPEG 2000 picture"), _PICTURE, Marks(magic=(b"\0\0\0\x0cjP",))),
    Unread(_("a DjVu scan"), _("convert it to a PDF with text, or to hOCR (djvu2hocr)"), Marks(magic=(b"AT&TFORM",))),
    Unread(_("a Kindle book (MOBI)"), _EPUB, Marks(magic=((60, b"BOOKMOBI"),))),
    Unread(_("a Microsoft Reader book (LIT)"), _EPUB, Marks(magic=(b"ITOLITLS",))),
    Unread(_("a WordPerfect document"), _TEXT, Marks(magic=(b"\xffWPC",))),
    Unread(_("a Word 2 document"), _TEXT, Marks(magic=(b"\xdb\xa5-\0\0\0",))),
    Unread(_("a PostScript file"), _("convert it to PDF (ps2pdf)"), Marks(magic=(b"%!PS",))),
    Unread(_("an SQLite database"), _("export its tables as CSV or JSONL"), Marks(magic=(b"SQLite format 3\0",))),
    Unread(
        _("an Access database"),
        _("export its tables as CSV"),
        Marks(magic=((4, b"Standard Jet DB"), (4, b"Standard ACE DB"))),
    ),
    Unread(_("a 7-Zip archive"), _UNPACK, Marks(magic=(b"7z\xbc\xaf\x27\x1c",))),
    Unread(_("a RAR archive"), _UNPACK, Marks(magic=(b"Rar!\x1a\x07",))),
    Unread(_("an MP3 recording"), _SOUND, Marks(magic=(b"ID3", b"\xff\xfb"))),
    Unread(_("an Ogg recording"), _SOUND, Marks(magic=(b"OggS",))),
    Unread(_("a FLAC recording"), _SOUND, Marks(magic=(b"fLaC",))),
    Unread(_("a WAVE recording"), _SOUND, Marks(magic=((8, b"WAVE"),))),
    Unread(_("an AVI video"), _SOUND, Marks(magic=((8, b"AVI "),))),
    Unread(_("an MP4 video or recording"), _SOUND, Marks(magic=((4, b"ftyp"),))),
    Unread(_("a Matroska video"), _SOUND, Marks(magic=(b"\x1aE\xdf\xa3",))),
    Unread(_("a program"), _LEAVE, Marks(magic=(b"\x7fELF", b"MZ\x90\0"))),
    # XML.
    Unread(_("an SVG drawing"), _PICTURE, Marks(roots=("svg",))),
    Unread(_("a finding aid (EAD)"), DESCRIBED, Marks(roots=("ead",))),
    Unread(_("a feed (RSS)"), _FEED, Marks(roots=("rss",))),
    Unread(_("a feed (Atom)"), _FEED, Marks(roots=("feed",))),
    Unread(
        _("a MediaWiki dump"),
        _("convert it to JSONL, as `sources new --template mediawiki` explains"),
        Marks(roots=("mediawiki",)),
    ),
    Unread(_("a FictionBook"), _EPUB, Marks(roots=("FictionBook",))),
    Unread(_("a Transcriber file"), _("export it as CHAT, ELAN or subtitles"), Marks(roots=("Trans",))),
    Unread(_("PAGE XML"), _("export it as ALTO"), Marks(roots=("PcGts",))),
    Unread(_("a dictionary (LIFT)"), _("export its examples as plain text or CSV"), Marks(roots=("lift",))),
    Unread(_("metadata (MODS)"), DESCRIBED, Marks(roots=("mods", "modsCollection"))),
    Unread(_("metadata (METS)"), DESCRIBED, Marks(roots=("mets",))),
    Unread(_("metadata (Dublin Core)"), DESCRIBED, Marks(roots=("dc", "dublin_core"))),
    # Texts.
    Unread(_("a list of a bag (BagIt)"), _LEAVE, Marks(text=_BAG)),
    Unread(
        _("catalogue records (MARC)"),
        DESCRIBED,
        Marks(text=r"\d{5}[\w ]{4}.22\d{5}.{3}4500", roots=(("record", _MARC_XML), ("collection", _MARC_XML))),
    ),
    Unread(
        _("a TextGrid (Praat)"),
        _("import it into ELAN, and save it there"),
        Marks(text=r"File type = \"ooTextFile\"\s+Object class = \"TextGrid\""),
    ),
)
