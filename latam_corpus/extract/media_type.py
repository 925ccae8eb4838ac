"""Media types with parameters."""

from __future__ import annotations

from typing import Final

HTML: Final = frozenset({"text/html", "application/xhtml+xml"})


def parse_media_type(media_type: str) -> tuple[str, dict[str, str]]:
    """Return a media type and its parameters.

    >>> parse_media_type("text/plain; form=verse; charset=utf-8")
    ('text/plain', {'form': 'verse', 'charset': 'utf-8'})
    """
    kind, *parts = (part.strip() for part in media_type.split(";"))
    pairs = (part.partition("=") for part in parts if part)
    return kind.lower(), {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
