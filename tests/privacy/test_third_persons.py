"""The names of third persons are replaced where their contributor lists them, and only in that source's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.catalog.source import Source, load_source
from latam_corpus.errors import ConfigError
from latam_corpus.privacy.redact import Redact

if TYPE_CHECKING:
    from pathlib import Path

_SOURCE = """
id = "voces"
title = "Voces"
holder = "Familia Ejemplo"
genre = "oral_history"

[consent]
third_persons = "terceros.txt"
"""
_NAMES = "# de las entrevistas de 2019\nRosa Quispe\nJosé  Pérez # el del molino\n\nO'Higgins\n"


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """Return a source with a list of names next to its file."""
    (tmp_path / "terceros.txt").write_text(_NAMES, "utf-8")
    (tmp_path / "voces.toml").write_text(_SOURCE, "utf-8")
    return load_source(tmp_path / "voces.toml")


def _redacted(stage: Redact, texts: list[str], sources: list[str]) -> list[str]:
    matches: list[str] = stage(Batch(pl.DataFrame({"text": texts, "source_id": sources}))).frame["text"].to_list()
    return matches


def test_listed_names_go_from_the_rows_of_their_source(source: Source) -> None:
    """In either case, over a line's end, as whole words; another source's rows keep them."""
    text = "Vino ROSA QUISPE con José\nPérez, y no Rosa Quispero; don O'Higgins calló."
    hidden = "Vino [NAME] con [NAME], y no Rosa Quispero; don [NAME] calló."
    stage = Redact().for_sources([source])
    assert _redacted(stage, [text, text], ["voces", "otra"]) == [hidden, text]
    assert _redacted(Redact(), [text], ["voces"]) == [text]


def test_a_changed_list_redoes_the_stage_and_its_path_does_not(source: Source, tmp_path: Path) -> None:
    """The content of the list is in the cache key; its path isn't."""
    previous = Redact().for_sources([source])
    digest = previous.fingerprint()
    (tmp_path / "copia").mkdir()
    for name in ("voces.toml", "terceros.txt"):
        (tmp_path / "copia" / name).write_bytes((tmp_path / name).read_bytes())
    assert Redact().for_sources([load_source(tmp_path / "copia" / "voces.toml")]).fingerprint() == digest
    (tmp_path / "terceros.txt").write_text("Ana Choque\n", "utf-8")
    assert previous.fingerprint() != digest
    assert Redact().fingerprint() != digest


@pytest.mark.parametrize(
    ("content", "error"),
    [(None, "can't be read"), (b"# nadie\n\n", "is empty"), ("Pérez".encode("latin-1"), "isn't UTF-8")],
)
def test_a_list_that_is_none_ends_the_plan(source: Source, tmp_path: Path, content: bytes | None, error: str) -> None:
    """A missing list would leave names in silence."""
    path = tmp_path / "terceros.txt"
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=error):
        Redact().for_sources([source])
