"""Kernels in plain Python, as they run on small inputs, give the results of the compiled ones."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal

from latam_corpus.batch import Batch
from latam_corpus.language.classifier.vectors import products
from latam_corpus.language.classifier.vectors_kernels import multiply
from latam_corpus.pipeline.planning.registry import make_stage
from latam_corpus.pipeline.rows.conserve import apply_stage
from latam_corpus.plain_work import PlainWork
from latam_corpus.signals.shared_counts import Grams, Letters, MarkCounts
from latam_corpus.stages import Stage
from latam_corpus.text.words import WordTable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SIGNS = ("río", "Ñandú", "k'iche'", "ruk'", "2024", "niña", "l’or", "…", "ﬁn", "\n", "\n\n", "ẽ", "Ã±", "x@y.pe", "»")
_TEXT = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(_SIGNS), max_size=60).map(" ".join))
_TEXTS = st.lists(_TEXT, min_size=1, max_size=5)
_FLOATS = st.floats(-4, 4, width=32)


def _arrays(made: Any) -> list[Any]:
    return [value for value in vars(made).values() if isinstance(value, np.ndarray)]


def _both(make: Callable[[], list[Any]]) -> tuple[list[Any], list[Any]]:
    """The arrays that compiled kernels make, and those that plain Python makes."""
    created = []
    for most in (0, sys.maxsize):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(PlainWork, "most", most)
            created.append(make())
    return created[0], created[1]


@given(_TEXTS)
def test_word_tables_and_signals_are_equal(texts: list[str]) -> None:
    """Every array of the word table, of letters, marks and n-grams."""

    def make() -> list[Any]:
        words = WordTable.of(texts)
        counted = (words, Letters.of(words), MarkCounts.of(words), Grams.of(words))
        return [words.wholes, *(array for item in counted for array in _arrays(item))]

    for compiled, plain in zip(*_both(make), strict=True):
        assert_array_equal(compiled, plain)


@given(_TEXTS)
def test_languages_and_fingerprints_are_equal(texts: list[str]) -> None:
    """Each column of the stages."""
    stages = [make_stage(name, {}, "prueba") for name in ("identify", "fingerprint")]

    def make() -> list[Any]:
        batch = Batch(pl.DataFrame({"doc_id": [f"{n:032x}" for n in range(len(texts))], "text": texts}))
        for stage in stages:
            assert isinstance(stage, Stage)
            batch = apply_stage(stage, batch)
        return [batch.frame]

    for compiled, plain in zip(*_both(make), strict=True):
        assert compiled.equals(plain)


@given(arrays(np.float32, (6, 5), elements=_FLOATS), arrays(np.float32, (5, 7), elements=_FLOATS))
def test_products_of_few_lines_are_those_of_many(
    lines: np.ndarray[Any, np.dtype[np.float32]], across: np.ndarray[Any, np.dtype[np.float32]]
) -> None:
    """NumPy adds in the order of the compiled product, to the last bit."""
    out = np.zeros((6, 7), np.float32)
    multiply.compiled(lines, across, out)
    assert_array_equal(products(lines, across), out)


def test_a_stage_on_one_line_does_not_load_numba(tmp_path: Path) -> None:
    """Loading it takes longer than all other work; neither is anything compiled or announced."""
    (tmp_path / "uno.jsonl").write_text('{"text": "La barca salió del puerto antes del alba."}\n')
    script = (
        "import atexit, sys\n"
        "from latam_corpus.__main__ import main\n"
        "atexit.register(lambda: print('numba' in sys.modules))\n"
        "main()\n"
    )
    command = [sys.executable, "-c", script, "stage", "identify", "uno.jsonl", "dos.jsonl"]
    environment = os.environ | {"LATAM_CORPUS_CACHE": str(tmp_path / "cache")}
    environment.pop("NUMBA_CACHE_DIR", None)  # of this process
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.endswith("False\n"), done.stderr
    assert "compiling" not in done.stderr
    assert '"spa' in (tmp_path / "dos.jsonl").read_text()
