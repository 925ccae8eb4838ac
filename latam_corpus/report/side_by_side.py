"""Compare two texts, for a reader who judges whether one is a copy of the other."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.messages import Message, _

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_COMPARED: Final = 3000  # words compared of each text from the first difference on; the time grows with their product
_SHOWN: Final = 5  # passages
_AROUND: Final = 6  # words before and after a passage
_LONGEST: Final = 24  # maximum words of a passage
_WIDEST: Final = 200  # maximum characters of a word: a text without spaces may be a file in base64
_AS_FAR: Final = _("Only part of the two texts was compared.")
_SHOWN_HERE: Final = _("here: {passage}")
_SHOWN_THERE: Final = _("there: {passage}")
_MORE: Final = _("The two differ in {n} more {n:place|places}.")


def side_by_side(text: str, other_text: str) -> dict[str, Any]:
    """Return the number of common words and the passages in which two texts differ, as plain values.

    The comparison ignores case. In long texts, only a limited number of words after the first difference are compared;
    `compared` is then false. Both texts must have been redacted as a whole, since numbers are recognised by their
    context.

    >>> comparison = side_by_side("La campana sonó para el cura.", "la campana sonó para el párroco.")
    >>> comparison["shared"], [(passage["mine"], passage["other"]) for passage in comparison["passages"]]
    (5, [('cura.', 'párroco.')])
    """
    words, other_words = text.split(), other_text.split()
    a, b = ([word.casefold() for word in each] for each in (words, other_words))
    shorter = min(len(a), len(b))
    start = next((index for index in range(shorter) if a[index] != b[index]), shorter)
    common_end = next((n for n in range(shorter - start) if a[-1 - n] != b[-1 - n]), shorter - start)
    ends = min(len(a) - common_end, start + _COMPARED), min(len(b) - common_end, start + _COMPARED)
    opcodes = SequenceMatcher(None, a[start : ends[0]], b[start : ends[1]], autojunk=False).get_opcodes()
    differences = [(i + start, j + start, k + start, m + start) for what, i, j, k, m in opcodes if what != "equal"]
    own = sum(j - i for i, j, _, _ in differences), sum(m - k for _, _, k, m in differences)
    passages = list(_joined(differences))
    return {
        "compared": ends == (len(a) - common_end, len(b) - common_end),
        "shared": common_end + ends[0] - own[0],
        "own": own[0],
        "own_of_other": own[1],
        "more_passages": max(len(passages) - _SHOWN, 0),
        "passages": [
            {
                "before": _passage(words[max(i - _AROUND, 0) : i]),
                "mine": _passage(words[i:j]),
                "other": _passage(other_words[k:m]),
                "after": _passage(words[j : j + _AROUND]),
            }
            for i, j, k, m in passages[:_SHOWN]
        ],
    }


def lines(comparison: Mapping[str, Any]) -> Iterator[Message]:
    """Yield a comparison as lines for a terminal."""
    counts = {"shared": comparison["shared"], "own": comparison["own"], "other": comparison["own_of_other"]}
    yield _("both have {shared} {shared:word|words}; {own} only in this text, {other} only in the other", **counts)
    if not comparison["compared"]:
        yield _AS_FAR
    for passage in comparison["passages"]:
        for side, shown in (("mine", _SHOWN_HERE), ("other", _SHOWN_THERE)):
            yield shown.fill(passage=f"… {passage['before']} [{passage[side]}] {passage['after']} …")
    if comparison["more_passages"]:
        yield _MORE.fill(n=comparison["more_passages"])


def _joined(differences: Sequence[tuple[int, int, int, int]]) -> Iterator[tuple[int, int, int, int]]:
    """Join differences that are at most two words apart."""
    joined: tuple[int, int, int, int] | None = None
    for i, j, k, m in differences:
        if joined and i - joined[1] <= 2:  # noqa: PLR2004  (two words)
            joined = joined[0], j, joined[2], m
            continue
        if joined:
            yield joined
        joined = i, j, k, m
    if joined:
        yield joined


def _passage(words: Sequence[str]) -> str:
    """Join words to a passage; replace the middle of a long passage by its number of words, and cut very long words.

    >>> _passage(["la"] * 30).removeprefix("la " * 12).removesuffix(" la" * 12)
    '… (+6) …'
    """
    half = _LONGEST // 2
    cut = [*words[:half], f"… (+{len(words) - _LONGEST}) …", *words[-half:]]
    shown = words if len(words) <= _LONGEST else cut
    return " ".join(word if len(word) <= _WIDEST else f"{word[:_WIDEST]}…" for word in shown)
