"""A buffer of documents' tokens from which blocks are cut."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from latam_corpus.errors import ConfigError
from latam_corpus.messages import _

if TYPE_CHECKING:
    from numpy.typing import NDArray


class WaitingTokens:
    """The tokens of documents that haven't been packed yet, in order."""

    def __init__(self) -> None:
        self.count = 0
        self._documents: deque[tuple[int, int, NDArray[np.int32]]] = deque()  # position, packed tokens, all tokens

    @property
    def first(self) -> tuple[int, int] | None:
        """The position of the first document, and the number of its tokens that were packed; None without documents."""
        return self._documents[0][:2] if self._documents else None

    def add(self, position: int, packed: int, tokens: NDArray[np.int32]) -> None:
        """Add a document.

        `packed` is the number of its first tokens that were packed earlier.

        Raises:
            ConfigError: it has no more tokens than `packed`, so its text or tokenizer has changed.
        """
        if packed >= len(tokens):
            problem = _(
                "{packed} {packed:token|tokens} of the document at position {position} {packed:was|were} packed, "
                "and it has {n}",
                packed=packed,
                position=position,
                n=len(tokens),
            )
            raise ConfigError("state", problem, _("use the same tokenizer as before"))
        self._documents.append((position, packed, tokens))
        self.count += len(tokens) - packed

    def take(self, length: int) -> tuple[NDArray[np.int32], list[int]]:
        """Return the next `length` tokens, of `count`, and the positions of the documents that end among them."""
        pieces, finished = [], []
        missing = length
        while missing:
            position, packed, tokens = self._documents.popleft()
            pieces.append(tokens[packed : packed + missing])
            missing -= len(pieces[-1])
            if packed + len(pieces[-1]) < len(tokens):
                self._documents.appendleft((position, packed + len(pieces[-1]), tokens))
            else:
                finished.append(position)
        self.count -= length
        return np.concatenate(pieces), finished
