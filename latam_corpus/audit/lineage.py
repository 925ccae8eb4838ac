"""A document's whole story, gathered from runs and releases: from where, through which stages, why in or out."""

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
from latam_corpus.catalog.identity import canonical_url
from latam_corpus.codes import UNDETERMINED, groups, short
from latam_corpus.collect.row_files import as_json
from latam_corpus.language.varieties.variety import cues
from latam_corpus.pipeline.stored_runs.history import finished_runs
from latam_corpus.pipeline.stored_runs.run_record import is_removed, read_record, refuse_removed
from latam_corpus.policies.policy import Policies
from latam_corpus.privacy.metadata import file_names_meant, redacted_address
from latam_corpus.quality.filter import as_held, outside
from latam_corpus.release.storing.manifest import load_manifest
from latam_corpus.release.storing.store_tables import read_ledger
from latam_corpus.release.storing.withdrawal_log import read_log
from latam_corpus.report.disclosure import Disclosure, Redaction
from latam_corpus.text.orthography import seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from latam_corpus.release.storing.store import Store
    from latam_corpus.release.storing.withdrawal_log import WithdrawalLog

MOST: Final = 20
_MARKS: Final = "[\u0300-\u036f]*"  # accents that follow their letter
_LONGEST_LOOSE: Final = 500  # characters; the expression of a longer text would be too large
_BEGINNING: Final = 400  # characters of a text
# Of these stages the evidence holds counts, codes and causes; of others it may hold words of the text.
WORDLESS: Final = frozenset({"collect", "dedupe", "extract", "filter", "identify", "supersede"})
_LANGUAGE: Final = ("declared_language", "language", "language_score", "languages", "variety", "variety_basis")
_DOC_ID: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class DocumentMatch:
    """A document in a run: the run's folder and `run.json`, and the row as it was kept or set aside."""

    run: Path
    record: dict[str, Any]
    row: dict[str, Any]


def find(out: Path, query: str, run: Path | None = None) -> list[DocumentMatch]:
    """Return the documents that a query means, the latest run first, twenty at most.

    Args:
        out: the folder of runs.
        query: a doc_id, a URL, the name of a file, or words that stand in the text.
        run: a run's folder; None for any.

    Raises:
        ConfigError: the record of a run that is asked is damaged.
        PartError: one of its files is; or nobody else has the document and the documents of a run were removed.
    """
    documents: list[DocumentMatch] = []
    removed: list[Path] = []
    for record in [read_record(run)] if run else finished_runs(out):
        if not run and is_removed(record.folder):
            removed.append(record.folder)
            continue
        # All that a story is told from; a damaged file may have been the one that has the document.
        files = {kind: record.files(kind) for kind in ("kept", "dropped", "ledger", "filters")}
        rows = _rows([*files["kept"], *files["dropped"]], query)
        documents += [DocumentMatch(record.folder, record.values, row) for row in rows]
        if len(documents) >= MOST:
            break
    if removed and not documents:
        refuse_removed(removed[0])
    return documents[:MOST]


def _rows(files: list[Path], query: str) -> Iterator[dict[str, Any]]:
    if files:
        meant = schema.scan(files, schema.DOCUMENT_SCHEMA).filter(meant_by(query))
        yield from meant.head(MOST).collect().iter_rows(named=True)


def meant_by(query: str) -> pl.Expr:
    """Return an expression that is true for the rows that a query matches: by doc_id, address, file name or words.

    A file name matches with its suffix or without. Words and names match in either case, and with or without accents.
    """
    if _DOC_ID.fullmatch(query):
        return pl.col("doc_id") == query
    if re.match(r"[a-z]+://", query):
        address = canonical_url(query)
        return pl.col("url").is_in([address, redacted_address(address)[0]])
    named = unicodedata.normalize("NFC", query)
    words = r"\s+".join(_loose_pattern(word) for word in named.split())
    # A user who copies words from a page doesn't see where the text's lines end.
    in_text = pl.col("text").str.contains(f"(?i){words}")
    in_text |= pl.col("title").str.contains(rf"(?i)^\s*{words}\s*$")
    places = (pl.col("origin").struct.field(one) for one in ("file", "member"))
    names = "|".join(sorted(map(_loose_pattern, file_names_meant(named))))
    in_file = [place.str.contains(rf"(?i)(?:^|/)(?:{names})(?:\.\w+)?$") for place in places]
    return pl.any_horizontal(in_text, *in_file)


def _loose_pattern(text: str) -> str:
    """Return a regular expression of a text in which letters match with and without accents; ñ is a letter of its own.

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
    """Return the letters with accents by the letter without."""
    letters: dict[str, str] = {}
    for letter in map(chr, (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))):
        plain = unicodedata.normalize("NFD", letter)[0]
        if plain.isascii():
            letters[plain.lower()] = letters.get(plain.lower(), "") + letter
    return letters


def lineage(document: DocumentMatch, store: Store | None) -> dict[str, Any]:
    """Return the story as plain values: what the catalogue says, what each stage did, what was measured, the verdict.

    The text is shown redacted and by its beginning only; that of a withdrawn document isn't, nor its title. `readable`
    says whether the document's terms allow it to be shown outside, `nameable` whether a page that stays with the run
    names it.
    """
    log = read_log(store) if store else None
    redaction, of_run = Redaction.of_run(document.run, document.record), "recipe" in document.record
    disclosure = Disclosure(datetime.now(UTC).date(), redaction, log, names=of_run)
    marked = disclosure.marked(pl.DataFrame([document.row], schema=schema.DOCUMENT_SCHEMA))
    withdrawn = _withdrawn(log, disclosure.withdrawn_by(marked)[0])
    shown = not marked["withdrawn"][0]
    row = disclosure.redaction.row(document.row) if shown else disclosure.redaction.metadata(document.row)
    events = _ledger(document.run, row["doc_id"])
    kept = row["drop_reason"] is None
    return as_json(  # type: ignore[no-any-return]
        {
            "doc_id": row["doc_id"],
            "run": document.record["id"],
            "verdict": "set aside" if not kept else "withdrawn" if withdrawn else "kept",
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
            | {"variety_cues": _variety_cues(document), "written": _written(row)},
            "extractor": row["extractor"],
            "stated": _evidence(events, "extract", "changed") or {},
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
    """Tell of the document's copies, without the words of one that is withdrawn, and without its title."""
    evidence = _evidence(events, "dedupe") or _evidence(events, "dedupe", "changed")
    told = copies(run, row, evidence, disclosure)
    return told if shown else told | {"side_by_side": None}


