"""A cache key changes with everything that a result depends on: versions, a plug-in's modules, shipped tables."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.collect import files
from latam_corpus.engine.datatrove_block import DatatroveBlock
from latam_corpus.errors import ConfigError
from latam_corpus.paths import PACKAGE
from latam_corpus.pipeline.planning.registry import STAGES, make_stage
from latam_corpus.pipeline.planning.supersede import Supersede
from latam_corpus.pipeline.stored_runs.keys import stage_digest
from latam_corpus.privacy.redact import Redact
from latam_corpus.release.withdrawals.withdrawn_in_run import Withdrawals
from latam_corpus.storage import durable
from latam_corpus.storage.durable import TABLES, package_digest, tables_digest

if TYPE_CHECKING:
    from pathlib import Path

_STAGE = """
from latam_corpus.stages import Stage
from .tabla import DOSIS

class Abono(Stage):
    name = "abono"

    def __call__(self, batch):
        return batch
"""
# Tables on which no result of a stage depends, or that a source, a policy or a model has in its own digest.
_ELSEWHERE = ("catalog/sources/", "desk/", "language/models/americas", "language/models/names", "train/", "filters/")


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an importable package with a stage."""
    folder = tmp_path / "jardin_de_prueba"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "etapa.py").write_text(_STAGE)
    (folder / "tabla.py").write_text("DOSIS = 2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def test_a_changed_module_of_a_plug_in_redoes_its_work(plug_in: Path) -> None:
    """All modules of its package count, and the version that it declares."""
    stage = importlib.import_module("jardin_de_prueba.etapa").Abono()
    previous = stage_digest(stage)
    assert stage_digest(stage) == previous
    (plug_in / "tabla.py").write_text("DOSIS = 3\n")
    changed = stage_digest(stage)
    type(stage).version = 2
    assert len({previous, changed, stage_digest(stage)}) == 3


def test_a_stage_without_a_source_file_is_refused() -> None:
    """Without a file, a change of its code couldn't be noticed."""
    stage: Any = type("Abono", (Redact,), {"name": "abono", "__module__": "cuaderno_sin_archivo"})
    with pytest.raises(ConfigError, match="no source file"):
        stage_digest(stage())


def test_a_module_outside_a_package_counts_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other files in a folder without `__init__.py` don't count."""
    folder = tmp_path / "carpeta_de_prueba"
    folder.mkdir()
    (folder / "etapa.py").write_text("A = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    previous = package_digest("carpeta_de_prueba.etapa")
    (folder / "otra.py").write_text("B = 1\n")
    assert package_digest("carpeta_de_prueba.etapa") == previous
    (folder / "etapa.py").write_text("A = 2\n")
    assert package_digest("carpeta_de_prueba.etapa") not in ("", previous)


def test_a_raised_version_is_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions of stages and of readers of files count."""
    previous = stage_digest(Redact()), files.reading_version()
    monkeypatch.setattr(Redact, "version", Redact.version + 1)
    monkeypatch.setattr(files, "VERSION", files.VERSION + 1)
    following = stage_digest(Redact()), files.reading_version()
    assert previous[0] != following[0]
    assert previous[1] != following[1]


def test_every_stage_of_the_toolkit_declares_its_version() -> None:
    """The version is stated in the class itself, where a person who changes the code sees it."""
    stages = [item for name in STAGES for item in make_stage(name, {}, "prueba").expand()]
    kinds = {type(item) for item in stages} | {DatatroveBlock, Supersede, Withdrawals}
    assert [kind.__name__ for kind in kinds if "version" not in vars(kind)] == []


def test_an_edited_table_is_another_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables count for stages and for readers of files."""
    previous = stage_digest(Redact()), files.reading_version()
    for table in TABLES:
        (tmp_path / table).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / table).write_bytes((PACKAGE / table).read_bytes() + b"\n")
    monkeypatch.setattr(durable, "PACKAGE", tmp_path)
    tables_digest.cache_clear()
    following = stage_digest(Redact()), files.reading_version()
    monkeypatch.undo()
    tables_digest.cache_clear()
    assert previous[0] != following[0]
    assert previous[1] != following[1]


def test_every_shipped_table_counts() -> None:
    """A new table is listed in `durable.TABLES`, or here if no result depends on it."""
    paths = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.toml")}
    assert {path for path in paths if not path.startswith(_ELSEWHERE)} == set(TABLES)
