"""Label the blocks of a page by its gold text or, if the gold doesn't cover a block, by other extractors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from .gold_pages import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from .gold_pages import GoldPage

# The weight of each extractor's vote on blocks without gold, in the order of their scores.
BELIEVED: Final = {
    "trafilatura": 1.5,
    "trafilatura precision": 1.0,
    "trafilatura fast": 1.0,
    "readability-lxml": 0.5,
    "resiliparse": 0.3,
    "justext": 0.3,
}
_DOUBT: Final = 1.5  # each snippet that an extractor got wrong divides its vote by e to this power
_GOLD_WEIGHT: Final = 6.0  # the weight of blocks with a snippet, and of all blocks if the gold is a whole text
_LONG: Final = 60  # letters; a longer block counts as in a text if both its ends are in it
_DISTINCT: Final = 12  # letters; a shorter block may be found in a text by chance
_SIGNS: Final = re.compile(r"[\W_]+")
_ITEM: Final = re.compile(r"\n[-•|]? ?")


def labels(page: GoldPage, blocks: Sequence[str], texts: Mapping[str, str]) -> tuple[NDArray[np.float64], ...]:
    """Return the share of each block that belongs to the main text, and the weight of each block.

    `texts` are those that each system of `BELIEVED` extracted.
    """
    folded = [_folded(block) for block in blocks]
    if page.gold:
        return _are_in(folded, page.gold), np.full(len(blocks), _GOLD_WEIGHT)
    votes, all_votes = np.zeros(len(blocks)), 0.0
    for system, trust in BELIEVED.items():
        _, wrong, missed = counted(page, texts[system])
        vote = trust * float(np.exp(-_DOUBT * (wrong + missed)))
        votes += vote * _are_in(folded, texts[system])
        all_votes += vote
    shares = votes / max(all_votes, 1e-9)
    weights = np.full(len(blocks), 0.3 + 0.7 * min(1.0, all_votes / BELIEVED["trafilatura"]))
    spaced = [" ".join(block.split()) for block in blocks]
    for snippet in page.forbidden:
        for index in _with_snippet(spaced, snippet):
            shares[index], weights[index] = 0.0, _GOLD_WEIGHT
    for snippet in page.required:
        candidates = _with_snippet(spaced, snippet)
        if candidates:  # only one of the blocks is meant: most likely the one with most votes
            index = max(candidates, key=lambda candidate: shares[candidate])
            shares[index], weights[index] = 1.0, _GOLD_WEIGHT
    return shares, weights


def _are_in(folded: Sequence[str], text: str) -> NDArray[np.float64]:
    """Return 1.0 for each block that is in the text, else 0.0.

    A short block must be a whole line of the text, or be in it together with its neighbours.
    """
    lines = {_folded(line) for line in _ITEM.split("\n" + text)}
    folded_text = _folded(text)
    is_in = np.zeros(len(folded))
    for index, block in enumerate(folded):
        if len(block) >= _DISTINCT:
            is_in[index] = block in lines or _is_part(block, folded_text)
            continue
        run = "".join(folded[max(0, index - 1) : index + 2])
        is_in[index] = block in lines or (len(run) >= _DISTINCT and run in folded_text)
    return is_in


def _is_part(block: str, whole: str) -> bool:
    half = _LONG // 2
    return block in whole or (len(block) > _LONG and block[:half] in whole and block[-half:] in whole)


def _with_snippet(blocks: Sequence[str], snippet: str) -> list[int]:
    folded = " ".join(snippet.split())
    return [index for index, block in enumerate(blocks) if folded and folded in block]


def _folded(text: str) -> str:
    return _SIGNS.sub("", text.lower())
