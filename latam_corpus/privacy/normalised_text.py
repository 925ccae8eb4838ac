"""A text with its white space, line ends and dashes made alike, so that patterns know one kind of each.

An identifier that a line end, a tab or a word processor's dash parts is the same identifier. What is found in the even
text stands in the text itself where `Even.place` says.
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
# Full-width signs and the small ＠: `５５`, `．`, `＋`.
_WIDE: Final = re.compile("[\uff01-\uff5e\ufe6b]")
# The last two make a digit an emoji.
_UNSEEN: Final = "\u200b\u200c\u200d\u2060\ufeff\xad\ufe0f\u20e3"
# Dashes between figures, capitals or the signs of a random key; elsewhere they are a sentence's.
_DASH: Final = re.compile(f"[{_DASHES}](?:(?<=[0-9A-Z].)(?=[0-9A-Z]|k(?!\\w))|(?<=[0-9a-f]{{4}}.)(?=[0-9a-f]{{4}}))")
# Markdown's signs of emphasis, and not the signs of an address of e-mail.
_EMPHASIS: Final = re.compile(r"(?<!\w)_+(?=[(+]*[^\W_])|_+(?!_|@|[.+-]?\w)")
_BLANK: Final = re.compile(r"\n +(?=\n)")
# A line goes on in the next one, but not in one that is blank or begins with a mark or with who speaks, and after a
# word not in what may be the number of an item or of a page.
_LINE_END: Final = re.compile(
    r"\n(?<!\n\n)(?! *(?:\n|[-*•–—|>\[]|\w{1,3} ?:))"
    r"(?:(?<=[\d,]\n)|(?<=\b[A-Z]{2}\n)|(?<=\b[A-Z]{3}\n)|(?! *(?:\d{1,2}[.)] |\d{1,3} *\n)))"
)
# A number or an address of e-mail that goes on after a sign of its own at a line's end.
_BROKEN: Final = re.compile(
    r"\n(?:(?<=\d[./-]\n)[^\S\n]*(?=\d)|(?<=@\n)[^\S\n]*(?=\w)"
    r"|(?<=[\w-]{3}\.\n)[^\S\n]*(?=(?:com|org|net|[a-z]{2})(?!\w)))"
)
_SURPLUS: Final = re.compile(f"(?<= ) +|[{_UNSEEN}]+")


@dataclass(frozen=True)
class Even:
    """A text made even.

    Attributes:
        text: the even text.
        cuts: where characters were left out of it, in order.
        shifts: how many were before each cut, and at the end.
    """

    text: str
    cuts: tuple[int, ...] = ()
    shifts: tuple[int, ...] = (0,)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return where what stands in the even text stands in the text itself."""
        first, last = (at + self.shifts[bisect(self.cuts, at)] for at in (start, end - 1))
        return first, last + 1


def narrow(text: str) -> str:
    """Return a text of the same length with full-width signs as those of a keyboard.

    >>> narrow("ana＠correo.example, ５５ １２３４")
    'ana@correo.example, 55 1234'
    """
    return _WIDE.sub(lambda sign: unicodedata.normalize("NFKC", sign[0]), text)


def is_broken(text: str) -> bool:
    """Whether a line ends with a sign after which a number or an address of e-mail may go on."""
    return _BROKEN.search(text) is not None


def even(text: str, *, joined: bool = False) -> Even:
    r"""Return a text with one kind of space and of hyphen, in which a line that goes on in the next ends with a space.

    Args:
        text: any.
        joined: whether what a line's end breaks after a sign of its own is joined without a space.

    >>> even("al +56\xa09\n  8765\u20144321\n\nFin").text
    'al +56 9 8765-4321\n\nFin'
    >>> even("rosa@\nejemplo.org", joined=True).text
    'rosa@ejemplo.org'
    """
    # Up to the surplus each step keeps the length; what a text doesn't have is seen sooner than it is replaced.
    if joined:
        text = _BROKEN.sub(lambda end: _UNSEEN[0] * len(end[0]), text)
    for one in _SPACES + _HYPHENS if not text.isascii() else "\t\r\v\f":
        if one in text:
            text = text.replace(one, " " if one in _SPACES else "-")
    if any(dash in text for dash in _DASHES):
        text = _DASH.sub("-", text)
    if "_" in text:
        text = _EMPHASIS.sub(lambda run: "*" * len(run[0]), text)
    if "\n" in text:
        text = _LINE_END.sub(" ", _BLANK.sub(lambda blank: "\n" * len(blank[0]), text))
    if "  " not in text and not any(unseen in text for unseen in _UNSEEN):
        return Even(text)
    surplus = [one.span() for one in _SURPLUS.finditer(text)]
    shifts = tuple(accumulate((end - start for start, end in surplus), initial=0))
    ends = [(0, 0), *surplus, (len(text), len(text))]
    pieces = (text[end:start] for (_, end), (start, _) in pairwise(ends))
    cuts = tuple(start - shift for (start, _), shift in zip(surplus, shifts, strict=False))
    return Even("".join(pieces), cuts, shifts)
