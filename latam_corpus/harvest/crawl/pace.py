"""The pace of requests to one host: never faster than declared, and slower if the host is slow or asks for a rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

# Maximum seconds of a rest; a host that asks for a longer one is postponed to another day.
LONGEST_REST: Final = 3600.0
# Maximum seconds of a `Retry-After`; a longer one counts as a day.
MAX_RETRY_AFTER: Final = 86_400.0
_MAX_DIGITS: Final = 9
MAX_TRIES: Final = 5
_FIRST_REST: Final = 30.0
# The weight of the newest response in the running mean.
_WEIGHT: Final = 0.2


@dataclass
class Pace:
    """The pace of one host.

    Attributes:
        min_delay: minimum seconds between two requests: the source's or the robots.txt's delay, whichever is longer.
        mean_seconds: running mean of its response times.
        failures: consecutive refusals and failures.
        first_rest: seconds of the first rest, if the host names none.

    >>> pace = Pace(1.0)
    >>> pace.record_response(4.0)
    >>> pace.delay
    4.0
    """

    min_delay: float
    mean_seconds: float = 0.0
    failures: int = 0
    first_rest: float = _FIRST_REST

    @property
    def delay(self) -> float:
        """Seconds from the end of one request to the next: at least the host's mean response time."""
        return max(self.min_delay, self.mean_seconds)

    def record_response(self, seconds: float) -> None:
        """Add a response time to the running mean, and end a series of failures."""
        mean = self.mean_seconds
        self.mean_seconds = seconds if not mean else (1 - _WEIGHT) * mean + _WEIGHT * seconds
        self.failures = 0

    def rest(self, requested: str = "") -> float:
        """Count a refusal or failure and return the seconds to rest: as requested by the host, or twice the last rest.

        `requested` is the response's `Retry-After`; empty if it has none.

        >>> pace = Pace(1.0)
        >>> pace.rest(), pace.rest(), pace.rest("120")
        (30.0, 60.0, 120.0)
        """
        self.failures += 1
        seconds = retry_after(requested, datetime.now(UTC))
        if seconds is None:
            seconds = min(self.first_rest * 2 ** (self.failures - 1), LONGEST_REST)
        return max(self.delay, seconds)


def retry_after(value: str, now: datetime) -> float | None:
    """Return the seconds of a `Retry-After` (RFC 9110, 10.2.3), at most a day; None if the value is invalid.

    >>> now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> retry_after("90", now), retry_after("Thu, 01 Jan 2026 12:01:00 GMT", now), retry_after("pronto", now)
    (90.0, 60.0, None)
    >>> retry_after("9" * 20, now), retry_after("Fri, 01 Jan 2100 12:00:00 GMT", now)
    (86400.0, 86400.0)
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:_MAX_DIGITS]), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    seconds = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(0.0, seconds), MAX_RETRY_AFTER)
