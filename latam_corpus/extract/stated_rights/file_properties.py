"""Title and author in the properties of a file, which programs fill in with their user's name or a file's name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEAD: Final = 16384
_OFFICE: Final = re.compile(
    rb"<meta\b(?=[^>]{0,300}\bname=[\"']?generator\b)(?=[^>]{0,300}(?:LibreOffice|OpenOffice|Microsoft Word))",
    re.IGNORECASE,
)


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


def is_saved_by_office(page: bytes) -> bool:
    """Return whether a word processor saved an HTML page, whose `author` is then its user.

    >>> is_saved_by_office(b'<meta name="generator" content="LibreOffice 7.3.7.2 (Linux)"/>')
    True
    """
    return bool(_OFFICE.search(page[:_HEAD]))
