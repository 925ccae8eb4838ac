"""Text in the making: blocks with one or two line ends between them."""

from __future__ import annotations

from typing import Final

# So many pieces are packed: a verse by itself takes three times its letters, and one dash makes all letters wide.
_MOST: Final = 2**14
# A tab, or the end of a table's cell, until `interview.with_turns` has looked for the labels of speakers.
CELL: Final = "\ufdd0"


def folded_block(text: str) -> str:
    """Return a text with its white space folded; an empty one if it has only ends of cells."""
    block = " ".join(text.split())
    return block if block.strip(f"{CELL} ") else ""


class BlockText:
    r"""Blocks of text, each with its white space folded, and the line ends between them.

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
        self._begins = 0  # of the last block, in the text

    def add(self, piece: str) -> None:
        """Add a piece to the block that is open."""
        self._open.append(piece)

    def stop(self, ends: int) -> bool:
        """End the block that is open; at least so many line ends follow it.

        Returns:
            Whether there was anything in it.
        """
        block = folded_block("".join(self._open))
        self._open.clear()
        if block:
            self._begins = self._length + (self._ends if self._length else 0)
            self._length = self._begins + len(block)
            self._done += ["\n" * self._ends, block]
            self._ends = ends
            if len(self._done) > _MOST:
                self._packed.append("".join(self._done).encode("utf-8", "surrogatepass"))
                self._done.clear()
        else:
            self._ends = max(self._ends, ends)
        return bool(block)

    def text(self) -> str:
        """All that was written."""
        self.stop(0)
        written = "".join(self._done)
        if self._packed:
            packed = b"".join([*self._packed, written.encode("utf-8", "surrogatepass")])
            self._packed.clear()
            self._done.clear()
            written = packed.decode("utf-8", "surrogatepass")
            self._done.append(written)
        return written.strip("\n")
