"""Accents that a PDF draws as separate characters over a letter, as TeX's first fonts do: `informaci´on`."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

# Left, bottom, right, top, in points.
Box: TypeAlias = "tuple[float, float, float, float]"

# Spacing accents and their combining equivalents.
_COMBINING: Final = {
    "´": "\u0301", "`": "\u0300", "ˆ": "\u0302", "^": "\u0302", "˜": "\u0303", "~": "\u0303", "¨": "\u0308",
    "¸": "\u0327", "˛": "\u0328", "ˇ": "\u030c", "˚": "\u030a", "¯": "\u0304", "˘": "\u0306", "˙": "\u0307",
    "˝": "\u030b",
}  # fmt: skip
_ACCENT: Final = re.compile(f"[{re.escape(''.join(_COMBINING))}]")
_DOTLESS: Final = {"ı": "i", "ȷ": "j"}
# A letter is at most this many characters from its accent: pdfium may return the accents of capitals after their line.
_NEAR: Final = 80
# In accent heights: how far the accent's middle may be outside the letter, and how much higher it may be set.
_ASIDE: Final = 0.1
_RAISED: Final = 0.6
# Replaces an accent: a line break, which is then kept or removed by the geometry of its neighbours.
_PLACE: Final = "\n"


def with_composed_letters(text: str, box_of: Callable[[int], Box]) -> str:
    r"""Return a text of the same length in which accents drawn over a letter are part of that letter.

    The accent and white space next to it become line breaks.

    Args:
        text: the text of a page.
        box_of: a function that returns the box of the character at an index.

    >>> boxes = [(0, 0, 5, 10), (5, 0, 10, 10), (5, 0, 10, 10), (10, 0, 15, 10)]
    >>> with_composed_letters("i´on", lambda at: boxes[at])
    'i\nón'
    """
    characters = list(text)
    for match in _ACCENT.finditer(text):
        at = _letter_under(characters, match.start(), box_of)
        if at is not None:
            characters[at] = _composed(characters[at], match[0])
            _clear(characters, match.start())
    return "".join(characters)


def _letter_under(characters: list[str], accent_at: int, box_of: Callable[[int], Box]) -> int | None:
    """Return the index of the letter under an accent, by the distance of their middles; None if there is none."""
    accent = characters[accent_at]
    left, bottom, right, top = box_of(accent_at)
    middle, height = (left + right) / 2, top - bottom
    distances: dict[int, float] = {}
    for at in range(max(0, accent_at - _NEAR), min(len(characters), accent_at + _NEAR + 1)):
        if at != accent_at and characters[at].isalpha() and _composed(characters[at], accent):
            its_left, its_bottom, its_right, _ = box_of(at)
            is_over = its_left - _ASIDE * height <= middle <= its_right + _ASIDE * height
            if is_over and abs(bottom - its_bottom) <= _RAISED * height:
                distances[at] = abs(middle - (its_left + its_right) / 2)
    return min(distances, key=lambda at: distances[at], default=None)


@lru_cache(maxsize=4096)
def _composed(letter: str, accent: str) -> str:
    """Return a letter with an accent as one character; "" if Unicode has none."""
    composed = unicodedata.normalize("NFC", _DOTLESS.get(letter, letter) + _COMBINING[accent])
    return composed if len(composed) == 1 else ""


def _clear(characters: list[str], accent_at: int) -> None:
    start, end = accent_at, accent_at + 1
    while start > 0 and characters[start - 1].isspace():
        start -= 1
    while end < len(characters) and characters[end].isspace():
        end += 1
    characters[start:end] = _PLACE * (end - start)
