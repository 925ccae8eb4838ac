"""Project Gutenberg's additions are removed in all their forms; the book and its metadata are kept."""

from __future__ import annotations

import pytest

from latam_corpus.extract.documents.plain import extract
from latam_corpus.extract.gutenberg import strip_gutenberg

_BOOK = "LA CASA DEL PUENTE\n\npor Elena Sosa\n\n\nI\n\nLlovía sobre el río.\n\nFIN"
_MODERN = """The Project Gutenberg EBook of La casa del puente, by Elena Sosa

This eBook is for the use of anyone anywhere at no cost.

Title: La casa del puente
       Novela de costumbres

Author: Elena Sosa

Release Date: May 4, 2007 [EBook #99999]

Language: Spanish

Character set encoding: ISO-8859-1

"""
_LICENCE = (
    "\n\n\n***** This file should be named 99999-8.txt *****\n\nUpdated editions will replace the previous one.\n"
)


@pytest.mark.parametrize(
    "start",
    [
        "*** START OF THIS PROJECT GUTENBERG EBOOK LA CASA DEL PUENTE ***",
        "***START OF THE PROJECT GUTENBERG EBOOK LA CASA DEL PUENTE***",
        "*** START OF THE PROJECT GUTENBERG EBOOK LA CASA\nDEL PUENTE, NOVELA ***",
        "*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*",
        "*END THE SMALL PRINT! FOR PUBLIC DOMAIN EBOOKS*Ver.02/11/02*END*",
    ],
)
@pytest.mark.parametrize(
    "credit",
    [
        "",
        "Produced by Ana Ruiz and the Online\nDistributed Proofreading Team (This\nfile was made from images)\n",
        "E-text prepared by Ana Ruiz\n\n\nThis file was produced from images generously made available\nby a library\n",
        "This etext was prepared by Ana Ruiz.\n",
    ],
)
@pytest.mark.parametrize(
    "end",
    [
        "End of Project Gutenberg's La casa del puente, by Elena Sosa\n\n*** END OF THIS PROJECT GUTENBERG EBOOK X ***",
        "End of the Project Gutenberg EBook of La casa del puente, by\nElena Sosa",
        "*** END OF THE PROJECT GUTENBERG EBOOK LA CASA DEL PUENTE ***",
        "***END OF THE PROJECT GUTENBERG EBOOK LA CASA***",
        "End of this Project Gutenberg Etext of La casa del puente",
        "Fin del Proyecto Gutenberg: La casa del puente",
        "Fim do Projeto Gutenberg: La casa del puente",
        "Fin de Project Gutenberg etext de La casa",
    ],
)
def test_every_form_of_header_credit_and_footer_is_removed(start: str, credit: str, end: str) -> None:
    """Five headers, four credits and eight footers are removed."""
    book = strip_gutenberg(f"{_MODERN}{start}\n\n\n\n{credit}\n\n\n{_BOOK}\n\n\n\n{end}{_LICENCE}")
    assert book.text == _BOOK


def test_the_header_is_the_books_catalogue_entry() -> None:
    """Title, author, language and the book's address are read from the header."""
    book = strip_gutenberg(f"{_MODERN}*** START OF THIS PROJECT GUTENBERG EBOOK X ***\n\n{_BOOK}\n")
    assert book.title == "La casa del puente Novela de costumbres"
    assert book.creators == ("Elena Sosa",)
    assert book.language == "Spanish"
    assert book.url == "https://www.gutenberg.org/ebooks/99999"
    assert book.text == _BOOK


def test_a_text_that_is_not_gutenbergs_is_left_alone() -> None:
    """A text that only mentions Project Gutenberg, or has «fin del» in a sentence, is unchanged."""
    for text in (
        "Fin del proyecto.\n\nProduced by nobody.",
        "Leí la novela en Project Gutenberg.\n\nProduced by nobody.\n",
        "Title: no\nAuthor: no\n",
    ):
        assert strip_gutenberg(text).text == text


def test_the_declared_charset_of_the_header_counts() -> None:
    """The header's charset is used, and line ends become LF."""
    raw = f"{_MODERN}*** START OF THIS PROJECT GUTENBERG EBOOK X ***\n\nEl ¤ vale más.\n".replace("\n", "\r\n")
    extracted = extract(raw.encode("iso8859-1"), {})
    assert extracted.text == "El ¤ vale más."
    assert extracted.extractor.startswith("plain ")
