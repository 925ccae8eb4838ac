"""The local engine leaves nothing in the temporary folder, however its workers end."""

from __future__ import annotations

import importlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from latam_corpus.engine.local import Local

if TYPE_CHECKING:
    from types import ModuleType

    from latam_corpus.pipeline.execution.part import Task

_HERE = str(Path(__file__).parent)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The functions of `engine_work`."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([_HERE, os.environ.get("PYTHONPATH", "")]))
    monkeypatch.syspath_prepend(_HERE)
    return importlib.import_module("engine_work")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty temporary folder for this process and its workers."""
    folder = tmp_path / "temporal"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@pytest.mark.parametrize("ending", ["well", "killed", "interrupted"])
def test_workers_leave_no_temporary_files(work: ModuleType, temporary: Path, tasks: list[Task], ending: str) -> None:
    """Temporary files are removed after a kill of a worker and after Ctrl-C."""
    with Local(2) as engine:
        outcomes = engine.map(work.die_once_with_file if ending == "killed" else work.tell_with_file, tasks)
        assert next(outcomes).value.startswith(str(temporary))
        assert list(temporary.iterdir())
        if ending != "interrupted":
            list(outcomes)
        else:
            with pytest.raises(KeyboardInterrupt):
                outcomes.throw(KeyboardInterrupt)  # type: ignore[attr-defined]
    assert list(temporary.iterdir()) == []
