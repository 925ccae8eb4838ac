"""The wheel and the source archive are whole, and the wheel works outside the checkout."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from latam_corpus import __version__

_ROOT = Path(__file__).parents[2]
_INFO = f"latam_corpus-{__version__}.dist-info"
# Packages that the corpus project asks for; fasttext's maintained distribution is `fasttext-community`.
_REQUIRED = {"datatrove", "fasttext-community", "datasketch", "trafilatura", "polars", "pyarrow", "ftfy", "typer"}
# Files that tools write into folders of the checkout.
_WRITTEN = {"__pycache__", ".pytest_cache", ".mypy_cache"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel and the source archive, built without a network."""
    folder = tmp_path_factory.mktemp("dist")
    _build(_ROOT, folder)
    [wheel], [source] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, source


def _build(root: Path, folder: Path, *options: str) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder), *options]
    subprocess.run(command, cwd=root, check=True, capture_output=True, timeout=120)


def _names(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_has_the_package_its_data_and_nothing_else(built: tuple[Path, Path]) -> None:
    """It has policies, recipes, sentences, the mark of types and the bill of materials; it has no tests."""
    expected = {
        f"latam_corpus/{path.relative_to(base)}"
        for folder, base in (("latam_corpus", _ROOT / "latam_corpus"), ("filters", _ROOT), ("pipelines", _ROOT))
        for path in (_ROOT / folder).rglob("*")
        if path.is_file() and not _WRITTEN & set(path.parts)
    }
    names = _names(built[0])
    assert {name for name in names if not name.startswith(_INFO)} == expected
    assert {
        "latam_corpus/py.typed",
        "latam_corpus/filters/languages/spa.toml",
        "latam_corpus/pipelines/literature.toml",
        "latam_corpus/locale/pt/LC_MESSAGES/latam_corpus.mo",
        f"{_INFO}/sboms/sbom.cdx.json",
        f"{_INFO}/licenses/LICENSE",
        f"{_INFO}/licenses/NOTICE",
    } <= names


def test_the_source_archive_builds_the_same_wheel(built: tuple[Path, Path], tmp_path: Path) -> None:
    """A wheel built from the source archive has the same bytes, and the archive can test itself."""
    wheel, source = built
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path, filter="data")
    [root] = tmp_path.iterdir()
    assert {"Makefile", "constraints.txt", "sbom.cdx.json", "tests", "docs", "CITATION.cff"} <= {
        path.name for path in root.iterdir()
    }
    _build(root, tmp_path / "dist", "--target", "wheel")
    [again] = (tmp_path / "dist").glob("*.whl")
    assert again.read_bytes() == wheel.read_bytes()


@pytest.mark.slow
def test_the_wheel_runs_outside_the_checkout(built: tuple[Path, Path], tmp_path: Path) -> None:
    """Installed without a network, it uses its own data; `make gate` runs the demo, which compiles for a minute."""
    venv.create(tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--disable-pip-version-check", built[0]], check=True, timeout=120)
    [site] = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    # Dependencies are those of this environment. Its own link to the checkout isn't followed from here.
    (site / "dependencies.pth").write_text("\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}))
    outside = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}

    def call(*command: str | Path) -> str:
        done = subprocess.run(command, cwd=tmp_path, env=outside, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    program = tmp_path / "venv" / "bin" / "latam-corpus"
    assert call(program, "--version").strip().endswith(__version__)
    where = "import latam_corpus.paths as p; print(p.data_folder('filters'), p.data_folder('pipelines'))"
    assert call(python, "-c", where).split() == [str(site / "latam_corpus" / name) for name in ("filters", "pipelines")]
    assert "literature" in call(program, "list", "recipes")
    if "LATAM_CORPUS_GATE" in os.environ:
        totals = json.loads(call(program, "demo", "--json"))["totals"]
        assert totals["released"] == totals["pulled"] > 0


def test_the_required_packages_are_dependencies_and_in_use() -> None:
    """Each is imported by the library, and installed with it."""
    text = (_ROOT / "pyproject.toml").read_text(encoding="utf-8")
    stated = {re.split(r"[^\w-]", load)[0] for load in tomllib.loads(text)["project"]["dependencies"]}
    assert stated >= _REQUIRED
    code = "\n".join(path.read_text(encoding="utf-8") for path in (_ROOT / "latam_corpus").rglob("*.py"))
    modules = {name.partition("-")[0] for name in _REQUIRED}
    assert {name for name in modules if not re.search(rf"^\s*(from|import) {name}\b", code, re.MULTILINE)} == set()


def test_the_bill_of_materials_is_that_of_the_dependencies() -> None:
    """`make sbom` wrote it after the last change of a dependency or of the version."""
    # By name: the package is `tests.package` to Python and `package` to the type checker.
    sbom = importlib.import_module("tests.package.sbom")
    assert sbom.FILE.read_text(encoding="utf-8") == sbom.cyclonedx()
