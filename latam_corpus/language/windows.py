"""Short windows spread over a text: what is classified instead of the whole of it.

fastText reads a whole document at about 1,400 a second and 300 characters at about 17,500, and a few windows
tell a language as surely.
"""

from __future__ import annotations

import re
from typing import Final

MOST_WINDOWS: Final = 4
WINDOW: Final = 400  # characters
MOST_PIECES: Final = 24
PIECE: Final = 200  # characters; a long line is cut into pieces of about this size
NEAR: Final = 30  # characters searched for a word boundary
_BOUNDARY: Final = re.compile(r"\s")
_BEFORE_SENTENCE: Final = re.compile(r"(?<=[.!?…:;])\s+")


def windows(text: str, most: int = MOST_WINDOWS, size: int = WINDOW) -> list[str]:
    """Up to `most` windows of about `size` characters, evenly spread and cut at word boundaries.

    A text up to one and a half windows is one window. The time does not depend on the length of the text.

    >>> windows("Buenos días")
    ['Buenos días']
    >>> [len(w) <= 400 for w in windows("palabra " * 1000)]
    [True, True, True, True]
    >>> windows("  ")
    []
    """
    if len(text) <= size + size // 2:
        return [text] if text and not text.isspace() else []
    count = min(most, len(text) // size)
    if count == 1:
        return [_cut(text, 0, size)]
    step = (len(text) - size) / (count - 1)
    return [w for w in (_cut(text, int(i * step), size) for i in range(count)) if w]


def pieces(text: str, most: int = MOST_PIECES) -> list[str]:
    r"""Up to `most` lines, long ones cut at sentence ends: what tells the languages of a mixed text.

    Only the pieces' neighbourhoods are read, so that a very long text costs no more than a short one.

    >>> pieces("¿Cómo te llamas?\nMe chamo João.")
    ['¿Cómo te llamas?', 'Me chamo João.']
    """
    stretch = 2 * most * PIECE
    if len(text) > 2 * stretch:
        text = "\n".join(windows(text, most, 2 * PIECE))
    cut: list[str] = []
    for line in text.splitlines():
        kept = line.strip()
        if len(kept) <= PIECE:
            cut += [kept] if kept else []
            continue
        cut += _sentences(kept)
    if len(cut) <= most:
        return cut
    return [cut[i * len(cut) // most] for i in range(most)]


def _cut(text: str, start: int, size: int) -> str:
    if start:
        found = _BOUNDARY.search(text, start, start + NEAR)
        start = found.end() if found else start
    end = min(start + size, len(text))
    if end < len(text):
        space = max(text.rfind(" ", end - NEAR, end), text.rfind("\n", end - NEAR, end))
        end = space if space > start else end
    return text[start:end].strip()


def _sentences(line: str) -> list[str]:
    made: list[str] = []
    held = ""
    for sentence in _BEFORE_SENTENCE.split(line):
        held = f"{held} {sentence}".strip()
        while len(held) > 2 * PIECE:
            made.append(_cut(held, 0, PIECE))
            held = held[len(made[-1]) :].strip() if made[-1] else ""
        if len(held) >= PIECE // 2:
            made.append(held)
            held = ""
    return [*made, held] if held else made
