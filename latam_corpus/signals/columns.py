"""The columns of counts that several signals share: marks in lines, and kinds of phrases."""

from typing import Final

# Columns of `Marks.counts`.
LINES: Final = 0  # lines that aren't blank
NEWLINES: Final = 1
BULLETS: Final = 2  # lines that start with • or -
ELLIPSIS_ENDS: Final = 3  # lines that end with ... or …
SHORT: Final = 4  # lines of at most 30 characters, with white space
SPARSE: Final = 5  # characters in lines with fewer than three words, neither closed nor code
LISTED: Final = 6  # characters in lines that start like a list item; here and below without white space
TABULAR: Final = 7  # characters in rows of a table
CODED: Final = 8  # characters in lines that begin or end like lines of code
ELLIPSES: Final = 9  # ... and …
MARKUP: Final = 10  # tags, character references, double brackets, targets of links
COLUMNS: Final = 11

# Kinds of phrases: the columns of `Phrases.counts`.
POLICY: Final = 0
SCRIPT: Final = 1
LOREM: Final = 2
SCRIPTURE: Final = 3
BOOK: Final = 4  # a book of the Bible; counts as scripture if chapter and verse follow
MONTH: Final = 5
KINDS: Final = 6
