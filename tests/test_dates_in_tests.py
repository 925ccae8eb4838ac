"""Tests pass in any month, year and time zone."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_TESTS = Path(__file__).parent
_CODE = _TESTS.parent / "latam_corpus"
# The years that the clock can show while the project lives; 2026 is its first.
_YEAR = r"(?<!\d)20(?:2[6-9]|[3-9]\d)(?!\d)"
_VERSION = _YEAR + r"\\?\.(?:1[0-2]|[1-9])\\?\.\d+"
_DATE = f"{_VERSION}|{_YEAR}"
_TERM = r"(?:expires|embargo_until)"
# Commands that name a version by the month of the clock, and those that only judge terms by its day.
_VERSIONING = {("run",), ("demo",), *(("release", name) for name in ("build", "withdraw", "hold", "return"))}
_JUDGING = {("check",), ("explain",), ("sample",), ("report",), ("recipe", "new"), ("sources", "check")}
_JUDGING |= {("release", "publish"), ("release", "check-lock")}
_CLOCK = {"datetime.now", "date.today", "datetime.today", "time.time", "time.time_ns"}
_ZONE = {"time.localtime", "time.mktime", "time.ctime", "time.asctime", "time.strftime", "time.tzset"}
_REMEDY = (
    "These tests use the clock and name a month or a year. Give `build` and `withdraw` a fixed time, or take the "
    "version from `Store.latest(name)`, `manifest.spec` or a command's --json. For a date that the clock doesn't give, "
    "write a year before 2026; for a term that is still to end, a year after 2099."
)


def clock_dates(code: str) -> list[tuple[int, str]]:
    """Return the line and the text of each date of its time that a function which uses the clock names.

    A function uses the clock if it asks for the time or runs a command that does, or if a fixture, a helper or a
    constant in its file does. The dates are versions, years in comparisons, and the ends of terms.
    """
    if not re.search(_YEAR, code):
        return []
    tree = ast.parse(code)
    defined: dict[str, ast.AST] = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for node in tree.body:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            defined |= {name.id: node for name in ast.walk(target) if isinstance(name, ast.Name)}
    dates: set[tuple[int, str]] = set()
    for function in defined.values():
        if not isinstance(function, ast.FunctionDef):
            continue
        reached = _reached(function, defined)
        if _read_clock(reached, _VERSIONING):
            compared = [node for node in ast.walk(function) if isinstance(node, ast.Compare)]
            dates |= {*_matches(function, _VERSION), *(date for node in compared for date in _matches(node, _DATE))}
        if _read_clock(reached, _VERSIONING | _JUDGING):
            dates |= {date for one in reached for date in _terms(one)}
    return sorted(dates)


def _reached(function: ast.AST, defined: dict[str, ast.AST]) -> list[ast.AST]:
    """Return the function, and the fixtures, helpers and constants of its file that it uses."""
    reached = [function]
    for one in reached:
        used = {node.id for node in ast.walk(one) if isinstance(node, ast.Name)}
        used |= {node.arg for node in ast.walk(one) if isinstance(node, ast.arg)}
        reached += [defined[name] for name in sorted(used & set(defined)) if defined[name] not in reached]
    return reached


def _read_clock(reached: list[ast.AST], commands: set[tuple[str, ...]]) -> bool:
    return any(_reads_clock(node, commands) for one in reached for node in ast.walk(one))


def _reads_clock(node: ast.AST, commands: set[tuple[str, ...]]) -> bool:
    if isinstance(node, ast.Call) and _called(node) in _CLOCK:
        return True
    words = node.args if isinstance(node, ast.Call) else node.elts if isinstance(node, ast.Tuple | ast.List) else []
    texts = [word.value if isinstance(word, ast.Constant) else None for word in words]
    start = texts.index("latam_corpus") + 1 if "latam_corpus" in texts else 0
    return any(tuple(texts[start : start + len(command)]) == command for command in commands)


def _called(call: ast.Call) -> str:
    return ".".join(ast.unparse(call.func).split(".")[-2:])


def _matches(within: ast.AST, pattern: str) -> Iterator[tuple[int, str]]:
    """Yield the matches of the pattern in texts and numbers."""
    for node in ast.walk(within):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | int):
            yield from ((node.lineno, match.group()) for match in re.finditer(pattern, str(node.value)))


def _terms(within: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the ends of terms: `expires=date(…)`, `{"expires": date(…)}` and, in a text, `expires = …`."""
    yield from _matches(within, rf"{_TERM}\W{{1,4}}{_YEAR}")
    for node in ast.walk(within):
        if isinstance(node, ast.keyword) and re.fullmatch(_TERM, node.arg or ""):
            yield from _matches(node.value, _YEAR)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and re.fullmatch(_TERM, str(key.value)):
                    yield from _matches(value, _YEAR)


