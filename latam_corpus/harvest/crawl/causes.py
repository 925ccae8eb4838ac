"""The causes, counted and logged, why an address gave no page."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

Cause: TypeAlias = Literal[
    # never requested
    "credentials in address",
    "address too long",
    "malformed address",
    "private address",
    "shut out by robots",
    "excluded path",
    "too deep",
    # traps
    "repeating path",
    "too many parameters",
    "too many variants",
    "endless calendar",
    "same content again",
    "too many links",
    "too many addresses",
    # budgets of a host
    "too many requests",
    "too many bytes",
    "too much time",
    # requested, without a usable response
    "no connection",
    "bad certificate",
    "timed out",
    "malformed response",
    "too large",
    "unpacks too large",
    "damaged encoding",
    "too many redirects",
    "redirect out of scope",
    "not a page",
    "error status",
    "gone",
    "server busy",
    # a site's files
    "robots unavailable",
    "robots is a page",
    "robots is cut",
    "unread delay",
    "damaged XML",
    # feeds and repositories
    "out of scope",
    "not a feed",
    "endless list",
    "not a repository",
    "repository error",
    "broken token",
    "closed access",
    "not read",
    # captures of a web archive
    "range refused",
    "not the record",
]


class TroubleError(Exception):
    """A request gave no page.

    Attributes:
        cause: why the request gave no page.
        detail: further facts for the log; the message is under the key `told`.
        retry: whether another attempt may succeed.
        host: whether the host can't be reached, so that its other addresses would also fail.
    """

    def __init__(
        self, cause: Cause, message: str = "", *, retry: bool = False, host: bool = False, **detail: object
    ) -> None:
        super().__init__(cause, message)
        self.cause: Cause = cause
        self.detail = ({"told": message} if message else {}) | detail
        self.retry = retry
        self.host = host


@contextmanager
def document_boundary(cause: Cause) -> Iterator[None]:
    """Turn any exception into a `TroubleError`, so that one malformed document doesn't stop the crawl.

    Raises:
        TroubleError: the block raised it, or another exception.
    """
    try:
        yield
    except TroubleError:
        raise
    except Exception as error:  # noqa: BLE001  (parsers of strangers' bytes may raise anything)
        raise TroubleError(cause, f"{type(error).__name__}: {error}"[:200]) from None
