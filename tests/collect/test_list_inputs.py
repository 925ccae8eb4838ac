"""A path names a file, a folder, a glob or a URL; files are listed in a fixed order, and mistakes are explained."""

from __future__ import annotations

import hashlib
import pickle
from typing import TYPE_CHECKING

import fsspec
import pytest

from latam_corpus.catalog.source import Source
from latam_corpus.collect.files import digest, list_inputs
from latam_corpus.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ANY = Source(id="cuentos", title="Cuentos", holder="Biblioteca")
_TEXTS = Source(id="cuentos", title="Cuentos", holder="Biblioteca", collect={"files": ["**/*.txt"]})  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of several formats, one of no format, one hidden."""
    for name in ("b.txt", "a/uno.txt", "a/dos.html.gz", "a/b/tres.txt", "portada.gif", ".oculto/x.txt", "z.jsonl"):
        path = tmp_path / "en trega" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("Había una vez.", encoding="utf-8")
    return tmp_path / "en trega"


def _names(source: Source, where: str | Path) -> list[str]:
    return [file.relative for file in list_inputs(source, where)]


def test_a_folder_gives_its_files_sorted(folder: Path) -> None:
    """Without patterns all files are listed, even of an unknown format, but never hidden files."""
    files = ["a/b/tres.txt", "a/dos.html.gz", "a/uno.txt", "b.txt", "portada.gif", "z.jsonl"]
    assert _names(_ANY, folder) == files
    assert _names(_ANY, f"{folder}/") == _names(_ANY, folder)


def test_the_sources_patterns_choose(folder: Path) -> None:
    """`**` matches any depth, including none."""
    assert _names(_TEXTS, folder) == ["a/b/tres.txt", "a/uno.txt", "b.txt"]


def test_a_file_and_a_glob_are_taken_as_named(folder: Path) -> None:
    """A file is read whatever the patterns say; a glob's paths start after its last fixed folder."""
    assert _names(_TEXTS, folder / "z.jsonl") == ["z.jsonl"]
    assert _names(_TEXTS, f"{folder}/a/*.txt") == ["uno.txt"]
    assert _names(_ANY, f"{folder}/**/*.txt") == ["a/b/tres.txt", "a/uno.txt", "b.txt"]


def test_a_file_knows_its_size_and_its_digest(folder: Path) -> None:
    """The digest is SHA-256 of the stored bytes."""
    file = list_inputs(_ANY, folder / "b.txt")[0]
    assert file.size == 15
    assert digest(file) == hashlib.sha256((folder / "b.txt").read_bytes()).hexdigest()
    assert pickle.loads(pickle.dumps(file)) == file  # noqa: S301


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("nada", "there is nothing at"),
        ("a/b/nada/más", "tres.txt"),
        ("*.pdf", "no file matches"),
        ("portada.gif", "a file of an unknown format; the known suffixes are ."),
    ],
)
def test_a_place_without_inputs_is_told(folder: Path, where: str, told: str) -> None:
    """The message names the pattern and the existing files."""
    with pytest.raises(ConfigError) as caught:
        list_inputs(_ANY, folder / where)
    assert told in str(caught.value)


def test_a_folder_without_the_sources_files_says_what_is_there(folder: Path) -> None:
    """Patterns without matches are reported with the existing files."""
    parquet = Source(id="c", title="C", holder="B", collect={"files": ["**/*.parquet"]})  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"has no \*\*/\*\.parquet; its files: a/b/tres\.txt"):
        list_inputs(parquet, folder)


def test_an_unknown_protocol_is_told() -> None:
    """A URL of a file system that isn't installed is no traceback."""
    with pytest.raises(ConfigError, match="can't be read"):
        list_inputs(_ANY, "nube://cubo/cuentos")


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    """A file system in memory, empty again afterwards."""
    fs = fsspec.filesystem("memory")
    fs.pipe("/cubo/a/uno.txt", b"Hola.")
    fs.pipe("/cubo/dos.txt", b"Chau.")
    yield fs
    fs.rm("/cubo", recursive=True)


@pytest.mark.usefixtures("memory")
def test_a_url_is_listed_like_a_folder() -> None:
    """Any fsspec URL: folder, glob or file."""
    assert _names(_ANY, "memory://cubo") == ["a/uno.txt", "dos.txt"]
    assert _names(_ANY, "memory://cubo/*.txt") == ["dos.txt"]
    file = list_inputs(_ANY, "memory://cubo/a/uno.txt")[0]
    assert (file.relative, file.url, file.size) == ("uno.txt", "memory:///cubo/a/uno.txt", 5)
    assert len(digest(file)) == 64
