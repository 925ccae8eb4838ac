"""The pages for reviewers name the column of `measure` as it is shown, in each language."""

from __future__ import annotations

from pathlib import Path

import pytest

from latam_corpus.messages import Message

_DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize(
    ("page", "language"),
    [("review-a-language.md", "en"), ("es/revisar-una-lengua.md", "es"), ("pt/revisar-uma-lingua.md", "pt")],
)
def test_the_column_of_what_falls_is_named_as_it_is_shown(page: str, language: str) -> None:
    """By the head of the table."""
    head = Message("would drop#").translate(language).rstrip("#")
    assert f"`{head}`" in (_DOCS / page).read_text(encoding="utf-8")
