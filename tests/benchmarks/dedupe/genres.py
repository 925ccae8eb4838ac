"""The genre that a librarian would state of the benchmark's documents."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .documents import Document

_KINDS: Final = {
    "lyrics": ("song", "song_variant", "sonnet", "saying"),
    "religious": ("verses", "bible", "prayer"),
    "oral_history": ("talk", "interview"),
    "literature": ("book_part", "edition", "paragraph", "chapter", "book", "anthology", "letter"),
    "legal": ("decree", "sentence", "declaration"),
    "government": ("minutes",),
    "news": ("advertisement", "obituary", "prices", "shipping", "weather"),
    "web": ("web", "page"),
    "reference": ("recipe",),
}
_GENRES: Final = {kind: genre for genre, kinds in _KINDS.items() for kind in kinds}


def with_genres(documents: Iterable[Document]) -> tuple[Document, ...]:
    """Return the documents with their genre by kind; a copy has that of its original."""
    documents = tuple(documents)
    kinds = {document.id: document.kind for document in documents}
    return tuple(
        replace(one, genre=_GENRES.get(one.kind) or _GENRES.get(kinds.get(one.origin, ""), "")) for one in documents
    )
