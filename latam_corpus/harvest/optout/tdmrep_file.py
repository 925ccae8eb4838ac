"""tdmrep.json, the TDMRep file that states which addresses of a site are reserved."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from latam_corpus.catalog.optout.patterns import longest, path_of
from latam_corpus.catalog.optout.preferences import reservation
from latam_corpus.harvest.optout.robots_lines import forbidden_path

_KEY: Final = "tdm-reservation"
_RESERVED: Final = re.compile(r"tdm[-_]reservation[\"']?\s*[:=]\s*[\"']?(?!(?:0|false|no|null)\b)\w+", re.IGNORECASE)


def file_reservation(text: str, url: str) -> tuple[bool, str] | None:
    """Return whether a site's tdmrep.json reserves a URL, and the words of the rule; None if no rule matches.

    The longest matching rule decides; among equally long ones, one that reserves. A file that isn't JSON but contains a
    reservation reserves all addresses.

    >>> rules = '[{"location": "/", "tdm-reservation": 1}, {"location": "/abierto/*", "tdm-reservation": 0}]'
    >>> file_reservation(rules, "https://a.example/nota")
    (True, '/: tdm-reservation=1')
    >>> file_reservation(rules, "https://a.example/abierto/nota")[0], file_reservation("<html>", "https://a.example/")
    (False, None)
    """
    try:
        # A file of only brackets exhausts the parser's stack.
        rules: Any = json.loads(text, object_pairs_hook=_rule)
    except (ValueError, RecursionError):
        match = _RESERVED.search(text)
        return (True, f"in a file that isn't JSON: {match[0]}") if match else None
    reservations: list[tuple[str, tuple[bool, str]]] = []
    for rule in rules if isinstance(rules, list) else [rules]:
        if not isinstance(rule, dict) or (reserved := reservation(rule.get(_KEY))) is None:
            continue
        location = str(rule.get("location", "/"))
        policy = f", tdm-policy={rule['tdm-policy']}" if rule.get("tdm-policy") else ""
        pattern = location if location.startswith(("/", "*")) else f"/{location}"
        if reserved:
            pattern = forbidden_path(location) or "/"
        reservations.append((pattern, (reserved, f"{location}: tdm-reservation={int(reserved)}{policy}")))
    return max(longest(reservations, path_of(url)), default=None)


def _rule(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object with normalised keys; among several values, one that reserves wins."""
    values: dict[str, Any] = {}
    for key, value in pairs:
        name = key.lower().replace("_", "-")
        if name != _KEY or not reservation(values.get(_KEY)):
            values[name] = value
    return values
