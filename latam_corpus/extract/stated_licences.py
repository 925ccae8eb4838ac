"""Which licences a file states of itself, wherever its format keeps that; `licences.py` says what follows from it."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.rights import is_known
from latam_corpus.text.xml_tree import attribute, name_of, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml import etree

# What elements, properties and entries that state one are called: in Dublin Core, Creative Commons' terms, XMP, TEI,
# ELAN, and by people who name a property themselves.
NAMES: Final = frozenset({
    *("license", "licence", "rights", "availability", "webstatement", "usageterms"),
    *("licencia", "derechos", "licença", "licenca", "direitos"),
})  # fmt: skip
# Attributes that name a property, and those that hold its value.
_NAMING: Final = ("name", "property", "rel")
_VALUES: Final = ("content", "href", "target", "resource", "LICENSE_URL")
_PARTS: Final = ("li", "p")  # of a statement in several languages, or of several sentences, each is one
_ADDRESS: Final = re.compile(r"(?:https?:)?//(?:www\.)?(?:creativecommons|rightsstatements)\.org/[^\s<>\"'()«»]+")
_LONGEST: Final = 500  # characters of a licence
_MOST: Final = 10


def stated(values: Iterable[str]) -> tuple[str, ...]:
    """Return the licences that are stated, those that the vocabulary has first, and addresses of such within sentences.

    A sentence is understood whole or not at all, but for an address in it: what is found takes away, and never gives.

    >>> stated(["Véase https://creativecommons.org/licenses/by/4.0/.", "CC BY-NC 4.0"])[:2]
    ('https://creativecommons.org/licenses/by/4.0/', 'CC BY-NC 4.0')
    """
    texts = [text for value in values if re.search(r"\w", text := " ".join(value.split()))]
    within = [one.rstrip(".,;:") for text in texts if not is_known(text) for one in _ADDRESS.findall(text)]
    short = [text for text in [*within, *texts] if len(text) <= _LONGEST]
    return tuple(dict.fromkeys(sorted(short, key=lambda one: not is_known(one))))[:_MOST]


def stated_in(*records: etree._Element | None) -> tuple[str, ...]:
    """Return the licences that records of XML state, in elements or properties that are called so.

    >>> from lxml import etree
    >>> stated_in(etree.fromstring('<h><licence target="https://creativecommons.org/licenses/by/4.0/">Libre</licence></h>'))
    ('https://creativecommons.org/licenses/by/4.0/', 'Libre')
    """
    elements = (element for record in records if record is not None for element in record.iter())
    return stated(chain.from_iterable(map(_values, elements)))


def _values(element: etree._Element) -> Iterator[str]:
    for key, value in element.attrib.items():
        if _is_name(re.split("[}:]", str(key))[-1]):
            yield str(value)
    if not _states(element):
        return
    for one in element.iter():
        yield from (attribute(one, name) for name in _VALUES)
        if name_of(one) in _PARTS or (one is element and not any(map(_states, element.iterdescendants()))):
            yield words(one)


def _states(element: etree._Element) -> bool:
    named = " ".join(attribute(element, name) for name in _NAMING)
    return any(map(_is_name, [name_of(element), *named.split()]))


def _is_name(name: str) -> bool:
    """Whether a name is one of a licence, in whatever vocabulary.

    >>> _is_name("DC.rights"), _is_name("cc:license"), _is_name("title")
    (True, True, False)
    """
    return re.split("[:.]", name)[-1].lower() in NAMES
