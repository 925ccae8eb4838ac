"""Derive the country of a document that states none from the top-level domain of its web address."""

from __future__ import annotations

import re
from typing import Final

# Countries of the region, Spain and Portugal whose domains are registered for use in the country. Domains that are sold
# worldwide are not listed: Google treats .co, .bz, .ai, .sr and .ms as generic (developers.google.com/search, "Managing
# multi-regional and multilingual sites"); .ag, .gd, .gy, .ht, .lc, .tc and .vc are sold for their letters too.
_OWN: Final = frozenset(
    "ar bo br cl cr cu do ec es gt hn mx ni pa pe pr pt py sv uy ve".split()  # noqa: SIM905  (as the table is read)
)
# Domains that are sold worldwide, but below whose `_SECOND` domains only residents and authorities can register names.
_SOLD: Final = frozenset({"co", "bz"})
_SECOND: Final = frozenset({"com", "edu", "gov", "mil", "net", "nom", "org"})
_HOST: Final = re.compile(r"https?://(?:[^/?#@]*@)?([a-z0-9.-]+?)\.?(?::\d*)?(?:[/?#]|\Z)", re.IGNORECASE)


def country_of_address(url: str | None) -> str | None:
    """Return the ISO 3166-1 code of the country that a web address names, or None.

    >>> country_of_address("https://www.diario.cl/nota"), country_of_address("https://t.co/x")
    ('CL', None)
    >>> country_of_address("https://www.banrep.gov.co/"), country_of_address("https://x.example/a.cl")
    ('CO', None)
    """
    host = _HOST.match(url or "")
    labels = host[1].lower().split(".") if host else []
    if len(labels) < 2:  # noqa: PLR2004  (a name below a country's)
        return None
    last = labels[-1]
    if last in _OWN or (last in _SOLD and labels[-2] in _SECOND and len(labels) > 2):  # noqa: PLR2004
        return last.upper()
    return None
