"""Genres under the names that people write in catalogues, sources and answers."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from latam_corpus.audit.measurement import checked_facts
from latam_corpus.catalog import named_values
from latam_corpus.catalog.display_names import GENRES, near_word
from latam_corpus.catalog.named_values import genre_names, genre_of
from latam_corpus.catalog.source import Source
from latam_corpus.collect.examine import examine
from latam_corpus.collect.files import list_inputs, read_all
from latam_corpus.desk import answers
from latam_corpus.desk.sheets.sheet_columns import field_of
from latam_corpus.intake.check_source import check_source
from latam_corpus.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Callable

_ABOUT = 'id = "a"\ntitle = "A"\nholder = "B"\n'
_WRITTEN = {
    "canción": "lyrics",
    "CANCIONES": "lyrics",
    "cancion": "lyrics",
    "Letra de música": "lyrics",
    "músicas": "lyrics",
    "songs": "lyrics",
    "Cuento": "literature",
    "contos": "literature",
    "POESIA": "literature",
    "poesía.": "literature",
    "poemas": "literature",
    "Literatura de cordel": "literature",
    "cordel": "literature",
    "novela": "literature",
    "short story": "literature",
    "cuento / novela": "literature",
    "Entrevista": "oral_history",
    "historia_oral": "oral_history",
    "testimonios": "oral_history",
    "Depoimento": "oral_history",
    "periódico": "news",
    "PERIODICOS": "news",
    "jornal": "news",
    "Prensa ": "news",
    "ley": "legal",
    "Decretos": "legal",
    "leis": "legal",
    "manual": "reference",
    "tesis": "academic",
    "Teses": "academic",
    "Bíblia": "religious",
    "Vocabulário": "dictionary",
    "livro didático": "education",
}


def _by_question(typed: str) -> str:
    return answers.choice(GENRES, synonym_of=genre_of, key="genre")(typed)


def _by_sheet(typed: str) -> str:
    field = field_of("genre")
    assert field
    return str(field.read(typed))


def _by_source(typed: str) -> str | None:
    source, findings = check_source(f'{_ABOUT}genre = "{typed}"\n')
    assert source, findings
    return source.genre


def _by_option(typed: str) -> str:
    return checked_facts("", typed)["genre"]


@pytest.mark.parametrize("read", [genre_of, _by_question, _by_sheet, _by_source, _by_option])
@pytest.mark.parametrize(("written", "genre"), _WRITTEN.items())
def test_names_of_works_are_genres(read: Callable[[str], str], written: str, genre: str) -> None:
    """In a cell, an answer, a sheet, a source's file and an option of a command."""
    assert read(written) == genre


def test_a_catalogue_column_has_them(tmp_path: Path) -> None:
    """A cell that means two genres, or none, is named with the closest genre."""
    cells = ["Canción", "poesia", "cuento; canción", "entrevysta", ""]
    rows = "".join(f'Una copla {number}.,"{cell}"\n' for number, cell in enumerate(cells))
    (tmp_path / "a.csv").write_text(f"text,género\n{rows}", encoding="utf-8")
    columns = {"columns": {"genre": "género"}}
    source = Source.model_validate(
        {"id": "a", "title": "A", "holder": "B", "genre": "oral_history", "collect": columns}
    )
    [frame] = read_all(source, list_inputs(source, tmp_path))
    assert frame["genre"].to_list()[:2] == ["lyrics", "literature"]
    doubts = " ".join(str(doubt.problem) for doubt in examine(source, str(tmp_path)).doubts)
    assert "2 values of «género» aren't understood as «genre»" in doubts
    assert "«entrevysta» (did you mean «oral_history»?)" in doubts


def test_a_name_that_is_misspelt_is_suggested() -> None:
    """By the name that is closest among all that are read, where a person is asked and in a source's file."""
    assert near_word("genre", "cansiones", tuple(GENRES)) == "lyrics"
    with pytest.raises(answers.AnswerError, match="did you mean «oral history»"):
        _by_question("entrebista")
    with pytest.raises(answers.AnswerError, match="did you mean «legal»"):
        _by_sheet("decreeto")
    source, [finding] = check_source(f'{_ABOUT}genre = "testimonyo"\n')
    assert source is None
    assert "did you mean «oral_history»" in str(finding.sentence)


def test_no_name_means_two_genres() -> None:
    """Each name is in the table once, whatever its accents."""
    path = Path(named_values.__file__).with_suffix(".toml")
    table = tomllib.loads(path.read_text("utf-8"))["genre"]
    of_genres = [(name, genre) for genre, names in table.items() for name in {folded(one) for one in (genre, *names)}]
    repeated = [name for name, n in Counter(name for name, _genre in of_genres).items() if n > 1]
    assert not repeated
    assert set(genre_names().values()) == set(GENRES)
