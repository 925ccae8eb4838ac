"""Range requests for a part of a file on a web server, and a remote file as a seekable stream."""

from __future__ import annotations

import io
import re
import time
from collections import OrderedDict
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.harvest_tables import host_of
from latam_corpus.catalog.identity import canonical_url
from latam_corpus.errors import SourceError
from latam_corpus.harvest.crawl.causes import TroubleError
from latam_corpus.harvest.crawl.pace import LONGEST_REST, MAX_TRIES, Pace
from latam_corpus.harvest.crawl.transport.exchange import Client
from latam_corpus.messages import _

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from latam_corpus.catalog.harvest_tables import Asking
    from latam_corpus.harvest.crawl.transport.exchange import Exchange

BLOCK: Final = 4 * 2**20
_CACHED_BLOCKS: Final = 8

_BUSY: Final = (429, 500, 502, 503, 504)
_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


def check_part(answer: Exchange, offset: int, length: int) -> int:
    """Check that a response is the requested part of a file, and return the file's size in bytes.

    Raises:
        TroubleError: it is a different part, or not a part.
    """
    content_range = answer.header("content-range")
    match = _RANGE.fullmatch(content_range.strip())
    if answer.status != HTTPStatus.PARTIAL_CONTENT or match is None:
        raise TroubleError("range refused", f"status {answer.status}, Content-Range «{content_range[:60]}»")
    first, last, size = map(int, match.groups())
    if first != offset or last != min(offset + length, size) - 1 or len(answer.body) != last - first + 1:
        raise TroubleError(
            "range refused", f"asked for {length:,} bytes from {offset:,}, and was given «{content_range[:60]}»"
        )
    if answer.header("content-encoding").lower() not in ("", "identity"):
        raise TroubleError("range refused", "its parts are in a content encoding")
    return size


def range_headers(offset: int, length: int) -> dict[str, str]:
    """Return the headers of a request for a part of a file.

    >>> range_headers(100, 50)["Range"]
    'bytes=100-149'
    """
    return {"Range": f"bytes={offset}-{offset + length - 1}", "Accept-Encoding": "identity"}


class RemoteFile(io.RawIOBase):
    """A seekable file on a web server, read block by block at the declared pace, with the last blocks cached."""

    def __init__(self, url: str, agent: str, asking: Asking) -> None:
        """Fetch the first block, and with it the file's size.

        Raises:
            SourceError: the server doesn't support range requests, or fails.
        """
        super().__init__()
        self._url = canonical_url(url)
        verify = host_of(self._url) not in asking.unverified_tls
        self._client = Client(agent, asking.timeout, frozenset(asking.private_hosts), verify=verify)
        self._pace = Pace(asking.delay)
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._position = 0
        self.fetched = 0
        self.size = BLOCK
        self._block(0)

    def readable(self) -> bool:
        """Return true."""
        return True

    def seekable(self) -> bool:
        """Return true."""
        return True

    def tell(self) -> int:
        """Return the position of the next byte to read."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set the position of the next byte to read, and return it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Buffer, /) -> int:
        """Read into the buffer, at most up to the end of a block."""
        view = memoryview(buffer).cast("B")
        if self._position >= self.size or not len(view):
            return 0
        number, inside = divmod(self._position, BLOCK)
        data = self._block(number)[inside : inside + len(view)]
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
        super().close()

    def _block(self, number: int) -> bytes:
        if number in self._blocks:
            self._blocks.move_to_end(number)
            return self._blocks[number]
        offset = number * BLOCK
        length = min(BLOCK, self.size - offset)
        answer = self._fetch(offset, length)
        self._blocks[number] = answer.body
        self.fetched += len(answer.body)
        while len(self._blocks) > _CACHED_BLOCKS:
            self._blocks.popitem(last=False)
        return answer.body

    def _fetch(self, offset: int, length: int) -> Exchange:
        tries = 0
        while True:
            requested_rest = ""
            try:
                if self.fetched or tries:
                    time.sleep(self._pace.delay)
                tries += 1
                answer = self._client.get(self._url, length, lambda _: True, range_headers(offset, length))
                requested_rest = answer.header("retry-after")
                if answer.status in _BUSY:
                    raise TroubleError("server busy", f"status {answer.status}", retry=True)  # noqa: TRY301
                self.size = check_part(answer, offset, length)
                self._pace.record_response(answer.seconds)
            except TroubleError as trouble:
                rest_seconds = self._pace.rest(requested_rest)
                if not trouble.retry or tries == MAX_TRIES or rest_seconds >= LONGEST_REST:
                    problem = f"{trouble.cause} ({trouble.detail.get('told', '')})"
                    raise SourceError(
                        self._url, problem, _("download the file in another way, and give its path")
                    ) from None
                time.sleep(rest_seconds)
            else:
                return answer
