"""Read library records in XML: MODS 3, MARCXML, Dublin Core, DSpace's format, and METS with any of these."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.works.catalogued import Catalogued, earliest
from latam_corpus.catalog.works.dublin_core import dspace, dublin_core
from latam_corpus.catalog.works.marc import marcxml_record
from latam_corpus.text.markup.xml_tree import attribute, name_of, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lxml import etree

_DC: Final = frozenset({"dc", "metadata", "qualifieddc", "simpledc", "oai_dc", "RDF"})
_MARC: Final = "http://www.loc.gov/MARC21/slim"
_AUTHORS: Final = frozenset({"", "aut", "author", "autor", "autora", "cre", "creator", "ive", "lyr", "dub", "compiler"})


def records_of(root: etree._Element) -> list[Catalogued] | None:
    """Return the records of a document, or None if it has no record of a known kind.

    >>> from lxml import etree
    >>> title = "<titleInfo><nonSort>La</nonSort><title>cautiva</title></titleInfo>"
    >>> mods = f"<mods>{title}<originInfo><dateIssued>1837</dateIssued></originInfo></mods>"
    >>> records_of(etree.fromstring(mods))[0].columns()
    {'title': 'La cautiva', 'published': '1837'}
    """
    if name_of(root) == "mets":
        return list(_of_mets(root))
    if name_of(root) in ("modsCollection", "collection"):
        records = [_record(element) for element in root]
        return [record for record in records if record is not None] or None
    record = _record(root)
    return None if record is None else [record]


def _record(element: etree._Element) -> Catalogued | None:
    name = name_of(element)
    if name == "mods":
        return _mods(element)
    if name == "record" and str(element.tag).startswith(f"{{{_MARC}}}"):
        return marcxml_record(element)
    if name == "dublin_core":
        return dspace(element)
    return dublin_core(element) if name in _DC or (name == "record" and _has_dc(element)) else None


def _has_dc(element: etree._Element) -> bool:
    return any("purl.org/dc/" in str(descendant.tag) for descendant in element.iter())


def _mods(mods: etree._Element) -> Catalogued:
    def texts(path: str) -> list[str]:
        return [text for element in mods.iterfind(path) if (text := words(element))]

    titles = [info for info in mods.iterfind("{*}titleInfo") if not info.get("type")]
    origin = ("dateIssued", "dateCreated", "copyrightDate")
    dates = next((values for name in origin if (values := texts(f"{{*}}originInfo/{{*}}{name}"))), [])
    languages = texts("{*}language/{*}languageTerm[@type='code']") or texts("{*}language/{*}languageTerm")
    rights = [attribute(element, "href") or words(element) for element in mods.iterfind("{*}accessCondition")]
    links = texts("{*}location/{*}url")
    file_names = (*links, *texts("{*}identifier"), *texts("{*}recordInfo/{*}recordIdentifier"))
    return Catalogued(
        title=_title(titles[0]) if titles else None,
        creators=tuple(dict.fromkeys(filter(None, map(_person, mods.iterfind("{*}name"))))),
        published=earliest(dates),
        language=languages[0] if len(set(languages)) == 1 else None,
        url=next((link for link in links if link.startswith(("http://", "https://"))), None),
        rights=tuple(filter(None, rights)),
        files=tuple(dict.fromkeys(file_names)),
    )


def _title(info: etree._Element) -> str | None:
    parts = {name_of(part): words(part) for part in info}
    title = " ".join(filter(None, (parts.get("nonSort"), parts.get("title"))))
    return ": ".join(filter(None, (title, parts.get("subTitle")))) or None


def _person(name: etree._Element) -> str:
    """Return the name of a person who created the text; empty for other persons."""
    roles = {words(element).lower() for element in name.iterfind("{*}role/{*}roleTerm")} or {""}
    if roles.isdisjoint(_AUTHORS):
        return ""
    parts = [(element.get("type", ""), words(element)) for element in name.iterfind("{*}namePart")]
    full_name = " ".join(text for kind, text in parts if not kind)
    family, given = ("".join(text for kind, text in parts if kind == part_type) for part_type in ("family", "given"))
    return full_name or ", ".join(filter(None, (family, given)))


def _of_mets(mets: etree._Element) -> Iterator[Catalogued]:
    """Yield the record of each description, with its files according to the structure, or else with all files."""
    records = {section.get("ID"): _described(section) for section in mets.iterfind("{*}dmdSec")}
    places = {
        file.get("ID"): attribute(location, "href")
        for file in mets.iterfind(".//{*}file")
        for location in file.iterfind("{*}FLocat")
    }
    files: dict[str | None, list[str]] = {}
    for pointer in mets.iterfind("{*}structMap//{*}fptr"):
        about = next(filter(None, (ancestor.get("DMDID") for ancestor in pointer.iterancestors())), "") or ""
        for number in about.split():
            files.setdefault(number, []).append(places.get(pointer.get("FILEID")) or "")
    described = [(number, record) for number, record in records.items() if record is not None]
    for section, record in described:
        own_files: Sequence[str] = files.get(section, ()) if files or len(described) > 1 else tuple(places.values())
        yield replace(record, files=(*filter(None, own_files), *record.files))


def _described(section: etree._Element) -> Catalogued | None:
    for data in section.iterfind("{*}mdWrap/{*}xmlData"):
        children = [child for child in data if name_of(child)]
        record = _record(children[0]) if len(children) == 1 else None
        return record or (dublin_core(data) if _has_dc(data) else None)
    return None
