"""Untrusted text for a terminal: invisible and control characters are shown as escapes.

A title could otherwise move the cursor, change lines above it, set the terminal's clipboard, or reverse the direction
of the following text. Characters without a visible shape are therefore shown by their codes, as Python writes them,
instead of being left out, so that readers notice them.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Control characters, format characters (directions, joiners, tags), surrogates, private-use and unassigned characters,
# line and paragraph separators.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BREAKS: Final = re.compile(r"(?:\r\n|[\n\t])+")
_LINE_END: Final = re.compile(r"\r\n|\n")
_UNPLAIN: Final = re.compile(r"[^\n -~]")
_BEYOND: Final = 0x10000


def visible(text: str) -> str:
    r"""Return the text as one line: line ends and tabs become spaces, invisible characters are shown by their codes.

    >>> print(visible("La \x1b[31mbarca\u202e\nsale"))
    La \x1b[31mbarca\u202e sale
    """
    return _shown(_BREAKS.sub(" ", text))


def visible_lines(text: str) -> str:
    r"""Return the text with its line ends; invisible characters are shown by their codes.

    >>> visible_lines("uno\ndos\x07")
    'uno\ndos\\x07'
    """
    return "\n".join(_shown(line.replace("\t", "    ")) for line in _LINE_END.split(text))


def visible_json(text: str) -> str:
    r"""Return the same JSON with invisible characters escaped.

    >>> visible_json('["á\u202e\x9b"]')
    '["á\\u202e\\u009b"]'
    """
    return _UNPLAIN.sub(lambda match: _escaped(match[0]) if _unseen(match[0]) else match[0], text)


def _unseen(sign: str) -> bool:
    return unicodedata.category(sign) in _UNSEEN


def _shown(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(sign.encode("unicode_escape").decode() if _unseen(sign) else sign for sign in text)


def _escaped(sign: str) -> str:
    """Return the character as JSON escapes it: beyond the basic plane as a surrogate pair."""
    code = ord(sign)
    if code < _BEYOND:
        return f"\\u{code:04x}"
    high, low = divmod(code - _BEYOND, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