def machine_zones(code: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each call that depends on the machine's time zone; ruff finds the other ones."""
    if not re.search(r"astimezone|time\.", code):
        return
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            without_zone = node.func.attr == "astimezone" and not (node.args or node.keywords)
            if without_zone or _called(node) in _ZONE:
                yield node.lineno, ast.unparse(node)


_CLOCK_DATES = (
    ("2026.11.0", """
def test(line):
    assert line("run", "r.toml", "--json").json["release"] == {"name": "dos", "version": "2026.11.0"}
"""),
    ("2026.12.0", """
def test(line, store):
    line("release", "build", "puerto", "a-1")
    assert "cuento" in store.read("releases", "puerto", "2026.12.0", "README.md")
"""),
    ("2027", """
RUN = ("run", "r.toml")
def test(line):
    assert "puerto@2027" in line(*RUN).out
"""),
    (r"2026\.11\.1", """
def test(store):
    withdraw(store, "puerto", "doc", "a", "x", datetime.now(UTC))
    with pytest.raises(ConfigError, match=r"2026\\.11\\.1"):
        pull("puerto", store)
"""),
    ("2026", """
def test(made):
    assert made.created.year == datetime.now(UTC).year == 2026
"""),
    ("2028", """
def rows(document):
    return [document(1) | {"expires": date(2028, 1, 1)}]
def test(line, rows):
    line("release", "hold", "puerto", "--doc", rows[0]["doc_id"])
"""),
    ("expires = 2030", """
SOURCE = "[rights]\\nexpires = 2030-01-01"
def test(tmp_path):
    (tmp_path / "a.toml").write_text(SOURCE)
    subprocess.run([sys.executable, "-m", "latam_corpus", "run", "a.toml"])
"""),
)  # fmt: skip
_OTHER_DATES = (
    """
def test(store):
    assert build("puerto", [], store, today=date(2026, 11, 25)).version == "2026.11.0"
""",
    """
def test(line, store):
    line("release", "build", "puerto", "a-1")
    assert "1999.1.0" != store.latest("puerto")
""",
    """
def test(line, document):
    line("run", "r.toml", document(expires=date(2100, 1, 1), obtained=date(2026, 5, 1)))
""",
)


@pytest.mark.parametrize(("date", "code"), _CLOCK_DATES)
def test_a_date_of_the_clock_is_found(date: str, code: str) -> None:
    """In an argument, an expected result, a pattern, a fixture or a constant."""
    assert [text for _, text in clock_dates(code)] == [date]


@pytest.mark.parametrize("code", _OTHER_DATES)
def test_other_dates_may_be_written(code: str) -> None:
    """If the test fixes the clock, or the date is past for good or far off."""
    assert clock_dates(code) == []


def test_no_test_names_a_month_or_a_year_of_the_clock() -> None:
    """It would fail as soon as the month or the year is over."""
    results = [
        f"{path.relative_to(_TESTS.parent)}:{line}: {text}"
        for path in sorted(_TESTS.rglob("*.py"))
        if path != Path(__file__)
        for line, text in clock_dates(path.read_text(encoding="utf-8"))
    ]
    assert not results, "\n".join([*results, _REMEDY])


def test_nothing_depends_on_the_time_zone_of_the_machine() -> None:
    """Neither the code nor its tests ask for it."""
    assert list(machine_zones("a.astimezone()\ntime.localtime(0)\nb.astimezone(UTC)")) == [
        (1, "a.astimezone()"),
        (2, "time.localtime(0)"),
    ]
    results = [
        f"{path.relative_to(_TESTS.parent)}:{line}: {text}"
        for folder in (_CODE, _TESTS)
        for path in sorted(folder.rglob("*.py"))
        for line, text in machine_zones(path.read_text(encoding="utf-8"))
    ]
    assert not results, "\n".join([*results, "Name the time zone, such as `datetime.now(UTC)` or `.astimezone(UTC)`."])
