"""The requests of a crawl, made in its worker threads: network access only, no state of the crawl."""

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
class FetchJob:
    """A request for a waiting address, for a file of its site, or for a part of an archive file.

    Attributes:
        part_bytes: for a part of a file, its length in bytes; otherwise None.
        file: for a site's file, its original address, before redirects; otherwise empty.
        moves: redirects of that file so far.
    """

    waiting: Waiting
    address: str
    conditions: Mapping[str, str] = field(default_factory=dict)
    part_bytes: int | None = None
    file: str = ""
    moves: int = 0

    @property
    def host(self) -> str:
        """The host of the requested address."""
        return host_of(self.address)


@dataclass
class FetchOutcome:
    """The outcome of a job: the exchange or the error, and the seconds that it took."""

    exchange: Exchange | None = None
    seconds: float = 0.0
    trouble: TroubleError | None = None

    @property
    def size(self) -> int:
        """The bytes of the body that were read; the limit, if the body exceeded it."""
        if self.exchange is not None:
            return len(self.exchange.body)
        detail = self.trouble.detail if self.trouble else {}
        # A body with a stated length above the limit isn't read.
        return 0 if "bytes" in detail else int(str(detail.get("limit_bytes", 0)))


class Fetcher:
    """Makes requests, over one connection for each host."""

    def __init__(self, scope: Crawl, agent: str) -> None:
        self._scope, self._agent = scope, agent
        self._clients: dict[str, Client] = {}

    def close(self) -> None:
        """Close all connections; requests in progress fail."""
        for client in list(self._clients.values()):
            client.close()

    def leave(self, host: str) -> None:
        """Close the connection to a host; its next request opens another."""
        if client := self._clients.pop(host, None):
            client.close()

    def fetch(self, job: FetchJob) -> FetchOutcome:
        """Make a request and return its outcome; never raises."""
        outcome, started = FetchOutcome(), time.monotonic()
        client = self._client(job.host)
        try:
            if job.file:
                outcome.exchange = client.get(job.address, _FILE_BYTES, None)
            elif job.part_bytes is not None:
                outcome.exchange = client.get(job.address, job.part_bytes, lambda _: True, job.conditions)
            else:
                sitemap = job.address.endswith((".xml", ".xml.gz"))
                max_bytes = max(MAX_SITEMAP if sitemap else 0, self._scope.max_page_bytes)
                outcome.exchange = client.get(job.address, max_bytes, _is_page_or_list, job.conditions)
        except TroubleError as trouble:
            outcome.trouble = trouble
        except Exception as error:  # noqa: BLE001  (the boundary: one server's response must not stop the others)
            outcome.trouble = TroubleError("malformed response", f"{type(error).__name__}: {error}"[:200])
        outcome.seconds = time.monotonic() - started
        return outcome

    def _client(self, host: str) -> Client:
        if host not in self._clients:
            private = frozenset(self._scope.private_hosts)
            verify = host not in self._scope.unverified_tls
            self._clients[host] = Client(self._agent, self._scope.timeout, private, verify=verify)
        return self._clients[host]


def usable_exchange(job: FetchJob, outcome: FetchOutcome) -> Exchange:
    """Return the exchange of an outcome.

    Raises:
        TroubleError: the request failed, or the server asks to come back later.
    """
    if outcome.exchange is None:
        raise outcome.trouble or TroubleError("malformed response")
    status = outcome.exchange.status
    failing = status in _SERVER and job.waiting.tries < _SERVER_TRIES
    if not job.file and (status in _BUSY or failing):
        raise TroubleError("server busy", f"status {status}", retry=True)
    return outcome.exchange


def _is_page_or_list(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return not kind or kind in PAGES or kind in XML_TYPES or kind in _PACKED
