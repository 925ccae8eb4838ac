"""The classes of each Unicode code point, as one lookup table for the word pass.

The tables are built once per process from the interpreter's Unicode data (about 0.05 s) and never change.
"""

from __future__ import annotations

import sys
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from latam_corpus.text.orthography import TYPED, apostrophes

if TYPE_CHECKING:
    from numpy.typing import NDArray

LETTER: Final = 1
UPPER: Final = 2
DIGIT: Final = 4
SPACE: Final = 8
APOSTROPHE: Final = 16  # joins two letters into one word; all of its forms have the same hash
IGNORED: Final = 32  # a soft hyphen or zero-width mark, ignored inside a word
CODE: Final = 64  # rare in prose and frequent in programs, markup and tables
CLOSING: Final = 128  # ends a sentence
QUOTE: Final = 256  # may follow a closing sign
REPAIR: Final = 512  # a text with it may need repair (extract/repair.py)
LOWER: Final = 1024  # a lower-case letter of the Latin script
COMMON: Final = 2048  # typography that may be next to any character in undamaged text
SUSPECT: Final = 4096  # mojibake if it follows Â or Ã
SPOKEN: Final = 8192  # opens or closes speech, a question or an exclamation; two in a row are valid, as in «¡

_LAST: Final = sys.maxunicode + 1
_PLANE: Final = 1 << 16
# The planes with characters that have a class. The others are unassigned or, like 15 and 16, for private use.
_PLANES: Final = (0, 1, 2, 3, 14)
_BLOCK: Final = 1 << 8
_CLOSING: Final = ".!?…:"
_QUOTES: Final = "\"'»”’›)]}"
_CODE: Final = "{}<>=[]\\|#@&*_~^$%+/"
_IGNORED: Final = "\u00ad\u200b\u200c\u200d\u2060"
# ftfy's category "common": sequences that contain them are not mojibake, except after Â, Ã, Î, Ð, Ø or Ù.
_COMMON: Final = "\u00a0\u00ad\u00b7\u00b4\u2013\u2014\u2015\u2026\u2019"
# The members of ftfy's "start punctuation" and "end punctuation" that occur in a row in undamaged text. ftfy's patterns
# match two in a row only after a character that is suspect anyway.
_SPOKEN: Final = "¡¿«»“”„‹›"
# The Windows-1252 characters of bytes 0x80 to 0x9F, which are second bytes of two-byte UTF-8.
_SUSPECT: Final = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
# Ligatures, full-width forms and space; Hangul jamo, which NFC composes.
_REPAIRED_RANGES: Final = ((0xFB00, 0xFB06), (0xFF00, 0xFFEF), (0x3000, 0x3000), (0x1161, 0x11C2))
# Lower-case letters that ftfy treats as signs of mojibake.
_BAD_LETTERS: Final = "ƒªº"


@cache
def classes() -> NDArray[np.uint16]:
    """Return the sum of the classes of each code point, uint16[0x110000]."""
    table, decomposing = _by_category()
    table[_needing_repair(decomposing)] |= REPAIR
    for first, last in _REPAIRED_RANGES:
        table[first : last + 1] |= REPAIR
    for point in range(0x250):  # Basic Latin to Latin Extended-B
        if unicodedata.category(chr(point)) == "Ll" and chr(point) not in _BAD_LETTERS:
            table[point] |= LOWER
    for characters, flag in (
        ("\t\u00a0", SPACE),
        (_CODE, CODE),
        (_CLOSING, CLOSING),
        (_QUOTES, QUOTE),
        ("".join(apostrophes()), APOSTROPHE),
        (_IGNORED, IGNORED),
        (_COMMON, COMMON),
        (_SUSPECT, SUSPECT),
        (_SPOKEN, SPOKEN),
    ):
        for character in characters:
            table[ord(character)] |= flag
    # Unicode classifies some apostrophes as letters and others as signs; here all are treated alike.
    table[[ord(sign) for sign in apostrophes()]] &= ~np.uint16(LETTER | UPPER | LOWER)
    table[0x80:0xC0] |= SUSPECT
    table[ord("\n")] = 0
    for character in "\t" + _IGNORED:
        table[ord(character)] &= ~np.uint16(REPAIR)
    return table


def _by_category() -> tuple[NDArray[np.uint16], list[str]]:
    """Return the classes by each character's general category, and the characters with a decomposition."""
    table = np.zeros(_LAST, np.uint16)
    decomposing: list[str] = []
    # One plane at a time, since all 1.1 million code points would take 70 MB. Looking up each code point would take
    # most of the start-up time of a small run, so planes without characters and blocks without decompositions are
    # skipped.
    for first in (number * _PLANE for number in _PLANES):
        plane = code_points(first, first + _PLANE)
        codes = categories(plane)
        for code in np.unique(codes):
            table[first : first + _PLANE][codes == code] = _of_category(code.tobytes().decode())
        for start in range(0, _PLANE, _BLOCK):
            block = plane[start : start + _BLOCK]
            if not unicodedata.is_normalized("NFKD", block):
                decomposing += filter(unicodedata.decomposition, block)
    return table, decomposing


def code_points(first: int, end: int) -> str:
    """Return the code points from `first` to before `end`, surrogates included.

    >>> code_points(0x61, 0x64)
    'abc'
    """
    return np.arange(first, end, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")


def categories(characters: str) -> NDArray[np.uint16]:
    """Return the general category of each character, uint16[n]: the bytes of its two letters, such as b"Ll".

    >>> categories("aA").tobytes()
    b'LlLu'
    """
    return np.frombuffer("".join(map(unicodedata.category, characters)).encode(), np.uint16)


def _of_category(category: str) -> int:
    flags = 0
    if category[0] in "LM":
        flags |= LETTER
    if category in ("Lu", "Lt"):
        flags |= UPPER
    elif category == "Nd":
        flags |= DIGIT
    elif category == "Zs":
        flags |= SPACE
    # Control and format characters, and marks that NFC may join to their letter.
    if category in ("Cc", "Cf", "Zl", "Zp", "Cs", "Mn", "Mc", "Me"):
        flags |= REPAIR
    return flags


def _needing_repair(decomposing: list[str]) -> list[int]:
    """Return the code points that NFC changes, and the letters that NFKC replaces by several."""
    return [
        ord(character)
        for character in decomposing
        if not unicodedata.is_normalized("NFC", character)
        or (unicodedata.category(character) in ("Ll", "Lu", "Lt") and len(unicodedata.normalize("NFKC", character)) > 1)
    ]


@cache
def lower() -> NDArray[np.uint32]:
    """Return the simple lower case of each code point, with all apostrophes folded to one, uint32[0x110000]."""
    table = np.arange(_LAST, dtype=np.uint32)
    for point in np.flatnonzero(classes() & UPPER):
        small = chr(point).lower()
        if len(small) == 1:
            table[point] = ord(small)
    for character in apostrophes():
        table[ord(character)] = ord(TYPED)
    return table
