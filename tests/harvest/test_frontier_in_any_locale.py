"""A crawl distinguishes new addresses from known ones in any locale."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_CODE = Path(__file__).parents[2] / "latam_corpus"
_NEW_AND_KNOWN = """
import sys
from pathlib import Path
from latam_corpus.harvest.crawl.frontier import Frontier
frontier = Frontier(Path(sys.argv[1]))
print([frontier.add("https://a.example/", 0, None) for _ in range(2)], [frontier.seen_wording("a") for _ in range(2)])
"""


@pytest.fixture
def turkish(tmp_path: Path) -> dict[str, str]:
    """An environment in which C lowers the letter I to a dotless i."""
    if not (program := shutil.which("localedef")):
        pytest.skip("localedef isn't installed")
    process = subprocess.run(
        [program, "-i", "tr_TR", "-f", "UTF-8", tmp_path / "tr_TR.UTF-8"], capture_output=True, check=False
    )
    if process.returncode:
        pytest.skip(f"the Turkish locale can't be made: {process.stderr.decode(errors='replace')}")
    return os.environ | {"LOCPATH": str(tmp_path), "LC_ALL": "tr_TR.UTF-8"}


def test_a_turkish_locale_hides_no_known_address(tmp_path: Path, turkish: dict[str, str]) -> None:
    """The count of written rows doesn't depend on the locale's lower case."""
    done = subprocess.run(
        [sys.executable, "-c", _NEW_AND_KNOWN, tmp_path / "frontier.sqlite"],
        env=turkish, capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    assert done.stdout == "[True, False] [False, True]\n"


def test_no_statement_uses_rowcount() -> None:
    """The code uses RETURNING, since `rowcount` is wrong for INSERT in a Turkish locale."""
    assert [path for path in _CODE.rglob("*.py") if ".rowcount" in path.read_text(encoding="utf-8")] == []
