"""Layouts of page lines: labels in columns, line numbers, justified lines, and verse in columns."""

from __future__ import annotations

import pytest

from latam_corpus.extract.block_text import CELL
from latam_corpus.extract.interviews.interview import turns_of
from latam_corpus.extract.scans.page_furniture import Line
from latam_corpus.extract.scans.page_layout import flow, reading_order

_SAID = (
    ("Rosa", ("¿Dónde nació usted?",)),
    ("Juana", ("En el puerto, cuando todavía no había", "camino y todo llegaba en barca.")),
    ("Rosa", ("¿Y su madre?",)),
    ("Juana", ("También. Ella vendía pescado en la plaza,", "y mi abuela lo salaba.")),
    ("Rosa", ("¿Volvió después?",)),
    ("Juana", ("Nunca. Se acabó.",)),
)


def _line(words: str, left: float, bottom: float, size: float = 10) -> Line:
    return Line(words, left, left + 5 * len(words), bottom, bottom + size, size)


def _labelled(*, timed: bool) -> list[Line]:
    page: list[Line] = []
    bottom = 700.0
    for turn, (name, speech) in enumerate(_SAID):
        page += [_line(f"00:0{turn}:00", 50, bottom)] if timed else []
        page.append(_line(name, 110, bottom))
        for words in speech:
            page.append(_line(words, 180, bottom))
            bottom -= 12
    return page


@pytest.mark.parametrize("timed", [False, True])
def test_a_label_in_a_column_of_its_own_begins_its_turn(timed: bool) -> None:
    """Names, and times before them, become cells of the turns' first lines instead of a column of text."""
    turns = turns_of(flow([_labelled(timed=timed)], [600]).text)
    assert [(turn.speaker, turn.words) for turn in turns] == [(name, " ".join(speech)) for name, speech in _SAID]
    assert [turn.start for turn in turns] == ([60.0 * turn for turn in range(6)] if timed else [None] * 6)


def test_columns_whose_lines_are_alike_hold_no_labels() -> None:
    """Short lines of a left column that aren't repeated are text."""
    left_column = [
        "La barca salió",
        "del puerto al alba",
        "y nadie la vio",
        "volver al muelle",
        "ni ese día",
        "ni después",
    ]
    page = [
        _line(words, x, 700 - 12 * row)
        for x, column in ((50, left_column), (200, [words.upper() for words in left_column]))
        for row, words in enumerate(column)
    ]
    text = flow([page], [600]).text
    assert CELL not in text
    assert text.split() == " ".join([*left_column, *(words.upper() for words in left_column)]).split()


_VERSES = (
    "Palomita blanca de la quebrada", "vidalitá que vuelas lejos", "llévale a mi amante la carta",
    "que anoche dejé en el suelo", "dile que vivo penando", "y que por su amor me muero",
    "dile que no tengo abrigo", "ni en el verano lucero", "ni barca que me devuelva", "al otro lado del puerto",
)  # fmt: skip


@pytest.mark.parametrize("left", [20, 300])
def test_numbers_of_lines_are_cut_and_counted(left: float) -> None:
    """Numbers on every second line, to the left or right of the verses, are removed and counted."""
    page = []
    for row, words in enumerate(_VERSES):
        page += [_line(str(row + 1), left, 700 - 12 * row)] if row % 2 else []
        page.append(_line(words, 50, 700 - 12 * row))
    flowed = flow([page], [600])
    assert (flowed.text.split("\n"), flowed.numbers) == ([*_VERSES], 5)


def test_numbers_of_a_table_are_kept() -> None:
    """Numbers that don't increase by a constant step, or increase by one, are kept."""
    for numbers in ((12, 7, 30, 4, 9), (1, 2, 3, 4, 5)):
        page = [
            piece
            for row, number in enumerate(numbers)
            for piece in (_line(str(number), 20, 700 - 12 * row), _line(_VERSES[row], 50, 700 - 12 * row))
        ]
        flowed = flow([page], [600])
        assert flowed.numbers == 0
        assert sum(word.isdecimal() for word in flowed.text.split()) == len(numbers)


