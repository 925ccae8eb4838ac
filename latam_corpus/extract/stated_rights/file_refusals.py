"""Refusals of training and mining that pages and files carry: robots and TDMRep in HTML, TDMRep in XML metadata.

The names are those of the TDM Reservation Protocol (W3C Community Group report of 10 May 2024): `tdm-reservation` in
HTML, the property `tdm:reservation` in an EPUB's package, the namespace `http://www.w3.org/ns/tdmrep/` in XMP.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from latam_corpus.catalog.optout.directives import refusals
from latam_corpus.catalog.optout.opt_out import Signal
from latam_corpus.catalog.optout.page_opt_outs import Head, page_opt_outs, unread_licence
from latam_corpus.catalog.optout.preferences import reservation
from latam_corpus.text.markup.xml_tree import attribute, words
from latam_corpus.vocabulary import LICENCES_READ

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lxml import etree

    from latam_corpus.catalog.optout.opt_out import OptOut

Refusals: TypeAlias = tuple[tuple[Signal, str], ...]

_TDM: Final = "w3.org/ns/tdm"  # whatever follows: reports and programs differ in the end of the address
_NAMES: Final = re.compile(r"(?:\w+[:.])?tdm[-_:.]?reservation", re.IGNORECASE)
_PREFIX: Final = re.compile(rf"(\w+):\s+https?://(?:www\.)?{re.escape(_TDM)}")
_NAMING: Final = ("property", "name")
_IN_PAGES: Final = (b"tdm:reservation", b"tdm_reservation", b"tdm.reservation")
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def page_refusals(raw: bytes, parameters: Mapping[str, str] | None = None) -> Refusals:
    """Return what the head of an HTML page refuses, each signal once.

    Args:
        raw: the page's bytes.
        parameters: of its media type; `licences=read` where its crawler has read the licences that it links to.

    >>> page_refusals(b'<meta name="robots" content="noai"><meta name="tdm:reservation" content="1">')
    (('noai', 'meta: noai'), ('tdm-reservation', 'meta: 1'))
    """
    head = Head(raw)
    name, _, value = LICENCES_READ.partition("=")
    is_read = (parameters or {}).get(name) == value
    opt_outs = page_opt_outs("", (), head, _NEVER, _no_licence if is_read else unread_licence)
    found: list[tuple[Signal, str]] = [(one.signal, one.value) for one in opt_outs]
    if any(map(head.has, _IN_PAGES)):
        for tag, values in head.elements:
            if tag == "meta" and any(_NAMES.fullmatch(values.get(name, "")) for name in _NAMING):
                found += _reserved(values.get("content", ""), "meta")
    return _once(found)


def _no_licence(link: str, url: str, time: datetime) -> list[OptOut]:
    del link, url, time
    return []


def refusals_in(*records: etree._Element | None) -> Refusals:
    """Return what records of XML refuse: reservations of mining (TDMRep), and directives for robots.

    A reservation that is neither 0 nor 1 counts: its owner meant something.

    >>> from lxml import etree
    >>> refusals_in(etree.fromstring('<metadata><meta property="tdm:reservation">1</meta></metadata>'))
    (('tdm-reservation', 'metadata: 1'),)
    """
    found: list[tuple[Signal, str]] = []
    for record in records:
        if record is not None:
            prefixes = _prefixes(record)
            for element in record.iter():
                found += _of_element(element, prefixes)
    return _once(found)


def _prefixes(record: etree._Element) -> frozenset[str]:
    """Return the prefixes that a package (EPUB) declares for TDMRep's vocabulary."""
    declared = record.getroottree().getroot().get("prefix") or ""
    return frozenset(_PREFIX.findall(declared))


def _of_element(element: etree._Element, prefixes: frozenset[str]) -> Iterator[tuple[Signal, str]]:
    if not isinstance(element.tag, str):
        return
    for key, value in element.attrib.items():
        if _is_reservation(str(key), prefixes):
            yield from _reserved(str(value), "metadata")
    named = [attribute(element, name) for name in _NAMING]
    if _is_reservation(element.tag, prefixes) or any(_is_reservation(name, prefixes) for name in named):
        written = attribute(element, "content") or attribute(element, "value") or words(element)
        yield from _reserved(written, "metadata")
    elif any(name.lower() in ("robots", "x-robots-tag") for name in named):
        written = attribute(element, "content") or words(element)
        yield from ((word, f"metadata: {written}") for word in refusals(written))


def _is_reservation(name: str, prefixes: frozenset[str]) -> bool:
    """Whether an element, attribute or property is TDMRep's `reservation`, by its namespace, prefix or whole name."""
    space, _, local = name.rpartition("}")
    before, colon, bare = local.rpartition(":")
    if bare.lower() == "reservation" and (_TDM in space or (colon and before in prefixes)):
        return True
    return _NAMES.fullmatch(local) is not None


def _reserved(value: str, where: str) -> list[tuple[Signal, str]]:
    return [] if reservation(value) is False else [("tdm-reservation", f"{where}: {' '.join(value.split())[:100]}")]


def _once(found: Iterable[tuple[Signal, str]]) -> Refusals:
    by_signal: dict[Signal, str] = {}
    for signal, value in found:
        by_signal.setdefault(signal, value)
    return tuple(by_signal.items())
