"""How fast a host is asked: never faster than declared, slower where it answers slowly or asks for rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

# A host that asks for a longer rest is left for another day.
LONGEST_REST: Final = 3600.0
# Whatever a host asks for, it is asked again after a day.
MOST_REST: Final = 86_400.0
_DIGITS: Final = 9
MAX_TRIES: Final = 5
_FIRST_REST: Final = 30.0
_WEIGHT: Final = 0.2


@dataclass
class Pace:
    """The pace of one host.

    Attributes:
        floor: seconds between two requests at least: the source's and the robots.txt's word, whichever is more.
        usual: seconds that its answers take, as a running mean.
        busy: how often in a row it asked for rest.
        first_rest: seconds of the first rest, where the host names none.

    >>> pace = Pace(1.0)
    >>> pace.answered(4.0)
    >>> pace.delay
    4.0
    """

    floor: float
    usual: float = 0.0
    busy: int = 0
    first_rest: float = _FIRST_REST

    @property
    def delay(self) -> float:
        """Seconds from the end of one request to the next; as long as the host itself works on one, at least."""
        return max(self.floor, self.usual)

    def answered(self, seconds: float) -> None:
        """Note that an answer took so long."""
        self.usual = seconds if not self.usual else (1 - _WEIGHT) * self.usual + _WEIGHT * seconds
        self.busy = 0

    def rest(self, asked: str = "", now: datetime | None = None) -> float:
        """Seconds to rest after a refusal or a failure; twice as long each time, and as long as the host asks.

        >>> pace = Pace(1.0)
        >>> pace.rest(), pace.rest(), pace.rest("120")
        (30.0, 60.0, 120.0)
        """
        self.busy += 1
        asked_seconds = retry_after(asked, now or datetime.now(UTC))
        return max(
            self.delay,
            asked_seconds if asked_seconds is not None else min(self.first_rest * 2 ** (self.busy - 1), LONGEST_REST),
        )


def retry_after(value: str, now: datetime) -> float | None:
    """Return the seconds that a `Retry-After` asks for (RFC 9110, 10.2.3), a day at most; None if it isn't one.

    >>> now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> retry_after("90", now), retry_after("Thu, 01 Jan 2026 12:01:00 GMT", now), retry_after("pronto", now)
    (90.0, 60.0, None)
    >>> retry_after("9" * 20, now), retry_after("Fri, 01 Jan 2100 12:00:00 GMT", now)
    (86400.0, 86400.0)
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:_DIGITS]), MOST_REST)
    try:
        then = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    seconds = ((then if then.tzinfo else then.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(0.0, seconds), MOST_REST)
