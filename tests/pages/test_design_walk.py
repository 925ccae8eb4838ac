"""The walk in docs/design.md leads a newcomer through files that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_walk_names_at_most_twelve_existing_files() -> None:
    """A file that is renamed or removed must be changed in the list."""
    design = (ROOT / "docs" / "design.md").read_text("utf-8")
    section = design.partition("\n## A walk\n")[2].partition("\n## ")[0]
    walk = re.findall(r"^\d+\. `([^`]+)`", section, re.MULTILINE)
    assert 8 <= len(walk) <= 12
    assert [name for name in walk if not (ROOT / name).is_file()] == []
    assert len(set(walk)) == len(walk)
