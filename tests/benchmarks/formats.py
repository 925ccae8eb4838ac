"""`formats`: how much of a text each file format preserves, and the speed, compared with other PDF readers.

The beginning of real novels is written by LibreOffice (an EPUB by hand, a scan from the pages that were set), so that
the reference is known; two columns with running heads, page numbers and footnotes are among the PDF.
"""

from __future__ import annotations

import html
import io
import os
import resource
import subprocess
import tempfile
import unicodedata
import zipfile
from concurrent.futures import ProcessPoolExecutor
from difflib import SequenceMatcher
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl
import pypdfium2

from latam_corpus.batch import Batch
from latam_corpus.extract.isolation import programs, sandbox
from latam_corpus.extract.stage import EXTRACTORS, Extract

from .machine import Report, Table, rounded
from .texts import NOVELS, checksums, read_texts

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

_FILTERS: Final = {
    "docx": "MS Word 2007 XML",
    "odt": "writer8",
    "rtf": "Rich Text Format",
    "doc": "MS Word 97",
    "pdf": "writer_pdf_Export",
}
_TYPES: Final = {
    "epub": "application/epub+zip",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "odt": "application/vnd.oasis.opendocument.text",
    "rtf": "application/rtf",
    "doc": "application/msword",
    "pdf": "application/pdf",
    "text": "text/plain",
}
_LEAST_SECONDS: Final = 0.5
_SCANNED: Final = 3  # pages
_PDFMINER: Final = (
    "import sys; from pdfminer.high_level import extract_text; sys.stdout.write(extract_text(sys.argv[1]))"
)
_NAMESPACES: Final = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (("office", "office"), ("style", "style"), ("text", "text"), ("fo", "xsl-fo-compatible"))
)
_NOTE: Final = "Nota del editor de esta edición, que no es del autor."
_HEAD: Final = "BIBLIOTECA DE ENSAYO"


