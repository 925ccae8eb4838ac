"""The columns of documents and ledgers. Each is a `Column`; there is no other list of columns.

`schema` derives Polars types from them, and `catalog/source.py` the keys of `[collect.columns]`.
"""

from __future__ import annotations

import hashlib
from typing import Final

from latam_corpus.columns import of_stages, of_terms, of_works
from latam_corpus.columns.descriptor import Column
from latam_corpus.messages import _

# In the order of columns in files.
DOCUMENT: Final = (*of_works.COLUMNS, *of_terms.COLUMNS, *of_stages.COLUMNS)
LEDGER: Final = (
    Column("doc_id", "string", _("the document")),
    Column("source_id", "string", _("its source")),
    Column("stage", "string", _("the stage that decided"), repeats=True, statistics=True),
    Column("verdict", "string", _("dropped, changed, failed or released"), repeats=True, statistics=True),
    Column(
        "reason", "string", _("the reason: derived from a bound, or an error's text"), repeats=True, statistics=True
    ),
    Column("evidence", "string", _("the measured values, as JSON"), nullable=True),
    Column("text_hash_before", "binary", _("digest of the exact text before"), nullable=True),
    Column("text_hash_after", "binary", _("digest of the exact text after"), nullable=True),
    Column("chars", "int64", _("characters of the text after (before, if there is no text after)"), nullable=True),
)
WORKING: Final = of_stages.WORKING
BY_NAME: Final = {column.name: column for column in (*DOCUMENT, *WORKING)}
_KEYS: Final = {"id": of_works.RECORD_ID} | {name: column.key for name, column in BY_NAME.items() if column.key}
# The keys of `[collect.columns]`, by the column's name.
KEYS: Final = dict(sorted(_KEYS.items(), key=lambda item: item[1].order))
# Columns that state terms.
TERMS: Final = tuple(name for name, key in KEYS.items() if key.narrows)


def collected_digest() -> str:
    """Return a digest, 16 hex digits, of the columns that `collect` sets and of their keys in records."""
    facts = [
        (column.name, column.type, column.source, (key := column.key) and (key.value, key.read_from, key.heads))
        for column in BY_NAME.values()
        if column.set_by != "stage"
    ]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
