"""Accents that a PDF draws as characters of their own are part of the letter below them; drawings are no text."""

from __future__ import annotations

import pytest
from written_files import pdf_file

from latam_corpus.extract.scans.pdf import extract

# Bytes of Adobe's standard encoding, and widths of Helvetica in thousandths of its size.
_ACCENTS = {"´": (0o302, 333), "ˆ": (0o303, 333), "˜": (0o304, 333), "¨": (0o310, 333), "¸": (0o313, 333)}
_DOTLESS = 0o365
_WIDTHS = {"a": 556, "e": 556, "o": 556, "u": 556, "n": 556, "c": 500, "ı": 278, "A": 667, "E": 667, "O": 722}


def _pdf(shown: str) -> bytes:
    """Return a PDF of one page, whose text these operators show; `G` is a font of TeX for drawings."""
    content = f"BT /F 10 Tf 12 TL 40 180 Td {shown} ET".encode()
    signs = b"1 begincodespacerange<00><ff>endcodespacerange 1 beginbfrange<41><5a><2701>endbfrange"
    return pdf_file([
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 200]/Resources<</Font<</F 5 0 R/G 6 0 R>>>>/Contents 4 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/ABCDEF+LCIRCLE10/ToUnicode 7 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(signs), signs),
    ])  # fmt: skip


def _drawn(line: str) -> str:
    """Return the operators of a line in which an accent before a letter is drawn over it, as TeX does."""
    shown = ""
    for place, character in enumerate(line):
        if character in _ACCENTS:
            byte, width = _ACCENTS[character]
            previous = (_WIDTHS[line[place + 1]] - width) / 2
            shown += f"{-previous} (\\{byte:o}) {previous + width} "
        else:
            shown += f"(\\{_DOTLESS:o}) " if character == "ı" else f"({character}) "
    return f"[{shown}] TJ T*"


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["La informaci´on lleg´o as´ı al peque˜no", "ping¨uino del ´arbol."],
         "La información llegó así al pequeño pingüino del árbol."),
        (["´Arboles y ´epocas de la CANCI´ON"], "Árboles y épocas de la CANCIÓN"),
        (["Uma can¸c˜ao da av´o, que j´a n˜ao se ouve", "desde o mˆes de maio."],
         "Uma canção da avó, que já não se ouve desde o mês de maio."),
    ],
)  # fmt: skip
def test_an_accent_over_a_letter_is_part_of_it(lines: list[str], text: str) -> None:
    """The words have their letters, without spaces or line ends in the place of an accent."""
    assert extract(_pdf(" ".join(map(_drawn, lines))), {}).text == text


def test_an_accent_next_to_a_letter_is_kept() -> None:
    """An accent that was typed as an apostrophe has its own place in the line, and isn't the next letter's."""
    acute, _ = _ACCENTS["´"]
    assert extract(_pdf(f"(El viaje de Alcide d\\{acute:o}Orbigny) Tj"), {}).text == "El viaje de Alcide d´Orbigny"


def test_the_lines_of_a_drawing_are_no_signs() -> None:
    """Characters of fonts that draw lines and arcs are left out; the same signs in other fonts are text."""
    drawn = "(El faro) Tj T* /G 10 Tf (ABC) Tj T* (D) Tj T* /F 10 Tf (La barca) Tj"
    assert extract(_pdf(drawn), {}).text == "El faro La barca"
    assert "\u2701" in extract(_pdf(drawn).replace(b"LCIRCLE10", b"Signs10"), {}).text
