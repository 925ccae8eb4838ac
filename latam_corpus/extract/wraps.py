"""Hard wraps: join the lines of paragraphs that are broken at a column, and keep the lines of verse.

In wrapped prose every line but a paragraph's last is full: the first word of the next line would not have fitted. In
verse, lists and headings it would have. So prose is recognised by its right edge: each block (lines between blank
lines) is compared with the edge of the whole text.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

# Measured on seven books of Project Gutenberg: 95-99.9 % of the lines of prose leave fewer than three columns unused by
# the next word, and 50 % of the lines of eight-syllable verse.
_SLACK: Final = 3
_FULL_SHARE: Final = 0.8
# A lower share is enough for a longer block whose lines come near the edge: some books were wrapped by hand.
_FULL_SHARE_LONG: Final = 0.55
_NEARLY: Final = 0.85
# Columns at which texts are wrapped. Spanish verse seldom reaches the lower one; paragraphs in one line pass the upper.
_NARROWEST: Final = 55
_WIDEST: Final = 120
# In wrapped text many lines end near the edge; the lengths of verses vary.
_EDGE: Final = 8
_EDGE_SHARE: Final = 0.55
_LONG: Final = 40
# A block of fewer lines is too short to have its own edge.
_OWN_EDGE: Final = 5
_WIDE: Final = 0.75
# Of the lines of wrapped prose, 12 % start with a capital and 20 % end with a stop.
_VERSE_LINES: Final = 4
_VERSE_CAPITALS: Final = 0.9
_VERSE_STOPS: Final = 0.6
# Fewer lines in stanzas can't be distinguished from a list of names; longer verses are rare.
_STANZA: Final = 3
_VERSES: Final = 8
_MAX_VERSE: Final = 80
_STOPS: Final = frozenset(',.;:!?…»”")]-—')


def join_wraps(text: str, form: str | None = None) -> str:
    r"""Return the text with hard wraps joined in prose and kept in verse.

    Args:
        text: with line ends as LF.
        form: "prose" joins every block, "verse" none; None judges each block by its shape.

    >>> print(join_wraps("Era una tarde\nde enero.\n\nLlovía.", form="prose"))
    Era una tarde de enero.
    <BLANKLINE>
    Llovía.
    """
    lines = [line.rstrip() for line in text.split("\n")]
    if form == "verse":
        return "\n".join(lines)
    form = None if form == "interview" else form
    blocks = _blocks(lines)
    width = None
    if form is None:
        width = wrap_width(lines)
        if width is None or _is_wide_verse(blocks, width):
            return "\n".join(lines)
    return "\n".join(line for block in blocks for line in _joined_block(block, width))


def looks_like_verse(text: str) -> bool:
    r"""Return whether most lines of a text are in stanzas or lists, so that joining would lose line ends.

    Args:
        text: with line ends as LF.

    >>> looks_like_verse("Percanta que me amuraste\nen lo mejor de mi vida,\ndejándome el alma herida\ny espina\n" * 3)
    True
    """
    lines = [line.strip() for line in text.split("\n")]
    blocks = [block for block in _blocks(lines) if block[0]]
    width = wrap_width(lines)
    stanzas = [block for block in blocks if len(block) >= _STANZA and _is_stanza(block, width)]
    counts = sum(map(len, stanzas))
    return counts >= _VERSES and 2 * counts > sum(map(len, blocks))


def _is_stanza(block: Sequence[str], width: int | None) -> bool:
    """Return whether the lines of a block are short and not broken at a column."""
    widest = max(map(len, block))
    if widest > _MAX_VERSE or (width is not None and _is_prose(block, width)):
        return False
    if widest < _NARROWEST:
        return True
    return _has_capitals(block) or _has_stops(block) or _full_share(block, widest) < _FULL_SHARE


def _blocks(lines: Sequence[str]) -> list[list[str]]:
    """Return the lines by block: lines between blank lines, and each blank line by itself."""
    blocks: list[list[str]] = []
    for line in lines:
        if line and blocks and blocks[-1][-1]:
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return blocks


def wrap_width(lines: Sequence[str]) -> int | None:
    """Return the column at which the text is wrapped, or None if it isn't.

    >>> wrap_width(["Percanta que me amuraste", "en lo mejor de mi vida,"]) is None
    True
    """
    lengths = sorted(len(line) for line in lines if len(line) > _LONG)
    if not lengths:
        return None
    width = lengths[int(0.95 * (len(lengths) - 1))]
    near = sum(length >= width - _EDGE for length in lengths)
    return width if _NARROWEST <= width <= _WIDEST and near >= _EDGE_SHARE * len(lengths) else None


def _joined_block(block: list[str], width: int | None) -> list[str]:
    """Return a block's paragraphs, one per line, or its lines unchanged if it is not prose.

    If the width is None, the block is prose.
    """
    if len(block) < 2 or (width is not None and not _is_prose(block, width)):  # noqa: PLR2004
        return block
    joined = [block[0].strip()]
    for number, (previous, line) in enumerate(pairwise(block)):
        # A short line ends a paragraph, and an indented one after the first starts one.
        is_short = width is not None and len(previous) + 1 + len(_first_word(line)) < _WIDE * width
        if is_short or (number and _indent(line) > _indent(previous)):
            joined.append(line.strip())
        else:
            joined[-1] = _join(joined[-1], line.strip())
    return joined


def _is_prose(block: Sequence[str], width: int) -> bool:
    is_narrow = sum(map(len, block[:-1])) < _NEARLY * width * (len(block) - 1)
    required = _FULL_SHARE if is_narrow or len(block) < _OWN_EDGE else _FULL_SHARE_LONG
    return _full_share(block, width) >= required and not (
        _has_capitals(block) or (is_narrow and _has_stops(block)) or _is_table(block)
    )


def _is_wide_verse(blocks: Sequence[Sequence[str]], width: int) -> bool:
    """Return whether text that looks wrapped is mostly verse of long lines, such as alexandrines."""
    full = [block for block in blocks if len(block) >= _VERSE_LINES and _full_share(block, width) >= _FULL_SHARE]
    return bool(full) and 2 * sum(_has_capitals(block) or _has_stops(block) for block in full) > len(full)


def _full_share(block: Sequence[str], width: int) -> float:
    """Return the share of full lines, except the last: those without room for the first word of the next line."""
    widest = max(map(len, block))
    has_own_edge = len(block) >= _OWN_EDGE and widest >= _WIDE * width
    # A single long line must not move the edge.
    edge = min(widest, width) if has_own_edge else max(widest, width - _EDGE)
    return sum(
        len(line) + 1 + len(_first_word(following)) > edge - _SLACK for line, following in pairwise(block)
    ) / max(len(block) - 1, 1)


def _first_word(line: str) -> str:
    return line.split(maxsplit=1)[0]


def _has_capitals(block: Sequence[str]) -> bool:
    """Return whether nearly all lines start with a capital, as in most verse and in lists."""
    starts = [next((char for char in line if char.isalpha()), "") for line in block[1:]]
    return len(block) >= _VERSE_LINES and sum(char.isupper() for char in starts) >= _VERSE_CAPITALS * len(starts)


def _has_stops(block: Sequence[str]) -> bool:
    """Return whether most lines end with a stop, as verses do."""
    stops = sum(line[-1] in _STOPS for line in block[:-1])
    return len(block) >= _VERSE_LINES and stops >= _VERSE_STOPS * (len(block) - 1)


def _is_table(block: Sequence[str]) -> bool:
    """Return whether a third of the lines have columns: three or more spaces between words."""
    return sum(bool(re.search(r"\S {3,}\S", line)) for line in block) * 3 >= len(block)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _join(text: str, line: str) -> str:
    r"""Return two lines as one; a soft hyphen at the end is removed, a hard one may belong to the word.

    >>> _join("disse-", "lhe"), _join("cora\xad", "zón"), _join("la", "tarde")
    ('disse-lhe', 'corazón', 'la tarde')
    """
    if text.endswith("\xad"):
        return text[:-1] + line
    if re.search(r"\w-$", text) and line[:1].islower():
        return text + line
    return f"{text} {line}"
