"""Gather the history of a document from runs and releases: its origin, its stages, and the decisions about it."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from latam_corpus import schema
from latam_corpus.audit.copies import copies
from latam_corpus.catalog.identity import canonical_url, is_doc_id
from latam_corpus.codes import UNDETERMINED, groups, short
from latam_corpus.collect.row_files import as_json
from latam_corpus.language.varieties.variety import cues
from latam_corpus.pipeline.stored_runs.held_documents import hold_of
from latam_corpus.pipeline.stored_runs.history import finished_runs
from latam_corpus.pipeline.stored_runs.run_record import is_removed, read_record, refuse_removed
from latam_corpus.policies.policy import Policies
from latam_corpus.privacy.metadata import possible_file_names, redacted_address
from latam_corpus.quality.filter import adjusted, outside
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store_tables import read_ledger
from latam_corpus.release.storing.withdrawal_log import read_log
from latam_corpus.report.disclosure import Disclosure, Redaction
from latam_corpus.text.orthography import describe_spelling

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import WithdrawalLog

MAX_MATCHES: Final = 20
_MARKS: Final = "[\u0300-\u036f]*"  # combining accents, which follow their letter
_LONGEST_LOOSE: Final = 500  # characters; a longer text would need too large an expression
_BEGINNING: Final = 400  # characters of a text that are shown
# Stages whose evidence never contains words of the text.
WORDLESS: Final = frozenset({"collect", "dedupe", "extract", "filter", "identify", "supersede"})
_LANGUAGE: Final = ("declared_language", "language", "language_score", "languages", "variety", "variety_basis")


@dataclass(frozen=True)
class DocumentMatch:
    """A document's row, kept or dropped, in a run."""

    run: Path
    record: dict[str, Any]
    row: dict[str, Any]


def find(out: Path, query: str, run: Path | None = None) -> list[DocumentMatch]:
    """Return at most twenty documents that match a query, with those of the latest run first.

    The query is a doc_id, a URL, the name of a file, or words of the text. Without a run, all are searched.

    Raises:
        ConfigError: the record of a run is damaged.
        PartError: a file of a run is damaged; or no document matches and the documents of a run were removed.
    """
    documents: list[DocumentMatch] = []
    removed: list[Path] = []
    for record in [read_record(run)] if run else finished_runs(out):
        if not run and is_removed(record.folder):
            removed.append(record.folder)
            continue
        # Check all files, since the document may be in a damaged one.
        files = {kind: record.files(kind) for kind in ("kept", "dropped", "ledger", "filters")}
        rows = _rows([*files["kept"], *files["dropped"]], query)
        documents += [DocumentMatch(record.folder, record.values, row) for row in rows]
        if len(documents) >= MAX_MATCHES:
            break
    if removed and not documents:
        refuse_removed(removed[0])
    return documents[:MAX_MATCHES]


def _rows(files: list[Path], query: str) -> Iterator[dict[str, Any]]:
    if files:
        matches = schema.scan(files, schema.DOCUMENT_SCHEMA).filter(matches_query(query))
        yield from matches.head(MAX_MATCHES).collect().iter_rows(named=True)


def matches_query(query: str) -> pl.Expr:
    """Return an expression for the rows that match a query by doc_id, address, file name or words.

    File names match with or without the suffix. Words and names match in any case, with or without accents.
    """
    if is_doc_id(query):
        return pl.col("doc_id") == query
    if re.match(r"[a-z]+://", query):
        address = canonical_url(query)
        return pl.col("url").is_in([address, redacted_address(address)[0]])
    normalised = unicodedata.normalize("NFC", query)
    words = r"\s+".join(_loose_pattern(word) for word in normalised.split())
    # Words copied from a page may be on different lines of the text.
    in_text = pl.col("text").str.contains(f"(?i){words}")
    in_text |= pl.col("title").str.contains(rf"(?i)^\s*{words}\s*$")
    places = (pl.col("origin").struct.field(field) for field in ("file", "member"))
    names = "|".join(sorted(map(_loose_pattern, possible_file_names(normalised))))
    in_file = [place.str.contains(rf"(?i)(?:^|/)(?:{names})(?:\.\w+)?$") for place in places]
    return pl.any_horizontal(in_text, *in_file)


