"""The country that an address names by its top-level domain, for documents of which nothing else says theirs."""

from __future__ import annotations

import re
from typing import Final

# Countries of the region and its mother countries whose domains are registered for use in them. Those that are sold to
# all the world are left out: Google counts .co, .bz, .ai, .sr and .ms among generic ones (developers.google.com/search,
# "Managing multi-regional and multilingual sites"); .ag, .gd, .gy, .ht, .lc, .tc and .vc go by their letters too.
_OWN: Final = frozenset(
    "ar bo br cl cr cu do ec es gt hn mx ni pa pe pr pt py sv uy ve".split()  # noqa: SIM905  (as the table is read)
)
# Of those sold, what stands below names that only residents and authorities of the country registered.
_SOLD: Final = frozenset({"co", "bz"})
_SECOND: Final = frozenset({"com", "edu", "gov", "mil", "net", "nom", "org"})
_HOST: Final = re.compile(r"https?://(?:[^/?#@]*@)?([a-z0-9.-]+?)\.?(?::\d*)?(?:[/?#]|\Z)", re.IGNORECASE)


def country_of_address(url: str | None) -> str | None:
    """Return the ISO 3166-1 code of the country that an address names; None where it names none.

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
