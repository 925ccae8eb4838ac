"""ALTO and hOCR yield the lines of a page in order, without parts that the file marks as not being text."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pypdfium2
import pytest

from latam_corpus.extract.document import UnusableError
from latam_corpus.extract.scans.ocr_pages import alto, hocr
from latam_corpus.formats.sniff import sniffed

if TYPE_CHECKING:
    from pathlib import Path

    from extract.conftest import Office

_ALTO = """<?xml version="1.0"?><alto xmlns="http://www.loc.gov/standards/alto/ns-v4#">
<Description><OCRProcessing ID="o"><ocrProcessingStep><processingSoftware><softwareCreator>N</softwareCreator>
<softwareName>tesseract</softwareName><softwareVersion>5.5</softwareVersion></processingSoftware></ocrProcessingStep>
</OCRProcessing></Description>
<Tags><OtherTag ID="T" LABEL="RunningTitleZone"/><OtherTag ID="M" LABEL="MainZone"/></Tags>
<ReadingOrder><OrderedGroup ID="g"><ElementRef ID="r1" REF="B1"/>
<ElementRef ID="r2" REF="B2"/></OrderedGroup></ReadingOrder>
<Layout><Page ID="p"><PrintSpace>
<TextBlock ID="B0" TAGREFS="T"><TextLine><String CONTENT="EL PUERTO"/></TextLine></TextBlock>
<TextBlock ID="B2" TAGREFS="M"><TextLine><String CONTENT="Volvió" WC="0.8"/><SP/>
<String CONTENT="vacía." WC="1.0"/></TextLine></TextBlock>
<TextBlock ID="B1" TAGREFS="M"><TextLine><String CONTENT="La barca sa¬"/></TextLine>
<TextLine><String CONTENT="lió del"/>
<SP/><String CONTENT="puer" SUBS_TYPE="HypPart1" SUBS_CONTENT="puerto"/><HYP CONTENT="-"/>
</TextLine>
<TextLine><String CONTENT="to" SUBS_TYPE="HypPart2" SUBS_CONTENT="puerto"/><SP/>
<String CONTENT="viejo."/></TextLine></TextBlock>
</PrintSpace></Page></Layout></alto>"""


def test_alto_gives_its_lines_in_reading_order() -> None:
    """Running titles are left out, hyphenated words are whole if the file states it, and the engine is recorded."""
    extracted = alto(_ALTO.encode(), {})
    assert extracted.text == "La barca sa¬\nlió del puerto\nviejo.\n\nVolvió vacía."
    assert (extracted.extractor, extracted.confidence) == ("alto 2, tesseract 5.5", 0.9)


def test_alto_and_hocr_are_recognised_by_content() -> None:
    """ALTO and hOCR are recognised by their content, under any file name."""
    assert sniffed(_ALTO.encode()) == "application/alto+xml"
    assert sniffed(b"<!DOCTYPE html><html><body><div class='ocr_page'></div></body></html>") == "text/vnd.hocr+html"


@pytest.mark.slow
def test_output_of_tesseract_is_read(office: Office, tmp_path: Path) -> None:
    """Tesseract's words are read in its order, with its name and confidence."""
    if shutil.which("tesseract") is None:
        pytest.skip("tesseract isn't installed")
    lines = ("La barca volvió del puerto con la red vacía.", "Nadie dijo nada.")
    raw = office("".join(f"<p style='font-size:20pt'>{line}</p>" for line in lines), "pdf")
    pixels = pypdfium2.PdfDocument(raw)[0].render(scale=3, grayscale=True).to_numpy()
    picture = tmp_path / "hoja.pgm"
    picture.write_bytes(f"P5 {pixels.shape[1]} {pixels.shape[0]} 255\n".encode() + pixels.tobytes())
    command = ["tesseract", str(picture), str(tmp_path / "hoja"), "-l", "spa", "hocr", "txt"]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    extracted = hocr((tmp_path / "hoja.hocr").read_bytes(), {})
    assert extracted.text.split() == (tmp_path / "hoja.txt").read_text(encoding="utf-8").split()
    assert extracted.extractor.startswith("hocr 5, tesseract")
    assert extracted.confidence is not None
    assert extracted.confidence > 0.5


@pytest.mark.parametrize("raw", [b"<TEI/>", b"<alto"])
def test_other_xml_is_not_read_as_alto(raw: bytes) -> None:
    """XML other than ALTO is refused, and its root is named."""
    with pytest.raises(UnusableError):
        alto(raw, {})


def test_words_without_white_space_between_them_stay_apart() -> None:
    """Word elements are separated by spaces; a line with words outside such elements is unchanged."""
    word = "<span class='ocrx_word'>{}</span>".format
    line = "<span class='ocr_line'>{}</span>".format
    page = f"<div class='ocr_page'><p>{line(word('tres') + word('cuatro'))}{line('uno, ' + word('dos'))}</p></div>"
    assert hocr(page.encode(), {}).text == "tres cuatro\nuno, dos"
