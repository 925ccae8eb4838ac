"""What the pages for contributors say of `measure` is what it shows, in each language."""

from __future__ import annotations

from pathlib import Path

import pytest

from latam_corpus.messages import Message

_ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("page", "language"), [("CONTRIBUTING.md", "en"), ("docs/es/contribuir.md", "es"), ("docs/pt/contribuir.md", "pt")]
)
def test_the_column_of_what_falls_is_named_as_it_is_shown(page: str, language: str) -> None:
    """By the head of the table."""
    head = Message("would drop#").translate(language).rstrip("#")
    assert f"`{head}`" in (_ROOT / page).read_text(encoding="utf-8")
