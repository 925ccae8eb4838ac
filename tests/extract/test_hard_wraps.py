"""Hard wraps are joined in prose and kept in verse, by the shape of the lines or as the source declares."""

from __future__ import annotations

import textwrap

import pytest

from latam_corpus.extract.wraps import join_wraps, wrap_width

_PARAGRAPHS = (
    (
        "La lancha salió antes del alba, cuando todavía no se distinguía la costa, y el viejo, que había aprendido el "
        "oficio de su padre, miraba las nubes sin decir palabra; nadie en el puerto recordaba un invierno tan largo."
    ),
    "—¿Volverán hoy? —preguntó la muchacha.",
    (
        "Él no contestó enseguida. Contó las redes, probó los nudos con los dedos, uno por uno, como si de ellos y no "
        "del viento dependiera la respuesta; dijo que sí, que volverían, aunque más tarde de lo que ella creyó."
    ),
    "Entonces empezó a llover.",
    (
        "En la plaza, mientras tanto, los músicos afinaban para la fiesta, y la banda del pueblo vecino, que había "
        "llegado de noche por el camino viejo, dormía todavía en los bancos de la iglesia, entre tambores y estuches."
    ),
)
_OCTOSYLLABLES = "Palomita de la sierra,\nque volás de rama en rama,\ndecile que no lo espero,\ndecile que ya no llama."
_LONG_VERSE = (
    "la tarde se ha quedado prendida de los cerros\n"
    "como un rebozo viejo que nadie vino a buscar,\n"
    "y pasan por la senda, sin prisa, los arrieros\n"
    "que traen en las alforjas el ruido de la mar"
)


def _wrapped(width: int) -> str:
    return "\n\n".join(textwrap.fill(paragraph, width) for paragraph in _PARAGRAPHS * 3)


@pytest.mark.parametrize("width", [60, 65, 72, 76, 80, 100])
def test_wrapped_prose_is_joined_to_its_paragraphs(width: int) -> None:
    """Each paragraph becomes one line, whatever the column."""
    assert join_wraps(_wrapped(width)) == "\n\n".join(_PARAGRAPHS * 3)


def test_verse_inside_a_wrapped_book_keeps_its_lines() -> None:
    """A song between paragraphs, with short or long verses, and a heading of two lines keep their lines."""
    for verse in (_OCTOSYLLABLES, _LONG_VERSE, "CAPÍTULO II\nEl puerto"):
        book = f"{_wrapped(70)}\n\n{verse}\n\n{_wrapped(70)}"
        assert verse in join_wraps(book)
        assert _PARAGRAPHS[0] in join_wraps(book)


@pytest.mark.parametrize("verse", [_OCTOSYLLABLES, _LONG_VERSE, _LONG_VERSE.title()])
def test_a_book_of_verse_is_left_as_it_is(verse: str) -> None:
    """Stanzas and lines of a book of verse are unchanged."""
    book = "\n\n".join([verse] * 10)
    assert join_wraps(book) == book


def test_a_paragraph_a_line_and_short_texts_are_left_as_they_are() -> None:
    """Texts without wraps are unchanged."""
    for text in ("\n\n".join(_PARAGRAPHS), "\n".join(_PARAGRAPHS), "Una.\nDos.\nTres.", ""):
        assert join_wraps(text) == text


def test_the_form_of_the_source_overrules_the_shape() -> None:
    """The form prose joins every block; verse joins none and only strips spaces at line ends."""
    assert join_wraps("Era\nuna tarde\n\nde enero.", "prose") == "Era una tarde\n\nde enero."
    assert join_wraps(_wrapped(70) + "  ", "verse") == _wrapped(70)


def test_a_table_of_contents_keeps_its_lines() -> None:
    """Lines with columns of spaces are kept."""
    table = "\n".join(
        f"   {n:>4}    Capítulo de las cosas que pasaron en el año {1800 + n}      {n * 7}" for n in range(9)
    )
    assert table in join_wraps(f"{_wrapped(72)}\n\n{table}")


def test_indented_paragraphs_without_blank_lines_stay_apart() -> None:
    """An indent alone begins a paragraph, as in typescripts."""
    block = "\n".join(
        textwrap.fill(p, 70, initial_indent="   ") for p in (_PARAGRAPHS[0], _PARAGRAPHS[2], _PARAGRAPHS[4])
    )
    assert join_wraps(block + "\n\n" + _wrapped(70)).split("\n")[:3] == [_PARAGRAPHS[0], _PARAGRAPHS[2], _PARAGRAPHS[4]]


def test_hyphens_are_only_undone_when_they_are_certain() -> None:
    """A soft hyphen is removed; a hard one may belong to the word (disse-lhe) and is kept, without a space."""
    assert join_wraps("cora\xad\nzón disse-\nlhe --\nsí", "prose") == "corazón disse-lhe -- sí"


def test_the_width_is_found() -> None:
    """The column at which a text is wrapped is found, or None."""
    assert wrap_width(_wrapped(72).split("\n")) in range(68, 73)
    assert wrap_width(_OCTOSYLLABLES.split("\n")) is None
