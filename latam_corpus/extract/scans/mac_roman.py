"""Accents of PDF files whose fonts declare Windows-1252 but use Mac Roman: `cat‡logo` is «catálogo»."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

# Accented letters of Mac Roman, read as Windows-1252. Within a word, the first four have no other meaning.
_SURE: Final = re.compile(r"(?<=[^\W\d_])[‡Ž‹›](?=[^\W\d_])")  # á, é, ã, õ
_MAYBE: Final = re.compile(r"(?<=[a-z])[—–’œ‰™ˆ](?=[a-z])")  # ó, ñ, í, ú, â, ô, à
_SOUND: Final = re.compile("[áéíóúñãõçâêô]")
# Fewer such signs within words may be misprints or note marks.
_LEAST: Final = 3


def with_accents(lines: Sequence[str]) -> list[str] | None:
    """Return the lines with their accents restored, or None if they aren't in Mac Roman.

    A line with correct accents is in another font and is unchanged.

    >>> with_accents(["El cat‡logo del ni–o", "La canci—n est‡ aqu’", "ÀQuŽ m‡s, rŽcord?", "El otro catálogo"])
    ['El catálogo del niño', 'La canción está aquí', '¿Qué más, récord?', 'El otro catálogo']
    """
    marks = [len(_SURE.findall(line)) for line in lines]
    if sum(marks) < _LEAST:
        return None
    is_whole = sum(marks) > sum(len(_SOUND.findall(line)) for line in lines)
    return [
        _recoded(line) if not _SOUND.search(line) and (count or is_whole or _MAYBE.search(line)) else line
        for line, count in zip(lines, marks, strict=True)
    ]


def _recoded(line: str) -> str:
    return "".join(map(_letter, line))


def _letter(character: str) -> str:
    try:
        return character.encode("cp1252").decode("mac_roman")
    except UnicodeError:
        return character
