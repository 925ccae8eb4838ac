"""Markdown yields its text line by line, and metadata from its front matter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latam_corpus.extract.documents.markdown import extract, plain


def test_front_matter_is_catalogue_data_and_no_text() -> None:
    """Title, authors, date and language are read from names, quoted values and lists; other entries are ignored."""
    raw = (
        '---\ntitle: "Crónica: el río"\nauthor:\n  - Ana Ruiz\n  - Luis Paz\n'
        "date: 2021-03-04T10:00\nlang: es\ntags: [a]\n---\n\nHola.\n"
    )
    extracted = extract(raw.encode(), {})
    assert (extracted.text, extracted.title, extracted.creators) == (
        "Hola.",
        "Crónica: el río",
        ("Ana Ruiz", "Luis Paz"),
    )
    assert (extracted.published, extracted.declared_language) == ("2021-03-04", "es")
    assert extract("---\n\nUn guion de diálogo.\n".encode(), {}).text == "Un guion de diálogo."


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("# El río #\n\nTítulo\n======\nTexto", "El río\n\nTítulo\nTexto"),
        ("**Hola**, *vecina* y __todos__ ~~no~~", "Hola, vecina y todos no"),
        ("[la nota](http://a.example/x 't') ![foto](a.png)y [otra][1]\n\n[1]: http://b.example", "la nota y otra"),
        ("> Verso uno\n> > verso dos", "Verso uno\nverso dos"),
        ("- pan\n- sal\n\n***\n\n1. uno", "- pan\n- sal\n\n\n1. uno"),
        ("Antes\n```\n# no es *título*\n```\ndespués", "Antes\n# no es *título*\ndespués"),
        ("| a | b |\n|---|:-:|\n| 1 | 2 |", "| a | b |\n| 1 | 2 |"),
        ("2 * 3 * 4, un_nombre_así, 5 \\* 6 <!-- nota -->fin<br>", "2 * 3 * 4, un_nombre_así, 5 * 6 fin"),
        ("—Dijo:\\\n—No.[^1]  \n—Sí.", "—Dijo:\n—No.\n—Sí."),
    ],
)
def test_markdown_marks_are_removed_and_lines_kept(marked: str, text: str) -> None:
    """Marks of headings, emphasis, links, quotations, rules, code, tables, comments and escapes are removed."""
    assert plain(marked) == text


@given(st.text(alphabet="aé *_`~[]()<>!#-|\\:\n", max_size=80))
def test_lines_of_plain_letters_are_unchanged(text: str) -> None:
    """Lines of plain letters are never changed."""
    line = "Vidalita del alba"
    assert line in plain(f"{text.replace('<!--', '').replace('```', '').replace('~~~', '')}\n\n{line}\n").split("\n")
