"""What an extractor gives: a document's text, and what its bytes say about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Extracted:
    """A document's text, the extractor's name and version, and the catalogue data found in the bytes."""

    text: str
    extractor: str
    title: str | None = None
    creators: tuple[str, ...] = ()
    published: str | None = None
    declared_language: str | None = None
    url: str | None = None


# An extractor maps a document's bytes and the parameters of its media type to its text; it may raise anything, which
# the stage makes a failed row.
Extractor: TypeAlias = Callable[[bytes, Mapping[str, str]], Extracted]
