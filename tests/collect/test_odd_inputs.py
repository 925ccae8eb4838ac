"""Inputs that aren't files of texts are reported in one sentence, in the user's language."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.collect.input_files.listing import list_inputs
from latam_corpus.collect.row_files import read_chunks, text_rows
from latam_corpus.config.toml_model import parse_toml
from latam_corpus.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_SOURCE = parse_toml('id = "notas"\ntitle = "Notas"\nholder = "B"\n', Source, "notas.toml")


@pytest.mark.parametrize(
    "named", ["/dev/zero", "/dev/null", "/proc", "/proc/self/mem", "/proc/cpuinfo", "/sys", "/dev"]
)
def test_what_belongs_to_the_system_is_no_input(named: str, tmp_path: Path) -> None:
    """It is refused by name and through a link: it may be endless, and listing it reveals running programs."""
    link = tmp_path / "enlace.txt"
    link.symlink_to(named)
    for where in (named, str(link)):
        with pytest.raises(ConfigError, match="belongs to the system"):
            list_inputs(_SOURCE, where)


def test_a_pipe_is_neither_a_file_nor_a_folder(tmp_path: Path) -> None:
    """Opening it would wait for ever."""
    os.mkfifo(tmp_path / "tubo.txt")
    with pytest.raises(ConfigError, match="neither a file nor a folder"):
        list_inputs(_SOURCE, tmp_path / "tubo.txt")


def test_a_folder_is_no_file_of_rows(tmp_path: Path) -> None:
    """It is there, and so the path isn't wrong."""
    with pytest.raises(ConfigError, match="it isn't a file"):
        next(read_chunks(tmp_path))


def test_of_a_folder_of_texts_only_files_are_read(tmp_path: Path) -> None:
    """A folder and a pipe with the name of a text are skipped; a link without a target is reported."""
    (tmp_path / "uno.txt").write_text("La barca salió del puerto.", encoding="utf-8")
    (tmp_path / "viejos.txt").mkdir()
    os.mkfifo(tmp_path / "viejos.txt" / "tubo.txt")
    assert [row["id"] for row in text_rows(tmp_path)] == ["uno.txt"]
    (tmp_path / "roto.txt").symlink_to(tmp_path / "nada")
    with pytest.raises(OSError, match=r"roto\.txt"):
        text_rows(tmp_path)
