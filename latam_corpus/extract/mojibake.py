"""Mojibake in markup, undone before the markup is parsed.

«í» in UTF-8 that somebody read as Latin-1 is «Ã» and a soft hyphen, «Á» is «Ã» and a control character. trafilatura
drops both as no text, and of the «Ã» that is left nothing can tell any more what it was.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Final

import ftfy

if TYPE_CHECKING:
    from re import Match

# What is dropped: the soft hyphen and the control characters U+0080 to U+009F, by themselves or as references.
_AS_REFERENCE: Final = r"&(?:shy|#0*(?:12[89]|1[345][0-9]|173)|#[xX]0*(?:[89][0-9a-fA-F]|[aA][dD]));"
_DROPPED: Final = re.compile(rf"[\x80-\x9f\xad]|{_AS_REFERENCE}")
# The same in two searches that each begin with a fixed sign: over a whole page they take a fifth of the time.
_REFERRED: Final = re.compile(_AS_REFERENCE.encode())
_IN_UTF8: Final = re.compile(rb"\xc2[\x80-\x9f\xad]")
_REFERENCE: Final = re.compile(r"&(?:#\d{1,6}|#[xX][\da-fA-F]{1,6}|[A-Za-z]\w{1,7});")
_PIECE: Final = re.compile(r"[^<>]+")


def undo_mojibake(markup: str, utf8: bytes | None = None) -> str:
    r"""The markup with the mojibake undone in each text and tag where parsing would lose half of it.

    Args:
        markup: the page.
        utf8: the same as UTF-8, where that is at hand.

    >>> undo_mojibake("<p>MarÃ\xada y yo</p><p>RÃ&shy;o</p><p>maÃ±ana</p>")
    '<p>María y yo</p><p>Río</p><p>maÃ±ana</p>'
    """
    data = markup.encode("utf-8", "surrogatepass") if utf8 is None else utf8
    loses = _REFERRED.search(data) or _IN_UTF8.search(data)
    return _PIECE.sub(_mended, markup) if loses else markup


def _mended(piece: Match[str]) -> str:
    """The piece as it should be; as it is where nothing would be lost, or where it makes sense."""
    if not _DROPPED.search(piece[0]):
        return piece[0]
    written = _REFERENCE.sub(_character, piece[0])
    mended = ftfy.fix_encoding(written)
    return piece[0] if mended == written else mended


def _character(reference: Match[str]) -> str:
    """The character that is meant; `&lt;` and the like stay, which as characters would be markup."""
    character = html.unescape(reference[0])
    return character if len(character) == 1 and not character.isascii() else reference[0]
