"""Opt-outs from training and mining in pages and files: robots directives and TDMRep in HTML, TDMRep in XML metadata.

The names are those of the TDM Reservation Protocol (W3C Community Group report of 10 May 2024): `tdm-reservation` in
HTML, the property `tdm:reservation` in an EPUB's package, the namespace `http://www.w3.org/ns/tdmrep/` in XMP.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from latam_corpus.catalog.optout.opt_out import Signal
from latam_corpus.catalog.optout.page_opt_outs import Head, page_opt_outs, refusals, unread_licence
from latam_corpus.catalog.optout.preferences import reservation
from latam_corpus.text.markup.xml_tree import attribute, words
from latam_corpus.vocabulary import LICENCES_READ

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lxml import etree

    from latam_corpus.catalog.optout.opt_out import OptOut

Refusals: TypeAlias = tuple[tuple[Signal, str], ...]

_TDM: Final = "w3.org/ns/tdm"  # reports and programs write different ends of the address
_NAMES: Final = re.compile(r"(?:\w+[:.])?tdm[-_:.]?reservation", re.IGNORECASE)
_PREFIX: Final = re.compile(rf"(\w+):\s+https?://(?:www\.)?{re.escape(_TDM)}")
_NAMING: Final = ("property", "name")
_IN_PAGES: Final = (b"tdm:reservation", b"tdm_reservation", b"tdm.reservation")
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def page_refusals(raw: bytes, parameters: Mapping[str, str] | None = None) -> Refusals:
    """Return the opt-outs in the head of an HTML page, each signal once.

    Args:
        raw: the page's bytes.
        parameters: the parameters of its media type; `licences=read` if the crawler has read the linked licences.

    >>> page_refusals(b'<meta name="robots" content="noai"><meta name="tdm:reservation" content="1">')
    (('noai', 'meta: noai'), ('tdm-reservation', 'meta: 1'))
    """
    head = Head(raw)
    name, _, value = LICENCES_READ.partition("=")
    licences_are_read = (parameters or {}).get(name) == value
    opt_outs = page_opt_outs("", (), head, _NEVER, _no_licence if licences_are_read else unread_licence)
    refusals: list[tuple[Signal, str]] = [(opt_out.signal, opt_out.value) for opt_out in opt_outs]
    if head.has(b"reservation") and any(map(head.has, _IN_PAGES)):
        for tag, values in head.elements:
            if tag == "meta" and any(_NAMES.fullmatch(values.get(name, "")) for name in _NAMING):
                refusals += _reserved(values.get("content", ""), "meta")
    return _once(refusals)


def _no_licence(link: str, url: str, time: datetime) -> list[OptOut]:
    del link, url, time
    return []


def refusals_in(*records: etree._Element | None) -> Refusals:
    """Return the opt-outs in XML records: reservations of mining (TDMRep), and directives for robots.

    A reservation that is neither 0 nor 1 counts as one.

    >>> from lxml import etree
    >>> refusals_in(etree.fromstring('<metadata><meta property="tdm:reservation">1</meta></metadata>'))
    (('tdm-reservation', 'metadata: 1'),)
    """
    reservations: list[tuple[Signal, str]] = []
    for record in records:
        if record is not None:
            prefixes = _prefixes(record)
            for element in record.iter():
                reservations += _of_element(element, prefixes)
    return _once(reservations)


def _prefixes(record: etree._Element) -> frozenset[str]:
    """Return the prefixes that an EPUB package declares for the vocabulary of TDMRep."""
    declared = record.getroottree().getroot().get("prefix") or ""
    return frozenset(_PREFIX.findall(declared))


def _of_element(element: etree._Element, prefixes: frozenset[str]) -> Iterator[tuple[Signal, str]]:
    if not isinstance(element.tag, str):
        return
    for key, value in element.attrib.items():
        if _is_reservation(str(key), prefixes):
            yield from _reserved(str(value), "metadata")
    names = [attribute(element, name) for name in _NAMING]
    if _is_reservation(element.tag, prefixes) or any(_is_reservation(name, prefixes) for name in names):
        content = attribute(element, "content") or attribute(element, "value") or words(element)
        yield from _reserved(content, "metadata")
    elif any(name.lower() in ("robots", "x-robots-tag") for name in names):
        content = attribute(element, "content") or words(element)
        yield from ((word, f"metadata: {content}") for word in refusals(content))


def _is_reservation(name: str, prefixes: frozenset[str]) -> bool:
    """Return whether a name is TDMRep's `reservation`, by its namespace, prefix or full name."""
    namespace, _, local = name.rpartition("}")
    prefix, colon, base_name = local.rpartition(":")
    if base_name.lower() == "reservation" and (_TDM in namespace or (colon and prefix in prefixes)):
        return True
    return _NAMES.fullmatch(local) is not None


def _reserved(value: str, place: str) -> list[tuple[Signal, str]]:
    return [] if reservation(value) is False else [("tdm-reservation", f"{place}: {' '.join(value.split())[:100]}")]


def _once(refusals: Iterable[tuple[Signal, str]]) -> Refusals:
    by_signal: dict[Signal, str] = {}
    for signal, value in refusals:
        by_signal.setdefault(signal, value)
    return tuple(by_signal.items())
