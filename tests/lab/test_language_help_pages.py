"""Training texts are read from translated help pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from latam_corpus.errors import ConfigError
from latam_corpus.lab.language.help_pages import help_rows

if TYPE_CHECKING:
    from pathlib import Path

PAGE = '<page xmlns="http://projectmallard.org/1.0/"><title>x</title>{}</page>'
ENGLISH = "Move the mouse before it begins to answer you."
SPANISH = "Mueva el ratón <em>antes</em> de que comience a responder."


def test_paragraphs_left_in_english_are_not_spanish(tmp_path: Path) -> None:
    """Translated paragraphs have the folder's code; untranslated and very short ones are left out."""
    for language, paragraphs in (("C", [ENGLISH]), ("es", [SPANISH, ENGLISH, "Sí"])):
        (tmp_path / language).mkdir()
        page = PAGE.format("".join(f"<p>{paragraph}</p>" for paragraph in paragraphs))
        (tmp_path / language / "raton.page").write_text(page, "utf-8")
    assert list(help_rows(tmp_path)) == [
        ("eng", ENGLISH),
        ("es", "Mueva el ratón antes de que comience a responder."),
    ]


def test_another_folder_is_an_error(tmp_path: Path) -> None:
    """A folder without English pages, which are needed to find untranslated ones, is an error."""
    with pytest.raises(ConfigError, match="it isn't a folder of help pages"):
        list(help_rows(tmp_path))
