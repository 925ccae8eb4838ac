"""Limit the work that a process does in plain Python before it loads Numba or compiles.

`LATAM_CORPUS_COMPILE=1` in the environment turns plain Python off.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_COMPILE: Final = "LATAM_CORPUS_COMPILE"
# The number of items that a process handles in plain Python, at about 1 million per second, before it loads Numba and
# its cached code (which takes a second for the functions of a complete run) or compiles the code (a minute).
_ITEMS: Final = 800_000
_ITEMS_UNCOMPILED: Final = 3_000_000
_ITEMS_A_BYTE: Final = 30  # items per byte of text, over all stages
_MOST_AT_ONCE: Final = 12  # a call with more than one in this many of these items is followed by similar calls


class PlainWork:
    """Counts of this process's work in plain Python.

    Attributes:
        items: the number of items handled so far.
        most: the maximum number of items; None before the first call.
    """

    items: ClassVar[int] = 0
    most: ClassVar[int | None] = None

    @classmethod
    def has_room(cls, items: int, is_uncompiled: Callable[[], bool]) -> bool:
        """Add these items, and return whether they are few enough for plain Python.

        Args:
            items: the number of items of a call.
            is_uncompiled: a function that returns whether no code has been compiled yet.
        """
        if cls.most is None:
            cls.most = 0 if _is_off() else _ITEMS_UNCOMPILED if is_uncompiled() else _ITEMS
        cls.items += items if items * _MOST_AT_ONCE <= cls.most else cls.most + 1
        return cls.items <= cls.most


def is_small(text_bytes: int) -> bool:
    """Return whether a run over this many bytes of text compiles nothing."""
    return not _is_off() and text_bytes * _ITEMS_A_BYTE <= _ITEMS_UNCOMPILED


def _is_off() -> bool:
    return os.environ.get(_COMPILE, "0") not in ("", "0")
