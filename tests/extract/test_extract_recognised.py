"""Pages without text are recognised if the recipe enables OCR, and the engine and its confidence are recorded."""

from __future__ import annotations

import io
import shutil
import struct
import zlib
from typing import TYPE_CHECKING, Any

import polars as pl
import pypdfium2
import pytest

from latam_corpus.batch import Batch
from latam_corpus.errors import ConfigError
from latam_corpus.extract.document import UnusableError
from latam_corpus.extract.documents import word97
from latam_corpus.extract.isolation import programs
from latam_corpus.extract.scans import pdf, recognised
from latam_corpus.extract.stage import Extract
from latam_corpus.messages import known
from latam_corpus.pipeline.rows.conserve import pass_through

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

_LINES = (
    "La barca salió del puerto antes del alba y vol-",
    "vió con la red vacía, como todos los días del mes",
    "pasado.",
)
_TEXT = "La barca salió del puerto antes del alba y volvió con la red vacía, como todos los días del mes pasado."

needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract isn't installed")


def _page(lines: tuple[str, ...]) -> bytes:
    """Return a page in 14-point Helvetica, as a PDF content stream."""
    shown = "".join(f"1 0 0 1 60 {700 - 20 * n} Tm ({line}) Tj " for n, line in enumerate(lines))
    stream = f"BT /F1 14 Tf {shown} ET".encode("cp1252")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 500 780]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    body = b"%PDF-1.4\n"
    for number, definition in enumerate(objects, 1):
        body += b"%d 0 obj%s endobj\n" % (number, definition)
    return body + b"trailer<</Root 1 0 R>>\n%%EOF\n"


def _bitmap(lines: tuple[str, ...]) -> Any:
    return pypdfium2.PdfDocument(_page(lines))[0].render(scale=200 / 72, grayscale=True)


def _scan(*pages: tuple[str, ...]) -> bytes:
    """Return a PDF of pictures only."""
    document = pypdfium2.PdfDocument.new()
    for lines in pages:
        page = document.new_page(500, 780)
        image = pypdfium2.PdfImage.new(document)
        image.set_bitmap(_bitmap(lines))
        image.set_matrix(pypdfium2.PdfMatrix().scale(500, 780))
        page.insert_obj(image)
        page.gen_content()
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


def _png(lines: tuple[str, ...]) -> bytes:
    dots = _bitmap(lines).to_numpy()
    height, width = dots.shape[:2]

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + dots[row].tobytes() for row in range(height))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _tiff(lines: tuple[str, ...]) -> bytes:
    dots = _bitmap(lines).to_numpy()
    height, width = dots.shape[:2]
    entries = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1)]
    entries += [(278, 4, height), (279, 4, width * height)]
    data: bytes = dots.tobytes()
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHI", tag, kind, 1) + (struct.pack("<I", value) if kind == 4 else struct.pack("<HH", value, 0))
        for tag, kind, value in entries
    )
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + directory + b"\0\0\0\0"


@needs_tesseract
def test_a_scan_gives_its_text_with_engine_and_confidence() -> None:
    """The stage joins hyphenated words as in native PDF, and the ledger has the engine's confidence."""
    rows = {"doc_id": ["a", "b"], "source_id": ["s", "s"], "raw": [_scan(_LINES), _png(_LINES)], "url": [None, None]}
    frame = pl.DataFrame({**rows, "media_type": ["application/pdf", "image/png"]}, schema_overrides={"url": pl.String})
    passed = pass_through(Extract(ocr=("spa",)), Batch(frame))
    for row in passed.kept.frame.iter_rows(named=True):
        assert row["text"].startswith(_TEXT)
        assert "tesseract" in row["extractor"]
        assert row["extractor"].endswith(" spa")
    evidence = passed.ledger["evidence"].str.json_decode(pl.Struct({"confidence": pl.Float64})).struct.unnest()
    assert evidence["confidence"].min() > 0.8  # type: ignore[operator]


