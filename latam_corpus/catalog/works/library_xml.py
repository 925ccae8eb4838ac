"""Records of libraries in XML: MODS 3, METS with any of the others in it, MARCXML, Dublin Core, DSpace's own."""

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
    """Return what the records of a document say; None where it has none of a known kind.

    >>> from lxml import etree
    >>> title = "<titleInfo><nonSort>La</nonSort><title>cautiva</title></titleInfo>"
    >>> mods = f"<mods>{title}<originInfo><dateIssued>1837</dateIssued></originInfo></mods>"
    >>> records_of(etree.fromstring(mods))[0].columns()
    {'title': 'La cautiva', 'published': '1837'}
    """
    if name_of(root) == "mets":
        return list(_of_mets(root))
    if name_of(root) in ("modsCollection", "collection"):
        each = [_record(one) for one in root]
        return [one for one in each if one is not None] or None
    one = _record(root)
    return None if one is None else [one]


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
    return any("purl.org/dc/" in str(one.tag) for one in element.iter())


def _mods(mods: etree._Element) -> Catalogued:
    def texts(path: str) -> list[str]:
        return [text for one in mods.iterfind(path) if (text := words(one))]

    titles = [one for one in mods.iterfind("{*}titleInfo") if not one.get("type")]
    origin = ("dateIssued", "dateCreated", "copyrightDate")
    dates = next((values for name in origin if (values := texts(f"{{*}}originInfo/{{*}}{name}"))), [])
    languages = texts("{*}language/{*}languageTerm[@type='code']") or texts("{*}language/{*}languageTerm")
    rights = [attribute(one, "href") or words(one) for one in mods.iterfind("{*}accessCondition")]
    links = texts("{*}location/{*}url")
    named = (*links, *texts("{*}identifier"), *texts("{*}recordInfo/{*}recordIdentifier"))
    return Catalogued(
        title=_title(titles[0]) if titles else None,
        creators=tuple(dict.fromkeys(filter(None, map(_person, mods.iterfind("{*}name"))))),
        published=earliest(dates),
        language=languages[0] if len(set(languages)) == 1 else None,
        url=next((one for one in links if one.startswith(("http://", "https://"))), None),
        rights=tuple(filter(None, rights)),
        files=tuple(dict.fromkeys(named)),
    )


def _title(info: etree._Element) -> str | None:
    parts = {name_of(one): words(one) for one in info}
    whole = " ".join(filter(None, (parts.get("nonSort"), parts.get("title"))))
    return ": ".join(filter(None, (whole, parts.get("subTitle")))) or None


def _person(name: etree._Element) -> str:
    """Return the name of one who made the text; nothing for others."""
    roles = {words(one).lower() for one in name.iterfind("{*}role/{*}roleTerm")} or {""}
    if roles.isdisjoint(_AUTHORS):
        return ""
    parts = [(one.get("type", ""), words(one)) for one in name.iterfind("{*}namePart")]
    whole = " ".join(text for kind, text in parts if not kind)
    family, given = ("".join(text for kind, text in parts if kind == wanted) for wanted in ("family", "given"))
    return whole or ", ".join(filter(None, (family, given)))


def _of_mets(mets: etree._Element) -> Iterator[Catalogued]:
    """Yield the record of each description, with the files that the structure, or else all of METS, gives it."""
    held = {one.get("ID"): _described(one) for one in mets.iterfind("{*}dmdSec")}
    places = {
        file.get("ID"): attribute(where, "href")
        for file in mets.iterfind(".//{*}file")
        for where in file.iterfind("{*}FLocat")
    }
    files: dict[str | None, list[str]] = {}
    for pointer in mets.iterfind("{*}structMap//{*}fptr"):
        about = next(filter(None, (up.get("DMDID") for up in pointer.iterancestors())), "") or ""
        for number in about.split():
            files.setdefault(number, []).append(places.get(pointer.get("FILEID")) or "")
    described = [(number, record) for number, record in held.items() if record is not None]
    for section, record in described:
        mine: Sequence[str] = files.get(section, ()) if files or len(described) > 1 else tuple(places.values())
        yield replace(record, files=(*filter(None, mine), *record.files))


def _described(section: etree._Element) -> Catalogued | None:
    for data in section.iterfind("{*}mdWrap/{*}xmlData"):
        children = [one for one in data if name_of(one)]
        record = _record(children[0]) if len(children) == 1 else None
        return record or (dublin_core(data) if _has_dc(data) else None)
    return None
