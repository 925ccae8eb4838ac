"""Compiled templates in the user's cache: used again, and compiled again where a file of the cache is damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from latam_corpus.report import templating

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """The files of a cache that has one compiled template."""
    monkeypatch.setenv("LATAM_CORPUS_CACHE", str(tmp_path))
    templating._environment.cache_clear()  # noqa: SLF001  (as a new process)
    templating._environment("es").get_template("parts.html")  # noqa: SLF001
    templating._environment.cache_clear()  # noqa: SLF001
    yield [path for path in (tmp_path / "templates").rglob("*") if path.is_file()]
    templating._environment.cache_clear()  # noqa: SLF001


@pytest.mark.parametrize("kept_bytes", [0, 20, 45, -1])
def test_a_damaged_file_is_compiled_again(cached: list[Path], kept_bytes: int) -> None:
    """The file is written again as it was."""
    (file,) = cached
    whole = file.read_bytes()
    file.write_bytes(whole[:kept_bytes])
    templating._environment("es").get_template("parts.html")  # noqa: SLF001
    assert file.read_bytes() == whole


def test_each_language_has_compiled_templates_of_its_own(cached: list[Path], tmp_path: Path) -> None:
    """A filter of a constant is computed when a template is compiled, in the language of its reader."""
    templating._environment("en").get_template("parts.html")  # noqa: SLF001
    files = {path for path in (tmp_path / "templates").rglob("*") if path.is_file()}
    assert len(files) == len(cached) + 1
