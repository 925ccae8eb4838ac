"""`latam-corpus plugin new`, and the kit that tests the packages that it writes."""

from __future__ import annotations

import importlib
import itertools
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import polars as pl
import pytest

import latam_corpus as lc
from latam_corpus.extract.document import Extracted
from latam_corpus.testing import check_extractor, check_reader, check_signal, check_stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from conftest import CommandLine


@pytest.mark.parametrize("kind", ["stage", "signal", "extractor", "reader"])
def test_the_written_package_keeps_the_contract(
    tmp_path: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Its test passes, its entry point names an existing object, and its code passes our checks."""
    name = f"prueba{kind}"
    ended = command_line("plugin", "new", kind, name, "--to", tmp_path / "paquete", "--json")
    assert (ended.code, len(ended.json["files"])) == (0, 3)
    project = tomllib.loads((tmp_path / "paquete" / "pyproject.toml").read_text())["project"]
    [(group, entries)] = project["entry-points"].items()
    assert group == f"latam_corpus.{kind}s"
    module, _, attribute = entries[name].partition(":")
    monkeypatch.syspath_prepend(tmp_path / "paquete")
    assert hasattr(importlib.import_module(module), attribute)
    test = tmp_path / "paquete" / "tests" / f"test_{name}.py"
    monkeypatch.syspath_prepend(test.parent)
    importlib.import_module(test.stem).test_it_keeps_the_contract()
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E,F,W,I,D1,B", "--line-length", "120"]
    checked = subprocess.run([*ruff, tmp_path / "paquete"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("kind", "name", "problem"),
    [
        ("estage", "x", "¿quiso escribir «stage»?"),
        ("stage", "Mi-Etapa", "no es un nombre válido"),
        ("reader", "con_raya", "no es un nombre válido"),
        ("stage", "filter", "el nombre ya está en uso"),
        ("signal", "word_count", "el nombre ya está en uso"),
        ("extractor", "pdf", "el nombre ya está en uso"),
        ("stage", "../../x", "no es un nombre válido"),
    ],
)
def test_invalid_names_are_refused(
    tmp_path: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch, kind: str, name: str, problem: str
) -> None:
    """No file is written, and an existing folder isn't overwritten."""
    monkeypatch.chdir(tmp_path)
    ended = command_line("plugin", "new", kind, name, "--lang", "es")
    assert (ended.code, problem in ended.err) == (2, True), ended.err
    assert not list(tmp_path.iterdir())
    ended = command_line("plugin", "new", "stage", "otra", "--to", tmp_path, "--lang", "es")
    assert (ended.code, "la carpeta ya existe" in ended.err) == (2, True)


@dataclass(frozen=True)
class _Broken(lc.Stage):
    """A stage that breaks its contract in one way."""

    how: str = ""
    name: ClassVar[str] = "broken"
    needs: ClassVar[frozenset[str]] = frozenset({"text"})
    gives: ClassVar[frozenset[str]] = frozenset({"text"})
    count: ClassVar[Iterator[int]] = itertools.count()

    def __call__(self, batch: lc.Batch) -> lc.Batch:
        """Return a batch that breaks the contract."""
        frame = batch.frame
        if self.how == "loses":
            return lc.Batch(frame.filter(pl.col("text").str.len_chars() > 0))
        if self.how == "remembers":
            return batch.with_columns({"text": pl.lit(f"{next(self.count)}")})
        if self.how == "looks beside":
            return batch.with_columns({"text": pl.col("text").shift().fill_null("")})
        if self.how == "breaks":
            return batch.with_columns({"text": pl.Series([text[0] for text in frame["text"]])})
        return batch.with_columns({"text": pl.col("text").str.to_uppercase()})


@dataclass(frozen=True)
class _Closure(_Broken):
    """A stage that holds what no worker can be sent."""

    inner: Any = None


@pytest.mark.parametrize(
    ("stage", "problem"),
    [
        (_Broken("loses"), "broken"),
        (_Broken("remembers"), "returns something else the second time"),
        (_Broken("looks beside"), "if other rows are in the batch"),
        (_Broken("breaks"), "IndexError"),
        (_Closure(inner=lambda: 0), "can't be pickled"),
    ],
)
def test_the_kit_sees_a_stage_that_breaks_its_contract(stage: lc.Stage, problem: str) -> None:
    """Losing rows, memory, a look at the neighbours, an odd text, and what can't be sent to a worker."""
    check_stage(_Broken())
    with pytest.raises(AssertionError, match=problem):
        check_stage(stage)


def _share(reading: Any) -> Any:
    return reading.words.word_count / max(1, reading.words.word_count.sum())


def _one(reading: Any) -> Any:
    return np.ones(1) * len(reading)


def test_the_kit_detects_invalid_signals() -> None:
    """It detects a signal that depends on other documents, returns one number for all, or can't be pickled."""
    check_signal(lc.signal("words_twice")(_words))
    for function, problem in ((_share, "if others are in the batch"), (_one, "one number each")):
        with pytest.raises(AssertionError, match=problem):
            check_signal(lc.signal("broken")(function))
    with pytest.raises(AssertionError, match="workers can't import it"):
        check_signal(lc.signal("broken")(lambda reading: 2.0 * reading.words.word_count))


def _words(reading: Any) -> Any:
    return 2 * reading.words.word_count


def _nameless(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    del parameters
    return Extracted(raw.decode(), "")


def _as_text(raw: bytes, parameters: Mapping[str, str]) -> str:
    del parameters
    return raw.decode()


def _tuples(stream: BinaryIO) -> Iterator[tuple[bytes]]:
    yield from ((line,) for line in stream)


def test_the_kit_sees_extractors_and_readers_that_give_something_else() -> None:
    """A text without its extractor's name, a text alone, tuples, and a reader that finds nothing."""
    for extractor, problem in ((_nameless, "name and version"), (_as_text, "instead of `Extracted`")):
        with pytest.raises(AssertionError, match=problem):
            check_extractor(extractor, b"Hola.")  # type: ignore[arg-type]
    for reader, problem in ((_tuples, "instead of a dict"), (lambda _stream: [], "finds no record")):
        with pytest.raises(AssertionError, match=problem):
            check_reader(reader, b"a\nb\n")  # type: ignore[arg-type]