def test_a_stretched_line_is_one_line() -> None:
    """Justified text in a narrow column is one line, although its gaps are as wide as those between columns."""
    words = ("la", "atmósfera", "con", "sus", "aromas")
    page = [_line("de frutos y de azahares que embalsaman todo", 50, 700)]
    place = 50.0
    for word in words:
        page.append(Line(word, place, place + 5 * len(word), 688, 698, 10))
        place += 5 * len(word) + 23
    page.append(_line("embriagadores hasta la noche.", 50, 676))
    assert flow([page], [600]).text == f"{page[0].words} {' '.join(words)} {page[-1].words}"


def test_columns_need_no_common_base_line() -> None:
    """Columns are recognised even if their lines are shifted by half a line."""
    columns = [
        [_line(f"izquierda {row} de la página", 50, 700 - 12 * row) for row in range(6)],
        [_line(f"derecha {row} de la página", 300, 706 - 12 * row) for row in range(6)],
    ]
    page = [line for pair in zip(*columns, strict=True) for line in pair]
    assert reading_order(page) == [*columns[0], *columns[1]]


def test_stepped_verses_of_a_column_keep_their_lines() -> None:
    """Stepped verses stay lines although the longest fill the column."""
    verses = list(_VERSES)
    verses[1], verses[5] = "vidalitá que vuelas lejos del puerto", "y que por su amor me muero de pena"
    stanza = [_line(words, 50 + 15 * (row % 2), 700 - 12 * row) for row, words in enumerate(verses)]
    prose = [
        "La",
        "barca",
        "salió",
        "del",
        "puerto",
        "antes",
        "del",
        "alba",
        "y",
        "volvió",
        "con",
        "la",
        "red",
        "vacía",
        "como",
        "todos",
        "los",
        "días",
        "de",
        "ese",
        "invierno",
    ]
    right_column = [
        _line(" ".join(prose[at : at + 5]), 300, 700 - 12 * row) for row, at in enumerate(range(0, len(prose), 5))
    ]
    assert flow([[*stanza, *right_column]], [600]).text.split("\n")[: len(verses)] == verses


def test_a_paragraph_of_one_full_line_ends() -> None:
    """Two indented lines that begin sentences are two paragraphs."""
    full = "—¿Yo? —preguntó la morena alzando los ojos como avergonzada."
    page = [
        _line("la tarde en el corredor de la casa, junto a las macetas viejas", 50, 700),
        _line("y los helechos.", 50, 688),
        Line(full, 65, 360, 676, 686, 10),
        Line("—Sí, tú —replicó la otra—, no lo disimules; tú sueñas con él", 65, 360, 664, 674, 10),
        _line("todas las noches.", 50, 652),
    ]
    assert full in flow([page], [600]).text.split("\n")


def test_a_label_that_comes_again_begins_a_line() -> None:
    """A repeated label begins a line, even if the previous turn ends at the column's edge."""
    page = []
    for row in range(8):
        words = ("P: ¿Y usted se quedó en el puerto todo el año?", "R: Me quedé, porque no había otra cosa que hac")[
            row % 2
        ]
        page.append(_line(words.ljust(46, "."), 50, 700 - 12 * row))
    assert len(flow([page], [300]).text.split("\n")) == 8


def test_a_small_gap_parts_stanzas_where_lines_are_set_exactly() -> None:
    """A gap a third larger separates stanzas if other steps are exact, as in LaTeX; otherwise it doesn't."""
    exact, rough = ([], [])
    for row, words in enumerate(_VERSES):
        bottom = 700 - 13.6 * row - (4.4 if row > 3 else 0)
        exact.append(_line(words, 50, bottom))
        rough.append(_line(words, 50, bottom + row % 3))
    assert flow([exact], [600]).text.split("\n\n")[0].split("\n") == [*_VERSES[:4]]
    assert "\n\n" not in flow([rough], [600]).text


def test_the_end_of_a_turned_verse_is_joined_to_it() -> None:
    """The end of a verse that continues on the next line is joined to it."""
    verses = [*_VERSES[:4], "y que por su amor me muero de pena y de", "frío,", *_VERSES[6:]]
    right_column = [_line("La barca salió antes", 340, 700 - 12 * row) for row in range(10)]
    page = [*(_line(words, 50, 700 - 12 * row) for row, words in enumerate(verses)), *right_column]
    assert f"{verses[4]} frío," in flow([page], [600]).text.split("\n")
