"""Where the shipped layout model is, for those who only ask whether it has changed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from latam_corpus.storage.durable import digest_of

MODEL: Final = Path(__file__).with_name("layout.npz")


@cache
def model_digest() -> str:
    """16 hex digits that change when the model does."""
    return digest_of(MODEL)[:16]
