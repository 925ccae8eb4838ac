"""The requests of a crawl as they are made in its workers: the network alone, nothing that stands."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from latam_corpus.catalog.identity import canonical_url
from latam_corpus.collect.responses import PAGES
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.crawl.exchange import Client, Exchange
from latam_corpus.harvest.crawl.links import MAX_SITEMAP, XML_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.catalog.harvest_tables import Crawl
    from latam_corpus.harvest.crawl.frontier import Waiting

# RFC 9309, 2.3.1.2: at least five redirects of a robots.txt are followed.
_FILE_REDIRECTS: Final = 5
_FILE_BYTES: Final = 2 * 2**20
_BUSY: Final = (429, 503)
_SERVER: Final = range(500, 600)
_SERVER_TRIES: Final = 2
_MOVED: Final = range(300, 400)
_PACKED: Final = ("application/gzip", "application/x-gzip")


@dataclass(frozen=True)
class Job:
    """A request to make: for an address that waits, for a file of its site, or for a part of a file of an archive.

    Attributes:
        waiting: the address that waits.
        address: the one that is asked for.
        conditions: further headers.
        most: of a part of a file, its bytes; None for the others.
    """

    waiting: Waiting
    address: str
    conditions: Mapping[str, str] = field(default_factory=dict)
    most: int | None = None

    @property
    def is_file(self) -> bool:
        """Whether it is a site's file."""
        return self.most is None and self.address != self.waiting.url


@dataclass
class Answer:
    """What came of a job: the exchanges, more than one where a file was moved, and the trouble that ended them."""

    exchanges: list[Exchange] = field(default_factory=list)
    trouble: TroubleError | None = None


class Asker:
    """Makes requests: each host over one connection of its own."""

    def __init__(self, scope: Crawl, agent: str) -> None:
        self._scope, self._agent = scope, agent
        self._clients: dict[str, Client] = {}

    def close(self) -> None:
        """Close the connections; requests under way come to nothing."""
        for client in list(self._clients.values()):
            client.close()

    def leave(self, host: str) -> None:
        """Close the connection to a host; asking it again opens another."""
        if client := self._clients.pop(host, None):
            client.close()

    def ask(self, job: Job) -> Answer:
        """The answer to a job; never raises."""
        answer = Answer()
        client = self._client(job.waiting.host)
        try:
            if job.is_file:
                self._file(client, job.address, answer)
            elif job.most is not None:
                answer.exchanges.append(client.get(job.address, job.most, lambda _: True, job.conditions))
            else:
                sitemap = job.address.endswith((".xml", ".xml.gz"))
                most = max(MAX_SITEMAP if sitemap else 0, self._scope.max_page_bytes)
                answer.exchanges.append(client.get(job.address, most, _wanted, job.conditions))
        except TroubleError as trouble:
            answer.trouble = trouble
        except Exception as error:  # noqa: BLE001  (the boundary: what one server does stops no other)
            answer.trouble = TroubleError("malformed response", f"{type(error).__name__}: {error}"[:200])
        return answer

    def _file(self, client: Client, address: str, answer: Answer) -> None:
        """A site's file, wherever it was moved to."""
        for _ in range(_FILE_REDIRECTS + 1):
            answer.exchanges.append(client.get(address, _FILE_BYTES, None))
            target = answer.exchanges[-1].header("location")
            if answer.exchanges[-1].status not in _MOVED or not target:
                return
            address = canonical_url(urljoin(address, target))
            if not address.startswith("http"):
                return
            time.sleep(self._scope.delay)

    def _client(self, host: str) -> Client:
        if host not in self._clients:
            private = frozenset(self._scope.private_hosts)
            verify = host not in self._scope.unverified_tls
            self._clients[host] = Client(self._agent, self._scope.timeout, private, verify=verify)
        return self._clients[host]


def usable(job: Job, answer: Answer) -> Exchange:
    """The last exchange of an answer.

    Raises:
        TroubleError: there is none, or the server asks to come back later.
    """
    if answer.trouble:
        raise answer.trouble
    last = answer.exchanges[-1]
    failing = last.status in _SERVER and job.waiting.tries < _SERVER_TRIES
    if not job.is_file and (last.status in _BUSY or failing):
        raise TroubleError("server busy", f"status {last.status}", retry=True)
    return last


def _wanted(said: str) -> bool:
    kind = said.partition(";")[0].strip().lower()
    return not kind or kind in PAGES or kind in XML_TYPES or kind in _PACKED