def _loose_pattern(text: str) -> str:
    """Return a regular expression for a text in which letters match with and without accents; ñ never matches n.

    >>> re.fullmatch(_loose_pattern("Mamá"), "Mama") and re.fullmatch(_loose_pattern("mama"), "mamá")
    <re.Match object; span=(0, 4), match='mamá'>
    >>> re.fullmatch(_loose_pattern("ñ"), "n")
    """
    if len(text) > _LONGEST_LOOSE:
        return re.escape(text)
    letters = (letter if letter in "ñÑ" else unicodedata.normalize("NFD", letter)[0] for letter in text)
    return "".join(
        f"[{letter}{accented}]{_MARKS}" if (accented := _accented().get(letter.lower())) else re.escape(letter)
        for letter in letters
    )


@cache
def _accented() -> dict[str, str]:
    """Return the accented forms of each letter."""
    letters: dict[str, str] = {}
    for letter in map(chr, (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))):
        plain = unicodedata.normalize("NFD", letter)[0]
        if plain.isascii():
            letters[plain.lower()] = letters.get(plain.lower(), "") + letter
    return letters


def lineage(document: DocumentMatch, store: Store | None) -> dict[str, Any]:
    """Return the history of a document as plain values: origin, terms, stages, measurements, copies and verdict.

    Only the redacted beginning of the text is included, and neither the text nor the title of a withdrawn document.
    `readable` is whether the terms of the document allow showing it to others; `nameable` is whether a page that isn't
    shared may name it.
    """
    log = read_log(store) if store else None
    redaction, of_run = Redaction.of_run(document.run, document.record), "recipe" in document.record
    disclosure = Disclosure(datetime.now(UTC).date(), redaction, log, names=of_run)
    marked = disclosure.marked(pl.DataFrame([document.row], schema=schema.DOCUMENT_SCHEMA))
    withdrawn = _withdrawn(log, disclosure.withdrawn_by(marked)[0])
    shown = not marked["withdrawn"][0]
    row = disclosure.redaction.row(document.row) if shown else disclosure.redaction.metadata(document.row)
    events = _ledger(document.run, row["doc_id"])
    is_kept = row["drop_reason"] is None
    return as_json(  # type: ignore[no-any-return]
        {
            "doc_id": row["doc_id"],
            "run": document.record["id"],
            "verdict": "set aside" if not is_kept else "withdrawn" if withdrawn else "kept",
            "reason": row["drop_reason"],
            "readable": marked["readable"][0],
            "nameable": marked["nameable"][0],
            "title": row["title"] if shown else None,
            "creators": row["creators"] if shown else None,
            "url": row["url"],
            "source": {"id": row["source_id"], "origin": row["origin"], "obtained": row["obtained"]},
            "rights": {k: row[k] for k in ("rights", "rights_tier", "basis", "uses", "expires", "embargo_until")},
            "genre": row["genre"],
            "country": row["country"],
            "language": {k: row[k] for k in _LANGUAGE}
            | {"variety_cues": _variety_cues(document), "written": _spelling(row)},
            "extractor": row["extractor"],
            "stated": _evidence(events, "extract", "changed") or {},
            "held": _held(document, events),
            "stages": [
                step | {"evidence": disclosure.redaction.value(step["evidence"], row)}
                if shown and step["stage"] not in WORDLESS
                else step
                for step in _stages(document, events)
            ],
            "bounds": _bounds(document, row),
            "redactions": row["redactions"] or {},
            "copies": _copies(document.run, row, events, disclosure, shown),
            "beginning": (row["text"] or "")[:_BEGINNING] if shown else "",
            "withdrawn": withdrawn,
            "releases": _releases(store, row["doc_id"]) if store else [],
        }
    )


def _copies(
    run: Path, row: dict[str, Any], events: list[dict[str, Any]], disclosure: Disclosure, shown: bool
) -> dict[str, Any]:
    """Return the facts about the document's copies, without a comparison of texts if the document isn't shown."""
    evidence = _evidence(events, "dedupe") or _evidence(events, "dedupe", "changed")
    facts = copies(run, row, evidence, disclosure)
    return facts if shown else facts | {"side_by_side": None}


def _evidence(events: list[dict[str, Any]], stage: str, verdict: str = "dropped") -> dict[str, Any] | None:
    """Return the evidence of the stage that dropped or changed the document."""
    return next((e["evidence"] for e in events if e["stage"] == stage and e["verdict"] == verdict), None)


def _held(document: DocumentMatch, events: list[dict[str, Any]]) -> str | None:
    """Return the cause of the document's unknown rights, see `hold_of`; None if they are known."""
    if document.row["rights_tier"] != "unknown":
        return None
    note = _evidence(events, "collect", "changed") or {}
    return hold_of(note, document.row["source_id"], document.record.get("mapping", [])) or None


