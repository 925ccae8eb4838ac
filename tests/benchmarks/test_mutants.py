"""The mutator changes what a test can see, each change once, and leaves alone what only a reader sees."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import pytest

# By name: the packages are `tests.benchmarks…` to Python and `benchmarks…` to the type checker.
bench: Any = importlib.import_module("tests.benchmarks.mutants.bench")
mutate: Any = importlib.import_module("tests.benchmarks.mutants.mutate")


def _changes(source: str) -> list[str]:
    return [mutant.change for mutant in mutate.mutants_of("a.py", source.encode())]


@pytest.mark.parametrize(
    ("source", "changes"),
    [
        ("x = n < 2", ["n < 2 → n <= 2", "2 → 1", "2 → 3"]),
        ("x = a and not b", ["a and (not b) → a", "a and (not b) → not b", "not b → b"]),
        ("if a == b:\n    f()", ["a == b → False", "a == b → True", "f() → pass"]),
        ("x = 1 if a else b", ["1 → 0", "1 → 2", "a → False", "a → True"]),
        ("x = [n for n in s if n]", ["n → False", "n → True"]),
        ("x = max(a + b, key=f)",
         ["max(a + b, key=f) → max(a + b)", "max(a + b, key=f) → min(a + b, key=f)", "a + b → a - b"]),
        ("x = {'InC': 'unknown'}", ["'InC' → 'InC~'", "'unknown' → 'unknown~'"]),
        ("x = [a, b]", ["[a, b] → [a]", "[a, b] → [b]"]),
        ("x = True", ["True → False"]),
        ("x = .8", ["0.8 → 0.6000000000000001", "0.8 → 1.0"]),
        ("raise KeyError('no ' + name)", ["raise KeyError('no ' + name) → pass"]),
        ("x.y = z.lower()", ["x.y = z.lower() → pass", "z.lower() → z"]),
        ("x = r'[0-9]{3}|k?'",
         [f"'[0-9]{{3}}|k?' → '{new}'" for new in ("[0-9]{2}|k?", "[0-9]{3}|k", "[0-9]{4}|k?")]),
    ],
)  # fmt: skip
def test_a_change_is_small_and_each_is_made_once(source: str, changes: list[str]) -> None:
    """Bounds by one, conditions by their answers, words and table rows, calls left out, patterns by a part."""
    assert _changes(source) == changes


@pytest.mark.parametrize(
    "source",
    [
        '"""Módulo."""', "import re", "def f(a: int) -> str:\n    'Uno.'\n    return a", "@cache(8)\ndef f(): pass",
        "if TYPE_CHECKING:\n    x = 1", "x = f'{n + 1} no'", "x: Final[int]", "a, b = c",
    ],
)  # fmt: skip
def test_what_only_a_reader_sees_is_left_alone(source: str) -> None:
    """Docstrings, annotations, decorators, formatted words and imports aren't changed."""
    assert _changes(source) == []


def test_a_mutant_is_the_source_with_its_change_alone() -> None:
    """Bytes outside the change are the same, including preceding lines and line numbers."""
    source = "x = 'ñandú'  # uno\n\ny = n < 2  # dos\n".encode()
    mutant = next(mutant for mutant in mutate.mutants_of("a.py", source) if mutant.change == "n < 2 → n <= 2")
    assert (mutant.line, mutant.source) == (3, "y = n < 2  # dos")
    assert mutant.applied(source).decode() == "x = 'ñandú'  # uno\n\ny = (n <= 2)  # dos\n"


def test_every_room_and_every_equivalent_change_is_there() -> None:
    """A moved file, a renamed test or a rewritten line makes this test fail."""
    results = set()
    for room in bench.rooms():
        for path in (room.file, *room.tests):
            assert Path(bench.ROOT, path).is_file(), path
        for path, _, name in (test.partition("::") for test in room.slow):
            assert path in room.tests
            assert f"\ndef {name}(" in Path(bench.ROOT, path).read_text(encoding="utf-8"), name
        mutants = room.mutants()
        assert mutants, room.name
        results |= {(mutant.file, mutant.source, mutant.change) for mutant in mutants}
    assert set(bench.equivalents()) - results == set()
    assert all(len(why) > 20 for why in bench.equivalents().values())


@pytest.mark.slow
@pytest.mark.skipif("LATAM_CORPUS_GATE" not in os.environ, reason="it begins many processes: `make gate`")
def test_a_change_that_the_tests_see_is_told_from_one_that_they_do_not() -> None:
    """A use that is no longer withheld is detected; a tier that is lowered to itself isn't."""
    room = next(room for room in bench.rooms() if room.name == "terms")
    equivalents = bench.equivalents()
    mutants = room.mutants()
    unseen = next(mutant for mutant in mutants if (mutant.file, mutant.source, mutant.change) in equivalents)
    seen = next(mutant for mutant in mutants if mutant.change == "use not in refused_uses → True")
    codes, cpu = bench._run(room, [unseen, seen], 1)  # noqa: SLF001
    assert (codes, cpu > 0) == ({0: 0, 1: 1}, True)
