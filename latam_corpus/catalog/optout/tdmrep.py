"""TDMRep (W3C Community Group, final report of 10 May 2024): the reservation of text and data mining."""

from __future__ import annotations


def reservation(value: object) -> bool | None:
    """What a `tdm-reservation` says: 1 (or true, or yes) is reserved, 0 is not, None where it is neither.

    >>> reservation("1"), reservation(0), reservation("tal vez")
    (True, False, None)
    """
    return {"0": False, "1": True, "true": True, "yes": True}.get(str(value).strip().lower())
