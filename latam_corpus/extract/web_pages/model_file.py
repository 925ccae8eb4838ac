"""The path and digest of the shipped layout model, without loading it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from latam_corpus.storage.durable import digest_of

MODEL: Final = Path(__file__).with_name("layout.npz")


@cache
def model_digest() -> str:
    """Return the first 16 hex digits of the model file's digest."""
    return digest_of(MODEL)[:16]
