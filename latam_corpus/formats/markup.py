"""Regular expressions for what may stand before the first element of a page or an XML file.

A file may be made to be searched for ever, or merely have many blanks or comments. What can be read in one way only is
possessive (`*+`) or atomic (`(?>...)`), so that no pattern looks at it a second time.
"""

from __future__ import annotations

from typing import Final

# If another comment begins inside a comment, the outer one ends with the inner one, and its rest follows.
_NESTED: Final = r"<!--.*?-->(?:(?:[^<-]|-(?!->))*+-->)?+"
COMMENT: Final = rf"(?><!--(?:(?!-->|<!--).)*+(?:-->|{_NESTED})\s*+)"
_QUOTED: Final = r"\"[^\"]*+\"|'[^']*+'|[\"']"  # or a sign that nothing closes
_SUBSET: Final = rf"\[(?>[^\]\"'<]|{_QUOTED}|<!--.*?-->|<\?.*?\?>|<(?!!--|\?)|\](?!\s*+>))*+\]\s*+>"
_DOCTYPE: Final = rf"(?><!DOCTYPE(?>[^\[>\"']|\"[^\"<]*+\"|'[^'<]*+'|[\"'])*+(?:{_SUBSET}|>)\s*+)"
# The name of the root element, without its prefix; the dot matches line ends too.
ROOT: Final = rf"(?s)\s*+(?:<\?xml[^>]*+>\s*+)?+(?:{COMMENT}|<\?[^>]*\?>\s*+|{_DOCTYPE})*+<(?:[\w.-]+:)?([\w.-]+)"
