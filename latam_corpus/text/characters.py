"""What each Unicode code point is, as one lookup table for the word pass.

Tables are built once a process from the interpreter's own Unicode data (about 0.05 s) and never change.
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
APOSTROPHE: Final = 16  # joins two letters to one word; all of its forms hash alike
IGNORED: Final = 32  # soft hyphen and zero-width marks: inside a word they count for nothing
CODE: Final = 64  # signs that prose hardly has and programs, markup and tables do
CLOSING: Final = 128  # ends a sentence
QUOTE: Final = 256  # may follow a closing sign
REPAIR: Final = 512  # text with it may need repair: see extract/repair.py
LOWER: Final = 1024  # a lower-case letter of the Latin script
COMMON: Final = 2048  # typography that stands beside anything in sound text
SUSPECT: Final = 4096  # as the second of two characters after Â or Ã, mojibake
SPOKEN: Final = 8192  # opens or closes speech, a question or a cry: two side by side are sound, as in «¡

_LAST: Final = sys.maxunicode + 1
_PLANE: Final = 1 << 16
_BLOCK: Final = 1 << 8
_CLOSING: Final = ".!?…:"
_QUOTES: Final = "\"'»”’›)]}"
_CODE: Final = "{}<>=[]\\|#@&*_~^$%+/"
_IGNORED: Final = "\u00ad\u200b\u200c\u200d\u2060"
# ftfy's category "common": sequences that hold them are not mojibake, except after Â, Ã, Î, Ð, Ø or Ù.
_COMMON: Final = "\u00a0\u00ad\u00b7\u00b4\u2013\u2014\u2015\u2026\u2019"
# Of ftfy's "start punctuation" and "end punctuation" those that stand side by side in sound text; none of its sequences
# has two of these two kinds one after the other but behind a character that makes them suspect already.
_SPOKEN: Final = "¡¿«»“”„‹›"
# What Windows-1252 shows for the bytes 0x80 to 0x9F, the second bytes of two-byte UTF-8.
_SUSPECT: Final = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
# Ligatures, full-width forms and space; Hangul jamo, which compose.
_REPAIRED_RANGES: Final = ((0xFB00, 0xFB06), (0xFF00, 0xFFEF), (0x3000, 0x3000), (0x1161, 0x11C2))
# Lower-case letters that ftfy treats as signs of mojibake.
_BAD_LETTERS: Final = "ƒªº"


@cache
def classes() -> NDArray[np.uint16]:
    """For each code point the sum of its classes, uint16[0x110000]."""
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
    # To Unicode some apostrophes are letters and some are signs; here all are the same.
    table[[ord(sign) for sign in apostrophes()]] &= ~np.uint16(LETTER | UPPER | LOWER)
    table[0x80:0xC0] |= SUSPECT
    table[ord("\n")] = 0
    for character in "\t" + _IGNORED:
        table[ord(character)] &= ~np.uint16(REPAIR)
    return table


def _by_category() -> tuple[NDArray[np.uint16], list[str]]:
    """Return the classes that a character has by its general category, and the characters that Unicode decomposes."""
    table = np.zeros(_LAST, np.uint16)
    decomposing: list[str] = []
    # A plane at a time: all 1.1 million at once would take 70 MB for a moment. To ask for each code point by itself is
    # what took most of a small run's start: planes without characters, all of which `repr` escapes, and blocks in which
    # nothing decomposes are told as a whole.
    for first in range(0, _LAST, _PLANE):
        plane = np.arange(first, first + _PLANE, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
        if len(repr(plane)) == _PLANE * len(r"\U0010ffff") + len("''"):
            continue
        categories = "".join(map(unicodedata.category, plane)).encode()
        codes = np.frombuffer(categories, np.uint16)  # two letters each
        for code in np.unique(codes):
            table[first : first + _PLANE][codes == code] = _of_category(code.tobytes().decode())
        for start in range(0, _PLANE, _BLOCK):
            block = plane[start : start + _BLOCK]
            if not unicodedata.is_normalized("NFKD", block):
                decomposing += filter(unicodedata.decomposition, block)
    return table, decomposing


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
    # Control characters and format controls; marks that NFC may join to their letter.
    if category in ("Cc", "Cf", "Zl", "Zp", "Cs", "Mn", "Mc", "Me"):
        flags |= REPAIR
    return flags


def _needing_repair(decomposing: list[str]) -> list[int]:
    """Code points that NFC writes otherwise, and letters that stand for several."""
    return [
        ord(character)
        for character in decomposing
        if not unicodedata.is_normalized("NFC", character)
        or (unicodedata.category(character) in ("Ll", "Lu", "Lt") and len(unicodedata.normalize("NFKC", character)) > 1)
    ]


@cache
def lower() -> NDArray[np.uint32]:
    """For each code point its simple lower case, apostrophes folded to one, uint32[0x110000]."""
    table = np.arange(_LAST, dtype=np.uint32)
    for point in np.flatnonzero(classes() & UPPER):
        small = chr(point).lower()
        if len(small) == 1:
            table[point] = ord(small)
    for character in apostrophes():
        table[ord(character)] = ord(TYPED)
    return table