@needs_tesseract
def test_only_empty_pages_of_a_mixed_document_are_recognised() -> None:
    """Only the pages without text are recognised, and a note reports that."""
    written, scanned = pypdfium2.PdfDocument(_page(("Primera página.",))), pypdfium2.PdfDocument(_scan(_LINES, ()))
    written.import_pages(scanned)
    held = io.BytesIO()
    written.save(held)
    document = pdf.extract(held.getvalue(), {"ocr": "spa"})
    assert document.text.startswith("Primera página.")
    assert _TEXT in document.text
    assert document.notes == (pdf.SOME_WITHOUT_TEXT, pdf.SOME_RECOGNISED)  # one page is blank
    plain = pdf.extract(held.getvalue(), {})
    assert (plain.text, plain.notes, plain.confidence) == ("Primera página.", (pdf.SOME_WITHOUT_TEXT,), None)


@needs_tesseract
def test_a_tiff_is_a_picture_too() -> None:
    """TIFF pictures are recognised."""
    assert recognised.picture(_tiff(_LINES), {"ocr": "spa"}).text.startswith(_TEXT)


@needs_tesseract
@pytest.mark.parametrize(("raw", "cause"), [(b"\x89PNG\r\n\x1a\nnada", "damaged file"), (_png(()), "no text")])
def test_a_picture_without_text_fails_with_a_reason(raw: bytes, cause: str) -> None:
    """Empty and damaged pictures fail with different reasons."""
    with pytest.raises(UnusableError) as caught:
        recognised.picture(raw, {"ocr": "spa"})
    assert caught.value.cause == cause


def test_without_languages_nothing_is_recognised() -> None:
    """Without languages, a scan and a picture fail with a remedy that names the option."""
    for extract, raw in ((pdf.extract, _scan(_LINES)), (recognised.picture, b"\xff\xd8\xff\xe0")):
        with pytest.raises(UnusableError) as caught:
            extract(raw, {})
        assert caught.value.cause == "no text"
        assert 'ocr = ["spa"]' in caught.value.remedy
        for sentence in caught.value.args[1:]:  # the problem and the remedy
            assert all(known(sentence).translate(language) != str(sentence) for language in ("es", "pt"))


def test_check_reports_a_missing_engine(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checking a recipe reports a missing engine and what to install, before anything is read."""
    programs.tesseract.cache_clear()
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(ConfigError, match=r"tesseract isn't installed.*tesseract-ocr-spa"):
        Extract(ocr=("spa",))
    with pytest.raises(ConfigError, match="LibreOffice isn't installed"):
        Extract(libreoffice=True)
    recipe = tmp_path / "r.toml"
    stages = '[[stage]]\nuse = "extract"\nocr = ["spa"]\n'
    recipe.write_text(f'title = "R"\ngenre = "literature"\nsources = ["conha19"]\n{stages}', encoding="utf-8")
    result = command_line("check", recipe)
    assert result.code == 2
    assert "tesseract isn't installed" in result.err


def test_an_unknown_ocr_language_is_refused() -> None:
    """An unknown language is refused with a suggestion, and no package name is invented."""
    programs.tesseract.cache_clear()
    with pytest.raises(ConfigError, match=r"no model «português»; did you mean «por»\?$"):
        Extract(ocr=("português",))


@needs_tesseract
def test_a_missing_model_is_refused_with_a_suggestion() -> None:
    """A misspelt language is refused with the closest installed one."""
    programs.tesseract.cache_clear()
    with pytest.raises(ConfigError, match=r"no model «sap».*did you mean «spa»"):
        Extract(ocr=("sap",))


def test_a_program_that_hangs_is_ended() -> None:
    """A program that hangs is killed, and the error of one that fails is quoted."""
    with pytest.raises(TimeoutError, match="more than"):
        programs.run(("sleep", "60"), 0.2)
    with pytest.raises(OSError, match="ended with 3: no"):
        programs.run(("sh", "-c", "echo no >&2; exit 3"), 10)


def test_a_worker_without_the_engine_reports_the_missing_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A worker without the engine reports a missing program, not a damaged page."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnusableError, match="isn't installed here") as caught:
        recognised.recognise(b"\x89PNG", "spa")
    assert caught.value.cause == "no extractor"
    with pytest.raises(UnusableError, match="isn't installed here"):
        word97.extract(b"\xd0\xcf\x11\xe0", {"libreoffice": "yes"})
