"""The progress of a stream in its epoch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StreamProgress:
    """The progress of a rank in its epoch.

    Attributes:
        documents: documents returned since the stream was opened, was resumed or began the epoch. A packed document
            counts once its last token is returned.
        tokens: tokens returned by `packed` since then.
        share: the share of the epoch's positions that are before the rank's position, from 0 to 1.
        seconds: seconds since the first document was requested.
    """

    documents: int
    tokens: int
    share: float
    seconds: float

    @property
    def documents_per_second(self) -> float:
        """Documents per second; 0 before the first."""
        return self.documents / self.seconds if self.seconds else 0.0

    @property
    def tokens_per_second(self) -> float:
        """Tokens per second; 0 before the first."""
        return self.tokens / self.seconds if self.seconds else 0.0
