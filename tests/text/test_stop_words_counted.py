"""Stop words are counted as in a plain loop, for any number of languages and any length of text."""

from __future__ import annotations

import random

import pytest

from latam_corpus.text.stops import StopCounts, StopTable
from latam_corpus.text.words import WordTable

_WORDS = [
    "a",
    "ante",
    "bajo",
    "con",
    "contra",
    "de",
    "desde",
    "en",
    "entre",
    "hacia",
    "hasta",
    "para",
    "por",
    "según",
    "sin",
    "sobre",
    "tras",
    "casa",
    "luna",
]


@pytest.mark.parametrize("languages", [1, 3, 8, 9, 20])
def test_stop_words_are_counted_as_in_a_plain_loop(languages: int) -> None:
    """Counting eight languages and 255 words at a time doesn't change the results."""
    drawn = random.Random(languages)
    lists = {f"q{number:02}": drawn.sample(_WORDS[:-2], drawn.randint(1, 9)) for number in range(languages)}
    texts = [[drawn.choice(_WORDS) for _ in range(size)] for size in (0, 1, 254, 255, 256, 2000)]
    texts.append(["de"] * 1000)
    background = list(lists)[: max(1, languages - 1)]
    for own in ("q00", ""):
        words = WordTable.of([" ".join(text) for text in texts])
        counts = StopCounts.of(words, StopTable.of(lists), [own] * len(texts), background)
        for row, text in enumerate(texts):
            own_words = [word for word in text if word in lists.get(own, ())]
            background_counts = [sum(word in lists[code] for word in text) for code in background if code != own]
            expected = (len(own_words), len(set(own_words))) if own else (-1, -1)
            assert (counts.own[row], counts.distinct[row]) == expected
            assert counts.other[row] == max(background_counts, default=0)
