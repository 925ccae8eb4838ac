"""Tables of contents in a PDF: an entry is a line, without the leader dots before its page number."""

from __future__ import annotations

from written_files import pdf_file

from latam_corpus.extract.scans.page_furniture import Line
from latam_corpus.extract.scans.page_layout import flow
from latam_corpus.extract.scans.pdf import extract

# Section, title and page of each entry; chapters have no leader.
_ENTRIES = (
    ("", "Prefacio", "5"),
    ("1.", "El puerto", "7"),
    ("1.1.", "Las barcas de la costa", "7"),
    ("1.2.", "La pesca de altura", "12"),
    ("2.", "La aldea", "23"),
    ("2.1.", "Los oficios y sus palabras", "23"),
    ("2.2.", "La fiesta de la Virgen", "31"),
)
_WIDTH = 5  # points of a character


def _page_of_contents() -> list[tuple[str, float, float]]:
    """Return the pieces of a page of contents with their places: dots are spaced, and begin at fixed places."""
    pieces = [("Índice general", 60.0, 760.0)]
    for row, (section, title, number) in enumerate(_ENTRIES):
        y = 720.0 - 14 * row
        left = 100.0 if section.count(".") == 2 else 80.0
        pieces += [(section, 50.0, y)] if section else []
        pieces.append((title, left, y))
        if section.count(".") == 2:
            first = left + _WIDTH * (len(title) + 2)
            pieces += [(".", x, y) for x in range(300, 500, 10) if x > first]
        pieces.append((number, 530.0 - 5.56 * len(number), y))
    return pieces


def test_spaced_leader_dots_are_left_out() -> None:
    """Each entry of a PDF with spaced dots, a column of sections and chapters without dots is a line."""
    shown = [
        f"1 0 0 1 {x} {y} Tm ({words}) Tj".replace("Í", r"\315") for words, x, y in _page_of_contents()
    ]  # fmt: skip
    content = f"BT /F 10 Tf {' '.join(shown)} ET".encode()
    raw = pdf_file([
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F 5 0 R>>>>/Contents 4 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ])  # fmt: skip
    expected = ["Índice general", *(" ".join(filter(None, entry)) for entry in _ENTRIES)]
    assert [line for line in extract(raw, {}).text.split("\n") if line] == expected


def _lines(*rows: str) -> list[Line]:
    """Return full lines of a page, one below the other."""
    return [Line(words, 50, 450, 700 - 12 * row, 710 - 12 * row, 10) for row, words in enumerate(rows)]


def test_dots_without_spaces_and_several_numbers_are_leaders() -> None:
    """Dots may have no spaces, or be middle dots; an index names several pages."""
    page = _lines(
        "Apresentação ............ 9", "Cantigas de roda·········12", "canoa, construção da . . . . . . 15, 17–19"
    )
    expected = ["Apresentação 9", "Cantigas de roda 12", "canoa, construção da 15, 17–19"]
    assert flow([page], [500]).text.split("\n") == expected


def test_other_dots_are_kept() -> None:
    """Dots that lead to no page number are text: blanks of a form, verses left out, words left unsaid."""
    for words in (
        "Nombre ............ Fecha ............",
        ". . . . . . . . . . . .",
        "y el mar . . . y la noche",
        "Fue en el ... 12",
    ):
        assert flow([_lines(words)], [500]).text == words


def test_an_entry_of_two_lines_is_one() -> None:
    """A title that fills its line goes on in the next one, which has the leader."""
    page = _lines(
        "Anexo A. Relación de las embarcaciones matriculadas en los puertos de la costa del",
        "norte entre los años de la guerra y la fundación del gremio . . . . . . . . . 45",
        "Anexo B. Glosario . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . 52",
    )
    first, second, glossary = (line.words.split(" . ")[0] for line in page)
    assert flow([page], [500]).text.split("\n") == [f"{first} {second} 45", f"{glossary} 52"]