def options(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--characters", type=int, default=40_000, help="of each of two novels, 40000 by default")
    parser.add_argument("--rival-python", type=Path, help="a Python that has pdfminer.six")
    parser.add_argument("--tei-mb", type=int, default=30, help="of the large TEI document, 30 by default; 0 for none")
    parser.add_argument("--pages", type=int, default=2000, help="of the large PDF, 2000 by default; 0 for none")
    parser.add_argument("--ocr", default="spa", help="languages of tesseract, parted by commas; empty for none")


def measure(args: argparse.Namespace) -> Report:
    """Write the texts in each format, read them back, and compare."""
    texts = read_texts(args.data, NOVELS[:1])[:2]
    paragraphs = [
        " ".join(line.split()) for text in texts for line in text[: args.characters].split("\n") if line.strip()
    ]
    reference = " ".join(paragraphs)
    rows: list[tuple[object, ...]] = []
    large: list[tuple[object, ...]] = []
    first_pages = ""
    with tempfile.TemporaryDirectory(prefix="formats-") as folder:
        for name, kind, raw, parameters in _written(paragraphs, Path(folder), args.ocr):
            read = _reader(kind, parameters)
            # Of the first pages the reference is what those have of the text, as it was read from the same PDF.
            expected = first_pages if "scan" in name else reference
            rows.append((name, rounded(len(raw) / 1e6), *_through(expected, raw, read)))
            if name == "PDF, one column":
                first_pages = read(_of_pages(raw))
                large = list(_large(paragraphs, raw, Path(folder), args))
            if kind == "pdf" and "scan" not in name:
                for rival, read in _rivals(args.rival_python, Path(folder)):
                    rows.append((f"{name}: {rival}", rounded(len(raw) / 1e6), *_through(expected, raw, read)))
    heads = ("format", "MB#", "words#", "characters#", "MB/s#")
    settings = {
        "characters": args.characters,
        "ocr": programs.tesseract(tuple(args.ocr.split(","))) if args.ocr else "",
    }
    notes = (
        "Words and characters of the reference and of the text read that stand in both, in order, over those of both.",
        "Megabytes of the file a second of processor time, in one thread; starting another program counts.",
        "Large documents are read by the stage with its own limits; the peak is of its child, with the file in it.",
        "docling isn't among the others: it has to fetch its models from a hub before it reads a page.",
        "Two columns have running heads, page numbers and footnotes, which aren't in the reference.",
    )
    of_large = ("document", "MB#", "characters of the text#", "of those put in#", "CPU seconds#", "peak MB#")
    tables = (Table("What comes through", heads, tuple(rows)), Table("Large documents", of_large, tuple(large)))
    return Report("formats", checksums(args.data, NOVELS[:1]), settings, tables, notes)


def _large(
    paragraphs: Sequence[str], pdf: bytes, folder: Path, args: argparse.Namespace
) -> Iterator[tuple[object, ...]]:
    """Measure large documents under the stage's own limits, each in a process of its own."""
    held: list[tuple[str, str, bytes, int]] = []
    if args.tei_mb:
        division = "<div>" + "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs) + "</div>"
        times = -(-args.tei_mb * 10**6 // len(division.encode()))
        body = f"<TEI><teiHeader/><text><body>{division * times}</body></text></TEI>".encode()
        expected = times * sum(len(" ".join(paragraph.split())) for paragraph in paragraphs)
        held.append((f"TEI of {args.tei_mb} MB", "application/tei+xml", body, expected))
    if args.pages:
        whole, many = pypdfium2.PdfDocument(pdf), pypdfium2.PdfDocument.new()
        for _ in range(args.pages // len(whole)):
            many.import_pages(whole)
        if remainder := args.pages % len(whole):  # an empty list would mean all
            many.import_pages(whole, list(range(remainder)))
        written = io.BytesIO()
        many.save(written)
        expected = args.pages * sum(map(len, paragraphs)) // len(whole)
        held.append((f"PDF of {len(many)} pages", "application/pdf", written.getvalue(), expected))
    for name, kind, raw, expected in held:
        path = folder / "large"
        path.write_bytes(raw)
        with ProcessPoolExecutor(1, get_context("spawn")) as executor:
            characters, seconds, peak = executor.submit(_apart, kind, str(path)).result()
        share = round(characters / expected, 3)
        yield name, rounded(len(raw) / 1e6), characters, share, rounded(seconds), round(peak / 1e6)


def _apart(kind: str, path: str) -> tuple[int, float, int]:
    """Return the characters, the CPU time and the peak memory in bytes of a child process that reads a document."""
    frame = pl.DataFrame({"raw": [Path(path).read_bytes()], "media_type": [kind], "doc_id": ["a"], "source_id": ["b"]})
    read = Extract()(Batch(frame.with_columns(url=pl.lit(None, dtype=pl.String)))).frame
    sandbox.stop()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    text = read["text"][0]
    if text is None:
        raise RuntimeError(f"{kind}: {read['evidence'][0]}")
    return len(text), used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def _written(paragraphs: Sequence[str], folder: Path, ocr: str) -> Iterator[tuple[str, str, bytes, dict[str, str]]]:
    """Yield each format's name, kind, file and reader parameters."""
    yield "plain text", "text", "\n\n".join(paragraphs).encode(), {}
    yield "EPUB", "epub", _epub(paragraphs), {}
    page = "".join(f'<p style="text-align:justify; margin:0">{html.escape(paragraph)}</p>' for paragraph in paragraphs)
    whole = f"<html><head><meta charset='utf-8'></head><body>{page}</body></html>"
    for suffix in ("docx", "odt", "rtf", "doc"):
        yield suffix.upper(), suffix, _by_office(whole, "html", suffix, folder), {"libreoffice": "yes"}
    one_column = _by_office(whole, "html", "pdf", folder)
    yield "PDF, one column", "pdf", one_column, {}
    yield "PDF, two columns", "pdf", _by_office(_two_columns(paragraphs), "fodt", "pdf", folder), {}
    if ocr:
        yield "PDF, a scan", "pdf", _scan(one_column), {"ocr": ocr}


def _epub(paragraphs: Sequence[str]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", "application/epub+zip")
        book.writestr("META-INF/container.xml", "<container><rootfile full-path='b.opf'/></container>")
        item = "<item id='a' href='a.xhtml' media-type='application/xhtml+xml'/>"
        book.writestr("b.opf", f"<package><manifest>{item}</manifest><spine><itemref idref='a'/></spine></package>")
        body = "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs)
        book.writestr("a.xhtml", f"<html><body>{body}</body></html>")
    return held.getvalue()


def _two_columns(paragraphs: Sequence[str]) -> str:
    """Return a one-file OpenDocument with two columns, a running head, page numbers and footnotes."""
    body = []
    for number, paragraph in enumerate(paragraphs):
        text = html.escape(paragraph)
        if number % 12 == 5:
            note = (
                f'<text:note text:note-class="footnote"><text:note-citation>{number}</text:note-citation>'
                f'<text:note-body><text:p text:style-name="N">{_NOTE}</text:p></text:note-body></text:note>'
            )
            first, _, tail = text.partition(" ")
            text = f"{first}{note} {tail}"
        body.append(f'<text:p text:style-name="P">{text}</text:p>')
    styles = (
        '<office:automatic-styles><style:page-layout style:name="L"><style:page-layout-properties '
        'fo:page-width="15cm" fo:page-height="22cm" fo:margin="1.5cm"><style:columns fo:column-count="2" '
        'fo:column-gap="0.8cm"/></style:page-layout-properties><style:header-style/><style:footer-style/>'
        '</style:page-layout></office:automatic-styles><office:master-styles><style:master-page style:name="Standard" '
        f'style:page-layout-name="L"><style:header><text:p>{_HEAD}</text:p></style:header><style:footer><text:p>'
        "<text:page-number/></text:p></style:footer></style:master-page></office:master-styles>"
    )
    named = (
        '<office:styles><style:style style:name="P" style:family="paragraph"><style:paragraph-properties '
        'fo:text-align="justify" fo:text-indent="0.4cm"/><style:text-properties fo:font-size="9pt"/></style:style>'
        '<style:style style:name="N" style:family="paragraph"><style:text-properties fo:font-size="7pt"/></style:style>'
        "</office:styles>"
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {_NAMESPACES} office:version="1.3" '
        f'office:mimetype="application/vnd.oasis.opendocument.text">{named}{styles}<office:body><office:text>'
        f"{''.join(body)}</office:text></office:body></office:document>"
    )


def _by_office(whole: str, origin: str, suffix: str, folder: Path) -> bytes:
    """Return the document as LibreOffice saves it."""
    source = folder / f"texto.{origin}"
    source.write_text(whole, encoding="utf-8")
    command = [programs.office(), f"-env:UserInstallation=file://{folder}/profile", "--headless"]
    command += ["--infilter=HTML (StarWriter)"] if origin == "html" else []
    command += ["--convert-to", f"{suffix}:{_FILTERS[suffix]}", "--outdir", str(folder), str(source)]
    programs.run(command, 600)
    return (folder / f"texto.{suffix}").read_bytes()


def _of_pages(raw: bytes) -> bytes:
    """Return the first pages alone."""
    whole, first = pypdfium2.PdfDocument(raw), pypdfium2.PdfDocument.new()
    first.import_pages(whole, list(range(min(_SCANNED, len(whole)))))
    held = io.BytesIO()
    first.save(held)
    return held.getvalue()


def _scan(raw: bytes) -> bytes:
    """Return the first pages as pictures alone."""
    set_, scanned = pypdfium2.PdfDocument(raw), pypdfium2.PdfDocument.new()
    for number in range(min(_SCANNED, len(set_))):
        page = set_[number]
        created = scanned.new_page(*page.get_size())
        image = pypdfium2.PdfImage.new(scanned)
        image.set_bitmap(page.render(scale=300 / 72, grayscale=True))
        image.set_matrix(pypdfium2.PdfMatrix().scale(*page.get_size()))
        created.insert_obj(image)
        created.gen_content()
    held = io.BytesIO()
    scanned.save(held)
    return held.getvalue()


def _reader(kind: str, parameters: dict[str, str]) -> Callable[[bytes], str]:
    module, _, name = EXTRACTORS[_TYPES[kind]].partition(":")
    extract = getattr(import_module(module), name)
    return lambda raw: str(extract(raw, parameters).text)


def _rivals(python: Path | None, folder: Path) -> Iterator[tuple[str, Callable[[bytes], str]]]:
    yield "pdfium's plain text", _plain_pdfium
    if python:
        yield "pdfminer.six", lambda raw: _by_pdfminer(raw, python, folder)


def _plain_pdfium(raw: bytes) -> str:
    document = pypdfium2.PdfDocument(raw)
    return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def _by_pdfminer(raw: bytes, python: Path, folder: Path) -> str:
    (folder / "rival.pdf").write_bytes(raw)
    command = [str(python), "-c", _PDFMINER, str(folder / "rival.pdf")]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout


def _through(reference: str, raw: bytes, read: Callable[[bytes], str]) -> tuple[float, float, float]:
    """Return the shares of words and characters that are preserved, and megabytes a second."""
    started = _cpu()
    text = read(raw)
    rounds, seconds = 1, _cpu() - started
    while seconds < _LEAST_SECONDS:
        read(raw)
        rounds, seconds = rounds + 1, _cpu() - started
    expected, words = _words(reference), _words(text)
    blocks = SequenceMatcher(None, expected, words, autojunk=False).get_matching_blocks()
    matched = [word for block in blocks for word in expected[block.a : block.a + block.size]]
    characters = 2 * sum(map(len, matched)) / (sum(map(len, expected)) + sum(map(len, words)))
    shared = 2 * len(matched) / (len(expected) + len(words))
    return round(shared, 5), round(characters, 5), rounded(len(raw) * rounds / seconds / 1e6)


def _cpu() -> float:
    """Return the CPU time of this process and of the children that it has waited for."""
    return sum(os.times()[:4])


def _words(text: str) -> list[str]:
    return unicodedata.normalize("NFC", text.replace("\xad", "")).split()
