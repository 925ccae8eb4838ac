"""The values of `Content-Usage` (AIPREF), `Content-Signal` and TDMRep: what they say of training."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

Preference: TypeAlias = Literal["y", "n"]

_LONGEST: Final = 2000
_KEY: Final = re.compile(r"[a-z*][a-z0-9_.*-]*")


def content_usage(value: str) -> Preference | None:
    """Return what an AIPREF expression says of `train-ai`: y, n, or None for unknown.

    Grammar: draft-ietf-aipref-attach and -vocab of 2026: an RFC 9651 dictionary of tokens; parameters and unknown
    labels are ignored, what is no token is unknown, and of a repeated key the last counts.

    >>> content_usage("train-ai=n, search=y"), content_usage("train-ai=y;v=1"), content_usage('train-ai="n"')
    ('n', 'y', None)
    >>> content_usage("train-ai=y, train-ai=n"), content_usage("search=n")
    ('n', None)
    """
    preference: Preference | None = None
    for key, word in _members(value):
        if key == "train-ai":
            preference = "n" if word == "n" else "y" if word == "y" else None
    return preference


def content_signal(value: str) -> Preference | None:
    """Return what a Content Signal says of `ai-train`, in the words yes and no; what is left out says nothing.

    >>> content_signal("search=yes, ai-train=no"), content_signal("ai-train=yes"), content_signal("search=no")
    ('n', 'y', None)
    """
    answers = [word for key, word in _members(value.lower()) if key == "ai-train"]
    return "n" if "no" in answers else "y" if "yes" in answers else None


def split_path(value: str) -> tuple[str, str]:
    """Return the path that a robots.txt rule begins with, `/` where it has none, and the rest.

    >>> split_path("/notas/ train-ai=n"), split_path("train-ai=n")
    (('/notas/', 'train-ai=n'), ('/', 'train-ai=n'))
    """
    if not value.startswith("/"):
        return "/", value.strip()
    path, _, rest = value.replace("\t", " ").partition(" ")
    return path, rest.strip()


def _members(value: str) -> list[tuple[str, str]]:
    """Return the keys and tokens of a dictionary; quoted strings and inner lists are no tokens, and may hold commas."""
    # A line is short; a stranger's may be made to be searched for ever.
    plain = re.sub(r'"(?:[^"\\]|\\.)*"|\([^()]*\)', "()", value[:_LONGEST])
    members = []
    for member in plain.split(","):
        key, _, rest = member.strip().partition("=")
        if _KEY.fullmatch(key.strip()):
            members.append((key.strip(), rest.partition(";")[0].strip()))
    return members


def reservation(value: object) -> bool | None:
    """Return what a `tdm-reservation` says: 1 (or true, or yes) is reserved, 0 is not, None where it is neither.

    >>> reservation("1"), reservation(0), reservation("tal vez")
    (True, False, None)
    """
    return {"0": False, "1": True, "true": True, "yes": True}.get(str(value).strip().lower())
