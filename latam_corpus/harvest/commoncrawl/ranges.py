"""A file on a web server, read in parts: what is asked for, and nothing else."""

from __future__ import annotations

import io
import re
import time
from collections import OrderedDict
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
_CACHED_BLOCKS: Final = 8  # blocks
_PARTIAL: Final = 206
_BUSY: Final = (429, 500, 502, 503, 504)
_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


def part_of(answer: Exchange, offset: int, length: int) -> int:
    """Return the size of the whole file, of which an answer is the part asked for.

    Raises:
        TroubleError: it is another part, or none.
    """
    content_range = answer.header("content-range")
    match = _RANGE.fullmatch(content_range.strip())
    if answer.status != _PARTIAL or match is None:
        raise TroubleError("range refused", f"status {answer.status}, Content-Range «{content_range[:60]}»")
    first, last, whole = (int(one) for one in match.groups())
    if first != offset or last != min(offset + length, whole) - 1 or len(answer.body) != last - first + 1:
        raise TroubleError(
            "range refused", f"asked for {length:,} bytes from {offset:,}, and was given «{content_range[:60]}»"
        )
    if answer.header("content-encoding").lower() not in ("", "identity"):
        raise TroubleError("range refused", "its parts are in a content encoding")
    return whole


def range_of(offset: int, length: int) -> dict[str, str]:
    """Return the headers that ask for a part.

    >>> range_of(100, 50)["Range"]
    'bytes=100-149'
    """
    return {"Range": f"bytes={offset}-{offset + length - 1}", "Accept-Encoding": "identity"}


class RemoteFile(io.RawIOBase):
    """A file that can be read and sought; each request at the declared pace, the last blocks kept."""

    def __init__(self, url: str, agent: str, asking: Asking) -> None:
        """Ask for the first block, and so for the file's size.

        Args:
            url: its address.
            agent: the user agent.
            asking: how servers are asked.

        Raises:
            SourceError: it can't be read in parts.
        """
        super().__init__()
        self._url = canonical_url(url)
        verify = host_of(self._url) not in asking.unverified_tls
        self._client = Client(agent, asking.timeout, frozenset(asking.private_hosts), verify=verify)
        self._pace = Pace(asking.delay)
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._at = 0
        self.fetched = 0
        self.size = BLOCK
        self._block(0)

    def readable(self) -> bool:
        """Answer that it is."""
        return True

    def seekable(self) -> bool:
        """Answer that it is."""
        return True

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Read on from another place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Buffer, /) -> int:
        """Read what follows, up to the end of a block."""
        view = memoryview(buffer).cast("B")
        if self._at >= self.size or not len(view):
            return 0
        number, inside = divmod(self._at, BLOCK)
        data = self._block(number)[inside : inside + len(view)]
        view[: len(data)] = data
        self._at += len(data)
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
        answer = self._asked(offset, length)
        self._blocks[number] = answer.body
        self.fetched += len(answer.body)
        while len(self._blocks) > _CACHED_BLOCKS:
            self._blocks.popitem(last=False)
        return answer.body

    def _asked(self, offset: int, length: int) -> Exchange:
        for tried in range(MAX_TRIES):
            asked = ""
            try:
                if self.fetched or tried:
                    time.sleep(self._pace.delay)
                answer = self._client.get(self._url, length, lambda _: True, range_of(offset, length))
                asked = answer.header("retry-after")
                if answer.status in _BUSY:
                    raise TroubleError("server busy", f"status {answer.status}", retry=True)  # noqa: TRY301
                self.size = part_of(answer, offset, length)
                self._pace.answered(answer.seconds)
            except TroubleError as trouble:
                rest = self._pace.rest(asked)
                if not trouble.retry or tried + 1 == MAX_TRIES or rest >= LONGEST_REST:
                    problem = f"{trouble.cause} ({trouble.detail.get('told', '')})"
                    raise SourceError(self._url, problem, _("fetch the file otherwise, and give its path")) from None
                time.sleep(rest)
            else:
                return answer
        raise SourceError(self._url, _("it gave no answer"), _("fetch the file otherwise, and give its path"))
