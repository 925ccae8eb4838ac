"""A page's metadata from a feed or a repository, stored in a field of the page's WARC record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from latam_corpus.catalog.source import METADATA_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping

# The toolkit's field in WARC records. In a page's record, it has columns of the document; in a metadata record, its
# `cause` states why a catalogued document has no text in the file.
METADATA_FIELD: Final = "X-Catalogued"
_COLUMNS: Final = (*METADATA_COLUMNS, "cause", "told")
# Values may be of any length, and readers of WARC refuse records whose fields are longer than 32 kB together.
_HEADER: Final = 8000
_LONGEST: Final = (1000, 300, 100, 30, 10)
_MOST: Final = 30
# An id is never cut, since a document's name is derived from it; an id that is too long is ignored.
LONGEST_ID: Final = 500


def to_json(values: Mapping[str, Any]) -> str:
    r"""Return the columns as one line of ASCII JSON, without empty values and with long ones cut.

    >>> print(to_json({"title": "Coplas del año", "creators": ["Ana Paz"], "published": None}))
    {"title":"Coplas del a\u00f1o","creators":["Ana Paz"]}
    """
    text = ""
    for longest in _LONGEST:
        bounded = {name: _bounded(values[name], longest) for name in _COLUMNS if values.get(name)}
        bounded |= {"id": values["id"]} if values.get("id") else {}
        text = json.dumps(bounded, ensure_ascii=True, separators=(",", ":"))
        if len(text) <= _HEADER:
            break
    return text


def from_json(text: str | None) -> dict[str, Any]:
    """Return the columns that `to_json` wrote; ignore other fields, and return nothing for invalid JSON.

    >>> from_json('{"title":"Coplas","raw":"x"}'), from_json("[]"), from_json(None)
    ({'title': 'Coplas'}, {}, {})
    """
    try:
        values = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(values, dict):
        return {}
    return {name: value for name, value in values.items() if name in _COLUMNS and isinstance(value, (str, list))}


def _bounded(value: object, longest: int) -> object:
    if isinstance(value, (list, tuple)):
        return [_bounded(part, longest) for part in value[:_MOST]]
    return " ".join(str(value).split())[:longest]
