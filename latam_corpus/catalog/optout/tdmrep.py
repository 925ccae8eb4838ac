"""TDMRep (W3C Community Group, final report of 10 May 2024): the reservation of text and data mining."""

from __future__ import annotations


def reservation(value: object) -> bool | None:
    """What a `tdm-reservation` says: 1 is reserved, 0 is not, None where it is neither.

    >>> reservation("1"), reservation(0), reservation("tal vez")
    (True, False, None)
    """
    return {"1": True, "0": False}.get(str(value).strip())
