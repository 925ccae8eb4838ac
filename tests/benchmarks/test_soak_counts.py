"""The soak's own count finds tokens that were lost, doubled, or came after a withdrawal."""

from __future__ import annotations

import numpy as np
import pytest

from .soak import wrong_tokens

# Two documents, of the tokens 1 to 3 and 4 to 5; 0 ends each.
WHOLE = [[1, 2, 3], [0, 4, 5, 0]]


@pytest.mark.parametrize(
    ("rounds", "withdrawn", "wrong"),
    [
        (WHOLE, {}, (0, 0, 0)),
        ([[1, 2, 3], [4, 5, 0]], {}, (1, 0, 0)),
        ([[1, 3], [0, 4, 5, 0]], {}, (1, 0, 0)),
        ([[1, 2, 3, 2], [0, 4, 5, 0]], {}, (0, 1, 0)),
        ([[1, 2, 3], [0, 4, 5, 0, 0]], {}, (0, 1, 0)),
        ([[1, 2], [4, 5, 0]], {0: 0}, (0, 0, 0)),
        ([[1, 3], [4, 5, 0]], {0: 0}, (1, 0, 0)),
        ([[1, 2], [3, 0, 4, 5, 0]], {0: 0}, (0, 0, 1)),
    ],
)
def test_wrong_tokens_are_counted(
    rounds: list[list[int]], withdrawn: dict[int, int], wrong: tuple[int, int, int]
) -> None:
    """Lost, doubled and late ones, end tokens among them."""
    tokens = [np.array(one, np.int32) for one in rounds]
    assert wrong_tokens(tokens, [3, 2], [1, 1], withdrawn) == wrong
