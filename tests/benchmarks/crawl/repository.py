"""A little OAI-PMH repository for harvests on loopback: records that a test changes, and every request to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from latam_corpus.harvest.oai.repository import OaiCrawler

from .collected import source_of
from .website import Unseen, page

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from latam_corpus.catalog.source import Source

XML: Final = {"Content-Type": "text/xml; charset=utf-8"}


@dataclass
class Record:
    """A record of the small repository."""

    identifier: str
    datestamp: str = "2026-01-01"
    deleted: bool = False
    set_: str = "cuentos"
    dc: dict[str, list[str]] = field(default_factory=dict)

    def xml(self) -> str:
        """Return the record as a list has it."""
        status = ' status="deleted"' if self.deleted else ""
        header = f"<header{status}><identifier>{self.identifier}</identifier><datestamp>{self.datestamp}</datestamp>"
        elements = "".join(f"<dc:{k}>{v}</dc:{k}>" for k, values in self.dc.items() for v in values)
        body = (
            f'<metadata><oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/">{elements}</oai_dc:dc></metadata>'
        )
        return f"<record>{header}<setSpec>{self.set_}</setSpec></header>{'' if self.deleted else body}</record>"


@dataclass
class Repository:
    """A small repository: two records per list, and tokens that name the next position."""

    records: list[Record]
    moment: str = "2026-02-01T10:00:00Z"
    hook: Callable[[dict[str, str]], Any] = lambda _: None
    requests: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, path: str) -> Any:
        """Return the answer to a request below `/oai`."""
        parts = urlsplit(path)
        if parts.path != "/oai":
            return None
        request = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.requests.append(request)
        hooked = self.hook(request)
        return hooked if hooked is not None else (200, XML, self.reply(request).encode())

    def reply(self, request: dict[str, str]) -> str:
        """Return the XML of an answer."""
        if request["verb"] == "Identify":
            return self.wrapped(
                "<Identify><repositoryName>Cuentos</repositoryName><granularity>YYYY-MM-DD</granularity>"
                "<deletedRecord>persistent</deletedRecord></Identify>"
            )
        place, since, set_ = (
            request.get("resumptionToken") or f"0|{request.get('from', '')}|{request.get('set', '')}"
        ).split("|")
        results = [record for record in self.records if record.datestamp >= since and set_ in ("", record.set_)]
        if not results:
            return self.wrapped('<error code="noRecordsMatch">nada</error>')
        at = int(place)
        more = f"{at + 2}|{since}|{set_}" if at + 2 < len(results) else ""
        records_xml = "".join(record.xml() for record in results[at : at + 2])
        return self.wrapped(f"<ListRecords>{records_xml}<resumptionToken>{more}</resumptionToken></ListRecords>")

    def wrapped(self, inner: str) -> str:
        """Return an answer with this content."""
        return (
            '<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
            f"<responseDate>{self.moment}</responseDate><request>x</request>{inner}</OAI-PMH>"
        )


def text(n: int, **more: Any) -> Record:
    """Return a record with a title and an address."""
    return Record(f"oai:r:{n}", dc={"title": [f"Cuento {n}"], "identifier": [f"{{root}}/t/{n}"]}, **more)


def placed(site: Any, records: list[Record]) -> Repository:
    """Put the repository on the site, with a page at each record's address."""
    for record in records:
        record.dc = {
            name: [value.replace("{root}", site.root) for value in values] for name, values in record.dc.items()
        }
    repository = Repository(records)
    site.any_ = lambda path: repository(path) or (page(path) if path.startswith("/t/") else None)
    return repository


def source(site: Any, more: str = "") -> Source:
    """Return the source of the site's repository, with these lines of `[collect.oai]`."""
    return source_of(site.host, "oai", f'address = "{site.root}/oai"\n{more}')


def harvest(site: Any, out: Path, more: str = "", *, again: bool = False, **options: Any) -> Any:
    """Harvest the site's repository and return the result."""
    return OaiCrawler(source(site, more), out, Unseen(), first_rest=0.01, **options).run(again=again)
