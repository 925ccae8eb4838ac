"""Read works from Dublin Core elements, in records of any kind."""

from __future__ import annotations

from typing import Final

from lxml import etree

from latam_corpus.catalog.works.catalogued import Catalogued, earliest
from latam_corpus.text.markup.xml_tree import attribute, name_of, words

# MARC relators that create a text; others, such as illustrators and publishers, aren't creators.
_AUTHORS: Final = frozenset({"", "aut", "author", "dub", "ive", "ivr", "lyr", "lbt", "cre"})
# Events that date the file and not the work.
_OF_THE_FILE: Final = frozenset({"modification", "modified", "conversion", "epub-publication"})


def dublin_core(record: etree._Element | None) -> Catalogued:
    """Return the title, authors, earliest date, language, address and rights in a record's elements.

    >>> from lxml import etree
    >>> dublin_core(etree.fromstring('''<m xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Coplas</dc:title>
    ...     <dc:creator>Anónimo</dc:creator><dc:date>1896</dc:date><dc:language>es</dc:language></m>''')).columns()
    {'title': 'Coplas', 'creators': ['Anónimo'], 'published': '1896', 'declared_language': 'es'}
    """
    if record is None:
        return Catalogued()
    elements: dict[str, list[etree._Element]] = {}
    for element in record.iter():
        if words(element):
            elements.setdefault(name_of(element), []).append(element)
    languages = list(dict.fromkeys(words(element) for element in elements.get("language", ())))
    dates = (*elements.get("date", ()), *elements.get("issued", ()))
    addresses = (words(element) for name in ("source", "identifier") for element in elements.get(name, ()))
    file_names = (
        words(element) for name in ("identifier", "relation", "source", "format") for element in elements.get(name, ())
    )
    return Catalogued(
        title=next((words(element) for element in elements.get("title", ())), None),
        creators=tuple(
            dict.fromkeys(
                words(element)
                for element in elements.get("creator", ())
                if attribute(element, "role").lower() in _AUTHORS
            )
        ),
        published=earliest(words(date) for date in dates if attribute(date, "event") not in _OF_THE_FILE),
        language=languages[0] if len(languages) == 1 else None,
        url=next((address for address in addresses if address.startswith(("http://", "https://"))), None),
        rights=tuple(
            dict.fromkeys(words(element) for name in ("rights", "license") for element in elements.get(name, ()))
        ),
        files=tuple(dict.fromkeys(file_names)),
    )


def dspace(record: etree._Element) -> Catalogued:
    """Return the work in a `dublin_core.xml` of DSpace's Simple Archive Format, with elements `dcvalue`.

    >>> from lxml import etree
    >>> dspace(etree.fromstring('<dublin_core><dcvalue element="title">Coplas</dcvalue></dublin_core>')).title
    'Coplas'
    """
    plain = etree.Element("record")
    for value in record.iterfind("dcvalue"):
        element, qualifier = value.get("element", ""), value.get("qualifier", "")
        # DSpace calls authors contributors; dates with other qualifiers are the archive's.
        name = "creator" if (element, qualifier) == ("contributor", "author") else element
        if name in ("contributor", "date") and qualifier not in ("", "none", "issued", "created"):
            continue
        etree.SubElement(plain, name if name.isalpha() else "other").text = words(value)
    return dublin_core(plain)
