"""Song sheets lose chords and part names, and keep every verse and stanza."""

from __future__ import annotations

import pytest

from latam_corpus.extract.songs.song_marks import without_song_marks

_SHEET = """[Intro]
Am  E7  Am

Am            Dm
Palomita blanca,
        G7   C
vidalitá, (x2)
[Am]pecho [E7]colorado;

Coro 2:
LAm    MI7
llévale a mi amante
e|--0--2--3--|
bis"""


def test_chords_are_removed_and_verses_kept() -> None:
    """Lines of chords are removed, chords within a verse leave its words, and a repeated verse is written twice."""
    assert without_song_marks(_SHEET, "remove") == (
        "Palomita blanca,\nvidalitá,\nvidalitá,\npecho colorado;\n\nllévale a mi amante\nbis"
    )


def test_a_policy_may_keep_the_parts() -> None:
    """Part names and repeats are kept in brackets, in a uniform notation."""
    lines = without_song_marks(_SHEET, "normalise").split("\n")
    assert lines[0] == "[intro]"
    assert "vidalitá, [x2]" in lines
    assert "[coro 2]" in lines


@pytest.mark.parametrize(
    "verse",
    ["A", "Mi amor", "La la la", "Si", "Sol de mi tierra", "Do re mi fa sol", "Fa La Mi", "A la mar", "E a vida",
     "coro de ángeles", "el verso que no fue", "treinta y x", "Re", "Solo", "outro", "te llamé 3 veces"],
)  # fmt: skip
def test_a_verse_that_looks_like_chords_is_kept(verse: str) -> None:
    """Words that look like notes are chords only with signs or wide spaces between them."""
    assert without_song_marks(verse + "\notra línea", "remove").split("\n")[0] == verse


def test_sheets_without_marks_are_unchanged() -> None:
    """Sheets without marks, and their stanzas, are unchanged."""
    song = "Palomita blanca,\nvidalitá,\n\npecho colorado;"
    assert without_song_marks(song, "remove") == song


@pytest.mark.parametrize("line", ["A " * 5000 + "zz", "A-" * 5000 + "z", " " * 50_000 + "z", "Do " * 4000 + "é"])
def test_a_hostile_line_is_read_in_one_pass(line: str) -> None:
    """Lines that are nearly chords, or nearly blank, are read in linear time."""
    assert without_song_marks(line, "remove").split() == line.split()