def _evidence(events: list[dict[str, Any]], stage: str, verdict: str = "dropped") -> dict[str, Any] | None:
    """Return the evidence with which a stage set the document aside, or changed it."""
    return next((e["evidence"] for e in events if e["stage"] == stage and e["verdict"] == verdict), None)


def _variety_cues(document: DocumentMatch) -> dict[str, list[str]] | None:
    """Return the words by which a variety was predicted, by region; read in the text anew, as no row holds them."""
    row = document.row
    if row["variety_basis"] != "predicted":
        return None
    filters = document.run / "filters"
    folder = str(filters) if (filters / "varieties").is_dir() else ""
    return cues(row["text"] or "", (row["language"] or "").split("_")[0], folder)


def _written(row: dict[str, Any]) -> dict[str, Any] | None:
    """How a text in a language of the Americas is written: its apostrophes and spellings, found anew in the text."""
    code = short(row["language"] or UNDETERMINED)
    of = groups().of
    return seen(groups().listed(code), row["text"] or "") if code in of or code in of.values() else None


def _ledger(run: Path, doc_id: str) -> list[dict[str, Any]]:
    files = sorted((run / "ledger").glob("*.parquet"))
    rows = schema.scan(files, schema.LEDGER_SCHEMA).filter(pl.col("doc_id") == doc_id).collect()
    return [
        {**row, "evidence": json.loads(row["evidence"]) if row["evidence"] else None}
        for row in rows.iter_rows(named=True)
    ]


def _stages(document: DocumentMatch, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what happened in each stage of the recipe, in order, up to the one that set the document aside.

    What a plan adds to a recipe is told only where something happened in it. The ledger goes by `doc_id`: where another
    record of the document fell, its reason is not this one's.
    """
    named = {"collect", *(entry["use"] for entry in document.record.get("recipe", {}).get("stage", ()))}
    event: dict[str, Any] | None
    by_stage: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        by_stage.setdefault(event["stage"], []).append(event)
    steps = []
    for name in document.record.get("stages", ()):  # of a version's own rows there is no run
        stage_events = by_stage.get(name, [])
        fell = [event for event in stage_events if event["verdict"] != "changed"]
        fallen = next((event for event in fell if event["reason"] == document.row["drop_reason"]), None)
        event = fallen or next((event for event in stage_events if event["verdict"] == "changed"), None)
        superseded = fell[0]["evidence"] if name == "supersede" and fell else None
        if event is None and superseded is None and name not in named:
            continue
        steps.append(
            {
                "stage": name,
                "verdict": event["verdict"] if event else "passed",
                "reason": event["reason"] if event else None,
                "evidence": event["evidence"] if event else superseded,
            }
        )
        if fallen:
            break
    return steps


def _bounds(document: DocumentMatch, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Each bound of the document's policy, as it stood in that run, with the measured value."""
    folder = document.run / "filters"
    if row["signals"] is None or not folder.is_dir():
        return []
    checks = []
    for bound in Policies.load(folder).bounds(row["language"] or "und", row["genre"]):
        value = row["signals"].get(bound.signal)
        measured, words = (np.array([row["signals"].get(name)], np.float32) for name in (bound.signal, "word_count"))
        low, high = outside(measured, bound, words)
        held = as_held(measured, bound, words)[bound.minimum is None]
        checks.append(
            {
                "signal": bound.signal,
                "value": value,
                "min": bound.minimum,
                "max": bound.maximum,
                "file": bound.file,
                "kept_to": not (low[0] or high[0]),
                "held_as": float(held[0]) if value is not None and held[0] != measured[0] else None,
            }
        )
    return checks


def _withdrawn(log: WithdrawalLog | None, number: int | None) -> dict[str, Any] | None:
    """By which entry of the store's log a document is withdrawn."""
    if log is None or number is None:
        return None
    entry = log.entries[number - 1]
    return {"entry": number, "request": entry.request, "time": entry.time, "because": entry.because}


def _releases(store: Store, doc_id: str) -> list[dict[str, Any]]:
    """Return what each release version says of the document, and by which entry of the log readers don't get it."""
    log = read_log(store)

    def left_out_by(name: str, version: str) -> int | None:
        left_out = log.rows_of(load_manifest(store, name, version)).iter_rows() if log.binding else ()
        return dict(left_out).get(doc_id)

    return [
        {
            "release": f"{name}@{version}",
            "verdict": event["verdict"],
            "reason": event["reason"],
            "evidence": json.loads(event["evidence"]) if event["evidence"] else None,
            "withdrawn": left_out_by(name, version) if event["verdict"] == "released" else None,
        }
        for name in store.names()
        for version in store.versions(name)
        for event in read_ledger(store, name, version, doc_id).iter_rows(named=True)
    ]
