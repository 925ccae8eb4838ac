"""Interprets the `dc:rights` of a record: its statement of rights, and whether the text is open access.

Repositories mix three things in one element: a licence, a sentence about copyright, and the access rights
(`info:eu-repo/semantics/…`, COAR). Open access doesn't imply a licence to use the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from latam_corpus.catalog.rights import openness, tier_of
from latam_corpus.catalog.rights_in_words import keeps_rights, takes_back

if TYPE_CHECKING:
    from collections.abc import Sequence

# The info:eu-repo vocabulary of access rights, and COAR Access Rights 1.0 (open, restricted, embargoed, metadata only).
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
# Words that narrow a licence without them, each with the tier of the result.
_NARROWS: Final = (
    (re.compile(r"(?i)\bnd\b|\b(?:no|sin|sem)[ -]?(?:obras? )?deriv"), "no_derivatives"),
    (re.compile(r"(?i)\bnc\b|\b(?:no|non|n[aã]o)[ -]?comm?ercial|\b(?:sin|sem) fin(?:e)?s "), "non_commercial"),
)


def statement_of(rights: Sequence[str]) -> str | None:
    """Return a record's statement of rights: the least open of its licences; None if it has no statement.

    A sentence about copyright doesn't restrict a licence next to it. A sentence takes precedence over the licence if it
    reserves all rights, asks for permission, or allows less than the licence (no commercial use, no derivatives), and
    so does a statement of rightsstatements.org that isn't a licence.

    >>> statement_of(["info:eu-repo/semantics/openAccess", "Copyright (c) 2020 Ana", "CC BY 4.0", "CC BY-NC 4.0"])
    'CC BY-NC 4.0'
    >>> statement_of(["CC BY 4.0", "Todos los derechos reservados."]), statement_of(["Acceso abierto"])
    ('Todos los derechos reservados.', None)
    >>> statement_of(["CC BY 4.0", "Solo para uso no comercial"])
    'Solo para uso no comercial'
    """
    statements = [text for text in rights if not _ACCESS.fullmatch(text) and not _EMBARGO_END.fullmatch(text)]
    licences = [text for text in statements if tier_of(text) != "unknown"]
    if not licences:
        return next(iter(statements), None)
    licence = max(licences, key=lambda text: openness(tier_of(text)))
    sentences = [text for text in statements if text not in licences]
    return next((text for text in sentences if is_less_open(text, tier_of(licence))), licence)


def is_less_open(sentence: str, tier: str) -> bool:
    """Return whether a sentence allows less than a licence of this tier.

    >>> [is_less_open("Uso no comercial", tier) for tier in ("attribution", "non_commercial")]
    [True, False]
    """
    if keeps_rights(sentence) or "rightsstatements.org/" in sentence:
        return True
    if any(words.search(sentence) and openness(tier) < openness(narrowed) for words, narrowed in _NARROWS):
        return True
    # Narrowing words that the licence's tier already implies aren't a further restriction.
    for words, _tier in _NARROWS:
        sentence = words.sub(" ", sentence)
    return takes_back(sentence)


def is_closed(rights: Sequence[str], dates: Sequence[str], today: str) -> bool:
    """Return whether the text isn't open access on this day (ISO 8601); an embargo without an end date hasn't ended.

    >>> embargo = ["info:eu-repo/semantics/embargoedAccess"], ["info:eu-repo/date/embargoEnd/2026-03-01"]
    >>> is_closed(*embargo, "2026-02-01"), is_closed(*embargo, "2026-03-02"), is_closed(["CC0"], [], "2026-03-02")
    (True, False, False)
    """
    terms = [match[1].lower() for text in rights if (match := _ACCESS.fullmatch(text))]
    closed_terms = [term for term in terms if term not in _OPEN]
    ends = [match[1] for text in (*dates, *rights) if (match := _EMBARGO_END.fullmatch(text))]
    if closed_terms and ends and all(term in _EMBARGOED for term in closed_terms):
        return max(ends) > today
    return bool(closed_terms)
