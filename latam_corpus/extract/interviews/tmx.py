"""Translation memories (TMX 1.1 to 1.4b): one document per language; segments are numbered alike in all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.extract.bounded_xml import parse_xml
from latam_corpus.extract.document import UnusableError, Utterance
from latam_corpus.extract.interviews.parallel import parallel
from latam_corpus.messages import N_
from latam_corpus.text.markup.xml_tree import XML_LANG, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lxml import etree

    from latam_corpus.extract.document import Extracted

# Increased when the same bytes yield a different text.
EXTRACTOR: Final = "tmx 1"

SEVERAL: Final = "several versions of a segment"

# Elements that contain markup of the translated file's own format.
_CODES: Final = frozenset({"bpt", "ept", "it", "ph", "ut", "x"})


def extract(raw: bytes, parameters: Mapping[str, str]) -> Extracted:
    """Return the text of the memory's source language, with a version in each other language.

    Args:
        raw: the XML.
        parameters: not used.

    Raises:
        UnusableError: it isn't a translation memory, or has no segment.

    >>> unit = '<tu><tuv xml:lang="gn"><seg>Mba<ph>1</ph>éicha</seg></tuv><tuv xml:lang="es"><seg>Hola</seg></tuv></tu>'
    >>> document = extract(f'<tmx><header srclang="gn"/><body>{unit}</body></tmx>'.encode(), {})
    >>> document.text, document.declared_language, document.versions[0].text
    ('Mbaéicha', 'gn', 'Hola')
    """
    del parameters
    root = parse_xml(raw)
    if name_of(root) != "tmx":
        raise UnusableError("not a transcript", f"its root is <{name_of(root)}> and not <tmx>", N_("export it as TMX"))
    header = next(root.iterfind("{*}header"), None)
    source = "" if header is None else header.get("srclang", "")
    segments: dict[str | None, list[Utterance]] = {}
    notes: tuple[str, ...] = ()
    # Language tags that differ only in case are the same language.
    tags: dict[str, str] = {}
    for number, unit in enumerate(root.iterfind("{*}body/{*}tu")):
        unit_languages: set[str] = set()
        for variant in unit.iterfind("{*}tuv"):
            tag = variant.get(XML_LANG) or variant.get("lang") or ""
            language = tags.setdefault(tag.lower(), tag)
            seg = next(variant.iterfind("{*}seg"), None)
            if seg is None or language in unit_languages:
                notes = (SEVERAL,) if seg is not None else notes
                continue
            unit_languages.add(language)
            segments.setdefault(language or None, []).append(Utterance("".join(_words(seg)), segment=number))
    return parallel(segments, EXTRACTOR, tags.get(source.lower()), notes=notes)


def _words(element: etree._Element) -> Iterator[str]:
    """Yield the words of a segment, without the markup of its file's format."""
    yield element.text or ""
    for inner in element:
        if name_of(inner) not in _CODES:
            yield from _words(inner)
        yield inner.tail or ""
