"""The log of a librarian's first day, in each language, is the output of the commands."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# By name: the module is `tests.desk.first_day` to Python and `desk.first_day` to the type checker.
_DAY: Any = importlib.import_module("tests.desk.first_day")


@pytest.mark.slow
@pytest.mark.parametrize("language", _DAY.LANGUAGES)
def test_the_log_is_what_the_commands_print(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    """Questions, advice, errors and results of twenty-two commands; `python -m tests.desk.first_day` writes the log."""
    monkeypatch.chdir(tmp_path)
    assert _DAY.log(language, _DAY.printed) == _DAY.stored(language).read_text(encoding="utf-8")
