"""`make gate` records its result: a gate with skipped tests hasn't passed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[1]
_TESTS = """
import pytest

def test_measures(figures):
    figures["share"] = 0.5

@pytest.mark.skipif({skipped}, reason="its texts are not here")
def test_another():
    pass
"""


@pytest.mark.parametrize("skipped", [False, True])
def test_a_gate_whose_tests_were_skipped_has_not_passed(tmp_path: Path, skipped: bool) -> None:
    """And names them."""
    (tmp_path / "test_small.py").write_text(_TESTS.format(skipped=skipped), encoding="utf-8")
    paths = os.pathsep.join([str(_ROOT / "tests"), str(_ROOT)])
    environment = os.environ | {"PYTHONPATH": paths, "LATAM_CORPUS_GATE": str(tmp_path / "gate.json")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "conftest", "-p", "no:cacheprovider", "-c", os.devnull]
    done = subprocess.run(
        [*command, "--rootdir", str(tmp_path), str(tmp_path)],
        env=environment,
        cwd=_ROOT,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    kept = json.loads((tmp_path / "gate.json").read_text("utf-8"))
    assert (kept["passed"], kept["figures"]) == (not skipped, {"share": 0.5})
    assert kept["skipped"] == (["test_small.py::test_another"] if skipped else [])
