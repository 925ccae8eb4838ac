"""Which licences a file states of itself, wherever its format keeps that; `licences.py` says what follows from it."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.rights import is_known, openness, tier_of
from latam_corpus.catalog.rights_in_words import kind_of
from latam_corpus.text.markup.xml_tree import attribute, name_of, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml import etree

    from latam_corpus.catalog.rights_in_words import Kind

# What elements, properties and entries that state one are called: in Dublin Core, Creative Commons' terms, XMP, TEI,
# ELAN, and by people who name a property themselves.
NAMES: Final = frozenset({
    *("license", "licence", "rights", "accessrights", "availability", "webstatement", "usageterms", "copyright"),
    *("licencia", "derechos", "licença", "licenca", "direitos"),
})  # fmt: skip
# Attributes that name a property, and those that hold its value.
_NAMING: Final = ("name", "property", "rel")
_VALUES: Final = ("content", "href", "target", "resource", "LICENSE_URL")
_RESTRICTED: Final = "restricted access"
_PARTS: Final = ("li", "p")  # of a statement in several languages, or of several sentences, each is one
_ADDRESS: Final = re.compile(r"(?:https?:)?//(?:www\.)?(?:creativecommons|rightsstatements)\.org/[^\s<>\"'()«»]+")
ORDER: Final[tuple[Kind, ...]] = ("reserved", "licence", "unread", "claimed", "free")
_LONGEST: Final = 500  # characters of a statement
_MOST: Final = 10


def stated(values: Iterable[str]) -> tuple[str, ...]:
    """Return the licences and other statements of rights, reservations first, then licences, the least open first.

    An address within a sentence is one of its own; else a sentence is understood whole or not at all.

    >>> stated(["Véase https://creativecommons.org/licenses/by/4.0/.", "CC BY-NC 4.0"])[:2]
    ('CC BY-NC 4.0', 'https://creativecommons.org/licenses/by/4.0/')
    """
    texts = [text for value in values if re.search(r"\w", text := " ".join(value.split()))]
    within = [one.rstrip(".,;:") for text in texts if not is_known(text) for one in _ADDRESS.findall(text)]
    short = [text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…" for text in [*within, *texts]]
    return tuple(sorted(dict.fromkeys(short), key=_place))[:_MOST]


def _place(statement: str) -> tuple[int, int]:
    """Where a statement comes among others: what may narrow most is never cut off."""
    return ORDER.index(kind_of(statement)), -openness(tier_of(statement))


def stated_in(*records: etree._Element | None) -> tuple[str, ...]:
    """Return the licences that records of XML state, in elements or properties that are called so.

    >>> from lxml import etree
    >>> stated_in(etree.fromstring('<h><licence target="https://creativecommons.org/licenses/by/4.0/">Libre</licence></h>'))
    ('https://creativecommons.org/licenses/by/4.0/', 'Libre')
    """
    return stated(chain.from_iterable(map(values_in, records)))


def values_in(record: etree._Element | None) -> Iterator[str]:
    """Yield what elements, attributes and properties of a record hold that are called rights or licences."""
    for element in record.iter() if record is not None else ():
        yield from _values(element)


def _values(element: etree._Element) -> Iterator[str]:
    for key, value in element.attrib.items():
        if is_name(re.split("[}:]", str(key))[-1]):
            yield str(value)
    if not _states(element):
        return
    if attribute(element, "status").lower() == "restricted":  # of TEI's availability
        yield _RESTRICTED
    for one in element.iter():
        yield from (attribute(one, name) for name in _VALUES)
        if name_of(one) in _PARTS or (one is element and not any(map(_states, element.iterdescendants()))):
            yield words(one)


def _states(element: etree._Element) -> bool:
    named = " ".join(attribute(element, name) for name in _NAMING)
    return any(map(is_name, [name_of(element), *named.split()]))


def is_name(name: str) -> bool:
    """Whether a name is one of a licence, in whatever vocabulary.

    >>> is_name("DC.rights"), is_name("cc:license"), is_name("title")
    (True, True, False)
    """
    return re.split("[:.]", name)[-1].lower() in NAMES
