"""How far a stream is in its epoch, and how fast."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far a rank is in an epoch, and how fast it has been.

    Attributes:
        documents: how many the rank has given since it was opened, was resumed or began the epoch. A packed document
            counts when its last token is given.
        tokens: how many `packed` has given since then.
        share: of the epoch's positions, from 0 to 1, those before the rank's own position.
        seconds: since the first document was asked for.
    """

    documents: int
    tokens: int
    share: float
    seconds: float

    @property
    def documents_per_second(self) -> float:
        """Return the rate of documents."""
        return self.documents / self.seconds if self.seconds else 0.0

    @property
    def tokens_per_second(self) -> float:
        """Return the rate of tokens."""
        return self.tokens / self.seconds if self.seconds else 0.0
