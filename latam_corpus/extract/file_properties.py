"""Title and author in the properties of a file, which programs fill in with their user's name or a file's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def title_and_creators(
    parameters: Mapping[str, str], title: str | None, creators: tuple[str, ...]
) -> tuple[str | None, tuple[str, ...]]:
    """Return the properties that the source says are those of the work; nothing for the others.

    Args:
        parameters: of the media type: `properties`, their names with + between them.
        title: as the file's properties have it.
        creators: the same.

    >>> title_and_creators({}, "Microsoft Word - entrevista final 2.doc", ("Usuario",))
    (None, ())
    >>> title_and_creators({"properties": "title+creators"}, "Memorias", ("Ana Ruiz",))
    ('Memorias', ('Ana Ruiz',))
    """
    asked = parameters.get("properties", "").split("+")
    return title if "title" in asked else None, creators if "creators" in asked else ()
