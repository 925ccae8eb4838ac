"""Where the shipped layout model is, for those who only ask whether it has changed."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

MODEL: Final = Path(__file__).with_name("layout.npz")


@cache
def model_digest(path: Path = MODEL) -> str:
    """16 hex digits that change when the model does."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
