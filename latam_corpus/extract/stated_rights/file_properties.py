"""Title and author in a file's properties, which programs often fill in with the user's name or the file's name."""

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
    """Return title and creators, each only if the source declares that the property describes the work.

    Args:
        parameters: the parameters of the media type: `properties`, property names separated by +.
        title: from the file's properties.
        creators: from the file's properties.

    >>> title_and_creators({}, "Microsoft Word - entrevista final 2.doc", ("Usuario",))
    (None, ())
    >>> title_and_creators({"properties": "title+creators"}, "Memorias", ("Ana Ruiz",))
    ('Memorias', ('Ana Ruiz',))
    """
    declared = parameters.get("properties", "").split("+")
    return title if "title" in declared else None, creators if "creators" in declared else ()


def is_saved_by_office(page: bytes) -> bool:
    """Return whether a word processor saved an HTML page, whose `author` is then its user.

    >>> is_saved_by_office(b'<meta name="generator" content="LibreOffice 7.3.7.2 (Linux)"/>')
    True
    """
    return bool(_OFFICE.search(page[:_HEAD]))
