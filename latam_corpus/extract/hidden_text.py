"""Remove text that a document hides from its readers, and count its words in a note."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml import etree

HIDDEN: Final = "hidden text left out"


def hidden_note(pieces: Iterable[str]) -> tuple[str, ...]:
    """Return the note on hidden text; no note if the pieces have no words.

    >>> hidden_note(["nota para", " mí"])
    ('hidden text left out: 3 words',)
    """
    count = sum(len(piece.split()) for piece in pieces)
    return (f"{HIDDEN}: {count} words",) if count else ()


def cut(element: etree._Element) -> None:
    """Remove an element and its content; the text after it is kept."""
    parent = element.getparent()
    if parent is None:
        return
    previous, tail = element.getprevious(), element.tail or ""
    if previous is not None:
        previous.tail = (previous.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    element.tail = None
    parent.remove(element)


def blank(element: etree._Element, *, own: bool, around: bool) -> list[str]:
    """Remove the hidden text directly in an element and right after it; return it.

    Args:
        element: the element, or an entity.
        own: whether the element is hidden.
        around: whether its parent is hidden.
    """
    removed: list[str] = []
    if around and (element.tail or "").strip():
        removed.append(element.tail or "")
        element.tail = None
    if own and not isinstance(element.tag, str):
        cut(element)
    elif own and (element.text or "").strip():
        removed.append(element.text or "")
        element.text = None
    return removed
