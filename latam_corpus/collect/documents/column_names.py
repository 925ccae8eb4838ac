"""Common names of table columns in Spanish, Portuguese and English, by the documents' column that they mean.

The names are used only for advice and drafts that a person checks; no value is read because of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from latam_corpus.collect.documents.mapping import head_key, stated_by
from latam_corpus.columns import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from latam_corpus.catalog.source import Collect

_UNSURE: Final = ("consent", "opt_outs")


def suggested_columns(collect: Collect, heads: Iterable[str]) -> dict[str, str]:
    """Suggest a document's column for each unmapped column with a known name.

    >>> from latam_corpus.catalog.source import Collect
    >>> suggested_columns(Collect(), ["archivo", "Título", "Autor", "Compositor", "Gênero", "Data", "Tomo"])
    {'Título': 'title', 'Autor': 'creators', 'Gênero': 'genre', 'Data': 'published'}
    """
    columns = collect.columns
    mapped = {pick.column for name in KEYS if (pick := getattr(columns, name))}
    by_key: dict[str, str] = {}
    for head in heads:
        if head not in mapped:
            by_key.setdefault(head_key(head), head)
    matches = {stated_by(head): head for head in reversed(by_key.values())}
    # If a table has both "Autor" and "Compositor", the one whose name is closer is suggested.
    advised = {name: key.heads for name, key in KEYS.items() if not key.narrows}
    matches |= {name: by_key[head] for name, heads in advised.items() for head in reversed(heads) if head in by_key}
    # Only the people of the collection know whether a cell that names a document states a consent.
    suggested = {
        head: name for name, head in matches.items() if name and name not in _UNSURE and getattr(columns, name) is None
    }
    return {head: suggested[head] for head in by_key.values() if head in suggested}