def _variety_cues(document: DocumentMatch) -> dict[str, list[str]] | None:
    """Find the words by which the variety was predicted, by region; rows don't store them."""
    row = document.row
    if row["variety_basis"] != "predicted":
        return None
    filters = document.run / "filters"
    folder = str(filters) if (filters / "varieties").is_dir() else ""
    return cues(row["text"] or "", (row["language"] or "").split("_")[0], folder)


def _spelling(row: dict[str, Any]) -> dict[str, Any] | None:
    """Find the apostrophes and spellings of a text in an indigenous language of the Americas; None for others."""
    code = short(row["language"] or UNDETERMINED)
    group_of = groups().of
    return (
        describe_spelling(groups().listed(code), row["text"] or "")
        if code in group_of or code in group_of.values()
        else None
    )


def _ledger(run: Path, doc_id: str) -> list[dict[str, Any]]:
    files = sorted((run / "ledger").glob("*.parquet"))
    rows = schema.scan(files, schema.LEDGER_SCHEMA).filter(pl.col("doc_id") == doc_id).collect()
    return [
        {**row, "evidence": json.loads(row["evidence"]) if row["evidence"] else None}
        for row in rows.iter_rows(named=True)
    ]


def _stages(document: DocumentMatch, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the events of each stage, in order, up to the one that dropped the document.

    Stages that the plan added to the recipe are included only if they have an event. The ledger has events of all
    records with the same `doc_id`, so a drop counts only if its reason is this record's.
    """
    recipe_stages = {"collect", *(entry["use"] for entry in document.record.get("recipe", {}).get("stage", ()))}
    event: dict[str, Any] | None
    by_stage: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        by_stage.setdefault(event["stage"], []).append(event)
    steps = []
    for name in document.record.get("stages", ()):  # without a run, a version's row has no stages
        stage_events = by_stage.get(name, [])
        drops = [event for event in stage_events if event["verdict"] != "changed"]
        own_drop = next((event for event in drops if event["reason"] == document.row["drop_reason"]), None)
        event = own_drop or next((event for event in stage_events if event["verdict"] == "changed"), None)
        superseded = drops[0]["evidence"] if name == "supersede" and drops else None
        if event is None and superseded is None and name not in recipe_stages:
            continue
        steps.append(
            {
                "stage": name,
                "verdict": event["verdict"] if event else "passed",
                "reason": event["reason"] if event else None,
                "evidence": event["evidence"] if event else superseded,
            }
        )
        if own_drop:
            break
    return steps


def _bounds(document: DocumentMatch, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each bound that the run's policies set for the document, with the measured value."""
    folder = document.run / "filters"
    if row["signals"] is None or not folder.is_dir():
        return []
    checks = []
    for bound in Policies.load(folder).bounds(row["language"] or "und", row["genre"]):
        value = row["signals"].get(bound.signal)
        measured, words = (np.array([row["signals"].get(name)], np.float32) for name in (bound.signal, "word_count"))
        low, high = outside(measured, bound, words)
        held_value = adjusted(measured, bound, words)[bound.minimum is None]
        checks.append(
            {
                "signal": bound.signal,
                "value": value,
                "min": bound.minimum,
                "max": bound.maximum,
                "file": bound.file,
                "kept_to": not (low[0] or high[0]),
                "held_as": float(held_value[0]) if value is not None and held_value[0] != measured[0] else None,
            }
        )
    return checks


def _withdrawn(log: WithdrawalLog | None, number: int | None) -> dict[str, Any] | None:
    """Return the entry of the store's log that withdraws the document, or None."""
    if log is None or number is None:
        return None
    entry = log.entries[number - 1]
    return {"entry": number, "request": entry.request, "time": entry.time, "because": entry.because}


def _releases(store: Store, doc_id: str) -> list[dict[str, Any]]:
    """Return the decision of each version about the document, with the log entry if readers must skip it."""
    log = read_log(store)

    def entry_number(name: str, version: str) -> int | None:
        skipped = log.rows_of(load_manifest(store, name, version)).iter_rows() if log.binding else ()
        return dict(skipped).get(doc_id)

    return [
        {
            "release": f"{name}@{version}",
            "verdict": event["verdict"],
            "reason": event["reason"],
            "evidence": json.loads(event["evidence"]) if event["evidence"] else None,
            "withdrawn": entry_number(name, version) if event["verdict"] == "released" else None,
        }
        for name in store.names()
        for version in store.versions(name)
        for event in read_ledger(store, name, version, doc_id).iter_rows(named=True)
    ]
