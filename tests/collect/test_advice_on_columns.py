"""Advice on columns: where they belong by their heads, and how to write values that are not understood."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.catalog.display_names import near_word
from latam_corpus.catalog.source import Source
from latam_corpus.collect.examine import examine
from latam_corpus.vocabulary import GENRES

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CommandLine

_HEADS = {
    "es": "Archivo,Título,Autor,Género,Idioma,Fecha,Signatura",
    "pt": "Arquivo,Título,Autora,Gênero,Língua,Data,Cota",
}
_ROW = "uno.txt,Coplas,Ana Paz,canción,español,1950,A-1"


def _source(**collect: Any) -> Source:
    rights = {"statement": "CC0-1.0", "basis": "licence", "uses": ["train"]}
    about = {"id": "envio", "title": "Envío", "holder": "Biblioteca", "rights": rights}
    return Source.model_validate({**about, "collect": {"index": {"file": "catalogo.csv"}, **collect}})


def _folder(root: Path, heads: str, *rows: str) -> Path:
    (root / "uno.txt").write_text("Una copla del puerto.", encoding="utf-8")
    (root / "catalogo.csv").write_text("\n".join([heads, *rows]) + "\n", encoding="utf-8")
    return root


def _notes(source: Source, folder: Path) -> list[tuple[str, str]]:
    return [(str(note.problem), str(note.remedy)) for note in examine(source, str(folder)).notes]


@pytest.mark.parametrize("language", ["es", "pt"])
def test_columns_that_documents_have_are_not_called_additional(tmp_path: Path, language: str) -> None:
    """The suggested lines are valid TOML; another column is suggested as an additional one."""
    heads = _HEADS[language]
    notes = _notes(_source(), _folder(tmp_path, heads, _ROW))
    mapped, extra = (remedy for problem, remedy in notes if "used" in problem)
    lines = mapped.partition("a line each: ")[2].replace(", ", "\n")
    _file, title, creators, genre, spoken, published, extra_head = heads.split(",")
    columns = {"title": title, "creators": creators, "genre": genre, "declared_language": spoken}
    assert tomllib.loads(lines) == {**columns, "published": published}
    assert "[collect.extra]" in extra
    assert extra_head in extra
    remaining_notes = _notes(_source(columns=tomllib.loads(lines)), tmp_path)
    assert [remedy for problem, remedy in remaining_notes if "used" in problem] == [extra]


def test_a_draft_maps_the_columns_of_its_catalogue(tmp_path: Path, command_line: CommandLine) -> None:
    """Columns are mapped by their heads; a column that states consent is left to people."""
    (tmp_path / "envio").mkdir()
    folder = _folder(tmp_path / "envio", f"{_HEADS['es']},Licencia,Consentimiento", f"{_ROW},CC0-1.0,sí")
    result = command_line("sources", "inventory", folder, "--draft", tmp_path / "b.toml")
    assert result.code == 0, result.err
    columns = tomllib.loads((tmp_path / "b.toml").read_text(encoding="utf-8"))["collect"]["columns"]
    assert columns == {
        "title": "Título", "creators": "Autor", "genre": "Género", "declared_language": "Idioma", "published": "Fecha",
        "rights": "Licencia",
    }  # fmt: skip


def test_remedies_fit_what_is_wrong(tmp_path: Path) -> None:
    """The remedies match the problem of dates, genres and consent."""
    row = "uno.txt,3 de marzo de 1950,epístola rara,"
    folder = _folder(tmp_path, "archivo,fecha,género,firma", row)
    columns = {"published": "fecha", "genre": "género", "consent": "firma"}
    remedies = " / ".join(remedy for _problem, remedy in _notes(_source(columns=columns), folder))
    line = "published = { column = \"fecha\", pattern = '\\d{4}' }"
    assert line in remedies
    assert not [
        problem
        for problem, _ in _notes(_source(columns={**columns, **tomllib.loads(line)}), folder)
        if "1950" in problem
    ]
    assert 'values = { "epístola rara" = … }' in remedies
    assert "lyrics" in remedies
    assert "consent = " not in remedies


def test_a_genre_that_nobody_meant_is_not_suggested() -> None:
    """A word for something else gets no suggestion; a misspelt genre gets the right one."""
    typed = ("carta", "epístola rara", "novla", "prenza")
    assert [near_word("genre", word, GENRES) for word in typed] == [None, None, "literature", "news"]
