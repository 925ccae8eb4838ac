"""tdmrep.json, a site's file of TDMRep: which of its addresses are reserved."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from latam_corpus.catalog.optout.patterns import longest, path_of
from latam_corpus.catalog.optout.preferences import reservation

_RESERVED: Final = re.compile(r"tdm-reservation[\"']?\s*[:=]\s*[\"']?1\b", re.IGNORECASE)


def file_reservation(text: str, url: str) -> tuple[bool, str] | None:
    """Return what a site's tdmrep.json says of the URL, and in which words; None where it says nothing of it.

    Of the rules that match, the longest decides, and of equal ones the one that reserves. A file that isn't JSON, and
    has a reservation in it, reserves all.

    >>> rules = '[{"location": "/", "tdm-reservation": 1}, {"location": "/abierto/*", "tdm-reservation": 0}]'
    >>> file_reservation(rules, "https://a.example/nota")
    (True, '/: tdm-reservation=1')
    >>> file_reservation(rules, "https://a.example/abierto/nota")[0], file_reservation("<html>", "https://a.example/")
    (False, None)
    """
    try:
        # A file of brackets alone exhausts the parser's stack.
        rules: Any = json.loads(text)
    except (ValueError, RecursionError):
        written = _RESERVED.search(text)
        return (True, f"in a file that isn't JSON: {written[0]}") if written else None
    reservations: list[tuple[str, tuple[bool, str]]] = []
    for rule in rules if isinstance(rules, list) else [rules]:
        if not isinstance(rule, dict) or (reserved := reservation(rule.get("tdm-reservation"))) is None:
            continue
        location = str(rule.get("location", "/"))
        policy = f", tdm-policy={rule['tdm-policy']}" if rule.get("tdm-policy") else ""
        pattern = location if location.startswith(("/", "*")) else f"/{location}"
        reservations.append((pattern, (reserved, f"{location}: tdm-reservation={int(reserved)}{policy}")))
    return max(longest(reservations, path_of(url)), default=None)
