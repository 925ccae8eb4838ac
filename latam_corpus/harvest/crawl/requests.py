"""The requests of a crawl as they are made in its workers: the network alone, nothing that stands."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.harvest_tables import host_of
from latam_corpus.collect.web_archives.responses import PAGES
from latam_corpus.harvest.crawl.answers.links import MAX_SITEMAP, XML_TYPES
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.crawl.transport.exchange import Client, Exchange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from latam_corpus.catalog.harvest_tables import Crawl
    from latam_corpus.harvest.crawl.frontier import Waiting

_FILE_BYTES: Final = 2 * 2**20
_BUSY: Final = (429, 503)
_SERVER: Final = range(500, 600)
_SERVER_TRIES: Final = 2
_PACKED: Final = ("application/gzip", "application/x-gzip")


@dataclass(frozen=True)
class Job:
    """A request to make: for an address that waits, for a file of its site, or for a part of a file of an archive.

    Attributes:
        waiting: the address that waits.
        address: the one that is asked for.
        conditions: further headers.
        most: of a part of a file, its bytes; None for the others.
        file: of a site's file, its own address, whatever it has moved to; empty for the others.
        moves: how often that file has moved.
    """

    waiting: Waiting
    address: str
    conditions: Mapping[str, str] = field(default_factory=dict)
    most: int | None = None
    file: str = ""
    moves: int = 0

    @property
    def host(self) -> str:
        """The host that is asked."""
        return host_of(self.address)


@dataclass
class Answer:
    """What came of a job: the exchange, or the trouble that there was; and the seconds that it took."""

    exchange: Exchange | None = None
    seconds: float = 0.0
    trouble: TroubleError | None = None

    @property
    def size(self) -> int:
        """Bytes of a body that were read: of one without end as many as are read of any."""
        if self.exchange is not None:
            return len(self.exchange.body)
        detail = self.trouble.detail if self.trouble else {}
        # One whose length was stated isn't read.
        return 0 if "bytes" in detail else int(str(detail.get("limit_bytes", 0)))


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
        """Return the answer to a job; never raises."""
        answer, started = Answer(), time.monotonic()
        client = self._client(job.host)
        try:
            if job.file:
                answer.exchange = client.get(job.address, _FILE_BYTES, None)
            elif job.most is not None:
                answer.exchange = client.get(job.address, job.most, lambda _: True, job.conditions)
            else:
                sitemap = job.address.endswith((".xml", ".xml.gz"))
                most = max(MAX_SITEMAP if sitemap else 0, self._scope.max_page_bytes)
                answer.exchange = client.get(job.address, most, _wanted, job.conditions)
        except TroubleError as trouble:
            answer.trouble = trouble
        except Exception as error:  # noqa: BLE001  (the boundary: what one server does stops no other)
            answer.trouble = TroubleError("malformed response", f"{type(error).__name__}: {error}"[:200])
        answer.seconds = time.monotonic() - started
        return answer

    def _client(self, host: str) -> Client:
        if host not in self._clients:
            private = frozenset(self._scope.private_hosts)
            verify = host not in self._scope.unverified_tls
            self._clients[host] = Client(self._agent, self._scope.timeout, private, verify=verify)
        return self._clients[host]


def usable(job: Job, answer: Answer) -> Exchange:
    """Return the exchange of an answer.

    Raises:
        TroubleError: there is none, or the server asks to come back later.
    """
    if answer.exchange is None:
        raise answer.trouble or TroubleError("malformed response")
    status = answer.exchange.status
    failing = status in _SERVER and job.waiting.tries < _SERVER_TRIES
    if not job.file and (status in _BUSY or failing):
        raise TroubleError("server busy", f"status {status}", retry=True)
    return answer.exchange


def _wanted(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return not kind or kind in PAGES or kind in XML_TYPES or kind in _PACKED
