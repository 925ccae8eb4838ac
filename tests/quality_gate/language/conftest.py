"""Shared fixtures of the gates of language identification."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from latam_corpus.codes import groups
from latam_corpus.language.judge import judge
from latam_corpus.language.model import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from latam_corpus.language.model import LanguageModel


@pytest.fixture(scope="session")
def named() -> Callable[..., list[str]]:
    """Return a function that identifies the language or group of texts, by the shipped model or another."""

    def name(texts: Sequence[str], model: LanguageModel | None = None) -> list[str]:
        of = groups().of
        return [of.get(result.code, result.code) for result in judge(model or load(), texts)]

    return name


@pytest.fixture(scope="module")
def bench() -> Iterator[Callable[[str], Any]]:
    """Modules of the language benchmark, by name: the gate looks at the same texts."""
    # Tests are no package, so that a type checker would know these files by two names.
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).resolve().parents[3]))
        yield lambda name: importlib.import_module(f"tests.benchmarks.language.{name}")
