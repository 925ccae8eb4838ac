"""Parses the replies of a repository (OAI-PMH 2.0): records in Dublin Core, deletions, errors, resumption tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from lxml import etree

from latam_corpus.catalog.identity import canonical_url
from latam_corpus.collect.documents.mapping import as_published
from latam_corpus.harvest.crawl.answers.lenient_xml import parse_xml
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.oai.rights_statements import is_closed, statement_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lxml.etree import _Element

_DC: Final = "http://purl.org/dc/elements/"
_READ: Final = ("title", "creator", "date", "language", "rights", "identifier", "relation", "source")


@dataclass(frozen=True)
class OaiRecord:
    """A record of a repository.

    Attributes:
        datestamp: the date of its last change, as the repository writes it.
        deleted: whether the repository has deleted it.
        dc: its Dublin Core elements, each a list of texts.
    """

    identifier: str
    datestamp: str
    deleted: bool
    dc: Mapping[str, Sequence[str]]

    def columns(self) -> dict[str, object]:
        """Return the columns of the record's document."""
        dates = sorted(filter(None, map(as_published, self.dc.get("date", ()))))
        return {
            "id": self.identifier,
            "title": next(iter(self.dc.get("title", ())), None),
            "creators": list(dict.fromkeys(self.dc.get("creator", ()))),
            # Repositories also state the later dates of deposit and release.
            "published": next(iter(dates), None),
            "declared_language": next(iter(self.dc.get("language", ())), None),
            "rights": statement_of(self.dc.get("rights", ())),
        }

    def links(self, elements: Sequence[str]) -> list[str]:
        """Return the unique addresses in these elements, in the order of the elements."""
        values = [value for name in elements for value in self.dc.get(name, ())]
        by_address: dict[str, str] = {}
        for value in values:
            if value.lower().startswith(("http://", "https://")):
                by_address.setdefault(canonical_url(value), value)
        return list(by_address.values())

    def is_closed(self, today: str) -> bool:
        """Return whether the repository states that the text isn't open access on this day (ISO 8601)."""
        return is_closed(self.dc.get("rights", ()), self.dc.get("date", ()), today)


@dataclass(frozen=True)
class Reply:
    """A reply of a repository.

    Attributes:
        moment: its `responseDate`, as written.
        token: the resumption token; empty at the end of the list.
        errors: pairs of error code and message.
        granularity: in a reply to `Identify`, the format of datestamps.
    """

    moment: str
    records: tuple[OaiRecord, ...] = ()
    token: str = ""
    errors: tuple[tuple[str, str], ...] = ()
    granularity: str = ""


def reply_of(body: bytes) -> Reply:
    """Parse a reply.

    Raises:
        TroubleError: it isn't an OAI-PMH reply, or is damaged XML.

    >>> xml = b'<OAI-PMH><responseDate>2026-01-01T00:00:00Z</responseDate><error code="noRecordsMatch"/></OAI-PMH>'
    >>> reply_of(xml).errors
    (('noRecordsMatch', ''),)
    """
    root = parse_xml(body)
    if etree.QName(root).localname != "OAI-PMH":
        raise TroubleError("not a repository", f"its root is <{etree.QName(root).localname}>"[:100])
    errors = tuple((error.get("code") or "?", _text(error)[:200]) for error in root.iterfind("{*}error"))
    listing = root.find("{*}ListRecords")
    records = () if listing is None else tuple(_record(record) for record in listing.iterfind("{*}record"))
    token = "" if listing is None else _text(listing.find("{*}resumptionToken"))
    return Reply(
        _text(root.find("{*}responseDate")), records, token, errors, _text(root.find("{*}Identify/{*}granularity"))
    )


def _record(element: _Element) -> OaiRecord:
    header = next(element.iterfind("{*}header"), element)
    dc: dict[str, list[str]] = {}
    for metadata in element.iterfind("{*}metadata"):
        for child in metadata.iter(*(f"{{*}}{name}" for name in _READ)):
            tag = etree.QName(child)
            # Some repositories write another version in the namespace, or omit its last slash.
            if (tag.namespace or "").startswith(_DC) and (text := _text(child)):
                dc.setdefault(tag.localname, []).append(text)
    return OaiRecord(
        _text(header.find("{*}identifier")), _text(header.find("{*}datestamp")), header.get("status") == "deleted", dc
    )


def _text(element: _Element | None) -> str:
    return "" if element is None else " ".join("".join(map(str, element.itertext())).split())


def request_url(address: str, verb: str, **arguments: str | None) -> str:
    """Return the canonical address of a request.

    >>> request_url("https://r.example/oai", "ListRecords", resumptionToken="a b/1")
    'https://r.example/oai?verb=ListRecords&resumptionToken=a%20b%2F1'
    """
    present = {name: value for name, value in arguments.items() if value}
    return canonical_url(f"{address}?{urlencode({'verb': verb, **present}, quote_via=quote, safe='')}")
