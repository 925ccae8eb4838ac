"""Find the licences that a file states, in any place of its format; `licences.py` applies them."""

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

# Names of elements, properties and entries that state a licence: in Dublin Core, Creative Commons' terms, XMP, TEI,
# ELAN, and in properties that users define.
NAMES: Final = frozenset({
    *("license", "licence", "rights", "accessrights", "availability", "webstatement", "usageterms", "copyright"),
    *("licencia", "derechos", "licença", "licenca", "direitos"),
})  # fmt: skip
# Attributes that name a property, and those that hold its value.
_NAMING: Final = ("name", "property", "rel")
_VALUES: Final = ("content", "href", "target", "resource", "LICENSE_URL")
_RESTRICTED: Final = "restricted access"
_PARTS: Final = ("li", "p")  # separate statements in a text of several languages or sentences
_ADDRESS: Final = re.compile(r"(?:https?:)?//(?:www\.)?(?:creativecommons|rightsstatements)\.org/[^\s<>\"'()«»]+")
ORDER: Final[tuple[Kind, ...]] = ("reserved", "licence", "unread", "claimed", "free")
_MAX_LENGTH: Final = 500  # characters of a statement
_MAX_STATEMENTS: Final = 10


def stated(values: Iterable[str]) -> tuple[str, ...]:
    """Return the licences and other statements of rights: reservations first, then licences, the least open first.

    An address within a sentence is a separate statement; otherwise a sentence is recognised completely or not at all.

    >>> stated(["Véase https://creativecommons.org/licenses/by/4.0/.", "CC BY-NC 4.0"])[:2]
    ('CC BY-NC 4.0', 'https://creativecommons.org/licenses/by/4.0/')
    """
    texts = [text for value in values if re.search(r"\w", text := " ".join(value.split()))]
    addresses = [address.rstrip(".,;:") for text in texts if not is_known(text) for address in _ADDRESS.findall(text)]
    short = [text if len(text) <= _MAX_LENGTH else f"{text[:_MAX_LENGTH]}…" for text in [*addresses, *texts]]
    return tuple(sorted(dict.fromkeys(short), key=_sort_key))[:_MAX_STATEMENTS]


def _sort_key(statement: str) -> tuple[int, int]:
    """Return the sort key of a statement; the most restrictive ones come first, so that they are never cut off."""
    return ORDER.index(kind_of(statement)), -openness(tier_of(statement))


def stated_in(*records: etree._Element | None) -> tuple[str, ...]:
    """Return the licences that XML records state in elements or properties with a licence's name.

    >>> from lxml import etree
    >>> stated_in(etree.fromstring('<h><licence target="https://creativecommons.org/licenses/by/4.0/">Libre</licence></h>'))
    ('https://creativecommons.org/licenses/by/4.0/', 'Libre')
    """
    return stated(chain.from_iterable(map(values_in, records)))


def values_in(record: etree._Element | None) -> Iterator[str]:
    """Yield the values of a record's elements, attributes and properties whose names denote rights or licences."""
    for element in record.iter() if record is not None else ():
        yield from _values(element)


def _values(element: etree._Element) -> Iterator[str]:
    for key, value in element.attrib.items():
        if is_name(re.split("[}:]", str(key))[-1]):
            yield str(value)
    if not _states_licence(element):
        return
    if attribute(element, "status").lower() == "restricted":  # of TEI's <availability>
        yield _RESTRICTED
    for part in element.iter():
        yield from (attribute(part, name) for name in _VALUES)
        if name_of(part) in _PARTS or (part is element and not any(map(_states_licence, element.iterdescendants()))):
            yield words(part)


def _states_licence(element: etree._Element) -> bool:
    names = " ".join(attribute(element, name) for name in _NAMING)
    return any(map(is_name, [name_of(element), *names.split()]))


def is_name(name: str) -> bool:
    """Return whether a name denotes a licence or rights, in any vocabulary.

    >>> is_name("DC.rights"), is_name("cc:license"), is_name("title")
    (True, True, False)
    """
    return re.split("[:.]", name)[-1].lower() in NAMES
