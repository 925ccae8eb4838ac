"""A text under construction: blocks separated by one or two line ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.text.markup.xml_tree import words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lxml import etree

# Beyond this many pieces, they are joined and encoded as UTF-8. A short string takes three times the bytes of its
# letters, and a single dash doubles the width of every letter in a string.
_MAX_PIECES: Final = 2**14
# A tab, or the end of a table cell; `interview.with_turns` removes it after looking for speakers' labels.
CELL: Final = "\ufdd0"
_SHORT_CELL: Final = 40  # characters of a name or a time


def is_one_line(
    cells: Sequence[etree._Element],
    is_paragraph: Callable[[etree._Element], bool],
    begins_with_paragraph: Callable[[etree._Element], bool],
) -> bool:
    """Return whether a table row is one line: each cell is one paragraph, or short labels precede a longer text."""
    if all(map(is_paragraph, cells)):
        return True
    *labels, last = cells
    return begins_with_paragraph(last) and all(
        is_paragraph(label) and len(words(label)) <= _SHORT_CELL for label in labels
    )


def folded_block(text: str) -> str:
    """Return a text with white space folded; "" if only cell separators are left."""
    block = " ".join(text.split())
    return block if block.strip(f"{CELL} ") else ""


class BlockText:
    r"""Blocks of text with white space folded, and the line ends between them.

    >>> written = BlockText()
    >>> for piece in ("Era  la", " hora."):
    ...     written.add(piece)
    >>> written.stop(2)
    True
    >>> written.add("Volvió.")
    >>> written.text()
    'Era la hora.\n\nVolvió.'
    """

    def __init__(self) -> None:
        self._packed: list[bytes] = []
        self._done: list[str] = []
        self._open: list[str] = []
        self._ends = 0
        self._length = 0
        self._begins = 0  # offset of the last block in the text

    def add(self, piece: str) -> None:
        """Add a piece to the open block."""
        self._open.append(piece)

    def stop(self, ends: int) -> bool:
        """End the open block with at least `ends` line ends; return whether it had any text."""
        block = folded_block("".join(self._open))
        self._open.clear()
        if block:
            self._begins = self._length + (self._ends if self._length else 0)
            self._length = self._begins + len(block)
            self._done += ["\n" * self._ends, block]
            self._ends = ends
            if len(self._done) > _MAX_PIECES:
                self._packed.append("".join(self._done).encode("utf-8", "surrogatepass"))
                self._done.clear()
        else:
            self._ends = max(self._ends, ends)
        return bool(block)

    def text(self) -> str:
        """Return the whole text."""
        self.stop(0)
        pending = "".join(self._done)
        if self._packed:
            packed = b"".join([*self._packed, pending.encode("utf-8", "surrogatepass")])
            self._packed.clear()
            self._done.clear()
            pending = packed.decode("utf-8", "surrogatepass")
            self._done.append(pending)
        return pending.strip("\n")
