"""Training rows are made_rows of word lists."""

from __future__ import annotations

import io
import json
import lzma
import tarfile
from typing import TYPE_CHECKING

import pytest

from latam_corpus.errors import ConfigError
from latam_corpus.lab.language.fact_lists import TELLING, word_list_rows
from latam_corpus.lab.language.texts import Texts, rows

if TYPE_CHECKING:
    from pathlib import Path

# Single words of Quechua and Spanish; the letters of the second are escaped as YAML dumpers write them.
CONFIG = 'language_score: 0.3\nstopwords:\n- kay\n- "\\xF1uqa"\n- "\\xBF"\n- \'mana\'\ntop_n_grams:\n- - 2\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder like FineWeb-2's, with one language of the Americas and one of elsewhere."""
    with lzma.open(tmp_path / TELLING, "wt", encoding="utf-8") as file:
        for subset, words in (("quy_Latn", ["wasi", "runa"]), ("spa_Latn", ["casa"])):
            file.write(json.dumps({"subset": subset, "words": words}) + "\n")
    with tarfile.open(tmp_path / "configs.tar.xz", "w:xz") as archive:
        member = tarfile.TarInfo("configs/quy_Latn.yml")
        member.size = len(CONFIG.encode())
        archive.addfile(member, io.BytesIO(CONFIG.encode()))
    return tmp_path


def test_rows_have_the_words_of_the_lists_and_are_repeatable(folder: Path) -> None:
    """Rows have frequent and distinctive words of languages of the Americas, without punctuation, in the same order."""
    made_rows = list(word_list_rows(folder))
    assert {code for code, _ in made_rows} == {"quy"}
    assert {word for _, row in made_rows for word in row.split()} == {"wasi", "runa", "kay", "ñuqa", "mana"}
    assert made_rows == list(word_list_rows(folder))
    assert made_rows == list(rows(Texts(folder)))


@pytest.mark.parametrize("broken", ["{}\n", "{", "[]\n"])
def test_a_broken_word_list_is_an_error(folder: Path, broken: str) -> None:
    """A list without words, broken JSON and JSON of another shape are errors."""
    with lzma.open(folder / TELLING, "wt", encoding="utf-8") as file:
        file.write(broken)
    with pytest.raises(ConfigError, match="can't be read"):
        list(word_list_rows(folder))


def test_missing_frequent_words_are_an_error(folder: Path) -> None:
    """A folder without the file of frequent words is an error."""
    (folder / "configs.tar.xz").unlink()
    with pytest.raises(ConfigError, match="can't be read"):
        list(word_list_rows(folder))
