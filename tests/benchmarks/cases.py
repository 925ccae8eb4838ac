"""What the code did before with the cases of `cases.toml`, and does now: `python -m tests.benchmarks.cases BEFORE`.

BEFORE is a checkout of commit 8a29708. Each case's tests, as they are now, run with its code, whose modules they find
by `names_before`; a test that the code has no names for is no measurement, and the case is told in words.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any, Final

from lxml import etree

from .machine import Report, Table, save, show

CASES: Final = Path(__file__).with_name("cases.toml")
_ROOT: Final = Path(__file__).resolve().parents[2]
_LONGEST: Final = 1800  # seconds of all tests with one code
# Of these a test fails that asks for what the code has under another name, or not at all: no measurement.
_OTHER_NAMES: Final = ("AttributeError", "ImportError", "TypeError", "names_before.", "collection failure")
_MEMORY: Final = 8 << 30  # bytes


def cases() -> list[dict[str, Any]]:
    """The cases: `what`, `before`, `tests`, and `told` where the code before can't be asked."""
    told: list[dict[str, Any]] = tomllib.loads(CASES.read_text(encoding="utf-8"))["case"]
    return told


def bench(before: Path) -> Report:
    """Run the tests of every case with the code before and with this."""
    listed = cases()
    with tempfile.TemporaryDirectory() as room:
        copy = Path(room)
        _copy_tests(copy)
        asked = [node for case in listed if not case.get("told") for node in case["tests"]]
        then = _outcomes(copy, before, asked, "names_before")
        now = _outcomes(copy, _ROOT, [node for case in listed for node in case["tests"]])
    rows = [
        (
            case["what"],
            case["before"],
            _failed(then, case["tests"]) or "told",
            _failed(now, case["tests"]) or "skipped",
            " ".join(f"tests/{node}" for node in case["tests"]),
        )
        for case in listed
    ]
    columns = ("case", "before", "before, failed#", "now, failed#", "tests")
    title = "Collecting and extracting: what files of others showed, before (8a29708) and now"
    notes = (
        "Failed are parameters of the tests, of all; a skipped one isn't counted (pywb's wants a Python that has it).",
        "«told»: the code before has no names for what the tests ask, or never ends; the words are the finder's.",
    )
    return Report("cases", {}, {"before": "8a29708"}, (Table(title, columns, tuple(rows)),), notes)


def _copy_tests(copy: Path) -> None:
    """The tests as they are, beside neither code: which is tried is said by PYTHONPATH alone."""
    shutil.copytree(_ROOT / "tests", copy / "tests", ignore=shutil.ignore_patterns("results", "__pycache__"))
    shutil.copy(_ROOT / "pyproject.toml", copy)
    shutil.copy(Path(__file__).with_name("names_before.py"), copy)
    # What these import measures with the code of today.
    for package in ("benchmarks", "benchmarks/crawl"):
        (copy / "tests" / package / "__init__.py").write_text("")


def _outcomes(copy: Path, code: Path, nodes: list[str], *plug_ins: str) -> dict[str, list[bool]]:
    """Test → whether each of its parameters failed, without those that were skipped or say nothing of the code."""
    report = copy / "report.xml"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--continue-on-collection-errors",
        f"--junitxml={report}",
    ]
    command += [f"-p{name}" for name in plug_ins]
    command += [f"tests/{node}" for node in nodes]
    environment = {**os.environ, "PYTHONPATH": f"{code}:{copy}"}
    subprocess.run(command, cwd=copy, env=environment, timeout=_LONGEST, check=False, preexec_fn=_bounded)
    found: dict[str, list[bool]] = {}
    for one in etree.parse(report).iter("testcase"):
        wrong = one.find("failure") if one.find("error") is None else one.find("error")
        unasked = wrong is not None and str(wrong.get("message")).startswith(_OTHER_NAMES)
        if one.find("skipped") is None and not unasked:
            node = f"{one.get('classname', '').replace('.', '/')}.py::{one.get('name', '').partition('[')[0]}"
            found.setdefault(node.removeprefix("tests/"), []).append(wrong is not None)
    return found


def _failed(outcomes: dict[str, list[bool]], nodes: list[str]) -> str:
    ended = [wrong for node in nodes for wrong in outcomes.get(node, ())]
    return f"{sum(ended)} of {len(ended)}" if ended else ""


def _bounded() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


if __name__ == "__main__":
    made = bench(Path(sys.argv[1]).resolve())
    show(made)
    sys.stdout.write(f"kept in {save(made)}\n")
