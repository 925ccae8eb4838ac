"""Formats of plain texts, books and the documents of word processors."""

from __future__ import annotations

from typing import Final

from latam_corpus.formats.format import Format, Marks
from latam_corpus.messages import _, same

_EPUB: Final = "application/epub+zip"
_ODT: Final = "application/vnd.oasis.opendocument.text"


def _is_book(names: list[str]) -> bool:
    """Return whether a package is a book: it has a package document, and a container or pages.

    Other archives contain package documents too.
    """
    if not any(name.endswith(".opf") for name in names):
        return False
    return "META-INF/container.xml" in names or any(
        name.lower().endswith((".xhtml", ".html", ".htm")) for name in names
    )


FORMATS: Final = (
    Format(
        name="text",
        label=_("plain text"),
        suffixes=(".txt", ".text"),
        aliases=("texto", "txt"),
        media_type="text/plain",
        extractor="latam_corpus.extract.documents.plain:extract",
        extractor_names=("plain",),
        in_process=True,
    ),
    Format(
        name="markdown",
        label=same("Markdown"),
        suffixes=(".md", ".markdown"),
        media_type="text/markdown",
        extractor="latam_corpus.extract.documents.markdown:extract",
    ),
    Format(
        name="tei",
        label=same("TEI"),
        suffixes=(".xml", ".tei"),
        media_type="application/tei+xml",
        extractor="latam_corpus.extract.documents.tei:extract",
        marks=(Marks(roots=("TEI", "TEI.2", "teiCorpus")),),
        shares_suffix=True,
        in_pieces=True,
    ),
    Format(
        name="epub",
        label=same("EPUB"),
        suffixes=(".epub",),
        media_type=_EPUB,
        extractor="latam_corpus.extract.documents.epub:extract",
        marks=(Marks(mimetypes=(_EPUB,), members=_is_book),),
        is_package=True,
    ),
    Format(
        name="docx",
        label=same("Word"),
        suffixes=(".docx", ".docm", ".dotx"),
        aliases=("word",),
        media_type="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        extractor="latam_corpus.extract.documents.docx:extract",
        marks=(Marks(member="word/document"),),
        is_package=True,
    ),
    Format(
        name="odt",
        label=same("LibreOffice"),
        suffixes=(".odt", ".ott", ".fodt"),
        aliases=("libreoffice",),
        media_type=_ODT,
        extractor="latam_corpus.extract.documents.odt:extract",
        # `document` is the root of OpenDocument in one file of XML.
        marks=(Marks(mimetypes=(_ODT, f"{_ODT}-template"), roots=("document",)),),
        is_package=True,
    ),
    Format(
        name="rtf",
        label=same("RTF"),
        suffixes=(".rtf",),
        media_type="application/rtf",
        extractor="latam_corpus.extract.documents.rtf:extract",
        marks=(Marks(magic=(b"{\\rtf",)),),
    ),
    Format(
        name="doc",
        label=same("Word"),
        suffixes=(".doc",),
        media_type="application/msword",
        extractor="latam_corpus.extract.documents.word97:extract",
        extractor_names=("word97",),
        marks=(Marks(stream="WordDocument", without_stream="EncryptedPackage"),),
        program="libreoffice",
    ),
)
