"""How much work a process does in plain Python before it loads Numba or compiles.

`LATAM_CORPUS_COMPILE=1` in the environment turns plain Python off.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_COMPILE: Final = "LATAM_CORPUS_COMPILE"
# The items that a process works on in plain Python, at about 1 million a second, before it loads Numba and its cached
# code (a second with the functions of a whole run), or compiles the code (a minute).
_ITEMS: Final = 800_000
_ITEMS_UNCOMPILED: Final = 3_000_000
_ITEMS_A_BYTE: Final = 30  # of all stages together, for a byte of text
_MOST_AT_ONCE: Final = 12  # a call with more than one in so many of these items is followed by others like it


class PlainWork:
    """What this process has done in plain Python.

    Attributes:
        items: the items that it has worked on.
        most: the most items; None before the first.
    """

    items: ClassVar[int] = 0
    most: ClassVar[int | None] = None

    @classmethod
    def has_room(cls, items: int, is_uncompiled: Callable[[], bool]) -> bool:
        """Add these items, and return whether they are few enough for plain Python.

        Args:
            items: the items of a call.
            is_uncompiled: returns whether no code has been compiled yet.
        """
        if cls.most is None:
            cls.most = 0 if _is_off() else _ITEMS_UNCOMPILED if is_uncompiled() else _ITEMS
        cls.items += items if items * _MOST_AT_ONCE <= cls.most else cls.most + 1
        return cls.items <= cls.most


def is_small(text_bytes: int) -> bool:
    """Return whether a run over so much text compiles nothing."""
    return not _is_off() and text_bytes * _ITEMS_A_BYTE <= _ITEMS_UNCOMPILED


def _is_off() -> bool:
    return os.environ.get(_COMPILE, "0") not in ("", "0")
