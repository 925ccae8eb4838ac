"""Why an address gave no page: plain words, counted and read."""

from __future__ import annotations

from typing import Literal, TypeAlias

Cause: TypeAlias = Literal[
    # never asked for
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
    # asked for, and no answer that can be used
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
    # captures of another archive
    "range refused",
    "not the record",
]


class TroubleError(Exception):
    """A request came to nothing; `retry` says whether another try may do better, `host` whether it is its host's."""

    def __init__(
        self, cause: Cause, message: str = "", *, retry: bool = False, host: bool = False, **detail: object
    ) -> None:
        super().__init__(cause, message)
        self.cause: Cause = cause
        self.detail = ({"told": message} if message else {}) | detail
        self.retry = retry
        self.host = host
