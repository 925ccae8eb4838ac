"""Fixtures that several test files use."""

from __future__ import annotations

import gc
import hashlib
import importlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from unittest.mock import patch

import fsspec

# Frames of tests have few rows: several threads mostly wait for each other. Commands in processes of their own have a
# thread per core, and so has the gate, which sets the variable.
with patch.dict(os.environ, {"POLARS_MAX_THREADS": os.environ.get("POLARS_MAX_THREADS", "1")}):
    import polars as pl
import pytest
from _pytest.doctest import DoctestModule
from hypothesis import HealthCheck, settings

from latam_corpus import schema
from latam_corpus.pipeline.execution.barriers import REPLACED
from latam_corpus.pipeline.stored_runs.run_record import (
    DIGESTS_FILE,
    FORMAT,
    KINDS,
    REPLACED_FILE,
    RUN_FILE,
    read_record,
)
from latam_corpus.storage.durable import digest_of, sealed
from latam_corpus.storage.locks import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator


# `make gate` draws other examples than `make test`, ten times as many; what needs more or fewer says so by a factor.
# However busy the machine is: an example that takes long is no failure.
settings.register_profile(
    "gate",
    settings.get_profile("default"),
    max_examples=1000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
# The first process that compiles writes a note on standard error. Which one is first depends on the caches.
os.environ["LATAM_CORPUS_COMPILING"] = "1"

SEEN = datetime(2024, 5, 1, 12, tzinfo=UTC)

collect_ignore = ["benchmarks/documents/reportlab_pages.py"]  # a program for a Python that has ReportLab


class Document(Protocol):
    """Makes one kept document."""

    def __call__(self, number: int, **columns: Any) -> dict[str, Any]:
        """The document with this number; columns given here replace the usual ones."""


class KeptRun(Protocol):
    """Makes a finished run."""

    def __call__(self, name: str, documents: list[dict[str, Any]], parts: int = 2, **recipe: Any) -> Path:
        """The run's folder, its documents dealt out to the parts in turn."""


class SealRun(Protocol):
    """Makes what a folder holds a finished run, or what was changed of one the run's own."""

    def __call__(self, folder: Path, **values: Any) -> None:
        """The folder's record, which says these, and the digests of its files as they are now."""


@pytest.fixture(scope="session")
def seal_run() -> SealRun:
    """A maker of the records of runs."""

    def seal(folder: Path, **values: Any) -> None:
        output: dict[str, Any] = {"format": FORMAT, "id": folder.name, "finished": True, "written": "", "seconds": 1.5}
        output |= {"recipe": {"name": "r", "title": "R"}, "made_of": [], "sources": [], "parts": [], "rows": {}}
        output |= {"stages": {}, "by_genre": [], "losses": []}
        output |= read_record(folder).values if (folder / RUN_FILE).exists() else {}
        paths = [path for name in (*KINDS, "filters", REPLACED_FILE) for path in _below(folder / name)]
        (folder / DIGESTS_FILE).write_bytes(sealed({str(path.relative_to(folder)): digest_of(path) for path in paths}))
        (folder / RUN_FILE).write_bytes(sealed(output | values))

    return seal


def _below(path: Path) -> list[Path]:
    return [path] if path.is_file() else [item for item in path.rglob("*") if item.is_file()]


@pytest.fixture
def document() -> Document:
    """A maker of documents that differ in their number alone."""

    def make(number: int, **columns: Any) -> dict[str, Any]:
        usual = {
            "doc_id": hashlib.sha256(f"documento {number}".encode()).hexdigest()[:32],
            "text": f"La barca número {number} salió del puerto antes del alba.\nVolvió con la red vacía.",
            "language": "spa_Latn",
            "genre": "literature",
            "composition": "original",
            "country": "CL",
            "source_id": "cuentos-del-puerto",
            "rights": "CC0-1.0",
            "rights_tier": "open",
            "basis": "licence",
            "uses": ["train", "redistribute"],
            "obtained": SEEN,
            "origin": {"file": "cuentos.txt", "member": str(number), "offset": None, "digest": None},
        }
        return usual | columns

    return make


@pytest.fixture
def kept_run(tmp_path: Path, seal_run: SealRun) -> KeptRun:
    """A maker of finished run folders."""

    def make(name: str, documents: list[dict[str, Any]], parts: int = 2, **recipe: Any) -> Path:
        folder = tmp_path / "out" / "runs" / name
        (folder / "kept").mkdir(parents=True)
        for part in range(parts):
            rows = pl.DataFrame(documents[part::parts], infer_schema_length=None)
            frame = (
                schema.conform(rows, schema.DOCUMENT_SCHEMA)
                if rows.height
                else pl.DataFrame(schema=schema.DOCUMENT_SCHEMA)
            )
            frame.write_parquet(folder / "kept" / f"parte-{part:05d}.parquet")
        source = {
            "id": "cuentos-del-puerto",
            "title": "Cuentos del puerto",
            "holder": "Biblioteca del Puerto",
            "homepage": "https://puerto.example/cuentos",
        }
        pl.DataFrame(schema=REPLACED).write_parquet(folder / REPLACED_FILE)
        worked = {"source": source["id"], "files": [], "bytes": 0, "outputs": ["0" * 32], "failed": None}
        n = len(documents)
        seal_run(
            folder,
            written=SEEN.isoformat(),
            recipe={"name": "cuentos", "title": "Cuentos"} | recipe,
            sources=[source],
            parts=[{"name": f"parte-{part:05d}", **worked} for part in range(parts)],
            rows={"in": n, "kept": n, "set_aside": 0},
        )
        return folder

    return make


class MadeOnce(Protocol):
    """Makes a folder that several tests use."""

    def __call__(self, name: str, make: Callable[[Path], object], to: Path | None = None) -> Path:
        """The folder of this name, which `make` fills for the first test alone; its copy `to`, for a test's changes."""


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """A maker of folders that all tests have in common, those of other worker processes too."""
    base = tmp_path_factory.getbasetemp()
    root = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "made-once"

    def folder(name: str, make: Callable[[Path], object], to: Path | None = None) -> Path:
        created, finished = root / name, root / f"{name}.finished"
        root.mkdir(exist_ok=True)
        with locked(root, f"{name}.lock", wait=True):
            if not finished.exists():
                shutil.rmtree(created, ignore_errors=True)
                make(created)
                finished.touch()
        return shutil.copytree(created, to) if to else created

    return folder


@pytest.fixture(scope="session")
def demo_out(made_once: MadeOnce) -> Path:
    """The folder that `latam-corpus demo` has kept, with its screen in `screen.txt`; tests only read it."""

    def make(folder: Path) -> None:
        command = [sys.executable, "-m", "latam_corpus", "demo", "--out", str(folder), "--lang", "en"]
        done = subprocess.run(command, check=True, capture_output=True)
        (folder / "screen.txt").write_bytes(done.stdout)

    return made_once("demo", make)


@pytest.fixture(scope="session", autouse=True)
def unflushed() -> Iterator[None]:
    """Don't wait for the disk: a run asks for it 150 times, and no test cuts the power."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: None)
        yield


@pytest.fixture(autouse=True)
def speaking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the language to English, whatever the machine's language or that of an earlier command."""
    monkeypatch.setenv("LANGUAGE", "en")
    spoken = sys.modules.get("latam_corpus.cli.interface.ui_language")
    if spoken:
        spoken.speak("")


class SmallRecipe(Protocol):
    """Makes a recipe in TOML."""

    def __call__(
        self, *stages: str, source: str = "fuente.toml", genre: str = "literature", release: str | None = None
    ) -> str:
        """The recipe with these stages, a key each with its options after a space, and these lines in `[release]`."""


@pytest.fixture(scope="session")
def small_recipe() -> SmallRecipe:
    """Return a maker of recipes with one source; `release=""` releases open documents for training."""

    def make(*stages: str, source: str = "fuente.toml", genre: str = "literature", release: str | None = None) -> str:
        lines = ['title = "Prueba"', f'genre = "{genre}"', f"sources = [{json.dumps(source)}]"]
        for stage in stages:
            key, _, options = stage.partition(" ")
            lines += ["[[stage]]", f'use = "{key}"', options]
        if release is not None:
            lines += ["[release]", 'name = "prueba"', 'admit = ["open"]', 'uses = ["train"]', release]
        return "\n".join(lines) + "\n"

    return make


class SmallSource(Protocol):
    """Makes a source file in TOML."""

    def __call__(self, collect: str = "") -> str:
        """The source `fuente`, free for training, with these lines in `[collect]`."""


@pytest.fixture(scope="session")
def small_source() -> SmallSource:
    """A maker of the source that small recipes name."""

    def make(collect: str = "") -> str:
        about = 'id = "fuente"\ntitle = "Cuentos de prueba"\nholder = "Nadie"\nlanguages = ["spa"]\n'
        rights = '[rights]\nstatement = "CC0-1.0"\nbasis = "licence"\nuses = ["train"]\n'
        return f"{about}{rights}[collect]\n{collect}\n"

    return make


class Told(NamedTuple):
    """The output of a command, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which was JSON."""
        return json.loads(self.out)


class CommandLine(Protocol):
    """Runs the command line as its users do."""

    def __call__(self, *arguments: str | Path) -> Told:
        """Return the result of the command with these arguments."""


@pytest.fixture
def command_line(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """Run `latam-corpus` in this process: an exception other than an exit fails the test, as a traceback would."""
    from latam_corpus.__main__ import main  # all rooms: tests of one of them don't wait for it

    return _in_this_process("latam-corpus", main, monkeypatch, capfd)


@pytest.fixture
def benchmark_line(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """`python -m tests.benchmarks` in this process."""
    # By name: the package is `tests.benchmarks` to Python and `benchmarks` to the type checker.
    main = importlib.import_module("tests.benchmarks.__main__").main
    return _in_this_process("benchmarks", main, monkeypatch, capfd)


def _in_this_process(
    program: str, main: Callable[[], int | None], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    def call(*arguments: str | Path) -> Told:
        monkeypatch.setattr(sys, "argv", [program, *map(str, arguments)])
        capfd.readouterr()
        code: Any
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LANGUAGE", os.environ.get("LANGUAGE", ""))  # a command sets it for its own process
            try:
                code = main() or 0
            except SystemExit as ended:
                code = ended.code or 0
        result = capfd.readouterr()
        return Told(int(code), result.out, result.err)

    return call


@pytest.fixture
def command_process() -> CommandLine:
    """`latam-corpus` in a process of its own, as its users run it; no run may show a traceback."""

    def call(*arguments: str | Path) -> Told:
        command = [sys.executable, "-m", "latam_corpus", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        assert "Traceback" not in done.stderr, done.stderr
        return Told(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def site() -> Iterator[Any]:
    """A running website without pages, on loopback."""
    # By name: the package is `tests.benchmarks` to Python and `benchmarks` to the type checker.
    with importlib.import_module("tests.benchmarks.crawl.website").Website() as running:
        yield running


@pytest.fixture(scope="session")
def _object_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of moto's S3, which keeps its objects in memory."""
    pytest.importorskip("s3fs")
    pytest.importorskip("moto")
    log = tmp_path_factory.mktemp("moto") / "log"
    # The server takes a free port itself: one that was chosen here could be another process's by then.
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with log.open("wb") as caught, subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=caught) as server:
        while not (listening := re.search(r"Running on (http://127\.0\.0\.1:\d+)", log.read_text())):
            assert server.poll() is None, log.read_text()
            time.sleep(0.05)
        yield listening[1]
        server.terminate()


@pytest.fixture
def object_store(_object_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of a new bucket in an object store that runs next to the tests."""
    for name, value in {
        "AWS_ENDPOINT_URL": _object_server, "AWS_ACCESS_KEY_ID": "uno", "AWS_SECRET_ACCESS_KEY": "dos",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    bucket = f"biblioteca-{secrets.token_hex(4)}"
    fsspec.filesystem("s3").mkdir(bucket)
    return f"s3://{bucket}"


FIGURES = pytest.StashKey[dict[str, float]]()


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> dict[str, float]:
    """Collect the figures of gates by name; `make gate` stores them as dated JSON."""
    return request.config.stash.setdefault(FIGURES, {})


class _FilesWithDoctests:
    """Has doctests searched for only in files that have some, which two in three have not."""

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(self, file_path: Path) -> Generator[None, list[Any], list[Any]]:
        """Return the collectors of a file, without that of doctests if it has no prompt."""
        collectors = yield
        if file_path.suffix == ".py" and b">>> " not in file_path.read_bytes():
            return [collector for collector in collectors if not isinstance(collector, DoctestModule)]
        return collectors


def pytest_configure(config: pytest.Config) -> None:
    """Register what applies to the library's files, too: hooks of this file itself apply to the tests alone."""
    config.pluginmanager.register(_FilesWithDoctests())


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without searching for garbage, and keep the collected tests, a million objects, out of later searches."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run journeys in a browser first, so that no worker has them to do when the others have finished."""
    items.sort(key=lambda item: "browser" not in item.path.parts)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return two more workers than cores, because many tests wait for Slurm, slow servers or killed processes."""
    return (os.cpu_count() or 1) + 2


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the figures to the file that LATAM_CORPUS_GATE names; a gate with tests that were skipped hasn't passed."""
    named = os.environ.get("LATAM_CORPUS_GATE")
    measured = session.config.stash.get(FIGURES, {})
    if named and measured:
        facts = importlib.import_module("tests.benchmarks.machine").facts()
        measured_facts = {key: facts[key] for key in ("commit", "model")}
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        skipped = sorted({report.nodeid for report in reporter.stats.get("skipped", ())} if reporter else ())
        passed = session.testsfailed == 0 and not skipped
        measured_facts |= {
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "passed": passed,
            "skipped": skipped,
            "figures": measured,
        }
        Path(named).parent.mkdir(parents=True, exist_ok=True)
        Path(named).write_text(json.dumps(measured_facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
