"""Reasons for which kept documents of a run aren't released, from the notes of `collect` in its ledger."""

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
# The first of these that applies to a document is its reason.
_ORDER: Final = ("consent", "expires", "embargo_until", "uses", "opt_outs", "rights")


def hold_of(note: Mapping[str, Any], source: str, mapping: list[dict[str, Any]]) -> str:
    """Return the cause of a document's unknown rights, as a part of its reason; empty if its note names none.

    Args:
        note: its evidence at the stage `collect`.
        source: the id of its source.
        mapping: the rows of `mapping` in `run.json`.

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
    """Count the kept documents whose terms keep them out of any version, by reason.

    Args:
        kept: files of a run.
        ledger: files of a run.
        mapping: the rows of `mapping` in `run.json`.
        today: the day on which permissions are compared.
    """
    rows = scan(kept, DOCUMENT_SCHEMA).select("doc_id", "source_id", "rights_tier", "expires")
    held = rows.filter((pl.col("rights_tier") == "unknown") | (pl.col("expires") < today))
    noted = scan(ledger, LEDGER_SCHEMA).filter((pl.col("stage") == "collect") & (pl.col("verdict") == "changed"))
    notes = noted.select("doc_id", "evidence").unique("doc_id", keep="last", maintain_order=True)
    # Of a large source without rights all documents are held: they are counted, not kept in memory.
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
    """Return counts of documents that are in no version, with the causes of unknown rights where all are known.

    Args:
        left_out: by reason.
        held: as `held_documents` returned them.

    >>> with_true_reasons({"rights_tier=unknown": 2, "duplicate": 1}, {"rights_tier=unknown:consent": 2})
    Counter({'rights_tier=unknown:consent': 2, 'duplicate': 1})
    """
    causes = Counter({reason: n for reason, n in held.items() if reason.startswith(UNKNOWN)})
    if not causes or causes.total() != left_out.get(UNKNOWN, 0):
        return Counter(left_out)
    return Counter({reason: n for reason, n in left_out.items() if reason != UNKNOWN}) + causes
