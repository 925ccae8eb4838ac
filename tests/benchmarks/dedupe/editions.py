"""The same passage in two editions of one novel, found by runs of words that both have."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WORD: Final = re.compile(r"\w+")
_RUN: Final = 3
_RARE: Final = 5  # more often in a book, a run of words doesn't tell a place
_DRIFT: Final = 2000  # words by which two editions may have moved apart since the passage before
_STEP: Final = 25


def folded(word: str) -> str:
    """The word without what spelling reforms changed: accents, doubled consonants, ph, th, y, h, case.

    >>> folded("Aquelle"), folded("prophecía"), folded("theatro"), folded("lyrio")
    ('aquele', 'profecia', 'teatro', 'lirio')
    """
    plain = "".join(c for c in unicodedata.normalize("NFD", word.lower()) if unicodedata.category(c) != "Mn")
    plain = plain.replace("ph", "f").replace("h", "").replace("y", "i")
    return re.sub(r"([bcdfglmnpt])\1", r"\1", plain)


def coverage(smaller: Sequence[str], larger: Iterable[tuple[str, ...]]) -> float:
    """The share of the smaller's words that lie in runs of three words which the larger has.

    Args:
        smaller: words.
        larger: the other text's runs, as `runs` gives them; a set is quick.

    >>> coverage("la noche era oscura".split(), runs("en la noche era todo".split()))
    0.75
    """
    results = set(larger)
    covered = bytearray(len(smaller))
    for place, run in enumerate(zip(*(smaller[i:] for i in range(_RUN)), strict=False)):
        if run in results:
            covered[place : place + _RUN] = b"\1" * _RUN
    return sum(covered) / max(1, len(smaller))


def runs(words: Sequence[str]) -> set[tuple[str, ...]]:
    """Every three words in a row."""
    return set(zip(*(words[i:] for i in range(_RUN)), strict=False))


def passages(parts: Sequence[str], other: str) -> list[tuple[str, str, float]]:
    """For each part of one edition the passage of the other edition: (part, passage, share of its words found).

    The share is of the part's words, spelling folded, so that it tells whether the two are the same passage whatever
    the spelling: 1 for equal ones, about .1 for two passages of one novel.

    >>> one = ["El río bajaba lento y turbio aquella tarde de enero.", "Nadie habló hasta que anocheció del todo."]
    >>> [(b, round(share, 1)) for _, b, share in passages(one, "[1] " + " ".join(one).replace("turbio", "claro"))]
    [('El río bajaba lento y claro aquella tarde de enero.', 0.9), ('Nadie habló hasta que anocheció del todo.', 1.0)]
    """
    spans = [match.span() for match in _WORD.finditer(other)]
    words = [folded(other[start:end]) for start, end in spans]
    places: dict[tuple[str, ...], list[int]] = {}
    for place, run in enumerate(zip(*(words[i:] for i in range(_RUN)), strict=False)):
        places.setdefault(run, []).append(place)
    results = []
    expected = 0
    for part in parts:
        own = [folded(word) for word in _WORD.findall(part)]
        ends = _ends(own, places, expected)
        if ends is None:
            expected += len(own)
            continue
        start, end = max(0, ends[0]), min(len(words), ends[1])
        expected = end
        text = _trimmed(other, spans, start, end)
        results.append((part, text, coverage(own, runs(words[start:end]))))
    return results


def _ends(own: Sequence[str], places: dict[tuple[str, ...], list[int]], expected: int) -> tuple[int, int] | None:
    """Return the start and end of the passage in the other edition, from the runs near its expected place."""
    seen = [
        (place, hit)
        for place, run in enumerate(zip(*(own[i:] for i in range(_RUN)), strict=False))
        if len(hits := places.get(run, ())) <= _RARE
        for hit in hits
        if abs(hit - place - expected) <= _DRIFT
    ]
    if not seen:
        return None
    # Most runs agree on how far the two editions stand apart; what disagrees is chance.
    [(middle, _)] = Counter((hit - place) // _STEP for place, hit in seen).most_common(1)
    near = [(place, hit) for place, hit in seen if abs(hit - place - middle * _STEP) <= 2 * _STEP]
    (first, start), (last, end) = near[0], near[-1]
    return start - first, end + len(own) - last


def _trimmed(text: str, spans: Sequence[tuple[int, int]], start: int, end: int) -> str:
    if start >= end:
        return ""
    until = spans[end][0] if end < len(spans) else len(text)
    return text[spans[start][0] : until].strip()
