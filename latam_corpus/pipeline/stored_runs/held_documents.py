"""Find the reasons why kept documents of a run aren't released, from the notes of `collect` in its ledger."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from latam_corpus.collect.documents.mapping import stated_by
from latam_corpus.columns import TERMS
from latam_corpus.schema import DOCUMENT_SCHEMA, LEDGER_SCHEMA, scan

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

UNKNOWN: Final = "rights_tier=unknown"
# A document's reason is the first of these that applies.
_ORDER: Final = ("consent", "expires", "embargo_until", "uses", "opt_outs", "rights")


def hold_of(note: Mapping[str, Any], source: str, mapping: list[dict[str, Any]]) -> str:
    """Return the cause of a document's unknown rights, as a part of its reason; empty if its note names none.

    The note is the document's evidence at the stage `collect`; `mapping` is that of `run.json`.

    >>> hold_of({"catalogue_row": None}, "cartas", []), hold_of({"unread": {"Licencia": "libre"}}, "cartas", [])
    ('catalogue_row', 'rights')
    """
    if note.get("unread_catalogues"):
        return "unnamed_catalogue"
    if "catalogue_row" in note:
        return "catalogue_row"
    columns = {row["from"]: row["column"] for row in mapping if row["source"] == source and row["column"] in TERMS}
    unread = {name if name in TERMS else columns.get(name) or stated_by(name) for name in note.get("unread", ())}
    return next((name for name in _ORDER if name in unread), "")


def held_documents(kept: list[Path], ledger: list[Path], mapping: list[dict[str, Any]], today: date) -> Counter[str]:
    """Count a run's kept documents whose terms keep them out of any version, by reason.

    `mapping` is that of `run.json`.
    """
    rows = scan(kept, DOCUMENT_SCHEMA).select("doc_id", "source_id", "rights_tier", "expires")
    held = rows.filter((pl.col("rights_tier") == "unknown") | (pl.col("expires") < today))
    noted = scan(ledger, LEDGER_SCHEMA).filter((pl.col("stage") == "collect") & (pl.col("verdict") == "changed"))
    notes = noted.select("doc_id", "evidence").unique("doc_id", keep="last", maintain_order=True)
    # All documents of a large source may lack rights: they are counted, not kept in memory.
    groups = held.join(notes, on="doc_id", how="left").group_by("source_id", "rights_tier", "evidence").len()
    reasons = Counter[str]()
    for source, tier, evidence, count in groups.collect(engine="streaming").iter_rows():
        if tier == "unknown":
            why = hold_of(json.loads(evidence or "{}"), source, mapping)
            reasons[f"{UNKNOWN}:{why}" if why else UNKNOWN] += count
        else:
            reasons[f"expires<{today.isoformat()}"] += count
    return reasons


def with_true_reasons(left_out: Mapping[str, int], held: Mapping[str, int]) -> Counter[str]:
    """Return the counts of documents left out, with the causes of unknown rights if they are known for all of these.

    `left_out` has the number of documents by reason, and `held` is the result of `held_documents`.

    >>> with_true_reasons({"rights_tier=unknown": 2, "duplicate": 1}, {"rights_tier=unknown:consent": 2})
    Counter({'rights_tier=unknown:consent': 2, 'duplicate': 1})
    """
    causes = Counter({reason: n for reason, n in held.items() if reason.startswith(UNKNOWN)})
    if not causes or causes.total() != left_out.get(UNKNOWN, 0):
        return Counter(left_out)
    return Counter({reason: n for reason, n in left_out.items() if reason != UNKNOWN}) + causes
