"""The description of a work in a catalogue record of any format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.named_values import day_exists, statement_of
from latam_corpus.catalog.rights import is_known, openness, tier_of
from latam_corpus.catalog.rights_in_words import keeps_rights, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable

# A year, with or without month and day, in any context: `[c1896]`, `ca. 1910`.
_DATE: Final = re.compile(r"(?<!\d)(?:1[4-9]|20)\d\d(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?(?![\d])")


@dataclass(frozen=True)
class Catalogued:
    """A catalogue's description of a work.

    Attributes:
        rights: statements or addresses, as written.
        files: names, paths or numbers that may name the work's files, the most certain first.
        charset_doubt: the charset that the record declares, and the different one in which it was read.
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
        """Return the document's columns.

        If there are several licences, the least open one counts, together with each statement that reserves rights or
        isn't understood. A sentence that only names the copyright holder, or says that a text is free to read, doesn't
        count.

        >>> Catalogued("Coplas", rights=("CC0-1.0", "CC-BY-4.0", "© 1999 Biblioteca", "Acceso abierto")).columns()
        {'title': 'Coplas', 'rights': 'CC-BY-4.0'}
        >>> Catalogued(rights=("CC-BY-4.0", "Consultar con la familia")).columns()
        {'rights': ['CC-BY-4.0', 'Consultar con la familia']}
        """
        values = {
            "title": self.title,
            "creators": list(self.creators),
            "published": self.published,
            "declared_language": self.language,
            "url": self.url,
            "rights": self._rights(),
        }
        return {name: value for name, value in values.items() if value}

    def _rights(self) -> str | list[str] | None:
        licences = [statement for statement in self.rights if is_known(statement_of(statement) or statement)]
        if not licences:
            return next(iter(self.rights), None)
        least_open = max(licences, key=lambda statement: openness(tier_of(statement_of(statement) or statement)))
        restrictions = [
            statement
            for statement in self.rights
            if keeps_rights(statement) or kind_of(statement) in ("reserved", "unread")
        ]
        return [least_open, *restrictions] if restrictions else least_open


def earliest(dates: Iterable[str]) -> str | None:
    """Return the earliest date in these texts, or None if no text contains a year.

    >>> earliest(["Lima : [c1896]", "1901-05"]), earliest(["s.f."]), earliest(["1901-02-30"])
    ('1896', None, None)
    """
    written = (match[0] for text in dates if (match := _DATE.search(text)))
    return min(filter(day_exists, written), default=None)
