"""Regular expressions for the part of a page or an XML file before its first element.

A pattern must not backtrack endlessly on a hostile file, or a file with many blanks or comments. Repetitions that can
match in only one way are therefore possessive (`*+`) or atomic (`(?>...)`).
"""

from __future__ import annotations

from typing import Final

# If a second comment begins inside a comment, both end at the first `-->`. If another `-->` comes before the next `<`,
# the text up to it also belongs to them.
_NESTED: Final = r"<!--.*?-->(?:(?:[^<-]|-(?!->))*+-->)?+"
COMMENT: Final = rf"(?><!--(?:(?!-->|<!--).)*+(?:-->|{_NESTED})\s*+)"
_QUOTED: Final = r"\"[^\"]*+\"|'[^']*+'|[\"']"  # or an unclosed quote
_SUBSET: Final = rf"\[(?>[^\]\"'<]|{_QUOTED}|<!--.*?-->|<\?.*?\?>|<(?!!--|\?)|\](?!\s*+>))*+\]\s*+>"
_DOCTYPE: Final = rf"(?><!DOCTYPE(?>[^\[>\"']|\"[^\"<]*+\"|'[^'<]*+'|[\"'])*+(?:{_SUBSET}|>)\s*+)"
# The name of the root element, without its prefix; the dot also matches line ends.
ROOT: Final = rf"(?s)\s*+(?:<\?xml[^>]*+>\s*+)?+(?:{COMMENT}|<\?[^>]*\?>\s*+|{_DOCTYPE})*+<(?:[\w.-]+:)?([\w.-]+)"
