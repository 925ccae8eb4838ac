"""What a repository answers (OAI-PMH 2.0): records with their Dublin Core, deletions, errors and resumption tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from lxml import etree

from latam_corpus.catalog.identity import canonical_url
from latam_corpus.collect.documents.mapping import as_published
from latam_corpus.harvest.crawl.answers.lenient_xml import parsed_xml
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.oai.rights_statements import is_closed, statement_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lxml.etree import _Element

_DC: Final = "http://purl.org/dc/elements/"
_READ: Final = ("title", "creator", "date", "language", "rights", "identifier", "relation", "source")


@dataclass(frozen=True)
class Record:
    """A record of a repository.

    Attributes:
        identifier: the repository's name for it.
        datestamp: when it was last changed, as the repository writes it.
        deleted: whether the repository has taken it back.
        dc: its Dublin Core elements, each a list of texts.
    """

    identifier: str
    datestamp: str
    deleted: bool
    dc: Mapping[str, Sequence[str]]

    def known(self) -> dict[str, object]:
        """Return the columns of its document."""
        dates = sorted(filter(None, map(as_published, self.dc.get("date", ()))))
        return {
            "id": self.identifier,
            "title": next(iter(self.dc.get("title", ())), None),
            "creators": list(dict.fromkeys(self.dc.get("creator", ()))),
            # Repositories add the days on which a text was handed in and shown; it was published before.
            "published": next(iter(dates), None),
            "declared_language": next(iter(self.dc.get("language", ())), None),
            "rights": statement_of(self.dc.get("rights", ())),
        }

    def links(self, elements: Sequence[str]) -> list[str]:
        """Return the addresses that these elements have, in their order, each once."""
        values = [value for name in elements for value in self.dc.get(name, ())]
        by_address: dict[str, str] = {}
        for value in values:
            if value.lower().startswith(("http://", "https://")):
                by_address.setdefault(canonical_url(value), value)
        return list(by_address.values())

    def is_closed(self, today: str) -> bool:
        """Whether the repository says that the text isn't open to the public on this day."""
        return is_closed(self.dc.get("rights", ()), self.dc.get("date", ()), today)


@dataclass(frozen=True)
class Reply:
    """An answer of a repository.

    Attributes:
        moment: its `responseDate`, as written.
        records: of a list.
        token: what asks for the rest of the list; empty where there is no more.
        errors: codes and what is told of each.
        granularity: of an `Identify`: whether datestamps have seconds.
    """

    moment: str
    records: tuple[Record, ...] = ()
    token: str = ""
    errors: tuple[tuple[str, str], ...] = ()
    granularity: str = ""


def reply_of(body: bytes) -> Reply:
    """Return the answer that a body is.

    Raises:
        TroubleError: it is none, or XML that can't be read.

    >>> xml = b'<OAI-PMH><responseDate>2026-01-01T00:00:00Z</responseDate><error code="noRecordsMatch"/></OAI-PMH>'
    >>> reply_of(xml).errors
    (('noRecordsMatch', ''),)
    """
    root = parsed_xml(body)
    if etree.QName(root).localname != "OAI-PMH":
        raise TroubleError("not a repository", f"its root is <{etree.QName(root).localname}>"[:100])
    errors = tuple((one.get("code") or "?", _text(one)[:200]) for one in root.iterfind("{*}error"))
    listed = next(root.iterfind("{*}ListRecords"), None)
    records = () if listed is None else tuple(_record(one) for one in listed.iterfind("{*}record"))
    token = "" if listed is None else _text(next(listed.iterfind("{*}resumptionToken"), None))
    identified = next(root.iterfind("{*}Identify"), None)
    identity = {} if identified is None else {etree.QName(one).localname: _text(one) for one in _elements(identified)}
    return Reply(
        _text(next(root.iterfind("{*}responseDate"), None)),
        records,
        token,
        errors,
        identity.get("granularity", ""),
    )


def _record(element: _Element) -> Record:
    header = next(element.iterfind("{*}header"), element)
    dc: dict[str, list[str]] = {}
    for metadata in element.iterfind("{*}metadata"):
        for one in metadata.iter(*(f"{{*}}{name}" for name in _READ)):
            tag = etree.QName(one)
            # Repositories write the namespace with other versions, and without its last slash.
            if (tag.namespace or "").startswith(_DC) and (text := _text(one)):
                dc.setdefault(tag.localname, []).append(text)
    return Record(
        _text(next(header.iterfind("{*}identifier"), None)),
        _text(next(header.iterfind("{*}datestamp"), None)),
        header.get("status") == "deleted",
        dc,
    )


def _elements(element: _Element) -> list[_Element]:
    return [one for one in element if isinstance(one.tag, str)]


def _text(element: _Element | None) -> str:
    return "" if element is None else " ".join("".join(map(str, element.itertext())).split())


def request_url(address: str, verb: str, **arguments: str | None) -> str:
    """Return the canonical address of a request.

    >>> request_url("https://r.example/oai", "ListRecords", resumptionToken="a b/1")
    'https://r.example/oai?verb=ListRecords&resumptionToken=a%20b%2F1'
    """
    present = {name: value for name, value in arguments.items() if value}
    return canonical_url(f"{address}?{urlencode({'verb': verb, **present}, quote_via=quote, safe='')}")
