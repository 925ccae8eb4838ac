"""Normalise white space, line ends and dashes, so that patterns need to match only one form of each of them.

An identifier may be split by a line end, a tab or a word processor's dash. `NormalisedText.original_span` maps a match
in the normalised text to the original.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

_SPACES: Final = "\t\r\v\f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_HYPHENS: Final = "\u2010\u2011\u2212"
_DASHES: Final = "\u2012\u2013\u2014\u2015"
# Full-width characters, such as `５５`, `．` and `＋`, and the small ＠.
_WIDE: Final = re.compile("[\uff01-\uff5e\ufe6b]")
# Zero-width characters. The last two turn a digit into an emoji.
_INVISIBLE: Final = "\u200b\u200c\u200d\u2060\ufeff\xad\ufe0f\u20e3"
# Dashes between digits, capital letters or the parts of a UUID; other dashes are punctuation.
_DASH: Final = re.compile(f"[{_DASHES}](?:(?<=[0-9A-Z].)(?=[0-9A-Z]|k(?!\\w))|(?<=[0-9a-f]{{4}}.)(?=[0-9a-f]{{4}}))")
# Underscores of Markdown emphasis, but not underscores in an e-mail address.
_EMPHASIS: Final = re.compile(r"(?<!\w)_+(?=[(+]*[^\W_])|_+(?!_|@|[.+-]?\w)")
_BLANK: Final = re.compile(r"\n +(?=\n)")
# A line end within a paragraph: the next line isn't blank and doesn't begin with a list mark or a speaker's label. If a
# word precedes the line end, the next line doesn't begin with the number of an item or a page either.
_LINE_END: Final = re.compile(
    r"\n(?<!\n\n)(?! *(?:\n|[-*•–—|>\[]|\w{1,3} ?:))"
    r"(?:(?<=[\d,]\n)|(?<=\b[A-Z]{2}\n)|(?<=\b[A-Z]{3}\n)|(?! *(?:\d{1,2}[.)] |\d{1,3} *\n)))"
)
# A line end within a number or an e-mail address, after a separator.
_BROKEN: Final = re.compile(
    r"\n(?:(?<=\d[./-]\n)[^\S\n]*(?=\d)|(?<=@\n)[^\S\n]*(?=\w)"
    r"|(?<=[\w-]{3}\.\n)[^\S\n]*(?=(?:com|org|net|[a-z]{2})(?!\w)))"
)
_SURPLUS: Final = re.compile(f"(?<= ) +|[{_INVISIBLE}]+")


@dataclass(frozen=True)
class NormalisedText:
    """A normalised text, with the positions of the characters that were removed.

    Attributes:
        text: the normalised text.
        cuts: the positions in the normalised text at which characters were removed, in order.
        shifts: the number of characters removed before each cut, and in all.
    """

    text: str
    cuts: tuple[int, ...] = ()
    shifts: tuple[int, ...] = (0,)

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span in the original text for a span in the normalised text."""
        first, last = (index + self.shifts[bisect(self.cuts, index)] for index in (start, end - 1))
        return first, last + 1


def narrow(text: str) -> str:
    """Replace full-width characters by ASCII; the length doesn't change.

    >>> narrow("ana＠correo.example, ５５ １２３４")
    'ana@correo.example, 55 1234'
    """
    return _WIDE.sub(lambda sign: unicodedata.normalize("NFKC", sign[0]), text)


def is_broken(text: str) -> bool:
    """Whether a line end splits a number or an e-mail address after one of its separators."""
    return _BROKEN.search(text) is not None


def normalised(text: str, *, joined: bool = False) -> NormalisedText:
    r"""Return a text with one kind of space and hyphen, and a space instead of each line end within a paragraph.

    Args:
        text: any.
        joined: whether to join numbers and addresses that a line end splits after a separator, without a space.

    >>> normalised("al +56\xa09\n  8765\u20144321\n\nFin").text
    'al +56 9 8765-4321\n\nFin'
    >>> normalised("rosa@\nejemplo.org", joined=True).text
    'rosa@ejemplo.org'
    """
    # Every step except the last keeps the length. Testing for a character is faster than replacing it.
    if joined:
        text = _BROKEN.sub(lambda end: _INVISIBLE[0] * len(end[0]), text)
    for character in _SPACES + _HYPHENS if not text.isascii() else "\t\r\v\f":
        if character in text:
            text = text.replace(character, " " if character in _SPACES else "-")
    if any(dash in text for dash in _DASHES):
        text = _DASH.sub("-", text)
    if "_" in text:
        text = _EMPHASIS.sub(lambda run: "*" * len(run[0]), text)
    if "\n" in text:
        text = _LINE_END.sub(" ", _BLANK.sub(lambda blank: "\n" * len(blank[0]), text))
    if "  " not in text and not any(character in text for character in _INVISIBLE):
        return NormalisedText(text)
    surplus = [match.span() for match in _SURPLUS.finditer(text)]
    shifts = tuple(accumulate((end - start for start, end in surplus), initial=0))
    ends = [(0, 0), *surplus, (len(text), len(text))]
    pieces = (text[end:start] for (_, end), (start, _) in pairwise(ends))
    cuts = tuple(start - shift for (start, _), shift in zip(surplus, shifts, strict=False))
    return NormalisedText("".join(pieces), cuts, shifts)
