"""The columns of ledger rows, in the order of files."""

from __future__ import annotations

from typing import Final

from latam_corpus.columns.descriptor import Column
from latam_corpus.messages import _

COLUMNS: Final = (
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
