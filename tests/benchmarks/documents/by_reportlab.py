"""PDF that ReportLab writes, in this Python or in the system's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .layouts import HEAD, PAPERS, clock, initials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .layouts import Layout
    from .works import Collection

_PROGRAM: Final = Path(__file__).with_name("reportlab_pages.py")
_PYTHONS: Final = (sys.executable, "/usr/bin/python3")
_PATIENCE: Final = 120


def python() -> str | None:
    """Return a Python that has ReportLab; None if neither this one nor the system's has it."""
    for each in _PYTHONS:
        command = [each, "-c", "import reportlab"]
        if Path(each).exists() and not subprocess.run(command, check=False, capture_output=True).returncode:
            return each
    return None


def save(documents: Mapping[str, tuple[Collection, Layout]], folder: Path) -> dict[str, bytes]:
    """Return each document as ReportLab writes it."""
    described = [_described(name, *document) for name, document in documents.items()]
    subprocess.run(
        [str(python()), str(_PROGRAM), str(folder)],
        input=json.dumps(described).encode(), check=True, timeout=_PATIENCE,
    )  # fmt: skip
    return {name: (folder / f"{name}.pdf").read_bytes() for name in documents}


def _described(name: str, collection: Collection, layout: Layout) -> dict[str, Any]:
    works: list[dict[str, Any]] = []
    for work in collection.works:
        parts: list[Any] = [list(part) for part in work.parts]
        if collection.kind == "interview":
            first = work.parts[0][0]
            parts = [
                {
                    "label": initials(speaker, first) if layout.turns == "initials" else speaker,
                    "words": words,
                    "clock": clock(number),
                }
                for number, (speaker, words) in enumerate(work.parts)
            ]
        works.append({"title": work.title, "parts": parts})
    return {
        "name": name, "kind": collection.kind, "works": works, "head": HEAD, "layout": layout._asdict(),
        "paper": PAPERS[layout.paper],
    }  # fmt: skip
