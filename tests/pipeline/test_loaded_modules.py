"""A run loads what it uses: readers of other formats, stages that its recipe lacks and parts of other releases wait."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import latam_corpus

if TYPE_CHECKING:
    from conftest import SmallRecipe, SmallSource

_RUN = """
import contextlib, io, json, sys
from latam_corpus.__main__ import main
sys.argv = ["latam-corpus", "run", "todos.toml", "--input", "in", "--no-report"]
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main()
print(json.dumps([name.removeprefix("latam_corpus.") for name in sys.modules]))
"""
_OF_OTHER_FILES = {
    *("collect.archives", "collect.archive_lists", "collect.bags", "collect.csv_tables", "collect.file_index"),
    *("collect.groups", "collect.parquet", "collect.plugged_reader", "collect.whole_files", "collect.workbook"),
    *("catalog.works", "lxml"),
}
_OF_OTHER_RECIPES = {
    *("extract", "language.model", "quality.signals", "dedupe.near_duplicates", "privacy.speakers"),
    *("pipeline.default_recipe", "engine.local", "engine.ray_tasks"),
    "iso639",  # of rarer languages
}
_OF_OTHER_RELEASES = {
    *("release.diff", "release.lapses", "release.minisign_keys", "release.release_index"),
    *("release.returned", "release.tombstones", "release.twins", "release.withdrawn_in_run"),
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, small_recipe: SmallRecipe, small_source: SmallSource) -> set[str]:
    """The modules that are loaded once two lines of JSON were redacted and released, by the command line."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "in").mkdir()
    rows = [{"id": str(n), "text": f"La barca número {n} salió del puerto antes del alba."} for n in range(2)]
    (folder / "in" / "cuentos.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "fuente.toml").write_text(small_source())
    (folder / "todos.toml").write_text(small_recipe("redact", release=""))
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", _RUN]
    done = subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True, text=True)
    assert list((folder / "out" / "store" / "releases" / "prueba").glob("*/manifest.json"))
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("idle", [_OF_OTHER_FILES, _OF_OTHER_RECIPES, _OF_OTHER_RELEASES])
def test_what_a_run_doesnt_use_isnt_loaded(loaded: set[str], idle: set[str]) -> None:
    """These are what the run of every recipe loaded, or a look at its files."""
    assert idle & loaded == set()


def test_modules_that_wait_are_there() -> None:
    """A module that was renamed would wait for ever."""
    package = Path(latam_corpus.__file__).parent
    for name in (_OF_OTHER_FILES | _OF_OTHER_RECIPES | _OF_OTHER_RELEASES) - {"lxml", "iso639"}:
        path = package.joinpath(*name.split("."))
        assert path.is_dir() or path.with_suffix(".py").is_file(), name
