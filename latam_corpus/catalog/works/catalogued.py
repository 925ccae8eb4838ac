"""What a catalogue's record says of a work, whatever format the record has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.named_values import day_exists
from latam_corpus.catalog.rights import is_known, openness, tier_of

if TYPE_CHECKING:
    from collections.abc import Iterable

# A year alone or with month and day, wherever it stands: `[c1896]`, `ca. 1910`.
_DATE: Final = re.compile(r"(?<!\d)(?:1[4-9]|20)\d\d(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?(?![\d])")


@dataclass(frozen=True)
class Catalogued:
    """What a catalogue's record says of a work.

    Attributes:
        rights: statements or addresses, as they are written.
        files: names, paths or numbers by which the work's files may be known, the surest first.
        charset_doubt: the charset that the record declares, and another in which it was read.
    """

    title: str | None = None
    creators: tuple[str, ...] = ()
    published: str | None = None
    language: str | None = None
    url: str | None = None
    rights: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    charset_doubt: tuple[str, str] | None = None

    def columns(self) -> dict[str, Any]:
        """Return the document's columns that it gives; of several licences the least open one.

        >>> Catalogued("Coplas", rights=("CC0-1.0", "CC-BY-4.0", "Biblioteca")).columns()
        {'title': 'Coplas', 'rights': 'CC-BY-4.0'}
        """
        licences = [one for one in self.rights if is_known(one)] or list(self.rights)
        values = {
            "title": self.title,
            "creators": list(self.creators),
            "published": self.published,
            "declared_language": self.language,
            "url": self.url,
            "rights": max(licences, key=lambda one: openness(tier_of(one)), default=None),
        }
        return {name: value for name, value in values.items() if value}


def earliest(dates: Iterable[str]) -> str | None:
    """Return the earliest date in these writings; None where none has a year.

    >>> earliest(["Lima : [c1896]", "1901-05"]), earliest(["s.f."]), earliest(["1901-02-30"])
    ('1896', None, None)
    """
    written = (match[0] for one in dates if (match := _DATE.search(one)))
    return min(filter(day_exists, written), default=None)
