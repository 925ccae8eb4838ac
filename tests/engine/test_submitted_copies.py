"""A queued run uses its inputs as they were submitted, whatever is edited before it starts."""

from __future__ import annotations

import json
import os
import shutil
import stat
from typing import TYPE_CHECKING

import polars as pl
import pytest

from latam_corpus.config.toml_model import read_copies
from latam_corpus.paths import data_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import CommandLine, SmallRecipe, SmallSource

    Words = tuple[str | Path, ...]

_LISTED = '[consent]\nthird_persons = "nombres.txt"\n'
_MAIL = "rosa.vera@correo.example"
_TEXT = f"La barca salió del puerto antes del alba, y quien la busque escriba a Rosa Vera, {_MAIL}, o pregunte allí."


@pytest.fixture
def submitted(
    tmp_path: Path,
    small_recipe: SmallRecipe,
    small_source: SmallSource,
    command_line: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Words]:
    """A run that a Slurm cluster without nodes has accepted, with a folder of policies and a list of inputs."""
    for name in ("sbatch", "squeue", "scancel", "sinfo"):
        (tmp_path / name).write_text("#!/bin/sh\necho 7\n" if name == "sbatch" else "#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (tmp_path / "in").mkdir()
    shutil.copytree(data_folder("filters"), tmp_path / "filtros")
    (tmp_path / "in" / "a.jsonl").write_text(json.dumps({"id": "1", "text": _TEXT}) + "\n")
    (tmp_path / "nombres.txt").write_text("Rosa Vera\n")
    (tmp_path / "fuente.toml").write_text(small_source(f'files = ["*.jsonl"]\n{_LISTED}'))
    (tmp_path / "lugares.toml").write_text('fuente = "in"\n')
    stages = [f'{name} policies = "{tmp_path}/filtros"' for name in ("redact", "filter", "dedupe")]
    (tmp_path / "receta.toml").write_text(small_recipe("identify", *stages))
    (tmp_path / "sitio.toml").write_text(
        f'[slurm]\nshared = ["{tmp_path}"]\nworkers = 2\ntime = "04:00:00"\nmemory_gb = 4\n'
    )
    words = ("run", tmp_path / "receta.toml", "--inputs", tmp_path / "lugares.toml", "--out", tmp_path / "out")
    result = command_line(*words, "--engine", "slurm", "--site", tmp_path / "sitio.toml")
    assert result.code == 0, result.err
    yield words
    read_copies({})


def _begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make this process the job that leads the run."""
    [folder] = (tmp_path / "out" / "slurm").iterdir()
    monkeypatch.setenv("LATAM_CORPUS_JOBS", str(folder))
    return folder


def test_a_job_reads_the_files_that_were_submitted(
    submitted: Words,
    tmp_path: Path,
    small_recipe: SmallRecipe,
    small_source: SmallSource,
    command_line: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Copies are read of the recipe, source, policies and list of inputs; the input is current."""
    (tmp_path / "receta.toml").write_text(small_recipe("identify"))
    (tmp_path / "fuente.toml").write_text(small_source('files = ["*.txt"]'))
    (tmp_path / "lugares.toml").unlink()
    for policy in (tmp_path / "filtros").rglob("*.toml"):
        policy.write_text("no es TOML")
    (tmp_path / "in" / "b.jsonl").write_text(json.dumps({"id": "2", "text": _TEXT.replace("alba", "mediodía")}) + "\n")
    folder = _begin(tmp_path, monkeypatch)
    result = command_line(*submitted, "--no-report", "--json")
    assert result.code == 0, result.err
    files = [
        *(tmp_path / "out" / "runs").rglob("kept/*.parquet"),
        *(tmp_path / "out" / "runs").rglob("dropped/*.parquet"),
    ]
    texts = [text for file in files for text in pl.read_parquet(file)["text"]]
    assert (len(texts), [text for text in texts if _MAIL in text or "Rosa Vera" in text]) == (2, [])
    assert stat.S_IMODE((folder / "submitted.json").stat().st_mode) == 0o600


def test_a_job_refuses_what_no_copy_holds(
    submitted: Words, tmp_path: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed list of names is refused, since only its digest is stored."""
    (tmp_path / "nombres.txt").write_text("Otra Persona\n")
    _begin(tmp_path, monkeypatch)
    result = command_line(*submitted)
    assert (result.code, "changed since the run was submitted" in result.err) == (2, True), result.err
    assert "stage redact" in result.err
    assert not (tmp_path / "out" / "runs").exists()


@pytest.mark.parametrize("is_removed", [True, False])
def test_a_job_refuses_a_policy_that_was_added_or_removed(
    submitted: Words, tmp_path: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch, is_removed: bool
) -> None:
    """Added and removed files have no copy, also bounds of `dedupe`."""
    lyrics = tmp_path / "filtros" / "dedupe" / "lyrics.toml"
    if is_removed:
        lyrics.unlink()
    else:
        lyrics.with_name("legal.toml").write_text('genres = ["legal"]\nreviewed_by = []\n[bounds]\nshare = 1\n')
    _begin(tmp_path, monkeypatch)
    result = command_line(*submitted)
    assert (result.code, "changed since the run was submitted" in result.err) == (2, True), result.err
    assert "stage dedupe" in result.err


@pytest.mark.usefixtures("submitted")
def test_retry_names_files_that_it_does_not_use(
    tmp_path: Path, small_recipe: SmallRecipe, command_line: CommandLine
) -> None:
    """An edited recipe isn't used by a retry, but the site file is."""
    [folder] = (tmp_path / "out" / "slurm").iterdir()
    (folder / "code").write_text("1\n")
    (tmp_path / "receta.toml").write_text(small_recipe("identify"))
    site = tmp_path / "sitio.toml"
    site.write_text(site.read_text().replace("memory_gb = 4", "memory_gb = 5"))
    result = command_line("runs", "retry", folder.name, "--out", tmp_path / "out")
    assert result.code == 0, result.err
    assert "not used" in result.err
    assert "receta.toml" in result.err
    assert "sitio.toml" not in result.err
    assert "memory_gb = 5" in json.loads((folder / "submitted.json").read_text())["files"][str(site)]
