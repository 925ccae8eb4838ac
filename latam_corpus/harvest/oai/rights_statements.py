"""What the `dc:rights` of a record say: a statement of the rights vocabulary, and whether the text is open to all.

Repositories mix three things in one element: a licence, a sentence about copyright, and how open the text is
(`info:eu-repo/semantics/…`, the COAR access rights). That a text is open says nothing of what may be made of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.rights import openness, tier_of
from latam_corpus.catalog.rights_in_words import keeps_rights, takes_back

if TYPE_CHECKING:
    from collections.abc import Sequence

# info:eu-repo vocabulary of access rights, and the COAR Access Rights 1.0 (open, restricted, embargoed, metadata only).
_ACCESS: Final = re.compile(
    r"(?i)(?:info:eu-repo/semantics/|https?://purl\.org/coar/access_right/)?"
    r"(openaccess|open access|acceso abierto|acesso aberto|c_abf2"
    r"|closedaccess|closed access|acceso cerrado|acesso fechado|metadata only access"
    r"|restrictedaccess|restricted access|acceso restringido|acesso restrito|c_16ec|c_14cb"
    r"|embargoedaccess|embargoed access|acceso embargado|acesso embargado|c_f1cf)/?"
)
_OPEN: Final = ("openaccess", "open access", "acceso abierto", "acesso aberto", "c_abf2")
_EMBARGOED: Final = ("embargoedaccess", "embargoed access", "acceso embargado", "acesso embargado", "c_f1cf")
_EMBARGO_END: Final = re.compile(r"info:eu-repo/date/embargoEnd/(\d{4}-\d\d-\d\d)")
# What allows less than a licence that doesn't say it, and how open the two may be together.
_NARROWS: Final = (
    (re.compile(r"(?i)\bnd\b|\b(?:no|sin|sem)[ -]?(?:obras? )?deriv"), "no_derivatives"),
    (re.compile(r"(?i)\bnc\b|\b(?:no|non|n[aã]o)[ -]?comm?ercial|\b(?:sin|sem) fin(?:e)?s "), "non_commercial"),
)


def statement_of(rights: Sequence[str]) -> str | None:
    """Return the record's statement of rights: of several licences the least open; None where it says nothing of them.

    A sentence about copyright doesn't take back the licence beside it. One that reserves all rights, or asks for
    permission, does, and so does a statement of rightsstatements.org that gives none. A sentence that allows less than
    the licence (no commercial use, no derivatives) is the statement, and no licence.

    >>> statement_of(["info:eu-repo/semantics/openAccess", "Copyright (c) 2020 Ana", "CC BY 4.0", "CC BY-NC 4.0"])
    'CC BY-NC 4.0'
    >>> statement_of(["CC BY 4.0", "Todos los derechos reservados."]), statement_of(["Acceso abierto"])
    ('Todos los derechos reservados.', None)
    >>> statement_of(["CC BY 4.0", "Solo para uso no comercial"])
    'Solo para uso no comercial'
    """
    statements = [one for one in rights if not _ACCESS.fullmatch(one) and not _EMBARGO_END.fullmatch(one)]
    licences = [one for one in statements if tier_of(one) != "unknown"]
    if not licences:
        return next(iter(statements), None)
    licence = max(licences, key=lambda one: openness(tier_of(one)))
    others = [one for one in statements if one not in licences]
    return next((one for one in others if is_less_open(one, tier_of(licence))), licence)


def is_less_open(sentence: str, tier: str) -> bool:
    """Whether a sentence that is no licence allows less than a licence of this tier.

    >>> [is_less_open("Uso no comercial", tier) for tier in ("attribution", "non_commercial")]
    [True, False]
    """
    if keeps_rights(sentence) or "rightsstatements.org/" in sentence:
        return True
    if any(words.search(sentence) and openness(tier) < openness(least) for words, least in _NARROWS):
        return True
    rest = sentence
    for words, _least in _NARROWS:
        rest = words.sub(" ", rest)
    return takes_back(rest)


def is_closed(rights: Sequence[str], dates: Sequence[str], today: str) -> bool:
    """Whether the text isn't open on this day (ISO 8601); an embargo without an end hasn't ended.

    >>> embargo = ["info:eu-repo/semantics/embargoedAccess"], ["info:eu-repo/date/embargoEnd/2026-03-01"]
    >>> is_closed(*embargo, "2026-02-01"), is_closed(*embargo, "2026-03-02"), is_closed(["CC0"], [], "2026-03-02")
    (True, False, False)
    """
    words = [match[1].lower() for one in rights if (match := _ACCESS.fullmatch(one))]
    shut = [word for word in words if word not in _OPEN]
    ends = [match[1] for one in (*dates, *rights) if (match := _EMBARGO_END.fullmatch(one))]
    if shut and ends and all(word in _EMBARGOED for word in shut):
        return max(ends) > today
    return bool(shut)
