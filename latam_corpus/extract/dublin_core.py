"""Dublin Core: what a record in its elements says of a work, wherever the record stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from latam_corpus.extract.xml_tree import attribute, name_of, words

if TYPE_CHECKING:
    from lxml import etree

_DATE: Final = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?(?!\d)")
# Roles of the MARC list of relators that make a text; all others (illustrators, publishers) are no creators.
_AUTHORS: Final = frozenset({"", "aut", "author", "dub", "ive", "ivr", "lyr", "lbt", "cre"})
# The date of the file isn't the work's.
_OF_THE_FILE: Final = frozenset({"modification", "modified", "conversion", "epub-publication"})


@dataclass(frozen=True)
class Catalogued:
    """What a catalogue's record says of a work."""

    title: str | None = None
    creators: tuple[str, ...] = ()
    published: str | None = None
    language: str | None = None
    url: str | None = None
    rights: tuple[str, ...] = ()


def dublin_core(record: etree._Element | None) -> Catalogued:
    """Return the title, authors, earliest date, language, address and rights that the elements of a record name.

    >>> from lxml import etree
    >>> dublin_core(etree.fromstring('''<m xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Coplas</dc:title>
    ...     <dc:creator>Anónimo</dc:creator><dc:date>1896</dc:date><dc:language>es</dc:language></m>'''))
    Catalogued(title='Coplas', creators=('Anónimo',), published='1896', language='es', url=None, rights=())
    """
    if record is None:
        return Catalogued()
    found: dict[str, list[etree._Element]] = {}
    for element in record.iter():
        if words(element):
            found.setdefault(name_of(element), []).append(element)
    languages = list(dict.fromkeys(words(one) for one in found.get("language", ())))
    dates = [
        match[0]
        for one in (*found.get("date", ()), *found.get("issued", ()))
        if attribute(one, "event") not in _OF_THE_FILE and (match := _DATE.match(words(one)))
    ]
    addresses = (words(one) for name in ("source", "identifier") for one in found.get(name, ()))
    return Catalogued(
        title=next((words(one) for one in found.get("title", ())), None),
        creators=tuple(
            dict.fromkeys(words(one) for one in found.get("creator", ()) if attribute(one, "role").lower() in _AUTHORS)
        ),
        published=min(dates, default=None),
        language=languages[0] if len(languages) == 1 else None,
        url=next((one for one in addresses if one.startswith(("http://", "https://"))), None),
        rights=tuple(dict.fromkeys(words(one) for name in ("rights", "license") for one in found.get(name, ()))),
    )
