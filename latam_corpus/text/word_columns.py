"""Columns of a word table's counters, bits of a word's kind, and kinds of line ends."""

from typing import Final

# Columns of the counters.
CHARS: Final = 0  # code points, line ends included
LETTERS: Final = 1
UPPERS: Final = 2
DIGITS: Final = 3
SPACES: Final = 4  # white space, line ends included
CODES: Final = 5
MOJIBAKES: Final = 6
REPAIRS: Final = 7  # places that may need repair
COUNTERS: Final = 8

# Kinds of a word, as bits.
HAS_LETTER: Final = 1
HAS_DIGIT: Final = 2
CAPITAL: Final = 4  # starts with a capital
MIXED: Final = 8  # has a capital after a small letter
EDGED: Final = 16  # has a letter, and an apostrophe before its first or after its last character

# Kinds of lines, by their ends.
LINE_BLANK: Final = 0
LINE_OPEN: Final = 1
LINE_CLOSED: Final = 2  # its last sign, except quotation marks, closes a sentence
