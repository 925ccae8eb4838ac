"""What each block of a page should be: from its gold, and where that is silent from what other extractors keep."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.lab.layout.gold_pages import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from latam_corpus.lab.layout.gold_pages import Page

# How far an extractor is believed where nothing else is known. The order is that of their scores.
BELIEVED: Final = {
    "trafilatura": 1.5,
    "trafilatura precision": 1.0,
    "trafilatura fast": 1.0,
    "readability-lxml": 0.5,
    "resiliparse": 0.3,
    "justext": 0.3,
}
_DOUBT: Final = 1.5  # an extractor's word falls by e to this for each snippet of the page that it got wrong
_BY_GOLD: Final = 6.0  # what a block weighs of which a snippet speaks
_BY_TEXT: Final = 6.0  # and one of a page whose whole text is known
_LONG: Final = 60  # letters of a block that is known by its start and end
_KNOWN: Final = 12  # letters of a block that is known by standing in a text
_SIGNS: Final = re.compile(r"[\W_]+")
_ITEM: Final = re.compile(r"\n[-•|]? ?")


def labels(page: Page, blocks: Sequence[str], texts: Mapping[str, str]) -> tuple[NDArray[np.float64], ...]:
    """Return the share of each block that belongs to the main text, and what the block weighs.

    Args:
        page: the page with its gold.
        blocks: its blocks.
        texts: what each system of `BELIEVED` made of it.
    """
    folded = [_folded(block) for block in blocks]
    if page.gold:
        return _standing(folded, page.gold), np.full(len(blocks), _BY_TEXT)
    votes, all_votes = np.zeros(len(blocks)), 0.0
    for system, trust in BELIEVED.items():
        _, wrong, missed = counted(page, texts[system])
        vote = trust * float(np.exp(-_DOUBT * (wrong + missed)))
        votes += vote * _standing(folded, texts[system])
        all_votes += vote
    shares = votes / max(all_votes, 1e-9)
    weights = np.full(len(blocks), 0.3 + 0.7 * min(1.0, all_votes / BELIEVED["trafilatura"]))
    spaced = [" ".join(block.split()) for block in blocks]
    for snippet in page.unwanted:
        for candidate in _holding(spaced, snippet):
            shares[candidate], weights[candidate] = 0.0, _BY_GOLD
    for snippet in page.wanted:
        places = _holding(spaced, snippet)
        if places:  # one of them must stand: the one that the others believe in
            candidate = max(places, key=lambda candidate: shares[candidate])
            shares[candidate], weights[candidate] = 1.0, _BY_GOLD
    return shares, weights


def _standing(folded: Sequence[str], text: str) -> NDArray[np.float64]:
    """1.0 for each block that stands in the text; a short one by itself in a line, or between its neighbours."""
    lines = {_folded(line) for line in _ITEM.split("\n" + text)}
    whole = _folded(text)
    stands = np.zeros(len(folded))
    for index, block in enumerate(folded):
        if len(block) >= _KNOWN:
            stands[index] = block in lines or _stands(block, whole)
            continue
        run = "".join(folded[max(0, index - 1) : index + 2])
        stands[index] = block in lines or (len(run) >= _KNOWN and run in whole)
    return stands


def _stands(block: str, whole: str) -> bool:
    half = _LONG // 2
    return block in whole or (len(block) > _LONG and block[:half] in whole and block[-half:] in whole)


def _holding(blocks: Sequence[str], snippet: str) -> list[int]:
    folded = " ".join(snippet.split())
    return [index for index, block in enumerate(blocks) if folded and folded in block]


def _folded(text: str) -> str:
    return _SIGNS.sub("", text.lower())
