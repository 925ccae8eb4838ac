"""`repair` removes lines of specks from recognised pages."""

from __future__ import annotations

import polars as pl
import pytest

from latam_corpus.batch import Batch
from latam_corpus.extract.repair import Repair, without_specks

_NOISE = "| ~ .\nLa barca salió del puerto.\n\n_ = ^ a .\n\nVolvió con la red vacía."
_CLEAN = "La barca salió del puerto.\n\nVolvió con la red vacía."


@pytest.mark.parametrize(
    ("extractor", "text"),
    [
        ("hocr 1, tesseract 5.5.0", _CLEAN),
        ("alto 1", _CLEAN),
        ("recognised 1, x", _CLEAN),
        ("plain 3", _NOISE),
        (None, _NOISE),
    ],
)
def test_only_recognised_texts_lose_specks(extractor: str | None, text: str) -> None:
    """Such lines are kept in texts that no OCR engine produced."""
    frame = pl.DataFrame({"text": [_NOISE], "extractor": [extractor]}, schema_overrides={"extractor": pl.String})
    assert Repair()(Batch(frame)).frame["text"].to_list() == [text]


@pytest.mark.parametrize(
    "line", ["—¿Y?", "* * *", "¡Ay!", "Sí.", "12", "XIV.", "…", "a = b", "1810 | 25", "— · —", "N.º 7"]
)
def test_a_line_of_print_is_kept(line: str) -> None:
    """Short answers, ornaments, part numbers and table cells are kept."""
    assert without_specks(f"Uno.\n{line}\nDos.") == f"Uno.\n{line}\nDos."
