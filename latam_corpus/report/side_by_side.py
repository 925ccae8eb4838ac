"""Two texts side by side: what both have, and what each has for itself, for who judges whether one is a copy."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.messages import Message, _

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_COMPARED: Final = 3000  # words of each, from the first difference on: the comparison takes the product of the two
_SHOWN: Final = 5  # passages
_AROUND: Final = 6  # words before and after each
_LONGEST: Final = 24  # words of one
_WIDEST: Final = 200  # characters of a word: what has no spaces may be a file in base64
_AS_FAR: Final = _("Only so much of the two was compared.")
_SHOWN_HERE: Final = _("here: {passage}")
_SHOWN_THERE: Final = _("there: {passage}")
_MORE: Final = _("The two differ in {n} more {n:place|places}.")


def side_by_side(mine: str, other: str) -> dict[str, Any]:
    """Return what two texts share and what each has for itself, as plain values.

    Words are compared without regard to capitals. Of long texts so much is compared as follows the first difference;
    `compared` says whether that is all.

    Args:
        mine: redacted as a whole: of a passage alone, nothing tells what its numbers are.
        other: likewise.

    >>> found = side_by_side("La campana sonó para el cura.", "la campana sonó para el párroco.")
    >>> found["shared"], [(passage["mine"], passage["other"]) for passage in found["passages"]]
    (5, [('cura.', 'párroco.')])
    """
    one, two = mine.split(), other.split()
    a, b = ([word.casefold() for word in words] for words in (one, two))
    least = min(len(a), len(b))
    start = next((index for index in range(least) if a[index] != b[index]), least)
    same = next((n for n in range(least - start) if a[-1 - n] != b[-1 - n]), least - start)
    ends = min(len(a) - same, start + _COMPARED), min(len(b) - same, start + _COMPARED)
    opcodes = SequenceMatcher(None, a[start : ends[0]], b[start : ends[1]], autojunk=False).get_opcodes()
    apart = [(i + start, j + start, k + start, m + start) for what, i, j, k, m in opcodes if what != "equal"]
    own = sum(j - i for i, j, _, _ in apart), sum(m - k for _, _, k, m in apart)
    passages = list(_joined(apart))
    return {
        "compared": ends == (len(a) - same, len(b) - same),
        "shared": same + ends[0] - own[0],
        "own": own[0],
        "own_of_other": own[1],
        "more_passages": max(len(passages) - _SHOWN, 0),
        "passages": [
            {
                "before": _passage(one[max(i - _AROUND, 0) : i]),
                "mine": _passage(one[i:j]),
                "other": _passage(two[k:m]),
                "after": _passage(one[j : j + _AROUND]),
            }
            for i, j, k, m in passages[:_SHOWN]
        ],
    }


def lines(comparison: Mapping[str, Any]) -> Iterator[Message]:
    """Yield the same as lines for a terminal."""
    counts = {"shared": comparison["shared"], "own": comparison["own"], "other": comparison["own_of_other"]}
    yield _("both have {shared} {shared:word|words}; only here {own}, only there {other}", **counts)
    if not comparison["compared"]:
        yield _AS_FAR
    for passage in comparison["passages"]:
        for side, shown in (("mine", _SHOWN_HERE), ("other", _SHOWN_THERE)):
            yield shown.fill(passage=f"… {passage['before']} [{passage[side]}] {passage['after']} …")
    if comparison["more_passages"]:
        yield _MORE.fill(n=comparison["more_passages"])


def _joined(apart: Sequence[tuple[int, int, int, int]]) -> Iterator[tuple[int, int, int, int]]:
    """Yield the differences, those with a word or two between them taken together."""
    held: tuple[int, int, int, int] | None = None
    for i, j, k, m in apart:
        if held and i - held[1] <= 2:  # noqa: PLR2004  (a word or two)
            held = held[0], j, held[2], m
            continue
        if held:
            yield held
        held = i, j, k, m
    if held:
        yield held


def _passage(words: Sequence[str]) -> str:
    """Return the words; of a long passage the middle is told by its number alone, of what is hardly a word the end.

    >>> _passage(["la"] * 30).removeprefix("la " * 12).removesuffix(" la" * 12)
    '… (+6) …'
    """
    half = _LONGEST // 2
    cut = [*words[:half], f"… (+{len(words) - _LONGEST}) …", *words[-half:]]
    shown = words if len(words) <= _LONGEST else cut
    return " ".join(word if len(word) <= _WIDEST else f"{word[:_WIDEST]}…" for word in shown)
